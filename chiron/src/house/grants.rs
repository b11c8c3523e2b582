//! What services may do at each other.

use anyhow::Result;
use api_gateway::ClientAccount;
use chiron_chassis::Secret;

use crate::accounts::{Accounts, DEVICE};

/// Services with an account of their own, and what each may do at the others.
const GRANTS: [(&str, &[&str]); 18] = [
    (api_gateway::NAME, &[]),
    (user_management_integration::NAME, &["twins:read", "twins:write"]),
    (twin_engine::NAME, &[]),
    (twin_event_gateway::NAME, &["twins:read"]),
    (building_management::NAME, &["twins:read", "twins:write"]),
    (staff_tracking::NAME, &["processes:read"]),
    (patient_management_integration::NAME, &[]),
    (surgery_booking_integration::NAME, &["twins:read", "twins:write", "patients:read"]),
    (medical_instrument_integration::NAME, &["twins:read", "twins:write"]),
    (
        surgical_process_monitoring::NAME,
        &["twins:read", "twins:write", "rooms:read", "patients:read"],
    ),
    (
        surgery_report::NAME,
        &[
            "processes:read",
            "rooms:read",
            "positions:read",
            "positions-history:read",
            "patients:read",
            "professionals:read",
            "bookings:read",
        ],
    ),
    (performance::NAME, &["processes:read", "rooms:read"]),
    (thing_directory::NAME, &[]),
    (catalog::NAME, &[]),
    (block_gateway::NAME, &["twins:read", "twins:write", "things:write"]),
    (automation_management::NAME, &["twins:read", "things:read", "actuators:write"]),
    (
        hl7_gateway::NAME,
        &["patients:read", "patients:write", "bookings:read", "bookings:write", "vitals:write"],
    ),
    // Control units, technologies and monitors of the simulation.
    (DEVICE, &["lines:write", "twins:read", "twins:write", "vitals:write"]),
];

/// The clients that need a secret.
pub(crate) fn clients() -> Vec<&'static str> {
    GRANTS.iter().map(|(id, _)| *id).collect()
}

/// The accounts of all services and devices, as the gateway knows them.
///
/// # Errors
///
/// A client has no secret.
pub(super) fn client_accounts(accounts: &Accounts) -> Result<Vec<ClientAccount>> {
    let account = |(id, grants): &(&str, &[&str])| {
        Ok(ClientAccount {
            id: (*id).to_owned(),
            secret: Some(Secret::new(accounts.client(id)?)),
            secret_sha256: None,
            // How far a service has come is asked by every other.
            grants: grants.iter().chain(&["internal:read"]).map(|g| (*g).to_owned()).collect(),
            roles: Vec::new(),
            source_time: true,
        })
    };
    GRANTS.iter().map(account).collect()
}

//! The door of the hospital's HL7 v2 systems.
//!
//! Admissions (ADT), bookings (SIU) and vital signs (ORU) come over MLLP and are passed on to the
//! services that own them, over the same routes that everybody else uses. A message is acknowledged
//! when what it asks for is done and durable there; what is sent again is answered as before and
//! not done again; what cannot be done is kept with the reason.

mod acting;
mod desk;
mod door;
mod http;
mod kept;
mod peers;
mod settings;

use std::sync::Arc;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;

pub use settings::{Sender, Settings, SettingsError};

use acting::Acting;
use desk::Desk;
use door::Door;
use kept::Keeping;

/// The service's name.
pub const NAME: &str = "hl7-gateway";
/// What it keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[&kept::MESSAGES, &kept::MERGES];
/// The default port of messages.
pub const MLLP_PORT: u16 = 2575;

/// The listeners of the service.
#[derive(Debug)]
pub struct Listeners {
    /// Of the messages that are kept.
    pub http: TcpListener,
    /// Of the hospital's systems; `None` when no message is to come in.
    pub mllp: Option<TcpListener>,
}

/// Serves until shutdown is requested and everything under way has ended. `zone` is the hospital's:
/// that of times that name none.
///
/// # Errors
///
/// See [`ServeError`].
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    zone: TimeZone,
    listeners: Listeners,
) -> Result<(), ServeError> {
    let Listeners { http, mllp } = listeners;
    let api = start(&runtime, settings, zone, mllp)?;
    chiron_chassis::serve(api, http, runtime).await
}

/// Opens the door, and answers the routes.
///
/// # Errors
///
/// When the settings cannot be followed, or everybody could send.
pub fn start(
    runtime: &Runtime,
    settings: Settings,
    zone: TimeZone,
    mllp: Option<TcpListener>,
) -> Result<Api, ServeError> {
    let failed = |error: SettingsError| ServeError::Start { service: NAME, source: error.into() };
    let rules = settings.rules(zone).map_err(failed)?;
    if let Some(mllp) = &mllp {
        let address =
            mllp.local_addr().map_err(|source| ServeError::Listener { service: NAME, source })?;
        // The protocol knows no identity: who may send is said by where they send from.
        if !address.ip().to_canonical().is_loopback() && rules.peers.is_empty() {
            return Err(failed(SettingsError::Exposed { address }));
        }
    }
    let keeping = Keeping::new(&runtime.store, rules.keep);
    let acting = Acting::new(runtime.calls.clone(), keeping.clone());
    let rules = Arc::new(rules);
    let desk = Desk::new(runtime, Arc::clone(&rules), keeping.clone(), acting);
    if let Some(mllp) = mllp {
        let door = Door::new(runtime, rules, desk.clone());
        runtime.tasks.spawn("HL7 door", door.open(mllp));
    }
    Ok(http::api(desk, keeping))
}

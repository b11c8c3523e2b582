//! Service for the demographic data of patients.
//!
//! Keeps what the hospital knows of a person by tax code. Nothing else changes when it changes: no
//! twin, no event. Whoever needs the data asks for it.

mod application;
mod infrastructure;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use tokio::net::TcpListener;

pub use crate::application::{PatientV1, PatientsV1};
pub use crate::infrastructure::store::StoredPatients;

/// The service's name.
pub const NAME: &str = "patient-management-integration";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[&infrastructure::store::PATIENTS];

/// The routes.
pub fn api(runtime: &Runtime) -> Api {
    infrastructure::http::api(runtime)
}

/// Serves until shutdown.
///
/// # Errors
///
/// When the listener fails.
pub async fn run(runtime: Runtime, listener: TcpListener) -> Result<(), ServeError> {
    chiron_chassis::serve(api(&runtime), listener, runtime).await
}

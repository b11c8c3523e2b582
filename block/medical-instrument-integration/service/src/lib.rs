//! Service for vital signs from bedside monitors.
//!
//! Takes FHIR R4 Observations and writes what they say to the patient's twin, in one patch that is
//! taken as a whole, at the time of the measurement. Keeps nothing.

mod application;
mod infrastructure;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use serde::Deserialize;
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

/// The service's name.
pub const NAME: &str = "medical-instrument-integration";

/// The collections of its store: none.
pub const COLLECTIONS: &[&CollectionSpec] = &[];

/// What can be configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the twins are; our own engine when nothing is set.
    pub twin_layer: TwinLayer,
}

/// The routes.
///
/// # Errors
///
/// When the settings name a twin layer that cannot be used.
pub fn api(runtime: &Runtime, settings: &Settings) -> Result<Api, ServeError> {
    let twins = Twins::open(settings.twin_layer.clone(), runtime.calls.clone())
        .map_err(|source| ServeError::Start { service: NAME, source: source.into() })?;
    Ok(infrastructure::http::api(runtime, twins))
}

/// Serves until shutdown.
///
/// # Errors
///
/// When the settings cannot be followed or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    chiron_chassis::serve(api(&runtime, &settings)?, listener, runtime).await
}

//! The door of the rooms' control units: their lines, their actuators as Web Things.
//!
//! Units speak JSON lines over TCP; what they say becomes changes of twins at the time at which it
//! happened. Their actuators are registered as Things and driven over HTTP; an action is done when
//! the unit has answered it.

pub mod actuator;
pub mod line;

mod door;
mod http;
mod known;
mod register;
mod shadow;
mod units;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

use door::Door;
use known::Everything;
use register::Register;
use shadow::Shadow;
use units::Units;

/// The service's name.
pub const NAME: &str = "block-gateway";
/// What it keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[&known::ACTUATORS, &known::ENTRIES];
/// The default port of the units' lines.
pub const LINES_PORT: u16 = 1881;

/// Settings of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The twin layer that units change.
    pub twin_layer: TwinLayer,
    /// Where clients reach the Things, such as `http://gateway.hospital:1880`, without a slash at
    /// its end; `None`: at the address of the listener.
    pub public_url: Option<String>,
}

/// The listeners of the service.
#[derive(Debug)]
pub struct Listeners {
    /// Of the Things.
    pub http: TcpListener,
    /// Of the units' lines.
    pub lines: TcpListener,
}

/// Runs the service until shutdown is requested and everything under way has ended.
///
/// # Errors
///
/// See [`ServeError`].
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listeners: Listeners,
) -> Result<(), ServeError> {
    let Listeners { http, lines } = listeners;
    let address =
        http.local_addr().map_err(|source| ServeError::Listener { service: NAME, source })?;
    if settings.public_url.is_none() && address.ip().is_unspecified() {
        tracing::warn!(%address, "Things say this address of theirs; set a public one");
    }
    let base = settings.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    let base = base.unwrap_or_else(|| format!("http://{address}"));
    let api = start(&runtime, settings, base, lines)
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    chiron_chassis::serve(api, http, runtime).await
}

/// Starts what runs beside requests, and answers the routes. `base` is where clients reach them.
///
/// # Errors
///
/// When the twin layer's settings cannot be used.
pub fn start(
    runtime: &Runtime,
    settings: Settings,
    base: String,
    lines: TcpListener,
) -> Result<Api, twin_client::TwinError> {
    let twins = Twins::open(settings.twin_layer, runtime.calls.clone())?;
    let known = Everything::new(&runtime.store);
    let units = Units::default();
    let register = Register::new(runtime, known.clone(), base);
    register.spawn(runtime);
    let shadow = Shadow::new(twins, known.clone());
    let door = Door::new(runtime, units.clone(), shadow, register.clone());
    runtime.tasks.spawn("units' door", door.open(lines));
    Ok(http::api(runtime, known, units, register))
}

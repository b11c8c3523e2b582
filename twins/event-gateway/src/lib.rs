//! From changes of twins to events of the block.
//!
//! The twin layer tells of every write as a `CloudEvent`; the block's services listen to facts such
//! as "patient entered room". This service stands between: it keeps nothing, asks the twin layer
//! only for models that a notification does not name, and publishes each notification's events
//! before the notification counts as handled. A notification delivered twice gives the same
//! events with the same ids, so the repeat can be told.

mod forwarding;
pub mod notification;
pub mod translation;

use chiron_broker::Consumer;
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use serde::Deserialize;
use tokio::net::TcpListener;
use twin_client::{TwinError, TwinLayer, Twins};

pub use forwarding::Forwarding;

/// The service's name.
pub const NAME: &str = "event-gateway";
/// It keeps nothing.
pub const COLLECTIONS: &[&CollectionSpec] = &[];
/// Where the twin layer's notifications come from.
pub const TOPIC: &str = "twin-events";

const CONSUMER: Consumer = Consumer { group: "dt-event-gateway", topics: &[TOPIC] };

/// Settings of the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The twin layer that is asked for models which a notification does not name.
    pub twin_layer: TwinLayer,
}

/// The routes: those that every service has.
pub fn api(_runtime: &Runtime) -> Api {
    Api::new(NAME, "Event gateway")
}

/// Runs the service until shutdown is requested and everything under way has ended.
///
/// # Errors
///
/// See [`ServeError`].
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    start(&runtime, settings)
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    chiron_chassis::serve(api(&runtime), listener, runtime).await
}

/// Starts what runs beside requests.
///
/// # Errors
///
/// When the twin layer's settings cannot be used.
pub fn start(runtime: &Runtime, settings: Settings) -> Result<(), TwinError> {
    let Runtime { broker, activity, shutdown, .. } = runtime.clone();
    let twins = Twins::open(settings.twin_layer, runtime.calls.clone())?;
    let handler = Forwarding::new(broker.clone(), twins);
    runtime.tasks.spawn("twin events consumer", CONSUMER.run(broker, activity, shutdown, handler));
    Ok(())
}

//! Thing Description directory by the W3C Web of Things Discovery API.
//!
//! Things (and those who speak for them) register their descriptions; whoever wants to use one
//! looks it up. The directory judges what it keeps by W3C's schema, tells of every change, and
//! forgets what was registered for a time only. It introduces itself at `/.well-known/wot`.

mod description;
mod events;
mod http;
mod introduction;
mod registry;

use std::sync::atomic::{AtomicU32, Ordering};

use chiron_broker::BrokerError;
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_clock::Reconciler;
use chiron_store::CollectionSpec;
use jiff::SignedDuration;
use tokio::net::TcpListener;

pub use description::{Judge, SchemaError};
pub use registry::RegistryError;

use registry::Registry;

/// The service's name.
pub const NAME: &str = "thing-directory";
/// What it keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[&registry::THINGS];
/// Where it tells of changes.
pub const EVENTS: &str = "thing-directory-events";

/// The longest wait before another try to clear away what has ended, in seconds of the clock.
const LONGEST_WAIT_S: i64 = 60;

/// The service could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Descriptions cannot be judged.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// What is registered cannot be read.
    #[error("the registered Things cannot be read")]
    Registry(#[from] RegistryError),
    /// Nobody could be told of changes.
    #[error("the events of the directory cannot be followed")]
    Events(#[from] BrokerError),
}

/// Runs the service until shutdown is requested and everything under way has ended.
///
/// # Errors
///
/// See [`ServeError`].
pub async fn run(runtime: Runtime, listener: TcpListener) -> Result<(), ServeError> {
    let api = start(&runtime)
        .await
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    chiron_chassis::serve(api, listener, runtime).await
}

/// Starts what runs beside requests, and answers the routes.
///
/// # Errors
///
/// See [`StartError`].
pub async fn start(runtime: &Runtime) -> Result<Api, StartError> {
    let judge = Judge::new()?;
    let expiry = Reconciler::new(&runtime.activity);
    let registry = Registry::new(&runtime.store, runtime.clock.clone(), expiry.clone());
    registry.load().await?;
    runtime.broker.follow(&[EVENTS]).await?;
    let Runtime { store, broker, activity, shutdown, clock, .. } = runtime.clone();
    runtime.tasks.spawn("directory outbox", {
        let shutdown = shutdown.clone();
        async move { store.relay(broker, activity, shutdown).await }
    });
    runtime.tasks.spawn("directory expiry", {
        let registry = registry.clone();
        async move {
            let failures = AtomicU32::new(0);
            let pass = || async {
                match registry.expire().await {
                    Ok(next) => {
                        failures.store(0, Ordering::Relaxed);
                        next
                    }
                    Err(error) => {
                        let nth = failures.fetch_add(1, Ordering::Relaxed);
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, nth, "ended registrations are not cleared away yet");
                        let wait = 1_i64.checked_shl(nth).unwrap_or(LONGEST_WAIT_S);
                        let wait = SignedDuration::from_secs(wait.clamp(1, LONGEST_WAIT_S));
                        clock.now().checked_add(wait).ok()
                    }
                }
            };
            expiry.run(shutdown, pass).await;
        }
    });
    Ok(http::api(runtime, registry, judge))
}

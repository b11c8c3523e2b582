//! The twin engine: a service that speaks the protocol of Azure Digital Twins.
//!
//! The rules of models, twins, patches and queries are `twin-engine-domain`'s. This crate gives
//! them a durable log, one writer, a face over HTTP, and lets the world know of changes: as records
//! of the topic `twin-events`, and by webhooks where event routes say so.

mod application;
mod block_models;
mod infrastructure;

use chiron_chassis::{Api, Runtime, ServeError, serve};
use chiron_store::CollectionSpec;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::oneshot};

pub use application::records::{TELEMETRY, TOPIC};
pub use infrastructure::{
    engine::{Engine, EngineFailed, OpenEngineError, Stopped, Work, WriteRefused, Written},
    journal::LoadError,
    webhooks::Endpoint,
};

/// The service's name.
pub const NAME: &str = "twin-engine";

/// What the service keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[
    &infrastructure::journal::CHANGES,
    &infrastructure::journal::SNAPSHOTS,
    &infrastructure::journal::PIECES,
    &infrastructure::routes::ROUTES,
];

/// What an operator may say about the engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The host that events name as their source; Azure's place for the instance's host name.
    #[serde(default = "default_source")]
    pub source: String,
    /// Changes between two snapshots, at least 1. As many as the snapshot before has twins and
    /// relationships if those are more. More means a longer start, fewer means more writing.
    #[serde(default = "default_snapshot_every")]
    pub snapshot_every: u64,
    /// Whether the first start loads the operating block's models.
    #[serde(default = "default_load_block_models")]
    pub load_block_models: bool,
    /// Where event routes may send events.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

fn default_source() -> String {
    NAME.to_owned()
}

fn default_snapshot_every() -> u64 {
    10_000
}

fn default_load_block_models() -> bool {
    true
}

/// The routes, for an engine that is open.
pub fn api(runtime: &Runtime, settings: &Settings, engine: Engine) -> Api {
    infrastructure::http::api(infrastructure::face::Face::new(runtime, engine, &settings.source))
}

/// Serves until a shutdown is requested, or until a change can no longer be stored.
///
/// # Errors
/// [`ServeError`]; in its source [`OpenEngineError`] or [`EngineFailed`].
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ServeError::Start {
        service: NAME,
        source,
    };
    let (engine, work) =
        Engine::open(&runtime, &settings).await.map_err(|err| failed(err.into()))?;
    infrastructure::webhooks::start(&runtime, &settings, engine.routes())
        .map_err(|err| failed(err.into()))?;
    let (store, broker) = (runtime.store.clone(), runtime.broker.clone());
    let (activity, shutdown) = (runtime.activity.clone(), runtime.shutdown.clone());
    runtime.tasks.spawn("twin-engine relay", async move {
        store.relay(broker, activity, shutdown).await;
    });

    let api = api(&runtime, &settings, engine);
    let (close, closing) = oneshot::channel();
    let serving = serve(api, listener, runtime);
    let working = work.run(closing);
    tokio::pin!(serving, working);
    tokio::select! {
        served = &mut serving => {
            served?;
            // Fails when the writer has ended by itself, which is what is asked for.
            let _ = close.send(());
            working.await.map_err(|err| failed(err.into()))
        }
        worked = &mut working => match worked {
            Ok(()) => serving.await,
            Err(error) => {
                tracing::error!(error = %chiron_chassis::chain(&error), "engine stops");
                Err(failed(error.into()))
            }
        },
    }
}

//! Service for rooms, zones, medical technologies and what was measured in them.
//!
//! People administer rooms and technologies by the routes; each change holds in the twin layer too,
//! or in neither. `room-events` and the usages among `process-events` become histories, which any
//! order and any number of deliveries fold to the same state.

pub mod application;
pub mod infrastructure;

use chiron_broker::{Consumer, Handler};
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::{CollectionSpec, Store};
use serde::Deserialize;
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

use crate::{
    application::{administrator::Administrator, measured::Measured},
    infrastructure::{
        floor, http,
        store::{self, DocumentStore},
        twins::TwinGraph,
    },
};

/// The service's name.
pub const NAME: &str = "building-management";
/// What it keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[
    &store::ROOMS,
    &store::ROOM_DATA,
    &store::TECHNOLOGIES,
    &store::TECHNOLOGY_DATA,
    &floor::ZONES,
    &floor::LAYOUTS,
];

/// Those of them that follow from events alone.
pub const FOLDED: &[&CollectionSpec] = &[&store::ROOM_DATA, &store::TECHNOLOGY_DATA];

/// Its place in the log.
pub const CONSUMER: Consumer = Consumer {
    group: "building-management-consumer",
    topics: &[block_language::room::TOPIC, block_language::process::TOPIC],
};

/// What can be configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The twin layer that mirrors rooms and technologies.
    pub twin_layer: TwinLayer,
}

/// The service, ready to be asked. Clones are the same service.
#[derive(Clone)]
pub struct Service {
    runtime: Runtime,
    store: DocumentStore,
    administrator: Administrator<DocumentStore, TwinGraph>,
}

impl Service {
    /// Puts the service together.
    ///
    /// # Errors
    ///
    /// When the twin layer's client cannot be made.
    pub fn new(runtime: &Runtime, settings: Settings) -> Result<Self, ServeError> {
        let twins = Twins::open(settings.twin_layer, runtime.calls.clone())
            .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
        let store = DocumentStore::new(&runtime.store);
        let administrator =
            Administrator::new(store.clone(), TwinGraph::new(twins), &runtime.activity);
        Ok(Self { runtime: runtime.clone(), store, administrator })
    }

    /// The routes.
    pub fn api(&self) -> Api {
        http::api(&self.runtime, self.store.clone(), self.administrator.clone())
    }

    /// Starts what runs beside requests.
    pub fn start(&self) {
        let Runtime { broker, activity, shutdown, tasks, completeness, .. } = self.runtime.clone();
        completeness.follow(CONSUMER.group, CONSUMER.topics);
        let handler = folding(&self.runtime.store);
        let consumer = CONSUMER.run(broker, activity, shutdown.clone(), handler);
        tasks.spawn("building management consumer", consumer);
        let (administrator, store) = (self.administrator.clone(), self.store.clone());
        tasks.spawn("unfinished changes", async move {
            administrator.reconcile(shutdown, &store).await;
        });
    }
}

/// Folds events into a store: what [`FOLDED`] names follows from it.
pub fn folding(store: &Store) -> impl Handler + use<> {
    Measured::new(DocumentStore::new(store))
}

/// The routes, for whoever walks them.
///
/// # Errors
///
/// See [`Service::new`].
pub fn api(runtime: &Runtime, settings: Settings) -> Result<Api, ServeError> {
    Ok(Service::new(runtime, settings)?.api())
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
    let service = Service::new(&runtime, settings)?;
    service.start();
    chiron_chassis::serve(service.api(), listener, runtime).await
}

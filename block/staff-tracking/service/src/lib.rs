//! Service for where each health professional is and was.
//!
//! Reads `tracking-events`, keeps every passage once, and answers who is in the block now, who was
//! at an instant, who passed which door between two instants, and what can be counted of it.
//! Everything here is folded from
//! events: an empty store and a replay from the first offset give the same answers.

pub mod application;
pub mod infrastructure;

use chiron_broker::{Consumer, Handler};
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::{CollectionSpec, Store};
use tokio::net::TcpListener;

use crate::{
    application::passages::Passages,
    infrastructure::{
        http,
        store::{self, DocumentStore},
    },
};

/// The service's name.
pub const NAME: &str = "staff-tracking";
/// What it keeps.
pub const COLLECTIONS: &[&CollectionSpec] = &[&store::MOVEMENTS, &store::PRESENCES];

/// Its place in the log.
pub const CONSUMER: Consumer =
    Consumer { group: "tracking-data-consumer", topics: &[block_language::tracking::TOPIC] };

/// The routes.
pub fn api(runtime: &Runtime) -> Api {
    http::api(runtime)
}

/// Runs the service until shutdown is requested and everything under way has ended.
///
/// # Errors
///
/// See [`ServeError`].
pub async fn run(runtime: Runtime, listener: TcpListener) -> Result<(), ServeError> {
    start(&runtime);
    chiron_chassis::serve(api(&runtime), listener, runtime).await
}

/// Folds events into a store. Everything that is kept follows from it.
pub fn folding(store: &Store) -> impl Handler + use<> {
    Passages::new(DocumentStore::new(store))
}

/// Starts what runs beside requests.
pub fn start(runtime: &Runtime) {
    runtime.completeness.follow(CONSUMER.group, CONSUMER.topics);
    let Runtime { broker, activity, shutdown, store, .. } = runtime.clone();
    let consumer = CONSUMER.run(broker, activity, shutdown, folding(&store));
    runtime.tasks.spawn("tracking consumer", consumer);
}

//! One service on the disk, for measurements in process: durable stores, and nobody around it.

use std::path::Path;

use anyhow::{Context as _, Result};
use chiron_broker::{Broker, Durability, LogSettings};
use chiron_chassis::audit::Audit;
use chiron_chassis::{Completeness, Runtime, TestHands};
use chiron_clock::{Activity, Clock};
use chiron_store::{CollectionSpec, Store};
use tokio::task::JoinSet;

/// A service's runtime as `chiron up` gives it, on files in `folder` and on the machine's clock.
/// Only who signs tokens and where other services are is a test's.
pub(crate) fn surroundings(
    service: &'static str,
    collections: &[&'static CollectionSpec],
    folder: &Path,
) -> Result<(Runtime, TestHands)> {
    let (runtime, hands) = Runtime::for_test(service, collections);
    let clock = Clock::system();
    let activity = Activity::new(clock.clone());
    let durable = Durability::Durable;
    let log = LogSettings::new(durable);
    let broker = Broker::open(&folder.join("events.sqlite"), log, clock.clone())?;
    let runtime = Runtime {
        broker: broker.with_activity(activity.clone()),
        store: Store::open(&folder.join(format!("{service}.sqlite")), durable, collections)?,
        audit: Audit::open(&folder.join("audit.sqlite"), durable, clock.clone())?,
        completeness: Completeness::new(clock.clone()),
        activity,
        clock,
        ..runtime
    };
    Ok((runtime, hands))
}

/// Closes what [`surroundings`] opened.
pub(crate) async fn close(runtime: Runtime) {
    runtime.tasks.join().await;
    runtime.store.close().await;
    runtime.audit.close().await;
    runtime.broker.close().await;
}

/// Waits for all tasks; the first failure ends the waiting, and the tasks.
pub(crate) async fn all<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let mut done = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        done.push(ended.context("a task panicked")??);
    }
    Ok(done)
}

//! Service for the report that a surgery writes of itself.
//!
//! Follows the events of surgical processes, reads what the other services know of a process that
//! ended, and keeps the report: at once with what can be read, complete as soon as everything can,
//! settled when nothing that happens may change it any more.

mod application;
mod infrastructure;

use std::sync::Arc;

use chiron_broker::{Consumer, each};
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_clock::Reconciler;
use chiron_store::CollectionSpec;
use jiff::SignedDuration;
use serde::Deserialize;
use surgery_report_domain::entity::report::NominalPeriods;
use tokio::net::TcpListener;

use crate::infrastructure::{
    composing::Composer,
    errands::{self, Errands, Listener, TOPICS},
    store,
};

pub use crate::infrastructure::store::StoredReports;

/// The service's name.
pub const NAME: &str = "surgery-report";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] =
    &[&store::HEADS, &store::VERSIONS, &store::ADDITIONS, &errands::ERRANDS];

/// The consumer group.
const GROUP: &str = "surgery-report-consumer";
/// The `ce_source` of the summaries of our own monitoring.
const OWN_SOURCE: &str = "surgical-process-monitoring";

/// Settings of the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// For how long after its end facts of a process still count, in seconds. Used for processes
    /// of other producers; ours are settled by their monitoring.
    #[serde(default = "ten_minutes")]
    pub late_window_s: u32,
    /// How often everything in rooms is nominally measured, in milliseconds.
    #[serde(default = "five_seconds")]
    pub environment_period_ms: u32,
    /// How often vital signs but blood pressures are nominally measured, in milliseconds.
    #[serde(default = "one_second")]
    pub vital_sign_period_ms: u32,
    /// How often blood pressures are nominally measured, in milliseconds.
    #[serde(default = "one_minute")]
    pub blood_pressure_period_ms: u32,
}

fn ten_minutes() -> u32 {
    600
}

fn five_seconds() -> u32 {
    5_000
}

fn one_second() -> u32 {
    1_000
}

fn one_minute() -> u32 {
    60_000
}

impl Settings {
    /// The settings of a service for which nothing is set.
    pub fn standard() -> Self {
        Self {
            late_window_s: ten_minutes(),
            environment_period_ms: five_seconds(),
            vital_sign_period_ms: one_second(),
            blood_pressure_period_ms: one_minute(),
        }
    }
}

/// The routes.
pub fn api(runtime: &Runtime) -> Api {
    infrastructure::http::api(runtime)
}

/// Follows events, composes reports and serves them until shutdown.
///
/// # Errors
///
/// When the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let reports = StoredReports::new(&runtime.store);
    let errands = Errands::new(&runtime.store);
    let reconciler = Arc::new(Reconciler::new(&runtime.activity));
    let composer = Composer {
        clock: runtime.clock.clone(),
        calls: runtime.calls.clone(),
        reports: reports.clone(),
        errands: errands.clone(),
        periods: NominalPeriods {
            climate_ms: settings.environment_period_ms.into(),
            vital_signs_ms: settings.vital_sign_period_ms.into(),
            blood_pressure_ms: settings.blood_pressure_period_ms.into(),
        },
        late_window: SignedDuration::from_secs(settings.late_window_s.into()),
    };
    let composing = {
        let (reconciler, shutdown) = (Arc::clone(&reconciler), runtime.shutdown.clone());
        async move { reconciler.run(shutdown, || composer.pass()).await }
    };
    runtime.tasks.spawn("surgery-report composer", composing);

    let events = Listener {
        clock: runtime.clock.clone(),
        reports,
        errands,
        composer: reconciler,
        own_source: OWN_SOURCE,
    };
    let handler = each(move |record| {
        let events = events.clone();
        async move { events.handle(record).await }
    });
    let consumer = Consumer { group: GROUP, topics: TOPICS };
    let consuming = consumer.run(
        runtime.broker.clone(),
        runtime.activity.clone(),
        runtime.shutdown.clone(),
        handler,
    );
    runtime.tasks.spawn("surgery-report consumer", consuming);

    chiron_chassis::serve(api(&runtime), listener, runtime).await
}

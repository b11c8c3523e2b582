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
use chiron_clock::{Reconciler, ZoneName};
use chiron_store::CollectionSpec;
use jiff::SignedDuration;
use serde::Deserialize;
use surgery_report_domain::entity::report::NominalPeriods;
use tokio::net::TcpListener;

use crate::{
    application::render::Press,
    infrastructure::{
        composing::Composer,
        errands::{self, Errands, Listener, TOPICS},
        store,
    },
};

pub use crate::infrastructure::store::StoredReports;

/// The service's name.
pub const NAME: &str = "surgery-report";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[
    &store::HEADS,
    &store::LINES,
    &store::CONTENTS,
    &store::SHEETS,
    &store::PAGES,
    &store::TEXTS,
    &errands::ERRANDS,
    &errands::SUMMARIES,
];

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
    /// The hospital's time zone, in which reports on paper tell times.
    #[serde(default = "utc")]
    pub time_zone: ZoneName,
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

fn utc() -> ZoneName {
    ZoneName::UTC
}

impl Settings {
    /// The settings of a service for which nothing is set.
    pub fn standard() -> Self {
        Self {
            late_window_s: ten_minutes(),
            environment_period_ms: five_seconds(),
            vital_sign_period_ms: one_second(),
            blood_pressure_period_ms: one_minute(),
            time_zone: utc(),
        }
    }
}

/// The routes.
///
/// # Errors
///
/// When what reports are drawn with cannot be read.
pub fn api(runtime: &Runtime, settings: &Settings) -> Result<Api, ServeError> {
    routes(runtime, settings, composer(runtime, settings))
}

/// Follows events, composes reports and serves them until shutdown.
///
/// # Errors
///
/// When what reports are drawn with cannot be read, or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let composer = composer(&runtime, &settings);
    let (reports, errands) = (composer.reports.clone(), composer.errands.clone());
    let reconciler = Arc::new(Reconciler::new(&runtime.activity));
    let api = routes(&runtime, &settings, composer.clone())?;
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

    let (store, broker) = (runtime.store.clone(), runtime.broker.clone());
    let (activity, shutdown) = (runtime.activity.clone(), runtime.shutdown.clone());
    runtime.tasks.spawn("surgery-report relay", async move {
        store.relay(broker, activity, shutdown).await;
    });

    chiron_chassis::serve(api, listener, runtime).await
}

fn composer(runtime: &Runtime, settings: &Settings) -> Composer {
    Composer {
        clock: runtime.clock.clone(),
        calls: runtime.calls.clone(),
        reports: StoredReports::new(&runtime.store),
        errands: Errands::new(&runtime.store),
        periods: NominalPeriods {
            climate_ms: settings.environment_period_ms.into(),
            vital_signs_ms: settings.vital_sign_period_ms.into(),
            blood_pressure_ms: settings.blood_pressure_period_ms.into(),
        },
        late_window: SignedDuration::from_secs(settings.late_window_s.into()),
    }
}

fn routes(runtime: &Runtime, settings: &Settings, composer: Composer) -> Result<Api, ServeError> {
    let press = Press::new(settings.time_zone.zone().clone())
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    Ok(infrastructure::http::api(runtime, composer, Arc::new(press)))
}

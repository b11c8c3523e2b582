//! Service for the booked surgeries of the block.
//!
//! Takes bookings from the hospital, writes their twins, and follows each surgery until it is over.
//! Every change is told as `SURGERY_BOOKING_CHANGED`. The service keeps bookings in a database of
//! its own, because the twins of a surgery go when it is settled, and the day's list stays.

mod application;
mod infrastructure;

use std::collections::BTreeMap;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_clock::ZoneName;
use chiron_store::CollectionSpec;
use serde::Deserialize;
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

pub use crate::application::{BookedV1, BookingV1, BookingsV1, StatusV1};
pub use crate::infrastructure::{store::StoredBookings, twins::TwinGraph};

/// The service's name.
pub const NAME: &str = "surgery-booking-integration";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[&infrastructure::store::BOOKINGS];

/// Settings of the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The hospital's time zone, which says when a day begins: an IANA name.
    #[serde(default = "utc")]
    pub time_zone: ZoneName,
    /// How long a surgery is planned to take when neither booking nor type says, in minutes.
    #[serde(default = "two_hours")]
    pub expected_duration_minutes: u32,
    /// The same by type of surgery, as spelled in bookings.
    #[serde(default)]
    pub expected_duration_minutes_by_type: BTreeMap<String, u32>,
    /// The twin layer.
    #[serde(default)]
    pub twin_layer: TwinLayer,
}

fn utc() -> ZoneName {
    ZoneName::UTC
}

fn two_hours() -> u32 {
    120
}

impl Settings {
    /// The settings of a service for which nothing is set.
    pub fn standard() -> Settings {
        Settings {
            time_zone: utc(),
            expected_duration_minutes: two_hours(),
            expected_duration_minutes_by_type: BTreeMap::new(),
            twin_layer: TwinLayer::default(),
        }
    }
}

/// The routes.
///
/// # Errors
///
/// When the settings cannot be followed.
pub fn api(runtime: &Runtime, settings: &Settings) -> Result<Api, ServeError> {
    Ok(infrastructure::http::api(service(runtime, settings)?))
}

/// Serves, follows processes, relays events and repairs what was left half done, until shutdown.
///
/// # Errors
///
/// When the settings cannot be followed or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let api = start(&runtime, &settings)?;
    chiron_chassis::serve(api, listener, runtime).await
}

/// Starts what runs beside requests, and answers the routes.
///
/// # Errors
///
/// When the settings cannot be followed.
pub fn start(runtime: &Runtime, settings: &Settings) -> Result<Api, ServeError> {
    let service = service(runtime, settings)?;
    infrastructure::consumer::spawn(runtime, &service.bookings);
    service.desk.spawn(runtime);
    let (store, broker) = (runtime.store.clone(), runtime.broker.clone());
    let (activity, shutdown) = (runtime.activity.clone(), runtime.shutdown.clone());
    runtime.tasks.spawn("booking relay", async move {
        store.relay(broker, activity, shutdown).await;
    });
    Ok(infrastructure::http::api(service))
}

fn service(
    runtime: &Runtime,
    settings: &Settings,
) -> Result<infrastructure::http::Service, ServeError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ServeError::Start {
        service: NAME,
        source,
    };
    let durations = application::Durations::new(
        settings.expected_duration_minutes,
        &settings.expected_duration_minutes_by_type,
    )
    .map_err(|error| failed(Box::new(error)))?;
    let twins = Twins::open(settings.twin_layer.clone(), runtime.calls.clone())
        .map_err(|error| failed(Box::new(error)))?;
    let bookings = StoredBookings::new(&runtime.store);
    let twins = TwinGraph::new(twins, runtime.calls.clone());
    Ok(infrastructure::http::Service {
        desk: infrastructure::desk::Desk::new(runtime, bookings.clone(), twins),
        bookings,
        clock: runtime.clock.clone(),
        zone: settings.time_zone.clone(),
        durations: std::sync::Arc::new(durations),
    })
}

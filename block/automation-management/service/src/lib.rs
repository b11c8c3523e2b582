//! Service that keeps each room's environment right and explains every command.
//!
//! Follows what sensors, technologies, processes and the team say of rooms, decides by the rules of
//! its domain, and acts through the Web of Things. One document per room holds what is known of it,
//! the commands under way and the events they cause, written together; so a restart at any moment
//! goes on where it was. A command is confirmed by the actuator's twin, tried again when it fails,
//! and told when it ends; `GET /api/v1/decisions` says why each was given.

mod application;
mod infrastructure;

use std::error::Error;

use chiron_broker::Consumer;
use chiron_chassis::{Api, Runtime, ServeError};
use chiron_clock::{Clock, Reconciler};
use chiron_store::CollectionSpec;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use twin_client::Twins;

pub use crate::application::configuration::{
    ConfigurationError, OperatingRoom, OperatingRoomStandby, PrePostOperatingRoom,
    PrePostOperatingRoomStandby, Scenario, Settings, SurgeryInProgress,
};
use crate::{
    application::event::TOPICS,
    infrastructure::{
        acting::{Acting, Retry},
        consuming::Consuming,
        http,
        rooms::{self, Rooms},
        surroundings::Surroundings,
        things::Things,
    },
};

/// The service's name.
pub const NAME: &str = "automation-management";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[&rooms::ROOMS, &rooms::DECISIONS];

const CONSUMER: Consumer = Consumer { group: "automation-management-consumer", topics: TOPICS };

/// The routes.
pub fn api(runtime: &Runtime) -> Api {
    http::api(runtime)
}

/// Follows, decides, acts and answers until shutdown.
///
/// # Errors
///
/// When the configuration cannot be followed, or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    start(&runtime, &settings)?;
    chiron_chassis::serve(api(&runtime), listener, runtime).await
}

/// Starts what runs beside requests: for [`run`], and for a test that has a router of its own.
///
/// # Errors
///
/// When the configuration cannot be followed, or no client of the twin layer can be made.
pub fn start(runtime: &Runtime, settings: &Settings) -> Result<(), ServeError> {
    let failed = |source: Box<dyn Error + Send + Sync>| ServeError::Start { service: NAME, source };
    let policy = settings.policy().map_err(|error| failed(error.into()))?;
    let twins = Twins::open(settings.twin_layer.clone(), runtime.calls.clone())
        .map_err(|error| failed(error.into()))?;
    let Runtime { clock, activity, broker, store, calls, tasks, shutdown, completeness, .. } =
        runtime.clone();
    completeness.follow(CONSUMER.group, CONSUMER.topics);

    let rooms = Rooms::new(&store, policy, clock.clone());
    let surroundings = Surroundings::new(twins);
    let (duties, sharing) = broker.duties(NAME, shutdown.clone());
    tasks.spawn("automation duties", sharing);
    let acting = Acting {
        rooms: rooms.clone(),
        surroundings: surroundings.clone(),
        things: Things::new(calls, &activity),
        clock: clock.clone(),
        duties,
    };
    let reconciler = Reconciler::new(&activity);
    let relaying = (broker.clone(), activity.clone(), shutdown.clone());
    tasks.spawn("automation relay", async move {
        let (broker, activity, shutdown) = relaying;
        store.relay(broker, activity, shutdown).await;
    });
    let consuming = Consuming {
        rooms,
        surroundings,
        broker: broker.clone(),
        clock: clock.clone(),
        nudge: reconciler.clone(),
    };
    let stop = shutdown.clone();
    tasks.spawn("automation acting", async move {
        let retry = Retry::new(clock);
        let pass = async || {
            let (next, failed) = acting.pass().await;
            retry.after(next, failed)
        };
        reconciler.run(stop, pass).await;
    });
    let consumer = CONSUMER.run(broker, activity, shutdown, consuming);
    tasks.spawn("automation consumer", consumer);
    Ok(())
}

/// Seconds of the machine in the time of the clock; in lock-step these are the same.
fn machine_seconds(clock: &Clock, seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds * clock.rate())
        .unwrap_or(SignedDuration::from_secs(1))
}

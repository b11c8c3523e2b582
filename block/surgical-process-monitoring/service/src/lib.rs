//! Surgical process monitoring: the service that follows every surgery through the block.
//!
//! Facts come from the broker in any order and are documents of their own. A patient's processes
//! are what the fold of the patient's facts says ([`surgical_process_monitoring_domain::fold`]),
//! derived anew with each fact and written with the events that they cause in one conditional
//! write of one document per patient. Around it three reconcilers work beside the consumer: one
//! asks others for what facts do not say, one settles what has ended, one shows processes in the
//! twin layer. None of them can hold up a fact.

mod application;
mod infrastructure;

use chiron_broker::Consumer;
use chiron_chassis::{Api, Runtime, ServeError, serve};
use chiron_clock::{Activity, Clock};
use chiron_store::{CollectionSpec, Store};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

use crate::{
    application::{document, event::TOPICS},
    infrastructure::{
        consuming::Consuming,
        folding::{Folding, Nudges},
        locating::Locating,
        records::{RecordError, Records},
        routes::{self, Shared},
        settling::Settling,
        twinning::Twinning,
    },
};

/// The service's name.
pub const NAME: &str = "surgical-process-monitoring";
/// Its consumer group.
pub const GROUP: &str = "surgical-process-consumer";
/// Its collections.
pub const COLLECTIONS: &[&CollectionSpec] = &[
    &document::FACTS,
    &document::PATIENTS,
    &document::PROCESSES,
    &document::MINUTES,
    &document::LOCATIONS,
    &document::TECHNOLOGIES,
    &document::DEVICES,
    &document::TWINS,
];

/// The collections that follow from the others' facts, in the order of [`refold`]'s answer.
pub const FOLDED: [&CollectionSpec; 2] = [&document::PATIENTS, &document::PROCESSES];

/// How what is kept compares with what the facts say, in documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refolded {
    /// As the facts say.
    pub same: u64,
    /// The facts say something else.
    pub changed: u64,
    /// The facts do not say it.
    pub gone: u64,
    /// The facts say it, and it was not kept.
    pub new: u64,
}

impl Refolded {
    fn count<T: PartialEq>(&mut self, kept: Option<&T>, said: &T) {
        match kept {
            Some(kept) if kept == said => self.same += 1,
            Some(_) => self.changed += 1,
            None => self.new += 1,
        }
    }
}

/// Facts could not be read, or what follows from them not be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RefoldError(#[from] RecordError);

/// Folds all processes again from their facts, while the service is stopped, and compares; with
/// `mend` what does not follow from them is replaced. Nobody is told anything.
///
/// # Errors
///
/// [`RefoldError`]; with `mend` a second try goes on where the first ended.
pub async fn refold(store: &Store, clock: Clock, mend: bool) -> Result<[Refolded; 2], RefoldError> {
    let activity = Activity::new(clock.clone());
    let nudges = Nudges::new(&activity);
    // What was settled has waited for late facts then.
    let window = SignedDuration::ZERO;
    let folding = Folding { records: Records::of(store), clock, nudges, window };
    let comparison = folding.refold_all(mend).await?;
    Ok([comparison.patients, comparison.processes])
}

/// What can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long after its end a process waits for late facts before it is settled, in seconds.
    /// Default 600.
    #[serde(default = "late_window_s")]
    pub late_window_s: u32,
    /// Which twin layer processes are shown in. Default: our own.
    #[serde(default)]
    pub twin_layer: TwinLayer,
}

fn late_window_s() -> u32 {
    600
}

/// The routes.
pub fn api(runtime: &Runtime) -> Api {
    let records = Records::of(&runtime.store);
    routes::api(Shared { records, completeness: runtime.completeness.clone() })
}

/// Runs the service until a shutdown is requested.
///
/// # Errors
///
/// [`ServeError`] when it cannot start or its listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    start(&runtime, settings)
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    let api = api(&runtime);
    serve(api, listener, runtime).await
}

/// Starts everything but the routes on the runtime's tasks: for [`run`], and for a test that has a
/// router of its own.
///
/// # Errors
///
/// When no client of the twin layer can be made.
pub fn start(runtime: &Runtime, settings: Settings) -> Result<(), twin_client::TwinError> {
    let Runtime { clock, activity, broker, store, calls, tasks, shutdown, completeness, .. } =
        runtime.clone();
    completeness.follow(GROUP, TOPICS);
    let twins = Twins::open(settings.twin_layer, calls.clone())?;
    let records = Records::of(&store);
    let nudges = Nudges::new(&activity);
    let folding = Folding {
        records: records.clone(),
        clock: clock.clone(),
        nudges: nudges.clone(),
        window: SignedDuration::from_secs(i64::from(settings.late_window_s)),
    };
    let locating =
        Locating { folding: folding.clone(), calls: calls.clone(), twins: twins.clone() };
    let settling = Settling { locating: locating.clone(), completeness };
    let twinning = Twinning { records, twins, calls };

    let relaying = (store, broker.clone(), activity.clone(), shutdown.clone());
    tasks.spawn("relay", async move {
        let (store, broker, activity, shutdown) = relaying;
        store.relay(broker, activity, shutdown).await;
    });
    let stop = shutdown.clone();
    let retry = Retry::new(clock.clone());
    tasks.spawn("locating", async move {
        let again = async || retry.after(None, locating.pass().await);
        nudges.locating.run(stop, again).await;
    });
    let stop = shutdown.clone();
    let retry = Retry::new(clock.clone());
    tasks.spawn("settling", async move {
        let again = async || {
            let (next, failed) = settling.pass().await;
            retry.after(next, failed)
        };
        nudges.settling.run(stop, again).await;
    });
    let stop = shutdown.clone();
    let retry = Retry::new(clock);
    tasks.spawn("twinning", async move {
        let again = async || retry.after(None, twinning.pass().await);
        nudges.twinning.run(stop, again).await;
    });
    let consumer = Consumer { group: GROUP, topics: TOPICS };
    tasks.spawn("consumer", async move {
        consumer.run(broker, activity, shutdown, Consuming { folding }).await;
    });
    Ok(())
}

/// When a pass that left something undone comes again.
struct Retry {
    clock: Clock,
    attempt: std::sync::atomic::AtomicU32,
}

impl Retry {
    fn new(clock: Clock) -> Self {
        Self { clock, attempt: std::sync::atomic::AtomicU32::new(0) }
    }

    fn after(&self, next: Option<Timestamp>, failed: bool) -> Option<Timestamp> {
        use std::sync::atomic::Ordering;

        if !failed {
            self.attempt.store(0, Ordering::Relaxed);
            return next;
        }
        let attempt = self.attempt.fetch_add(1, Ordering::Relaxed);
        let again = self.clock.now().saturating_add(pause(&self.clock, attempt));
        let again = again.unwrap_or(Timestamp::MAX);
        Some(next.map_or(again, |next| next.min(again)))
    }
}

/// A wait of the machine, doubling from a second up to a minute, told in the clock's own seconds
/// (in lock-step these are the same).
fn pause(clock: &Clock, attempt: u32) -> SignedDuration {
    let seconds = 1_u32.checked_shl(attempt).unwrap_or(60).clamp(1, 60);
    SignedDuration::try_from_secs_f64(f64::from(seconds) * clock.rate())
        .unwrap_or(SignedDuration::from_mins(1))
}

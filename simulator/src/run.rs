//! The driver: tells the product what happens, in lock-step or in paced time.
//!
//! In lock-step the clock stands while anything is under way, so a run is as fast as the product
//! and the same seed gives the same content. In paced time the clock runs by itself and a product
//! that cannot keep up shows lag.

use std::collections::BTreeMap;
use std::time::Duration;

use chiron_clock::{Activity, Clock, Hand, Quiescence, Shutdown, instant};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::delivery::Delivery;
use crate::fact::{Fact, What};
use crate::journal::{Journal, JournalError};
use crate::plan::Plan;
use crate::wire::{Hospital, WireError};

/// Tries of a call in lock-step before the run is given up.
const LOCK_STEP_TRIES: u32 = 20;
/// Tries of a call in paced time; with the waits between them about two minutes.
const PACED_TRIES: u32 = 60;

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal cannot be kept, so there would be no truth to compare with.
    #[error("the truth journal failed")]
    Journal(#[from] JournalError),
    /// The product did not take what it must take.
    #[error("telling {fact} at {at} failed")]
    Tell {
        /// The fact's id.
        fact: String,
        /// The clock.
        at: String,
        /// What the product said.
        #[source]
        source: WireError,
    },
    /// Work that never ends.
    #[error("work did not come to rest at {at}: {account}")]
    Restless {
        /// The clock.
        at: String,
        /// Each listener's account, in the order of their ports.
        account: String,
    },
}

/// What a run tells whoever watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The clock.
    pub at: Timestamp,
    /// What was told, when it is of interest to a person.
    pub what: Option<What>,
    /// Deliveries told, of how many.
    pub told: usize,
    /// All of them.
    pub of: usize,
}

/// Runs a plan in lock-step: the clock moves to the next fact or timer when all is still, by the
/// accounts that the services keep of their work. A plan that was interrupted goes on where its
/// journal ends.
///
/// # Errors
///
/// See [`RunError`].
pub async fn lock_step(
    plan: &Plan,
    hospital: &Hospital,
    (clock, hand): (&Clock, &Hand),
    activities: &[Activity],
    journal: &mut Journal,
) -> Result<(), RunError> {
    if let Some(last) = journal.last() {
        let restart =
            What::Fault { what: "restart", actuator: None, from: last, until: clock.now() };
        let ended = Fact::new(format!("fault-restart-{}", journal.len()), last, restart);
        journal.announce(&ended)?;
        journal.acknowledge(&ended, clock.now())?;
    }
    hospital.begin(plan, clock, journal).await?;
    let mut next_timer = settle(activities, clock).await?;
    let mut waiting = plan.deliveries.iter().peekable();
    loop {
        let next_fact = waiting.peek().map(|delivery| delivery.at.max(clock.now()));
        let next = match (next_fact, next_timer.filter(|timer| *timer <= plan.end)) {
            (Some(fact), Some(timer)) => fact.min(timer),
            (Some(fact), None) => fact,
            (None, Some(timer)) => timer,
            (None, None) => break,
        };
        hand.move_to(next);
        if next_timer == Some(next) {
            // The timers of an instant are done with before its facts are told.
            settle(activities, clock).await?;
        }
        while let Some(delivery) = waiting.next_if(|delivery| delivery.at <= next) {
            if !delivery.repeated && delivery.facts.iter().all(|fact| journal.has(fact)) {
                continue;
            }
            tell(hospital, clock, activities, delivery, journal).await?;
        }
        next_timer = settle(activities, clock).await?;
    }
    hand.move_to(plan.end);
    settle(activities, clock).await?;
    Ok(())
}

async fn tell(
    hospital: &Hospital,
    clock: &Clock,
    activities: &[Activity],
    delivery: &Delivery,
    journal: &mut Journal,
) -> Result<(), RunError> {
    for fact in delivery.facts.iter().filter(|_| !delivery.repeated) {
        journal.announce(fact)?;
    }
    let mut tries = 0;
    while let Err(err) = hospital.tell(delivery).await {
        tries += 1;
        if tries == LOCK_STEP_TRIES || matches!(err, WireError::Difference { .. }) {
            return Err(tell_error(delivery, clock, err));
        }
        // What it waits for may be under way.
        settle(activities, clock).await?;
    }
    for fact in delivery.facts.iter().filter(|_| !delivery.repeated) {
        journal.acknowledge(fact, clock.now())?;
    }
    Ok(())
}

/// Waits until two sweeps in a row find nothing pending and the same counters; answers the next
/// timer.
async fn settle(activities: &[Activity], clock: &Clock) -> Result<Option<Timestamp>, RunError> {
    // Work that is under way is mostly waiting for a disk or a socket; the first looks come at once.
    const AT_ONCE: u32 = 20;
    // About two minutes of a machine that does nothing else.
    const SWEEPS: u32 = 100_000;
    let mut before: Option<Vec<Quiescence>> = None;
    for sweep in 0..SWEEPS {
        let found: Vec<Quiescence> = activities.iter().map(Activity::snapshot).collect();
        let still = found.iter().all(|one| one.pending == 0);
        if still && before.as_ref() == Some(&found) {
            return Ok(found.iter().filter_map(|one| one.next_timer).min());
        }
        before = still.then_some(found);
        if sweep < AT_ONCE {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let account: Vec<String> =
        activities.iter().map(|one| one.snapshot().pending.to_string()).collect();
    Err(RunError::Restless { at: instant::write(clock.now()), account: account.join(" ") })
}

/// Runs a plan in paced time until its end or until shutdown is requested.
///
/// Deliveries of one lane (a person, a monitor, a room's sensors) keep their order; lanes do not
/// wait for each other.
///
/// # Errors
///
/// See [`RunError`]; the first failure ends the run.
pub async fn paced(
    plan: &Plan,
    hospital: &Hospital,
    clock: &Clock,
    journal: Journal,
    shutdown: Shutdown,
    progress: impl FnMut(Progress),
) -> Result<(), RunError> {
    let of = plan.deliveries.len();
    hospital.begin(plan, clock, &journal).await?;
    let shared = Mutex::new((journal, progress, 0_usize));
    let (desk, others): (Vec<_>, Vec<_>) =
        plan.deliveries.iter().partition(|delivery| delivery.at <= plan.epoch);
    let tell = async |delivery: &Delivery| -> Result<(), RunError> {
        clock.sleep_until(delivery.at).await;
        {
            let mut shared = shared.lock().await;
            if !delivery.repeated && delivery.facts.iter().all(|fact| shared.0.has(fact)) {
                return Ok(());
            }
            for fact in delivery.facts.iter().filter(|_| !delivery.repeated) {
                shared.0.announce(fact)?;
            }
        }
        let mut tries = 0;
        while let Err(err) = hospital.tell(delivery).await {
            tries += 1;
            if tries == PACED_TRIES || matches!(err, WireError::Difference { .. }) {
                return Err(tell_error(delivery, clock, err));
            }
            tokio::time::sleep(Duration::from_millis(50 * u64::from(tries.min(40)))).await;
        }
        let mut shared = shared.lock().await;
        for fact in delivery.facts.iter().filter(|_| !delivery.repeated) {
            shared.0.acknowledge(fact, clock.now())?;
        }
        shared.2 += 1;
        let told = shared.2;
        (shared.1)(Progress { at: clock.now(), what: of_interest(delivery), told, of });
        Ok(())
    };
    // What must be there before the day begins, in its order.
    for delivery in desk {
        tell(delivery).await?;
    }
    let mut lanes: BTreeMap<String, Vec<&Delivery>> = BTreeMap::new();
    for delivery in others {
        lanes.entry(delivery.lane()).or_default().push(delivery);
    }
    let mut running: FuturesUnordered<_> = lanes
        .into_values()
        .map(|lane| async {
            for delivery in lane {
                tell(delivery).await?;
            }
            Ok::<(), RunError>(())
        })
        .collect();
    let all = async {
        while let Some(ended) = running.next().await {
            ended?;
        }
        clock.sleep_until(plan.end).await;
        Ok(())
    };
    tokio::select! {
        () = shutdown.requested() => Ok(()),
        ended = all => ended,
    }
}

fn tell_error(delivery: &Delivery, clock: &Clock, source: WireError) -> RunError {
    let fact = delivery.facts.first().map(|fact| fact.id.clone()).unwrap_or_default();
    RunError::Tell { fact, at: instant::write(clock.now()), source }
}

/// Samples are not; what people do is.
fn of_interest(delivery: &Delivery) -> Option<What> {
    let fact = delivery.facts.first()?;
    match &fact.what {
        // What the product must refuse does not happen.
        _ if fact.expected.is_some() => None,
        What::Vital { .. }
        | What::Environment { .. }
        | What::Actuator { .. }
        | What::ActuatorState { .. }
        | What::Fault { .. } => None,
        other => Some(other.clone()),
    }
}

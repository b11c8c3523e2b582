//! What a service has under way, so that a standing clock moves only when nothing is left to do.
//!
//! The argument for correctness: whatever can cause an effect is, at every moment, counted by
//! somebody. A request counts at its caller until the answer is there; a record counts as lag of
//! every group that has not committed it; a timer is listed until its sleeper holds [`Work`]; a
//! nudge counts until the pass that it caused has ended. Two sweeps over all services that find
//! nothing pending and the same counters have therefore seen one instant at which all was still
//! (Mattern's four-counter method for the detection of termination).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Clock;
use crate::instant;

/// The longest wait before another try.
const LONGEST_BACK_OFF_S: u32 = 60;

/// A service's own account of its work. Cheap to clone; all clones keep one account.
#[derive(Clone)]
pub struct Activity(Arc<Account>);

struct Account {
    clock: Clock,
    pending: AtomicI64,
    called: AtomicU64,
    appended: AtomicU64,
    handled: AtomicU64,
    timers: Mutex<Timers>,
    probes: Mutex<Vec<Box<dyn Fn() -> u64 + Send + Sync>>>,
}

#[derive(Default)]
struct Timers {
    next_key: u64,
    by_time: BTreeSet<(Timestamp, u64)>,
}

/// What `GET /internal/quiescence` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quiescence {
    /// Pieces of work under way, waiting records and due timers included.
    pub pending: u64,
    /// Requests answered since the start; only grows.
    pub called: u64,
    /// Records appended to the broker since the start; only grows.
    pub appended: u64,
    /// Records handled since the start; only grows.
    pub handled: u64,
    /// The next domain timer, strictly in the future; `None` when nothing waits.
    #[serde(with = "instant::option")]
    pub next_timer: Option<Timestamp>,
}

/// Something under way: counts as pending until dropped.
#[must_use = "work counts as pending only while this is held"]
pub struct Work(Arc<Account>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A listed timer; leaves the list when dropped, also when its sleeper is cancelled.
struct Timer {
    account: Arc<Account>,
    key: (Timestamp, u64),
}

impl Drop for Timer {
    fn drop(&mut self) {
        let mut timers = self.account.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.by_time.remove(&self.key);
    }
}

impl Activity {
    /// An account with nothing under way.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Account {
            clock,
            pending: AtomicI64::new(0),
            called: AtomicU64::new(0),
            appended: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            timers: Mutex::default(),
            probes: Mutex::default(),
        }))
    }

    /// The clock by which this service's timers run.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Counts a piece of work as pending until the guard is dropped.
    pub fn work(&self) -> Work {
        self.0.pending.fetch_add(1, Ordering::SeqCst);
        Work(Arc::clone(&self.0))
    }

    /// Counts one answered request.
    pub fn called(&self) {
        self.0.called.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts `n` records appended to the broker.
    pub fn appended(&self, n: u64) {
        self.0.appended.fetch_add(n, Ordering::SeqCst);
    }

    /// Counts `n` records whose handling is committed.
    pub fn handled(&self, n: u64) {
        self.0.handled.fetch_add(n, Ordering::SeqCst);
    }

    /// Adds a source of pending work that is asked at every snapshot, such as a group's lag.
    pub fn probe(&self, pending: impl Fn() -> u64 + Send + Sync + 'static) {
        let mut probes = self.0.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.push(Box::new(pending));
    }

    /// Waits until the clock reads `at` and wakes holding [`Work`]. The timer is listed by the call
    /// itself, not by its first poll, and leaves the list when the work is held: whoever holds work
    /// while calling leaves no moment uncounted.
    pub fn sleep_until(&self, at: Timestamp) -> impl Future<Output = Work> + Send + use<> {
        let timer = self.list(at);
        let activity = self.clone();
        async move {
            activity.0.clock.sleep_until(at).await;
            let work = activity.work();
            drop(timer);
            work
        }
    }

    /// Waits before another try and wakes holding [`Work`]: 1 s doubled per attempt, at most a
    /// minute, with jitter, by the machine's clock. With a lock-step clock this is a timer of that
    /// clock, without jitter, listed by the call itself as [`Activity::sleep_until`] lists its own.
    pub fn back_off(&self, attempt: u32) -> impl Future<Output = Work> + Send + use<> {
        let seconds = 1_u32
            .checked_shl(attempt.min(16))
            .map_or(LONGEST_BACK_OFF_S, |s| s.min(LONGEST_BACK_OFF_S));
        let timer = self.0.clock.is_lock_step().then(|| {
            let wait = SignedDuration::from_secs(i64::from(seconds));
            self.sleep_until(self.0.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX))
        });
        let activity = self.clone();
        async move {
            if let Some(timer) = timer {
                return timer.await;
            }
            machine_wait(attempt, seconds).await;
            activity.work()
        }
    }

    /// The account as it stands.
    #[must_use]
    pub fn snapshot(&self) -> Quiescence {
        let account = &*self.0;
        // Counters are read before what is pending: work that ends in between has then raised a
        // counter that the second sweep will see.
        let (called, appended, handled) = (
            account.called.load(Ordering::SeqCst),
            account.appended.load(Ordering::SeqCst),
            account.handled.load(Ordering::SeqCst),
        );
        let (due, next_timer) = {
            let timers = account.timers.lock().unwrap_or_else(PoisonError::into_inner);
            let now = account.clock.now();
            let due = timers.by_time.range(..=(now, u64::MAX)).count();
            let next = timers.by_time.iter().find(|(at, _)| now < *at).map(|(at, _)| *at);
            (u64::try_from(due).unwrap_or(u64::MAX), next)
        };
        let probed: u64 = {
            let probes = account.probes.lock().unwrap_or_else(PoisonError::into_inner);
            probes.iter().map(|probe| probe()).sum()
        };
        let under_way = u64::try_from(account.pending.load(Ordering::SeqCst)).unwrap_or(0);
        Quiescence { pending: under_way + due + probed, called, appended, handled, next_timer }
    }

    fn list(&self, at: Timestamp) -> Timer {
        let mut timers = self.0.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.next_key += 1;
        let key = (at, timers.next_key);
        timers.by_time.insert(key);
        Timer { account: Arc::clone(&self.0), key }
    }
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Activity").field(&self.snapshot()).finish()
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// Sleeps by the machine's clock. The first try comes soon: 100 ms at most.
async fn machine_wait(attempt: u32, seconds: u32) {
    let whole_ms = if attempt == 0 { 100 } else { seconds * 1_000 / 2 };
    tokio::time::sleep(jittered(Duration::from_millis(u64::from(whole_ms)))).await;
}

/// Between half of a wait and all of it, so that those who wait for the same do not come together.
pub fn jittered(whole: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness there is no jitter, which costs politeness and nothing else.
    let jitter = getrandom::fill(&mut byte).map_or(128, |()| u32::from(byte[0]));
    whole / 2 + whole * jitter / 512
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn epoch() -> Timestamp {
        "2026-05-15T06:00:00Z".parse().expect("an instant")
    }

    #[tokio::test]
    async fn there_is_no_gap_between_a_timer_and_its_work() {
        let (clock, hand) = Clock::lock_step(epoch());
        let activity = Activity::new(clock);
        let at = epoch() + SignedDuration::from_secs(10);
        let sleeper = activity.sleep_until(at);
        tokio::pin!(sleeper);
        assert!(sleeper.as_mut().now_or_never().is_none());
        assert_eq!(activity.snapshot().next_timer, Some(at));
        assert_eq!(activity.snapshot().pending, 0);

        hand.move_to(at);
        assert_eq!(activity.snapshot().pending, 1, "a due timer is pending before it wakes");
        let work = sleeper.await;
        assert_eq!(activity.snapshot().pending, 1);
        drop(work);
        assert_eq!(activity.snapshot().pending, 0);
        assert_eq!(activity.snapshot().next_timer, None);
    }

    #[tokio::test]
    async fn a_cancelled_sleeper_leaves_no_timer() {
        let (clock, _hand) = Clock::lock_step(epoch());
        let activity = Activity::new(clock);
        {
            let sleeper = activity.sleep_until(epoch() + SignedDuration::from_secs(10));
            tokio::pin!(sleeper);
            assert!(sleeper.as_mut().now_or_never().is_none());
        }
        assert_eq!(activity.snapshot().next_timer, None);
    }

    #[test]
    fn probes_count_as_pending() {
        let activity = Activity::new(Clock::system());
        activity.probe(|| 3);
        assert_eq!(activity.snapshot().pending, 3);
    }

    #[test]
    fn quiescence_is_written_as_the_simulator_reads_it() {
        let (clock, _hand) = Clock::lock_step(epoch());
        let text = serde_json::to_string(&Activity::new(clock).snapshot()).expect("json");
        assert_eq!(text, r#"{"pending":0,"called":0,"appended":0,"handled":0,"nextTimer":null}"#);
    }
}

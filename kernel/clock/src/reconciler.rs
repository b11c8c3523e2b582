//! Work that must eventually hold: an idempotent pass over stored state, run on a nudge and at
//! the instant that the pass itself asked for.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::{Activity, Shutdown, Work};

/// Runs a pass whenever it is nudged, and when the time has come that the last pass named.
#[derive(Debug, Clone)]
pub struct Reconciler {
    activity: Activity,
    nudged: Arc<Nudged>,
}

#[derive(Debug, Default)]
struct Nudged {
    notify: Notify,
    // Held from the nudge to the end of the pass that follows: pending all the while.
    work: Mutex<Option<Work>>,
}

impl Reconciler {
    /// A reconciler on the account of `activity`, nudged once so that the first pass runs at start.
    #[must_use]
    pub fn new(activity: &Activity) -> Self {
        let reconciler = Self { activity: activity.clone(), nudged: Arc::default() };
        reconciler.nudge();
        reconciler
    }

    /// Asks for a pass. Nudges during a pass cause one more; several before it cause one.
    pub fn nudge(&self) {
        let mut work = self.nudged.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.is_none() {
            *work = Some(self.activity.work());
            self.nudged.notify.notify_one();
        }
    }

    /// Runs passes until shutdown is requested. A pass answers when it wants to run again at the
    /// latest, `None` when only a nudge gives it something to do. A pass that fails keeps its
    /// state and asks to be run again; there is no error here to be forgotten.
    pub async fn run<F, Fut>(&self, shutdown: Shutdown, mut pass: F)
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Option<Timestamp>>,
    {
        let mut timer: Option<Pin<Box<dyn Future<Output = Work> + Send>>> = None;
        loop {
            let due = async {
                match timer.as_mut() {
                    Some(timer) => timer.await,
                    None => std::future::pending().await,
                }
            };
            let work = tokio::select! {
                biased;
                () = shutdown.requested() => return,
                () = self.nudged.notify.notified() => {
                    self.nudged.work.lock().unwrap_or_else(PoisonError::into_inner).take()
                }
                work = due => Some(work),
            };
            let next = pass().await;
            // The new timer is listed before the old work is let go.
            timer = next.map(|at| Box::pin(self.activity.sleep_until(at)) as _);
            drop(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::SignedDuration;

    use super::*;
    use crate::Clock;

    #[tokio::test]
    async fn runs_at_start_on_a_nudge_and_on_time() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let (clock, hand) = Clock::lock_step(epoch);
        let activity = Activity::new(clock.clone());
        let reconciler = Reconciler::new(&activity);
        assert_eq!(activity.snapshot().pending, 1, "the first pass is owed");
        let (trigger, shutdown) = Shutdown::new();
        let passes = AtomicU32::new(0);
        let at = epoch + SignedDuration::from_secs(5);
        let running = reconciler.run(shutdown, || {
            let nth = passes.fetch_add(1, Ordering::SeqCst);
            async move { (nth == 0).then_some(at) }
        });
        let driving = async {
            while activity.snapshot().pending > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(passes.load(Ordering::SeqCst), 1);
            hand.move_to(at);
            while activity.snapshot().pending > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(passes.load(Ordering::SeqCst), 2);
            reconciler.nudge();
            reconciler.nudge();
            while activity.snapshot().pending > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(passes.load(Ordering::SeqCst), 3);
            trigger.trigger();
        };
        tokio::join!(running, driving);
    }
}

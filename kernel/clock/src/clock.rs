//! The three ways in which time passes.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::instant::cut;

/// What time it is for the domain. Cheap to clone; all clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    System,
    Paced { epoch: Timestamp, rate: f64, started: Instant },
    LockStep { epoch: Timestamp, now: watch::Receiver<Timestamp> },
}

/// Moves a lock-step clock. There is one, and the simulator owns it.
#[derive(Debug)]
pub struct Hand(watch::Sender<Timestamp>);

impl Hand {
    /// Moves the clock to `at`. A clock never goes back: an earlier instant is ignored.
    pub fn move_to(&self, at: Timestamp) {
        self.0.send_if_modified(|now| {
            let forward = *now < at;
            if forward {
                *now = cut(at);
            }
            forward
        });
    }
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Kind::System))
    }

    /// A clock that reads `epoch` now and runs at `rate` seconds per second of the machine.
    #[must_use]
    pub fn paced(epoch: Timestamp, rate: f64) -> Self {
        Self(Arc::new(Kind::Paced { epoch, rate, started: Instant::now() }))
    }

    /// A clock that stands at `epoch` until its hand is moved.
    #[must_use]
    pub fn lock_step(epoch: Timestamp) -> (Self, Hand) {
        let epoch = cut(epoch);
        let (hand, now) = watch::channel(epoch);
        (Self(Arc::new(Kind::LockStep { epoch, now })), Hand(hand))
    }

    /// The present instant, cut to milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Kind::System => machine_now(),
            Kind::Paced { epoch, rate, started } => {
                let passed = started.elapsed().as_secs_f64() * rate;
                cut(epoch
                    .saturating_add(SignedDuration::from_secs_f64(passed))
                    .unwrap_or(Timestamp::MAX))
            }
            Kind::LockStep { now, .. } => *now.borrow(),
        }
    }

    /// Seconds of this clock in one second of the machine; 1 for a lock-step clock.
    #[must_use]
    pub fn rate(&self) -> f64 {
        match &*self.0 {
            Kind::Paced { rate, .. } => *rate,
            Kind::System | Kind::LockStep { .. } => 1.0,
        }
    }

    /// Whether the clock stands until its hand is moved.
    #[must_use]
    pub fn is_lock_step(&self) -> bool {
        matches!(&*self.0, Kind::LockStep { .. })
    }

    /// Where simulated time began; `None` for the machine's clock.
    #[must_use]
    pub fn epoch(&self) -> Option<Timestamp> {
        match &*self.0 {
            Kind::System => None,
            Kind::Paced { epoch, .. } | Kind::LockStep { epoch, .. } => Some(*epoch),
        }
    }

    /// Waits until the clock reads `at` or later. A service waits through
    /// [`Activity::sleep_until`](crate::Activity::sleep_until), so that the timer is accounted for.
    pub async fn sleep_until(&self, at: Timestamp) {
        if let Kind::LockStep { now, .. } = &*self.0 {
            let mut now = now.clone();
            if now.wait_for(|now| at <= *now).await.is_err() {
                // The hand is gone: time will never pass again.
                std::future::pending::<()>().await;
            }
            return;
        }
        loop {
            let left = at.duration_since(self.now());
            if left <= SignedDuration::ZERO {
                return;
            }
            let machine = Duration::from_secs_f64(left.as_secs_f64() / self.rate());
            // The machine's clock may be set while we wait, so look again at least every minute.
            tokio::time::sleep(machine.clamp(Duration::from_millis(1), Duration::from_mins(1)))
                .await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).map_or(Timestamp::MAX, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_step_clock_moves_only_by_its_hand() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let (clock, hand) = Clock::lock_step(epoch);
        let later = epoch.saturating_add(SignedDuration::from_secs(60)).expect("in range");
        let waiting = tokio::task::spawn_blocking({
            let clock = clock.clone();
            move || tokio::runtime::Handle::current().block_on(clock.sleep_until(later))
        });
        assert_eq!(clock.now(), epoch);
        hand.move_to(later);
        waiting.await.expect("no panic");
        hand.move_to(epoch);
        assert_eq!(clock.now(), later, "a clock never goes back");
    }

    #[tokio::test]
    async fn a_paced_clock_runs_faster_than_the_machine() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let clock = Clock::paced(epoch, 3_600.0);
        clock
            .sleep_until(epoch.saturating_add(SignedDuration::from_secs(36)).expect("in range"))
            .await;
        assert!(clock.now().duration_since(epoch) >= SignedDuration::from_secs(36));
    }
}

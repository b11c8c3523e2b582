//! Circuit breakers: a service that does not answer is left alone for a while.
//!
//! A caller that waits out the time limit of each call to a service that hangs is soon as stuck as
//! that service. So after some failures in a row, of all who share the breaker, calls end at once
//! for a pause; then one of them is made, and what becomes of it decides whether the others may
//! follow or wait again, longer (M. Nygard, Release It!, "Circuit Breaker").

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chiron_clock::jittered;
use tokio::time::Instant;

use crate::calls::Service;

/// Failures in a row after which calls are no longer made.
const FAILURES: u32 = 5;
/// The first pause and the longest, of the machine. A service that was started again is soon asked.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The breakers of the services that somebody calls. Cheap to clone; all clones know the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breakers(Arc<Mutex<HashMap<Service, Breaker>>>);

#[derive(Debug, Default)]
struct Breaker {
    /// Failures in a row.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    /// Until when no call is made.
    until: Option<Instant>,
    /// Whether somebody tries whether it answers again.
    probed: bool,
}

/// Leave to make one call. Dropped without a word, it tells nothing of the service.
#[derive(Debug)]
pub(crate) struct Leave<'b> {
    breakers: &'b Breakers,
    service: Service,
    probe: bool,
}

impl Breakers {
    /// Leave to call a service now; `None` while it is left alone.
    pub(crate) fn leave(&self, service: Service) -> Option<Leave<'_>> {
        let mut all = self.all();
        let breaker = all.entry(service).or_default();
        let probe = match breaker.until {
            None => false,
            Some(until) if breaker.probed || Instant::now() < until => return None,
            Some(_) => true,
        };
        breaker.probed |= probe;
        Some(Leave { breakers: self, service, probe })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Service, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// The service answered, whatever it said.
    pub(crate) fn answered(self) {
        let mut all = self.breakers.all();
        if let Some(breaker) = all.get_mut(&self.service) {
            if breaker.until.is_some() {
                tracing::info!(service = %self.service, "answers again");
            }
            *breaker = Breaker::default();
        }
    }

    /// It did not.
    pub(crate) fn failed(self) {
        let mut all = self.breakers.all();
        let Some(breaker) = all.get_mut(&self.service) else { return };
        breaker.failures = breaker.failures.saturating_add(1);
        // Of calls that were under way when it was found out only the first counts.
        let found_out = breaker.failures >= FAILURES && breaker.until.is_none();
        if found_out || self.probe {
            breaker.until = Some(Instant::now() + pause(breaker.pauses));
            breaker.pauses = breaker.pauses.saturating_add(1);
            metrics::counter!("chiron_calls_stopped_total", "service" => self.service.name())
                .increment(1);
            if found_out {
                tracing::warn!(service = %self.service, "does not answer; left alone for a while");
            }
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(breaker) = self.breakers.all().get_mut(&self.service)
        {
            breaker.probed = false;
        }
    }
}

/// Twice the one before.
fn pause(before: u32) -> Duration {
    jittered(FIRST_PAUSE.saturating_mul(1 << before.min(10)).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAFF: Service = Service::StaffTracking;

    fn fail(breakers: &Breakers, times: u32) {
        for _ in 0..times {
            breakers.leave(STAFF).unwrap().failed();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_fails_again_and_again_is_left_alone_and_then_tried_once() {
        let breakers = Breakers::default();
        fail(&breakers, FAILURES - 1);
        breakers.leave(STAFF).unwrap().answered();
        fail(&breakers, FAILURES);
        assert!(breakers.leave(STAFF).is_none());
        assert!(breakers.leave(Service::SurgeryReport).is_some(), "others are not concerned");

        tokio::time::advance(FIRST_PAUSE).await;
        let probe = breakers.leave(STAFF).unwrap();
        assert!(breakers.leave(STAFF).is_none(), "one at a time");
        probe.failed();
        tokio::time::advance(FIRST_PAUSE / 2).await;
        assert!(breakers.leave(STAFF).is_none(), "the next pause is longer");
        tokio::time::advance(FIRST_PAUSE * 2).await;
        breakers.leave(STAFF).unwrap().answered();
        assert!(breakers.leave(STAFF).is_some() && breakers.leave(STAFF).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_nobody_waited_for_is_made_again() {
        let breakers = Breakers::default();
        fail(&breakers, FAILURES);
        tokio::time::advance(LONGEST_PAUSE).await;
        drop(breakers.leave(STAFF).unwrap());
        assert!(breakers.leave(STAFF).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_under_way_do_not_lengthen_the_pause() {
        let breakers = Breakers::default();
        let under_way: Vec<_> = (0..40).map(|_| breakers.leave(STAFF).unwrap()).collect();
        for leave in under_way {
            leave.failed();
        }
        tokio::time::advance(FIRST_PAUSE).await;
        assert!(breakers.leave(STAFF).is_some());
    }

    #[test]
    fn pauses_grow_to_an_end() {
        for (before, whole) in
            [(0, 500), (1, 1_000), (2, 2_000), (4, 8_000), (5, 8_000), (40, 8_000)]
        {
            let pause = pause(before).as_millis();
            assert!(whole / 2 <= pause && pause <= whole, "{before}: {pause}");
        }
    }
}

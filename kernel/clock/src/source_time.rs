//! How far what a source says of time is believed.
//!
//! One rule for every door through which facts enter: the header of a request, the property of a
//! twin, the element of an Observation, the line of a control unit.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Clock;

/// How far a source's clock may be ahead, in seconds of the machine.
const MAX_AHEAD_S: f64 = 5.0;

/// The source times that are believed at one moment, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceWindow {
    /// The earliest.
    pub oldest: Timestamp,
    /// The latest.
    pub newest: Timestamp,
}

/// Why an instant is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    /// It has not come yet.
    #[error("is ahead of the clock")]
    Ahead,
    /// It is too long ago.
    #[error("is older than this service accepts")]
    Old,
}

impl Clock {
    /// What is believed now: up to 5 s of the machine (times the rate) ahead of the clock, and not
    /// older than `horizon`.
    #[must_use]
    pub fn source_window(&self, horizon: Duration) -> SourceWindow {
        let now = self.now();
        let ahead = SignedDuration::try_from_secs_f64(MAX_AHEAD_S * self.rate())
            .unwrap_or(SignedDuration::from_secs(5));
        let horizon = SignedDuration::try_from(horizon).unwrap_or(SignedDuration::MAX);
        SourceWindow {
            oldest: now.saturating_sub(horizon).unwrap_or(Timestamp::MIN),
            newest: now.saturating_add(ahead).unwrap_or(Timestamp::MAX),
        }
    }
}

impl SourceWindow {
    /// Whether a source may name this instant.
    ///
    /// # Errors
    ///
    /// [`Unbelievable`] when it lies outside.
    pub fn check(&self, at: Timestamp) -> Result<(), Unbelievable> {
        if self.newest < at {
            Err(Unbelievable::Ahead)
        } else if at < self.oldest {
            Err(Unbelievable::Old)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_what_a_source_may_say() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let (clock, _hand) = Clock::lock_step(epoch);
        let window = clock.source_window(Duration::from_hours(7 * 24));
        let cases = [
            ("2026-05-15T06:00:00Z", Ok(())),
            ("2026-05-15T06:00:05Z", Ok(())),
            ("2026-05-15T06:00:05.001Z", Err(Unbelievable::Ahead)),
            ("2026-05-08T06:00:00Z", Ok(())),
            ("2026-05-08T05:59:59.999Z", Err(Unbelievable::Old)),
        ];
        for (at, expected) in cases {
            assert_eq!(window.check(at.parse().expect("an instant")), expected, "{at}");
        }
    }

    #[test]
    fn a_faster_clock_may_be_ahead_by_as_many_of_its_seconds() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let window = Clock::paced(epoch, 60.0).source_window(Duration::from_hours(1));
        assert_eq!(window.newest.duration_since(window.oldest).as_secs(), 3_600 + 300);
    }

    #[test]
    fn a_horizon_without_end_reaches_the_first_instant() {
        let (clock, _hand) = Clock::lock_step(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.source_window(Duration::MAX).oldest, Timestamp::MIN);
    }
}

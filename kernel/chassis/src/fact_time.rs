//! When a fact happened, as said by those who may say it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chiron_clock::{Clock, instant};
use jiff::{SignedDuration, Timestamp};

use crate::identity::Caller;
use crate::problem::Problem;
use crate::serve::Door;

/// The header in which a source says when the fact happened.
pub(crate) const SOURCE_TIME: &str = "x-source-time";
/// How far a source's clock may be ahead, in seconds of the machine.
const MAX_AHEAD_S: f64 = 5.0;

/// The `x-source-time` of a request, cut to milliseconds; `None` when the clock counts.
///
/// 403 from a caller without the claim; 400 when it is malformed, more than 5 s of the machine
/// (times the clock's rate) ahead of the clock, or older than the service's horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactTime(pub Option<Timestamp>);

impl FactTime {
    /// The source's time, else `now`.
    #[must_use]
    pub fn or(self, now: Timestamp) -> Timestamp {
        self.0.unwrap_or(now)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FactTime {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(SOURCE_TIME) else { return Ok(Self(None)) };
        let allowed =
            parts.extensions.get::<Arc<Caller>>().is_some_and(|caller| caller.source_time);
        if !allowed {
            let detail = "your account may not say when something happened (x-source-time)";
            return Err(Problem::forbidden(detail));
        }
        let at = value
            .to_str()
            .ok()
            .and_then(|text| instant::parse(text).ok())
            .ok_or_else(|| refused("is not an instant such as 2026-05-15T08:10:00.123Z"))?;
        let Some(door) = parts.extensions.get::<Arc<Door>>() else {
            return Err(Problem::unauthorized());
        };
        check(at, &door.clock, door.limits.horizon).map_err(refused)?;
        Ok(Self(Some(at)))
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::bad_request(SOURCE_TIME, detail)
}

/// Whether a source may name this instant now; `horizon` is [`Limits::horizon`]. For sources that
/// do not speak HTTP.
///
/// # Errors
///
/// What is wrong with it.
///
/// [`Limits::horizon`]: crate::Limits::horizon
pub fn check(at: Timestamp, clock: &Clock, horizon: Duration) -> Result<(), &'static str> {
    let now = clock.now();
    let ahead = SignedDuration::try_from_secs_f64(MAX_AHEAD_S * clock.rate())
        .unwrap_or(SignedDuration::from_secs(5));
    if now.saturating_add(ahead).unwrap_or(Timestamp::MAX) < at {
        return Err("is ahead of the clock");
    }
    let horizon = SignedDuration::try_from(horizon).unwrap_or(SignedDuration::MAX);
    if at < now.saturating_sub(horizon).unwrap_or(Timestamp::MIN) {
        return Err("is older than this service accepts");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_what_a_source_may_say() {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().expect("an instant");
        let (clock, _hand) = Clock::lock_step(epoch);
        let horizon = Duration::from_hours(7 * 24);
        let cases = [
            ("2026-05-15T06:00:00Z", Ok(())),
            ("2026-05-15T06:00:05Z", Ok(())),
            ("2026-05-15T06:00:05.001Z", Err("is ahead of the clock")),
            ("2026-05-08T06:00:00Z", Ok(())),
            ("2026-05-08T05:59:59.999Z", Err("is older than this service accepts")),
        ];
        for (at, expected) in cases {
            assert_eq!(check(at.parse().expect("an instant"), &clock, horizon), expected, "{at}");
        }
    }
}

//! When a fact happened, as said by those who may say it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chiron_clock::instant;
use jiff::Timestamp;

use crate::identity::Caller;
use crate::problem::Problem;
use crate::serve::Door;

/// The header in which a source says when the fact happened.
pub(crate) const SOURCE_TIME: &str = "x-source-time";

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
        let window = door.clock.source_window(door.limits.horizon);
        window.check(at).map_err(|why| refused(&why.to_string()))?;
        Ok(Self(Some(at)))
    }
}

fn refused(detail: &str) -> Problem {
    Problem::bad_request(SOURCE_TIME, detail)
}

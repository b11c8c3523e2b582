//! What one service grants at most: of content, of time, of requests.

use std::time::Duration;

/// Limits of one service. All durations are of the machine's clock but [`Limits::horizon`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest body read, in bytes; beyond it 413.
    pub body_bytes: usize,
    /// How long a body may take to come; beyond it 408. Requests whose bodies dribble take places of
    /// `concurrency`: what one address may ask for without an identity must not fill them.
    pub body_time: Duration,
    /// The longest a client waits; beyond it 503. The handler itself runs to its end.
    pub time: Duration,
    /// Requests handled at the same time; beyond it 503.
    pub concurrency: usize,
    /// Requests per second of one person, with bursts of five times as many; beyond it 429.
    /// Accounts with grants (services and devices) are held by `concurrency` alone.
    pub person_per_second: u32,
    /// Requests per second without an identity from one address, with bursts of five times as
    /// many; beyond it 429.
    pub stranger_per_second: u32,
    /// How long requests in flight may take to end after a shutdown was requested.
    pub drain: Duration,
    /// The oldest source time accepted, before the injected clock.
    pub horizon: Duration,
}

impl Limits {
    /// The limits of a service that has no others.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            body_time: Duration::from_secs(10),
            time: Duration::from_secs(30),
            concurrency: 512,
            person_per_second: 200,
            stranger_per_second: 40,
            drain: Duration::from_secs(10),
            horizon: Duration::from_hours(7 * 24),
        }
    }
}

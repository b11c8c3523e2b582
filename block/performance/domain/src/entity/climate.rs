//! Whether a theatre was as it should be while somebody was operated on in it.

use jiff::{SignedDuration, Timestamp};

/// From one value to another, both included; °C or %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

/// What a theatre should be like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// Temperature in °C.
    pub temperature: Range,
    /// Relative humidity in %.
    pub humidity: Range,
}

/// Values of one quantity with their instants, by time.
pub type Curve = [(Timestamp, f64)];

/// How long a measured value is taken to hold when no other follows: rooms are measured every few
/// seconds, so that a minute without a value means that nobody knows.
pub const HOLDS: SignedDuration = SignedDuration::from_mins(1);

/// How much of some time a theatre was as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compliance {
    /// Temperature and humidity known and within their ranges.
    pub in_range: SignedDuration,
    /// Both known.
    pub known: SignedDuration,
    /// All of it.
    pub total: SignedDuration,
}

impl Compliance {
    /// Of one span in one room. A value holds until the next, for [`HOLDS`] at most.
    pub fn of(
        span: (Timestamp, Timestamp),
        temperature: &Curve,
        humidity: &Curve,
        wanted: Wanted,
    ) -> Self {
        let within = |at: &Timestamp| span.0 < *at && *at < span.1;
        let samples = temperature.iter().chain(humidity).map(|(at, _)| *at);
        let ends = |at: Timestamp| [Some(at), at.checked_add(HOLDS).ok()];
        let mut cuts: Vec<Timestamp> = samples.flat_map(ends).flatten().filter(within).collect();
        cuts.extend([span.0, span.1]);
        cuts.sort_unstable();
        let mut compliance = Self::default();
        for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
            let length = to.duration_since(*from);
            compliance.total += length;
            let (Some(degrees), Some(percent)) = (held(temperature, *from), held(humidity, *from))
            else {
                continue;
            };
            compliance.known += length;
            if wanted.temperature.holds(degrees) && wanted.humidity.holds(percent) {
                compliance.in_range += length;
            }
        }
        compliance
    }
}

impl std::ops::AddAssign for Compliance {
    fn add_assign(&mut self, other: Self) {
        self.in_range += other.in_range;
        self.known += other.known;
        self.total += other.total;
    }
}

impl Range {
    fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The value that holds at an instant.
fn held(curve: &Curve, at: Timestamp) -> Option<f64> {
    let behind = curve.partition_point(|(sampled, _)| *sampled <= at);
    let (sampled, value) = curve.get(behind.checked_sub(1)?)?;
    (at.duration_since(*sampled) < HOLDS).then_some(*value)
}

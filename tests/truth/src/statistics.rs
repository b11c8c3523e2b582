//! Statistics of one quantity over one interval, by their definitions.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts, milliseconds of a day and sums of vital signs are far below 2^52"
)]

use jiff::Timestamp;
use serde_json::{Value, json};

/// One sample of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) t: Timestamp,
    pub(crate) value: f64,
}

/// An interval `[from, to)`, or `[from, to]` for the last step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) closed: bool,
}

impl Interval {
    fn has(&self, t: Timestamp) -> bool {
        self.from <= t && (t < self.to || (self.closed && t == self.to))
    }
}

/// What a report says of one quantity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) average: Value,
    pub(crate) std: Value,
    pub(crate) maximum: Value,
    pub(crate) minimum: Value,
    pub(crate) time_weighted: Value,
    pub(crate) samples: Value,
}

/// Statistics of a quantity whose contract has integers (`whole`) or decimals.
///
/// `all` holds every sample of the quantity, ascending; `period_s` is its nominal period.
pub(crate) fn statistics(
    all: &[Sample],
    interval: Interval,
    period_s: i64,
    whole: bool,
) -> Statistics {
    let inside: Vec<Sample> = all.iter().copied().filter(|s| interval.has(s.t)).collect();
    let (time_weighted, covered_s) = time_weighted(all, interval, period_s);
    let samples = json!({
        "count": inside.len(),
        "first": inside.first().map(|s| crate::journal::written(s.t)),
        "last": inside.last().map(|s| crate::journal::written(s.t)),
        "secondsCovered": covered_s,
    });
    if inside.is_empty() {
        let null = Value::Null;
        return Statistics {
            average: null.clone(),
            std: null.clone(),
            maximum: null.clone(),
            minimum: null,
            time_weighted,
            samples,
        };
    }
    let n = inside.len() as f64;
    let sum: f64 = inside.iter().map(|s| s.value).sum();
    let squares: f64 = inside.iter().map(|s| s.value * s.value).sum();
    let maximum = inside.iter().map(|s| s.value).fold(f64::MIN, f64::max);
    let minimum = inside.iter().map(|s| s.value).fold(f64::MAX, f64::min);
    let mean = sum / n;
    if whole {
        // Sums of whole numbers far below 2^53 are exact, and so is their integer root.
        let spread = (n * squares - sum * sum).max(0.0) as u64;
        let int = |value: f64| json!(value.floor() as i64);
        return Statistics {
            average: int(mean),
            std: json!(spread.isqrt() / inside.len() as u64),
            maximum: int(maximum),
            minimum: int(minimum),
            time_weighted,
            samples,
        };
    }
    let variance = inside.iter().map(|s| (s.value - mean).powi(2)).sum::<f64>() / n;
    Statistics {
        average: json!(mean),
        std: json!(variance.sqrt()),
        maximum: json!(maximum),
        minimum: json!(minimum),
        time_weighted,
        samples,
    }
}

/// Each sample holds until the next, the interval's end, or five nominal periods.
fn time_weighted(all: &[Sample], interval: Interval, period_s: i64) -> (Value, f64) {
    let (mut covered_ms, mut weighted) = (0_i64, 0.0);
    for (nth, sample) in all.iter().enumerate() {
        let limit = sample.t.as_millisecond() + 5 * period_s * 1_000;
        let next = all.get(nth + 1).map_or(i64::MAX, |next| next.t.as_millisecond());
        let from = sample.t.as_millisecond().max(interval.from.as_millisecond());
        let until = limit.min(next).min(interval.to.as_millisecond());
        if from < until {
            covered_ms += until - from;
            weighted += sample.value * (until - from) as f64;
        }
    }
    let seconds = covered_ms as f64 / 1_000.0;
    if covered_ms == 0 {
        return (Value::Null, seconds);
    }
    (json!(weighted / covered_ms as f64), seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        let at = |nth: i64| Timestamp::from_second(nth * 10).unwrap();
        (0..).zip(values).map(|(nth, value)| Sample { t: at(nth), value: *value }).collect()
    }

    fn whole_interval() -> Interval {
        let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(1_000).unwrap());
        Interval { from, to, closed: true }
    }

    fn check(values: &[f64], whole: bool, expected: [f64; 4]) {
        let found = statistics(&samples(values), whole_interval(), 5, whole);
        let actual = [found.average, found.std, found.maximum, found.minimum];
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual.as_f64().unwrap() - expected).abs() <= 0.1, "{actual} {expected}");
        }
    }

    /// The contract's vectors.
    #[test]
    fn known_values() {
        check(&[60.0, 50.0, 100.0], true, [70.0, 21.0, 100.0, 50.0]);
        check(&[100.0, 150.0, 115.0], true, [121.0, 20.0, 150.0, 100.0]);
        check(&[80.0, 100.0, 87.0], true, [89.0, 8.0, 100.0, 80.0]);
        check(&[30.0, 40.0, 22.0], true, [30.0, 7.0, 40.0, 22.0]);
        check(&[85.0, 40.0, 60.0], false, [61.7, 18.4, 85.0, 40.0]);
        check(&[7.0, 5.0, 8.0, 4.0, 6.0], false, [6.0, 1.41, 8.0, 4.0]);
    }

    #[test]
    fn a_value_holds_five_periods_at_most() {
        let found = statistics(&samples(&[10.0, 20.0]), whole_interval(), 1, true);
        // 10 holds for 5 s of its 10, 20 for 5 s after.
        assert_eq!(found.time_weighted, json!(15.0));
        assert_eq!(found.samples["secondsCovered"], json!(10.0));
    }
}

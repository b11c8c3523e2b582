//! What a report says of one quantity over a step.
//!
//! Integers are exact: sums of 128 bits, no floating point on the way. Decimals are summed in
//! the order of event time, so that their last bits do not depend on the order of delivery, and
//! are kept to eight places: far below what any sensor resolves, and short enough that text and
//! value are the same number in both directions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::sample::{Quantity, Reading, Series};

/// A span of time: `start` belongs to it, `stop` only when `closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Its first instant.
    pub start: Timestamp,
    /// Its end.
    pub stop: Timestamp,
    /// True for the last step, to which the end of the process belongs.
    pub closed: bool,
}

/// An integer where the quantity has integers, else a decimal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Cut, not rounded.
    Whole(i64),
    /// Kept to eight places.
    Decimal(f64),
}

/// The figures of the samples inside the interval; there is at least one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inside {
    /// How many samples.
    pub count: u64,
    /// When the first was measured.
    pub first: Timestamp,
    /// When the last was measured.
    pub last: Timestamp,
    /// The mean of the values.
    pub average: Number,
    /// The deviation of the population (divided by the count).
    pub std: Number,
    /// The greatest value.
    pub maximum: Number,
    /// The smallest value.
    pub minimum: Number,
}

/// One quantity over one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// `None` when no sample was measured inside.
    pub inside: Option<Inside>,
    /// The mean over the time in which a value was in force, kept to eight places; `None` when
    /// none was. A value from before the step counts as long as it holds.
    pub time_weighted_average: Option<f64>,
    /// For how long a value was in force, in milliseconds.
    pub covered_ms: u64,
}

/// The quantities of a kind over one step; one that is not named has an empty summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregates<Q: Quantity>(BTreeMap<Q, Summary>);

impl<Q: Quantity> Aggregates<Q> {
    /// Sums up each quantity over the intervals. `hold_ms` says for how long a value of a
    /// quantity stays in force at most.
    pub fn over(series: &Series<Q>, intervals: &[Interval], hold_ms: impl Fn(Q) -> i64) -> Self {
        let summary = |&quantity: &Q| {
            let readings = series.readings(quantity);
            (quantity, summarise(readings, intervals, hold_ms(quantity), quantity.is_whole()))
        };
        Self(Q::ALL.iter().map(summary).collect())
    }

    /// Puts aggregates together from what was kept of each quantity.
    pub fn of(summary: impl Fn(Q) -> Summary) -> Self {
        Self(Q::ALL.iter().map(|&quantity| (quantity, summary(quantity))).collect())
    }

    /// The summary of one quantity.
    pub fn get(&self, quantity: Q) -> Summary {
        self.0.get(&quantity).copied().unwrap_or_default()
    }
}

/// Sums up the readings (ascending, one an instant) over intervals that do not overlap and
/// ascend. Linear in the readings that concern the intervals.
pub fn summarise(
    readings: &[Reading],
    intervals: &[Interval],
    hold_ms: i64,
    whole: bool,
) -> Summary {
    let mut parts = Vec::with_capacity(intervals.len());
    let mut covered_ms: i64 = 0;
    let mut weighted = 0.0;
    for interval in intervals {
        let begin = readings.partition_point(|reading| reading.at < interval.start);
        let end = readings.partition_point(|reading| {
            reading.at < interval.stop || (interval.closed && reading.at == interval.stop)
        });
        parts.push(readings.get(begin..end).unwrap_or(&[]));

        // The value in force when the interval begins is the last one before it.
        let in_force = readings.get(begin.saturating_sub(1)..end).unwrap_or(&[]);
        let next = readings.get(begin.saturating_sub(1) + 1..).unwrap_or(&[]);
        let followers = next.iter().map(|reading| Some(reading.at.as_millisecond()));
        let stop = interval.stop.as_millisecond();
        for (reading, follower) in in_force.iter().zip(followers.chain([None])) {
            let at = reading.at.as_millisecond();
            let until = follower.unwrap_or(stop).min(stop).min(at.saturating_add(hold_ms));
            let for_ms = until - at.max(interval.start.as_millisecond());
            if 0 < for_ms {
                covered_ms += for_ms;
                weighted += reading.value * as_decimal(for_ms);
            }
        }
    }
    let inside = parts.concat();
    Summary {
        inside: if whole { whole_figures(&inside) } else { decimal_figures(&inside) },
        time_weighted_average: (0 < covered_ms).then(|| rounded(weighted / as_decimal(covered_ms))),
        covered_ms: covered_ms.unsigned_abs(),
    }
}

fn whole_figures(inside: &[Reading]) -> Option<Inside> {
    let (first, last) = (inside.first()?, inside.last()?);
    let count = i128::try_from(inside.len()).ok()?;
    let (mut sum, mut squares) = (0_i128, 0_i128);
    let (mut maximum, mut minimum) = (i64::MIN, i64::MAX);
    for reading in inside {
        #[expect(clippy::cast_possible_truncation, reason = "a sample is cut and within 32 bits")]
        let value = reading.value as i64;
        sum += i128::from(value);
        squares += i128::from(value) * i128::from(value);
        maximum = maximum.max(value);
        minimum = minimum.min(value);
    }
    // floor(√D / n) is floor(floor(√D) / n), since n is an integer. D is never negative
    // (Cauchy-Schwarz), and all of it fits: values have 32 bits.
    let deviation = (count * squares - sum * sum).isqrt() / count;
    Some(Inside {
        count: u64::try_from(count).ok()?,
        first: first.at,
        last: last.at,
        average: Number::Whole(i64::try_from(sum / count).ok()?),
        std: Number::Whole(i64::try_from(deviation).ok()?),
        maximum: Number::Whole(maximum),
        minimum: Number::Whole(minimum),
    })
}

fn decimal_figures(inside: &[Reading]) -> Option<Inside> {
    let (first, last) = (inside.first()?, inside.last()?);
    #[expect(clippy::cast_precision_loss, reason = "samples are counted in far fewer than 52 bits")]
    let count = inside.len() as f64;
    let average = inside.iter().map(|reading| reading.value).sum::<f64>() / count;
    let squares: f64 = inside.iter().map(|reading| (reading.value - average).powi(2)).sum();
    let maximum = inside.iter().map(|reading| reading.value).fold(f64::MIN, f64::max);
    let minimum = inside.iter().map(|reading| reading.value).fold(f64::MAX, f64::min);
    Some(Inside {
        count: u64::try_from(inside.len()).ok()?,
        first: first.at,
        last: last.at,
        average: Number::Decimal(rounded(average)),
        std: Number::Decimal(rounded((squares / count).sqrt())),
        maximum: Number::Decimal(rounded(maximum)),
        minimum: Number::Decimal(rounded(minimum)),
    })
}

/// Eight places. Values beyond ten million have no more than that many digits to keep.
fn rounded(value: f64) -> f64 {
    const PLACES: f64 = 1e8;
    // Adding zero makes minus zero plain.
    if value.abs() < 1e7 { (value * PLACES).round() / PLACES + 0.0 } else { value }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a surgery are far below 52 bits")]
fn as_decimal(ms: i64) -> f64 {
    ms as f64
}

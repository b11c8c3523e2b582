//! The course of a quantity over a step, small enough to keep with a report and to draw.
//!
//! A report keeps what its charts are drawn from, so that a version looks the same for ever,
//! whatever its sources tell later. Extremes survive the thinning, and so do gaps: silence is
//! drawn as silence.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    process::{Process, RoomId, RoomKind},
    report::{NominalPeriods, Span, intervals},
    sample::{Climate, Quantity, Reading, Series, VitalSign},
};

/// Points of a curve over one step at most: four in each of sixty parts.
pub const MOST_POINTS: usize = 240;

/// The course of one quantity over one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Stretches without a gap, ascending; in each the readings kept, ascending, at least one.
    pub runs: Vec<Vec<Reading>>,
}

impl Curve {
    /// Thins readings (ascending, one an instant) to the first, last, smallest and greatest of
    /// each of sixty equal parts of the span between `from` and `to`. Readings further apart than
    /// `hold_ms` have a gap between them.
    pub fn of(readings: &[Reading], from: Timestamp, to: Timestamp, hold_ms: i64) -> Self {
        const PARTS: i64 = 60;
        let start = from.as_millisecond();
        let width = to.as_millisecond().saturating_sub(start).saturating_add(PARTS) / PARTS;
        let part = |reading: &Reading| (reading.at.as_millisecond() - start) / width.max(1);
        let is_gap = |a: &Reading, b: &Reading| {
            hold_ms < b.at.as_millisecond().saturating_sub(a.at.as_millisecond())
        };
        let mut runs: Vec<Vec<Reading>> = Vec::new();
        let runs_of = readings.chunk_by(|a, b| !is_gap(a, b));
        for run in runs_of {
            let mut kept = Vec::new();
            for readings in run.chunk_by(|a, b| part(a) == part(b)) {
                kept.extend(corners(readings));
            }
            runs.push(kept);
        }
        // A sensor that stutters makes many short runs; they are joined until they are few.
        while MOST_POINTS < runs.iter().map(Vec::len).sum::<usize>() {
            runs = halved(&runs);
        }
        Self { runs }
    }

    /// How many readings were kept.
    pub fn len(&self) -> usize {
        self.runs.iter().map(Vec::len).sum()
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// The first, last, smallest and greatest of some readings, ascending, each once.
fn corners(readings: &[Reading]) -> Vec<Reading> {
    let by_value = |a: &&Reading, b: &&Reading| a.value.total_cmp(&b.value);
    let mut kept: Vec<Reading> = [
        readings.first(),
        readings.iter().min_by(by_value),
        readings.iter().max_by(by_value),
        readings.last(),
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect();
    kept.sort_by_key(|reading| reading.at);
    kept.dedup_by_key(|reading| reading.at);
    kept
}

/// Neighbouring runs joined two by two, thinned to their corners.
fn halved(runs: &[Vec<Reading>]) -> Vec<Vec<Reading>> {
    runs.chunks(2).map(|pair| corners(&pair.concat())).collect()
}

/// The curves of a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepCurves {
    /// Of the patient; a quantity without samples is left out.
    pub vital_signs: BTreeMap<VitalSign, Curve>,
    /// Of the rooms in which the patient was during the step; a room without samples has none.
    pub rooms: BTreeMap<RoomId, BTreeMap<Climate, Curve>>,
}

/// From when to when the patient was in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayOver {
    /// The room.
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// When the patient entered.
    pub from: Timestamp,
    /// When the next room was entered or the process ended; `None` while it is open.
    pub to: Option<Timestamp>,
}

/// The patient's stays in order, each until the next or the end. Those after the end are none.
pub fn stays(process: &Process) -> Vec<StayOver> {
    let end = process.ending.map(|ending| ending.at);
    let mut stays = process.stays.clone();
    stays.retain(|stay| end.is_none_or(|end| stay.from <= end));
    stays.sort_by(|a, b| (a.from, a.kind, &a.room).cmp(&(b.from, b.kind, &b.room)));
    let next: Vec<_> = stays.iter().skip(1).map(|stay| Some(stay.from)).chain([end]).collect();
    let over = stays.into_iter().zip(next);
    over.map(|(stay, to)| StayOver { room: stay.room, kind: stay.kind, from: stay.from, to })
        .collect()
}

/// The curves of each interval of the process, in the order of [`intervals`]; an open one has
/// none.
pub fn curves(
    process: &Process,
    vital_signs: &Series<VitalSign>,
    climate: &BTreeMap<RoomId, Series<Climate>>,
    periods: &NominalPeriods,
) -> Vec<StepCurves> {
    let stays = stays(process);
    let of = |span: Span| {
        let Span::Over(interval) = span else { return StepCurves::default() };
        let (from, to) = (interval.start, interval.stop);
        let mut rooms = BTreeMap::new();
        for stay in &stays {
            let during = stay.from < to && stay.to.is_none_or(|left| from < left);
            if let (true, Some(series)) = (during, climate.get(&stay.room)) {
                let curves = drawn(series, from, to, |_| periods.climate_holds_ms());
                rooms.insert(stay.room.clone(), curves);
            }
        }
        let holds = |quantity| periods.vital_sign_holds_ms(quantity);
        StepCurves { vital_signs: drawn(vital_signs, from, to, holds), rooms }
    };
    intervals(process).into_iter().map(|(_, span)| of(span)).collect()
}

fn drawn<Q: Quantity>(
    series: &Series<Q>,
    from: Timestamp,
    to: Timestamp,
    holds_ms: impl Fn(Q) -> i64,
) -> BTreeMap<Q, Curve> {
    let mut curves = BTreeMap::new();
    for &quantity in Q::ALL {
        let readings = series.readings(quantity);
        let begin = readings.partition_point(|reading| reading.at < from);
        let end = readings.partition_point(|reading| reading.at <= to);
        let curve =
            Curve::of(readings.get(begin..end).unwrap_or(&[]), from, to, holds_ms(quantity));
        if !curve.is_empty() {
            curves.insert(quantity, curve);
        }
    }
    curves
}

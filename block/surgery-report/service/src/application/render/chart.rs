//! Courses of quantities as lines in a unit square, for whoever draws it. y grows downwards.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use surgery_report_domain::entity::{
    curve::{Curve, StepCurves},
    process::RoomId,
    report::PERIODS_IN_FORCE,
    sample::{Climate, Quantity, Reading, VitalSign},
};

use super::ink::Hue;

/// Strokes of blood pressure over the whole of a surgery at most.
///
/// Fewer than the parts of a curve, so that a span without a reading is one without a measure.
const MOST_STROKES: i64 = 48;
/// What of a scale stays free above and below.
const MARGIN: f64 = 0.1;

/// The usual range of a vital sign of an adult at rest.
pub(super) fn usual(quantity: VitalSign) -> (f64, f64) {
    match quantity {
        VitalSign::HeartBeat | VitalSign::DiastolicBloodPressure => (60.0, 90.0),
        VitalSign::SystolicBloodPressure => (90.0, 140.0),
        VitalSign::RespiratoryRate => (10.0, 20.0),
        VitalSign::SaturationPercentage => (94.0, 100.0),
        VitalSign::BodyTemperature => (36.0, 37.5),
    }
}

/// The usual range in theatres; luminosity is as the surgeon wants it.
pub(super) fn usual_in_theatre(quantity: Climate) -> Option<(f64, f64)> {
    match quantity {
        Climate::Temperature => Some((20.0, 24.0)),
        Climate::Humidity => Some((20.0, 60.0)),
        Climate::Luminosity => None,
    }
}

/// One quantity drawn.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lane {
    pub(super) hue: Hue,
    /// Stretches without a gap, as points.
    #[serde(skip)]
    pub(super) runs: Vec<Vec<(f64, f64)>>,
    /// Upright strokes: where, top, bottom.
    #[serde(skip)]
    pub(super) strokes: Vec<(f64, f64, f64)>,
    /// Top and bottom of the usual range.
    #[serde(skip)]
    pub(super) band: Option<(f64, f64)>,
    /// Where silence begins or ends.
    #[serde(skip)]
    pub(super) edges: Vec<f64>,
    /// The same in a box of 1000 by 100, as paths.
    pub(super) trace: String,
    pub(super) edge: String,
    pub(super) band_y: String,
    pub(super) band_height: String,
}

/// From when to when a chart is, and which values it has room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) scale: Scale,
}

impl Frame {
    fn x(&self, at: Timestamp) -> f64 {
        share(self.from, self.to, at)
    }

    fn point(&self, reading: &Reading) -> (f64, f64) {
        (self.x(reading.at), self.scale.y(reading.value))
    }
}

/// Where an instant is between two others, 0 to 1.
pub(super) fn share(from: Timestamp, to: Timestamp, at: Timestamp) -> f64 {
    let ms = |a: Timestamp, b: Timestamp| {
        #[expect(clippy::cast_precision_loss, reason = "a surgery has far fewer than 2^52 ms")]
        let ms = b.as_millisecond().saturating_sub(a.as_millisecond()) as f64;
        ms
    };
    let whole = ms(from, to);
    if whole <= 0.0 { 0.0 } else { (ms(from, at) / whole).clamp(0.0, 1.0) }
}

/// The values of a chart, from bottom to top.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Room for the curves and for the usual range, with a margin.
    fn over<'a>(curves: impl Iterator<Item = &'a Curve>, usual: Option<(f64, f64)>) -> Self {
        let values = curves.flat_map(|curve| curve.runs.iter().flatten()).map(|it| it.value);
        let values = values.chain(usual.into_iter().flat_map(|(low, high)| [low, high]));
        let (low, high) = values
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if high < low {
            return Self { low: 0.0, high: 1.0 };
        }
        // A flat course is drawn in the middle.
        let margin = ((high - low) * MARGIN).max(high.abs() * 0.002).max(1e-6);
        Self { low: low - margin, high: high + margin }
    }

    fn y(&self, value: f64) -> f64 {
        (1.0 - (value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn band(&self, usual: Option<(f64, f64)>) -> Option<(f64, f64)> {
        usual.map(|(low, high)| (self.y(high), self.y(low)))
    }
}

/// One scale for each vital sign, the same in every chart of a report.
pub(super) fn vital_scales(curves: &[StepCurves]) -> BTreeMap<VitalSign, Scale> {
    let scale = |&quantity: &VitalSign| {
        let all = curves.iter().filter_map(move |step| step.vital_signs.get(&quantity));
        (quantity, Scale::over(all, Some(usual(quantity))))
    };
    VitalSign::ALL.iter().map(scale).collect()
}

/// The scale of a quantity in a room, the same in every chart of a report.
pub(super) fn climate_scale(
    curves: &[StepCurves],
    room: &RoomId,
    quantity: Climate,
    usual: Option<(f64, f64)>,
) -> Scale {
    let all = curves.iter().filter_map(|step| step.rooms.get(room)?.get(&quantity));
    Scale::over(all, usual)
}

impl Lane {
    /// A line.
    pub(super) fn line(
        hue: Hue,
        frame: Frame,
        runs: &[Vec<Reading>],
        usual: Option<(f64, f64)>,
        holds_ms: i64,
    ) -> Self {
        let drawn: Vec<Vec<(f64, f64)>> =
            runs.iter().map(|run| run.iter().map(|it| frame.point(it)).collect()).collect();
        Self::of(hue, drawn, Vec::new(), frame.scale.band(usual), edges(frame, runs, holds_ms))
    }

    /// Strokes from the smallest diastolic to the greatest systolic pressure of each of some equal
    /// spans: never to be mistaken for a rate, even without colours.
    fn pressures(
        frame: Frame,
        diastolic: &[Vec<Reading>],
        systolic: &[Vec<Reading>],
        period_ms: i64,
    ) -> Self {
        let start = frame.from.as_millisecond();
        let whole = frame.to.as_millisecond().saturating_sub(start).max(1);
        let width = (whole / MOST_STROKES).max(period_ms.saturating_mul(2)).max(1);
        let mut spans: BTreeMap<i64, (Option<f64>, Option<f64>)> = BTreeMap::new();
        for reading in diastolic.iter().flatten() {
            let span = spans.entry((reading.at.as_millisecond() - start) / width).or_default();
            span.0 = Some(span.0.map_or(reading.value, |value| value.min(reading.value)));
        }
        for reading in systolic.iter().flatten() {
            let span = spans.entry((reading.at.as_millisecond() - start) / width).or_default();
            span.1 = Some(span.1.map_or(reading.value, |value| value.max(reading.value)));
        }
        let strokes = spans.into_iter().filter_map(|(span, pressures)| {
            let middle = Timestamp::from_millisecond(start + span * width + width / 2).ok()?;
            let (low, high) = (pressures.0?, pressures.1?);
            Some((frame.x(middle), frame.scale.y(high), frame.scale.y(low)))
        });
        let usual =
            (usual(VitalSign::DiastolicBloodPressure).0, usual(VitalSign::SystolicBloodPressure).1);
        let band = frame.scale.band(Some(usual));
        Self::of(Hue::Pressure, Vec::new(), strokes.collect(), band, Vec::new())
    }

    fn of(
        hue: Hue,
        runs: Vec<Vec<(f64, f64)>>,
        strokes: Vec<(f64, f64, f64)>,
        band: Option<(f64, f64)>,
        edges: Vec<f64>,
    ) -> Self {
        let mut trace = String::new();
        for run in &runs {
            for (index, (x, y)) in run.iter().enumerate() {
                let go = if index == 0 { 'M' } else { 'L' };
                // Writing to a string does not fail, here and below.
                let _ = write!(trace, "{go}{} {}", short(x * 1000.0), short(y * 100.0));
            }
            // A single value is a dot, which needs some length to be seen.
            if let [(_, _)] = run.as_slice() {
                trace.push_str("h2");
            }
        }
        for (x, top, bottom) in &strokes {
            let (x, top, bottom) = (short(x * 1000.0), short(top * 100.0), short(bottom * 100.0));
            let _ = write!(trace, "M{x} {top}V{bottom}");
        }
        let mut edge = String::new();
        for x in &edges {
            let _ = write!(edge, "M{} 0V100", short(x * 1000.0));
        }
        let (top, bottom) = band.unwrap_or_default();
        Self {
            band_y: short(top * 100.0),
            band_height: short((bottom - top) * 100.0),
            hue,
            runs,
            strokes,
            band,
            edges,
            trace,
            edge,
        }
    }
}

/// A coordinate with one decimal, without a superfluous one.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Where silence begins and ends inside a chart.
fn edges(frame: Frame, runs: &[Vec<Reading>], holds_ms: i64) -> Vec<f64> {
    let mut edges = Vec::new();
    for pair in runs.windows(2) {
        if let [before, after] = pair
            && let (Some(last), Some(first)) = (before.last(), after.first())
        {
            edges.extend([frame.x(last.at), frame.x(first.at)]);
        }
    }
    let apart = |a: Timestamp, b: Timestamp| {
        holds_ms < b.as_millisecond().saturating_sub(a.as_millisecond())
    };
    let first = runs.first().and_then(|run| run.first());
    if let Some(first) = first.filter(|first| apart(frame.from, first.at)) {
        edges.insert(0, frame.x(first.at));
    }
    let last = runs.last().and_then(|run| run.last());
    if let Some(last) = last.filter(|last| apart(last.at, frame.to)) {
        edges.push(frame.x(last.at));
    }
    edges
}

/// The runs of a quantity over all steps; those of two steps that follow without a gap are one.
fn joined(curves: &[StepCurves], quantity: VitalSign, holds_ms: i64) -> Vec<Vec<Reading>> {
    let mut runs: Vec<Vec<Reading>> = Vec::new();
    let all = curves.iter().filter_map(|step| step.vital_signs.get(&quantity));
    for run in all.flat_map(|curve| &curve.runs) {
        let Some(first) = run.first() else { continue };
        let last = runs.last().and_then(|run| run.last());
        let follows = last.is_some_and(|last| {
            first.at.as_millisecond().saturating_sub(last.at.as_millisecond()) <= holds_ms
        });
        match runs.last_mut() {
            Some(before) if follows => {
                // What lies at the bound of two steps is in both.
                let known = before.last().map(|last| last.at);
                before.extend(run.iter().filter(|it| known.is_none_or(|at| at < it.at)).copied());
            }
            _ => runs.push(run.clone()),
        }
    }
    runs
}

/// The lanes of the overview, from the heart down: one for each vital sign, both pressures in one.
pub(super) fn overview(
    curves: &[StepCurves],
    from: Timestamp,
    to: Timestamp,
    holds_ms: impl Fn(VitalSign) -> i64,
) -> Vec<(VitalSign, Lane)> {
    let scales = vital_scales(curves);
    let frame = |quantity| Frame {
        from,
        to,
        scale: scales.get(&quantity).copied().unwrap_or(Scale { low: 0.0, high: 1.0 }),
    };
    let line = |quantity: VitalSign| {
        let holds_ms = holds_ms(quantity);
        let runs = joined(curves, quantity, holds_ms);
        let hue = Hue::of(quantity);
        (quantity, Lane::line(hue, frame(quantity), &runs, Some(usual(quantity)), holds_ms))
    };
    let runs = |quantity| joined(curves, quantity, holds_ms(quantity));
    let (low, high) = (VitalSign::DiastolicBloodPressure, VitalSign::SystolicBloodPressure);
    let pressures = curves.iter().flat_map(|step| {
        [step.vital_signs.get(&low), step.vital_signs.get(&high)].into_iter().flatten()
    });
    let scale = Scale::over(pressures, Some((usual(low).0, usual(high).1)));
    vec![
        line(VitalSign::HeartBeat),
        line(VitalSign::SaturationPercentage),
        (
            high,
            Lane::pressures(
                Frame { from, to, scale },
                &runs(low),
                &runs(high),
                holds_ms(high) / PERIODS_IN_FORCE,
            ),
        ),
        line(VitalSign::RespiratoryRate),
        line(VitalSign::BodyTemperature),
    ]
}

/// Round times of day between two instants with where they are, eight at most.
pub(super) fn ticks(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<(f64, Timestamp)> {
    const MOST: i64 = 8;
    let offset = i64::from(zone.to_offset(from).seconds());
    let whole = to.as_second().saturating_sub(from.as_second());
    let steps = [5, 10, 15, 30, 60, 120, 240, 480, 720, 1440].map(|minutes: i64| minutes * 60);
    let Some(step) = steps.into_iter().find(|step| whole / step < MOST) else { return Vec::new() };
    let first = (from.as_second() + offset).div_euclid(step) * step - offset;
    let mut ticks = Vec::new();
    for number in 0..=MOST + 1 {
        let Ok(at) = Timestamp::from_second(first + number * step) else { break };
        if from < at && at <= to {
            ticks.push((share(from, to, at), at));
        }
    }
    ticks
}

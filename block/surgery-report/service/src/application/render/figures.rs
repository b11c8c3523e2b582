//! The tables of figures, and what differs between two versions of them.

use serde::Serialize;
use surgery_report_domain::entity::{
    annex::Annex,
    curve::StepCurves,
    process::{RoomId, RoomKind, Step},
    report::{Report, StepReport},
    sample::{Climate, Quantity, VitalSign},
    statistics::{Interval, Number, Summary},
};

use super::{
    chart::{Frame, Lane, climate_scale, usual, usual_in_theatre, vital_scales},
    ink::Hue,
};
use crate::application::words::Words;

/// Differences shown at most.
const MOST_DIFFERENCES: usize = 24;

/// Figures of the patient or of a room over a step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    /// What stands there instead of rows.
    pub(super) nothing: Option<&'static str>,
}

/// One quantity over a step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) lane: Option<Lane>,
    pub(super) mean: String,
    pub(super) weighted: String,
    pub(super) sd: String,
    pub(super) min: String,
    pub(super) max: String,
    pub(super) samples: String,
    /// Whether the smallest and the greatest value are outside the usual range.
    pub(super) low: bool,
    pub(super) high: bool,
}

/// A figure that differs between two versions.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) quantity: String,
    pub(super) before: String,
    pub(super) after: String,
}

pub(super) fn unit_of(quantity: VitalSign) -> &'static str {
    match quantity {
        VitalSign::HeartBeat | VitalSign::RespiratoryRate => "/min",
        VitalSign::DiastolicBloodPressure | VitalSign::SystolicBloodPressure => "mmHg",
        VitalSign::SaturationPercentage => "%",
        VitalSign::BodyTemperature => "°C",
    }
}

fn climate_unit(quantity: Climate) -> &'static str {
    match quantity {
        Climate::Temperature => "°C",
        Climate::Humidity => "%",
        Climate::Luminosity => "lx",
    }
}

fn decimals(quantity: VitalSign) -> usize {
    match quantity {
        VitalSign::SaturationPercentage | VitalSign::BodyTemperature => 1,
        VitalSign::HeartBeat
        | VitalSign::DiastolicBloodPressure
        | VitalSign::SystolicBloodPressure
        | VitalSign::RespiratoryRate => 0,
    }
}

fn climate_decimals(quantity: Climate) -> usize {
    match quantity {
        Climate::Temperature => 1,
        Climate::Humidity | Climate::Luminosity => 0,
    }
}

fn value(number: Number) -> f64 {
    match number {
        #[expect(clippy::cast_precision_loss, reason = "measured values have 32 bits")]
        Number::Whole(whole) => whole as f64,
        Number::Decimal(decimal) => decimal,
    }
}

/// Orders tables of figures.
pub(super) struct Figures<'a> {
    pub(super) words: &'static Words,
    pub(super) annex: &'a Annex,
    pub(super) report: &'a Report,
}

impl Figures<'_> {
    /// The patient's table of a step, and one for each room in which the patient was then.
    pub(super) fn tables(&self, step: &StepReport, curves: &StepCurves) -> Vec<Table> {
        let words = self.words;
        let mut tables = vec![self.vital_signs(step, curves)];
        let mut rooms = vec![];
        for stay in &self.annex.stays {
            let during = step.stop.is_none_or(|stop| stay.from < stop)
                && stay.to.is_none_or(|to| step.start < to);
            if during && !rooms.contains(&&stay.room) {
                rooms.push(&stay.room);
            }
        }
        for room in rooms {
            tables.push(self.room(room, step, curves));
        }
        if step.stop.is_none() {
            for table in &mut tables {
                table.rows.clear();
                table.nothing = Some(words.open_step);
            }
        }
        tables
    }

    fn vital_signs(&self, step: &StepReport, curves: &StepCurves) -> Table {
        let scales = vital_scales(&self.annex.curves);
        let mut rows = Vec::new();
        for &quantity in ORDER {
            let summary = step.vital_signs.get(quantity);
            if summary.inside.is_none() && summary.time_weighted_average.is_none() {
                continue;
            }
            let usual = usual(quantity);
            let lane = match (scales.get(&quantity), curves.vital_signs.get(&quantity), step.stop) {
                (Some(&scale), Some(curve), Some(to)) => {
                    let frame = Frame { from: step.start, to, scale };
                    let holds_ms = self.annex.periods.vital_sign_holds_ms(quantity);
                    let hue = Hue::of(quantity);
                    Some(Lane::line(hue, frame, &curve.runs, Some(usual), holds_ms))
                }
                _ => None,
            };
            let name = self.words.vital_sign(quantity);
            let (unit, decimals) = (unit_of(quantity), decimals(quantity));
            rows.push(self.row(name, unit, decimals, summary, lane, Some(usual)));
        }
        let nothing = rows.is_empty().then_some(self.words.no_vital_signs);
        Table { title: self.words.patient.to_owned(), rows, nothing }
    }

    fn room(&self, room: &RoomId, step: &StepReport, curves: &StepCurves) -> Table {
        let kind = self.annex.stays.iter().find(|stay| stay.room == *room).map(|stay| stay.kind);
        let mut rows = Vec::new();
        for &quantity in Climate::ALL {
            let summary = match step.rooms.get(room) {
                Some(aggregates) => aggregates.get(quantity),
                None => Summary::default(),
            };
            if summary.inside.is_none() && summary.time_weighted_average.is_none() {
                continue;
            }
            let usual = match kind {
                Some(RoomKind::Operating) => usual_in_theatre(quantity),
                Some(RoomKind::PreOperating) | None => None,
            };
            let curve = curves.rooms.get(room).and_then(|curves| curves.get(&quantity));
            let lane = match (curve, step.stop) {
                (Some(curve), Some(to)) => {
                    let scale = climate_scale(&self.annex.curves, room, quantity, usual);
                    let frame = Frame { from: step.start, to, scale };
                    let holds_ms = self.annex.periods.climate_holds_ms();
                    Some(Lane::line(Hue::Room, frame, &curve.runs, usual, holds_ms))
                }
                _ => None,
            };
            let name = self.words.climate(quantity);
            let (unit, decimals) = (climate_unit(quantity), climate_decimals(quantity));
            rows.push(self.row(name, unit, decimals, summary, lane, usual));
        }
        let nothing = rows.is_empty().then_some(self.words.no_environment);
        Table { title: self.room_name(room), rows, nothing }
    }

    /// How a room is called; its id when nobody could tell.
    pub(super) fn room_name(&self, room: &RoomId) -> String {
        let name = self.annex.directory.rooms.get(room).filter(|name| !name.trim().is_empty());
        name.cloned().unwrap_or_else(|| room.as_str().to_owned())
    }

    fn row(
        &self,
        name: &'static str,
        unit: &'static str,
        decimals: usize,
        summary: Summary,
        lane: Option<Lane>,
        usual: Option<(f64, f64)>,
    ) -> Row {
        let number = |value: f64| self.words.number(value, decimals);
        let figure = |number_of: Option<Number>| match number_of {
            Some(figure) => number(value(figure)),
            None => "–".to_owned(),
        };
        let inside = summary.inside;
        let outside = |number: Option<Number>, is: fn(f64, (f64, f64)) -> bool| {
            number.zip(usual).is_some_and(|(number, usual)| is(value(number), usual))
        };
        Row {
            name,
            unit,
            lane,
            mean: figure(inside.map(|it| it.average)),
            weighted: summary.time_weighted_average.map_or("–".to_owned(), number),
            sd: match inside.map(|it| it.std) {
                Some(Number::Whole(whole)) => whole.to_string(),
                Some(Number::Decimal(decimal)) => self.words.number(decimal, 1),
                None => "–".to_owned(),
            },
            min: figure(inside.map(|it| it.minimum)),
            max: figure(inside.map(|it| it.maximum)),
            samples: inside.map_or(0, |it| it.count).to_string(),
            low: outside(inside.map(|it| it.minimum), |value, usual| value < usual.0),
            high: outside(inside.map(|it| it.maximum), |value, usual| usual.1 < value),
        }
    }

    /// The vital signs that left their usual range, with the first step in which they did.
    pub(super) fn vital_signs_outside(&self) -> Vec<(VitalSign, Step)> {
        let mut found = Vec::new();
        for &quantity in ORDER {
            let (low, high) = usual(quantity);
            let left = self.report.intervals.iter().find(|(_, step)| {
                step.vital_signs.get(quantity).inside.is_some_and(|inside| {
                    value(inside.minimum) < low || high < value(inside.maximum)
                })
            });
            found.extend(left.map(|(step, _)| (quantity, *step)));
        }
        found
    }

    /// The quantities that left their usual range in a theatre; `None` when nothing was measured.
    pub(super) fn climate_outside(&self) -> Option<Vec<Climate>> {
        let mut found = Vec::new();
        let mut measured = false;
        for &quantity in Climate::ALL {
            let Some((low, high)) = usual_in_theatre(quantity) else { continue };
            let stays = self.annex.stays.iter().filter(|stay| stay.kind == RoomKind::Operating);
            let mut is_outside = false;
            for stay in stays {
                for (_, step) in &self.report.intervals {
                    let during = step.stop.is_some_and(|stop| stay.from < stop)
                        && stay.to.is_none_or(|to| step.start < to);
                    let inside = step.rooms.get(&stay.room).and_then(|it| it.get(quantity).inside);
                    if let (true, Some(inside)) = (during, inside) {
                        measured = true;
                        is_outside |= value(inside.minimum) < low || high < value(inside.maximum);
                    }
                }
            }
            if is_outside {
                found.push(quantity);
            }
        }
        measured.then_some(found)
    }

    /// For which share of all steps values were in force, in percent: vital signs that were ever
    /// measured, and the rooms of the patient. `None` where nothing was.
    pub(super) fn coverage(&self) -> (Option<u32>, Option<u32>) {
        let mut vital = (0_u64, 0_u64);
        let mut climate = (0_u64, 0_u64);
        let ever = |quantity: &VitalSign| {
            let mut steps = self.report.intervals.iter();
            steps.any(|(_, step)| 0 < step.vital_signs.get(*quantity).covered_ms)
        };
        let measured: Vec<_> = ORDER.iter().filter(|quantity| ever(quantity)).collect();
        for (_, step) in &self.report.intervals {
            let Some(stop) = step.stop else { continue };
            let interval = Interval { start: step.start, stop, closed: false };
            let ms = interval.stop.as_millisecond() - interval.start.as_millisecond();
            let ms = u64::try_from(ms).unwrap_or(0);
            for quantity in &measured {
                vital.0 += step.vital_signs.get(**quantity).covered_ms.min(ms);
                vital.1 += ms;
            }
            let stay = self.annex.stays.iter().rev().find(|stay| stay.from <= step.start);
            if let Some(aggregates) = stay.and_then(|stay| step.rooms.get(&stay.room)) {
                for &quantity in Climate::ALL {
                    climate.0 += aggregates.get(quantity).covered_ms.min(ms);
                    climate.1 += ms;
                }
            }
        }
        let percent = |(covered, whole): (u64, u64)| {
            let percent = covered.saturating_mul(100).checked_div(whole)?;
            u32::try_from(percent).ok()
        };
        (percent(vital), percent(climate))
    }

    /// The figures that differ from those of a former content, and how many more than shown.
    pub(super) fn differences(&self, before: &Report) -> (Vec<Difference>, usize) {
        let mut found = Vec::new();
        for (&name, step) in &self.report.steps {
            let Some(old) = before.steps.get(&name) else { continue };
            let place = self.words.step(name);
            for &quantity in ORDER {
                let both = (old.vital_signs.get(quantity), step.vital_signs.get(quantity));
                let what = self.words.vital_sign(quantity);
                self.compare(&mut found, place, what, decimals(quantity), both);
            }
            for (room, aggregates) in &step.rooms {
                let Some(old) = old.rooms.get(room) else { continue };
                for &quantity in Climate::ALL {
                    let place = format!("{place}, {}", self.room_name(room));
                    let both = (old.get(quantity), aggregates.get(quantity));
                    let what = self.words.climate(quantity);
                    self.compare(&mut found, &place, what, climate_decimals(quantity), both);
                }
            }
        }
        let more = found.len().saturating_sub(MOST_DIFFERENCES);
        found.truncate(MOST_DIFFERENCES);
        (found, more)
    }

    fn compare(
        &self,
        found: &mut Vec<Difference>,
        place: &str,
        what: &str,
        decimals: usize,
        (before, after): (Summary, Summary),
    ) {
        let count = |it: &Summary| it.inside.map_or(0, |inside| inside.count).to_string();
        let mean = |it: &Summary| match it.inside {
            Some(inside) => self.words.number(value(inside.average), decimals),
            None => "–".to_owned(),
        };
        let lines = [
            (self.words.mean, mean(&before), mean(&after)),
            (self.words.samples, count(&before), count(&after)),
        ];
        for (figure, before, after) in lines {
            if before != after {
                let quantity = format!("{what}, {}", figure.to_lowercase());
                found.push(Difference { place: place.to_owned(), quantity, before, after });
            }
        }
    }
}

/// Vital signs in the order of monitors.
const ORDER: &[VitalSign] = &[
    VitalSign::HeartBeat,
    VitalSign::SaturationPercentage,
    VitalSign::SystolicBloodPressure,
    VitalSign::DiastolicBloodPressure,
    VitalSign::RespiratoryRate,
    VitalSign::BodyTemperature,
];

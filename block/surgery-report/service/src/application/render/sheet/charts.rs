//! The drawn parts of a report: its steps on a line, the vital signs on one axis, the tables.

use jiff::Timestamp;
use surgery_report_domain::entity::sample::VitalSign;

use super::{
    super::{
        chart::{overview, share, ticks, usual},
        figures::unit_of,
    },
    Overview, OverviewLane, Segment, StepSheet, Timeline, Writer, class, later, minutes,
};
use crate::application::words::fill;

impl Writer<'_> {
    /// The steps between two instants, named where there is room: so much for a letter.
    pub(super) fn segments(&self, from: Timestamp, to: Timestamp, letter: f64) -> Vec<Segment> {
        let segments = self.report().intervals.iter().map(|(step, it)| {
            let begin = share(from, to, it.start);
            let end = share(from, to, it.stop.unwrap_or(to));
            Segment {
                step: *step,
                class: class(*step),
                from: begin,
                width: end - begin,
                name: self.words.step(*step),
                time: self.clock(it.start),
                named: letter * letters(self.words.step(*step)) <= end - begin,
            }
        });
        segments.collect()
    }

    pub(super) fn timeline(&self) -> Timeline {
        let report = self.report();
        let (mut from, mut to) = (report.surgery_date, self.end());
        let plan = self.document.annex.directory.plan.as_ref();
        let plan = plan.map(|plan| (plan.start, later(plan.start, plan.minutes)));
        // What was planned is shown where it meets what happened.
        let plan = plan.filter(|(start, end)| *start < to && from < *end);
        if let Some((start, end)) = plan {
            (from, to) = (from.min(start), to.max(end));
        }
        let segments = self.segments(from, to, 0.0105);
        let plan = plan.map(|(start, end)| {
            let span = [self.clock(start), self.clock(end)];
            let label = fill(self.words.planned_in_theatre, &[&span[0], &span[1]]);
            let begin = share(from, to, start);
            (begin, share(from, to, end) - begin, label)
        });
        Timeline { segments, plan }
    }

    pub(super) fn overview(&self) -> Option<Overview> {
        let annex = &self.document.annex;
        if annex.curves.iter().all(|step| step.vital_signs.is_empty()) {
            return None;
        }
        let (from, to) = (self.report().surgery_date, self.end());
        let lanes = overview(&annex.curves, from, to, |it| annex.periods.vital_sign_holds_ms(it));
        let lanes = lanes.into_iter().map(|(quantity, lane)| {
            let (low, high) = match quantity {
                VitalSign::SystolicBloodPressure => {
                    (usual(VitalSign::DiastolicBloodPressure).0, usual(quantity).1)
                }
                _ => usual(quantity),
            };
            let short =
                |value: f64| self.words.number(value, usize::from(value.fract().abs() > 0.01));
            let range = format!("{}–{}\u{2009}{}", short(low), short(high), unit_of(quantity));
            let name = match quantity {
                VitalSign::SystolicBloodPressure => self.words.blood_pressure,
                other => self.words.vital_sign(other),
            };
            OverviewLane { name, range, lane }
        });
        let ticks = ticks(from, to, self.zone);
        let ticks = ticks.into_iter().map(|(place, at)| (place, self.clock(at)));
        let bands = self.segments(from, to, 0.0135);
        Some(Overview { bands, lanes: lanes.collect(), ticks: ticks.collect() })
    }

    pub(super) fn steps(&self) -> Vec<StepSheet> {
        let report = self.report();
        let nothing = surgery_report_domain::entity::curve::StepCurves::default();
        let sheets = report.intervals.iter().enumerate().map(|(index, (step, it))| {
            let curves = self.document.annex.curves.get(index).unwrap_or(&nothing);
            let tables = self.figures.tables(it, curves);
            let rooms: Vec<_> = tables.iter().skip(1).map(|table| table.title.clone()).collect();
            StepSheet {
                step: *step,
                class: class(*step),
                name: self.words.step(*step),
                from: self.clock(it.start),
                to: it.stop.map(|stop| self.clock(stop)).unwrap_or_default(),
                minutes: it
                    .stop
                    .map(|stop| minutes(it.start, stop).to_string())
                    .unwrap_or_default(),
                rooms: rooms.join(", "),
                tables,
            }
        });
        sheets.collect()
    }
}

/// How many letters a name has.
fn letters(name: &str) -> f64 {
    f64::from(u32::try_from(name.chars().count()).unwrap_or(u32::MAX))
}

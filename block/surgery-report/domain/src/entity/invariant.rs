//! What holds of a report whatever its sources told, and in whatever order. Tests and the simulation
//! check it at every composition.

use std::collections::BTreeSet;

use super::{
    process::{Process, Step},
    report::Report,
};

/// A report holds every step once: each interval of the process stands in it one time, in order of
/// time and without a gap, and the figures by step name the same steps.
pub fn every_step_once(process: &Process, report: &Report) -> bool {
    let end = process.ending.map(|ending| ending.at);
    let told: BTreeSet<_> =
        process.steps.iter().filter(|(at, _)| end.is_none_or(|end| *at <= end)).copied().collect();
    let held: Vec<_> = report.intervals.iter().map(|(step, it)| (it.start, *step)).collect();
    let once = held.iter().copied().eq(told.iter().copied());
    let starts = report.intervals.iter().skip(1).map(|(_, next)| Some(next.start)).chain([end]);
    let joined = report.intervals.iter().map(|(_, it)| it.stop).eq(starts.take(held.len()));
    let named: BTreeSet<Step> = told.iter().map(|(_, step)| *step).collect();
    once && joined && report.steps.keys().copied().eq(named)
}

/// Nobody was present for less than no time: every interval ends at or after its beginning, within
/// the report's own span.
pub fn intervals_within(report: &Report) -> bool {
    report.intervals.iter().all(|(_, it)| {
        report.surgery_date <= it.start
            && it.stop.is_none_or(|stop| it.start <= stop)
            && it.stop.zip(report.end).is_none_or(|(stop, end)| stop <= end)
    })
}

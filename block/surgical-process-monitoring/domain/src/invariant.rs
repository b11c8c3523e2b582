//! What holds of the processes of a patient whatever the facts are. Tests check it after every
//! fold, and the service counts violations, which are faults of the fold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    change::Told,
    fact::{RoomId, RoomKind},
    fold::{Folded, Past},
    process::{OpenedBy, Process, State, Step, What},
};

/// A name and its rule: `true` when it holds.
pub type Invariant = (&'static str, fn(&Past, &Folded) -> bool);

/// All invariants.
pub const ALL: [Invariant; 9] = [
    ("one open process per patient", one_open),
    ("processes follow one another", in_sequence),
    ("ended exactly when there is an end", ends_agree),
    ("steps never repeat and only go forwards", steps_forwards),
    ("states only go forwards", states_forwards),
    ("stays are disjoint, ordered and within the process", stays_fit),
    ("a history is in order of time", history_in_order),
    ("a booking is used up once", bookings_once),
    ("ids are unique", ids_unique),
];

/// The names of the invariants that do not hold.
pub fn violated(past: &Past, folded: &Folded) -> Vec<&'static str> {
    ALL.iter().filter(|(_, holds)| !holds(past, folded)).map(|(name, _)| *name).collect()
}

/// At most one process is open, and nothing follows it.
pub fn one_open(_: &Past, folded: &Folded) -> bool {
    let before_last = folded.processes.len().saturating_sub(1);
    folded.processes.iter().take(before_last).all(|process| !process.state.is_open())
}

/// No process begins before the one before it has ended.
pub fn in_sequence(past: &Past, folded: &Folded) -> bool {
    let mut ended = past.last.as_ref().map(|last| last.end);
    folded.processes.iter().all(|process| {
        let fits = ended.is_none_or(|end| end <= process.start)
            && process.end.is_none_or(|end| process.start <= end);
        ended = process.end;
        fits
    })
}

/// A process has an end and a place to go on from exactly when it is not open.
pub fn ends_agree(_: &Past, folded: &Folded) -> bool {
    folded.processes.iter().all(|process| {
        let ended = !process.state.is_open();
        process.end.is_some() == ended && process.resume.is_some() == ended
    })
}

/// The steps of a process ascend.
pub fn steps_forwards(_: &Past, folded: &Folded) -> bool {
    folded.processes.iter().all(|process| {
        let steps = steps(process);
        ascending(&steps) && steps.last().copied() == process.step
    })
}

/// The states of a process ascend, and its last one is the present.
pub fn states_forwards(_: &Past, folded: &Folded) -> bool {
    folded.processes.iter().all(|process| {
        let states = states(process);
        ascending(&states) && states.last().copied() == Some(process.state)
    })
}

/// Stays do not overlap and lie between start and end; only the last may last.
pub fn stays_fit(_: &Past, folded: &Folded) -> bool {
    folded.processes.iter().all(|process| {
        let mut free = Some(process.start);
        let fit = process.stays.iter().all(|stay| {
            let fits = free.is_some_and(|free| free <= stay.from)
                && stay.to.is_none_or(|to| stay.from <= to)
                && process.end.is_none_or(|end| stay.to.is_some_and(|to| to <= end));
            free = stay.to;
            fits
        });
        fit && process.stays.first().is_some_and(|stay| stay.from == process.start)
    })
}

/// Lines of a history never go back in time.
pub fn history_in_order(_: &Past, folded: &Folded) -> bool {
    folded.processes.iter().all(|process| process.history.is_sorted_by_key(|entry| entry.at))
        && folded.aftermath.is_sorted_by_key(|entry| entry.at)
}

/// No version of a booking is used up by two processes.
pub fn bookings_once(past: &Past, folded: &Folded) -> bool {
    let mut used = past.used.clone();
    folded.processes.iter().filter_map(|process| process.booking.clone()).all(|it| used.insert(it))
}

/// No two processes have one id.
pub fn ids_unique(past: &Past, folded: &Folded) -> bool {
    let mut ids: BTreeSet<_> = past.last.iter().map(|last| &last.id).collect();
    folded.processes.iter().all(|process| ids.insert(&process.id))
}

/// A room hosts at most one surgery on its table: of the given processes, of any patients, no two
/// lay on the table of one theatre at one time.
///
/// It holds of what is known completely, so of settled processes. Of others it need not: as long as
/// the exit of one patient is on its way, the next one seems to have come on top.
pub fn one_on_a_table<'a>(processes: impl IntoIterator<Item = &'a Process>) -> bool {
    let mut tables: BTreeMap<&RoomId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for process in processes {
        for (room, from, to) in on_table(process) {
            tables.entry(room).or_default().push((from, to));
        }
    }
    tables.values_mut().all(|spans| {
        spans.sort_unstable();
        spans.iter().zip(spans.iter().skip(1)).all(|((_, to), (from, _))| to <= from)
    })
}

/// Versions only rise, and a process keeps its id: of what was told before and after.
pub fn versions_rise(before: &BTreeMap<OpenedBy, Told>, after: &BTreeMap<OpenedBy, Told>) -> bool {
    before.iter().all(|(opened_by, told)| {
        after.get(opened_by).is_none_or(|next| told.version <= next.version && told.id == next.id)
    })
}

/// Settling finds nothing new: what is settled of a process is what was known of it already, since
/// all that counts had been heard and folded before.
pub fn settles_as_known(known: &[Process], settled: &Process) -> bool {
    known.iter().find(|process| process.id == settled.id) == Some(settled)
}

/// When the patient was on the table of which theatre: in a theatre, from the first step there on,
/// observation aside, to leaving it or the end.
fn on_table(process: &Process) -> impl Iterator<Item = (&RoomId, Timestamp, Timestamp)> {
    let laid = process.history.iter().find_map(|entry| match entry.what {
        What::Step(step) if Step::PatientOnOperatingTable <= step => Some(entry.at),
        _ => None,
    });
    let theatres = process.stays.iter().filter(|stay| stay.kind == RoomKind::Operating);
    theatres.filter_map(move |stay| {
        let from = laid?.max(stay.from);
        let to = stay.to.unwrap_or(Timestamp::MAX);
        (from < to).then_some((&stay.room, from, to))
    })
}

fn steps(process: &Process) -> Vec<Step> {
    process
        .history
        .iter()
        .filter_map(|entry| match entry.what {
            What::Step(step) => Some(step),
            _ => None,
        })
        .collect()
}

fn states(process: &Process) -> Vec<State> {
    process
        .history
        .iter()
        .filter_map(|entry| match entry.what {
            What::State(state) => Some(state),
            _ => None,
        })
        .collect()
}

fn ascending<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|a, b| a < b)
}

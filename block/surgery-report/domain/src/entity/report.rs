//! The report, and how its sources become one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    process::{
        Device, FinalState, InUseAtEntry, PatientId, Process, ProcessId, ProfessionalId, RoomId,
        RoomKind, Step, SurgeryId, TaxCode, Usage,
    },
    sample::{Climate, Series, VitalSign},
    statistics::{Aggregates, Interval},
};

/// A value stays in force for this many of its nominal periods: one lost sample is bridged, a
/// sensor gone silent is not.
pub const PERIODS_IN_FORCE: i64 = 5;

/// How often each quantity is nominally measured, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NominalPeriods {
    /// Everything measured in rooms.
    pub climate_ms: i64,
    /// Vital signs but blood pressures.
    pub vital_signs_ms: i64,
    /// Both blood pressures.
    pub blood_pressure_ms: i64,
}

impl NominalPeriods {
    /// For how long a vital sign stays in force, in milliseconds.
    pub fn vital_sign_holds_ms(&self, quantity: VitalSign) -> i64 {
        let period = match quantity {
            VitalSign::DiastolicBloodPressure | VitalSign::SystolicBloodPressure => {
                self.blood_pressure_ms
            }
            VitalSign::HeartBeat
            | VitalSign::RespiratoryRate
            | VitalSign::SaturationPercentage
            | VitalSign::BodyTemperature => self.vital_signs_ms,
        };
        period.saturating_mul(PERIODS_IN_FORCE)
    }

    /// For how long a value of a room stays in force, in milliseconds.
    pub fn climate_holds_ms(&self) -> i64 {
        self.climate_ms.saturating_mul(PERIODS_IN_FORCE)
    }

    /// For how long any value stays in force at most, in milliseconds: so far before the start
    /// of a process its samples are read.
    pub fn longest_hold_ms(&self) -> i64 {
        self.climate_ms
            .max(self.vital_signs_ms)
            .max(self.blood_pressure_ms)
            .saturating_mul(PERIODS_IN_FORCE)
    }
}

/// Who the patient is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthcareUser {
    /// Tax code.
    pub tax_code: TaxCode,
    /// First name.
    pub name: String,
    /// Family name.
    pub surname: String,
}

/// The two ways through a door; the declared order is that of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passage {
    /// Out of the room.
    Exit,
    /// Into the room.
    Enter,
}

/// A passage of a professional. Ordered by time, exits first, then professional, then room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    /// When.
    pub at: Timestamp,
    /// In or out.
    pub passage: Passage,
    /// Who.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
}

/// A professional who was inside a room since before the process began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PresentAtStart {
    /// Who.
    pub professional: ProfessionalId,
    /// Where.
    pub room: RoomId,
}

/// What a report still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The end: the process is open again.
    End,
    /// Whatever building management would have told.
    BuildingManagement,
    /// Whatever patient management would have told.
    PatientManagement,
    /// Whatever staff tracking would have told.
    StaffTracking,
    /// Whatever the monitoring of processes would have told.
    SurgicalProcessMonitoring,
}

/// When a process was settled, and how far what was read of it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Facts may still come.
    Pending,
    /// Settled at an instant.
    Settled {
        /// The instant to which every source has to be complete.
        at: Timestamp,
        /// The instant to which the least complete source was; `None` when no source could tell
        /// (a foreign twin layer tells nothing; there the late window alone counts).
        complete_to: Option<Timestamp>,
    },
}

impl Settlement {
    /// Whether the sources tell all that will ever count.
    pub fn is_final(self) -> bool {
        match self {
            Self::Pending => false,
            Self::Settled { at, complete_to } => complete_to.is_none_or(|to| at <= to),
        }
    }
}

/// Everything that a report is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Sources {
    /// The process.
    pub process: Process,
    /// Whether it is settled.
    pub settlement: Settlement,
    /// The patient's vital signs, from before the process on.
    pub vital_signs: Series<VitalSign>,
    /// The samples of each room, from before the process on. A room that is not in it has none.
    pub climate: BTreeMap<RoomId, Series<Climate>>,
    /// Movements of professionals in the rooms involved, in any order; those of other times are
    /// left out.
    pub movements: Vec<Movement>,
    /// Who was inside the rooms involved just before the process began, in any order.
    pub present_at_start: Vec<PresentAtStart>,
    /// Who the patient is; `None` when nobody knows.
    pub healthcare_user: Option<HealthcareUser>,
    /// The sources that could not be read.
    pub missing: BTreeSet<Missing>,
}

/// The places of a report that name a room by its part in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The room of the preparation, and for the observation the one of the observation.
    PreOperatingRoom,
    /// The theatre.
    OperatingRoom,
}

/// What a report says of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// When it began (the first time, where intervals of one step were joined).
    pub start: Timestamp,
    /// When it ended (the last time); `None` for the last step of an open process.
    pub stop: Option<Timestamp>,
    /// The patient's vital signs.
    pub vital_signs: Aggregates<VitalSign>,
    /// The rooms by their part in the process; an unknown room is left out.
    pub places: BTreeMap<Place, Aggregates<Climate>>,
    /// Every room of the process, wherever the patient was.
    pub rooms: BTreeMap<RoomId, Aggregates<Climate>>,
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The process that it is of.
    pub process: ProcessId,
    /// The booked surgery, if one was.
    pub surgery: Option<SurgeryId>,
    /// When the process began.
    pub surgery_date: Timestamp,
    /// What was operated.
    pub description: String,
    /// The patient.
    pub patient: PatientId,
    /// Every room the patient was in, each once, by first entry.
    pub rooms: Vec<(RoomId, RoomKind)>,
    /// Who is in charge.
    pub professional: Option<ProfessionalId>,
    /// Who the patient is.
    pub healthcare_user: Option<HealthcareUser>,
    /// Each interval, in order.
    pub intervals: Vec<(Step, StepReport)>,
    /// Each step once: where it was repeated, from first start to last stop, with the figures of
    /// all its intervals together.
    pub steps: BTreeMap<Step, StepReport>,
    /// Implanted devices, by id.
    pub devices: Vec<Device>,
    /// Uses of technologies, by time.
    pub usages: Vec<Usage>,
    /// Technologies already in use when the patient came.
    pub in_use_at_entry: Vec<InUseAtEntry>,
    /// Movements of professionals in the rooms involved between start and end, both inclusive.
    pub movements: Vec<Movement>,
    /// Who was inside the rooms since before the start.
    pub present_at_start: Vec<PresentAtStart>,
    /// How the process ended; `None` while it is open.
    pub final_state: Option<FinalState>,
    /// When the process ended; `None` while it is open.
    pub end: Option<Timestamp>,
    /// True when nothing that happens will change it.
    pub settled: bool,
    /// What it lacks; empty when it is complete.
    pub missing: BTreeSet<Missing>,
}

/// Makes the report of a process.
///
/// Linear in the samples: the intervals cut each sorted series into slices that are gone through
/// once.
pub fn compose(sources: Sources, periods: &NominalPeriods) -> Report {
    let Sources { process, settlement, vital_signs, climate, mut missing, .. } = sources;
    let rooms = rooms_involved(&process);
    let figures = Figures {
        process: &process,
        rooms: &rooms,
        vital_signs: &vital_signs,
        climate: &climate,
        periods,
    };
    let intervals = intervals(&process);

    let mut by_step: BTreeMap<Step, Vec<Span>> = BTreeMap::new();
    for &(step, span) in &intervals {
        by_step.entry(step).or_default().push(span);
    }
    let steps = by_step.into_iter().map(|(step, spans)| (step, figures.of(step, &spans))).collect();
    let intervals =
        intervals.into_iter().map(|(step, span)| (step, figures.of(step, &[span]))).collect();

    if process.ending.is_none() {
        missing.insert(Missing::End);
    }
    let (start, end) = (process.start, process.ending.map(|ending| ending.at));
    let during = |at: Timestamp| start <= at && end.is_none_or(|end| at <= end);
    let movements = sorted(sources.movements.into_iter().filter(|it| during(it.at)));
    Report {
        surgery_date: start,
        final_state: process.ending.map(|ending| ending.state),
        end,
        settled: settlement.is_final() && missing.is_empty(),
        missing,
        intervals,
        steps,
        movements,
        present_at_start: sorted(sources.present_at_start),
        healthcare_user: sources.healthcare_user,
        rooms,
        process: process.id,
        surgery: process.surgery,
        description: process.description,
        patient: process.patient,
        professional: process.professional,
        devices: sorted(process.devices),
        usages: sorted(process.usages),
        in_use_at_entry: sorted(process.in_use_at_entry),
    }
}

impl Report {
    /// True when every source could be read and the process has ended.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// True when `self` tells of the process what `other` tells, with nothing more of the other
    /// sources: then it was only read at a worse moment, and does not deserve to replace it.
    pub fn adds_nothing_to(&self, other: &Self) -> bool {
        let outline = |report: &Self| {
            let steps = report.intervals.iter().map(|(step, it)| (*step, it.start, it.stop));
            (report.final_state, report.end, report.surgery_date, steps.collect::<Vec<_>>())
        };
        !self.missing.is_empty()
            && self.missing != other.missing
            && self.missing.is_superset(&other.missing)
            && outline(self) == outline(other)
            && self.rooms == other.rooms
            && self.professional == other.professional
            && self.surgery == other.surgery
            && self.devices == other.devices
    }
}

/// The rooms that the patient was in during the process, each once, by first entry.
pub fn rooms_involved(process: &Process) -> Vec<(RoomId, RoomKind)> {
    let mut stays: Vec<_> = process.stays.iter().collect();
    stays.sort_by(|a, b| (a.from, a.kind, &a.room).cmp(&(b.from, b.kind, &b.room)));
    let mut seen = BTreeSet::new();
    stays.retain(|stay| seen.insert(&stay.room));
    stays.into_iter().map(|stay| (stay.room.clone(), stay.kind)).collect()
}

/// The time of a step: an interval, or open from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From an instant to another.
    Over(Interval),
    /// From an instant on; figures follow when it ends.
    Since(Timestamp),
}

/// The steps of the process with their times, in order: each ends where the next begins, the
/// last with the process. Steps after the end are none.
pub fn intervals(process: &Process) -> Vec<(Step, Span)> {
    let end = process.ending.map(|ending| ending.at);
    let mut steps = process.steps.clone();
    steps.retain(|(at, _)| end.is_none_or(|end| *at <= end));
    steps.sort_unstable();
    steps.dedup();
    let next = steps.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let spans = steps.iter().zip(next).map(|(&(start, step), next)| {
        let span = match (next, end) {
            (Some(stop), _) => Span::Over(Interval { start, stop, closed: false }),
            (None, Some(stop)) => Span::Over(Interval { start, stop, closed: true }),
            (None, None) => Span::Since(start),
        };
        (step, span)
    });
    spans.collect()
}

struct Figures<'a> {
    process: &'a Process,
    rooms: &'a [(RoomId, RoomKind)],
    vital_signs: &'a Series<VitalSign>,
    climate: &'a BTreeMap<RoomId, Series<Climate>>,
    periods: &'a NominalPeriods,
}

impl Figures<'_> {
    /// What is to be said of a step over its spans, which ascend.
    fn of(&self, step: Step, spans: &[Span]) -> StepReport {
        let mut start = Timestamp::MAX;
        let mut last = None;
        let mut intervals = Vec::new();
        for span in spans {
            match *span {
                Span::Over(interval) => {
                    start = start.min(interval.start);
                    last = Some(interval);
                    intervals.push(interval);
                }
                Span::Since(since) => {
                    start = start.min(since);
                    last = None;
                }
            }
        }
        let vital_signs = Aggregates::over(self.vital_signs, &intervals, |quantity| {
            self.periods.vital_sign_holds_ms(quantity)
        });
        let nothing = Series::default();
        let climate = |room: &RoomId| {
            let series = self.climate.get(room).unwrap_or(&nothing);
            Aggregates::over(series, &intervals, |_| self.periods.climate_holds_ms())
        };
        let rooms: BTreeMap<_, _> =
            self.rooms.iter().map(|(room, _)| (room.clone(), climate(room))).collect();
        let places = [
            (Place::PreOperatingRoom, self.pre_operating_room(step)),
            (Place::OperatingRoom, self.theatre(last)),
        ];
        let places = places.into_iter().filter_map(|(place, room)| {
            let room = room?;
            Some((place, rooms.get(room).cloned().unwrap_or_else(|| climate(room))))
        });
        let places = places.collect();
        StepReport { start, stop: last.map(|interval| interval.stop), vital_signs, places, rooms }
    }

    /// The room of the observation while the patient is observed, else that of the preparation.
    fn pre_operating_room(&self, step: Step) -> Option<&RoomId> {
        let before = self.process.pre_operating_room.as_ref();
        match step {
            Step::PatientUnderObservation => self.process.post_operating_room.as_ref().or(before),
            Step::PatientInPreparation
            | Step::PatientOnOperatingTable
            | Step::Anesthesia
            | Step::SurgeryInProgress
            | Step::EndOfSurgery => before,
        }
    }

    /// The last theatre entered before the step's end; an entry at the end counts for the last
    /// step only.
    fn theatre(&self, last: Option<Interval>) -> Option<&RoomId> {
        let entered = |from: Timestamp| match last {
            None => true,
            Some(Interval { stop, closed: true, .. }) => from <= stop,
            Some(Interval { stop, closed: false, .. }) => from < stop,
        };
        let theatres = self.process.stays.iter().filter(|stay| stay.kind == RoomKind::Operating);
        let entered = theatres.filter(|stay| entered(stay.from));
        entered.max_by_key(|stay| (stay.from, &stay.room)).map(|stay| &stay.room)
    }
}

/// In the order of the type, each once.
fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    items.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

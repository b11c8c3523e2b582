//! What this service answers.

use std::collections::BTreeMap;

use chiron_chassis::Problem;
use chiron_clock::instant;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use performance_domain::entity::case::Case;
use performance_domain::entity::climate::Compliance;
use performance_domain::entity::delay::{Explanation, Late, LateIn, Unasked};
use performance_domain::entity::figures::{Figures, mean, median};
use performance_domain::entity::plan::{Status, TheatreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::DelayCause;

/// The cases of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Day)]
pub(crate) struct DayV1 {
    /// A date in the hospital's time zone.
    #[schema(value_type = String, format = Date)]
    pub(crate) day: Date,
    /// By planned start, else by entry into the theatre.
    pub(crate) cases: Vec<CaseV1>,
}

/// A surgery that was planned, what came of it, or both.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Case)]
pub(crate) struct CaseV1 {
    /// The booking; null for an emergency.
    surgery_id: Option<String>,
    /// The process; null before the patient is there.
    process_id: Option<String>,
    /// The patient in the block.
    patient_id: Option<String>,
    /// The theatre that the patient entered last, else the planned one.
    operating_room_id: Option<String>,
    /// Type of surgery.
    surgery_type: String,
    /// Planned start of surgery.
    #[schema(value_type = Option<String>, format = DateTime)]
    planned_start: Option<String>,
    /// Planned duration of surgery, in minutes.
    planned_minutes: Option<f64>,
    /// What has become of it.
    status: StatusV1,
    /// State of the process.
    state: Option<String>,
    /// Step of the process.
    step: Option<String>,
    /// The patient's stays in theatres, by entry.
    theatre: Vec<StayV1>,
    /// When surgery began: the first instant of state SURGERY.
    #[schema(value_type = Option<String>, format = DateTime)]
    surgery_start: Option<String>,
    /// When that state was left.
    #[schema(value_type = Option<String>, format = DateTime)]
    surgery_end: Option<String>,
    /// When the process ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    end_date_time: Option<String>,
    /// Whether the process will not change any more.
    settled: bool,
    /// By how much it is late; null when it is not, or within ten minutes.
    late: Option<LateV1>,
    /// Why, when somebody has said.
    delay: Option<DelayV1>,
    /// The theatre's climate in the time of surgery; null until the process has ended.
    environment: Option<EnvironmentV1>,
}

/// What has become of a case.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = CaseStatus)]
enum StatusV1 {
    Booked,
    InProgress,
    Done,
    Cancelled,
}

/// A stay in a theatre.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TheatreStay)]
struct StayV1 {
    operating_room_id: String,
    #[schema(format = DateTime)]
    from: String,
    /// Null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
}

/// How late a case is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Late)]
struct LateV1 {
    /// In what.
    kind: LateKindV1,
    /// By how much.
    minutes: f64,
}

/// In what a case is late: surgery began late, or takes longer than planned.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = LateKind)]
enum LateKindV1 {
    Start,
    Duration,
}

/// Why a case was late.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delay)]
struct DelayV1 {
    /// Id of the cause.
    cause: String,
    /// Who said so.
    by: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// The climate of theatres in the time of surgery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EnvironmentCompliance)]
#[expect(clippy::struct_field_names, reason = "the names are those of the wire, with their unit")]
struct EnvironmentV1 {
    /// Temperature and humidity known and within their ranges.
    in_range_minutes: f64,
    /// Both known.
    known_minutes: f64,
    /// The time of surgery.
    surgery_minutes: f64,
}

impl CaseV1 {
    pub(crate) fn of(case: &Case, now: Timestamp) -> Self {
        let (plan, course) = (case.plan.as_ref(), case.course.as_ref());
        let surgery = course.and_then(|course| course.surgery_time);
        let stay = |stay: &performance_domain::entity::course::Stay| StayV1 {
            operating_room_id: stay.theatre.as_str().to_owned(),
            from: instant::write(stay.span.from),
            to: stay.span.to.map(instant::write),
        };
        let late = |late: Late| LateV1 {
            kind: match late.kind {
                LateIn::Start => LateKindV1::Start,
                LateIn::Duration => LateKindV1::Duration,
            },
            minutes: minutes(late.by),
        };
        let kind = plan.map(|plan| &plan.kind).or(course.map(|course| &course.kind));
        let patient = course.map(|course| &course.patient).or(plan.map(|plan| &plan.patient));
        let surgery_id = plan.map(|plan| &plan.surgery);
        let surgery_id = surgery_id.or(course.and_then(|course| course.surgery.as_ref()));
        Self {
            surgery_id: surgery_id.map(|id| id.as_str().to_owned()),
            process_id: course.map(|course| course.process.as_str().to_owned()),
            patient_id: patient.map(|id| id.as_str().to_owned()),
            operating_room_id: case.theatre().map(|id| id.as_str().to_owned()),
            surgery_type: kind.cloned().unwrap_or_default(),
            planned_start: plan.map(|plan| instant::write(plan.start)),
            planned_minutes: plan.map(|plan| minutes(plan.length)),
            status: status(case),
            state: course.map(|course| course.state.clone()),
            step: course.and_then(|course| course.step.clone()),
            theatre: course
                .map(|course| course.stays.iter().map(stay).collect())
                .unwrap_or_default(),
            surgery_start: surgery.map(|surgery| instant::write(surgery.from)),
            surgery_end: surgery.and_then(|surgery| surgery.to).map(instant::write),
            end_date_time: course.and_then(|course| course.end).map(instant::write),
            settled: course.is_some_and(|course| course.settled),
            late: Late::of(case, now).map(late),
            delay: case.explanation.as_ref().map(DelayV1::of),
            environment: course.and_then(|course| course.climate).map(EnvironmentV1::of),
        }
    }
}

/// A process is nearer to what happens than the booking that follows it.
fn status(case: &Case) -> StatusV1 {
    match (&case.course, case.plan.as_ref().map(|plan| plan.status)) {
        (Some(course), _) if course.end.is_some() => StatusV1::Done,
        (Some(_), _) | (None, Some(Status::InProgress)) => StatusV1::InProgress,
        (None, Some(Status::Done)) => StatusV1::Done,
        (None, Some(Status::Cancelled)) => StatusV1::Cancelled,
        (None, Some(Status::Booked) | None) => StatusV1::Booked,
    }
}

impl DelayV1 {
    fn of(explanation: &Explanation) -> Self {
        Self {
            cause: explanation.cause.as_str().to_owned(),
            by: explanation.by.clone(),
            at: instant::write(explanation.at),
        }
    }
}

impl EnvironmentV1 {
    fn of(compliance: Compliance) -> Self {
        Self {
            in_range_minutes: minutes(compliance.in_range),
            known_minutes: minutes(compliance.known),
            surgery_minutes: minutes(compliance.total),
        }
    }
}

/// Minutes with a fraction.
fn minutes(length: SignedDuration) -> f64 {
    length.as_secs_f64() / 60.0
}

/// Key figures of some days: all together, by theatre, and by day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyFigures)]
pub(crate) struct FiguresOfV1 {
    /// The first day, in the hospital's time zone.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Everything together.
    total: FiguresV1,
    /// By theatre, those that had a case.
    theatres: Vec<TheatreFiguresV1>,
    /// By day, those with a case.
    days: Vec<DayFiguresV1>,
}

/// Key figures of a theatre.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TheatreFigures)]
struct TheatreFiguresV1 {
    operating_room_id: String,
    figures: FiguresV1,
}

/// Key figures of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayFigures)]
struct DayFiguresV1 {
    #[schema(value_type = String, format = Date)]
    day: Date,
    figures: FiguresV1,
}

/// Key figures.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Figures)]
struct FiguresV1 {
    /// First cases of a theatre and day whose surgery began within five minutes of its plan.
    first_cases: FirstCasesV1,
    /// From one patient out of a theatre to the next one in; gaps over 90 minutes are left out.
    turnover: MiddleV1,
    /// Time with a patient in the theatre, and time staffed.
    #[serde(rename = "use")]
    used: UseV1,
    /// Actual minus planned time of surgery.
    duration: MiddleV1,
    /// Planned end of a theatre's last surgery minus its last patient out; negative when late.
    day_end: MiddleV1,
    /// Cases more than ten minutes late.
    delays: DelaysV1,
    /// Climate in the time of surgery.
    environment: EnvironmentV1,
}

/// First cases.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FirstCases)]
struct FirstCasesV1 {
    count: usize,
    on_time: usize,
}

/// The middle of some lengths.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Middle)]
struct MiddleV1 {
    /// How many there are.
    count: usize,
    /// Null of none.
    median_minutes: Option<f64>,
    /// Null of none.
    mean_minutes: Option<f64>,
}

/// How much theatres were used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Use)]
struct UseV1 {
    patient_minutes: f64,
    staffed_minutes: f64,
}

/// Late cases.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delays)]
struct DelaysV1 {
    count: usize,
    /// How late they were together.
    minutes: f64,
    causes: Vec<DelaysByCauseV1>,
}

/// Late cases of one cause.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DelaysByCause)]
struct DelaysByCauseV1 {
    /// Null: nobody has said.
    cause: Option<String>,
    count: usize,
    minutes: f64,
}

/// The days for which figures are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dates {
    pub(crate) from: Date,
    pub(crate) to: Date,
}

impl FiguresOfV1 {
    /// Of those theatre days that lie within.
    pub(crate) fn of(dates: Dates, figures: &BTreeMap<(Date, TheatreId), Figures>) -> Self {
        let (mut total, mut theatres, mut days) =
            (Figures::default(), BTreeMap::new(), BTreeMap::new());
        let within = figures.iter().filter(|((day, _), _)| (dates.from..=dates.to).contains(day));
        for ((day, theatre), figures) in within {
            total.add(figures);
            theatres.entry(theatre).or_insert_with(Figures::default).add(figures);
            days.entry(*day).or_insert_with(Figures::default).add(figures);
        }
        let theatre = |(theatre, figures): (&TheatreId, Figures)| TheatreFiguresV1 {
            operating_room_id: theatre.as_str().to_owned(),
            figures: FiguresV1::of(&figures),
        };
        let day = |(day, figures)| DayFiguresV1 { day, figures: FiguresV1::of(&figures) };
        Self {
            from: dates.from,
            to: dates.to,
            total: FiguresV1::of(&total),
            theatres: theatres.into_iter().map(theatre).collect(),
            days: days.into_iter().map(day).collect(),
        }
    }
}

impl FiguresV1 {
    fn of(figures: &Figures) -> Self {
        let by_cause = figures.delays.iter().map(|(cause, (count, late))| DelaysByCauseV1 {
            cause: cause.as_ref().map(|cause| cause.as_str().to_owned()),
            count: *count,
            minutes: minutes(*late),
        });
        let causes: Vec<_> = by_cause.collect();
        Self {
            first_cases: FirstCasesV1 {
                count: figures.first_cases,
                on_time: figures.first_on_time,
            },
            turnover: MiddleV1::of(&figures.turnovers),
            used: UseV1 {
                patient_minutes: minutes(figures.occupied),
                staffed_minutes: minutes(figures.staffed),
            },
            duration: MiddleV1::of(&figures.overruns),
            day_end: MiddleV1::of(&figures.early_ends),
            delays: DelaysV1 {
                count: causes.iter().map(|of_cause| of_cause.count).sum(),
                minutes: causes.iter().map(|of_cause| of_cause.minutes).sum(),
                causes,
            },
            environment: EnvironmentV1::of(figures.climate),
        }
    }
}

impl MiddleV1 {
    fn of(values: &[SignedDuration]) -> Self {
        Self {
            count: values.len(),
            median_minutes: median(values).map(minutes),
            mean_minutes: mean(values).map(minutes),
        }
    }
}

/// The causes that people choose from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DelayCauses)]
pub(crate) struct CausesV1 {
    entries: Vec<DelayCauseV1>,
}

/// A cause of delays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DelayCause)]
struct DelayCauseV1 {
    id: String,
    /// In English.
    en: String,
    /// In Italian.
    it: String,
}

/// A cause that was chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChosenCause)]
pub(crate) struct CauseV1 {
    /// Its id.
    pub(crate) cause: String,
}

impl CausesV1 {
    pub(crate) fn new(causes: &[DelayCause]) -> Self {
        let entries = causes.iter().map(|DelayCause { id, en, it }| DelayCauseV1 {
            id: id.clone(),
            en: en.clone(),
            it: it.clone(),
        });
        Self { entries: entries.collect() }
    }

    /// Whether each has an id of its own and words.
    pub(crate) fn are_usable(&self) -> bool {
        let worded = |cause: &DelayCauseV1| {
            [&cause.id, &cause.en, &cause.it].iter().all(|text| !text.trim().is_empty())
        };
        let ids: std::collections::BTreeSet<_> =
            self.entries.iter().map(|cause| &cause.id).collect();
        ids.len() == self.entries.len() && self.entries.iter().all(worded)
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.entries.iter().any(|cause| cause.id == id)
    }
}

/// Why a cause was not taken.
pub(crate) fn problem(unasked: Unasked) -> Problem {
    Problem::conflict(unasked.to_string())
}

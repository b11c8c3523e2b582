//! The key figures of theatres and days.
//!
//! Each is worked out for one theatre and one day, and then added up: what is a share is kept as
//! its two parts, what is a middle as all its values, so that a week is not the mean of its days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::climate::Compliance;
use super::course::{Span, Stay};
use super::delay::Late;
use super::hours::Hours;
use super::plan::{CauseId, Status, TheatreId};

/// A first case may begin this much after its planned start and be on time, inclusive.
pub const ON_TIME: SignedDuration = SignedDuration::from_mins(5);
/// A longer gap between two patients is no turnover but a break in the plan.
pub const LONGEST_TURNOVER: SignedDuration = SignedDuration::from_mins(90);

/// The figures of some theatres on some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// First cases of a theatre and day, so far.
    pub first_cases: usize,
    /// Those of them whose surgery began no later than [`ON_TIME`] after its planned start.
    pub first_on_time: usize,
    /// From one patient out to the next one in: same theatre, same day, [`LONGEST_TURNOVER`] at
    /// most.
    pub turnovers: Vec<SignedDuration>,
    /// Time with a patient in the theatre.
    pub occupied: SignedDuration,
    /// Staffed time, so far, of theatres with a case that day.
    pub staffed: SignedDuration,
    /// Actual minus planned time of surgery, of surgeries that are over and had a plan.
    pub overruns: Vec<SignedDuration>,
    /// Planned end of the last surgery minus the last patient out, of theatre days that are over.
    pub early_ends: Vec<SignedDuration>,
    /// Late cases by cause (`None`: not explained): how many, and how late together.
    pub delays: BTreeMap<Option<CauseId>, (usize, SignedDuration)>,
    /// The theatre's climate in the time of surgery, of processes that have ended.
    pub climate: Compliance,
}

impl Figures {
    /// The figures of every theatre on every day on which it had a case, as of `now`. Cases that
    /// were called off, and those without a theatre, count nowhere.
    pub fn of(cases: &[Case], hours: &Hours, now: Timestamp) -> BTreeMap<(Date, TheatreId), Self> {
        let mut days: BTreeMap<Date, Vec<&Case>> = BTreeMap::new();
        for case in cases {
            if let Some(day) = case.day(hours).filter(|_| counts(case)) {
                days.entry(day).or_default().push(case);
            }
        }
        let mut figures = BTreeMap::new();
        for (day, cases) in days {
            let used = cases.iter().filter_map(|case| case.course.as_ref());
            let used = used.flat_map(|course| &course.stays).map(|stay| &stay.theatre);
            let theatres: BTreeSet<&TheatreId> =
                used.chain(cases.iter().filter_map(|case| case.theatre())).collect();
            for theatre in theatres {
                let staffed = hours.staffed(theatre, day);
                let of_theatre = Self::of_theatre(theatre, &cases, staffed, now);
                figures.insert((day, theatre.clone()), of_theatre);
            }
        }
        figures
    }

    fn of_theatre(
        theatre: &TheatreId,
        of_day: &[&Case],
        staffed: Option<(Timestamp, Timestamp)>,
        now: Timestamp,
    ) -> Self {
        let mut figures = Self::default();
        let here: Vec<&Case> =
            of_day.iter().copied().filter(|case| case.theatre() == Some(theatre)).collect();
        figures.count_first(&here, now);
        for case in &here {
            figures.count_case(case, now);
        }
        let courses = of_day.iter().filter_map(|case| case.course.as_ref());
        let stays = courses.flat_map(|course| &course.stays);
        let mut stays: Vec<&Stay> = stays.filter(|stay| stay.theatre == *theatre).collect();
        stays.sort_by_key(|stay| stay.span.from);
        figures.count_stays(&stays, now);
        figures.count_end(&here, &stays);
        if let Some((from, to)) = staffed {
            figures.staffed = Span { from, to: Some(to.min(now)) }.length(now);
        }
        figures
    }

    /// The first case is the one that began first, or should have.
    fn count_first(&mut self, here: &[&Case], now: Timestamp) {
        let due =
            |case: &&&Case| case.begun().or_else(|| case.plan.as_ref().map(|plan| plan.start));
        let planned = here.iter().filter(|case| case.plan.is_some());
        let Some(first) = planned.min_by_key(due) else { return };
        let Some(plan) = &first.plan else { return };
        let latest = plan.start.saturating_add(ON_TIME).unwrap_or(Timestamp::MAX);
        match first.begun() {
            Some(begun) => {
                self.first_cases += 1;
                self.first_on_time += usize::from(begun <= latest);
            }
            // Too late already, whenever it begins.
            None if latest < now => self.first_cases += 1,
            None => {}
        }
    }

    fn count_case(&mut self, case: &Case, now: Timestamp) {
        if let Some(late) = Late::of(case, now) {
            let said = case.explanation.as_ref().map(|explanation| explanation.cause.clone());
            let (count, together) = self.delays.entry(said).or_default();
            *count += 1;
            *together += late.by;
        }
        let Some(course) = &case.course else { return };
        if let (Some(plan), Some(Span { from, to: Some(to) })) = (&case.plan, course.surgery_time) {
            self.overruns.push(to.duration_since(from) - plan.length);
        }
        self.climate += course.climate.unwrap_or_default();
    }

    fn count_stays(&mut self, stays: &[&Stay], now: Timestamp) {
        let mut left: Option<Timestamp> = None;
        for Stay { span, .. } in stays {
            self.occupied += span.length(now);
            if let Some(gap) = left.map(|left| span.from.duration_since(left))
                && (SignedDuration::ZERO..=LONGEST_TURNOVER).contains(&gap)
            {
                self.turnovers.push(gap);
            }
            // Nobody knows when a theatre is free in which somebody still is.
            left = left.max(Some(span.to.unwrap_or(Timestamp::MAX)));
        }
    }

    fn count_end(&mut self, here: &[&Case], stays: &[&Stay]) {
        let plans = || here.iter().filter_map(|case| case.plan.as_ref());
        let over = plans().all(|plan| plan.status == Status::Done)
            && stays.iter().all(|stay| stay.span.to.is_some());
        let planned = plans().map(super::plan::Plan::end).max();
        let actual = stays.iter().filter_map(|stay| stay.span.to).max();
        if let (true, Some(planned), Some(actual)) = (over, planned, actual) {
            self.early_ends.push(planned.duration_since(actual));
        }
    }

    /// Adds other theatres' and days' figures to these.
    pub fn add(&mut self, other: &Self) {
        self.first_cases += other.first_cases;
        self.first_on_time += other.first_on_time;
        self.turnovers.extend(&other.turnovers);
        self.occupied += other.occupied;
        self.staffed += other.staffed;
        self.overruns.extend(&other.overruns);
        self.early_ends.extend(&other.early_ends);
        for (cause, (more, late)) in &other.delays {
            let (count, together) = self.delays.entry(cause.clone()).or_default();
            *count += more;
            *together += *late;
        }
        self.climate += other.climate;
    }
}

/// What was called off before it began is no case of the day.
fn counts(case: &Case) -> bool {
    let called_off = case.plan.as_ref().is_some_and(|plan| plan.status == Status::Cancelled);
    !called_off || case.begun().is_some()
}

/// The value in the middle; of an even number, between the two. `None` of none.
pub fn median(values: &[SignedDuration]) -> Option<SignedDuration> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let below = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some((*below + upper) / 2)
}

/// The mean; `None` of none.
pub fn mean(values: &[SignedDuration]) -> Option<SignedDuration> {
    let count = i32::try_from(values.len()).ok().filter(|count| 0 < *count)?;
    Some(values.iter().fold(SignedDuration::ZERO, |sum, value| sum + *value) / count)
}

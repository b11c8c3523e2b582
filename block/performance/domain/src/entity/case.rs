//! A case: a surgery that was planned, what came of it, or both.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::course::Course;
use super::delay::Explanation;
use super::hours::Hours;
use super::plan::{Plan, ProcessId, SurgeryId, TheatreId};

/// A case. At least one of plan and course is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What was planned; `None` for an emergency.
    pub plan: Option<Plan>,
    /// What came of it; `None` before the patient is there.
    pub course: Option<Course>,
    /// Why it was late, when somebody has said.
    pub explanation: Option<Explanation>,
}

impl Case {
    /// Puts plans and processes together by the booking that a process names.
    ///
    /// A booking whose process was found to be another's is a case of its own again. They are
    /// sorted by what they are sorted by on a list of the day: planned start, else theatre entry,
    /// else beginning.
    pub fn join(
        plans: Vec<Plan>,
        courses: Vec<Course>,
        mut explanations: BTreeMap<ProcessId, Explanation>,
    ) -> Vec<Self> {
        let mut open: BTreeMap<SurgeryId, Plan> =
            plans.into_iter().map(|plan| (plan.surgery.clone(), plan)).collect();
        let mut cases: Vec<Self> = Vec::new();
        for course in courses {
            let explanation = explanations.remove(&course.process);
            let plan = course.surgery.as_ref().and_then(|surgery| open.remove(surgery));
            cases.push(Self { plan, course: Some(course), explanation });
        }
        let waiting = |plan| Self { plan: Some(plan), course: None, explanation: None };
        cases.extend(open.into_values().map(waiting));
        cases.sort_by_cached_key(|case| (case.listed_at(), case.name().to_owned()));
        cases
    }

    /// Where it is or was: the theatre that the patient entered last, else the planned one.
    pub fn theatre(&self) -> Option<&TheatreId> {
        let entered = self.course.as_ref().and_then(|course| course.stays.last());
        let planned = || self.plan.as_ref().and_then(|plan| plan.theatre.as_ref());
        entered.map(|stay| &stay.theatre).or_else(planned)
    }

    /// When surgery began.
    pub fn begun(&self) -> Option<Timestamp> {
        Some(self.course.as_ref()?.surgery_time?.from)
    }

    /// The day that it counts for: of the first entry into a theatre, else of the plan.
    pub fn day(&self, hours: &Hours) -> Option<Date> {
        let entry = self.entry();
        let planned = self.plan.as_ref().map(|plan| plan.start);
        let began = self.course.as_ref().map(|course| course.start);
        Some(hours.day(entry.or(planned).or(began)?))
    }

    fn entry(&self) -> Option<Timestamp> {
        Some(self.course.as_ref()?.stays.first()?.span.from)
    }

    fn listed_at(&self) -> Option<Timestamp> {
        let planned = self.plan.as_ref().map(|plan| plan.start);
        let began = self.course.as_ref().map(|course| course.start);
        planned.or_else(|| self.entry()).or(began)
    }

    fn name(&self) -> &str {
        let process = self.course.as_ref().map(|course| course.process.as_str());
        let surgery = || self.plan.as_ref().map(|plan| plan.surgery.as_str());
        process.or_else(surgery).unwrap_or_default()
    }
}

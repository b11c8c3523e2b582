//! When a case is late, and who may say why.

use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use super::plan::{CauseId, Status};

/// What is no delay yet: up to this much after the plan, inclusive.
pub const TOLERATED: SignedDuration = SignedDuration::from_mins(10);

/// What is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateIn {
    /// The beginning of surgery.
    Start,
    /// Surgery takes longer than planned.
    Duration,
}

/// By how much a case is behind its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// In what.
    pub kind: LateIn,
    /// By how much; more than [`TOLERATED`].
    pub by: SignedDuration,
}

/// Why a case was late, as somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The cause.
    pub cause: CauseId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why somebody may not say a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// There is nothing to explain.
    #[error("the case is not late")]
    NotLate,
    /// The cause was said, and only the manager changes it.
    #[error("the cause was given already; a block manager may change it")]
    Explained,
}

impl Late {
    /// How late a case is at `now`. One that begins late is asked about its beginning, whatever
    /// follows; one that was called off is not late.
    pub fn of(case: &Case, now: Timestamp) -> Option<Self> {
        let plan = case.plan.as_ref()?;
        let surgery = case.course.as_ref().and_then(|course| course.surgery_time);
        let over = |kind, by: SignedDuration| (TOLERATED < by).then_some(Self { kind, by });
        let Some(surgery) = surgery else {
            let awaited = matches!(plan.status, Status::Booked | Status::InProgress);
            return awaited.then(|| over(LateIn::Start, now.duration_since(plan.start)))?;
        };
        over(LateIn::Start, surgery.from.duration_since(plan.start))
            .or_else(|| over(LateIn::Duration, surgery.length(now) - plan.length))
    }
}

/// Whether somebody may say why a case is late: the team once, a manager always.
///
/// # Errors
///
/// [`Unasked`] says why not.
pub fn may_explain(case: &Case, now: Timestamp, manager: bool) -> Result<(), Unasked> {
    if case.explanation.is_some() && !manager {
        return Err(Unasked::Explained);
    }
    // Who corrects a cause may do so when later facts say that nothing was late after all.
    if case.explanation.is_none() && Late::of(case, now).is_none() {
        return Err(Unasked::NotLate);
    }
    Ok(())
}

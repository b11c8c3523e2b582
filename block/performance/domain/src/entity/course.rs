//! What actually happened: a surgical process, as far as plans are compared with it.

use jiff::{SignedDuration, Timestamp};

use super::climate::Compliance;
use super::plan::{PatientId, ProcessId, SurgeryId, TheatreId};

/// From one instant to another, or still going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// Its last; `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// A patient's stay in an operating room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The room.
    pub theatre: TheatreId,
    /// From entry to leaving.
    pub span: Span,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Which.
    pub process: ProcessId,
    /// Of whom.
    pub patient: PatientId,
    /// Of which booking; `None` for an emergency that none joined.
    pub surgery: Option<SurgeryId>,
    /// Type of surgery of the booking, or that of an emergency.
    pub kind: String,
    /// Its state, as its owner calls it.
    pub state: String,
    /// Its step, as its owner calls it; `None` before the first.
    pub step: Option<String>,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; `None` while open.
    pub end: Option<Timestamp>,
    /// Whether it will not change any more.
    pub settled: bool,
    /// Where the patient was operated on, by entry.
    pub stays: Vec<Stay>,
    /// The time of surgery: from the first instant in state SURGERY to the next state.
    pub surgery_time: Option<Span>,
    /// How the theatre was meanwhile; `None` until the process has ended.
    pub climate: Option<Compliance>,
}

impl Span {
    /// How long it lasted, or has lasted by `now`; never negative.
    pub fn length(&self, now: Timestamp) -> SignedDuration {
        let length = self.to.unwrap_or(now).duration_since(self.from);
        length.max(SignedDuration::ZERO)
    }

    /// The part that lies within another; `None` when there is none. Both have ended.
    pub fn within(&self, other: (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
        let from = self.from.max(other.0);
        let to = self.to.unwrap_or(other.1).min(other.1);
        (from < to).then_some((from, to))
    }
}

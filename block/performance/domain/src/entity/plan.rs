//! What was planned, and how things are called.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// Gives an id its own type, so that a theatre is never passed for a patient.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as it came.
            ///
            /// # Errors
            ///
            /// [`EmptyId`] when there is nothing in it.
            pub fn new(id: impl Into<String>) -> Result<Self, EmptyId> {
                let id = id.into();
                if id.trim().is_empty() { Err(EmptyId { of: $what }) } else { Ok(Self(id)) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A surgical process.
    ProcessId, "process";
    /// A patient in the block.
    PatientId, "patient";
    /// A booked surgery.
    SurgeryId, "surgery";
    /// An operating room.
    TheatreId, "operating room";
    /// A cause of delays, of those that the hospital names.
    CauseId, "cause";
}

/// An id without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the id of the {of} is empty")]
pub struct EmptyId {
    /// What the id would have named.
    pub of: &'static str,
}

/// A booked surgery as it is planned now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The booking.
    pub surgery: SurgeryId,
    /// What kind of surgery.
    pub kind: String,
    /// Whose.
    pub patient: PatientId,
    /// Where; `None` when that is open.
    pub theatre: Option<TheatreId>,
    /// When surgery is to begin.
    pub start: Timestamp,
    /// How long it is to take.
    pub length: SignedDuration,
    /// What has become of the booking.
    pub status: Status,
}

/// What has become of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waiting for its patient.
    Booked,
    /// Its process is open.
    InProgress,
    /// Its process has ended, interrupted or not.
    Done,
    /// Called off.
    Cancelled,
}

impl Plan {
    /// When surgery is to be over.
    pub fn end(&self) -> Timestamp {
        self.start.saturating_add(self.length).unwrap_or(Timestamp::MAX)
    }
}

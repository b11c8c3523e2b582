//! What the use cases need from outside, in the domain's words.

use std::error::Error;

use jiff::Timestamp;

use super::{Attempt, Changed, Entry, Surroundings};
use crate::entity::{Content, ProcessId, SurgeryId};

/// The database did not answer; trying again may help.
#[derive(Debug, thiserror::Error)]
#[error("the bookings cannot be reached")]
pub struct StoreFailed(#[source] pub Box<dyn Error + Send + Sync>);

/// Why twins could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TwinsFailed {
    /// They were refused, and would be again.
    #[error("the twin layer refuses the booking")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// The twin layer or patient management does not answer; trying again may help.
    #[error("the twin layer or patient management does not answer")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// What became of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Save {
    /// It was done; this is the new version.
    Done(u64),
    /// The entry was changed since it was read, or is gone, or is there already: read again.
    Conflict,
}

/// Where bookings are kept: a database in production,
/// [`MemoryBookings`](super::MemoryBookings) in tests. Both pass [`contract`](super::contract).
pub trait Bookings: Send + Sync {
    /// The entry and its version.
    fn get(
        &self,
        surgery: &SurgeryId,
    ) -> impl Future<Output = Result<Option<(Entry, u64)>, StoreFailed>> + Send;

    /// Stores the entry if it still has the expected version (`None`: if there is none), and queues
    /// the event that it causes: both or neither.
    fn save(
        &self,
        entry: &Entry,
        expected: Option<u64>,
        event: Option<Changed>,
    ) -> impl Future<Output = Result<Save, StoreFailed>> + Send;

    /// Removes the entry if it still has this version; `Done(0)` also when it is gone.
    fn remove(
        &self,
        surgery: &SurgeryId,
        expected: u64,
    ) -> impl Future<Output = Result<Save, StoreFailed>> + Send;

    /// Bookings whose present process is this one; any order.
    fn of_process(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Vec<SurgeryId>, StoreFailed>> + Send;

    /// Entries with an attempt or a twin to remove; any order.
    fn unsettled(&self) -> impl Future<Output = Result<Vec<SurgeryId>, StoreFailed>> + Send;
}

/// The twin graph around bookings, and patient management for who has no twin yet.
///
/// Every method can be repeated: the outcome is that of doing it once. One that fails may have done
/// some of its work.
pub trait Twins: Send + Sync {
    /// What stands around a booking.
    fn surroundings(
        &self,
        content: &Content,
    ) -> impl Future<Output = Result<Surroundings, TwinsFailed>> + Send;

    /// Creates the twins of healthcare user and patient where they are missing, and says that the
    /// one is the other. A patient's twin that is there keeps its values.
    fn put_people(
        &self,
        content: &Content,
        around: &Surroundings,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), TwinsFailed>> + Send;

    /// Makes the booking's twin and its three relationships those of the content.
    fn put_booking(
        &self,
        content: &Content,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), TwinsFailed>> + Send;

    /// Removes the booking's twin with its relationships, if it is there.
    fn remove_booking(
        &self,
        surgery: &SurgeryId,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), TwinsFailed>> + Send;

    /// Removes the twins of people that the attempt added, unless somebody else uses them by now.
    fn remove_people(
        &self,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<(), TwinsFailed>> + Send;
}

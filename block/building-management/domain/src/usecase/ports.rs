//! What the use cases need of the world: a store for records and histories, and the twin layer.
//!
//! The twin layer is a port of its own because every administrative change must hold on both sides,
//! and what happens when one side fails halfway has to be tried in every position: the in-memory
//! twin layer can be told to fail at any call, before or after its effect.

use std::{error::Error, future::Future};

use jiff::Timestamp;

use crate::entity::{
    environment::{Place, Quantity, Sample},
    place::{Room, RoomId, RoomRecord},
    technology::{Technology, TechnologyId, TechnologyRecord, Usage},
};

/// The store could not answer; trying again later may help.
#[derive(Debug, thiserror::Error)]
#[error("the store of building management failed")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// Why a record was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else saved it meanwhile.
    #[error("the record was changed meanwhile")]
    Conflict,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A record and the version that a save must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    /// The record.
    pub record: T,
    /// Its version, from 1; 0 names a record that is not there yet.
    pub version: u64,
}

/// Records of rooms and technologies. [`super::memory`] and the database pass
/// [`super::contract::registry`].
pub trait Registry: Send + Sync {
    /// The record of a room, removed ones included.
    fn room(
        &self,
        id: &RoomId,
    ) -> impl Future<Output = Result<Option<Kept<RoomRecord>>, StoreError>> + Send;

    /// Saves a room if the stored one still has the version; answers the new version.
    fn save_room(
        &self,
        record: &RoomRecord,
        version: u64,
    ) -> impl Future<Output = Result<u64, SaveError>> + Send;

    /// Forgets a room without a trace, if it still has the version.
    fn erase_room(
        &self,
        id: &RoomId,
        version: u64,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Rooms whose last change has not ended, in any order.
    fn unfinished_rooms(
        &self,
    ) -> impl Future<Output = Result<Vec<Kept<RoomRecord>>, StoreError>> + Send;

    /// The record of a technology, removed ones included.
    fn technology(
        &self,
        id: &TechnologyId,
    ) -> impl Future<Output = Result<Option<Kept<TechnologyRecord>>, StoreError>> + Send;

    /// Saves a technology if the stored one still has the version; answers the new version.
    fn save_technology(
        &self,
        record: &TechnologyRecord,
        version: u64,
    ) -> impl Future<Output = Result<u64, SaveError>> + Send;

    /// Forgets a technology without a trace, if it still has the version.
    fn erase_technology(
        &self,
        id: &TechnologyId,
        version: u64,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Technologies whose last change has not ended, in any order.
    fn unfinished_technologies(
        &self,
    ) -> impl Future<Output = Result<Vec<Kept<TechnologyRecord>>, StoreError>> + Send;

    /// Technologies that are there and, by their newest placement, in the room; in any order.
    fn technologies_in(
        &self,
        room: &RoomId,
    ) -> impl Future<Output = Result<Vec<Kept<TechnologyRecord>>, StoreError>> + Send;
}

/// Histories. [`super::memory`] and the database pass [`super::contract::measurements`].
pub trait Measurements: Send + Sync {
    /// Adds samples. Of two for one room, quantity and instant the one with the greater `told_by`
    /// stays. On an error some may have been added.
    fn keep_samples(
        &self,
        samples: &[Sample],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The newest sample of a quantity in (`after`, `not_after`]; `after` `None`: from the
    /// beginning.
    fn last_sample(
        &self,
        room: &RoomId,
        quantity: Quantity,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> impl Future<Output = Result<Option<Sample>, StoreError>> + Send;

    /// The first `limit` samples behind a place and not after an instant, by place.
    fn samples(
        &self,
        room: &RoomId,
        behind: Place,
        not_after: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Sample>, StoreError>> + Send;

    /// How many samples lie in (`after`, `not_after`].
    fn count_samples(
        &self,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Adds usages. Of two for one technology and instant the one with the greater `told_by` stays.
    fn keep_usages(&self, usages: &[Usage]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The newest usage in (`after`, `not_after`]; `after` `None`: from the beginning.
    fn last_usage(
        &self,
        technology: &TechnologyId,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> impl Future<Output = Result<Option<Usage>, StoreError>> + Send;
}

/// Why the twin layer did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum TwinFailure {
    /// What the request is about is not there.
    #[error("the twin layer does not know what was asked for")]
    Missing,
    /// It understood and refused; the same request will be refused again.
    #[error("the twin layer refused: {reason}")]
    Refused {
        /// Its explanation, for people.
        reason: String,
    },
    /// It could not be reached or failed; whether it has done the work is unknown.
    #[error("the twin layer is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// The twins of rooms and technologies. Every operation may be repeated. `at` is when it happened
/// in the world.
pub trait TwinLayer: Send + Sync {
    /// Whether there is a twin of that id, of whatever kind.
    fn exists(&self, id: &str) -> impl Future<Output = Result<bool, TwinFailure>> + Send;

    /// Creates a room's twin, or replaces it.
    fn put_room(
        &self,
        room: &Room,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), TwinFailure>> + Send;

    /// Gives a room's twin the room's name and zone; what was measured stays.
    fn change_room(
        &self,
        room: &Room,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), TwinFailure>> + Send;

    /// Creates a technology's twin, not in use, or replaces it.
    fn put_technology(
        &self,
        technology: &Technology,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), TwinFailure>> + Send;

    /// Places a technology's twin in a room's, and in no other; `None`: in none.
    fn place(
        &self,
        technology: &TechnologyId,
        room: Option<&RoomId>,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), TwinFailure>> + Send;

    /// Removes a twin with its relationships; says whether there was one.
    fn remove(
        &self,
        id: &str,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, TwinFailure>> + Send;
}

//! What a room was like, and where a technology was and whether in use, at an instant or over time.

use jiff::Timestamp;

use crate::{
    entity::{
        environment::{Environment, Place, Quantity, Snapshot, snapshots},
        place::{RoomId, RoomRecord},
        technology::{TechnologyRecord, Usage},
    },
    usecase::ports::{Measurements, StoreError},
};

/// The newest sample of each quantity not after an instant. Samples of a former room of the same id
/// are not the room's.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn environment_at(
    store: &impl Measurements,
    record: &RoomRecord,
    at: Timestamp,
) -> Result<Environment, StoreError> {
    environment_until(store, &record.room.id, record.history_after, Place::end_of(at)).await
}

/// One page of a room's history: a snapshot for each of the first `limit` samples behind a place
/// and not after an instant. Snapshots are cumulative from the beginning of the room's history.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn page(
    store: &impl Measurements,
    record: &RoomRecord,
    behind: Place,
    not_after: Timestamp,
    limit: usize,
) -> Result<Vec<Snapshot>, StoreError> {
    let room = &record.room.id;
    let behind = match record.history_after {
        Some(former) => behind.max(Place::end_of(former)),
        None => behind,
    };
    let start = environment_until(store, room, record.history_after, behind).await?;
    let samples = store.samples(room, behind, not_after, limit).await?;
    Ok(snapshots(start, &samples))
}

/// How many snapshots [`page`] has in all for (`after`, `not_after`].
///
/// # Errors
///
/// See [`StoreError`].
pub async fn total(
    store: &impl Measurements,
    record: &RoomRecord,
    after: Timestamp,
    not_after: Timestamp,
) -> Result<u64, StoreError> {
    let after = record.history_after.map_or(after, |former| former.max(after));
    store.count_samples(&record.room.id, after, not_after).await
}

async fn environment_until(
    store: &impl Measurements,
    room: &RoomId,
    after: Option<Timestamp>,
    place: Place,
) -> Result<Environment, StoreError> {
    let mut environment = Environment::default();
    for quantity in Quantity::ALL {
        let newest = store.last_sample(room, quantity, after, place.at).await?;
        let sample = match newest {
            // Of the place's own instant only what lies before the place counts. A sample one
            // millisecond earlier is the last before it, since instants are whole milliseconds.
            Some(sample) if place < sample.place() => {
                let Ok(before) = place.at.checked_sub(ONE_MILLISECOND) else { continue };
                store.last_sample(room, quantity, after, before).await?
            }
            other => other,
        };
        if let Some(sample) = sample {
            environment.apply(sample.reading);
        }
    }
    Ok(environment)
}

const ONE_MILLISECOND: jiff::SignedDuration = jiff::SignedDuration::from_millis(1);

/// Whether a technology was in use at an instant: by its newest usage until then, and not before
/// the first. A technology that never stood in a room was never in use in the block.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn in_use_at(
    store: &impl Measurements,
    record: &TechnologyRecord,
    at: Timestamp,
) -> Result<bool, StoreError> {
    if !record.placements.ever_in_a_room() {
        return Ok(false);
    }
    let newest = store.last_usage(&record.technology.id, record.history_after, at).await?;
    Ok(newest.is_some_and(|Usage { in_use, .. }| in_use))
}

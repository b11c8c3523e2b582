//! Creating, changing, placing and removing, on both sides or on neither.
//!
//! Every change is stored as an intent, done in the twin layer, and confirmed. When the twin layer
//! fails the change is undone there and here; when even that fails, or the process dies, the intent
//! stays and [`finish`] undoes it later (a removal is carried through instead: half a room helps
//! nobody). Changes of one store must not overlap; the caller holds a lock around each.
//!
//! Rejected: writing the twin first and the record afterwards, as the reference does; a crash in
//! between leaves a twin that no list shows and no request can remove.

use std::error::Error;

use jiff::Timestamp;

use crate::{
    entity::{
        place::{Room, RoomId, RoomRecord, RoomState, RoomType, ZoneId},
        technology::{
            Placement, Placements, Technology, TechnologyId, TechnologyRecord, TechnologyState,
        },
    },
    usecase::ports::{Kept, Registry, SaveError, StoreError, TwinFailure, TwinLayer},
};

/// Why a change was not made. Whatever was begun has been undone, or will be by [`finish`].
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is one of that id already.
    #[error("there is one of that id already")]
    Exists,
    /// There is none of that id.
    #[error("there is none of that id")]
    Unknown,
    /// There is no room of that id.
    #[error("there is no room of that id")]
    UnknownRoom,
    /// Technologies stand in theatres only.
    #[error("a technology can stand in an operating room only")]
    NotAnOperatingRoom,
    /// The twin layer does not accept it.
    #[error("the twin layer refused: {reason}")]
    Refused {
        /// Its explanation, for people.
        reason: String,
    },
    /// The twin layer is down: try again later.
    #[error("the twin layer is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Somebody else changed the record meanwhile: try again.
    #[error("the record was changed meanwhile")]
    Conflict,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SaveError> for ChangeError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Conflict => Self::Conflict,
            SaveError::Store(error) => Self::Store(error),
        }
    }
}

impl From<TwinFailure> for ChangeError {
    fn from(failure: TwinFailure) -> Self {
        match failure {
            TwinFailure::Missing => Self::Unknown,
            TwinFailure::Refused { reason } => Self::Refused { reason },
            TwinFailure::Unavailable(source) => Self::Unavailable(source),
        }
    }
}

/// What to change of a room; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomChange {
    /// New name.
    pub name: Option<String>,
    /// New zone.
    pub zone: Option<ZoneId>,
}

/// Creates a room and its twin.
///
/// # Errors
///
/// `Exists` when there is a room or any twin of that id.
pub async fn create_room(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    room: Room,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let kept = registry.room(&room.id).await?;
    let (version, history_after, is_resumed) = match kept {
        None => (0, None, false),
        Some(Kept { record, version }) => match record.state {
            // An attempt of before that was cut off; its twin, if any, is ours.
            RoomState::Creating => (version, record.history_after, true),
            RoomState::Removed(at) => (version, Some(at), false),
            RoomState::Standing | RoomState::Changing(_) | RoomState::Removing(_) => {
                return Err(ChangeError::Exists);
            }
        },
    };
    if !is_resumed && twins.exists(room.id.as_ref()).await? {
        return Err(ChangeError::Exists);
    }
    let mut record = RoomRecord { room, created_at: at, history_after, state: RoomState::Creating };
    let version = registry.save_room(&record, version).await?;
    if let Err(failure) = twins.put_room(&record.room, at).await {
        undo_room_creation(registry, twins, &Kept { record, version }, at).await?;
        return Err(not_created(failure));
    }
    record.state = RoomState::Standing;
    registry.save_room(&record, version).await?;
    Ok(())
}

async fn undo_room_creation(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    kept: &Kept<RoomRecord>,
    at: Timestamp,
) -> Result<(), ChangeError> {
    twins.remove(kept.record.room.id.as_ref(), at).await?;
    match kept.record.history_after {
        None => registry.erase_room(&kept.record.room.id, kept.version).await?,
        Some(former) => {
            let record = RoomRecord { state: RoomState::Removed(former), ..kept.record.clone() };
            registry.save_room(&record, kept.version).await?;
        }
    }
    Ok(())
}

/// Changes a room and its twin.
///
/// # Errors
///
/// `Unknown` when there is no such room.
pub async fn change_room(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    id: &RoomId,
    change: RoomChange,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let Kept { mut record, version } = room_there(registry, id).await?;
    let mut changed = record.room.clone();
    changed.name = change.name.unwrap_or(changed.name);
    changed.zone = change.zone.unwrap_or(changed.zone);
    if changed == record.room && record.state == RoomState::Standing {
        return Ok(());
    }
    record.state = RoomState::Changing(changed.clone());
    let version = registry.save_room(&record, version).await?;
    if let Err(failure) = twins.change_room(&changed, at).await {
        undo_room_change(registry, twins, &Kept { record, version }, at).await?;
        return Err(failure.into());
    }
    record.room = changed;
    record.state = RoomState::Standing;
    registry.save_room(&record, version).await?;
    Ok(())
}

async fn undo_room_change(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    kept: &Kept<RoomRecord>,
    at: Timestamp,
) -> Result<(), ChangeError> {
    match twins.change_room(&kept.record.room, at).await {
        // Without a twin there is nothing to undo.
        Ok(()) | Err(TwinFailure::Missing) => {}
        Err(failure) => return Err(failure.into()),
    }
    let record = RoomRecord { state: RoomState::Standing, ..kept.record.clone() };
    registry.save_room(&record, kept.version).await?;
    Ok(())
}

/// Removes a room and its twin, whichever is left of them. Technologies that stood there stand
/// nowhere from then on.
///
/// # Errors
///
/// `Unknown` when there is neither. After any other error the removal is under way and will end.
pub async fn remove_room(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    id: &RoomId,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let kept = match registry.room(id).await? {
        Some(kept) if !matches!(kept.record.state, RoomState::Removed(_)) => kept,
        _ => return remove_lone_twin(twins, id.as_ref(), at).await,
    };
    let Kept { mut record, version } = kept;
    if !matches!(record.state, RoomState::Removing(_)) {
        record.state = RoomState::Removing(at);
    }
    let version = registry.save_room(&record, version).await?;
    carry_room_removal_through(registry, twins, record, version, at).await
}

async fn carry_room_removal_through(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    mut record: RoomRecord,
    version: u64,
    at: Timestamp,
) -> Result<(), ChangeError> {
    twins.remove(record.room.id.as_ref(), at).await?;
    for Kept { record: mut technology, version } in
        registry.technologies_in(&record.room.id).await?
    {
        // Even when it was placed here by somebody whose clock is ahead.
        let at = technology.placements.newest().map_or(at, |newest| newest.at.max(at));
        technology.placements.record(Placement { at, room: None });
        registry.save_technology(&technology, version).await?;
    }
    record.state = RoomState::Removed(at);
    registry.save_room(&record, version).await?;
    Ok(())
}

async fn remove_lone_twin(
    twins: &impl TwinLayer,
    id: &str,
    at: Timestamp,
) -> Result<(), ChangeError> {
    if twins.remove(id, at).await? { Ok(()) } else { Err(ChangeError::Unknown) }
}

/// Creates a technology and its twin; it stands in no room and is not in use.
///
/// # Errors
///
/// `Exists` when there is a technology or any twin of that id.
pub async fn create_technology(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    technology: Technology,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let kept = registry.technology(&technology.id).await?;
    let (version, history_after, is_resumed) = match kept {
        None => (0, None, false),
        Some(Kept { record, version }) => match record.state {
            TechnologyState::Creating => (version, record.history_after, true),
            TechnologyState::Removed(at) => (version, Some(at), false),
            TechnologyState::Standing
            | TechnologyState::Placing(_)
            | TechnologyState::Removing(_) => return Err(ChangeError::Exists),
        },
    };
    if !is_resumed && twins.exists(technology.id.as_ref()).await? {
        return Err(ChangeError::Exists);
    }
    let mut record = TechnologyRecord {
        technology,
        placements: Placements::default(),
        history_after,
        state: TechnologyState::Creating,
    };
    let version = registry.save_technology(&record, version).await?;
    if let Err(failure) = twins.put_technology(&record.technology, at).await {
        undo_technology_creation(registry, twins, &Kept { record, version }, at).await?;
        return Err(not_created(failure));
    }
    record.state = TechnologyState::Standing;
    registry.save_technology(&record, version).await?;
    Ok(())
}

async fn undo_technology_creation(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    kept: &Kept<TechnologyRecord>,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let id = &kept.record.technology.id;
    twins.remove(id.as_ref(), at).await?;
    match kept.record.history_after {
        None => registry.erase_technology(id, kept.version).await?,
        Some(former) => {
            let state = TechnologyState::Removed(former);
            let record = TechnologyRecord { state, ..kept.record.clone() };
            registry.save_technology(&record, kept.version).await?;
        }
    }
    Ok(())
}

/// Places a technology in a theatre, or in none, from an instant on. A placement told late joins
/// the history; the twin follows the newest only.
///
/// # Errors
///
/// `Unknown`, `UnknownRoom` or `NotAnOperatingRoom`.
pub async fn place_technology(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    id: &TechnologyId,
    placement: Placement,
) -> Result<(), ChangeError> {
    let Kept { mut record, version } = match registry.technology(id).await? {
        Some(kept) if kept.record.is_there() => kept,
        _ => return Err(ChangeError::Unknown),
    };
    if let Some(room) = &placement.room {
        let room = match room_there(registry, room).await {
            Err(ChangeError::Unknown) => return Err(ChangeError::UnknownRoom),
            other => other?.record.room,
        };
        if room.room_type != RoomType::OperatingRoom {
            return Err(ChangeError::NotAnOperatingRoom);
        }
    }
    record.state = TechnologyState::Placing(placement.clone());
    let version = registry.save_technology(&record, version).await?;
    let is_newest = record.placements.newest().is_none_or(|newest| newest.at <= placement.at);
    if is_newest && let Err(failure) = twins.place(id, placement.room.as_ref(), placement.at).await
    {
        undo_placement(registry, twins, &Kept { record, version }, placement.at).await?;
        return Err(failure.into());
    }
    record.placements.record(placement);
    record.state = TechnologyState::Standing;
    registry.save_technology(&record, version).await?;
    Ok(())
}

async fn undo_placement(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    kept: &Kept<TechnologyRecord>,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let record = &kept.record;
    let room = record.placements.newest().and_then(|newest| newest.room.as_ref());
    match twins.place(&record.technology.id, room, at).await {
        // Without twins there is nothing to undo.
        Ok(()) | Err(TwinFailure::Missing) => {}
        Err(failure) => return Err(failure.into()),
    }
    let record = TechnologyRecord { state: TechnologyState::Standing, ..record.clone() };
    registry.save_technology(&record, kept.version).await?;
    Ok(())
}

/// Removes a technology and its twin, whichever is left of them.
///
/// # Errors
///
/// `Unknown` when there is neither. After any other error the removal is under way and will end.
pub async fn remove_technology(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    id: &TechnologyId,
    at: Timestamp,
) -> Result<(), ChangeError> {
    let kept = match registry.technology(id).await? {
        Some(kept) if !matches!(kept.record.state, TechnologyState::Removed(_)) => kept,
        _ => return remove_lone_twin(twins, id.as_ref(), at).await,
    };
    let Kept { mut record, version } = kept;
    if !matches!(record.state, TechnologyState::Removing(_)) {
        record.state = TechnologyState::Removing(at);
    }
    let version = registry.save_technology(&record, version).await?;
    carry_technology_removal_through(registry, twins, record, version, at).await
}

async fn carry_technology_removal_through(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    mut record: TechnologyRecord,
    version: u64,
    at: Timestamp,
) -> Result<(), ChangeError> {
    twins.remove(record.technology.id.as_ref(), at).await?;
    record.state = TechnologyState::Removed(at);
    registry.save_technology(&record, version).await?;
    Ok(())
}

/// Ends every change that was begun and not ended: removals are carried through, the others undone.
/// Safe to repeat. One that cannot be ended does not hold up the others; the first such error is
/// the answer.
///
/// # Errors
///
/// The first failure; what is left is ended by another call.
pub async fn finish(
    registry: &impl Registry,
    twins: &impl TwinLayer,
    now: Timestamp,
) -> Result<(), ChangeError> {
    let mut outcome = Ok(());
    for kept in registry.unfinished_technologies().await? {
        let ended = match kept.record.state {
            TechnologyState::Creating => {
                undo_technology_creation(registry, twins, &kept, now).await
            }
            TechnologyState::Placing(_) => undo_placement(registry, twins, &kept, now).await,
            TechnologyState::Removing(at) => {
                let Kept { record, version } = kept;
                carry_technology_removal_through(registry, twins, record, version, at).await
            }
            TechnologyState::Standing | TechnologyState::Removed(_) => Ok(()),
        };
        outcome = outcome.and(ended);
    }
    for kept in registry.unfinished_rooms().await? {
        let ended = match kept.record.state {
            RoomState::Creating => undo_room_creation(registry, twins, &kept, now).await,
            RoomState::Changing(_) => undo_room_change(registry, twins, &kept, now).await,
            RoomState::Removing(at) => {
                let Kept { record, version } = kept;
                carry_room_removal_through(registry, twins, record, version, at).await
            }
            RoomState::Standing | RoomState::Removed(_) => Ok(()),
        };
        outcome = outcome.and(ended);
    }
    outcome
}

/// What is missing when a twin is created is its model: the layer is not set up.
fn not_created(failure: TwinFailure) -> ChangeError {
    match failure {
        TwinFailure::Missing => ChangeError::Unavailable(Box::new(failure)),
        other => other.into(),
    }
}

async fn room_there(
    registry: &impl Registry,
    id: &RoomId,
) -> Result<Kept<RoomRecord>, ChangeError> {
    match registry.room(id).await? {
        Some(kept) if kept.record.is_there() => Ok(kept),
        _ => Err(ChangeError::Unknown),
    }
}

//! What staff tracking does: it records passages, and says who was where.

pub mod contract;
pub mod memory;

use std::{collections::BTreeMap, error::Error, future::Future};

use jiff::Timestamp;

use crate::entity::{Movement, Presence, ProfessionalId, RoomId, Stay};

/// The store could not answer; trying again later may help.
#[derive(Debug, thiserror::Error)]
#[error("the store of movements failed")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// Why a presence was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else saved it meanwhile: load it again.
    #[error("the presence was changed meanwhile")]
    Conflict,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A presence and the version that a save must name. Version 0 is that of somebody never seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The presence.
    pub presence: Presence,
    /// Its version.
    pub version: u64,
}

/// Where movements and presences are kept: a database in production, [`memory`] in tests and
/// simulation. Both pass [`contract::suite`].
pub trait TrackingStore: Send + Sync {
    /// Adds movements; those already there stay once. On an error some may have been added.
    fn keep(&self, movements: &[Movement]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Somebody never seen has the default presence.
    fn load(&self, who: &ProfessionalId) -> impl Future<Output = Result<Kept, StoreError>> + Send;

    /// Stores a presence if the stored one still has the version.
    fn save(
        &self,
        who: &ProfessionalId,
        presence: &Presence,
        version: u64,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;

    /// Everybody ever seen, by id, each once.
    fn seen(&self) -> impl Future<Output = Result<Vec<ProfessionalId>, StoreError>> + Send;

    /// The newest entry at any door not after an instant; of several at one instant the greatest
    /// room.
    fn last_entry(
        &self,
        who: &ProfessionalId,
        not_after: Timestamp,
    ) -> impl Future<Output = Result<Option<(Timestamp, RoomId)>, StoreError>> + Send;

    /// Whether they left a room in (`after`, `not_after`].
    fn left_between(
        &self,
        who: &ProfessionalId,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Records passages: each is kept once and changes where its professional is.
///
/// Safe to repeat and to run beside itself: keeping is a set union, presence a maximum over event
/// time saved on condition of its version. A crash in between is healed by the repetition, since
/// passages that were kept are folded again.
///
/// # Errors
///
/// See [`StoreError`]; some of the passages may have been recorded.
pub async fn record_movements(
    store: &impl TrackingStore,
    movements: &[Movement],
) -> Result<(), StoreError> {
    store.keep(movements).await?;
    let mut by_professional: BTreeMap<&ProfessionalId, Vec<&Movement>> = BTreeMap::new();
    for movement in movements {
        by_professional.entry(&movement.professional).or_default().push(movement);
    }
    for (who, movements) in by_professional {
        fold_in(store, who, &movements).await?;
    }
    Ok(())
}

async fn fold_in(
    store: &impl TrackingStore,
    who: &ProfessionalId,
    movements: &[&Movement],
) -> Result<(), StoreError> {
    loop {
        let before = store.load(who).await?;
        let mut after = before.presence.clone();
        for movement in movements {
            after.observe(movement);
        }
        if after == before.presence {
            return Ok(());
        }
        match store.save(who, &after, before.version).await {
            Ok(()) => return Ok(()),
            // Whoever was faster has made progress, so this ends.
            Err(SaveError::Conflict) => {}
            Err(SaveError::Store(err)) => return Err(err),
        }
    }
}

/// Says where somebody was at an instant, passages of that instant included; `None` outside the
/// block.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn whereabouts_at(
    store: &impl TrackingStore,
    who: &ProfessionalId,
    at: Timestamp,
) -> Result<Option<Stay>, StoreError> {
    let Some((since, room)) = store.last_entry(who, at).await? else { return Ok(None) };
    if store.left_between(who, &room, since, at).await? {
        return Ok(None);
    }
    Ok(Some(Stay { since, professional: who.clone(), room }))
}

/// Says who was inside the block at an instant, by entry and then by professional. Costs two
/// searches for each professional ever seen, whatever the length of the history.
///
/// # Errors
///
/// See [`StoreError`].
pub async fn inside_at(store: &impl TrackingStore, at: Timestamp) -> Result<Vec<Stay>, StoreError> {
    let mut stays = Vec::new();
    for who in store.seen().await? {
        stays.extend(whereabouts_at(store, &who, at).await?);
    }
    stays.sort();
    Ok(stays)
}

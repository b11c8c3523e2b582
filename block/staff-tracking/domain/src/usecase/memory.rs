//! The in-memory twin of the store, for tests and simulation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    entity::{Movement, Passage, Presence, ProfessionalId, RoomId},
    usecase::{Kept, SaveError, StoreError, TrackingStore},
};

/// Keeps everything in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    movements: BTreeSet<Movement>,
    presences: BTreeMap<ProfessionalId, Kept>,
}

impl MemoryStore {
    /// Every passage, in order.
    pub fn movements(&self) -> Vec<Movement> {
        self.inside().movements.iter().cloned().collect()
    }

    /// Everybody's presence.
    pub fn presences(&self) -> BTreeMap<ProfessionalId, Kept> {
        self.inside().presences.clone()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing panics while holding the lock, and every change is a single one.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TrackingStore for MemoryStore {
    async fn keep(&self, movements: &[Movement]) -> Result<(), StoreError> {
        self.inside().movements.extend(movements.iter().cloned());
        Ok(())
    }

    async fn load(&self, who: &ProfessionalId) -> Result<Kept, StoreError> {
        Ok(self.inside().presences.get(who).cloned().unwrap_or_default())
    }

    async fn save(
        &self,
        who: &ProfessionalId,
        presence: &Presence,
        version: u64,
    ) -> Result<(), SaveError> {
        let mut inside = self.inside();
        let held = inside.presences.get(who).map_or(0, |kept| kept.version);
        if held != version {
            return Err(SaveError::Conflict);
        }
        let kept = Kept { presence: presence.clone(), version: version + 1 };
        inside.presences.insert(who.clone(), kept);
        Ok(())
    }

    async fn seen(&self) -> Result<Vec<ProfessionalId>, StoreError> {
        Ok(self.inside().presences.keys().cloned().collect())
    }

    async fn last_entry(
        &self,
        who: &ProfessionalId,
        not_after: Timestamp,
    ) -> Result<Option<(Timestamp, RoomId)>, StoreError> {
        let inside = self.inside();
        let entries = inside.movements.iter().filter(|movement| {
            movement.passage == Passage::Entered
                && movement.professional == *who
                && movement.at <= not_after
        });
        Ok(entries.map(|entry| (entry.at, entry.room.clone())).max())
    }

    async fn left_between(
        &self,
        who: &ProfessionalId,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.inside().movements.iter().any(|movement| {
            movement.passage == Passage::Left
                && movement.professional == *who
                && movement.room == *room
                && after < movement.at
                && movement.at <= not_after
        }))
    }
}

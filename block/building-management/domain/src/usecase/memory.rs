//! The in-memory twins of the ports, for tests and simulation. The twin layer can be told to fail.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    entity::{
        environment::{Place, Quantity, Sample},
        place::{Room, RoomId, RoomRecord},
        technology::{Technology, TechnologyId, TechnologyRecord, Usage},
    },
    usecase::ports::{Kept, Measurements, Registry, SaveError, StoreError, TwinFailure, TwinLayer},
};

/// Keeps records and histories in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    rooms: BTreeMap<RoomId, Kept<RoomRecord>>,
    technologies: BTreeMap<TechnologyId, Kept<TechnologyRecord>>,
    samples: BTreeMap<(RoomId, Place), Sample>,
    usages: BTreeMap<(TechnologyId, Timestamp), Usage>,
}

impl MemoryStore {
    /// Every sample, by room and place.
    pub fn all_samples(&self) -> Vec<Sample> {
        self.inside().samples.values().cloned().collect()
    }

    /// Every usage, by technology and time.
    pub fn all_usages(&self) -> Vec<Usage> {
        self.inside().usages.values().cloned().collect()
    }

    /// Every record of a room, and every one of a technology, by id.
    pub fn records(&self) -> (Vec<RoomRecord>, Vec<TechnologyRecord>) {
        let inside = self.inside();
        let rooms = inside.rooms.values().map(|kept| kept.record.clone()).collect();
        (rooms, inside.technologies.values().map(|kept| kept.record.clone()).collect())
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        lock(&self.inside)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while holding a lock here, and every change is a single one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn save<K: Ord, T>(
    all: &mut BTreeMap<K, Kept<T>>,
    id: K,
    record: T,
    version: u64,
) -> Result<u64, SaveError> {
    if all.get(&id).map_or(0, |kept| kept.version) != version {
        return Err(SaveError::Conflict);
    }
    all.insert(id, Kept { record, version: version + 1 });
    Ok(version + 1)
}

fn erase<K: Ord, T>(all: &mut BTreeMap<K, Kept<T>>, id: K, version: u64) -> Result<(), SaveError> {
    match all.entry(id) {
        Entry::Occupied(kept) if kept.get().version == version => {
            kept.remove();
            Ok(())
        }
        _ => Err(SaveError::Conflict),
    }
}

impl Registry for MemoryStore {
    async fn room(&self, id: &RoomId) -> Result<Option<Kept<RoomRecord>>, StoreError> {
        Ok(self.inside().rooms.get(id).cloned())
    }

    async fn save_room(&self, record: &RoomRecord, version: u64) -> Result<u64, SaveError> {
        save(&mut self.inside().rooms, record.room.id.clone(), record.clone(), version)
    }

    async fn erase_room(&self, id: &RoomId, version: u64) -> Result<(), SaveError> {
        erase(&mut self.inside().rooms, id.clone(), version)
    }

    async fn unfinished_rooms(&self) -> Result<Vec<Kept<RoomRecord>>, StoreError> {
        let inside = self.inside();
        Ok(inside.rooms.values().filter(|kept| kept.record.is_unfinished()).cloned().collect())
    }

    async fn technology(
        &self,
        id: &TechnologyId,
    ) -> Result<Option<Kept<TechnologyRecord>>, StoreError> {
        Ok(self.inside().technologies.get(id).cloned())
    }

    async fn save_technology(
        &self,
        record: &TechnologyRecord,
        version: u64,
    ) -> Result<u64, SaveError> {
        let id = record.technology.id.clone();
        save(&mut self.inside().technologies, id, record.clone(), version)
    }

    async fn erase_technology(&self, id: &TechnologyId, version: u64) -> Result<(), SaveError> {
        erase(&mut self.inside().technologies, id.clone(), version)
    }

    async fn unfinished_technologies(&self) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        let inside = self.inside();
        let unfinished = inside.technologies.values().filter(|kept| kept.record.is_unfinished());
        Ok(unfinished.cloned().collect())
    }

    async fn technologies_in(
        &self,
        room: &RoomId,
    ) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        let inside = self.inside();
        let here = inside.technologies.values().filter(|kept| {
            let newest = kept.record.placements.newest();
            kept.record.is_there()
                && newest.is_some_and(|newest| newest.room.as_ref() == Some(room))
        });
        Ok(here.cloned().collect())
    }
}

impl Measurements for MemoryStore {
    async fn keep_samples(&self, samples: &[Sample]) -> Result<(), StoreError> {
        let mut inside = self.inside();
        for sample in samples {
            let key = (sample.room.clone(), sample.place());
            let known = inside.samples.get(&key);
            if known.is_none_or(|known| known.told_by < sample.told_by) {
                inside.samples.insert(key, sample.clone());
            }
        }
        Ok(())
    }

    async fn last_sample(
        &self,
        room: &RoomId,
        quantity: Quantity,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Sample>, StoreError> {
        let inside = self.inside();
        let of_quantity = inside.samples.values().filter(|sample| {
            sample.room == *room
                && sample.reading.quantity() == quantity
                && after.is_none_or(|after| after < sample.at)
                && sample.at <= not_after
        });
        Ok(of_quantity.max_by_key(|sample| sample.at).cloned())
    }

    async fn samples(
        &self,
        room: &RoomId,
        behind: Place,
        not_after: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, StoreError> {
        let inside = self.inside();
        let found = inside.samples.values().filter(|sample| {
            sample.room == *room && behind < sample.place() && sample.at <= not_after
        });
        Ok(found.take(limit).cloned().collect())
    }

    async fn count_samples(
        &self,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<u64, StoreError> {
        let inside = self.inside();
        let found = inside
            .samples
            .values()
            .filter(|sample| sample.room == *room && after < sample.at && sample.at <= not_after);
        Ok(found.map(|_| 1_u64).sum())
    }

    async fn keep_usages(&self, usages: &[Usage]) -> Result<(), StoreError> {
        let mut inside = self.inside();
        for usage in usages {
            let key = (usage.technology.clone(), usage.at);
            if inside.usages.get(&key).is_none_or(|known| known.told_by < usage.told_by) {
                inside.usages.insert(key, usage.clone());
            }
        }
        Ok(())
    }

    async fn last_usage(
        &self,
        technology: &TechnologyId,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Usage>, StoreError> {
        let inside = self.inside();
        let found = inside.usages.values().filter(|usage| {
            usage.technology == *technology
                && after.is_none_or(|after| after < usage.at)
                && usage.at <= not_after
        });
        Ok(found.max_by_key(|usage| usage.at).cloned())
    }
}

/// What a twin layer is told to do with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Fail, with nothing done.
    Before,
    /// Do it, and then fail: the answer was lost.
    After,
    /// Refuse, with nothing done.
    Refuse,
}

/// A twin as the memory layer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryTwin {
    /// Of a room.
    Room(Room),
    /// Of a technology, and the room it stands in.
    Technology(Technology, Option<RoomId>),
    /// Of something else.
    Other,
}

/// Keeps twins in memory, and fails where told.
#[derive(Debug, Default)]
pub struct MemoryTwins {
    twins: Mutex<BTreeMap<String, MemoryTwin>>,
    mishaps: Mutex<BTreeMap<usize, Mishap>>,
    calls: Mutex<usize>,
}

impl MemoryTwins {
    /// All twins by id.
    pub fn all(&self) -> BTreeMap<String, MemoryTwin> {
        lock(&self.twins).clone()
    }

    /// Adds a twin behind the service's back.
    pub fn add(&self, id: &str, twin: MemoryTwin) {
        lock(&self.twins).insert(id.to_owned(), twin);
    }

    /// The call after the next `skipped` ones, counted from now, goes wrong.
    pub fn fail(&self, skipped: usize, mishap: Mishap) {
        let next = *lock(&self.calls);
        lock(&self.mishaps).insert(next + skipped, mishap);
    }

    /// No further call goes wrong.
    pub fn heal(&self) {
        lock(&self.mishaps).clear();
    }

    fn call<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<String, MemoryTwin>) -> Result<T, TwinFailure>,
    ) -> Result<T, TwinFailure> {
        let mut calls = lock(&self.calls);
        let mishap = lock(&self.mishaps).get(&*calls).copied();
        *calls += 1;
        match mishap {
            None => work(&mut lock(&self.twins)),
            Some(Mishap::Before) => Err(TwinFailure::Unavailable("told to fail before".into())),
            Some(Mishap::After) => {
                work(&mut lock(&self.twins))?;
                Err(TwinFailure::Unavailable("told to fail after".into()))
            }
            Some(Mishap::Refuse) => Err(TwinFailure::Refused { reason: "told to refuse".into() }),
        }
    }
}

impl TwinLayer for MemoryTwins {
    async fn exists(&self, id: &str) -> Result<bool, TwinFailure> {
        self.call(|twins| Ok(twins.contains_key(id)))
    }

    async fn put_room(&self, room: &Room, _at: Timestamp) -> Result<(), TwinFailure> {
        self.call(|twins| {
            twins.insert(room.id.as_ref().to_owned(), MemoryTwin::Room(room.clone()));
            Ok(())
        })
    }

    async fn change_room(&self, room: &Room, _at: Timestamp) -> Result<(), TwinFailure> {
        self.call(|twins| match twins.get_mut(room.id.as_ref()) {
            Some(MemoryTwin::Room(known)) => {
                *known = room.clone();
                Ok(())
            }
            _ => Err(TwinFailure::Missing),
        })
    }

    async fn put_technology(
        &self,
        technology: &Technology,
        _at: Timestamp,
    ) -> Result<(), TwinFailure> {
        self.call(|twins| {
            let twin = MemoryTwin::Technology(technology.clone(), None);
            twins.insert(technology.id.as_ref().to_owned(), twin);
            Ok(())
        })
    }

    async fn place(
        &self,
        technology: &TechnologyId,
        room: Option<&RoomId>,
        _at: Timestamp,
    ) -> Result<(), TwinFailure> {
        self.call(|twins| {
            if room.is_some_and(|room| !twins.contains_key(room.as_ref())) {
                return Err(TwinFailure::Missing);
            }
            match twins.get_mut(technology.as_ref()) {
                Some(MemoryTwin::Technology(_, place)) => {
                    *place = room.cloned();
                    Ok(())
                }
                _ => Err(TwinFailure::Missing),
            }
        })
    }

    async fn remove(&self, id: &str, _at: Timestamp) -> Result<bool, TwinFailure> {
        self.call(|twins| {
            for twin in twins.values_mut() {
                if let MemoryTwin::Technology(_, place) = twin
                    && place.as_ref().is_some_and(|room| room.as_ref() == id)
                {
                    *place = None;
                }
            }
            Ok(twins.remove(id).is_some())
        })
    }
}

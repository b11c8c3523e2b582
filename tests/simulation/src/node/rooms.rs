//! Building management: what was measured and used, and the records of rooms and technologies that
//! must hold in the twin layer too.

use building_management_domain::{
    entity::{
        environment::{Place, Quantity, Sample},
        place::{Room, RoomId, RoomRecord},
        technology::{Placement, Technology, TechnologyId, TechnologyRecord, Usage},
    },
    usecase::{
        administration::{ChangeError, create_room, create_technology, finish, place_technology},
        memory::{MemoryStore, MemoryTwins},
        ports::{Kept, Measurements, Registry, SaveError, StoreError, TwinFailure, TwinLayer},
    },
};
use jiff::Timestamp;

use crate::{
    event::{Event, Message, Topic},
    machine::{Bell, Ground, NoAnswer},
    node::{Hostile, Lock},
    shell::{Handler, Node, Patience},
};

/// The store.
pub type Store = Hostile<MemoryStore>;
/// The twin layer.
pub type Twins = Hostile<MemoryTwins>;

/// What it follows.
pub const TOPICS: &[Topic] = &[Topic::Room, Topic::Process];
/// Rings when a change may have been left half done.
const UNFINISHED: Bell = Bell::Nudge(1);

fn failed(source: NoAnswer) -> StoreError {
    StoreError(Box::new(source))
}

fn unavailable(source: NoAnswer) -> TwinFailure {
    TwinFailure::Unavailable(Box::new(source))
}

impl Registry for Store {
    async fn room(&self, id: &RoomId) -> Result<Option<Kept<RoomRecord>>, StoreError> {
        self.reads("read a room").await.map_err(failed)?.room(id).await
    }

    async fn save_room(&self, record: &RoomRecord, version: u64) -> Result<u64, SaveError> {
        let store = self.writes("save a room").await.map_err(failed)?;
        let saved = store.save_room(record, version).await?;
        self.ground.wrote().await.map_err(failed)?;
        Ok(saved)
    }

    async fn erase_room(&self, id: &RoomId, version: u64) -> Result<(), SaveError> {
        let store = self.writes("erase a room").await.map_err(failed)?;
        store.erase_room(id, version).await?;
        Ok(self.ground.wrote().await.map_err(failed)?)
    }

    async fn unfinished_rooms(&self) -> Result<Vec<Kept<RoomRecord>>, StoreError> {
        self.reads("look for unfinished rooms").await.map_err(failed)?.unfinished_rooms().await
    }

    async fn technology(
        &self,
        id: &TechnologyId,
    ) -> Result<Option<Kept<TechnologyRecord>>, StoreError> {
        self.reads("read a technology").await.map_err(failed)?.technology(id).await
    }

    async fn save_technology(
        &self,
        record: &TechnologyRecord,
        version: u64,
    ) -> Result<u64, SaveError> {
        let store = self.writes("save a technology").await.map_err(failed)?;
        let saved = store.save_technology(record, version).await?;
        self.ground.wrote().await.map_err(failed)?;
        Ok(saved)
    }

    async fn erase_technology(&self, id: &TechnologyId, version: u64) -> Result<(), SaveError> {
        let store = self.writes("erase a technology").await.map_err(failed)?;
        store.erase_technology(id, version).await?;
        Ok(self.ground.wrote().await.map_err(failed)?)
    }

    async fn unfinished_technologies(&self) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        let store = self.reads("look for unfinished technologies").await.map_err(failed)?;
        store.unfinished_technologies().await
    }

    async fn technologies_in(
        &self,
        room: &RoomId,
    ) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        self.reads("list technologies").await.map_err(failed)?.technologies_in(room).await
    }
}

impl Measurements for Store {
    async fn keep_samples(&self, samples: &[Sample]) -> Result<(), StoreError> {
        let store = self.writes("keep samples").await.map_err(failed)?;
        store.keep_samples(samples).await?;
        self.ground.wrote().await.map_err(failed)
    }

    async fn last_sample(
        &self,
        room: &RoomId,
        quantity: Quantity,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Sample>, StoreError> {
        let store = self.reads("look for a sample").await.map_err(failed)?;
        store.last_sample(room, quantity, after, not_after).await
    }

    async fn samples(
        &self,
        room: &RoomId,
        behind: Place,
        not_after: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, StoreError> {
        let store = self.reads("read samples").await.map_err(failed)?;
        store.samples(room, behind, not_after, limit).await
    }

    async fn count_samples(
        &self,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<u64, StoreError> {
        let store = self.reads("count samples").await.map_err(failed)?;
        store.count_samples(room, after, not_after).await
    }

    async fn keep_usages(&self, usages: &[Usage]) -> Result<(), StoreError> {
        let store = self.writes("keep usages").await.map_err(failed)?;
        store.keep_usages(usages).await?;
        self.ground.wrote().await.map_err(failed)
    }

    async fn last_usage(
        &self,
        technology: &TechnologyId,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Usage>, StoreError> {
        let store = self.reads("look for a usage").await.map_err(failed)?;
        store.last_usage(technology, after, not_after).await
    }
}

impl TwinLayer for Twins {
    async fn exists(&self, id: &str) -> Result<bool, TwinFailure> {
        self.reads("look for a twin").await.map_err(unavailable)?.exists(id).await
    }

    async fn put_room(&self, room: &Room, at: Timestamp) -> Result<(), TwinFailure> {
        self.writes("put a room's twin").await.map_err(unavailable)?.put_room(room, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn change_room(&self, room: &Room, at: Timestamp) -> Result<(), TwinFailure> {
        let twins = self.writes("change a room's twin").await.map_err(unavailable)?;
        twins.change_room(room, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn put_technology(
        &self,
        technology: &Technology,
        at: Timestamp,
    ) -> Result<(), TwinFailure> {
        let twins = self.writes("put a technology's twin").await.map_err(unavailable)?;
        twins.put_technology(technology, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn place(
        &self,
        technology: &TechnologyId,
        room: Option<&RoomId>,
        at: Timestamp,
    ) -> Result<(), TwinFailure> {
        let twins = self.writes("place a twin").await.map_err(unavailable)?;
        twins.place(technology, room, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn remove(&self, id: &str, at: Timestamp) -> Result<bool, TwinFailure> {
        let twins = self.writes("remove a twin").await.map_err(unavailable)?;
        let removed = twins.remove(id, at).await?;
        self.ground.wrote().await.map_err(unavailable)?;
        Ok(removed)
    }
}

#[derive(Clone)]
struct Measured {
    store: Store,
}

impl Handler for Measured {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        let (mut samples, mut usages) = (Vec::new(), Vec::new());
        for Message { id, at, event, .. } in messages {
            let (at, told_by) = (*at, id.clone());
            match event {
                Event::Measured { room, reading, .. } => {
                    let Ok(room) = room.parse() else { continue };
                    samples.push(Sample { room, at, reading: *reading, told_by });
                }
                Event::Used { technology, in_use } => {
                    let Ok(technology) = technology.parse() else { continue };
                    usages.push(Usage { technology, at, in_use: *in_use, told_by });
                }
                _ => {}
            }
        }
        if !samples.is_empty() {
            self.store.keep_samples(&samples).await.map_err(|_failed| NoAnswer)?;
        }
        if !usages.is_empty() {
            self.store.keep_usages(&usages).await.map_err(|_failed| NoAnswer)?;
        }
        Ok(())
    }
}

/// What people ask of it.
#[derive(Debug, Clone)]
pub enum Wish {
    /// A room.
    Room(Room),
    /// A technology.
    Technology(Technology),
    /// A technology stands in a room from then on.
    Place(TechnologyId, Placement),
}

/// The service as others reach it.
#[derive(Clone)]
pub struct Rooms {
    /// The store.
    pub store: Store,
    /// The twin layer.
    pub twins: Twins,
    lock: Lock,
}

impl Rooms {
    /// A service with nothing in it.
    pub fn new(ground: &Ground) -> Self {
        Self {
            store: Hostile::new(MemoryStore::default(), ground),
            twins: Hostile::new(MemoryTwins::default(), ground),
            lock: Lock::default(),
        }
    }

    /// Does what somebody asks. Whether it was done, now or before; else it is to be asked again.
    pub async fn ask(self, ground: Ground, wish: Wish, at: Timestamp) -> bool {
        let _lock = self.lock.hold(&ground).await;
        let done = match wish {
            Wish::Room(room) => create_room(&self.store, &self.twins, room, at).await,
            Wish::Technology(technology) => {
                create_technology(&self.store, &self.twins, technology, at).await
            }
            Wish::Place(technology, placement) => {
                place_technology(&self.store, &self.twins, &technology, placement).await
            }
        };
        ground.ring(UNFINISHED, None);
        matches!(done, Ok(()) | Err(ChangeError::Exists))
    }

    /// Where a technology stood.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn room_at(
        self,
        technology: TechnologyId,
        at: Timestamp,
    ) -> Result<Option<String>, NoAnswer> {
        let kept = self.store.technology(&technology).await.map_err(|_failed| NoAnswer)?;
        let record = kept.map(|kept| kept.record).filter(TechnologyRecord::is_there);
        Ok(record.and_then(|it| it.placements.room_at(at).map(ToString::to_string)))
    }

    /// What is kept, for comparison; which events told it is left out.
    pub fn content(&self) -> Vec<(String, String)> {
        let store = self.store.inner();
        let samples = store.all_samples().into_iter().enumerate().map(|(nth, sample)| {
            let Sample { room, at, reading, .. } = sample;
            (format!("sample {nth:06}"), format!("{room} {at:.3} {reading:?}"))
        });
        let records = ("rooms and technologies".to_owned(), format!("{:#?}", store.records()));
        let usages = store.all_usages().into_iter().enumerate().map(|(nth, usage)| {
            let Usage { technology, at, in_use, .. } = usage;
            (format!("usage {nth:04}"), format!("{technology} {at:.3} {in_use}"))
        });
        let twins = ("twins of rooms".to_owned(), format!("{:#?}", self.twins.inner().all()));
        samples.chain(usages).chain([records, twins]).collect()
    }

    /// Starts a process of the service.
    pub fn boot(&self, node: &Node) {
        let rooms = self.clone();
        node.consume(TOPICS, &Measured { store: rooms.store.clone() });
        let ground = node.ground.clone();
        let work = async move {
            let mut patience = Patience::new();
            loop {
                let rung = ground.rung(UNFINISHED);
                let lock = rooms.lock.hold(&ground).await;
                let finished = finish(&rooms.store, &rooms.twins, ground.now()).await;
                drop(lock);
                match finished {
                    Ok(()) => {
                        patience = Patience::new();
                        ground.park_since(UNFINISHED, rung, None).await;
                    }
                    Err(_again) => patience.wait(&ground).await,
                }
            }
        };
        node.ground.spawn(node.id, "finishing", Box::pin(work));
    }
}

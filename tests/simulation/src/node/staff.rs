//! Staff tracking: passages of doors into where everybody is and was.

use jiff::Timestamp;
use staff_tracking_domain::{
    entity::{
        Movement, Passage, Presence, ProfessionalId, RoomId,
        visits::{Span, dwell_times, fits_in, one_room_at_a_time, visits},
    },
    usecase::{Kept, SaveError, StoreError, TrackingStore, memory::MemoryStore, record_movements},
};

use crate::{
    event::{Event, Message, Topic},
    machine::{Ground, NoAnswer},
    node::Hostile,
    shell::{Handler, Node},
};

/// The store.
pub type Store = Hostile<MemoryStore>;

/// What it follows.
pub const TOPICS: &[Topic] = &[Topic::Tracking];

fn failed(source: NoAnswer) -> StoreError {
    StoreError(Box::new(source))
}

impl TrackingStore for Store {
    async fn keep(&self, movements: &[Movement]) -> Result<(), StoreError> {
        let store = self.writes("keep movements").await.map_err(failed)?;
        store.keep(movements).await?;
        self.ground.wrote().await.map_err(failed)
    }

    async fn load(&self, who: &ProfessionalId) -> Result<Kept, StoreError> {
        self.reads("read a presence").await.map_err(failed)?.load(who).await
    }

    async fn save(
        &self,
        who: &ProfessionalId,
        presence: &Presence,
        version: u64,
    ) -> Result<(), SaveError> {
        let store = self.writes("save a presence").await.map_err(failed)?;
        store.save(who, presence, version).await?;
        self.ground.wrote().await.map_err(failed)?;
        Ok(())
    }

    async fn seen(&self) -> Result<Vec<ProfessionalId>, StoreError> {
        self.reads("list who was seen").await.map_err(failed)?.seen().await
    }

    async fn last_entry(
        &self,
        who: &ProfessionalId,
        not_after: Timestamp,
    ) -> Result<Option<(Timestamp, RoomId)>, StoreError> {
        let store = self.reads("look for an entry").await.map_err(failed)?;
        store.last_entry(who, not_after).await
    }

    async fn left_between(
        &self,
        who: &ProfessionalId,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<bool, StoreError> {
        let store = self.reads("look for an exit").await.map_err(failed)?;
        store.left_between(who, room, after, not_after).await
    }
}

impl Store {
    /// The passages of a room's door in a span whose ends are included.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn passages(
        &self,
        room: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Movement>, NoAnswer> {
        let mut movements = self.reads("read passages").await?.movements();
        movements.retain(|it| it.room.as_ref() == room && from <= it.at && it.at <= to);
        Ok(movements)
    }
}

#[derive(Clone)]
struct Passages {
    store: Store,
}

impl Handler for Passages {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        let movements: Vec<Movement> = messages.iter().filter_map(movement).collect();
        record_movements(&self.store, &movements).await.map_err(|_failed| NoAnswer)
    }
}

fn movement(message: &Message) -> Option<Movement> {
    let Event::Passed { professional, room, entered } = &message.event else { return None };
    Some(Movement {
        at: message.at,
        passage: if *entered { Passage::Entered } else { Passage::Left },
        professional: professional.parse().ok()?,
        room: room.parse().ok()?,
    })
}

/// Starts a process of the service.
pub fn boot(node: &Node, store: &Store) {
    node.consume(TOPICS, &Passages { store: store.clone() });
}

/// Checks what holds of everybody's visits and dwell times until now, whatever was told so far.
pub fn check(ground: &Ground, store: &Store, epoch: Timestamp) {
    let Ok(span) = Span::new(epoch, ground.now()) else { return };
    let movements = store.inner().movements();
    let visits = visits(&[], &movements, span);
    let dwells = dwell_times(&visits, span);
    ground.check(one_room_at_a_time(&visits), "nobody is in two rooms at one time", || {
        format!("{visits:?}")
    });
    ground
        .check(fits_in(&dwells, span), "dwell times are never negative", || format!("{dwells:?}"));
}

/// What is kept, for comparison.
pub fn content(store: &Store) -> Vec<(String, String)> {
    let movements = store.inner().movements();
    let presences = store.inner().presences();
    let presences = presences
        .iter()
        .map(|(who, kept)| (format!("presence of {who}"), format!("{:#?}", kept.presence)));
    let movements = movements
        .iter()
        .enumerate()
        .map(|(nth, it)| (format!("passage {nth:05}"), format!("{it:?}")));
    presences.chain(movements).collect()
}

/// A store with nothing in it.
pub fn store(ground: &Ground) -> Store {
    Hostile::new(MemoryStore::default(), ground)
}

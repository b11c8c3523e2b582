//! What the gateway knows of actuators and of people's movements, kept over a restart.

use chiron_clock::instant;
use chiron_store::{Collection, CollectionSpec, Find, Store, StoreError, WriteError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::actuator::Kind;
use crate::line::State;

/// One document per actuator that was announced.
pub(crate) static ACTUATORS: CollectionSpec = CollectionSpec { name: "actuators", indexes: &[] };
/// One document per person and room, as long as the person is inside.
pub(crate) static ENTRIES: CollectionSpec = CollectionSpec { name: "entries", indexes: &[] };

/// Changes that a slow observer may be behind; it then looks again.
const MOST_CHANGES: usize = 256;

/// An actuator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Actuator {
    pub(crate) kind: Kind,
    pub(crate) room: String,
    /// `None` until its unit says how it is.
    pub(crate) state: Option<Known>,
}

/// How an actuator is, as its unit said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) on: bool,
    pub(crate) intensity: i64,
    #[serde(with = "instant::text")]
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "instant::text")]
    at: Timestamp,
}

/// Ids of twins have no spaces.
fn stay(person: &str, room: &str) -> String {
    format!("{person} {room}")
}

/// A document could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KnownError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The store. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Everything {
    actuators: Collection<Actuator>,
    entries: Collection<Entry>,
    changes: broadcast::Sender<String>,
}

impl Everything {
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            actuators: store.collection(&ACTUATORS),
            entries: store.collection(&ENTRIES),
            changes: broadcast::Sender::new(MOST_CHANGES),
        }
    }

    pub(crate) async fn actuator(&self, id: &str) -> Result<Option<Actuator>, KnownError> {
        Ok(self.actuators.get(id).await?.map(|found| found.document))
    }

    /// All actuators by id.
    pub(crate) async fn actuators(&self) -> Result<Vec<(String, Actuator)>, KnownError> {
        let found = self.actuators.find(&Find::all()).await?;
        Ok(found.into_iter().map(|found| (found.id, found.document)).collect())
    }

    /// An actuator was announced; how it is stays known.
    pub(crate) async fn announced(
        &self,
        id: &str,
        kind: Kind,
        room: &str,
    ) -> Result<(), KnownError> {
        self.update(id, |before| {
            let state = before.and_then(|before| before.state);
            Some(Actuator { kind, room: room.to_owned(), state })
        })
        .await
    }

    /// The unit says how an actuator is. What happened before what is known changes nothing; of
    /// one instant what is said last counts, as in the twin.
    pub(crate) async fn is_now(
        &self,
        id: &str,
        state: State,
        at: Timestamp,
    ) -> Result<(), KnownError> {
        self.update(id, |before| {
            let mut actuator = before?;
            if actuator.state.is_some_and(|known| at < known.at) {
                return None;
            }
            let State { on, intensity } = state;
            actuator.state = Some(Known { on, intensity, at });
            Some(actuator)
        })
        .await?;
        // Nobody may be observing.
        let _observed = self.changes.send(id.to_owned());
        Ok(())
    }

    /// Ids of actuators whose state was told, from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }

    /// Changes a document; `change` may run again when another change came between.
    async fn update(
        &self,
        id: &str,
        change: impl Fn(Option<Actuator>) -> Option<Actuator>,
    ) -> Result<(), KnownError> {
        loop {
            let found = self.actuators.get(id).await?;
            let (version, before) =
                found.map_or((0, None), |found| (found.version, Some(found.document)));
            let Some(after) = change(before.clone()) else { return Ok(()) };
            if before.as_ref() == Some(&after) {
                return Ok(());
            }
            let written = if version == 0 {
                self.actuators.insert(id, &after, Vec::new()).await
            } else {
                self.actuators.replace(id, version, &after, Vec::new()).await
            };
            match written {
                Ok(_) => return Ok(()),
                Err(WriteError::AlreadyExists | WriteError::Conflict) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    /// When a person who is inside a room entered it last.
    pub(crate) async fn entry(
        &self,
        person: &str,
        room: &str,
    ) -> Result<Option<Timestamp>, KnownError> {
        Ok(self.entries.get(&stay(person, room)).await?.map(|found| found.document.at))
    }

    /// A person has entered a room.
    pub(crate) async fn entered(
        &self,
        person: &str,
        room: &str,
        at: Timestamp,
    ) -> Result<(), KnownError> {
        if self.entry(person, room).await?.is_none_or(|before| before < at) {
            self.entries.put(&stay(person, room), &Entry { at }, Vec::new()).await?;
        }
        Ok(())
    }

    /// A person has left a room.
    pub(crate) async fn left(&self, person: &str, room: &str) -> Result<(), KnownError> {
        self.entries.delete(&stay(person, room), None).await?;
        Ok(())
    }

    /// Of these patients, who are all in the room, the latest to enter; the greater id of two.
    pub(crate) async fn latest(
        &self,
        room: &str,
        inside: Vec<String>,
    ) -> Result<Option<String>, KnownError> {
        let mut latest: Option<(Option<Timestamp>, String)> = None;
        for patient in inside {
            latest = latest.max(Some((self.entry(&patient, room).await?, patient)));
        }
        Ok(latest.map(|(_, patient)| patient))
    }
}

//! Documents of one service, each written on condition of its version and together with the events
//! that it causes.
//!
//! What survives a crash is what stands here. A call may be refused, may take long, and a write may
//! be done and not be answered; half a write there is not.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    bus::Outbox,
    event::Message,
    machine::{Bell, Ground, NoAnswer},
};

/// Why something was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It has another version, or is there already.
    #[error("somebody else has written in the meantime")]
    Conflict,
    /// It may have been written or not.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

/// Documents by id, with their versions.
type Kept<D> = BTreeMap<String, (u64, D)>;

/// A collection. Clones are the same one.
#[derive(Clone)]
pub struct Documents<D> {
    name: &'static str,
    ground: Ground,
    outbox: Outbox,
    bell: Bell,
    kept: Arc<Mutex<Kept<D>>>,
}

impl<D: Clone + Send> Documents<D> {
    /// An empty collection whose events go into an outbox.
    pub fn new(name: &'static str, ground: &Ground, outbox: &Outbox, bell: Bell) -> Self {
        let (ground, outbox) = (ground.clone(), outbox.clone());
        Self { name, ground, outbox, bell, kept: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<D>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document and its version.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn get(&self, id: &str) -> Result<Option<(u64, D)>, NoAnswer> {
        self.ground.reads(|| format!("read {} {id}", self.name)).await?;
        Ok(self.kept().get(id).cloned())
    }

    /// What a question finds, by id.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn find<T>(
        &self,
        ask: impl Fn(&str, &D) -> Option<T> + Send,
    ) -> Result<Vec<T>, NoAnswer> {
        self.ground.reads(|| format!("search {}", self.name)).await?;
        Ok(self.kept().iter().filter_map(|(id, (_, document))| ask(id, document)).collect())
    }

    /// Writes a document if it still has a version (`None`: if there is none), with its events.
    /// Answers its new version.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    pub async fn write(
        &self,
        id: &str,
        expected: Option<u64>,
        document: D,
        events: Vec<Message>,
    ) -> Result<u64, WriteError> {
        self.ground.writes(|| format!("write {} {id}, {} events", self.name, events.len())).await?;
        let version = {
            let mut kept = self.kept();
            let found = kept.get(id).map(|(version, _)| *version);
            if found != expected {
                self.ground.note(|| "conflict".to_owned());
                return Err(WriteError::Conflict);
            }
            let version = found.unwrap_or(0) + 1;
            kept.insert(id.to_owned(), (version, document));
            version
        };
        if !events.is_empty() {
            self.outbox.put(events);
            self.ground.ring(self.bell, None);
        }
        self.ground.wrote().await?;
        Ok(version)
    }

    /// Removes a document if it still has a version; done also when it is gone.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    pub async fn remove(&self, id: &str, version: u64) -> Result<(), WriteError> {
        self.ground.writes(|| format!("remove {} {id}", self.name)).await?;
        {
            let mut kept = self.kept();
            if kept.get(id).is_some_and(|(known, _)| *known != version) {
                return Err(WriteError::Conflict);
            }
            kept.remove(id);
        }
        self.ground.wrote().await?;
        Ok(())
    }

    /// Everything, as an onlooker sees it who is no part of the run.
    pub fn all(&self) -> Vec<(String, D)> {
        self.kept().iter().map(|(id, (_, document))| (id.clone(), document.clone())).collect()
    }

    /// One document, as an onlooker sees it.
    pub fn seen(&self, id: &str) -> Option<D> {
        self.kept().get(id).map(|(_, document)| document.clone())
    }
}

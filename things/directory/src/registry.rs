//! The registered descriptions, and the events that tell of them.
//!
//! Every change is one write that holds the description and its event (outbox). A deletion first
//! marks the document, with the event, and then removes it, so that a crash in between neither
//! loses the event nor brings the Thing back. Changes are made one after another: a directory is
//! changed rarely and read often.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};

use chiron_broker::NewRecord;
use chiron_clock::{Clock, Reconciler, instant};
use chiron_store::{Collection, CollectionSpec, Find, ID, Index, Store, StoreError, WriteError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::description::{Registration, Wish, difference};
use crate::{EVENTS, NAME};

/// One document per Thing, under its id.
pub(crate) static THINGS: CollectionSpec = CollectionSpec {
    name: "things",
    indexes: &[Index { name: "by_expiry", fields: &["registration.expires"], unique: false }],
};

/// All events are of one aggregate, so that they are in one order.
pub(crate) const AGGREGATE: &str = "directory";
/// Our own Things: their bare id is an alias.
const OWN: &str = "urn:chiron:thing:";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Document {
    description: Map<String, Value>,
    registration: Registration,
    /// Deleted and told of; only the document is left to be removed.
    #[serde(default)]
    gone: bool,
}

/// A registered Thing.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) description: Map<String, Value>,
    pub(crate) registration: Registration,
}

/// Whether a registration was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Created,
    Replaced,
}

/// A change was not made.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The write was refused.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The event has no written form.
    #[error("an event cannot be written")]
    Event(#[from] serde_json::Error),
}

/// The ids in their order, kept in memory so that a page costs what it shows.
#[derive(Debug, Default)]
struct Order {
    ids: BTreeSet<String>,
    /// Changes with the set and comes back with it, also after a restart.
    fingerprint: u64,
}

impl Order {
    fn add(&mut self, id: &str) {
        if self.ids.insert(id.to_owned()) {
            self.fingerprint ^= hash(id);
        }
    }

    fn remove(&mut self, id: &str) {
        if self.ids.remove(id) {
            self.fingerprint ^= hash(id);
        }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A part of the list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) total: usize,
    /// Changes when the order of the list changes.
    pub(crate) etag: String,
    /// Ids that the page covers, those that ended just now included.
    pub(crate) covered: usize,
}

/// The registry. Clones are the same registry.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    things: Collection<Document>,
    clock: Clock,
    order: Arc<RwLock<Order>>,
    writing: Arc<Mutex<()>>,
    expiry: Reconciler,
}

impl Registry {
    pub(crate) fn new(store: &Store, clock: Clock, expiry: Reconciler) -> Self {
        Self {
            things: store.collection(&THINGS),
            clock,
            order: Arc::default(),
            writing: Arc::default(),
            expiry,
        }
    }

    /// Learns what is stored, and finishes deletions that were cut off.
    pub(crate) async fn load(&self) -> Result<(), RegistryError> {
        let _writing = self.writing.lock().await;
        for found in self.things.find(&Find::all()).await? {
            if found.document.gone {
                self.things.delete(&found.id, None).await?;
            } else {
                self.changed(|order| order.add(&found.id));
            }
        }
        Ok(())
    }

    fn changed(&self, change: impl FnOnce(&mut Order)) {
        change(&mut self.order.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// A Thing by its id, or by the bare id of one of our own.
    pub(crate) async fn get(&self, id: &str) -> Result<Option<Entry>, RegistryError> {
        let now = self.clock.now();
        for id in [id.to_owned(), format!("{OWN}{id}")] {
            let found = self.things.get(&id).await?;
            let found = found.filter(|found| is_there(&found.document, now));
            if let Some(found) = found {
                return Ok(Some(entry(found.id, found.document)));
            }
        }
        Ok(None)
    }

    /// `limit` `None`: all that follow.
    pub(crate) async fn page(
        &self,
        offset: usize,
        limit: Option<usize>,
    ) -> Result<Page, RegistryError> {
        let (ids, total, etag) = {
            let order = self.order.read().unwrap_or_else(PoisonError::into_inner);
            let ids: Vec<String> =
                order.ids.iter().skip(offset).take(limit.unwrap_or(usize::MAX)).cloned().collect();
            let total = order.ids.len();
            (ids, total, format!("{total:x}-{:016x}", order.fingerprint))
        };
        let covered = ids.len();
        let (now, mut entries) = (self.clock.now(), Vec::with_capacity(covered));
        for part in ids.chunks(500) {
            let find = Find::all().any_of(ID, part.iter().map(String::as_str));
            let found = self.things.find(&find).await?.into_iter();
            let found = found.filter(|found| is_there(&found.document, now));
            entries.extend(found.map(|found| entry(found.id, found.document)));
        }
        Ok(Page { entries, total, etag, covered })
    }

    /// How many there are.
    pub(crate) fn total(&self) -> usize {
        self.order.read().unwrap_or_else(PoisonError::into_inner).ids.len()
    }

    /// Registers a description under its id, or puts it in the place of the one there. What is
    /// there already, for ever and with the same content, is not written again: a Thing that
    /// announces itself at every start tells nobody anything new.
    pub(crate) async fn put(
        &self,
        id: &str,
        description: Map<String, Value>,
        wish: Wish,
    ) -> Result<Put, RegistryError> {
        let _writing = self.writing.lock().await;
        self.put_locked(id, description, wish).await
    }

    /// Puts what `change` makes of a Thing in its place, with nobody else's change in between;
    /// whether there is one.
    pub(crate) async fn change<E: From<RegistryError>>(
        &self,
        id: &str,
        change: impl FnOnce(&Entry) -> Result<(Map<String, Value>, Wish), E>,
    ) -> Result<bool, E> {
        let _writing = self.writing.lock().await;
        let Some(entry) = self.get(id).await? else { return Ok(false) };
        let (description, wish) = change(&entry)?;
        self.put_locked(&entry.id, description, wish).await?;
        Ok(true)
    }

    async fn put_locked(
        &self,
        id: &str,
        description: Map<String, Value>,
        wish: Wish,
    ) -> Result<Put, RegistryError> {
        let now = self.clock.now();
        let found = self.things.get(id).await?;
        let (version, before) = match found {
            Some(found) => {
                let there = is_there(&found.document, now);
                (Some(found.version), there.then_some(found.document))
            }
            None => (None, None),
        };
        if let Some(before) = &before
            && before.description == description
            && before.registration.wish() == Wish::default()
            && wish == Wish::default()
        {
            return Ok(Put::Replaced);
        }
        let created = before.as_ref().map(|before| before.registration.created);
        let registration = Registration::made(wish, now, created);
        let told = match &before {
            None => ("thing_created", json!({"id": id, "thing": description})),
            Some(before) => {
                let mut patch = difference(&before.description, &description);
                if let Some(members) = patch.as_object_mut() {
                    members.insert("id".to_owned(), json!(id));
                }
                ("thing_updated", json!({"id": id, "thing": patch}))
            }
        };
        let outbox = vec![event(id, told, version.unwrap_or(0) + 1, now)?];
        let put = if before.is_some() { Put::Replaced } else { Put::Created };
        let document = Document { description, registration, gone: false };
        match version {
            Some(version) => self.things.replace(id, version, &document, outbox).await?,
            None => self.things.insert(id, &document, outbox).await?,
        };
        self.changed(|order| order.add(id));
        self.expiry.nudge();
        Ok(put)
    }

    /// Removes a Thing, named by its own id; whether there was one.
    pub(crate) async fn remove(&self, id: &str) -> Result<bool, RegistryError> {
        let _writing = self.writing.lock().await;
        Ok(self.remove_locked(id, |_| true).await? == Some(true))
    }

    /// Whether it was there for others, too: what has ended is not. `None`: nothing was removed.
    async fn remove_locked(
        &self,
        id: &str,
        still: impl FnOnce(&Registration) -> bool,
    ) -> Result<Option<bool>, RegistryError> {
        let found = self.things.get(id).await?.filter(|found| !found.document.gone);
        let Some(mut found) = found.filter(|found| still(&found.document.registration)) else {
            return Ok(None);
        };
        let now = self.clock.now();
        // Who asks for what has ended is told so, whether or not it was cleared away meanwhile.
        let was_there = is_there(&found.document, now);
        let told = ("thing_deleted", json!({"id": id}));
        let outbox = vec![event(id, told, found.version + 1, now)?];
        found.document.gone = true;
        self.things.replace(id, found.version, &found.document, outbox).await?;
        self.changed(|order| order.remove(id));
        self.things.delete(id, None).await?;
        Ok(Some(was_there))
    }

    /// Removes what has ended, and tells when the next one will.
    pub(crate) async fn expire(&self) -> Result<Option<Timestamp>, RegistryError> {
        let _writing = self.writing.lock().await;
        let field = "registration.expires";
        loop {
            let now = self.clock.now();
            let find = Find::all().at_most(field, instant::write(now)).ascending(field).limit(100);
            let mut removed = false;
            for found in self.things.find(&find).await? {
                removed |=
                    self.remove_locked(&found.id, |found| found.is_over(now)).await?.is_some();
            }
            // Without progress another look would find the same.
            if !removed {
                break;
            }
        }
        let find = Find::all().at_least(field, "").ascending(field).limit(1);
        let next = self.things.find(&find).await?;
        Ok(next.first().and_then(|found| found.document.registration.expires))
    }
}

fn event(
    id: &str,
    (kind, value): (&str, Value),
    version: u64,
    now: Timestamp,
) -> Result<NewRecord, serde_json::Error> {
    let ce_id = format!("{id}:{version}:{}", instant::write(now));
    NewRecord::cloud_event(EVENTS, AGGREGATE, kind, &value, &ce_id, NAME, now)
}

fn is_there(document: &Document, now: Timestamp) -> bool {
    !document.gone && !document.registration.is_over(now)
}

fn entry(id: String, document: Document) -> Entry {
    Entry { id, description: document.description, registration: document.registration }
}

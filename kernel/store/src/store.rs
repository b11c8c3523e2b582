//! The two types that contexts use: a store and its typed collections.

use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chiron_broker::{Durability, MAX_RECORD_BYTES, NewRecord, Trouble};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::{Act, Engine, Row, Write};
use crate::error::{OpenError, StoreError, WriteError};
use crate::mongo::{Mongo, MongoSettings};
use crate::query::{Filter, Find};
use crate::spec::CollectionSpec;
use crate::sqlite::Sqlite;

/// The largest document, in bytes of JSON.
pub const MAX_DOCUMENT_BYTES: usize = 4_000_000;

/// One context's private database. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) engine: Engine,
}

impl Debug for Store {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("unrelayed", &self.unrelayed()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file, or creates it and its folder. Collections and indexes are made those
    /// declared; documents of collections no longer declared stay untouched.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A file of another program is never changed.
    pub fn open(
        path: &Path,
        durability: Durability,
        collections: &[&'static CollectionSpec],
    ) -> Result<Store, OpenError> {
        let sqlite = Sqlite::open(Some(path), durability, collections)?;
        Ok(Store { engine: Engine::Sqlite(Arc::new(sqlite)) })
    }

    /// Opens a store that ends with the process, for tests and services without state.
    ///
    /// # Errors
    ///
    /// [`OpenError::Spec`] and failures of the machine.
    pub fn in_memory(collections: &[&'static CollectionSpec]) -> Result<Store, OpenError> {
        let sqlite = Sqlite::open(None, Durability::Relaxed, collections)?;
        Ok(Store { engine: Engine::Sqlite(Arc::new(sqlite)) })
    }

    /// Looks into the file from outside, for people and their tools: another process may be writing
    /// it. Every write answers [`StoreError::Closed`].
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; [`OpenError::File`] when there is none.
    pub fn look(path: &Path, collections: &[&'static CollectionSpec]) -> Result<Store, OpenError> {
        let sqlite = Sqlite::look(path, collections)?;
        Ok(Store { engine: Engine::Sqlite(Arc::new(sqlite)) })
    }

    /// Connects to a context's database on `MongoDB`, whose name is that of the settings' prefix and
    /// `database`. Collections and indexes are made those declared; documents of collections no
    /// longer declared stay untouched. Any number of processes may be connected to one database.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A database of another program is never changed.
    pub async fn connect(
        settings: &MongoSettings,
        database: &str,
        collections: &[&'static CollectionSpec],
    ) -> Result<Store, OpenError> {
        let mongo = Mongo::connect(settings, database, collections).await?;
        Ok(Store { engine: Engine::Mongo(mongo) })
    }

    /// A typed view of one collection. That it was declared shows at the first operation.
    pub fn collection<T>(&self, spec: &'static CollectionSpec) -> Collection<T>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Collection { store: self.clone(), spec, documents: PhantomData }
    }

    pub(crate) fn known(&self, spec: &'static CollectionSpec) -> Result<(), StoreError> {
        if self.engine.collections().iter().any(|known| known.name == spec.name) {
            Ok(())
        } else {
            Err(StoreError::UnknownCollection(spec.name))
        }
    }

    /// The number of events saved and not yet known to be published.
    pub fn unrelayed(&self) -> u64 {
        self.engine.progress().unrelayed.load(Ordering::Acquire)
    }

    /// Resolves when every event saved before the call has been published: by this process, or, on
    /// `MongoDB`, by whichever process relays (its clock has to agree with the others'). Waits for
    /// ever when [`Store::relay`] is not running anywhere.
    pub async fn relayed(&self) {
        let saved = *self.engine.progress().saved.borrow();
        let moment = self.engine.moment();
        let mut relayed = self.engine.progress().relayed.subscribe();
        // The sender lives as long as this store, so waiting cannot fail.
        let here = async { relayed.wait_for(|relayed| saved <= *relayed).await.map(|_| ()) };
        let Some(every) = self.engine.look_every() else {
            let _ = here.await;
            return;
        };
        let elsewhere = async {
            loop {
                tokio::time::sleep(every).await;
                match self.engine.settled(moment).await {
                    Ok(true) => return,
                    Ok(false) => {}
                    Err(error) => tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "could not see whether events have been published, looking again"
                    ),
                }
            }
        };
        tokio::select! {
            _ = here => {}
            () = elsewhere => {}
        }
    }

    /// What is to be seen to for this store to write again: `None` unless the newest commit failed.
    pub fn trouble(&self) -> Option<Trouble> {
        *self.engine.progress().trouble.borrow()
    }

    /// Resolves when the file is found damaged, with an error that says what to do; from then on
    /// nothing is written. Whoever runs the process ends it. Other failures of the disk pass, and
    /// are answered to whoever asked.
    pub async fn failed(&self) -> StoreError {
        let mut failed = self.engine.progress().failed.subscribe();
        loop {
            if let Some(error) = &*failed.borrow_and_update() {
                return StoreError::from(Arc::clone(error));
            }
            if failed.changed().await.is_err() {
                // The sender lives as long as this store.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Finishes accepted writes and closes the file; later operations answer
    /// [`StoreError::Closed`]. Safe to repeat.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

/// A document with its identity and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// Unique in the collection.
    pub id: String,
    /// 1 after the insert, one more with each write.
    pub version: u64,
    /// The document.
    pub document: T,
}

/// The documents of one kind. Clones share the store.
///
/// A write and its outbox records are stored together or not at all, and are durable (as the store
/// was opened) when the call answers. A caller that stops waiting does not take its write back.
pub struct Collection<T> {
    store: Store,
    spec: &'static CollectionSpec,
    documents: PhantomData<fn() -> T>,
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Collection<T> {
        Collection { store: self.store.clone(), spec: self.spec, documents: PhantomData }
    }
}

impl<T> Debug for Collection<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection").field("name", &self.spec.name).finish_non_exhaustive()
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Collection<T> {
    /// The document, or `None`.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn get(&self, id: &str) -> Result<Option<Versioned<T>>, StoreError> {
        self.known()?;
        match self.store.engine.get(self.spec, id).await? {
            Some(row) => Ok(Some(decode(self.spec, row)?)),
            None => Ok(None),
        }
    }

    /// Stores a new document and answers its version, 1.
    ///
    /// # Errors
    ///
    /// [`WriteError::AlreadyExists`] when the id is taken, [`WriteError::Duplicate`] when a unique
    /// index refuses.
    pub async fn insert(
        &self,
        id: &str,
        document: &T,
        outbox: Vec<NewRecord>,
    ) -> Result<u64, WriteError> {
        let body = self.encode(document)?;
        self.write(id, Act::Insert { body }, &outbox).await
    }

    /// Stores new documents in the order given, with one commit.
    ///
    /// # Errors
    ///
    /// Those of [`Collection::insert`]. Documents before the one refused may have been stored, with
    /// their events; those after it have not.
    pub async fn insert_all(
        &self,
        documents: Vec<(String, T, Vec<NewRecord>)>,
    ) -> Result<(), WriteError> {
        self.known()?;
        let mut inserts = Vec::with_capacity(documents.len());
        for (id, document, outbox) in documents {
            let act = Act::Insert { body: self.encode(&document)? };
            inserts.push(Write { spec: self.spec, id, act, outbox: encode_outbox(&outbox)? });
        }
        if !inserts.is_empty() {
            self.store.engine.insert_all(inserts).await?;
        }
        Ok(())
    }

    /// Replaces the document if it still has the expected version, and answers the new one.
    ///
    /// # Errors
    ///
    /// [`WriteError::Conflict`] when the version differs or the document is gone.
    pub async fn replace(
        &self,
        id: &str,
        expected: u64,
        document: &T,
        outbox: Vec<NewRecord>,
    ) -> Result<u64, WriteError> {
        let body = self.encode(document)?;
        self.write(id, Act::Replace { expected, body }, &outbox).await
    }

    /// Stores the document whether or not there was one, and answers its version. For projections
    /// with a single writer; whoever reads before writing uses [`Collection::replace`].
    ///
    /// # Errors
    ///
    /// [`WriteError::Duplicate`] when a unique index refuses.
    pub async fn put(
        &self,
        id: &str,
        document: &T,
        outbox: Vec<NewRecord>,
    ) -> Result<u64, WriteError> {
        let body = self.encode(document)?;
        self.write(id, Act::Put { body }, &outbox).await
    }

    /// Deletes the document, and answers whether there was one. Events saved with it are published
    /// all the same.
    ///
    /// # Errors
    ///
    /// [`WriteError::Conflict`] when there is one with another version than expected.
    pub async fn delete(&self, id: &str, expected: Option<u64>) -> Result<bool, WriteError> {
        Ok(self.write(id, Act::Delete { expected }, &[]).await? != 0)
    }

    /// The documents that the query asks for, in its order.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn find(&self, query: &Find) -> Result<Vec<Versioned<T>>, StoreError> {
        self.known()?;
        let rows = self.store.engine.find(self.spec, query).await?;
        rows.into_iter().map(|row| decode(self.spec, row)).collect()
    }

    /// The number of documents for which all filters hold.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn count(&self, filters: &[Filter]) -> Result<u64, StoreError> {
        self.known()?;
        self.store.engine.count(self.spec, filters).await
    }

    async fn write(&self, id: &str, act: Act, outbox: &[NewRecord]) -> Result<u64, WriteError> {
        self.known()?;
        let (id, outbox) = (id.to_owned(), encode_outbox(outbox)?);
        self.store.engine.write(Write { spec: self.spec, id, act, outbox }).await
    }

    fn known(&self) -> Result<(), StoreError> {
        self.store.known(self.spec)
    }

    fn encode(&self, document: &T) -> Result<String, WriteError> {
        let body = serde_json::to_string(document)
            .map_err(|source| StoreError::Encode { collection: self.spec.name, source })?;
        if MAX_DOCUMENT_BYTES < body.len() {
            return Err(WriteError::TooLarge { bytes: body.len() });
        }
        Ok(body)
    }
}

fn decode<T: DeserializeOwned>(
    spec: &'static CollectionSpec,
    row: Row,
) -> Result<Versioned<T>, StoreError> {
    let document = serde_json::from_str(&row.body)
        .map_err(|source| StoreError::Decode { collection: spec.name, source })?;
    Ok(Versioned { id: row.id, version: row.version, document })
}

fn encode_outbox(outbox: &[NewRecord]) -> Result<Vec<String>, WriteError> {
    let mut records = Vec::with_capacity(outbox.len());
    for record in outbox {
        if MAX_RECORD_BYTES < record.bytes() {
            // The broker would refuse it for ever, and with it everything behind.
            return Err(WriteError::TooLarge { bytes: record.bytes() });
        }
        let record = serde_json::to_string(record)
            .map_err(|source| StoreError::Encode { collection: "outbox", source })?;
        records.push(record);
    }
    Ok(records)
}

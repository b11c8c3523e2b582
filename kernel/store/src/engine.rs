//! What a store is built on, and the narrow waist between both.
//!
//! Collections speak JSON text and outboxes JSON records here; how either is kept is the engines'
//! affair. One place dispatches, so that an operation is the same everywhere or nowhere.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{StoreError, WriteError};
use crate::mongo::{self, Mongo};
use crate::progress::Progress;
use crate::query::{Filter, Find};
use crate::spec::CollectionSpec;
use crate::sqlite::Sqlite;

/// Events published by one call at most.
pub(crate) const BATCH: usize = 256;
/// Bytes of JSON after which a call takes no further event.
pub(crate) const BATCH_BYTES: usize = 4_000_000;

/// A document as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) version: u64,
    /// JSON.
    pub(crate) body: String,
}

/// A write of one document with the events that it causes.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) spec: &'static CollectionSpec,
    pub(crate) id: String,
    pub(crate) act: Act,
    /// Records as JSON.
    pub(crate) outbox: Vec<String>,
}

/// What is done to the document. Bodies are JSON.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Insert { body: String },
    Replace { expected: u64, body: String },
    Put { body: String },
    Delete { expected: Option<u64> },
}

/// Events that wait, oldest first, and by what the engine knows them again.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Records as JSON.
    pub(crate) records: Vec<String>,
    pub(crate) mark: Mark,
    /// Whether there may be others that wait.
    pub(crate) more: bool,
}

/// Which events have been published.
#[derive(Debug)]
pub(crate) enum Mark {
    /// Everything up to this number.
    UpTo(u64),
    /// What these documents held.
    Held(mongo::Held),
}

/// The driver's futures are large and boxed here: what awaits a store, and in the end every request,
/// would be as large.
#[derive(Clone)]
pub(crate) enum Engine {
    Sqlite(Arc<Sqlite>),
    Mongo(Arc<Mongo>),
}

impl Engine {
    pub(crate) fn progress(&self) -> &Arc<Progress> {
        match self {
            Engine::Sqlite(sqlite) => &sqlite.progress,
            Engine::Mongo(mongo) => mongo.progress(),
        }
    }

    pub(crate) fn collections(&self) -> &[&'static CollectionSpec] {
        match self {
            Engine::Sqlite(sqlite) => &sqlite.collections,
            Engine::Mongo(mongo) => mongo.specs(),
        }
    }

    pub(crate) async fn get(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
    ) -> Result<Option<Row>, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.get(spec, id).await,
            Engine::Mongo(mongo) => Box::pin(mongo.get(spec, id)).await,
        }
    }

    pub(crate) async fn find(
        &self,
        spec: &'static CollectionSpec,
        find: &Find,
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.find(spec, find).await,
            Engine::Mongo(mongo) => Box::pin(mongo.find(spec, find)).await,
        }
    }

    pub(crate) async fn count(
        &self,
        spec: &'static CollectionSpec,
        filters: &[Filter],
    ) -> Result<u64, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.count(spec, filters).await,
            Engine::Mongo(mongo) => Box::pin(mongo.count(spec, filters)).await,
        }
    }

    /// Answers the version that the document has then; for a deletion 1 when there was something to
    /// delete, else 0.
    pub(crate) async fn write(&self, write: Write) -> Result<u64, WriteError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.write(write.into()).await,
            Engine::Mongo(mongo) => Box::pin(mongo.write(write)).await,
        }
    }

    /// Insertions in this order, up to the first that is refused.
    pub(crate) async fn insert_all(&self, inserts: Vec<Write>) -> Result<(), WriteError> {
        match self {
            Engine::Sqlite(sqlite) => {
                let ops = inserts.into_iter().flat_map(Vec::from).collect();
                sqlite.write(ops).await.map(|_| ())
            }
            Engine::Mongo(mongo) => Box::pin(mongo.insert_all(inserts)).await,
        }
    }

    /// Documents as they stand in another store, in place of those with their ids.
    pub(crate) async fn restore(
        &self,
        spec: &'static CollectionSpec,
        rows: Vec<Row>,
    ) -> Result<(), WriteError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.restore(spec, rows).await,
            Engine::Mongo(mongo) => Box::pin(mongo.restore(spec, rows)).await,
        }
    }

    /// All events that wait, in their order.
    pub(crate) async fn events(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.events().await,
            Engine::Mongo(mongo) => Box::pin(mongo.events()).await,
        }
    }

    /// Events of another store, behind those that wait.
    pub(crate) async fn restore_events(&self, events: Vec<String>) -> Result<(), WriteError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.restore_events(events).await,
            Engine::Mongo(mongo) => Box::pin(mongo.restore_events(events)).await,
        }
    }

    /// The events to publish next.
    pub(crate) async fn waiting(&self) -> Result<Waiting, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.waiting().await,
            Engine::Mongo(mongo) => Box::pin(mongo.waiting()).await,
        }
    }

    /// Takes what has been published out of the outbox.
    pub(crate) async fn published(&self, mark: Mark) -> Result<(), WriteError> {
        match (self, mark) {
            (Engine::Sqlite(sqlite), Mark::UpTo(last)) => sqlite.published(last).await,
            (Engine::Mongo(mongo), Mark::Held(held)) => {
                Box::pin(mongo.published(held)).await.map_err(WriteError::Store)
            }
            // A mark is given back to whom it came from.
            (Engine::Sqlite(_), Mark::Held(_)) | (Engine::Mongo(_), Mark::UpTo(_)) => Ok(()),
        }
    }

    /// Whether every event saved before the moment is known to have been published by
    /// whomever else relays.
    pub(crate) async fn settled(&self, moment: (i64, u64)) -> Result<bool, StoreError> {
        match self {
            Engine::Sqlite(_) => Ok(false),
            Engine::Mongo(mongo) => Box::pin(mongo.nothing_waits_since(moment.0, moment.1)).await,
        }
    }

    /// Now, for [`Engine::settled`].
    pub(crate) fn moment(&self) -> (i64, u64) {
        match self {
            Engine::Sqlite(_) => (0, 0),
            Engine::Mongo(mongo) => mongo.moment(),
        }
    }

    /// How often to look for events that others have saved; `None` when nobody else can.
    pub(crate) fn look_every(&self) -> Option<Duration> {
        match self {
            Engine::Sqlite(_) => None,
            Engine::Mongo(mongo) => Some(mongo.look_every()),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Mongo(mongo) => Box::pin(mongo.close()).await,
        }
    }
}

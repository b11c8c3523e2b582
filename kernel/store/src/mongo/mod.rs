//! A database of a `MongoDB`.
//!
//! Every document of ours looks like this, and every write changes one of them:
//!
//! | field | what it is |
//! | --- | --- |
//! | `_id`, `id` | the document's id, twice: `id` ends the compound indexes, which one server cannot end with `_id` |
//! | `version` | Int64: 1 after the insert, one more with each write |
//! | `body` | the document, see [`body`] |
//! | `unique` | by unique index, the JSON text of its fields' values; only where none of them is null |
//! | `write` | Int64: the id of the newest write, which never comes again |
//! | `written` | Int64: the ids of the newest [`REMEMBERED`] writes, newest last |
//! | `outbox` | events to publish, by [`entry`](outbox::Entry), as JSON text |
//! | `outbox_bytes` | Int64: bytes of the outbox, or more |
//! | `pending` | Int64: since when events wait (a [`Stamps`]), absent when there are none |
//!
//! An update names the version that it follows, `put` included (which knows it from its last write
//! or reads it first): the same update sent twice, or arriving late, changes nothing the second
//! time. After a connection broke, or a time-out, nobody knows whether a write was done; so each
//! write has an id of its own that it leaves in `written`, and whoever finds another version than
//! expected looks for that id before it says that somebody else was there. With that, repetitions
//! are harmless, and no answer is wrong; without an answer within the time limit the error says
//! that the outcome is not known.
//!
//! Uniqueness is over texts in `unique`, in sparse indexes: a partial unique index would need no
//! copy of the values, but is not to be had from every server, and this means the same on all.

mod body;
mod documents;
mod fault;
mod indexes;
mod ledger;
mod open;
mod outbox;
mod read;
mod restore;
mod settings;
mod write;

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chiron_clock::{Clock, Ids, Tasks};
use mongodb::bson::{Document, RawDocumentBuf};
use mongodb::{Client, Collection, Database};
use tokio::time::Instant;

use crate::error::StoreError;
use crate::progress::Progress;
use crate::spec::CollectionSpec;
use ledger::Ledger;
pub(crate) use outbox::Held;
pub use settings::{MongoSettings, MongoUri};

/// Stands before the names of the indexes over the texts in `unique`.
const UNIQUE_PREFIX: &str = "chiron_u_";
/// Stands before the names of the indexes over fields.
const FIELDS_PREFIX: &str = "chiron_f_";
/// The index by which the relay finds what waits.
const PENDING_INDEX: &str = "chiron_pending";
/// The collection that says whose database it is, and what has been indexed.
const MARKER: &str = "chiron";
/// The collection of events whose document has been deleted.
const ORPHANS: &str = "chiron_outbox";
/// Writes of a document that are remembered by their ids.
const REMEMBERED: i32 = 8;
/// Bytes of events that may wait in one document. Together with the largest body they stay below
/// the 16 MiB that a server allows.
const OUTBOX_BYTES: usize = 7_000_000;
/// Bytes of BSON of the largest document, its outbox apart. A document of many small numbers is
/// larger in BSON than in JSON.
const BODY_BYTES: usize = 8_000_000;

/// One context's database.
pub(crate) struct Mongo {
    client: Client,
    database: Database,
    collections: Vec<&'static CollectionSpec>,
    limit: Duration,
    look_every: Duration,
    stamps: Stamps,
    writes: WriteIds,
    ledger: Ledger,
    versions: documents::Versions,
    /// Writes that nobody awaits any more.
    tasks: Tasks,
    closed: AtomicBool,
}

impl Mongo {
    pub(crate) fn progress(&self) -> &Arc<Progress> {
        self.ledger.progress()
    }

    pub(crate) fn specs(&self) -> &[&'static CollectionSpec] {
        &self.collections
    }

    pub(crate) fn look_every(&self) -> Duration {
        self.look_every
    }

    /// Finishes the writes that have been accepted, and takes no more.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.tasks.join().await;
        self.client.clone().shutdown().immediate(true).await;
    }

    fn open(&self) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn documents(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    fn raw(&self, name: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(name)
    }

    /// When an operation that begins now is given up.
    fn deadline(&self) -> Deadline {
        Deadline { limit: self.limit, at: Instant::now() + self.limit }
    }

    /// The answer, or that there was none before the deadline.
    async fn within<T>(
        &self,
        deadline: Deadline,
        operation: impl IntoFuture<Output = Result<T, mongodb::error::Error>>,
    ) -> Result<Result<T, mongodb::error::Error>, StoreError> {
        let answer = tokio::time::timeout_at(deadline.at, operation.into_future()).await;
        let noted = match &answer {
            Ok(Ok(_)) => None,
            Ok(Err(error)) if !fault::passes(error) => None,
            _ => Some(chiron_broker::Trouble::Unreachable),
        };
        self.progress().trouble.send_if_modified(|trouble| {
            let changed = *trouble != noted;
            *trouble = noted;
            changed
        });
        answer.map_err(|_| deadline.passed())
    }

    /// The same, of an operation all of whose errors mean that it was not done.
    async fn ask<T>(
        &self,
        deadline: Deadline,
        operation: impl IntoFuture<Output = Result<T, mongodb::error::Error>>,
    ) -> Result<T, StoreError> {
        self.within(deadline, operation).await?.map_err(fault::told)
    }
}

/// Until when an operation may take.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    limit: Duration,
    at: Instant,
}

impl Deadline {
    fn passed(self) -> StoreError {
        metrics::counter!("chiron_store_errors_total", "kind" => "timed_out").increment(1);
        let limit_ms = u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX);
        StoreError::TimedOut { limit_ms }
    }

    /// Waits a little before another try; `false` when there is no time for one.
    async fn another_try(self, attempt: u32) -> bool {
        let wait = Duration::from_millis(20_u64 << attempt.min(5));
        if self.at <= Instant::now() + wait {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

/// Points in time that put events in an order: microseconds, and later than any given before by
/// this store, so that the order of one process does not hang on the machine's clock.
#[derive(Debug)]
struct Stamps {
    clock: Clock,
    last: AtomicI64,
}

impl Stamps {
    fn after(last: i64) -> Self {
        Self { clock: Clock::system(), last: AtomicI64::new(last) }
    }

    fn next(&self) -> i64 {
        let now = self.clock.now().as_microsecond();
        let given = |last: i64| now.max(last.saturating_add(1));
        // Cannot fail: the closure always gives a number.
        let last = self
            .last
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(given(last)))
            .unwrap_or_else(|last| last);
        given(last)
    }

    fn continue_after(&self, last: i64) {
        self.last.fetch_max(last, Ordering::AcqRel);
    }
}

/// Ids of writes, unlike those of every other process: they begin anywhere among 2⁶³.
#[derive(Debug)]
struct WriteIds(AtomicI64);

impl WriteIds {
    fn new() -> Self {
        let (random, _) = Ids::random().next().as_u64_pair();
        // Half of the range is left to count in.
        Self(AtomicI64::new(i64::try_from(random >> 2).unwrap_or(0)))
    }

    fn next(&self) -> i64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_only_grow() {
        let stamps = Stamps::after(i64::MAX - 10);
        let first = stamps.next();
        assert_eq!(first, i64::MAX - 9);
        assert_eq!(stamps.next(), i64::MAX - 8);
        let now = Stamps::after(0);
        assert!(now.next() < now.next());
    }
}

//! What the engine keeps: a numbered log of changes, and snapshots beside it.
//!
//! The log is the truth and the graph in memory is its fold. A change is stored under its number,
//! together with the notifications that it causes, so a second writer with the same number
//! collides. Numbers never start again: a snapshot remembers the number up to which it reaches, so
//! changes before it may go. A snapshot is several documents; its head is written last, so one
//! that was cut short is never read, and goes with the next.

use chiron_broker::NewRecord;
use chiron_clock::Shutdown;
use chiron_store::{Collection, CollectionSpec, Find, ID, Store, StoreError, WriteError};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;
use twin_engine_domain::graph::{self, Change, Graph, MalformedRecord};

/// The log. Ids are [`number_id`].
pub(crate) static CHANGES: CollectionSpec = CollectionSpec { name: "changes", indexes: &[] };
/// One document per snapshot, whose presence and `complete` say that all its pieces are there.
pub(crate) static SNAPSHOTS: CollectionSpec = CollectionSpec { name: "snapshots", indexes: &[] };
/// The pieces of snapshots.
pub(crate) static PIECES: CollectionSpec = CollectionSpec { name: "snapshot_pieces", indexes: &[] };

/// Changes read, and documents deleted, at a time.
const PAGE: usize = 500;

/// A change and its place in the log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredChange {
    pub(crate) number: u64,
    pub(crate) change: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotHead {
    number: u64,
    pieces: usize,
    complete: bool,
}

/// Why the engine's state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store does not answer.
    #[error("could not read the log of changes")]
    Store(#[from] StoreError),
    /// A change that must be there is missing: the log was damaged.
    #[error("change {expected} is missing from the log; the next one there is {found}")]
    Gap {
        /// The number that should follow.
        expected: u64,
        /// The number that follows.
        found: u64,
    },
    /// A piece of a complete snapshot is missing: the store was damaged.
    #[error("piece {piece} of snapshot {number} is missing")]
    NoPiece {
        /// The snapshot.
        number: u64,
        /// The piece, from 0.
        piece: usize,
    },
    /// A stored change or snapshot has a form that this release does not know.
    #[error("change or snapshot {number} cannot be read")]
    Malformed {
        /// Its number.
        number: u64,
        /// What is wrong.
        source: MalformedRecord,
    },
}

/// Why a snapshot was not kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    /// The store refuses it.
    #[error("the store refuses it")]
    Write(#[from] WriteError),
    /// The store does not answer.
    #[error("the store does not answer")]
    Store(#[from] StoreError),
    /// It could not be written out.
    #[error("it could not be written out")]
    Content(#[from] tokio::task::JoinError),
}

/// The id of a change: text order is the order of numbers.
pub(crate) fn number_id(number: u64) -> String {
    format!("{number:016}")
}

fn piece_id(number: u64, piece: usize) -> String {
    format!("{number:016}-{piece:06}")
}

/// The engine's part of the store.
#[derive(Clone)]
pub(crate) struct Journal {
    store: Store,
    changes: Collection<StoredChange>,
    snapshots: Collection<SnapshotHead>,
    pieces: Collection<Value>,
}

/// The state as it was kept.
pub(crate) struct Loaded {
    pub(crate) graph: Graph,
    /// Number of the last change in it; 0 for none.
    pub(crate) number: u64,
    /// Number up to which a snapshot reaches; 0 for none.
    pub(crate) snapshot: u64,
}

/// A snapshot to be kept.
pub(crate) struct Snapshot {
    pub(crate) number: u64,
    pub(crate) content: graph::Snapshot,
}

impl Journal {
    pub(crate) fn new(store: Store) -> Journal {
        Journal {
            changes: store.collection(&CHANGES),
            snapshots: store.collection(&SNAPSHOTS),
            pieces: store.collection(&PIECES),
            store,
        }
    }

    /// Appends changes, in order and with one commit.
    pub(crate) async fn append(
        &self,
        changes: Vec<(StoredChange, Vec<NewRecord>)>,
    ) -> Result<(), WriteError> {
        let documents = changes
            .into_iter()
            .map(|(change, outbox)| (number_id(change.number), change, outbox))
            .collect();
        self.changes.insert_all(documents).await
    }

    /// The newest snapshot and every change after it.
    pub(crate) async fn load(&self) -> Result<Loaded, LoadError> {
        let (mut graph, snapshot) = self.newest_snapshot().await?;
        let mut number = snapshot;
        loop {
            let query = Find::all()
                .filter(chiron_store::after(ID, number_id(number)))
                .ascending(ID)
                .limit(PAGE);
            let page = self.changes.find(&query).await?;
            if page.is_empty() {
                return Ok(Loaded { graph, number, snapshot });
            }
            for stored in page {
                let StoredChange { number: found, change } = stored.document;
                let expected = number + 1;
                if found != expected {
                    return Err(LoadError::Gap { expected, found });
                }
                let change = Change::from_json(&change)
                    .map_err(|source| LoadError::Malformed { number: found, source })?;
                graph.apply(&change);
                number = found;
            }
        }
    }

    async fn newest_snapshot(&self) -> Result<(Graph, u64), LoadError> {
        let heads = self.snapshots.find(&Find::all().descending(ID)).await?;
        let Some(head) = heads.into_iter().map(|head| head.document).find(|head| head.complete)
        else {
            return Ok((Graph::new(), 0));
        };
        let number = head.number;
        let mut pieces = Vec::with_capacity(head.pieces);
        for piece in 0..head.pieces {
            match self.pieces.get(&piece_id(number, piece)).await? {
                Some(found) => pieces.push(found.document),
                None => return Err(LoadError::NoPiece { number, piece }),
            }
        }
        let graph =
            Graph::from_chunks(pieces).map_err(|source| LoadError::Malformed { number, source })?;
        Ok((graph, number))
    }

    /// Keeps each snapshot that comes, and removes what it makes superfluous. A failure costs a
    /// longer log and nothing else, so it is told and the next snapshot tries again. Ends with its
    /// sender, or when a shutdown is requested.
    pub(crate) async fn keep(self, mut snapshots: mpsc::Receiver<Snapshot>, shutdown: Shutdown) {
        loop {
            let snapshot = tokio::select! {
                snapshot = snapshots.recv() => snapshot,
                () = shutdown.requested() => None,
            };
            let Some(snapshot) = snapshot else { return };
            let number = snapshot.number;
            let kept = tokio::select! {
                kept = self.keep_one(snapshot) => kept,
                () = shutdown.requested() => return,
            };
            match kept {
                Ok(()) => tracing::info!(number, "snapshot kept"),
                Err(error) => {
                    metrics::counter!("chiron_twin_engine_snapshot_failures_total").increment(1);
                    tracing::error!(number, error = %chiron_chassis::chain(&error), "snapshot failed");
                }
            }
        }
    }

    async fn keep_one(&self, snapshot: Snapshot) -> Result<(), KeepError> {
        let Snapshot { number, content } = snapshot;
        let pieces = tokio::task::spawn_blocking(move || content.to_chunks()).await?;
        let count = pieces.len();
        let id = number_id(number);
        let head = |complete| SnapshotHead { number, pieces: count, complete };
        self.snapshots.put(&id, &head(false), Vec::new()).await?;
        for (piece, content) in pieces.iter().enumerate() {
            self.pieces.put(&piece_id(number, piece), content, Vec::new()).await?;
        }
        self.snapshots.put(&id, &head(true), Vec::new()).await?;

        let older = self.snapshots.find(&Find::all().before(ID, id.as_str())).await?;
        for head in older {
            // Pieces first: a head without pieces is found again, pieces without a head are not.
            let SnapshotHead { number, pieces, .. } = head.document;
            let ids: Vec<String> = (0..pieces).map(|piece| piece_id(number, piece)).collect();
            try_join_all(ids.iter().map(|id| self.pieces.delete(id, None))).await?;
            self.snapshots.delete(&head.id, None).await?;
        }

        // A change goes only when what it tells the world has been told.
        self.store.relayed().await;
        loop {
            let query = Find::all().at_most(ID, id.as_str()).ascending(ID).limit(PAGE);
            let page = self.changes.find(&query).await?;
            if page.is_empty() {
                return Ok(());
            }
            // Together, so that they share commits.
            try_join_all(page.iter().map(|change| self.changes.delete(&change.id, None))).await?;
        }
    }
}

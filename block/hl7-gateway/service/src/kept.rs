//! Messages and what became of them, kept over a restart; and which patients are one since a merge.
//!
//! Of a message that was accepted the answer is kept, so that it can be given again, and no
//! content. One that was not accepted is kept as it came, with the reason, until somebody has seen
//! to it or its time is over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Cursor, Filter, Find, Index, Store, StoreError, Versioned,
    WriteError, any_of, at_least, at_most, before, eq,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Keep;

const RECEIVED: &str = "receivedAt";
const STATE: &str = "state";

/// One document per message: sender and control id.
pub(crate) static MESSAGES: CollectionSpec = CollectionSpec {
    name: "messages",
    indexes: &[
        Index { name: "received", fields: &[RECEIVED], unique: false },
        Index { name: "states", fields: &[STATE, RECEIVED], unique: false },
    ],
};
/// Patients of the block who were merged into another, by the id that is not used any more.
pub(crate) static MERGES: CollectionSpec = CollectionSpec {
    name: "merges",
    indexes: &[Index { name: "into", fields: &["into"], unique: false }],
};

/// Messages between two looks at what is over.
const TIDY_EVERY: u32 = 256;
/// Messages that one look removes at most.
const TIDY_AT_ONCE: usize = 1_000;
/// Ids of one patient that are looked at, at most.
const MOST_IDS: usize = 32;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum State {
    /// Done (AA).
    Accepted,
    /// Its content is wrong (AE).
    Refused,
    /// It is none that is taken (AR).
    Rejected,
    /// It could not be done then (AR); the sender sends it again.
    Failed,
}

impl State {
    pub(crate) const BAD: [Self; 3] = [Self::Refused, Self::Rejected, Self::Failed];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Refused => "REFUSED",
            Self::Rejected => "REJECTED",
            Self::Failed => "FAILED",
        }
    }
}

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    /// When it came last.
    #[serde(with = "instant::text")]
    pub(crate) received_at: Timestamp,
    pub(crate) state: State,
    /// How often it came.
    pub(crate) times: u32,
    pub(crate) control_id: String,
    pub(crate) application: String,
    pub(crate) facility: String,
    /// `ADT^A01`.
    pub(crate) kind: String,
    pub(crate) peer: String,
    pub(crate) reasons: Vec<Reason>,
    /// Of everything in it but the time of sending.
    pub(crate) digest: String,
    /// What it is answered with, each time.
    pub(crate) answer: String,
    pub(crate) character_set: String,
    /// As it came; `None` when it was accepted.
    pub(crate) text: Option<String>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
    /// When somebody had it done again.
    #[serde(with = "instant::option")]
    pub(crate) replayed_at: Option<Timestamp>,
}

/// Why a message was not accepted, or what of it was left out. Quotes no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    /// Such as `PID-3`; empty when no field is to blame.
    pub(crate) place: String,
    /// HL7 table 0357.
    pub(crate) code: String,
    pub(crate) detail: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Merged {
    into: String,
}

/// A document could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Which messages are asked for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) state: Option<State>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) limit: usize,
    pub(crate) after: Option<Cursor>,
}

/// A page of messages, the newest first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Versioned<Kept>>,
    pub(crate) total: u64,
    pub(crate) next: Option<Cursor>,
}

/// The store. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Keeping {
    messages: Collection<Kept>,
    merges: Collection<Merged>,
    keep: Keep,
    since_tidy: Arc<AtomicU32>,
}

impl Keeping {
    pub(crate) fn new(store: &Store, keep: Keep) -> Self {
        Self {
            messages: store.collection(&MESSAGES),
            merges: store.collection(&MERGES),
            keep,
            since_tidy: Arc::default(),
        }
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Option<Kept>, KeptError> {
        Ok(self.messages.get(id).await?.map(|found| found.document))
    }

    /// Keeps a message; durable when this answers.
    pub(crate) async fn put(&self, id: &str, kept: &Kept) -> Result<(), KeptError> {
        self.messages.put(id, kept, Vec::new()).await?;
        if TIDY_EVERY <= self.since_tidy.fetch_add(1, Ordering::Relaxed) {
            self.since_tidy.store(0, Ordering::Relaxed);
            self.tidy(kept.received_at).await?;
        }
        Ok(())
    }

    /// Forgets what is over, and the oldest of too many that were not accepted.
    async fn tidy(&self, now: Timestamp) -> Result<(), KeptError> {
        let over = now.saturating_sub(self.keep.time).unwrap_or(Timestamp::MIN);
        let over = before(RECEIVED, instant::write(over));
        let mut gone = self
            .messages
            .find(&Find::all().filter(over).ascending(RECEIVED).limit(TIDY_AT_ONCE))
            .await?;
        let bad = || any_of(STATE, State::BAD.map(State::word));
        let kept = self.messages.count(&[bad()]).await?;
        let many = usize::try_from(kept).unwrap_or(usize::MAX).saturating_sub(self.keep.bad);
        if 0 < many {
            let oldest = Find::all().filter(bad()).ascending(RECEIVED);
            gone.extend(self.messages.find(&oldest.limit(many.min(TIDY_AT_ONCE))).await?);
        }
        for message in gone {
            // One that came again meanwhile stays.
            match self.messages.delete(&message.id, Some(message.version)).await {
                Ok(_) | Err(WriteError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(crate) async fn page(&self, wanted: Wanted) -> Result<Page, KeptError> {
        let mut filters: Vec<Filter> = Vec::new();
        filters.extend(wanted.state.map(|state| eq(STATE, state.word())));
        filters.extend(wanted.from.map(|from| at_least(RECEIVED, instant::write(from))));
        filters.extend(wanted.to.map(|to| at_most(RECEIVED, instant::write(to))));
        let total = self.messages.count(&filters).await?;
        let mut find = Find::all().descending(RECEIVED);
        find.filters = filters;
        let find = find.after(wanted.after).limit(wanted.limit.saturating_add(1));
        let mut messages = self.messages.find(&find).await?;
        let more = wanted.limit < messages.len();
        messages.truncate(wanted.limit);
        let next = match messages.last() {
            Some(last) if more => Some(find.cursor(last)?),
            _ => None,
        };
        Ok(Page { messages, total, next })
    }

    /// Two ids of the block are one patient from now on. Safe to repeat.
    pub(crate) async fn merged(&self, retired: &str, into: &str) -> Result<(), KeptError> {
        let merged = Merged { into: into.to_owned() };
        self.merges.put(retired, &merged, Vec::new()).await?;
        Ok(())
    }

    /// All ids of a patient, the one asked for first.
    pub(crate) async fn ids(&self, patient: &str) -> Result<Vec<String>, KeptError> {
        let mut ids = vec![patient.to_owned()];
        let mut seen = BTreeSet::from([patient.to_owned()]);
        let mut next = 0;
        while let Some(id) = ids.get(next).cloned() {
            next += 1;
            let into = self.merges.get(&id).await?.map(|found| found.document.into);
            let from = self.merges.find(&Find::all().eq("into", id).limit(MOST_IDS)).await?;
            for other in into.into_iter().chain(from.into_iter().map(|found| found.id)) {
                if ids.len() < MOST_IDS && seen.insert(other.clone()) {
                    ids.push(other);
                }
            }
        }
        Ok(ids)
    }
}

//! The chain's one owner: appends entries, many with one commit, and finds them again.
//!
//! There is no task that writes. Whoever records puts its event into the queue and then waits for
//! its turn to write; whoever gets the turn writes all that waits. A slow disk makes groups larger
//! instead of the queue longer. Should two owners ever write (one that lost its lease and does not
//! know it), the ids of their entries collide and the loser reads on from what is there.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chiron_broker::{Broker, Durability, NewRecord, PublishError};
use chiron_clock::{Activity, Clock, Shutdown, instant};
use chiron_store::{
    Collection, CollectionSpec, Filter, Find, ID, Index, OpenError, Store, StoreError, WriteError,
    at_least, at_most, eq,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};

use crate::audit::entry::{Entry, Event, FIRST_PREVIOUS};
use crate::chain;
use crate::metrics;

/// The topic to which the chain's newest hash is published.
pub const HEADS: &str = "audit-heads";
/// The event key of a head.
const HEAD_KEY: &str = "AUDIT_HEAD";
/// Who publishes heads, and the aggregate of all: they stay in order.
const SOURCE: &str = "audit";

/// Entries of one commit at most.
const GROUP: usize = 256;
/// How often a group is tried when another owner keeps being faster.
const TRIES: u32 = 64;

/// Ids by which one entry can be found, at most.
pub(super) const MOST_SUBJECTS: usize = 4;
/// The fields that hold them.
const SLOTS: [&str; MOST_SUBJECTS] = ["about.first", "about.second", "about.third", "about.fourth"];

pub(super) const ROWS: CollectionSpec = CollectionSpec {
    name: "entries",
    indexes: &[
        Index { name: "actor", fields: &["entry.actor.id"], unique: false },
        Index { name: "time", fields: &["entry.time"], unique: false },
        Index { name: "first", fields: &["about.first"], unique: false },
        Index { name: "second", fields: &["about.second"], unique: false },
        Index { name: "third", fields: &["about.third"], unique: false },
        Index { name: "fourth", fields: &["about.fourth"], unique: false },
    ],
};

/// The collections of the trail's store.
pub const COLLECTIONS: &[&CollectionSpec] = &[&ROWS];

/// An entry as it is kept, under [`row_id`].
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    entry: Entry,
    about: About,
}

/// The ids that an entry is about, each once, where an index finds them: a list has none. They
/// follow from the entry, and whoever proves the chain proves that they do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    first: Option<String>,
    second: Option<String>,
    third: Option<String>,
    fourth: Option<String>,
}

impl About {
    pub(super) fn of(event: &Event) -> Self {
        let ids: BTreeSet<&String> = event.subjects.values().collect();
        let mut ids = ids.into_iter().cloned();
        Self { first: ids.next(), second: ids.next(), third: ids.next(), fourth: ids.next() }
    }
}

/// The id of a kept entry, whose order is that of the chain.
pub(super) fn row_id(seq: u64) -> String {
    format!("{seq:016}")
}

/// A head as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadV1 {
    /// The newest entry's place.
    pub seq: u64,
    /// The newest entry's hash.
    pub hash: String,
    /// The newest entry's time.
    #[serde(with = "instant::text")]
    pub date_time: Timestamp,
}

/// Why something was not recorded. Nothing of it is in the chain, or nobody can say.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The end of the chain cannot be read.
    #[error("the audit trail cannot be read")]
    Read(#[source] Arc<StoreError>),
    /// The entry cannot be written.
    #[error("the audit trail cannot be written")]
    Write(#[source] Arc<WriteError>),
    /// Whoever was writing it went away.
    #[error("the writing of the audit trail was interrupted")]
    Interrupted,
}

/// The audit trail. Cheap to clone; all clones append to one chain.
#[derive(Clone)]
pub struct Audit(Arc<Trail>);

struct Trail {
    store: Store,
    entries: Collection<Kept>,
    clock: Clock,
    waiting: Mutex<VecDeque<Waiting>>,
    /// Held by who writes; `None` when it must be read first.
    end: tokio::sync::Mutex<Option<End>>,
    /// Where the chain ends, for who publishes it.
    newest: watch::Sender<End>,
    proxies: Vec<IpAddr>,
    vouch: String,
}

struct Waiting {
    event: Event,
    reply: oneshot::Sender<Result<u64, AuditError>>,
}

/// Where the chain ends.
#[derive(Debug, Clone)]
struct End {
    seq: u64,
    hash: String,
    time: Timestamp,
}

impl End {
    fn beginning() -> Self {
        Self { seq: 0, hash: FIRST_PREVIOUS.to_owned(), time: Timestamp::UNIX_EPOCH }
    }
}

/// What is looked for; everything that is left out counts as all.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Entries of this actor.
    pub actor: Option<String>,
    /// Entries about this id.
    pub subject: Option<String>,
    /// From this instant, inclusive.
    pub from: Option<Timestamp>,
    /// To this instant, inclusive.
    pub to: Option<Timestamp>,
    /// Entries at most.
    pub limit: usize,
    /// Only entries before this place.
    pub before: Option<u64>,
}

/// Entries, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// Those of this page.
    pub entries: Vec<Entry>,
    /// How many there are on all pages.
    pub total: u64,
    /// The place of the last entry, before which the next page begins; `None` on the last page.
    pub next: Option<u64>,
}

impl Audit {
    /// Resolves when the trail's file is found damaged: see [`Store::failed`].
    pub async fn failed(&self) -> StoreError {
        self.0.store.failed().await
    }

    /// Opens the trail in the file at `path`, or begins one.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(path: &Path, durability: Durability, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self::over(Store::open(path, durability, COLLECTIONS)?, clock))
    }

    /// A trail that ends with the process, for tests.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn in_memory(clock: Clock) -> Result<Self, OpenError> {
        Ok(Self::over(Store::in_memory(COLLECTIONS)?, clock))
    }

    /// The trail in a store that was opened with [`COLLECTIONS`].
    #[must_use]
    pub fn over(store: Store, clock: Clock) -> Self {
        Self(Arc::new(Trail {
            entries: store.collection(&ROWS),
            store,
            clock,
            waiting: Mutex::default(),
            end: tokio::sync::Mutex::default(),
            newest: watch::Sender::new(End::beginning()),
            proxies: Vec::new(),
            vouch: String::new(),
        }))
    }

    /// The same, believing what these proxies say of where a request comes from
    /// (`X-Forwarded-For`), and services that show `vouch`. To be called before the trail is
    /// shared.
    #[must_use]
    pub fn trusting(self, proxies: Vec<IpAddr>, vouch: &str) -> Self {
        let vouch = vouch.to_owned();
        match Arc::try_unwrap(self.0) {
            Ok(trail) => Self(Arc::new(Trail { proxies, vouch, ..trail })),
            Err(shared) => Self(shared),
        }
    }

    pub(crate) fn proxies(&self) -> &[IpAddr] {
        &self.0.proxies
    }

    /// What a service of this product shows to be believed about where a request comes from; empty
    /// when nobody is.
    #[must_use]
    pub fn vouch(&self) -> &str {
        &self.0.vouch
    }

    /// Records one event and answers its place, once it is durable (as the trail was opened).
    ///
    /// # Errors
    ///
    /// [`AuditError`]: what the event is about must not be answered, or not be done, then.
    pub async fn record(&self, event: Event) -> Result<u64, AuditError> {
        let (reply, mut answer) = oneshot::channel();
        self.waiting().push_back(Waiting { event, reply });
        let mut end = tokio::select! {
            biased;
            written = &mut answer => return written.unwrap_or(Err(AuditError::Interrupted)),
            turn = self.0.end.lock() => turn,
        };
        loop {
            match answer.try_recv() {
                Ok(written) => return written,
                Err(TryRecvError::Closed) => return Err(AuditError::Interrupted),
                Err(TryRecvError::Empty) => {}
            }
            // Not written yet, so it is still in the queue, and the queue is not empty.
            let group = self.next_group();
            if group.is_empty() {
                return Err(AuditError::Interrupted);
            }
            self.append(&mut end, group).await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_group(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(GROUP);
        waiting.drain(..count).collect()
    }

    /// Writes a group with one commit and answers all of it. While that is under way the end is not
    /// known, so that whoever comes after an interruption reads it.
    async fn append(&self, end: &mut Option<End>, group: Vec<Waiting>) {
        let (events, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.event, waiting.reply)).unzip();
        let mut rest = events.as_slice();
        let mut places = Vec::with_capacity(events.len());
        let mut tries = 0;
        let failed = loop {
            let Some(from) = end.take() else {
                match self.newest().await {
                    Ok(read) => *end = Some(read),
                    Err(err) => break Some(AuditError::Read(Arc::new(err))),
                }
                continue;
            };
            let to = match self.write(&from, rest).await {
                Ok(to) => to,
                Err(err) => break Some(AuditError::Write(Arc::new(err))),
            };
            let written = from.seq + 1..=to.seq;
            rest = rest.get(written.clone().count()..).unwrap_or_default();
            places.extend(written);
            if rest.is_empty() {
                *end = Some(to);
                break None;
            }
            // Another owner was faster: on from where the chain ends now.
            tries += 1;
            if TRIES < tries {
                break Some(AuditError::Write(Arc::new(WriteError::AlreadyExists)));
            }
        };
        if let Some(end) = &*end {
            // Before the replies: whoever sees its entry written sees its head due.
            self.grown(end);
        }
        if !places.is_empty() {
            ::metrics::counter!(metrics::AUDIT_ENTRIES).increment(places.len() as u64);
            ::metrics::counter!(metrics::AUDIT_COMMITS).increment(1);
        }
        if let Some(err) = &failed {
            ::metrics::counter!(metrics::AUDIT_FAILURES).increment(1);
            tracing::error!(error = %chain(err), "THE AUDIT TRAIL CANNOT BE WRITTEN: what would have to be in it is refused");
        }
        let mut places = places.into_iter();
        for reply in replies {
            let unwritten = || failed.clone().unwrap_or(AuditError::Interrupted);
            // Whoever has gone wants no answer; the entry stands.
            let _gone = reply.send(places.next().ok_or_else(unwritten));
        }
    }

    /// Writes entries behind `from` and answers where those of them end that stand: before the
    /// first in whose place another owner has written.
    async fn write(&self, from: &End, events: &[Event]) -> Result<End, WriteError> {
        // A clock that is set back does not bring the chain out of order.
        let time = from.time.max(instant::cut(self.0.clock.now()));
        let mut end = End { time, ..from.clone() };
        let mut ends = Vec::with_capacity(events.len());
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            let about = About::of(event);
            let entry =
                Entry::seal(event.clone(), end.seq + 1, time, end.hash).map_err(unwritable)?;
            end = End { seq: entry.seq, hash: entry.hash.clone(), time };
            ends.push(end.clone());
            rows.push((row_id(entry.seq), Kept { entry, about }, Vec::new()));
        }
        match self.0.entries.insert_all(rows).await {
            Ok(()) => Ok(end),
            Err(WriteError::AlreadyExists) => {
                let mut stands = from.clone();
                for end in ends {
                    let found = self.0.entries.get(&row_id(end.seq)).await?;
                    if found.is_none_or(|found| found.document.entry.hash != end.hash) {
                        break;
                    }
                    stands = end;
                }
                Ok(stands)
            }
            Err(err) => Err(err),
        }
    }

    /// Reads where the chain ends.
    async fn newest(&self) -> Result<End, StoreError> {
        let newest = self.0.entries.find(&Find::all().descending(ID).limit(1)).await?;
        Ok(match newest.into_iter().next() {
            None => End::beginning(),
            Some(row) => {
                let Entry { seq, hash, time, .. } = row.document.entry;
                End { seq, hash, time }
            }
        })
    }

    /// The number of entries.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.0.entries.count(&[]).await
    }

    /// Finds entries, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn find(&self, asked: &Asked) -> Result<Page, StoreError> {
        let mut filters = Vec::new();
        if let Some(actor) = &asked.actor {
            filters.push(eq("entry.actor.id", actor.as_str()));
        }
        if let Some(from) = asked.from {
            filters.push(at_least("entry.time", instant::write(from)));
        }
        if let Some(to) = asked.to {
            filters.push(at_most("entry.time", instant::write(to)));
        }
        // An id stands in one slot of an entry at most, so nothing is found twice.
        let ways: Vec<Vec<Filter>> = match &asked.subject {
            None => vec![filters],
            Some(subject) => SLOTS
                .into_iter()
                .map(|slot| [filters.as_slice(), &[eq(slot, subject.as_str())]].concat())
                .collect(),
        };
        let (mut found, mut total) = (Vec::new(), 0);
        for filters in ways {
            total += self.0.entries.count(&filters).await?;
            let mut find = Find::all().descending(ID).limit(asked.limit + 1);
            find.filters = filters;
            if let Some(seq) = asked.before {
                find = find.before(ID, row_id(seq));
            }
            found.extend(self.0.entries.find(&find).await?);
        }
        let mut entries: Vec<Entry> = found.into_iter().map(|row| row.document.entry).collect();
        entries.sort_by_key(|entry| Reverse(entry.seq));
        let more = asked.limit < entries.len();
        entries.truncate(asked.limit);
        let next = entries.last().filter(|_| more).map(|last| last.seq);
        Ok(Page { entries, total, next })
    }

    /// Publishes where the chain ends whenever it has grown, until the shutdown and then once more.
    /// What is written while one head is being published waits for the next, so that a busy trail
    /// asks no more of the log than it can do. What is not yet published counts as work of
    /// `activity`, except while it waits for another try.
    pub async fn publish(&self, broker: Broker, activity: Activity, shutdown: Shutdown) {
        let heads = Arc::new(Heads::default());
        let (trail, counted) = (self.clone(), Arc::clone(&heads));
        activity.probe(move || u64::from(counted.is_due(trail.0.newest.borrow().seq)));
        match self.newest().await {
            // What a former process did not come to.
            Ok(end) => self.grown(&end),
            Err(err) => tracing::error!(error = %chain(&err), "audit trail cannot be read"),
        }
        let mut newest = self.0.newest.subscribe();
        let mut attempt = 0;
        loop {
            let end = newest.borrow_and_update().clone();
            if end.seq <= heads.published.load(Ordering::Acquire) {
                tokio::select! {
                    biased;
                    // The sender lives as long as this trail.
                    _ = newest.changed() => continue,
                    () = shutdown.requested() => return,
                }
            }
            match publish_head(&broker, &end).await {
                Ok(()) => {
                    attempt = 0;
                    heads.published.store(end.seq, Ordering::Release);
                }
                Err(err) => {
                    tracing::warn!(error = %chain(&err), seq = end.seq, "audit head not published");
                    if shutdown.is_requested() {
                        return;
                    }
                    let wait = activity.back_off(attempt);
                    heads.backing_off.store(true, Ordering::Release);
                    let woken = tokio::select! {
                        work = wait => Some(work),
                        () = shutdown.requested() => None,
                    };
                    heads.backing_off.store(false, Ordering::Release);
                    drop(woken);
                    attempt = attempt.saturating_add(1);
                }
            }
        }
    }

    /// Shows that the chain has grown.
    fn grown(&self, end: &End) {
        self.0.newest.send_if_modified(|newest| {
            let grown = newest.seq < end.seq;
            if grown {
                newest.clone_from(end);
            }
            grown
        });
    }

    /// Finishes what was accepted and closes the file.
    pub async fn close(&self) {
        self.0.store.close().await;
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

/// How far heads have been published.
#[derive(Default)]
struct Heads {
    published: AtomicU64,
    /// Set while another try waits for a timer, since what waits for a timer is not pending.
    backing_off: AtomicBool,
}

impl Heads {
    fn is_due(&self, newest: u64) -> bool {
        self.published.load(Ordering::Acquire) < newest && !self.backing_off.load(Ordering::Acquire)
    }
}

/// Why a head was not published.
#[derive(Debug, thiserror::Error)]
enum HeadError {
    #[error("the head cannot be encoded")]
    Encode(#[from] serde_json::Error),
    #[error("the head cannot be published")]
    Publish(#[from] PublishError),
}

async fn publish_head(broker: &Broker, end: &End) -> Result<(), HeadError> {
    let head = HeadV1 { seq: end.seq, hash: end.hash.clone(), date_time: end.time };
    let id = format!("audit-{}", end.seq);
    let record = NewRecord::cloud_event(HEADS, SOURCE, HEAD_KEY, &head, &id, SOURCE, end.time)?;
    broker.publish(vec![record]).await?;
    Ok(())
}

fn unwritable(source: serde_json::Error) -> WriteError {
    StoreError::Encode { collection: ROWS.name, source }.into()
}

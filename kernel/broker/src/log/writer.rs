//! The thread that writes.
//!
//! All changes go to this one thread. It takes what is waiting, applies it in one transaction of the
//! index, writes the records as one frame of the segment and acknowledges all of it after one fsync:
//! the longer an fsync takes, the more writes share it. The index is not brought to the disk with
//! it: a power cut takes from it what the segment gives back, and consumers' progress, which only
//! brings those records once more, as delivery at least once allows anyway. What neither covers (a
//! group that joins, a rewind, what retention removes) waits for the index's own fsync.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use chiron_clock::Clock;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::disk::Trouble;
use crate::error::StorageError;
use crate::log::fragment::Fragment;
use crate::log::recovery::{note_agreement, put};
use crate::log::retention;
use crate::log::schema::{Opened, int, synchronous};
use crate::log::segment::{Frame, Head, Place, Segments};
use crate::log::state::{Extent, Progress, State};
use crate::log::{Change, Job, Reply, Shared, Step, StepKind};
use crate::settings::{Durability, LogSettings};

/// Bytes of records in one transaction, roughly.
const MAX_COMMIT_BYTES: usize = 8 << 20;

/// How often the writer looks whether something may be removed, by the log's clock …
const RETENTION_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// … and how long it waits for work before it looks, by the machine's.
const IDLE: Duration = Duration::from_secs(15);

/// The one who writes.
pub(crate) struct Writer {
    connection: Connection,
    segments: Segments,
    // After a frame that could neither be completed nor be taken back nothing may be written.
    broken: Option<StorageError>,
    settings: LogSettings,
    clock: Clock,
    // As committed, plus what the transaction under way has done.
    state: State,
    last_at: i64,
    last_retention: Option<Timestamp>,
    // How the connection commits at present.
    synchronous: Durability,
    shared: Arc<Shared>,
}

/// What a transaction has touched, to be shown to others once it is committed.
#[derive(Default)]
struct Touched {
    topics: BTreeSet<String>,
    groups: BTreeSet<String>,
    appended: BTreeMap<String, u64>,
    rewound: bool,
    // By partition: what is to be written before the commit, behind what the frame holds.
    chunks: BTreeMap<i64, Chunk>,
    frame: Frame,
}

/// A chunk to be: records of one partition.
struct Chunk {
    first: u64,
    // The partition's running total up to the chunk's end.
    total: u64,
    records: Fragment,
}

impl Chunk {
    fn lay_out(self, frame: &mut Frame, at: i64) -> Result<(), StorageError> {
        let head = Head {
            topic: self.records.topic,
            partition: self.records.partition,
            first: self.first,
            records: self.records.records,
            at,
            total: self.total,
            layout: 0,
            content: 0,
            crc: 0,
        };
        frame.push(head, self.records.layout, self.records.content)?;
        Ok(())
    }
}

impl Writer {
    pub(crate) fn new(
        opened: Opened,
        settings: LogSettings,
        clock: Clock,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            connection: opened.connection,
            segments: opened.segments,
            broken: None,
            state: opened.state,
            last_at: opened.last_at,
            last_retention: None,
            synchronous: settings.durability,
            settings,
            clock,
            shared,
        }
    }

    /// Writes until nobody is left who could send a job.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let first = match jobs.recv_timeout(IDLE) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut changes = Vec::new();
            let mut replies = Vec::new();
            let mut retain = Vec::new();
            let mut bytes = 0;
            let mut next = first;
            while let Some(job) = next {
                match job {
                    Job::Change(change, reply, permit) => {
                        bytes += change.bytes();
                        changes.push(change);
                        replies.push((reply, permit));
                    }
                    Job::Retain(reply) => retain.push(reply),
                }
                next = match jobs.try_recv() {
                    Ok(job) if bytes < MAX_COMMIT_BYTES => Some(job),
                    Ok(job) => {
                        self.serve(changes, replies);
                        (changes, replies, bytes) = (Vec::new(), Vec::new(), 0);
                        Some(job)
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
                };
            }
            self.serve(changes, replies);
            self.look_after_retention(retain);
        }
        // The next start need not look for what the index lacks, and what is in the WAL goes into
        // the file proper. If either fails there is more to read then, and nothing is lost.
        if let Err(err) = note_agreement(&self.connection, &self.segments) {
            tracing::warn!(error = &err as &dyn std::error::Error, "event log closed unnoted");
        }
        if let Err(err) = self.connection.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())) {
            tracing::warn!(error = %err, "event log closed without a checkpoint");
        }
    }

    fn serve(&mut self, changes: Vec<Change>, replies: Vec<(Reply, OwnedSemaphorePermit)>) {
        if changes.is_empty() {
            return;
        }
        let must_last = changes.iter().any(Change::must_last);
        // A clock that is set back does not bring the log out of order.
        self.last_at = self.last_at.max(self.clock.now().as_millisecond());
        let outcome = self.commit(must_last, |writer, touched| {
            let positions = changes
                .into_iter()
                .map(|change| writer.apply(change, touched))
                .collect::<Result<Vec<_>, _>>()?;
            for (_, chunk) in std::mem::take(&mut touched.chunks) {
                chunk.lay_out(&mut touched.frame, writer.last_at)?;
            }
            writer.store(&touched.frame)?;
            Ok(positions)
        });
        // A receiver that is gone does not want to know.
        match outcome {
            Ok(positions) => {
                for ((reply, _permit), positions) in replies.into_iter().zip(positions) {
                    let _gone = reply.send(Ok(positions));
                }
            }
            Err(err) => {
                let error = &err as &dyn std::error::Error;
                tracing::error!(error, "event log commit failed");
                for (reply, _permit) in replies {
                    let _gone = reply.send(Err(err.clone()));
                }
            }
        }
    }

    /// Does `work` in one transaction and, once that is committed, shows it to everybody.
    fn commit<T>(
        &mut self,
        must_last: bool,
        work: impl FnOnce(&mut Self, &mut Touched) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let begun = Instant::now();
        let mut touched = Touched::default();
        let (number, length) = (self.segments.number(), self.segments.length());
        let outcome = self.transact(must_last, |writer| work(writer, &mut touched));
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
            outcome.as_ref().err().and_then(StorageError::trouble);
        match outcome {
            Ok(value) => {
                self.show(&touched);
                for (topic, count) in touched.appended {
                    metrics::counter!("chiron_broker_published_total", "topic" => topic)
                        .increment(count);
                }
                metrics::histogram!("chiron_broker_commit_seconds")
                    .record(begun.elapsed().as_secs_f64());
                Ok(value)
            }
            Err(err) => {
                // Back to what is committed.
                let committed = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
                self.state = committed.clone();
                drop(committed);
                metrics::counter!("chiron_broker_commit_failures_total").increment(1);
                if let Err(err) = self.segments.take_back(number, length) {
                    self.give_up(StorageError::broken(err.into()));
                } else if err.trouble() == Some(Trouble::Damaged) {
                    self.give_up(err.clone());
                }
                Err(err)
            }
        }
    }

    /// Takes no further writes.
    fn give_up(&mut self, reason: StorageError) {
        let error = &reason as &dyn std::error::Error;
        tracing::error!(error, "the event log takes no further writes");
        self.shared.failed.note(&reason);
        self.broken = Some(reason);
    }

    fn transact<T>(
        &mut self,
        must_last: bool,
        work: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let wanted = if must_last { self.settings.durability } else { Durability::Relaxed };
        if self.synchronous != wanted {
            synchronous(&self.connection, wanted)?;
            self.synchronous = wanted;
        }
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let outcome = work(self).and_then(|value| {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            Ok(value)
        });
        if outcome.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        outcome
    }

    fn show(&self, touched: &Touched) {
        {
            let mut shown = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
            for topic in &touched.topics {
                if let Some(extents) = self.state.topics.get(topic) {
                    shown.topics.insert(topic.clone(), extents.clone());
                }
            }
            for group in &touched.groups {
                match self.state.groups.get(group) {
                    Some(topics) => shown.groups.insert(group.clone(), topics.clone()),
                    None => shown.groups.remove(group),
                };
            }
        }
        let count: u64 = touched.appended.values().sum();
        if 0 < count || touched.rewound {
            self.shared.appended.send_modify(|appended| *appended += count);
        }
    }

    fn apply(&mut self, change: Change, touched: &mut Touched) -> Result<Vec<u64>, StorageError> {
        for topic in &change.topics {
            self.ensure_topic(topic, touched)?;
        }
        let positions = self.append(change.records.into_list(), touched)?;
        for step in &change.steps {
            self.step(step, touched)?;
        }
        for group in &change.forget {
            self.connection
                .prepare_cached("DELETE FROM progress WHERE consumers = ?1")?
                .execute([group])?;
            self.state.groups.remove(group);
            touched.groups.insert(group.clone());
        }
        Ok(positions)
    }

    fn ensure_topic(&mut self, topic: &str, touched: &mut Touched) -> rusqlite::Result<()> {
        if self.state.topics.contains_key(topic) {
            return Ok(());
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO partition (topic, number, low) VALUES (?1, ?2, 0) RETURNING id",
        )?;
        let extents = (0..self.settings.partitions)
            .map(|number| {
                let id = insert.query_row(params![topic, number], |row| row.get(0))?;
                Ok(Extent { id, low: 0, end: 0, bytes: 0 })
            })
            .collect::<rusqlite::Result<Vec<_>>>()?;
        self.state.topics.insert(topic.to_owned(), extents);
        touched.topics.insert(topic.to_owned());
        Ok(())
    }

    /// Answers the offset of each fragment's first record.
    fn append(
        &mut self,
        fragments: Vec<Fragment>,
        touched: &mut Touched,
    ) -> Result<Vec<u64>, StorageError> {
        let mut offsets = Vec::with_capacity(fragments.len());
        for fragment in fragments {
            self.ensure_topic(&fragment.topic, touched)?;
            let index = usize::try_from(fragment.partition).unwrap_or(usize::MAX);
            let extent = self.state.topics.get_mut(&fragment.topic).and_then(|e| e.get_mut(index));
            // Partitions are chosen by the same number that topics are made with.
            let Some(extent) = extent else {
                return Err(rusqlite::Error::InvalidParameterName(fragment.topic).into());
            };
            let (first, records) = (extent.end, u64::from(fragment.records));
            offsets.push(first);
            extent.end += records;
            extent.bytes += fragment.bytes;
            if let Some(count) = touched.appended.get_mut(&fragment.topic) {
                *count += records;
            } else {
                touched.appended.insert(fragment.topic.clone(), records);
                touched.topics.insert(fragment.topic.clone());
            }
            let total = extent.bytes;
            match touched.chunks.entry(extent.id) {
                Entry::Vacant(none) => {
                    none.insert(Chunk { first, total, records: fragment });
                }
                Entry::Occupied(mut chunk) if chunk.get().records.is_full() => {
                    let full = chunk.insert(Chunk { first, total, records: fragment });
                    full.lay_out(&mut touched.frame, self.last_at)?;
                }
                Entry::Occupied(mut chunk) => {
                    chunk.get_mut().records.append(&fragment);
                    chunk.get_mut().total = total;
                }
            }
        }
        Ok(offsets)
    }

    /// Writes the frame and tells the index where its chunks lie.
    fn store(&mut self, frame: &Frame) -> Result<(), StorageError> {
        if frame.heads().is_empty() {
            return Ok(());
        }
        let places = self.segments.append(frame)?;
        self.index(frame.heads(), &places)?;
        Ok(())
    }

    fn index(&self, heads: &[Head], places: &[Place]) -> rusqlite::Result<()> {
        let mut live = 0;
        for (head, place) in heads.iter().zip(places) {
            let Some(extent) = self.state.extent(&head.topic, head.partition) else { continue };
            put(&self.connection, extent.id, head, *place)?;
            live += i64::from(head.layout) + i64::from(head.content);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO segment (number, length, live) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET length = excluded.length, live = live + excluded.live",
            )?
            .execute(params![int(self.segments.number()), int(self.segments.length()), live])?;
        Ok(())
    }

    fn step(&mut self, step: &Step, touched: &mut Touched) -> rusqlite::Result<()> {
        self.ensure_topic(&step.topic, touched)?;
        let Some(extents) = self.state.topics.get(&step.topic) else { return Ok(()) };
        let topics = self.state.groups.entry(step.group.clone()).or_default();
        touched.groups.insert(step.group.clone());
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO progress (consumers, partition, next) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET next = excluded.next",
        )?;
        if !topics.contains_key(&step.topic) {
            // Whoever steps has joined. A new group begins at the oldest record.
            let mut joined = Vec::with_capacity(extents.len());
            for extent in extents {
                upsert.execute(params![step.group, extent.id, int(extent.low)])?;
                joined.push(Progress { next: extent.low, epoch: 0 });
            }
            topics.insert(step.topic.clone(), joined);
        }
        let (partition, next, epoch) = match step.kind {
            StepKind::Join => return Ok(()),
            StepKind::Advance { partition, next, epoch } => (partition, next, Some(epoch)),
            StepKind::Rewind { partition, next } => (partition, next, None),
        };
        let index = usize::try_from(partition).unwrap_or(usize::MAX);
        let progress = topics.get_mut(&step.topic).and_then(|progress| progress.get_mut(index));
        let (Some(progress), Some(extent)) = (progress, extents.get(index)) else { return Ok(()) };
        match epoch {
            Some(epoch) if epoch != progress.epoch || next <= progress.next => return Ok(()),
            Some(_) => progress.next = next.min(extent.end),
            None => {
                progress.next = next.clamp(extent.low, extent.end);
                progress.epoch += 1;
                touched.rewound = true;
            }
        }
        upsert.execute(params![step.group, extent.id, int(progress.next)])?;
        Ok(())
    }

    /// Removes what may go when it was asked for or when it is time to.
    fn look_after_retention(&mut self, asked: Vec<oneshot::Sender<Result<(), StorageError>>>) {
        let now = self.clock.now();
        let due =
            self.last_retention.is_none_or(|last| RETENTION_EVERY <= now.duration_since(last));
        if asked.is_empty() && !due {
            return;
        }
        self.last_retention = Some(now);
        let outcome = loop {
            match self.remove(now) {
                // Asked to, all of it goes now; otherwise the rest waits for the next pass.
                Ok(removed) if removed && !asked.is_empty() => {}
                Ok(_) => break Ok(()),
                Err(err) => {
                    tracing::error!(error = %err, "event log retention failed");
                    break Err(err);
                }
            }
        };
        for reply in asked {
            let _gone = reply.send(outcome.clone());
        }
    }

    fn remove(&mut self, now: Timestamp) -> Result<bool, StorageError> {
        let cuts = retention::plan(&self.connection, &self.settings, &self.state, now)?;
        if cuts.is_empty() {
            return Ok(false);
        }
        self.commit(true, |writer, touched| {
            retention::cut(&writer.connection, &cuts)?;
            for cut in &cuts {
                let extents = writer.state.topics.get_mut(&cut.topic);
                if let Some(extent) = extents.and_then(|e| e.get_mut(cut.partition)) {
                    extent.low = cut.to;
                }
                touched.topics.insert(cut.topic.clone());
            }
            Ok(())
        })?;
        self.tidy()?;
        Ok(true)
    }

    /// Gives the disk back what mostly removed segments hold: what is still live in them moves
    /// behind the newest records, then they are deleted.
    fn tidy(&mut self) -> Result<(), StorageError> {
        for segment in retention::mostly_removed(&self.connection, self.segments.number())? {
            self.commit(true, |writer, _| {
                let chunks = retention::chunks_of(&writer.connection, segment)?;
                let mut frame = Frame::default();
                for (head, place) in chunks {
                    let chunk = writer.segments.read(place, head.shape())?;
                    frame.push(head, chunk.layout, chunk.content)?;
                }
                writer.store(&frame)?;
                retention::forget(&writer.connection, segment)?;
                Ok(())
            })?;
            // A relaxed log too must have the index and the moved records before the old ones go.
            self.segments.sync()?;
            self.connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
            self.segments.delete(segment)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Mutex, RwLock};

    use tokio::sync::{Semaphore, watch};

    use super::*;
    use crate::disk::Failed;
    use crate::log::fragment::Fragments;
    use crate::log::{schema, segment};
    use crate::record::Headers;

    fn writer(path: &Path, durability: Durability) -> Writer {
        let settings = LogSettings::new(durability);
        let opened = schema::open(path, &settings).expect("opens");
        let shared = Arc::new(Shared {
            appended: watch::Sender::new(0),
            state: RwLock::new(opened.state.clone()),
            failed: Failed::new(),
            trouble: Mutex::default(),
        });
        Writer::new(opened, settings, Clock::system(), shared)
    }

    fn step(kind: StepKind) -> Change {
        let step = Step { group: "g".to_owned(), topic: "t".to_owned(), kind };
        Change { steps: vec![step], ..Change::default() }
    }

    fn record() -> Change {
        let mut records = Fragments::default();
        records.push("t", 0, None, b"{}", &Headers::new());
        Change { records, ..Change::default() }
    }

    /// How the index's transaction that makes these changes is committed: 2 with an fsync, 1 without.
    fn mode(writer: &mut Writer, changes: Vec<Change>) -> i64 {
        let waiting = Arc::new(Semaphore::new(changes.len()));
        let mut answers = Vec::new();
        let mut replies = Vec::new();
        for _ in &changes {
            let (reply, answer) = oneshot::channel();
            answers.push(answer);
            replies.push((reply, Arc::clone(&waiting).try_acquire_owned().expect("a permit")));
        }
        writer.serve(changes, replies);
        for mut answer in answers {
            answer.try_recv().expect("an answer").expect("committed");
        }
        writer.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).expect("a mode")
    }

    #[test]
    fn what_must_last_is_on_the_disk_before_the_answer() {
        let advance = || step(StepKind::Advance { partition: 0, next: 1, epoch: 0 });
        let rewind = || step(StepKind::Rewind { partition: 0, next: 0 });
        let folder = tempfile::tempdir().expect("a folder");
        let durable = &mut writer(&folder.path().join("durable.db"), Durability::Durable);
        // A record is on the disk with its segment.
        assert_eq!(mode(durable, vec![record()]), 1);
        assert_eq!(durable.segments.synced(), durable.segments.length());
        assert_eq!(mode(durable, vec![advance()]), 1);
        assert_eq!(mode(durable, vec![advance(), record()]), 1);
        assert_eq!(durable.segments.synced(), durable.segments.length());
        // Progress that belongs to a record is not, without the index.
        let both = Change { steps: advance().steps, ..record() };
        assert_eq!(mode(durable, vec![both]), 2);
        assert_eq!(mode(durable, vec![advance()]), 1);
        assert_eq!(mode(durable, vec![rewind()]), 2);
        let relaxed = &mut writer(&folder.path().join("relaxed.db"), Durability::Relaxed);
        assert_eq!(mode(relaxed, vec![record(), rewind()]), 1);
        assert!(relaxed.segments.synced() < relaxed.segments.length());
    }

    #[test]
    fn a_failed_commit_leaves_no_trace() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.db");
        let writer = &mut writer(&path, Durability::Durable);
        mode(writer, vec![record()]);
        // Somebody who ignores the lock makes the next insert fail.
        let intruder = Connection::open(&path).expect("opens");
        intruder
            .execute_batch(
                "CREATE TRIGGER refuse BEFORE INSERT ON chunk
                 BEGIN SELECT RAISE(ABORT, 'no'); END",
            )
            .expect("a trigger");
        let (reply, mut answer) = oneshot::channel();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a permit");
        writer.serve(vec![record()], vec![(reply, permit)]);
        assert!(answer.try_recv().expect("an answer").is_err());
        assert_eq!(writer.state.extent("t", 0).map(|extent| extent.end), Some(1));
        assert_eq!(*writer.shared.appended.borrow(), 1);
        let numbers = segment::numbers(&segment::folder_of(&path)).expect("lists");
        assert_eq!(numbers, [1]);
        let scanned = segment::scan(&segment::folder_of(&path), 1, 0).expect("scans");
        assert_eq!(scanned.frames.len(), 1);

        intruder.execute_batch("DROP TRIGGER refuse").expect("gone");
        mode(writer, vec![record()]);
        assert_eq!(writer.state.extent("t", 0).map(|extent| extent.end), Some(2));
    }
}

//! The port: what services see of events.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chiron_clock::{Activity, Clock};
use jiff::Timestamp;

use crate::disk::Trouble;
use crate::error::{BrokerError, OpenError, PublishError, StorageError};
use crate::log::Subscription;
use crate::log::fragment::Fragments;
use crate::log::reader::{self, Range};
use crate::log::{Change, ChangeError, Log, Step, StepKind};
use crate::partition::partition_of;
use crate::record::{MAX_RECORD_BYTES, NewRecord, Position, Record, is_topic};
use crate::settings::LogSettings;

/// Topics of events. Cheap to clone; the last clone (and subscription) to go closes the log.
#[derive(Clone)]
pub struct Broker {
    // The embedded log is the only one so far; a second makes this an enum.
    log: Arc<Log>,
    activity: Option<Activity>,
}

impl Broker {
    /// Opens the log in the file at `path`, creating it if there is none. Blocks on the disk.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is not ours, or newer, is left untouched.
    pub fn open(path: &Path, settings: LogSettings, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self { log: Log::open(path, settings, clock)?, activity: None })
    }

    /// The same broker, with every record published through this handle counted as appended in
    /// `activity`.
    #[must_use]
    pub fn with_activity(&self, activity: Activity) -> Self {
        Self { log: Arc::clone(&self.log), activity: Some(activity) }
    }

    /// Publishes records in their order, all or none, and answers where each stands. The answer
    /// comes when they are as durable as the log's settings say. If the caller goes away before
    /// that they may be published or not. Nothing to publish is no error.
    ///
    /// # Errors
    /// [`PublishError`]; only [`PublishError::Storage`] is worth another try.
    pub async fn publish(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, PublishError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut total = 0;
        for record in &records {
            let bytes = record.bytes();
            if MAX_RECORD_BYTES < bytes {
                let topic = record.topic.clone();
                return Err(PublishError::TooLarge { topic, bytes, max: MAX_RECORD_BYTES });
            }
            if !is_topic(&record.topic) {
                return Err(PublishError::BadTopic { topic: record.topic.clone() });
            }
            total += bytes;
        }
        let mut fragments = Fragments::with_room(total);
        let mut partitions = HashMap::new();
        for NewRecord { topic, aggregate, key, value, headers } in &records {
            let partition = *partitions
                .entry(aggregate.as_str())
                .or_insert_with(|| partition_of(aggregate, self.log.partitions()));
            fragments.push(topic, partition, Some(key), value.as_bytes(), headers);
        }
        let places = fragments.places();
        let change = Change { records: fragments, ..Change::default() };
        // Many small texts: they are given back while the writer works, not before or after.
        let done_with = async { drop(records) };
        let (first, ()) = futures_util::future::join(self.log.change(change), done_with).await;
        let first = first.map_err(|err| match err {
            ChangeError::Closed => PublishError::Closed,
            ChangeError::Storage(err) => PublishError::Storage(err),
        })?;
        let positions = places.positions(&first);
        if let Some(activity) = &self.activity {
            activity.appended(u64::try_from(positions.len()).unwrap_or(u64::MAX));
        }
        Ok(positions)
    }

    /// Joins `group` for `topics` (created if there are none) and reads on where the group had
    /// committed; a group that is new to a topic begins at its oldest record.
    ///
    /// # Errors
    /// [`BrokerError::AlreadySubscribed`] while another subscription of the group reads one of the
    /// topics; [`BrokerError::BadTopic`], [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn subscribe(
        &self,
        group: &str,
        topics: &[&str],
    ) -> Result<Subscription, BrokerError> {
        Subscription::join(&self.log, group, topics).await
    }

    /// Records of `topics` that `group` has not committed. In memory, O(partitions); shows a record
    /// before its publisher has the answer, and a commit before its consumer has.
    pub fn lag(&self, group: &str, topics: &[&str]) -> u64 {
        let state = self.log.state();
        topics.iter().map(|topic| state.lag(group, topic)).sum()
    }

    /// By partition, the offset that the next record will get. Empty for an unknown topic.
    pub fn ends(&self, topic: &str) -> BTreeMap<u32, u64> {
        (0..).zip(self.log.state().extents(topic)).map(|(p, extent)| (p, extent.end)).collect()
    }

    /// By partition, the oldest offset still kept. Empty for an unknown topic.
    pub fn starts(&self, topic: &str) -> BTreeMap<u32, u64> {
        (0..).zip(self.log.state().extents(topic)).map(|(p, extent)| (p, extent.low)).collect()
    }

    /// By partition, the next offset that the group has not committed. Empty when the group has
    /// never subscribed to the topic.
    pub fn committed(&self, group: &str, topic: &str) -> BTreeMap<u32, u64> {
        let state = self.log.state();
        (0..).zip(state.progress(group, topic)).map(|(p, progress)| (p, progress.next)).collect()
    }

    /// Up to `max` records of a partition from offset `from` on, or from the oldest one kept if that
    /// is later. Empty at the end and for an unknown topic; fewer than `max` do not mean the end.
    ///
    /// # Errors
    /// [`BrokerError::NoPartition`], [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn read(
        &self,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        if self.partitions() <= partition {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let Some(extent) = self.log.state().extent(topic, partition) else {
            return Ok(Vec::new());
        };
        match Range::of(topic, partition, extent, from) {
            Some(range) if 0 < max => read(&self.log, vec![range], max).await,
            _ => Ok(Vec::new()),
        }
    }

    /// By partition, the offset of the first record appended at `at` or later; the end where there
    /// is none. Empty for an unknown topic. O(log of the topic's length).
    ///
    /// # Errors
    /// [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn offsets_at(
        &self,
        topic: &str,
        at: Timestamp,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        offsets_at(&self.log, topic, at).await
    }

    /// Sets a group back (or forward) on a topic: from the given offsets on, by partition, it gets
    /// every record, again if need be. Offsets beyond what is kept become the nearest kept one;
    /// partitions not named stay. Works while the group is reading; durable when it answers. The
    /// group is joined for the topic if it was not.
    ///
    /// # Errors
    /// [`BrokerError::BadTopic`], [`BrokerError::NoPartition`], [`BrokerError::Closed`],
    /// [`BrokerError::Storage`].
    pub async fn rewind(
        &self,
        group: &str,
        topic: &str,
        offsets: &BTreeMap<u32, u64>,
    ) -> Result<(), BrokerError> {
        if !is_topic(topic) {
            return Err(BrokerError::BadTopic { topic: topic.to_owned() });
        }
        if let Some(&partition) = offsets.keys().find(|p| self.partitions() <= **p) {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let step = |(partition, next): (&u32, &u64)| Step {
            group: group.to_owned(),
            topic: topic.to_owned(),
            kind: StepKind::Rewind { partition: *partition, next: *next },
        };
        let change = Change { steps: offsets.iter().map(step).collect(), ..Change::default() };
        self.log.change(change).await?;
        Ok(())
    }

    /// Forgets a group that is gone for good, so that it no longer holds back retention. If it
    /// subscribes again it is new. Nothing happens when it is unknown.
    ///
    /// # Errors
    /// [`BrokerError::AlreadySubscribed`] while the group is reading; [`BrokerError::Closed`],
    /// [`BrokerError::Storage`].
    pub async fn forget_group(&self, group: &str) -> Result<(), BrokerError> {
        if let Some(topic) = self.log.consumed_by(group) {
            return Err(BrokerError::AlreadySubscribed { group: group.to_owned(), topic });
        }
        let change = Change { forget: vec![group.to_owned()], ..Change::default() };
        self.log.change(change).await?;
        Ok(())
    }

    /// Removes now what retention allows to go; it also happens by itself, every minute.
    ///
    /// # Errors
    /// [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn retain(&self) -> Result<(), BrokerError> {
        Ok(self.log.retain().await?)
    }

    /// All topics, by name.
    pub fn topics(&self) -> Vec<String> {
        self.log.state().topics.keys().cloned().collect()
    }

    /// All groups that have ever subscribed and were not forgotten, by name.
    pub fn groups(&self) -> Vec<String> {
        self.log.state().groups.keys().cloned().collect()
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    /// Waits until more than `seen` records have ever been appended to the log and answers how many
    /// have. Begin with 0 to learn the count (at once, unless the log is new). Once the log is
    /// closed it answers the last count at once.
    pub async fn wait_for_append(&self, seen: u64) -> u64 {
        let mut appended = self.log.appended();
        loop {
            let count = *appended.borrow_and_update();
            if seen < count || self.log.is_closed() {
                return count;
            }
            if appended.changed().await.is_err() {
                return count;
            }
        }
    }

    /// What is to be seen to for the log to be written again: `None` unless the newest commit
    /// failed for its disk.
    pub fn trouble(&self) -> Option<Trouble> {
        self.log.trouble()
    }

    /// Resolves when the log can no longer be used: it is damaged, or a failed write could not be
    /// taken back. The error says what to do; whoever runs the process ends it. Other failures of
    /// the disk pass, and are answered to whoever asked.
    pub async fn failed(&self) -> StorageError {
        self.log.failed().await
    }

    /// Writes what is waiting and closes the log, for all handles. After that another writer can
    /// open the file.
    pub async fn close(&self) {
        let closing = on_disk(&self.log, |log| {
            log.close();
            Ok(())
        });
        if let Err(err) = closing.await {
            tracing::error!(error = %err, "event log did not close");
        }
    }

    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("partitions", &self.partitions()).finish_non_exhaustive()
    }
}

impl From<ChangeError> for BrokerError {
    fn from(err: ChangeError) -> Self {
        match err {
            ChangeError::Closed => Self::Closed,
            ChangeError::Storage(err) => Self::Storage(err),
        }
    }
}

/// Reads where blocking is allowed.
pub(crate) async fn read(
    log: &Arc<Log>,
    ranges: Vec<Range>,
    max: usize,
) -> Result<Vec<Record>, BrokerError> {
    on_disk(log, move |log| log.readers().read(&ranges, max)).await
}

pub(crate) async fn offsets_at(
    log: &Arc<Log>,
    topic: &str,
    at: Timestamp,
) -> Result<BTreeMap<u32, u64>, BrokerError> {
    let extents = log.state().extents(topic).to_vec();
    on_disk(log, move |log| {
        log.readers().with(|connection| Ok(reader::offsets_at(connection, &extents, at)?))
    })
    .await
}

async fn on_disk<T: Send + 'static>(
    log: &Arc<Log>,
    work: impl FnOnce(&Log) -> Result<T, BrokerError> + Send + 'static,
) -> Result<T, BrokerError> {
    let log = Arc::clone(log);
    match tokio::task::spawn_blocking(move || work(&log)).await {
        Ok(outcome) => outcome,
        Err(err) => match err.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(BrokerError::Closed),
        },
    }
}

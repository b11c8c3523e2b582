//! The port: what services see of events.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chiron_clock::{Activity, Clock};
use jiff::Timestamp;

use crate::disk::Trouble;
use crate::error::{BrokerError, ConnectError, OpenError, PublishError, StorageError};
use crate::kafka::Kafka;
use crate::log::{Log, Subscription};
use crate::record::{MAX_RECORD_BYTES, NewRecord, Position, Record, is_topic};
use crate::settings::{KafkaSettings, LogSettings};

/// Topics of events, in the embedded log or on a Kafka cluster. Cheap to clone; the last clone (and
/// subscription) to go closes it.
#[derive(Clone)]
pub struct Broker {
    engine: Engine,
    activity: Option<Activity>,
}

#[derive(Clone)]
pub(crate) enum Engine {
    Log(Arc<Log>),
    Kafka(Arc<Kafka>),
}

impl Broker {
    /// Opens the log in the file at `path`, creating it if there is none. Blocks on the disk.
    ///
    /// # Errors
    /// [`OpenError`]; a file that is not ours, or newer, is left untouched.
    pub fn open(path: &Path, settings: LogSettings, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self { engine: Engine::Log(Log::open(path, settings, clock)?), activity: None })
    }

    /// Connects to a Kafka cluster, and creates `topics` with their dead letters where they are
    /// missing and the settings allow it.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(settings: KafkaSettings, topics: &[&str]) -> Result<Self, ConnectError> {
        let kafka = Kafka::connect(settings, topics).await?;
        Ok(Self { engine: Engine::Kafka(kafka), activity: None })
    }

    /// The same broker, with every record published through this handle counted as appended in
    /// `activity`.
    #[must_use]
    pub fn with_activity(&self, activity: Activity) -> Self {
        Self { engine: self.engine.clone(), activity: Some(activity) }
    }

    /// Publishes records in their order and answers where each stands. The answer comes when they
    /// are as durable as the settings say. The embedded log takes all or none; of a call that
    /// failed, or that the caller did not wait for, a Kafka cluster may have taken some. Nothing to
    /// publish is no error.
    ///
    /// # Errors
    /// [`PublishError`]; only [`PublishError::Storage`] is worth another try.
    pub async fn publish(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, PublishError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        for record in &records {
            let bytes = record.bytes();
            if MAX_RECORD_BYTES < bytes {
                let topic = record.topic.clone();
                return Err(PublishError::TooLarge { topic, bytes, max: MAX_RECORD_BYTES });
            }
            if !is_topic(&record.topic) {
                return Err(PublishError::BadTopic { topic: record.topic.clone() });
            }
        }
        let positions = match &self.engine {
            Engine::Log(log) => log.publish(records).await?,
            Engine::Kafka(kafka) => kafka.publish(records).await?,
        };
        if let Some(activity) = &self.activity {
            activity.appended(u64::try_from(positions.len()).unwrap_or(u64::MAX));
        }
        Ok(positions)
    }

    /// Joins `group` for `topics` (created if there are none) and reads on where the group had
    /// committed; a group that is new to a topic begins at its oldest record. For the embedded log;
    /// a group of a Kafka cluster is joined by a [`Consumer`](crate::Consumer) alone.
    ///
    /// # Errors
    /// [`BrokerError::AlreadySubscribed`] while another subscription of the group reads one of the
    /// topics; [`BrokerError::BadTopic`], [`BrokerError::Closed`], [`BrokerError::Storage`],
    /// [`BrokerError::NotHere`].
    pub async fn subscribe(
        &self,
        group: &str,
        topics: &[&str],
    ) -> Result<Subscription, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Subscription::join(log, group, topics).await,
            Engine::Kafka(_) => Err(BrokerError::NotHere { what: "a subscription" }),
        }
    }

    /// Records of `topics` that `group` has not committed. With the embedded log from memory, in
    /// O(partitions); it shows a record before its publisher has the answer, and a commit before its
    /// consumer has.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.lag(group, topics)),
            Engine::Kafka(kafka) => kafka.lag(group, topics).await,
        }
    }

    /// By partition, the offset that the next record will get. Empty for an unknown topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn ends(&self, topic: &str) -> Result<BTreeMap<u32, u64>, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.ends(topic)),
            Engine::Kafka(kafka) => Ok(kafka.extents(topic).await?.ends()),
        }
    }

    /// By partition, the oldest offset still kept. Empty for an unknown topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn starts(&self, topic: &str) -> Result<BTreeMap<u32, u64>, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.starts(topic)),
            Engine::Kafka(kafka) => Ok(kafka.extents(topic).await?.starts()),
        }
    }

    /// By partition, the next offset that the group has not committed. Empty when the group has
    /// never subscribed to the topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.committed(group, topic)),
            Engine::Kafka(kafka) => kafka.committed(group, topic).await,
        }
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
        match &self.engine {
            Engine::Log(log) => log.read(topic, partition, from, max).await,
            Engine::Kafka(kafka) => kafka.read(topic, partition, from, max).await,
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
        match &self.engine {
            Engine::Log(log) => log.offsets_at(topic, at).await,
            Engine::Kafka(kafka) => kafka.offsets_at(topic, at).await,
        }
    }

    /// Sets a group back (or forward) on a topic: from the given offsets on, by partition, it gets
    /// every record, again if need be. Offsets beyond what is kept become the nearest kept one;
    /// partitions not named stay. Durable when it answers. The group is joined for the topic if it
    /// was not. The embedded log does it while the group is reading, a Kafka cluster only while
    /// nobody of the group is there.
    ///
    /// # Errors
    /// [`BrokerError::BadTopic`], [`BrokerError::NoPartition`], [`BrokerError::Closed`],
    /// [`BrokerError::Storage`], [`BrokerError::GroupIsReading`].
    pub async fn rewind(
        &self,
        group: &str,
        topic: &str,
        offsets: &BTreeMap<u32, u64>,
    ) -> Result<(), BrokerError> {
        if !is_topic(topic) {
            return Err(BrokerError::BadTopic { topic: topic.to_owned() });
        }
        match &self.engine {
            Engine::Log(log) => log.rewind(group, topic, offsets).await,
            Engine::Kafka(kafka) => kafka.rewind(group, topic, offsets).await,
        }
    }

    /// Forgets a group that is gone for good, so that it no longer holds back retention. If it
    /// subscribes again it is new. Nothing happens when it is unknown.
    ///
    /// # Errors
    /// [`BrokerError::AlreadySubscribed`] while the group is reading; [`BrokerError::Closed`],
    /// [`BrokerError::Storage`].
    pub async fn forget_group(&self, group: &str) -> Result<(), BrokerError> {
        match &self.engine {
            Engine::Log(log) => log.forget_group(group).await,
            Engine::Kafka(kafka) => kafka.forget_group(group).await,
        }
    }

    /// Removes now what retention allows to go; it also happens by itself, every minute. A Kafka
    /// cluster sees to that alone.
    ///
    /// # Errors
    /// [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn retain(&self) -> Result<(), BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.retain().await?),
            Engine::Kafka(_) => Ok(()),
        }
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn topics(&self) -> Result<Vec<String>, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.topics()),
            Engine::Kafka(kafka) => kafka.topic_names().await,
        }
    }

    /// All groups that have ever subscribed and were not forgotten, by name.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn groups(&self) -> Result<Vec<String>, BrokerError> {
        match &self.engine {
            Engine::Log(log) => Ok(log.groups()),
            Engine::Kafka(kafka) => kafka.group_names().await,
        }
    }

    /// Partitions of every topic. On a cluster, of topics that Chiron creates; one that was there
    /// before keeps its own number.
    pub fn partitions(&self) -> u32 {
        match &self.engine {
            Engine::Log(log) => log.partitions(),
            Engine::Kafka(kafka) => kafka.partitions(),
        }
    }

    /// Begins to notice what is appended to `topics` by anybody, for [`Broker::seen`] and
    /// [`Broker::wait_for_append`]. The embedded log notices everything anyway. Again for the same
    /// topics it does nothing.
    ///
    /// # Errors
    /// [`BrokerError::Storage`] when a cluster does not answer.
    pub async fn follow(&self, topics: &[&str]) -> Result<(), BrokerError> {
        match &self.engine {
            Engine::Log(_) => Ok(()),
            Engine::Kafka(kafka) => kafka.follow(topics).await,
        }
    }

    /// By partition, the offset behind the newest record that this process has noticed: with the
    /// embedded log the end of any topic, with a cluster that of a topic that is followed. Empty for
    /// any other.
    pub fn seen(&self, topic: &str) -> BTreeMap<u32, u64> {
        match &self.engine {
            Engine::Log(log) => log.ends(topic),
            Engine::Kafka(kafka) => kafka.seen(topic),
        }
    }

    /// Waits until more than `seen` records have been noticed and answers how many have. Begin with
    /// 0 to learn the count (at once, unless there is none). Once the broker is closed it answers
    /// the last count at once.
    pub async fn wait_for_append(&self, seen: u64) -> u64 {
        match &self.engine {
            Engine::Log(log) => log.wait_for_append(seen).await,
            Engine::Kafka(kafka) => kafka.wait_for_append(seen).await,
        }
    }

    /// What is to be seen to for events to be published again: `None` unless the newest attempt
    /// failed for the disk or the cluster.
    pub fn trouble(&self) -> Option<Trouble> {
        match &self.engine {
            Engine::Log(log) => log.trouble(),
            Engine::Kafka(kafka) => kafka.trouble(),
        }
    }

    /// Resolves when the broker can no longer be used: the log is damaged, or a failed write could
    /// not be taken back; the cluster has fenced this process out. The error says what to do;
    /// whoever runs the process ends it. Other failures pass, and are answered to whoever asked.
    pub async fn failed(&self) -> StorageError {
        match &self.engine {
            Engine::Log(log) => log.failed().await,
            Engine::Kafka(kafka) => kafka.failed().await,
        }
    }

    /// Writes what is waiting and closes the broker, for all handles. After that another writer can
    /// open a log's file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Log(log) => log.shut().await,
            Engine::Kafka(kafka) => kafka.close().await,
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("partitions", &self.partitions()).finish_non_exhaustive()
    }
}

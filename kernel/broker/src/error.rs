//! What can go wrong, grouped by what the caller does next.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::disk::Trouble;

/// A failure of the files behind the log, or of the cluster. Shared by all whose writes were in the failed commit.
#[derive(Clone)]
pub struct StorageError(Arc<Failure>);

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Index(rusqlite::Error),
    #[error("the index: {trouble}")]
    IndexDisk { trouble: Trouble, source: rusqlite::Error },
    #[error(
        "the index is damaged: stop Chiron and move it away (its folder of records stays); the next \
         start makes it again from the records, and every consumer reads them once more"
    )]
    IndexDamaged(#[source] rusqlite::Error),
    #[error("cannot use the records' segments")]
    Segment(#[source] std::io::Error),
    #[error("the records' segments: {trouble}")]
    SegmentDisk { trouble: Trouble, source: std::io::Error },
    #[error("the Kafka cluster did not do it")]
    Cluster(#[source] KafkaError),
    #[error("the Kafka cluster did not do it")]
    ClusterUnreachable(#[source] KafkaError),
    #[error(
        "the event log takes no further writes, since a failed one could not be taken back: see to \
         the disk and start again; nothing acknowledged is lost"
    )]
    Broken(#[source] StorageError),
    #[error(
        "segment {0} of the records is missing: put it back, or restore the log's file and its \
         folder of records from one backup"
    )]
    Missing(u64),
    #[error(
        "segment {segment} of the records is damaged behind byte {valid}: restore the log's file \
         and its folder of records from one backup"
    )]
    Damaged { segment: u64, valid: u64 },
}

impl StorageError {
    pub(crate) fn missing(segment: u64) -> Self {
        Self(Arc::new(Failure::Missing(segment)))
    }

    /// Whether a file was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(&*self.0, Failure::Segment(err) if err.kind() == std::io::ErrorKind::NotFound)
    }

    /// What is to be seen to, where that is known.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match &*self.0 {
            Failure::Index(_) | Failure::Segment(_) | Failure::Cluster(_) => None,
            Failure::ClusterUnreachable(_) => Some(Trouble::Unreachable),
            Failure::IndexDisk { trouble, .. } | Failure::SegmentDisk { trouble, .. } => {
                Some(*trouble)
            }
            Failure::Broken(_) => Some(Trouble::Refuses),
            Failure::IndexDamaged(_) | Failure::Missing(_) | Failure::Damaged { .. } => {
                Some(Trouble::Damaged)
            }
        }
    }

    /// After a failure that could not be made good.
    pub(crate) fn broken(cause: Self) -> Self {
        Self(Arc::new(Failure::Broken(cause)))
    }

    pub(crate) fn damaged(segment: u64, valid: u64) -> Self {
        Self(Arc::new(Failure::Damaged { segment, valid }))
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(source: rusqlite::Error) -> Self {
        Self(Arc::new(match Trouble::of_database(&source) {
            None => Failure::Index(source),
            Some(Trouble::Damaged) => Failure::IndexDamaged(source),
            Some(trouble) => Failure::IndexDisk { trouble, source },
        }))
    }
}

impl From<std::io::Error> for StorageError {
    fn from(source: std::io::Error) -> Self {
        Self(Arc::new(match Trouble::of_file(&source) {
            None => Failure::Segment(source),
            Some(trouble) => Failure::SegmentDisk { trouble, source },
        }))
    }
}

impl From<KafkaError> for StorageError {
    fn from(source: KafkaError) -> Self {
        let unreachable = matches!(
            source.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::AllBrokersDown
                    | RDKafkaErrorCode::BrokerTransportFailure
                    | RDKafkaErrorCode::MessageTimedOut
                    | RDKafkaErrorCode::OperationTimedOut
            )
        );
        let failure = if unreachable { Failure::ClusterUnreachable } else { Failure::Cluster };
        Self(Arc::new(failure(source)))
    }
}

impl fmt::Debug for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Somebody else writes to it: stop them, or use another file.
    #[error("event log {} is in use: one writer at a time", path.display())]
    InUse {
        /// The log's file.
        path: PathBuf,
    },
    /// The file is something else and was left untouched.
    #[error(
        "{} is not an event log of Chiron: name another data folder; or, if it was one, its \
         beginning is damaged: move it away (its folder of records stays), and the next start makes \
         it again from the records",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version and was left untouched.
    #[error(
        "event log {} has format {found}, and this version knows formats up to {known}",
        path.display()
    )]
    Newer {
        /// The log's file.
        path: PathBuf,
        /// The format that the file has.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// The file was written before the first release, in a format that is no longer read.
    #[error(
        "event log {} has format {found}, and this version knows format {known} only: begin with \
         another data folder",
        path.display()
    )]
    Older {
        /// The log's file.
        path: PathBuf,
        /// The format that the file has.
        found: i64,
        /// The format known here.
        known: i64,
    },
    /// The number of partitions cannot change once a log exists.
    #[error("event log {} has {found} partitions per topic, not {asked}", path.display())]
    Partitions {
        /// The log's file.
        path: PathBuf,
        /// What the file has.
        found: u32,
        /// What the settings ask for.
        asked: u32,
    },
    /// The settings make no sense.
    #[error("an event log needs between 1 and {max} partitions per topic, not {asked}")]
    NoPartitions {
        /// What the settings ask for.
        asked: u32,
        /// The largest number allowed.
        max: u32,
    },
    /// The operating system refused.
    #[error("cannot use {}{}", path.display(), remedy(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged or unreadable.
    #[error("cannot read event log {}", path.display())]
    Storage {
        /// The log's file.
        path: PathBuf,
        /// Why.
        source: StorageError,
    },
}

/// Why a Kafka cluster cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The settings make no sense.
    #[error("events on Kafka: {name} {reason}")]
    Setting {
        /// The setting.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No broker answered, or one refused.
    #[error("the Kafka cluster cannot be used")]
    Cluster(#[source] KafkaError),
    /// A broker, or the way to it, said why nobody may come in.
    #[error("the Kafka cluster cannot be used: {said}")]
    Unwelcome {
        /// What was said.
        said: String,
        /// What came of it.
        source: KafkaError,
    },
    /// Topics are missing and may not be created.
    #[error(
        "these topics are missing, and the settings do not let them be created: {topics}; create \
         them, or set `create_topics`"
    )]
    NoTopics {
        /// Their names.
        topics: String,
    },
    /// The cluster does not let a topic be created.
    #[error(
        "the Kafka cluster refused to create topic {topic}: {code}; create it there, or give this \
         account the right to"
    )]
    TopicRefused {
        /// Its name.
        topic: String,
        /// What the cluster says.
        code: RDKafkaErrorCode,
    },
    /// The cluster has fewer brokers in service than a topic needs, even after a while.
    #[error(
        "the Kafka cluster has too few brokers in service for topic {topic}; see to its brokers, \
         or to `replication`"
    )]
    TooFewBrokers {
        /// Its name.
        topic: String,
    },
    /// A partition of a topic has no leader.
    #[error("topic {topic} has partitions without a leader; see to the brokers of the cluster")]
    NoLeader {
        /// Its name.
        topic: String,
    },
}

/// An error with its causes on one line. Messages here do not repeat their sources.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _infallible = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

fn remedy(error: &std::io::Error) -> String {
    Trouble::of_file(error).map_or_else(String::new, |trouble| format!(": {trouble}"))
}

/// Why records were not published. None of the call's records is in the log, except after
/// [`PublishError::Storage`], where a failing disk may keep what it reported as not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The record will never be accepted: it is the publisher's mistake.
    #[error("a record for topic {topic} has {bytes} bytes, and at most {max} are allowed")]
    TooLarge {
        /// Its topic.
        topic: String,
        /// Key, value and headers together.
        bytes: usize,
        /// [`MAX_RECORD_BYTES`](crate::MAX_RECORD_BYTES).
        max: usize,
    },
    /// The topic's name is not one: 1 to 249 of `A-Z a-z 0-9 . _ -`.
    #[error("{topic:?} is not the name of a topic")]
    BadTopic {
        /// The name.
        topic: String,
    },
    /// The cluster does not have the topic, and does not let it be created.
    #[error("there is no such topic")]
    Topic(#[source] Box<ConnectError>),
    /// The log is closed: the process is about to end.
    #[error("the event log is closed")]
    Closed,
    /// The disk failed; the same call may succeed later.
    #[error("cannot write to the event log")]
    Storage(#[source] StorageError),
}

/// Why records could not be read, or progress not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The topic's name is not one.
    #[error("{topic:?} is not the name of a topic")]
    BadTopic {
        /// The name.
        topic: String,
    },
    /// Topics have fewer partitions.
    #[error("topic {topic} has no partition {partition}")]
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition asked for.
        partition: u32,
    },
    /// The group consumes the topic already; an embedded log has one member per group and topic.
    #[error("group {group} already consumes {topic}")]
    AlreadySubscribed {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
    },
    /// The record or topic is none that this subscription reads.
    #[error("group {group} has not subscribed to {topic}")]
    NotSubscribed {
        /// The group.
        group: String,
        /// The topic.
        topic: String,
    },
    /// The cluster does not have the topic, and does not let it be created.
    #[error("there is no such topic")]
    Topic(#[source] Box<ConnectError>),
    /// A group is set back only while nobody of it is reading.
    #[error("group {group} is reading: stop its services first")]
    GroupIsReading {
        /// The group.
        group: String,
    },
    /// What was asked for is not to be had from this kind of broker.
    #[error("{what} is not to be had from a Kafka cluster")]
    NotHere {
        /// What.
        what: &'static str,
    },
    /// The log is closed: the process is about to end.
    #[error("the event log is closed")]
    Closed,
    /// The disk failed; the same call may succeed later.
    #[error("the event log's storage failed")]
    Storage(#[source] StorageError),
}

impl From<ConnectError> for BrokerError {
    fn from(source: ConnectError) -> Self {
        match source {
            ConnectError::Cluster(source) => Self::Storage(source.into()),
            other => Self::Topic(Box::new(other)),
        }
    }
}

impl From<StorageError> for BrokerError {
    fn from(source: StorageError) -> Self {
        Self::Storage(source)
    }
}

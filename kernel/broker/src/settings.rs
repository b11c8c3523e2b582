//! What the operator decides about a log. There is no `Default`: durability is always said.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Partitions of a topic unless set otherwise.
const DEFAULT_PARTITIONS: u32 = 4;

/// Bytes of a segment unless set otherwise.
const DEFAULT_SEGMENT_BYTES: u64 = 64 << 20;

/// What an acknowledgement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// An acknowledged write survives a power cut: it is on the disk before the answer.
    Durable,
    /// An acknowledged write survives the end of the process, but the last moments before a power
    /// cut may be lost. For demonstrations and simulated days; must be asked for.
    Relaxed,
}

/// How long records are kept. The default keeps everything.
///
/// A record that a group has joined for and not yet committed is never removed, whatever the bounds
/// say: a bound limits disk use, it does not lose events. A group that is gone for good holds its
/// records until [`Broker::forget_group`](crate::Broker::forget_group).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Records appended longer ago than this may go; `None` keeps them however old.
    pub max_age: Option<SignedDuration>,
    /// The newest records of a partition that together have this many bytes (keys, values, headers;
    /// rounded up by at most 64 KiB or one record) stay, older ones may go; `None` keeps them however many.
    pub max_bytes_per_partition: Option<u64>,
}

impl Retention {
    /// Keeps everything.
    pub const KEEP: Self = Self { max_age: None, max_bytes_per_partition: None };

    /// Keeps what was appended within `age`.
    #[must_use]
    pub fn age(age: SignedDuration) -> Self {
        Self { max_age: Some(age), ..Self::KEEP }
    }

    /// Keeps the newest `bytes` of each partition.
    #[must_use]
    pub fn bytes_per_partition(bytes: u64) -> Self {
        Self { max_bytes_per_partition: Some(bytes), ..Self::KEEP }
    }
}

/// Settings of an embedded log.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// What an acknowledgement is worth.
    pub durability: Durability,
    /// Partitions of every topic, at least 1. Fixed when the file is created, since another number
    /// would send an aggregate's next event to another partition.
    pub partitions: u32,
    /// Retention of the topics that `topic_retention` does not name.
    pub retention: Retention,
    /// Bytes of a segment: once it has as many, the next one begins. What retention removes is
    /// given back to the disk segment by segment.
    pub segment_bytes: u64,
    /// Retention by topic name.
    pub topic_retention: BTreeMap<String, Retention>,
}

impl LogSettings {
    /// Four partitions, everything kept.
    #[must_use]
    pub fn new(durability: Durability) -> Self {
        Self {
            durability,
            partitions: DEFAULT_PARTITIONS,
            retention: Retention::KEEP,
            segment_bytes: DEFAULT_SEGMENT_BYTES,
            topic_retention: BTreeMap::new(),
        }
    }

    /// The same with another number of partitions.
    #[must_use]
    pub fn with_partitions(mut self, partitions: u32) -> Self {
        self.partitions = partitions;
        self
    }

    /// The same with larger or smaller segments.
    #[must_use]
    pub fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// The same with another retention for one topic.
    #[must_use]
    pub fn with_retention(mut self, topic: &str, retention: Retention) -> Self {
        self.topic_retention.insert(topic.to_owned(), retention);
        self
    }

    pub(crate) fn retention_of(&self, topic: &str) -> Retention {
        self.topic_retention.get(topic).copied().unwrap_or(self.retention)
    }
}

/// Settings of a Kafka cluster's client.
#[derive(Clone)]
pub struct KafkaSettings {
    /// `host:port` of some brokers, with commas between them. A scheme before a host, which Kafka's
    /// own client passes over, is passed over here too.
    pub bootstrap_servers: String,
    /// Partitions of the topics that are created, at least 1. A topic that exists keeps its own.
    pub partitions: u32,
    /// Copies of each record of the topics that are created; `None` leaves it to the cluster.
    pub replication: Option<u16>,
    /// How long the topics that are created keep records; `None` leaves it to the cluster.
    pub retention: Option<SignedDuration>,
    /// Whether missing topics are created; otherwise a missing one is an error at start-up.
    pub create_topics: bool,
    /// Any property of librdkafka, such as `security.protocol`, `sasl.mechanism` or
    /// `ssl.ca.location`. What acknowledgements and commits rest on cannot be changed.
    pub options: BTreeMap<String, String>,
    /// Where tokens come from, for `sasl.mechanism = OAUTHBEARER` (RFC 7628).
    pub tokens: Option<BearerTokens>,
}

/// A token by which a client signs in.
pub struct BearerToken {
    /// The token itself.
    pub token: String,
    /// Whose it is, for the log of the client.
    pub principal: String,
    /// When it ends; the next one is fetched well before.
    pub expires: Timestamp,
}

/// Fetches a token. Called from threads of the client's own, which it may block.
pub type BearerTokens =
    Arc<dyn Fn() -> Result<BearerToken, Box<dyn Error + Send + Sync>> + Send + Sync>;

impl KafkaSettings {
    /// Four partitions, as the embedded log has; replication and retention as the cluster says.
    #[must_use]
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            partitions: DEFAULT_PARTITIONS,
            replication: None,
            retention: None,
            create_topics: true,
            options: BTreeMap::new(),
            tokens: None,
        }
    }

    /// The same, signing in by tokens.
    #[must_use]
    pub fn with_tokens(self, tokens: BearerTokens) -> Self {
        let tokens = Some(tokens);
        Self { tokens, ..self.with_option("sasl.mechanism", "OAUTHBEARER") }
    }

    /// The same with a property of librdkafka.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: &str) -> Self {
        self.options.insert(name.to_owned(), value.to_owned());
        self
    }
}

/// Without the options, among which passwords are.
impl Debug for KafkaSettings {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

//! Records: what is published, and what is read.

use bytes::Bytes;
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use crate::TraceContext;

/// The largest record: key, value and headers together, in bytes. Kafka's default limit for a
/// whole request is 1 MB; this leaves room for its framing.
pub const MAX_RECORD_BYTES: usize = 900_000;

/// Appended to a topic's name: where its rejected records go.
pub const DEAD_LETTERS_SUFFIX: &str = ".dead-letters";

/// Metadata of a record. Names are lower-case and unique; the order is that of adding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `name` (in any case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The same with `name` set to `value`, in place of any earlier value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets `name` to `value`, in place of any earlier value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_ascii_lowercase(), value)),
        }
    }

    /// Adds one that is known not to be there, under a name in lower case.
    pub(crate) fn add(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Names and values, in the order of adding.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// What is to be published. Serialisable, since outboxes keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecord {
    /// Where to.
    pub topic: String,
    /// Whose event it is (room, patient, process, …): chooses the partition, so that one
    /// aggregate's events stay in order. Not kept with the record.
    pub aggregate: String,
    /// The event key of the contract.
    pub key: String,
    /// JSON text.
    pub value: String,
    /// Metadata.
    pub headers: Headers,
}

impl NewRecord {
    /// An event with its metadata as `CloudEvents` 1.0 in binary mode: `id` (unique per source;
    /// derive it from what caused the event, so that a repeat can be told), `source`, the time `at`
    /// at which it happened, `key` as the type, and the trace under way.
    ///
    /// # Errors
    /// When `value` has no JSON form, such as a map whose keys are not text.
    pub fn cloud_event(
        topic: impl Into<String>,
        aggregate: impl Into<String>,
        key: impl Into<String>,
        value: &impl Serialize,
        id: &str,
        source: &str,
        at: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let key = key.into();
        let mut headers = Headers(Vec::with_capacity(6));
        headers.set("ce_specversion", "1.0");
        headers.set("ce_id", id);
        headers.set("ce_source", source);
        headers.set("ce_type", key.as_str());
        headers.set("ce_time", instant::write(at));
        if let Some(trace) = TraceContext::current() {
            headers.set(TraceContext::HEADER, trace.write());
        }
        Ok(Self {
            topic: topic.into(),
            aggregate: aggregate.into(),
            key,
            value: serde_json::to_string(value)?,
            headers,
        })
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Key, value and headers together.
    pub fn bytes(&self) -> usize {
        self.key.len() + self.value.len() + self.headers.bytes()
    }
}

/// Where a published record stands in its topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 0.
    pub partition: u32,
    /// From 0, without gaps within the partition.
    pub offset: u64,
}

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its topic.
    pub topic: String,
    /// From 0.
    pub partition: u32,
    /// From 0, without gaps within the partition.
    pub offset: u64,
    /// The event key; `None` only from foreign producers.
    pub key: Option<String>,
    /// JSON text when a service of ours wrote it.
    pub value: Bytes,
    /// Metadata.
    pub headers: Headers,
    /// When the log took it, by the log's clock; never decreases within a log.
    pub appended_at: Timestamp,
}

impl Record {
    /// What tells a repeat from another event: `ce_id`, else a hash over topic, key and value.
    #[must_use]
    pub fn id(&self) -> String {
        if let Some(id) = self.headers.get("ce_id") {
            return id.to_owned();
        }
        let mut hash = Sha256::new();
        let parts = [self.topic.as_bytes(), self.key.as_deref().unwrap_or_default().as_bytes()];
        for part in parts {
            // The length first, so that no two triples run together to the same bytes.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.update(&self.value);
        let number =
            hash.finalize().iter().take(16).fold(0, |n, byte| (n << 8) | u128::from(*byte));
        format!("{number:032x}")
    }

    /// The trace that the record's publisher was in.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.headers.get(TraceContext::HEADER).and_then(TraceContext::parse)
    }

    /// Runs `handling` in a span of its own and in the record's trace (a new one if it has none).
    /// For handlers that take many records at once; [`each`](crate::each) does it by itself.
    pub async fn scope<F: Future>(&self, handling: F) -> F::Output {
        let trace = self.trace().map_or_else(TraceContext::root, |parent| parent.child());
        let span = tracing::info_span!(
            "record",
            operation = %self.topic,
            event_id = %self.id(),
            trace_id = %trace.trace_id,
            partition = self.partition,
            offset = self.offset,
        );
        trace.scope(handling).instrument(span).await
    }

    /// The dead letter of this record: its own content, and where it comes from and why. It goes to
    /// the same partition, so that the source's order is kept.
    pub(crate) fn dead_letter(&self, group: &str, reason: &str) -> Letter {
        let headers = self
            .headers
            .clone()
            .with("dead-letter-reason", reason)
            .with("dead-letter-group", group)
            .with("dead-letter-topic", self.topic.as_str())
            .with("dead-letter-partition", self.partition.to_string())
            .with("dead-letter-offset", self.offset.to_string());
        Letter {
            topic: format!("{}{DEAD_LETTERS_SUFFIX}", self.topic),
            partition: self.partition,
            key: self.key.clone(),
            value: self.value.clone(),
            headers,
        }
    }
}

/// A record that is to be published to a partition that is known.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) topic: String,
    pub(crate) partition: u32,
    pub(crate) key: Option<String>,
    pub(crate) value: Bytes,
    pub(crate) headers: Headers,
}

/// Whether `name` can be a topic's: Kafka's rule, so that a log can move there.
pub(crate) fn is_topic(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=249).contains(&name.len()) && name.bytes().all(legal) && name != "." && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(topic: &str, key: &str, value: &'static str) -> Record {
        Record {
            topic: topic.to_owned(),
            partition: 0,
            offset: 7,
            key: Some(key.to_owned()),
            value: Bytes::from_static(value.as_bytes()),
            headers: Headers::new(),
            appended_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn header_names_ignore_case_and_are_unique() {
        let headers = Headers::new().with("Ce_Id", "1").with("x", "y").with("CE_ID", "2");
        assert_eq!(headers.get("ce_id"), Some("2"));
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("ce_id", "2"), ("x", "y")]);
    }

    #[test]
    fn a_record_without_id_is_told_by_its_content() {
        assert_eq!(record("t", "k", "{}").id(), record("t", "k", "{}").id());
        assert_ne!(record("t", "k", "{}").id(), record("tk", "", "{}").id());
        let mut named = record("t", "k", "{}");
        named.headers.set("ce_id", "e-1");
        assert_eq!(named.id(), "e-1");
    }

    #[tokio::test]
    async fn a_cloud_event_carries_the_trace_under_way() {
        let trace = TraceContext::root();
        let at = Timestamp::UNIX_EPOCH;
        let make = || NewRecord::cloud_event("t", "a", "KEY", &"value", "id-1", "/here", at);
        let outside = make().expect("json");
        assert_eq!(outside.headers.get("traceparent"), None);
        assert_eq!(outside.headers.get("ce_time"), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(outside.headers.get("ce_type"), Some("KEY"));
        let inside = trace.scope(async { make() }).await.expect("json");
        assert_eq!(inside.headers.get("traceparent"), Some(trace.write().as_str()));
        let text = serde_json::to_string(&inside).expect("json");
        assert_eq!(serde_json::from_str::<NewRecord>(&text).expect("json"), inside);
    }

    #[test]
    fn topic_names_are_kafkas() {
        assert!(is_topic("process-events.dead-letters"));
        for name in ["", ".", "..", "a b", "ä", &"x".repeat(250)] {
            assert!(!is_topic(name), "{name}");
        }
    }
}

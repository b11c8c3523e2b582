//! What the tests of the log share.

use chiron_broker::{Broker, NewRecord, Record};
use chiron_clock::instant;
use jiff::Timestamp;

/// The instant at which tests begin.
pub(crate) fn epoch() -> Timestamp {
    instant::parse("2026-05-15T06:00:00Z").unwrap()
}

/// A record of `aggregate` whose value is the JSON string `value`.
pub(crate) fn record(topic: &str, aggregate: &str, value: &str) -> NewRecord {
    let at = epoch();
    NewRecord::cloud_event(topic, aggregate, "HAPPENED", &value, "id", "/test", at).unwrap()
}

/// The text that `record` was made with.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn text(record: &Record) -> String {
    serde_json::from_slice(&record.value).unwrap()
}

/// All records of a topic, partition after partition.
pub(crate) async fn all(broker: &Broker, topic: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for partition in 0..broker.partitions() {
        let mut from = 0;
        loop {
            let read = broker.read(topic, partition, from, 100).await.unwrap();
            let Some(last) = read.last() else { break };
            from = last.offset + 1;
            records.extend(read);
        }
    }
    records
}

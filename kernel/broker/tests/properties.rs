//! Laws of the log: whatever is published, committed and reopened in whatever sequence, it behaves
//! like a list per partition and a number per group.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use chiron_broker::{Broker, Durability, LogSettings, partition_of};
use chiron_clock::Clock;
use proptest::prelude::*;
use support::{all, record, text};

const PARTITIONS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    /// Publishes one batch: topic, aggregate.
    Publish(Vec<(usize, u8)>),
    /// Reads some as a group and commits the first of them.
    Consume { group: usize, read: usize, commit: usize },
    /// Sets a group back in one partition.
    Rewind { group: usize, topic: usize, partition: u32, offset: u64 },
    /// Closes the log and opens it again.
    Reopen,
}

const TOPICS: [&str; 2] = ["room-events", "process-events"];
const GROUPS: [&str; 2] = ["first", "second"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec((0..2_usize, 0..6_u8), 1..8).prop_map(Step::Publish),
        4 => (0..2_usize, 1..12_usize, 0..12_usize)
            .prop_map(|(group, read, commit)| Step::Consume { group, read, commit }),
        1 => (0..2_usize, 0..2_usize, 0..PARTITIONS, 0..30_u64).prop_map(
            |(group, topic, partition, offset)| Step::Rewind { group, topic, partition, offset }
        ),
        1 => Just(Step::Reopen),
    ]
}

fn open(path: &Path) -> Broker {
    let settings = LogSettings::new(Durability::Relaxed).with_partitions(PARTITIONS);
    Broker::open(path, settings, Clock::system()).unwrap()
}

/// What the log should hold.
#[derive(Default)]
struct Model {
    records: BTreeMap<(usize, u32), Vec<String>>,
    committed: BTreeMap<(usize, usize, u32), u64>,
    published: u64,
}

impl Model {
    fn end(&self, topic: usize, partition: u32) -> u64 {
        self.records.get(&(topic, partition)).map_or(0, |records| records.len() as u64)
    }

    fn committed(&self, group: usize, topic: usize, partition: u32) -> u64 {
        self.committed.get(&(group, topic, partition)).copied().unwrap_or(0)
    }

    fn lag(&self, group: usize) -> u64 {
        let places = (0..TOPICS.len()).flat_map(|t| (0..PARTITIONS).map(move |p| (t, p)));
        places.map(|(t, p)| self.end(t, p) - self.committed(group, t, p)).sum()
    }
}

async fn agree(broker: &Broker, model: &Model) {
    for (topic, name) in TOPICS.iter().enumerate() {
        let mut expected = Vec::new();
        for partition in 0..PARTITIONS {
            let records = model.records.get(&(topic, partition)).map_or(&[][..], Vec::as_slice);
            expected.extend((0_u64..).zip(records).map(|(o, v)| (partition, o, v.clone())));
        }
        let found: Vec<_> = all(broker, name)
            .await
            .iter()
            .map(|record| (record.partition, record.offset, text(record)))
            .collect();
        assert_eq!(found, expected);
    }
    for (group, name) in GROUPS.iter().enumerate() {
        assert_eq!(broker.lag(name, &TOPICS).await.unwrap(), model.lag(group));
    }
}

async fn play(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut broker = open(&path);
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Publish(batch) => {
                let mut records = Vec::new();
                let mut expected = Vec::new();
                for (topic, aggregate) in batch {
                    let value = model.published.to_string();
                    model.published += 1;
                    let aggregate = aggregate.to_string();
                    let partition = partition_of(&aggregate, PARTITIONS);
                    expected.push((partition, model.end(topic, partition)));
                    records.push(record(TOPICS[topic], &aggregate, &value));
                    model.records.entry((topic, partition)).or_default().push(value);
                }
                let positions = broker.publish(records).await.unwrap();
                let found: Vec<_> = positions.iter().map(|p| (p.partition, p.offset)).collect();
                assert_eq!(found, expected);
            }
            Step::Consume { group, read, commit } => {
                if model.lag(group) == 0 {
                    continue;
                }
                let mut subscription = broker.subscribe(GROUPS[group], &TOPICS).await.unwrap();
                let batch = subscription.next_batch(read).await.unwrap();
                assert!(!batch.is_empty() && batch.len() <= read);
                let handled = &batch[..commit.min(batch.len())];
                for record in handled {
                    let topic = TOPICS.iter().position(|name| *name == record.topic).unwrap();
                    let place = (group, topic, record.partition);
                    let next = model.committed.entry(place).or_default();
                    assert_eq!(record.offset, *next, "in order, from where it had committed");
                    *next += 1;
                }
                subscription.commit(handled).await.unwrap();
            }
            Step::Rewind { group, topic, partition, offset } => {
                let offsets = BTreeMap::from([(partition, offset)]);
                broker.rewind(GROUPS[group], TOPICS[topic], &offsets).await.unwrap();
                let next = offset.min(model.end(topic, partition));
                model.committed.insert((group, topic, partition), next);
            }
            Step::Reopen => {
                drop(broker);
                broker = open(&path);
            }
        }
        agree(&broker, &model).await;
    }
    drop(broker);
    agree(&open(&path), &model).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_lists_and_numbers(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}

//! A look into the log from outside: beside a living writer, after it, and at what is no log.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chiron_broker::{Broker, BrokerError, Durability, LogReader, LogSettings, OpenError};
use chiron_clock::Clock;
use jiff::SignedDuration;
use support::{all, epoch, record, text};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.sqlite");
    (folder, path)
}

fn texts(view: &LogReader, from: u64, max: usize) -> Vec<String> {
    view.read("t", 0, from, max).unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn follows_a_living_writer_without_being_in_its_way() {
    let (_folder, path) = folder();
    let (clock, hand) = Clock::lock_step(epoch());
    let settings = LogSettings::new(Durability::Durable).with_partitions(1);
    let broker = Broker::open(&path, settings.clone(), clock).unwrap();
    let view = LogReader::open(&path).unwrap();
    assert_eq!(view.partitions(), 1);
    assert!(view.topics().unwrap().is_empty());
    assert!(view.ends("t").unwrap().is_empty());
    assert!(view.read("t", 0, 0, 10).unwrap().is_empty());
    assert!(matches!(view.read("t", 1, 0, 10), Err(BrokerError::NoPartition { .. })));

    for n in 0..20 {
        hand.move_to(epoch() + SignedDuration::from_mins(n));
        broker.publish(vec![record("t", "a", &n.to_string())]).await.unwrap();
        assert_eq!(texts(&view, n.unsigned_abs(), 10), [n.to_string()]);
    }
    assert_eq!(view.topics().unwrap(), broker.topics().await.unwrap());
    assert_eq!(view.ends("t").unwrap(), broker.ends("t").await.unwrap());
    assert_eq!(view.starts("t").unwrap(), broker.starts("t").await.unwrap());
    assert_eq!(texts(&view, 5, 3), ["5", "6", "7"]);
    assert_eq!(view.read("t", 0, 0, 99).unwrap(), all(&broker, "t").await);
    let seventh = epoch() + SignedDuration::from_mins(7);
    assert_eq!(view.offsets_at("t", seventh).unwrap(), BTreeMap::from([(0, 7)]));
    let last = epoch() + SignedDuration::from_mins(99);
    assert_eq!(view.offsets_at("t", last).unwrap(), BTreeMap::from([(0, 20)]));

    assert!(view.groups().unwrap().is_empty());
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    let batch = subscription.next_batch(4).await.unwrap();
    subscription.commit(&batch).await.unwrap();
    assert_eq!(view.groups().unwrap(), ["g"]);
    assert_eq!(view.committed("g", "t").unwrap(), broker.committed("g", "t").await.unwrap());
    assert!(view.committed("g", "u").unwrap().is_empty());
    assert!(view.committed("h", "t").unwrap().is_empty());

    // The writer goes and another comes; who looks does not notice.
    drop(subscription);
    broker.close().await;
    assert_eq!(texts(&view, 18, 10), ["18", "19"]);
    let next = Broker::open(&path, settings, Clock::system()).unwrap();
    next.publish(vec![record("t", "a", "20")]).await.unwrap();
    assert_eq!(texts(&view, 18, 10), ["18", "19", "20"]);
}

#[tokio::test]
async fn reads_what_writers_left_behind_and_leaves_it_to_the_next() {
    let (_folder, path) = folder();
    let open = || Broker::open(&path, LogSettings::new(Durability::Durable), Clock::system());
    let broker = open().unwrap();
    broker.publish(vec![record("t", "a", "1")]).await.unwrap();
    broker.close().await;
    drop(broker);
    let view = LogReader::open(&path).unwrap();
    assert_eq!(view.partitions(), 4);
    assert_eq!(view.ends("t").unwrap().values().sum::<u64>(), 1);
    let next = open().unwrap();
    next.publish(vec![record("t", "a", "2")]).await.unwrap();
    drop(view);
    next.publish(vec![record("t", "a", "3")]).await.unwrap();
    assert_eq!(next.ends("t").await.unwrap().values().sum::<u64>(), 3);
}

#[tokio::test]
async fn refuses_what_it_cannot_read() {
    let (_folder, path) = folder();
    let none = LogReader::open(&path);
    assert!(matches!(none, Err(OpenError::Io { .. })), "{none:?}");
    assert!(!path.exists(), "looking creates nothing");

    for content in [&b""[..], b"a letter to the editor", &[7_u8; 5000]] {
        std::fs::write(&path, content).unwrap();
        let foreign = LogReader::open(&path);
        assert!(matches!(foreign, Err(OpenError::Foreign { .. })), "{foreign:?}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();

    drop(Broker::open(&path, LogSettings::new(Durability::Durable), Clock::system()).unwrap());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let newer = LogReader::open(&path);
    assert!(matches!(newer, Err(OpenError::Newer { found: 99, .. })), "{newer:?}");
}

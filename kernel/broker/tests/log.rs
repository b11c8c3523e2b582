//! The log as its users see it: order, durability of what is kept, refusals, retention.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chiron_broker::{
    Broker, BrokerError, Durability, LogSettings, OpenError, PublishError, Retention, partition_of,
};
use chiron_clock::{Activity, Clock, Hand};
use jiff::SignedDuration;
use support::{all, epoch, record, text};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    fn open(&self) -> Result<Broker, OpenError> {
        self.open_with(&LogSettings::new(Durability::Durable))
    }

    fn open_with(&self, settings: &LogSettings) -> Result<Broker, OpenError> {
        Broker::open(&self.path(), settings.clone(), Clock::system())
    }
}

#[tokio::test]
async fn keeps_order_per_aggregate_and_everything_over_a_restart() {
    let place = Place::new();
    let broker = place.open().unwrap();
    for n in 0..50 {
        let batch = ["room-1", "room-2", "patient-7"]
            .map(|aggregate| record("room-events", aggregate, &format!("{aggregate}/{n}")));
        let positions = broker.publish(batch.to_vec()).await.unwrap();
        let chosen: Vec<u32> = positions.iter().map(|p| p.partition).collect();
        assert_eq!(chosen, ["room-1", "room-2", "patient-7"].map(|a| partition_of(a, 4)));
    }
    let before = all(&broker, "room-events").await;
    let ends = broker.ends("room-events").await.unwrap();
    drop(broker);

    let broker = place.open().unwrap();
    let after = all(&broker, "room-events").await;
    assert_eq!(after, before);
    assert_eq!(after.len(), 150);
    assert_eq!(broker.ends("room-events").await.unwrap(), ends);
    assert_eq!(broker.topics().await.unwrap(), ["room-events"]);
    for aggregate in ["room-1", "room-2", "patient-7"] {
        let of_one: Vec<String> =
            after.iter().map(text).filter(|t| t.starts_with(aggregate)).collect();
        let expected: Vec<String> = (0..50).map(|n| format!("{aggregate}/{n}")).collect();
        assert_eq!(of_one, expected);
    }
    assert_eq!(after.first().unwrap().headers.get("ce_specversion"), Some("1.0"));
}

#[tokio::test]
async fn publishes_all_or_nothing() {
    let place = Place::new();
    let broker = place.open().unwrap();
    let large = record("t", "a", &"x".repeat(900_000));
    let refused = broker.publish(vec![record("t", "a", "first"), large]).await;
    assert!(matches!(refused, Err(PublishError::TooLarge { .. })), "{refused:?}");
    let refused = broker.publish(vec![record("t", "a", "first"), record("a b", "a", "x")]).await;
    assert!(matches!(refused, Err(PublishError::BadTopic { .. })), "{refused:?}");
    assert!(broker.topics().await.unwrap().is_empty());
    assert!(broker.publish(Vec::new()).await.unwrap().is_empty());

    let fits = record("t", "a", &"x".repeat(899_000));
    broker.publish(vec![fits]).await.unwrap();
    assert_eq!(all(&broker, "t").await.len(), 1);
}

#[tokio::test]
async fn many_publishers_at_once_share_commits_and_keep_their_order() {
    let place = Place::new();
    let broker = place.open().unwrap();
    let activity = Activity::new(Clock::system());
    let counted = broker.with_activity(activity.clone());
    let publisher = |who: usize| {
        let broker = counted.clone();
        async move {
            for n in 0..20 {
                let aggregate = format!("a-{who}");
                broker.publish(vec![record("t", &aggregate, &format!("{who}:{n}"))]).await.unwrap();
            }
        }
    };
    futures_util::future::join_all((0..16).map(publisher)).await;
    assert_eq!(activity.snapshot().appended, 320);
    let records = all(&broker, "t").await;
    for who in 0..16 {
        let prefix = format!("{who}:");
        let of_one: Vec<String> =
            records.iter().map(text).filter(|t| t.starts_with(&prefix)).collect();
        assert_eq!(of_one, (0..20).map(|n| format!("{who}:{n}")).collect::<Vec<_>>());
    }
    assert_eq!(broker.wait_for_append(0).await, 320);
}

#[tokio::test]
async fn has_one_writer() {
    let place = Place::new();
    let broker = place.open().unwrap();
    assert!(matches!(place.open(), Err(OpenError::InUse { .. })));
    broker.close().await;
    let refused = broker.publish(vec![record("t", "a", "late")]).await;
    assert!(matches!(refused, Err(PublishError::Closed)), "{refused:?}");
    assert!(matches!(broker.read("t", 0, 0, 1).await, Ok(records) if records.is_empty()));
    assert!(matches!(broker.subscribe("g", &["t"]).await, Err(BrokerError::Closed)));
    let next = place.open().unwrap();
    next.publish(vec![record("t", "a", "next")]).await.unwrap();
}

#[tokio::test]
async fn leaves_a_foreign_file_untouched() {
    let place = Place::new();
    for content in [&b"a letter to the editor"[..], &[7_u8; 5000][..]] {
        std::fs::write(place.path(), content).unwrap();
        assert!(matches!(place.open(), Err(OpenError::Foreign { .. })));
        assert_eq!(std::fs::read(place.path()).unwrap(), content);
    }
    std::fs::remove_file(place.path()).unwrap();

    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("CREATE TABLE bookkeeping (amount INTEGER)").unwrap();
    drop(other);
    let before = std::fs::read(place.path()).unwrap();
    let refused = place.open();
    assert!(matches!(refused, Err(OpenError::Foreign { .. })), "{refused:?}");
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
}

#[tokio::test]
async fn refuses_a_newer_file_and_another_number_of_partitions() {
    let place = Place::new();
    drop(place.open().unwrap());
    let refused = place.open_with(&LogSettings::new(Durability::Durable).with_partitions(8));
    assert!(matches!(refused, Err(OpenError::Partitions { found: 4, asked: 8, .. })));
    let refused = place.open_with(&LogSettings::new(Durability::Durable).with_partitions(0));
    assert!(matches!(refused, Err(OpenError::NoPartitions { .. })));

    let file = rusqlite::Connection::open(place.path()).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let refused = place.open().unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, .. }));
    assert!(refused.to_string().ends_with("has format 99, and this version knows formats up to 4"));
}

#[tokio::test]
async fn finds_the_place_of_an_instant() {
    let place = Place::new();
    let (clock, hand) = Clock::lock_step(epoch());
    let settings = LogSettings::new(Durability::Relaxed).with_partitions(1);
    let broker = Broker::open(&place.path(), settings, clock).unwrap();
    let minute = |n: i64| epoch() + SignedDuration::from_mins(n);
    for n in 0..20 {
        hand.move_to(minute(n));
        broker.publish(vec![record("t", "a", "1"), record("t", "a", "2")]).await.unwrap();
    }
    let at = async |instant| broker.offsets_at("t", instant).await.unwrap().remove(&0).unwrap();
    assert_eq!(at(minute(-5)).await, 0);
    assert_eq!(at(minute(7)).await, 14);
    assert_eq!(at(minute(7) + SignedDuration::from_nanos(1)).await, 16);
    assert_eq!(at(minute(99)).await, 40);
    assert!(broker.offsets_at("unknown", epoch()).await.unwrap().is_empty());
}

fn hours(place: &Place, retention: Retention) -> (Broker, Hand) {
    let (clock, hand) = Clock::lock_step(epoch());
    let settings = LogSettings::new(Durability::Relaxed).with_partitions(1);
    let settings = settings.with_retention("t", retention);
    (Broker::open(&place.path(), settings, clock).unwrap(), hand)
}

#[tokio::test]
async fn gives_the_disk_back_what_was_removed() {
    let place = Place::new();
    let (clock, hand) = Clock::lock_step(epoch());
    let settings = LogSettings::new(Durability::Durable)
        .with_partitions(1)
        .with_segment_bytes(4_000)
        .with_retention("t", Retention::age(SignedDuration::from_hours(5)));
    let broker = Broker::open(&place.path(), settings.clone(), clock).unwrap();
    // One small record that stays among many that go.
    for hour in 0..60 {
        hand.move_to(epoch() + SignedDuration::from_hours(hour));
        let surplus = record("t", "a", &"x".repeat(500));
        broker.publish(vec![surplus.clone(), surplus]).await.unwrap();
        if hour % 10 == 0 {
            broker.publish(vec![record("kept", "a", &hour.to_string())]).await.unwrap();
        }
    }
    let bytes = || -> u64 {
        let folder = std::fs::read_dir(place.folder.path().join("events.db-records")).unwrap();
        folder.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    };
    broker.retain().await.unwrap();
    // Written were 60 hours of more than 1,000 bytes each; 6 hours stay.
    assert!(bytes() < 15_000, "{} bytes left", bytes());
    let kept = all(&broker, "kept").await;
    assert_eq!(kept.iter().map(text).collect::<Vec<_>>(), ["0", "10", "20", "30", "40", "50"]);
    let left = all(&broker, "t").await;
    assert_eq!(left.first().map(|record| record.offset), Some(108));

    // Also without the index, which the next process makes again from what is left.
    broker.close().await;
    drop(broker);
    std::fs::remove_file(place.path()).unwrap();
    let broker = Broker::open(&place.path(), settings, Clock::system()).unwrap();
    assert_eq!(all(&broker, "kept").await, kept);
    assert!(all(&broker, "t").await.ends_with(&left));
}

#[tokio::test]
async fn removes_what_is_old_and_committed_and_nothing_else() {
    let place = Place::new();
    let (broker, hand) = hours(&place, Retention::age(SignedDuration::from_hours(5)));
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    for hour in 0..10 {
        hand.move_to(epoch() + SignedDuration::from_hours(hour));
        for topic in ["t", "kept"] {
            broker.publish(vec![record(topic, "a", &hour.to_string())]).await.unwrap();
        }
    }
    broker.retain().await.unwrap();
    assert_eq!(broker.starts("t").await.unwrap()[&0], 0, "the group needs them all");
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 10);

    let batch = subscription.next_batch(3).await.unwrap();
    subscription.commit(&batch).await.unwrap();
    broker.retain().await.unwrap();
    assert_eq!(broker.starts("t").await.unwrap()[&0], 3, "the group needs the rest");

    let batch = subscription.next_batch(100).await.unwrap();
    subscription.commit(&batch).await.unwrap();
    broker.retain().await.unwrap();
    assert_eq!(broker.starts("t").await.unwrap()[&0], 4, "09:00 - 5 h is the oldest that stays");
    assert_eq!(broker.starts("kept").await.unwrap()[&0], 0, "topics keep everything by default");
    let kept: Vec<String> = broker.read("t", 0, 0, 100).await.unwrap().iter().map(text).collect();
    assert_eq!(kept, ["4", "5", "6", "7", "8", "9"]);

    // A new group begins at the oldest that is left, and a rewind goes no further back.
    let mut late = broker.subscribe("late", &["t"]).await.unwrap();
    assert_eq!(broker.lag("late", &["t"]).await.unwrap(), 6);
    assert_eq!(late.next_batch(1).await.unwrap()[0].offset, 4);
    late.seek("t", 0, 0).await.unwrap();
    assert_eq!(late.next_batch(1).await.unwrap()[0].offset, 4);
    drop(late);
    broker.forget_group("late").await.unwrap();
    assert_eq!(broker.groups().await.unwrap(), ["g"]);

    // Offsets go on after everything was removed, also in the next process.
    hand.move_to(epoch() + SignedDuration::from_hours(48));
    broker.retain().await.unwrap();
    assert!(broker.read("t", 0, 0, 100).await.unwrap().is_empty());
    drop(subscription);
    drop(broker);
    let (broker, _hand) = hours(&place, Retention::KEEP);
    assert_eq!(broker.ends("t").await.unwrap()[&0], 10);
    let positions = broker.publish(vec![record("t", "a", "next")]).await.unwrap();
    assert_eq!(positions[0].offset, 10);
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 1);
}

#[tokio::test]
async fn keeps_the_newest_bytes() {
    let place = Place::new();
    let (broker, _hand) = hours(&place, Retention::bytes_per_partition(10_000));
    let one = record("t", "a", &"x".repeat(900));
    let kept = 10_000_usize.div_ceil(one.bytes()) as u64;
    for _ in 0..3 {
        for _ in 0..30 {
            broker.publish(vec![one.clone()]).await.unwrap();
        }
        broker.retain().await.unwrap();
        assert_eq!(
            broker.ends("t").await.unwrap()[&0] - broker.starts("t").await.unwrap()[&0],
            kept
        );
    }
    // What was committed together goes together.
    broker.publish(vec![one.clone(); 30]).await.unwrap();
    broker.retain().await.unwrap();
    assert_eq!(broker.ends("t").await.unwrap()[&0] - broker.starts("t").await.unwrap()[&0], 30);
    assert_eq!(broker.read("t", 0, 0, 100).await.unwrap().len(), 30);
}

#[tokio::test]
async fn reads_any_part_of_what_was_committed_together() {
    let place = Place::new();
    let (broker, _hand) = hours(&place, Retention::KEEP);
    let batch: Vec<_> =
        (0..3_000).map(|n| record("t", "a", &format!("{n}{}", "é".repeat(n % 90)))).collect();
    broker.publish(batch.clone()).await.unwrap();
    for (from, max) in [(0, 1), (0, 3_000), (1, 999), (999, 3), (1_000, 1), (2_999, 9), (3_000, 1)]
    {
        let mut read = Vec::new();
        let wanted = max.min(3_000 - from);
        while read.len() < wanted {
            let next = (from + read.len()) as u64;
            read.extend(broker.read("t", 0, next, wanted - read.len()).await.unwrap());
        }
        let offsets: Vec<u64> = read.iter().map(|record| record.offset).collect();
        assert_eq!(offsets, (from as u64..(from + wanted) as u64).collect::<Vec<_>>());
        for (record, published) in read.iter().zip(&batch[from..]) {
            assert_eq!(record.value, published.value.as_bytes());
            assert_eq!(record.headers, published.headers);
            assert_eq!(record.key.as_deref(), Some("HAPPENED"));
        }
    }
}

#[tokio::test]
async fn a_group_reads_each_record_once_and_goes_on_where_it_committed() {
    let place = Place::new();
    let broker = place.open().unwrap();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 0);
    let batch = (0..40).map(|n| record("t", &format!("a{n}"), &n.to_string())).collect();
    broker.publish(batch).await.unwrap();
    assert_eq!(
        broker.lag("g", &["t"]).await.unwrap(),
        40,
        "a group that has never been there is behind too"
    );
    assert!(broker.committed("g", "t").await.unwrap().is_empty());

    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    let again = broker.subscribe("g", &["t"]).await;
    assert!(matches!(again, Err(BrokerError::AlreadySubscribed { .. })), "{again:?}");
    let mut seen = Vec::new();
    while seen.len() < 40 {
        seen.extend(subscription.next_batch(7).await.unwrap());
    }
    assert_eq!(seen.len(), 40);
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 40, "read is not committed");
    let waiting =
        tokio::time::timeout(std::time::Duration::from_millis(20), subscription.next_batch(1));
    assert!(waiting.await.is_err(), "nothing is there");

    let some: Vec<_> = seen.iter().filter(|r| r.offset < 3).cloned().collect();
    subscription.commit(&some).await.unwrap();
    subscription.commit(&some[..1]).await.unwrap();
    let left: u64 = broker.ends("t").await.unwrap().values().map(|end| end - 3.min(*end)).sum();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), left, "a commit never goes back");
    let foreign = chiron_broker::Record { topic: "u".to_owned(), ..some[0].clone() };
    let refused = subscription.commit(&[foreign]).await;
    assert!(matches!(refused, Err(BrokerError::NotSubscribed { .. })));
    drop(subscription);
    broker.close().await;

    let broker = place.open().unwrap();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), left);
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    let mut seen = Vec::new();
    while (seen.len() as u64) < left {
        seen.extend(subscription.next_batch(100).await.unwrap());
    }
    assert!(seen.iter().all(|record| 3 <= record.offset));
}

#[tokio::test]
async fn replays_from_an_offset_and_from_a_time() {
    let place = Place::new();
    let (broker, hand) = hours(&place, Retention::KEEP);
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    for hour in 0..6 {
        hand.move_to(epoch() + SignedDuration::from_hours(hour));
        broker.publish(vec![record("t", "a", &hour.to_string())]).await.unwrap();
    }
    let first = subscription.next_batch(100).await.unwrap();
    subscription.commit(&first).await.unwrap();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 0);

    subscription.seek("t", 0, 4).await.unwrap();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 2, "what comes again is visible");
    subscription.commit(&first).await.unwrap();
    let again = subscription.next_batch(100).await.unwrap();
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["4", "5"]);
    subscription.commit(&again).await.unwrap();

    subscription.seek_to_time(epoch() + SignedDuration::from_mins(90)).await.unwrap();
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 4);
    let again = subscription.next_batch(100).await.unwrap();
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["2", "3", "4", "5"]);
    let elsewhere = subscription.seek("u", 0, 0).await;
    assert!(matches!(elsewhere, Err(BrokerError::NotSubscribed { .. })));

    // Without the group reading: it finds its place changed when it comes.
    drop(subscription);
    broker.rewind("g", "t", &BTreeMap::from([(0, 5)])).await.unwrap();
    assert_eq!(broker.committed("g", "t").await.unwrap(), BTreeMap::from([(0, 5)]));
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    assert_eq!(subscription.next_batch(100).await.unwrap().len(), 1);
    let refused = broker.rewind("g", "t", &BTreeMap::from([(9, 5)])).await;
    assert!(matches!(refused, Err(BrokerError::NoPartition { partition: 9, .. })));
}

#[tokio::test]
async fn a_record_that_was_moved_behind_younger_ones_is_not_lost_with_the_index() {
    let place = Place::new();
    let (clock, hand) = Clock::lock_step(epoch());
    let settings = LogSettings::new(Durability::Durable)
        .with_partitions(1)
        .with_segment_bytes(2_000)
        .with_retention("t", Retention::age(SignedDuration::from_hours(5)));
    let broker = Broker::open(&place.path(), settings.clone(), clock).unwrap();
    // The first segment is nearly all of `t`, the younger ones all of `kept`.
    broker.publish(vec![record("kept", "a", "old")]).await.unwrap();
    broker.publish(vec![record("t", "a", &"x".repeat(2_500))]).await.unwrap();
    for _ in 0..4 {
        broker.publish(vec![record("kept", "a", &"y".repeat(1_000))]).await.unwrap();
    }
    hand.move_to(epoch() + SignedDuration::from_hours(10));
    broker.retain().await.unwrap();
    let folder = place.folder.path().join("events.db-records");
    let first = |folder: &Path| {
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.min().unwrap()
    };
    let oldest = first(&folder);
    let kept = all(&broker, "kept").await;
    assert_eq!(kept.first().map(|record| record.offset), Some(0));
    broker.close().await;
    drop(broker);

    std::fs::remove_file(place.path()).unwrap();
    assert_ne!(oldest, "00000001.segment", "nothing was moved");
    let broker = Broker::open(&place.path(), settings, Clock::system()).unwrap();
    assert_eq!(all(&broker, "kept").await, kept);
}

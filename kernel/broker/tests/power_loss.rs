//! A power cut, played on copies of the files: behind what was brought to the disk, anything may be
//! missing or be rubbish. Nothing acknowledged is lost, and nothing half-written is seen.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::Path;

use chiron_broker::{Broker, Durability, LogSettings};
use chiron_clock::Clock;
use support::{all, record, text};

fn open(path: &Path) -> Broker {
    Broker::open(path, LogSettings::new(Durability::Durable), Clock::system()).unwrap()
}

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        // https://en.wikipedia.org/wiki/Linear_congruential_generator, Knuth's constants
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

/// The log's files in copies: the index with some of its own log, and one segment.
struct Wreck {
    folder: tempfile::TempDir,
}

impl Wreck {
    fn of(index: &[u8], wal: &[u8], segment: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("events.db"), index).unwrap();
        fs::write(folder.path().join("events.db-wal"), wal).unwrap();
        fs::create_dir(folder.path().join("events.db-records")).unwrap();
        fs::write(folder.path().join(SEGMENT), segment).unwrap();
        Self { folder }
    }

    fn open(&self) -> Broker {
        open(&self.folder.path().join("events.db"))
    }
}

const SEGMENT: &str = "events.db-records/00000001.segment";

fn batch_of(value: &str) -> usize {
    value.split(':').next().unwrap().parse().unwrap()
}

/// The segment is brought to the disk at each acknowledgement, the index at any time or never.
#[tokio::test]
async fn a_torn_tail_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let broker = open(&path);
    // After each acknowledgement all that the segment holds is on the disk: it may be cut there.
    let mut safe: Vec<usize> = Vec::new();
    let mut dice = Dice(20_260_515);
    for n in 0..60 {
        let batch = (0..=dice.below(9)).map(|i| format!("{n}:{i}")).collect::<Vec<_>>();
        let records = batch.iter().map(|value| record("t", value, value)).collect();
        broker.publish(records).await.unwrap();
        safe.push(fs::read(folder.path().join(SEGMENT)).unwrap().len());
    }
    let index = fs::read(&path).unwrap();
    let wal = fs::read(folder.path().join("events.db-wal")).unwrap();
    let segment = fs::read(folder.path().join(SEGMENT)).unwrap();
    let whole = all(&broker, "t").await;

    for round in 0..80 {
        let cut = dice.below(segment.len() + 1);
        let mut torn = segment[..cut].to_vec();
        if round % 2 == 1 {
            // The file system had grown the file, and what it holds was never written.
            torn.extend((0..dice.below(20_000)).map(|_| u8::try_from(dice.below(256)).unwrap()));
        }
        // Behind the segment, and sometimes, where nobody waited for the segment either, before it.
        let wreck = Wreck::of(&index, &wal[..dice.below(wal.len() + 1)], &torn);
        let survivor = wreck.open();
        let acknowledged = safe.iter().filter(|length| **length <= cut).count();
        let records = all(&survivor, "t").await;
        let batches = records.iter().map(|r| batch_of(&text(r)) + 1).max().unwrap_or(0);
        assert!(acknowledged <= batches, "{batches} batches of {acknowledged} acknowledged");
        // What is there is a beginning of what was written, in whole batches.
        let expected = whole.iter().filter(|r| batch_of(&text(r)) < batches);
        assert!(records.iter().eq(expected), "cut at {cut} of {}", segment.len());

        // Life goes on at the next offset, and the next start finds all of it.
        let ends = survivor.ends("t").await.unwrap();
        let next = survivor.publish(vec![record("t", "a", "9999:0")]).await.unwrap()[0];
        let end = ends.get(&next.partition).copied().unwrap_or(0);
        assert_eq!(next.offset, end);
        survivor.close().await;
        drop(survivor);
        assert_eq!(all(&wreck.open(), "t").await.len(), records.len() + 1);
    }
}

#[tokio::test]
async fn an_index_that_is_gone_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let broker = open(&path);
    for n in 0..20 {
        let value = format!("{n}:0");
        broker.publish(vec![record("t", &value, &value), record("u", "a", "0:0")]).await.unwrap();
    }
    let (t, u) = (all(&broker, "t").await, all(&broker, "u").await);
    broker.close().await;
    drop(broker);
    for file in ["events.db", "events.db-wal", "events.db-shm"] {
        let _gone = fs::remove_file(folder.path().join(file));
    }
    let again = open(&path);
    assert_eq!((all(&again, "t").await, all(&again, "u").await), (t, u));
}

#[tokio::test]
async fn records_that_are_gone_are_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let broker = open(&path);
    broker.publish(vec![record("t", "a", "0:0")]).await.unwrap();
    broker.close().await;
    drop(broker);
    fs::remove_file(folder.path().join(SEGMENT)).unwrap();
    let refused = Broker::open(&path, LogSettings::new(Durability::Durable), Clock::system());
    let err = std::error::Error::source(&refused.unwrap_err()).unwrap().to_string();
    assert!(err.contains("segment 1 of the records is missing"), "{err}");
}

#[tokio::test]
async fn progress_may_go_back_in_a_power_cut_but_never_ahead_of_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let broker = open(&path);
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    for n in 0..20 {
        let value = n.to_string();
        broker.publish(vec![record("t", &value, &value)]).await.unwrap();
        let batch = subscription.next_batch(10).await.unwrap();
        subscription.commit(&batch).await.unwrap();
    }
    let index = fs::read(&path).unwrap();
    let wal = fs::read(folder.path().join("events.db-wal")).unwrap();
    let segment = fs::read(folder.path().join(SEGMENT)).unwrap();
    let mut dice = Dice(7);
    for round in 0..60 {
        // Every other time as if the log had been relaxed: the segment too ends anywhere.
        let end = if round % 2 == 0 { segment.len() } else { dice.below(segment.len() + 1) };
        let wreck = Wreck::of(&index, &wal[..dice.below(wal.len() + 1)], &segment[..end]);
        let survivor = wreck.open();
        for (partition, committed) in survivor.committed("g", "t").await.unwrap() {
            assert!(committed <= survivor.ends("t").await.unwrap()[&partition]);
        }
    }
}

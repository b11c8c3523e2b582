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

#[tokio::test]
async fn a_torn_tail_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let wal = folder.path().join("events.db-wal");
    let broker = open(&path);
    // After each acknowledgement all that the WAL holds is on the disk: it may be cut there.
    let mut safe: Vec<usize> = Vec::new();
    let mut dice = Dice(20_260_515);
    for n in 0..60 {
        let batch = (0..=dice.below(9)).map(|i| format!("{n}:{i}")).collect::<Vec<_>>();
        let records = batch.iter().map(|value| record("t", value, value)).collect();
        broker.publish(records).await.unwrap();
        safe.push(fs::read(&wal).unwrap().len());
    }
    let (file, tail) = (fs::read(&path).unwrap(), fs::read(&wal).unwrap());
    let whole = all(&broker, "t").await;

    for round in 0..80 {
        let copy = tempfile::tempdir().unwrap();
        let torn_path = copy.path().join("events.db");
        let cut = dice.below(tail.len() + 1);
        let mut torn = tail[..cut].to_vec();
        if round % 2 == 1 {
            // The file system had grown the file, and what it holds was never written.
            torn.extend((0..dice.below(20_000)).map(|_| u8::try_from(dice.below(256)).unwrap()));
        }
        fs::write(&torn_path, &file).unwrap();
        fs::write(copy.path().join("events.db-wal"), &torn).unwrap();

        let survivor = open(&torn_path);
        let acknowledged = safe.iter().filter(|length| **length <= cut).count();
        let records = all(&survivor, "t").await;
        let batch_of = |value: &str| value.split(':').next().unwrap().parse::<usize>().unwrap();
        let batches = records.iter().map(|r| batch_of(&text(r)) + 1).max().unwrap_or(0);
        assert!(acknowledged <= batches, "{batches} batches of {acknowledged} acknowledged");
        // What is there is a beginning of what was written, in whole batches.
        let expected = whole.iter().filter(|r| batch_of(&text(r)) < batches);
        assert!(records.iter().eq(expected), "cut at {cut} of {}", tail.len());

        // Life goes on at the next offset.
        let ends = survivor.ends("t");
        let next = survivor.publish(vec![record("t", "a", "9999:0")]).await.unwrap()[0];
        let end = ends.get(&next.partition).copied().unwrap_or(0);
        assert_eq!(next.offset, end);
    }
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
    let file = fs::read(&path).unwrap();
    let tail = fs::read(folder.path().join("events.db-wal")).unwrap();
    let mut dice = Dice(7);
    for _ in 0..30 {
        let copy = tempfile::tempdir().unwrap();
        let torn_path = copy.path().join("events.db");
        fs::write(&torn_path, &file).unwrap();
        let cut = dice.below(tail.len() + 1);
        fs::write(copy.path().join("events.db-wal"), &tail[..cut]).unwrap();
        let survivor = open(&torn_path);
        for (partition, committed) in survivor.committed("g", "t") {
            assert!(committed <= survivor.ends("t")[&partition]);
        }
    }
}

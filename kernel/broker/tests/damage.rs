//! Files whose bytes have changed: what was acknowledged is read as it was, or not at all and with a
//! message that says what to do. Never otherwise than it was, and never less without a word.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::error::Error as _;
use std::fs;
use std::path::Path;

use chiron_broker::{Broker, BrokerError, Durability, LogSettings, OpenError, Record};
use chiron_clock::Clock;
use support::{all, record};

const SEGMENT: &str = "events.db-records/00000001.segment";

fn open(path: &Path) -> Result<Broker, OpenError> {
    Broker::open(path, LogSettings::new(Durability::Durable), Clock::system())
}

/// A log of a few commits; closed, or as a killed process leaves it.
async fn written(folder: &Path, closed: bool) -> Vec<Record> {
    let broker = open(&folder.join("events.db")).unwrap();
    for n in 0..8 {
        let values: Vec<String> = (0..3).map(|i| format!("{n}:{i}")).collect();
        let records = values.iter().map(|value| record("t", value, value)).collect();
        broker.publish(records).await.unwrap();
    }
    let records = all(&broker, "t").await;
    if closed {
        broker.close().await;
    } else {
        // The copies that are taken now are what a killed process leaves.
        let copy = tempfile::tempdir().unwrap();
        for file in ["events.db", "events.db-wal", SEGMENT] {
            let to = copy.path().join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(folder.join(file), to).unwrap();
        }
        broker.close().await;
        for file in ["events.db", "events.db-wal", SEGMENT] {
            fs::copy(copy.path().join(file), folder.join(file)).unwrap();
        }
    }
    records
}

/// Everything, partition after partition, or why not.
async fn read(broker: &Broker) -> Result<Vec<Record>, BrokerError> {
    let mut records = Vec::new();
    for partition in 0..broker.partitions() {
        let end = broker.ends("t").await.unwrap().get(&partition).copied().unwrap_or(0);
        let mut from = 0;
        while from < end {
            let read = broker.read("t", partition, from, 100).await?;
            from += read.len() as u64;
            assert!(!read.is_empty(), "a hole at {from} of {end} without a word");
            records.extend(read);
        }
    }
    Ok(records)
}

/// Each byte of the segment in turn is another.
async fn check_segment(closed: bool) {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(folder.path(), closed).await;
    let path = folder.path().join("events.db");
    let files = ["events.db", "events.db-wal", SEGMENT];
    let before = files.map(|file| fs::read(folder.path().join(file)).ok());
    let segment = fs::read(folder.path().join(SEGMENT)).unwrap();
    // Of the last commit it cannot be told whether it was torn before it was acknowledged.
    let last = {
        let heads = b"[{\"topic\":";
        segment.windows(heads.len()).rposition(|window| window == heads).unwrap() - 12
    };
    let (mut refused, mut unharmed) = (0, 0);
    for at in (0..last).step_by(37) {
        for (file, bytes) in files.iter().zip(&before) {
            match bytes {
                Some(bytes) => fs::write(folder.path().join(file), bytes).unwrap(),
                None => drop(fs::remove_file(folder.path().join(file))),
            }
        }
        let mut changed = segment.clone();
        *changed.get_mut(at).unwrap() ^= 0x20;
        fs::write(folder.path().join(SEGMENT), changed).unwrap();
        let said = match open(&path) {
            Err(err) => err.source().unwrap().to_string(),
            Ok(broker) => match read(&broker).await {
                Ok(records) => {
                    assert_eq!(records, whole, "byte {at} was changed, and a record with it");
                    unharmed += 1;
                    continue;
                }
                Err(err) => {
                    // Whoever runs the process is told, and ends it.
                    let noted = broker.failed().await.to_string();
                    assert_eq!(err.source().unwrap().to_string(), noted);
                    noted
                }
            },
        };
        assert!(said.contains("segment 1 of the records is damaged"), "byte {at}: {said}");
        assert!(said.contains("restore"), "byte {at}: {said}");
        refused += 1;
    }
    assert!(10 < refused, "{refused} refused, {unharmed} unharmed");
}

#[tokio::test]
async fn no_record_of_a_closed_log_is_read_otherwise_than_it_was() {
    check_segment(true).await;
}

#[tokio::test]
async fn what_is_damaged_is_not_taken_for_a_torn_end() {
    check_segment(false).await;
}

/// The index holds nothing that the records do not, but for how far consumers have come.
#[tokio::test]
async fn a_damaged_index_is_said_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let whole = written(folder.path(), true).await;
    let path = folder.path().join("events.db");
    let index = fs::read(&path).unwrap();
    let mut refused = 0;
    for at in (0..index.len()).step_by(4096) {
        let mut changed = index.clone();
        changed.iter_mut().skip(at).take(2048).for_each(|byte| *byte = 0x5A);
        fs::write(&path, changed).unwrap();
        for beside in ["events.db-wal", "events.db-shm"] {
            drop(fs::remove_file(folder.path().join(beside)));
        }
        let said = match open(&path) {
            Err(err) => {
                let source = err.source().map(ToString::to_string).unwrap_or_default();
                format!("{err}: {source}")
            }
            Ok(broker) => match read(&broker).await {
                // What was written over was not in use.
                Ok(records) if records == whole => continue,
                Ok(_) => panic!("{at}: records are missing without a word"),
                Err(err) => err.source().unwrap().to_string(),
            },
        };
        assert!(said.contains("move it away"), "{at}: {said}");
        refused += 1;
        // As it was said.
        fs::rename(&path, folder.path().join("away")).unwrap();
        for beside in ["events.db-wal", "events.db-shm"] {
            drop(fs::remove_file(folder.path().join(beside)));
        }
        assert_eq!(read(&open(&path).unwrap()).await.unwrap(), whole);
    }
    assert!(3 < refused, "{refused}");
}

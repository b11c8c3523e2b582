//! `kill -9` of a process that publishes: nothing acknowledged is lost, nothing has a gap, and the
//! lock of the dead blocks nobody. Also: two living processes cannot both write.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "the child tells by its output what was acknowledged")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chiron_broker::{Broker, Durability, LogSettings, OpenError};
use chiron_clock::Clock;
use support::{all, record, text};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("publish") => runtime.block_on(publish(Path::new(&arguments[2]), &arguments[3])),
        Some("--list") => println!("a_killed_writer_loses_nothing_acknowledged: test"),
        _ => {
            runtime.block_on(a_killed_writer_loses_nothing_acknowledged());
            println!("test a_killed_writer_loses_nothing_acknowledged ... ok");
        }
    }
}

fn open(path: &Path) -> Result<Broker, OpenError> {
    Broker::open(path, LogSettings::new(Durability::Durable), Clock::system())
}

/// The child: publishes for ever, and writes a line after each acknowledgement.
async fn publish(path: &Path, life: &str) {
    let broker = open(path).unwrap();
    println!("open");
    for n in 0.. {
        let batch: Vec<String> = (0..7).map(|i| format!("{life}:{n}:{i}")).collect();
        let records = batch.iter().map(|value| record("t", value, value)).collect();
        broker.publish(records).await.unwrap();
        println!("{n}");
        std::io::stdout().flush().unwrap();
    }
}

fn start(path: &Path, life: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .arg("publish")
        .arg(path)
        .arg(life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn a_killed_writer_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let mut acknowledged: Vec<u64> = Vec::new();
    for life in 0..4 {
        let mut child = start(&path, life);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "open");
        let refused = open(&path);
        assert!(matches!(refused, Err(OpenError::InUse { .. })), "{refused:?}");
        // At least one acknowledgement, then any moment.
        lines.next().unwrap().unwrap();
        std::thread::sleep(Duration::from_millis(13 + 41 * u64::from(life)));
        child.kill().unwrap();
        child.wait().unwrap();
        let count = lines.map_while(Result::ok).filter(|line| line.parse::<u64>().is_ok()).count();
        acknowledged.push(count as u64 + 1);

        let broker = open(&path).unwrap();
        let records = all(&broker, "t").await;
        for partition in 0..broker.partitions() {
            let of_one = records.iter().filter(|r| r.partition == partition);
            let offsets: Vec<u64> = of_one.map(|r| r.offset).collect();
            assert_eq!(offsets, (0..offsets.len() as u64).collect::<Vec<_>>(), "a gap");
        }
        let values: Vec<String> = records.iter().map(text).collect();
        for (life, count) in acknowledged.iter().enumerate() {
            let prefix = format!("{life}:");
            let found = values.iter().filter(|value| value.starts_with(&prefix)).count() as u64;
            // What was under way may be there too, but only whole.
            assert!(found == count * 7 || found == (count + 1) * 7, "{found} of {count} batches");
        }
    }
}

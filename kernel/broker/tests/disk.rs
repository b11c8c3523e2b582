//! A disk that is full or cannot be written: nothing acknowledged is lost, nothing refused is there,
//! the error says what to do, and work goes on once there is room, without a restart.
//!
//! The disk runs full by the largest size of a file that the operating system grants a process
//! (`setrlimit(2)`, `RLIMIT_FSIZE`), which is a child here.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "the child tells by its output what was acknowledged")]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use chiron_broker::{Broker, BrokerError, Durability, LogSettings, OpenError, chain};
use chiron_clock::Clock;
use support::{all, record, text};
use test_support::disk::{as_nobody, make_room, set_modes, with_room};

const TESTS: [&str; 2] =
    ["a_full_disk_loses_nothing_and_passes", "a_disk_that_cannot_be_written_is_said"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("publish") => {
            runtime.block_on(publish(Path::new(&arguments[2]), arguments[3].parse().unwrap()));
        }
        Some("open") => match open(Path::new(&arguments[2])) {
            Ok(_) => println!("opened"),
            Err(err) => println!("{}", chain(&err)),
        },
        Some("--list") => TESTS.iter().for_each(|test| println!("{test}: test")),
        _ => {
            runtime.block_on(a_full_disk_loses_nothing_and_passes());
            println!("test {} ... ok", TESTS[0]);
            runtime.block_on(a_disk_that_cannot_be_written_is_said());
            println!("test {} ... ok", TESTS[1]);
        }
    }
}

fn open(path: &Path) -> Result<Broker, OpenError> {
    Broker::open(path, LogSettings::new(Durability::Durable), Clock::system())
}

/// The child: publishes for ever, two records at a time, and says of each pair what became of it. A
/// group commits its progress beside them.
async fn publish(path: &Path, bytes: usize) {
    let broker = open(path).unwrap();
    let mut subscription = broker.subscribe("g", &["t"]).await.unwrap();
    for n in 0_u64.. {
        let pair = ["a", "b"].map(|half| format!("{n}:{half}:{}", "x".repeat(bytes)));
        let records = pair.iter().map(|value| record("t", "one", value)).collect();
        match broker.publish(records).await {
            Ok(_) => {
                println!("ok {n}");
                let batch = subscription.next_batch(10).await.unwrap();
                if let Err(err) = subscription.commit(&batch).await {
                    assert!(matches!(err, BrokerError::Storage(_)), "{err}");
                }
            }
            Err(err) => println!("no {n} {}", chain(&err)),
        }
        std::io::stdout().flush().unwrap();
    }
}

async fn a_full_disk_loses_nothing_and_passes() {
    // Small records fill the index's own log first, large ones the segment. Somebody makes room, or
    // the process is killed before.
    for (bytes, limit, room) in [
        (10, 300_000, true),
        (30_000, 500_000, true),
        (10, 300_000, false),
        (30_000, 500_000, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let mut child = with_room(limit, std::env::current_exe().unwrap())
            .arg("publish")
            .arg(&path)
            .arg(bytes.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut kept, mut refused) = (BTreeSet::new(), BTreeSet::new());
        let mut after = 0;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map(Result::unwrap) {
            let (outcome, rest) = line.split_once(' ').unwrap();
            let number: u64 = rest.split(' ').next().unwrap().parse().unwrap();
            if outcome == "ok" {
                kept.insert(number);
                after += u64::from(!refused.is_empty());
                if after == 20 {
                    break;
                }
                continue;
            }
            assert!(rest.contains("see whether it is full"), "{rest}");
            refused.insert(number);
            if refused.len() == 5 {
                if !room {
                    break;
                }
                make_room(&child).unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!kept.is_empty() && 5 <= refused.len(), "{kept:?} {refused:?}");

        let broker = open(&path).unwrap();
        let records = all(&broker, "t").await;
        for halves in records.chunks(2) {
            let number = |index: usize| {
                text(&halves[index]).split(':').next().unwrap().parse::<u64>().unwrap()
            };
            assert_eq!(number(0), number(1), "half of what was published together");
            assert!(!refused.contains(&number(0)), "{} was refused", number(0));
            kept.remove(&number(0));
        }
        assert!(kept.is_empty(), "lost: {kept:?}");
        let group = broker.committed("g", "t").await.unwrap();
        let ends = broker.ends("t").await.unwrap();
        assert!(group.iter().all(|(partition, next)| *next <= ends[partition]), "{group:?}");
    }
}

/// What another process, that may not write where its user may not, says of a log.
fn said_by_other(path: &Path) -> String {
    let mut child = as_nobody(std::env::current_exe().unwrap()).unwrap();
    let output = child.arg("open").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn a_disk_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let modes = |folders, files| set_modes(folder.path(), folders, files).unwrap();
    let path = folder.path().join("events.db");
    let check = |what: &str| {
        let said = said_by_other(&path);
        assert!(said.contains(folder.path().to_str().unwrap()), "{what}: {said}");
        assert!(said.contains("let the account of this process write"), "{what}: {said}");
    };
    modes(0o555, 0o444);
    check("an empty folder");
    modes(0o755, 0o644);
    let broker = open(&path).unwrap();
    broker.publish(vec![record("t", "a", "kept")]).await.unwrap();
    broker.close().await;
    drop(broker);
    modes(0o555, 0o444);
    check("a log in a folder");
    modes(0o777, 0o444);
    fs::remove_file(folder.path().join("events.db.lock")).unwrap();
    check("a log's files");
    modes(0o777, 0o666);
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    check("the index");
    modes(0o755, 0o644);
    let again = open(&path).unwrap();
    assert_eq!(all(&again, "t").await.len(), 1);
}

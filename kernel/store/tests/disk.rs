//! A disk that is full or cannot be written, a file that is damaged: nothing acknowledged is lost,
//! nothing refused is there, no event is forgotten, the error says what to do, and work goes on once
//! there is room, without a restart.
//!
//! The disk runs full by the largest size of a file that the operating system grants a process
//! (`setrlimit(2)`, `RLIMIT_FSIZE`), which is a child here.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "the child tells by its output what was acknowledged")]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use chiron_broker::{Durability, Trouble, chain};
use chiron_store::contract::{self, PEOPLE, Person, event, person};
use chiron_store::{Collection, Find, OpenError, Store, StoreError, WriteError};
use test_support::disk::{as_nobody, make_room, set_modes, with_room};
use tokio::task::JoinSet;

const TESTS: [&str; 3] = [
    "a_full_disk_loses_nothing_and_passes",
    "a_disk_that_cannot_be_written_is_said",
    "a_damaged_file_is_said_and_written_no_more",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // One thread, so that what is asked together comes into one transaction.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.get(1).map(String::as_str) {
        Some("write") => {
            runtime.block_on(write(Path::new(&arguments[2]), arguments[3].parse().unwrap()));
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
            runtime.block_on(a_damaged_file_is_said_and_written_no_more());
            println!("test {} ... ok", TESTS[2]);
        }
    }
}

fn open(path: &Path) -> Result<Store, OpenError> {
    Store::open(path, Durability::Durable, contract::COLLECTIONS)
}

fn people(store: &Store) -> Collection<Person> {
    store.collection(&PEOPLE)
}

/// The child: inserts for ever, eight documents at a time, each with an event, and says of each what
/// became of it. Every so often one of the eight is larger than what the database keeps in memory.
async fn write(path: &Path, large: usize) {
    let store = open(path).unwrap();
    for round in 0_u32.. {
        let mut writes = JoinSet::new();
        for nth in 0..8 {
            let (id, people) = (format!("{round}-{nth}"), people(&store));
            let ward = if nth == 4 && round % 2 == 1 { "x".repeat(large) } else { "a".repeat(900) };
            writes.spawn(async move {
                let written = people.insert(&id, &person(&ward, None), vec![event(&id)]).await;
                (id, written)
            });
        }
        let mut said = Vec::new();
        for (id, written) in writes.join_all().await {
            match written {
                Ok(_) => said.push(format!("ok {id}")),
                Err(err) => {
                    assert!(matches!(err, WriteError::Store(StoreError::Disk { .. })), "{err:?}");
                    said.push(format!("no {id} {}", chain(&err)));
                }
            }
        }
        // Every document has an event that nobody has published: the relay must know of each.
        let documents = people(&store).count(&[]).await.unwrap();
        assert_eq!(store.unrelayed(), documents, "an event is forgotten");
        if said.iter().all(|line| line.starts_with("ok")) {
            assert_eq!(store.trouble(), None, "it has passed");
        }
        println!("{}", said.join("\n"));
        std::io::stdout().flush().unwrap();
    }
}

async fn a_full_disk_loses_nothing_and_passes() {
    // At the commit; and in the middle of a statement.
    for large in [900, 3_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut child = with_room(600_000, std::env::current_exe().unwrap())
            .arg("write")
            .arg(&path)
            .arg(large.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut kept, mut refused) = (BTreeSet::new(), BTreeSet::new());
        let mut after = 0;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map(Result::unwrap) {
            let (outcome, rest) = line.split_once(' ').unwrap();
            let id = rest.split(' ').next().unwrap().to_owned();
            if outcome == "ok" {
                kept.insert(id);
                after += u64::from(32 <= refused.len());
                if after == 40 {
                    break;
                }
                continue;
            }
            assert!(rest.contains("see whether it is full"), "{rest}");
            refused.insert(id);
            if refused.len() == 32 {
                // Somebody makes room.
                make_room(&child).unwrap();
            }
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(after, 40, "{large}: it does not pass: {kept:?} {refused:?}");

        let store = open(&path).unwrap();
        let there = people(&store).find(&Find::all()).await.unwrap();
        assert_eq!(store.unrelayed(), there.len() as u64, "a document without its event");
        let there: BTreeSet<String> = there.into_iter().map(|row| row.id).collect();
        assert!(kept.is_subset(&there), "lost: {:?}", kept.difference(&there));
        assert!(refused.is_disjoint(&there), "{:?}", refused.intersection(&there));
        store.close().await;
    }
}

/// What another process, that may not write where its user may not, says of a store.
fn said_by_other(path: &Path) -> String {
    let mut child = as_nobody(std::env::current_exe().unwrap()).unwrap();
    let output = child.arg("open").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn a_disk_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let modes = |folders, files| set_modes(folder.path(), folders, files).unwrap();
    let check = |what: &str| {
        let said = said_by_other(&path);
        assert!(said.contains(path.to_str().unwrap()), "{what}: {said}");
        assert!(said.contains("let the account of this process write"), "{what}: {said}");
    };
    modes(0o555, 0o444);
    check("an empty folder");
    modes(0o755, 0o644);
    let store = open(&path).unwrap();
    people(&store).insert("1", &person("a", None), vec![]).await.unwrap();
    store.close().await;
    modes(0o555, 0o444);
    check("everything");
    modes(0o777, 0o666);
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    check("the file");
    modes(0o555, 0o666);
    check("the folder");
    modes(0o755, 0o644);
    let store = open(&path).unwrap();
    assert!(people(&store).get("1").await.unwrap().is_some());
    store.close().await;
}

async fn a_damaged_file_is_said_and_written_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    for n in 0..40 {
        let id = format!("{n:02}");
        people(&store).insert(&id, &person(&"a".repeat(900), Some(n)), vec![]).await.unwrap();
    }
    store.close().await;
    let whole = fs::read(&path).unwrap();
    let (mut at_start, mut at_work) = (0, 0);
    for at in (0..whole.len()).step_by(4096) {
        let mut changed = whole.clone();
        changed.iter_mut().skip(at).take(1024).for_each(|byte| *byte = 0x5A);
        fs::write(&path, changed).unwrap();
        for beside in ["store.db-wal", "store.db-shm"] {
            drop(fs::remove_file(folder.path().join(beside)));
        }
        let store = match open(&path) {
            Ok(store) => store,
            Err(err) => {
                let said = chain(&err);
                assert!(said.contains("put back the newest backup"), "{at}: {said}");
                assert!(said.contains(path.to_str().unwrap()), "{at}: {said}");
                at_start += 1;
                continue;
            }
        };
        let found = people(&store).find(&Find::all()).await;
        if let Err(err) = found {
            let noted = store.failed().await;
            assert_eq!(noted.trouble(), Some(Trouble::Damaged), "{at}: {err}");
            assert!(noted.to_string().contains("put back the newest backup"), "{noted}");
            let refused = people(&store).insert("new", &person("a", None), vec![]).await;
            assert!(matches!(refused, Err(WriteError::Store(StoreError::Disk { .. }))));
            at_work += 1;
        }
        store.close().await;
    }
    assert!(0 < at_start && 3 < at_work, "{at_start} at the start, {at_work} at work");
}

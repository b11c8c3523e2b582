//! The trail as a file: what it survives, who shares it, and what is found when it is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use chiron_broker::{Broker, Durability, LogReader, LogSettings};
use chiron_chassis::audit::{
    Asked, Audit, AuditError, COLLECTIONS, HEADS, Published, Verdict, prove, prove_in,
};
use chiron_clock::{Activity, Clock, Shutdown};
use chiron_store::{Collection, Store};
use serde_json::{Value, json};

use crate::chain::event;

fn open(path: &Path, durability: Durability) -> Audit {
    Audit::open(path, durability, Clock::system()).unwrap()
}

async fn whole(path: &Path) -> Verdict {
    let verdict = prove(path, Published::Unknown).await.unwrap();
    assert!(verdict.is_whole(), "{verdict:?}");
    verdict
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_services_append_one_chain_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sqlite");
    let audit = open(&path, Durability::Durable);
    let mut services = tokio::task::JoinSet::new();
    for service in 0..4 {
        for n in 0..60 {
            let audit = audit.clone();
            services.spawn(async move {
                let id = format!("{service}-{n}");
                (audit.record(event("ada", &[("id", &id)])).await.unwrap(), id)
            });
        }
    }
    let told: BTreeSet<(u64, String)> = services.join_all().await.into_iter().collect();
    let seqs: Vec<u64> = told.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=240).collect::<Vec<_>>());
    for (seq, id) in told.iter().step_by(37) {
        let asked = Asked { subject: Some(id.clone()), limit: 10, ..Asked::default() };
        let page = audit.find(&asked).await.unwrap();
        assert_eq!(page.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [*seq]);
    }
    // Proved while it is open, as beside running services, and after a restart.
    assert_eq!(whole(&path).await.entries, 240);
    audit.close().await;
    let audit = open(&path, Durability::Durable);
    assert_eq!(audit.record(event("ada", &[])).await.unwrap(), 241);
    audit.close().await;
    assert_eq!(whole(&path).await.entries, 241);
}

#[tokio::test]
async fn two_owners_do_not_fork_the_chain() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    let one = Audit::over(store.clone(), Clock::system());
    let other = Audit::over(store, Clock::system());
    for round in 0..5 {
        assert_eq!(one.record(event("a", &[])).await.unwrap(), 2 * round + 1);
        assert_eq!(other.record(event("b", &[])).await.unwrap(), 2 * round + 2);
    }
}

/// As processes on one database do: each entry stands once, whoever was faster.
#[tokio::test]
async fn owners_that_race_write_one_chain() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    let owners: Vec<_> = (0..3).map(|_| Audit::over(store.clone(), Clock::system())).collect();
    let mut recording = tokio::task::JoinSet::new();
    for (n, owner) in owners.iter().cycle().take(300).enumerate() {
        let owner = owner.clone();
        recording.spawn(async move {
            let id = n.to_string();
            (owner.record(event("ada", &[("id", &id)])).await.unwrap(), id)
        });
    }
    let told: BTreeMap<u64, String> = recording.join_all().await.into_iter().collect();
    assert!(told.keys().copied().eq(1..=300));
    let asked = Asked { limit: 1_000, ..Asked::default() };
    let page = owners[0].find(&asked).await.unwrap();
    assert_eq!(page.entries.len(), 300);
    for entry in page.entries {
        assert_eq!(entry.event.subjects["id"], told[&entry.seq]);
    }
    assert!(prove_in(&store, Published::Unknown).await.unwrap().is_whole());
}

#[tokio::test]
async fn a_recorder_that_leaves_disturbs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sqlite");
    let audit = open(&path, Durability::Relaxed);
    for _ in 0..20 {
        let leaving = tokio::time::timeout(Duration::ZERO, audit.record(event("gone", &[])));
        let staying = audit.record(event("here", &[]));
        let (left, stayed) = tokio::join!(leaving, staying);
        drop(left);
        match stayed {
            // Whoever was writing both has gone: nobody can say whether it is there.
            Ok(_) | Err(AuditError::Interrupted) => {}
            Err(err) => panic!("{err:?}"),
        }
        audit.record(event("after", &[])).await.unwrap();
    }
    audit.close().await;
    whole(&path).await;
}

/// Power is lost in the middle of an append: whatever is cut from the end of the write-ahead log,
/// the trail opens as a whole chain, nothing acknowledged before the cut is missing, and it goes on.
#[tokio::test]
async fn a_torn_tail_leaves_a_whole_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sqlite");
    let audit = open(&path, Durability::Durable);
    for n in 0..12 {
        audit.record(event(&format!("u{n}"), &[("id", "x")])).await.unwrap();
    }
    // As the disk is at this moment, without the tidying of an orderly close.
    let database = fs::read(&path).unwrap();
    let log = fs::read(folder.path().join("audit.sqlite-wal")).unwrap();
    audit.close().await;
    let mut seen = BTreeSet::new();
    for cut in (0..=log.len()).rev().step_by(7_001) {
        let torn = tempfile::tempdir().unwrap();
        let path = torn.path().join("audit.sqlite");
        fs::write(&path, &database).unwrap();
        let mut bytes = log.get(..cut).unwrap().to_vec();
        if cut % 2 == 0 {
            bytes.resize(log.len(), 0xA5);
        }
        fs::write(torn.path().join("audit.sqlite-wal"), bytes).unwrap();
        let audit = open(&path, Durability::Relaxed);
        let there = audit.count().await.unwrap();
        assert_eq!(audit.record(event("next", &[])).await.unwrap(), there + 1);
        audit.close().await;
        assert_eq!(whole(&path).await.entries, there + 1);
        seen.insert(there);
    }
    assert!(seen.contains(&12) && 3 < seen.len(), "{seen:?}");
}

async fn heads_of(broker: &Broker) -> u64 {
    broker.ends(HEADS).await.unwrap().values().sum()
}

/// A trail with its heads in an event log, all closed.
async fn published(folder: &Path, entries: u64) {
    let clock = Clock::system();
    let settings = LogSettings::new(Durability::Relaxed);
    let broker = Broker::open(&folder.join("events.sqlite"), settings, clock.clone()).unwrap();
    let audit = open(&folder.join("audit.sqlite"), Durability::Relaxed);
    // The end of what was there before is published once more.
    let before = heads_of(&broker).await + u64::from(0 < audit.count().await.unwrap());
    let (trigger, shutdown) = Shutdown::new();
    let publish = audit.publish(broker.clone(), Activity::new(clock), shutdown);
    let work = async {
        for n in 0..entries {
            audit.record(event(&format!("u{n}"), &[("id", "x")])).await.unwrap();
            // So that each becomes a head; a busy trail publishes fewer.
            while heads_of(&broker).await < before + n + 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        trigger.trigger();
    };
    tokio::join!(publish, work);
    audit.close().await;
    broker.close().await;
}

/// What somebody does to the file.
enum Hand {
    Change(u64, fn(&mut Value)),
    Remove(u64),
    CutAfter(u64),
    Swap(u64, u64),
}

async fn lay(hand: &Hand, path: &Path) {
    let store = Store::open(path, Durability::Relaxed, COLLECTIONS).unwrap();
    let rows: Collection<Value> = store.collection(COLLECTIONS[0]);
    let id = |seq: u64| format!("{seq:016}");
    let read = async |seq: u64| rows.get(&id(seq)).await.unwrap().unwrap().document;
    match *hand {
        Hand::Change(seq, change) => {
            let mut body = read(seq).await;
            change(&mut body);
            rows.put(&id(seq), &body, vec![]).await.unwrap();
        }
        Hand::Remove(seq) => assert!(rows.delete(&id(seq), None).await.unwrap()),
        Hand::CutAfter(last) => {
            for seq in last + 1..=9 {
                assert!(rows.delete(&id(seq), None).await.unwrap());
            }
        }
        Hand::Swap(a, b) => {
            let (in_a, in_b) = (read(a).await, read(b).await);
            rows.put(&id(a), &in_b, vec![]).await.unwrap();
            rows.put(&id(b), &in_a, vec![]).await.unwrap();
        }
    }
    store.close().await;
}

#[tokio::test]
async fn every_hand_laid_on_the_file_is_found() {
    let check = async |hand: Option<Hand>, expected: &[(u64, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        published(folder.path(), 9).await;
        let path = folder.path().join("audit.sqlite");
        if let Some(hand) = &hand {
            lay(hand, &path).await;
        }
        let log = LogReader::open(&folder.path().join("events.sqlite")).unwrap();
        let verdict = prove(&path, Published::Log(&log)).await.unwrap();
        assert_eq!((verdict.published_to, verdict.heads), (9, 9));
        let found: Vec<_> = verdict.findings.iter().map(|f| (f.seq, f.what.as_str())).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((seq, what), (at, words)) in found.iter().zip(expected) {
            assert!(seq == at && what.contains(words), "{found:?}, not {expected:?}");
        }
    };
    let unpublished = "not the one whose hash was published";
    check(None, &[]).await;
    let eve = Hand::Change(4, |body| body["entry"]["actor"]["id"] = json!("eve"));
    check(Some(eve), &[(4, "was changed"), (4, unpublished)]).await;
    let shapeless = Hand::Change(4, |body| *body = json!([]));
    check(Some(shapeless), &[(4, "cannot be read")]).await;
    check(Some(Hand::Remove(4)), &[(4, "is missing")]).await;
    check(Some(Hand::CutAfter(6)), &[(7, "and those up to 9 are missing at the end")]).await;
    check(Some(Hand::CutAfter(0)), &[(1, "and those up to 9 are missing at the end")]).await;
    check(
        Some(Hand::Swap(4, 5)),
        &[
            (4, "is not in its place"),
            (4, "does not follow"),
            (4, unpublished),
            (5, "is not in its place"),
            (5, "does not follow"),
            (5, unpublished),
            (6, "does not follow"),
        ],
    )
    .await;
}

/// After a cut the chain goes on as if nothing had been, and the heads tell two stories.
#[tokio::test]
async fn a_cut_that_was_written_over_is_found() {
    let folder = tempfile::tempdir().unwrap();
    published(folder.path(), 9).await;
    let path = folder.path().join("audit.sqlite");
    lay(&Hand::CutAfter(6), &path).await;
    published(folder.path(), 9).await;
    let log = LogReader::open(&folder.path().join("events.sqlite")).unwrap();
    let verdict = prove(&path, Published::Log(&log)).await.unwrap();
    let found: Vec<u64> = verdict.findings.iter().map(|finding| finding.seq).collect();
    assert_eq!(found, [7, 8, 9], "{verdict:?}");
}

#[tokio::test]
async fn there_must_be_something_to_prove() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.sqlite");
    assert!(prove(&path, Published::Unknown).await.is_err());
    assert!(!path.exists(), "looking makes nothing");
    fs::write(&path, "not a database, but long enough to be taken for one ".repeat(40)).unwrap();
    assert!(prove(&path, Published::Unknown).await.is_err());
}

#[tokio::test]
async fn what_is_asked_for_is_found_page_by_page() {
    let (clock, hand) =
        Clock::lock_step(chiron_clock::instant::parse("2026-05-15T06:00:00Z").unwrap());
    let audit = Audit::in_memory(clock.clone()).unwrap();
    for n in 0..10 {
        let (actor, id) = (format!("u{}", n % 2), format!("p{}", n % 3));
        audit.record(event(&actor, &[("id", &id), ("roomId", "or-1")])).await.unwrap();
        hand.move_to(clock.now() + jiff::SignedDuration::from_mins(1));
    }
    let at = |minute: i64| {
        let epoch = chiron_clock::instant::parse("2026-05-15T06:00:00Z").unwrap();
        Some(epoch + jiff::SignedDuration::from_mins(minute))
    };
    let check = async |asked: Asked, total: u64, expected: &[u64]| {
        let page = audit.find(&asked).await.unwrap();
        let found: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
        assert_eq!((found.as_slice(), page.total), (expected, total), "{asked:?}");
        page.next
    };
    let text = |text: &str| Some(text.to_owned());
    let all = Asked { limit: 4, ..Asked::default() };
    let next = check(all.clone(), 10, &[10, 9, 8, 7]).await;
    let next = check(Asked { before: next, ..all.clone() }, 10, &[6, 5, 4, 3]).await;
    assert_eq!(check(Asked { before: next, ..all.clone() }, 10, &[2, 1]).await, None);
    check(Asked { actor: text("u1"), ..all.clone() }, 5, &[10, 8, 6, 4]).await;
    check(Asked { subject: text("p0"), ..all.clone() }, 4, &[10, 7, 4, 1]).await;
    let both = Asked { subject: text("p0"), actor: text("u1"), ..all.clone() };
    check(both, 2, &[10, 4]).await;
    let rooms = Asked { subject: text("or-1"), limit: 3, ..all.clone() };
    assert_eq!(check(rooms, 10, &[10, 9, 8]).await, Some(8));
    check(Asked { from: at(2), to: at(4), ..all.clone() }, 3, &[5, 4, 3]).await;
    check(Asked { subject: text("nobody"), ..all }, 0, &[]).await;
}

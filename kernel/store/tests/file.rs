//! The file behind a store: what it survives, and what it refuses to be.

use std::fs;
use std::path::Path;

use chiron_broker::Durability;
use chiron_store::contract::{self, PEOPLE, Person, event, person};
use chiron_store::{Collection, CollectionSpec, Find, Index, OpenError, Store};

fn open(path: &Path) -> Result<Store, OpenError> {
    Store::open(path, Durability::Durable, contract::COLLECTIONS)
}

fn people(store: &Store) -> Collection<Person> {
    store.collection(&PEOPLE)
}

#[tokio::test]
async fn keeps_documents_versions_and_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/store.db");
    for round in 1..=3 {
        let store = open(&path).unwrap();
        assert_eq!(store.unrelayed(), round - 1);
        let version = people(&store).put("1", &person("a", None), vec![event("e")]).await.unwrap();
        assert_eq!(version, round);
        store.close().await;
    }
}

#[tokio::test]
async fn has_one_opener() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::InUse { .. })));
    store.close().await;
    open(&path).unwrap().close().await;
}

#[tokio::test]
async fn refuses_files_of_others_and_leaves_them_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be taken for one ".repeat(40)).unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let marked = folder.path().join("marked.db");
    let connection = rusqlite::Connection::open(&marked).unwrap();
    connection.execute_batch("PRAGMA application_id = 7; CREATE TABLE t (x)").unwrap();
    drop(connection);
    for path in [text, other, marked] {
        let before = fs::read(&path).unwrap();
        let refused = open(&path);
        assert!(matches!(refused, Err(OpenError::Foreign { .. })), "{refused:?}");
        assert_eq!(fs::read(&path).unwrap(), before, "{} was changed", path.display());
    }
}

#[tokio::test]
async fn refuses_a_newer_layout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    open(&path).unwrap().close().await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    match open(&path) {
        Err(OpenError::Newer { found: 99, known, .. }) => assert_eq!(known, 1),
        other => panic!("{other:?}"),
    }
}

/// Power is lost in the middle of an append: whatever is cut from the end of the write-ahead log,
/// the store opens with a prefix of the writes, each whole with its event.
#[tokio::test]
async fn opens_with_a_torn_tail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    open(&path).unwrap().close().await;
    let store = open(&path).unwrap();
    // Whoever reads the file as it was keeps everything that follows in the log: what was copied
    // from it was synced before, and cannot be torn.
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_master").unwrap();
    for n in 0..12_u32 {
        let id = format!("{n:02}");
        people(&store).insert(&id, &person("a", Some(n)), vec![event(&id)]).await.unwrap();
    }
    // As the disk is at this moment, without the tidying of an orderly close.
    let database = fs::read(&path).unwrap();
    let log = fs::read(folder.path().join("store.db-wal")).unwrap();
    drop(reader);
    store.close().await;

    let mut seen = std::collections::BTreeSet::new();
    for cut in (0..=log.len()).rev().step_by(2501) {
        let torn = tempfile::tempdir().unwrap();
        let path = torn.path().join("store.db");
        fs::write(&path, &database).unwrap();
        // What follows the cut may be missing or rubbish.
        let mut bytes = log.get(..cut).unwrap().to_vec();
        if cut % 2 == 0 {
            bytes.resize(log.len(), 0xA5);
        }
        fs::write(torn.path().join("store.db-wal"), bytes).unwrap();
        let store = Store::open(&path, Durability::Relaxed, contract::COLLECTIONS).unwrap();
        let rows = people(&store).find(&Find::all()).await.unwrap();
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(row.id, format!("{n:02}"), "not a prefix after a cut at {cut}");
        }
        assert_eq!(store.unrelayed(), rows.len() as u64, "a write without its event at {cut}");
        // And goes on from there.
        people(&store).put("next", &person("a", None), vec![event("next")]).await.unwrap();
        seen.insert(rows.len());
        store.close().await;
    }
    assert!(seen.contains(&0) && seen.contains(&12) && 5 < seen.len(), "{seen:?}");
}

#[tokio::test]
async fn follows_the_declared_indexes() {
    const BARE: CollectionSpec = CollectionSpec { name: "people", indexes: &[] };
    const UNIQUE: CollectionSpec = CollectionSpec {
        name: "people",
        indexes: &[Index { name: "ward", fields: &["ward"], unique: true }],
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&path, Durability::Relaxed, &[&BARE]).unwrap();
    let bare: Collection<Person> = store.collection(&BARE);
    bare.insert("1", &person("a", None), vec![]).await.unwrap();
    bare.insert("2", &person("a", None), vec![]).await.unwrap();
    store.close().await;

    let refused = Store::open(&path, Durability::Relaxed, &[&UNIQUE]);
    assert!(matches!(refused, Err(OpenError::NotUnique { index: "ward", .. })), "{refused:?}");

    // Another declaration under the same name replaces the index; none drops it.
    let store = open(&path).unwrap();
    assert_eq!(people(&store).find(&Find::all().eq("ward", "a")).await.unwrap().len(), 2);
    people(&store).delete("2", None).await.unwrap();
    store.close().await;
    let store = Store::open(&path, Durability::Relaxed, &[&UNIQUE]).unwrap();
    let unique: Collection<Person> = store.collection(&UNIQUE);
    assert!(unique.insert("2", &person("a", None), vec![]).await.is_err());
    store.close().await;
    let store = Store::open(&path, Durability::Relaxed, &[&BARE]).unwrap();
    let bare: Collection<Person> = store.collection(&BARE);
    bare.insert("2", &person("a", None), vec![]).await.unwrap();
    store.close().await;
}

#[test]
fn refuses_wrong_declarations() {
    const INDEX: Index = Index { name: "i", fields: &["a"], unique: false };
    const WRONG: &[CollectionSpec] = &[
        CollectionSpec { name: "", indexes: &[] },
        CollectionSpec { name: "a.b", indexes: &[] },
        CollectionSpec { name: "a", indexes: &[Index { name: "i j", ..INDEX }] },
        CollectionSpec { name: "a", indexes: &[Index { fields: &[], ..INDEX }] },
        CollectionSpec { name: "a", indexes: &[Index { fields: &["a..b"], ..INDEX }] },
        CollectionSpec { name: "a", indexes: &[Index { fields: &["a\"b"], ..INDEX }] },
        CollectionSpec { name: "a", indexes: &[INDEX, INDEX] },
    ];
    for spec in WRONG {
        let refused = Store::in_memory(&[spec]);
        assert!(matches!(refused, Err(OpenError::Spec { .. })), "{spec:?}: {refused:?}");
    }
    assert!(matches!(Store::in_memory(&[&PEOPLE, &PEOPLE]), Err(OpenError::Spec { .. })));
}

/// A dropped future is not an undo: the answer is lost, the write is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_left_stands() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store.db")).unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..100_u32 {
        let people = people(&store);
        writers.spawn(async move {
            people.insert(&n.to_string(), &person("a", None), vec![]).await.unwrap();
        });
    }
    writers.join_all().await;
    let last = people(&store);
    let document = person("a", None);
    {
        let mut write = Box::pin(last.insert("left", &document, vec![]));
        // One poll sends the request; then the caller loses interest.
        let _ = futures_poll(write.as_mut()).await;
    }
    people(&store).insert("behind", &document, vec![]).await.unwrap();
    assert!(last.get("left").await.unwrap().is_some());
    assert_eq!(last.count(&[]).await.unwrap(), 102);
    store.close().await;
}

async fn futures_poll<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_ready())
    })
    .await
}

/// The port allows a prefix to stay; here nothing does, and neither do its events.
#[tokio::test]
async fn a_refused_insert_of_many_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    let document = || person("a", None);
    people(&store).insert("2", &document(), vec![]).await.unwrap();
    let many = ["1", "2"].map(|id| (id.to_owned(), document(), vec![event(id)]));
    assert!(people(&store).insert_all(many.into()).await.is_err());
    assert!(people(&store).get("1").await.unwrap().is_none());
    store.close().await;
    let store = open(&path).unwrap();
    assert_eq!(store.unrelayed(), 0);
    store.close().await;
}

/// A write-ahead log that is copied while the store is in use neither grows for ever nor makes a
/// commit wait.
#[tokio::test]
async fn what_is_written_comes_into_the_file_while_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    let length = || fs::metadata(&path).unwrap().len();
    let (before, name) = (length(), "n".repeat(100_000));
    people(&store).put("1", &person(&name, None), Vec::new()).await.unwrap();
    let copied = async {
        while length() < before + 100_000 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), copied).await.unwrap();
    store.close().await;
    assert!(!path.with_extension("db-wal").exists(), "a closed store has no log");
}

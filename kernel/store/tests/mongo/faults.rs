//! Servers that are killed, connections that break, answers that never come.

use std::time::Duration;

use chiron_broker::Trouble;
use chiron_store::contract::{COLLECTIONS, Person, event, person};
use chiron_store::{MongoSettings, OpenError, Store, StoreError, WriteError};

use crate::proxy::{Cut, Proxy};
use crate::relaying::{broker, published, start};
use crate::servers::{self, people};

/// The answer to a write is lost, and the connection with it: the store finds its own write, says so
/// and does it once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_done_once_and_said_to_be_done() {
    for server in servers::all() {
        let proxy = Proxy::before(&server.uri).await;
        let settings = MongoSettings { uri: proxy.uri().into(), ..server.settings() };
        let database = server.database();
        let store = Store::connect(&settings, &database, COLLECTIONS).await.unwrap();
        let people = people(&store);
        let ada = Person { badge: Some("x".to_owned()), ..person("a", None) };

        for cut in [Cut::Answer, Cut::Request] {
            proxy.cut(cut, "insert", 2);
            assert_eq!(people.insert("1", &ada, vec![event("1")]).await.unwrap(), 1, "{cut:?}");
            assert_eq!(proxy.left(), 0);
            proxy.cut(cut, "update", 2);
            assert_eq!(people.replace("1", 1, &ada, vec![event("2")]).await.unwrap(), 2, "{cut:?}");
            assert_eq!(proxy.left(), 0);
            proxy.cut(cut, "update", 1);
            assert_eq!(people.put("1", &ada, vec![event("3")]).await.unwrap(), 3, "{cut:?}");
            assert_eq!(people.get("1").await.unwrap().unwrap().version, 3);
            // Somebody else's id and values are told all the same.
            proxy.cut(cut, "insert", 1);
            let taken = people.insert("1", &ada, vec![]).await;
            assert!(matches!(taken, Err(WriteError::AlreadyExists)), "{taken:?}");
            proxy.cut(cut, "insert", 1);
            let taken = people.insert("2", &ada, vec![]).await;
            assert!(matches!(taken, Err(WriteError::Duplicate { .. })), "{taken:?}");
            proxy.cut(cut, "update", 1);
            let stale = people.replace("1", 1, &ada, vec![]).await;
            assert!(matches!(stale, Err(WriteError::Conflict)), "{stale:?}");
            assert_eq!(store.unrelayed(), 3, "{cut:?}");

            proxy.cut(cut, "insert", 1);
            let many = (0..9).map(|n| (format!("m{n}"), person("b", None), vec![event("m")]));
            people.insert_all(many.collect()).await.unwrap();
            assert_eq!(people.count(&[]).await.unwrap(), 10);
            for n in 0..9 {
                assert!(people.delete(&format!("m{n}"), Some(1)).await.unwrap());
            }
            proxy.cut(cut, "delete", 1);
            assert!(people.delete("1", Some(3)).await.unwrap(), "{cut:?}");
            assert!(!people.delete("1", None).await.unwrap());

            let folder = tempfile::tempdir().unwrap();
            let broker = broker(folder.path());
            let (tasks, trigger, _) = start(&store, &broker);
            store.relayed().await;
            trigger.trigger();
            tasks.join().await;
            let mut expected = vec!["1", "2", "3"];
            expected.extend(["m"; 9]);
            let mut published = published(&broker).await;
            published.sort();
            assert_eq!(published, expected, "{} {cut:?}", server.name);
            assert_eq!(store.unrelayed(), 0);
        }
        store.close().await;
    }
}

/// A stream of writes, and the server killed again and again in its midst. Each writer is alone with
/// its document, so every answer has to be the next version; and everything acknowledged is there in
/// the end, published once or more in its order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_and_the_store_goes_on_by_itself() {
    const WRITERS: usize = 4;
    let Some(mut server) = servers::nx() else { return };
    let store = server.store().await;
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path());
    let (tasks, trigger, _) = start(&store, &broker);

    let end = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (people, end) = (people(&store), std::sync::Arc::clone(&end));
        writers.spawn(async move {
            let (mut version, mut unanswered) = (0, 0);
            while !end.load(std::sync::atomic::Ordering::Relaxed) {
                let next = Person { rank: version, ..person("a", None) };
                let events = vec![event(&format!("{writer}-{:05}", version + 1))];
                let id = writer.to_string();
                let written = match version {
                    0 => people.insert(&id, &next, events).await,
                    even if even % 2 == 0 => people.put(&id, &next, events).await,
                    odd => people.replace(&id, odd.unsigned_abs(), &next, events).await,
                };
                match written {
                    Ok(written) => {
                        version += 1;
                        assert_eq!(written, version.unsigned_abs());
                    }
                    // Given up after the time limit: what became of it is read.
                    Err(WriteError::Store(error)) if error.trouble().is_some() => {
                        unanswered += 1;
                        let found = people.get(&id).await;
                        let Ok(found) = found else { continue };
                        version = found.map_or(0, |found| i64::try_from(found.version).unwrap());
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            (version, unanswered)
        });
    }
    let process = server.process.as_mut().unwrap();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        process.kill().unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        process.run().unwrap();
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    end.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut total = 0;
    let mut versions = Vec::new();
    while let Some(ended) = writers.join_next().await {
        let (version, unanswered) = ended.unwrap();
        assert_eq!(unanswered, 0, "the store goes on within the time limit");
        versions.push(version);
        total += version;
    }
    assert!(40 < total, "only {total} writes");
    store.relayed().await;
    trigger.trigger();
    tasks.join().await;
    assert_eq!(store.unrelayed(), 0);
    let people = people(&store);
    let mut stored: Vec<i64> = Vec::new();
    for writer in 0..WRITERS {
        let version = people.get(&writer.to_string()).await.unwrap().unwrap().version;
        stored.push(i64::try_from(version).unwrap());
    }
    versions.sort_unstable();
    stored.sort_unstable();
    assert_eq!(stored, versions);
    // By document in the order of its writes, the first time that each comes.
    let published = published(&broker).await;
    for writer in 0..WRITERS {
        let prefix = format!("{writer}-");
        let mut seen = std::collections::BTreeSet::new();
        let own = published.iter().filter(|id| id.starts_with(&prefix));
        let first: Vec<&String> = own.filter(|id| seen.insert((*id).clone())).collect();
        let version = people.get(&writer.to_string()).await.unwrap().unwrap().version;
        let expected: Vec<String> = (1..=version).map(|n| format!("{writer}-{n:05}")).collect();
        assert_eq!(first, expected.iter().collect::<Vec<_>>());
    }
    store.close().await;
}

fn impatient(uri: String) -> MongoSettings {
    MongoSettings {
        operation_timeout_ms: 1_500,
        server_selection_timeout_ms: 500,
        connect_timeout_ms: 500,
        ..MongoSettings::new(uri)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_ever_for_a_server() {
    // Nobody listens.
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let settings = impatient(format!("mongodb://127.0.0.1:{port}/?directConnection=true"));
    let refused = Store::connect(&settings, "x", COLLECTIONS).await;
    match refused {
        Err(OpenError::Server { source, .. }) => {
            assert_eq!(source.trouble(), Some(Trouble::Unreachable), "{source:?}");
        }
        other => panic!("{other:?}"),
    }
    // Somebody listens and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = impatient(format!("mongodb://127.0.0.1:{port}/?directConnection=true"));
    let refused = Store::connect(&settings, "x", COLLECTIONS).await;
    assert!(matches!(refused, Err(OpenError::Server { .. })), "{refused:?}");

    let Some(mut server) = servers::nx() else { return };
    let settings = MongoSettings {
        database_prefix: server.settings().database_prefix,
        ..impatient(server.uri.clone())
    };
    let store = Store::connect(&settings, "x", COLLECTIONS).await.unwrap();
    let people = people(&store);
    people.insert("1", &person("a", None), vec![]).await.unwrap();
    assert_eq!(store.trouble(), None);
    let process = server.process.as_mut().unwrap();
    process.kill().unwrap();
    let trouble = |error: &StoreError| assert_eq!(error.trouble(), Some(Trouble::Unreachable));
    trouble(&people.get("1").await.unwrap_err());
    match people.put("1", &person("b", None), vec![]).await {
        Err(WriteError::Store(error)) => trouble(&error),
        other => panic!("{other:?}"),
    }
    trouble(&people.count(&[]).await.unwrap_err());
    assert_eq!(store.trouble(), Some(Trouble::Unreachable));
    process.run().unwrap();
    // What is given up within half a second may be asked again.
    let mut tries = 0;
    while let Err(error) = people.get("1").await {
        trouble(&error);
        tries += 1;
        assert!(tries < 100, "it does not come back");
    }
    assert_eq!(store.trouble(), None);
    store.close().await;
}

//! From the outbox inside documents to the broker: in order, nothing lost, repeats recognisable.

use std::path::Path;

use chiron_broker::{Broker, Durability, LogSettings, NewRecord};
use chiron_clock::{Activity, Clock, Shutdown, Tasks, Trigger};
use chiron_store::contract::{COLLECTIONS, Person, event, person};
use chiron_store::{MongoSettings, Store, StoreError, WriteError};
use mongodb::bson::{Document, doc};

use crate::proxy::{Cut, Proxy};
use crate::servers::{self, people};

pub(crate) fn broker(folder: &Path) -> Broker {
    let settings = LogSettings::new(Durability::Relaxed);
    Broker::open(&folder.join("log.db"), settings, Clock::system()).unwrap()
}

pub(crate) fn start(store: &Store, broker: &Broker) -> (Tasks, Trigger, Activity) {
    let (trigger, shutdown) = Shutdown::new();
    let (tasks, activity) = (Tasks::new(), Activity::new(Clock::system()));
    let (store, broker, account) = (store.clone(), broker.clone(), activity.clone());
    tasks.spawn("relay", async move { store.relay(broker, account, shutdown).await });
    (tasks, trigger, activity)
}

/// The ids of the topic's records, by partition and offset.
pub(crate) async fn published(broker: &Broker) -> Vec<String> {
    let mut ids = Vec::new();
    for partition in 0..broker.partitions() {
        let before = ids.len() as u64;
        loop {
            let from = ids.len() as u64 - before;
            let records = broker.read("contract", partition, from, 10_000).await.unwrap();
            if records.is_empty() {
                break;
            }
            ids.extend(records.iter().map(chiron_broker::Record::id));
        }
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishes_in_the_order_of_writes() {
    for server in servers::all() {
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let store = server.store().await;
        let people = people(&store);
        people.put("1", &person("a", None), vec![event("before")]).await.unwrap();
        let (tasks, trigger, activity) = start(&store, &broker);
        let mut expected = vec!["before".to_owned()];
        for n in 0..150 {
            let events = vec![event(&format!("{n}-a")), event(&format!("{n}-b"))];
            people.put("1", &person("a", None), events).await.unwrap();
            expected.extend([format!("{n}-a"), format!("{n}-b")]);
        }
        store.relayed().await;
        assert_eq!(published(&broker).await, expected, "{}", server.name);
        assert_eq!(store.unrelayed(), 0);
        while activity.snapshot().pending != 0 {
            tokio::task::yield_now().await;
        }
        // What is saved before the end goes out before the end.
        people.put("1", &person("a", None), vec![event("last")]).await.unwrap();
        trigger.trigger();
        tasks.join().await;
        assert_eq!(published(&broker).await.last().unwrap(), "last");
        assert_eq!(people.get("1").await.unwrap().unwrap().version, 152, "relaying is no write");
        store.close().await;
    }
}

/// Of one process, the order is that of all writes, and more than fits into one batch waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_goes_out_in_its_order() {
    for server in servers::all() {
        let database = server.database();
        let store = server.open(&database).await;
        let mut expected = Vec::new();
        for n in 0..300 {
            let id = format!("{:03}", (n * 7) % 300);
            expected.push(format!("e{n}"));
            let events = vec![event(&format!("e{n}"))];
            people(&store).insert(&id, &person("a", None), events).await.unwrap();
        }
        assert_eq!(store.unrelayed(), 300);
        store.close().await;

        let store = server.open(&database).await;
        assert!(256 <= store.unrelayed(), "what an earlier process left is known");
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let (tasks, trigger, _) = start(&store, &broker);
        while published(&broker).await.len() < 300 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        assert_eq!(published(&broker).await, expected, "{}", server.name);
        let driver = server.driver(&database).await;
        let waiting = doc! { "pending": { "$exists": true } };
        let people = driver.collection::<Document>("people");
        assert_eq!(people.count_documents(waiting).await.unwrap(), 0);
        store.close().await;
    }
}

/// The relay publishes, and dies before it could take the events out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_repeats_events_and_loses_none() {
    for server in servers::all() {
        let proxy = Proxy::before(&server.uri).await;
        let settings = MongoSettings {
            uri: proxy.uri().into(),
            operation_timeout_ms: 1_000,
            ..server.settings()
        };
        let database = server.database();
        let store = Store::connect(&settings, &database, COLLECTIONS).await.unwrap();
        let people = people(&store);
        people.insert("1", &person("a", None), vec![event("1"), event("2")]).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        proxy.cut(Cut::Request, "update", i64::MAX);
        let (tasks, trigger, _) = start(&store, &broker);
        while published(&broker).await.len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        trigger.trigger();
        tasks.join().await;
        assert_eq!(store.unrelayed(), 2);
        store.close().await;
        let before = published(&broker).await.len();

        let store = server.open(&database).await;
        assert_eq!(store.unrelayed(), 2);
        let (tasks, trigger, _) = start(&store, &broker);
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        let published = published(&broker).await;
        assert_eq!(published.len(), before + 2);
        assert!(published.chunks(2).all(|pair| pair == ["1", "2"]), "{published:?}");
        store.close().await;
        assert_eq!(server.open(&database).await.unrelayed(), 0);
    }
}

/// The events of a document outlive it, and those of its successor do not overtake them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_deleted_document_come_first() {
    for server in servers::all() {
        let store = server.store().await;
        let people = people(&store);
        let mut expected = Vec::new();
        for n in 0..5 {
            let (one, two) = (format!("{n}-1"), format!("{n}-2"));
            people.insert("1", &person("a", None), vec![event(&one)]).await.unwrap();
            people.put("1", &person("a", None), vec![event(&two)]).await.unwrap();
            people.delete("1", Some(2)).await.unwrap();
            expected.extend([one, two]);
        }
        people.insert("1", &person("a", None), vec![event("end")]).await.unwrap();
        expected.push("end".to_owned());
        assert_eq!(store.unrelayed(), 11);
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let (tasks, trigger, _) = start(&store, &broker);
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        assert_eq!(published(&broker).await, expected, "{}", server.name);
        store.close().await;
    }
}

/// Two processes with one database: nobody's change is lost, and one relays for both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_share_a_database() {
    for server in servers::all() {
        let database = server.database();
        let (one, two) = (server.open(&database).await, server.open(&database).await);
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let (tasks, trigger, _) = start(&one, &broker);
        people(&one).insert("1", &person("a", None), vec![]).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for (writer, store) in [&one, &two, &one, &two].into_iter().enumerate() {
            let people = people(store);
            writers.spawn(async move {
                for n in 0..10 {
                    loop {
                        let read = people.get("1").await.unwrap().unwrap();
                        let next = Person { rank: read.document.rank + 1, ..read.document };
                        let events = vec![event(&format!("{writer}-{n}"))];
                        match people.replace("1", read.version, &next, events).await {
                            Ok(_) => break,
                            Err(WriteError::Conflict) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                    // A projection of each, and one of both.
                    people.put(&format!("p{writer}"), &person("p", Some(n)), vec![]).await.unwrap();
                    people.put("p", &person("p", Some(n)), vec![]).await.unwrap();
                }
            });
        }
        while let Some(writer) = writers.join_next().await {
            writer.unwrap();
        }
        let last = people(&two).get("1").await.unwrap().unwrap();
        assert_eq!((last.document.rank, last.version), (40, 41));
        assert_eq!(people(&two).get("p").await.unwrap().unwrap().version, 40);
        // The other one learns of it, too.
        two.relayed().await;
        assert_eq!(two.unrelayed(), 0);
        one.relayed().await;
        trigger.trigger();
        tasks.join().await;
        let mut published = published(&broker).await;
        published.sort();
        published.dedup();
        assert_eq!(published.len(), 40, "{}", server.name);
        one.close().await;
        two.close().await;
    }
}

/// What waits in one document is bounded, since a server refuses larger documents for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_full_of_events_takes_no_more_until_some_have_gone() {
    for server in servers::all() {
        let database = server.database();
        let store = server.open(&database).await;
        let people = people(&store);
        let large = |id: &str| NewRecord { value: "1".repeat(890_000), ..event(id) };
        let mut written = 0;
        let bytes = loop {
            match people.put("1", &person("a", None), vec![large(&written.to_string())]).await {
                Ok(version) => {
                    written += 1;
                    assert_eq!(version, written);
                }
                Err(WriteError::Store(StoreError::OutboxFull { bytes })) => break bytes,
                Err(other) => panic!("{other:?}"),
            }
        };
        assert!(6_000_000 < bytes && bytes <= 7_000_000, "{bytes}");
        assert_eq!(store.unrelayed(), written);
        // A write without events has room, and so have other documents.
        assert_eq!(people.put("1", &person("b", None), vec![]).await.unwrap(), written + 1);
        people.put("2", &person("a", None), vec![large("other")]).await.unwrap();
        let many = vec![large("x"); 9];
        let refused = people.put("3", &person("a", None), many).await;
        assert!(matches!(refused, Err(WriteError::TooLarge { .. })), "{refused:?}");

        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let (tasks, trigger, _) = start(&store, &broker);
        store.relayed().await;
        people.put("1", &person("a", None), vec![large("again")]).await.unwrap();
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        assert_eq!(published(&broker).await.len() as u64, written + 2);

        // What is noted may be more than there is; what is there counts.
        let driver = server.driver(&database).await.collection::<Document>("people");
        let noted = doc! { "$set": { "outbox_bytes": 7_000_000_i64 } };
        driver.update_one(doc! { "_id": "1" }, noted).await.unwrap();
        people.put("1", &person("a", None), vec![event("small")]).await.unwrap();
        let stored = driver.find_one(doc! { "_id": "1" }).await.unwrap().unwrap();
        let noted =
            stored.get_i64("outbox_bytes").or(stored.get_i32("outbox_bytes").map(i64::from));
        assert!(noted.unwrap() < 1_000);
        store.close().await;
    }
}

/// A document that is written all the time is relayed all the same, and what was saved after the
/// look is not taken out with what was published.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_saved_while_others_are_published_are_not_lost() {
    for server in servers::all() {
        let store = server.store().await;
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path());
        let (tasks, trigger, _) = start(&store, &broker);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..3 {
            let people = people(&store);
            writers.spawn(async move {
                for n in 0..60 {
                    let events = vec![event(&format!("{writer}-{n:02}"))];
                    people.put(&writer.to_string(), &person("a", None), events).await.unwrap();
                    if n % 20 == 19 {
                        people.delete(&writer.to_string(), None).await.unwrap();
                    }
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended.unwrap();
        }
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        let published = published(&broker).await;
        for writer in 0..3 {
            let mut seen = std::collections::BTreeSet::new();
            let prefix = format!("{writer}-");
            let own = published.iter().filter(|id| id.starts_with(&prefix));
            let first: Vec<&String> = own.filter(|id| seen.insert((*id).clone())).collect();
            let expected: Vec<String> = (0..60).map(|n| format!("{writer}-{n:02}")).collect();
            assert_eq!(first, expected.iter().collect::<Vec<_>>(), "{}", server.name);
        }
        assert_eq!(store.unrelayed(), 0);
        store.close().await;
    }
}

/// A dropped future is not an undo, and closing waits for what has been accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_left_stands() {
    for server in servers::all() {
        let database = server.database();
        let store = server.open(&database).await;
        let document = person("a", None);
        for n in 0..20_u32 {
            let people = people(&store);
            let id = n.to_string();
            let mut write = Box::pin(people.insert(&id, &document, vec![event("left")]));
            std::future::poll_fn(|context| {
                // One poll begins it; then the caller loses interest.
                let _ = write.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
        store.close().await;
        let store = server.open(&database).await;
        assert_eq!(people(&store).count(&[]).await.unwrap(), 20, "{}", server.name);
        assert_eq!(store.unrelayed(), 20);
        store.close().await;
    }
}

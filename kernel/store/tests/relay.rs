//! From the outbox to the broker: in order, nothing lost, repeats recognisable.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use chiron_broker::{Broker, Durability, LogSettings};
use chiron_clock::{Activity, Clock, Shutdown, Tasks, Trigger};
use chiron_store::contract::{self, PEOPLE, Person, event, person};
use chiron_store::{Collection, Store};

fn broker(folder: &Path) -> Broker {
    let settings = LogSettings::new(Durability::Relaxed);
    Broker::open(&folder.join("log.db"), settings, Clock::system()).unwrap()
}

fn start(store: &Store, broker: &Broker) -> (Tasks, Trigger, Activity) {
    let (trigger, shutdown) = Shutdown::new();
    let (tasks, activity) = (Tasks::new(), Activity::new(Clock::system()));
    let (store, broker, account) = (store.clone(), broker.clone(), activity.clone());
    tasks.spawn("relay", async move { store.relay(broker, account, shutdown).await });
    (tasks, trigger, activity)
}

/// The ids of the topic's records, by partition and offset.
async fn published(broker: &Broker) -> Vec<String> {
    let mut ids = Vec::new();
    for partition in 0..broker.partitions() {
        let records = broker.read("contract", partition, 0, 10_000).await.unwrap();
        ids.extend(records.iter().map(chiron_broker::Record::id));
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishes_in_the_order_of_writes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path());
    let store = Store::in_memory(contract::COLLECTIONS).unwrap();
    let people: Collection<Person> = store.collection(&PEOPLE);
    people.put("1", &person("a", None), vec![event("before")]).await.unwrap();

    let (tasks, trigger, activity) = start(&store, &broker);
    let mut expected = vec!["before".to_owned()];
    for n in 0..300 {
        let events = vec![event(&format!("{n}-a")), event(&format!("{n}-b"))];
        people.put("1", &person("a", None), events).await.unwrap();
        expected.extend([format!("{n}-a"), format!("{n}-b")]);
    }
    store.relayed().await;
    assert_eq!(published(&broker).await, expected);
    assert_eq!(store.unrelayed(), 0);
    while activity.snapshot().pending != 0 {
        tokio::task::yield_now().await;
    }

    // What is saved before the end goes out before the end.
    people.put("1", &person("a", None), vec![event("last")]).await.unwrap();
    trigger.trigger();
    tasks.join().await;
    assert_eq!(published(&broker).await.last().unwrap(), "last");
}

/// The relay dies after publishing and before clearing the outbox: the events come again, with the
/// ids by which a consumer tells them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_repeats_events_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path());
    let path = folder.path().join("store.db");
    let store = Store::open(&path, Durability::Durable, contract::COLLECTIONS).unwrap();
    let people: Collection<Person> = store.collection(&PEOPLE);
    people.insert("1", &person("a", None), vec![event("1"), event("2")]).await.unwrap();
    store.close().await;
    // What the disk holds if the process is killed before it clears the outbox.
    let killed = folder.path().join("killed.db");
    std::fs::copy(&path, &killed).unwrap();

    for path in [&path, &killed] {
        let store = Store::open(path, Durability::Durable, contract::COLLECTIONS).unwrap();
        assert_eq!(store.unrelayed(), 2);
        let (tasks, trigger, _) = start(&store, &broker);
        store.relayed().await;
        trigger.trigger();
        tasks.join().await;
        store.close().await;
    }
    assert_eq!(published(&broker).await, ["1", "2", "1", "2"]);
    let store = Store::open(&killed, Durability::Durable, contract::COLLECTIONS).unwrap();
    assert_eq!(store.unrelayed(), 0);
}

/// While the broker is down, events wait and the relay tries again; it does not hold up the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_outlast_a_broker_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let down = broker(folder.path());
    down.close().await;
    let path = folder.path().join("store.db");
    let store = Store::open(&path, Durability::Relaxed, contract::COLLECTIONS).unwrap();
    let people: Collection<Person> = store.collection(&PEOPLE);
    let (tasks, trigger, _) = start(&store, &down);
    people.insert("1", &person("a", None), vec![event("1")]).await.unwrap();
    trigger.trigger();
    tasks.join().await;
    assert_eq!(store.unrelayed(), 1);

    let up = broker(folder.path());
    let (tasks, trigger, _) = start(&store, &up);
    store.relayed().await;
    trigger.trigger();
    tasks.join().await;
    assert_eq!(published(&up).await, ["1"]);
    store.close().await;
}

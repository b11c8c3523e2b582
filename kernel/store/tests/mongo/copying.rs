//! A context's data moves between a file and a server, interrupted, in both directions.

use std::time::Duration;

use chiron_broker::Durability;
use chiron_store::contract::{COLLECTIONS, PEOPLE, Person, ROOMS, event, person};
use chiron_store::{
    Collection, CopyError, Find, MongoSettings, Store, Versioned, WriteError, copy,
};
use serde_json::{Value, json};

use crate::proxy::{Cut, Proxy};
use crate::servers;

async fn everything(store: &Store) -> (Vec<Versioned<Person>>, Vec<Versioned<Value>>) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let rooms: Collection<Value> = store.collection(&ROOMS);
    (people.find(&Find::all()).await.unwrap(), rooms.find(&Find::all()).await.unwrap())
}

async fn fill(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let rooms: Collection<Value> = store.collection(&ROOMS);
    for n in 0..240_u32 {
        let one = Person { badge: Some(format!("b{n}")), ..person("a", Some(n)) };
        let id = format!("{n:03}");
        people.insert(&id, &one, vec![event(&format!("{n}-1"))]).await.unwrap();
        if n % 3 == 0 {
            people.put(&id, &one, vec![event(&format!("{n}-2"))]).await.unwrap();
        }
    }
    let hard = json!({
        "": 0, "a.b": {"$set": [1, 1.0, -0.0, 0.1, 1e300]}, "~": u64::MAX, "text": "\u{0} ü 日本",
        "none": null, "flag": true, "deep": [[[[{"x": [{}]}]]]],
    });
    rooms.insert("hard", &hard, vec![]).await.unwrap();
    people.delete("007", None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_context_moves_there_and_back_with_interruptions() {
    for server in servers::all() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            Store::open(&folder.path().join(name), Durability::Relaxed, COLLECTIONS).unwrap()
        };
        let origin = open("origin.db");
        fill(&origin).await;
        let events = origin.unrelayed();

        // There: whoever copies is gone in the middle, and the next one goes on.
        let proxy = Proxy::before(&server.uri).await;
        let settings = MongoSettings {
            uri: proxy.uri().into(),
            operation_timeout_ms: 1_500,
            ..server.settings()
        };
        let database = server.database();
        let store = Store::connect(&settings, &database, COLLECTIONS).await.unwrap();
        let started = copy(&origin, &store);
        let interrupted = tokio::time::timeout(Duration::from_millis(150), started).await;
        proxy.cut(Cut::Answer, "insert", i64::MAX);
        let broken = copy(&origin, &store).await;
        proxy.cut(Cut::Answer, "insert", 0);
        let whole = interrupted.is_ok();
        let unreachable = match &broken {
            Err(CopyError::Read { source, .. }) => source.trouble().is_some(),
            Err(CopyError::Write { source: WriteError::Store(source), .. }) => {
                source.trouble().is_some()
            }
            _ => false,
        };
        assert!(whole || unreachable, "{broken:?}");
        store.close().await;

        let store = server.open(&database).await;
        let copied = copy(&origin, &store).await.unwrap();
        assert_eq!(copied.events, events, "{}", server.name);
        assert!(copied.events <= store.unrelayed());
        assert_eq!(everything(&store).await, everything(&origin).await, "{}", server.name);
        let again = copy(&origin, &store).await.unwrap();
        assert!(again.collections.iter().all(|collection| collection.written == 0), "{again:?}");
        assert_eq!(again.events_written, 0);
        let sums = |copied: &chiron_store::Copied| -> Vec<_> {
            copied.collections.iter().map(|collection| collection.sum.clone()).collect()
        };
        assert_eq!(sums(&again), sums(&copied));

        // Uniqueness came along.
        let people: Collection<Person> = store.collection(&PEOPLE);
        let twin = Person { badge: Some("b5".to_owned()), ..person("a", None) };
        assert!(people.insert("twin", &twin, vec![]).await.is_err());

        // And back, the same way.
        let back = open("back.db");
        let _ = tokio::time::timeout(Duration::from_millis(100), copy(&store, &back)).await;
        back.close().await;
        let back = open("back.db");
        let returned = copy(&store, &back).await.unwrap();
        assert_eq!(sums(&returned), sums(&copied));
        assert_eq!(everything(&back).await, everything(&origin).await);
        assert_eq!(back.unrelayed(), store.unrelayed());
        // What is written there goes on from the same versions.
        let people: Collection<Person> = back.collection(&PEOPLE);
        assert_eq!(people.replace("003", 2, &person("z", None), vec![]).await.unwrap(), 3);
        let differs = copy(&store, &back).await.unwrap();
        assert_eq!(differs.collections.first().unwrap().written, 1, "it is the source's again");
        store.close().await;
        back.close().await;
        origin.close().await;
    }
}

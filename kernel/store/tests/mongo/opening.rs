//! Whose database it is, and what its indexes become.

use chiron_store::contract::{COLLECTIONS, PEOPLE, Person, person};
use chiron_store::{Collection, CollectionSpec, Find, ID, Index, MongoSettings, OpenError, Store};
use chiron_store::{WriteError, contract};
use mongodb::bson::{Document, doc};

use crate::servers::{self, people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_databases_of_others_and_newer_ones() {
    for server in servers::all() {
        let database = server.database();
        let driver = server.driver(&database).await;
        driver.collection("theirs").insert_one(doc! { "_id": 1 }).await.unwrap();
        let refused = Store::connect(&server.settings(), &database, COLLECTIONS).await;
        assert!(matches!(refused, Err(OpenError::ForeignDatabase { .. })), "{refused:?}");
        assert_eq!(driver.list_collection_names().await.unwrap(), ["theirs"], "it was changed");

        let database = server.database();
        server.open(&database).await.close().await;
        let marker = server.driver(&database).await.collection::<Document>("chiron");
        let newer = doc! { "$set": { "layout": 99_i64 } };
        marker.update_one(doc! { "_id": "layout" }, newer).await.unwrap();
        match Store::connect(&server.settings(), &database, COLLECTIONS).await {
            Err(OpenError::NewerDatabase { found: 99, known: 1, .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_documents_versions_and_outbox() {
    for server in servers::all() {
        let database = server.database();
        for round in 1..=3 {
            let store = server.open(&database).await;
            assert_eq!(store.unrelayed(), round - 1);
            let events = vec![contract::event("e")];
            let version = people(&store).put("1", &person("a", None), events).await.unwrap();
            assert_eq!(version, round);
            store.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn follows_the_declared_indexes() {
    const UNIQUE: CollectionSpec = CollectionSpec {
        name: "people",
        indexes: &[
            Index { name: "badge", fields: &["ward", "home.city"], unique: true },
            Index { name: "born", fields: &["bornAt", ID], unique: false },
        ],
    };
    for server in servers::all() {
        let database = server.database();
        let open = async |spec: &'static CollectionSpec| {
            Store::connect(&server.settings(), &database, &[spec]).await
        };
        let names = async || {
            let driver = server.driver(&database).await;
            let mut names =
                driver.collection::<Document>("people").list_index_names().await.unwrap();
            names.sort();
            names
        };
        let store = open(&PEOPLE).await.unwrap();
        for (id, ward) in [("1", "a"), ("2", "b")] {
            let one = Person { badge: Some(id.to_owned()), ..person(ward, None) };
            people(&store).insert(id, &one, vec![]).await.unwrap();
        }
        store.close().await;
        let declared = names().await;
        assert_eq!(declared.len(), 9, "{declared:?}");

        // The same name over other fields: documents of before are held to it, too.
        let store = open(&UNIQUE).await.unwrap();
        let unique: Collection<Person> = store.collection(&UNIQUE);
        let taken = unique.insert("4", &person("b", None), vec![]).await;
        match taken {
            Err(WriteError::Duplicate { index }) => assert_eq!(index, "badge"),
            other => panic!("{}: {other:?}", server.name),
        }
        unique.insert("4", &person("d", Some(1)), vec![]).await.unwrap();
        let twin = Person { badge: Some("1".to_owned()), ..person("c", None) };
        unique.insert("3", &twin, vec![]).await.unwrap();
        let found = unique.find(&Find::all().ascending("bornAt").descending(ID)).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["3", "2", "1", "4"]);
        store.close().await;
        // Nothing is made twice.
        let before = names().await;
        open(&UNIQUE).await.unwrap().close().await;
        assert_eq!(names().await, before);
        if server.name != "NX-27017" {
            // That one gives names of its own, by which ours are not told.
            let ours =
                ["_id_", "chiron_f_badge", "chiron_f_born", "chiron_pending", "chiron_u_badge"];
            assert_eq!(before, ours);
        }
    }
}

/// Documents written without the constraint may contradict it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_contradict_a_unique_index_are_told() {
    const BARE: CollectionSpec = CollectionSpec { name: "people", indexes: &[] };
    for server in servers::all() {
        let database = server.database();
        let settings = server.settings();
        let store = server.open(&database).await;
        let ada = Person { badge: Some("1".to_owned()), ..person("a", None) };
        people(&store).insert("1", &ada, vec![]).await.unwrap();
        store.close().await;
        let store = Store::connect(&settings, &database, &[&BARE]).await.unwrap();
        let bare: Collection<Person> = store.collection(&BARE);
        bare.insert("2", &ada, vec![]).await.unwrap();
        store.close().await;
        match Store::connect(&settings, &database, COLLECTIONS).await {
            Err(OpenError::NotUnique { collection: "people", index: "badge" }) => {}
            other => panic!("{}: {other:?}", server.name),
        }
        let store = Store::connect(&settings, &database, &[&BARE]).await.unwrap();
        store.collection::<Person>(&BARE).delete("2", None).await.unwrap();
        store.close().await;
        let store = server.open(&database).await;
        if server.name != "mongo-java-server" {
            // That one forgets documents in an index that it could not build before.
            let taken = people(&store).insert("5", &ada, vec![]).await;
            assert!(matches!(taken, Err(WriteError::Duplicate { .. })), "{taken:?}");
        }
        store.close().await;
    }
}

#[tokio::test]
async fn settings_without_sense_are_told_without_the_password() {
    const OURS: CollectionSpec = CollectionSpec { name: "chiron_x", indexes: &[] };
    let connect = async |uri: &str, database: &str| {
        let refused = Store::connect(&MongoSettings::new(uri), database, &[]).await.unwrap_err();
        let text = format!("{refused} {refused:?}");
        assert!(!text.contains("geheim"), "{text}");
        assert!(matches!(refused, OpenError::Setting { .. }), "{text}");
        text
    };
    connect("ward:geheim@db", "x").await;
    connect("mongodb://ward:ge%heim@db/?geheim=geheim", "x").await;
    connect("mongodb://ward:geheim:geheim@db", "x").await;
    connect("mongodb://ward@db/?authMechanism=geheim", "x").await;
    let name = connect("mongodb://127.0.0.1:1", "a/b").await;
    assert!(name.contains("a/b"), "{name}");
    let settings = MongoSettings::new("mongodb://127.0.0.1:1");
    let taken = Store::connect(&settings, "x", &[&OURS]).await;
    assert!(matches!(taken, Err(OpenError::Spec { .. })), "{taken:?}");
}

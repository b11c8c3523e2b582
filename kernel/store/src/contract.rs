//! The suite that every implementation of the store passes.
//!
//! Public, so that the suites on real servers run the same function. [`check`] gets a way to open
//! empty stores with [`COLLECTIONS`] and panics at the first promise that is not kept.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeSet;

use chiron_broker::{Headers, MAX_RECORD_BYTES, NewRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{StoreError, WriteError};
use crate::query::{Cursor, Find, Order, after, any_of, at_least, at_most, before, eq, within};
use crate::spec::{CollectionSpec, ID, Index};
use crate::store::{Collection, MAX_DOCUMENT_BYTES, Store};

/// A collection with a unique index, a compound one and a nested one.
pub const PEOPLE: CollectionSpec = CollectionSpec {
    name: "people",
    indexes: &[
        Index { name: "badge", fields: &["badge"], unique: true },
        Index { name: "ward", fields: &["ward", "bornAt"], unique: false },
        Index { name: "born", fields: &["bornAt"], unique: false },
        Index { name: "rank", fields: &["rank"], unique: false },
        Index { name: "active", fields: &["active"], unique: false },
        Index { name: "city", fields: &["home.city"], unique: false },
    ],
};

/// A second collection, so that one can be told from the other.
pub const ROOMS: CollectionSpec = CollectionSpec { name: "rooms", indexes: &[] };

/// What the stores given to [`check`] are opened with.
pub const COLLECTIONS: &[&CollectionSpec] = &[&PEOPLE, &ROOMS];

/// The documents of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names have no meaning outside the suite")]
pub struct Person {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<String>,
    pub ward: String,
    pub born_at: Option<String>,
    pub rank: i64,
    pub active: bool,
    pub home: Home,
}

/// A nested object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names have no meaning outside the suite")]
pub struct Home {
    pub city: String,
}

/// Somebody of this ward, born in this minute of a day, `None` when not known.
pub fn person(ward: &str, minute: Option<u32>) -> Person {
    Person {
        badge: None,
        ward: ward.to_owned(),
        born_at: minute
            .map(|minute| format!("2026-05-15T{:02}:{:02}:00.000Z", minute / 60, minute % 60)),
        rank: i64::from(minute.unwrap_or(0)),
        active: true,
        home: Home { city: "Cesena".to_owned() },
    }
}

/// An event with this id.
pub fn event(id: &str) -> NewRecord {
    NewRecord {
        topic: "contract".to_owned(),
        aggregate: "one".to_owned(),
        key: "EVENT".to_owned(),
        value: format!("{{\"id\":\"{id}\"}}"),
        headers: Headers::new().with("ce_id", id),
    }
}

/// Checks every promise of the port on stores that `open` creates empty.
pub async fn check<F: Future<Output = Store>>(open: impl Fn() -> F) {
    writes(&open().await).await;
    uniqueness(&open().await).await;
    sizes(&open().await).await;
    outbox(&open().await).await;
    queries(&open().await).await;
    refusals(&open().await).await;
    pages(&open().await).await;
    pages_under_writes(&open().await).await;
    races(&open().await).await;
    closing(&open().await).await;
}

async fn writes(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let (ada, bob) = (person("a", Some(1)), person("b", Some(2)));
    assert_eq!(people.get("1").await.unwrap(), None);
    assert_eq!(people.insert("1", &ada, vec![]).await.unwrap(), 1);
    let stored = people.get("1").await.unwrap().unwrap();
    assert_eq!((stored.id.as_str(), stored.version, &stored.document), ("1", 1, &ada));
    let again = people.insert("1", &bob, vec![]).await;
    assert!(matches!(again, Err(WriteError::AlreadyExists)), "{again:?}");

    assert_eq!(people.replace("1", 1, &bob, vec![]).await.unwrap(), 2);
    let stale = people.replace("1", 1, &ada, vec![]).await;
    assert!(matches!(stale, Err(WriteError::Conflict)), "{stale:?}");
    let gone = people.replace("2", 1, &ada, vec![]).await;
    assert!(matches!(gone, Err(WriteError::Conflict)), "{gone:?}");
    assert_eq!(people.get("1").await.unwrap().unwrap().document, bob);

    assert_eq!(people.put("1", &ada, vec![]).await.unwrap(), 3);
    assert_eq!(people.put("2", &bob, vec![]).await.unwrap(), 1);
    assert_eq!(people.get("1").await.unwrap().unwrap().version, 3);

    let stale = people.delete("1", Some(1)).await;
    assert!(matches!(stale, Err(WriteError::Conflict)), "{stale:?}");
    assert!(people.delete("1", Some(3)).await.unwrap());
    assert!(!people.delete("1", Some(3)).await.unwrap());
    assert!(!people.delete("1", None).await.unwrap());
    assert!(people.delete("2", None).await.unwrap());
    assert_eq!(people.count(&[]).await.unwrap(), 0);

    // An id is any text, and collections do not share ids.
    let rooms: Collection<Value> = store.collection(&ROOMS);
    for id in ["", "it's", "a.b/c?d", "日本", "\"; DROP TABLE people; --"] {
        people.insert(id, &ada, vec![]).await.unwrap();
        rooms.insert(id, &serde_json::json!({ "id": id }), vec![]).await.unwrap();
        assert_eq!(people.get(id).await.unwrap().unwrap().id, id);
        assert_eq!(rooms.get(id).await.unwrap().unwrap().document["id"], id);
    }

    people.insert_all(vec![]).await.unwrap();
    let many = (0..10).map(|n| (format!("m{n}"), ada.clone(), vec![])).collect();
    people.insert_all(many).await.unwrap();
    assert_eq!(people.count(&[]).await.unwrap(), 15);
    // The first refusal ends it: nothing behind is stored.
    let clash = vec![
        ("m10".to_owned(), ada.clone(), vec![]),
        ("m1".to_owned(), bob.clone(), vec![]),
        ("m11".to_owned(), ada.clone(), vec![]),
    ];
    let refused = people.insert_all(clash).await;
    assert!(matches!(refused, Err(WriteError::AlreadyExists)), "{refused:?}");
    assert_eq!(people.get("m11").await.unwrap(), None);
    assert_eq!(people.get("m1").await.unwrap().unwrap().document, ada);
}

async fn uniqueness(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let with = |badge: &str| Person { badge: Some(badge.to_owned()), ..person("a", None) };
    let duplicate = |result: Result<u64, WriteError>| match result {
        Err(WriteError::Duplicate { index }) => assert_eq!(index, "badge"),
        other => panic!("{other:?}"),
    };
    people.insert("1", &with("x"), vec![]).await.unwrap();
    duplicate(people.insert("2", &with("x"), vec![event("refused")]).await);
    people.insert("2", &with("y"), vec![]).await.unwrap();
    duplicate(people.replace("2", 1, &with("x"), vec![event("refused")]).await);
    duplicate(people.put("3", &with("x"), vec![event("refused")]).await);
    assert_eq!(people.get("2").await.unwrap().unwrap().version, 1);
    assert_eq!(people.get("3").await.unwrap(), None);
    assert_eq!(store.unrelayed(), 0, "a refused write leaves no event");

    // Oneself is no other document, and what has gone is free again.
    people.replace("1", 1, &with("x"), vec![]).await.unwrap();
    people.put("1", &with("x"), vec![]).await.unwrap();
    people.delete("1", None).await.unwrap();
    people.insert("4", &with("x"), vec![]).await.unwrap();

    // Without a value there is no constraint.
    for id in ["5", "6", "7"] {
        people.insert(id, &person("a", None), vec![]).await.unwrap();
    }
}

async fn sizes(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let empty = serde_json::to_string(&person("", None)).unwrap().len();
    let sized = |bytes: usize| person(&"w".repeat(bytes - empty), None);
    people.insert("largest", &sized(MAX_DOCUMENT_BYTES), vec![]).await.unwrap();
    let too_large = people.insert("larger", &sized(MAX_DOCUMENT_BYTES + 1), vec![]).await;
    assert!(matches!(too_large, Err(WriteError::TooLarge { .. })), "{too_large:?}");
    let too_large = people.put("largest", &sized(MAX_DOCUMENT_BYTES + 1), vec![]).await;
    assert!(matches!(too_large, Err(WriteError::TooLarge { .. })), "{too_large:?}");

    let record = NewRecord { value: "1".repeat(MAX_RECORD_BYTES + 1), ..event("large") };
    let refused = people.insert("with", &person("a", None), vec![record]).await;
    assert!(matches!(refused, Err(WriteError::TooLarge { .. })), "{refused:?}");
    assert_eq!(people.count(&[]).await.unwrap(), 1);
}

async fn outbox(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    let ada = person("a", None);
    assert_eq!(store.unrelayed(), 0);
    store.relayed().await;
    people.insert("1", &ada, vec![event("1"), event("2")]).await.unwrap();
    assert_eq!(store.unrelayed(), 2);
    assert!(people.insert("1", &ada, vec![event("no")]).await.is_err());
    assert!(people.replace("1", 9, &ada, vec![event("no")]).await.is_err());
    assert_eq!(store.unrelayed(), 2, "a refused write leaves no event");
    people.replace("1", 1, &ada, vec![event("3")]).await.unwrap();
    people.put("1", &ada, vec![event("4")]).await.unwrap();
    people.insert_all(vec![("2".to_owned(), ada.clone(), vec![event("5")])]).await.unwrap();
    people.delete("1", None).await.unwrap();
    assert_eq!(store.unrelayed(), 5, "a deletion leaves the events of what it deletes");
}

async fn queries(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    for (id, ward, minute) in [
        ("1", "a", Some(10)),
        ("2", "b", Some(20)),
        ("3", "a", Some(30)),
        ("4", "a", Some(10)),
        ("5", "b", None),
    ] {
        people.insert(id, &person(ward, minute), vec![]).await.unwrap();
    }
    let away = Person {
        active: false,
        rank: -5,
        home: Home { city: "Forlì".to_owned() },
        ..person("c", Some(40))
    };
    people.insert("6", &away, vec![]).await.unwrap();
    let at = |minute: u32| person("", Some(minute)).born_at.unwrap();

    let found = async |find: Find| -> String {
        let count = people.count(&find.filters).await.unwrap();
        let rows = people.find(&find).await.unwrap();
        if find.limit.is_none() {
            assert_eq!(count, rows.len() as u64, "{find:?}");
        }
        rows.iter().map(|row| row.id.as_str()).collect()
    };
    let all = Find::all;
    assert_eq!(found(all()).await, "123456");
    assert_eq!(found(all().descending(ID)).await, "654321");
    assert_eq!(found(all().limit(2)).await, "12");
    assert_eq!(found(all().limit(0)).await, "");
    assert_eq!(found(all().eq("ward", "a")).await, "134");
    assert_eq!(found(all().eq("ward", "a").ascending("bornAt")).await, "143");
    assert_eq!(found(all().eq("ward", "a").descending("bornAt")).await, "341");
    assert_eq!(found(all().ascending("bornAt")).await, "514236");
    assert_eq!(found(all().descending("bornAt")).await, "632415");
    assert_eq!(found(all().ascending("ward").descending("bornAt")).await, "341256");
    assert_eq!(found(all().descending("ward").ascending("bornAt")).await, "652143");
    assert_eq!(found(all().eq("bornAt", Value::Null)).await, "5");
    assert_eq!(found(all().eq("badge", Value::Null)).await, "123456");
    assert_eq!(found(all().eq("ward", "it's")).await, "");
    assert_eq!(found(all().any_of("ward", ["b", "c"])).await, "256");
    assert_eq!(found(all().any_of("bornAt", [Value::Null, at(40).into()])).await, "56");
    assert_eq!(found(all().any_of::<Value>("ward", [])).await, "");
    assert_eq!(found(all().at_least("bornAt", at(20))).await, "236");
    assert_eq!(found(all().filter(after("bornAt", at(20)))).await, "36");
    assert_eq!(found(all().before("bornAt", at(20))).await, "14");
    assert_eq!(found(all().at_most("bornAt", at(20))).await, "124");
    assert_eq!(found(all().within("bornAt", at(20), at(30))).await, "23");
    assert_eq!(found(all().within("bornAt", at(30), at(20))).await, "");
    assert_eq!(found(all().at_least("rank", 9)).await, "1234");
    assert_eq!(found(all().at_most("rank", 9)).await, "56");
    assert_eq!(found(all().ascending("rank").limit(2)).await, "65");
    assert_eq!(found(all().eq("active", false)).await, "6");
    assert_eq!(found(all().eq("home.city", "Forlì")).await, "6");
    assert_eq!(found(all().eq("ward", "a").at_least("bornAt", at(30))).await, "3");
    assert_eq!(found(all().eq("ward", "a").eq("ward", "b")).await, "");
    assert_eq!(found(all().filter(after(ID, "4"))).await, "56");
    assert_eq!(people.count(&[eq("ward", "b"), at_least("rank", 1)]).await.unwrap(), 1);
    assert_eq!(people.count(&[before("rank", 0), at_most(ID, "9")]).await.unwrap(), 1);
    assert_eq!(people.count(&[any_of("rank", [10, 20]), within(ID, "1", "2")]).await.unwrap(), 2);
}

async fn refusals(store: &Store) {
    const UNDECLARED: CollectionSpec = CollectionSpec { name: "undeclared", indexes: &[] };
    let people: Collection<Person> = store.collection(&PEOPLE);
    let field = |result: Result<Vec<_>, StoreError>| match result {
        Err(StoreError::NotIndexed { collection: "people", field }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(people.find(&Find::all().eq("home", "x")).await), "home");
    assert_eq!(field(people.find(&Find::all().ascending("name")).await), "name");
    assert!(matches!(people.count(&[eq("x", 1)]).await, Err(StoreError::NotIndexed { .. })));

    let list = Value::Array(vec![]);
    for filter in [eq("ward", list.clone()), at_least("ward", Value::Null), eq("rank", u64::MAX)] {
        let refused = people.count(std::slice::from_ref(&filter)).await;
        assert!(matches!(refused, Err(StoreError::NotComparable { .. })), "{filter:?}");
    }
    let find = Find::all().ascending("bornAt");
    people.insert("1", &person("a", None), vec![]).await.unwrap();
    let cursor = find.cursor(&people.get("1").await.unwrap().unwrap()).unwrap();
    let foreign = people.find(&Find::all().after(cursor)).await;
    assert!(matches!(foreign, Err(StoreError::ForeignCursor)), "{foreign:?}");
    for text in ["", "x", "W10", "W1tbXV0sIjEiXQ"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }

    let other: Collection<Person> = store.collection(&UNDECLARED);
    assert!(matches!(other.get("1").await, Err(StoreError::UnknownCollection("undeclared"))));
    let misread: Collection<Vec<u8>> = store.collection(&PEOPLE);
    assert!(matches!(misread.get("1").await, Err(StoreError::Decode { .. })));
}

/// Every sort, read in pages of every size, gives what it gives at once.
async fn pages(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    for n in 0..14_u32 {
        // Ties, and unknown times in both wards.
        let minute = if n % 5 == 0 { None } else { Some(n % 4) };
        let ward = if n % 3 == 0 { "a" } else { "b" };
        // An instant within an id, as services have them, is text like other text.
        let id = format!("0\u{1}2026-05-15T08:00:00.000Z\u{1}{n:02}");
        people.insert(&id, &person(ward, minute), vec![]).await.unwrap();
    }
    let orders = [Order::Ascending, Order::Descending];
    let mut finds = vec![Find::all(), Find::all().descending(ID)];
    for first in orders {
        let sort = vec![("bornAt", first)];
        finds.push(Find { sort: sort.clone(), ..Find::all() });
        finds.push(Find { sort, ..Find::all().eq("ward", "b") });
        for second in orders {
            let sort = vec![("ward", first), ("bornAt", second)];
            finds.push(Find { sort, ..Find::all() });
            let sort = vec![("bornAt", first), (ID, second)];
            finds.push(Find { sort, ..Find::all() });
        }
    }
    for find in finds {
        let whole = people.find(&find).await.unwrap();
        for size in 1..=15 {
            let mut read = Vec::new();
            let mut cursor: Option<Cursor> = None;
            loop {
                let page = find.clone().limit(size).after(cursor);
                let rows = people.find(&page).await.unwrap();
                assert!(rows.len() <= size);
                let Some(last) = rows.last() else { break };
                // Through its text form, as a client sends it back.
                let place = find.cursor(last).unwrap();
                let parsed: Cursor = place.to_string().parse().unwrap();
                assert_eq!(parsed, place);
                cursor = Some(parsed);
                read.extend(rows);
            }
            assert_eq!(read, whole, "{find:?} in pages of {size}");
        }
    }
}

/// What is written between two pages neither repeats nor hides what was there all the time.
async fn pages_under_writes(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    for n in 0..20_u32 {
        people.insert(&format!("{n:02}"), &person("a", Some(n / 3)), vec![]).await.unwrap();
    }
    for find in [Find::all().ascending("bornAt"), Find::all().descending("bornAt")] {
        let mut read = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for round in 0.. {
            let rows = people.find(&find.clone().limit(3).after(cursor.take())).await.unwrap();
            let Some(last) = rows.last() else { break };
            cursor = Some(find.cursor(last).unwrap());
            read.extend(rows.iter().map(|row| row.id.clone()));
            // One before, one among and one behind; the last document read goes and comes.
            for (place, minute) in [0, 3, 6].into_iter().enumerate() {
                let id = format!("new-{round}-{place}");
                people.put(&id, &person("a", Some(minute)), vec![]).await.unwrap();
            }
            if !last.id.starts_with("new") {
                people.delete(&last.id, None).await.unwrap();
                people.insert(&last.id, &last.document, vec![]).await.unwrap();
            }
            if 60 < round {
                break;
            }
        }
        let distinct: BTreeSet<_> = read.iter().collect();
        assert_eq!(distinct.len(), read.len(), "read twice in {read:?}");
        for n in 0..20 {
            assert!(distinct.contains(&format!("{n:02}")), "{n} hidden");
        }
    }
}

/// Of several writers that have read one version, one wins; nobody's change is lost.
async fn races(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    people.insert("1", &Person { rank: 0, ..person("a", None) }, vec![]).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let people = people.clone();
        writers.spawn(async move {
            for n in 0..10 {
                loop {
                    let read = people.get("1").await.unwrap().unwrap();
                    let next = Person { rank: read.document.rank + 1, ..read.document };
                    let events = vec![event(&format!("{writer}-{n}"))];
                    match people.replace("1", read.version, &next, events).await {
                        Ok(version) => {
                            assert_eq!(version, read.version + 1);
                            break;
                        }
                        Err(WriteError::Conflict) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let last = people.get("1").await.unwrap().unwrap();
    assert_eq!((last.document.rank, last.version), (80, 81));
    assert_eq!(store.unrelayed(), 80);
}

async fn closing(store: &Store) {
    let people: Collection<Person> = store.collection(&PEOPLE);
    people.insert("1", &person("a", None), vec![]).await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(people.get("1").await, Err(StoreError::Closed)));
    let refused = people.insert("2", &person("a", None), vec![]).await;
    assert!(matches!(refused, Err(WriteError::Store(StoreError::Closed))), "{refused:?}");
}

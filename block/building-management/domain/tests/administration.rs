//! Records and twins: both or neither, wherever the twin layer fails.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use building_management_domain::{
    entity::{
        place::{Room, RoomId, RoomState, RoomType},
        technology::{Placement, Technology, TechnologyId, TechnologyState, TechnologyType},
    },
    usecase::{
        administration::{
            ChangeError, RoomChange, change_room, create_room, create_technology, finish,
            place_technology, remove_room, remove_technology,
        },
        contract,
        memory::{MemoryStore, MemoryTwin, MemoryTwins, Mishap},
        ports::Registry,
    },
};
use jiff::Timestamp;
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

#[tokio::test]
async fn the_memory_store_keeps_its_promises() {
    contract::registry(&MemoryStore::default()).await.unwrap();
    contract::measurements(&MemoryStore::default()).await.unwrap();
}

#[tokio::test]
async fn a_room_is_created_once() {
    let (store, twins) = both();
    create_room(&store, &twins, room("or-1"), at(0)).await.unwrap();
    let again = create_room(&store, &twins, room("or-1"), at(0)).await;
    assert!(matches!(again, Err(ChangeError::Exists)));
    twins.add("hp-1", MemoryTwin::Other);
    let foreign = create_room(&store, &twins, room("hp-1"), at(0)).await;
    assert!(matches!(foreign, Err(ChangeError::Exists)));
    assert_eq!(twins.all().get("hp-1"), Some(&MemoryTwin::Other));
    assert_eq!(store.room(&id("hp-1")).await.unwrap(), None);
}

#[tokio::test]
async fn technologies_stand_in_theatres_that_exist() {
    let (store, twins) = both();
    create_room(&store, &twins, room("or-1"), at(0)).await.unwrap();
    let pre = Room { room_type: RoomType::PreOperatingRoom, ..room("pre-1") };
    create_room(&store, &twins, pre, at(0)).await.unwrap();
    create_technology(&store, &twins, technology("endo-1"), at(0)).await.unwrap();
    let place = |technology: &'static str, room: &'static str| {
        let placement = Placement { at: at(1), room: Some(id(room)) };
        let technology: TechnologyId = technology.parse().unwrap();
        let (store, twins) = (&store, &twins);
        async move { place_technology(store, twins, &technology, placement).await }
    };
    assert!(matches!(place("endo-1", "pre-1").await, Err(ChangeError::NotAnOperatingRoom)));
    assert!(matches!(place("endo-1", "or-9").await, Err(ChangeError::UnknownRoom)));
    assert!(matches!(place("endo-9", "or-1").await, Err(ChangeError::Unknown)));
    place("endo-1", "or-1").await.unwrap();
    let kept = store.technology(&"endo-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(kept.record.placements.room_at(at(0)), None);
    assert_eq!(kept.record.placements.room_at(at(1)), Some(&id("or-1")));
}

#[tokio::test]
async fn a_placement_told_late_joins_the_history_and_leaves_the_twin() {
    let (store, twins) = both();
    create_room(&store, &twins, room("or-1"), at(0)).await.unwrap();
    create_room(&store, &twins, room("or-2"), at(0)).await.unwrap();
    create_technology(&store, &twins, technology("endo-1"), at(0)).await.unwrap();
    let endo: TechnologyId = "endo-1".parse().unwrap();
    for (second, room) in [(10, "or-2"), (5, "or-1")] {
        let placement = Placement { at: at(second), room: Some(id(room)) };
        place_technology(&store, &twins, &endo, placement).await.unwrap();
    }
    let record = store.technology(&endo).await.unwrap().unwrap().record;
    assert_eq!(record.placements.room_at(at(7)), Some(&id("or-1")));
    assert_eq!(record.placements.room_at(at(10)), Some(&id("or-2")));
    let Some(MemoryTwin::Technology(_, place)) = twins.all().remove("endo-1") else { panic!() };
    assert_eq!(place, Some(id("or-2")));
}

#[tokio::test]
async fn a_removed_room_leaves_its_technologies_nowhere_and_its_history_behind() {
    let (store, twins) = both();
    create_room(&store, &twins, room("or-1"), at(0)).await.unwrap();
    create_technology(&store, &twins, technology("endo-1"), at(0)).await.unwrap();
    let endo: TechnologyId = "endo-1".parse().unwrap();
    let placement = Placement { at: at(1), room: Some(id("or-1")) };
    place_technology(&store, &twins, &endo, placement).await.unwrap();
    remove_room(&store, &twins, &id("or-1"), at(9)).await.unwrap();
    let record = store.technology(&endo).await.unwrap().unwrap().record;
    assert_eq!(record.placements.room_at(at(8)), Some(&id("or-1")));
    assert_eq!(record.placements.room_at(at(9)), None);
    let again = remove_room(&store, &twins, &id("or-1"), at(9)).await;
    assert!(matches!(again, Err(ChangeError::Unknown)));
    create_room(&store, &twins, room("or-1"), at(20)).await.unwrap();
    let record = store.room(&id("or-1")).await.unwrap().unwrap().record;
    assert_eq!(record.history_after, Some(at(9)));
}

#[tokio::test]
async fn what_is_left_is_removed() {
    let (store, twins) = both();
    twins.add("or-1", MemoryTwin::Other);
    remove_room(&store, &twins, &id("or-1"), at(1)).await.unwrap();
    assert!(twins.all().is_empty());
    create_technology(&store, &twins, technology("endo-1"), at(0)).await.unwrap();
    let endo: TechnologyId = "endo-1".parse().unwrap();
    let lost = MemoryTwins::default();
    remove_technology(&store, &lost, &endo, at(1)).await.unwrap();
    let again = remove_technology(&store, &lost, &endo, at(1)).await;
    assert!(matches!(again, Err(ChangeError::Unknown)));
}

/// One request of a client.
#[derive(Debug, Clone)]
enum Request {
    CreateRoom,
    ChangeRoom,
    RemoveRoom,
    CreateTechnology,
    Place(bool),
    RemoveTechnology,
}

async fn request(
    store: &MemoryStore,
    twins: &MemoryTwins,
    request: &Request,
    second: i64,
) -> Result<(), ChangeError> {
    let endo: TechnologyId = "endo-1".parse().unwrap();
    let now = at(second);
    match request {
        Request::CreateRoom => create_room(store, twins, room("or-1"), now).await,
        Request::ChangeRoom => {
            let change = RoomChange { name: Some(format!("Room {second}")), zone: None };
            change_room(store, twins, &id("or-1"), change, now).await
        }
        Request::RemoveRoom => remove_room(store, twins, &id("or-1"), now).await,
        Request::CreateTechnology => {
            create_technology(store, twins, technology("endo-1"), now).await
        }
        Request::Place(here) => {
            let placement = Placement { at: now, room: here.then(|| id("or-1")) };
            place_technology(store, twins, &endo, placement).await
        }
        Request::RemoveTechnology => remove_technology(store, twins, &endo, now).await,
    }
}

/// The invariant: what readers see has exactly this twin, and nothing else has one.
async fn both_sides_agree(store: &MemoryStore, twins: &MemoryTwins) -> Result<(), String> {
    let mut expected = std::collections::BTreeMap::new();
    if let Some(kept) = store.room(&id("or-1")).await.unwrap() {
        if kept.record.state == RoomState::Standing {
            expected.insert("or-1".to_owned(), MemoryTwin::Room(kept.record.room));
        } else if !matches!(kept.record.state, RoomState::Removed(_)) {
            return Err(format!("unfinished {kept:?}"));
        }
    }
    if let Some(kept) = store.technology(&"endo-1".parse().unwrap()).await.unwrap() {
        if kept.record.state == TechnologyState::Standing {
            let place = kept.record.placements.newest().and_then(|newest| newest.room.clone());
            let twin = MemoryTwin::Technology(kept.record.technology, place);
            expected.insert("endo-1".to_owned(), twin);
        } else if !matches!(kept.record.state, TechnologyState::Removed(_)) {
            return Err(format!("unfinished {kept:?}"));
        }
    }
    let actual = twins.all();
    if actual == expected { Ok(()) } else { Err(format!("{actual:?} is not {expected:?}")) }
}

proptest! {
    #[test]
    fn both_or_neither_wherever_the_twin_layer_fails(
        requests in prop::collection::vec((requests(), prop::option::of(mishaps())), 1..12),
        retried in prop::bool::ANY,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, twins) = both();
            for (second, (wanted, mishap)) in (0_i64..).zip(&requests) {
                if let Some((calls, mishap)) = mishap {
                    twins.fail(usize::from(*calls), *mishap);
                    if *mishap == Mishap::Before {
                        // Down for longer: the undoing fails too.
                        twins.fail(usize::from(*calls) + 1, Mishap::Before);
                    }
                }
                let before = store.room(&id("or-1")).await.unwrap().is_some_and(|kept| kept.record.is_there());
                let outcome = request(&store, &twins, wanted, second).await;
                twins.heal();
                if matches!(wanted, Request::CreateRoom) && outcome.is_ok() {
                    prop_assert!(!before);
                }
                if retried && matches!(outcome, Err(ChangeError::Unavailable(_))) {
                    // The client tries again before anybody has cleaned up.
                    let _either = request(&store, &twins, wanted, second).await;
                }
                finish(&store, &twins, at(second)).await.unwrap();
                prop_assert_eq!(both_sides_agree(&store, &twins).await, Ok(()));
            }
            Ok(())
        })?;
    }
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::CreateRoom),
        Just(Request::ChangeRoom),
        Just(Request::RemoveRoom),
        Just(Request::CreateTechnology),
        prop::bool::ANY.prop_map(Request::Place),
        Just(Request::RemoveTechnology),
    ]
}

fn mishaps() -> impl Strategy<Value = (u8, Mishap)> {
    let mishap = prop_oneof![Just(Mishap::Before), Just(Mishap::After), Just(Mishap::Refuse)];
    (0_u8..3, mishap)
}

fn both() -> (MemoryStore, MemoryTwins) {
    (MemoryStore::default(), MemoryTwins::default())
}

fn id(text: &str) -> RoomId {
    text.parse().unwrap()
}

fn room(text: &str) -> Room {
    Room {
        id: id(text),
        name: "Theatre".to_owned(),
        zone: "zone-1".parse().unwrap(),
        room_type: RoomType::OperatingRoom,
    }
}

fn technology(text: &str) -> Technology {
    Technology {
        id: text.parse().unwrap(),
        name: "Endoscope".parse().unwrap(),
        description: "Flexible".parse().unwrap(),
        technology_type: TechnologyType::Endoscope,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

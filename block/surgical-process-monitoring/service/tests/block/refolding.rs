//! Processes folded again from the first of their facts.

use chiron_store::{Collection, Find};
use serde_json::{Value, json};
use surgical_process_monitoring::{COLLECTIONS, Refolded, refold};

use crate::world::World;

const DAY: &[&str] = &[
    "07:00:00 ada book s1 09:00:00",
    "07:00:00 bob book s2 10:00:00",
    // Nothing follows from a booking alone.
    "07:00:00 cyd book s3 11:00:00",
    "08:10:00 ada +pre-1",
    "08:25:00 ada +or-1",
    "08:25:00 ada -pre-1",
    "08:30:00 ada table",
    "08:35:00 or-1 anesthesia",
    "08:36:00 ada heart 70",
    "08:40:00 or-1 cut",
    "08:50:00 t1 on",
    "09:30:00 or-1 closing",
    "09:40:00 ada +pre-2",
    "09:40:00 ada -or-1",
    "10:10:00 ada -pre-2",
    // Ada's is settled; this came too late for it, and this is refused behind it.
    "08:38:00 or-1 interrupted",
    "10:25:00 ada table",
    "10:30:00 bob +pre-1",
    "10:40:00 bob +or-1",
    "10:40:00 bob -pre-1",
];

fn documents(world: &World, name: &str) -> Collection<Value> {
    let spec = COLLECTIONS.iter().find(|spec| spec.name == name);
    world.runtime.store.collection(spec.unwrap())
}

async fn day() -> World {
    let world = World::new().await;
    world.place("t1", Some("or-1"));
    for fact in DAY {
        world.say(&[fact]).await;
        if fact.contains("-pre-2") {
            world.at("10:24:00").await;
        }
    }
    world.at("10:45:00").await;
    world
}

/// What routes tell, without the count of changes, which is not lost alone.
async fn everything(world: &World) -> Value {
    let mut told = Vec::new();
    for which in ["open=false", "open=true"] {
        let list = world.body(&format!("/api/v1/processes?{which}")).await;
        for entry in list["entries"].as_array().unwrap() {
            let id = entry["processId"].as_str().unwrap();
            let (_, _, mut detail) = world.get(&format!("/api/v1/processes/{id}")).await;
            detail.as_object_mut().unwrap().remove("version");
            let (_, _, history) = world.get(&format!("/api/v1/processes/{id}/history")).await;
            told.push(json!([detail, history]));
        }
    }
    json!(told)
}

#[tokio::test]
async fn processes_follow_from_their_facts_and_are_mended_by_them() {
    let world = day().await;
    let before = everything(&world).await;
    assert_eq!(before.as_array().unwrap().len(), 2);
    assert_eq!(before[0][0]["settled"], true);
    let history = before[0][1].to_string();
    assert!(history.contains("LATE") && history.contains("REFUSED"), "{history}");
    let store = &world.runtime.store;
    let clock = || world.runtime.clock.clone();
    let two = Refolded { same: 2, ..Refolded::default() };
    assert_eq!(refold(store, clock(), false).await.unwrap(), [two, two]);
    let events = world.runtime.broker.ends("surgical-process-events").await.unwrap();

    // Ada's process is another, Bob's and what is known of Bob are lost, one was never told.
    let processes = documents(&world, "processes");
    let rows = processes.find(&Find::all().ascending("process.dateTime")).await.unwrap();
    let mut another = rows[0].document.clone();
    another["process"]["state"] = json!("INTERRUPTED");
    processes.put(&rows[0].id, &another, Vec::new()).await.unwrap();
    processes.delete(&rows[1].id, None).await.unwrap();
    let mut nobody = rows[1].document.clone();
    nobody["process"]["processId"] = json!("never");
    processes.put("never", &nobody, Vec::new()).await.unwrap();
    documents(&world, "patients").delete("bob", None).await.unwrap();
    let damaged = everything(&world).await;
    assert_ne!(damaged, before);
    let found = [
        Refolded { same: 1, new: 1, ..Refolded::default() },
        Refolded { changed: 1, gone: 1, new: 1, ..Refolded::default() },
    ];
    assert_eq!(refold(store, clock(), false).await.unwrap(), found);
    assert_eq!(everything(&world).await, damaged, "comparing changes nothing");

    assert_eq!(refold(store, clock(), true).await.unwrap(), found);
    assert_eq!(everything(&world).await, before);
    assert_eq!(refold(store, clock(), false).await.unwrap(), [two, two]);
    world.quiet().await;
    assert_eq!(world.runtime.broker.ends("surgical-process-events").await.unwrap(), events);
}

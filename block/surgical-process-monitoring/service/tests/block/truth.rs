//! Late, doubled and reordered facts: what is said follows from the facts and not from their
//! order.

use serde_json::{Value, json};

use crate::world::World;

const ADA: &str = "ada-2026-05-15T08.10.00.000Z";
const DAY: &[&str] = &[
    "07:00:00 ada book s1 09:00:00",
    "07:00:00 bob book s2 10:00:00",
    "08:10:00 ada +pre-1",
    "08:25:00 ada +or-1",
    "08:25:00 ada -pre-1",
    "08:30:00 ada table",
    "08:35:00 or-1 anesthesia",
    "08:36:00 ada heart 70",
    "08:40:00 or-1 cut",
    "08:41:00 bob +pre-1",
    "08:50:00 t1 on",
    "09:30:00 or-1 closing",
    "09:40:00 ada +pre-2",
    "09:40:00 ada -or-1",
    "09:50:00 bob +or-1",
    "09:50:00 bob -pre-1",
    "09:55:00 bob table",
    "09:56:00 or-1 cut",
    "10:00:00 t1 off",
    "10:05:00 or-1 interrupted",
    "10:10:00 ada -pre-2",
];

/// Everything that routes tell of all processes, without what follows the order of arrival.
async fn told(world: &World) -> Value {
    let mut told = Vec::new();
    let list = world.body("/api/v1/processes?open=false").await;
    for entry in list["entries"].as_array().unwrap() {
        let id = entry["processId"].as_str().unwrap();
        let mut detail = world.body(&format!("/api/v1/processes/{id}")).await;
        for volatile in ["processId", "version"] {
            detail.as_object_mut().unwrap().remove(volatile);
        }
        let signs = world.body(&format!("/api/v1/processes/{id}/vital-signs")).await;
        told.push(json!([detail, world.history(id).await, signs]));
    }
    json!(told)
}

async fn live(order: &[&str]) -> Value {
    let world = World::new().await;
    world.place("t1", Some("or-1"));
    world.at("10:11:00").await;
    let records = order.iter().map(|fact| world.record(fact)).collect();
    world.publish(records).await;
    world.at("10:30:00").await;
    told(&world).await
}

#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    let world = World::new().await;
    world.place("t1", Some("or-1"));
    for fact in DAY {
        world.at(fact.split(' ').next().unwrap()).await;
        world.say(&[fact]).await;
    }
    world.at("10:30:00").await;
    let as_it_happened = told(&world).await;
    assert_eq!(as_it_happened.as_array().unwrap().len(), 2);
    assert_eq!(as_it_happened[0][0]["technologiesInUseAtEntry"], json!([]));
    assert_eq!(as_it_happened[1][0]["technologiesInUseAtEntry"][0]["id"], "t1");
    assert_eq!(as_it_happened[1][0]["state"], "INTERRUPTED");

    let mut reversed = DAY.to_vec();
    reversed.reverse();
    assert_eq!(live(&reversed).await, as_it_happened);
    let doubled: Vec<&str> = DAY.iter().chain(&reversed).copied().collect();
    // Buttons are told apart by their event's id, and the second of two changes nothing but a
    // line of the history; everything else is known by what it says.
    let buttons = |fact: &&str| fact.contains(" or-1 ");
    let mut once: Vec<&str> = doubled.iter().filter(|fact| !buttons(fact)).copied().collect();
    once.extend(DAY.iter().filter(|fact| buttons(fact)));
    assert_eq!(live(&once).await, as_it_happened);
}

#[tokio::test]
async fn an_entry_within_a_minute_reopens() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:30:00 ada table",
            "09:00:00 ada +pre-1",
            "10:00:00 ada -pre-1",
            "10:00:30 ada +pre-2",
            "11:00:00 ada -pre-2",
        ])
        .await;
    assert_eq!(
        world.keys().await,
        "CHANGED 1, CHANGED 2, CHANGED 3, CHANGED 4, COMPLETED 4, CHANGED 5, REOPENED 5, \
         CHANGED 6, COMPLETED 6"
    );
    assert_eq!(world.told("process-summary-events").await.len(), 1);
}

#[tokio::test]
async fn a_late_fact_may_void_a_process() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            // Called off before, as is known only now.
            "08:00:00 ada cancel s1",
        ])
        .await;
    assert_eq!(world.keys().await, "CHANGED 1, VOIDED 2");
    let (status, _, _) = world.get(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(status, 404);
    assert_eq!(world.get("/api/v1/processes").await.0, 204);
}

#[tokio::test]
async fn what_is_settled_stays() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:20:00 ada +or-1",
            "08:30:00 ada table",
            "08:31:00 ada heart 70",
            "08:40:00 or-1 interrupted",
            "08:45:00 ada -or-1",
        ])
        .await;
    world.at("08:50:00").await;
    let settled = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(settled["settled"], true);
    world.at("09:10:00").await;
    let again = world.record("08:31:00 ada heart 75");
    world
        .say(&[
            "08:35:00 or-1 cut",
            "08:32:00 ada heart 71",
            "08:32:00 ada temperature 36.0",
            "09:00:00 ada +pre-1",
            // Known already.
            "08:30:00 ada table",
        ])
        .await;
    world.publish(vec![again]).await;
    assert_eq!(world.body(&format!("/api/v1/processes/{ADA}")).await, settled);
    let history = world.history(ADA).await;
    let tail = history.split("08:30 STEP PATIENT_ON_OPERATING_TABLE, ").last().unwrap();
    // The later telling of a sample replaces the earlier, which is late too.
    assert_eq!(
        tail,
        "08:31 LATE VITAL_SIGNS heartBeat, 08:32 LATE VITAL_SIGNS bodyTemperature heartBeat, \
         08:35 LATE MANUAL SURGERY_IN_PROGRESS, 08:40 STATE INTERRUPTED, \
         09:00 REFUSED ENTERED pre-1"
    );
    // Whoever reads it now reads what was settled, unless late ones are asked for.
    let signs = format!("/api/v1/processes/{ADA}/vital-signs");
    let in_time = world.body(&signs).await;
    assert_eq!((&in_time["total"], &in_time["entries"][0]["value"]), (&json!(1), &json!(70)));
    assert_eq!(world.body(&format!("{signs}?late=true")).await["total"], 3);
    // And the fold goes on behind it.
    world.say(&["09:20:00 ada +or-2"]).await;
    let list = world.body("/api/v1/processes").await;
    assert_eq!(list["entries"][0]["processId"], format!("{ADA}-return"));
    assert_eq!(list["entries"][0]["step"], json!(null));
}

#[tokio::test]
async fn a_late_movement_moves_a_button_to_another_patient() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "07:00:00 bob book s2 09:00:00",
            "08:10:00 ada +pre-1",
            "08:10:00 bob +pre-1",
            "08:20:00 ada +or-1",
            "08:21:00 ada table",
            "08:31:00 bob table",
            "08:40:00 or-1 cut",
        ])
        .await;
    let steps = async || {
        let list = world.body("/api/v1/processes").await;
        let step = |index: usize| list["entries"][index]["step"].as_str().unwrap().to_owned();
        (step(0), step(1))
    };
    let (cut, table) = ("SURGERY_IN_PROGRESS".to_owned(), "PATIENT_ON_OPERATING_TABLE".to_owned());
    assert_eq!(steps().await, (cut.clone(), table.clone()));
    world.say(&["08:25:00 ada -or-1", "08:30:00 bob +or-1"]).await;
    assert_eq!(steps().await, (table, cut));
}

#[tokio::test]
async fn a_button_may_name_its_process() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "07:00:00 bob book s2 09:00:00",
            "08:10:00 ada +pre-1",
            "08:10:00 bob +pre-1",
            "08:20:00 ada +or-1",
            "08:20:00 bob +or-1",
            "08:21:00 ada table",
            &format!("08:22:00 or-1 anesthesia={ADA}"),
            &format!("08:30:00 or-1 terminated={ADA}"),
        ])
        .await;
    let history = world.history(ADA).await;
    assert!(history.ends_with("08:22 STEP ANESTHESIA, 08:30 STATE TERMINATED"), "{history}");
}

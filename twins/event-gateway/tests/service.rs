//! The service on a real log: what comes out, in which order, and what goes to the dead letters.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "tables are written with values")]

use std::time::Duration;

use chiron_broker::{NewRecord, Record};
use chiron_chassis::Runtime;
use jiff::Timestamp;
use serde_json::{Value, json};
use twin_event_gateway::{COLLECTIONS, NAME, Settings, TOPIC, start};

fn at() -> Timestamp {
    "2026-05-15T05:59:00Z".parse().unwrap()
}

fn notification(seq: u64, kind: &str, aggregate: &str, data: &Value) -> NewRecord {
    let (id, kind) = (format!("{seq:016}"), format!("Microsoft.DigitalTwins.{kind}"));
    NewRecord::cloud_event(TOPIC, aggregate, kind, data, &id, "twin-engine", at())
        .unwrap()
        .with_header("ce_subject", aggregate)
}

fn vital(seq: u64, patient: &str, value: Value) -> NewRecord {
    let data = json!({"modelId": "dtmi:io:github:smartoperatingblock:Patient;1",
        "patch": [{"op": "add", "path": "/heart_beat", "value": value}]});
    notification(seq, "Twin.Update", patient, &data)
}

async fn all(runtime: &Runtime, topic: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for partition in 0..runtime.broker.partitions() {
        records.extend(runtime.broker.read(topic, partition, 0, 1_000).await.unwrap());
    }
    records.sort_by_key(Record::id);
    records
}

/// Waits until everything on the topic is handled.
async fn handled(runtime: &Runtime) {
    let waiting = async {
        while runtime.broker.lag("dt-event-gateway", &[TOPIC]).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_become_events_once_per_operation() {
    let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
    start(&runtime, Settings::default()).unwrap();
    let mut batch: Vec<NewRecord> = (0..50_u64).map(|n| vital(n, "p-1", json!(n))).collect();
    batch.push(vital(50, "p-2", json!("fast")));
    batch.push(vital(51, "p-2", json!(60)));
    runtime.broker.publish(batch).await.unwrap();
    handled(&runtime).await;

    let events = all(&runtime, "process-events").await;
    let ids: Vec<String> = events.iter().map(Record::id).collect();
    let expected = (0..50).chain([51]).map(|n| format!("{n:016}-000"));
    assert_eq!(ids, expected.collect::<Vec<_>>());
    let offsets: Vec<u64> = events.iter().take(50).map(|event| event.offset).collect();
    assert!(offsets.is_sorted(), "one patient's events keep their order");
    assert_eq!(events[7].key.as_deref(), Some("PATIENT_HEARTBEAT_UPDATE_EVENT"));
    let value: Value = serde_json::from_slice(&events[7].value).unwrap();
    assert_eq!(value["data"], json!({"patientId": "p-1", "data": {"heartbeat": 7}}));
    assert_eq!(value["dateTime"], "2026-05-15T05:59:00.000Z");

    let dead = all(&runtime, "twin-events.dead-letters").await;
    assert_eq!(dead.len(), 1);
    let reason = dead[0].headers.get("dead-letter-reason").unwrap();
    assert_eq!(reason, "the value of heart_beat is not an integer");

    // Delivered again, the same events come with the same ids.
    runtime.broker.publish(vec![vital(7, "p-1", json!(7))]).await.unwrap();
    handled(&runtime).await;
    let again: Vec<Record> = all(&runtime, "process-events").await;
    let repeats: Vec<&Record> = again.iter().filter(|event| event.id() == ids[7]).collect();
    assert_eq!(repeats.len(), 2);
    assert_eq!(repeats[0].value, repeats[1].value);
    hands.shut_down();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_found_out_now_waits_and_holds_back_its_partition_only() {
    let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
    start(&runtime, Settings::default()).unwrap();
    // No model in the headers, and the twin layer cannot be reached.
    let data = json!({"$relationshipId": "r", "$sourceId": "hp-1", "$targetId": "or-1", "$relationshipName": "rel_is_inside"});
    let waiting = notification(1, "Relationship.Create", "hp-1", &data);
    // The name alone says that this one tells nothing, so nobody is asked.
    let data = json!({"$relationshipId": "r", "$sourceId": "b-1", "$targetId": "p-1", "$relationshipName": "rel_booking_associated_patient"});
    let dull = notification(2, "Relationship.Create", "b-1", &data);
    runtime.broker.publish(vec![vital(0, "hp-1", json!(1)), waiting, dull]).await.unwrap();
    let deadline = async {
        while all(&runtime, "process-events").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), deadline).await.unwrap();
    assert!(all(&runtime, "tracking-events").await.is_empty());
    assert!(all(&runtime, "twin-events.dead-letters").await.is_empty());
    assert!(runtime.broker.lag("dt-event-gateway", &[TOPIC]).await.unwrap() >= 1);
    hands.shut_down();
}

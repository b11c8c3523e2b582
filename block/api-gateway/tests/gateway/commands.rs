//! The commands of a room's dashboard.

use chiron_chassis::Service;
use serde_json::{Value, json};

use crate::surroundings::{Example, places};

#[tokio::test]
async fn manual_events_are_durable_when_answered() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let id = "0e8f9b1a-6a1e-4a44-9d1f-6a1c7b0a0001";
    let path = "/process-manual-events?roomId=or%201&event=ANESTHESIA";
    let answer = example.command(path, &anna).header("x-command-id", id).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["x-command-id"], id);
    assert_eq!(answer.text().await.unwrap(), "");
    let records = example.records("process-manual-events").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].key.as_deref(), Some("PROCESS_MANUAL_EVENT"));
    assert_eq!(records[0].headers.get("ce_id"), Some(id));
    assert_eq!(records[0].headers.get("chiron-process-id"), None);
    let value: Value = serde_json::from_slice(&records[0].value).unwrap();
    let expected = json!({
        "key": "PROCESS_MANUAL_EVENT",
        "data": {"roomId": "or 1", "manualEvent": "ANESTHESIA"},
        "dateTime": "2026-05-15T06:00:00.000Z",
    });
    assert_eq!(value, expected);

    let unnamed = example.command(path, &anna).send().await.unwrap();
    assert_eq!(unnamed.headers()["x-command-id"].len(), 36, "a name is made up");
    let terminated = "/process-manual-events?roomId=or%201&event=TERMINATED&processId=p-1";
    assert_eq!(example.command(terminated, &anna).send().await.unwrap().status(), 204);
    let records = example.records("process-manual-events").await;
    let named = records.iter().filter_map(|record| record.headers.get("chiron-process-id"));
    assert_eq!(named.collect::<Vec<_>>(), ["p-1"]);
}

#[tokio::test]
async fn manual_events_are_refused_where_they_cannot_be_meant() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let check = async |query: &str, expected: u16, place: &[&str]| {
        let path = format!("/process-manual-events?{query}");
        let answer = places(example.command(&path, &anna).send().await.unwrap()).await;
        let place = place.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(answer, (expected, place), "{query}");
    };
    check("event=ANESTHESIA", 400, &["?roomId"]).await;
    check("roomId=&event=ANESTHESIA", 400, &["?roomId"]).await;
    check("roomId=or%201", 400, &["?event"]).await;
    check("roomId=or%201&event=TEA", 400, &["?event"]).await;
    check("roomId=or%201&event=TERMINATED", 400, &["?processId"]).await;
    check("roomId=or%201&event=INTERRUPTED&processId=", 400, &["?processId"]).await;
    check("roomId=cellar&event=ANESTHESIA", 404, &[]).await;
    let path = "/process-manual-events?roomId=or%201&event=ANESTHESIA";
    let named = example.command(path, &anna).header("x-command-id", "first").send().await.unwrap();
    assert_eq!(places(named).await, (400, vec!["x-command-id".to_owned()]));
    let timed = example.command(path, &anna).header("x-source-time", "2026-05-15T05:59:00Z");
    assert_eq!(timed.send().await.unwrap().status(), 403, "anna may not say when");
    example.hands.point(Service::BuildingManagement, "http://127.0.0.1:1");
    check("roomId=or%201&event=ANESTHESIA", 503, &[]).await;
    assert!(example.records("process-manual-events").await.is_empty());
}

#[tokio::test]
async fn emergencies_have_ids_of_their_command() {
    let example = Example::start().await;
    let nurse = example.token_of("nurse-1").await;
    let id = "0E8F9B1A-6A1E-4A44-9D1F-6A1C7B0A0002";
    let path = "/emergency-surgeries?roomId=or%201&patientTaxCode=RSSMRA80A01H501U";
    let answer = example
        .command(path, &nurse)
        .header("x-command-id", id)
        .header("x-source-time", "2026-05-15T05:59:00Z")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let id = id.to_ascii_lowercase();
    assert_eq!(answer.headers()["x-command-id"], id.as_str());
    let opened: Value = answer.json().await.unwrap();
    let expected = json!({
        "processId": format!("emergency-{id}"), "patientId": format!("emergency-patient-{id}"),
    });
    assert_eq!(opened, expected);
    let records = example.records("emergency-surgery-events").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].id(), id);
    let value: Value = serde_json::from_slice(&records[0].value).unwrap();
    let expected = json!({
        "key": "EMERGENCY_SURGERY_EVENT",
        "data": {"roomId": "or 1", "patientTaxCode": "RSSMRA80A01H501U"},
        "dateTime": "2026-05-15T05:59:00.000Z",
    });
    assert_eq!(value, expected);

    let unknown = example.command("/emergency-surgeries?roomId=or%201", &nurse);
    assert_eq!(unknown.send().await.unwrap().status(), 202);
    let nowhere = example.command("/emergency-surgeries?roomId=cellar", &nurse);
    assert_eq!(nowhere.send().await.unwrap().status(), 404);
    let empty = example.command("/emergency-surgeries?roomId=or%201&patientTaxCode=", &nurse);
    let refused = places(empty.send().await.unwrap()).await;
    assert_eq!(refused, (400, vec!["?patientTaxCode".to_owned()]));
    let records = example.records("emergency-surgery-events").await;
    assert_eq!(records.len(), 2);
    assert!(records.iter().any(|record| {
        let value: Value = serde_json::from_slice(&record.value).unwrap();
        value["data"]["patientTaxCode"].is_null()
    }));
}

#[tokio::test]
async fn lights_are_asked_for_in_the_words_of_the_contract() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let id = "0e8f9b1a-6a1e-4a44-9d1f-6a1c7b0a0003";
    let check = async |path: &str, expected: Value| {
        let before = example.records("automation-requests-events").await.len();
        let answer = example.command(path, &anna).header("x-command-id", id).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{path}");
        assert_eq!(answer.headers()["x-command-id"], id);
        assert_eq!(answer.text().await.unwrap(), "");
        let records = example.records("automation-requests-events").await;
        assert_eq!(records.len(), before + 1);
        // All of one room, so of one partition, in their order.
        let record = records.last().unwrap();
        assert_eq!(record.id(), id);
        assert_eq!(record.key.as_deref(), expected["key"].as_str());
        assert_eq!(serde_json::from_slice::<Value>(&record.value).unwrap(), expected);
    };
    let path =
        "/custom-automation-scenario?roomId=or%201&ambientLightLux=80&surgicalLightLux=90000";
    let data = json!({"roomId": "or 1", "ambientLightLux": 80, "surgicalLightLux": 90_000});
    let at = "2026-05-15T06:00:00.000Z";
    check(path, json!({"key": "CUSTOM_LIGHT_SETUP_REQUEST_EVENT", "data": data, "dateTime": at}))
        .await;
    let data = json!({"roomId": "or 1"});
    let path = "/stop-custom-automation-scenario?roomId=or%201";
    check(path, json!({"key": "CUSTOM_LIGHT_STOP_REQUEST_EVENT", "data": data, "dateTime": at}))
        .await;
    let data = json!({"roomId": "or 1", "medicalTechnologyType": "endoscope"});
    let key = "MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT";
    let path = "/adapt-environment?roomId=or%201&medicalTechnologyType=endoscope";
    check(path, json!({"key": key, "data": data, "dateTime": at})).await;
}

#[tokio::test]
async fn lights_that_cannot_be_meant_are_refused() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let check = async |path: &str, expected: u16, place: &[&str]| {
        let answer = places(example.command(path, &anna).send().await.unwrap()).await;
        let place = place.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(answer, (expected, place), "{path}");
    };
    let set_up = "/custom-automation-scenario?roomId=or%201";
    check(&format!("{set_up}&ambientLightLux=80"), 400, &["?surgicalLightLux"]).await;
    let dim = format!("{set_up}&ambientLightLux=dim&surgicalLightLux=1");
    check(&dim, 400, &["?ambientLightLux"]).await;
    let negative = format!("{set_up}&ambientLightLux=-1&surgicalLightLux=1");
    check(&negative, 400, &["?ambientLightLux"]).await;
    let blinding = format!("{set_up}&ambientLightLux=1&surgicalLightLux=200001");
    check(&blinding, 400, &["?surgicalLightLux"]).await;
    let unknown = "/custom-automation-scenario?roomId=cellar&ambientLightLux=1&surgicalLightLux=1";
    check(unknown, 404, &[]).await;
    check("/stop-custom-automation-scenario", 400, &["?roomId"]).await;
    check("/stop-custom-automation-scenario?roomId=", 400, &["?roomId"]).await;
    let adapt = "/adapt-environment?roomId=or%201";
    check(adapt, 400, &["?medicalTechnologyType"]).await;
    check(&format!("{adapt}&medicalTechnologyType=ENDOSCOPE"), 400, &["?medicalTechnologyType"])
        .await;
    example.hands.point(Service::BuildingManagement, "http://127.0.0.1:1");
    let fine = format!("{set_up}&ambientLightLux=0&surgicalLightLux=200000");
    check(&fine, 503, &[]).await;
    assert!(example.records("automation-requests-events").await.is_empty());

    let manager = example.token_of("block-manager-1").await;
    let answer = example.command("/stop-custom-automation-scenario?roomId=or%201", &manager);
    assert_eq!(answer.send().await.unwrap().status(), 403);
    let anna = example.token_of("anna").await;
    let timed = example
        .command("/stop-custom-automation-scenario?roomId=or%201", &anna)
        .header("x-source-time", "2026-05-15T05:59:00Z");
    assert_eq!(timed.send().await.unwrap().status(), 403, "anna may not say when");
}

#[tokio::test]
async fn who_may_say_when_is_believed() {
    let example = Example::start().await;
    let nurse = example.token_of("nurse-1").await;
    let answer = example
        .command("/stop-custom-automation-scenario?roomId=or%201", &nurse)
        .header("x-source-time", "2026-05-15T05:59:00Z");
    assert_eq!(answer.send().await.unwrap().status(), 204);
    let records = example.records("automation-requests-events").await;
    let value: Value = serde_json::from_slice(&records[0].value).unwrap();
    assert_eq!(value["dateTime"], "2026-05-15T05:59:00.000Z");
    assert_eq!(records[0].headers.get("ce_time"), Some("2026-05-15T05:59:00.000Z"));
}

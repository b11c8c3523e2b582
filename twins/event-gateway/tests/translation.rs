//! The table from changes of twins to events of the block, row by row.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "tables are written with values")]

use bytes_of::record;
use serde_json::{Value, json};
use twin_event_gateway::{
    notification::{Malformed, Notification},
    translation::{event_id, translate},
};

mod bytes_of {
    use chiron_broker::{Headers, Record};
    use serde_json::Value;

    /// A notification as the engine publishes it.
    pub(super) fn record(
        kind: &str,
        subject: &str,
        data: &Value,
        headers: &[(&str, &str)],
    ) -> Record {
        let mut all = Headers::new()
            .with("ce_id", "0000000000000042")
            .with("ce_type", format!("Microsoft.DigitalTwins.{kind}"))
            .with("ce_subject", subject)
            .with("ce_time", "2026-05-15T08:10:00.123Z");
        for (name, value) in headers {
            all.set(name, *value);
        }
        Record {
            topic: "twin-events".into(),
            partition: 0,
            offset: 0,
            key: Some(format!("Microsoft.DigitalTwins.{kind}")),
            value: data.to_string().into_bytes().into(),
            headers: all,
            appended_at: "2026-05-15T09:00:00Z".parse().unwrap(),
        }
    }
}

fn model(name: &str) -> String {
    format!("dtmi:io:github:smartoperatingblock:{name};1")
}

/// The events' records as `<id> <topic> <aggregate> <value>`, then the faults, one a line.
fn told(record: &chiron_broker::Record) -> Vec<String> {
    let notification = Notification::read(record).unwrap();
    let translation = translate(&notification);
    let mut lines = Vec::new();
    for (position, event) in translation.events {
        let id = event_id(&notification.id, position);
        let record = event.into_record(&id, "event-gateway").unwrap();
        assert_eq!(record.headers.get("ce_id"), Some(id.as_str()));
        assert_eq!(record.headers.get("ce_source"), Some("event-gateway"));
        let value: Value = serde_json::from_str(&record.value).unwrap();
        assert_eq!(value["key"], record.key.as_str());
        assert_eq!(value["dateTime"], record.headers.get("ce_time").unwrap());
        let id = id.trim_start_matches('0');
        lines.push(format!("{id} {} {} {value}", record.topic, record.aggregate));
    }
    lines.extend(translation.faults.iter().map(ToString::to_string));
    lines
}

/// What a patch on a twin of a model tells.
#[track_caller]
fn patched(name: &str, patch: Value, expected: &[&str]) {
    let data = json!({"modelId": model(name), "patch": patch});
    assert_eq!(told(&record("Twin.Update", "x-1", &data, &[])), expected, "{name} {patch}");
}

#[track_caller]
fn set(name: &str, property: &str, value: Value, expected: &[&str]) {
    for op in ["add", "replace"] {
        let patch = json!([{"op": op, "path": format!("/{property}"), "value": value}]);
        patched(name, patch, expected);
    }
    patched(name, json!([{"op": "remove", "path": format!("/{property}")}]), &[]);
}

#[test]
fn what_sensors_measure() {
    set(
        "OperatingRoom",
        "temperature",
        json!(23.5),
        &[
            r#"42-000 room-events x-1 {"data":{"temperatureUnit":"CELSIUS","temperatureValue":23.5},"dateTime":"2026-05-15T08:10:00.123Z","key":"TEMPERATURE_EVENT","roomId":"x-1","roomType":"OPERATING_ROOM"}"#,
        ],
    );
    set(
        "PrePostOperatingRoom",
        "temperature",
        json!(-90),
        &[
            r#"42-000 room-events x-1 {"data":{"temperatureUnit":"CELSIUS","temperatureValue":-90.0},"dateTime":"2026-05-15T08:10:00.123Z","key":"TEMPERATURE_EVENT","roomId":"x-1","roomType":"PRE_OPERATING_ROOM"}"#,
        ],
    );
    set(
        "OperatingRoom",
        "humidity",
        json!(57),
        &[
            r#"42-000 room-events x-1 {"data":{"humidityPercentage":57},"dateTime":"2026-05-15T08:10:00.123Z","key":"HUMIDITY_EVENT","roomId":"x-1","roomType":"OPERATING_ROOM"}"#,
        ],
    );
    set("OperatingRoom", "humidity", json!(57.5), &["the value of humidity is not an integer"]);
    set(
        "OperatingRoom",
        "luminosity",
        json!(104),
        &[
            r#"42-000 room-events x-1 {"data":{"luminosityUnit":"LUX","luminosityValue":104.0},"dateTime":"2026-05-15T08:10:00.123Z","key":"LUMINOSITY_EVENT","roomId":"x-1","roomType":"OPERATING_ROOM"}"#,
        ],
    );
    set(
        "PrePostOperatingRoom",
        "presence_inside",
        json!(false),
        &[
            r#"42-000 room-events x-1 {"data":{"presenceDetected":false},"dateTime":"2026-05-15T08:10:00.123Z","key":"PRESENCE_EVENT","roomId":"x-1","roomType":"PRE_OPERATING_ROOM"}"#,
        ],
    );
    set("Room", "temperature", json!(20), &[]);
    set("OperatingRoom", "name", json!("Theatre"), &[]);
    set("Actuator", "intensity", json!(5), &[]);
    set("SurgicalProcess", "process_state", json!(1), &[]);
}

#[test]
fn what_happens_to_patients() {
    set(
        "Patient",
        "is_on_operating_table",
        json!(true),
        &[
            r#"42-000 process-events x-1 {"data":{"patientId":"x-1"},"dateTime":"2026-05-15T08:10:00.123Z","key":"PATIENT_ON_OB_EVENT"}"#,
        ],
    );
    set("Patient", "is_on_operating_table", json!(false), &[]);
    set(
        "Patient",
        "is_on_operating_table",
        json!("true"),
        &["the value of is_on_operating_table is not true or false"],
    );
    let vital = |property: &str, value: Value, key: &str, field: &str, written: &str| {
        let expected = format!(
            r#"42-000 process-events x-1 {{"data":{{"data":{{"{field}":{written}}},"patientId":"x-1"}},"dateTime":"2026-05-15T08:10:00.123Z","key":"PATIENT_{key}_UPDATE_EVENT"}}"#
        );
        set("Patient", property, value, &[&expected]);
    };
    vital("heart_beat", json!(71), "HEARTBEAT", "heartbeat", "71");
    vital("diastolic_blood_pressure", json!(78), "DIASTOLIC_PRESSURE", "pressure", "78");
    vital("systolic_blood_pressure", json!(121), "SYSTOLIC_PRESSURE", "pressure", "121");
    vital("respiratory_rate", json!(15), "RESPIRATORY_RATE", "rate", "15");
    vital("saturation_percentage", json!(98), "SATURATION", "saturation", "98");
    vital("body_temperature", json!(36), "BODY_TEMPERATURE", "temperature", "36.0");
    set(
        "MedicalTechnology",
        "is_in_use",
        json!(true),
        &[
            r#"42-000 process-events x-1 {"data":{"inUse":true,"medicalTechnologyID":"x-1"},"dateTime":"2026-05-15T08:10:00.123Z","key":"MEDICAL_TECHNOLOGY_USAGE_EVENT"}"#,
        ],
    );
}

#[test]
fn every_operation_counts_and_has_its_own_time() {
    let heart = |id: usize, at: &str, value: i64| {
        format!(
            r#"42-{id:03} process-events x-1 {{"data":{{"data":{{"heartbeat":{value}}},"patientId":"x-1"}},"dateTime":"2026-05-15T08:{at}Z","key":"PATIENT_HEARTBEAT_UPDATE_EVENT"}}"#
        )
    };
    let temperature = |id: usize, at: &str| {
        format!(
            r#"42-{id:03} process-events x-1 {{"data":{{"data":{{"temperature":36.5}},"patientId":"x-1"}},"dateTime":"2026-05-15T08:{at}Z","key":"PATIENT_BODY_TEMPERATURE_UPDATE_EVENT"}}"#
        )
    };
    let value = |property: &str, value: Value| json!({"op": "add", "path": format!("/{property}"), "value": value});
    let time = |property: &str, at: &str| json!({"op": "add", "path": format!("/$metadata/{property}/sourceTime"), "value": format!("2026-05-15T08:{at}Z")});
    patched(
        "Patient",
        json!([
            value("heart_beat", json!(70)),
            time("heart_beat", "09:00.000"),
            value("body_temperature", json!(36.5)),
            value("unknown", json!(1))
        ]),
        &[&heart(0, "09:00.000", 70), &temperature(2, "10:00.123")],
    );
    patched(
        "Patient",
        json!([time("heart_beat", "08:59.000"), value("heart_beat", json!(70))]),
        &[&heart(1, "08:59.000", 70)],
    );
    patched(
        "Patient",
        json!([
            value("heart_beat", json!(70)),
            time("heart_beat", "01:00.000"),
            value("heart_beat", json!(71)),
            time("heart_beat", "02:00.000")
        ]),
        &[&heart(0, "01:00.000", 70), &heart(2, "02:00.000", 71)],
    );
    patched(
        "Patient",
        json!([
            value("heart_beat", json!(70)),
            value("heart_beat", json!(71)),
            time("heart_beat", "02:00.000")
        ]),
        &[&heart(0, "02:00.000", 70), &heart(1, "02:00.000", 71)],
    );
    patched(
        "Patient",
        json!([value("heart_beat", json!("x")), value("body_temperature", json!(36.5))]),
        &[&temperature(1, "10:00.123"), "the value of heart_beat is not an integer"],
    );
    patched(
        "Patient",
        json!([value("heart_beat", json!(70)), {"op": "add", "path": "/$metadata/heart_beat/sourceTime", "value": "soon"}]),
        &["the sourceTime of heart_beat is no instant"],
    );
}

/// What a relationship between twins of these models tells.
#[track_caller]
fn related(kind: &str, name: &str, source: &str, target: &str, expected: &[&str]) {
    let data = json!({"$relationshipId": "r", "$sourceId": "s-1", "$targetId": "t-1", "$relationshipName": name, "$etag": "W/\"1\""});
    let (source, target) = (model(source), model(target));
    let headers = [("ce_sourcemodel", source.as_str()), ("ce_targetmodel", target.as_str())];
    let kind = format!("Relationship.{kind}");
    assert_eq!(told(&record(&kind, "s-1/relationships/r", &data, &headers)), expected);
}

#[test]
fn who_enters_and_leaves() {
    related(
        "Create",
        "rel_is_inside",
        "HealthProfessional",
        "OperatingRoom",
        &[
            r#"42-000 tracking-events s-1 {"data":true,"dateTime":"2026-05-15T08:10:00.123Z","healthProfessionalId":"s-1","key":"TRACKING_EVENT","roomId":"t-1"}"#,
        ],
    );
    related(
        "Delete",
        "rel_is_inside",
        "HealthProfessional",
        "Room",
        &[
            r#"42-000 tracking-events s-1 {"data":false,"dateTime":"2026-05-15T08:10:00.123Z","healthProfessionalId":"s-1","key":"TRACKING_EVENT","roomId":"t-1"}"#,
        ],
    );
    related(
        "Create",
        "rel_is_inside",
        "Patient",
        "OperatingRoom",
        &[
            r#"42-000 process-events s-1 {"data":{"entered":true,"patientId":"s-1","roomId":"t-1","roomType":"OPERATING_ROOM"},"dateTime":"2026-05-15T08:10:00.123Z","key":"PATIENT_TRACKED_EVENT"}"#,
        ],
    );
    related(
        "Delete",
        "rel_is_inside",
        "Patient",
        "PrePostOperatingRoom",
        &[
            r#"42-000 process-events s-1 {"data":{"entered":false,"patientId":"s-1","roomId":"t-1","roomType":"PRE_OPERATING_ROOM"},"dateTime":"2026-05-15T08:10:00.123Z","key":"PATIENT_TRACKED_EVENT"}"#,
        ],
    );
    related(
        "Create",
        "rel_is_inside",
        "Patient",
        "Room",
        &[
            "a patient is inside a twin of model dtmi:io:github:smartoperatingblock:Room;1, which is no kind of room",
        ],
    );
    related(
        "Create",
        "rel_use",
        "SurgicalProcess",
        "ImplantableMedicalDevice",
        &[
            r#"42-000 process-events s-1 {"data":{"medicalDeviceID":"t-1","processId":"s-1"},"dateTime":"2026-05-15T08:10:00.123Z","key":"MEDICAL_DEVICE_USAGE_EVENT"}"#,
        ],
    );
    related("Delete", "rel_use", "SurgicalProcess", "ImplantableMedicalDevice", &[]);
    related("Create", "rel_is_inside", "SurgicalProcess", "OperatingRoom", &[]);
    related("Create", "rel_is_located", "MedicalTechnology", "OperatingRoom", &[]);
    related("Update", "rel_is_inside", "Patient", "OperatingRoom", &[]);
}

#[test]
fn what_becomes_of_twins() {
    let booking = json!({"$dtId": "b-1", "booking_date_time": "2026-05-15T10:00:00+02:00", "surgery_type": "Appendectomy", "$metadata": {"$model": model("SurgeryBooking")}});
    assert_eq!(
        told(&record("Twin.Create", "b-1", &booking, &[])),
        [
            r#"42-000 surgery-booking-events Appendectomy {"data":{"surgeryDate":"2026-05-15T08:00:00.000Z","surgeryType":"Appendectomy"},"dateTime":"2026-05-15T08:10:00.123Z","key":"SURGERY_BOOKINGS_EVENT"}"#
        ]
    );
    let bare = json!({"$dtId": "b-1", "$metadata": {"$model": model("SurgeryBooking")}});
    assert_eq!(
        told(&record("Twin.Create", "b-1", &bare, &[])),
        ["the booking has no valid booking_date_time"]
    );
    let patient = json!({"$dtId": "p-1", "$metadata": {"$model": model("Patient")}});
    assert!(told(&record("Twin.Create", "p-1", &patient, &[])).is_empty());
    assert!(told(&record("Twin.Delete", "p-1", &patient, &[])).is_empty());
}

#[test]
fn what_is_no_notification() {
    let read = |record: &chiron_broker::Record| Notification::read(record).unwrap_err();
    let data = json!({"modelId": model("Patient"), "patch": []});
    assert_eq!(read(&record("Twin.Update", "x", &data, &[("ce_time", "soon")])), Malformed::Time);
    assert_eq!(
        read(&record("Twin.Update", "x", &json!({"patch": []}), &[])),
        Malformed::Missing("modelId")
    );
    assert_eq!(
        read(&record("Twin.Update", "x", &json!({"modelId": "m"}), &[])),
        Malformed::Missing("patch")
    );
    assert_eq!(
        read(&record("Twin.Create", "x", &json!([]), &[])),
        Malformed::Missing("$metadata.$model")
    );
    assert_eq!(
        read(&record("Relationship.Create", "x", &json!({}), &[])),
        Malformed::Missing("$relationshipName")
    );
    let mut broken = record("Twin.Update", "x", &data, &[]);
    broken.value = "{".into();
    assert_eq!(read(&broken), Malformed::Json);
    broken.headers = chiron_broker::Headers::new();
    broken.key = None;
    assert_eq!(read(&broken), Malformed::NoType);
    // A foreign type is passed over; the log's time stands in for a missing one.
    let mut foreign = record("Twin.Update", "x", &data, &[("ce_type", "microsoft.iot.telemetry")]);
    foreign.value = "{".into();
    assert!(told(&foreign).is_empty());
    let mut timeless = record("Twin.Update", "x", &data, &[]);
    timeless.headers = chiron_broker::Headers::new().with("ce_subject", "x");
    assert_eq!(Notification::read(&timeless).unwrap().at, timeless.appended_at);
}

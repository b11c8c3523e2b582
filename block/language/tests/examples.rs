//! Every committed example payload is read, and written again with the same content: the same
//! fields, the same spellings, the same instants. A change that breaks old payloads fails here.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use block_language::{
    NotWritten, Rejection, automation, booking, emergency, key_of, manual, process, room, summary,
    surgical_process, tracking,
};
use bytes::Bytes;
use chiron_broker::{Headers, NewRecord, Record};
use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::{Value, json};

#[test]
fn room_events() {
    check(room::TOPIC, include_str!("../examples/room.jsonl"), |record| {
        Ok(room::RoomEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn tracking_events() {
    check(tracking::TOPIC, include_str!("../examples/tracking.jsonl"), |record| {
        Ok(tracking::TrackingEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn process_events() {
    check(process::TOPIC, include_str!("../examples/process.jsonl"), |record| {
        Ok(process::ProcessEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn booking_events() {
    check(booking::TOPIC, include_str!("../examples/booking.jsonl"), |record| {
        Ok(booking::BookingEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn manual_events() {
    check(manual::TOPIC, include_str!("../examples/manual.jsonl"), |record| {
        Ok(manual::ProcessManualEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn emergency_events() {
    check(emergency::TOPIC, include_str!("../examples/emergency.jsonl"), |record| {
        Ok(emergency::EmergencySurgeryEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn automation_events() {
    let proposals = include_str!("../examples/automation-proposal.jsonl");
    check(automation::PROPOSAL_TOPIC, proposals, |record| {
        Ok(automation::ProposalEvent::decode(record)?.into_record("id-1", "test"))
    });
    let refusals = include_str!("../examples/automation-refused.jsonl");
    check(automation::PROPOSAL_TOPIC, refusals, |record| {
        Ok(automation::RequestRefusedEvent::decode(record)?.into_record("id-1", "test"))
    });
    let ended = include_str!("../examples/automation-command.jsonl");
    check(automation::PROPOSAL_TOPIC, ended, |record| {
        Ok(automation::CommandEndedEvent::decode(record)?.into_record("id-1", "test"))
    });
    let requests = include_str!("../examples/automation-request.jsonl");
    check(automation::REQUEST_TOPIC, requests, |record| {
        Ok(automation::RequestEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn summary_events() {
    check(summary::TOPIC, include_str!("../examples/summary.jsonl"), |record| {
        Ok(summary::SummaryEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn surgical_process_events() {
    let examples = include_str!("../examples/surgical-process.jsonl");
    check(surgical_process::TOPIC, examples, |record| {
        Ok(surgical_process::SurgicalProcessEvent::decode(record)?.into_record("id-1", "test"))
    });
}

#[test]
fn aggregates_keep_order_by_whom_the_event_is_about() {
    let aggregate = |examples: &str, line: usize| {
        let text = examples.lines().nth(line).unwrap();
        let record = record("process-events", None, text);
        let event = process::ProcessEvent::decode(&record).unwrap();
        event.into_record("id-1", "test").unwrap().aggregate
    };
    let examples = include_str!("../examples/process.jsonl");
    assert_eq!(aggregate(examples, 0), "patient-7");
    assert_eq!(aggregate(examples, 2), "patient-7-2023-05-15T08.10.00.1234567+00.00");
    assert_eq!(aggregate(examples, 3), "endo-1");
    assert_eq!(aggregate(examples, 9), "patient-7");
}

#[test]
fn a_manual_event_carries_the_process_meant_in_a_header() {
    let event = manual::ProcessManualEvent {
        room_id: "or-2".to_owned(),
        manual_event: manual::ManualEvent::Terminated,
        process_id: Some("process-1".to_owned()),
        date_time: "2023-05-15T11:30:00Z".parse().unwrap(),
    };
    let written = event.clone().into_record("id-1", "test").unwrap();
    assert_eq!(manual::ProcessManualEvent::decode(&delivered(written)).unwrap(), event);
}

#[test]
fn refusals_name_their_reason_and_never_quote_the_value() {
    let good = include_str!("../examples/tracking.jsonl").trim();
    let refused = |key: Option<&str>, text: &str| {
        let rejection =
            tracking::TrackingEvent::decode(&record("tracking-events", key, text)).unwrap_err();
        assert!(!rejection.to_string().contains("hp-7"), "{rejection}");
        rejection.reason()
    };
    assert_eq!(refused(Some("OTHER_EVENT"), good), "unknown-key");
    assert_eq!(refused(None, "{}"), "no-key");
    assert_eq!(refused(None, "hp-7"), "malformed");
    assert_eq!(refused(Some("TRACKING_EVENT"), r#"{"hp-7"#), "malformed");
    assert_eq!(refused(None, &good.replace("true", "\"hp-7\"")), "malformed");
    assert_eq!(refused(None, &good.replace("08:11", "8.11")), "malformed");
    assert_eq!(refused(None, &good.replace("roomId", "room")), "malformed");
    assert_eq!(refused(None, &good.replace("tracking", "").replace("data", "date")), "malformed");
}

#[test]
fn a_manual_event_of_another_spelling_is_refused() {
    let text =
        r#"{"data":{"roomId":"or-2","manualEvent":"LUNCH"},"dateTime":"2023-05-15T08:30:00Z"}"#;
    let record = record(manual::TOPIC, Some("PROCESS_MANUAL_EVENT"), text);
    assert_eq!(manual::ProcessManualEvent::decode(&record).unwrap_err().reason(), "malformed");
}

/// Reads and writes each line, with and without a record key, and with a field that nobody knows.
fn check(
    topic: &str,
    examples: &str,
    again: impl Fn(&Record) -> Result<Result<NewRecord, NotWritten>, Rejection>,
) {
    for line in examples.lines() {
        let example: Value = serde_json::from_str(line).unwrap();
        let key = example["key"].as_str().unwrap();
        let mut grown = example.clone();
        grown["added"] = json!({"later": true});
        for (record_key, text) in
            [(Some(key), line), (None, line), (Some(key), grown.to_string().as_str())]
        {
            let record = record(topic, record_key, text);
            assert_eq!(key_of(&record).unwrap(), key);
            let written = again(&record).unwrap().unwrap();
            assert_eq!(written.topic, topic);
            assert_eq!(written.key, key);
            assert!(!written.aggregate.is_empty());
            assert_eq!(written.headers.get("ce_id"), Some("id-1"));
            assert_eq!(written.headers.get("ce_type"), Some(key));
            let value: Value = serde_json::from_str(&written.value).unwrap();
            assert_eq!(value, normal(example.clone()), "{line}");
        }
    }
}

/// The example with its instants in the form that we write.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => Value::String(instant::write(instant::cut(at))),
            Err(_) => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, normal(value))).collect()
        }
        other => other,
    }
}

fn record(topic: &str, key: Option<&str>, value: &str) -> Record {
    Record {
        topic: topic.to_owned(),
        partition: 0,
        offset: 0,
        key: key.map(ToOwned::to_owned),
        value: Bytes::copy_from_slice(value.as_bytes()),
        headers: Headers::default(),
        appended_at: Timestamp::UNIX_EPOCH,
    }
}

fn delivered(written: NewRecord) -> Record {
    let mut record = record(&written.topic, Some(&written.key), &written.value);
    record.headers = written.headers;
    record
}

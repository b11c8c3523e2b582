//! Events that are none, or nearly: each is read or refused with a reason, and whatever is read can
//! be told on. Nothing of a value is in a refusal, since a refusal is logged.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use block_language::{
    NotWritten, Rejection, automation, booking, emergency, manual, process, room, summary,
    surgery_report, surgical_process, tracking,
};
use bytes::Bytes;
use chiron_broker::{Headers, NewRecord, Record};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use test_support::hostile::{changed, json_value};

type Again = fn(&Record) -> Result<Result<NewRecord, NotWritten>, Rejection>;

macro_rules! events {
    ($(($topic:expr, $file:literal, $event:ty)),* $(,)?) => {
        &[$((
            $topic,
            include_str!(concat!("../examples/", $file, ".jsonl")),
            |record| Ok(<$event>::decode(record)?.into_record("id-1", "test")),
        )),*]
    };
}

/// Every event of the language: its topic, its examples, and how it is read and told on.
const EVENTS: &[(&str, &str, Again)] = events![
    (room::TOPIC, "room", room::RoomEvent),
    (tracking::TOPIC, "tracking", tracking::TrackingEvent),
    (process::TOPIC, "process", process::ProcessEvent),
    (booking::TOPIC, "booking", booking::BookingEvent),
    (manual::TOPIC, "manual", manual::ProcessManualEvent),
    (emergency::TOPIC, "emergency", emergency::EmergencySurgeryEvent),
    (automation::PROPOSAL_TOPIC, "automation-proposal", automation::ProposalEvent),
    (automation::PROPOSAL_TOPIC, "automation-refused", automation::RequestRefusedEvent),
    (automation::PROPOSAL_TOPIC, "automation-command", automation::CommandEndedEvent),
    (automation::REQUEST_TOPIC, "automation-request", automation::RequestEvent),
    (summary::TOPIC, "summary", summary::SummaryEvent),
    (surgical_process::TOPIC, "surgical-process", surgical_process::SurgicalProcessEvent),
    (surgery_report::TOPIC, "surgery-report", surgery_report::SurgeryReportEvent),
];

fn record(topic: &str, key: Option<String>, value: &[u8]) -> Record {
    Record {
        topic: topic.to_owned(),
        partition: 0,
        offset: 0,
        key,
        value: Bytes::copy_from_slice(value),
        headers: Headers::default(),
        appended_at: Timestamp::UNIX_EPOCH,
    }
}

/// One of the events, one of its examples.
fn example() -> impl Strategy<Value = (usize, String)> {
    (0..EVENTS.len(), any::<prop::sample::Index>()).prop_map(|(event, line)| {
        let lines: Vec<&str> = EVENTS.get(event).unwrap().1.lines().collect();
        (event, (*line.get(&lines)).to_owned())
    })
}

/// Reads a record: a refusal has a reason, and what is read can be told on and read again.
fn check(event: usize, key: Option<String>, value: &[u8]) -> Result<(), TestCaseError> {
    let (topic, _, again) = EVENTS.get(event).unwrap();
    match again(&record(topic, key, value)) {
        Err(refused) => {
            prop_assert!(!refused.reason().is_empty());
            prop_assert!(!refused.to_string().is_empty());
            prop_assert!(refused.to_string().len() < 1_000, "{refused}");
            prop_assert!(!refused.to_string().contains("99999999"), "quotes: {refused}");
        }
        // An instant that cannot be written is refused when it is told on.
        Ok(Err(_not_written)) => {}
        Ok(Ok(written)) => {
            let mut told = record(topic, Some(written.key), written.value.as_bytes());
            told.headers = written.headers;
            prop_assert!(again(&told).is_ok(), "read, told on, and then refused");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused(
        event in 0..EVENTS.len(),
        key in prop::option::of("[A-Z_]{0,30}"),
        value in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        check(event, key, &value)?;
    }

    #[test]
    fn an_example_with_another_value_in_it_is_read_or_refused(
        (event, line) in example(),
        place in any::<prop::sample::Index>(),
        with in prop::option::of(json_value()),
        keyed in any::<bool>(),
    ) {
        let value: Value = serde_json::from_str(&line).unwrap();
        let key = value.get("key").and_then(Value::as_str).map(str::to_owned);
        let value = changed(&value, place, with);
        check(event, key.filter(|_| keyed), value.to_string().as_bytes())?;
    }

    #[test]
    fn an_example_with_other_bytes_in_it_is_read_or_refused(
        (event, line) in example(),
        at in any::<prop::sample::Index>(),
        drop in 0_usize..8,
        with in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut value = line.into_bytes();
        let at = at.index(value.len());
        let end = (at + drop).min(value.len());
        value.splice(at..end, with);
        check(event, None, &value)?;
    }
}

/// What nests deeper than anybody reads is refused, not followed.
#[test]
fn depth_is_bounded() {
    for (event, (_, examples, _)) in EVENTS.iter().enumerate() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        check(event, None, deep.as_bytes()).unwrap();
        let line = examples.lines().next().unwrap();
        let deep = line.replacen('{', &format!("{{\"deep\":{deep},"), 1);
        check(event, None, deep.as_bytes()).unwrap();
    }
}

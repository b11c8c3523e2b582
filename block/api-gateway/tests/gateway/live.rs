//! Server-Sent Events: who sees what, and that nothing is lost or told twice.

use std::collections::BTreeSet;
use std::time::Duration;

use api_gateway::{COLLECTIONS, Settings};
use block_language::automation::{
    AutomatedTechnology, AutomationRequest, CommandEnded, CommandEndedEvent, ProposalEvent,
    RequestEvent, RequestRefusedEvent,
};
use block_language::process::{ProcessEvent, ProcessFact, VitalSign};
use block_language::room::{Measurement, RoomEvent, RoomType};
use block_language::surgical_process::{
    ProcessChange, ProcessState, ProcessStep, SurgicalProcess, SurgicalProcessEvent,
};
use block_language::tracking::TrackingEvent;
use chiron_broker::NewRecord;
use chiron_chassis::identity::{AUDIENCE, Claims, ISSUER, Signer};
use chiron_chassis::machine_now;
use chiron_store::Find;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::surroundings::{Example, places};

/// Far longer than anything here takes: a test that waits for nothing ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    kind: String,
    id: String,
    data: Value,
}

/// A stream as a browser reads it.
struct Stream {
    response: reqwest::Response,
    buffer: String,
    /// As a browser keeps it: from events and signs of life.
    last: String,
}

impl Stream {
    async fn open(example: &Example, token: &str, query: &str, last: Option<&str>) -> Self {
        let mut request = example
            .client
            .get(format!("{}/api/v1/obd/live{query}", example.block))
            .bearer_auth(token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self { response, buffer: String::new(), last: String::new() };
        // The first block says where the stream begins.
        let first = stream.block().await.unwrap();
        assert!(first.starts_with("retry: 1000"), "{first}");
        stream.keep(&first);
        stream
    }

    fn keep(&mut self, block: &str) {
        if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
            id.clone_into(&mut self.last);
        }
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap();
            self.buffer.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The next event; `None` at the end. Signs of life do not count, so that an event that never
    /// comes is a failure and no waiting for ever.
    async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.event()).await.unwrap()
    }

    async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            self.keep(&block);
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            let Some(data) = field("data: ") else { continue };
            return Some(Event {
                kind: field("event: ").unwrap_or_default().to_owned(),
                id: field("id: ").unwrap_or_default().to_owned(),
                data: serde_json::from_str(data).unwrap(),
            });
        }
    }

    async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.unwrap());
        }
        events
    }
}

fn at() -> Timestamp {
    "2026-05-15T05:59:00Z".parse().unwrap()
}

fn measured(room: &str, humidity: i64) -> NewRecord {
    let event = RoomEvent {
        room_id: room.to_owned(),
        room_type: RoomType::OperatingRoom,
        measurement: Measurement::Humidity(humidity),
        date_time: at(),
    };
    event.into_record(&format!("{room}-{humidity}"), "test").unwrap()
}

fn passed(who: &str, room: &str) -> NewRecord {
    let (health_professional_id, room_id) = (who.to_owned(), room.to_owned());
    TrackingEvent { health_professional_id, room_id, entered: true, date_time: at() }
        .into_record("t", "test")
        .unwrap()
}

fn went_on(process: &str, rooms: [Option<&str>; 3]) -> NewRecord {
    let [pre, operating, post] = rooms.map(|room| room.map(str::to_owned));
    let process = SurgicalProcess {
        process_id: process.to_owned(),
        patient_id: "patient-1".to_owned(),
        patient_tax_code: Some("RSSMRA80A01H501U".to_owned()),
        surgery_id: None,
        booking_version: None,
        process_type: "Emergency".to_owned(),
        state: ProcessState::Surgery,
        step: Some(ProcessStep::Anesthesia),
        pre_operating_room_id: pre,
        operating_room_id: operating,
        post_operating_room_id: post,
        start_date_time: at(),
        end_date_time: None,
        settled: false,
        version: 3,
    };
    SurgicalProcessEvent { change: ProcessChange::Changed, process, date_time: at() }
        .into_record("p", "test")
        .unwrap()
}

pub(crate) fn proposal(room: &str, lux: i64) -> NewRecord {
    let event = ProposalEvent {
        room_id: room.to_owned(),
        medical_technology_type: AutomatedTechnology::Endoscope,
        ambient_light_lux: lux,
        surgical_light_lux: 150_000,
        date_time: at(),
    };
    event.into_record("proposal", "test").unwrap()
}

fn happened(fact: ProcessFact) -> NewRecord {
    ProcessEvent { fact, date_time: at() }.into_record("f", "test").unwrap()
}

/// One record of every kind, all about `or-1`, and some that are nobody's affair.
fn everything() -> Vec<NewRecord> {
    let room = || "or-1".to_owned();
    let request = RequestEvent {
        room_id: room(),
        request: AutomationRequest::CustomLightStop,
        date_time: at(),
    };
    let refused = RequestRefusedEvent {
        request_id: "c-1".to_owned(),
        request: request.clone(),
        reason: "NOT_IN_USE".to_owned(),
        detail: "none is in use".to_owned(),
        date_time: at(),
    };
    let command = CommandEnded {
        decision_id: "d-1".to_owned(),
        cause_id: "c-1".to_owned(),
        room_id: room(),
        actuator_type: "HEATING".to_owned(),
        actuator_id: None,
        action: "off".to_owned(),
        intensity: None,
        outcome: "FAILED".to_owned(),
        reason: Some("NO_ACTUATOR".to_owned()),
    };
    let patient_id = || "patient-1".to_owned();
    let moved = ProcessFact::PatientTracked {
        patient_id: patient_id(),
        room_id: room(),
        entered: true,
        room_type: RoomType::OperatingRoom,
    };
    let pulse = ProcessFact::VitalSign { patient_id: patient_id(), sign: VitalSign::HeartBeat(71) };
    let mut odd = measured("or-1", 1);
    "{\"key\": 1}".clone_into(&mut odd.value);
    vec![
        measured("or-1", 57),
        odd,
        passed("hp-7", "or-1"),
        happened(moved),
        happened(pulse),
        went_on("process-1", [None, Some("or-1"), None]),
        proposal("or-1", 60),
        request.into_record("c-1", "test").unwrap(),
        refused.into_record("r", "test").unwrap(),
        CommandEndedEvent { command, date_time: at() }.into_record("e", "test").unwrap(),
    ]
}

fn sorted(events: &[Event]) -> Vec<(String, Value)> {
    let mut told: Vec<_> =
        events.iter().map(|event| (event.kind.clone(), event.data.clone())).collect();
    told.sort_by_key(|(kind, data)| format!("{kind} {data}"));
    told
}

#[tokio::test]
async fn each_reader_gets_what_it_may_read() {
    let example = Example::start().await;
    let date = "2026-05-15T05:59:00.000Z";
    let process = |tax_code: Value| {
        json!({"key": "SURGICAL_PROCESS_CHANGED", "dateTime": date, "data": {
            "processId": "process-1", "patientId": "patient-1", "patientTaxCode": tax_code,
            "surgeryId": null, "bookingVersion": null, "type": "Emergency", "state": "SURGERY",
            "step": "ANESTHESIA", "preOperatingRoomId": null, "operatingRoomId": "or-1",
            "postOperatingRoomId": null, "startDateTime": date, "endDateTime": null,
            "settled": false, "version": 3,
        }})
    };
    let room = json!({"key": "HUMIDITY_EVENT", "roomId": "or-1", "roomType": "OPERATING_ROOM",
        "data": {"humidityPercentage": 57}, "dateTime": date});
    let patient = json!({"key": "PATIENT_TRACKED_EVENT", "dateTime": date, "data": {
        "patientId": "patient-1", "roomId": "or-1", "entered": true, "roomType": "OPERATING_ROOM"}});
    let named = json!({"key": "TRACKING_EVENT", "healthProfessionalId": "hp-7", "roomId": "or-1",
        "data": true, "dateTime": date});
    let unnamed =
        json!({"key": "TRACKING_EVENT", "roomId": "or-1", "data": true, "dateTime": date});
    let proposed = json!({"key": "MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT", "dateTime": date,
        "data": {"roomId": "or-1", "medicalTechnologyType": "endoscope", "ambientLightLux": 60,
            "surgicalLightLux": 150_000}});
    let accepted = json!({"key": "CUSTOM_LIGHT_STOP_REQUEST_EVENT", "commandId": "c-1",
        "outcome": "ACCEPTED", "roomId": "or-1", "dateTime": date, "data": {"roomId": "or-1"}});
    let refused = json!({"key": "AUTOMATION_REQUEST_REFUSED_EVENT", "commandId": "c-1",
        "outcome": "REFUSED", "roomId": "or-1", "dateTime": date, "data": {
            "request": "CUSTOM_LIGHT_STOP_REQUEST_EVENT", "reason": "NOT_IN_USE",
            "detail": "none is in use"}});
    let ended = json!({"key": "AUTOMATION_COMMAND_ENDED_EVENT", "commandId": "c-1",
        "outcome": "FAILED", "roomId": "or-1", "dateTime": date, "data": {
            "decisionId": "d-1", "causeId": "c-1", "roomId": "or-1", "actuatorType": "HEATING",
            "actuatorId": null, "action": "off", "intensity": null, "outcome": "FAILED",
            "reason": "NO_ACTUATOR"}});
    let automation = || {
        [
            ("proposal", &proposed),
            ("command", &accepted),
            ("command", &refused),
            ("command", &ended),
        ]
    };
    let staff: Vec<(&str, Value)> = [("room", &room), ("position", &patient), ("position", &named)]
        .into_iter()
        .chain(automation())
        .map(|(kind, data)| (kind, data.clone()))
        .chain([("process", process(json!("RSSMRA80A01H501U")))])
        .collect();
    let screen = vec![
        ("room", room.clone()),
        ("position", patient.clone()),
        ("position", unnamed),
        ("process", process(Value::Null)),
    ];
    let developer = automation().map(|(kind, data)| (kind, data.clone())).to_vec();
    for (user, expected) in [
        ("anna", staff.clone()),
        ("block-manager-1", staff),
        ("display-1", screen),
        ("developer-1", developer),
        ("admin-1", vec![("room", room.clone())]),
    ] {
        let mut stream = Stream::open(&example, &example.token_of(user).await, "", None).await;
        example.publish(everything()).await;
        let told = sorted(&stream.take(expected.len()).await);
        let mut expected: Vec<_> =
            expected.into_iter().map(|(kind, data)| (kind.to_owned(), data)).collect();
        expected.sort_by_key(|(kind, data)| format!("{kind} {data}"));
        assert_eq!(told, expected, "{user}");
        // Nothing but these: the next event is a later one.
        example.publish(vec![measured("or-9", 1), proposal("or-9", 1)]).await;
        let next = stream.next().await.unwrap().data.to_string();
        assert!(next.contains("or-9"), "{user}: {next}");
    }
}

#[tokio::test]
async fn vital_signs_are_told_of_the_patients_named_alone() {
    let example = Example::start().await;
    let pulse = |patient: &str, beats: i64| {
        let patient_id = patient.to_owned();
        happened(ProcessFact::VitalSign { patient_id, sign: VitalSign::HeartBeat(beats) })
    };
    let told = |patient: &str, beats: i64| {
        json!({"key": "PATIENT_HEARTBEAT_UPDATE_EVENT", "dateTime": "2026-05-15T05:59:00.000Z",
            "data": {"patientId": patient, "data": {"heartbeat": beats}}})
    };
    let anna = example.token_of("anna").await;
    let query = "?roomId=or-1&patientId=patient-1&patientId=patient-3";
    let mut stream = Stream::open(&example, &anna, query, None).await;
    let records = vec![
        pulse("patient-2", 70),
        pulse("patient-1", 71),
        measured("or-2", 1),
        pulse("patient-1", 72),
    ];
    example.publish(records).await;
    let events = stream.take(2).await;
    assert!(events.iter().all(|event| event.kind == "vital"), "{events:?}");
    assert_eq!(events[0].data, told("patient-1", 71));
    assert_eq!(events[1].data, told("patient-1", 72));
    // One who comes back may name others; what was told before the place is not told again.
    let place = Some(events[1].id.as_str());
    let mut other = Stream::open(&example, &anna, "?patientId=patient-2", place).await;
    example.publish(vec![pulse("patient-1", 73), pulse("patient-2", 74)]).await;
    assert_eq!(other.next().await.unwrap().data, told("patient-2", 74));
    // Who may not read surgeries is told of none, whoever is named.
    let developer = example.token_of("developer-1").await;
    let mut nothing = Stream::open(&example, &developer, "?patientId=patient-1", None).await;
    example.publish(vec![pulse("patient-1", 75)]).await;
    example.publish(vec![proposal("or-9", 1)]).await;
    assert_eq!(nothing.next().await.unwrap().kind, "proposal");
    // And nobody names too many, or one without a name.
    for query in ["?patientId=".to_owned(), format!("?{}", vec!["patientId=p"; 65].join("&"))] {
        let address = format!("{}/api/v1/obd/live{query}", example.block);
        let refused = example.client.get(address).bearer_auth(&anna).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{query}");
        assert!(refused.text().await.unwrap().contains("?patientId"), "{query}");
    }
}

#[tokio::test]
async fn commands_are_told_without_who_the_patient_is() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let mut stream = Stream::open(&example, &anna, "?kind=command", None).await;
    let id = "0e8f9b1a-6a1e-4a44-9d1f-6a1c7b0a0004";
    let path = "/emergency-surgeries?roomId=or%201&patientTaxCode=RSSMRA80A01H501U";
    let sent = example.command(path, &anna).header("x-command-id", id).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    let expected = json!({"key": "EMERGENCY_SURGERY_EVENT", "commandId": id, "outcome": "ACCEPTED",
        "roomId": "or 1", "dateTime": "2026-05-15T06:00:00.000Z", "data": {
            "processId": format!("emergency-{id}"), "patientId": format!("emergency-patient-{id}")}});
    assert_eq!(stream.next().await.unwrap().data, expected);
    let path = "/process-manual-events?roomId=or%201&event=ANESTHESIA";
    let sent = example.command(path, &anna).header("x-command-id", id).send().await.unwrap();
    assert_eq!(sent.status(), 204);
    let expected = json!({"key": "PROCESS_MANUAL_EVENT", "commandId": id, "outcome": "ACCEPTED",
        "roomId": "or 1", "dateTime": "2026-05-15T06:00:00.000Z",
        "data": {"manualEvent": "ANESTHESIA", "processId": null}});
    assert_eq!(stream.next().await.unwrap().data, expected);
}

#[tokio::test]
async fn subscriptions_are_by_room_and_kind() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let records = || {
        vec![
            measured("or-1", 1),
            measured("or-2", 2),
            measured("or-3", 3),
            passed("hp-1", "or-1"),
            went_on("process-1", [Some("or-2"), None, None]),
            went_on("process-2", [None, None, Some("or-3")]),
            went_on("process-3", [None, None, None]),
        ]
    };
    let check = async |query: &str, expected: &[&str]| {
        let mut stream = Stream::open(&example, &anna, query, None).await;
        example.publish(records()).await;
        let told = sorted(&stream.take(expected.len()).await);
        let mut told: Vec<_> = told
            .into_iter()
            .map(|(kind, data)| {
                let what = [&data["data"]["humidityPercentage"], &data["data"]["processId"]];
                format!("{kind} {}{}", what[0], what[1])
            })
            .collect();
        told.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(told, expected, "{query}");
    };
    check("?roomId=or-1", &["room 1null", "position nullnull"]).await;
    check("?roomId=or-2&roomId=or-3&kind=room", &["room 2null", "room 3null"]).await;
    let both = ["process null\"process-1\"", "process null\"process-2\""];
    check("?roomId=or-2&roomId=or-3&kind=process", &both).await;
    check("?kind=position", &["position nullnull"]).await;

    let refused = async |query: &str, place: &str| {
        let answer = places(example.read(&format!("/live{query}"), &anna).await).await;
        assert_eq!(answer, (400, vec![place.to_owned()]), "{query}");
    };
    refused("?roomId=", "?roomId").await;
    refused("?kind=gossip", "?kind").await;
    let many: Vec<_> = (0..65).map(|number| format!("roomId=or-{number}")).collect();
    refused(&format!("?{}", many.join("&")), "?roomId").await;
    let in_room = example.read_in_room("/live?roomId=or-1", &anna).await;
    assert_eq!(in_room.headers()["content-type"], "text/event-stream");
}

/// A generator of numbers (Marsaglia, 2003), so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn who_comes_back_misses_nothing_and_hears_nothing_twice() {
    let example = Example::with(Settings { live_queue: 8, ..Settings::standard() }).await;
    let anna = example.token_of("anna").await;
    let mut live = 0;
    for seed in 1..=5 {
        let mut numbers = Numbers(seed);
        let mut stream = Stream::open(&example, &anna, "?kind=room", None).await;
        let (mut sent, mut heard) = (0_i64, Vec::new());
        for _round in 0..12 {
            // More than the ring holds comes while nobody is there.
            let last = stream.last.clone();
            drop(stream);
            for _record in 0..numbers.below(30) {
                sent += 1;
                let room = format!("room-{}", numbers.below(9));
                example.publish(vec![measured(&room, sent), passed("hp-1", &room)]).await;
            }
            stream = Stream::open(&example, &anna, "?kind=room", Some(&last)).await;
            let missing = usize::try_from(sent).unwrap() - heard.len();
            let taken = numbers.below(missing + 1);
            heard.extend(stream.take(taken).await);
            // In some rounds it is there while things happen, so that it comes back by the id of an
            // event that was told live; few enough at a time for the ring.
            if numbers.below(2) == 0 {
                let missing = usize::try_from(sent).unwrap() - heard.len();
                heard.extend(stream.take(missing).await);
                for _record in 0..=numbers.below(6) {
                    sent += 1;
                    let room = format!("room-{}", numbers.below(9));
                    example.publish(vec![measured(&room, sent), passed("hp-1", &room)]).await;
                    heard.extend(stream.take(1).await);
                    live += 1;
                }
            }
        }
        let missing = usize::try_from(sent).unwrap() - heard.len();
        heard.extend(stream.take(missing).await);
        assert!(heard.iter().all(|event| event.kind == "room"), "seed {seed}: a gap");
        let told: Vec<i64> = heard
            .iter()
            .map(|event| event.data["data"]["humidityPercentage"].as_i64().unwrap())
            .collect();
        let once: BTreeSet<i64> = told.iter().copied().collect();
        assert_eq!(told.len(), once.len(), "seed {seed}: twice");
        assert_eq!(once, (1..=sent).collect(), "seed {seed}: lost");
        let ids: BTreeSet<_> = heard.iter().map(|event| &event.id).collect();
        assert_eq!(ids.len(), told.len(), "seed {seed}: every event has an id of its own");
        // Within a room the order is that of the log.
        for number in 0..9 {
            let room = format!("room-{number}");
            let of_room: Vec<_> = heard
                .iter()
                .filter(|event| event.data["roomId"] == room.as_str())
                .map(|event| event.data["data"]["humidityPercentage"].as_i64().unwrap())
                .collect();
            assert!(of_room.is_sorted(), "seed {seed}: {of_room:?}");
        }
    }
    assert!(50 < live, "ids of live events are put to the test");
}

#[tokio::test]
async fn what_cannot_be_resumed_is_a_gap() {
    let settings = Settings { live_replay_records: 10, ..Settings::standard() };
    let example = Example::with(settings).await;
    let anna = example.token_of("anna").await;
    let check = async |last: &str, reason: &str| {
        let mut stream = Stream::open(&example, &anna, "", Some(last)).await;
        let gap = stream.next().await.unwrap();
        assert_eq!((gap.kind.as_str(), &gap.data["reason"]), ("gap", &json!(reason)));
        // It goes on from now, and from now on can be resumed.
        example.publish(vec![measured("or-1", 1)]).await;
        assert_eq!(stream.next().await.unwrap().kind, "room");
        drop(stream);
        let mut stream = Stream::open(&example, &anna, "", Some(&gap.id)).await;
        assert_eq!(stream.next().await.unwrap().kind, "room", "resumed behind the gap");
    };
    check("7", "the last event's id is not one of this service").await;
    check("AQAA", "the last event's id is not one of this service").await;
    let first = Stream::open(&example, &anna, "", None).await.last;
    let resumed: Vec<_> = (0..10).map(|number| measured("or-1", number)).collect();
    example.publish(resumed).await;
    let mut stream = Stream::open(&example, &anna, &format!("?lastEventId={first}"), None).await;
    assert!(stream.take(10).await.iter().all(|event| event.kind == "room"), "as many as allowed");
    example.publish(vec![measured("or-1", 11)]).await;
    assert_eq!(stream.next().await.unwrap().kind, "room");
    check(&first, "too much has happened since").await;
    // The id of a log that has come further.
    let ahead = Example::start().await;
    let token = ahead.token_of("anna").await;
    for number in 0..100 {
        ahead.publish(vec![measured("or-1", number), measured("or-2", number)]).await;
    }
    let last = Stream::open(&ahead, &token, "", None).await.last;
    check(&last, "the last event's id is of another log").await;
}

#[tokio::test]
async fn ten_slow_clients_disturb_no_fast_one() {
    let example = Example::with(Settings { live_queue: 64, ..Settings::standard() }).await;
    let anna = example.token_of("anna").await;
    let mut slow = Vec::new();
    for _client in 0..10 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let address = example.block.strip_prefix("http://").unwrap().parse().unwrap();
        let mut socket = socket.connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/obd/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {anna}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        // They have read the beginning, and then look away.
        let mut head = [0_u8; 64];
        socket.read_exact(&mut head).await.unwrap();
        assert!(head.starts_with(b"HTTP/1.1 200 OK"));
        slow.push(socket);
    }
    let mut fast = Stream::open(&example, &anna, "", None).await;
    // Far more than the buffers of sockets take.
    let long = "x".repeat(20_000);
    let (batch, batches) = (16, 40);
    for number in 0..batches {
        let room = format!("{number}-{long}");
        let records = (0..16).map(|humidity| measured(&room, humidity)).collect();
        example.publish(records).await;
        for event in fast.take(batch).await {
            assert_eq!(event.kind, "room", "the fast one keeps up");
            assert_eq!(event.data["roomId"], room.as_str());
        }
    }
    // The slow ones look again: what they had got, a gap, and what happens from then on.
    let all = batches * batch * long.len();
    for mut socket in slow {
        let (mut read, mut sent) = (0, false);
        let mut buffer = vec![0_u8; 256 * 1024];
        // What was read last, and enough of what came before to find a word that was cut.
        let mut tail = Vec::new();
        loop {
            let got = tokio::time::timeout(PATIENCE, socket.read(&mut buffer)).await.unwrap();
            let got = got.unwrap();
            assert!(0 < got, "the stream goes on");
            read += got;
            tail.drain(..tail.len().saturating_sub(256));
            tail.extend_from_slice(&buffer[..got]);
            let text = String::from_utf8_lossy(&tail);
            if !sent && text.contains("\"reason\":\"too slow\"") {
                example.publish(vec![measured("the-end", 1)]).await;
                sent = true;
            }
            if sent && text.contains("the-end") {
                break;
            }
        }
        assert!(read < all, "something was left out");
        assert_eq!(fast.next().await.unwrap().data["roomId"], "the-end");
    }
}

#[tokio::test]
async fn an_idle_stream_is_alive_and_not_at_work() {
    let settings = Settings { live_heartbeat_seconds: 1, ..Settings::standard() };
    let example = Example::with(settings).await;
    let anna = example.token_of("anna").await;
    let activity = example.gateway.runtime().activity.clone();
    let mut stream = Stream::open(&example, &anna, "?kind=proposal", None).await;
    let beginning = stream.last.clone();
    example.publish(vec![measured("or-1", 1)]).await;
    // What is not for this reader moves its position all the same.
    loop {
        let block = stream.block().await.unwrap();
        assert!(block.starts_with(": alive\nid: "), "{block}");
        stream.keep(&block);
        if stream.last != beginning {
            break;
        }
    }
    while activity.snapshot().pending != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut resumed = Stream::open(&example, &anna, "", Some(&stream.last)).await;
    example.publish(vec![measured("or-1", 2)]).await;
    assert_eq!(resumed.next().await.unwrap().data["data"]["humidityPercentage"], 2);
    assert_eq!(activity.snapshot().next_timer, None);
}

#[tokio::test]
async fn streams_are_limited_and_end_with_the_service() {
    let example = Example::with(Settings { live_streams: 2, ..Settings::standard() }).await;
    let anna = example.token_of("anna").await;
    let mut first = Stream::open(&example, &anna, "", None).await;
    let second = Stream::open(&example, &anna, "", None).await;
    let full = example.read("/live", &anna).await;
    assert_eq!(
        (full.status().as_u16(), &full.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    drop(second);
    let again = async {
        while example.read("/live", &anna).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            // The service notices by writing.
            example.publish(vec![measured("or-1", 1)]).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    example.hands.shut_down();
    while first.next().await.is_some() {}
}

/// A token of the gateway's own key that ends so many seconds from now.
pub(crate) async fn token_for(example: &Example, seconds: u64) -> String {
    let keys = example.gateway.runtime().store.collection::<Value>(COLLECTIONS[0]);
    let stored = keys.find(&Find::all()).await.unwrap().remove(0).document;
    let text = stored["seed"].as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    let seed: [u8; 32] = std::array::from_fn(byte);
    let now = u64::try_from(machine_now().as_second()).unwrap();
    let claims = Claims {
        sub: "anna".to_owned(),
        roles: vec!["nurse".to_owned()],
        grants: Vec::new(),
        source_time: false,
        name: None,
        exp: now + seconds,
        iat: now,
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        jti: "1".to_owned(),
    };
    Signer::from_seed(&seed).unwrap().sign(&claims).unwrap()
}

#[tokio::test]
async fn a_stream_does_not_outlive_its_token() {
    let example = Example::start().await;
    let mut short = Stream::open(&example, &token_for(&example, 2).await, "", None).await;
    let mut long = Stream::open(&example, &token_for(&example, 600).await, "", None).await;
    example.publish(vec![measured("or-1", 1)]).await;
    assert_eq!(short.next().await.unwrap().kind, "room");
    assert_eq!(short.next().await, None, "ended with its token");
    let token = example.token_of("anna").await;
    example.publish(vec![measured("or-1", 2)]).await;
    let mut renewed = Stream::open(&example, &token, "", Some(&short.last)).await;
    assert_eq!(renewed.next().await.unwrap().data["data"]["humidityPercentage"], 2);
    assert_eq!(long.take(2).await.len(), 2);
}

//! The service against a twin layer and a patient management that a test holds in its hand.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod stub;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use block_language::booking::{
    self, BookingEvent, BookingFact, BookingStatus, SurgeryBookingChanged,
};
use block_language::surgical_process::{
    ProcessChange, ProcessState, SurgicalProcess, SurgicalProcessEvent,
};
use chiron_chassis::{Runtime, Service, TestHands, router};
use chiron_store::Store;
use serde_json::{Value, json};
use surgery_booking_integration::{COLLECTIONS, NAME, Settings, StoredBookings, TwinGraph, start};
use surgery_booking_integration_domain::usecase::contract;
use tower::ServiceExt as _;
use twin_client::Twins;

use crate::stub::Stub;

struct Block {
    runtime: Runtime,
    hands: TestHands,
    app: Router,
    stub: Stub,
    token: String,
}

impl Block {
    async fn new() -> Block {
        Block::with(Settings::standard()).await
    }

    async fn with(settings: Settings) -> Block {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let stub = Stub::serve(&runtime).await;
        Block::on(runtime, hands, stub, &settings)
    }

    fn on(runtime: Runtime, hands: TestHands, stub: Stub, settings: &Settings) -> Block {
        hands.point(Service::TwinEngine, stub.base.clone());
        hands.point(Service::PatientManagement, stub.base.clone());
        let app = router(start(&runtime, settings).unwrap(), &runtime);
        let token = hands.token("mara", &["block-manager"], &[], true);
        Block { runtime, hands, app, stub, token }
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.send_as(&self.token, &[], method, path, body).await
    }

    async fn send_as(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        (status, body)
    }

    async fn post(&self, body: &Value) -> (u16, Value) {
        self.send("POST", "/api/v1/surgeryBooking", Some(body)).await
    }

    async fn get(&self, surgery: &str) -> (u16, Value) {
        self.send("GET", &format!("/api/v1/surgeryBookings/{surgery}"), None).await
    }

    /// What the service has told so far, in order; all of the test's bookings have one patient.
    async fn told(&self) -> Vec<(String, SurgeryBookingChanged)> {
        self.quiet().await;
        let mut told = Vec::new();
        for partition in 0..self.runtime.broker.partitions() {
            let records =
                self.runtime.broker.read(booking::TOPIC, partition, 0, 1_000).await.unwrap();
            for record in records {
                assert_eq!(record.headers.get("ce_source"), Some(NAME));
                let event = BookingEvent::decode(&record).unwrap();
                let BookingFact::Changed(data) = event.fact else { panic!("{event:?}") };
                told.push((record.id(), data));
            }
        }
        told
    }

    async fn tell(&self, id: &str, change: ProcessChange, process: SurgicalProcess) {
        let date_time = "2026-05-15T08:00:00Z".parse().unwrap();
        let event = SurgicalProcessEvent { change, process, date_time };
        let record = event.into_record(id, "surgical-process-monitoring").unwrap();
        self.runtime.broker.publish(vec![record]).await.unwrap();
        self.quiet().await;
    }

    /// Waits until nothing is under way.
    async fn quiet(&self) {
        let mut calm = 0;
        while calm < 3 {
            let pending = self.runtime.activity.snapshot().pending;
            calm = if pending == 0 { calm + 1 } else { 0 };
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}

fn body(surgery: &str, at: &str) -> Value {
    json!({
        "surgeryID": surgery, "surgeryType": "Appendectomy", "healthcareUserID": "VRDLCU85T10A562S",
        "healthProfessionalID": "hp-7", "patientID": "patient-7", "surgeryDateTime": at,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = body("s-1", "2026-05-15T08:00:00Z");
    body[field] = value;
    body
}

fn process(version: u64, booking_version: u32, state: ProcessState) -> SurgicalProcess {
    SurgicalProcess {
        process_id: "p-1".to_owned(),
        patient_id: "patient-7".to_owned(),
        patient_tax_code: Some("VRDLCU85T10A562S".to_owned()),
        surgery_id: Some("s-1".to_owned()),
        booking_version: Some(booking_version),
        process_type: "Appendectomy".to_owned(),
        state,
        step: None,
        pre_operating_room_id: Some("pre-1".to_owned()),
        operating_room_id: None,
        post_operating_room_id: None,
        start_date_time: "2026-05-15T07:30:00Z".parse().unwrap(),
        end_date_time: None,
        settled: false,
        version,
    }
}

#[tokio::test]
async fn the_database_keeps_the_promises() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    contract::check_bookings(&StoredBookings::new(&store)).await;
    assert_eq!(store.unrelayed(), 1);
}

#[tokio::test]
async fn the_twin_layer_keeps_the_promises() {
    let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
    let stub = Stub::serve(&runtime).await;
    hands.point(Service::TwinEngine, stub.base.clone());
    hands.point(Service::PatientManagement, stub.base.clone());
    let twins = Twins::ours(runtime.calls.clone());
    contract::check_twins(&TwinGraph::new(twins, runtime.calls.clone())).await;
}

#[tokio::test]
async fn a_booking_with_its_twins_and_its_event() {
    let block = Block::new().await;
    let posted = body("s-1", "2026-05-15T10:00:00.1239+02:00");
    assert_eq!(block.post(&posted).await, (200, Value::Null));
    assert_eq!(
        block.stub.relationships(),
        [
            "patient-7 -rel_is_associated-> VRDLCU85T10A562S (patient-7-VRDLCU85T10A562S)",
            "s-1 -rel_booking_associated_patient-> patient-7 (s-1-patient-7)",
            "s-1 -rel_healthcare_user-> VRDLCU85T10A562S (s-1-VRDLCU85T10A562S)",
            "s-1 -rel_responsible_health_professional-> hp-7 (s-1-hp-7)",
        ]
    );
    let booking = block.stub.twin("s-1").unwrap();
    assert_eq!(booking["booking_date_time"], "2026-05-15T08:00:00.123Z");
    assert_eq!(booking["surgery_type"], "Appendectomy");
    assert_eq!(block.stub.twin("VRDLCU85T10A562S").unwrap()["surname"], "Verdi");

    let expected = json!({
        "surgeryID": "s-1", "surgeryType": "Appendectomy", "healthcareUserID": "VRDLCU85T10A562S",
        "healthProfessionalID": "hp-7", "patientID": "patient-7",
        "surgeryDateTime": "2026-05-15T08:00:00.123Z", "operatingRoomId": null,
        "expectedDurationMinutes": 120, "processId": null, "status": "BOOKED",
    });
    assert_eq!(block.get("s-1").await, (200, expected));
    let told = block.told().await;
    let [(id, event)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((id.as_str(), event.version, event.status), ("s-1-1", 1, BookingStatus::Booked));
    assert_eq!(event.posted_at, block.runtime.clock.now());

    // The same again, written otherwise: accepted, and nothing happens.
    assert_eq!(block.post(&body("s-1", "2026-05-15T08:00:00.123Z")).await, (200, Value::Null));
    assert_eq!(block.post(&body("s-1", "2026-05-15T09:00:00Z")).await.0, 409);
    assert_eq!(block.told().await.len(), 1);
}

#[tokio::test]
async fn vital_signs_outlive_a_second_booking() {
    let block = Block::new().await;
    block.post(&body("s-1", "2026-05-15T08:00:00Z")).await;
    block.stub.set("patient-7", "heart_beat", json!(72));
    assert_eq!(block.post(&body("s-2", "2026-05-16T08:00:00Z")).await.0, 200);
    assert_eq!(block.stub.twin("patient-7").unwrap()["heart_beat"], 72);
}

#[tokio::test]
async fn refusals_name_the_field_and_leave_nothing() {
    let block = Block::new().await;
    let before = block.stub.content();
    let mut missing = with("x", Value::Null);
    missing.as_object_mut().unwrap().retain(|field, _| field != "x" && field != "patientID");
    let cases = [
        (with("surgeryID", json!("")), "/surgeryID"),
        (with("surgeryType", json!(" ")), "/surgeryType"),
        (with("healthcareUserID", json!("")), "/healthcareUserID"),
        (with("healthcareUserID", json!("NOBODY")), "/healthcareUserID"),
        (with("healthProfessionalID", json!("")), "/healthProfessionalID"),
        (with("healthProfessionalID", json!("hp-9")), "/healthProfessionalID"),
        (with("patientID", json!(7)), "/patientID"),
        (with("patientID", json!("s-1")), ""),
        (with("surgeryDateTime", json!("tomorrow")), "/surgeryDateTime"),
        (with("surgeryDateTime", json!("2026-05-15T06:00:00Z")), "/surgeryDateTime"),
        (with("surgeryDateTime", json!("2026-05-14T08:00:00Z")), "/surgeryDateTime"),
        (with("operatingRoomId", json!("or-9")), "/operatingRoomId"),
        (with("operatingRoomId", json!("hp-7")), "/operatingRoomId"),
        (with("expectedDurationMinutes", json!(0)), "/expectedDurationMinutes"),
        (with("surgeon", json!("hp-7")), "/surgeon"),
        (missing, "/patientID"),
        // A booking must not take the place of another twin.
        (with("surgeryID", json!("or-1")), ""),
        (with("patientID", json!("or-1")), ""),
    ];
    for (body, pointer) in cases {
        let (status, problem) = block.post(&body).await;
        assert_eq!(status, 400, "{body}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    assert_eq!(block.stub.content(), before);
    assert_eq!(block.told().await, []);
    assert_eq!(block.get("s-1").await.0, 404);

    // Somebody else's patient.
    block.post(&with("patientID", json!("patient-7"))).await;
    let (status, _) = block
        .post(&json!({
            "surgeryID": "s-2", "surgeryType": "x", "healthcareUserID": "RSSMRA80A01H501U",
            "healthProfessionalID": "hp-7", "patientID": "patient-7",
            "surgeryDateTime": "2026-05-15T09:00:00Z",
        }))
        .await;
    assert_eq!(status, 409);
}

/// The twin layer fails from its nth answer on: the booking is refused, and nothing remains once it
/// is back; a repetition then succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_or_nothing_while_the_twin_layer_fails() {
    for answers in 0..30 {
        let block = Block::new().await;
        block.quiet().await;
        let before = block.stub.content();
        block.stub.fail_after(Some(answers));
        let (status, _) = block.post(&with("operatingRoomId", json!("or-1"))).await;
        block.stub.fail_after(None);
        if status == 200 {
            assert!(10 < answers, "succeeded after {answers}");
            return;
        }
        assert_eq!(status, 503, "after {answers}");
        // The repair comes by its own timer.
        while block.stub.content() != before {
            block.hands.advance(std::time::Duration::from_secs(1));
            block.quiet().await;
        }
        assert_eq!(block.get("s-1").await.0, 404);
        assert_eq!(block.told().await, []);
        let again = block.post(&with("operatingRoomId", json!("or-1"))).await;
        assert_eq!(again, (200, Value::Null), "after {answers}");
        assert_eq!(block.told().await.len(), 1);
        assert_eq!(block.stub.relationships().len(), 4);
    }
    panic!("never succeeded");
}

#[tokio::test]
async fn patient_management_down_is_503() {
    let block = Block::new().await;
    block.hands.point(Service::PatientManagement, "http://127.0.0.1:1");
    let (status, _) = block.post(&body("s-1", "2026-05-15T08:00:00Z")).await;
    assert_eq!(status, 503);
    assert_eq!(block.told().await, []);
}

#[tokio::test]
async fn the_day_is_the_hospitals() {
    let mut settings = Settings::standard();
    settings.expected_duration_minutes_by_type.insert("Transplant".to_owned(), 480);
    let block = Block::with(settings).await;
    let list = async |query: &str| {
        block.send("GET", &format!("/api/v1/surgeryBookings{query}"), None).await
    };
    assert_eq!(list("?day=2026-05-15").await, (200, json!({"entries": [], "total": 0})));
    for (surgery, at) in [
        ("s-3", "2026-05-15T23:59:59.999Z"),
        ("s-2", "2026-05-15T08:00:00Z"),
        ("s-1", "2026-05-15T08:00:00Z"),
        ("s-4", "2026-05-16T00:00:00Z"),
    ] {
        assert_eq!(block.post(&body(surgery, at)).await.0, 200);
    }
    let ids = |answer: &Value| -> Vec<String> {
        let entries = answer["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["surgeryID"].as_str().unwrap().to_owned()).collect()
    };
    let (_, day) = list("?day=2026-05-15").await;
    assert_eq!(
        (ids(&day), &day["total"]),
        (vec!["s-1".into(), "s-2".into(), "s-3".into()], &json!(3))
    );
    let (_, today) = list("").await;
    assert_eq!(today, day);
    assert_eq!(ids(&list("?day=2026-05-16").await.1), ["s-4"]);
    for query in ["?day=", "?day=today", "?day=2026-02-30", "?day=2026-05-15T08:00:00Z"] {
        assert_eq!(list(query).await.0, 400, "{query}");
    }
    let transplant = with("surgeryType", json!("Transplant"));
    let transplant = {
        let mut t = transplant;
        t["surgeryID"] = json!("s-5");
        t
    };
    block.post(&transplant).await;
    assert_eq!(block.get("s-5").await.1["expectedDurationMinutes"], 480);
}

#[tokio::test]
async fn rescheduling_and_cancelling() {
    let block = Block::new().await;
    let one = "/api/v1/surgeryBookings/s-1";
    let first = body("s-1", "2026-05-15T08:00:00Z");
    assert_eq!(block.send("PUT", one, Some(&first)).await.0, 404);
    assert_eq!(block.send("DELETE", one, None).await.0, 404);
    block.post(&first).await;

    let mut moved = body("s-1", "2026-05-15T12:00:00Z");
    moved["healthProfessionalID"] = json!("hp-8");
    moved["operatingRoomId"] = json!("or-1");
    for _ in 0..2 {
        assert_eq!(block.send("PUT", one, Some(&moved)).await, (204, Value::Null));
    }
    let (_, booking) = block.get("s-1").await;
    assert_eq!(booking["healthProfessionalID"], "hp-8");
    assert_eq!(booking["operatingRoomId"], "or-1");
    assert_eq!(block.stub.twin("s-1").unwrap()["booking_date_time"], "2026-05-15T12:00:00.000Z");
    assert_eq!(block.stub.relationships().len(), 4);
    assert!(block.stub.relationships().iter().any(|text| text.contains("s-1-hp-8")));

    let mut other = moved.clone();
    other["patientID"] = json!("patient-8");
    assert_eq!(block.send("PUT", one, Some(&other)).await.0, 409);
    let past = body("s-1", "2026-05-15T05:00:00Z");
    assert_eq!(block.send("PUT", one, Some(&past)).await.0, 400);
    let elsewhere = body("s-2", "2026-05-15T12:00:00Z");
    assert_eq!(block.send("PUT", one, Some(&elsewhere)).await.0, 400);

    for _ in 0..2 {
        assert_eq!(block.send("DELETE", one, None).await, (204, Value::Null));
    }
    assert_eq!(block.stub.twin("s-1"), None);
    assert_eq!(block.get("s-1").await.1["status"], "CANCELLED");
    assert_eq!(block.send("PUT", one, Some(&moved)).await.0, 409);
    assert_eq!(block.post(&moved).await.0, 409);
    let (_, day) = block.send("GET", "/api/v1/surgeryBookings?day=2026-05-15", None).await;
    assert_eq!(day["entries"][0]["status"], "CANCELLED");
    let told = block.told().await;
    let versions: Vec<_> = told.iter().map(|(id, event)| (id.as_str(), event.version)).collect();
    assert_eq!(versions, [("s-1-1", 1), ("s-1-2", 2), ("s-1-cancelled", 2)]);
}

/// A cancellation counts although the twin layer is down; the twin goes when it is back.
#[tokio::test]
async fn cancelling_does_not_wait_for_the_twin_layer() {
    let block = Block::new().await;
    block.post(&body("s-1", "2026-05-15T08:00:00Z")).await;
    block.stub.fail_after(Some(0));
    assert_eq!(block.send("DELETE", "/api/v1/surgeryBookings/s-1", None).await.0, 204);
    assert_eq!(block.get("s-1").await.1["status"], "CANCELLED");
    assert!(block.stub.twin("s-1").is_some());
    block.stub.fail_after(None);
    while block.stub.twin("s-1").is_some() {
        block.hands.advance(std::time::Duration::from_secs(1));
        block.quiet().await;
    }
}

#[tokio::test]
async fn follows_the_process() {
    use ProcessChange::{Changed, Completed, Reopened, Settled};
    let block = Block::new().await;
    block.post(&body("s-1", "2026-05-15T08:00:00Z")).await;
    let one = "/api/v1/surgeryBookings/s-1";
    let status = async || {
        let (_, booking) = block.get("s-1").await;
        format!("{} {}", booking["status"].as_str().unwrap(), booking["processId"])
    };
    block.tell("e-1", Changed, process(1, 1, ProcessState::PreSurgery)).await;
    assert_eq!(status().await, "IN_PROGRESS \"p-1\"");
    // In preparation it can still be moved, and the process of the former version counts no more.
    let moved = body("s-1", "2026-05-15T12:00:00Z");
    assert_eq!(block.send("PUT", one, Some(&moved)).await.0, 204);
    assert_eq!(status().await, "BOOKED null");
    block.tell("e-2", Completed, process(2, 1, ProcessState::Interrupted)).await;
    assert_eq!(status().await, "BOOKED null");

    let second = |version, state| SurgicalProcess {
        process_id: "p-2".to_owned(),
        ..process(version, 2, state)
    };
    block.tell("e-3", Changed, second(1, ProcessState::PreSurgery)).await;
    block.tell("e-4", Changed, second(2, ProcessState::Surgery)).await;
    assert_eq!(status().await, "IN_PROGRESS \"p-2\"");
    assert_eq!(block.send("PUT", one, Some(&body("s-1", "2026-05-15T13:00:00Z"))).await.0, 409);
    assert_eq!(block.send("DELETE", one, None).await.0, 409);
    block.tell("e-5", Completed, second(3, ProcessState::Terminated)).await;
    assert_eq!(status().await, "DONE \"p-2\"");
    block.tell("e-6", Reopened, second(4, ProcessState::PostSurgery)).await;
    assert_eq!(status().await, "IN_PROGRESS \"p-2\"");
    block.tell("e-7", Completed, second(5, ProcessState::Terminated)).await;
    block.tell("e-8", Settled, second(6, ProcessState::Terminated)).await;
    assert_eq!(status().await, "DONE \"p-2\"");

    let ids: Vec<_> = block.told().await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["s-1-1", "e-1-s-1", "s-1-2", "e-3-s-1", "e-5-s-1", "e-6-s-1", "e-7-s-1"]);
    // Everything again: nothing changes, nothing is told.
    block.tell("e-3", Changed, second(1, ProcessState::PreSurgery)).await;
    block.tell("e-7", Completed, second(5, ProcessState::Terminated)).await;
    assert_eq!(status().await, "DONE \"p-2\"");
    assert_eq!(block.told().await.len(), ids.len());
}

#[tokio::test]
async fn unreadable_process_events_go_to_the_dead_letters() {
    let block = Block::new().await;
    let mut record = SurgicalProcessEvent {
        change: ProcessChange::Changed,
        process: process(1, 1, ProcessState::PreSurgery),
        date_time: "2026-05-15T08:00:00Z".parse().unwrap(),
    }
    .into_record("e-1", "test")
    .unwrap();
    record.value = "{}".to_owned();
    block.runtime.broker.publish(vec![record]).await.unwrap();
    block.quiet().await;
    let letters = block.runtime.broker.ends("surgical-process-events.dead-letters").await.unwrap();
    assert_eq!(letters.values().sum::<u64>(), 1);
}

#[tokio::test]
async fn only_those_who_may() {
    let block = Block::new().await;
    let first = body("s-1", "2026-05-15T08:00:00Z");
    block.post(&first).await;
    let one = "/api/v1/surgeryBookings/s-1";
    let nurse = block.hands.token("nina", &["nurse"], &[], false);
    let display = block.hands.token("wall-1", &["display"], &[], false);
    let hospital = block.hands.token("his", &[], &["bookings:read", "bookings:write"], false);
    let stranger = block.hands.token("dev", &["developer", "admin"], &["rooms:read"], false);
    for (token, read, write) in [
        (&nurse, 200, 403),
        (&display, 200, 403),
        (&hospital, 200, 200),
        (&stranger, 403, 403),
        (&String::new(), 401, 401),
    ] {
        for (method, path, expected) in [
            ("GET", one, read),
            ("GET", "/api/v1/surgeryBookings?day=2026-05-15", read),
            ("POST", "/api/v1/surgeryBooking", write),
        ] {
            let body = (method == "POST").then_some(&first);
            let (status, _) = block.send_as(token, &[], method, path, body).await;
            assert_eq!(status, expected, "{method} {path}");
        }
        if write != 200 {
            for method in ["PUT", "DELETE"] {
                let body = (method == "PUT").then_some(&first);
                let (status, _) = block.send_as(token, &[], method, one, body).await;
                assert_eq!(status, write, "{method}");
            }
        }
    }
    let (_, seen) = block.send_as(&display, &[], "GET", one, None).await;
    assert_eq!(
        (&seen["healthcareUserID"], &seen["patientID"]),
        (&Value::Null, &json!("patient-7"))
    );
    let (_, seen) = block.send_as(&nurse, &[], "GET", one, None).await;
    assert_eq!(seen["healthcareUserID"], "VRDLCU85T10A562S");
}

#[tokio::test]
async fn a_source_time_is_passed_on() {
    let block = Block::new().await;
    let at = [("x-source-time", "2026-05-15T05:30:00.5Z")];
    let first = body("s-1", "2026-05-15T05:45:00Z");
    let plain = block.hands.token("mara", &["block-manager"], &[], false);
    let path = "/api/v1/surgeryBooking";
    assert_eq!(block.send_as(&plain, &at, "POST", path, Some(&first)).await.0, 403);
    // In the future of the moment at which it was booked, though not of now.
    assert_eq!(block.send_as(&block.token, &at, "POST", path, Some(&first)).await.0, 200);
    let told = block.told().await;
    assert_eq!(told[0].1.posted_at, "2026-05-15T05:30:00.5Z".parse().unwrap());
    assert!(block.stub.source_times().iter().all(|at| at == "2026-05-15T05:30:00.500Z"));
    assert_eq!(block.stub.source_times().len(), 7);
}

/// The process dies while twins are written, and is started again on what it had stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_the_middle_is_repaired_at_start() {
    for answers in [6, 8, 10] {
        let block = Block::new().await;
        block.quiet().await;
        let before = block.stub.content();
        block.stub.hang_after(answers);
        let first = body("s-1", "2026-05-15T08:00:00Z");
        let patience = std::time::Duration::from_millis(300);
        let hung = tokio::time::timeout(patience, block.post(&first));
        assert!(hung.await.is_err(), "answered before the crash after {answers}");
        assert_ne!(block.stub.content(), before, "nothing was written before the crash");
        // The former process is gone; what it stored and the world are still there.
        block.hands.shut_down();
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        block.stub.fail_after(None);
        let stub = block.stub.clone_on(&runtime).await;
        let runtime = Runtime { store: block.runtime.store.clone(), ..runtime };
        let next = Block::on(runtime, hands, stub, &Settings::standard());
        next.quiet().await;
        assert_eq!(next.stub.content(), before, "after {answers}");
        assert_eq!(next.told().await, []);
        assert_eq!(next.post(&body("s-1", "2026-05-15T08:00:00Z")).await.0, 200);
    }
}

#[test]
fn settings_are_checked() {
    let zone: Settings =
        serde_json::from_value(json!({"time_zone": "UTC", "expected_duration_minutes": 60}))
            .unwrap();
    assert_eq!(zone.expected_duration_minutes, 60);
    for wrong in [json!({"time_zone": "Europe/Atlantis"}), json!({"timezone": "UTC"})] {
        assert!(serde_json::from_value::<Settings>(wrong).is_err());
    }
}

#[tokio::test]
async fn who_reads_or_changes_bookings_is_recorded() {
    let block = Block::new().await;
    let routes = surgery_booking_integration::api(&block.runtime, &Settings::standard()).unwrap();
    let audited = block.hands.audited(routes, &block.runtime).await;
    assert_eq!(
        audited,
        [
            "POST /api/v1/surgeryBooking",
            "GET /api/v1/surgeryBookings",
            "GET /api/v1/surgeryBookings/{id}",
            "PUT /api/v1/surgeryBookings/{id}",
            "DELETE /api/v1/surgeryBookings/{id}",
        ]
    );
}

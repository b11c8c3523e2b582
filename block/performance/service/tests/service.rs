//! Events in, figures out: the service beside a stub of the monitoring and the building.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use block_language::booking::{BookingEvent, BookingFact, BookingStatus, SurgeryBookingChanged};
use block_language::surgical_process::SurgicalProcessEvent;
use chiron_broker::NewRecord;
use chiron_chassis::{Runtime, Service, TestHands};
use chiron_clock::ZoneName;
use performance::{COLLECTIONS, House, NAME, Range, Settings, Wanted};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the other services answer, by path; a list is told in pages of three.
#[derive(Default)]
struct World {
    things: BTreeMap<String, Value>,
    down: bool,
}

type Shared = Arc<Mutex<World>>;

async fn answer(
    State(world): State<Shared>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let world = world.lock().unwrap();
    if world.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match world.things.get(uri.path()) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Value::Array(list)) => {
            let begin: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
            let end = list.len().min(begin + 3);
            let next = (end < list.len()).then(|| end.to_string());
            let page = json!({"entries": list[begin..end], "total": list.len(), "next": next});
            axum::Json(page).into_response()
        }
        Some(thing) => axum::Json(thing.clone()).into_response(),
    }
}

struct Block {
    world: Shared,
    runtime: Runtime,
    hands: TestHands,
    base: String,
    client: reqwest::Client,
}

impl Block {
    async fn open() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        hands.move_to("2026-05-15T12:00:00Z".parse().unwrap());
        let world = Shared::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stub = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&world));
        runtime.tasks.spawn("stub", async move { axum::serve(listener, app).await.unwrap() });
        for service in [Service::SurgicalProcess, Service::BuildingManagement] {
            hands.point(service, &stub);
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let house = House {
            time_zone: ZoneName::try_from("Europe/Rome".to_owned()).unwrap(),
            wanted: Wanted {
                temperature: Range { low: 20.0, high: 24.0 },
                humidity: Range { low: 20.0, high: 60.0 },
            },
        };
        let served = performance::run(runtime.clone(), Settings::default(), house, listener);
        runtime.tasks.spawn("service", async move { served.await.unwrap() });
        Self { world, runtime, hands, base, client: reqwest::Client::new() }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    async fn publish(&self, record: NewRecord) {
        self.runtime.broker.publish(vec![record]).await.unwrap();
        self.settle().await;
    }

    async fn settle(&self) {
        let topics = ["surgery-booking-events", "surgical-process-events"];
        while 0 < self.runtime.broker.lag("performance-consumer", &topics).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn book(&self, status: BookingStatus, version: u32, told_at: &str) {
        let data = SurgeryBookingChanged {
            surgery_id: "s-1".to_owned(),
            surgery_type: "Appendectomy".to_owned(),
            healthcare_user_id: "VRDLCU85T10A562S".to_owned(),
            patient_id: "pa-1".to_owned(),
            health_professional_id: "hp-1".to_owned(),
            surgery_date_time: "2026-05-15T08:00:00Z".parse().unwrap(),
            operating_room_id: Some("or-1".to_owned()),
            expected_duration_minutes: 60,
            status,
            process_id: None,
            version,
            posted_at: "2026-05-01T08:00:00Z".parse().unwrap(),
        };
        let date_time = told_at.parse().unwrap();
        let event = BookingEvent { fact: BookingFact::Changed(data), date_time };
        self.publish(event.into_record(&format!("b-{version}-{told_at}"), "booking").unwrap())
            .await;
    }

    /// Says that the process has changed; what it is like stands in the world.
    async fn tell(&self, change: &str, version: u64) {
        self.publish(Self::news(change, version)).await;
    }

    fn news(change: &str, version: u64) -> NewRecord {
        let process = json!({
            "processId": "p-1", "patientId": "pa-1", "patientTaxCode": null, "surgeryId": "s-1",
            "bookingVersion": 1, "type": "Appendectomy", "state": "SURGERY", "step": null,
            "preOperatingRoomId": null, "operatingRoomId": "or-1", "postOperatingRoomId": null,
            "startDateTime": "2026-05-15T07:40:00.000Z", "endDateTime": null, "settled": false,
            "version": version,
        });
        let change = match change {
            "VOIDED" => block_language::surgical_process::ProcessChange::Voided,
            "COMPLETED" => block_language::surgical_process::ProcessChange::Completed,
            _ => block_language::surgical_process::ProcessChange::Changed,
        };
        let date_time = "2026-05-15T12:00:00Z".parse().unwrap();
        let process = serde_json::from_value(process).unwrap();
        let event = SurgicalProcessEvent { change, process, date_time };
        event.into_record(&format!("e-{version}"), "surgical-process-monitoring").unwrap()
    }

    fn request(&self, method: &str, path: &str, role: &str) -> reqwest::RequestBuilder {
        let token = self.hands.token(role, &[role], &[], false);
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}/api/v1/{path}", self.base)).bearer_auth(token)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.request("GET", path, "nurse").send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 200 { answer.json().await.unwrap() } else { json!(status) }
    }

    async fn explain(&self, role: &str, cause: &str) -> u16 {
        let asked = self.request("PUT", "processes/p-1/delay-cause", role);
        asked.json(&json!({"cause": cause})).send().await.unwrap().status().as_u16()
    }

    /// The process in the theatre from 07:45 on, operated on from 08:20 on, until `left`.
    fn operate(&self, version: u64, left: Option<&str>) {
        let ended = left.map(|left| format!("2026-05-15T{left}:00.000Z"));
        let mut history = vec![
            json!({"dateTime": "2026-05-15T07:40:00.000Z", "kind": "STATE", "value": "PRE_SURGERY"}),
            json!({"dateTime": "2026-05-15T07:45:00.000Z", "kind": "ROOM", "value": "or-1"}),
            json!({"dateTime": "2026-05-15T08:20:00.000Z", "kind": "STATE", "value": "SURGERY"}),
            json!({"dateTime": "2026-05-15T08:20:00.000Z", "kind": "STEP", "value": "ANESTHESIA"}),
        ];
        if let Some(ended) = &ended {
            history.push(json!({"dateTime": ended, "kind": "STATE", "value": "INTERRUPTED"}));
        }
        let process = json!({
            "processId": "p-1", "patientId": "pa-1", "surgeryId": "s-1", "type": "Appendectomy",
            "state": if ended.is_some() { "INTERRUPTED" } else { "SURGERY" },
            "step": "ANESTHESIA", "stale": false, "dateTime": "2026-05-15T07:40:00.000Z",
            "endDateTime": ended, "settled": false, "version": version,
            "rooms": [
                {"roomId": "pre-1", "roomType": "PRE_OPERATING_ROOM",
                    "from": "2026-05-15T07:40:00.000Z", "to": "2026-05-15T07:45:00.000Z"},
                {"roomId": "or-1", "roomType": "OPERATING_ROOM",
                    "from": "2026-05-15T07:45:00.000Z", "to": ended},
            ],
            "devices": [], "medicalTechnologyUsage": [], "technologiesInUseAtEntry": [],
        });
        let mut world = self.world();
        world.things.insert("/api/v1/processes/p-1".to_owned(), process);
        world.things.insert("/api/v1/processes/p-1/history".to_owned(), json!(history));
    }
}

#[tokio::test]
async fn a_case_goes_from_plan_to_figures() {
    let block = Block::open().await;
    block.book(BookingStatus::Booked, 1, "2026-05-01T08:00:00Z").await;
    let day = block.get("days/2026-05-15").await;
    let case = &day["cases"][0];
    assert_eq!(
        (&case["surgeryId"], &case["status"], &case["processId"], &case["operatingRoomId"]),
        (&json!("s-1"), &json!("BOOKED"), &Value::Null, &json!("or-1"))
    );
    assert_eq!(case["late"], json!({"kind": "START", "minutes": 240.0}));

    block.operate(3, None);
    block.tell("CHANGED", 3).await;
    let case = block.get("processes/p-1").await;
    assert_eq!(case["late"], json!({"kind": "START", "minutes": 20.0}));
    assert_eq!(case["status"], "IN_PROGRESS");
    assert_eq!(case["surgeryStart"], "2026-05-15T08:20:00.000Z");
    assert_eq!(case["theatre"].as_array().unwrap().len(), 1, "{case}");
    assert_eq!(case["environment"], Value::Null);

    // A minute of each; the first humidity is known from before.
    let sample = |at: &str, quantity: &str, value: f64| {
        let temperature = (quantity == "temperature").then(|| json!({"value": value, "unit": "C"}));
        let humidity = if quantity == "humidity" { value } else { 99.0 };
        json!({"date": format!("2026-05-15T{at}.000Z"), "entry": {"temperature": temperature,
            "humidity": humidity, "luminosity": null, "presence": null, "quantity": quantity}})
    };
    let samples = vec![
        sample("08:19:30", "humidity", 50.0),
        sample("08:20:00", "temperature", 22.0),
        sample("08:20:30", "humidity", 61.0),
        sample("08:21:00", "temperature", 22.0),
        sample("08:21:30", "humidity", 60.0),
    ];
    block.world().things.insert("/api/v1/rooms/data/or-1".to_owned(), json!(samples));
    block.operate(4, Some("08:40"));
    block.tell("COMPLETED", 4).await;
    block.book(BookingStatus::Done, 1, "2026-05-15T08:40:00Z").await;
    let figures = block.get("figures?from=2026-05-15&to=2026-05-15").await;
    let total = &figures["total"];
    assert_eq!(total["firstCases"], json!({"count": 1, "onTime": 0}));
    assert_eq!(total["duration"]["meanMinutes"], -40.0);
    assert_eq!(total["dayEnd"]["meanMinutes"], 20.0);
    // Staffed since eight in Rome, and it is noon in Greenwich.
    assert_eq!(total["use"], json!({"patientMinutes": 55.0, "staffedMinutes": 360.0}));
    let expected = json!({"inRangeMinutes": 1.0, "knownMinutes": 2.0, "surgeryMinutes": 20.0});
    assert_eq!(total["environment"], expected);
    assert_eq!(figures["theatres"][0]["operatingRoomId"], "or-1");
    assert_eq!(figures["days"][0]["figures"], *total);
    assert_eq!(block.get("figures?from=2026-05-16&to=2026-05-17").await["days"], json!([]));
}

#[tokio::test]
async fn what_is_older_or_told_twice_changes_nothing() {
    let block = Block::open().await;
    block.book(BookingStatus::Cancelled, 2, "2026-05-02T08:00:00Z").await;
    block.book(BookingStatus::Booked, 1, "2026-05-03T08:00:00Z").await;
    block.book(BookingStatus::Booked, 2, "2026-05-01T08:00:00Z").await;
    assert_eq!(block.get("days/2026-05-15").await["cases"][0]["status"], "CANCELLED");
    block.book(BookingStatus::Booked, 3, "2026-05-04T08:00:00Z").await;
    assert_eq!(block.get("days/2026-05-15").await["cases"][0]["status"], "BOOKED");
}

#[tokio::test]
async fn a_process_is_read_when_its_owner_answers_again_and_forgotten_when_it_never_was() {
    let block = Block::open().await;
    block.operate(3, None);
    block.world().down = true;
    block.runtime.broker.publish(vec![Block::news("CHANGED", 3)]).await.unwrap();
    assert_eq!(block.get("processes/p-1").await, 404);
    block.world().down = false;
    while block.get("processes/p-1").await == 404 {
        // Waits before another try are those of a clock that stands still.
        block.hands.advance(Duration::from_secs(10));
    }
    assert_eq!(block.get("processes/p-1").await["state"], "SURGERY");
    // What cannot be read is left, and does not hold up what follows.
    block.world().things.insert("/api/v1/processes/p-1".to_owned(), json!({"state": 7}));
    block.tell("CHANGED", 4).await;
    assert_eq!(block.get("processes/p-1").await["state"], "SURGERY");
    block.world().things.clear();
    block.tell("VOIDED", 5).await;
    assert_eq!(block.get("processes/p-1").await, 404);
}

#[tokio::test]
async fn the_team_is_asked_once_and_a_manager_corrects() {
    let block = Block::open().await;
    assert_eq!(block.explain("nurse", "staff").await, 404);
    block.operate(3, None);
    block.tell("CHANGED", 3).await;
    assert_eq!(block.explain("nurse", "staff").await, 409, "no plan, no delay");
    block.book(BookingStatus::InProgress, 1, "2026-05-15T08:00:00Z").await;
    assert_eq!(block.explain("nurse", "the weather").await, 400);
    assert_eq!(block.explain("admin", "staff").await, 403);
    assert_eq!(block.explain("display", "staff").await, 403);
    assert_eq!(block.explain("nurse", "staff").await, 204);
    assert_eq!(block.explain("surgeon", "surgeon").await, 409, "explained");
    assert_eq!(block.explain("block-manager", "surgeon").await, 204);
    let delay = &block.get("processes/p-1").await["delay"];
    assert_eq!((&delay["cause"], &delay["by"]), (&json!("surgeon"), &json!("block-manager")));
    let delays = &block.get("figures?from=2026-05-15").await["total"]["delays"];
    assert_eq!(delays["causes"], json!([{"cause": "surgeon", "count": 1, "minutes": 20.0}]));
    let causes = block.get("delay-causes").await;
    assert!(causes["entries"].as_array().unwrap().iter().any(|cause| cause["id"] == "surgeon"));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let block = Block::open().await;
    for path in [
        "days/today",
        "days/2026-05-15T08:00:00Z",
        "figures?from=2026-05-15&to=2026-05-14",
        "figures?from=2026-01-01&to=2026-04-03",
        "figures?from=x",
    ] {
        assert_eq!(block.get(path).await, 400, "{path}");
    }
    assert_eq!(
        block.get("figures?from=2026-01-01&to=2026-04-02").await["total"]["use"]["staffedMinutes"],
        0.0
    );
    let refused = block.request("GET", "figures", "developer").send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(block.request("GET", "figures", "display").send().await.unwrap().status(), 200);
}

#[test]
fn settings_that_nobody_can_follow_are_refused() {
    let check = |text: Value| serde_json::from_value::<Settings>(text).unwrap().check();
    assert!(check(json!({})).is_ok());
    let hours = |from: &str, to: &str| json!({"from": from, "to": to});
    assert!(check(json!({"staffed": hours("07:30", "15:00")})).is_ok());
    assert!(check(json!({"staffed": hours("15:00", "15:00")})).is_err());
    assert!(check(json!({"staffed_by_theatre": {"": hours("07:30", "15:00")}})).is_err());
    let cause = |id: &str, en: &str| json!({"id": id, "en": en, "it": "x"});
    assert!(check(json!({"delay_causes": [cause("a", "A"), cause("a", "B")]})).is_err());
    assert!(check(json!({"delay_causes": [cause("a", " ")]})).is_err());
    assert!(check(json!({"delay_causes": [cause("a", "A")]})).is_ok());
}

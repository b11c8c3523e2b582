//! The services around the report, played by one stub that knows one surgery, and the service
//! under test beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chiron_broker::{Broker, Headers, NewRecord, Record};
use chiron_chassis::{Runtime, Service, TestHands};
use chiron_store::Store;
use serde_json::{Value, json};
use surgery_report::{COLLECTIONS, NAME, Settings};
use tokio::net::TcpListener;

/// What the other services know.
#[derive(Default)]
pub(crate) struct World {
    /// By path: version, and the detail without the version.
    pub(crate) processes: BTreeMap<String, (u64, Value)>,
    /// Whole lists by path.
    pub(crate) lists: BTreeMap<String, Vec<Value>>,
    /// Single things by path.
    pub(crate) things: BTreeMap<String, Value>,
    /// Beginnings of paths that answer 503.
    pub(crate) down: BTreeSet<&'static str>,
    /// What the services say of their completeness.
    pub(crate) complete_to: Option<&'static str>,
    /// Requests that were made.
    pub(crate) asked: Vec<String>,
    /// Entries of a page; two when nothing is said, so that paging is not left to luck.
    pub(crate) page: usize,
}

pub(crate) type Shared = Arc<Mutex<World>>;

async fn answer(
    State(world): State<Shared>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut world = world.lock().unwrap();
    world.asked.push(uri.to_string());
    let path = uri.path().strip_prefix("/api/v1/").unwrap().to_owned();
    if world.down.iter().any(|down| path.starts_with(down)) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut headers = HeaderMap::new();
    if let Some(complete_to) = world.complete_to {
        headers.insert("chiron-complete-to", complete_to.parse().unwrap());
    }
    if let Some((version, process)) = world.processes.get(&path) {
        headers.insert("etag", format!("\"{version}\"").parse().unwrap());
        return (headers, axum::Json(process.clone())).into_response();
    }
    if let Some(thing) = world.things.get(&path) {
        return (headers, axum::Json(thing.clone())).into_response();
    }
    let key = if query.contains_key("at") { format!("{path}?at") } else { path };
    let Some(list) = world.lists.get(&key) else {
        return (StatusCode::NOT_FOUND, headers).into_response();
    };
    // Windows of vital signs, both ends inclusive; the others are asked for as a whole.
    let mut list = list.clone();
    if let (true, Some(from), Some(to)) =
        (key.ends_with("vital-signs"), query.get("from"), query.get("to"))
    {
        let within = |entry: &Value| {
            let at = entry["dateTime"].as_str().unwrap();
            from.as_str() <= at && at <= to.as_str()
        };
        list.retain(within);
        let late = query.get("late").is_some_and(|late| late == "true");
        list.retain(|entry| late || entry["cameLate"] != true);
    }
    if list.is_empty() {
        return (StatusCode::NO_CONTENT, headers).into_response();
    }
    let start: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let end = list.len().min(start + world.page.max(2));
    let next = (end < list.len()).then(|| end.to_string());
    let page = json!({"entries": list[start..end], "total": list.len(), "next": next});
    (headers, axum::Json(page)).into_response()
}

/// The service under test and its surroundings.
pub(crate) struct Hospital {
    pub(crate) world: Shared,
    pub(crate) runtime: Runtime,
    pub(crate) hands: TestHands,
    pub(crate) base: String,
    client: reqwest::Client,
}

impl Hospital {
    /// Opens with the surgery of the contract's example known to everybody.
    pub(crate) async fn open() -> Self {
        Self::open_on(None, Shared::new(Mutex::new(surgery()))).await
    }

    /// Opens on a database of its own file, if one is given, among services that know this.
    pub(crate) async fn open_on(store: Option<Store>, world: Shared) -> Self {
        let (mut runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        if let Some(store) = store {
            runtime.store = store;
        }
        hands.move_to("2026-05-15T09:00:01Z".parse().unwrap());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stub = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&world));
        runtime.tasks.spawn("stub", async move { axum::serve(listener, app).await.unwrap() });
        for service in [
            Service::SurgicalProcess,
            Service::StaffTracking,
            Service::BuildingManagement,
            Service::PatientManagement,
            Service::UserManagement,
            Service::SurgeryBooking,
        ] {
            hands.point(service, &stub);
        }

        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let served = surgery_report::run(runtime.clone(), Settings::standard(), listener);
        runtime.tasks.spawn("service", async move { served.await.unwrap() });
        Self { world, runtime, hands, base, client: reqwest::Client::new() }
    }

    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn move_to(&self, at: &str) {
        self.hands.move_to(at.parse().unwrap());
    }

    /// Publishes an event and waits until nothing is under way.
    pub(crate) async fn publish(&self, record: NewRecord) {
        self.runtime.broker.publish(vec![record]).await.unwrap();
        self.settle().await;
    }

    /// An event of our monitoring about the process.
    pub(crate) async fn tell(&self, change: &str, version: u64, changes: Value) {
        self.publish(event(change, version, changes)).await;
    }

    /// Waits until nothing is under way, twice in a row with nothing done in between.
    pub(crate) async fn settle(&self) {
        let mut before = None;
        for _ in 0..600 {
            let now = self.runtime.activity.snapshot();
            let counters = (now.called, now.handled);
            if now.pending == 0 && before == Some(counters) {
                return;
            }
            before = (now.pending == 0).then_some(counters);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still busy: {:?}", self.runtime.activity.snapshot());
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn as_role(
        &self,
        who: &str,
        role: &str,
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let token = self.hands.token(who, &[role], &[], false);
        self.request(method, path).bearer_auth(token)
    }

    pub(crate) fn as_nurse(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.as_role("nina", "nurse", method, path)
    }

    /// Ends the surgery and settles it, so that its report is in version 2.
    pub(crate) async fn settled(&self) {
        self.tell("COMPLETED", 5, json!({})).await;
        {
            let mut world = self.world();
            let (version, process) = world.processes.get_mut("processes/p-1").unwrap();
            *version = 6;
            process["settled"] = json!(true);
            world.complete_to = Some("2026-05-15T09:10:00.000Z");
        }
        self.move_to("2026-05-15T09:10:01Z");
        self.tell("SETTLED", 6, json!({"settled": true})).await;
        let report = self.report().await;
        assert_eq!((&report["settled"], &report["version"]), (&json!(true), &json!(2)));
    }

    /// The report in a form and a language, with its headers.
    pub(crate) async fn form(
        &self,
        path: &str,
        accept: &str,
        language: &str,
    ) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
        let request = self.as_nurse("GET", path);
        let request = request.header("accept", accept).header("accept-language", language);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap().to_vec())
    }

    pub(crate) async fn records(&self, topic: &str) -> Vec<Record> {
        all(&self.runtime.broker, topic).await
    }

    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self.as_nurse("GET", path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().to_vec()
    }

    pub(crate) async fn report(&self) -> Value {
        serde_json::from_slice(&self.bytes("/api/v1/reports/p-1").await).unwrap()
    }

    pub(crate) async fn status(&self) -> u16 {
        self.as_nurse("GET", "/api/v1/reports/p-1").send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn dead_letters(&self, topic: &str) -> Vec<Record> {
        all(&self.runtime.broker, &format!("{topic}.dead-letters")).await
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        self.hands.shut_down();
    }
}

async fn all(broker: &Broker, topic: &str) -> Vec<Record> {
    let mut found = Vec::new();
    for partition in 0..broker.partitions() {
        found.extend(broker.read(topic, partition, 0, 100).await.unwrap());
    }
    found
}

/// An event of our monitoring. `changes` are laid over the process that ended at 09:00.
pub(crate) fn event(change: &str, version: u64, changes: Value) -> NewRecord {
    let mut data = json!({
        "processId": "p-1", "patientId": "patient-7", "patientTaxCode": "VRDLCU85T10A562S",
        "surgeryId": "surgery-1", "bookingVersion": 1, "type": "Appendectomy",
        "state": "TERMINATED", "step": "PATIENT_UNDER_OBSERVATION",
        "preOperatingRoomId": "pre-2", "operatingRoomId": "or-2", "postOperatingRoomId": "pre-3",
        "startDateTime": "2026-05-15T08:10:00.000Z", "endDateTime": "2026-05-15T09:00:00.000Z",
        "settled": false, "version": version,
    });
    for (name, value) in changes.as_object().unwrap() {
        data[name] = value.clone();
    }
    let at = if change == "SETTLED" { "2026-05-15T09:10:00.000Z" } else { "2026-05-15T09:00:00Z" };
    let key = format!("SURGICAL_PROCESS_{change}");
    let value = json!({"key": key, "data": data, "dateTime": at});
    NewRecord {
        topic: "surgical-process-events".into(),
        aggregate: "patient-7".into(),
        key,
        value: value.to_string(),
        headers: Headers::new()
            .with("ce_id", format!("{change}-{version}"))
            .with("ce_source", "surgical-process-monitoring"),
    }
}

/// The surgery that everybody knows.
pub(crate) fn surgery() -> World {
    let mut world = World { complete_to: Some("2026-05-15T09:00:01.000Z"), ..World::default() };
    let room = |id: &str, kind: &str| json!({"id": {"id": id}, "type": kind});
    let stay = |id: &str, kind: &str, from: &str| json!({"roomId": id, "roomType": kind, "from": from, "to": null});
    world.processes.insert(
        "processes/p-1".into(),
        (
            5,
            json!({
                "processId": "p-1", "dateTime": "2026-05-15T08:10:00.000Z",
                "type": "Appendectomy", "patientId": "patient-7",
                "patientTaxCode": "VRDLCU85T10A562S", "healthProfessionalId": "hp-7",
                "preOperatingRoom": room("pre-2", "PRE_POST_OPERATING_ROOM"),
                "operatingRoom": room("or-2", "OPERATING_ROOM"),
                "postOperatingRoom": room("pre-3", "PRE_POST_OPERATING_ROOM"),
                "state": "TERMINATED", "step": "PATIENT_UNDER_OBSERVATION",
                "surgeryId": "surgery-1", "endDateTime": "2026-05-15T09:00:00.000Z",
                "settled": false, "stale": false,
                "rooms": [
                    stay("pre-2", "PRE_POST_OPERATING_ROOM", "2026-05-15T08:10:00.000Z"),
                    stay("or-2", "OPERATING_ROOM", "2026-05-15T08:20:00.000Z"),
                    stay("pre-3", "PRE_POST_OPERATING_ROOM", "2026-05-15T08:50:00.000Z"),
                ],
                "devices": [{"id": "pm-0091", "type": "PACEMAKER"}],
                "medicalTechnologyUsage": [{
                    "dateTime": "2026-05-15T08:40:00.000Z", "roomId": "or-2",
                    "medicalTechnology": {
                        "id": "endo-1", "name": "", "description": null, "type": null,
                        "inUse": true,
                    },
                }],
                "technologiesInUseAtEntry": [
                    {"id": "xray-1", "name": "X-ray", "type": "XRAY", "roomId": "or-2"},
                ],
            }),
        ),
    );
    let entry = |time: &str, kind: &str, value: &str| {
        let at = format!("2026-05-15T{time}.000Z");
        json!({"dateTime": at, "kind": kind, "value": value, "reason": null})
    };
    world.lists.insert(
        "processes/p-1/history".into(),
        vec![
            entry("08:10:00", "STATE", "PRE_SURGERY"),
            entry("08:10:00", "STEP", "PATIENT_IN_PREPARATION"),
            entry("08:10:00", "ROOM", "pre-2"),
            entry("08:30:00", "STEP", "PATIENT_ON_OPERATING_TABLE"),
            entry("08:31:00", "REFUSED", "PATIENT_ON_OPERATING_TABLE"),
            entry("08:50:00", "STEP", "PATIENT_UNDER_OBSERVATION"),
            entry("09:00:00", "STATE", "TERMINATED"),
        ],
    );
    let vital = |time: &str, quantity: &str, value: f64, unit: &str| {
        let at = format!("2026-05-15T{time}Z");
        json!({"dateTime": at, "quantity": quantity, "value": value, "unit": unit})
    };
    world.lists.insert(
        "processes/p-1/vital-signs".into(),
        vec![
            vital("08:29:58.000", "heartBeat", 58.0, "/min"),
            vital("08:30:00.000", "heartBeat", 60.0, "/min"),
            vital("08:30:01.000", "heartBeat", 65.0, "/min"),
            vital("08:30:01.000", "saturationPercentage", 97.0, "%"),
            vital("08:30:02.000", "saturationPercentage", 98.0, "%"),
            vital("08:30:02.000", "saturationPercentage", 700.0, "%"),
            vital("09:00:00.000", "bodyTemperature", 37.222_222_222_222_22, "Cel"),
            vital("09:00:00.000", "somethingNew", 1.0, "1"),
        ],
    );
    let sample = |time: &str, quantity: &str, temperature: f64, humidity: f64| {
        json!({
            "entry": {
                "temperature": {"value": temperature, "unit": "CELSIUS"}, "humidity": humidity,
                "luminosity": null, "presence": true, "quantity": quantity,
            },
            "date": format!("2026-05-15T{time}Z"),
        })
    };
    world.lists.insert(
        "rooms/data/or-2".into(),
        vec![
            sample("08:35:00.000", "temperature", 24.8, 50.0),
            sample("08:35:01.000", "humidity", 24.8, 55.0),
            sample("08:36:00.000", "temperature", 25.0, 55.0),
            sample("08:36:00.000", "presence", 25.0, 55.0),
        ],
    );
    world.lists.insert("rooms/data/pre-2".into(), vec![]);
    let tracking = |time: &str, room: &str, who: &str, kind: &str| {
        json!({
            "dateTime": format!("2026-05-15T{time}Z"), "roomId": room,
            "healthProfessionalId": who, "trackingType": kind,
        })
    };
    world.lists.insert("rooms-tracking-data/pre-2".into(), vec![]);
    world.lists.insert(
        "rooms-tracking-data/or-2".into(),
        vec![
            tracking("08:11:00.000", "or-2", "hp-7", "ENTER"),
            tracking("08:45:00.000", "or-2", "hp-8", "ENTER"),
            tracking("08:45:00.000", "or-2", "hp-7", "EXIT"),
        ],
    );
    world.lists.insert(
        "rooms-tracking-data/or-2?at".into(),
        vec![tracking("07:00:00.000", "or-2", "hp-3", "ENTER")],
    );
    world.things.insert(
        "patients/VRDLCU85T10A562S".into(),
        json!({
            "taxCode": "VRDLCU85T10A562S", "name": "Luca", "surname": "Verdi", "height": 178.5,
            "weight": 74.0, "birthdate": "1985-12-10", "bloodGroup": "ZERO_POSITIVE",
        }),
    );
    world.things.insert(
        "medical-technologies/endo-1".into(),
        json!({
            "id": "endo-1", "name": "Endoscope", "description": "Flexible endoscope",
            "type": "ENDOSCOPE", "inUse": false, "roomId": "or-2",
        }),
    );
    world.things.insert("rooms/or-2".into(), json!({"id": "or-2", "name": "OR 2"}));
    world.things.insert(
        "healthProfessionals/hp-7".into(),
        json!({
            "healthProfessionalId": "hp-7", "name": "Elena", "surname": "Bosco",
            "role": "SURGEON", "birthdate": "1980-01-01",
        }),
    );
    world.things.insert(
        "surgeryBookings/surgery-1".into(),
        json!({"surgeryDateTime": "2026-05-15T08:15:00.000Z", "expectedDurationMinutes": 40}),
    );
    world
}

//! The service in its surroundings: the only place of the tests that knows how to drive it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Request, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use block_language::{
    booking::{BookingEvent, BookingFact, BookingStatus, SurgeryBookingChanged},
    emergency::EmergencySurgeryEvent,
    manual::{ManualEvent, ProcessManualEvent},
    process::{ProcessEvent, ProcessFact, VitalSign},
    room::RoomType,
};
use chiron_broker::NewRecord;
use chiron_chassis::{Runtime, Service, TestHands};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use surgical_process_monitoring::{COLLECTIONS, NAME, Settings, api, start};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// What the stubs know.
#[derive(Default)]
pub(crate) struct Around {
    /// Where technologies stand; none: building management is down.
    pub(crate) technologies: Option<BTreeMap<String, Option<String>>>,
    /// Whether the twin layer is down.
    pub(crate) twins_down: bool,
    pub(crate) twins: BTreeMap<String, Value>,
    /// By source and id: name and target.
    pub(crate) relationships: BTreeMap<(String, String), (String, String)>,
    /// Source times of relationships put.
    pub(crate) times: BTreeMap<String, String>,
}

pub(crate) struct World {
    pub(crate) hands: TestHands,
    pub(crate) runtime: Runtime,
    pub(crate) around: Arc<Mutex<Around>>,
    app: Router,
    count: Mutex<u32>,
}

pub(crate) fn instant(text: &str) -> Timestamp {
    format!("2026-05-15T{text}Z").parse().unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let around = Arc::new(Mutex::new(Around {
            technologies: Some(BTreeMap::new()),
            ..Around::default()
        }));
        let stub = serve(&runtime, stub(Arc::clone(&around))).await;
        for service in
            [Service::BuildingManagement, Service::TwinEngine, Service::PatientManagement]
        {
            hands.point(service, stub.clone());
        }
        let settings = Settings { late_window_s: 600, twin_layer: twin_client::TwinLayer::Chiron };
        start(&runtime, settings).unwrap();
        let app = chiron_chassis::router(api(&runtime), &runtime);
        let world = Self { hands, runtime, around, app, count: Mutex::new(0) };
        world.quiet().await;
        world
    }

    /// Until nothing is under way.
    pub(crate) async fn quiet(&self) {
        let mut last = None;
        for _ in 0..5_000 {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = self.runtime.activity.snapshot();
            if now.pending == 0 && last.as_ref() == Some(&now) {
                return;
            }
            last = Some(now);
        }
        panic!("never quiet: {:?}", self.runtime.activity.snapshot());
    }

    pub(crate) async fn at(&self, text: &str) {
        self.hands.move_to(instant(text));
        self.quiet().await;
    }

    pub(crate) async fn publish(&self, records: Vec<NewRecord>) {
        self.runtime.broker.publish(records).await.unwrap();
        self.quiet().await;
    }

    /// Facts as text, one published after the other.
    pub(crate) async fn say(&self, facts: &[&str]) {
        for fact in facts {
            let record = self.record(fact);
            self.publish(vec![record]).await;
        }
    }

    /// `08:00:00 ada +pre-1` · `-pre-1` · `table` · `book s1 09:00:00` · `book s1/2 …` ·
    /// `cancel s1` · `heart 70` · `temperature 36.5` · `device d1 of <process>`; and of rooms and
    /// technologies `08:00:00 or-1 cut` (`cut=<process>`), `emergency c1`, `t1 on`.
    pub(crate) fn record(&self, text: &str) -> NewRecord {
        let id = {
            let mut count = self.count.lock().unwrap();
            *count += 1;
            format!("{:016}", *count)
        };
        let words: Vec<&str> = text.split(' ').collect();
        let at = instant(words[0]);
        let who = words[1].to_owned();
        let fact = |fact| ProcessEvent { fact, date_time: at }.into_record(&id, "test").unwrap();
        match &words[2..] {
            [movement] if movement.starts_with(['+', '-']) => {
                let room = movement[1..].to_owned();
                let room_type = if room.starts_with("or") {
                    RoomType::OperatingRoom
                } else {
                    RoomType::PreOperatingRoom
                };
                let entered = movement.starts_with('+');
                fact(ProcessFact::PatientTracked {
                    patient_id: who,
                    room_id: room,
                    entered,
                    room_type,
                })
            }
            ["table"] => fact(ProcessFact::PatientOnOperatingBed { patient_id: who }),
            ["heart", value] => fact(ProcessFact::VitalSign {
                patient_id: who,
                sign: VitalSign::HeartBeat(value.parse().unwrap()),
            }),
            ["temperature", value] => fact(ProcessFact::VitalSign {
                patient_id: who,
                sign: VitalSign::BodyTemperature(value.parse().unwrap()),
            }),
            ["device", device, "of", process] => fact(ProcessFact::MedicalDeviceUsage {
                medical_device_id: (*device).to_owned(),
                process_id: (*process).to_owned(),
            }),
            [on @ ("on" | "off")] => fact(ProcessFact::MedicalTechnologyUsage {
                medical_technology_id: who,
                in_use: *on == "on",
            }),
            ["book", name, planned] => {
                let (surgery, version) = name.split_once('/').unwrap_or((name, "1"));
                booking(&id, &who, surgery, version, BookingStatus::Booked, planned, at)
            }
            ["cancel", surgery] => {
                booking(&id, &who, surgery, "1", BookingStatus::Cancelled, "09:00:00", at)
            }
            ["emergency", command] => EmergencySurgeryEvent {
                room_id: who,
                patient_tax_code: Some("GRACE".to_owned()),
                date_time: at,
            }
            .into_record(command, "test")
            .unwrap(),
            [button] => {
                let (button, process) = match button.split_once('=') {
                    Some((button, process)) => (button, Some(process.to_owned())),
                    None => (*button, None),
                };
                let manual_event = match button {
                    "anesthesia" => ManualEvent::Anesthesia,
                    "cut" => ManualEvent::SurgeryInProgress,
                    "closing" => ManualEvent::EndOfSurgery,
                    "interrupted" => ManualEvent::Interrupted,
                    "terminated" => ManualEvent::Terminated,
                    other => panic!("no fact {other}"),
                };
                ProcessManualEvent {
                    room_id: who,
                    manual_event,
                    process_id: process,
                    date_time: at,
                }
                .into_record(&id, "test")
                .unwrap()
            }
            other => panic!("no fact {other:?}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, HeaderMap, Value) {
        let token = self.hands.token("nina", &["nurse"], &[], false);
        self.get_as(path, Some(&token)).await
    }

    pub(crate) async fn get_as(
        &self,
        path: &str,
        token: Option<&str>,
    ) -> (StatusCode, HeaderMap, Value) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let value =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        (parts.status, parts.headers, value)
    }

    pub(crate) async fn body(&self, path: &str) -> Value {
        let (status, _, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// `08:10 ROOM pre-1, 08:10 STATE PRE_SURGERY, …`
    pub(crate) async fn history(&self, process: &str) -> String {
        let body = self.body(&format!("/api/v1/processes/{process}/history")).await;
        let entries = body["entries"].as_array().unwrap();
        assert_eq!(body["total"], entries.len());
        let lines = entries.iter().map(|entry| {
            let at = &entry["dateTime"].as_str().unwrap()[11..19];
            let at = at.strip_suffix(":00").unwrap_or(at);
            let value = entry["value"].as_str().unwrap_or("-");
            format!("{at} {} {value}", entry["kind"].as_str().unwrap())
        });
        lines.collect::<Vec<_>>().join(", ")
    }

    /// `KEY process`, in order, of what was told on a topic.
    pub(crate) async fn told(&self, topic: &str) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        for partition in 0..self.runtime.broker.partitions() {
            let records = self.runtime.broker.read(topic, partition, 0, 10_000).await.unwrap();
            for record in records {
                let value: Value = serde_json::from_slice(&record.value).unwrap();
                told.push((record.key.clone().unwrap(), value["data"].clone()));
            }
        }
        told
    }

    pub(crate) async fn keys(&self) -> String {
        let told = self.told("surgical-process-events").await;
        let keys = told.iter().map(|(key, data)| {
            let key = key.strip_prefix("SURGICAL_PROCESS_").unwrap();
            format!("{key} {}", data["version"])
        });
        keys.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn place(&self, technology: &str, room: Option<&str>) {
        let mut around = self.around.lock().unwrap();
        let known = around.technologies.get_or_insert_default();
        known.insert(technology.to_owned(), room.map(str::to_owned));
    }

    /// `name target` of each relationship that starts at a twin.
    pub(crate) fn related(&self, source: &str) -> Vec<String> {
        let around = self.around.lock().unwrap();
        let related = around.relationships.iter().filter(|((from, _), _)| from == source);
        related.map(|(_, (name, target))| format!("{name} {target}")).collect()
    }

    pub(crate) fn has_twin(&self, id: &str) -> bool {
        self.around.lock().unwrap().twins.contains_key(id)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.hands.shut_down();
    }
}

fn booking(
    id: &str,
    patient: &str,
    surgery: &str,
    version: &str,
    status: BookingStatus,
    planned: &str,
    at: Timestamp,
) -> NewRecord {
    let changed = SurgeryBookingChanged {
        surgery_id: surgery.to_owned(),
        surgery_type: "Appendectomy".to_owned(),
        healthcare_user_id: patient.to_uppercase(),
        patient_id: patient.to_owned(),
        health_professional_id: "hp-7".to_owned(),
        surgery_date_time: instant(planned),
        operating_room_id: None,
        expected_duration_minutes: 60,
        status,
        process_id: None,
        version: version.parse().unwrap(),
        posted_at: at,
    };
    let event = BookingEvent { fact: BookingFact::Changed(changed), date_time: at };
    event.into_record(id, "test").unwrap()
}

async fn serve(runtime: &Runtime, app: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = runtime.shutdown.clone();
    runtime.tasks.spawn("stub", async move {
        let server = axum::serve(listener, app);
        server.with_graceful_shutdown(async move { stop.requested().await }).await.unwrap();
    });
    format!("http://{address}")
}

type Known = State<Arc<Mutex<Around>>>;

/// Building management, patient management, and just enough of a twin layer.
fn stub(around: Arc<Mutex<Around>>) -> Router {
    Router::new()
        .route("/api/v1/medical-technologies/{id}", get(technology))
        .route("/api/v1/patients/{id}", get(person))
        .route("/digitaltwins/{id}", get(twin).put(put_twin).patch(patch_twin).delete(delete_twin))
        .route("/digitaltwins/{id}/relationships", get(relationships))
        .route("/digitaltwins/{id}/incomingrelationships", get(incoming))
        .route(
            "/digitaltwins/{id}/relationships/{rel}",
            axum::routing::put(put_relationship).delete(delete_relationship),
        )
        .with_state(around)
}

async fn technology(State(around): Known, Path(id): Path<String>) -> Response {
    match &around.lock().unwrap().technologies {
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(known) => match known.get(&id) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(room) => Json(json!({
                "id": id, "name": format!("the {id}"), "description": "of steel",
                "type": "XRAY", "inUse": false, "roomId": room,
            }))
            .into_response(),
        },
    }
}

async fn person() -> Json<Value> {
    Json(json!({"taxCode": "GRACE", "name": "Grace", "surname": "Hopper"}))
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": code}}))).into_response()
}

fn down(around: &Around) -> Option<Response> {
    around.twins_down.then(|| error(StatusCode::SERVICE_UNAVAILABLE, "Down"))
}

async fn twin(State(around): Known, Path(id): Path<String>) -> Response {
    let around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    match around.twins.get(&id) {
        Some(twin) => Json(twin.clone()).into_response(),
        None => error(StatusCode::NOT_FOUND, "DigitalTwinNotFound"),
    }
}

async fn put_twin(
    State(around): Known,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut twin): Json<Value>,
) -> Response {
    let mut around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    if headers.contains_key("if-none-match") && around.twins.contains_key(&id) {
        return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    twin["$dtId"] = json!(id);
    twin["$etag"] = json!("W/\"1\"");
    around.twins.insert(id, twin.clone());
    Json(twin).into_response()
}

async fn patch_twin(
    State(around): Known,
    Path(id): Path<String>,
    Json(patch): Json<Vec<Value>>,
) -> Response {
    let mut around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    let Some(twin) = around.twins.get_mut(&id) else {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    };
    for operation in patch {
        let name = operation["path"].as_str().unwrap()[1..].to_owned();
        twin[name] = operation["value"].clone();
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn delete_twin(State(around): Known, Path(id): Path<String>) -> Response {
    let mut around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    let is_bound = around
        .relationships
        .iter()
        .any(|((source, _), (_, target))| *source == id || *target == id);
    if is_bound {
        return error(StatusCode::BAD_REQUEST, "RelationshipsNotDeleted");
    }
    match around.twins.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => error(StatusCode::NOT_FOUND, "DigitalTwinNotFound"),
    }
}

async fn relationships(
    State(around): Known,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    if !around.twins.contains_key(&id) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    let wanted = query.get("relationshipName");
    let value: Vec<Value> = around
        .relationships
        .iter()
        .filter(|((source, _), (name, _))| *source == id && wanted.is_none_or(|it| it == name))
        .map(|((source, rel), (name, target))| {
            json!({"$relationshipId": rel, "$sourceId": source, "$targetId": target,
                   "$relationshipName": name, "$etag": "W/\"1\""})
        })
        .collect();
    Json(json!({"value": value})).into_response()
}

async fn incoming(State(around): Known, Path(id): Path<String>) -> Response {
    let around = around.lock().unwrap();
    if !around.twins.contains_key(&id) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    let value: Vec<Value> = around
        .relationships
        .iter()
        .filter(|(_, (_, target))| *target == id)
        .map(|((source, rel), (name, _))| {
            json!({"$relationshipId": rel, "$sourceId": source, "$relationshipName": name})
        })
        .collect();
    Json(json!({"value": value})).into_response()
}

async fn put_relationship(
    State(around): Known,
    Path((source, rel)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let (name, target) = (text("$relationshipName"), text("$targetId"));
    if !around.twins.contains_key(&source) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    if let Some(time) = headers.get("x-source-time") {
        around.times.insert(rel.clone(), time.to_str().unwrap().to_owned());
    }
    around.relationships.insert((source.clone(), rel.clone()), (name.clone(), target.clone()));
    Json(json!({"$relationshipId": rel, "$sourceId": source, "$targetId": target,
                "$relationshipName": name, "$etag": "W/\"1\""}))
    .into_response()
}

async fn delete_relationship(
    State(around): Known,
    Path(place): Path<(String, String)>,
) -> Response {
    let mut around = around.lock().unwrap();
    if let Some(down) = down(&around) {
        return down;
    }
    match around.relationships.remove(&place) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => error(StatusCode::NOT_FOUND, "RelationshipNotFound"),
    }
}

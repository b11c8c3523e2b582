//! A twin layer, a directory of Things and a gateway with its actuators, played by one server; and
//! the service under test beside it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use automation_management::{COLLECTIONS, NAME, Settings, api, start};
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use block_language::{
    automation::{AutomationRequest, RequestEvent},
    process::{ProcessEvent, ProcessFact},
    room::{Measurement, RoomEvent, RoomType},
};
use chiron_broker::{Broker, Headers, NewRecord, Record};
use chiron_chassis::{Runtime, Service, TestHands};
use chiron_clock::{Shutdown, Tasks, Trigger, instant};
use jiff::Timestamp;
use serde_json::{Value, json};

const MODELS: &str = "dtmi:io:github:smartoperatingblock:";

/// What is played.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Played {
    twins: BTreeMap<String, Value>,
    /// Actuators by room and type number.
    actuators: BTreeMap<(String, i64), String>,
    /// Rooms of technologies.
    located: BTreeMap<String, String>,
    /// What actuators were told, in order: `al-1 setIntensity 60`.
    pub(crate) commands: Vec<String>,
    /// The authorisation of the last command.
    pub(crate) last_token: Option<String>,
    pub(crate) twin_layer_down: bool,
    /// The directory's answer instead of a description.
    pub(crate) directory: Option<StatusCode>,
    /// The directory knows Things by their own ids only.
    pub(crate) strict_directory: bool,
    /// Answers of the gateway instead of obedience, one each.
    pub(crate) gateway: Vec<StatusCode>,
    /// Whether actuators do what they are told.
    pub(crate) obedient: bool,
    /// Whether the twin layer tells what has changed.
    pub(crate) talkative: bool,
    /// The base of forms; the server's own when `None`.
    pub(crate) forms: Option<String>,
    base: String,
    notifications: u64,
}

#[derive(Clone)]
struct Playing {
    played: Arc<Mutex<Played>>,
    broker: Broker,
    clock: chiron_clock::Clock,
}

/// The service and its hospital.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) hands: TestHands,
    pub(crate) settings: Settings,
    played: Arc<Mutex<Played>>,
    base: String,
    events: u64,
    /// Of a later start; the first one's is with the hands.
    trigger: Option<Trigger>,
}

impl World {
    /// A theatre `or-1` with all five actuators, a room `pre-1` with an ambient light, and an
    /// endoscope and an X-ray unit in the theatre.
    pub(crate) async fn open() -> Self {
        let settings = Settings::default();
        let world = Self::still(settings).await;
        start(&world.runtime, &world.settings).unwrap();
        world
    }

    /// The same, with a service that has not started.
    pub(crate) async fn still(settings: Settings) -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let played = Arc::new(Mutex::new(Played {
            twins: BTreeMap::new(),
            actuators: BTreeMap::new(),
            located: BTreeMap::new(),
            commands: Vec::new(),
            last_token: None,
            twin_layer_down: false,
            directory: None,
            strict_directory: false,
            gateway: Vec::new(),
            obedient: true,
            talkative: true,
            forms: None,
            base: String::new(),
            notifications: 0,
        }));
        let playing = Playing {
            played: Arc::clone(&played),
            broker: runtime.broker.clone(),
            clock: runtime.clock.clone(),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(playing);
        let server = async move { axum::serve(listener, router).await.unwrap() };
        Tasks::new().spawn("played hospital", server);
        for service in [Service::TwinEngine, Service::ThingDirectory, Service::BlockGateway] {
            hands.point(service, address.clone());
        }
        let base = hands.serve(api(&runtime), &runtime).await;
        let world = Self { runtime, hands, settings, played, base, events: 0, trigger: None };
        world.furnish(&address);
        world
    }

    fn furnish(&self, address: &str) {
        let mut played = self.play();
        address.clone_into(&mut played.base);
        played.put("or-1", "OperatingRoom", json!({}));
        played.put("pre-1", "PrePostOperatingRoom", json!({}));
        played.put("endo-1", "MedicalTechnology", json!({"type": 0}));
        played.put("xray-1", "MedicalTechnology", json!({"type": "1"}));
        played.located.insert("endo-1".to_owned(), "or-1".to_owned());
        played.located.insert("xray-1".to_owned(), "or-1".to_owned());
        for (number, id) in ["hor-1", "cor-1", "vor-1", "al-1", "sl-1"].into_iter().enumerate() {
            played.place("or-1", i64::try_from(number).unwrap(), id);
        }
        played.place("pre-1", 3, "al-2");
    }

    pub(crate) fn play(&self) -> std::sync::MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.runtime.clock.now()
    }

    pub(crate) fn id(&mut self) -> String {
        self.events += 1;
        format!("e-{:04}", self.events)
    }

    pub(crate) async fn measure(&mut self, room: &str, measurement: Measurement) {
        let room_type = if room.starts_with("or") {
            RoomType::OperatingRoom
        } else {
            RoomType::PreOperatingRoom
        };
        let room_id = room.to_owned();
        let event = RoomEvent { room_id, room_type, measurement, date_time: self.now() };
        let record = event.into_record(&self.id(), "test").unwrap();
        self.publish(record).await;
    }

    pub(crate) async fn usage(&mut self, technology: &str, in_use: bool) {
        let medical_technology_id = technology.to_owned();
        let fact = ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use };
        let event = ProcessEvent { fact, date_time: self.now() };
        let record = event.into_record(&self.id(), "test").unwrap();
        self.publish(record).await;
    }

    /// Answers the id of the wish.
    pub(crate) async fn wish(&mut self, room: &str, request: AutomationRequest) -> String {
        let event = RequestEvent { room_id: room.to_owned(), request, date_time: self.now() };
        let id = self.id();
        self.publish(event.into_record(&id, "test").unwrap()).await;
        id
    }

    pub(crate) async fn publish(&self, record: NewRecord) {
        self.runtime.broker.publish(vec![record]).await.unwrap();
        self.settle().await;
    }

    /// Waits until nothing is under way.
    pub(crate) async fn settle(&self) {
        let mut still = 0;
        while still < 3 {
            let before = self.runtime.activity.snapshot();
            tokio::time::sleep(Duration::from_millis(3)).await;
            let after = self.runtime.activity.snapshot();
            still = if before == after && after.pending == 0 { still + 1 } else { 0 };
        }
    }

    /// Moves the clock on to the next timer, again and again, but not beyond so many seconds.
    pub(crate) async fn wait(&self, seconds: i64) {
        let end = self.now() + jiff::SignedDuration::from_secs(seconds);
        loop {
            self.settle().await;
            match self.runtime.activity.snapshot().next_timer {
                Some(next) if next <= end => self.hands.move_to(next),
                _ => break,
            }
        }
        self.hands.move_to(end);
        self.settle().await;
    }

    /// What actuators were told since the last call.
    pub(crate) fn commands(&self) -> Vec<String> {
        std::mem::take(&mut self.play().commands)
    }

    pub(crate) async fn get(&self, path: &str, role: &str) -> (u16, Value) {
        let token = self.hands.token("ann", &[role], &[], false);
        let client = chiron_chassis::http_client().unwrap();
        let url = format!("{}{path}", self.base);
        let answer = client.get(url).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn decisions(&self, query: &str) -> Vec<Value> {
        let (status, body) = self.get(&format!("/api/v1/decisions{query}"), "surgeon").await;
        assert_eq!(status, 200, "{body}");
        body["entries"].as_array().unwrap().clone()
    }

    /// `<actuator type> <action> <intensity> <status> <reason>` of each decision.
    pub(crate) async fn brief(&self) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => format!(" {text}"),
            other => format!(" {other}"),
        };
        self.decisions("")
            .await
            .iter()
            .map(|entry| {
                let (command, outcome) = (&entry["command"], &entry["outcome"]);
                let words = [
                    &command["actuatorType"],
                    &command["action"],
                    &command["intensity"],
                    &outcome["status"],
                    &outcome["reason"],
                ];
                words.map(text).concat().trim().to_owned()
            })
            .collect()
    }

    /// Everything on `automation-proposal-events`.
    pub(crate) async fn told(&self) -> Vec<Record> {
        let topic = block_language::automation::PROPOSAL_TOPIC;
        let mut records = Vec::new();
        for partition in 0..self.runtime.broker.partitions() {
            records.extend(self.runtime.broker.read(topic, partition, 0, 1000).await.unwrap());
        }
        records.sort_by_key(|record| (record.appended_at, record.partition, record.offset));
        records
    }

    /// The service ends.
    pub(crate) async fn end(&self) {
        match &self.trigger {
            Some(trigger) => trigger.trigger(),
            None => self.hands.shut_down(),
        }
        self.runtime.tasks.join().await;
    }

    /// The service ends and starts again on the same database and log.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        let (trigger, shutdown) = Shutdown::new();
        let runtime = Runtime { shutdown, tasks: Tasks::new(), ..self.runtime.clone() };
        self.trigger = Some(trigger);
        self.runtime = runtime;
        self.base = self.hands.serve(api(&self.runtime), &self.runtime).await;
        start(&self.runtime, &self.settings).unwrap();
    }
}

impl Played {
    pub(crate) fn put(&mut self, id: &str, model: &str, properties: Value) {
        let mut twin = json!({
            "$dtId": id,
            "$etag": "W/\"1\"",
            "$metadata": {"$model": format!("{MODELS}{model};1")},
        });
        let Value::Object(properties) = properties else { panic!("properties") };
        for (name, value) in properties {
            twin[name] = value;
        }
        self.twins.insert(id.to_owned(), twin);
    }

    pub(crate) fn place(&mut self, room: &str, number: i64, id: &str) {
        self.put(id, "Actuator", json!({"type": number, "power_state": "off", "intensity": 0}));
        self.actuators.insert((room.to_owned(), number), id.to_owned());
    }

    pub(crate) fn locate(&mut self, technology: &str, room: &str) {
        self.located.insert(technology.to_owned(), room.to_owned());
    }

    pub(crate) fn forget(&mut self, room: &str, number: i64) {
        self.actuators.remove(&(room.to_owned(), number));
    }

    /// Changes an actuator's twin, and makes the notification.
    pub(crate) fn turn(&mut self, id: &str, on: bool, intensity: i64, at: Timestamp) -> NewRecord {
        let power = if on { "on" } else { "off" };
        let twin = self.twins.get_mut(id).unwrap();
        twin["power_state"] = json!(power);
        twin["intensity"] = json!(intensity);
        let source_time = json!({"sourceTime": instant::write(at)});
        twin["$metadata"]["power_state"] = source_time.clone();
        twin["$metadata"]["intensity"] = source_time;
        self.notifications += 1;
        let value = json!({
            "modelId": format!("{MODELS}Actuator;1"),
            "patch": [{"op": "add", "path": "/power_state", "value": power},
                      {"op": "add", "path": "/intensity", "value": intensity}],
        });
        self.notification("Twin.Update", id, &value)
    }

    pub(crate) fn notification(&mut self, kind: &str, subject: &str, value: &Value) -> NewRecord {
        let kind = format!("Microsoft.DigitalTwins.{kind}");
        let headers = Headers::new()
            .with("ce_id", format!("{:016}", self.notifications))
            .with("ce_type", kind.as_str())
            .with("ce_subject", subject);
        NewRecord {
            topic: "twin-events".to_owned(),
            aggregate: subject.to_owned(),
            key: kind,
            value: value.to_string(),
            headers,
        }
    }

    fn description(&self, id: &str) -> Value {
        let base = self.forms.clone().unwrap_or_else(|| self.base.clone());
        let number = self.actuators.iter().find(|(_, it)| *it == id).unwrap().0.1;
        let form = |path: String| {
            json!({"forms": [{"op": "invokeaction", "href": format!("{base}{path}"),
                              "contentType": "application/json"}]})
        };
        let actions = if number < 2 {
            json!({"on": form(format!("/switchable/{id}/on")),
                   "off": form(format!("/switchable/{id}/off"))})
        } else {
            json!({"setIntensity": form(format!("/dimmable/{id}"))})
        };
        json!({"@context": "https://www.w3.org/2022/wot/td/v1.1",
               "id": format!("urn:chiron:thing:{id}"), "title": id, "actions": actions,
               "securityDefinitions": {"nosec": {"scheme": "nosec"}}, "security": ["nosec"]})
    }
}

async fn answer(State(playing): State<Playing>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let (answer, record) = {
        let mut played = playing.played.lock().unwrap_or_else(PoisonError::into_inner);
        match (&parts.method, path.as_slice()) {
            (&Method::GET, ["things", id]) => (describe(&played, id), None),
            (&Method::POST, ["switchable", id, state]) => {
                played.command(id, state, None, &parts.headers, playing.clock.now())
            }
            (&Method::POST, ["dimmable", id]) => {
                let intensity = body["intensity"].as_i64();
                played.command(id, "setIntensity", intensity, &parts.headers, playing.clock.now())
            }
            _ if played.twin_layer_down => (StatusCode::SERVICE_UNAVAILABLE.into_response(), None),
            (&Method::POST, ["query"]) => (query(&played, body["query"].as_str().unwrap()), None),
            (&Method::GET, ["digitaltwins", id]) => (twin(&played, id), None),
            (&Method::GET, ["digitaltwins", id, "incomingrelationships"]) => {
                (incoming(&played, id), None)
            }
            _ => (StatusCode::NOT_FOUND.into_response(), None),
        }
    };
    if let Some(record) = record {
        playing.broker.publish(vec![record]).await.unwrap();
    }
    answer
}

impl Played {
    fn command(
        &mut self,
        id: &str,
        action: &str,
        intensity: Option<i64>,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> (Response, Option<NewRecord>) {
        let words = match intensity {
            Some(intensity) => format!("{id} {action} {intensity}"),
            None => format!("{id} {action}"),
        };
        self.commands.push(words);
        let token = headers.get(header::AUTHORIZATION);
        self.last_token = token.map(|token| token.to_str().unwrap().to_owned());
        if !self.gateway.is_empty() {
            let status = self.gateway.remove(0);
            return (status.into_response(), None);
        }
        if !self.obedient {
            return (StatusCode::NO_CONTENT.into_response(), None);
        }
        let record = match intensity {
            Some(intensity) => self.turn(id, intensity > 0, intensity, now),
            None if action == "on" => self.turn(id, true, 100, now),
            None => self.turn(id, false, 0, now),
        };
        (StatusCode::NO_CONTENT.into_response(), Some(record).filter(|_| self.talkative))
    }
}

fn describe(played: &Played, id: &str) -> Response {
    if let Some(status) = played.directory {
        return status.into_response();
    }
    let id = id.replace("%3A", ":");
    let bare = id.strip_prefix("urn:chiron:thing:");
    if bare.is_none() && played.strict_directory {
        return StatusCode::NOT_FOUND.into_response();
    }
    let bare = bare.unwrap_or(&id);
    if !played.actuators.values().any(|it| it == bare) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let body = played.description(bare).to_string();
    ([(header::CONTENT_TYPE, "application/td+json")], body).into_response()
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// The two queries of the automation, by their shape.
fn query(played: &Played, text: &str) -> Response {
    let quoted = text.split('\'').nth(1).unwrap_or_default();
    let found = if text.contains("rel_has_actuator") {
        let number = text.rsplit('=').next().unwrap().trim().parse().unwrap();
        played.actuators.get(&(quoted.to_owned(), number))
    } else {
        played.located.get(quoted)
    };
    let rows: Vec<Value> = found.into_iter().map(|id| json!({"$dtId": id})).collect();
    json_answer(&json!({"value": rows, "continuationToken": null}))
}

fn twin(played: &Played, id: &str) -> Response {
    if let Some(twin) = played.twins.get(id) {
        return json_answer(twin);
    }
    let error = json!({"error": {"code": "DigitalTwinNotFound", "message": "none"}});
    (StatusCode::NOT_FOUND, error.to_string()).into_response()
}

fn incoming(played: &Played, id: &str) -> Response {
    let rows: Vec<Value> = played
        .actuators
        .iter()
        .filter(|(_, it)| *it == id)
        .map(|((room, _), it)| {
            json!({"$relationshipId": format!("{room}-{it}"), "$sourceId": room,
                   "$relationshipName": "rel_has_actuator",
                   "$relationshipLink": format!("/digitaltwins/{room}/relationships/{room}-{it}")})
        })
        .collect();
    json_answer(&json!({"value": rows}))
}

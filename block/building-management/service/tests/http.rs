//! Requests and events in, answers out: the routes of the contract, accepted and refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod layer;

use std::time::Duration;

use block_language::{
    process::{ProcessEvent, ProcessFact},
    room::{Measurement, RoomEvent, RoomType},
};
use building_management::{COLLECTIONS, NAME, Service, Settings};
use chiron_broker::NewRecord;
use chiron_chassis::{Runtime, Service as Target, TestHands};
use layer::Layer;
use reqwest::{Method, Response};
use serde_json::{Value, json};

struct House {
    runtime: Runtime,
    hands: TestHands,
    layer: Layer,
    base: String,
    client: reqwest::Client,
    service: Service,
}

const ROOM: &str = r#"{"id":"or-2","name":"Theatre 2","zoneId":"zone-2","type":"OPERATING_ROOM"}"#;
const ENDO: &str =
    r#"{"id":"endo-1","name":"Endoscope","description":"Flexible","type":"ENDOSCOPE"}"#;

impl House {
    async fn open() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let layer = Layer::default();
        hands.point(Target::TwinEngine, layer.serve().await);
        let service = Service::new(&runtime, Settings::default()).unwrap();
        service.start();
        let base = hands.serve(service.api(), &runtime).await;
        let client = chiron_chassis::http_client().unwrap();
        Self { runtime, hands, layer, base, client, service }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let token = self.hands.token("ann", &["block-manager"], &[], true);
        let mut request = self
            .client
            .request(method, format!("{}/api/v1/{path}", self.base))
            .bearer_auth(token)
            .body(body.to_owned());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn status(&self, method: Method, path: &str, body: &str) -> u16 {
        self.send(method, path, body, &[]).await.status().as_u16()
    }

    async fn at(&self, method: Method, path: &str, body: &str, at: &str) -> u16 {
        let at = format!("2026-05-15T{at}Z");
        self.send(method, path, body, &[("x-source-time", &at)]).await.status().as_u16()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, "", &[]).await;
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        if status == 200 { serde_json::from_str(&body).unwrap() } else { json!(status) }
    }

    async fn publish(&self, records: Vec<NewRecord>) {
        self.runtime.broker.publish(records).await.unwrap();
        let topics = ["room-events", "process-events"];
        while 0 < self.runtime.broker.lag("building-management-consumer", &topics).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Two rooms and a technology, made at 05:00.
    async fn furnish(&self) {
        assert_eq!(self.at(Method::POST, "rooms", ROOM, "05:00:00").await, 201);
        let pre = ROOM.replace("or-2", "pre-2").replace("OPERATING", "PRE_OPERATING");
        assert_eq!(self.at(Method::POST, "rooms", &pre, "05:00:00").await, 201);
        assert_eq!(self.at(Method::POST, "medical-technologies", ENDO, "05:00:00").await, 201);
    }
}

fn sample(at: &str, measurement: Measurement, id: &str) -> NewRecord {
    let event = RoomEvent {
        room_id: "or-2".to_owned(),
        room_type: RoomType::OperatingRoom,
        measurement,
        date_time: format!("2026-05-15T{at}Z").parse().unwrap(),
    };
    event.into_record(id, "test").unwrap()
}

fn usage(at: &str, in_use: bool, id: &str) -> NewRecord {
    let fact =
        ProcessFact::MedicalTechnologyUsage { medical_technology_id: "endo-1".to_owned(), in_use };
    let date_time = format!("2026-05-15T{at}Z").parse().unwrap();
    ProcessEvent { fact, date_time }.into_record(id, "test").unwrap()
}

#[tokio::test]
async fn rooms_are_created_listed_changed_and_removed() {
    let house = House::open().await;
    assert_eq!(house.get("rooms").await, json!(204));
    let created = house.send(Method::POST, "rooms", ROOM, &[]).await;
    assert_eq!(created.status().as_u16(), 201);
    let location = created.headers().get("location").unwrap().to_str().unwrap().to_owned();
    assert_eq!(location, format!("{}/api/v1/rooms/or-2", house.base));
    assert_eq!(created.text().await.unwrap(), "");
    assert_eq!(house.status(Method::POST, "rooms", ROOM).await, 409);
    assert_eq!(house.layer.brief(), "or-2 Theatre 2 zone-2");

    let room = json!({"id":"or-2","name":"Theatre 2","zoneId":"zone-2","type":"OPERATING_ROOM",
                      "layout": null});
    let expected = json!({"entries": [{"entry": room, "url": location}], "total": 1, "next": null});
    assert_eq!(house.get("rooms").await, expected);
    let unmeasured = json!({"temperature":null,"humidity":null,"luminosity":null,"presence":null});
    let expected = json!({"id":"or-2","name":"Theatre 2","zoneId":"zone-2","type":"OPERATING_ROOM",
                          "layout": null, "environmentalData": unmeasured});
    assert_eq!(house.get("rooms/or-2").await, expected);

    let patch = r#"{"name":"Theatre Two"}"#;
    let merge = [("content-type", "application/merge-patch+json")];
    let changed = house.send(Method::PATCH, "rooms/or-2", patch, &merge).await;
    assert_eq!(changed.status().as_u16(), 204);
    assert_eq!(house.layer.brief(), "or-2 Theatre Two zone-2");
    assert_eq!(house.get("rooms/or-2").await.get("name"), Some(&json!("Theatre Two")));
    assert_eq!(house.status(Method::PATCH, "rooms/or-9", patch).await, 404);

    assert_eq!(house.status(Method::DELETE, "rooms/or-2", "").await, 204);
    assert_eq!(house.status(Method::DELETE, "rooms/or-2", "").await, 404);
    assert_eq!(house.get("rooms/or-2").await, json!(404));
    assert_eq!(house.get("rooms").await, json!(204));
    assert_eq!(house.layer.brief(), "");
}

#[tokio::test]
async fn rooms_lie_on_the_floor_plan_and_zones_have_names() {
    let house = House::open().await;
    house.furnish().await;
    let place = r#"{"x":2,"y":0,"w":4.5,"h":3}"#;
    assert_eq!(house.status(Method::PUT, "rooms/or-2/layout", place).await, 204);
    assert_eq!(house.status(Method::PUT, "rooms/or-9/layout", place).await, 404);
    let layout = json!({"x": 2.0, "y": 0.0, "w": 4.5, "h": 3.0});
    assert_eq!(house.get("rooms/or-2").await.get("layout"), Some(&layout));
    let rooms = house.get("rooms").await;
    assert_eq!(rooms.pointer("/entries/0/entry/layout"), Some(&layout));
    assert_eq!(rooms.pointer("/entries/1/entry/layout"), Some(&Value::Null));
    for (wrong, pointer) in [
        (r#"{"x":-1,"y":0,"w":1,"h":1}"#, "/x"),
        (r#"{"x":0,"y":-0.1,"w":1,"h":1}"#, "/y"),
        (r#"{"x":0,"y":0,"w":0,"h":1}"#, "/w"),
        (r#"{"x":0,"y":0,"w":1,"h":-1}"#, "/h"),
        (r#"{"x":999.5,"y":0,"w":1,"h":1}"#, "/w"),
        (r#"{"x":0,"y":0,"w":1}"#, "/h"),
        (r#"{"x":0,"y":0,"w":1,"h":1,"z":1}"#, "/z"),
    ] {
        let answer = house.send(Method::PUT, "rooms/or-2/layout", wrong, &[]).await;
        assert_eq!(answer.status().as_u16(), 400, "{wrong}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem.pointer("/errors/0/pointer"), Some(&json!(pointer)), "{wrong}");
    }
    assert_eq!(
        house.status(Method::PUT, "rooms/or-2/layout", r#"{"x":999,"y":0,"w":1,"h":1}"#).await,
        204
    );
    assert_eq!(house.status(Method::DELETE, "rooms/or-2/layout", "").await, 204);
    assert_eq!(house.status(Method::DELETE, "rooms/or-2/layout", "").await, 204);
    assert_eq!(house.get("rooms/or-2").await.get("layout"), Some(&Value::Null));
    // A room that is refused takes nothing from the one there; a later one of the same id begins
    // without the former one's place.
    assert_eq!(house.status(Method::PUT, "rooms/or-2/layout", place).await, 204);
    assert_eq!(house.status(Method::POST, "rooms", ROOM).await, 409);
    assert_eq!(house.get("rooms/or-2").await.get("layout"), Some(&layout));
    assert_eq!(house.status(Method::DELETE, "rooms/or-2", "").await, 204);
    assert_eq!(house.status(Method::POST, "rooms", ROOM).await, 201);
    assert_eq!(house.get("rooms/or-2").await.get("layout"), Some(&Value::Null));

    let label = |name: &str, order: u32| json!({"name": name, "order": order}).to_string();
    assert_eq!(house.status(Method::PUT, "zones/zone-2", &label("Second", 2)).await, 204);
    assert_eq!(house.status(Method::PUT, "zones/zone-1", &label("Other", 2)).await, 204);
    assert_eq!(house.status(Method::PUT, "zones/zone-3", &label("First", 1)).await, 204);
    assert_eq!(house.status(Method::PUT, "zones/zone-2", &label("Main", 2)).await, 204);
    assert_eq!(house.status(Method::PUT, "zones/zone-2", &label(" ", 2)).await, 400);
    let zones = house.get("zones").await;
    let names: Vec<_> = zones["entries"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["First", "Other", "Main"]);
}

#[tokio::test]
async fn wrong_bodies_are_refused_with_the_place_that_is_wrong() {
    let house = House::open().await;
    house.furnish().await;
    for (method, path, body, pointer) in [
        (Method::POST, "rooms", "", ""),
        (Method::POST, "rooms", "{}", "/id"),
        (Method::POST, "rooms", &ROOM.replace("or-2", " "), "/id"),
        (Method::POST, "rooms", &ROOM.replace("zone-2", ""), "/zoneId"),
        (Method::POST, "rooms", &ROOM.replace("OPERATING", "WAITING"), "/type"),
        (Method::POST, "rooms", &ROOM.replace("name", "title"), "/name"),
        (Method::POST, "rooms", &ROOM.replace(r#""name""#, r#""floor":2,"name""#), "/floor"),
        (Method::PATCH, "rooms/or-2", r#"{"type":"OPERATING_ROOM"}"#, "/type"),
        (Method::PATCH, "rooms/or-2", r#"{"zoneId":""}"#, "/zoneId"),
        (Method::PATCH, "rooms/or-2", r#"{"name":null}"#, "/name"),
        (Method::POST, "medical-technologies", &ENDO.replace("endo-1", ""), "/id"),
        (Method::POST, "medical-technologies", &ENDO.replace("Endoscope", ""), "/name"),
        (Method::POST, "medical-technologies", &ENDO.replace("Flexible", ""), "/description"),
        (Method::POST, "medical-technologies", &ENDO.replace("ENDOSCOPE", "X_RAY"), "/type"),
        (Method::PATCH, "medical-technologies/endo-1", "{}", "/roomId"),
        (Method::PATCH, "medical-technologies/endo-1", r#"{"roomId":" "}"#, "/roomId"),
        (Method::PATCH, "medical-technologies/endo-1", r#"{"roomId":null,"inUse":true}"#, "/inUse"),
        (Method::GET, "rooms/or-2?dateTime=noon", "", "?dateTime"),
        (Method::GET, "rooms/data/or-2?from=noon", "", "?from"),
        (Method::GET, "rooms/data/or-2?cursor=noon", "", "?cursor"),
        (Method::GET, "rooms?limit=0", "", "?limit"),
    ] {
        let answer = house.send(method, path, body, &[]).await;
        assert_eq!(answer.status().as_u16(), 400, "{path} {body}");
        let kind = answer.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
        assert_eq!(kind, "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        let errors = problem.get("errors").unwrap().as_array().unwrap().clone();
        let found = errors.iter().any(|error| error.get("pointer") == Some(&json!(pointer)));
        assert!(found, "{path} {body}: {errors:?}");
    }
    let text = [("content-type", "text/plain")];
    assert_eq!(house.send(Method::POST, "rooms", ROOM, &text).await.status().as_u16(), 415);
    // An empty name is allowed.
    let nameless = ROOM.replace("Theatre 2", "").replace("or-2", "or-3");
    assert_eq!(house.status(Method::POST, "rooms", &nameless).await, 201);
}

#[tokio::test]
async fn technologies_are_placed_in_theatres_and_remember_where_they_were() {
    let house = House::open().await;
    let none = json!({"entries": [], "total": 0, "next": null});
    assert_eq!(house.get("medical-technologies").await, none);
    house.furnish().await;
    let path = "medical-technologies/endo-1";
    let place = |room: &str, at: &'static str| {
        let body = format!(r#"{{"roomId":{room}}}"#);
        let house = &house;
        async move { house.at(Method::PATCH, path, &body, at).await }
    };
    assert_eq!(place(r#""pre-2""#, "05:10:00").await, 409);
    assert_eq!(place(r#""or-9""#, "05:10:00").await, 404);
    assert_eq!(place(r#"" or-2 ""#, "05:10:00").await, 204);
    assert!(house.layer.brief().ends_with("endo-1 -endo-1-located:rel_is_located-> or-2"));
    assert_eq!(house.layer.last_time().unwrap(), "2026-05-15T05:10:00.000Z");
    assert_eq!(
        house.status(Method::PATCH, "medical-technologies/x", r#"{"roomId":null}"#).await,
        404
    );

    house.publish(vec![usage("05:20:00", true, "2"), usage("05:30:00", false, "3")]).await;
    house.publish(vec![usage("05:20:00", false, "1"), usage("05:20:00", true, "2")]).await;
    assert_eq!(place("null", "05:40:00").await, 204);
    for (query, in_use, room) in [
        ("?dateTime=2026-05-15T05:09:59Z", false, None),
        ("?dateTime=2026-05-15T05:10:00Z", false, Some("or-2")),
        ("?dateTime=2026-05-15T05:20:00Z", true, Some("or-2")),
        ("?dateTime=2026-05-15T05:30:00Z", false, Some("or-2")),
        ("", false, None),
    ] {
        let expected = json!({"id":"endo-1","name":"Endoscope","description":"Flexible",
                              "type":"ENDOSCOPE","inUse":in_use,"roomId":room});
        assert_eq!(house.get(&format!("{path}{query}")).await, expected, "{query}");
    }
    let list = house.get("medical-technologies").await;
    assert_eq!(list.pointer("/entries/0/entry/id"), Some(&json!("endo-1")));
    assert_eq!(list.get("total"), Some(&json!(1)));

    assert_eq!(place(r#""or-2""#, "05:50:00").await, 204);
    assert_eq!(house.at(Method::DELETE, "rooms/or-2", "", "05:55:00").await, 204);
    assert_eq!(house.get(path).await.get("roomId"), Some(&Value::Null));
    assert_eq!(house.status(Method::DELETE, path, "").await, 204);
    assert_eq!(house.status(Method::DELETE, path, "").await, 404);
    assert_eq!(house.layer.brief(), "pre-2 Theatre 2 zone-2");
}

#[tokio::test]
async fn a_technology_that_never_stood_in_a_room_is_not_in_use() {
    let house = House::open().await;
    house.furnish().await;
    house.publish(vec![usage("05:20:00", true, "1")]).await;
    let technology = house.get("medical-technologies/endo-1").await;
    assert_eq!(technology.get("inUse"), Some(&json!(false)));
}

#[tokio::test]
async fn samples_become_a_history_and_a_state() {
    let house = House::open().await;
    house.furnish().await;
    let samples = || {
        vec![
            sample("05:10:00", Measurement::Presence(true), "06"),
            sample("05:05:00", Measurement::Temperature(24.6), "01"),
            sample("05:10:00", Measurement::Temperature(25.0), "03"),
            sample("05:10:00", Measurement::Humidity(57), "04"),
            sample("05:10:00", Measurement::Temperature(99.0), "02"), // corrected by 03
            sample("05:12:00", Measurement::Luminosity(98.5), "07"),
        ]
    };
    house.publish(samples()).await;
    house.publish(samples()).await;

    let all = house.get("rooms/data/or-2?from=2026-05-15T05:05:00Z").await;
    let celsius = |value: f64| json!({"value": value, "unit": "CELSIUS"});
    let state = |humidity: Value, luminosity: Value, presence: Value| {
        json!({"temperature": celsius(25.0), "humidity": humidity, "luminosity": luminosity,
               "presence": presence})
    };
    let lux = json!({"value": 98.5, "unit": "LUX"});
    let entry = |entry: Value, at: &str, quantity: &str| json!({"entry": entry, "date": format!("2026-05-15T05:{at}.000Z"), "quantity": quantity});
    let expected = json!({
        "entries": [
            entry(state(Value::Null, Value::Null, Value::Null), "10:00", "temperature"),
            entry(state(json!(57.0), Value::Null, Value::Null), "10:00", "humidity"),
            entry(state(json!(57.0), Value::Null, json!(true)), "10:00", "presence"),
            entry(state(json!(57.0), lux.clone(), json!(true)), "12:00", "luminosity"),
        ],
        "total": 4,
        "next": null
    });
    assert_eq!(all, expected);

    let mut joined = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            house.get(&format!("rooms/data/or-2?from=2026-05-15T05:05:00Z&limit=1{cursor}")).await;
        joined.extend(page.get("entries").unwrap().as_array().unwrap().clone());
        match page.get("next").unwrap().as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(Some(&Value::Array(joined)), all.get("entries"));

    let then = house.get("rooms/or-2?dateTime=2026-05-15T05:05:00Z").await;
    let expected = json!({"temperature": celsius(24.6), "humidity": null, "luminosity": null, "presence": null});
    assert_eq!(then.get("environmentalData"), Some(&expected));
    let now = house.get("rooms/or-2").await;
    assert_eq!(now.get("environmentalData"), Some(&state(json!(57.0), lux, json!(true))));
    assert_eq!(house.get("rooms/or-2?dateTime=2026-05-15T04:59:59.999Z").await, json!(404));
    assert_eq!(house.get("rooms/data/or-9").await, json!(404));
    let nothing = json!({"entries": [], "total": 0, "next": null});
    assert_eq!(house.get("rooms/data/or-2").await, nothing);

    let answer = house.send(Method::GET, "rooms/data/or-2", "", &[]).await;
    let complete_to = answer.headers().get("chiron-complete-to").unwrap();
    assert_eq!(complete_to, "2026-05-15T06:00:00.000Z");
}

#[tokio::test]
async fn impossible_values_go_to_the_dead_letters_and_are_not_shown_from_the_twin() {
    let house = House::open().await;
    house.furnish().await;
    house
        .publish(vec![
            sample("05:10:00", Measurement::Temperature(100.1), "1"),
            sample("05:10:00", Measurement::Humidity(101), "2"),
            sample("05:10:00", Measurement::Luminosity(-1.0), "3"),
            sample("05:10:00", Measurement::Temperature(20.0), "4"),
        ])
        .await;
    let letters: u64 =
        house.runtime.broker.ends("room-events.dead-letters").await.unwrap().values().sum();
    assert_eq!(letters, 3);
    let twin =
        json!({"temperature": 30.0, "humidity": 400, "luminosity": 50.0, "presence_inside": true});
    house.layer.put("or-2", twin);
    let room = house.get("rooms/or-2").await;
    let expected = json!({
        "temperature": {"value": 20.0, "unit": "CELSIUS"}, // the sample, not the twin
        "humidity": null,                                  // impossible in the twin
        "luminosity": {"value": 50.0, "unit": "LUX"},
        "presence": true
    });
    assert_eq!(room.get("environmentalData"), Some(&expected));
    house.layer.down(true);
    assert_eq!(house.get("rooms/or-2").await, json!(503));
    assert_eq!(
        house.get("rooms/or-2?dateTime=2026-05-15T05:10:00Z").await.get("id"),
        Some(&json!("or-2"))
    );
}

#[tokio::test]
async fn a_removed_rooms_history_is_gone_also_for_its_successor() {
    let house = House::open().await;
    house.furnish().await;
    house.publish(vec![sample("05:10:00", Measurement::Temperature(20.0), "1")]).await;
    assert_eq!(house.at(Method::DELETE, "rooms/or-2", "", "05:20:00").await, 204);
    assert_eq!(house.get("rooms/data/or-2?from=2026-05-15T05:00:00Z").await, json!(404));
    assert_eq!(house.at(Method::POST, "rooms", ROOM, "05:30:00").await, 201);
    house.publish(vec![sample("05:10:00", Measurement::Temperature(20.0), "1")]).await;
    let nothing = json!({"entries": [], "total": 0, "next": null});
    assert_eq!(house.get("rooms/data/or-2?from=2026-05-15T05:00:00Z").await, nothing);
}

#[tokio::test]
async fn when_the_twin_layer_is_down_nothing_changes_and_removals_end_later() {
    let house = House::open().await;
    house.furnish().await;
    house.layer.down(true);
    let other = ROOM.replace("or-2", "or-3");
    assert_eq!(house.status(Method::POST, "rooms", &other).await, 503);
    assert_eq!(house.status(Method::PATCH, "rooms/or-2", r#"{"name":"New"}"#).await, 503);
    let path = "medical-technologies/endo-1";
    assert_eq!(house.status(Method::PATCH, path, r#"{"roomId":"or-2"}"#).await, 503);
    assert_eq!(house.get("rooms/or-3").await, json!(404));
    assert_eq!(house.get(path).await.get("roomId"), Some(&Value::Null));
    assert_eq!(house.status(Method::DELETE, "rooms/pre-2", "").await, 503);
    assert_eq!(house.get("rooms/data/pre-2").await, json!(404));

    house.layer.down(false);
    while house.layer.brief().contains("pre-2") {
        house.hands.advance(Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(house.layer.brief(), "endo-1 Endoscope -, or-2 Theatre 2 zone-2");
    assert_eq!(house.get("rooms/or-2").await.get("name"), Some(&json!("Theatre 2")));
    assert_eq!(house.status(Method::POST, "rooms", &other).await, 201);
}

#[tokio::test]
async fn removing_takes_whichever_is_left() {
    let house = House::open().await;
    house.furnish().await;
    house.layer.forget("or-2");
    assert_eq!(house.status(Method::DELETE, "rooms/or-2", "").await, 204);
    house.layer.put("or-7", json!({"name": "left over"}));
    assert_eq!(house.status(Method::POST, "rooms", &ROOM.replace("or-2", "or-7")).await, 409);
    assert_eq!(house.status(Method::DELETE, "rooms/or-7", "").await, 204);
    assert_eq!(house.status(Method::DELETE, "rooms/or-7", "").await, 404);
}

#[tokio::test]
async fn everybody_needs_an_identity_and_the_right() {
    let house = House::open().await;
    house.furnish().await;
    for route in house.service.api().routes() {
        if route.need.is_some() {
            let url = format!("{}{}", house.base, route.path.replace(['{', '}'], ""));
            let answer = house.client.request(route.method, url).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 401, "{}", route.path);
        }
    }
    for (role, read, write) in [
        ("surgeon", 200, 403),
        ("nurse", 200, 403),
        ("anesthetist", 200, 403),
        ("display", 200, 403),
        ("block-manager", 200, 204),
        ("admin", 200, 204),
        ("developer", 403, 403),
    ] {
        let token = house.hands.token("somebody", &[role], &[], false);
        let url = format!("{}/api/v1/rooms/pre-2", house.base);
        let answer = house.client.get(&url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), read, "{role}");
        let patch = house.client.patch(&url).bearer_auth(&token);
        let patch = patch.header("content-type", "application/json").body("{}");
        assert_eq!(patch.send().await.unwrap().status().as_u16(), write, "{role}");
    }
    let token = house.hands.token("ann", &["block-manager"], &[], false);
    let request = house.client.delete(format!("{}/api/v1/rooms/pre-2", house.base));
    let request = request.bearer_auth(token).header("x-source-time", "2026-05-15T05:00:00Z");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 403);
}

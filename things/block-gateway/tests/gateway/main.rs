//! Lines in, twins out; Things found, read and driven: accepted and refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

mod block;
mod node_wot;

use std::time::Duration;

use block::{Block, Unit};
use serde_json::{Value, json};

const T1: &str = "2026-05-15T05:59:00.123Z";
const T2: &str = "2026-05-15T05:59:30.456Z";

#[tokio::test]
async fn sensors_become_properties_at_the_time_of_the_sample() {
    let block = Block::open().await;
    let mut unit = block.unit().await;
    for (line, property, expected) in [
        (json!({"type": 0, "temperature_value": 24.6}), "temperature", json!(24.6)),
        (json!({"type": 1, "humidity_percentage": 57.9}), "humidity", json!(57)),
        (json!({"type": 2, "luminosity_value": 104}), "luminosity", json!(104.0)),
        (json!({"type": 3, "person_inside": true}), "presence_inside", json!(true)),
    ] {
        let mut line = line;
        line["room_id"] = json!("or-1");
        line["time"] = json!(T1);
        assert_eq!(unit.say(line.clone()).await, 204, "{line}");
        assert_eq!(block.property("or-1", property).await, (expected, json!(T1)), "{line}");
        // Without a time the clock counts.
        line.as_object_mut().unwrap().remove("time");
        line["room_id"] = json!("pre-1");
        assert_eq!(unit.say(line).await, 204);
        let (_, at) = block.property("pre-1", property).await;
        assert_eq!(at, json!("2026-05-15T06:00:00.000Z"));
    }
    for (line, status) in [
        (json!({"type": 0, "room_id": "or-1", "temperature_value": 101}), 400),
        (json!({"type": 1, "room_id": "or-1", "humidity_percentage": 101}), 400),
        (json!({"type": 2, "room_id": "or-1", "luminosity_value": -1}), 400),
        (json!({"type": 0, "room_id": "nowhere", "temperature_value": 20}), 404),
        (
            json!({"type": 0, "room_id": "or-1", "temperature_value": 20, "time": "2026-05-15T06:00:06Z"}),
            400,
        ),
        (
            json!({"type": 0, "room_id": "or-1", "temperature_value": 20, "time": "2026-05-01T06:00:00Z"}),
            400,
        ),
    ] {
        assert_eq!(unit.say(line.clone()).await, status, "{line}");
    }
    assert_eq!(block.property("or-1", "temperature").await.0, json!(24.6));
}

#[tokio::test]
async fn a_badge_moves_a_person_and_a_first_entrance_is_one() {
    let block = Block::open().await;
    let mut unit = block.unit().await;
    let moved = |person: &str, role: &str, room: Value, at: &str| json!({"type": 5, "person_id": person, "person_role": role, "room_id": room, "time": at});
    let patient = |room: Value, at: &str| moved("p-1", "patient", room, at);
    let inside = async |who: &str| block.targets(who, "rel_is_inside").await;
    assert_eq!(unit.say(patient(json!("pre-1"), T1)).await, 204);
    assert_eq!(inside("p-1").await, ["pre-1"]);
    assert_eq!(unit.say(patient(json!("or-1"), T2)).await, 204);
    assert_eq!(inside("p-1").await, ["or-1"]);
    // Said again under the same name, it is the same move.
    let again = patient(json!("or-1"), T2);
    assert_eq!(unit.say(again).await, 204);
    assert_eq!(inside("p-1").await, ["or-1"]);
    assert_eq!(unit.say(patient(Value::Null, T2)).await, 204);
    assert_eq!(inside("p-1").await, Vec::<String>::new());
    assert_eq!(unit.say(patient(Value::Null, T2)).await, 204);

    // An exit that no reader saw is not made up when the line says from where the person comes.
    let nurse = |room: Value, from: Value| {
        let mut line = moved("hp-1", "health_professional", room, T1);
        line["from_room_id"] = from;
        line
    };
    assert_eq!(unit.say(nurse(json!("pre-1"), Value::Null)).await, 204);
    assert_eq!(unit.say(nurse(json!("or-1"), Value::Null)).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1", "pre-1"]);
    assert_eq!(unit.say(nurse(Value::Null, json!("pre-1"))).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1"]);

    // Who comes back to a room whose exit was missed is told again, once, and leaves it for good.
    let back = |at: &str| {
        let mut line = nurse(json!("or-1"), Value::Null);
        line["time"] = json!(at);
        line
    };
    assert_eq!(unit.say(nurse(json!("or-1"), Value::Null)).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1"]);
    assert_eq!(unit.say(back(T2)).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1", "or-1"]);
    assert_eq!(unit.say(back(T2)).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1", "or-1"]);
    assert_eq!(unit.say(nurse(Value::Null, json!("or-1"))).await, 204);
    assert_eq!(inside("hp-1").await, Vec::<String>::new());
    assert_eq!(unit.say(nurse(json!("or-1"), Value::Null)).await, 204);
    assert_eq!(inside("hp-1").await, ["or-1"]);

    assert_eq!(unit.say(moved("nobody", "patient", json!("or-1"), T1)).await, 404);
    assert_eq!(unit.say(patient(json!("nowhere"), T1)).await, 404);
}

#[tokio::test]
async fn table_and_implant_find_the_patient_or_are_refused_at_once() {
    let block = Block::open().await;
    let mut unit = block.unit().await;
    let table = |extra: Value| {
        let mut line = json!({"type": 7, "room_id": "or-1", "time": T2});
        line.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        line
    };
    assert_eq!(unit.say(table(json!({}))).await, 404, "nobody is in the room");
    assert_eq!(unit.say(table(json!({"patient_id": "nobody"}))).await, 404);
    let enters = |who: &str, at: &str| json!({"type": 5, "person_id": who, "person_role": "patient", "room_id": "or-1", "time": at});
    assert_eq!(unit.say(enters("p-1", T1)).await, 204);
    let nurse = json!({"type": 5, "person_id": "hp-1", "person_role": "health_professional", "room_id": "or-1"});
    assert_eq!(unit.say(nurse).await, 204);
    assert_eq!(unit.say(table(json!({}))).await, 204);
    let on_table = async |who: &str| block.property(who, "is_on_operating_table").await;
    assert_eq!(on_table("p-1").await, (json!(true), json!(T2)));

    let implant = |device: &str, kind: &str, extra: Value| {
        let mut line = table(extra);
        line["type"] = json!(6);
        line["device_id"] = json!(device);
        line["device_type"] = json!(kind);
        line
    };
    assert_eq!(unit.say(implant("d-1", "pace_marker", json!({}))).await, 204);
    assert_eq!(block.shown("d-1").await["type"], json!(0));
    assert_eq!(block.targets("process-1", "rel_use").await, ["d-1"]);
    assert_eq!(unit.say(implant("d-2", "catheter", json!({"patient_id": "p-1"}))).await, 204);
    assert_eq!(block.targets("process-1", "rel_use").await, ["d-1", "d-2"]);

    // The latest to enter is meant, and whoever is named before that.
    assert_eq!(unit.say(enters("p-2", T2)).await, 204);
    assert_eq!(unit.say(table(json!({}))).await, 204);
    assert_eq!(on_table("p-2").await.0, json!(true));
    // It has no process, and nothing is left behind.
    assert_eq!(unit.say(implant("d-3", "catheter", json!({}))).await, 404);
    assert_eq!(block.shown("d-3").await, Value::Null);

    // Of two processes the one that has not ended: it is in a room.
    block.twin("process-2", "SurgicalProcess").await;
    block.relate("process-2", "rel_involve_patient", "p-1").await;
    assert_eq!(unit.say(implant("d-4", "catheter", json!({"patient_id": "p-1"}))).await, 204);
    assert_eq!(block.targets("process-1", "rel_use").await, ["d-1", "d-2", "d-4"]);
}

async fn announce(unit: &mut Unit) {
    for (actuator, kind) in [("h-1", 0), ("v-1", 2), ("al-1", 3)] {
        let line = json!({
            "type": 8, "actuator_id": actuator, "actuator_type": kind, "room_id": "or-1",
            "time": T1,
        });
        assert_eq!(unit.say(line).await, 204);
    }
}

fn state(actuator: &str, on: &str, intensity: i64, at: &str) -> Value {
    json!({"type": 4, "actuator_id": actuator, "state": on, "intensity": intensity, "time": at})
}

#[tokio::test]
async fn actuators_become_twins_and_things() {
    let mut block = Block::open().await;
    let mut unit = block.unit().await;
    let nowhere = json!({"type": 8, "actuator_id": "x", "actuator_type": 0, "room_id": "nowhere"});
    assert_eq!(unit.say(nowhere).await, 404);
    let taken = json!({"type": 8, "actuator_id": "p-1", "actuator_type": 0, "room_id": "or-1"});
    assert_eq!(unit.say(taken).await, 404);
    assert_eq!(unit.say(state("al-1", "on", 100, T1)).await, 404, "not announced");
    announce(&mut unit).await;
    block.rest().await;
    assert_eq!(block.targets("or-1", "rel_has_actuator").await, ["al-1", "h-1", "v-1"]);
    assert_eq!(block.shown("al-1").await["type"], json!(3));

    let (status, thing) = block.thing("/things/al-1").await;
    assert_eq!((status, &thing["id"]), (200, &json!("urn:chiron:thing:al-1")));
    assert_eq!(thing["chiron:roomId"], json!("or-1"));
    let own = block.get("/things/al-1").await.1;
    assert_eq!(thing["actions"], own["actions"]);
    assert_eq!(block.get("/things/al-1/properties/power_state").await.0, 404, "not said yet");
    assert_eq!(block.get("/things/al-1/properties/colour").await.0, 404);
    assert_eq!(block.get("/things/x/properties/power_state").await.0, 404);

    assert_eq!(unit.say(state("al-1", "on", 300, T2)).await, 204);
    let twin = block.shown("al-1").await;
    assert_eq!((&twin["power_state"], &twin["intensity"]), (&json!("on"), &json!(300)));
    assert_eq!(twin["$metadata"]["intensity"]["sourceTime"], json!(T2));
    // What was before that comes too late for now.
    assert_eq!(unit.say(state("al-1", "off", 0, T1)).await, 204);
    assert_eq!(block.get("/things/al-1/properties/intensity").await, (200, json!(300)));

    // A unit that comes back wipes nothing out, and an actuator may move.
    announce(&mut unit).await;
    assert_eq!(block.shown("al-1").await["intensity"], json!(0));
    let moved = json!({"type": 8, "actuator_id": "v-1", "actuator_type": 2, "room_id": "or-2"});
    assert_eq!(unit.say(moved).await, 204);
    assert_eq!(block.targets("or-1", "rel_has_actuator").await, ["al-1", "h-1"]);
    assert_eq!(block.targets("or-2", "rel_has_actuator").await, ["v-1"]);

    // After a restart what was announced is known, and the Things say where the gateway is now.
    block.rest().await;
    block.restart().await;
    let expected = json!({"power_state": "on", "intensity": 300});
    assert_eq!(block.get("/things/al-1/properties").await, (200, expected));
    let (_, list) = block.get("/api/v1/actuators").await;
    assert_eq!(list["total"], 3);
    assert_eq!(list["entries"][2]["roomId"], "or-2");
    let (_, thing) = block.thing("/things/urn:chiron:thing:al-1").await;
    let href = thing["actions"]["setIntensity"]["forms"][0]["href"].as_str().unwrap();
    assert_eq!(href, format!("{}/dimmable/al-1", block.base));
}

/// Does what it is told as often as it is told something, and answers with the status.
async fn obey(unit: &mut Unit, status: u16) -> Value {
    let command = unit.hear().await;
    let answer = json!({"id": command["id"], "status": status});
    unit.send(&answer.to_string()).await;
    command
}

#[tokio::test]
async fn an_action_is_done_when_the_unit_has_answered() {
    let block = Block::open().await;
    assert_eq!(block.post("/dimmable/al-1", Some(json!({"intensity": 1}))).await, 404);
    let mut unit = block.unit().await;
    announce(&mut unit).await;
    let post = |path: &'static str, body: Option<Value>| block.post(path, body);
    let (done, command) =
        tokio::join!(post("/dimmable/al-1", Some(json!({"intensity": 250}))), obey(&mut unit, 200));
    assert_eq!(done, 204);
    assert_eq!(command["command"], 3);
    assert_eq!(command["room_id"], "or-1");
    assert_eq!(command["status"], 250);
    assert_eq!(command["actuator_id"], "al-1");
    let (done, command) = tokio::join!(post("/switchable/h-1/on", None), obey(&mut unit, 200));
    assert_eq!((done, &command["status"]), (204, &json!("on")));
    let (done, command) = tokio::join!(post("/switchable/h-1/off", None), obey(&mut unit, 200));
    assert_eq!((done, &command["status"]), (204, &json!("off")));
    let (done, _) = tokio::join!(post("/switchable/h-1/on", None), obey(&mut unit, 409));
    assert_eq!(done, 409);
    for (path, body, expected) in [
        ("/switchable/h-1/dim", None, 400),
        ("/switchable/al-1/on", None, 400),
        ("/dimmable/h-1", Some(json!({"intensity": 1})), 400),
        ("/dimmable/v-1", Some(json!({"intensity": 101})), 400),
        ("/dimmable/al-1", Some(json!({"intensity": "bright"})), 400),
        ("/dimmable/al-1", Some(json!({})), 400),
        ("/dimmable/x", Some(json!({"intensity": 1})), 404),
    ] {
        assert_eq!(post(path, body).await, expected, "{path}");
    }
    // While it waits for the unit, the action is work under way; a silent unit ends it.
    let silent = async {
        let first = unit.hear().await;
        assert!(0 < block.runtime.activity.snapshot().pending);
        let second = unit.hear().await;
        assert_eq!(first, second, "the same command, again");
        // It comes back, and does it.
        drop(unit);
        let mut unit = block.unit().await;
        announce(&mut unit).await;
        assert_eq!(obey(&mut unit, 204).await, first);
        unit
    };
    let (done, unit) = tokio::join!(post("/switchable/h-1/on", None), silent);
    assert_eq!(done, 204);
    drop(unit);
    block.rest().await;
    while block.get("/api/v1/units").await.1["total"] != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(post("/switchable/h-1/on", None).await, 503);
}

#[tokio::test]
async fn who_has_no_valid_token_says_nothing() {
    let block = Block::open().await;
    let sample = json!({"type": 0, "room_id": "or-1", "temperature_value": 20, "id": "s"});
    let timed = json!({
        "type": 0, "room_id": "or-1", "temperature_value": 20, "id": "s", "time": T1,
    });
    let mut unit = Unit::connect(block.lines).await;
    assert_eq!(unit.ask(&sample).await["status"], 401);
    assert_eq!(unit.ask(&json!({"token": "forged", "id": "t"})).await["status"], 401);
    assert_eq!(unit.hear().await, Value::Null, "the connection ends");

    let mut unit = Unit::connect(block.lines).await;
    let other = block.hands.token("unit", &["admin"], &["twins:write"], true);
    assert_eq!(unit.ask(&json!({"token": other, "id": "t"})).await["status"], 403);
    assert_eq!(unit.hear().await, Value::Null);

    let mut unit = Unit::connect(block.lines).await;
    let no_time = block.hands.token("unit", &[], &["lines:write"], false);
    assert_eq!(unit.ask(&json!({"token": no_time, "id": "t"})).await["status"], 204);
    assert_eq!(unit.ask(&timed).await["status"], 403);
    assert_eq!(unit.ask(&sample).await["status"], 204);
    assert_eq!(block.property("or-1", "temperature").await.0, json!(20.0));

    let anonymous = block.client.post(format!("{}/switchable/h-1/on", block.base));
    assert_eq!(anonymous.send().await.unwrap().status().as_u16(), 401);
    for (role, list, act, units) in [
        ("block-manager", 200, 403, 403),
        ("nurse", 200, 403, 403),
        ("developer", 200, 403, 200),
        ("admin", 200, 404, 200),
        ("display", 403, 403, 403),
    ] {
        let token = block.hands.token("somebody", &[role], &[], false);
        let status = async |request: reqwest::RequestBuilder| {
            request.bearer_auth(&token).send().await.unwrap().status().as_u16()
        };
        let url = |path: &str| format!("{}{path}", block.base);
        let client = &block.client;
        assert_eq!(status(client.get(url("/api/v1/actuators"))).await, list, "{role}");
        assert_eq!(status(client.post(url("/switchable/x/on"))).await, act, "{role}");
        assert_eq!(status(client.get(url("/api/v1/units"))).await, units, "{role}");
    }
}

#[tokio::test]
async fn lines_that_are_too_long_or_nonsense_hold_nobody_up() {
    let block = Block::open().await;
    let mut unit = block.unit().await;
    unit.send(&format!("{{\"type\":9,\"room_id\":\"{}\"}}", "x".repeat(20_000))).await;
    assert_eq!(unit.hear().await["status"], 413);
    unit.send("nonsense").await;
    assert_eq!(unit.hear().await["status"], 400);
    unit.send("").await;
    // A line without an id that succeeds is not answered; the next answer is the next line's.
    unit.send(&json!({"type": 9, "room_id": "or-1"}).to_string()).await;
    assert_eq!(unit.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    assert_eq!(unit.say(json!({"type": 9, "room_id": "p-1"})).await, 404, "no room");
    // One that hangs in the middle of a line does not disturb another.
    let mut slow = block.unit().await;
    tokio::io::AsyncWriteExt::write_all(&mut slow.writer, b"{\"type\":").await.unwrap();
    assert_eq!(unit.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    assert_eq!(block.get("/api/v1/units").await.1["total"], 2);
}

/// Lets the machine's time pass that the door goes by, once it has read all that was sent.
async fn pass(time: Duration) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// A connection in which nothing is said, or a line without an end, holds its place for a while.
#[tokio::test]
async fn who_says_nothing_is_left() {
    let block = Block::open().await;
    let mut stranger = Unit::connect(block.lines).await;
    pass(Duration::from_secs(11)).await;
    assert_eq!(stranger.hear().await, Value::Null, "no token in time");
    let mut silent = block.unit().await;
    pass(Duration::from_secs(590)).await;
    assert_eq!(silent.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    pass(Duration::from_secs(590)).await;
    assert_eq!(silent.say(json!({"type": 9, "room_id": "or-1"})).await, 204, "ten minutes anew");
    tokio::io::AsyncWriteExt::write_all(&mut silent.writer, b"{\"type\":").await.unwrap();
    pass(Duration::from_secs(601)).await;
    assert_eq!(silent.hear().await, Value::Null, "silent for too long");
    while block.get("/api/v1/units").await.1["total"] != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// It says line after line and takes no answer: what waits for it is bounded, and so is the wait.
#[tokio::test]
async fn who_does_not_read_is_left() {
    let block = Block::open().await;
    let mut deaf = block.unit().await;
    let line = format!("{{\"type\":7,\"id\":\"{}\"}}\n", "x".repeat(100));
    let lines = line.repeat(200);
    loop {
        let written = tokio::io::AsyncWriteExt::write_all(&mut deaf.writer, lines.as_bytes());
        if tokio::time::timeout(Duration::from_secs(2), written).await.is_err() {
            break;
        }
    }
    pass(Duration::from_secs(11)).await;
    let mut other = block.unit().await;
    assert_eq!(other.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    while block.get("/api/v1/units").await.1["total"] != 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(block.runtime.activity.snapshot().pending, 0, "its lines count no longer");
}

/// The token under which a unit is told what to do has to be valid.
#[tokio::test]
async fn whose_token_expires_is_told_nothing_more() {
    let block = Block::open().await;
    let mut unit = Unit::connect(block.lines).await;
    let token = |seconds| json!({"token": block.hands.short_token("unit", &[], &["lines:write"], seconds), "id": "t"});
    assert_eq!(unit.ask(&token(300)).await["status"], 204);
    assert_eq!(unit.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    pass(Duration::from_secs(250)).await;
    assert_eq!(unit.ask(&token(400)).await["status"], 204, "in time");
    pass(Duration::from_secs(390)).await;
    assert_eq!(unit.say(json!({"type": 9, "room_id": "or-1"})).await, 204);
    pass(Duration::from_secs(30)).await;
    assert_eq!(unit.hear().await, Value::Null);
    while block.get("/api/v1/units").await.1["total"] != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn observers_are_told_of_a_change() {
    let block = Block::open().await;
    let mut unit = block.unit().await;
    announce(&mut unit).await;
    assert_eq!(block.get("/things/al-1/properties/intensity/observe").await.0, 404);
    assert_eq!(unit.say(state("al-1", "on", 100, T1)).await, 204);
    let change = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(unit.say(state("h-1", "on", 100, T2)).await, 204);
        assert_eq!(unit.say(state("al-1", "on", 100, T2)).await, 204);
        assert_eq!(unit.say(state("al-1", "on", 120, T2)).await, 204);
    };
    let observed = block.get("/things/al-1/properties/intensity/observe");
    let (observed, ()) = tokio::join!(observed, change);
    assert_eq!(observed, (200, json!(120)));
}

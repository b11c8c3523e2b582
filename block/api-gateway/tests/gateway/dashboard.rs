//! What the dashboards read, whole, in part, and not at all.

use chiron_chassis::Service;
use serde_json::{Value, json};

use crate::surroundings::{Example, body, places};

const NOWHERE: &str = "http://127.0.0.1:1";
const COMPLETE_TO: (&str, &str) = ("chiron-complete-to", "2026-05-15T05:59:59.000Z");

fn room(id: &str, zone: &str, kind: &str) -> Value {
    let entry = json!({"id": id, "name": "", "zoneId": zone, "type": kind});
    json!({"entry": entry, "url": format!("http://elsewhere/{id}")})
}

#[tokio::test]
async fn patients_are_called_by_codes() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let asked = "/patient-codes?patientId=p-1&patientId=p-2&patientId=p-1";
    let (status, told) = body(example.read(asked, &anna).await).await;
    assert_eq!(status, 200);
    let code = |nth: usize| told["entries"][nth]["code"].as_str().unwrap().to_owned();
    assert!(code(0).starts_with("P-") && code(0).len() == 6, "{told}");
    assert_eq!((code(0), told["entries"][1]["patientId"].as_str()), (code(2), Some("p-2")));
    assert_ne!(code(0), code(1));
    let wall = example.token_of("display").await;
    assert_eq!(body(example.read(asked, &wall).await).await, (200, told));
    let developer = example.token_of("developer").await;
    assert_eq!(example.read(asked, &developer).await.status(), 403);
    let (status, _) = body(example.read("/patient-codes?patientId=", &anna).await).await;
    assert_eq!(status, 400);
    let many: Vec<String> = (0..201).map(|n| format!("patientId=p-{n}")).collect();
    let many = format!("/patient-codes?{}", many.join("&"));
    assert_eq!(example.read(&many, &anna).await.status(), 400);
    let none = body(example.read("/patient-codes", &anna).await).await;
    assert_eq!(none, (200, json!({"entries": []})));
}

#[tokio::test]
async fn zones_have_all_their_rooms() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    example.table.answer("GET /api/v1/rooms", 204, Value::Null);
    assert_eq!(body(example.read("/zones", &anna).await).await, (204, Value::Null));
    let entries = [
        room("or-1", "b", "OPERATING_ROOM"),
        room("or-2", "a", "OPERATING_ROOM"),
        room("or-3", "b", "OPERATING_ROOM"),
        room("pre-1", "b", "PRE_OPERATING_ROOM"),
    ];
    let list = json!({"entries": entries, "total": 4, "next": null});
    example.table.answer("GET /api/v1/rooms", 200, list);
    let (status, zones) = body(example.read("/zones", &anna).await).await;
    assert_eq!(status, 200);
    let told = |id: &str, kind: &str| json!({"id": id, "name": "", "type": kind, "layout": null});
    let rooms = [
        told("or-1", "OPERATING_ROOM"),
        told("or-3", "OPERATING_ROOM"),
        told("pre-1", "PRE_OPERATING_ROOM"),
    ];
    let b = json!({"zoneId": "b", "name": null, "order": null, "preOperatingRoomId": "pre-1",
        "operatingRoomId": "or-1", "rooms": rooms});
    let a = json!({"zoneId": "a", "name": null, "order": null, "preOperatingRoomId": null,
        "operatingRoomId": "or-2", "rooms": [told("or-2", "OPERATING_ROOM")]});
    assert_eq!(zones, json!([b, a]));
    let labels = json!({"entries": [{"zoneId": "a", "name": "Day surgery", "order": 1}],
        "total": 1, "next": null});
    example.table.answer("GET /api/v1/zones", 200, labels);
    let (_, zones) = body(example.read("/zones", &anna).await).await;
    assert_eq!((&zones[0]["name"], &zones[1]), (&json!("Day surgery"), &b));
    assert_eq!(example.table.asked().last().unwrap().by, "anna", "asked in her name");

    example.table.answer("GET /api/v1/rooms", 200, Value::String("no JSON".to_owned()));
    assert_eq!(example.read("/zones", &anna).await.status(), 503);
    example.table.answer("GET /api/v1/rooms", 500, json!({}));
    assert_eq!(example.read("/zones", &anna).await.status(), 503);
    example.hands.point(Service::BuildingManagement, NOWHERE);
    let down = example.read("/zones", &anna).await;
    assert_eq!(
        (down.status().as_u16(), &down.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
}

#[tokio::test]
async fn rooms_leave_out_what_was_never_measured() {
    let example = Example::start().await;
    let display = example.token_of("display-1").await;
    let room = |environment: Value| {
        json!({"id": "or-1", "name": "Theatre", "zoneId": "z", "type": "OPERATING_ROOM",
            "environmentalData": environment})
    };
    let lux = json!({"value": 98.5, "unit": "LUX"});
    let environment =
        json!({"temperature": null, "humidity": 57.0, "luminosity": lux, "presence": false});
    let what = "GET /api/v1/rooms/or-1";
    example.table.answer_with(what, 200, &[COMPLETE_TO], room(environment));
    let answer = example.read("/room-info/or-1", &display).await;
    assert_eq!(answer.headers()[COMPLETE_TO.0], COMPLETE_TO.1);
    let expected = room(json!({"humidity": 57.0, "luminosity": lux, "presence": false}));
    assert_eq!(body(answer).await, (200, expected.clone()));
    let answer = example.read_in_room("/room-info/or-1", &display).await;
    assert_eq!(body(answer).await, (200, expected));

    let nothing =
        json!({"temperature": null, "humidity": null, "luminosity": null, "presence": null});
    example.table.answer(what, 200, room(nothing));
    let (_, bare) = body(example.read("/room-info/or-1", &display).await).await;
    assert_eq!(bare.get("environmentalData"), None);

    assert_eq!(example.read("/room-info/cellar", &display).await.status(), 404);
    let developer = example.token_of("developer-1").await;
    assert_eq!(example.read("/room-info/or-1", &developer).await.status(), 403);
    example.hands.point(Service::BuildingManagement, NOWHERE);
    assert_eq!(example.read("/room-info/or-1", &display).await.status(), 503);
    assert_eq!(example.read_in_room("/room-info/or-1", &display).await.status(), 503);
}

fn process(id: &str, began: &str, rooms: [Option<&str>; 3]) -> Value {
    let room = |id: Option<&str>, kind: &str| match id {
        Some(id) => json!({"id": {"id": id}, "type": kind}),
        None => Value::Null,
    };
    let [pre, operating, post] = rooms;
    json!({
        "processId": id, "dateTime": began, "type": "Emergency", "patientId": format!("patient of {id}"),
        "healthProfessionalId": null, "state": "SURGERY", "step": null, "surgeryId": null,
        "preOperatingRoom": room(pre, "PRE_POST_OPERATING_ROOM"),
        "operatingRoom": room(operating, "OPERATING_ROOM"),
        "postOperatingRoom": room(post, "PRE_POST_OPERATING_ROOM"),
    })
}

#[tokio::test]
async fn a_room_shows_its_newest_surgery() {
    let example = Example::start().await;
    let display = example.token_of("display-1").await;
    let list = |processes: &[Value]| {
        let list = json!({"entries": processes, "total": processes.len(), "next": null});
        example.table.answer_with("GET /api/v1/processes", 200, &[COMPLETE_TO], list);
    };
    let rooms = |id: &str, rooms: &[&str]| {
        let stays: Vec<_> = rooms.iter().map(|room| json!({"roomId": room})).collect();
        let what = format!("GET /api/v1/processes/{id}");
        example.table.answer(&what, 200, json!({"processId": id, "rooms": stays}));
    };
    let old = process("old", "2026-05-15T05:00:00.000Z", [Some("pre-1"), Some("or-1"), None]);
    let new = process("new", "2026-05-15T05:30:00.000Z", [None, Some("or-2"), None]);
    list(&[old.clone(), new.clone()]);
    rooms("old", &["pre-1", "or-1"]);
    rooms("new", &["or-2"]);
    let info = async |query: &str| {
        body(example.read(&format!("/process-info?{query}"), &display).await).await
    };
    let state = async |query: &str| {
        body(example.read_in_room(&format!("/process-state?{query}"), &display).await).await
    };
    let both = "operatingRoomId=or-1&preOperatingRoomId=pre-1";
    assert_eq!(info(both).await, (200, old.clone()));
    assert_eq!(info("operatingRoomId=or-2").await, (200, new.clone()));
    assert_eq!(info("preOperatingRoomId=pre-1").await, (200, old.clone()));
    let told = json!({"state": "SURGERY", "step": null, "processId": "new"});
    assert_eq!(state("operatingRoomId=or-2").await, (200, told));
    assert_eq!(info("operatingRoomId=or-9").await, (204, Value::Null));
    // A process without a room for before is not everybody's.
    assert_eq!(state("operatingRoomId=or-9").await, (204, Value::Null));

    // The newer patient was in the theatre before.
    rooms("new", &["or-1", "or-2"]);
    assert_eq!(info(both).await, (200, new.clone()));
    let answer = example.read(&format!("/process-info?{both}"), &display).await;
    assert_eq!(answer.headers()[COMPLETE_TO.0], COMPLETE_TO.1);
    assert!(!answer.headers().contains_key("chiron-partial"));

    // Whether it was cannot be told: the rest is, and that something is missing.
    example.table.answer("GET /api/v1/processes/new", 503, json!({}));
    let partial = example.read(&format!("/process-info?{both}"), &display).await;
    assert_eq!(partial.headers()["chiron-partial"], "surgical-process-monitoring");
    assert_eq!(body(partial).await, (200, old.clone()));
    // One that cannot be read hides no other.
    list(&[json!({"processId": "odd"}), old.clone()]);
    let partial = example.read(&format!("/process-info?{both}"), &display).await;
    assert_eq!(partial.headers()["chiron-partial"], "surgical-process-monitoring");
    assert_eq!(body(partial).await, (200, old));

    example.table.answer("GET /api/v1/processes", 204, Value::Null);
    assert_eq!(info(both).await, (204, Value::Null));
    let refused = places(example.read("/process-info", &display).await).await;
    assert_eq!(refused, (400, vec!["?operatingRoomId".to_owned()]));
    let refused = places(example.read("/process-info?operatingRoomId=", &display).await).await;
    assert_eq!(refused, (400, vec!["?operatingRoomId".to_owned()]));
    let refused = places(example.read_in_room("/process-state", &display).await).await;
    assert_eq!(refused, (400, vec!["?operatingRoomId".to_owned()]));
    example.hands.point(Service::SurgicalProcess, NOWHERE);
    assert_eq!(info(both).await.0, 503);
    assert_eq!(state("operatingRoomId=or-1").await.0, 503);
}

#[tokio::test]
async fn reports_come_without_wrapping() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    example.table.answer("GET /api/v1/reports", 204, Value::Null);
    assert_eq!(body(example.read("/surgery-reports", &anna).await).await, (204, Value::Null));
    let entry = json!({"surgicalProcessID": "p", "patientId": "x", "patientName": null});
    let list = json!({"entries": [{"entry": entry, "url": "u"}], "total": 2, "next": "c/1"});
    example.table.answer("GET /api/v1/reports?limit=1", 200, list.clone());
    let page = example.read("/surgery-reports?limit=1", &anna).await;
    let link = format!(
        "<{}/api/v1/obd/surgery-reports?limit=1&cursor=c%2F1>; rel=\"next\"",
        example.block
    );
    assert_eq!(page.headers()["link"], link.as_str());
    assert_eq!(body(page).await, (200, json!([entry])));
    example.table.answer("GET /api/v1/reports?limit=1&cursor=c%2F1", 204, Value::Null);
    assert_eq!(example.read("/surgery-reports?limit=1&cursor=c%2F1", &anna).await.status(), 204);
    let problem = json!({"errors": [{"pointer": "?limit", "detail": "is too much"}]});
    example.table.answer("GET /api/v1/reports?limit=99999", 400, problem);
    let refused = places(example.read("/surgery-reports?limit=99999", &anna).await).await;
    assert_eq!(refused, (400, vec!["?limit".to_owned()]));

    let report = json!({
        "surgicalProcessID": "p", "healthcareUser": null,
        "stepData": {"ANESTHESIA": {"patientVitalSignAggregateData": {
            "average": {"heartBeat": 64, "bodyTemperature": null},
        }}},
    });
    example.table.answer_with("GET /api/v1/reports/p", 200, &[("etag", "\"7\"")], report);
    let answer = example.read("/surgery-reports/p", &anna).await;
    assert_eq!(answer.headers()["etag"], "\"7\"");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let expected = json!({
        "surgicalProcessID": "p", "healthcareUser": null,
        "stepData": {"ANESTHESIA": {"patientVitalSignAggregateData": {"average": {"heartBeat": 64}}}},
    });
    assert_eq!(body(answer).await, (200, expected));
    let html = [("content-type", "text/html"), ("content-disposition", "inline")];
    let page = Value::String("<h1>Report</h1>".to_owned());
    example.table.answer_with("GET /api/v1/reports/p", 200, &html, page);
    let url = format!("{}/api/v1/obd/surgery-reports/p", example.block);
    let asked = example.client.get(url).bearer_auth(&anna).header("accept", "text/html");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(answer.headers()["content-disposition"], "inline");
    assert_eq!(answer.text().await.unwrap(), "<h1>Report</h1>");
    assert_eq!(example.table.asked().last().unwrap().headers["accept"], "text/html");
    assert_eq!(example.read("/surgery-reports/q", &anna).await.status(), 404);

    let display = example.token_of("display-1").await;
    assert_eq!(example.read("/surgery-reports", &display).await.status(), 403);
    example.hands.point(Service::SurgeryReport, NOWHERE);
    assert_eq!(example.read("/surgery-reports", &anna).await.status(), 503);
    assert_eq!(example.read("/surgery-reports/p", &anna).await.status(), 503);
}

#[tokio::test]
async fn additions_are_made_in_the_name_of_their_author() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let add = async |id: &str, token: &str, text: &Value| {
        let url = format!("{}/api/v1/obd/surgery-report-integration/{id}", example.block);
        example.client.patch(url).bearer_auth(token).json(text).send().await.unwrap()
    };
    let text = json!({"additionalData": "two swabs"});
    example.table.answer("PATCH /api/v1/reports/p", 204, Value::Null);
    assert_eq!(body(add("p", &anna, &text).await).await, (200, Value::Null));
    let asked = example.table.asked().pop().unwrap();
    assert_eq!(
        (asked.by.as_str(), asked.body.as_str()),
        ("anna", r#"{"additionalData":"two swabs"}"#)
    );
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(add("q", &anna, &text).await.status(), 404);
    let refused = places(add("p", &anna, &json!({"additional": "x"})).await).await;
    assert_eq!(refused.0, 400);
    example.table.answer("PATCH /api/v1/reports/p", 409, json!({"detail": "it is signed"}));
    assert_eq!(add("p", &anna, &text).await.status(), 409);
    let manager = example.token_of("block-manager-1").await;
    assert_eq!(add("p", &manager, &text).await.status(), 403, "managers read reports");
    example.hands.point(Service::SurgeryReport, NOWHERE);
    assert_eq!(add("p", &anna, &text).await.status(), 503);
}

fn tracked(places: &[(&str, &str)]) -> Value {
    let entry = |(who, room): &(&str, &str)| {
        json!({"dateTime": "2026-05-15T05:50:00.000Z", "roomId": room,
            "healthProfessionalId": who, "trackingType": "ENTER"})
    };
    let entries: Vec<_> = places.iter().map(entry).collect();
    json!({"entries": entries, "total": places.len(), "next": null})
}

fn info(who: &str, name: Option<&str>, room: &str) -> Value {
    json!({
        "healthProfessionalId": who, "room": room, "healthProfessionalName": name,
        "healthProfessionalSurname": name.map(|_| "Neri"),
        "healthProfessionalRole": name.map(|_| "NURSE"),
    })
}

#[tokio::test]
async fn people_are_told_by_name_where_they_are_known() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let theatre = "GET /api/v1/rooms-tracking-data/or-1";
    let recovery = "GET /api/v1/rooms-tracking-data/pre-1";
    example.table.answer_with(
        theatre,
        200,
        &[COMPLETE_TO],
        tracked(&[("hp-1", "or-1"), ("hp-2", "or-1")]),
    );
    let earlier = "2026-05-15T05:59:58.000Z";
    example.table.answer_with(recovery, 204, &[(COMPLETE_TO.0, earlier)], Value::Null);
    let name = json!({"healthProfessionalId": "hp-1", "name": "Sara", "surname": "Neri",
        "gender": "FEMALE", "role": "NURSE"});
    example.table.answer("GET /api/v1/healthProfessionals/hp-1", 200, name);
    let zone = "/zone-hp-tracking-info";
    let query = format!("{zone}?operatingRoomId=or-1&preOperatingRoomId=pre-1");
    // User management does not know hp-2: nothing more can be told, and nothing is missing.
    let expected = json!([info("hp-1", Some("Sara"), "or-1"), info("hp-2", None, "or-1")]);
    let answer = example.read(&query, &anna).await;
    assert_eq!(answer.headers()[COMPLETE_TO.0], earlier, "as current as its oldest part");
    assert!(!answer.headers().contains_key("chiron-partial"));
    assert_eq!(body(answer).await, (200, expected.clone()));

    // As older dashboards ask.
    let url = format!("{}/api/v1/obd{zone}", example.block);
    let old = |text: &'static str| example.client.get(&url).bearer_auth(&anna).body(text).send();
    let both = r#"{"operatingRoomId": "or-1", "preOperatingRoomId": "pre-1"}"#;
    assert_eq!(body(old(both).await.unwrap()).await, (200, expected.clone()));
    let check = |answer, expected: &str| {
        assert_eq!(answer, (400, vec![expected.to_owned()]));
    };
    check(places(old("{").await.unwrap()).await, "");
    check(places(old("{}").await.unwrap()).await, "?operatingRoomId");
    check(places(old(r#"{"operatingRoomId": 1}"#).await.unwrap()).await, "/operatingRoomId");
    check(places(old(r#"{"operatingRoomId": ""}"#).await.unwrap()).await, "/operatingRoomId");
    check(places(example.read(zone, &anna).await).await, "?operatingRoomId");
    let empty = format!("{zone}?operatingRoomId=or-1&preOperatingRoomId=");
    check(places(example.read(&empty, &anna).await).await, "?preOperatingRoomId");

    // Names are remembered; hp-3 is new, and nobody can be asked.
    let block = "GET /api/v1/block-tracking-data";
    example.table.answer(block, 200, tracked(&[("hp-1", "or-1"), ("hp-3", "or-2")]));
    example.hands.point(Service::UserManagement, NOWHERE);
    let partial = example.read("/block-hp-tracking-info", &anna).await;
    assert_eq!(partial.headers()["chiron-partial"], "user-management-integration");
    let expected = json!([info("hp-1", Some("Sara"), "or-1"), info("hp-3", None, "or-2")]);
    assert_eq!(body(partial).await, (200, expected));

    // One of two rooms.
    example.table.answer(recovery, 500, json!({}));
    let partial = example.read(&query, &anna).await;
    assert_eq!(partial.headers()["chiron-partial"], "staff-tracking");
    assert_eq!(partial.status(), 200);
    example.table.answer(theatre, 204, Value::Null);
    let partial = example.read(&query, &anna).await;
    assert_eq!(
        (partial.status().as_u16(), &partial.headers()["chiron-partial"]),
        (204, &"staff-tracking".parse().unwrap())
    );
    example.hands.point(Service::StaffTracking, NOWHERE);
    let down = example.read(&query, &anna).await;
    assert_eq!(
        (down.status().as_u16(), &down.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert_eq!(example.read("/block-hp-tracking-info", &anna).await.status(), 503);
}

#[tokio::test]
async fn a_wall_screen_gets_counts_and_no_names() {
    let example = Example::start().await;
    let display = example.token_of("display-1").await;
    let block = "GET /api/v1/block-tracking-data";
    let all = tracked(&[("hp-1", "or-1"), ("hp-2", "or-2"), ("hp-3", "or-1")]);
    example.table.answer(block, 200, all);
    let answer = example.read("/block-hp-tracking-info", &display).await;
    let expected = json!([{"room": "or-1", "count": 2}, {"room": "or-2", "count": 1}]);
    assert_eq!(body(answer).await, (200, expected));
    let asked = example.table.asked();
    assert_eq!((asked.len(), asked[0].by.as_str()), (1, "api-gateway"));
    example.table.answer(block, 204, Value::Null);
    assert_eq!(example.read("/block-hp-tracking-info", &display).await.status(), 204);
    let admin = example.token_of("admin-1").await;
    assert_eq!(example.read("/block-hp-tracking-info", &admin).await.status(), 403);
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    // Accepts connections and says nothing.
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = silent.local_addr().unwrap();
    example.hands.point(Service::SurgeryReport, format!("http://{address}"));
    let answer = example.read("/surgery-reports", &anna).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    drop(silent);
}

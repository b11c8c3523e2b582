//! Events in, answers out: the routes of the contract, accepted and refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use block_language::tracking::TrackingEvent;
use chiron_broker::{Headers, NewRecord};
use chiron_chassis::{Runtime, TestHands};
use serde_json::{Value, json};
use staff_tracking::{COLLECTIONS, NAME, api, start};

struct Block {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    client: reqwest::Client,
}

impl Block {
    async fn open() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        start(&runtime);
        let base = hands.serve(api(&runtime), &runtime).await;
        Self { runtime, hands, base, client: chiron_chassis::http_client().unwrap() }
    }

    /// Publishes reads such as `08:00 hp-1 +or-1` and waits until they are handled.
    async fn tell(&self, reads: &str) {
        let records = reads.split(", ").map(|read| {
            let [at, who, door] = read.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let (way, room) = door.split_at(1);
            let event = TrackingEvent {
                health_professional_id: who.to_owned(),
                room_id: room.to_owned(),
                entered: way == "+",
                date_time: format!("2026-05-15T{at}:00Z").parse().unwrap(),
            };
            event.into_record(&format!("{at}{who}{door}"), "test").unwrap()
        });
        self.publish(records.collect()).await;
    }

    async fn publish(&self, records: Vec<NewRecord>) {
        self.runtime.broker.publish(records).await.unwrap();
        while 0 < self
            .runtime
            .broker
            .lag("tracking-data-consumer", &["tracking-events"])
            .await
            .unwrap()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn get_as(&self, roles: &[&str], grants: &[&str], path: &str) -> reqwest::Response {
        let token = self.hands.token("somebody", roles, grants, false);
        let url = format!("{}/api/v1/{path}", self.base);
        self.client.get(url).bearer_auth(token).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.get_as(&["block-manager"], &[], path).await;
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// The answer as `08:00 hp-1 +or-1, …`, or its status.
    async fn brief(&self, path: &str) -> String {
        let (status, list) = self.get(path).await;
        let Some(entries) = list.get("entries").and_then(Value::as_array) else {
            return status.to_string();
        };
        let brief = |entry: &Value| {
            let text = |name: &str| entry.get(name).unwrap().as_str().unwrap().to_owned();
            let way = if text("trackingType") == "ENTER" { "+" } else { "-" };
            let at = text("dateTime");
            format!(
                "{} {} {way}{}",
                at.get(11..16).unwrap(),
                text("healthProfessionalId"),
                text("roomId")
            )
        };
        entries.iter().map(brief).collect::<Vec<_>>().join(", ")
    }
}

const DAY: &str = "05:00 hp-1 +or-1, 05:05 hp-1 +or-2, 05:06 hp-1 -or-1, 05:05 hp-2 +or-2, \
                   05:30 hp-2 -or-2, 05:40 hp-3 +pre-1, 05:40 hp-3 -or-1";

#[tokio::test]
async fn who_is_where_now_then_and_in_between() {
    let block = Block::open().await;
    assert_eq!(block.brief("block-tracking-data").await, "204");
    block.tell(DAY).await;
    block.tell(DAY).await;
    for (path, expected) in [
        ("block-tracking-data", "05:05 hp-1 +or-2, 05:40 hp-3 +pre-1"),
        ("rooms-tracking-data/or-2", "05:05 hp-1 +or-2"),
        ("rooms-tracking-data/or-1", "204"),
        ("health-professionals-tracking-data/hp-1", "05:05 hp-1 +or-2"),
        ("health-professionals-tracking-data/hp-2", "204"),
        ("health-professionals-tracking-data/hp-9", "204"),
        ("block-tracking-data?at=2026-05-15T05:29:59.999Z", "05:05 hp-1 +or-2, 05:05 hp-2 +or-2"),
        ("rooms-tracking-data/or-2?at=2026-05-15T05:30:00Z", "05:05 hp-1 +or-2"),
        ("health-professionals-tracking-data/hp-1?at=2026-05-15T05:04:00Z", "05:00 hp-1 +or-1"),
        (
            "block-tracking-data?from=2026-05-15T05:05:00Z&to=2026-05-15T05:30:00Z",
            "05:05 hp-1 +or-2, 05:05 hp-2 +or-2, 05:06 hp-1 -or-1, 05:30 hp-2 -or-2",
        ),
        ("block-tracking-data?from=2026-05-15T05:40:00Z", "05:40 hp-3 -or-1, 05:40 hp-3 +pre-1"),
        ("rooms-tracking-data/or-1?to=2026-05-15T05:06:00Z", "05:00 hp-1 +or-1, 05:06 hp-1 -or-1"),
        ("block-tracking-data?from=2026-05-15T05:50:00Z", "204"),
        ("block-tracking-data?from=yesterday", "400"),
        ("block-tracking-data?at=2026-05-15T05:00:00Z&from=2026-05-15T05:00:00Z", "400"),
        ("block-tracking-data?limit=0", "400"),
        ("block-tracking-data?limit=10001", "400"),
        ("block-tracking-data?to=2026-05-15T05:06:00Z&cursor=x", "400"),
    ] {
        assert_eq!(block.brief(path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn pages_joined_are_the_list() {
    let block = Block::open().await;
    block.tell(DAY).await;
    for path in [
        "block-tracking-data?to=2026-05-15T06:00:00Z",
        "block-tracking-data?from=2026-05-15T00:00:00Z",
    ] {
        let (_, whole) = block.get(path).await;
        let mut joined = Vec::new();
        let mut next = String::new();
        loop {
            let (status, page) = block.get(&format!("{path}&limit=2{next}")).await;
            assert_eq!(status, 200);
            assert_eq!(page.get("total"), whole.get("total"));
            joined.extend(page.get("entries").unwrap().as_array().unwrap().clone());
            match page.get("next").unwrap().as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(&Value::Array(joined), whole.get("entries").unwrap());
        assert_eq!(whole.get("total"), Some(&json!(7)));
    }
}

#[tokio::test]
async fn an_entry_has_the_contracts_fields_and_the_answer_says_how_current_it_is() {
    let block = Block::open().await;
    block.tell("05:11 hp-7 +or-2").await;
    let answer = block.get_as(&["nurse"], &[], "block-tracking-data").await;
    let complete_to =
        answer.headers().get("chiron-complete-to").unwrap().to_str().unwrap().to_owned();
    assert_eq!(complete_to, "2026-05-15T06:00:00.000Z");
    let list: Value = answer.json().await.unwrap();
    let expected = json!({
        "entries": [{
            "dateTime": "2026-05-15T05:11:00.000Z",
            "roomId": "or-2",
            "healthProfessionalId": "hp-7",
            "trackingType": "ENTER"
        }],
        "total": 1,
        "next": null
    });
    assert_eq!(list, expected);
}

#[tokio::test]
async fn history_is_for_the_block_manager_and_accounts_with_the_grant() {
    let block = Block::open().await;
    let now = "block-tracking-data";
    let then = "block-tracking-data?to=2026-05-15T06:00:00Z";
    for (roles, grants, on_now, on_history) in [
        (vec!["nurse"], vec![], 204, 403),
        (vec!["surgeon"], vec![], 204, 403),
        (vec!["block-manager"], vec![], 204, 204),
        (vec!["admin"], vec![], 403, 403),
        (vec!["display"], vec![], 403, 403),
        (vec![], vec!["positions:read", "positions-history:read"], 204, 204),
        (vec![], vec!["positions:read"], 204, 403),
    ] {
        let status = |path| block.get_as(&roles, &grants, path);
        assert_eq!(status(now).await.status().as_u16(), on_now, "{roles:?} {grants:?}");
        assert_eq!(status(then).await.status().as_u16(), on_history, "{roles:?} {grants:?}");
    }
    for route in api(&block.runtime).routes() {
        if route.need.is_some() {
            let url = format!("{}{}", block.base, route.path.replace(['{', '}'], ""));
            let answer = block.client.request(route.method, url).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 401, "{}", route.path);
        }
    }
}

#[tokio::test]
async fn what_is_no_passage_goes_to_the_dead_letters_and_stops_nobody() {
    let block = Block::open().await;
    let wrong = |value: &str| NewRecord {
        topic: "tracking-events".to_owned(),
        aggregate: "hp-1".to_owned(),
        key: "TRACKING_EVENT".to_owned(),
        value: value.to_owned(),
        headers: Headers::new(),
    };
    let with_id = |id: &str, at: &str| {
        let event = json!({"key": "TRACKING_EVENT", "healthProfessionalId": id, "roomId": "or-1", "data": true, "dateTime": at});
        wrong(&event.to_string())
    };
    block
        .publish(vec![
            wrong("not json"),
            wrong("{}"),
            with_id("", "2026-05-15T05:00:00Z"),
            with_id("hp-1", "5/15/2026 5:00 AM"),
            with_id("hp-1", "2026-05-15T07:00:00.1239+02:00"),
        ])
        .await;
    assert_eq!(block.brief("block-tracking-data").await, "05:00 hp-1 +or-1");
    let letters: u64 =
        block.runtime.broker.ends("tracking-events.dead-letters").await.unwrap().values().sum();
    assert_eq!(letters, 4);
}

/// A day with a missed exit, a late one, and two people together.
const SHIFT: &str = "05:00 hp-1 +or-1, 05:10 hp-2 +or-1, 05:20 hp-1 +or-2, 05:25 hp-1 -or-1, \
                     05:30 hp-2 -or-1, 05:40 hp-1 -or-2, 05:45 hp-2 +or-2";

const SPAN: &str = "from=2026-05-15T05:05:00Z&to=2026-05-15T06:00:00Z";

#[tokio::test]
async fn statistics_are_counted_over_positions() {
    let block = Block::open().await;
    block.tell(SHIFT).await;
    block.tell(SHIFT).await;
    let dwell = |who: &str, room: &str, seconds: f64, visits: u32| json!({"healthProfessionalId": who, "roomId": room, "seconds": seconds, "visits": visits});
    let met = |who: &str, room: &str, seconds: f64| json!({"healthProfessionalId": who, "roomId": room, "seconds": seconds});
    let count = |at: &str, count: u32| json!({"dateTime": format!("2026-05-15T{at}:00.000Z"), "count": count});
    let door = |at: &str, who: &str, way: &str| {
        json!({"dateTime": format!("2026-05-15T{at}:00.000Z"), "healthProfessionalId": who,
            "trackingType": way})
    };
    for (path, expected) in [
        (
            format!("dwell-times?{SPAN}"),
            vec![
                dwell("hp-1", "or-1", 900.0, 1),
                dwell("hp-1", "or-2", 1_200.0, 1),
                dwell("hp-2", "or-1", 1_200.0, 1),
                dwell("hp-2", "or-2", 900.0, 1),
            ],
        ),
        (format!("co-presence?healthProfessionalId=hp-1&{SPAN}"), vec![met("hp-2", "or-1", 600.0)]),
        (format!("co-presence?healthProfessionalId=hp-9&{SPAN}"), vec![]),
        (
            format!("headcount?roomId=or-1&{SPAN}"),
            vec![count("05:05", 1), count("05:10", 2), count("05:20", 1), count("05:30", 0)],
        ),
        (format!("headcount?roomId=or-9&{SPAN}"), vec![count("05:05", 0)]),
        (
            format!("door-openings?roomId=or-1&{SPAN}"),
            vec![
                door("05:10", "hp-2", "ENTER"),
                door("05:25", "hp-1", "EXIT"),
                door("05:30", "hp-2", "EXIT"),
            ],
        ),
    ] {
        let total = expected.len();
        let answer = block.get(&format!("statistics/{path}")).await;
        assert_eq!(answer, (200, json!({"entries": expected, "total": total})), "{path}");
    }
    for path in [
        "dwell-times",
        "dwell-times?from=2026-05-15T05:05:00Z",
        "dwell-times?from=x&to=y",
        "dwell-times?from=2026-05-15T06:00:00Z&to=2026-05-15T05:00:00Z",
        &format!("co-presence?{SPAN}"),
        &format!("headcount?{SPAN}"),
        &format!("headcount?roomId=%20&{SPAN}"),
        &format!("door-openings?{SPAN}"),
    ] {
        assert_eq!(block.get(&format!("statistics/{path}")).await.0, 400, "{path}");
    }
    let path = format!("statistics/dwell-times?{SPAN}");
    assert_eq!(block.get_as(&["surgeon"], &[], &path).await.status(), 403);
    assert_eq!(block.get_as(&[], &["positions-history:read"], &path).await.status(), 200);
}

/// Surgical process monitoring as far as statistics ask it.
async fn processes() -> String {
    use axum::{Router, http::StatusCode, response::IntoResponse as _, routing::get};
    let open = || async {
        let process = json!({"dateTime": "2026-05-15T05:15:00.000Z", "endDateTime": null,
            "rooms": [{"roomId": "or-1", "roomType": "OPERATING_ROOM", "from": "", "to": null}]});
        axum::Json(process).into_response()
    };
    let down = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let routes = Router::new().route(
        "/api/v1/processes/{id}",
        get(move |path: axum::extract::Path<String>| async move {
            match path.as_str() {
                "p 1" => open().await,
                "down" => down().await.into_response(),
                _ => StatusCode::NOT_FOUND.into_response(),
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serve = async move { axum::serve(listener, routes).await.unwrap() };
    // Ends with the test's runtime.
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serve);
    });
    base
}

#[tokio::test]
async fn statistics_of_a_surgery_are_those_of_its_rooms_and_time() {
    let block = Block::open().await;
    block.tell(SHIFT).await;
    // Until now, which is 06:00: hp-1 was in the theatre from 05:15 to 05:20, hp-2 until 05:30.
    let path = "statistics/dwell-times?processId=p%201";
    assert_eq!(block.get(path).await.0, 503, "nobody there to ask");
    block.hands.point(chiron_chassis::Service::SurgicalProcess, processes().await);
    let (status, answer) = block.get(path).await;
    assert_eq!(status, 200, "{answer}");
    let seconds: Vec<f64> = answer["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["seconds"].as_f64().unwrap())
        .collect();
    assert_eq!(seconds, [300.0, 900.0]);
    let cut = format!("{path}&to=2026-05-15T05:18:00Z");
    assert_eq!(block.get(&cut).await.1["entries"][0]["seconds"], 180.0);
    let nothing = json!({"entries": [], "total": 0});
    let before = format!("{path}&to=2026-05-15T05:10:00Z");
    assert_eq!(block.get(&before).await, (200, nothing.clone()));
    let elsewhere = "statistics/door-openings?roomId=or-2&processId=p%201";
    assert_eq!(block.get(elsewhere).await, (200, nothing));
    assert_eq!(block.get("statistics/dwell-times?processId=none").await.0, 404);
    assert_eq!(block.get("statistics/dwell-times?processId=down").await.0, 503);
}

#[tokio::test]
async fn who_asks_for_positions_is_recorded() {
    let block = Block::open().await;
    let audited = block.hands.audited(api(&block.runtime), &block.runtime).await;
    let paths = [
        "health-professionals-tracking-data/{healthProfessionalId}",
        "rooms-tracking-data/{roomId}",
        "block-tracking-data",
    ];
    for path in paths {
        assert!(audited.contains(&format!("GET /api/v1/{path}")), "{audited:?}");
    }
    let own = api(&block.runtime).routes().into_iter().filter(|it| it.path.starts_with("/api/"));
    assert_eq!(audited.len(), own.count(), "every route tells where somebody is or was");
}

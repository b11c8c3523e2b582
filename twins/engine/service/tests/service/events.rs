//! What the engine tells the world.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use chiron_broker::{Broker, Record};
use chiron_clock::Tasks;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::support::{Running, has, room, send, start, start_with};

/// All records of the topic once `count` are there, in the order of their ids.
async fn records(broker: &Broker, count: usize) -> Vec<Record> {
    let mut seen = 0;
    loop {
        let mut records = Vec::new();
        for (partition, _) in broker.ends(twin_engine::TOPIC).await.unwrap() {
            records.extend(broker.read(twin_engine::TOPIC, partition, 0, 1_000).await.unwrap());
        }
        if count <= records.len() {
            records.sort_by_key(Record::id);
            return records;
        }
        seen = broker.wait_for_append(seen).await;
    }
}

fn value(record: &Record) -> Value {
    serde_json::from_slice(&record.value).unwrap()
}

async fn put_at(engine: &Running, path: &str, body: Value, at: &str) -> u16 {
    let request = engine.request("PUT", path).header("x-source-time", at);
    send(request.json(&body)).await.status
}

#[tokio::test]
async fn every_change_is_told_once_with_its_time() {
    let engine = start().await.with_models().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    put_at(&engine, "/digitaltwins/a", room("a"), "2026-05-15T05:50:00+00:00").await;
    let traced = engine.request("PUT", "/digitaltwins/b").header("traceparent", trace);
    send(traced.json(&room("b"))).await;
    let relationship = "/digitaltwins/a/relationships/a-b";
    put_at(&engine, relationship, has("b"), "2026-05-15T05:51:00.5Z").await;
    let patch = json!([
        {"op": "add", "path": "/warmth", "value": 20},
        {"op": "add", "path": "/$metadata/warmth/sourceTime", "value": "2026-05-15T05:52:00Z"},
    ]);
    assert_eq!(engine.patch("/digitaltwins/a", patch).await.status, 204);
    engine.delete(relationship).await;
    engine.delete("/digitaltwins/b").await;
    // A refused write is no event.
    engine.delete("/digitaltwins/b").await;

    let records = records(&engine.runtime.broker, 6).await;
    let header = |record: &Record, name: &str| record.headers.get(name).unwrap_or("-").to_owned();
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            let key = record.key.clone().unwrap().replace("Microsoft.DigitalTwins.", "");
            let time = header(record, "ce_time").replace("2026-05-15T", "");
            (record.id(), key, header(record, "ce_subject"), time)
        })
        .collect();
    // The models were change 1, which is not told.
    let expected = [
        ("0000000000000002", "Twin.Create", "a", "05:50:00.000Z"),
        ("0000000000000003", "Twin.Create", "b", "06:00:00.000Z"),
        ("0000000000000004", "Relationship.Create", "a/relationships/a-b", "05:51:00.500Z"),
        ("0000000000000005", "Twin.Update", "a", "06:00:00.000Z"),
        ("0000000000000006", "Relationship.Delete", "a/relationships/a-b", "06:00:00.000Z"),
        ("0000000000000007", "Twin.Delete", "b", "06:00:00.000Z"),
    ];
    let own = |(a, b, c, d): (&str, &str, &str, &str)| {
        (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())
    };
    assert_eq!(told, expected.map(own));

    assert_eq!(value(&records[0])["label"], "a");
    assert!(header(&records[1], "traceparent").contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(value(&records[2])["$targetId"], "b");
    assert_eq!(header(&records[2], "ce_sourcemodel"), "dtmi:test:Room;1");
    assert_eq!(header(&records[2], "ce_targetmodel"), "dtmi:test:Room;1");
    assert_eq!(header(&records[2], "ce_source"), "twin-engine");
    assert_eq!(header(&records[2], "ce_specversion"), "1.0");
    let update = value(&records[3]);
    assert_eq!(update["modelId"], "dtmi:test:Room;1");
    let paths: Vec<_> = update["patch"].as_array().unwrap().iter().map(|op| &op["path"]).collect();
    assert_eq!(paths, ["/warmth", "/$metadata/warmth/sourceTime"]);
    // The last record is there a moment before its relay is done.
    while engine.runtime.activity.snapshot().pending != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_some_may_say_when_and_only_what_is_believable() {
    let engine = start().await.with_models().await;
    let cases = [
        ("2026-05-15T06:00:05.000Z", 200),
        ("2026-05-15T06:00:05.001Z", 400),
        ("2026-05-08T05:59:59Z", 400),
        ("yesterday", 400),
    ];
    for (at, expected) in cases {
        let status = put_at(&engine, "/digitaltwins/a", room("a"), at).await;
        assert_eq!(status, expected, "{at}");
        let patch = json!([{"op": "add", "path": "/warmth", "value": 1.0},
            {"op": "add", "path": "/$metadata/warmth/sourceTime", "value": at}]);
        let patched = engine.patch("/digitaltwins/a", patch).await.status;
        assert_eq!(patched == 204, expected == 200, "{at}");
    }
    let url = format!("{}/digitaltwins/a?api-version=2023-10-31", engine.base);
    let plain = engine.hands.token("plain", &[], crate::support::EVERYTHING, false);
    let request = engine.raw("DELETE", &url).bearer_auth(plain);
    let reply = send(request.header("x-source-time", "2026-05-15T06:00:00Z")).await;
    assert_eq!((reply.status, reply.code()), (403, "Forbidden"));
}

#[tokio::test]
async fn telemetry_passes_through() {
    let engine = start().await.with_models().await;
    engine.put("/digitaltwins/a", room("a")).await;
    let request = engine.request("POST", "/digitaltwins/a/telemetry").header("message-id", "m-1");
    assert_eq!(send(request.json(&json!({"noise": 3}))).await.status, 204);
    let request = engine
        .request("POST", "/digitaltwins/a/components/lamp/telemetry")
        .header("message-id", "m-2")
        .header("telemetry-source-time", "2026-05-15T05:59:00Z");
    assert_eq!(send(request.json(&json!("text"))).await.status, 204);
    for (path, at, status) in [
        ("/digitaltwins/x/telemetry", "2026-05-15T05:59:00Z", 404),
        ("/digitaltwins/a/components/x/telemetry", "2026-05-15T05:59:00Z", 404),
        ("/digitaltwins/a/telemetry", "2026-05-15T07:00:00Z", 400),
        ("/digitaltwins/a/telemetry", "soon", 400),
    ] {
        let request = engine.request("POST", path).header("message-id", "m");
        let reply = send(request.header("telemetry-source-time", at).json(&json!(1))).await;
        assert_eq!(reply.status, status, "{path} {at}");
    }
    let records = records(&engine.runtime.broker, 3).await;
    let [_, first, second] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(
        (first.id().as_str(), first.key.as_deref()),
        ("m-1", Some("microsoft.iot.telemetry"))
    );
    assert_eq!(value(first), json!({"noise": 3}));
    assert_eq!(first.headers.get("ce_dataschema"), Some("dtmi:test:Room;1"));
    assert_eq!(first.headers.get("ce_source"), Some("twin-engine/digitaltwins/a"));
    assert_eq!(second.headers.get("ce_subject"), Some("lamp"));
    assert_eq!(second.headers.get("ce_time"), Some("2026-05-15T05:59:00.000Z"));
}

#[tokio::test]
async fn whoever_heard_of_a_change_reads_it() {
    let engine = Arc::new(start().await.with_models().await);
    let tasks = Tasks::new();
    for number in 0..60 {
        let engine = Arc::clone(&engine);
        tasks.spawn("writer", async move {
            engine.put(&format!("/digitaltwins/r-{number}"), room("new")).await;
        });
    }
    let mut heard = 0;
    let mut subscription =
        engine.runtime.broker.subscribe("listener", &[twin_engine::TOPIC]).await.unwrap();
    while heard < 60 {
        for record in subscription.next_batch(8).await.unwrap() {
            let id = record.headers.get("ce_subject").unwrap();
            assert_eq!(engine.get(&format!("/digitaltwins/{id}")).await.status, 200, "{id}");
            heard += 1;
        }
    }
    tasks.join().await;
}

struct Hook {
    seen: Mutex<Vec<(String, String, Value)>>,
    refusals: AtomicU32,
    changed: Notify,
}

/// An endpoint that answers 503 first and takes events after.
async fn hook(refusals: u32) -> (Arc<Hook>, String) {
    let hook = Arc::new(Hook {
        seen: Mutex::default(),
        refusals: AtomicU32::new(refusals),
        changed: Notify::new(),
    });
    let state = Arc::clone(&hook);
    let handler = move |headers: axum::http::HeaderMap, body: String| {
        let hook = Arc::clone(&state);
        async move {
            let refuse = |left: u32| left.checked_sub(1);
            if hook.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok() {
                hook.changed.notify_one();
                return axum::http::StatusCode::SERVICE_UNAVAILABLE;
            }
            let text = |name: &str| {
                headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned()
            };
            let event = (text("ce-id"), text("ce-subject"), serde_json::from_str(&body).unwrap());
            assert_eq!(text("authorization"), "Key secret");
            assert_eq!(text("content-type"), "application/json");
            hook.seen.lock().unwrap().push(event);
            hook.changed.notify_one();
            axum::http::StatusCode::NO_CONTENT
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let app = axum::Router::new().route("/events", axum::routing::post(handler));
    Tasks::new().spawn("hook", async move { axum::serve(listener, app).await.unwrap() });
    (hook, url)
}

#[tokio::test]
async fn routes_lead_events_to_endpoints_until_they_are_taken() {
    let (hook, url) = hook(2).await;
    let engine = start_with(json!({
        "load_block_models": false,
        "endpoints": [{"name": "hook", "url": url, "authorization": "Key secret"}],
    }))
    .await
    .with_models()
    .await;
    engine.put("/digitaltwins/before", room("before the route")).await;
    records(&engine.runtime.broker, 1).await;
    let wrong = [
        (
            "/eventroutes/r",
            json!({"endpointName": "no", "filter": "true"}),
            "EventRouteEndpointInvalid",
        ),
        (
            "/eventroutes/r",
            json!({"endpointName": "hook", "filter": "x"}),
            "EventRouteFilterInvalid",
        ),
        ("/eventroutes/r", json!({"endpointName": "hook"}), "EventRouteFilterInvalid"),
        (
            "/eventroutes/%20",
            json!({"endpointName": "hook", "filter": "true"}),
            "EventRouteIdInvalid",
        ),
    ];
    for (path, body, code) in wrong {
        let reply = engine.put(path, body).await;
        assert_eq!((reply.status, reply.code()), (400, code));
    }
    let filter = "type = 'Microsoft.DigitalTwins.Twin.Create' AND $body.label != 'quiet'";
    let route = json!({"endpointName": "hook", "filter": filter});
    assert_eq!(engine.put("/eventroutes/creations", route).await.status, 204);
    let read = engine.get("/eventroutes/creations").await.body;
    assert_eq!(read, json!({"id": "creations", "endpointName": "hook", "filter": filter}));

    engine.put("/digitaltwins/zimmer-%C3%BC", room("loud")).await;
    engine.put("/digitaltwins/quiet", room("quiet")).await;
    while hook.seen.lock().unwrap().is_empty() {
        hook.changed.notified().await;
        // Waits before another try are timers of the clock here.
        while engine.runtime.activity.snapshot().next_timer.is_none()
            && hook.seen.lock().unwrap().is_empty()
        {
            tokio::task::yield_now().await;
        }
        if let Some(at) = engine.runtime.activity.snapshot().next_timer {
            engine.hands.move_to(at);
        }
    }
    while engine.runtime.activity.snapshot().pending != 0 {
        tokio::task::yield_now().await;
    }
    {
        let seen = hook.seen.lock().unwrap();
        let [(id, subject, body)] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((id.as_str(), subject.as_str()), ("0000000000000003", "zimmer-%C3%BC"));
        assert_eq!(body["label"], "loud");
    }
    assert_eq!(engine.delete("/eventroutes/creations").await.status, 204);
    assert_eq!(engine.get("/eventroutes/creations").await.code(), "EventRouteNotFound");
}

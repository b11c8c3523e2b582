//! What clients of the protocol meet.

use serde_json::{Value, json};

use crate::support::{has, room, send, start};

#[tokio::test]
async fn twins_live_change_and_end() {
    let engine = start().await.with_models().await;
    let path = "/digitaltwins/or%201%2Fa";
    let made = engine.put(path, room("first")).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.body["$dtId"], "or 1/a");
    assert_eq!(made.header("etag"), made.body["$etag"].as_str().unwrap());

    let operations = json!([
        {"op": "add", "path": "/warmth", "value": 21.5},
        {"op": "add", "path": "/$metadata/warmth/sourceTime", "value": "2026-05-15T05:59:58.5Z"},
        {"op": "add", "path": "/lamp/level", "value": 3},
    ]);
    let patched = engine.patch(path, operations).await;
    assert_eq!((patched.status, &patched.body), (204, &Value::Null));
    let read = engine.get(path).await;
    assert_eq!(read.header("etag"), patched.header("etag"));
    assert_ne!(patched.header("etag"), made.header("etag"));
    assert_eq!(read.body["warmth"], 21.5);
    let component = engine.get(&format!("{path}/components/lamp")).await;
    assert_eq!(component.body["level"], 3);
    assert_eq!(component.header("etag"), patched.header("etag"));

    let stale = engine.request("PATCH", path).header("if-match", made.header("etag"));
    let stale = send(stale.json(&json!([]))).await;
    assert_eq!((stale.status, stale.code()), (412, "PreconditionFailed"));
    let again = send(engine.request("PUT", path).header("if-none-match", "*").json(&room("x")));
    assert_eq!(again.await.status, 412);
    assert_eq!(engine.delete(path).await.status, 204);
    let gone = engine.get(path).await;
    assert_eq!((gone.status, gone.code()), (404, "DigitalTwinNotFound"));
}

#[tokio::test]
async fn everything_needs_an_identity_and_a_permission() {
    let engine = start().await.with_models().await;
    engine.put("/digitaltwins/a", room("a")).await;
    let url = |path: &str| format!("{}{path}?api-version=2023-10-31", engine.base);

    let nobody = send(engine.raw("GET", &url("/digitaltwins/a"))).await;
    assert_eq!((nobody.status, nobody.code()), (401, "Unauthorized"));
    assert!(nobody.headers.contains_key("www-authenticate"));

    let reader = engine.hands.token("reader", &[], &["twins:read"], false);
    let writer = engine.hands.token("writer", &[], &["twins:write"], false);
    let developer = engine.hands.token("dora", &["developer"], &[], false);
    let admin = engine.hands.token("ada", &["admin"], &[], false);
    let nurse = engine.hands.token("nora", &["nurse"], &[], false);
    let cases = [
        (&reader, "GET", "/digitaltwins/a", 200),
        (&reader, "DELETE", "/digitaltwins/a", 403),
        (&reader, "DELETE", "/DigitalTwins/a", 403),
        (&reader, "POST", "/query", 200),
        (&reader, "POST", "/Models", 403),
        (&writer, "GET", "/digitaltwins/a", 403),
        (&developer, "GET", "/models", 200),
        (&developer, "GET", "/MODELS", 200),
        (&developer, "GET", "/digitaltwins/a", 403),
        (&developer, "GET", "/digitalTwins/a", 403),
        (&developer, "GET", "/eventRoutes", 403),
        (&nurse, "GET", "/models", 403),
        (&admin, "GET", "/digitaltwins/a", 200),
        (&admin, "DELETE", "/digitaltwins/a", 204),
    ];
    for (token, method, path, expected) in cases {
        let request = engine.raw(method, &url(path)).bearer_auth(token);
        let body = json!({"query": "SELECT * FROM DIGITALTWINS"});
        let request = if method == "POST" { request.json(&body) } else { request };
        let reply = send(request).await;
        assert_eq!(reply.status, expected, "{method} {path}: {}", reply.body);
        if expected == 403 {
            assert_eq!(reply.code(), "Forbidden", "{}", reply.body);
        }
    }
}

const WRONG_TYPE: &str =
    r#"{"$metadata":{"$model":"dtmi:test:Room;1"},"lamp":{"$metadata":{}},"label":3}"#;

#[tokio::test]
async fn requests_that_are_wrong_get_the_protocols_errors() {
    let engine = start().await.with_models().await;
    engine.put("/digitaltwins/a", room("a")).await;
    let without = format!("{}/digitaltwins/a", engine.base);
    let unversioned = send(engine.raw("GET", &without).bearer_auth(&engine.token)).await;
    assert_eq!((unversioned.status, unversioned.code()), (400, "MissingApiVersionParameter"));
    let other = format!("{without}?api-version=1999-01-01");
    let other = send(engine.raw("GET", &other).bearer_auth(&engine.token)).await;
    assert_eq!((other.status, other.code()), (400, "UnsupportedApiVersion"));

    let cases = [
        ("GET", "/digitaltwins/nobody", "", 404, "DigitalTwinNotFound"),
        ("GET", "/digitaltwins/%ff", "", 400, "InvalidArgument"),
        ("GET", "/nothing", "", 404, "NotFound"),
        ("POST", "/digitaltwins/a", "{}", 405, "MethodNotAllowed"),
        ("PUT", "/digitaltwins/a", "{", 400, "InvalidArgument"),
        ("PUT", "/digitaltwins/a", "{}", 400, "InvalidArgument"),
        ("PUT", "/digitaltwins/a", WRONG_TYPE, 400, "ValidationFailed"),
        ("PATCH", "/digitaltwins/a", "[{\"op\":\"move\"}]", 400, "JsonPatchInvalid"),
        ("POST", "/models", "{}", 400, "InvalidArgument"),
        ("POST", "/query", "{\"query\":\"SELECT\"}", 400, "SqlQueryError"),
        ("POST", "/query", "{}", 400, "InvalidArgument"),
        ("POST", "/query", "{\"continuationToken\":\"?\"}", 400, "BadRequest"),
        ("POST", "/query", "{\"continuationToken\":\"5-x\"}", 400, "BadRequest"),
        ("GET", "/models?continuationToken=x", "", 400, "InvalidArgument"),
        ("GET", "/models?includeModelDefinition=perhaps", "", 400, "InvalidArgument"),
        ("POST", "/digitaltwins/a/telemetry", "{}", 400, "MissingArgument"),
    ];
    for (method, path, body, status, code) in cases {
        let request = engine.request(method, path).header("content-type", "application/json");
        let reply = send(request.body(body)).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{method} {path} {}", reply.body);
        assert!(reply.body["error"]["message"].is_string());
    }
    let text = engine.request("PUT", "/digitaltwins/a").header("content-type", "text/plain");
    assert_eq!(send(text.body("{}")).await.status, 415);
    let long = json!({"query": "x".repeat(300 * 1024)});
    assert_eq!(engine.post("/query", long).await.status, 413);
    let huge = engine.post("/models", json!(["x".repeat(3 * 1024 * 1024)])).await;
    assert_eq!((huge.status, huge.code()), (413, "RequestBodyTooLarge"));
    let none = send(engine.request("GET", "/models").header("max-items-per-page", "0")).await;
    assert_eq!(none.status, 400);
}

#[tokio::test]
async fn words_of_a_path_match_in_any_case_and_ids_do_not() {
    let engine = start().await.with_models().await;
    assert_eq!(engine.put("/DigitalTwins/Room-1", room("r")).await.status, 200);
    assert_eq!(engine.get("/digitaltwins/Room-1").await.status, 200);
    assert_eq!(engine.get("/digitaltwins/room-1").await.status, 404);
    assert_eq!(engine.get("/digitaltwins/Room-1/Relationships/").await.status, 200);
    assert_eq!(engine.get("/eventRoutes").await.status, 200);
    let query = json!({"query": "SELECT * FROM DIGITALTWINS"});
    assert_eq!(engine.post("/Query", query).await.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_come_in_pages_that_links_lead_through() {
    let engine = start().await.with_models().await;
    for id in ["a", "b", "c", "d"] {
        engine.put(&format!("/digitaltwins/{id}"), room(id)).await;
    }
    for (id, source, target) in [("1", "a", "b"), ("2", "a", "c"), ("3", "a", "d"), ("1", "b", "d")]
    {
        let path = format!("/digitaltwins/{source}/relationships/{id}");
        assert_eq!(engine.put(&path, has(target)).await.status, 200);
    }
    let cases = [
        ("/digitaltwins/a/relationships?relationshipName=has", 3),
        ("/digitaltwins/d/incomingrelationships", 2),
        ("/models", 2),
    ];
    for (path, expected) in cases {
        let mut reply = send(engine.request("GET", path).header("max-items-per-page", "1")).await;
        let mut seen = Vec::new();
        loop {
            assert_eq!(reply.status, 200, "{path}: {}", reply.body);
            let page = reply.body["value"].as_array().unwrap().clone();
            assert_eq!(page.len(), 1, "{path}");
            seen.extend(page);
            let Some(link) = reply.body["nextLink"].as_str() else { break };
            assert!(link.starts_with(&engine.base), "{link}");
            reply = send(engine.raw("GET", link).bearer_auth(&engine.token)).await;
        }
        assert_eq!(seen.len(), expected, "{path}");
    }
    let none = engine.get("/digitaltwins/a/relationships?relationshipName=lacks").await;
    assert_eq!(none.body, json!({"value": []}));
    assert_eq!(
        engine.get("/digitaltwins/nobody/relationships").await.code(),
        "DigitalTwinNotFound"
    );
    let proxied = engine.request("GET", "/models").header("max-items-per-page", "1");
    let proxied = send(proxied.header("x-forwarded-proto", "https")).await;
    assert!(proxied.body["nextLink"].as_str().unwrap().starts_with("https://"));
}

#[tokio::test]
async fn queries_answer_from_the_newest_state_in_pages() {
    let engine = start().await.with_models().await;
    for number in 0..5 {
        engine.put(&format!("/digitaltwins/r-{number}"), room("many")).await;
    }
    let query = json!({"query": "SELECT * FROM DIGITALTWINS WHERE label = 'many'"});
    let request = engine.request("POST", "/query").header("max-items-per-page", "2");
    let mut reply = send(request.json(&query)).await;
    let mut ids = Vec::new();
    loop {
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(reply.header("query-charge").parse::<f64>().unwrap() > 0.0);
        let rows = reply.body["value"].as_array().unwrap();
        assert!(rows.len() <= 2, "the size of the first page holds");
        ids.extend(rows.iter().map(|row| row["$dtId"].as_str().unwrap().to_owned()));
        let Some(token) = reply.body["continuationToken"].as_str() else { break };
        reply = engine.post("/query", json!({"continuationToken": token})).await;
    }
    assert_eq!(ids, ["r-0", "r-1", "r-2", "r-3", "r-4"]);
    assert_eq!(reply.body["continuationToken"], Value::Null);
}

#[tokio::test]
async fn relationships_keep_twins_alive() {
    let engine = start().await.with_models().await;
    for id in ["a", "b"] {
        engine.put(&format!("/digitaltwins/{id}"), room(id)).await;
    }
    let path = "/digitaltwins/a/relationships/a-b";
    let made = engine.put(path, has("b")).await;
    assert_eq!(made.header("etag"), made.body["$etag"].as_str().unwrap());
    let held = engine.delete("/digitaltwins/b").await;
    assert_eq!((held.status, held.code()), (400, "RelationshipsNotDeleted"));
    assert_eq!(engine.get("/digitaltwins/a/relationships/x").await.code(), "RelationshipNotFound");
    assert_eq!(engine.get("/digitaltwins/x/relationships/x").await.code(), "DigitalTwinNotFound");
    let nowhere = engine.put("/digitaltwins/a/relationships/n", has("nobody")).await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "TargetTwinNotFound"));
    assert_eq!(engine.delete(path).await.status, 204);
    assert_eq!(engine.delete("/digitaltwins/b").await.status, 204);
}

#[tokio::test]
async fn the_table_of_routes_names_a_need_for_each() {
    let (runtime, _hands) =
        chiron_chassis::Runtime::for_test(twin_engine::NAME, twin_engine::COLLECTIONS);
    let settings = serde_json::from_value(json!({"load_block_models": false})).unwrap();
    let (engine, _work) = twin_engine::Engine::open(&runtime, &settings).await.unwrap();
    let api = twin_engine::api(&runtime, &settings, engine);
    let own: Vec<_> = api.routes().into_iter().filter(|r| !r.path.starts_with("/health")).collect();
    assert!(30 < own.len());
    for route in api.routes() {
        let common = ["/health", "/openapi", "/docs"].iter().any(|p| route.path.starts_with(p));
        assert!(common || route.need.is_some(), "{route:?}");
    }
}

#[tokio::test]
async fn people_are_recorded_and_the_block_at_work_is_not() {
    let (runtime, hands) =
        chiron_chassis::Runtime::for_test(twin_engine::NAME, twin_engine::COLLECTIONS);
    let settings = serde_json::from_value(json!({"load_block_models": true})).unwrap();
    let (engine, _work) = twin_engine::Engine::open(&runtime, &settings).await.unwrap();
    let api = || twin_engine::api(&runtime, &settings, engine.clone());
    let audited = hands.audited(api(), &runtime).await;
    for route in api().routes() {
        let own = route.need.is_some_and(|need| need.row == "twins" && need.roles == ["admin"]);
        let name = format!("{} {}", route.method, route.path);
        assert_eq!(audited.contains(&name), own, "{name}");
    }

    let base = hands.serve(api(), &runtime).await;
    let client = chiron_chassis::http_client().unwrap();
    let ask = async |token: &str| {
        let before = runtime.audit.count().await.unwrap();
        let url = format!("{base}/digitaltwins/nobody?api-version=2022-05-31");
        let get = client.get(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(get.status(), 404);
        runtime.audit.count().await.unwrap() - before
    };
    let device = hands.token("monitor", &[], &["twins:read", "twins:write"], true);
    assert_eq!(ask(&device).await, 0);
    assert_eq!(ask(&hands.token("root", &["admin"], &[], false)).await, 1);
}

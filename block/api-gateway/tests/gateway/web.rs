//! The listener for browsers: one origin, one cookie, the same rules.

use serde_json::{Value, json};

use crate::surroundings::{Example, body};

#[tokio::test]
async fn both_dashboards_are_there() {
    let example = Example::start().await;
    let paths = |api: chiron_chassis::Api| -> Vec<(String, String)> {
        api.routes().into_iter().map(|it| (it.method.to_string(), it.path)).collect()
    };
    let web = paths(example.gateway.web_api());
    let faces = [paths(example.gateway.block_api()), paths(example.gateway.room_api())];
    let own = ["/oauth2/token", "/.well-known/jwks.json"];
    for (method, path) in faces.concat() {
        if !own.contains(&path.as_str()) {
            assert!(web.contains(&(method.clone(), path.clone())), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn services_are_asked_in_the_name_of_the_cookie() {
    let example = Example::start().await;
    let signed_in = example.client.post(format!("{}/api/v1/obd/auth", example.web));
    let credentials = json!({"userId": "anna", "password": "correct horse"});
    let signed_in = signed_in.json(&credentials).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let url = format!("{}/services/building-management/api/v1/rooms", example.web);

    example.table.answer_with(
        "GET /api/v1/rooms?limit=1",
        200,
        &[("etag", "\"1\"")],
        json!({"total": 0}),
    );
    let read = example.client.get(format!("{url}?limit=1")).header("cookie", &cookie);
    let read = read.header("if-none-match", "\"0\"").send().await.unwrap();
    assert_eq!(read.headers()["etag"], "\"1\"");
    assert_eq!(body(read).await, (200, json!({"total": 0})));
    let asked = example.table.asked().pop().unwrap();
    assert_eq!(asked.by, "anna");
    assert_eq!(asked.headers["if-none-match"], "\"0\"");
    assert!(!asked.headers.contains_key("cookie"));

    let create = |origin: Option<&str>| {
        let request =
            example.client.post(&url).header("cookie", &cookie).json(&json!({"id": "or-1"}));
        match origin {
            Some(origin) => request.header("origin", origin).send(),
            None => request.send(),
        }
    };
    let there = [("location", "/api/v1/rooms/or-1"), ("set-cookie", "theirs=1")];
    example.table.answer_with("POST /api/v1/rooms", 201, &there, Value::Null);
    assert_eq!(create(None).await.unwrap().status(), 401, "no page of ours");
    assert_eq!(create(Some("http://evil.example")).await.unwrap().status(), 401);
    assert!(example.table.asked().is_empty());
    let created = create(Some(&example.web)).await.unwrap();
    assert_eq!(created.status(), 201);
    assert_eq!(created.headers()["location"], "/services/building-management/api/v1/rooms/or-1");
    assert!(!created.headers().contains_key("set-cookie"));
    let asked = example.table.asked().pop().unwrap();
    assert_eq!((asked.body.as_str(), asked.by.as_str()), (r#"{"id":"or-1"}"#, "anna"));
    assert_eq!(asked.headers["content-type"], "application/json");

    // A command of the cookie needs the page as well, here as there.
    let command =
        format!("{}/api/v1/ord/stop-custom-automation-scenario?roomId=or%201", example.web);
    let press = |origin: &str| {
        example.client.post(&command).header("cookie", &cookie).header("origin", origin).send()
    };
    assert_eq!(press("http://evil.example").await.unwrap().status(), 401);
    assert_eq!(press(&example.web).await.unwrap().status(), 204);
}

#[tokio::test]
async fn the_developer_platform_has_the_same_paths_here() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let get = async |path: &str| {
        let url = format!("{}{path}", example.web);
        example.client.get(url).bearer_auth(&anna).send().await.unwrap()
    };
    example.table.asked();
    for mount in ["catalog", "techdocs", "search", "scaffolder"] {
        let path = format!("/api/{mount}/things?filter=kind%3Dapi");
        example.table.answer_with(&format!("GET {path}"), 200, &[], json!([mount]));
        assert_eq!(body(get(&path).await).await, (200, json!([mount])));
        assert_eq!(example.table.asked().pop().unwrap().by, "anna");
    }
    let moved = [("location", "/api/techdocs/static/docs/default/system/block")];
    let path = "/api/techdocs/static/docs/Default/System/Block";
    example.table.answer_with(&format!("GET {path}"), 301, &moved, Value::Null);
    let answer = get(path).await;
    assert_eq!(answer.headers()["location"], moved[0].1);
    assert_eq!(
        example.client.get(format!("{}{path}", example.web)).send().await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn refusals_are_passed_on_and_ways_out_refused() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let get = async |path: &str| {
        let url = format!("{}{path}", example.web);
        example.client.get(url).bearer_auth(&anna).send().await.unwrap()
    };
    let refused = get("/services/building-management/api/v1/unknown").await;
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert_eq!(refused.status(), 404);
    example.table.asked();
    assert_eq!(get("/services/cellar/api").await.status(), 404);
    assert_eq!(get("/services/api-gateway/api/v1/clock").await.status(), 404);
    assert_eq!(get("/services/building-management/internal/relayed").await.status(), 404);
    assert_eq!(get("/services/building-management/metrics").await.status(), 404);
    assert_eq!(get("/services/building-management/api/%5c..").await.status(), 400);
    assert!(example.table.asked().is_empty());
    // Nobody listens there in this test.
    let down = get("/services/twin-engine/models").await;
    assert_eq!(
        (down.status().as_u16(), &down.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let url = format!("{}/services/building-management/api/v1/rooms", example.web);
    let large = example.client.post(url).bearer_auth(&anna).body(vec![b'x'; 3 << 20]);
    assert_eq!(large.send().await.unwrap().status(), 413);
}

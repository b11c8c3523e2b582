//! The client against a stand-in of an Azure instance: what it sends, and how it reads answers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chiron_chassis::Secret;
use chiron_clock::Tasks;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use twin_client::{AzureLayer, Patch, Properties, Query, TwinError, Twins};

/// A request as it arrived: method and raw address, then what the case looks at.
#[derive(Debug, Clone)]
struct Seen {
    line: String,
    token: String,
    content_type: String,
    source_time: String,
    body: Value,
}

#[derive(Default)]
struct Script {
    seen: Mutex<Vec<Seen>>,
    tokens: Mutex<u32>,
    answers: Mutex<VecDeque<(u16, Value)>>,
}

async fn answer(script: Arc<Script>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    if parts.uri.path() == "/token" {
        let form = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(form.contains("client_secret=a%26b") && form.contains("client_id=me"), "{form}");
        let mut tokens = script.tokens.lock().unwrap();
        *tokens += 1;
        let token = json!({"access_token": format!("t-{tokens}"), "expires_in": 3_600});
        return token.to_string().into_response();
    }
    let text = |name: &str| {
        parts.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    script.seen.lock().unwrap().push(Seen {
        line: format!("{} {}", parts.method, parts.uri),
        token: text("authorization"),
        content_type: text("content-type"),
        source_time: text("x-source-time"),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    });
    let (status, body) = script.answers.lock().unwrap().pop_front().unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn azure(answers: Vec<(u16, Value)>) -> (Twins, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.into()), ..Script::default() });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = Arc::clone(&script);
    let app = Router::new().fallback(move |request| answer(Arc::clone(&shared), request));
    Tasks::new().spawn("stand-in", async move { axum::serve(listener, app).await.unwrap() });
    let twins = Twins::azure(AzureLayer {
        token_url: Some(format!("{url}/token")),
        url,
        tenant: "tenant".to_owned(),
        client_id: "me".to_owned(),
        client_secret: Secret::new("a&b"),
        api_version: None,
    });
    (twins.unwrap(), script)
}

fn twin(id: &str) -> Value {
    json!({"$dtId": id, "$etag": "W/\"1\"", "$metadata": {"$model": "dtmi:m;1"}, "p": 1})
}

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "because"}})
}

#[tokio::test]
async fn requests_have_the_protocols_form() {
    let (twins, script) = azure(vec![(200, twin("a b/c")), (204, Value::Null)]).await;
    let at = Some("2026-05-15T08:10:00.1239Z".parse().unwrap());
    let properties = Properties::new().with("p", 1);
    let made = twins.put_twin("a b/c", "dtmi:m;1", properties, at).await.unwrap();
    assert_eq!((made.id.as_str(), made.integer("p")), ("a b/c", Some(1)));
    twins.patch_twin("x", Patch::new().set("a/b~c", 2, at).remove("q")).await.unwrap();
    twins.patch_twin("x", Patch::new()).await.unwrap();

    let seen = script.seen.lock().unwrap().clone();
    let [put, patch] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(put.line, "PUT /digitaltwins/a%20b%2Fc?api-version=2023-10-31");
    assert_eq!(put.token, "Bearer t-1");
    assert_eq!(put.content_type, "application/json");
    assert_eq!(put.source_time, "2026-05-15T08:10:00.123Z");
    assert_eq!(put.body, json!({"$metadata": {"$model": "dtmi:m;1"}, "p": 1}));
    assert_eq!(patch.content_type, "application/json-patch+json");
    let operations = json!([
        {"op": "add", "path": "/a~1b~0c", "value": 2},
        {"op": "add", "path": "/$metadata/a~1b~0c/sourceTime", "value": "2026-05-15T08:10:00.123Z"},
        {"op": "remove", "path": "/q"},
    ]);
    assert_eq!(patch.body, operations);
    assert_eq!(*script.tokens.lock().unwrap(), 1, "one token serves all requests");
}

#[tokio::test]
async fn pages_are_followed_on_the_configured_host_only() {
    let edge = |id: &str| {
        json!({"$relationshipId": id, "$sourceId": "s", "$targetId": "t", "$etag": "e",
            "$relationshipName": "n"})
    };
    let next = "https://elsewhere.example/digitaltwins/s/relationships?continuationToken=a%2Bb\
                &api-version=2020-10-31";
    let (twins, script) = azure(vec![
        (200, json!({"value": [edge("1")], "nextLink": next})),
        (200, json!({"value": [edge("2")], "nextLink": null})),
        (200, json!({"value": [{"$dtId": "a"}], "continuationToken": "more"})),
        (200, json!({"value": [{"$dtId": "b"}], "continuationToken": null})),
    ])
    .await;
    assert_eq!(twins.relationships("s", Some("n")).await.unwrap().len(), 2);
    assert_eq!(twins.ids(&Query::twin("a")).await.unwrap(), ["a", "b"]);
    let seen = script.seen.lock().unwrap().clone();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    let version = "api-version=2023-10-31";
    assert_eq!(
        lines,
        [
            format!("GET /digitaltwins/s/relationships?{version}&relationshipName=n"),
            format!("GET /digitaltwins/s/relationships?{version}&continuationToken=a%2Bb"),
            format!("POST /query?{version}"),
            format!("POST /query?{version}"),
        ]
    );
    let tokens: Vec<_> =
        seen.iter().filter_map(|seen| seen.body.get("continuationToken")).collect();
    assert_eq!(tokens, ["more"]);
}

#[tokio::test]
async fn errors_say_what_to_do_next() {
    let patch = || Patch::new().set("p", 1, None);
    let (twins, _) = azure(vec![
        (404, error("DigitalTwinNotFound")),
        (404, error("DigitalTwinNotFound")),
        (404, error("DigitalTwinNotFound")),
        (412, error("PreconditionFailed")),
        (412, error("PreconditionFailed")),
        (400, error("ValidationFailed")),
        (429, error("QuotaReachedError")),
        (503, json!("not the usual form")),
        (200, json!("no twin")),
    ])
    .await;
    assert_eq!(twins.get_twin("x").await.unwrap(), None);
    assert!(!twins.delete_twin("x", None).await.unwrap());
    let unknown = twins.patch_twin("x", patch()).await.unwrap_err();
    assert!(matches!(unknown, TwinError::NotFound { code } if code == "DigitalTwinNotFound"));
    assert!(!twins.create_twin("x", "m", Properties::new(), None).await.unwrap());
    let stale = twins.patch_twin_if("x", patch(), "e").await.unwrap_err();
    assert!(matches!(stale, TwinError::Precondition));
    let refused = twins.patch_twin("x", patch()).await.unwrap_err();
    assert!(matches!(&refused, TwinError::Refused { status: 400, code, message }
        if code == "ValidationFailed" && message == "because"));
    assert!(!refused.is_retryable());
    for _ in 0..2 {
        assert!(twins.get_twin("x").await.unwrap_err().is_retryable());
    }
    let unreadable = twins.get_twin("x").await.unwrap_err();
    assert!(matches!(unreadable, TwinError::Protocol(_)));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let refused = || (401, Value::Null);
    let (twins, script) = azure(vec![refused(), (200, twin("x")), refused(), refused()]).await;
    assert!(twins.get_twin("x").await.unwrap().is_some());
    let tokens: Vec<_> = script.seen.lock().unwrap().iter().map(|s| s.token.clone()).collect();
    assert_eq!(tokens, ["Bearer t-1", "Bearer t-2"]);
    assert!(matches!(twins.get_twin("x").await, Err(TwinError::Refused { status: 401, .. })));
}

#[tokio::test]
async fn a_deletion_with_relationships_is_tried_again_when_new_ones_come() {
    let incoming = json!({"value": [
        {"$relationshipId": "r", "$sourceId": "s", "$relationshipName": "n"}]});
    let none = || json!({"value": []});
    let (twins, script) = azure(vec![
        (200, incoming.clone()),
        (204, Value::Null),
        (200, none()),
        (400, error("RelationshipsNotDeleted")),
        (200, incoming),
        (404, error("RelationshipNotFound")),
        (200, none()),
        (204, Value::Null),
    ])
    .await;
    assert!(twins.delete_twin_with_relationships("x", None).await.unwrap());
    assert_eq!(script.seen.lock().unwrap().len(), 8);
}

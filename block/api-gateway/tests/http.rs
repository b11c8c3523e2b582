//! Each route of both faces, accepted and refused, against stand-ins for the services behind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use api_gateway::{COLLECTIONS, ClientAccount, Gateway, NAME, Settings, prepare};
use axum::extract::State;
use axum::http::StatusCode;
use chiron_broker::Record;
use chiron_chassis::{
    Api, Calls, Guard, Json, Need, Path, Problem, Runtime, Secret, Service, TestHands, TokenSource,
};
use serde_json::{Value, json};
use utoipa_axum::routes;

const SESSIONS: Need = Need::new("refresh-tokens", "write", &[]);
const ROOMS: Need = Need::new("rooms", "read", &["nurse"]);

/// The refresh token that counts, in a user management of one user.
type Session = Arc<Mutex<Option<String>>>;

#[utoipa::path(post, path = "/api/v1/auth", responses((status = 200)))]
async fn auth(Json(body): Json<Value>) -> Result<Json<Value>, Problem> {
    match body["password"].as_str() {
        Some("correct horse") => Ok(Json(json!({
            "userId": body["userId"], "roles": ["nurse"], "healthProfessionalId": null,
        }))),
        Some("once too often") => Err(Problem::too_many_requests(600)),
        _ => Err(Problem::unauthorized()),
    }
}

#[utoipa::path(post, path = "/api/v1/refresh-tokens", responses((status = 201)))]
async fn begin(
    State(session): State<Session>,
    Json(_user): Json<Value>,
) -> (StatusCode, Json<Value>) {
    *session.lock().unwrap() = Some("r1".to_owned());
    (StatusCode::CREATED, Json(json!({"refreshToken": "r1"})))
}

#[utoipa::path(post, path = "/api/v1/refresh-tokens/exchange", responses((status = 200)))]
async fn exchange(
    State(session): State<Session>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, Problem> {
    let mut session = session.lock().unwrap();
    if session.as_deref() != body["refreshToken"].as_str() {
        return Err(Problem::unauthorized());
    }
    *session = Some("r2".to_owned());
    Ok(Json(json!({
        "userId": "anna", "roles": ["nurse", "surgeon"], "healthProfessionalId": null,
        "refreshToken": "r2",
    })))
}

#[utoipa::path(post, path = "/api/v1/refresh-tokens/revocation", responses((status = 204)))]
async fn revoke(State(session): State<Session>, Json(_token): Json<Value>) -> StatusCode {
    *session.lock().unwrap() = None;
    StatusCode::NO_CONTENT
}

#[utoipa::path(get, path = "/api/v1/rooms/{roomId}", responses((status = 200)))]
async fn room(Path(room_id): Path<String>) -> Result<Json<Value>, Problem> {
    match room_id.as_str() {
        "or 1" => Ok(Json(json!({"id": room_id}))),
        _ => Err(Problem::not_found("no room")),
    }
}

struct Example {
    gateway: Gateway,
    hands: TestHands,
    block: String,
    room: String,
    client: reqwest::Client,
    _others: (Runtime, TestHands),
}

impl Example {
    async fn start() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let client_account = ClientAccount {
            id: "simulator".to_owned(),
            secret: Some(Secret::new("a long enough & odd secret")),
            secret_sha256: None,
            grants: vec!["rooms:read".to_owned(), "commands:write".to_owned()],
            roles: Vec::new(),
            source_time: true,
        };
        let settings =
            Settings { source_time_users: vec!["nurse-1".to_owned()], ..Settings::standard() };
        let gateway = prepare(runtime, &settings, vec![client_account]).await.unwrap();
        let block = hands.serve(gateway.block_api(), gateway.runtime()).await;
        let room_base = hands.serve(gateway.room_api(), gateway.runtime()).await;

        // The others know the gateway by its published keys alone, as in production.
        let client = chiron_chassis::http_client().unwrap();
        let others = Runtime::for_test("others", &[]);
        let mut other = others.0.clone();
        other.guard = Guard::fetching(client.clone(), format!("{block}/.well-known/jwks.json"));
        let users = Api::new("users", "Users")
            .public(routes!(auth))
            .route(SESSIONS, routes!(begin))
            .route(SESSIONS, routes!(exchange))
            .route(SESSIONS, routes!(revoke))
            .with_state(Session::default());
        hands.point(Service::UserManagement, others.1.serve(users, &other).await);
        let buildings = Api::new("buildings", "Buildings").route(ROOMS, routes!(room));
        hands.point(Service::BuildingManagement, others.1.serve(buildings, &other).await);
        hands.point(Service::GatewayBlock, block.clone());
        Self { gateway, hands, block, room: room_base, client, _others: others }
    }

    async fn sign_in(&self, user_id: &str, password: &str) -> reqwest::Response {
        let body = json!({"userId": user_id, "password": password});
        self.client
            .post(format!("{}/api/v1/obd/auth", self.block))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    async fn token_of(&self, user_id: &str) -> String {
        let session: Value = self.sign_in(user_id, "correct horse").await.json().await.unwrap();
        session["accessToken"].as_str().unwrap().to_owned()
    }

    fn command(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/api/v1/ord{path}", self.room)).bearer_auth(token)
    }

    async fn records(&self, topic: &str) -> Vec<Record> {
        let broker = &self.gateway.runtime().broker;
        let mut records = Vec::new();
        for partition in 0..broker.partitions() {
            records.extend(broker.read(topic, partition, 0, 100).await.unwrap_or_default());
        }
        records
    }
}

async fn places(answer: reqwest::Response) -> (u16, Vec<String>) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let place = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    (status, errors.iter().map(place).collect())
}

#[tokio::test]
async fn only_sign_in_keys_and_time_are_public() {
    let example = Example::start().await;
    let faces = [
        (example.gateway.block_api(), &example.block),
        (example.gateway.room_api(), &example.room),
    ];
    let mut public = Vec::new();
    for (api, base) in faces {
        for route in api.routes() {
            if route.need.is_none() {
                public.push(route.path);
                continue;
            }
            let url = format!("{base}{}", route.path);
            let answer = example.client.request(route.method, url).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{}", route.path);
        }
    }
    public
        .retain(|path| !path.starts_with("/health/") && path != "/docs" && path != "/openapi.json");
    let expected = [
        "/api/v1/obd/auth",
        "/api/v1/obd/auth/refresh",
        "/api/v1/obd/auth/logout",
        "/oauth2/token",
        "/.well-known/jwks.json",
        "/api/v1/clock",
    ];
    assert_eq!(public, expected);
}

#[tokio::test]
async fn signs_people_in_and_out() {
    let example = Example::start().await;
    let answer = example.sign_in("anna", "correct horse").await;
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let session: Value = answer.json().await.unwrap();
    assert_eq!(session["expiresIn"], 900);
    assert_eq!(session["roles"], json!(["nurse"]));
    let token = session["accessToken"].as_str().unwrap();
    let expected =
        format!("chiron_access_token={token}; Path=/; Max-Age=900; HttpOnly; SameSite=Strict");
    assert_eq!(cookie, expected);

    let refresh = |token: &Value| {
        let url = format!("{}/api/v1/obd/auth/refresh", example.block);
        example.client.post(url).json(&json!({"refreshToken": token})).send()
    };
    let renewed: Value = refresh(&session["refreshToken"]).await.unwrap().json().await.unwrap();
    assert_eq!(renewed["roles"], json!(["nurse", "surgeon"]), "as they are now");
    assert_eq!(refresh(&session["refreshToken"]).await.unwrap().status(), 401);
    let out = example
        .client
        .post(format!("{}/api/v1/obd/auth/logout", example.block))
        .json(&json!({"refreshToken": renewed["refreshToken"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().starts_with("chiron_access_token=; "));
    assert_eq!(refresh(&renewed["refreshToken"]).await.unwrap().status(), 401);

    assert_eq!(example.sign_in("anna", "wrong horse").await.status(), 401);
    let locked = example.sign_in("anna", "once too often").await;
    assert_eq!(
        (locked.status().as_u16(), &locked.headers()["retry-after"]),
        (429, &"600".parse().unwrap())
    );
    assert_eq!(places(example.sign_in("", "x").await).await, (400, vec!["/userId".to_owned()]));
    assert_eq!(
        places(example.sign_in("anna", "").await).await,
        (400, vec!["/password".to_owned()])
    );
    example.hands.point(Service::UserManagement, "http://127.0.0.1:1");
    assert_eq!(example.sign_in("anna", "correct horse").await.status(), 503);
}

#[tokio::test]
async fn accounts_get_tokens_for_their_credentials() {
    let example = Example::start().await;
    let url = format!("{}/oauth2/token", example.block);
    let ask = async |form: &'static str| {
        let form_type = "application/x-www-form-urlencoded";
        let request = example.client.post(&url).header("content-type", form_type).body(form);
        request.send().await.unwrap()
    };
    let right = "grant_type=client_credentials&client_id=simulator&client_secret=a+long+enough+%26+odd+secret";
    let answer = ask(right).await;
    assert_eq!(answer.status(), 200);
    let granted: Value = answer.json().await.unwrap();
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(900)));
    let caller =
        example.gateway.runtime().guard.verify(granted["access_token"].as_str()).await.unwrap();
    assert_eq!(caller.subject, "simulator");
    assert_eq!(caller.grants, ["rooms:read", "commands:write"]);
    assert!(caller.source_time);

    let basic = example
        .client
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .basic_auth("simulator", Some("a+long+enough+%26+odd+secret"))
        .body("grant_type=client_credentials");
    assert_eq!(basic.send().await.unwrap().status(), 200);
    let wrong = "grant_type=client_credentials&client_id=simulator&client_secret=wrong";
    let refused = ask(wrong).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["www-authenticate"], "Basic realm=\"chiron\"");
    let place = |text: &str| (400, vec![text.to_owned()]);
    assert_eq!(places(ask("grant_type=password").await).await, place("/grant_type"));
    assert_eq!(places(ask("grant_type=client_credentials").await).await, place("/client_id"));
    assert_eq!(places(ask("client_id=simulator").await).await, place("/grant_type"));
    let json = example.client.post(&url).json(&json!({"grant_type": "client_credentials"}));
    assert_eq!(json.send().await.unwrap().status(), 415);

    // The whole way of a service: credentials, token, published keys.
    let secret = Secret::new("a long enough & odd secret");
    let calls = Calls::new(
        example.client.clone(),
        example.gateway.runtime().calls.endpoints().clone(),
        TokenSource::credentials("simulator", secret),
        example.gateway.runtime().activity.clone(),
    );
    let path = format!("/api/v1/rooms/{}", Calls::segment("or 1"));
    let answer = calls.get(Service::BuildingManagement, &path).send().await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn tells_keys_and_time() {
    let example = Example::start().await;
    let get = async |path: &str| -> Value {
        let answer = example.client.get(format!("{}{path}", example.block)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let keys = get("/.well-known/jwks.json").await;
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert_eq!(key.get("d"), None, "the secret stays here");
    let time = get("/api/v1/clock").await;
    let expected = json!({
        "now": "2026-05-15T06:00:00.000Z", "rate": 1.0, "mode": "lock-step",
        "epoch": "2026-05-15T06:00:00.000Z",
    });
    assert_eq!(time, expected);
}

#[tokio::test]
async fn manual_events_are_durable_when_answered() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let id = "0e8f9b1a-6a1e-4a44-9d1f-6a1c7b0a0001";
    let path = "/process-manual-events?roomId=or%201&event=ANESTHESIA";
    let answer = example.command(path, &anna).header("x-command-id", id).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["x-command-id"], id);
    assert_eq!(answer.text().await.unwrap(), "");
    let records = example.records("process-manual-events").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].key.as_deref(), Some("PROCESS_MANUAL_EVENT"));
    assert_eq!(records[0].headers.get("ce_id"), Some(id));
    assert_eq!(records[0].headers.get("chiron-process-id"), None);
    let value: Value = serde_json::from_slice(&records[0].value).unwrap();
    let expected = json!({
        "key": "PROCESS_MANUAL_EVENT",
        "data": {"roomId": "or 1", "manualEvent": "ANESTHESIA"},
        "dateTime": "2026-05-15T06:00:00.000Z",
    });
    assert_eq!(value, expected);

    let unnamed = example.command(path, &anna).send().await.unwrap();
    assert_eq!(unnamed.headers()["x-command-id"].len(), 36, "a name is made up");
    let terminated = "/process-manual-events?roomId=or%201&event=TERMINATED&processId=p-1";
    assert_eq!(example.command(terminated, &anna).send().await.unwrap().status(), 204);
    let records = example.records("process-manual-events").await;
    let named = records.iter().filter_map(|record| record.headers.get("chiron-process-id"));
    assert_eq!(named.collect::<Vec<_>>(), ["p-1"]);
}

#[tokio::test]
async fn manual_events_are_refused_where_they_cannot_be_meant() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    let check = async |query: &str, expected: u16, place: &[&str]| {
        let path = format!("/process-manual-events?{query}");
        let answer = places(example.command(&path, &anna).send().await.unwrap()).await;
        let place = place.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(answer, (expected, place), "{query}");
    };
    check("event=ANESTHESIA", 400, &["?roomId"]).await;
    check("roomId=&event=ANESTHESIA", 400, &["?roomId"]).await;
    check("roomId=or%201", 400, &["?event"]).await;
    check("roomId=or%201&event=TEA", 400, &["?event"]).await;
    check("roomId=or%201&event=TERMINATED", 400, &["?processId"]).await;
    check("roomId=or%201&event=INTERRUPTED&processId=", 400, &["?processId"]).await;
    check("roomId=cellar&event=ANESTHESIA", 404, &[]).await;
    let path = "/process-manual-events?roomId=or%201&event=ANESTHESIA";
    let named = example.command(path, &anna).header("x-command-id", "first").send().await.unwrap();
    assert_eq!(places(named).await, (400, vec!["x-command-id".to_owned()]));
    let timed = example.command(path, &anna).header("x-source-time", "2026-05-15T05:59:00Z");
    assert_eq!(timed.send().await.unwrap().status(), 403, "anna may not say when");
    example.hands.point(Service::BuildingManagement, "http://127.0.0.1:1");
    check("roomId=or%201&event=ANESTHESIA", 503, &[]).await;
    assert!(example.records("process-manual-events").await.is_empty());
}

#[tokio::test]
async fn emergencies_have_ids_of_their_command() {
    let example = Example::start().await;
    let nurse = example.token_of("nurse-1").await;
    let id = "0E8F9B1A-6A1E-4A44-9D1F-6A1C7B0A0002";
    let path = "/emergency-surgeries?roomId=or%201&patientTaxCode=RSSMRA80A01H501U";
    let answer = example
        .command(path, &nurse)
        .header("x-command-id", id)
        .header("x-source-time", "2026-05-15T05:59:00Z")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let id = id.to_ascii_lowercase();
    assert_eq!(answer.headers()["x-command-id"], id.as_str());
    let opened: Value = answer.json().await.unwrap();
    let expected = json!({
        "processId": format!("emergency-{id}"), "patientId": format!("emergency-patient-{id}"),
    });
    assert_eq!(opened, expected);
    let records = example.records("emergency-surgery-events").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].id(), id);
    let value: Value = serde_json::from_slice(&records[0].value).unwrap();
    let expected = json!({
        "key": "EMERGENCY_SURGERY_EVENT",
        "data": {"roomId": "or 1", "patientTaxCode": "RSSMRA80A01H501U"},
        "dateTime": "2026-05-15T05:59:00.000Z",
    });
    assert_eq!(value, expected);

    let unknown = example.command("/emergency-surgeries?roomId=or%201", &nurse);
    assert_eq!(unknown.send().await.unwrap().status(), 202);
    let nowhere = example.command("/emergency-surgeries?roomId=cellar", &nurse);
    assert_eq!(nowhere.send().await.unwrap().status(), 404);
    let empty = example.command("/emergency-surgeries?roomId=or%201&patientTaxCode=", &nurse);
    let refused = places(empty.send().await.unwrap()).await;
    assert_eq!(refused, (400, vec!["?patientTaxCode".to_owned()]));
    let records = example.records("emergency-surgery-events").await;
    assert_eq!(records.len(), 2);
    assert!(records.iter().any(|record| {
        let value: Value = serde_json::from_slice(&record.value).unwrap();
        value["data"]["patientTaxCode"].is_null()
    }));
}

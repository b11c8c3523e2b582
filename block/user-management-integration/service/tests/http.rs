//! Each row of the routes, accepted and refused, against a stand-in for the twin layer.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use chiron_chassis::audit::{Action, Asked};
use chiron_chassis::{Api, Json, Need, Path, Runtime, Service, TestHands};
use serde_json::{Value, json};
use user_management_integration::{COLLECTIONS, NAME, Settings, api, prepare};
use utoipa_axum::routes;

/// Twins by id, with the source time of the last write.
type Twins = Arc<Mutex<BTreeMap<String, (Value, Option<String>)>>>;

#[utoipa::path(put, path = "/digitaltwins/{id}", responses((status = 200)))]
async fn put_twin(
    State(twins): State<Twins>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut twin): Json<Value>,
) -> axum::response::Response {
    if twin.get("name") == Some(&json!("Refused")) {
        let error = json!({"error": {"code": "ValidationFailed", "message": "no"}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let at = headers.get("x-source-time").map(|at| at.to_str().unwrap().to_owned());
    if let Some(fields) = twin.as_object_mut() {
        fields.insert("$dtId".to_owned(), json!(id));
        fields.insert("$etag".to_owned(), json!("W/\"1\""));
    }
    twins.lock().unwrap().insert(id, (twin.clone(), at));
    ([(header::ETAG, "W/\"1\"")], Json(twin)).into_response()
}

#[utoipa::path(get, path = "/digitaltwins/{id}", responses((status = 200)))]
async fn get_twin(State(twins): State<Twins>, Path(id): Path<String>) -> axum::response::Response {
    match twins.lock().unwrap().get(&id) {
        Some((twin, _)) => ([(header::ETAG, "W/\"1\"")], Json(twin.clone())).into_response(),
        None => no_twin(),
    }
}

#[utoipa::path(delete, path = "/digitaltwins/{id}", responses((status = 204)))]
async fn delete_twin(
    State(twins): State<Twins>,
    Path(id): Path<String>,
) -> axum::response::Response {
    match twins.lock().unwrap().remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => no_twin(),
    }
}

#[utoipa::path(get, path = "/digitaltwins/{id}/relationships", responses((status = 200)))]
async fn relationships() -> Json<Value> {
    Json(json!({"value": []}))
}

#[utoipa::path(get, path = "/digitaltwins/{id}/incomingrelationships", responses((status = 200)))]
async fn incoming() -> Json<Value> {
    Json(json!({"value": []}))
}

fn no_twin() -> axum::response::Response {
    let error = json!({"error": {"code": "DigitalTwinNotFound", "message": "no"}});
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}

struct Example {
    base: String,
    runtime: Runtime,
    hands: TestHands,
    twins: Twins,
    client: reqwest::Client,
}

impl Example {
    async fn start() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let twins = Twins::default();
        let need = Need::new("twins", "write", &[]);
        let engine = Api::new("twin-engine", "Twins")
            .route(need, routes!(put_twin))
            .route(need, routes!(get_twin))
            .route(need, routes!(delete_twin))
            .route(need, routes!(relationships))
            .route(need, routes!(incoming))
            .with_state(Arc::clone(&twins));
        hands.own_grants(&["twins:write"]);
        let engine = hands.serve(engine, &runtime).await;
        hands.point(Service::TwinEngine, engine);
        let base = hands.serve(api(&runtime, &Settings::standard()).unwrap(), &runtime).await;
        let client = chiron_chassis::http_client().unwrap();
        Self { base, runtime, hands, twins, client }
    }

    /// Sends a request as `who` and tells status and body.
    async fn ask(&self, who: Who, method: &str, path: &str, body: Value) -> (u16, Value) {
        let token = match who {
            Who::Nobody => None,
            Who::Admin => Some(self.hands.token("root", &["admin"], &[], false)),
            Who::Person(user_id, role) => Some(self.hands.token(user_id, &[role], &[], false)),
            Who::Gateway => {
                let grants = ["refresh-tokens:write", "professionals:read", "users:read"];
                Some(self.hands.token("api-gateway", &[], &grants, false))
            }
        };
        let url = format!("{}/api/v1{path}", self.base);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn sign_in(&self, user_id: &str, password: &str) -> (u16, Value) {
        let body = json!({"userId": user_id, "password": password});
        self.ask(Who::Nobody, "POST", "/auth", body).await
    }

    async fn add_user(&self, body: Value) -> u16 {
        self.ask(Who::Admin, "POST", "/users", body).await.0
    }
}

#[derive(Clone, Copy)]
enum Who {
    Nobody,
    Admin,
    Person(&'static str, &'static str),
    Gateway,
}

fn sara() -> Value {
    json!({
        "healthProfessionalId": "hp-7", "name": "Sara", "surname": "Neri", "gender": "FEMALE",
        "birthdate": "1980-02-11", "emailAddress": "sara.neri@example.org",
        "phoneNumber": "+39 051 000000", "role": "SURGEON",
    })
}

fn with(mut document: Value, field: &str, value: Value) -> Value {
    document.as_object_mut().unwrap().insert(field.to_owned(), value);
    document
}

#[tokio::test]
async fn every_route_needs_an_identity() {
    let example = Example::start().await;
    let settings = Settings::standard();
    let mut public = Vec::new();
    for route in api(&example.runtime, &settings).unwrap().routes() {
        if route.need.is_none() {
            public.push(route.path);
            continue;
        }
        let url = format!("{}{}", example.base, route.path);
        let answer = example.client.request(route.method, url).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{}", route.path);
    }
    assert_eq!(public, ["/api/v1/auth", "/health/live", "/health/ready", "/openapi.json", "/docs"]);
}

#[tokio::test]
async fn users_come_and_go() {
    let example = Example::start().await;
    let user = json!({"userId": "anna", "password": "correct horse", "roles": ["nurse"]});
    assert_eq!(example.add_user(user.clone()).await, 201);
    assert_eq!(example.add_user(user.clone()).await, 409);
    for (field, wrong, place) in [
        ("userId", json!(""), "/userId"),
        ("password", json!("1234567"), "/password"),
        ("password", json!("123456789012345678901"), "/password"),
        ("roles", json!(["nurse", "boss"]), "/roles/1"),
        ("healthProfessionalId", json!(""), "/healthProfessionalId"),
        ("colour", json!("red"), "/colour"),
    ] {
        let body = with(user.clone(), field, wrong);
        let (status, problem) = example.ask(Who::Admin, "POST", "/users", body).await;
        assert_eq!(status, 400, "{problem}");
        assert_eq!(problem.pointer("/errors/0/pointer"), Some(&json!(place)));
    }
    let (status, _) = example.ask(Who::Person("anna", "nurse"), "POST", "/users", user).await;
    assert_eq!(status, 403);

    let shown = json!({
        "userId": "anna", "healthProfessionalId": null, "roles": ["nurse"], "disabled": false,
    });
    let path = "/users/anna";
    assert_eq!(example.ask(Who::Admin, "GET", path, Value::Null).await, (200, shown.clone()));
    let own = example.ask(Who::Person("anna", "nurse"), "GET", path, Value::Null).await;
    assert_eq!(own, (200, shown));
    let other = example.ask(Who::Person("otto", "surgeon"), "GET", path, Value::Null).await;
    assert_eq!(other.0, 403);
    assert_eq!(example.ask(Who::Admin, "GET", "/users/nobody", Value::Null).await.0, 404);

    assert_eq!(example.ask(Who::Admin, "DELETE", path, Value::Null).await.0, 204);
    assert_eq!(example.ask(Who::Admin, "DELETE", path, Value::Null).await.0, 404);
    assert_eq!(example.sign_in("anna", "correct horse").await.0, 401);
}

#[tokio::test]
async fn signing_in_tells_who_it_is() {
    let example = Example::start().await;
    assert_eq!(example.ask(Who::Admin, "POST", "/healthProfessionals", sara()).await.0, 201);
    let user = json!({
        "userId": "sara", "password": "correct horse", "roles": ["block-manager"],
        "healthProfessionalId": "hp-7",
    });
    assert_eq!(example.add_user(user).await, 201);
    let identity = json!({
        "userId": "sara", "roles": ["surgeon", "block-manager"], "healthProfessionalId": "hp-7",
    });
    assert_eq!(example.sign_in("sara", "correct horse").await, (200, identity));
    assert_eq!(example.sign_in("sara", "correct zebra").await.0, 401);
    assert_eq!(example.sign_in("sara", "short").await.0, 401, "like any wrong password");
    assert_eq!(example.sign_in("nobody", "correct horse").await.0, 401);
    assert_eq!(example.sign_in("", "correct horse").await.0, 400);
    let body = json!({"userId": "sara"});
    assert_eq!(example.ask(Who::Nobody, "POST", "/auth", body).await.0, 400);

    let disable = json!({"disabled": true});
    assert_eq!(example.ask(Who::Admin, "PATCH", "/users/sara", disable).await.0, 204);
    assert_eq!(example.sign_in("sara", "correct horse").await.0, 401);
    let change =
        json!({"disabled": false, "password": "another horse", "healthProfessionalId": null});
    assert_eq!(example.ask(Who::Admin, "PATCH", "/users/sara", change).await.0, 204);
    let (status, identity) = example.sign_in("sara", "another horse").await;
    assert_eq!((status, identity.get("roles")), (200, Some(&json!(["block-manager"]))));
}

#[tokio::test]
async fn five_failures_lock_a_name() {
    let example = Example::start().await;
    let user = json!({"userId": "anna", "password": "correct horse"});
    assert_eq!(example.add_user(user).await, 201);
    for name in ["anna", "nobody"] {
        for _ in 0..4 {
            assert_eq!(example.sign_in(name, "wrong horse").await.0, 401);
        }
    }
    assert_eq!(example.sign_in("anna", "correct horse").await.0, 200, "success forgets");
    for _ in 0..5 {
        assert_eq!(example.sign_in("anna", "wrong horse").await.0, 401);
    }
    assert_eq!(example.sign_in("anna", "correct horse").await.0, 429);
    assert_eq!(example.sign_in("nobody", "wrong horse").await.0, 401);
    assert_eq!(example.sign_in("nobody", "wrong horse").await.0, 429, "tells nothing of names");
}

#[tokio::test]
async fn professionals_have_twins() {
    let example = Example::start().await;
    let path = "/healthProfessionals";
    let at = "2026-05-15T05:00:00.000Z";
    let simulator = example.hands.token("simulator", &[], &["professionals:write"], true);
    let added = example
        .client
        .post(format!("{}/api/v1{path}", example.base))
        .bearer_auth(simulator)
        .header("x-source-time", at)
        .json(&sara())
        .send()
        .await
        .unwrap();
    assert_eq!(added.status(), 201);
    let (twin, told) = example.twins.lock().unwrap().get("hp-7").cloned().unwrap();
    assert_eq!(twin.get("role"), Some(&json!(0)), "an integer");
    assert_eq!(twin.get("surname"), Some(&json!("Neri")));
    assert_eq!(told.as_deref(), Some(at));
    assert_eq!(example.ask(Who::Admin, "POST", path, sara()).await.0, 409);

    let one = "/healthProfessionals/hp-7";
    let read = example.ask(Who::Person("otto", "nurse"), "GET", one, Value::Null).await;
    assert_eq!(read, (200, sara()));
    let developer = example.ask(Who::Person("dora", "developer"), "GET", one, Value::Null).await;
    assert_eq!(developer.0, 403);
    for (field, wrong) in [
        ("healthProfessionalId", json!("")),
        ("role", json!("PORTER")),
        ("gender", json!("?")),
        ("birthdate", json!("1980-02-30")),
    ] {
        let (status, problem) =
            example.ask(Who::Admin, "POST", path, with(sara(), field, wrong)).await;
        let place = json!(format!("/{field}"));
        assert_eq!((status, problem.pointer("/errors/0/pointer")), (400, Some(&place)));
    }
    let refused =
        with(with(sara(), "name", json!("Refused")), "healthProfessionalId", json!("hp-8"));
    assert_eq!(example.ask(Who::Admin, "POST", path, refused).await.0, 409);
    let (status, _) =
        example.ask(Who::Admin, "GET", "/healthProfessionals/hp-8", Value::Null).await;
    assert_eq!(status, 404, "nothing half-written");

    assert_eq!(example.ask(Who::Admin, "DELETE", one, Value::Null).await.0, 204);
    assert!(example.twins.lock().unwrap().is_empty());
    assert_eq!(example.ask(Who::Admin, "DELETE", one, Value::Null).await.0, 404);
    assert_eq!(example.ask(Who::Admin, "GET", one, Value::Null).await.0, 404);

    assert_eq!(example.ask(Who::Admin, "POST", path, sara()).await.0, 201);
    example.twins.lock().unwrap().clear();
    assert_eq!(example.ask(Who::Admin, "DELETE", one, Value::Null).await.0, 204, "what is left");
    example.hands.point(Service::TwinEngine, "http://127.0.0.1:1");
    assert_eq!(example.ask(Who::Admin, "POST", path, sara()).await.0, 503);
}

#[tokio::test]
async fn sessions_are_the_gateways() {
    let example = Example::start().await;
    let user = json!({"userId": "anna", "password": "correct horse", "roles": ["nurse"]});
    assert_eq!(example.add_user(user).await, 201);
    let anna = json!({"userId": "anna"});
    let refused = example.ask(Who::Admin, "POST", "/refresh-tokens", anna.clone()).await;
    assert_eq!(refused.0, 403);
    let nobody = json!({"userId": "nobody"});
    assert_eq!(example.ask(Who::Gateway, "POST", "/refresh-tokens", nobody).await.0, 404);

    let begin = async || {
        let (status, begun) =
            example.ask(Who::Gateway, "POST", "/refresh-tokens", anna.clone()).await;
        assert_eq!(status, 201);
        begun
    };
    let exchange = async |token: &Value| {
        let body = json!({"refreshToken": token.get("refreshToken")});
        example.ask(Who::Gateway, "POST", "/refresh-tokens/exchange", body).await
    };
    let revoke = async |token: &Value| {
        let body = json!({"refreshToken": token.get("refreshToken")});
        example.ask(Who::Gateway, "POST", "/refresh-tokens/revocation", body).await.0
    };

    let first = begin().await;
    let (status, second) = exchange(&first).await;
    assert_eq!(status, 200);
    assert_eq!(second.get("userId"), Some(&json!("anna")));
    assert_eq!(second.get("roles"), Some(&json!(["nurse"])));
    assert_ne!(first.get("refreshToken"), second.get("refreshToken"));
    let (status, again) = exchange(&first).await;
    assert_eq!(status, 200, "a lost answer can be asked for again at once");
    let (status, third) = exchange(&again).await;
    assert_eq!(status, 200);
    assert_eq!(exchange(&first).await.0, 401, "from before the previous one: a copy");
    assert_eq!(exchange(&third).await.0, 401, "which ended the session");

    let token = begin().await;
    assert_eq!(revoke(&token).await, 204);
    assert_eq!(revoke(&token).await, 204);
    assert_eq!(exchange(&token).await.0, 401);

    let token = begin().await;
    let disable = json!({"disabled": true});
    assert_eq!(example.ask(Who::Admin, "PATCH", "/users/anna", disable).await.0, 204);
    assert_eq!(exchange(&token).await.0, 401);
    assert_eq!(exchange(&json!({"refreshToken": "nonsense"})).await.0, 401);
}

#[tokio::test]
async fn a_badge_unlocks_its_owner_s_session_and_no_other() {
    let example = Example::start().await;
    for id in ["anna", "otto"] {
        let user = json!({"userId": id, "password": "correct horse", "roles": ["nurse"]});
        assert_eq!(example.add_user(user).await, 201);
    }
    let begin = async |id: &str| {
        let body = json!({"userId": id});
        example.ask(Who::Gateway, "POST", "/refresh-tokens", body).await.1
    };
    let (annas, ottos) = (begin("anna").await, begin("otto").await);
    let unlock = async |token: &Value, badge: &str| {
        let body = json!({"refreshToken": token.get("refreshToken"), "badge": badge});
        example.ask(Who::Gateway, "POST", "/refresh-tokens/unlocking", body).await.0
    };
    let change = async |badge: Value| {
        let patch = json!({"badge": badge});
        example.ask(Who::Admin, "PATCH", "/users/anna", patch).await.0
    };
    assert_eq!(unlock(&annas, "0417-22").await, 401, "she has none yet");
    assert_eq!(change(json!("a b")).await, 400);
    assert_eq!(change(json!("0417-22")).await, 204);
    assert_eq!(unlock(&annas, "0417-22").await, 204);
    assert_eq!(unlock(&annas, "0417-22").await, 204, "the token stays as it is");
    assert_eq!(unlock(&ottos, "0417-22").await, 401, "another person's screen");
    assert_eq!(unlock(&annas, "0417-23").await, 401);
    assert_eq!(unlock(&annas, "x").await, 400);
    let nonsense = json!({"refreshToken": "nonsense"});
    assert_eq!(unlock(&nonsense, "0417-22").await, 401);
    // The password stays hers, a lost badge is taken back, and guessing ends.
    assert_eq!(example.sign_in("anna", "correct horse").await.0, 200);
    assert_eq!(change(Value::Null).await, 204);
    assert_eq!(unlock(&annas, "0417-22").await, 401);
    for _ in 0..4 {
        unlock(&annas, "9999").await;
    }
    assert_eq!(unlock(&annas, "0417-22").await, 429);
    let body = json!({"refreshToken": ottos.get("refreshToken"), "badge": "0417-22"});
    let refused = example.ask(Who::Admin, "POST", "/refresh-tokens/unlocking", body).await.0;
    assert_eq!(refused, 403, "the gateway's alone");
}

#[tokio::test]
async fn the_first_start_shows_one_password() {
    let example = Example::start().await;
    let mut shown = None;
    let failed = prepare(&example.runtime, |_| Err(std::io::Error::other("no terminal"))).await;
    assert!(failed.is_err());
    prepare(&example.runtime, |admin| {
        shown = Some(admin.clone());
        Ok(())
    })
    .await
    .unwrap();
    let admin = shown.unwrap();
    assert!(!format!("{admin:?}").contains(admin.password.expose()));
    let (status, identity) = example.sign_in(&admin.user_id, admin.password.expose()).await;
    assert_eq!((status, identity.get("roles")), (200, Some(&json!(["admin"]))));
    prepare(&example.runtime, |_| panic!("there is an administrator")).await.unwrap();
}

#[tokio::test]
async fn who_reads_or_changes_users_is_recorded() {
    let example = Example::start().await;
    let routes = api(&example.runtime, &Settings::standard()).unwrap();
    let audited = example.hands.audited(routes, &example.runtime).await;
    assert_eq!(
        audited,
        [
            "POST /api/v1/auth",
            "GET /api/v1/users/{userId}",
            "POST /api/v1/users",
            "PATCH /api/v1/users/{userId}",
            "DELETE /api/v1/users/{userId}",
            "GET /api/v1/healthProfessionals/{healthProfessionalId}",
            "POST /api/v1/healthProfessionals",
            "DELETE /api/v1/healthProfessionals/{healthProfessionalId}",
            "POST /api/v1/refresh-tokens",
            "POST /api/v1/refresh-tokens/exchange",
            "POST /api/v1/refresh-tokens/unlocking",
            "POST /api/v1/refresh-tokens/revocation",
        ]
    );
}

#[tokio::test]
async fn signing_in_and_out_is_recorded() {
    let example = Example::start().await;
    let user = json!({"userId": "anna", "password": "correct horse", "roles": ["nurse"]});
    assert_eq!(example.add_user(user).await, 201);
    let begun = example.runtime.audit.count().await.unwrap();
    assert_eq!(example.sign_in("anna", "wrong horse").await.0, 401);
    // A password typed where the name belongs must not be kept.
    assert_eq!(example.sign_in("correct horse", "anna").await.0, 401);
    assert_eq!(example.sign_in("anna", "correct horse").await.0, 200);
    let token = json!({"userId": "anna"});
    let (status, token) = example.ask(Who::Gateway, "POST", "/refresh-tokens", token).await;
    assert_eq!(status, 201);
    let exchange = "/refresh-tokens/exchange";
    let (status, token) = example
        .ask(Who::Gateway, "POST", exchange, json!({"refreshToken": token["refreshToken"]}))
        .await;
    assert_eq!(status, 200);
    let unknown = json!({"refreshToken": "no.token"});
    assert_eq!(example.ask(Who::Gateway, "POST", exchange, unknown).await.0, 401);
    let token = json!({"refreshToken": token["refreshToken"]});
    let ended = example.ask(Who::Gateway, "POST", "/refresh-tokens/revocation", token).await;
    assert_eq!(ended.0, 204);

    let asked = Asked { limit: 100, ..Asked::default() };
    let mut entries = example.runtime.audit.find(&asked).await.unwrap().entries;
    entries.retain(|entry| begun < entry.seq);
    let told: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| {
            let event = &entry.event;
            assert_eq!(event.action, Action::SignIn);
            let about = event.subjects.get("userId").map(String::as_str);
            (event.actor.id.as_deref(), about, event.status.unwrap())
        })
        .collect();
    let anna = Some("anna");
    assert_eq!(
        told,
        [
            (None, anna, 401),
            (None, None, 401),
            (anna, anna, 200),
            (anna, anna, 200),
            (None, None, 401),
            (anna, anna, 204),
        ]
    );
    assert!(!serde_json::to_string(&entries).unwrap().contains("horse"));
}

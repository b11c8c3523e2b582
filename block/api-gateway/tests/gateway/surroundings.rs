//! The gateway with stand-ins for the services behind it.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use api_gateway::{COLLECTIONS, ClientAccount, Gateway, NAME, Settings, prepare};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use chiron_broker::{NewRecord, Record};
use chiron_chassis::{
    Api, Caller, Guard, Json, Need, Problem, RawBody, Runtime, Secret, Service, TestHands,
};
use serde_json::{Value, json};
use utoipa_axum::routes;

const SESSIONS: Need = Need::new("refresh-tokens", "write", &[]);
/// What the stand-ins ask of a caller; the gateway itself has this grant.
const ANYBODY: Need = Need::new(
    "rooms",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin", "display"],
);
const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The refresh token that counts, in a user management of one user.
type Session = Arc<Mutex<Option<String>>>;

/// Everybody has the same password, and the roles that the user id begins with.
#[utoipa::path(post, path = "/api/v1/auth", responses((status = 200)))]
async fn auth(Json(body): Json<Value>) -> Result<Json<Value>, Problem> {
    let user = body["userId"].as_str().unwrap_or_default();
    let known = ["display", "block-manager", "developer", "admin", "surgeon"];
    let role = known.into_iter().find(|role| user.starts_with(role)).unwrap_or("nurse");
    match body["password"].as_str() {
        Some("correct horse") => Ok(Json(json!({
            "userId": body["userId"], "roles": [role], "healthProfessionalId": null,
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

/// What a stand-in answers, by method, path and query; else 404.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Mutex<Entries>>);

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Value);

#[derive(Default)]
struct Entries {
    answers: HashMap<String, Answer>,
    asked: Vec<Asked>,
}

/// A request that a stand-in got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) what: String,
    pub(crate) by: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Table {
    /// Answers `what`, as in `GET /api/v1/rooms`. Null stands for no body.
    pub(crate) fn answer(&self, what: &str, status: u16, body: Value) {
        self.answer_with(what, status, &[], body);
    }

    pub(crate) fn answer_with(
        &self,
        what: &str,
        status: u16,
        headers: &[(&'static str, &str)],
        body: Value,
    ) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.lock().unwrap().answers.insert(what.to_owned(), (status, headers, body));
    }

    /// Everything asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

fn tabled(
    table: &Table,
    caller: Caller,
    method: &Method,
    uri: &Uri,
    headers: HeaderMap,
    RawBody(body): &RawBody,
) -> Response {
    let what = format!("{method} {uri}");
    let mut entries = table.0.lock().unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    entries.asked.push(Asked { what: what.clone(), by: caller.subject, headers, body });
    let Some((status, headers, body)) = entries.answers.get(&what) else {
        return Problem::not_found("not in the table").into_response();
    };
    let status = StatusCode::from_u16(*status).unwrap();
    let mut response = match body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, text.clone()).into_response(),
        body => (status, Json(body)).into_response(),
    };
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

fn by_table<S: Clone + Send + Sync + 'static>(table: &Table) -> MethodRouter<S> {
    let table = table.clone();
    let methods = MethodFilter::GET
        .or(MethodFilter::POST)
        .or(MethodFilter::PUT)
        .or(MethodFilter::PATCH)
        .or(MethodFilter::DELETE);
    on(methods, move |caller, method, uri, headers, body| {
        ready(tabled(&table, caller, &method, &uri, headers, &body))
    })
}

pub(crate) struct Example {
    pub(crate) gateway: Gateway,
    pub(crate) hands: TestHands,
    pub(crate) block: String,
    pub(crate) room: String,
    pub(crate) web: String,
    pub(crate) client: reqwest::Client,
    pub(crate) table: Table,
    _others: (Runtime, TestHands),
}

impl Example {
    pub(crate) async fn start() -> Self {
        Self::with(Settings::standard()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let client_account = ClientAccount {
            id: "simulator".to_owned(),
            secret: Some(Secret::new("a long enough & odd secret")),
            secret_sha256: None,
            grants: vec!["rooms:read".to_owned(), "commands:write".to_owned()],
            roles: Vec::new(),
            source_time: true,
        };
        let settings = Settings { source_time_users: vec!["nurse-1".to_owned()], ..settings };
        let gateway = prepare(runtime, &settings, vec![client_account]).await.unwrap();
        let block = hands.serve(gateway.block_api(), gateway.runtime()).await;
        let room = hands.serve(gateway.room_api(), gateway.runtime()).await;
        let web = hands.serve(gateway.web_api(), gateway.runtime()).await;

        // The others know the gateway by its published keys alone, as in production.
        let client = chiron_chassis::http_client().unwrap();
        let others = Runtime::for_test("others", &[]);
        let mut other = others.0.clone();
        other.guard = Guard::fetching(client.clone(), format!("{block}/.well-known/jwks.json"));
        let table = Table::default();
        let professional = "/api/v1/healthProfessionals/{id}";
        let users = Api::new("users", "Users")
            .public(routes!(auth))
            .route(SESSIONS, routes!(begin))
            .route(SESSIONS, routes!(exchange))
            .route(SESSIONS, routes!(revoke))
            .unlisted(ANYBODY, &[Method::GET], professional, by_table(&table))
            .with_state(Session::default());
        hands.point(Service::UserManagement, others.1.serve(users, &other).await);
        let rest = Api::new("others", "Others")
            .unlisted(ANYBODY, &METHODS, "/{*path}", by_table(&table))
            .unlisted(ANYBODY, &[Method::GET], "/", get(|| async { StatusCode::NO_CONTENT }));
        let rest = others.1.serve(rest, &other).await;
        for service in [
            Service::BuildingManagement,
            Service::StaffTracking,
            Service::SurgicalProcess,
            Service::SurgeryReport,
            Service::Catalog,
        ] {
            hands.point(service, rest.clone());
        }
        hands.point(Service::GatewayBlock, block.clone());
        table.answer("GET /api/v1/rooms/or%201", 200, json!({"id": "or 1"}));
        Self { gateway, hands, block, room, web, client, table, _others: others }
    }

    pub(crate) async fn sign_in(&self, user_id: &str, password: &str) -> reqwest::Response {
        let body = json!({"userId": user_id, "password": password});
        self.client
            .post(format!("{}/api/v1/obd/auth", self.block))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    /// A token of a nurse, or of the role that the id begins with.
    pub(crate) async fn token_of(&self, user_id: &str) -> String {
        let session: Value = self.sign_in(user_id, "correct horse").await.json().await.unwrap();
        session["accessToken"].as_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, path: &str, token: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/api/v1/ord{path}", self.room)).bearer_auth(token)
    }

    /// Reads from the block's dashboard.
    pub(crate) async fn read(&self, path: &str, token: &str) -> reqwest::Response {
        let url = format!("{}/api/v1/obd{path}", self.block);
        self.client.get(url).bearer_auth(token).send().await.unwrap()
    }

    /// Reads from a room's dashboard.
    pub(crate) async fn read_in_room(&self, path: &str, token: &str) -> reqwest::Response {
        let url = format!("{}/api/v1/ord{path}", self.room);
        self.client.get(url).bearer_auth(token).send().await.unwrap()
    }

    pub(crate) async fn records(&self, topic: &str) -> Vec<Record> {
        let broker = &self.gateway.runtime().broker;
        let mut records = Vec::new();
        for partition in 0..broker.partitions() {
            records.extend(broker.read(topic, partition, 0, 100).await.unwrap_or_default());
        }
        records
    }

    pub(crate) async fn publish(&self, records: Vec<NewRecord>) {
        self.gateway.runtime().broker.publish(records).await.unwrap();
    }
}

/// Status and places of a refusal.
pub(crate) async fn places(answer: reqwest::Response) -> (u16, Vec<String>) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let place = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    (status, errors.iter().map(place).collect())
}

/// Status and body; null for no body.
pub(crate) async fn body(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    (status, body)
}

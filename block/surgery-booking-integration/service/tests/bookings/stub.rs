//! A twin layer and a patient management with just enough of their protocols, in one server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use chiron_chassis::Runtime;
use serde_json::{Value, json};

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Content {
    twins: BTreeMap<String, Value>,
    /// (source, id) to (name, target)
    relationships: BTreeMap<(String, String), (String, String)>,
}

#[derive(Default)]
struct Shared {
    content: Content,
    source_times: Vec<String>,
    answers_left: Option<u32>,
    hang: bool,
}

type Held = Arc<Mutex<Shared>>;

#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) base: String,
    shared: Held,
}

impl Stub {
    /// A block with two surgeons and a theatre.
    pub(crate) async fn serve(runtime: &Runtime) -> Stub {
        let shared = Held::default();
        for (id, model) in [
            ("hp-7", "HealthProfessional"),
            ("hp-8", "HealthProfessional"),
            ("or-1", "OperatingRoom"),
        ] {
            let model = format!("dtmi:io:github:smartoperatingblock:{model};1");
            let twin = json!({"$dtId": id, "$etag": "W/\"1\"", "$metadata": {"$model": model}});
            shared.lock().unwrap().content.twins.insert(id.to_owned(), twin);
        }
        Stub::listen(shared, runtime).await
    }

    /// The same world on a listener of another runtime.
    pub(crate) async fn clone_on(&self, runtime: &Runtime) -> Stub {
        Stub::listen(Arc::clone(&self.shared), runtime).await
    }

    async fn listen(shared: Held, runtime: &Runtime) -> Stub {
        let app = Router::new()
            .route("/digitaltwins/{id}", put(put_twin).get(get_twin).delete(delete_twin))
            .route("/digitaltwins/{id}/relationships", get(relationships))
            .route("/digitaltwins/{id}/incomingrelationships", get(incoming))
            .route(
                "/digitaltwins/{id}/relationships/{relationship}",
                put(put_relationship).delete(delete_relationship),
            )
            .route("/api/v1/patients/{code}", get(patient))
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), fail))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.tasks.spawn("stub", async move {
            axum::serve(listener, app).await.unwrap();
        });
        Stub { base, shared }
    }

    /// Answers so many requests and 503 to all others; `None` heals.
    pub(crate) fn fail_after(&self, answers: Option<u32>) {
        let mut shared = self.shared.lock().unwrap();
        shared.answers_left = answers;
        shared.hang = false;
    }

    /// Answers so many requests, and none after them.
    pub(crate) fn hang_after(&self, answers: u32) {
        let mut shared = self.shared.lock().unwrap();
        shared.answers_left = Some(answers);
        shared.hang = true;
    }

    pub(crate) fn content(&self) -> Content {
        self.shared.lock().unwrap().content.clone()
    }

    pub(crate) fn twin(&self, id: &str) -> Option<Value> {
        self.shared.lock().unwrap().content.twins.get(id).cloned()
    }

    pub(crate) fn set(&self, id: &str, property: &str, value: Value) {
        let mut shared = self.shared.lock().unwrap();
        shared.content.twins.get_mut(id).unwrap()[property] = value;
    }

    /// `source -name-> target (id)`, sorted.
    pub(crate) fn relationships(&self) -> Vec<String> {
        let content = self.content();
        let mut texts: Vec<String> = content
            .relationships
            .iter()
            .map(|((source, id), (name, target))| format!("{source} -{name}-> {target} ({id})"))
            .collect();
        texts.sort();
        texts
    }

    /// `x-source-time` of every write.
    pub(crate) fn source_times(&self) -> Vec<String> {
        self.shared.lock().unwrap().source_times.clone()
    }
}

async fn fail(State(shared): State<Held>, request: Request, next: Next) -> Response {
    let (refuse, hang) = {
        let mut shared = shared.lock().unwrap();
        let refuse = match &mut shared.answers_left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        (refuse, shared.hang)
    };
    if refuse && hang {
        std::future::pending::<()>().await;
    }
    if refuse {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": "no"}}))).into_response()
}

fn note(shared: &mut Shared, headers: &HeaderMap) {
    if let Some(at) = headers.get("x-source-time") {
        shared.source_times.push(at.to_str().unwrap().to_owned());
    }
}

async fn put_twin(
    State(shared): State<Held>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(mut twin): Json<Value>,
) -> Response {
    let mut shared = shared.lock().unwrap();
    if headers.contains_key("if-none-match") && shared.content.twins.contains_key(&id) {
        return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    note(&mut shared, &headers);
    twin["$dtId"] = json!(id);
    twin["$etag"] = json!("W/\"1\"");
    shared.content.twins.insert(id, twin.clone());
    Json(twin).into_response()
}

async fn get_twin(State(shared): State<Held>, Path(id): Path<String>) -> Response {
    match shared.lock().unwrap().content.twins.get(&id) {
        Some(twin) => Json(twin.clone()).into_response(),
        None => error(StatusCode::NOT_FOUND, "DigitalTwinNotFound"),
    }
}

async fn delete_twin(State(shared): State<Held>, Path(id): Path<String>) -> Response {
    let content = &mut shared.lock().unwrap().content;
    let related = content
        .relationships
        .iter()
        .any(|((source, _), (_, target))| *source == id || *target == id);
    if related {
        return error(StatusCode::BAD_REQUEST, "RelationshipsNotDeleted");
    }
    match content.twins.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => error(StatusCode::NOT_FOUND, "DigitalTwinNotFound"),
    }
}

fn relationship(source: &str, id: &str, name: &str, target: &str) -> Value {
    json!({
        "$relationshipId": id, "$sourceId": source, "$targetId": target,
        "$relationshipName": name, "$etag": "W/\"1\"",
    })
}

async fn relationships(
    State(shared): State<Held>,
    Path(id): Path<String>,
    axum::extract::Query(query): axum::extract::Query<BTreeMap<String, String>>,
) -> Response {
    let content = shared.lock().unwrap().content.clone();
    if !content.twins.contains_key(&id) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    let asked = query.get("relationshipName");
    let value: Vec<Value> = content
        .relationships
        .iter()
        .filter(|((source, _), (name, _))| *source == id && asked.is_none_or(|asked| asked == name))
        .map(|((source, id), (name, target))| relationship(source, id, name, target))
        .collect();
    Json(json!({ "value": value })).into_response()
}

async fn incoming(State(shared): State<Held>, Path(id): Path<String>) -> Response {
    let content = shared.lock().unwrap().content.clone();
    if !content.twins.contains_key(&id) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    let value: Vec<Value> = content
        .relationships
        .iter()
        .filter(|(_, (_, target))| *target == id)
        .map(|((source, id), (name, target))| relationship(source, id, name, target))
        .collect();
    Json(json!({ "value": value })).into_response()
}

async fn put_relationship(
    State(shared): State<Held>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut shared = shared.lock().unwrap();
    let target = body["$targetId"].as_str().unwrap().to_owned();
    let name = body["$relationshipName"].as_str().unwrap().to_owned();
    let twins = &shared.content.twins;
    if !twins.contains_key(&source) || !twins.contains_key(&target) {
        return error(StatusCode::NOT_FOUND, "DigitalTwinNotFound");
    }
    note(&mut shared, &headers);
    let answer = relationship(&source, &id, &name, &target);
    shared.content.relationships.insert((source, id), (name, target));
    Json(answer).into_response()
}

async fn delete_relationship(
    State(shared): State<Held>,
    Path((source, id)): Path<(String, String)>,
) -> Response {
    match shared.lock().unwrap().content.relationships.remove(&(source, id)) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => error(StatusCode::NOT_FOUND, "RelationshipNotFound"),
    }
}

async fn patient(Path(code): Path<String>) -> Response {
    match code.as_str() {
        "VRDLCU85T10A562S" => Json(json!({
            "taxCode": code, "name": "Luca", "surname": "Verdi", "height": 178.5, "weight": 74.0,
            "birthdate": "1985-12-10", "bloodGroup": "ZERO_POSITIVE",
        }))
        .into_response(),
        "RSSMRA80A01H501U" => Json(json!({"name": "Mara", "surname": "Rossi"})).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

//! A twin layer for tests: as much of the protocol as building management speaks, and a switch that
//! takes it down.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

#[derive(Clone, Default)]
pub(crate) struct Layer(Arc<Mutex<Graph>>);

#[derive(Default)]
struct Graph {
    twins: BTreeMap<String, Map<String, Value>>,
    /// By source and id: name and target.
    relationships: BTreeMap<(String, String), (String, String)>,
    times: Vec<String>,
    down: bool,
}

impl Layer {
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        let server = async move { axum::serve(listener, router).await.unwrap() };
        chiron_clock::Tasks::new().spawn("twin layer", server);
        format!("http://{address}")
    }

    pub(crate) fn down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    /// `id name=… target=…` of every twin and relationship.
    pub(crate) fn brief(&self) -> String {
        let graph = self.0.lock().unwrap();
        let twins = graph.twins.iter().map(|(id, twin)| {
            let text = |name: &str| twin.get(name).map_or("-".to_owned(), ToString::to_string);
            format!("{id} {} {}", text("name"), text("zone_id"))
        });
        let relationships = graph
            .relationships
            .iter()
            .map(|((source, id), (name, target))| format!("{source} -{id}:{name}-> {target}"));
        twins.chain(relationships).collect::<Vec<_>>().join(", ").replace('"', "")
    }

    pub(crate) fn put(&self, id: &str, properties: Value) {
        let Value::Object(properties) = properties else { panic!() };
        self.0.lock().unwrap().twins.insert(id.to_owned(), properties);
    }

    pub(crate) fn forget(&self, id: &str) {
        self.0.lock().unwrap().twins.remove(id);
    }

    /// The `x-source-time` of the last request that had one.
    pub(crate) fn last_time(&self) -> Option<String> {
        self.0.lock().unwrap().times.last().cloned()
    }
}

async fn answer(State(layer): State<Layer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut graph = layer.0.lock().unwrap();
    if graph.down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(time) = parts.headers.get("x-source-time") {
        graph.times.push(time.to_str().unwrap().to_owned());
    }
    let path: Vec<&str> = parts.uri.path().split('/').skip(2).collect();
    match (parts.method, path.as_slice()) {
        (Method::GET, [id]) => match graph.twins.get(*id) {
            Some(twin) => json(twin_answer(id, twin)),
            None => not_found(),
        },
        (Method::PUT, [id]) => {
            let Value::Object(members) = body else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let answer = twin_answer(id, &members);
            graph.twins.insert((*id).to_owned(), members);
            json(answer)
        }
        (Method::PATCH, [id]) => {
            let Some(twin) = graph.twins.get_mut(*id) else { return not_found() };
            for operation in body.as_array().unwrap() {
                let path = operation.get("path").unwrap().as_str().unwrap();
                let name = path.trim_start_matches('/').to_owned();
                twin.insert(name, operation.get("value").unwrap().clone());
            }
            StatusCode::NO_CONTENT.into_response()
        }
        (Method::DELETE, [id]) => match graph.twins.remove(*id) {
            Some(_) => StatusCode::NO_CONTENT.into_response(),
            None => not_found(),
        },
        (Method::GET, [id, "relationships"]) => {
            if !graph.twins.contains_key(*id) {
                return not_found();
            }
            let own = graph.relationships.iter().filter(|((source, _), _)| source == id);
            let own: Vec<Value> = own
                .map(|((source, id), (name, target))| {
                    json!({"$relationshipId": id, "$sourceId": source, "$targetId": target,
                           "$relationshipName": name, "$etag": "e"})
                })
                .collect();
            json(json!({"value": own}))
        }
        (Method::GET, [id, "incomingrelationships"]) => {
            if !graph.twins.contains_key(*id) {
                return not_found();
            }
            let incoming = graph.relationships.iter().filter(|(_, (_, target))| target == id);
            let incoming: Vec<Value> = incoming
                .map(|((source, id), (name, _))| {
                    json!({"$relationshipId": id, "$sourceId": source, "$relationshipName": name,
                           "$relationshipLink": ""})
                })
                .collect();
            json(json!({"value": incoming}))
        }
        (Method::PUT, [source, "relationships", id]) => {
            let text = |name: &str| body.get(name).unwrap().as_str().unwrap().to_owned();
            let (name, target) = (text("$relationshipName"), text("$targetId"));
            if !graph.twins.contains_key(*source) || !graph.twins.contains_key(&target) {
                return not_found();
            }
            let answer = json!({"$relationshipId": id, "$sourceId": source, "$targetId": target,
                                "$relationshipName": name, "$etag": "e"});
            graph.relationships.insert(((*source).to_owned(), (*id).to_owned()), (name, target));
            json(answer)
        }
        (Method::DELETE, [source, "relationships", id]) => {
            let key = ((*source).to_owned(), (*id).to_owned());
            match graph.relationships.remove(&key) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => not_found(),
            }
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn twin_answer(id: &str, members: &Map<String, Value>) -> Value {
    let mut twin = members.clone();
    twin.insert("$dtId".to_owned(), json!(id));
    twin.insert("$etag".to_owned(), json!("e"));
    twin.entry("$metadata").or_insert(json!({"$model": "dtmi:test:Thing;1"}));
    Value::Object(twin)
}

#[expect(clippy::needless_pass_by_value, reason = "reads as a constructor")]
fn json(value: Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

fn not_found() -> Response {
    let body = json!({"error": {"code": "DigitalTwinNotFound", "message": "not there"}});
    (StatusCode::NOT_FOUND, body.to_string()).into_response()
}

//! A running engine and small means to talk to it.

use chiron_chassis::{Runtime, TestHands, http_client};
use chiron_clock::{Shutdown, Tasks, Trigger};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

pub(crate) const EVERYTHING: &[&str] = &["twins:read", "twins:write"];

/// How the service ended: `Err` holds the error with its causes.
pub(crate) type Ended = Result<(), String>;

pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) runtime: Runtime,
    pub(crate) hands: TestHands,
    trigger: Trigger,
    ended: oneshot::Receiver<Ended>,
    http: reqwest::Client,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("no code")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn start() -> Running {
    start_with(json!({"load_block_models": false})).await
}

pub(crate) async fn start_with(settings: Value) -> Running {
    let (runtime, hands) = Runtime::for_test(twin_engine::NAME, twin_engine::COLLECTIONS);
    start_on(runtime, hands, settings).await
}

/// Starts the service on an existing store and log.
pub(crate) async fn start_on(mut runtime: Runtime, hands: TestHands, settings: Value) -> Running {
    let (trigger, shutdown) = Shutdown::new();
    runtime.shutdown = shutdown;
    runtime.tasks = Tasks::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, ended) = oneshot::channel();
    let (serving, settings) = (runtime.clone(), serde_json::from_value(settings).unwrap());
    Tasks::new().spawn("engine", async move {
        let outcome = twin_engine::run(serving, settings, listener).await;
        let outcome = outcome.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            let causes = std::iter::successors(Some(error), |error| error.source());
            causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
        });
        let _ = tell.send(outcome);
    });
    let token = hands.token("test", &[], EVERYTHING, true);
    Running { base, token, runtime, hands, trigger, ended, http: http_client().unwrap() }
}

impl Running {
    pub(crate) async fn stop(self) -> (Runtime, TestHands, Ended) {
        self.trigger.trigger();
        let ended = self.ended.await.unwrap();
        (self.runtime, self.hands, ended)
    }

    pub(crate) async fn ended(self) -> Ended {
        self.ended.await.unwrap()
    }

    /// A request of a path with its query, to which the version is added.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{path}{separator}api-version=2023-10-31", self.base);
        self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token)
    }

    pub(crate) fn raw(&self, method: &str, url: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), url)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        send(self.request("PUT", path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        send(self.request("POST", path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        send(self.request("PATCH", path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        send(self.request("DELETE", path)).await
    }

    pub(crate) async fn with_models(self) -> Running {
        let reply = self.post("/models", models()).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        self
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Reply { status, body, headers }
}

/// A room that has things, with a component.
pub(crate) fn models() -> Value {
    let interface = |name: &str, contents: Value| {
        json!({
            "@id": format!("dtmi:test:{name};1"),
            "@type": "Interface",
            "@context": "dtmi:dtdl:context;2",
            "contents": contents,
        })
    };
    json!([
        interface(
            "Room",
            json!([
                {"@type": "Property", "name": "label", "schema": "string"},
                {"@type": "Property", "name": "warmth", "schema": "double"},
                {"@type": "Component", "name": "lamp", "schema": "dtmi:test:Lamp;1"},
                {"@type": "Relationship", "name": "has"},
            ])
        ),
        interface("Lamp", json!([{"@type": "Property", "name": "level", "schema": "integer"}])),
    ])
}

pub(crate) fn room(label: &str) -> Value {
    json!({"$metadata": {"$model": "dtmi:test:Room;1"}, "label": label, "lamp": {"$metadata": {}}})
}

pub(crate) fn has(target: &str) -> Value {
    json!({"$targetId": target, "$relationshipName": "has"})
}

//! A block gateway between a real twin engine and a real directory, and units that talk to it.

use std::time::Duration;

use block_gateway::{COLLECTIONS, NAME, Settings};
use chiron_chassis::{Runtime, Service, TestHands};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const MODELS: &str = "dtmi:io:github:smartoperatingblock:";

/// A service with the hands that hold its surroundings.
struct Served {
    runtime: Runtime,
    _hands: TestHands,
    base: String,
}

pub(crate) struct Block {
    pub(crate) runtime: Runtime,
    pub(crate) hands: TestHands,
    pub(crate) base: String,
    pub(crate) lines: std::net::SocketAddr,
    pub(crate) client: reqwest::Client,
    engine: Served,
    directory: Served,
}

impl Block {
    /// A block of two theatres, a recovery room, two patients and a nurse; one patient has a
    /// process.
    pub(crate) async fn open() -> Self {
        let (runtime, hands) = Runtime::for_test("twin-engine", twin_engine::COLLECTIONS);
        let settings = serde_json::from_value(json!({})).unwrap();
        let engine = {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let serving = runtime.clone();
            // A set of its own: the engine waits for its runtime's tasks before it ends.
            chiron_clock::Tasks::new().spawn("engine", async move {
                twin_engine::run(serving, settings, listener).await.unwrap();
            });
            Served { runtime, _hands: hands, base }
        };
        let (runtime, hands) =
            Runtime::for_test(thing_directory::NAME, thing_directory::COLLECTIONS);
        let directory = {
            let api = thing_directory::start(&runtime).await.unwrap();
            let base = hands.serve(api, &runtime).await;
            Served { runtime, _hands: hands, base }
        };
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        hands.own_grants(&["twins:read", "twins:write", "things:write"]);
        hands.point(Service::TwinEngine, engine.base.as_str());
        hands.point(Service::ThingDirectory, directory.base.as_str());
        let (base, lines) = listen(&runtime).await;
        let client = chiron_chassis::http_client().unwrap();
        let block = Self { runtime, hands, base, lines, client, engine, directory };
        for (id, model) in [
            ("or-1", "OperatingRoom"),
            ("or-2", "OperatingRoom"),
            ("pre-1", "PrePostOperatingRoom"),
            ("p-1", "Patient"),
            ("p-2", "Patient"),
            ("hp-1", "HealthProfessional"),
            ("process-1", "SurgicalProcess"),
        ] {
            block.twin(id, model).await;
        }
        block.relate("process-1", "rel_involve_patient", "p-1").await;
        block.relate("process-1", "rel_is_inside", "or-1").await;
        block
    }

    /// The gateway again on the same store: what a restart leaves.
    pub(crate) async fn restart(&mut self) {
        (self.base, self.lines) = listen(&self.runtime).await;
        self.rest().await;
    }

    /// Until nothing is under way anywhere.
    pub(crate) async fn rest(&self) {
        let mut calm = 0;
        while calm < 2 {
            let pending: u64 = [&self.runtime, &self.engine.runtime, &self.directory.runtime]
                .map(|runtime| runtime.activity.snapshot().pending)
                .iter()
                .sum();
            calm = if pending == 0 { calm + 1 } else { 0 };
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) fn admin(&self) -> String {
        let grants =
            &["twins:read", "twins:write", "things:read", "actuators:write", "actuators:read"];
        self.hands.token("somebody", &[], grants, true)
    }

    pub(crate) fn directory_url(&self) -> &str {
        &self.directory.base
    }

    async fn put(&self, path: &str, body: &Value) {
        let url = format!("{}{path}?api-version=2023-10-31", self.engine.base);
        let request = self.client.put(url).bearer_auth(self.admin()).json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    pub(crate) async fn twin(&self, id: &str, model: &str) {
        let model = format!("{MODELS}{model};1");
        self.put(&format!("/digitaltwins/{id}"), &json!({"$metadata": {"$model": model}})).await;
    }

    pub(crate) async fn relate(&self, source: &str, name: &str, target: &str) {
        let path = format!("/digitaltwins/{source}/relationships/{source}-{target}");
        self.put(&path, &json!({"$targetId": target, "$relationshipName": name})).await;
    }

    async fn read(&self, base: &str, path: &str) -> (u16, Value) {
        let url = format!("{base}{path}");
        let answer = self.client.get(url).bearer_auth(self.admin()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// A twin as it stands; null when there is none.
    pub(crate) async fn shown(&self, id: &str) -> Value {
        let path = format!("/digitaltwins/{id}?api-version=2023-10-31");
        let (status, twin) = self.read(&self.engine.base, &path).await;
        if status == 200 { twin } else { Value::Null }
    }

    /// A property and when it was observed.
    pub(crate) async fn property(&self, id: &str, name: &str) -> (Value, Value) {
        let twin = self.shown(id).await;
        (twin[name].clone(), twin["$metadata"][name]["sourceTime"].clone())
    }

    /// Targets of a twin's relationships of one name, sorted.
    pub(crate) async fn targets(&self, id: &str, name: &str) -> Vec<String> {
        let path = format!(
            "/digitaltwins/{id}/relationships?api-version=2023-10-31&relationshipName={name}"
        );
        let (_, found) = self.read(&self.engine.base, &path).await;
        let found = found["value"].as_array().cloned().unwrap_or_default();
        let mut targets: Vec<String> =
            found.iter().map(|found| found["$targetId"].as_str().unwrap().to_owned()).collect();
        targets.sort();
        targets
    }

    pub(crate) async fn thing(&self, path: &str) -> (u16, Value) {
        self.read(&self.directory.base, path).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.read(&self.base, path).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> u16 {
        let mut request = self.client.post(format!("{}{path}", self.base));
        request = request.bearer_auth(self.admin());
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// A unit that has shown its token.
    pub(crate) async fn unit(&self) -> Unit {
        let mut unit = Unit::connect(self.lines).await;
        let token = self.hands.token("unit", &[], &["lines:write"], true);
        let answer = unit.ask(&json!({"token": token, "id": "hello"})).await;
        assert_eq!(answer, json!({"id": "hello", "status": 204}));
        unit
    }
}

async fn listen(runtime: &Runtime) -> (String, std::net::SocketAddr) {
    let lines = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = lines.local_addr().unwrap();
    // Where the Things are is said in their descriptions, so the port must be known before.
    let http = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", http.local_addr().unwrap());
    let api = block_gateway::start(runtime, Settings::default(), base.clone(), lines).unwrap();
    let app = chiron_chassis::router(api, runtime);
    let shutdown = runtime.shutdown.clone();
    runtime.tasks.spawn("test server", async move {
        let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
        let server = axum::serve(http, app);
        server.with_graceful_shutdown(async move { shutdown.requested().await }).await.unwrap();
    });
    (base, address)
}

/// A room control unit.
pub(crate) struct Unit {
    pub(crate) reader: BufReader<OwnedReadHalf>,
    pub(crate) writer: OwnedWriteHalf,
    said: u32,
    /// Commands that came while an answer was awaited.
    commands: Vec<Value>,
}

impl Unit {
    pub(crate) async fn connect(address: std::net::SocketAddr) -> Self {
        let (reader, writer) = TcpStream::connect(address).await.unwrap().into_split();
        Self { reader: BufReader::new(reader), writer, said: 0, commands: Vec::new() }
    }

    pub(crate) async fn send(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line from the gateway; null at the end of the connection.
    pub(crate) async fn hear(&mut self) -> Value {
        if !self.commands.is_empty() {
            return self.commands.remove(0);
        }
        self.read().await
    }

    async fn read(&mut self) -> Value {
        let mut line = String::new();
        match self.reader.read_line(&mut line).await {
            Ok(0) | Err(_) => Value::Null,
            Ok(_) => serde_json::from_str(&line).unwrap(),
        }
    }

    pub(crate) async fn ask(&mut self, line: &Value) -> Value {
        self.send(&line.to_string()).await;
        loop {
            let heard = self.read().await;
            if heard.get("command").is_none() {
                return heard;
            }
            self.commands.push(heard);
        }
    }

    /// Says a line under an id of its own; the status of the answer.
    pub(crate) async fn say(&mut self, mut line: Value) -> u64 {
        self.said += 1;
        let id = format!("line-{}", self.said);
        line["id"] = json!(id);
        let answer = self.ask(&line).await;
        assert_eq!(answer["id"], json!(id), "{line}");
        answer["status"].as_u64().unwrap()
    }
}

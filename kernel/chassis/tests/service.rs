//! What every service does alike, seen from outside through a real listener.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use chiron_broker::{Headers, NewRecord};
use chiron_chassis::identity::{COOKIE, Signer};
use chiron_chassis::{
    Api, Authority, CallError, Caller, Calls, Completeness, Endpoints, FactTime, Guard, Json,
    Limits, Need, Path, Problem, Query, Runtime, Secret, ServeError, Service, TestHands,
    TokenSource, serve,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use test_support::tools;
use tokio::net::TcpListener;
use utoipa::ToSchema;
use utoipa_axum::routes;

const READ: Need = Need::new("rooms", "read", &["nurse", "admin"]);
const WRITE: Need = Need::new("rooms", "write", &["admin"]);

#[derive(Clone, Default)]
struct Shared {
    finished: Arc<AtomicBool>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Room {
    room_id: String,
    beds: u8,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
}

#[utoipa::path(get, path = "/api/v1/rooms/{roomId}", params(("roomId" = String, Path)), responses((status = 200, body = Room)))]
async fn room(
    Path(room_id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Room>, Problem> {
    if room_id == "nowhere" {
        return Err(Problem::not_found("there is no such room"));
    }
    Ok(Json(Room { room_id, beds: u8::try_from(page.limit.unwrap_or(1)).unwrap_or(0) }))
}

#[utoipa::path(post, path = "/api/v1/rooms", request_body = Room, responses((status = 201)))]
async fn add(
    authority: Authority,
    caller: Caller,
    at: FactTime,
    Json(room): Json<Room>,
) -> (StatusCode, Json<Value>) {
    let at = at.0.map(chiron_clock::instant::write);
    let url = authority.url(&format!("/api/v1/rooms/{}", room.room_id));
    (StatusCode::CREATED, Json(json!({"by": caller.subject, "at": at, "url": url})))
}

#[utoipa::path(post, path = "/panic", responses((status = 200)))]
async fn panics() {
    panic!("on purpose");
}

#[utoipa::path(post, path = "/slow", responses((status = 200)))]
async fn slow(State(shared): State<Shared>) {
    tokio::time::sleep(Duration::from_millis(400)).await;
    shared.finished.store(true, Ordering::SeqCst);
}

#[utoipa::path(get, path = "/open", responses((status = 200)))]
async fn open() {}

fn api(shared: Shared) -> Api {
    Api::new("example", "An example")
        .route(READ, routes!(room))
        .route(WRITE, routes!(add))
        .route(WRITE, routes!(panics))
        .route(WRITE, routes!(slow))
        .public(routes!(open))
        .with_state(shared)
}

struct Example {
    base: String,
    runtime: Runtime,
    hands: TestHands,
    shared: Shared,
    client: reqwest::Client,
}

impl Example {
    async fn start(change: impl FnOnce(&mut Runtime)) -> Self {
        let (mut runtime, hands) = Runtime::for_test("example", &[]);
        change(&mut runtime);
        let shared = Shared::default();
        let base = hands.serve(api(shared.clone()), &runtime).await;
        let client = chiron_chassis::http_client().unwrap();
        Self { base, runtime, hands, shared, client }
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    fn admin(&self) -> String {
        self.hands.token("anna", &["admin"], &[], false)
    }

    fn simulator(&self) -> String {
        self.hands.token("simulator", &[], &["rooms:write", "internal:read"], true)
    }
}

async fn problem(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{status}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["status"], status);
    (status, body)
}

fn places(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_route_needs_an_identity() {
    let example = Example::start(|_| {}).await;
    let public = ["/open", "/health/live", "/health/ready", "/openapi.json", "/docs"];
    for route in api(Shared::default()).routes() {
        let path = route.path.replace("{roomId}", "or-1");
        let url = format!("{}{path}", example.base);
        let answer = example.client.request(route.method, url).send().await.unwrap();
        if route.need.is_none() {
            assert!(public.contains(&path.as_str()), "{path} is public");
        } else {
            assert_eq!(answer.status(), 401, "{path}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"chiron\"");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }
}

#[tokio::test]
async fn roles_and_grants_decide() {
    let example = Example::start(|_| {}).await;
    let status = async |token: String| {
        let answer = example.get("/api/v1/rooms/or-1").bearer_auth(token).send().await.unwrap();
        answer.status().as_u16()
    };
    let hands = &example.hands;
    assert_eq!(status(hands.token("n", &["nurse"], &[], false)).await, 200);
    assert_eq!(status(hands.token("s", &["surgeon"], &[], false)).await, 403);
    assert_eq!(status(hands.token("d", &[], &["rooms:read"], false)).await, 200);
    assert_eq!(status(hands.token("d", &[], &["rooms:write"], false)).await, 403);
    assert_eq!(status(hands.token("d", &[], &["nurse"], false)).await, 403);
    assert_eq!(status("nonsense".to_owned()).await, 401);
    let mut forged = hands.token("n", &["nurse"], &[], false);
    forged.pop();
    assert_eq!(status(forged).await, 401);
}

#[tokio::test]
async fn a_cookie_changes_nothing_for_another_site() {
    let example = Example::start(|_| {}).await;
    let cookie = format!("theme=dark; {COOKIE}={}", example.admin());
    let read = example.get("/api/v1/rooms/or-1").header("cookie", &cookie);
    assert_eq!(read.send().await.unwrap().status(), 200);
    let write = |origin: &str| {
        let body = json!({"roomId": "or-1", "beds": 1});
        example.post("/api/v1/rooms").header("cookie", &cookie).header("origin", origin).json(&body)
    };
    assert_eq!(write("http://elsewhere.example").send().await.unwrap().status(), 401);
    assert_eq!(write(&example.base).send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn refusals_name_the_place() {
    let example = Example::start(|runtime| runtime.limits.body_bytes = 1_000).await;
    let post = |body: &str| {
        example
            .post("/api/v1/rooms")
            .bearer_auth(example.admin())
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    let (status, body) = problem(post("{\"roomId\":\"or-1\",\"beds\":1,\"colour\":\"red\"}")).await;
    assert_eq!((status, places(&body)), (400, vec!["/colour"]));
    let (status, body) = problem(post("{\"roomId\":\"or-1\",\"beds\":-1}")).await;
    assert_eq!((status, places(&body)), (400, vec!["/beds"]));
    let (status, body) = problem(post("{\"beds\":1}")).await;
    assert_eq!((status, places(&body)), (400, vec!["/roomId"]));
    let (status, body) = problem(post("{")).await;
    assert_eq!((status, places(&body)), (400, vec![""]));
    let (status, _) = problem(post(&format!("{{\"roomId\":\"{}\"}}", "x".repeat(2_000)))).await;
    assert_eq!(status, 413);
    let text = example.post("/api/v1/rooms").bearer_auth(example.admin()).body("{}");
    assert_eq!(problem(text).await.0, 415);
    let query = example.get("/api/v1/rooms/or-1?limit=many").bearer_auth(example.admin());
    let (status, body) = problem(query).await;
    assert_eq!((status, places(&body)), (400, vec!["?limit"]));
    let absent = example.get("/api/v1/rooms/nowhere").bearer_auth(example.admin());
    assert_eq!(problem(absent).await.0, 404);
    assert_eq!(problem(example.get("/nothing")).await.0, 404);
    let method = example.client.delete(format!("{}/api/v1/rooms", example.base));
    assert_eq!(problem(method).await.0, 405);
}

#[tokio::test]
async fn source_time_needs_the_claim() {
    let example = Example::start(|_| {}).await;
    let post = |token: String, at: &str| {
        example
            .post("/api/v1/rooms")
            .bearer_auth(token)
            .header("x-source-time", at)
            .json(&json!({"roomId": "or-1", "beds": 1}))
    };
    let at = "2026-05-15T07:59:59.1239+02:00";
    let accepted = post(example.simulator(), at).send().await.unwrap();
    let body: Value = accepted.json().await.unwrap();
    assert_eq!(body["at"], "2026-05-15T05:59:59.123Z");
    assert_eq!(body["by"], "simulator");
    assert_eq!(body["url"], format!("{}/api/v1/rooms/or-1", example.base));
    assert_eq!(problem(post(example.admin(), at)).await.0, 403);
    for wrong in ["yesterday", "2026-05-15T06:00:06Z", "2026-05-01T06:00:00Z"] {
        let (status, body) = problem(post(example.simulator(), wrong)).await;
        assert_eq!((status, places(&body)), (400, vec!["x-source-time"]), "{wrong}");
    }
}

#[tokio::test]
async fn a_panic_is_one_answer() {
    let example = Example::start(|_| {}).await;
    let (status, body) = problem(example.post("/panic").bearer_auth(example.admin())).await;
    assert_eq!((status, &body["type"]), (500, &json!("urn:chiron:problem:internal")));
    assert_eq!(example.get("/open").send().await.unwrap().status(), 200);
    // The work ends with the answer, which may be read before.
    while example.runtime.activity.snapshot().pending != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn waiting_ends_and_the_work_does_not() {
    let example = Example::start(|runtime| runtime.limits.time = Duration::from_millis(50)).await;
    let answer = example.post("/slow").bearer_auth(example.admin()).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(example.runtime.activity.snapshot().pending, 1, "the handler still runs");
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !example.shared.finished.load(Ordering::SeqCst) {
        assert!(std::time::Instant::now() < deadline, "the handler ended early");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn too_many_are_refused() {
    let limits = |limits: &mut Limits| {
        limits.concurrency = 1;
        limits.person_per_second = 1;
        limits.stranger_per_second = 1;
    };
    let example = Example::start(|runtime| limits(&mut runtime.limits)).await;
    let admin = example.admin();
    let busy = tokio::join!(example.post("/slow").bearer_auth(&admin).send(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let alive = example.get("/health/live").send().await.unwrap();
        assert_eq!(alive.status(), 200, "an overloaded service still says that it lives");
        problem(example.get("/open")).await
    });
    assert_eq!(busy.0.unwrap().status(), 200);
    assert_eq!(busy.1.0, 503);
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let get = example.get("/api/v1/rooms/or-1").bearer_auth(&admin);
        statuses.push(get.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses[..4], [200; 4], "a burst of five, one of them spent");
    assert!(statuses[5..].contains(&429), "{statuses:?}");
    let mut refused = None;
    for _ in 0..8 {
        let answer = example.get("/open").send().await.unwrap();
        if answer.status() == 429 {
            refused = Some(answer);
        }
    }
    assert_eq!(refused.unwrap().headers()["retry-after"], "1");
}

#[tokio::test]
async fn says_how_it_is() {
    let example = Example::start(|_| {}).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let open = example.get("/open").header("traceparent", parent).send().await.unwrap();
    let trace = open.headers()["traceparent"].to_str().unwrap().to_owned();
    assert!(trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_ne!(trace, parent, "the answer names this service's own span");

    let ready: Value = example.get("/health/ready").send().await.unwrap().json().await.unwrap();
    assert_eq!(ready, json!({"status": "UP", "checks": {}}));
    example.runtime.health.check("models", || Err("no models yet".to_owned()));
    let ready = example.get("/health/ready").send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["checks"]["models"]["detail"], "no models yet");

    let account = example.get("/internal/quiescence").bearer_auth(example.simulator());
    let account: Value = account.send().await.unwrap().json().await.unwrap();
    assert_eq!(account["pending"], 0);
    assert_eq!(account["called"], 1, "only what a service is for counts");
    let relayed = example.get("/internal/relayed").bearer_auth(example.simulator());
    assert_eq!(relayed.send().await.unwrap().status(), 204);
    let person = example.get("/internal/quiescence").bearer_auth(example.admin());
    assert_eq!(problem(person).await.0, 403);

    let metrics = example.get("/metrics").bearer_auth(example.admin()).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let sample = "http_server_request_duration_seconds_bucket{service=\"example\",route=\"/open\",method=\"GET\",status=\"200\",le=\"0.001\"}";
    assert!(metrics.contains(sample), "{metrics}");
    assert!(metrics.contains("# HELP http_server_request_duration_seconds "));

    let openapi: Value = example.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let read = &openapi["paths"]["/api/v1/rooms/{roomId}"]["get"];
    assert_eq!(read["security"], json!([{"bearer": []}]));
    assert_eq!(read["x-grant"], "rooms:read");
    assert_eq!(openapi["components"]["schemas"]["Room"]["type"], "object");
    assert_eq!(openapi["paths"]["/open"]["get"].get("security"), None);
    let docs = example.get("/docs/").send().await.unwrap().text().await.unwrap();
    assert!(docs.contains("swagger-ui"));
}

/// Prometheus' own checker, when `CHIRON_TEST_PROMTOOL` says where it is.
#[tokio::test]
async fn promtool_accepts_the_metrics() {
    let found = tools::named("CHIRON_TEST_PROMTOOL", "a promtool");
    let Some(promtool) = found else { return };
    let example = Example::start(|_| {}).await;
    example.get("/open").send().await.unwrap();
    let metrics = example.get("/metrics").bearer_auth(example.admin()).send().await.unwrap();
    let file = std::env::temp_dir().join(format!("chiron-metrics-{}", std::process::id()));
    std::fs::write(&file, metrics.text().await.unwrap()).unwrap();
    let checked = std::process::Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn identity_off_is_for_this_machine_alone() {
    let (mut runtime, hands) = Runtime::for_test("example", &[]);
    runtime.guard = Guard::off();
    let everywhere = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = serve(api(Shared::default()), everywhere, runtime.clone()).await;
    assert!(matches!(refused, Err(ServeError::Exposed { .. })));

    let here = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", here.local_addr().unwrap());
    let client = chiron_chassis::http_client().unwrap();
    let (served, answered) = tokio::join!(serve(api(Shared::default()), here, runtime), async {
        let answer = client.get(format!("{base}/api/v1/rooms/or-1")).send().await;
        hands.shut_down();
        answer
    });
    served.unwrap();
    assert_eq!(answered.unwrap().status(), 200);
}

#[tokio::test]
async fn ends_after_what_is_in_flight() {
    let (runtime, hands) = Runtime::for_test("example", &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let token = hands.token("anna", &["admin"], &[], false);
    let client = chiron_chassis::http_client().unwrap();
    let shared = Shared::default();
    let (served, answered, ()) = tokio::join!(
        serve(api(shared.clone()), listener, runtime),
        client.post(format!("{base}/slow")).bearer_auth(token).send(),
        async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            hands.shut_down();
        }
    );
    served.unwrap();
    assert_eq!(answered.unwrap().status(), 200);
    assert!(shared.finished.load(Ordering::SeqCst));
    assert!(client.get(format!("{base}/open")).send().await.is_err(), "nothing new is accepted");
}

/// A gateway that hands out what it is told to, counting.
#[derive(Clone)]
struct Gateway {
    token: String,
    keys: Arc<std::sync::Mutex<Vec<Value>>>,
    granted: Arc<std::sync::atomic::AtomicU32>,
}

#[utoipa::path(post, path = "/oauth2/token", responses((status = 200)))]
async fn grant(State(gateway): State<Gateway>, form: String) -> Result<Json<Value>, Problem> {
    if form != "grant_type=client_credentials&client_id=example&client_secret=s%26s" {
        return Err(Problem::unauthorized());
    }
    gateway.granted.fetch_add(1, Ordering::SeqCst);
    Ok(Json(json!({"access_token": gateway.token, "token_type": "Bearer", "expires_in": 900})))
}

#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200)))]
async fn jwks(State(gateway): State<Gateway>) -> Json<Value> {
    Json(json!({"keys": *gateway.keys.lock().unwrap()}))
}

#[tokio::test]
async fn services_identify_themselves_by_the_gateway() {
    // Tokens of test runtimes are all signed by one key; this is its public half.
    let (runtime, hands) = Runtime::for_test("gateway", &[]);
    let signer = Signer::from_seed(&[7; 32]).unwrap();
    let gateway = Gateway {
        token: hands.token("example", &[], &["rooms:read"], false),
        keys: Arc::default(),
        granted: Arc::default(),
    };
    let api = Api::new("gateway", "A gateway")
        .public(routes!(grant))
        .public(routes!(jwks))
        .with_state(gateway.clone());
    let base = hands.serve(api, &runtime).await;

    let jwks_url = format!("{base}/.well-known/jwks.json");
    let client = chiron_chassis::http_client().unwrap();
    let example = Example::start({
        let client = client.clone();
        |runtime| runtime.guard = Guard::fetching(client, jwks_url)
    })
    .await;
    let endpoints = Endpoints::local(0);
    endpoints.set(Service::GatewayBlock, base);
    endpoints.set(Service::BuildingManagement, &example.base);
    let tokens = TokenSource::credentials("example", Secret::new("s&s"));
    let calls = Calls::new(client, endpoints, tokens, example.runtime.activity.clone());
    let get = || {
        let path = format!("/api/v1/rooms/{}", Calls::segment("or/1"));
        calls.get(Service::BuildingManagement, &path).query(&[("limit", "3")]).send()
    };

    assert_eq!(get().await.unwrap().status, 503, "without keys nobody can be identified");
    gateway.keys.lock().unwrap().push(serde_json::to_value(signer.jwk()).unwrap());
    tokio::time::sleep(Duration::from_millis(1_100)).await; // keys are asked for once a second
    let answer = get().await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json::<Value>().unwrap(), json!({"roomId": "or/1", "beds": 3}));
    assert_eq!(get().await.unwrap().status, 200);
    assert_eq!(gateway.granted.load(Ordering::SeqCst), 1, "one token serves all calls");

    let lost = calls.get(Service::TwinEngine, "/").within(Duration::from_secs(1));
    let elsewhere = Endpoints::local(0);
    elsewhere.set(Service::TwinEngine, "http://127.0.0.1:1");
    drop(lost);
    let client = chiron_chassis::http_client().unwrap();
    let calls = Calls::new(client, elsewhere, TokenSource::None, example.runtime.activity.clone());
    let lost = calls.get(Service::TwinEngine, "/").send().await.unwrap_err();
    assert!(matches!(lost, CallError::Unreachable { .. }) && lost.is_retryable(), "{lost:?}");
    assert_eq!(Problem::from(lost).status(), 503);
    // After some more it is not even asked.
    let mut told = Vec::new();
    for _ in 0..8 {
        told.push(calls.get(Service::TwinEngine, "/").send().await.unwrap_err());
    }
    let refused = told.pop().unwrap();
    let left_alone = matches!(refused, CallError::LeftAlone { .. });
    assert!(left_alone && refused.is_retryable(), "{refused:?}");
    assert_eq!(Problem::from(refused).status(), 503);
}

#[tokio::test]
async fn another_protocol_has_its_own_errors() {
    fn face(problem: &Problem) -> axum::response::Response {
        use axum::response::IntoResponse as _;
        let code = problem.kind();
        Json(json!({"error": {"code": code, "message": problem.detail()}})).into_response()
    }
    let (runtime, hands) = Runtime::for_test("example", &[]);
    let base = hands.serve(api(Shared::default()).face(face), &runtime).await;
    let client = chiron_chassis::http_client().unwrap();
    let answer = client.get(format!("{base}/api/v1/rooms/or-1")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"chiron\"");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "no-identity");
}

#[tokio::test]
async fn completeness_follows_what_has_arrived() {
    let (mut runtime, hands) = Runtime::for_test("example", &[]);
    // By the system's clock it is worked out; with a standing clock there is nothing to ask.
    assert_eq!(runtime.completeness.to(), runtime.clock.now());
    let clock = chiron_clock::Clock::system();
    let before = clock.now();
    runtime.completeness = Completeness::new(clock);
    runtime.completeness.follow("example-consumer", &["room-events"]);
    let event = |topic: &str| NewRecord {
        topic: topic.to_owned(),
        aggregate: "or-1".to_owned(),
        key: "K".to_owned(),
        value: "{}".to_owned(),
        headers: Headers::default(),
    };
    let events = vec![event("twin-events"), event("room-events")];
    runtime.broker.publish(events).await.unwrap();

    // This service stands in for the producers, which have nothing left to relay.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    hands.own_grants(&["internal:read"]);
    hands.point(Service::TwinEngine, base.clone());
    hands.point(Service::SurgeryBooking, base);
    let told = async |group: &str, topics: &[&str]| {
        let mut subscription = runtime.broker.subscribe(group, topics).await.unwrap();
        let records = subscription.next_batch(10).await.unwrap();
        subscription.commit(&records).await.unwrap();
    };
    let checks = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(runtime.completeness.to(), jiff::Timestamp::UNIX_EPOCH, "nothing has arrived");
        told("dt-event-gateway", &["twin-events"]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(runtime.completeness.to(), jiff::Timestamp::UNIX_EPOCH, "not here yet");
        told("example-consumer", &["room-events"]).await;
        let reached = runtime.completeness.wait(before);
        tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
        let [(name, value)] = runtime.completeness.header();
        assert_eq!(name.as_str(), "chiron-complete-to");
        let newest = chiron_clock::instant::parse(value.to_str().unwrap()).unwrap();
        assert!(before <= newest);
        hands.shut_down();
    };
    let (served, ()) =
        tokio::join!(serve(api(Shared::default()), listener, runtime.clone()), checks);
    served.unwrap();
}

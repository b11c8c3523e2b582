//! Which requests leave which entries.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use chiron_chassis::audit::{Asked, Audit, COLLECTIONS, Kind, Noted, Recorded};
use chiron_chassis::{Api, Need, Path, Problem, Runtime, Service, TestHands, Token};
use chiron_store::Store;
use serde_json::{Value, json};
use utoipa_axum::routes;

const READ: Need = Need::new("patients", "read", &["nurse"]).recorded(Recorded::Always);
const WRITE: Need = Need::new("patients", "write", &["nurse"]).recorded(Recorded::Always);
const INSIDE: Need = Need::new("twins", "write", &["nurse"]).recorded(Recorded::People);
const AHEAD: Need = Need::new("ahead", "read", &["nurse"]).recorded(Recorded::Refusals);
const ROOMS: Need = Need::new("rooms", "read", &["nurse"]);

#[derive(Clone, Default)]
struct Shared {
    changes: Arc<AtomicU32>,
    runtime: Option<Runtime>,
}

#[utoipa::path(get, path = "/patients/{taxCode}", params(("taxCode" = String, Path)), responses((status = 200)))]
async fn read(Path(code): Path<String>) -> Result<StatusCode, Problem> {
    match code.as_str() {
        "nobody" => Err(Problem::not_found("")),
        "secret" => Err(Problem::forbidden("")),
        _ => Ok(StatusCode::OK),
    }
}

#[utoipa::path(put, path = "/patients/{taxCode}", params(("taxCode" = String, Path)), responses((status = 204)))]
async fn change(State(shared): State<Shared>, Path(_code): Path<String>) -> StatusCode {
    shared.changes.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

#[utoipa::path(patch, path = "/twins/{id}", params(("id" = String, Path)), responses((status = 204)))]
async fn sample(Path(_id): Path<String>) -> StatusCode {
    StatusCode::NO_CONTENT
}

#[utoipa::path(get, path = "/rooms", responses((status = 200)))]
async fn rooms() {}

/// Asks the service behind in the caller's name, as a gateway does.
#[utoipa::path(get, path = "/ahead", responses((status = 200)))]
async fn ahead(State(shared): State<Shared>, token: Token) -> Result<StatusCode, Problem> {
    let runtime = shared.runtime.unwrap();
    let call = runtime.calls.get(Service::PatientManagement, "/patients/T1");
    Ok(call.bearer(&token.0.unwrap()).send().await?.status)
}

#[utoipa::path(post, path = "/sign-in/{password}", params(("password" = String, Path)), responses((status = 200)))]
async fn sign_in(noted: Noted, Path(password): Path<String>) -> Result<StatusCode, Problem> {
    noted.subject("userId", "ada");
    if password != "right" {
        return Err(Problem::unauthorized());
    }
    noted.actor(Kind::Person, "ada", &["nurse".to_owned()]);
    Ok(StatusCode::OK)
}

fn api(shared: Shared) -> Api {
    Api::new("example", "An example")
        .route(READ, routes!(read))
        .route(WRITE, routes!(change))
        .route(INSIDE, routes!(sample))
        .route(ROOMS, routes!(rooms))
        .route(AHEAD, routes!(ahead))
        .sign_in(routes!(sign_in))
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
        let shared = Shared { runtime: Some(runtime.clone()), ..Shared::default() };
        let base = hands.serve(api(shared.clone()), &runtime).await;
        hands.point(Service::PatientManagement, base.clone());
        let client = chiron_chassis::http_client().unwrap();
        Self { base, runtime, hands, shared, client }
    }

    fn ask(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let nurse = self.hands.token("ada", &["nurse", "admin"], &[], false);
        self.ask_as(&nurse, method, path)
    }

    fn ask_as(&self, token: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.request(method.parse().unwrap(), url).bearer_auth(token)
    }

    /// All entries, oldest first, as they are kept.
    async fn entries(&self) -> Vec<Value> {
        let asked = Asked { limit: 1_000, ..Asked::default() };
        let page = self.runtime.audit.find(&asked).await.unwrap();
        page.entries.iter().rev().map(|entry| serde_json::to_value(entry).unwrap()).collect()
    }

    /// Makes a request and tells its status and its entries as `action actor status subjects`.
    async fn check(&self, request: reqwest::RequestBuilder, status: u16, expected: &[&str]) {
        let before = self.entries().await.len();
        assert_eq!(request.send().await.unwrap().status(), status);
        let told: Vec<String> = self.entries().await[before..].iter().map(short).collect();
        assert_eq!(told, expected);
    }
}

fn short(entry: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let subjects: Vec<String> = entry["subjects"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, id)| format!("{name}={}", text(id)))
        .collect();
    let (action, actor) = (text(&entry["action"]), text(&entry["actor"]["id"]));
    format!("{action} {actor} {} {}", entry["status"], subjects.join(" "))
}

#[tokio::test]
async fn the_table_of_routes_says_what_is_recorded() {
    let (runtime, hands) = Runtime::for_test("example", &[]);
    let audited = hands.audited(api(Shared::default()), &runtime).await;
    assert_eq!(
        audited,
        [
            "GET /patients/{taxCode}",
            "PUT /patients/{taxCode}",
            "PATCH /twins/{id}",
            "GET /ahead",
            "POST /sign-in/{password}"
        ]
    );
}

#[tokio::test]
async fn requests_leave_entries() {
    let example = Example::start(|_| {}).await;
    let device = example.hands.token("monitor", &[], &["twins:write"], false);
    let surgeon = example.hands.token("eve", &["surgeon"], &[], false);
    let at = |path| example.ask("GET", path);
    example.check(at("/patients/T1?name=Verdi"), 200, &["read ada 200 taxCode=T1"]).await;
    example.check(at("/patients/nobody"), 404, &["read ada 404 taxCode=nobody"]).await;
    example.check(at("/patients/secret"), 403, &["refused ada 403 taxCode=secret"]).await;
    example.check(at("/rooms"), 200, &[]).await;
    example.check(at("/elsewhere"), 404, &[]).await;
    let head = example.ask("HEAD", "/patients/T1");
    example.check(head, 200, &["read ada 200 taxCode=T1"]).await;

    // A change is recorded before and after.
    let expected = ["change ada null taxCode=T1", "change ada 204 taxCode=T1"];
    example.check(example.ask("PUT", "/patients/T1"), 204, &expected).await;

    // Refused at the door: nobody known, somebody known.
    let stranger = example.ask_as("nonsense", "GET", "/patients/T1");
    example.check(stranger, 401, &["refused - 401 taxCode=T1"]).await;
    let refused = example.ask_as(&surgeon, "PUT", "/patients/T1");
    example.check(refused, 403, &["refused eve 403 taxCode=T1"]).await;
    example.check(example.ask_as(&surgeon, "GET", "/rooms"), 403, &[]).await;

    // Samples of devices are not recorded; what a person does there is, and so are refusals.
    example.check(example.ask_as(&device, "PATCH", "/twins/t"), 204, &[]).await;
    let by_hand = ["change ada null id=t", "change ada 204 id=t"];
    example.check(example.ask("PATCH", "/twins/t"), 204, &by_hand).await;
    let other = example.hands.token("other", &[], &["rooms:read"], false);
    let refused = example.ask_as(&other, "PATCH", "/twins/t");
    example.check(refused, 403, &["refused other 403 id=t"]).await;

    let entries = example.entries().await;
    assert_eq!(
        (&entries[0]["actor"], &entries[0]["route"], &entries[0]["method"]),
        (
            &json!({"id": "ada", "kind": "person", "roles": ["nurse", "admin"]}),
            &json!("/patients/{taxCode}"),
            &json!("GET")
        )
    );
    assert_eq!(
        (&entries[0]["peer"], &entries[0]["service"]),
        (&json!("127.0.0.1"), &json!("example"))
    );
    assert!(!serde_json::to_string(&entries).unwrap().contains("Verdi"), "{entries:?}");
}

#[tokio::test]
async fn signing_in_leaves_entries() {
    let example = Example::start(|_| {}).await;
    let attempt =
        |password: &str| example.client.post(format!("{}/sign-in/{password}", example.base));
    let subjects = |password: &str| format!("password={password} userId=ada");
    let failed = format!("sign-in - 401 {}", subjects("wrong"));
    example.check(attempt("wrong"), 401, &[&failed]).await;
    // Whoever passes the attempt on is not who makes it.
    let gateway = example.hands.token("gateway", &[], &["rooms:read"], false);
    let passed_on = attempt("wrong").bearer_auth(gateway);
    example.check(passed_on, 401, &[&failed]).await;
    let signed_in = format!("sign-in ada 200 {}", subjects("right"));
    example.check(attempt("right"), 200, &[&signed_in]).await;
    let entries = example.entries().await;
    assert_eq!(entries[0]["actor"], json!({"id": null, "kind": "unknown", "roles": []}));
    assert_eq!(entries[2]["actor"], json!({"id": "ada", "kind": "person", "roles": ["nurse"]}));
}

#[tokio::test]
async fn what_is_passed_on_is_recorded_once_and_where_the_person_is() {
    let example = Example::start(|runtime| {
        runtime.audit = trusting(runtime);
        runtime.calls = runtime.calls.vouching(runtime.audit.vouch());
    })
    .await;
    let from_afar = example.ask("GET", "/ahead").header("x-forwarded-for", "10.9.8.7");
    example.check(from_afar, 200, &["read ada 200 taxCode=T1"]).await;
    let refused = example.ask_as("nonsense", "GET", "/ahead");
    example.check(refused, 401, &["refused - 401 "]).await;
    let entries = example.entries().await;
    assert_eq!(entries[0]["peer"], "10.9.8.7");
    let trace = entries[0]["trace"].as_str().unwrap();
    assert_eq!(trace.len(), 32);
}

/// The same trail, believing proxies on this machine.
fn trusting(runtime: &Runtime) -> Audit {
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    Audit::in_memory(runtime.clock.clone()).unwrap().trusting(vec![here], "known to both")
}

#[tokio::test]
async fn nobody_says_for_themselves_where_they_are() {
    let check = async |trusted: bool, headers: &[(&str, &str)], expected: &str| {
        let example = Example::start(|runtime| {
            if trusted {
                runtime.audit = trusting(runtime);
            }
        })
        .await;
        let mut request = example.ask("GET", "/patients/T1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap();
        assert_eq!(example.entries().await[0]["peer"], expected, "{trusted} {headers:?}");
    };
    let here = "127.0.0.1";
    check(false, &[("x-forwarded-for", "10.0.0.1")], here).await;
    check(false, &[("chiron-client", "10.0.0.1"), ("chiron-vouch", "")], here).await;
    check(false, &[("chiron-client", "10.0.0.1"), ("chiron-vouch", "guessed")], here).await;
    check(true, &[("x-forwarded-for", "10.0.0.1")], "10.0.0.1").await;
    // Only what the proxy itself has added counts.
    check(true, &[("x-forwarded-for", "1.1.1.1, 10.0.0.1")], "10.0.0.1").await;
    check(true, &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "10.0.0.1")], "10.0.0.1")
        .await;
    check(true, &[("x-forwarded-for", "10.0.0.1, 127.0.0.1")], "10.0.0.1").await;
    check(true, &[("x-forwarded-for", "10.0.0.1, rubbish")], here).await;
    check(true, &[], here).await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered_and_not_done() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    let trail = store.clone();
    let example =
        Example::start(move |runtime| runtime.audit = Audit::over(trail, runtime.clock.clone()))
            .await;
    store.close().await;
    let status = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        let retry = answer.headers().contains_key("retry-after");
        (answer.status().as_u16(), retry)
    };
    assert_eq!(status(example.ask("GET", "/patients/T1")).await, (503, true));
    assert_eq!(status(example.ask("PUT", "/patients/T1")).await, (503, true));
    assert_eq!(example.shared.changes.load(Ordering::SeqCst), 0, "nothing was changed");
    assert_eq!(status(example.ask_as("nonsense", "GET", "/patients/T1")).await, (503, true));
    let attempt = example.client.post(format!("{}/sign-in/right", example.base));
    assert_eq!(status(attempt).await, (503, true));
    // What is not recorded needs no trail.
    assert_eq!(status(example.ask("GET", "/rooms")).await, (200, false));
    let device = example.hands.token("monitor", &[], &["twins:write"], false);
    assert_eq!(status(example.ask_as(&device, "PATCH", "/twins/t")).await, (204, false));
}

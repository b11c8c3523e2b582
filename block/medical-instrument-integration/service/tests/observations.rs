//! Observations taken and refused, with the twin layer played by a stub.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chiron_chassis::{Runtime, Service, TestHands, router};
use medical_instrument_integration::{COLLECTIONS, NAME, Settings, api};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// Patches that the twin layer got: path and operations.
type Patches = Arc<Mutex<Vec<(String, Value)>>>;

async fn twin_layer(State(patches): State<Patches>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    assert_eq!(request.method().as_str(), "PATCH");
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let error = |status: StatusCode, code: &str| {
        (status, axum::Json(json!({"error": {"code": code, "message": ""}}))).into_response()
    };
    match path.rsplit('/').next().unwrap() {
        "nobody" => error(StatusCode::NOT_FOUND, "DigitalTwinNotFound"),
        "room-1" => error(StatusCode::BAD_REQUEST, "ValidationFailed"),
        "closed" => error(StatusCode::FORBIDDEN, "Forbidden"),
        "busy" => error(StatusCode::SERVICE_UNAVAILABLE, "Busy"),
        _ => {
            let operations = serde_json::from_slice(&body).unwrap();
            patches.lock().unwrap().push((path, operations));
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

struct Monitor {
    runtime: Runtime,
    hands: TestHands,
    patches: Patches,
}

impl Monitor {
    async fn plugged_in() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let patches = Patches::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        hands.point(Service::TwinEngine, format!("http://{}", listener.local_addr().unwrap()));
        let app = Router::new().fallback(twin_layer).with_state(Arc::clone(&patches));
        runtime.tasks.spawn("stub", async move { axum::serve(listener, app).await.unwrap() });
        Self { runtime, hands, patches }
    }

    fn token(&self) -> String {
        self.hands.token("monitor-3", &[], &["vitals:write"], true)
    }

    async fn call(&self, request: Request) -> (StatusCode, String, Value) {
        let app = router(api(&self.runtime, &Settings::default()).unwrap(), &self.runtime);
        let answer = app.oneshot(request).await.unwrap();
        let status = answer.status();
        let content_type = answer.headers().get("content-type");
        let content_type = content_type.map_or("", |it| it.to_str().unwrap()).to_owned();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body =
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        (status, content_type, body)
    }

    fn request(&self, method: &str, path: &str, observation: &Value) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token()))
            .header("content-type", "application/fhir+json")
            .body(Body::from(observation.to_string()))
            .unwrap()
    }

    async fn send(&self, observation: &Value) -> (u16, Value) {
        let request = self.request("POST", "/telemetrySystem", observation);
        let (status, content_type, body) = self.call(request).await;
        if !status.is_success() {
            assert_eq!(content_type, "application/fhir+json");
            assert_eq!(body["resourceType"], "OperationOutcome");
        }
        (status.as_u16(), body)
    }

    /// What the one patch sets, and when.
    fn written(&self) -> (String, Vec<(String, Value)>, Vec<Value>) {
        let patches = std::mem::take(&mut *self.patches.lock().unwrap());
        let [(path, operations)] = patches.as_slice() else {
            panic!("not one patch: {patches:?}");
        };
        let (mut values, mut times) = (Vec::new(), Vec::new());
        for operation in operations.as_array().unwrap() {
            assert_eq!(operation["op"], "add");
            let path = operation["path"].as_str().unwrap();
            if path.starts_with("/$metadata/") {
                let (last, _): &(String, Value) = values.last().unwrap();
                assert_eq!(path, format!("/$metadata/{last}/sourceTime"));
                times.push(operation["value"].clone());
            } else {
                values.push((path.trim_start_matches('/').to_owned(), operation["value"].clone()));
            }
        }
        times.dedup();
        (path.clone(), values, times)
    }
}

fn vital(code: &str, value: f64) -> Value {
    json!({
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value},
    })
}

/// An Observation of the contract's kind.
fn panel(components: &[Value]) -> Value {
    json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "vital signs"},
        "subject": {"reference": "patient-7"}, "device": {"reference": "telemetry-3"},
        "component": components,
    })
}

/// A single vital sign with a quantity.
fn single(code: &str, quantity: Value) -> Value {
    json!({
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"code": "vital-signs",
            "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/patient-7"},
        "valueQuantity": quantity,
    })
}

fn with(mut observation: Value, name: &str, value: Value) -> Value {
    observation[name] = value;
    observation
}

#[tokio::test]
async fn the_contracts_observation_is_one_patch() {
    let monitor = Monitor::plugged_in().await;
    let observation = panel(&[
        vital("8480-6", 121.0),
        vital("8462-4", 78.9),
        vital("8310-5", 36.4),
        vital("8867-4", 71.0),
        vital("9279-1", 15.0),
        vital("2708-6", 98.0),
    ]);
    let spellings = [
        ("POST", "/telemetrySystem"),
        ("PUT", "/telemetrySystem"),
        ("POST", "/api/v1/telemetrySystem"),
        ("PUT", "/api/v1/telemetrySystem"),
    ];
    for (method, path) in spellings {
        let (status, _, body) = monitor.call(monitor.request(method, path, &observation)).await;
        assert_eq!((status.as_u16(), body), (200, Value::Null), "{method} {path}");
        let (path, values, times) = monitor.written();
        assert_eq!(path, "/digitaltwins/patient-7");
        let expected = [
            ("systolic_blood_pressure".to_owned(), json!(121)),
            ("diastolic_blood_pressure".to_owned(), json!(78)),
            ("body_temperature".to_owned(), json!(36.4)),
            ("heart_beat".to_owned(), json!(71)),
            ("respiratory_rate".to_owned(), json!(15)),
            ("saturation_percentage".to_owned(), json!(98)),
        ];
        assert_eq!(values, expected);
        assert_eq!(times, [json!("2026-05-15T06:00:00.000Z")]);
    }
}

#[tokio::test]
async fn taken() {
    let monitor = Monitor::plugged_in().await;
    let quantity = |value: f64, unit: &str, code: &str| json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code});
    let beat = || single("8867-4", quantity(71.0, "beats/minute", "/min"));
    let check = async |observation: Value, expected: &[(&str, Value)]| {
        let (status, body) = monitor.send(&observation).await;
        assert_eq!(status, 200, "{observation} {body}");
        let (path, values, _) = monitor.written();
        assert_eq!(path, "/digitaltwins/patient-7");
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(values, expected);
    };
    check(beat(), &[("heart_beat", json!(71))]).await;
    let fahrenheit = single("8310-5", quantity(99.0, "degrees F", "[degF]"));
    check(fahrenheit, &[("body_temperature", json!((99.0 - 32.0) * 5.0 / 9.0))]).await;
    let printed = single("8310-5", json!({"value": 36.6, "unit": "°C"}));
    check(printed, &[("body_temperature", json!(36.6))]).await;
    let annotated = single("9279-1", quantity(14.0, "", "{breaths}/min"));
    check(annotated, &[("respiratory_rate", json!(14))]).await;
    // Pulse oximetry, alone or as the second coding of the saturation.
    check(single("59408-5", quantity(97.0, "%", "%")), &[("saturation_percentage", json!(97))])
        .await;
    let mut both = single("2708-6", quantity(97.0, "%", "%"));
    both["code"]["coding"].as_array_mut().unwrap().push(json!({"code": "59408-5"}));
    check(both, &[("saturation_percentage", json!(97))]).await;
    // A blood pressure panel, and one whose diastolic value is absent.
    let mut pressure = panel(&[vital("8480-6", 120.0), vital("8462-4", 80.0)]);
    pressure["code"] = json!({"coding": [{"system": "http://loinc.org", "code": "85354-9"}]});
    pressure["component"][0]["valueQuantity"] = quantity(120.0, "mmHg", "mm[Hg]");
    let expected =
        [("systolic_blood_pressure", json!(120)), ("diastolic_blood_pressure", json!(80))];
    check(pressure.clone(), &expected).await;
    pressure["component"][1] = json!({
        "code": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]},
        "dataAbsentReason": {"text": "cuff off"},
    });
    check(pressure.clone(), &expected[..1]).await;
    // Said to be absent, whatever number stands beside it.
    pressure["component"][1]["valueQuantity"] = json!({"value": 0});
    check(pressure, &expected[..1]).await;
    // The value of the Observation and of its components; what is not kept is ignored.
    let mut mixed = beat();
    mixed["component"] = json!([vital("9279-1", 12.0), vital("8478-0", 93.0)]);
    check(mixed, &[("heart_beat", json!(71)), ("respiratory_rate", json!(12))]).await;
    for reference in
        ["patient-7", "Patient/patient-7", "https://h/fhir/Patient/patient-7/_history/2"]
    {
        let observation = with(beat(), "subject", json!({"reference": reference}));
        check(observation, &[("heart_beat", json!(71))]).await;
    }
    let mut no_status = beat();
    no_status.as_object_mut().unwrap().remove("status");
    check(no_status, &[("heart_beat", json!(71))]).await;
}

#[tokio::test]
async fn the_observation_says_when() {
    let monitor = Monitor::plugged_in().await;
    let beat = || panel(&[vital("8867-4", 71.0)]);
    let times = [
        ("effectiveDateTime", json!("2026-05-15T07:59:59.9876+02:00"), "05:59:59.987"),
        ("effectiveInstant", json!("2026-05-15T05:00:00Z"), "05:00:00.000"),
        ("effectivePeriod", json!({"end": "2026-05-15T05:30:00Z"}), "05:30:00.000"),
        ("issued", json!("2026-05-15T05:40:00Z"), "05:40:00.000"),
    ];
    // From the last that is asked to the first, so that each takes over from the one before.
    let mut observation = beat();
    for (name, value, expected) in times.into_iter().rev() {
        observation[name] = value;
        assert_eq!(monitor.send(&observation).await.0, 200);
        let (_, _, written) = monitor.written();
        assert_eq!(written, [json!(format!("2026-05-15T{expected}Z"))]);
    }
    // Where the Observation is silent, the request may speak.
    let mut request = monitor.request("POST", "/telemetrySystem", &beat());
    request.headers_mut().insert("x-source-time", "2026-05-15T05:50:00Z".parse().unwrap());
    assert_eq!(monitor.call(request).await.0, 200);
    assert_eq!(monitor.written().2, [json!("2026-05-15T05:50:00.000Z")]);

    for (at, words) in [
        ("2026-05-15T06:00:05.001Z", "ahead"),
        ("2026-05-08T05:59:59Z", "older"),
        ("2026-05-15", "time of day"),
        ("yesterday", "time of day"),
    ] {
        let observation = with(beat(), "effectiveDateTime", json!(at));
        let (status, outcome) = monitor.send(&observation).await;
        assert_eq!(status, 400, "{at}");
        assert_eq!(outcome["issue"][0]["expression"], json!(["Observation.effectiveDateTime"]));
        assert!(outcome["issue"][0]["diagnostics"].as_str().unwrap().contains(words), "{outcome}");
    }
    assert!(monitor.patches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn refused() {
    let monitor = Monitor::plugged_in().await;
    let value = |code: &str, quantity: Value| single(code, quantity);
    let beat = || single("8867-4", json!({"value": 71}));
    let check = async |observation: Value, element: &str| {
        let (status, outcome) = monitor.send(&observation).await;
        assert_eq!(status, 400, "{observation}");
        let issue = &outcome["issue"][0];
        assert_eq!((&issue["severity"], &issue["code"]), (&json!("error"), &json!("invalid")));
        assert_eq!(issue["expression"], json!([element]), "{outcome}");
    };
    let quantity = "Observation.valueQuantity";
    // Out of range: the whole Observation.
    let mut bad = panel(&[vital("8480-6", 121.0), vital("8867-4", -1.0), vital("2708-6", 0.0)]);
    check(bad.clone(), "Observation.component[1].valueQuantity").await;
    bad["component"][1] = vital("8867-4", 1.0);
    check(bad, "Observation.component[2].valueQuantity").await;
    check(value("2708-6", json!({"value": 101})), quantity).await;
    check(value("8867-4", json!({"value": 3e9})), quantity).await;
    check(value("8310-5", json!({"value": 20, "code": "[degF]"})), quantity).await;
    // Units.
    check(value("8867-4", json!({"value": 71, "code": "mm[Hg]"})), quantity).await;
    check(value("8867-4", json!({"value": 71, "code": "Hz"})), "Observation.valueQuantity.code")
        .await;
    check(value("8867-4", json!({"value": 71, "unit": "?"})), "Observation.valueQuantity.unit")
        .await;
    let foreign = json!({"value": 71, "code": "/min", "system": "urn:other"});
    check(value("8867-4", foreign), "Observation.valueQuantity.system").await;
    // Values that say nothing, or nothing exact.
    let bound = json!({"value": 71, "comparator": "<"});
    check(value("8867-4", bound), "Observation.valueQuantity.comparator").await;
    check(value("8867-4", json!({"code": "/min"})), "Observation.valueQuantity.value").await;
    check(value("8867-4", Value::Null), quantity).await;
    let missing = json!({"code": {"coding": [{"code": "8867-4"}]}});
    check(panel(&[missing]), "Observation.component[0].valueQuantity").await;
    check(panel(&[]), "Observation").await;
    check(panel(&[vital("8478-0", 93.0)]), "Observation").await;
    let mut other_system = beat();
    other_system["code"]["coding"][0]["system"] = json!("urn:other");
    check(other_system, "Observation").await;
    // Contradictions.
    for again in [71.0, 72.0] {
        let twice = panel(&[vital("8867-4", 71.0), vital("8867-4", again)]);
        check(twice, "Observation.component[1].valueQuantity").await;
    }
    let twice = panel(&[vital("2708-6", 97.0), vital("59408-5", 97.0)]);
    check(twice, "Observation.component[1].valueQuantity").await;
    let twice = with(beat(), "component", json!([vital("8867-4", 71.0)]));
    check(twice, "Observation.component[0].valueQuantity").await;
    // At least one value.
    let absent = json!({"code": {"coding": [{"code": "8867-4"}]}, "dataAbsentReason": {}});
    check(panel(&[absent]), "Observation").await;
    check(with(beat(), "dataAbsentReason", json!({})), "Observation").await;
    let mut two = beat();
    two["code"]["coding"].as_array_mut().unwrap().push(json!({"code": "9279-1"}));
    check(two, "Observation.code").await;
    // The rest of the resource.
    check(with(beat(), "resourceType", json!("Patient")), "Observation.resourceType").await;
    check(with(beat(), "status", json!("entered-in-error")), "Observation.status").await;
    check(with(beat(), "status", json!("new")), "Observation.status").await;
    check(with(beat(), "effectiveTiming", json!({})), "Observation.effectiveTiming").await;
    check(with(beat(), "component", json!(7)), "Observation").await;
    for reference in ["", "Patient/", "Group/1", "Practitioner/7", "#p", "..", "a b"] {
        let observation = with(beat(), "subject", json!({"reference": reference}));
        check(observation, "Observation.subject.reference").await;
    }
    check(with(beat(), "subject", Value::Null), "Observation.subject.reference").await;
    assert!(monitor.patches.lock().unwrap().is_empty(), "nothing of a refused one is written");

    // Everything that is wrong is named at once.
    let bad = with(panel(&[vital("8867-4", -1.0)]), "subject", Value::Null);
    let (_, outcome) = monitor.send(&bad).await;
    assert_eq!(outcome["issue"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bodies_that_are_no_observation() {
    let monitor = Monitor::plugged_in().await;
    for (content_type, body, status) in [
        ("application/json", "", 400),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/fhir+xml", "<Observation/>", 415),
        ("application/x-www-form-urlencoded", "a=b", 415),
    ] {
        let mut request = monitor.request("POST", "/telemetrySystem", &Value::Null);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        *request.body_mut() = Body::from(body);
        let (found, content_type, outcome) = monitor.call(request).await;
        assert_eq!(found.as_u16(), status, "{body}");
        assert_eq!(content_type, "application/fhir+json");
        assert_eq!(outcome["resourceType"], "OperationOutcome");
    }
    let big = Value::String("x".repeat(3 * 1024 * 1024));
    assert_eq!(monitor.send(&big).await.0, 413);
}

#[tokio::test]
async fn what_the_twin_layer_says() {
    let monitor = Monitor::plugged_in().await;
    let of = |id: &str| {
        let beat = panel(&[vital("8867-4", 71.0)]);
        with(beat, "subject", json!({"reference": id}))
    };
    for (id, status, code) in [
        ("nobody", 404, "not-found"),
        ("room-1", 409, "conflict"),
        ("closed", 503, "transient"),
        ("busy", 503, "transient"),
    ] {
        let (found, outcome) = monitor.send(&of(id)).await;
        assert_eq!((found, &outcome["issue"][0]["code"]), (status, &json!(code)), "{id}");
    }
    let busy = monitor.request("POST", "/telemetrySystem", &of("busy"));
    let app = router(api(&monitor.runtime, &Settings::default()).unwrap(), &monitor.runtime);
    let answer = app.oneshot(busy).await.unwrap();
    assert!(answer.headers().contains_key("retry-after"));
    assert!(monitor.patches.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_may() {
    let monitor = Monitor::plugged_in().await;
    let beat = panel(&[vital("8867-4", 71.0)]);
    let hands = &monitor.hands;
    let roles = ["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"];
    let person = hands.token("nina", &roles, &[], true);
    let other = hands.token("clock", &[], &["twins:write"], true);
    let timeless = hands.token("monitor-4", &[], &["vitals:write"], false);
    let dated = with(beat.clone(), "effectiveDateTime", json!("2026-05-15T05:59:00Z"));
    for (token, observation, status, code) in [
        (None, &beat, 401, "login"),
        (Some("nonsense"), &beat, 401, "login"),
        (Some(person.as_str()), &beat, 403, "forbidden"),
        (Some(&other), &beat, 403, "forbidden"),
        // Who may not say when may not say it inside an Observation either.
        (Some(&timeless), &dated, 403, "forbidden"),
        (Some(&timeless), &beat, 200, ""),
    ] {
        for path in ["/telemetrySystem", "/api/v1/telemetrySystem"] {
            let mut request = monitor.request("POST", path, observation);
            match token {
                None => drop(request.headers_mut().remove("authorization")),
                Some(token) => {
                    let bearer = format!("Bearer {token}").parse().unwrap();
                    request.headers_mut().insert("authorization", bearer);
                }
            }
            let (found, _, outcome) = monitor.call(request).await;
            assert_eq!(found.as_u16(), status, "{token:?} {outcome}");
            if status != 200 {
                assert_eq!(outcome["issue"][0]["code"], code);
            }
        }
    }
    let mut claim = monitor.request("POST", "/telemetrySystem", &beat);
    let bearer = format!("Bearer {timeless}").parse().unwrap();
    claim.headers_mut().insert("authorization", bearer);
    claim.headers_mut().insert("x-source-time", "2026-05-15T05:50:00Z".parse().unwrap());
    assert_eq!(monitor.call(claim).await.0, 403);
}

#[tokio::test]
async fn every_route_needs_the_grant() {
    let monitor = Monitor::plugged_in().await;
    let routes = api(&monitor.runtime, &Settings::default()).unwrap().routes();
    let ours: Vec<_> = routes.iter().filter(|it| it.path.ends_with("/telemetrySystem")).collect();
    assert_eq!(ours.len(), 4);
    for route in ours {
        let need = route.need.unwrap();
        assert_eq!((need.grant().as_str(), need.roles.len()), ("vitals:write", 0));
    }
}

#[tokio::test]
async fn samples_are_not_recorded_and_refusals_are() {
    let monitor = Monitor::plugged_in().await;
    let routes = api(&monitor.runtime, &Settings::default()).unwrap();
    let audited = monitor.hands.audited(routes, &monitor.runtime).await;
    let expected = [
        "PUT /telemetrySystem",
        "POST /telemetrySystem",
        "POST /api/v1/telemetrySystem",
        "PUT /api/v1/telemetrySystem",
    ];
    assert_eq!(audited, expected);
}

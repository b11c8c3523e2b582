//! The contract's routes, accepted and refused.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use chiron_chassis::audit::{Action, Asked};
use chiron_chassis::{Runtime, TestHands, router};
use patient_management_integration::{COLLECTIONS, NAME, StoredPatients, api};
use patient_management_integration_domain::usecase::contract;
use serde_json::{Value, json};
use tower::ServiceExt as _;

struct Service {
    app: Router,
    hands: TestHands,
    token: String,
}

impl Service {
    fn new() -> Service {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        let token = hands.token("ada", &["block-manager"], &[], false);
        Service { app: router(api(&runtime), &runtime), hands, token }
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        self.send_as(&self.token, &[], method, path, body).await
    }

    async fn send_as(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        (status, body)
    }
}

fn luca() -> Value {
    json!({
        "taxCode": "VRDLCU85T10A562S", "name": "Luca", "surname": "Verdi", "height": 178.5,
        "weight": 74.0, "birthdate": "1985-12-10", "bloodGroup": "ZERO_POSITIVE",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut patient = luca();
    patient[field] = value;
    patient
}

#[tokio::test]
async fn the_database_keeps_the_promises() {
    let (runtime, _hands) = Runtime::for_test(NAME, COLLECTIONS);
    contract::check(&StoredPatients::new(&runtime.store)).await;
}

#[tokio::test]
async fn a_patient_from_first_to_last() {
    let service = Service::new();
    let one = "/api/v1/patients/VRDLCU85T10A562S";
    assert_eq!(service.send("GET", one, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(service.send("PUT", one, Some(&luca())).await.0, StatusCode::NOT_FOUND);
    let created = service.send("POST", "/api/v1/patients", Some(&luca())).await;
    assert_eq!(created, (StatusCode::CREATED, Value::Null));
    assert_eq!(service.send("GET", one, None).await, (StatusCode::OK, luca()));
    let again = service.send("POST", "/api/v1/patients", Some(&luca())).await;
    assert_eq!(again.0, StatusCode::CONFLICT);

    let heavier = with("weight", json!(75.5));
    let replaced = service.send("PUT", one, Some(&heavier)).await;
    assert_eq!(replaced, (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(service.send("GET", one, None).await, (StatusCode::OK, heavier));
    let other = with("taxCode", json!("OTHER"));
    assert_eq!(service.send("PUT", one, Some(&other)).await.0, StatusCode::BAD_REQUEST);

    assert_eq!(service.send("DELETE", one, None).await, (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(service.send("DELETE", one, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(service.send("GET", one, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_is_not_measured_yet_has_nulls() {
    let service = Service::new();
    let mut admitted = luca();
    for field in ["height", "weight", "bloodGroup"] {
        admitted.as_object_mut().unwrap().remove(field);
    }
    let created = service.send("POST", "/api/v1/patients", Some(&admitted)).await;
    assert_eq!(created.0, StatusCode::CREATED);
    let (_, found) = service.send("GET", "/api/v1/patients/VRDLCU85T10A562S", None).await;
    let mut expected = luca();
    for field in ["height", "weight", "bloodGroup"] {
        expected[field] = Value::Null;
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_merged_tax_code_leads_to_who_stays() {
    let service = Service::new();
    for code in ["OLD", "NEW", "NEWER"] {
        let patient = with("taxCode", json!(code));
        service.send("POST", "/api/v1/patients", Some(&patient)).await;
    }
    let merge = "/api/v1/patients/NEW/retired/OLD";
    for _ in 0..2 {
        let merged = service.send("PUT", merge, None).await;
        assert_eq!(merged, (StatusCode::NO_CONTENT, Value::Null));
    }
    let old = "/api/v1/patients/OLD";
    let (status, found) = service.send("GET", old, None).await;
    assert_eq!((status, &found["taxCode"]), (StatusCode::OK, &json!("NEW")));
    service.send("PUT", "/api/v1/patients/NEWER/retired/NEW", None).await;
    assert_eq!(service.send("GET", old, None).await.1["taxCode"], "NEWER");
    let (_, found) = service.send("GET", "/api/v1/patients?name=luca", None).await;
    assert_eq!((&found["total"], &found["entries"][0]["taxCode"]), (&json!(1), &json!("NEWER")));
    // Nothing is written under a code that is retired.
    let again = with("taxCode", json!("OLD"));
    let posted = service.send("POST", "/api/v1/patients", Some(&again)).await;
    assert_eq!(posted.0, StatusCode::CONFLICT);
    assert_eq!(service.send("PUT", old, Some(&again)).await.0, StatusCode::NOT_FOUND);
    for (path, expected) in [
        ("/api/v1/patients/NEWER/retired/NEWER", StatusCode::BAD_REQUEST),
        ("/api/v1/patients/NEWER/retired/OLD", StatusCode::CONFLICT),
        ("/api/v1/patients/NEW/retired/NEWER", StatusCode::CONFLICT),
        ("/api/v1/patients/NOBODY/retired/NEWER", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(service.send("PUT", path, None).await.0, expected, "{path}");
    }
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let service = Service::new();
    let mut missing = luca();
    missing.as_object_mut().unwrap().remove("surname");
    let cases = [
        (with("taxCode", json!("")), "/taxCode"),
        (with("name", json!(" ")), "/name"),
        (with("height", json!(0)), "/height"),
        (with("height", json!("178")), "/height"),
        (with("weight", json!(-1)), "/weight"),
        (with("birthdate", json!("10/12/1985")), "/birthdate"),
        (with("birthdate", json!("1985-02-30")), "/birthdate"),
        (with("birthdate", json!("2026-05-20")), "/birthdate"),
        (with("birthdate", json!("1985-12-10T00:00:00Z")), "/birthdate"),
        (with("bloodGroup", json!("ZERO")), "/bloodGroup"),
        (with("nickname", json!("Lu")), "/nickname"),
        (missing, "/surname"),
    ];
    for (patient, pointer) in cases {
        for (method, path) in
            [("POST", "/api/v1/patients"), ("PUT", "/api/v1/patients/VRDLCU85T10A562S")]
        {
            let (status, problem) = service.send(method, path, Some(&patient)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{patient}");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
    // Nothing was written.
    let (_, found) = service.send("GET", "/api/v1/patients?name=luca", None).await;
    assert_eq!(found["total"], 0);
}

#[tokio::test]
async fn finds_by_name_in_pages() {
    let service = Service::new();
    let empty = service.send("GET", "/api/v1/patients?name=luc", None).await;
    assert_eq!(empty, (StatusCode::OK, json!({"entries": [], "total": 0, "next": null})));
    for code in ["C", "A", "B"] {
        let patient = with("taxCode", json!(code));
        service.send("POST", "/api/v1/patients", Some(&patient)).await;
    }
    let (_, page) = service.send("GET", "/api/v1/patients?name=luc%20VERDI&limit=2", None).await;
    assert_eq!((&page["total"], &page["next"]), (&json!(3), &json!("B")));
    assert_eq!(page["entries"][0]["taxCode"], "A");
    let (_, page) = service.send("GET", "/api/v1/patients?name=luc&cursor=B", None).await;
    assert_eq!((&page["entries"][0]["taxCode"], &page["next"]), (&json!("C"), &Value::Null));

    for query in
        ["", "?name=", "?name=%20", "?name=a&limit=0", "?name=a&limit=x", "?name=a&cursor="]
    {
        let (status, _) = service.send("GET", &format!("/api/v1/patients{query}"), None).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn only_those_who_may() {
    let service = Service::new();
    let nurse = service.hands.token("nina", &["nurse"], &[], false);
    let reader = service.hands.token("surgery-booking", &[], &["patients:read"], false);
    let stranger = service.hands.token("dev", &["developer", "admin", "display"], &[], false);
    service.send("POST", "/api/v1/patients", Some(&luca())).await;
    let one = "/api/v1/patients/VRDLCU85T10A562S";
    for (token, read, write) in
        [(&nurse, 200, 403), (&reader, 200, 403), (&stranger, 403, 403), (&String::new(), 401, 401)]
    {
        for (method, path, expected) in [
            ("GET", one, read),
            ("GET", "/api/v1/patients?name=luca", read),
            ("POST", "/api/v1/patients", write),
            ("PUT", one, write),
            ("PUT", "/api/v1/patients/VRDLCU85T10A562S/retired/OLD", write),
            ("DELETE", one, write),
        ] {
            let body = (method == "POST" || path == one && method == "PUT").then(luca);
            let (status, _) = service.send_as(token, &[], method, path, body.as_ref()).await;
            assert_eq!(status.as_u16(), expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_source_time_needs_its_claim() {
    let service = Service::new();
    let at = [("x-source-time", "2026-05-15T05:00:00Z")];
    let path = "/api/v1/patients";
    let (status, _) = service.send_as(&service.token, &at, "POST", path, Some(&luca())).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let told = service.hands.token("his", &["block-manager"], &[], true);
    let (status, _) = service.send_as(&told, &at, "POST", path, Some(&luca())).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_reads_or_changes_patients_is_recorded() {
    let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
    let audited = hands.audited(api(&runtime), &runtime).await;
    assert_eq!(
        audited,
        [
            "GET /api/v1/patients",
            "POST /api/v1/patients",
            "GET /api/v1/patients/{taxCode}",
            "PUT /api/v1/patients/{taxCode}",
            "DELETE /api/v1/patients/{taxCode}",
            "PUT /api/v1/patients/{taxCode}/retired/{retired}",
        ]
    );

    let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
    let token = hands.token("ada", &["block-manager"], &[], false);
    let service = Service { app: router(api(&runtime), &runtime), hands, token };
    service.send("POST", "/api/v1/patients", Some(&luca())).await;
    service.send("GET", "/api/v1/patients/VRDLCU85T10A562S", None).await;
    service.send("GET", "/api/v1/patients?name=verdi", None).await;
    let nurse = service.hands.token("nina", &["nurse"], &[], false);
    service.send_as(&nurse, &[], "DELETE", "/api/v1/patients/VRDLCU85T10A562S", None).await;
    let asked = Asked { limit: 10, ..Asked::default() };
    let entries = runtime.audit.find(&asked).await.unwrap().entries;
    let told: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| {
            let event = &entry.event;
            let id = event.subjects.get("taxCode").map_or("", String::as_str);
            (event.action, event.actor.id.as_deref(), event.status, id)
        })
        .collect();
    let (ada, luca) = (Some("ada"), "VRDLCU85T10A562S");
    assert_eq!(
        told,
        [
            (Action::Change, ada, None, ""),
            (Action::Change, ada, Some(201), ""),
            (Action::Read, ada, Some(200), luca),
            (Action::Read, ada, Some(200), ""),
            (Action::Refused, Some("nina"), Some(403), luca),
        ]
    );
    let text = serde_json::to_string(&entries).unwrap().to_lowercase();
    assert!(!text.contains("verdi"), "neither bodies nor what was searched for: {text}");
}

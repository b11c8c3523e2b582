//! The routes: who may, what is answered, what is refused.

use reqwest::header;
use serde_json::{Value, json};
use surgery_report::Settings;

use crate::hospital::Hospital;

const REPORT: &str = "/api/v1/reports/p-1";

#[tokio::test]
async fn nobody_passes_without_an_identity() {
    let hospital = Hospital::open().await;
    let api = surgery_report::api(&hospital.runtime, &Settings::standard()).unwrap();
    let mut guarded = 0;
    for route in api.routes() {
        let Some(need) = route.need else { continue };
        let path = route.path.replace("{surgicalProcessId}", "p-1").replace("{version}", "1");
        let request = |token: Option<String>| {
            let request = hospital.request(route.method.as_str(), &path);
            match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        };
        let status = request(None).send().await.unwrap().status();
        assert_eq!(status, 401, "{} {path}", route.method);
        let stranger = hospital.hands.token("screen", &["display"], &[], false);
        let status = request(Some(stranger)).send().await.unwrap().status();
        assert_eq!(status, 403, "{} {path}", route.method);
        guarded += usize::from(need.row == "reports");
    }
    assert_eq!(guarded, 7);
}

#[tokio::test]
async fn the_list_of_reports() {
    let hospital = Hospital::open().await;
    let empty = hospital.as_nurse("GET", "/api/v1/reports").send().await.unwrap();
    assert_eq!(empty.status(), 204);
    assert!(empty.bytes().await.unwrap().is_empty());

    hospital.tell("COMPLETED", 5, json!({})).await;
    let request = hospital.as_nurse("GET", "/api/v1/reports").header(header::HOST, "block:8080");
    let list: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        list,
        json!({
            "entries": [{
                "entry": {
                    "surgicalProcessID": "p-1", "patientId": "patient-7",
                    "patientName": "Luca", "patientSurname": "Verdi",
                    "surgicalProcessDescription": "Appendectomy",
                    "surgeryDate": "2026-05-15T08:10:00.000Z", "surgeryId": "surgery-1",
                    "finalState": "TERMINATED", "endDateTime": "2026-05-15T09:00:00.000Z",
                    "settled": false, "complete": true, "missing": [],
                },
                "url": "http://block:8080/api/v1/reports/p-1",
            }],
            "total": 1,
            "next": null,
        })
    );
    for (query, status) in [
        ("limit=1", 200),
        ("limit=0", 400),
        ("limit=10001", 400),
        ("limit=x", 400),
        ("cursor=?", 400),
    ] {
        let path = format!("/api/v1/reports?{query}");
        let answer = hospital.as_nurse("GET", &path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{query}");
    }
}

#[tokio::test]
async fn pages_of_the_list() {
    let hospital = Hospital::open().await;
    let (version, process) = hospital.world().processes["processes/p-1"].clone();
    // The same date for all: the id decides.
    for id in ["p-3", "p-2", "p 1/2"] {
        let encoded = id.replace(' ', "%20").replace('/', "%2F");
        {
            let mut world = hospital.world();
            let mut process = process.clone();
            process["processId"] = json!(id);
            world.processes.insert(format!("processes/{encoded}"), (version, process));
            let history = world.lists["processes/p-1/history"].clone();
            world.lists.insert(format!("processes/{encoded}/history"), history);
        }
        hospital.tell("COMPLETED", version, json!({"processId": id})).await;
    }
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let list: Value = serde_json::from_slice(
            &hospital.bytes(&format!("/api/v1/reports?limit=2{next}")).await,
        )
        .unwrap();
        assert_eq!(list["total"], 3);
        for entry in list["entries"].as_array().unwrap() {
            found.push(entry["entry"]["surgicalProcessID"].as_str().unwrap().to_owned());
            let url = entry["url"].as_str().unwrap().strip_prefix(&hospital.base).unwrap();
            hospital.bytes(url).await;
        }
        match list["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found, ["p 1/2", "p-2", "p-3"]);
}

#[tokio::test]
async fn additions() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let add = async |content_type: &str, path: &str, body: &str| {
        let request = hospital.as_nurse("PATCH", path).header(header::CONTENT_TYPE, content_type);
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let json = "application/json";
    assert_eq!(add(json, REPORT, r#"{"additionalData":"one"}"#).await, (204, String::new()));
    assert_eq!(hospital.report().await["additionalData"], "one");
    let merge = "application/merge-patch+json";
    assert_eq!(add(merge, REPORT, r#"{"additionalData":"two"}"#).await.0, 204);
    assert_eq!(hospital.report().await["additionalData"], "two");

    for body in ["{}", r#"{"additionalData":1}"#, r#"{"additionalData":"x","more":1}"#, "x"] {
        let (status, problem) = add(json, REPORT, body).await;
        assert_eq!(status, 400, "{body}");
        let problem: Value = serde_json::from_str(&problem).unwrap();
        assert!(problem["errors"].is_array(), "{problem}");
    }
    assert_eq!(add("text/plain", REPORT, r#"{"additionalData":"x"}"#).await.0, 415);
    let unknown = add(json, "/api/v1/reports/p-9", r#"{"additionalData":"x"}"#).await;
    assert_eq!(unknown.0, 404);
    assert_eq!(hospital.report().await["additionalData"], "two");

    // New content keeps what was added.
    {
        let mut world = hospital.world();
        let (version, process) = world.processes.get_mut("processes/p-1").unwrap();
        *version = 6;
        process["type"] = json!("Cholecystectomy");
    }
    hospital.tell("CHANGED", 6, json!({})).await;
    let report = hospital.report().await;
    assert_eq!(report["surgicalProcessDescription"], "Cholecystectomy");
    assert_eq!(report["additionalData"], "two");
}

#[tokio::test]
async fn who_reads_or_changes_reports_is_recorded() {
    let hospital = Hospital::open().await;
    let api = surgery_report::api(&hospital.runtime, &Settings::standard()).unwrap();
    let audited = hospital.hands.audited(api, &hospital.runtime).await;
    assert_eq!(
        audited,
        [
            "GET /api/v1/reports",
            "GET /api/v1/reports/{surgicalProcessId}",
            "PATCH /api/v1/reports/{surgicalProcessId}",
            "GET /api/v1/reports/{surgicalProcessId}/versions",
            "GET /api/v1/reports/{surgicalProcessId}/versions/{version}",
            "POST /api/v1/reports/{surgicalProcessId}/signature",
            "POST /api/v1/reports/{surgicalProcessId}/regeneration",
        ]
    );
}

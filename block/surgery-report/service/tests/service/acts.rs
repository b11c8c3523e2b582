//! What people do to a report: versions, signature, regeneration.

use std::fmt::Write as _;

use block_language::surgery_report::{ReportAct, SurgeryReportEvent};
use reqwest::header;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::hospital::Hospital;

const REPORT: &str = "/api/v1/reports/p-1";
const VERSIONS: &str = "/api/v1/reports/p-1/versions";
const SIGNATURE: &str = "/api/v1/reports/p-1/signature";
const REGENERATION: &str = "/api/v1/reports/p-1/regeneration";

/// Status, `ETag` and body of a request by somebody.
async fn act(
    hospital: &Hospital,
    (who, role): (&str, &str),
    (method, path): (&str, &str),
    if_match: Option<&str>,
    body: Option<Value>,
) -> (u16, Option<String>, Value) {
    let mut request = hospital.as_role(who, role, method, path);
    if let Some(tag) = if_match {
        request = request.header(header::IF_MATCH, tag);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let tag = answer.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
    let body = answer.bytes().await.unwrap();
    (status, tag, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn sign(hospital: &Hospital, who: &str, tag: Option<&str>) -> (u16, Option<String>, Value) {
    act(hospital, (who, "surgeon"), ("POST", SIGNATURE), tag, None).await
}

async fn add(hospital: &Hospital, text: &str, tag: Option<&str>) -> (u16, Option<String>, Value) {
    let body = json!({"additionalData": text});
    act(hospital, ("nina", "nurse"), ("PATCH", REPORT), tag, Some(body)).await
}

async fn regenerate(hospital: &Hospital) -> (u16, Option<String>, Value) {
    act(hospital, ("mara", "block-manager"), ("POST", REGENERATION), None, None).await
}

async fn versions(hospital: &Hospital) -> Value {
    serde_json::from_slice(&hospital.bytes(VERSIONS).await).unwrap()
}

/// The events that tell of additions and signatures, in the order in which they came.
async fn told(hospital: &Hospital) -> Vec<SurgeryReportEvent> {
    hospital.settle().await;
    let records = hospital.records("surgery-report-events").await;
    records.iter().map(|record| SurgeryReportEvent::decode(record).unwrap()).collect()
}

/// Who may do what: each role with each verb, as the table of identities has it.
#[tokio::test]
async fn each_role_may_what_its_row_says() {
    let hospital = Hospital::open().await;
    hospital.settled().await;
    let verbs: [(&str, &str, Option<Value>); 5] = [
        ("GET", REPORT, None),
        ("GET", VERSIONS, None),
        ("PATCH", REPORT, Some(json!({"additionalData": "x"}))),
        ("POST", SIGNATURE, None),
        ("POST", REGENERATION, None),
    ];
    for (role, may) in [
        ("nurse", [true, true, true, false, false]),
        ("anesthetist", [true, true, true, false, false]),
        ("surgeon", [true, true, true, true, false]),
        ("block-manager", [true, true, false, false, true]),
        ("developer", [false; 5]),
        ("admin", [false; 5]),
        ("display", [false; 5]),
    ] {
        for ((method, path, body), may) in verbs.iter().zip(may) {
            let (status, ..) =
                act(&hospital, ("sam", role), (method, path), None, body.clone()).await;
            assert_eq!(status != 403, may, "{role} {method} {path}: {status}");
            assert!(status < 300 || status == 403, "{role} {method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn additions_are_versions_with_author_and_time() {
    let hospital = Hospital::open().await;
    assert_eq!(add(&hospital, "x", None).await.0, 404);
    hospital.tell("COMPLETED", 5, json!({})).await;
    assert_eq!(
        add(&hospital, "one", Some("\"1\"")).await,
        (204, Some("\"2\"".into()), Value::Null)
    );
    hospital.move_to("2026-05-15T09:05:00Z");
    assert_eq!(add(&hospital, "two", None).await.0, 204);
    // Made for a revision that is no more; for one of another form of the newest; for nonsense.
    assert_eq!(add(&hospital, "three", Some("\"2\"")).await.0, 412);
    assert_eq!(add(&hospital, "three", Some("W/\"3\"")).await.0, 400);
    assert_eq!(add(&hospital, "three", Some("\"3-html-it\"")).await.0, 204);

    let report = hospital.report().await;
    assert_eq!((&report["revision"], &report["version"]), (&json!(4), &json!(4)));
    assert_eq!(report["additionalData"], "three");
    let nina = json!({"id": "nina", "name": null});
    let added = |version: u32, text: &str, at: &str| json!({"version": version, "author": nina, "text": text, "dateTime": at});
    assert_eq!(
        report["additions"],
        json!([
            added(2, "one", "2026-05-15T09:00:01.000Z"),
            added(3, "two", "2026-05-15T09:05:00.000Z"),
            added(4, "three", "2026-05-15T09:05:00.000Z"),
        ])
    );
    let versions = versions(&hospital).await;
    assert_eq!(versions["total"], 4);
    let second = &versions["entries"][1];
    assert_eq!((&second["kind"], &second["author"]), (&json!("ADDITION"), &nina));
    assert_eq!((&second["text"], &second["revision"]), (&json!("one"), &json!(2)));
    assert_eq!(second["url"], format!("{}{VERSIONS}/2", hospital.base));
    assert_eq!(versions["entries"][0]["author"], Value::Null);

    // Each version as it was.
    for (version, text) in [(1, ""), (2, "one"), (3, "two"), (4, "three")] {
        let bytes = hospital.bytes(&format!("{VERSIONS}/{version}")).await;
        let report: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(report["additionalData"], text);
        assert!(report.get("revision").is_none());
    }
    for (path, status) in [("5", 404), ("0", 404), ("x", 400), ("-1", 400)] {
        let path = format!("{VERSIONS}/{path}");
        assert_eq!(hospital.as_nurse("GET", &path).send().await.unwrap().status(), status);
    }
    let unknown = hospital.as_nurse("GET", "/api/v1/reports/p-9/versions").send().await.unwrap();
    assert_eq!(unknown.status(), 404);

    let events = told(&hospital).await;
    assert_eq!(events.len(), 3);
    let ReportAct::AddedTo(first) = &events[0].act else { panic!("{events:?}") };
    assert_eq!((first.process_id.as_str(), first.patient_id.as_str()), ("p-1", "patient-7"));
    assert_eq!((first.surgery_id.as_deref(), first.author.as_str()), (Some("surgery-1"), "nina"));
    assert_eq!((first.revision, first.version), (2, 2));
}

#[tokio::test]
async fn a_signature_pins_the_settled_version() {
    let hospital = Hospital::open().await;
    assert_eq!(sign(&hospital, "elena", None).await.0, 404);
    hospital.tell("COMPLETED", 5, json!({})).await;
    assert_eq!(sign(&hospital, "elena", None).await.0, 409, "not settled");
    hospital.settled().await;
    assert_eq!(sign(&hospital, "elena", Some("\"1\"")).await.0, 412);

    let (status, tag, signature) = sign(&hospital, "elena", Some("\"2\"")).await;
    assert_eq!((status, tag.as_deref()), (201, Some("\"3\"")));
    let signed_bytes = hospital.bytes(&format!("{VERSIONS}/2")).await;
    let hash = Sha256::digest(&signed_bytes).iter().fold(String::new(), |mut hash, byte| {
        write!(hash, "{byte:02x}").unwrap();
        hash
    });
    let expected = json!({
        "version": 2, "signedBy": {"id": "elena", "name": null},
        "dateTime": "2026-05-15T09:10:01.000Z", "contentHash": hash,
    });
    assert_eq!(signature, expected);

    // Once more is the same; somebody else's is refused; additions stay possible.
    hospital.move_to("2026-05-15T09:20:00Z");
    let again = sign(&hospital, "elena", Some("\"2\"")).await;
    assert_eq!((again.0, again.2), (200, expected.clone()));
    assert_eq!(sign(&hospital, "piero", None).await.0, 409);
    assert_eq!(add(&hospital, "late remark", Some("\"3\"")).await.0, 204);
    let report = hospital.report().await;
    assert_eq!((&report["version"], &report["signature"]), (&json!(3), &expected));
    assert_eq!(hospital.bytes(&format!("{VERSIONS}/2")).await, signed_bytes);
    let listed = versions(&hospital).await;
    assert_eq!(listed["entries"][1]["signature"], expected);
    assert_eq!(listed["entries"][2]["signature"], Value::Null, "an addition is not signed");

    let events = told(&hospital).await;
    let ReportAct::Signed(signed) = &events[0].act else { panic!("{events:?}") };
    assert_eq!((signed.version, signed.revision), (2, 3));
    assert_eq!((signed.signed_by.as_str(), signed.content_hash.as_str()), ("elena", hash.as_str()));
    assert_eq!(events[0].date_time, "2026-05-15T09:10:01Z".parse().unwrap());
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn a_regeneration_reads_late_facts_beside_what_is_signed() {
    let hospital = Hospital::open().await;
    assert_eq!(regenerate(&hospital).await.0, 404);
    hospital.tell("COMPLETED", 5, json!({})).await;
    assert_eq!(regenerate(&hospital).await.0, 409, "it changes by itself until it is settled");
    hospital.settled().await;
    assert_eq!(sign(&hospital, "elena", None).await.0, 201);
    let signed = hospital.bytes(&format!("{VERSIONS}/2")).await;

    let (status, tag, body) = regenerate(&hospital).await;
    assert_eq!((status, tag.as_deref()), (200, Some("\"3\"")));
    assert_eq!(body, json!({"version": 2, "revision": 3, "changed": false}));

    // Late facts of every kind of source.
    {
        let mut world = hospital.world();
        world.lists.get_mut("processes/p-1/vital-signs").unwrap().push(json!({
            "dateTime": "2026-05-15T08:30:03.000Z", "quantity": "heartBeat", "value": 90.0,
            "unit": "/min", "cameLate": true,
        }));
        world.lists.get_mut("rooms-tracking-data/or-2").unwrap().push(json!({
            "dateTime": "2026-05-15T08:46:00Z", "roomId": "or-2",
            "healthProfessionalId": "hp-9", "trackingType": "ENTER",
        }));
    }
    // While a source is away nothing is made.
    for down in ["rooms-tracking-data", "rooms/data", "processes", "patients"] {
        hospital.world().down = [down].into();
        let (status, ..) = regenerate(&hospital).await;
        assert_eq!(status, 503, "{down}");
        hospital.world().down.clear();
    }
    hospital.world().complete_to = Some("2026-05-15T09:09:59.999Z");
    assert_eq!(regenerate(&hospital).await.0, 503, "a source has fallen behind");
    hospital.world().complete_to = Some("2026-05-15T09:10:00.000Z");
    assert_eq!(hospital.report().await["revision"], json!(3));

    let (status, tag, body) = regenerate(&hospital).await;
    assert_eq!((status, tag.as_deref()), (201, Some("\"4\"")));
    assert_eq!(body, json!({"version": 3, "revision": 4, "changed": true}));
    let report = hospital.report().await;
    assert_eq!((&report["signature"], &report["signedVersion"]), (&Value::Null, &json!(2)));
    let vital = &report["stepData"]["PATIENT_ON_OPERATING_TABLE"]["patientVitalSignAggregateData"];
    assert_eq!(vital["maximum"]["heartBeat"], json!(90));
    assert_eq!(report["healthProfessionalTrackingInformation"].as_array().unwrap().len(), 4);
    assert_eq!(hospital.bytes(&format!("{VERSIONS}/2")).await, signed);
    let listed = versions(&hospital).await;
    assert_eq!(listed["entries"][2]["kind"], "REGENERATED");
    assert_eq!(listed["entries"][2]["author"]["id"], "mara");

    // What is told of the process later changes nothing by itself.
    hospital.tell("SETTLED", 6, json!({"settled": true})).await;
    assert_eq!(hospital.report().await["revision"], json!(4));
    let (_, _, page) = hospital.form(REPORT, "text/html", "en").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("made anew with late values, mara"), "{page}");
    assert!(page.contains("version 2 to 3") && page.contains("<ins>"), "differences are shown");

    // The new one is signed anew.
    let (status, _, signature) = sign(&hospital, "piero", None).await;
    assert_eq!((status, &signature["version"]), (201, &json!(3)));
    assert_eq!(versions(&hospital).await["entries"][1]["signature"]["signedBy"]["id"], "elena");
}

#[tokio::test]
async fn a_report_of_another_producer_is_regenerated_from_what_it_told() {
    let hospital = Hospital::open().await;
    hospital.world().processes.clear();
    hospital.publish(crate::reports::summary(None, json!({}))).await;
    hospital.world().complete_to = Some("2026-05-15T09:10:00.123Z");
    hospital.move_to("2026-05-15T09:10:02Z");
    hospital.settle().await;
    assert_eq!(hospital.report().await["settled"], json!(true));
    assert_eq!(regenerate(&hospital).await.2["changed"], json!(false));
    hospital.world().lists.get_mut("rooms-tracking-data/or-2").unwrap().clear();
    assert_eq!(regenerate(&hospital).await.2["changed"], json!(true));
}

#[tokio::test]
async fn a_withdrawn_report_keeps_its_versions() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let before = hospital.bytes(&format!("{VERSIONS}/1")).await;
    hospital.world().processes.clear();
    hospital.tell("VOIDED", 6, json!({})).await;
    for (method, path) in [("GET", REPORT), ("POST", SIGNATURE), ("PATCH", REPORT)] {
        let body = (method == "PATCH").then(|| json!({"additionalData": "x"}));
        let (status, ..) = act(&hospital, ("elena", "surgeon"), (method, path), None, body).await;
        assert_eq!(status, 404, "{method} {path}");
    }
    assert_eq!(regenerate(&hospital).await.0, 404);
    let listed = versions(&hospital).await;
    assert_eq!(listed["entries"][1]["kind"], "WITHDRAWN");
    assert_eq!(hospital.bytes(&format!("{VERSIONS}/1")).await, before);
    let (status, _, page) = hospital.form(&format!("{VERSIONS}/2"), "text/html", "it").await;
    assert_eq!(status, 200);
    assert!(String::from_utf8(page).unwrap().contains("Ritirato"));
}

/// Many at once: each addition is there, none twice, and the numbers have no holes.
#[tokio::test]
async fn additions_at_once_lose_none() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let adds = (0..12).map(|number| {
        let hospital = &hospital;
        async move { add(hospital, &format!("text {number}"), None).await.0 }
    });
    let statuses = futures_util::future::join_all(adds).await;
    assert_eq!(statuses, [204; 12]);
    let report = hospital.report().await;
    let additions = report["additions"].as_array().unwrap();
    let numbers: Vec<_> = additions.iter().map(|it| it["version"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (2..=13).collect::<Vec<_>>());
    let mut texts: Vec<_> = additions.iter().map(|it| it["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 12);
    assert_eq!(told(&hospital).await.len(), 12);
}

//! A report as data, as a page and as a document: who gets which, and that they never change.

use std::sync::{Arc, Mutex};

use chiron_broker::Durability;
use chiron_store::Store;
use reqwest::header;
use serde_json::{Value, json};
use surgery_report::COLLECTIONS;

use crate::hospital::{Hospital, Shared, surgery};

const REPORT: &str = "/api/v1/reports/p-1";
const FORMS: [(&str, &str); 3] =
    [("application/json", "en"), ("text/html", "it"), ("application/pdf", "en")];

#[tokio::test]
async fn the_client_chooses_form_and_language() {
    let hospital = Hospital::open().await;
    hospital.settled().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (accept, language, content_type, content_language, tag) in [
        ("*/*", "it", "application/json", None, "\"2\""),
        ("application/json", "en", "application/json", None, "\"2\""),
        ("text/html", "en", "text/html; charset=utf-8", Some("en"), "\"2-html-en\""),
        (browser, "it-IT,it;q=0.9", "text/html; charset=utf-8", Some("it"), "\"2-html-it\""),
        ("application/pdf", "de", "application/pdf", Some("en"), "\"2-pdf-en\""),
        (
            "application/json;q=0.1, application/pdf;q=0.9",
            "it",
            "application/pdf",
            Some("it"),
            "\"2-pdf-it\"",
        ),
    ] {
        let (status, headers, body) = hospital.form(REPORT, accept, language).await;
        let value = |name| headers.get(name).map(|it| it.to_str().unwrap());
        assert_eq!(status, 200, "{accept}");
        assert_eq!(value(header::CONTENT_TYPE), Some(content_type), "{accept}");
        assert_eq!(value(header::CONTENT_LANGUAGE), content_language, "{accept}");
        assert_eq!(value(header::ETAG), Some(tag), "{accept}");
        assert_eq!(value(header::VARY), Some("Accept, Accept-Language"), "{accept}");
        assert!(!body.is_empty());
    }
    let (status, headers, body) = hospital.form(REPORT, "image/png, text/plain;q=0.9", "en").await;
    assert_eq!(status, 406);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(headers[header::VARY], "Accept, Accept-Language");
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["type"], "urn:chiron:problem:not-acceptable");
    for path in ["/api/v1/reports/p-9", "/api/v1/reports/p-1/versions/9"] {
        assert_eq!(hospital.form(path, "application/pdf", "en").await.0, 404);
    }
}

#[tokio::test]
async fn who_has_it_gets_nothing_twice() {
    let hospital = Hospital::open().await;
    hospital.settled().await;
    for (accept, language) in FORMS {
        // One path does for the form that takes longest.
        let former = (accept != "application/pdf").then_some("/api/v1/reports/p-1/versions/1");
        for path in [Some(REPORT), former].into_iter().flatten() {
            let (_, headers, _) = hospital.form(path, accept, language).await;
            let request = hospital.as_nurse("GET", path).header(header::ACCEPT, accept);
            let request = request.header(header::ACCEPT_LANGUAGE, language);
            let request = request.header(header::IF_NONE_MATCH, &headers[header::ETAG]);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 304, "{path} {accept}");
            assert_eq!(answer.headers()[header::ETAG], headers[header::ETAG]);
        }
    }
}

/// The same revision, made twice, and once more after a restart: identical bytes. A rewritten
/// name of a room does not change what was filed.
#[tokio::test]
async fn the_same_revision_has_the_same_bytes_for_ever() {
    let folder = std::env::temp_dir().join(format!("chiron-forms-{}", std::process::id()));
    let file = folder.join("report.sqlite");
    let open = || Store::open(&file, Durability::Relaxed, COLLECTIONS).unwrap();
    let world: Shared = Arc::new(Mutex::new(surgery()));
    let former = "/api/v1/reports/p-1/versions/2";
    let asked = [
        (REPORT, "application/json", "en"),
        (REPORT, "text/html", "en"),
        (REPORT, "text/html", "it"),
        (REPORT, "application/pdf", "it"),
        (former, "application/json", "en"),
        (former, "text/html", "it"),
    ];
    let all = async |hospital: &Hospital| {
        let mut found = Vec::new();
        for (path, accept, language) in asked {
            let (status, headers, body) = hospital.form(path, accept, language).await;
            assert_eq!(status, 200, "{path} {accept}");
            found.push((headers[header::ETAG].clone(), body));
        }
        found
    };
    let store = open();
    let hospital = Hospital::open_on(Some(store.clone()), Arc::clone(&world)).await;
    hospital.settled().await;
    let add = hospital.as_nurse("PATCH", REPORT).json(&json!({"additionalData": "a <b> & \"c\""}));
    assert_eq!(add.send().await.unwrap().status(), 204);
    let sign = hospital.as_role("elena", "surgeon", "POST", "/api/v1/reports/p-1/signature");
    assert_eq!(sign.send().await.unwrap().status(), 201);
    let once = all(&hospital).await;
    assert!(all(&hospital).await == once, "twice");
    drop(hospital);
    store.close().await;

    world.lock().unwrap().things.insert("rooms/or-2".into(), json!({"id": "or-2", "name": "X"}));
    let store = open();
    let hospital = Hospital::open_on(Some(store.clone()), world).await;
    hospital.move_to("2026-05-16T09:00:00Z");
    assert!(all(&hospital).await == once, "after a restart");
    drop(hospital);
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_page_is_whole_in_itself() {
    let hospital = Hospital::open().await;
    hospital.settled().await;
    let text = "<script>alert(1)</script> & \"more\"";
    let add = hospital.as_nurse("PATCH", REPORT).json(&json!({"additionalData": text}));
    assert_eq!(add.send().await.unwrap().status(), 204);
    let (_, headers, page) = hospital.form(REPORT, "text/html", "en").await;
    let page = String::from_utf8(page).unwrap();
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for stranger in ["<script", "style=\"", "http://", "https://", "url(", "@import", "onload"] {
        assert!(!page.contains(stranger), "{stranger}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"), "what people write stays text");
    for said in [
        "<html lang=\"en\">",
        "Luca Verdi",
        "Elena Bosco",
        "OR 2",
        "planned 08:15 to 08:55",
        "Heart rate",
        "Endoscope",
        "pm-0091",
        "<path class=\"trace heart\"",
        "role=\"img\"",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let (_, _, page) = hospital.form(REPORT, "text/html", "it").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("<html lang=\"it\">") && page.contains("Frequenza cardiaca"));
}

#[tokio::test]
async fn the_document_is_a_pdf() {
    let hospital = Hospital::open().await;
    hospital.settled().await;
    let (_, headers, document) = hospital.form(REPORT, "application/pdf", "it").await;
    assert!(document.starts_with(b"%PDF-1.") && document.ends_with(b"%%EOF"));
    assert_eq!(headers[header::CONTENT_DISPOSITION], "inline; filename=\"report-p-1.pdf\"");
    let holds = |text: &str| document.windows(text.len()).any(|it| it == text.as_bytes());
    // The instant in it is the version's, not the one of drawing.
    assert!(holds("D:20260515091001"), "when the version was filed");
    assert!(holds("Inter"), "fonts are inside");
}

//! What the gateway records itself, and the reading of the trail.

use chiron_chassis::Service;
use chiron_chassis::audit::{Action, Asked, Entry};
use serde_json::{Value, json};

use crate::surroundings::{Example, places};

async fn entries(example: &Example) -> Vec<Entry> {
    let asked = Asked { limit: 1_000, ..Asked::default() };
    let mut entries = example.gateway.runtime().audit.find(&asked).await.unwrap().entries;
    // Accounts of the surroundings get their tokens whenever they like.
    entries.retain(|entry| entry.event.action != Action::SignIn);
    entries.reverse();
    entries
}

#[tokio::test]
async fn the_faces_record_what_nobody_behind_does() {
    let example = Example::start().await;
    let runtime = example.gateway.runtime();
    let block = example.hands.audited(example.gateway.block_api(), runtime).await;
    let expected = [
        "POST /oauth2/token",
        "GET /api/v1/audit",
        "GET /api/v1/obd/surgery-reports",
        "GET /api/v1/obd/surgery-reports/{processId}",
        "PATCH /api/v1/obd/surgery-report-integration/{processId}",
        "GET /api/v1/obd/process-info",
        "GET /api/v1/obd/zone-hp-tracking-info",
        "GET /api/v1/obd/block-hp-tracking-info",
        "GET /api/v1/obd/live",
    ];
    assert_eq!(block, expected);
    let room = example.hands.audited(example.gateway.room_api(), runtime).await;
    let expected = [
        "POST /api/v1/ord/process-manual-events",
        "POST /api/v1/ord/emergency-surgeries",
        "GET /api/v1/ord/process-state",
        "GET /api/v1/ord/live",
    ];
    assert_eq!(room, expected);
    let web = example.hands.audited(example.gateway.web_api(), runtime).await;
    assert!(web.contains(&"GET /services/{service}/{*path}".to_owned()), "{web:?}");
    // Five methods of the services behind, and of each of the developer platform's four.
    assert_eq!(web.len(), block.len() - 1 + room.len() + 5 * 5);
}

#[tokio::test]
async fn what_is_asked_behind_is_recorded_there_with_the_persons_own_token() {
    let example = Example::start().await;
    let path = "/api/v1/reports/p-1";
    example.table.answer(&format!("GET {path}"), 200, json!({}));
    let nurse = example.token_of("nurse-1").await;
    let get = |token: &str, path: &str| {
        example.client.get(format!("{}{path}", example.web)).bearer_auth(token).send()
    };
    let through = format!("/services/{}{path}", Service::SurgeryReport);
    assert_eq!(get(&nurse, &through).await.unwrap().status(), 200);
    assert_eq!(entries(&example).await, []);
    // Who is turned away here never comes to where it would be recorded.
    assert_eq!(get("nonsense", &through).await.unwrap().status(), 401);
    let refused = entries(&example).await;
    assert_eq!((refused.len(), refused[0].event.status), (1, Some(401)));
    assert_eq!(refused[0].event.subjects["path"], "api/v1/reports/p-1");
}

#[tokio::test]
async fn an_administrator_reads_the_trail_and_is_in_it() {
    let example = Example::start().await;
    let admin = example.token_of("admin-1").await;
    let get = |token: &str, query: &str| {
        let url = format!("{}/api/v1/audit{query}", example.block);
        example.client.get(url).bearer_auth(token).send()
    };
    let ask = async |query: &str| {
        let answer = get(&admin, query).await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    for role in ["surgeon", "nurse", "anesthetist", "block-manager", "developer", "display"] {
        let token = example.token_of(&format!("{role}-1")).await;
        assert_eq!(get(&token, "").await.unwrap().status(), 403, "{role}");
    }
    let (status, page) = ask("?actor=nurse-1").await;
    assert_eq!((status, &page["total"]), (200, &json!(1)));
    let entry = &page["entries"][0];
    assert_eq!((&entry["action"], &entry["status"]), (&json!("refused"), &json!(403)));
    for _ in 0..4 {
        ask("?limit=1").await;
    }

    // Five readings by now, and each of these is one more.
    let (_, page) = ask("?actor=admin-1&limit=3").await;
    assert_eq!((page["entries"].as_array().unwrap().len(), &page["total"]), (3, &json!(5)));
    let entry = &page["entries"][0];
    assert_eq!((&entry["action"], &entry["status"]), (&json!("read"), &json!(200)));
    let next = page["next"].as_str().unwrap();
    let (_, rest) = ask(&format!("?actor=admin-1&limit=3&cursor={next}")).await;
    assert_eq!((rest["entries"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));
    assert_eq!(ask("?subject=nobody").await.1, json!({"entries": [], "total": 0, "next": null}));
    assert_eq!(ask("?from=2026-05-15T06:00:01Z").await.1["total"], 0);
    assert_ne!(ask("?to=2026-05-15T06:00:00Z").await.1["total"], 0);
    for (query, place) in [
        ("?limit=0", "?limit"),
        ("?limit=1001", "?limit"),
        ("?cursor=x", "?cursor"),
        ("?from=today", "?from"),
        ("?to=2026", "?to"),
    ] {
        let refused = places(get(&admin, query).await.unwrap()).await;
        assert_eq!(refused, (400, vec![place.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn accounts_that_sign_in_are_recorded() {
    let example = Example::start().await;
    let before = example.gateway.runtime().audit.count().await.unwrap();
    let attempt = async |id: &str, secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let request = example.client.post(format!("{}/oauth2/token", example.block)).body(form);
        let form_type = "application/x-www-form-urlencoded";
        request.header("content-type", form_type).send().await.unwrap().status().as_u16()
    };
    assert_eq!(attempt("simulator", "a long enough %26 odd secret").await, 200);
    assert_eq!(attempt("simulator", "wrong").await, 401);
    assert_eq!(attempt("a+secret+in+the+wrong+place", "wrong").await, 401);
    let asked = Asked { limit: 100, ..Asked::default() };
    let mut entries = example.gateway.runtime().audit.find(&asked).await.unwrap().entries;
    entries.retain(|entry| before < entry.seq);
    let told: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| {
            let event = &entry.event;
            (event.actor.id.as_deref(), event.subjects.get("clientId"), event.status)
        })
        .collect();
    let simulator = "simulator".to_owned();
    let expected = [
        (Some("simulator"), Some(&simulator), Some(200)),
        (None, Some(&simulator), Some(401)),
        (None, None, Some(401)),
    ];
    assert_eq!(told, expected);
}

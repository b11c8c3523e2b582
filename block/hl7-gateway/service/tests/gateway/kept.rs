//! What is remembered: answers over a restart, and what was not accepted.

use chiron_chassis::audit::{Action, Asked};
use hl7_gateway::Settings;
use serde_json::{Value, json};

use crate::hospital::{Hospital, PID, admission, msh};

const VITALS: &str = "OBR|1\nOBX|1|NM|8867-4||71|/min|||||F|||20260515075900";

#[tokio::test]
async fn the_same_message_is_answered_the_same_and_done_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hl7.sqlite");
    let mut hospital = Hospital::with(Settings::default(), Some(&file)).await;
    hospital.twin("p-1", "Patient").await;
    let oru = format!("{}\n{PID}\n{VITALS}", msh("ORU^R01", "1"));
    let bad = admission("bad").replace("19851210", "1985");
    let first = hospital.send(&oru).await;
    let refused = hospital.send(&bad).await;
    assert_eq!((first.code(), refused.code()), ("AA".to_owned(), "AE".to_owned()));
    let told = hospital.events().await;
    for restart in [false, true] {
        if restart {
            hospital.restart(Settings::default()).await;
        }
        for _ in 0..2 {
            assert_eq!(hospital.send(&oru).await, first);
            assert_eq!(hospital.send(&bad).await, refused);
        }
        // Engines write anew when they send again.
        let later = oru.replace("20260515075900||ORU", "20260515080000||ORU");
        assert_ne!(later, oru);
        assert_eq!(hospital.send(&later).await, first);
    }
    assert_eq!(hospital.events().await, told);
    let messages = hospital.get("/api/v1/messages").await;
    assert_eq!(messages["total"], 2);
    assert_eq!(messages["entries"].as_array().unwrap()[1]["times"], 7, "{messages}");

    // The same name, from the same sender, for something else: nothing is lost without a word.
    let other = hospital.send(&oru.replace("||71|", "||72|")).await;
    assert_eq!(other.outcome(), "AR MSH^1^10 205", "{}", other.text);
    assert_eq!(hospital.property("p-1", "heart_beat").await.0, json!(71));
    // Of another sender it is another message.
    let elsewhere = oru.replace("HIS|ROME", "HIS|MILAN").replace("||71|", "||72|");
    assert_eq!(hospital.send(&elsewhere).await.code(), "AA");
    assert_eq!(hospital.property("p-1", "heart_beat").await.0, json!(72));
    // What was refused may come corrected under its own name.
    assert_eq!(hospital.send(&admission("bad")).await.code(), "AA");
}

#[tokio::test]
async fn what_cannot_be_done_now_is_rejected_and_done_when_it_comes_again() {
    let hospital = Hospital::open().await;
    hospital.connect(false);
    let answer = hospital.send(&admission("1")).await;
    assert_eq!(answer.outcome(), "AR  207", "{}", answer.text);
    let failed = hospital.get("/api/v1/messages?state=FAILED").await;
    assert_eq!((&failed["total"], &failed["entries"][0]["times"]), (&json!(1), &json!(1)));
    hospital.connect(true);
    assert_eq!(hospital.send(&admission("1")).await.code(), "AA");
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await["surname"], "Verdi");
    let messages = hospital.get("/api/v1/messages").await;
    let entry = &messages["entries"][0];
    assert_eq!((&entry["state"], &entry["times"]), (&json!("ACCEPTED"), &json!(2)));
    assert_eq!(entry["reasons"], json!([]));
    // One that stops half way is finished by the next try.
    hospital.stop_patients();
}

#[tokio::test]
async fn a_service_that_does_not_let_us_is_no_fault_of_the_message() {
    let hospital = Hospital::open().await;
    for grants in [&[][..], &["patients:read"]] {
        hospital.hands.own_grants(grants);
        let answer = hospital.send(&admission("1")).await;
        assert_eq!(answer.outcome(), "AR  207", "{}", answer.text);
    }
    assert_eq!(hospital.get("/api/v1/messages?state=FAILED").await["total"], 1);
}

#[tokio::test]
async fn what_was_not_accepted_is_listed_read_and_done_again() {
    let hospital = Hospital::open().await;
    let oru = format!("{}\n{PID}\n{VITALS}", msh("ORU^R01^ORU_R01", "v-1"));
    assert_eq!(hospital.send(&oru).await.outcome(), "AE PID^1^3 204");
    assert_eq!(hospital.send(&admission("a-1")).await.code(), "AA");
    let bad = hospital.get("/api/v1/messages?state=REFUSED&from=2026-05-15T05:00:00Z").await;
    assert_eq!(bad["total"], 1);
    let entry = bad["entries"][0].clone();
    let id = entry["id"].as_str().unwrap().to_owned();
    let peer = entry["peer"].as_str().unwrap();
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
    let expected = json!({
        "id": id, "state": "REFUSED", "receivedAt": "2026-05-15T06:00:00.000Z", "times": 1,
        "controlId": "v-1", "sendingApplication": "HIS", "sendingFacility": "ROME",
        "kind": "ORU^R01", "peer": peer,
        "reasons": [{"place": "PID-3", "code": "204", "detail": "is no patient in the block"}],
        "replayedAt": null, "text": null,
    });
    assert_eq!(entry, expected);
    assert_eq!(hospital.get("/api/v1/messages?to=2026-05-15T05:00:00Z").await["total"], 0);

    // What it says is for those who may read patients.
    let path = format!("/api/v1/messages/{id}");
    let text = hospital.get(&path).await["text"].clone();
    assert!(text.as_str().unwrap().contains("Verdi^Luca"), "{text}");
    let (status, seen) = hospital.as_role("admin", "GET", &path).await;
    assert_eq!((status, &seen["text"]), (200, &Value::Null));

    // As long as nothing has changed it is refused again; then it is done.
    let replays = format!("{path}/replays");
    let (status, seen) = hospital.as_role("admin", "POST", &replays).await;
    assert_eq!((status, &seen["state"]), (200, &json!("REFUSED")));
    hospital.twin("p-1", "Patient").await;
    let (status, seen) = hospital.as_role("admin", "POST", &replays).await;
    assert_eq!((status, &seen["state"], &seen["reasons"]), (200, &json!("ACCEPTED"), &json!([])));
    assert_eq!(seen["replayedAt"], "2026-05-15T06:00:00.000Z");
    assert_eq!(hospital.property("p-1", "heart_beat").await.0, json!(71));
    // Its sender is answered accordingly, and what was done is not done again.
    assert_eq!(hospital.send(&oru).await.code(), "AA");
    assert_eq!(hospital.as_role("admin", "POST", &replays).await.0, 409);
    assert_eq!(hospital.get(&path).await["text"], Value::Null);
    let nobody = "/api/v1/messages/nothing";
    assert_eq!(hospital.as_role("admin", "GET", nobody).await.0, 404);
    assert_eq!(hospital.as_role("admin", "POST", &format!("{nobody}/replays")).await.0, 404);
}

#[tokio::test]
async fn only_those_who_may_see_messages() {
    let hospital = Hospital::open().await;
    hospital.send(&admission("1")).await;
    for role in ["surgeon", "nurse", "anesthetist", "developer", "display"] {
        for (method, path) in [
            ("GET", "/api/v1/messages"),
            ("GET", "/api/v1/messages/x"),
            ("POST", "/api/v1/messages/x/replays"),
        ] {
            assert_eq!(hospital.as_role(role, method, path).await.0, 403, "{role} {path}");
        }
    }
    for query in ["?state=LOST", "?from=noon", "?to=1", "?limit=0", "?limit=1001", "?cursor=-"] {
        let (status, _) =
            hospital.as_role("admin", "GET", &format!("/api/v1/messages{query}")).await;
        assert_eq!(status, 400, "{query}");
    }
}

#[tokio::test]
async fn messages_are_paged_and_the_oldest_bad_ones_go_first() {
    let settings = Settings { keep_bad: 3, ..Settings::default() };
    let hospital = Hospital::with(settings, None).await;
    let mut system = hospital.system().await;
    // One look is taken for so many messages.
    for nth in 0..260 {
        hospital.hands.advance(std::time::Duration::from_secs(1));
        let message = admission(&format!("{nth}")).replace("ADT^A01", "ADT^A03");
        assert_eq!(system.send(&message).await.code(), "AR");
    }
    let page = hospital.get("/api/v1/messages?limit=2").await;
    let ids = |page: &Value| -> Vec<String> {
        let entries = page["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["controlId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&page), ["259", "258"]);
    let left = page["total"].as_u64().unwrap();
    assert!((3..10).contains(&left), "{left}");
    let next = page["next"].as_str().unwrap();
    let page = hospital.get(&format!("/api/v1/messages?limit=1&cursor={next}")).await;
    assert_eq!(ids(&page), ["257"]);
}

#[tokio::test]
async fn who_looks_at_messages_or_replays_them_is_recorded() {
    let hospital = Hospital::open().await;
    hospital.connect(false);
    hospital.send(&admission("1")).await;
    hospital.connect(true);
    let listed = hospital.get("/api/v1/messages").await;
    let id = listed["entries"][0]["id"].as_str().unwrap();
    hospital.get(&format!("/api/v1/messages/{id}")).await;
    hospital.as_role("admin", "POST", &format!("/api/v1/messages/{id}/replays")).await;
    let asked = Asked { limit: 10, ..Asked::default() };
    let entries = hospital.runtime.audit.find(&asked).await.unwrap().entries;
    let told: Vec<_> = entries
        .iter()
        .rev()
        .filter(|entry| entry.event.status.is_some())
        .map(|entry| (entry.event.action, entry.event.route.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Action::Read, "/api/v1/messages"),
            (Action::Read, "/api/v1/messages/{id}"),
            (Action::Change, "/api/v1/messages/{id}/replays"),
        ]
    );
}

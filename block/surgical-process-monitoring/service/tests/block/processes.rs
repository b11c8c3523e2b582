//! Processes through the routes and on the topics.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

const ADA: &str = "ada-2026-05-15T08.10.00.000Z";

#[tokio::test]
async fn an_elective_surgery_from_booking_to_settling() {
    let world = World::new().await;
    let (status, headers, body) = world.get("/api/v1/processes").await;
    assert_eq!((status, body), (StatusCode::NO_CONTENT, serde_json::Value::Null));
    assert_eq!(headers["chiron-complete-to"], "2026-05-15T06:00:00.000Z");

    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    let entry = json!({
        "processId": ADA, "dateTime": "2026-05-15T08:10:00.000Z", "type": "Appendectomy",
        "patientId": "ada", "healthProfessionalId": "hp-7",
        "preOperatingRoom": {"id": {"id": "pre-1"}, "type": "PRE_POST_OPERATING_ROOM"},
        "operatingRoom": null, "state": "PRE_SURGERY", "step": "PATIENT_IN_PREPARATION",
        "surgeryId": "s1", "postOperatingRoom": null, "stale": false,
    });
    let list = world.body("/api/v1/processes").await;
    assert_eq!(list, json!({"entries": [entry], "total": 1, "next": null}));

    world
        .say(&[
            "08:25:00 ada +or-1",
            "08:25:00 ada -pre-1",
            "08:30:00 ada table",
            "08:35:00 or-1 anesthesia",
            "08:36:00 ada heart 70",
            "08:36:00 ada temperature 36.5",
            "08:36:01 ada heart 72",
            "08:40:00 or-1 cut",
            "09:30:00 or-1 closing",
            "09:40:00 ada +pre-2",
            "09:40:00 ada -or-1",
        ])
        .await;
    let detail = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(detail["state"], "POST_SURGERY");
    assert_eq!(detail["operatingRoom"], json!({"id": {"id": "or-1"}, "type": "OPERATING_ROOM"}));
    world.at("11:00:00").await;
    world.say(&["11:00:00 ada -pre-2"]).await;

    assert_eq!(world.get("/api/v1/processes").await.0, StatusCode::NO_CONTENT);
    let (_, headers, detail) = world.get(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(headers["etag"], format!("\"{}\"", detail["version"]));
    assert_eq!(detail["state"], "TERMINATED");
    assert_eq!(detail["step"], "PATIENT_UNDER_OBSERVATION");
    assert_eq!(detail["endDateTime"], "2026-05-15T11:00:00.000Z");
    assert_eq!(detail["settled"], false);
    assert_eq!(detail["patientTaxCode"], "ADA");
    let rooms: Vec<_> = detail["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stay| {
            let text = |name: &str| stay[name].as_str().unwrap();
            format!("{} {} {}", text("roomId"), &text("from")[11..16], &text("to")[11..16])
        })
        .collect();
    assert_eq!(rooms, ["pre-1 08:10 08:25", "or-1 08:25 09:40", "pre-2 09:40 11:00"]);
    assert_eq!(
        world.history(ADA).await,
        "08:10 ROOM pre-1, 08:10 STATE PRE_SURGERY, 08:10 STEP PATIENT_IN_PREPARATION, \
         08:25 ROOM or-1, 08:30 STATE SURGERY, 08:30 STEP PATIENT_ON_OPERATING_TABLE, \
         08:35 STEP ANESTHESIA, 08:40 STEP SURGERY_IN_PROGRESS, 09:30 STEP END_OF_SURGERY, \
         09:40 ROOM pre-2, 09:40 STATE POST_SURGERY, 09:40 STEP PATIENT_UNDER_OBSERVATION, \
         11:00 ROOM -, 11:00 STATE TERMINATED"
    );
    let summaries = world.told("process-summary-events").await;
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].1["processSteps"].as_array().unwrap().len(), 6);
    let medical = summaries[0].1["patientMedicalData"].as_array().unwrap();
    assert_eq!(medical.len(), 2);
    assert_eq!(medical[1]["second"]["heartBeat"], json!({"bpm": 72}));
    assert_eq!(medical[1]["second"]["bodyTemperature"], json!({"degree": 36.5, "unit": "CELSIUS"}));

    assert_eq!(
        world.runtime.activity.snapshot().next_timer,
        Some("2026-05-15T11:10:00Z".parse().unwrap())
    );
    world.at("11:10:00").await;
    let detail = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(detail["settled"], true);
    let list = world.body("/api/v1/processes?open=false").await;
    assert_eq!(list["total"], 1);
    let whole = &list["entries"][0];
    let (begin, end) =
        (whole["dateTime"].as_str().unwrap(), detail["endDateTime"].as_str().unwrap());
    let met = async |span: &str| {
        let (status, _, list) = world.get(&format!("/api/v1/processes?open=false&{span}")).await;
        (status.as_u16(), list["total"].as_u64().unwrap_or(0))
    };
    assert_eq!(met(&format!("from={end}&to={begin}")).await, (200, 1), "bounds count");
    assert_eq!(met(&format!("from={begin}&to={end}")).await, (200, 1));
    assert_eq!(met("from=2026-05-15T12:00:00Z").await, (204, 0), "over before");
    assert_eq!(met("to=2026-05-15T05:00:00Z").await, (204, 0), "not begun");
    assert_eq!(met("to=yesterday").await.0, 400);
    let keys = world.keys().await;
    assert!(keys.ends_with("CHANGED 8, COMPLETED 8, SETTLED 9"), "{keys}");
    assert_eq!(world.told("process-summary-events").await.len(), 1);
}

#[tokio::test]
async fn vital_signs_by_page_and_bucket() {
    let world = World::new().await;
    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    let facts = [
        "08:09:59 ada heart 60",
        "08:10:00 ada heart 70",
        "08:10:00 ada temperature 36.5",
        "08:10:30 ada heart 75",
        "08:11:00 ada heart 80",
    ];
    let records = facts.iter().map(|fact| world.record(fact)).collect();
    world.publish(records).await;
    world.at("08:20:00").await;
    let path = format!("/api/v1/processes/{ADA}/vital-signs");
    let values = async |query: &str| {
        let body = world.body(&format!("{path}{query}")).await;
        let entries = body["entries"].as_array().unwrap().clone();
        let values: Vec<_> = entries.iter().map(|entry| entry["value"].to_string()).collect();
        (values.join(" "), body["total"].as_u64().unwrap(), body["next"].clone())
    };
    assert_eq!(values("").await, ("70 36.5 75 80".to_owned(), 4, json!(null)));
    assert_eq!(values("?from=2026-05-15T08:09:59Z&to=2026-05-15T08:10:00Z").await.0, "60 70 36.5");
    assert_eq!(values("?resolution=60").await.0, "72.5 36.5 80");
    let (first, total, next) = values("?limit=3").await;
    assert_eq!((first.as_str(), total), ("70 36.5 75", 4));
    let next = next.as_str().unwrap();
    assert_eq!(values(&format!("?limit=3&cursor={next}")).await, ("80".to_owned(), 4, json!(null)));
    let body = world.body(&path).await;
    assert_eq!(
        body["entries"][1],
        json!({"dateTime": "2026-05-15T08:10:00.000Z", "quantity": "bodyTemperature",
               "value": 36.5, "unit": "Cel"})
    );
    for bad in ["?from=yesterday", "?limit=0", "?limit=10001", "?resolution=0", "?cursor=x", "?x=1"]
    {
        let (status, _, body) = world.get(&format!("{path}{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {body}");
    }
    // A vital sign changes nothing about the process.
    assert_eq!(world.keys().await, "CHANGED 1");
}

#[tokio::test]
async fn a_list_by_page() {
    let world = World::new().await;
    for patient in ["ada", "bob", "eve"] {
        world
            .say(&[
                &format!("07:00:00 {patient} book {patient}-1 09:00:00"),
                &format!("08:10:00 {patient} +pre-1"),
            ])
            .await;
    }
    let first = world.body("/api/v1/processes?limit=2").await;
    let patients = |list: &serde_json::Value| {
        let entries = list["entries"].as_array().unwrap();
        entries.iter().map(|it| it["patientId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((patients(&first), &first["total"]), (vec!["ada".into(), "bob".into()], &json!(3)));
    let next = first["next"].as_str().unwrap();
    let second = world.body(&format!("/api/v1/processes?limit=2&cursor={next}")).await;
    assert_eq!((patients(&second), &second["next"]), (vec!["eve".into()], &json!(null)));
}

#[tokio::test]
async fn who_may_read() {
    let world = World::new().await;
    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    let paths = [
        "/api/v1/processes".to_owned(),
        format!("/api/v1/processes/{ADA}"),
        format!("/api/v1/processes/{ADA}/history"),
        format!("/api/v1/processes/{ADA}/vital-signs"),
    ];
    for path in &paths {
        assert_eq!(world.get_as(path, None).await.0, StatusCode::UNAUTHORIZED, "{path}");
        for role in ["developer", "admin"] {
            let token = world.hands.token("dan", &[role], &[], false);
            let refused = world.get_as(path, Some(&token)).await.0;
            assert_eq!(refused, StatusCode::FORBIDDEN, "{path} as {role}");
        }
        for role in ["surgeon", "nurse", "anesthetist", "block-manager", "display"] {
            let token = world.hands.token("dan", &[role], &[], false);
            let served = world.get_as(path, Some(&token)).await.0;
            assert_eq!(served, StatusCode::OK, "{path} as {role}");
        }
    }
    let screen = world.hands.token("wall", &["display"], &[], false);
    let (_, _, shown) = world.get_as(&paths[1], Some(&screen)).await;
    assert_eq!(shown["patientTaxCode"], json!(null));
    let report = world.hands.token("surgery-report", &[], &["processes:read"], false);
    let (_, _, shown) = world.get_as(&paths[1], Some(&report)).await;
    assert_eq!(shown["patientTaxCode"], "ADA");
    assert_eq!(world.get("/api/v1/processes/nobody").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_process_without_news_is_stale() {
    let world = World::new().await;
    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    world.at("20:10:00").await;
    let stale = async || world.body("/api/v1/processes").await["entries"][0]["stale"].clone();
    assert_eq!(stale().await, json!(false));
    world.at("20:10:00.001").await;
    assert_eq!(stale().await, json!(true));
    world.say(&["19:00:00 ada heart 70"]).await;
    assert_eq!(stale().await, json!(false));
}

#[tokio::test]
async fn what_cannot_be_read_goes_to_the_dead_letters() {
    let world = World::new().await;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:11:00 ada heart -1",
            "08:11:00 ada device d1 of nothing",
        ])
        .await;
    assert_eq!(world.told("process-events.dead-letters").await.len(), 2);
    assert_eq!(world.body("/api/v1/processes").await["total"], 1);
}

#[tokio::test]
async fn a_long_surgery_thins_its_summary() {
    let world = World::new().await;
    world.say(&["07:00:00 ada book s1 09:00:00", "08:10:00 ada +pre-1"]).await;
    let mut records = Vec::new();
    for minute in 0..90 {
        for second in 0..60 {
            let (hour, minute) = (9 + minute / 60, minute % 60);
            let fact = format!("{hour:02}:{minute:02}:{second:02} ada heart {}", 60 + second);
            records.push(world.record(&fact));
        }
    }
    world.publish(records).await;
    world.say(&["11:00:00 pre-1 interrupted"]).await;
    let mut summaries = Vec::new();
    for partition in 0..world.runtime.broker.partitions() {
        let topic = "process-summary-events";
        summaries.extend(world.runtime.broker.read(topic, partition, 0, 10).await.unwrap());
    }
    let summary = &summaries[0];
    assert!(summary.value.len() < 900_000, "{}", summary.value.len());
    let value: serde_json::Value = serde_json::from_slice(&summary.value).unwrap();
    let kept = value["data"]["patientMedicalData"].as_array().unwrap();
    assert!(2_000 < kept.len(), "{}", kept.len());
    assert_eq!(kept[0]["first"], "2026-05-15T09:00:00.000Z");
    assert_eq!(kept[kept.len() - 1]["first"], "2026-05-15T10:29:59.000Z");
    let header = summary.headers.get("chiron-thinned").unwrap();
    assert_eq!(header, format!("{}/5400", kept.len()));
    // All of them are there for those who ask.
    let path = format!("/api/v1/processes/{ADA}/vital-signs?limit=1");
    assert_eq!(world.body(&path).await["total"], 5400);
}

#[tokio::test]
async fn who_reads_processes_is_recorded() {
    let world = World::new().await;
    let routes = surgical_process_monitoring::api(&world.runtime);
    let audited = world.hands.audited(routes, &world.runtime).await;
    assert_eq!(
        audited,
        [
            "GET /api/v1/processes",
            "GET /api/v1/processes/{processId}",
            "GET /api/v1/processes/{processId}/history",
            "GET /api/v1/processes/{processId}/vital-signs",
        ]
    );
}

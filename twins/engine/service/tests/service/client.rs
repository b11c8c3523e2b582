//! The services' own client against the engine.

use chiron_chassis::Service;
use jiff::Timestamp;
use serde_json::json;
use twin_client::{Patch, Properties, Query, TwinError, Twins, models};

use crate::support::{EVERYTHING, Running, start_with};

async fn block() -> (Running, Twins) {
    let engine = start_with(json!({})).await;
    engine.hands.point(Service::TwinEngine, engine.base.clone());
    engine.hands.own_grants(EVERYTHING);
    let twins = Twins::ours(engine.runtime.calls.clone());
    (engine, twins)
}

const AT: &str = "2026-05-15T05:30:00Z";

#[tokio::test]
async fn twins_by_the_client() {
    let (_engine, twins) = block().await;
    let at: Timestamp = AT.parse().unwrap();
    assert_eq!(twins.get_twin("or 1/ü").await.unwrap(), None);
    let properties = Properties::new().with("name", "OR").with_some("zone_id", None::<String>);
    let made =
        twins.put_twin("or 1/ü", models::OPERATING_ROOM, properties, Some(at)).await.unwrap();
    assert_eq!((made.id.as_str(), made.model.as_str()), ("or 1/ü", models::OPERATING_ROOM));
    let room = Properties::new;
    let id = "or 1/ü";
    assert!(!twins.create_twin(id, models::OPERATING_ROOM, room(), None).await.unwrap());
    assert!(twins.create_twin("other", models::OPERATING_ROOM, room(), None).await.unwrap());

    let patch = Patch::new().set("temperature", 21.5, Some(at)).set("humidity", 50, None);
    twins.patch_twin(id, patch).await.unwrap();
    let read = twins.get_twin(id).await.unwrap().unwrap();
    assert_eq!(read.number("temperature"), Some(21.5));
    assert_eq!(read.integer("humidity"), Some(50));
    assert_eq!(read.text("name"), Some("OR"));
    assert_eq!(read.source_time("temperature"), Some(at));
    assert_eq!(read.source_time("humidity"), None);
    assert!(read.last_update_time("humidity").is_some());

    let stale = twins.patch_twin_if(id, Patch::new().remove("humidity"), &made.etag).await;
    assert!(matches!(stale, Err(TwinError::Precondition)), "{stale:?}");
    twins.patch_twin_if(id, Patch::new().remove("humidity"), &read.etag).await.unwrap();
    let wrong = twins.patch_twin(id, Patch::new().set("humidity", "damp", None)).await;
    assert!(matches!(&wrong, Err(TwinError::Refused { status: 400, .. })), "{wrong:?}");
    let unknown = twins.patch_twin("nobody", Patch::new().set("name", "x", None)).await;
    assert!(matches!(&unknown, Err(TwinError::NotFound { code }) if code == "DigitalTwinNotFound"));
    assert!(twins.delete_twin(id, None).await.unwrap());
    assert!(!twins.delete_twin(id, None).await.unwrap());
}

#[tokio::test]
async fn relationships_and_questions_by_the_client() {
    let (_engine, twins) = block().await;
    let at = Some(AT.parse().unwrap());
    let evil = "p' OR 'a' = 'a\\";
    for (id, model) in [
        (evil, models::PATIENT),
        ("user", models::HEALTHCARE_USER),
        ("room", models::OPERATING_ROOM),
        ("process", models::SURGICAL_PROCESS),
        ("booking", models::SURGERY_BOOKING),
        ("endoscope", models::MEDICAL_TECHNOLOGY),
        ("device", models::IMPLANTABLE_MEDICAL_DEVICE),
    ] {
        twins.put_twin(id, model, Properties::new(), None).await.unwrap();
    }
    twins
        .put_twin("lamp", models::ACTUATOR, Properties::new().with("type", 3), None)
        .await
        .unwrap();
    for (source, name, target) in [
        (evil, models::REL_IS_ASSOCIATED, "user"),
        (evil, models::REL_IS_INSIDE, "room"),
        ("process", models::REL_IS_INSIDE, "room"),
        ("process", models::REL_INVOLVE_PATIENT, evil),
        ("process", models::REL_USE, "device"),
        ("booking", models::REL_BOOKING_ASSOCIATED_PATIENT, evil),
        ("endoscope", models::REL_IS_LOCATED, "room"),
        ("room", models::REL_HAS_ACTUATOR, "lamp"),
    ] {
        let id = format!("{source}-{target}");
        twins.put_relationship(source, &id, name, target, at).await.unwrap();
    }
    let questions = [
        (Query::room_of_technology("endoscope"), Some("room")),
        (Query::actuator_in_room("room", 3), Some("lamp")),
        (Query::actuator_in_room("room", 4), None),
        (Query::process_inside_room("room"), Some("process")),
        (Query::booking_of_patient(evil), Some("booking")),
        (Query::booking_of_patient("p"), None),
        (Query::patient_of_process("process"), Some(evil)),
        (Query::healthcare_user_of_patient(evil), Some("user")),
        (Query::processes_of_patient(evil), Some("process")),
        (Query::rooms_of_person(evil), Some("room")),
        (Query::devices_of_process("process"), Some("device")),
        (Query::twin(evil), Some(evil)),
        (Query::twins_of_model(models::ROOM), Some("room")),
        (
            Query::twins("T")
                .with_model("T", models::ACTUATOR)
                .with_equal("T", "type", 3)
                .first_id_of("T"),
            Some("lamp"),
        ),
    ];
    for (query, expected) in questions {
        let found = twins.first_id(&query).await.unwrap();
        assert_eq!(found.as_deref(), expected, "{}", query.text());
    }

    let inside = twins.relationships(evil, Some(models::REL_IS_INSIDE)).await.unwrap();
    assert_eq!(inside.len(), 1);
    assert_eq!(inside[0].target, "room");
    assert_eq!(twins.relationships(evil, None).await.unwrap().len(), 2);
    assert_eq!(twins.incoming(evil).await.unwrap().len(), 2);
    assert!(twins.get_relationship(evil, "none").await.unwrap().is_none());
    let refused = twins.put_relationship("user", "x", models::REL_USE, "device", None).await;
    assert!(matches!(refused, Err(TwinError::Refused { status: 400, .. })), "{refused:?}");
    assert!(twins.delete_relationship("process", "process-device", None).await.unwrap());
    assert!(!twins.delete_relationship("process", "process-device", None).await.unwrap());
    assert!(twins.delete_twin(evil, None).await.is_err());
    assert!(twins.delete_twin_with_relationships(evil, at).await.unwrap());
    assert!(!twins.delete_twin_with_relationships(evil, at).await.unwrap());
    assert!(twins.relationships(evil, None).await.is_err());
}

#[tokio::test]
async fn an_engine_that_is_away_is_worth_another_try() {
    let (engine, twins) = block().await;
    engine.hands.point(Service::TwinEngine, "http://127.0.0.1:1");
    let away = twins.get_twin("x").await.unwrap_err();
    assert!(away.is_retryable(), "{away:?}");
}

//! What facts do not say: where technologies stood, what devices are, who was declared.

use serde_json::json;

use crate::world::{World, instant};

const ADA: &str = "ada-2026-05-15T08.10.00.000Z";

#[tokio::test]
async fn technologies_and_devices() {
    let world = World::new().await;
    world.place("t1", Some("or-1"));
    world.place("t2", Some("or-2"));
    {
        let mut around = world.around.lock().unwrap();
        let device = json!({"$dtId": "d1", "$etag": "W/\"1\"", "type": "pace_marker",
            "$metadata": {"$model": "dtmi:io:github:smartoperatingblock:ImplantableMedicalDevice;1"}});
        around.twins.insert("d1".to_owned(), device);
    }
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:15:00 t1 on",
            "08:20:00 ada +or-1",
            "08:30:00 t1 off",
            "08:31:00 t2 on",
            &format!("08:32:00 ada device d1 of {ADA}"),
        ])
        .await;
    let detail = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(
        detail["technologiesInUseAtEntry"],
        json!([{"id": "t1", "name": "the t1", "type": "XRAY", "roomId": "or-1"}])
    );
    assert_eq!(
        detail["medicalTechnologyUsage"],
        json!([{"dateTime": "2026-05-15T08:30:00.000Z", "roomId": "or-1", "medicalTechnology":
            {"id": "t1", "name": "the t1", "description": "of steel", "type": "XRAY",
             "inUse": false}}])
    );
    assert_eq!(
        detail["devices"],
        json!([{"id": "d1", "type": "PACEMAKER", "dateTime": "2026-05-15T08:32:00.000Z"}])
    );
    // Placed elsewhere, as building management learns only now: asked again at settling.
    world.place("t2", Some("or-1"));
    world.at("08:40:00").await;
    world.say(&["08:40:00 or-1 interrupted"]).await;
    world.at("08:50:00").await;
    let detail = world.body(&format!("/api/v1/processes/{ADA}")).await;
    assert_eq!(detail["settled"], true);
    assert_eq!(detail["medicalTechnologyUsage"][1]["medicalTechnology"]["id"], "t2");
    assert!(!world.has_twin("d1"));
}

#[tokio::test]
async fn a_usage_waits_for_building_management() {
    let world = World::new().await;
    world.around.lock().unwrap().technologies = None;
    world
        .say(&[
            "07:00:00 ada book s1 09:00:00",
            "08:10:00 ada +pre-1",
            "08:20:00 ada +or-1",
            "08:30:00 t1 on",
        ])
        .await;
    let path = format!("/api/v1/processes/{ADA}");
    assert_eq!(world.body(&path).await["medicalTechnologyUsage"], json!([]));
    assert!(world.runtime.activity.snapshot().next_timer.is_some());
    world.place("t1", Some("or-1"));
    world.hands.move_to(instant("06:02:00"));
    world.quiet().await;
    assert_eq!(world.body(&path).await["medicalTechnologyUsage"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_emergency() {
    let world = World::new().await;
    world.at("08:00:00").await;
    world.say(&["08:00:00 or-1 emergency c-1"]).await;
    let path = "/api/v1/processes/emergency-c-1";
    let detail = world.body(path).await;
    assert_eq!(detail["patientId"], "emergency-patient-c-1");
    assert_eq!(detail["type"], "Emergency");
    assert_eq!((&detail["state"], &detail["step"]), (&json!("SURGERY"), &json!(null)));
    assert_eq!(detail["patientTaxCode"], "GRACE");
    assert!(world.has_twin("emergency-patient-c-1"));
    assert!(world.has_twin("GRACE"));
    assert_eq!(
        world.related("emergency-patient-c-1"),
        ["rel_is_associated GRACE", "rel_is_inside or-1"]
    );
    let times = world.around.lock().unwrap().times.clone();
    assert_eq!(times["or-1-emergency-patient-c-1"], "2026-05-15T08:00:00.000Z");
    assert_eq!(
        world.related("emergency-c-1"),
        ["rel_involve_patient emergency-patient-c-1", "rel_is_inside or-1"]
    );

    // The movement that the twin layer tells of it changes nothing.
    world
        .say(&[
            "08:00:00 emergency-patient-c-1 +or-1",
            "08:05:00 or-1 anesthesia",
            "08:06:00 emergency-patient-c-1 book s9 08:00:00",
            "08:20:00 or-1 interrupted",
        ])
        .await;
    assert_eq!(
        world.history("emergency-c-1").await,
        "08:00 ROOM or-1, 08:00 STATE SURGERY, 08:05 STEP ANESTHESIA, 08:20 STATE INTERRUPTED"
    );
    let detail = world.body(path).await;
    assert_eq!((&detail["surgeryId"], &detail["type"]), (&json!("s9"), &json!("Emergency")));
    assert_eq!(detail["healthProfessionalId"], "hp-7");
}

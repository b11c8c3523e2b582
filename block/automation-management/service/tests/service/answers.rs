//! The route that explains.

use block_language::room::Measurement::{Luminosity, Temperature};
use serde_json::json;

use crate::played::World;

#[tokio::test]
async fn a_decision_is_explained_in_full() {
    let mut world = World::open().await;
    world.wait(7).await;
    world.measure("or-1", Temperature(22.25)).await;
    assert_eq!(
        world.decisions("?roomId=or-1").await,
        [json!({
            "id": "or-1/e-0001/Cooling",
            "roomId": "or-1",
            "dateTime": "2026-05-15T06:00:07.000Z",
            "rule": "TOO_WARM",
            "explanation": "22.25 °C is more than 0.5 °C above the target of 21 °C",
            "inputs": {
                "trigger": "MEASUREMENT",
                "causeId": "e-0001",
                "causeDateTime": "2026-05-15T06:00:07.000Z",
                "measured": {"value": 22.25, "dateTime": "2026-05-15T06:00:07.000Z"},
                "tolerance": 0.5,
                "found": null,
            },
            "target": {
                "quantity": "TEMPERATURE",
                "value": 21.0,
                "unit": "Cel",
                "owner": "ROOM_DEFAULT",
                "medicalTechnologyType": null,
            },
            "command": {
                "actuatorType": "COOLING",
                "actuatorId": "cor-1",
                "action": "on",
                "intensity": null,
            },
            "outcome": {
                "status": "CONFIRMED",
                "reason": null,
                "attempts": 1,
                "sentDateTime": "2026-05-15T06:00:07.000Z",
                "endedDateTime": "2026-05-15T06:00:07.000Z",
            },
        })]
    );
}

#[tokio::test]
async fn decisions_are_chosen_by_room_and_time_and_read_in_pages() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(23.0)).await;
    world.wait(10).await;
    world.measure("pre-1", Luminosity(3.0)).await;
    world.wait(10).await;
    world.measure("or-1", Temperature(21.0)).await;
    let count = async |query: &str| world.decisions(query).await.len();
    assert_eq!(count("").await, 3);
    assert_eq!(count("?roomId=or-1").await, 2);
    assert_eq!(count("?roomId=or-404").await, 0);
    assert_eq!(count("?from=2026-05-15T06:00:10Z").await, 2);
    assert_eq!(count("?to=2026-05-15T06:00:10Z").await, 2);
    let both = "?roomId=or-1&from=2026-05-15T06:00:00.001Z&to=2026-05-15T08:00:20%2B02:00";
    assert_eq!(count(both).await, 1);

    let (_, page) = world.get("/api/v1/decisions?limit=2", "nurse").await;
    assert_eq!(page["total"], 3);
    assert_eq!(page["entries"].as_array().unwrap().len(), 2);
    let next = page["next"].as_str().unwrap();
    let path = format!("/api/v1/decisions?limit=2&cursor={next}");
    let (_, page) = world.get(&path, "nurse").await;
    assert_eq!(page["entries"].as_array().unwrap().len(), 1);
    assert_eq!(page["entries"][0]["rule"], "COOLED_DOWN");
    assert_eq!(page["next"], json!(null));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused() {
    let world = World::open().await;
    for query in [
        "?from=yesterday",
        "?to=1",
        "?limit=0",
        "?limit=10001",
        "?limit=x",
        "?cursor=%20",
        "?from=2026-05-15T06:00:01Z&to=2026-05-15T06:00:00Z",
    ] {
        let (status, body) = world.get(&format!("/api/v1/decisions{query}"), "surgeon").await;
        assert_eq!(status, 400, "{query}");
        assert!(body["errors"][0]["pointer"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn those_may_read_whom_the_matrix_names() {
    let world = World::open().await;
    for (role, expected) in [
        ("surgeon", 200),
        ("nurse", 200),
        ("anesthetist", 200),
        ("block-manager", 200),
        ("developer", 200),
        ("admin", 403),
        ("display", 403),
    ] {
        assert_eq!(world.get("/api/v1/decisions", role).await.0, expected, "{role}");
    }
    let client = chiron_chassis::http_client().unwrap();
    let account = |grants: &[&str]| world.hands.token("dashboard", &[], grants, false);
    for (grants, expected) in [(&["decisions:read"][..], 200), (&["rooms:read"][..], 403)] {
        let request = client.get(world.url("/api/v1/decisions")).bearer_auth(account(grants));
        assert_eq!(request.send().await.unwrap().status().as_u16(), expected);
    }
    let stranger = client.get(world.url("/api/v1/decisions")).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
}

#[tokio::test]
async fn every_route_needs_what_it_is_about() {
    let world = World::open().await;
    let routes = automation_management::api(&world.runtime).routes();
    let own: Vec<_> = routes.iter().filter(|route| route.path.starts_with("/api/")).collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].need.unwrap().grant(), "decisions:read");
}

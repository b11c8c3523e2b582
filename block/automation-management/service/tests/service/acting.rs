//! Commands reach actuators, are confirmed, tried again, and told when they end.

use axum::http::StatusCode;
use block_language::{
    automation::{AUTOMATION_COMMAND_ENDED_EVENT, AutomationRequest, CommandEndedEvent},
    room::Measurement::{Humidity, Luminosity, Presence, Temperature},
};
use serde_json::json;

use crate::played::World;

#[tokio::test]
async fn a_room_that_is_not_as_wanted_is_regulated() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(22.6)).await;
    world.measure("or-1", Humidity(53)).await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.measure("pre-1", Luminosity(3.0)).await;
    assert_eq!(
        world.commands(),
        [
            "cor-1 on",
            "vor-1 setIntensity 100",
            "al-1 setIntensity 100",
            "sl-1 setIntensity 100000",
            "al-2 setIntensity 100"
        ]
    );
    // Measured again while it works, and until the target is reached.
    world.wait(5).await;
    world.measure("or-1", Temperature(21.9)).await;
    world.measure("or-1", Luminosity(98.0)).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    world.measure("or-1", Humidity(50)).await;
    world.wait(5).await;
    world.measure("or-1", Temperature(20.9)).await;
    assert_eq!(world.commands(), ["vor-1 setIntensity 0", "cor-1 off"]);
    let brief = world.brief().await;
    assert_eq!(brief.len(), 7);
    assert!(brief.iter().all(|line| line.ends_with("CONFIRMED")), "{brief:?}");
}

#[tokio::test]
async fn cooling_is_told_after_heating_is_off() {
    let mut world = World::open().await;
    let heating = {
        let now = world.now();
        world.play().turn("hor-1", true, 100, now)
    };
    world.publish(heating).await;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["hor-1 off", "cor-1 on"]);
}

#[tokio::test]
async fn a_command_that_is_refused_for_now_is_sent_again() {
    let mut world = World::open().await;
    world.play().gateway = vec![StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on PENDING NO_GATEWAY"]);
    world.wait(10).await;
    assert_eq!(world.commands(), ["cor-1 on", "cor-1 on", "cor-1 on"]);
    let decision = world.decisions("").await.remove(0);
    assert_eq!(decision["outcome"]["status"], "CONFIRMED");
    assert_eq!(decision["outcome"]["attempts"], 3);
    assert_eq!(decision["outcome"]["sentDateTime"], "2026-05-15T06:00:03.000Z");
}

#[tokio::test]
async fn what_goes_on_failing_is_given_up_and_told() {
    for (status, reason) in
        [(StatusCode::SERVICE_UNAVAILABLE, "NO_GATEWAY"), (StatusCode::NOT_FOUND, "REFUSED")]
    {
        let mut world = World::open().await;
        world.play().gateway = vec![status; 50];
        world.measure("or-1", Temperature(23.0)).await;
        world.wait(120).await;
        assert_eq!(world.commands(), ["cor-1 on"; 5]);
        assert_eq!(world.brief().await, [format!("COOLING on FAILED {reason}")]);
        let told = world.told().await;
        let ended = CommandEndedEvent::decode(told.last().unwrap()).unwrap();
        assert_eq!(told.last().unwrap().key.as_deref(), Some(AUTOMATION_COMMAND_ENDED_EVENT));
        assert_eq!(ended.command.outcome, "FAILED");
        assert_eq!(ended.command.reason.as_deref(), Some(reason));
        assert_eq!(ended.command.actuator_id.as_deref(), Some("cor-1"));
        // Nothing is under way any more, and nothing waits for a timer.
        assert_eq!(world.runtime.activity.snapshot().next_timer, None);
    }
}

#[tokio::test]
async fn an_actuator_that_does_not_obey_is_told() {
    let mut world = World::open().await;
    world.play().obedient = false;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on SENT"]);
    world.wait(120).await;
    assert_eq!(world.commands(), ["cor-1 on"; 5]);
    assert_eq!(world.brief().await, ["COOLING on FAILED NOT_CONFIRMED"]);
}

#[tokio::test]
async fn a_twin_that_says_nothing_by_itself_is_asked() {
    let mut world = World::open().await;
    world.play().talkative = false;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on SENT"]);
    world.wait(5).await;
    assert_eq!(world.brief().await, ["COOLING on CONFIRMED"]);
    assert_eq!(world.commands(), ["cor-1 on"]);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_an_outcome() {
    for (answer, reason) in [
        (Some(StatusCode::NOT_FOUND), "NO_DESCRIPTION"),
        (Some(StatusCode::BAD_GATEWAY), "NO_DIRECTORY"),
        (Some(StatusCode::FORBIDDEN), "NO_DIRECTORY"),
        (None, "NO_DIRECTORY"),
    ] {
        let mut world = World::open().await;
        world.play().directory = answer;
        if answer.is_none() {
            world.hands.point(chiron_chassis::Service::ThingDirectory, "http://127.0.0.1:1");
        }
        world.measure("or-1", Temperature(23.0)).await;
        assert_eq!(world.brief().await, [format!("COOLING on PENDING {reason}")]);
        world.wait(120).await;
        assert_eq!(world.brief().await, [format!("COOLING on FAILED {reason}")]);
        assert_eq!(world.commands(), Vec::<String>::new());
    }
    // Not even its address is known.
    let mut world = World::open().await;
    world.hands.point(chiron_chassis::Service::ThingDirectory, "");
    world.measure("or-1", Temperature(23.0)).await;
    world.wait(120).await;
    assert_eq!(world.brief().await, ["COOLING on FAILED NO_DIRECTORY"]);
}

#[tokio::test]
async fn a_directory_that_knows_things_by_their_own_ids_is_enough() {
    let mut world = World::open().await;
    world.play().strict_directory = true;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on CONFIRMED"]);
}

#[tokio::test]
async fn a_room_without_an_actuator_is_asked_for_it_seldom() {
    let mut world = World::open().await;
    world.play().forget("or-1", 1);
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on FAILED NO_ACTUATOR"]);
    world.wait(30).await;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await.len(), 1);
    world.wait(30).await;
    world.play().place("or-1", 1, "cor-2");
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["cor-2 on"]);
}

#[tokio::test]
async fn a_twin_layer_that_is_down_delays_a_command() {
    let mut world = World::open().await;
    world.play().twin_layer_down = true;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.brief().await, ["COOLING on PENDING NO_TWIN_LAYER"]);
    world.play().twin_layer_down = false;
    world.wait(10).await;
    assert_eq!(world.brief().await[0].split(' ').nth(2), Some("CONFIRMED"));
}

#[tokio::test]
async fn a_token_goes_to_the_block_gateway_and_to_nobody_else() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(23.0)).await;
    assert!(world.play().last_token.is_some());
    world.hands.point(chiron_chassis::Service::BlockGateway, "http://127.0.0.1:1");
    world.measure("or-1", Temperature(20.0)).await;
    assert_eq!(world.commands(), ["cor-1 on", "cor-1 off", "hor-1 on"]);
    assert_eq!(world.play().last_token, None);
}

#[tokio::test]
async fn an_empty_room_goes_into_standby_and_wakes_up() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.measure("or-1", Presence(false)).await;
    world.commands();
    world.wait(59).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    world.wait(1).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 50", "sl-1 setIntensity 150"]);
    let decision = world.decisions("").await.pop().unwrap();
    assert_eq!(decision["inputs"]["trigger"], "STANDBY_TIMER");
    assert_eq!(decision["target"]["owner"], "STANDBY");
    world.measure("or-1", Presence(true)).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 100", "sl-1 setIntensity 100000"]);
}

#[tokio::test]
async fn lights_by_hand_are_followed_at_once() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.commands();
    let setup =
        AutomationRequest::CustomLightSetup { ambient_light_lux: 80, surgical_light_lux: 90_000 };
    let id = world.wish("or-1", setup).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 80", "sl-1 setIntensity 90000"]);
    let told = world.told().await;
    let ended: Vec<_> = told
        .iter()
        .filter_map(|record| CommandEndedEvent::decode(record).ok())
        .filter(|ended| ended.command.cause_id == id)
        .collect();
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|ended| ended.command.outcome == "CONFIRMED"));
    world.wish("or-1", AutomationRequest::CustomLightStop).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 100", "sl-1 setIntensity 100000"]);
    // A room that was never measured is known to the twin layer.
    world.wish("pre-1", setup).await;
    assert_eq!(world.commands(), ["al-2 setIntensity 80"]);
}

#[tokio::test]
async fn a_lamp_that_was_turned_by_hand_is_corrected_at_the_next_measurement() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.commands();
    world.wait(5).await;
    let turned = {
        let now = world.now();
        world.play().turn("al-1", true, 20, now)
    };
    world.publish(turned).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    world.measure("or-1", Luminosity(20.0)).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 100"]);
    let decision = world.decisions("").await.pop().unwrap();
    assert_eq!(decision["inputs"]["found"], json!("20"));
}

#[tokio::test]
async fn an_actuator_taken_out_of_a_room_is_not_believed_any_more() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["cor-1 on"]);
    world.wait(5).await;
    let gone = {
        let mut played = world.play();
        played.forget("or-1", 1);
        played.place("or-1", 1, "cor-9");
        let value = json!({"$relationshipName": "rel_has_actuator", "$sourceId": "or-1",
            "$targetId": "cor-1", "$relationshipId": "or-1-cor-1"});
        played.notification("Relationship.Delete", "or-1/relationships/or-1-cor-1", &value)
    };
    world.publish(gone).await;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["cor-9 on"]);
}

//! What is left after a restart, a repetition and a replay.

use axum::http::StatusCode;
use block_language::automation::AutomationRequest;
use block_language::room::Measurement::{Luminosity, Presence, Temperature};
use jiff::SignedDuration;

use crate::played::World;

#[tokio::test]
async fn a_command_under_way_goes_on_after_a_restart() {
    let mut world = World::open().await;
    world.play().gateway = vec![StatusCode::SERVICE_UNAVAILABLE; 2];
    world.measure("or-1", Temperature(23.0)).await;
    world.restart().await;
    world.wait(10).await;
    assert_eq!(world.brief().await[0].split(' ').nth(2), Some("CONFIRMED"));
    assert_eq!(world.commands(), ["cor-1 on"; 3]);
    // What was on is known to be: it is switched off when it is cool.
    world.restart().await;
    world.measure("or-1", Temperature(21.0)).await;
    assert_eq!(world.commands(), ["cor-1 off"]);
}

#[tokio::test]
async fn a_command_that_waited_through_a_long_restart_expires() {
    let mut world = World::open().await;
    world.play().gateway = vec![StatusCode::SERVICE_UNAVAILABLE];
    world.measure("or-1", Temperature(23.0)).await;
    world.end().await;
    world.hands.move_to(world.now() + SignedDuration::from_secs(60));
    world.restart().await;
    world.settle().await;
    assert_eq!(world.brief().await, ["COOLING on EXPIRED NO_GATEWAY"]);
    assert_eq!(world.commands(), ["cor-1 on"]);
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["cor-1 on"]);
}

#[tokio::test]
async fn events_that_waited_for_long_are_folded_and_command_nothing() {
    let mut world = World::still(automation_management::Settings::default()).await;
    let setup =
        AutomationRequest::CustomLightSetup { ambient_light_lux: 80, surgical_light_lux: 90_000 };
    world.measure("or-1", Temperature(25.0)).await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.measure("or-1", Presence(false)).await;
    world.usage("endo-1", true).await;
    world.wish("or-1", setup).await;
    world.hands.move_to(world.now() + SignedDuration::from_secs(3600));
    automation_management::start(&world.runtime, &world.settings).unwrap();
    world.settle().await;
    world.wait(120).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    assert!(world.told().await.is_empty());
    assert!(world.brief().await.is_empty());
    // What was folded counts from the next measurement on: light by hand, and standby for the rest.
    world.measure("or-1", Luminosity(3.0)).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 80", "sl-1 setIntensity 90000"]);
    world.measure("or-1", Temperature(20.5)).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    world.measure("or-1", Temperature(20.6)).await;
    assert_eq!(world.commands(), ["cor-1 on"]);
    assert_eq!(world.decisions("").await.pop().unwrap()["target"]["owner"], "STANDBY");
}

#[tokio::test]
async fn a_replay_repeats_nothing() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(23.0)).await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.usage("endo-1", true).await;
    let endoscope = AutomationRequest::MedicalTechnology {
        medical_technology_type: block_language::automation::AutomatedTechnology::Endoscope,
    };
    world.wish("or-1", endoscope).await;
    let (brief, told) = (world.brief().await, world.told().await.len());
    world.commands();
    for late_s in [0, 3600] {
        world.hands.move_to(world.now() + SignedDuration::from_secs(late_s));
        world.end().await;
        let broker = world.runtime.broker.clone();
        for topic in ["room-events", "process-events", "automation-requests-events", "twin-events"]
        {
            let group = "automation-management-consumer";
            let mut subscription = broker.subscribe(group, &[topic]).await.unwrap();
            for partition in 0..broker.partitions() {
                subscription.seek(topic, partition, 0).await.unwrap();
            }
        }
        world.restart().await;
        world.settle().await;
        assert_eq!(world.commands(), Vec::<String>::new());
        assert_eq!(world.brief().await, brief);
        assert_eq!(world.told().await.len(), told);
    }
}

#[tokio::test]
async fn the_reference_s_own_file_is_followed() {
    let folder = std::env::temp_dir().join(format!("chiron-automation-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("config.yml");
    let file = "\
operatingRoom: {temperature: 25.0, humidity: 55.0, ambientIlluminance: 100, surgicalIlluminance: 100000}
operatingRoomStandbyMode:
  enabled: no
  minutesToEnable: 1
  environment: {temperature: 20.0, humidity: 60.0, ambientIlluminance: 50, surgicalIlluminance: 150}
prePostOperatingRoom: {temperature: 25.0, humidity: 55.0, ambientIlluminance: 100}
prePostOperatingRoomStandbyMode:
  enabled: yes
  minutesToEnable: 2
  environment: {temperature: 22.0, humidity: 65.0, ambientIlluminance: 60}
medicalTechnologyScenarios:
  - {medicalTechnologyType: endoscope, ambientIlluminance: 60, surgicalIlluminance: 150000}
";
    std::fs::write(&path, file).unwrap();
    let yaml = Some(path.clone());
    let settings =
        automation_management::Settings { yaml, ..automation_management::Settings::default() };
    let mut world = World::still(settings.clone()).await;
    automation_management::start(&world.runtime, &world.settings).unwrap();
    world.measure("or-1", Temperature(24.0)).await;
    assert_eq!(world.commands(), ["hor-1 on"]);
    std::fs::remove_dir_all(&folder).unwrap();
    let refused = automation_management::start(&world.runtime, &settings).unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.contains("config.yml"), "{cause}");
}

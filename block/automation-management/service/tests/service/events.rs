//! Proposals, refusals, surgeries, and what cannot be read.

use block_language::{
    automation::{AutomatedTechnology, AutomationRequest, ProposalEvent, RequestRefusedEvent},
    room::Measurement::{Luminosity, Presence, Temperature},
    surgical_process::{ProcessChange, ProcessState, SurgicalProcess, SurgicalProcessEvent},
};
use chiron_broker::Record;

use crate::played::World;

const ENDOSCOPE: AutomationRequest = AutomationRequest::MedicalTechnology {
    medical_technology_type: AutomatedTechnology::Endoscope,
};
const XRAY: AutomationRequest =
    AutomationRequest::MedicalTechnology { medical_technology_type: AutomatedTechnology::Xray };

fn refusals(told: &[Record]) -> Vec<(String, String)> {
    told.iter()
        .filter_map(|record| RequestRefusedEvent::decode(record).ok())
        .map(|refused| (refused.request_id, refused.reason))
        .collect()
}

#[tokio::test]
async fn lights_are_proposed_and_given_when_asked_for() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.commands();
    world.usage("endo-1", true).await;
    let told = world.told().await;
    let proposals: Vec<_> =
        told.iter().filter_map(|record| ProposalEvent::decode(record).ok()).collect();
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].room_id, "or-1");
    assert_eq!(proposals[0].ambient_light_lux, 60);
    assert_eq!(proposals[0].surgical_light_lux, 150_000);
    assert_eq!(world.commands(), Vec::<String>::new());
    world.wish("or-1", ENDOSCOPE).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 60", "sl-1 setIntensity 150000"]);
    let decision = world.decisions("").await.pop().unwrap();
    assert_eq!(decision["target"]["owner"], "MEDICAL_TECHNOLOGY");
    assert_eq!(decision["target"]["medicalTechnologyType"], "endoscope");
    world.usage("endo-1", false).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 100", "sl-1 setIntensity 100000"]);
}

#[tokio::test]
async fn a_technology_that_is_carried_away_is_no_longer_used_where_it_was() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.usage("endo-1", true).await;
    world.wish("or-1", ENDOSCOPE).await;
    world.commands();
    world.play().locate("endo-1", "or-7");
    world.wait(5).await;
    world.usage("endo-1", false).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 100", "sl-1 setIntensity 100000"]);
    // One of which the twin layer knows nothing is nobody's.
    world.usage("endo-404", true).await;
    assert_eq!(world.brief().await.len(), 6);
}

#[tokio::test]
async fn what_is_refused_is_answered() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(21.0)).await;
    let not_in_use = world.wish("or-1", ENDOSCOPE).await;
    world.usage("xray-1", true).await;
    let no_scenario = world.wish("or-1", XRAY).await;
    let setup =
        AutomationRequest::CustomLightSetup { ambient_light_lux: -1, surgical_light_lux: 90_000 };
    let out_of_range = world.wish("or-1", setup).await;
    let unknown = world.wish("or-99", AutomationRequest::CustomLightStop).await;
    let mut refused = refusals(&world.told().await);
    refused.sort();
    assert_eq!(
        refused,
        [
            (not_in_use, "NOT_IN_USE".to_owned()),
            (no_scenario, "NO_SCENARIO".to_owned()),
            (out_of_range, "OUT_OF_RANGE".to_owned()),
            (unknown, "UNKNOWN_ROOM".to_owned()),
        ]
    );
    let told = world.told().await;
    let refused = told.iter().find_map(|record| RequestRefusedEvent::decode(record).ok()).unwrap();
    assert_eq!(refused.request.request, ENDOSCOPE);
    assert_eq!(refused.detail, "no technology of this type is in use in this room");
}

fn process(
    state: ProcessState,
    room: &str,
    version: u64,
    at: jiff::Timestamp,
) -> SurgicalProcessEvent {
    SurgicalProcessEvent {
        change: ProcessChange::Changed,
        process: SurgicalProcess {
            process_id: "p-1".to_owned(),
            patient_id: "patient-1".to_owned(),
            patient_tax_code: None,
            surgery_id: None,
            booking_version: None,
            process_type: "Emergency".to_owned(),
            state,
            step: None,
            pre_operating_room_id: None,
            operating_room_id: Some(room.to_owned()),
            post_operating_room_id: None,
            start_date_time: at,
            end_date_time: None,
            settled: false,
            version,
        },
        date_time: at,
    }
}

#[tokio::test]
async fn a_theatre_with_a_surgery_does_not_fall_asleep() {
    let mut world = World::open().await;
    world.measure("or-1", Luminosity(3.0)).await;
    world.measure("or-1", Presence(false)).await;
    let event = process(ProcessState::Surgery, "or-1", 1, world.now());
    let record = event.into_record("s-1", "test").unwrap();
    world.publish(record).await;
    world.commands();
    world.wait(300).await;
    assert_eq!(world.commands(), Vec::<String>::new());
    // It goes on in another theatre; this one may sleep now.
    let event = process(ProcessState::Surgery, "or-2", 2, world.now());
    let record = event.into_record("s-2", "test").unwrap();
    world.publish(record).await;
    assert_eq!(world.commands(), ["al-1 setIntensity 50", "sl-1 setIntensity 150"]);
    let decision = world.decisions("").await.pop().unwrap();
    assert_eq!(decision["inputs"]["trigger"], "SURGERY");
}

#[tokio::test]
async fn what_can_never_be_read_goes_to_the_dead_letters() {
    let mut world = World::open().await;
    world.measure("or-1", Temperature(1000.0)).await;
    world.measure("or-1", Temperature(23.0)).await;
    assert_eq!(world.commands(), ["cor-1 on"]);
    let broker = &world.runtime.broker;
    let mut letters = 0;
    for partition in 0..broker.partitions() {
        let dead = broker.read("room-events.dead-letters", partition, 0, 10).await.unwrap();
        letters += dead.len();
    }
    assert_eq!(letters, 1);
}

//! What becomes of commands.

use automation_management_domain::{
    actuator::{Actuator, Setting},
    command::{Decision, MAX_ATTEMPTS, Trouble},
    room::Stamp,
};

use crate::told::{Told, at, moment, written};

/// A theatre whose actuators do nothing by themselves.
fn deaf() -> Told {
    let mut told = Told::theatre();
    told.obedient = false;
    told
}

fn open(told: &Told) -> Vec<String> {
    told.room.decisions.iter().filter(|it| it.is_open()).map(written).collect()
}

fn id(told: &Told, text: &str) -> String {
    let is = |it: &&Decision| it.is_open() && written(it) == text;
    told.room.decisions.iter().find(is).unwrap().id.clone()
}

/// Sends the open command; it is taken.
fn send(told: &mut Told, text: &str, seconds: i64) {
    let id = id(told, text);
    assert!(told.room.begin(&id, None, moment(at(seconds))).0);
    let by = at(seconds + 5);
    let effects = told.room.sent(&id, at(seconds), by);
    told.effects.extend(effects);
}

/// Tries to send it; it fails.
fn fail(told: &mut Told, text: &str, trouble: Trouble, seconds: i64) {
    let id = id(told, text);
    assert!(told.room.begin(&id, None, moment(at(seconds))).0);
    let again = at(seconds + 1);
    let effects = told.room.failed(&id, trouble, moment(at(seconds)), again);
    told.effects.extend(effects);
}

#[test]
fn a_command_is_confirmed_by_the_twin_alone() {
    let mut told = deaf();
    told.tell("0 temperature 23");
    send(&mut told, "Cooling on", 0);
    assert!(told.ended().is_empty());
    told.tell("1 shadow Cooling off");
    assert!(told.ended().is_empty());
    told.tell("2 shadow Cooling on");
    assert_eq!(told.ended(), ["Cooling on Confirmed"]);
    assert_eq!(told.room.found(Actuator::Cooling), Some(Setting::On));

    // The twin was faster than the answer.
    let mut told = deaf();
    told.tell("0 temperature 23");
    let id = id(&told, "Cooling on");
    assert!(told.room.begin(&id, None, moment(at(0))).0);
    told.tell("1 shadow Cooling on");
    let effects = told.room.sent(&id, at(1), at(6));
    told.effects.extend(effects);
    assert_eq!(told.ended(), ["Cooling on Confirmed"]);
}

#[test]
fn a_command_is_tried_again_and_given_up() {
    let mut told = deaf();
    told.tell("0 temperature 23");
    for attempt in 0..MAX_ATTEMPTS {
        assert!(told.ended().is_empty(), "attempt {attempt}");
        fail(&mut told, "Cooling on", Trouble::NoGateway, i64::from(attempt));
    }
    assert_eq!(told.ended(), ["Cooling on Failed NoGateway"]);
    assert!(open(&told).is_empty());
    assert_eq!(told.room.found(Actuator::Cooling), None, "no belief is left behind");
}

#[test]
fn what_cannot_succeed_is_given_up_at_once() {
    for trouble in [Trouble::NoActuator, Trouble::BadDescription] {
        let mut told = deaf();
        told.tell("0 temperature 23");
        fail(&mut told, "Cooling on", trouble, 0);
        assert_eq!(told.ended(), [format!("Cooling on Failed {trouble:?}")]);
    }
}

#[test]
fn a_command_that_failed_is_not_repeated_at_once() {
    let mut told = deaf();
    told.tell("0 temperature 23");
    fail(&mut told, "Cooling on", Trouble::NoActuator, 0);
    assert_eq!(told.tell("59 temperature 23"), "");
    assert_eq!(told.tell("60 temperature 23"), "Cooling on");
    fail(&mut told, "Cooling on", Trouble::NoActuator, 60);
    assert_eq!(told.tell("179 temperature 23"), "");
    assert_eq!(told.tell("180 temperature 23"), "Cooling on");
    // Twice as long each time, up to a quarter of an hour.
    for (failed_at, repeated_at) in [(180, 420), (420, 900), (900, 1800), (1800, 2700)] {
        fail(&mut told, "Cooling on", Trouble::NoActuator, failed_at);
        assert_eq!(told.tell(&format!("{} temperature 23", repeated_at - 1)), "");
        assert_eq!(told.tell(&format!("{repeated_at} temperature 23")), "Cooling on");
    }
    // Another setting is another matter, and an actuator that moves is alive.
    let mut told = deaf();
    told.tell("0 lux 3");
    fail(&mut told, "AmbientLight 100", Trouble::BadDescription, 0);
    assert_eq!(told.tell("1 light 80 100000"), "AmbientLight 80");
    fail(&mut told, "AmbientLight 80", Trouble::BadDescription, 1);
    assert_eq!(told.tell("2 lux 3"), "");
    told.tell("3 shadow AmbientLight 30");
    assert_eq!(told.tell("4 lux 30"), "AmbientLight 80");
}

#[test]
fn cooling_waits_for_heating_to_be_off() {
    let mut told = deaf();
    told.tell("0 shadow Heating on");
    assert_eq!(told.tell("1 temperature 23"), "Heating off, Cooling on");
    let now: Vec<String> = told.room.to_be_seen_to(at(1)).into_iter().map(written).collect();
    assert_eq!(now, ["Heating off"]);
    send(&mut told, "Heating off", 1);
    assert!(told.room.to_be_seen_to(at(2)).is_empty(), "not yet confirmed");
    told.tell("3 shadow Heating off");
    let now: Vec<String> = told.room.to_be_seen_to(at(3)).into_iter().map(written).collect();
    assert_eq!(now, ["Cooling on"]);

    // Heating that cannot be switched off keeps cooling from being switched on.
    let mut told = deaf();
    told.tell("0 shadow Heating on; 1 temperature 23");
    fail(&mut told, "Heating off", Trouble::BadDescription, 1);
    assert_eq!(
        told.ended(),
        ["Heating off Failed BadDescription", "Cooling on Failed OppositeStillOn"]
    );
    // Heating that is gone does not.
    let mut told = deaf();
    told.tell("0 shadow Heating on; 1 temperature 23");
    fail(&mut told, "Heating off", Trouble::NoActuator, 1);
    assert_eq!(told.ended(), ["Heating off Failed NoActuator"]);
    assert_eq!(open(&told), ["Cooling on"]);
}

#[test]
fn a_newer_command_takes_the_place_of_an_older_one() {
    let mut told = deaf();
    told.tell("0 lux 3; 1 light 80 90000; 2 light 81 90000");
    assert_eq!(open(&told), ["SurgicalLight 90000", "AmbientLight 81"]);
    assert_eq!(
        told.ended(),
        [
            "AmbientLight 100 Superseded",
            "SurgicalLight 100000 Superseded",
            "AmbientLight 80 Superseded"
        ]
    );
    // What was never sent needs no command to undo it; what may have been taken does.
    let mut told = deaf();
    told.tell("0 shadow Cooling off; 1 temperature 23; 2 temperature 20.9");
    assert!(open(&told).is_empty());
    let mut told = deaf();
    told.tell("0 shadow Cooling off; 1 temperature 23");
    fail(&mut told, "Cooling on", Trouble::NoGateway, 1);
    told.tell("2 temperature 20.9");
    assert_eq!(open(&told), ["Cooling off"]);
    // An answer to what was superseded changes nothing.
    let old = told.room.decisions[0].id.clone();
    assert!(told.room.sent(&old, at(3), at(8)).is_empty());
    assert!(!told.room.begin(&old, None, moment(at(3))).0);
}

#[test]
fn a_command_that_waited_for_long_expires() {
    let mut told = deaf();
    told.tell("0 temperature 23");
    let id = id(&told, "Cooling on");
    let (may, effects) = told.room.begin(&id, None, moment(at(31)));
    assert!(!may);
    told.effects.extend(effects);
    assert_eq!(told.ended(), ["Cooling on Expired"]);
    assert_eq!(told.tell("32 temperature 23"), "Cooling on", "an expiry is no failure");

    // Sent before a restart, and not confirmed long after it.
    send(&mut told, "Cooling on", 32);
    let open = told.room.decisions.last().unwrap().id.clone();
    let late = moment(at(37 + 31));
    let effects = told.room.failed(&open, Trouble::NotConfirmed, late, at(70));
    told.effects.extend(effects);
    assert_eq!(told.ended()[1], "Cooling on Expired NotConfirmed");
}

#[test]
fn another_actuator_of_the_kind_is_not_believed() {
    let mut told = deaf();
    told.tell("0 temperature 23");
    let id = id(&told, "Cooling on");
    told.room.begin(&id, Some(&"cor-1".parse().unwrap()), moment(at(0)));
    told.room.sent(&id, at(0), at(5));
    // The shadow's id in these tests is the kind's name.
    told.tell("1 shadow Cooling on");
    assert!(told.ended().is_empty());
}

#[test]
fn a_decision_explains_itself() {
    let mut told = deaf();
    told.tell("0 shadow Cooling off; 7 temperature 22.25");
    let decision = told.room.decisions[0].clone();
    assert_eq!(decision.id, "or-1/e-0002/Cooling");
    assert_eq!(decision.cause.stamp, Stamp { at: at(7), event: "e-0002".to_owned() });
    assert_eq!(decision.measured, Some((22.25, at(7))));
    assert_eq!(decision.found, Some(Setting::Off));
    assert_eq!(format!("{:?} {:?}", decision.rule, decision.target.owner), "TooWarm RoomDefault");
    assert!((decision.target.value - 21.0).abs() < f64::EPSILON);
    assert_eq!(decision.decided_at, at(7));
}

#[test]
fn what_is_shown_and_over_is_forgotten() {
    let mut told = deaf();
    told.tell("0 lux 3; 1 light 80 100000");
    assert_eq!(told.room.due(&told.policy), Some(jiff::Timestamp::UNIX_EPOCH));
    for decision in &mut told.room.decisions {
        decision.shown = true;
    }
    told.room.forget_shown();
    assert_eq!(open(&told), ["SurgicalLight 100000", "AmbientLight 80"]);
    assert_eq!(told.room.decisions.len(), 2);
    assert_eq!(told.room.due(&told.policy), Some(at(0)));
    send(&mut told, "SurgicalLight 100000", 1);
    assert_eq!(told.room.due(&told.policy), Some(jiff::Timestamp::UNIX_EPOCH));
}

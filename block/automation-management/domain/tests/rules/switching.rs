//! When actuators are switched.

use automation_management_domain::policy::RoomKind;

use crate::told::Told;

/// A fresh theatre is told facts, and gives these commands.
fn check(lines: &str, expected: &str) {
    assert_eq!(Told::theatre().tell(lines), expected, "{lines}");
}

#[test]
fn temperature_is_switched_with_hysteresis() {
    check("0 temperature 21.5", "");
    check("0 temperature 21.6", "Cooling on");
    check("0 temperature 20.5", "");
    check("0 temperature 20.4", "Heating on");
    // Cooling runs until the target itself is reached, not until the tolerance is.
    check("0 temperature 21.6; 5 temperature 21.4; 10 temperature 21.1", "Cooling on");
    check("0 temperature 21.6; 5 temperature 21.4; 10 temperature 21", "Cooling on, Cooling off");
    check("0 temperature 20.4; 5 temperature 20.9", "Heating on");
    check("0 temperature 20.4; 5 temperature 21.2", "Heating on, Heating off");
    // No second command while the room is still too warm.
    check("0 temperature 23; 5 temperature 23; 10 temperature 24", "Cooling on");
}

#[test]
fn heating_goes_off_before_cooling_goes_on() {
    check("0 temperature 19; 5 temperature 23", "Heating on, Heating off, Cooling on");
    check("0 temperature 23; 5 temperature 19", "Cooling on, Cooling off, Heating on");
}

#[test]
fn ventilation_is_switched_with_hysteresis() {
    check("0 humidity 50.9", "");
    check("0 humidity 51", "Ventilation 100");
    check("0 humidity 51; 5 humidity 50.5; 10 humidity 60", "Ventilation 100");
    check("0 humidity 51; 5 humidity 50", "Ventilation 100, Ventilation 0");
    check("0 humidity 40", "");
}

#[test]
fn lights_are_commanded_once() {
    check("0 lux 3", "AmbientLight 100, SurgicalLight 100000");
    check("0 lux 3; 5 lux 98; 10 lux 102", "AmbientLight 100, SurgicalLight 100000");
    // As bright as wanted, whatever makes it so; the surgical light is looked at all the same.
    check("0 lux 100", "SurgicalLight 100000");
    // A lamp that is not as commanded is commanded again with the next measurement.
    let mut told = Told::theatre();
    told.tell("0 lux 3");
    assert_eq!(told.tell("60 shadow AmbientLight 20"), "");
    assert_eq!(told.tell("65 lux 20"), "AmbientLight 100");
}

#[test]
fn a_room_for_before_and_after_has_no_surgical_light() {
    let mut told = Told::new(RoomKind::PrePost);
    assert_eq!(told.tell("0 lux 3; 5 light 40 90000"), "AmbientLight 100, AmbientLight 40");
}

#[test]
fn what_its_twin_says_is_believed() {
    check("0 shadow Heating on; 5 temperature 21", "Heating off");
    check("0 shadow Heating off; 5 temperature 21", "");
    // Somebody switched cooling off by hand while it was still needed.
    let lines = "0 temperature 23; 60 shadow Cooling off; 65 temperature 23";
    check(lines, "Cooling on, Cooling on");
}

#[test]
fn an_old_or_repeated_measurement_changes_nothing() {
    check("10 temperature 21; 5 temperature 25", "");
    let mut told = Told::theatre();
    told.obedient = false;
    told.tell("10 temperature 25");
    let once = told.room.clone();
    told.hear(
        "temperature 25",
        &automation_management_domain::room::Stamp {
            at: crate::told::at(10),
            event: "e-0001".to_owned(),
        },
        crate::told::moment(crate::told::at(11)),
    );
    assert_eq!(told.room, once);
    // Not even when what it led to has been undone since.
    let mut told = Told::theatre();
    told.tell("0 lux 3; 60 shadow AmbientLight 20");
    let again = automation_management_domain::room::Stamp {
        at: crate::told::at(0),
        event: "e-0001".to_owned(),
    };
    told.hear("lux 3", &again, crate::told::moment(crate::told::at(61)));
    assert!(told.room.decisions.iter().all(|decision| !decision.is_open()));
}

#[test]
fn impossible_measurements_are_told() {
    use automation_management_domain::reaction::Fact;
    for (fact, ok) in [
        (Fact::Temperature(-50.0), true),
        (Fact::Temperature(100.1), false),
        (Fact::Temperature(f64::NAN), false),
        (Fact::Humidity(0.0), true),
        (Fact::Humidity(101.0), false),
        (Fact::Luminosity(0.0), true),
        (Fact::Luminosity(-0.1), false),
        (Fact::Luminosity(f64::NAN), false),
    ] {
        assert_eq!(fact.check().is_ok(), ok, "{fact:?}");
    }
}

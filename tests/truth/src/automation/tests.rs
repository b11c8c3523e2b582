//! The rules, one by one, against the contract's table and the product's documentation.

use super::*;

fn configuration() -> Value {
    json!({
        "operating_room": {
            "temperature_celsius": 21.0, "humidity_percent": 50.0,
            "ambient_lux": 100, "surgical_lux": 100_000,
        },
        "operating_room_standby": {
            "enabled": true, "minutes_to_enable": 1, "temperature_celsius": 20.0,
            "humidity_percent": 60.0, "ambient_lux": 50, "surgical_lux": 150,
        },
        "pre_post_operating_room": {
            "temperature_celsius": 21.0, "humidity_percent": 50.0, "ambient_lux": 100,
        },
        "pre_post_operating_room_standby": {
            "enabled": false, "minutes_to_enable": 2, "temperature_celsius": 22.0,
            "humidity_percent": 60.0, "ambient_lux": 60,
        },
        "surgery_in_progress": null,
        "scenarios": [{"technology": "endoscope", "ambient_lux": 60, "surgical_lux": 150_000}],
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn measured(quantity: &str, value: f64) -> Told {
    Told::Measured { quantity: quantity.to_owned(), value }
}

fn usage(in_use: bool) -> Told {
    Told::Usage { technology_id: "t-1".to_owned(), kind: "endoscope".to_owned(), in_use }
}

fn adapt() -> Told {
    Told::Adapt { kind: "endoscope".to_owned() }
}

/// Plays facts and tells each decision as actuator, action or value, and owner.
fn played(theatre: bool, facts: &[(i64, Told)]) -> Vec<Vec<String>> {
    let wishes = Wishes::of(&configuration(), theatre).unwrap();
    let mut room = Room::new(&wishes);
    for actuator in ["HEATING", "COOLING", "VENTILATION", AMBIENT, SURGICAL] {
        room.is_now(actuator, 0);
    }
    let mut all = Vec::new();
    for (seconds, told) in facts {
        let decisions = room.hears(at(*seconds), at(*seconds), told);
        let words = decisions.iter().map(|decision| {
            let what = decision.value.map_or(decision.action.to_owned(), |value| value.to_string());
            format!("{} {what} {}", decision.actuator, decision.owner)
        });
        all.push(words.collect());
    }
    all
}

/// The last fact must be answered so.
fn check(theatre: bool, facts: &[(i64, Told)], expected: &[&str]) {
    let answers = played(theatre, facts);
    assert_eq!(answers.last().unwrap(), expected, "{facts:?}");
}

#[test]
fn the_climate_is_switched_at_the_edges_of_its_tolerance() {
    for (before, value, expected) in [
        (21.0, 21.5, &[][..]),
        (21.0, 21.51, &["COOLING on ROOM_DEFAULT"]),
        (21.0, 20.5, &[]),
        (21.0, 20.49, &["HEATING on ROOM_DEFAULT"]),
        (22.0, 21.01, &[]),
        (22.0, 21.0, &["COOLING off ROOM_DEFAULT"]),
        (22.0, 20.4, &["COOLING off ROOM_DEFAULT", "HEATING on ROOM_DEFAULT"]),
        (20.0, 20.99, &[]),
        (20.0, 21.0, &["HEATING off ROOM_DEFAULT"]),
        (20.0, 21.6, &["HEATING off ROOM_DEFAULT", "COOLING on ROOM_DEFAULT"]),
    ] {
        let facts = [(0, measured("temperature", before)), (5, measured("temperature", value))];
        check(false, &facts, expected);
    }
    for (before, value, expected) in [
        (50.0, 50.9, &[][..]),
        (50.0, 51.0, &["VENTILATION 100 ROOM_DEFAULT"]),
        (51.0, 50.1, &[]),
        (51.0, 50.0, &["VENTILATION 0 ROOM_DEFAULT"]),
    ] {
        check(
            false,
            &[(0, measured("humidity", before)), (5, measured("humidity", value))],
            expected,
        );
    }
}

#[test]
fn a_sensor_s_clock_may_be_wrong() {
    let wishes = Wishes::of(&configuration(), true).unwrap();
    let mut room = Room::new(&wishes);
    // Two seconds fast: the minute without anybody begins when the sensor says.
    room.hears(at(0), at(2), &Told::Presence(false));
    assert_eq!(room.timer(), Some(at(62)));
    room.hears(at(1), at(3), &measured("temperature", 20.8));
    let decisions = room.hears(at(62), at(62), &Told::NobodyForLong);
    assert_eq!(decisions.first().unwrap().measured, Some((at(3), 20.8)));
}

#[test]
fn an_older_measurement_changes_nothing() {
    let facts = [(5, measured("temperature", 21.0)), (4, measured("temperature", 30.0))];
    check(true, &facts, &[]);
}

#[test]
fn lights_are_set_once_and_not_while_it_is_as_bright_as_wanted() {
    let both = ["AMBIENT_LIGHT 100 ROOM_DEFAULT", "SURGICAL_LIGHT 100000 ROOM_DEFAULT"];
    check(true, &[(0, measured("luminosity", 7.0))], &both);
    check(false, &[(0, measured("luminosity", 7.0))], &both[..1]);
    check(true, &[(0, measured("luminosity", 100.0))], &both[1..]);
    check(true, &[(0, measured("luminosity", 7.0)), (5, measured("luminosity", 8.0))], &[]);
    let by_hand = Told::Is { actuator: AMBIENT.to_owned(), intensity: 3 };
    let facts = [(0, measured("luminosity", 7.0)), (5, by_hand), (9, measured("luminosity", 8.0))];
    check(true, &facts, &both[..1]);
}

#[test]
fn an_empty_room_goes_into_standby_and_a_surgery_keeps_it_awake() {
    let wishes = Wishes::of(&configuration(), true).unwrap();
    let mut room = Room::new(&wishes);
    assert_eq!(room.timer(), None);
    room.hears(at(0), at(0), &Told::Presence(false));
    room.hears(at(30), at(30), &Told::Presence(false));
    assert_eq!(room.timer(), Some(at(60)));
    let standby = ["AMBIENT_LIGHT 50 STANDBY", "SURGICAL_LIGHT 150 STANDBY"];
    let empty = [(0, Told::Presence(false)), (60, Told::NobodyForLong)];
    check(true, &empty, &standby);
    let back = ["AMBIENT_LIGHT 100 ROOM_DEFAULT", "SURGICAL_LIGHT 100000 ROOM_DEFAULT"];
    let [first, second] = empty.clone();
    check(true, &[first.clone(), second.clone(), (70, Told::Presence(true))], &back);
    let surgery = |begins| Told::Surgery { process: 1, begins };
    let awake =
        ["AMBIENT_LIGHT 100 SURGERY_IN_PROGRESS", "SURGICAL_LIGHT 100000 SURGERY_IN_PROGRESS"];
    check(true, &[first.clone(), second.clone(), (70, surgery(true))], &awake);
    check(true, &[(0, surgery(true)), first.clone(), second.clone()], &[]);
    let over = [(0, surgery(true)), first, second, (90, surgery(false))];
    check(true, &over, &standby);
}

#[test]
fn a_changed_target_is_judged_by_a_measurement_of_the_last_minute() {
    let empty = |measured_at| {
        [
            (measured_at, measured("temperature", 20.8)),
            (40, Told::Presence(false)),
            (100, Told::NobodyForLong),
        ]
    };
    let lights = ["AMBIENT_LIGHT 50 STANDBY", "SURGICAL_LIGHT 150 STANDBY"];
    let cooled = [&["COOLING on STANDBY"][..], &lights].concat();
    check(true, &empty(40), &cooled);
    check(true, &empty(39), &lights);
}

#[test]
fn a_light_set_by_hand_is_stronger_than_a_scenario_and_gives_back_what_it_took() {
    let setup = |ambient| Told::Setup { ambient, surgical: 90_000 };
    let scenario =
        ["AMBIENT_LIGHT 60 MEDICAL_TECHNOLOGY", "SURGICAL_LIGHT 150000 MEDICAL_TECHNOLOGY"];
    let custom = ["AMBIENT_LIGHT 80 CUSTOM_LIGHT", "SURGICAL_LIGHT 90000 CUSTOM_LIGHT"];
    let usual = ["AMBIENT_LIGHT 100 ROOM_DEFAULT", "SURGICAL_LIGHT 100000 ROOM_DEFAULT"];
    check(true, &[(0, adapt())], &[]);
    check(true, &[(0, usage(true)), (1, adapt())], &scenario);
    check(true, &[(0, usage(true)), (1, adapt()), (2, usage(false))], &usual);
    check(true, &[(0, usage(true)), (1, adapt()), (2, setup(80))], &custom);
    check(true, &[(0, usage(true)), (1, setup(80)), (2, adapt())], &[]);
    let stopped = [(0, usage(true)), (1, setup(80)), (2, adapt()), (3, Told::Stop)];
    check(true, &stopped, &scenario);
    let again = [(0, setup(70)), (1, setup(80)), (2, Told::Stop)];
    check(true, &again, &usual);
    check(true, &[(0, Told::Stop)], &[]);
    check(true, &[(0, setup(5_001))], &[]);
    check(false, &[(0, setup(80))], &custom[..1]);
}

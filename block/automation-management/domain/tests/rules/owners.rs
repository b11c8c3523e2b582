//! Who owns a target, when ownership begins and ends, and what is proposed and refused.

use automation_management_domain::{
    policy::{Environment, RoomKind, Technology},
    reaction::{Effect, Moment, Refusal},
    room::{Stamp, Vacancy},
    target::Quantity::{AmbientLight, Humidity, SurgicalLight, Temperature},
};
use jiff::SignedDuration;

use crate::told::{Told, at, lights, moment};

#[test]
fn the_stronger_owner_wins_and_gives_back_what_it_took() {
    let mut told = Told::theatre();
    assert_eq!(told.target(AmbientLight), "100 RoomDefault");
    told.tell("0 nobody; 60 tick");
    assert_eq!(told.target(AmbientLight), "50 Standby");
    assert_eq!(told.target(Temperature), "20 Standby");
    told.tell("61 surgery p-1 1 on");
    assert_eq!(told.target(AmbientLight), "100 SurgeryInProgress");
    told.tell("62 endoscope endo-1 on; 63 ask endoscope");
    assert_eq!(told.target(AmbientLight), "60 MedicalTechnology(Endoscope)");
    assert_eq!(told.target(SurgicalLight), "150000 MedicalTechnology(Endoscope)");
    assert_eq!(told.target(Temperature), "21 SurgeryInProgress");
    told.tell("64 light 80 90000");
    assert_eq!(told.target(AmbientLight), "80 CustomLight");
    assert_eq!(told.target(SurgicalLight), "90000 CustomLight");

    // The weaker ones end in any order; each takes only its own away.
    told.tell("65 light 81 90001; 66 stop");
    assert_eq!(told.target(AmbientLight), "60 MedicalTechnology(Endoscope)");
    told.tell("67 surgery p-1 2 off");
    assert_eq!(told.target(AmbientLight), "60 MedicalTechnology(Endoscope)");
    told.tell("68 endoscope endo-1 off");
    assert_eq!(told.target(AmbientLight), "50 Standby");
    told.tell("69 somebody");
    assert_eq!(told.target(AmbientLight), "100 RoomDefault");
}

#[test]
fn a_change_of_target_is_followed_at_once() {
    let mut told = Told::theatre();
    told.tell("0 lux 3");
    assert_eq!(told.tell("5 light 80 90000"), "AmbientLight 80, SurgicalLight 90000");
    assert_eq!(told.tell("6 stop"), "AmbientLight 100, SurgicalLight 100000");
    assert_eq!(told.tell("7 stop"), "");
    // Climate is judged by a recent measurement, and not by an old one.
    told.tell("10 temperature 20.6; 10 nobody");
    assert_eq!(told.tell("70 tick"), "Cooling on, AmbientLight 50, SurgicalLight 150");
    let mut told = Told::theatre();
    told.tell("0 temperature 20.6; 10 nobody");
    assert_eq!(told.tell("70 tick"), "AmbientLight 50, SurgicalLight 150");
}

#[test]
fn standby_begins_when_nobody_was_seen_for_long_enough() {
    let mut told = Told::theatre();
    told.tell("0 nobody; 30 nobody; 59 tick");
    assert_eq!(told.room.vacancy, Vacancy::EmptySince(at(0)));
    assert_eq!(told.room.due(&told.policy), Some(at(60)));
    told.tell("60 tick");
    assert_eq!(told.room.vacancy, Vacancy::Standby(at(60)));

    // Somebody looked in.
    let mut told = Told::theatre();
    told.tell("0 nobody; 30 somebody; 40 nobody; 99 tick");
    assert_eq!(told.room.vacancy, Vacancy::EmptySince(at(40)));
    // An absence told late changes nothing.
    told.tell("45 somebody; 44 nobody; 104 tick");
    assert_eq!(told.room.vacancy, Vacancy::Occupied);

    let mut never = Told::new(RoomKind::PrePost);
    never.tell("0 nobody; 6000 tick");
    assert_eq!(never.target(Humidity), "50 RoomDefault");
    assert_eq!(never.room.due(&never.policy), None);
}

#[test]
fn a_surgery_has_an_environment_of_its_own_if_one_is_configured() {
    let mut told = Told::theatre();
    told.policy.surgery = Some(Environment::new(19.0, 45.0, lights(90, 120_000)).unwrap());
    told.tell("0 surgery p-1 3 on");
    assert_eq!(told.target(Temperature), "19 SurgeryInProgress");
    assert_eq!(told.target(SurgicalLight), "120000 SurgeryInProgress");
    // Older news change nothing, and another process is another surgery.
    told.tell("1 surgery p-1 2 off; 2 surgery p-2 1 on; 3 surgery p-1 4 off");
    assert_eq!(told.target(Temperature), "19 SurgeryInProgress");
    told.tell("4 surgery p-2 2 off; 5 surgery p-2 1 on; 6 surgery p-9 1 off");
    assert_eq!(told.target(Temperature), "21 RoomDefault");
    assert!(!told.room.surgeries.contains_key(&"p-9".parse().unwrap()));
}

#[test]
fn lights_are_proposed_when_the_first_technology_of_a_type_is_used() {
    let mut told = Told::theatre();
    told.tell(
        "0 endoscope endo-1 on; 1 endoscope endo-2 on; 2 endoscope endo-1 off; 3 xray x-1 on",
    );
    let proposals = |told: &Told| {
        let is = |effect: &&Effect| matches!(effect, Effect::Proposed(..));
        told.effects.iter().filter(is).cloned().collect::<Vec<_>>()
    };
    let proposal = Effect::Proposed(Technology::Endoscope, lights(60, 150_000));
    assert_eq!(proposals(&told), std::slice::from_ref(&proposal));
    told.tell("4 ask endoscope");
    assert_eq!(told.target(AmbientLight), "60 MedicalTechnology(Endoscope)");
    // The last one ends the support; a new use is proposed anew and not supported by itself.
    told.tell("5 endoscope endo-2 off; 60 endoscope endo-1 on");
    assert_eq!(proposals(&told), [proposal.clone(), proposal]);
    assert_eq!(told.target(AmbientLight), "100 RoomDefault");
}

#[test]
fn a_wish_that_cannot_be_followed_is_refused() {
    let refused = |lines: &str| {
        let mut told = Told::theatre();
        told.tell(lines);
        told.effects.iter().find_map(|effect| match effect {
            Effect::Refused(refusal) => Some(*refusal),
            _ => None,
        })
    };
    assert_eq!(refused("0 ask endoscope"), Some(Refusal::NotInUse));
    assert_eq!(
        refused("0 endoscope e on; 1 endoscope e off; 2 ask endoscope"),
        Some(Refusal::NotInUse)
    );
    assert_eq!(refused("0 xray x on; 1 ask xray"), Some(Refusal::NoScenario));
    assert!(matches!(refused("0 light -1 5"), Some(Refusal::OutOfRange(_))));
    assert!(matches!(refused("0 light 5001 5"), Some(Refusal::OutOfRange(_))));
    assert!(matches!(refused("0 light 5 200001"), Some(Refusal::OutOfRange(_))));
    assert_eq!(refused("0 light 0 0; 1 light 5000 200000; 2 stop; 3 stop"), None);
    // Clocks differ a little; a wish of yesterday's use is none of today's.
    assert_eq!(refused("10 endoscope e on; 6 ask endoscope"), None);
    assert_eq!(refused("10 endoscope e on; 4 ask endoscope"), Some(Refusal::NotInUse));
    // Light by hand does not keep the team from asking; it only wins.
    assert_eq!(refused("0 light 80 90000; 1 endoscope e on; 2 ask endoscope"), None);
}

#[test]
fn what_waited_for_long_is_folded_and_causes_nothing() {
    let mut told = Told::theatre();
    let stale = Moment { fresh: false, ..moment(at(3600)) };
    for (nth, fact) in [
        "temperature 25",
        "lux 3",
        "endoscope endo-1 on",
        "ask endoscope",
        "ask xray",
        "light 70 80000",
        "nobody",
    ]
    .into_iter()
    .enumerate()
    {
        let stamp = Stamp { at: at(0), event: format!("e-{nth}") };
        told.hear(fact, &stamp, stale);
    }
    assert!(told.room.decisions.is_empty());
    assert!(told.effects.is_empty(), "{:?}", told.effects);
    assert_eq!(told.target(AmbientLight), "70 CustomLight");
    // The timer that is long over is folded too, and the next measurement is judged.
    told.tell("3600 tick");
    assert_eq!(told.target(Temperature), "20 Standby");
    assert_eq!(told.tell("3601 lux 3"), "AmbientLight 70, SurgicalLight 80000");

    // A timer that was over during a long rest changes the targets and commands nothing.
    let mut told = Told::theatre();
    told.tell("0 lux 3; 0 nobody");
    assert_eq!(told.tell("91 tick"), "");
    assert_eq!(told.target(AmbientLight), "50 Standby");
    assert_eq!(told.tell("92 lux 98"), "AmbientLight 50, SurgicalLight 150");

    let slow =
        Moment { now: at(60 * 25), fresh: true, machine_second: SignedDuration::from_mins(1) };
    assert!(slow.is_fresh(at(0)), "25 s of the machine");
    assert!(!slow.is_fresh(at(-60 * 6)), "31 s of the machine");
}

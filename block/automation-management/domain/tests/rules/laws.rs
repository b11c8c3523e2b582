//! Laws that hold whatever happens.

use automation_management_domain::{
    actuator::{Actuator, Setting},
    command::{Outcome, Progress},
    invariant,
    room::Stamp,
};
use proptest::prelude::*;

use crate::told::{Told, at, moment};

fn fact() -> impl Strategy<Value = String> {
    prop_oneof![
        (180_i32..240).prop_map(|tenths| format!("temperature {}", f64::from(tenths) / 10.0)),
        (40_i32..70).prop_map(|percent| format!("humidity {percent}")),
        (0_i32..200).prop_map(|lux| format!("lux {lux}")),
        Just("somebody".to_owned()),
        Just("nobody".to_owned()),
        Just("tick".to_owned()),
        (1..3, any::<bool>())
            .prop_map(|(n, on)| { format!("endoscope e-{n} {}", if on { "on" } else { "off" }) }),
        Just("ask endoscope".to_owned()),
        (0..5_i32).prop_map(|tens| format!("light {} 90000", tens * 10)),
        Just("stop".to_owned()),
        (1..9, any::<bool>()).prop_map(|(version, on)| {
            format!("surgery p-1 {version} {}", if on { "on" } else { "off" })
        }),
        (0..40_i32).prop_map(|percent| format!("shadow Ventilation {percent}")),
    ]
}

fn day() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(fact(), 1..60)
}

proptest! {
    /// With obedient actuators never both, and a light is what its owner wants.
    #[test]
    fn heating_and_cooling_are_never_on_together(day in day()) {
        let mut told = Told::theatre();
        for (nth, fact) in day.iter().enumerate() {
            told.tell(&format!("{} {fact}", nth * 20));
            let on = |actuator| told.room.found(actuator) == Some(Setting::On);
            prop_assert!(!(on(Actuator::Heating) && on(Actuator::Cooling)));
            prop_assert!(told.room.decisions.iter().all(|decision| !decision.is_open()));
        }
    }

    /// Whatever fails, an actuator has one command under way at most, and lanes one at a time.
    #[test]
    fn commands_do_not_pile_up(day in day(), failing in any::<u64>()) {
        let mut told = Told::theatre();
        told.obedient = false;
        for (nth, fact) in day.iter().enumerate() {
            // Fast enough that nothing expires.
            let now = i64::try_from(nth).unwrap() / 2;
            told.tell(&format!("{now} {fact}"));
            prop_assert_eq!(invariant::violated(&told.room), Vec::<&str>::new());
            let first = told.room.to_be_seen_to(at(now)).first().map(|it| (*it).clone());
            if let Some(first) = first
                && failing >> (nth % 64) & 1 == 0
            {
                told.carry_out(&first, at(now));
            }
        }
    }

    /// A day that is delivered twice, each fact again at once or all of it at its end, ends as a
    /// day that is delivered once.
    #[test]
    fn a_repeated_fact_changes_nothing(day in day(), at_once in any::<bool>()) {
        let hear = |told: &mut Told, nth: usize, fact: &str| {
            let now = at(i64::try_from(nth).unwrap() * 20);
            let stamp = Stamp { at: now, event: format!("e-{nth:04}") };
            told.hear(fact, &stamp, moment(now));
        };
        let facts = || day.iter().filter(|fact| *fact != "tick").enumerate();
        let (mut once, mut twice) = (Told::theatre(), Told::theatre());
        once.obedient = false;
        twice.obedient = false;
        for (nth, fact) in facts() {
            hear(&mut once, nth, fact);
            hear(&mut twice, nth, fact);
            if at_once {
                hear(&mut twice, nth, fact);
            }
        }
        prop_assert_eq!(&once.room.vacancy, &twice.room.vacancy);
        if at_once {
            prop_assert_eq!(once.room, twice.room);
        } else {
            for (nth, fact) in facts() {
                hear(&mut twice, nth, fact);
            }
            // Wishes refused at first may be heard again while the technology is in use; all else
            // is as it was.
            let light = |told: &Told| told.room.custom.clone();
            prop_assert_eq!(light(&once), light(&twice));
            prop_assert_eq!(once.room.usages, twice.room.usages);
            prop_assert_eq!(once.room.vacancy, twice.room.vacancy);
            prop_assert_eq!(once.room.temperature, twice.room.temperature);
        }
    }
}

#[test]
fn two_commands_two_outcomes_and_two_that_are_on_are_found() {
    let mut told = Told::theatre();
    told.obedient = false;
    told.tell("0 temperature 25");
    let mut room = told.room.clone();
    let mut again = room.decisions[0].clone();
    room.decisions.push(again.clone());
    let both = invariant::ALL.map(|(name, _)| name);
    assert_eq!(invariant::violated(&room), both);

    let open = room.decisions[0].clone();
    again.progress = Progress::Ended(Outcome::Confirmed, at(1));
    assert!(invariant::one_outcome(&open, &again) && invariant::one_outcome(&again, &again));
    let mut other = again.clone();
    other.progress = Progress::Ended(Outcome::Failed, at(2));
    assert!(!invariant::one_outcome(&again, &other) && !invariant::one_outcome(&again, &open));

    let (on, off) = (Setting::On, Setting::Off);
    assert!(invariant::never_both([(Actuator::Heating, on), (Actuator::Cooling, off)]));
    assert!(!invariant::never_both([(Actuator::Heating, on), (Actuator::Cooling, on)]));
}

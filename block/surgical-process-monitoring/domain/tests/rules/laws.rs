//! What holds whatever happens: the order of arrival does not matter, a fact told twice is one
//! fact, what is settled changes nothing behind it, and the named invariants hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::text::{ada, fact, facts, instant, learn, nameless, show, show_history};
use proptest::prelude::*;
use surgical_process_monitoring_domain::{
    change::{Change, Life, Told},
    fact::{Fact, PatientId, ProcessId, RoomId, TechnologyId},
    fold::{Folded, Past, Surroundings, fold},
    invariant,
    late::{Settled, late},
    presence::{Track, inside},
    process::{OpenedBy, patient_of},
    vital::{Quantity, Sample, buckets, snapshots, thin},
};

fn anything() -> impl Strategy<Value = Vec<Fact>> {
    let what = prop_oneof![
        4 => prop::sample::select(vec!["+pre-1", "+pre-2", "+or-1", "+or-2"]),
        3 => prop::sample::select(vec!["-pre-1", "-pre-2", "-or-1", "-or-2"]),
        2 => Just("table"),
        3 => prop::sample::select(vec![
            "anesthesia@or-1", "cut@or-1", "closing@or-2", "interrupted@or-1", "interrupted@pre-1"
        ]),
        2 => prop::sample::select(vec![
            "book s1 08:30", "book s1/2 09:30", "book s2 09:00", "book s3 20T09:00", "cancel s1",
            "cancel s2"
        ]),
        1 => prop::sample::select(vec!["device d1", "on t1@or-1", "off t1@or-1"]),
    ];
    // Few instants, so that many facts share one.
    let when = (8_u32..11, prop::sample::select(vec![0_u32, 20, 40]), 0_u32..2);
    let one = (when, what).prop_map(|((hour, minute, half), what)| {
        fact(&format!("{hour:02}:{minute:02}:{:02} {what}", half * 30))
    });
    (prop::collection::vec(one, 0..24), prop::bool::ANY).prop_map(|(mut facts, emergency)| {
        if emergency {
            facts.push(fact("08:00 emergency c1 or-1"));
        } else {
            facts.push(fact("07:00 book s0 09:00"));
        }
        facts
    })
}

fn ids_of(folded: &Folded) -> BTreeMap<OpenedBy, ProcessId> {
    folded.processes.iter().map(|it| (it.opened_by.clone(), it.id.clone())).collect()
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        (known, arrived) in anything().prop_flat_map(|known| {
            let doubled: Vec<Fact> = known.iter().chain(&known).cloned().collect();
            (Just(known), Just(doubled).prop_shuffle())
        })
    ) {
        let reference = nameless(learn(&Past::default(), &known));
        prop_assert_eq!(nameless(learn(&Past::default(), &arrived)), reference);
    }

    #[test]
    fn the_fold_goes_on_behind_what_is_settled(known in anything()) {
        let whole = learn(&Past::default(), &known);
        let ids = ids_of(&whole);
        let mut past = Past::default();
        for (settled, process) in whole.processes.iter().enumerate() {
            let Some(next) = past.behind(process) else { break };
            past = next;
            let rest = fold(&ada(), &past, &ids, &known, &Surroundings::new());
            prop_assert_eq!(invariant::violated(&past, &rest), Vec::<&str>::new());
            let mut process = process.clone();
            process.cut_aftermath();
            let told = process.history.len() + rest.aftermath.len();
            prop_assert_eq!(told, whole.processes[settled].history.len());
            prop_assert_eq!(&rest.processes, &whole.processes[settled + 1..]);
        }
    }

    #[test]
    fn nothing_weighed_is_late(known in anything()) {
        let whole = learn(&Past::default(), &known);
        let settled: Vec<Settled<'_>> = whole
            .processes
            .iter()
            .filter_map(|it| Some(Settled { resume: it.resume.as_ref()?, weighed: &it.weighed }))
            .collect();
        prop_assert!(late(&settled, &known).iter().all(Vec::is_empty));
    }

    #[test]
    fn whose_a_process_is_follows_from_its_id(known in anything()) {
        let whole = learn(&Past::default(), &known);
        for process in &whole.processes {
            let told = patient_of(&process.id);
            let expected = if process.id.as_str().starts_with("emergency") {
                PatientId::new("emergency-patient-c1")
            } else {
                ada()
            };
            // An ordinary patient's return may follow an emergency in these made up lives.
            prop_assert_eq!(told, Some(expected));
        }
    }
}

#[test]
fn settled_processes_take_late_facts_and_refusals_apart() {
    let known = "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 09:00 +pre-1, 10:00 -pre-1";
    let whole = learn(&Past::default(), &facts(known));
    let past = Past::default().behind(&whole.processes[0]).unwrap();

    let later = facts(&format!("{known}, 08:20 cut@or-1, 10:00:30 +pre-2, 12:00 +or-1"));
    let process = &whole.processes[0];
    let settled = [Settled { resume: process.resume.as_ref().unwrap(), weighed: &process.weighed }];
    assert_eq!(
        late(&settled, &later).iter().map(|it| show_history(it)).collect::<Vec<_>>(),
        ["08:20 late MANUAL SURGERY_IN_PROGRESS"]
    );
    // Within the minute, but settled stays settled.
    let rest = fold(&ada(), &past, &BTreeMap::new(), &later, &Surroundings::new());
    assert_eq!(
        show(&rest),
        "Emergency: 12:00 @or-1 SURGERY | after: 10:00:30 !ENTERED pre-2[NoBooking]"
    );
    assert_eq!(rest.processes[0].id.as_str(), "ada-2026-05-15T08.00.00.000Z-return");
}

#[test]
fn a_process_keeps_its_id() {
    let first = learn(&Past::default(), &facts("07:00 book s1 09:00, 08:10 +pre-1"));
    let ids = ids_of(&first);
    let earlier = facts("07:00 book s1 09:00, 08:10 +pre-1, 08:00 +pre-1");
    let folded = fold(&ada(), &Past::default(), &ids, &earlier, &Surroundings::new());
    assert_eq!(folded.processes[0].start, instant("08:00"));
    assert_eq!(folded.processes[0].id.as_str(), "ada-2026-05-15T08.10.00.000Z");
}

#[test]
fn stays_and_what_was_in_use_at_entry() {
    let known = facts(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:05 +pre-1, 08:10 -pre-1, 08:10 +or-1, 08:11 -or-1, \
         08:20 +or-1, 08:30 interrupted@or-1, 08:40 -or-1",
    );
    let around = [((RoomId::new("or-1"), instant("08:10")), [TechnologyId::new("t1")].into())];
    let around = around.into_iter().collect();
    let folded = fold(&ada(), &Past::default(), &BTreeMap::new(), &known, &around);
    let process = &folded.processes[0];
    let stays: Vec<_> = process
        .stays
        .iter()
        .map(|stay| (stay.room.as_str(), stay.from, stay.to.unwrap()))
        .collect();
    assert_eq!(
        stays,
        [
            ("pre-1", instant("08:00"), instant("08:10")),
            ("or-1", instant("08:10"), instant("08:11")),
            ("or-1", instant("08:20"), instant("08:30")),
        ]
    );
    assert_eq!(process.in_use_at_entry, [(TechnologyId::new("t1"), RoomId::new("or-1"))]);
}

#[test]
fn whose_room_facts_are() {
    let whose = |at: &str, tracks: &[(&str, &str)]| {
        let tracks: Vec<(PatientId, Track)> = tracks
            .iter()
            .map(|(patient, moves)| (PatientId::new(*patient), Track::of(&facts(moves))))
            .collect();
        let found = inside(&RoomId::new("or-1"), instant(at), tracks.iter().map(|(p, t)| (p, t)));
        found.iter().map(|patient| patient.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(whose("09:00", &[]), "");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1")]), "a");
    assert_eq!(whose("08:00", &[("a", "08:00 +or-1")]), "a");
    assert_eq!(whose("07:59:59", &[("a", "08:00 +or-1")]), "");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1, 09:00 -or-1")]), "");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1, 08:30 +or-2")]), "");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1, 08:30 -or-2")]), "a");
    assert_eq!(whose("09:00", &[("a", "08:00 emergency c or-1")]), "a");
    assert_eq!(whose("09:00", &[("a", "08:00 -or-1, 08:00 +or-1")]), "a");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1"), ("b", "08:30 +or-1")]), "b a");
    assert_eq!(whose("09:00", &[("b", "08:00 +or-1"), ("a", "08:30 +or-1")]), "a b");
    assert_eq!(whose("09:00", &[("a", "08:00 +or-1"), ("b", "08:00 +or-1")]), "b a");
}

#[test]
fn stays_by_movements_alone() {
    let stays = |moves: &str| {
        let stays = Track::of(&facts(moves)).stays();
        let show = |(room, from, to): &(RoomId, jiff::Timestamp, Option<jiff::Timestamp>)| {
            let time = |at: &jiff::Timestamp| at.to_string()[11..16].to_owned();
            format!("{room} {} {}", time(from), to.as_ref().map_or(String::new(), time))
        };
        stays.iter().map(show).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(stays(""), "");
    assert_eq!(stays("08:00 +or-1, 08:05 +or-1, 08:10 -or-1"), "or-1 08:00 08:10");
    assert_eq!(stays("08:00 +or-1, 08:05 +or-2, 08:10 -or-1"), "or-1 08:00 08:05, or-2 08:05 ");
    assert_eq!(stays("08:00 -or-1, 08:01 emergency c or-1"), "or-1 08:01 ");
}

#[test]
fn what_is_told() {
    let open = learn(&Past::default(), &facts("07:00 book s1 09:00, 08:00 +pre-1"));
    let ended = facts("07:00 book s1 09:00, 08:00 +pre-1, 08:10 interrupted@pre-1");
    let ended = learn(&Past::default(), &ended);
    let (open, ended) = (&open.processes[0], &ended.processes[0]);

    let (told, changes) = Told::first(open);
    assert_eq!((changes, told.version), (vec![Change::Changed], 1));
    let (told, changes) = told.again(open, false);
    assert_eq!((changes, told.version), (vec![], 1));
    let (told, changes) = told.again(ended, true);
    assert_eq!(changes, [Change::Changed, Change::Completed, Change::Summarised]);
    let (told, changes) = told.again(open, true);
    assert_eq!(changes, [Change::Changed, Change::Reopened]);
    let (told, changes) = told.gone();
    assert_eq!((changes, told.life), (vec![Change::Voided], Life::Void));
    let (told, changes) = told.gone();
    assert_eq!(changes, []);
    // Told again with its old id and count, and without a second summary.
    let (told, changes) = told.again(ended, true);
    assert_eq!((changes, told.version), (vec![Change::Changed, Change::Completed], 5));
    assert_eq!(told.id, open.id);
}

#[test]
fn whose_a_process_is() {
    let whose = |id: &str| patient_of(&ProcessId::new(id)).map(|it| it.as_str().to_owned());
    let patient = |id: &str| Some(id.to_owned());
    assert_eq!(whose("ada-2026-05-15T08.10.00.000Z"), patient("ada"));
    assert_eq!(whose("a-b-2026-05-15T08.10.00.000Z-return-return"), patient("a-b"));
    assert_eq!(whose("emergency-c1"), patient("emergency-patient-c1"));
    assert_eq!(whose("emergency-c1-return"), patient("emergency-patient-c1"));
    assert_eq!(
        whose("emergency-patient-c1-2026-05-15T08.10.00.000Z"),
        patient("emergency-patient-c1")
    );
    assert_eq!(whose("-2026-05-15T08.10.00.000Z"), None);
    assert_eq!(whose("è-è"), None);
    assert_eq!(whose(""), None);
}

#[test]
fn vital_signs() {
    let sample = |at: &str, quantity, value| Sample { at: instant(at), quantity, value };
    let samples = [
        sample("08:00", Quantity::HeartBeat, 70.0),
        sample("08:00", Quantity::BodyTemperature, 36.4),
        sample("08:00:30", Quantity::HeartBeat, 72.0),
        sample("08:01", Quantity::HeartBeat, 80.0),
    ];
    let snapshots = snapshots(&samples);
    let shown: Vec<_> = snapshots
        .iter()
        .map(|(_, snapshot)| {
            let value = |quantity| snapshot.values.get(&quantity).copied();
            (value(Quantity::HeartBeat), value(Quantity::BodyTemperature))
        })
        .collect();
    assert_eq!(
        shown,
        [(Some(70.0), Some(36.4)), (Some(72.0), Some(36.4)), (Some(80.0), Some(36.4))]
    );
    assert_eq!(
        buckets(&samples, 60),
        [
            sample("08:00", Quantity::HeartBeat, 71.0),
            sample("08:00", Quantity::BodyTemperature, 36.4),
            sample("08:01", Quantity::HeartBeat, 80.0),
        ]
    );
    assert_eq!(thin((0..10).collect(), 4), [0, 3, 6, 9]);
    assert_eq!(thin((0..3).collect(), 4), [0, 1, 2]);
    assert_eq!(thin((0..3).collect(), 1), [2]);
    assert_eq!(thin((0..3).collect(), 0), [0; 0]);
    assert!(Quantity::SaturationPercentage.admits(100.0));
    assert!(!Quantity::SaturationPercentage.admits(101.0));
    assert!(!Quantity::HeartBeat.admits(-1.0));
    assert!(!Quantity::BodyTemperature.admits(f64::NAN));
    let names: BTreeSet<_> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
    assert_eq!(names.len(), 6);
}

#[test]
fn two_on_one_table_are_found() {
    let day = "08:00 book s1 08:30; 08:10 +pre-1; 08:20 +or-1; 08:25 table; 09:00 -or-1";
    let day: Vec<Fact> = day.split("; ").map(fact).collect();
    let process = learn(&Past::default(), &day).processes[0].clone();
    assert!(invariant::one_on_a_table([&process]));
    assert!(!invariant::one_on_a_table([&process, &process]));
    let mut next = process.clone();
    next.stays.retain(|stay| stay.room.as_str() != "or-1");
    assert!(invariant::one_on_a_table([&process, &next]));
    assert!(invariant::settles_as_known(std::slice::from_ref(&process), &process));
    assert!(!invariant::settles_as_known(&[next], &process));
    assert!(!invariant::settles_as_known(&[], &process));
}

#[test]
fn a_version_that_falls_is_found() {
    let told = |version| {
        let (id, opened_by) =
            (ProcessId::new("p"), OpenedBy::Return { former: ProcessId::new("o") });
        let told =
            Told { id, opened_by: opened_by.clone(), version, life: Life::Open, summarised: false };
        BTreeMap::from([(opened_by, told)])
    };
    assert!(invariant::versions_rise(&told(1), &told(2)));
    assert!(invariant::versions_rise(&told(1), &BTreeMap::new()));
    assert!(!invariant::versions_rise(&told(2), &told(1)));
}

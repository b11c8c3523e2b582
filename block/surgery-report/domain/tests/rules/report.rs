//! How a process becomes a report.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use crate::contract::{PERIODS, at, rich};
use surgery_report_domain::entity::{
    invariant::{every_step_once, intervals_within},
    process::{
        DeviceId, EmptyId, Ending, FinalState, PatientId, Process, ProcessId, ProfessionalId,
        RoomId, RoomKind, SpanError, State, Stay, Step, TaxCode, TechnologyId, span,
    },
    report::{
        Missing, Movement, NominalPeriods, Passage, Place, PresentAtStart, Report, Settlement,
        Sources, StepReport, compose,
    },
    sample::{Climate, Quantity, Sample, Series, VitalSign},
};

fn room(id: &str) -> RoomId {
    RoomId::new(id).unwrap()
}

/// `pre 08:10 pre-1, or 08:20 or-1` as stays.
fn stays(text: &str) -> Vec<Stay> {
    let stay = |text: &str| {
        let mut words = text.split(' ');
        let kind = match words.next().unwrap() {
            "pre" => RoomKind::PreOperating,
            _ => RoomKind::Operating,
        };
        let from = at(words.next().unwrap());
        Stay { room: room(words.next().unwrap()), kind, from }
    };
    text.split(", ").filter(|it| !it.is_empty()).map(stay).collect()
}

/// The process of the contract's vector: five steps from 08:10, terminated at 09:00.
fn process() -> Process {
    Process {
        id: ProcessId::new("p-1").unwrap(),
        description: "Appendectomy".into(),
        patient: PatientId::new("patient-7").unwrap(),
        tax_code: None,
        surgery: None,
        professional: None,
        start: at("08:10"),
        ending: Some(Ending { at: at("09:00"), state: FinalState::Terminated }),
        steps: vec![
            (at("08:10"), Step::PatientInPreparation),
            (at("08:12"), Step::PatientOnOperatingTable),
            (at("08:15"), Step::SurgeryInProgress),
            (at("08:18"), Step::EndOfSurgery),
            (at("08:20"), Step::PatientUnderObservation),
        ],
        pre_operating_room: Some(room("pre-1")),
        post_operating_room: Some(room("post-1")),
        stays: stays("pre 08:10 pre-1, or 08:11 or-1, pre 08:20 post-1"),
        devices: vec![],
        usages: vec![],
        in_use_at_entry: vec![],
    }
}

fn sources(process: Process) -> Sources {
    Sources {
        process,
        settlement: Settlement::Pending,
        vital_signs: Series::default(),
        climate: BTreeMap::new(),
        movements: vec![],
        present_at_start: vec![],
        healthcare_user: None,
        missing: BTreeSet::new(),
    }
}

fn report(process: Process) -> Report {
    compose(sources(process), &PERIODS)
}

fn intervals(report: &Report) -> Vec<String> {
    let clock = |at: jiff::Timestamp| at.strftime("%H:%M").to_string();
    let show = |(_, it): &(Step, StepReport)| {
        format!("{}-{}", clock(it.start), it.stop.map_or("…".into(), clock))
    };
    report.intervals.iter().map(show).collect()
}

#[test]
fn intervals_of_the_contract() {
    let report = report(process());
    let expected = ["08:10-08:12", "08:12-08:15", "08:15-08:18", "08:18-08:20", "08:20-09:00"];
    assert_eq!(intervals(&report), expected);
    assert_eq!((report.surgery_date, report.end), (at("08:10"), Some(at("09:00"))));

    assert!(every_step_once(&process(), &report) && intervals_within(&report));
    let mut twice = report.clone();
    twice.intervals.push(report.intervals[4].clone());
    assert!(!every_step_once(&process(), &twice));
    let mut lacking = report.clone();
    lacking.intervals.remove(2);
    assert!(!every_step_once(&process(), &lacking));
    let mut early = report.clone();
    early.surgery_date = at("08:11");
    assert!(!intervals_within(&early));

    let mut shuffled = process();
    shuffled.steps.reverse();
    shuffled.stays.reverse();
    assert_eq!(compose(sources(shuffled), &PERIODS), report);
}

#[test]
fn spans_of_the_contract() {
    let steps =
        [(at("08:12"), Step::PatientOnOperatingTable), (at("08:10"), Step::PatientInPreparation)];
    let terminated = [
        (at("08:12"), State::Surgery),
        (at("09:00"), State::Terminated),
        (at("09:30"), State::Terminated),
    ];
    let ending = Ending { at: at("09:00"), state: FinalState::Terminated };
    assert_eq!(span(&terminated, &steps), Ok((at("08:10"), ending)));
    let interrupted = [(at("08:10"), State::PreSurgery), (at("08:25"), State::Interrupted)];
    let ending = Ending { at: at("08:25"), state: FinalState::Interrupted };
    assert_eq!(span(&interrupted, &steps), Ok((at("08:10"), ending)));
    // An emergency has no preparation.
    let emergency = [(at("08:05"), State::Surgery), (at("08:25"), State::Interrupted)];
    assert_eq!(span(&emergency, &steps[..1]), Ok((at("08:05"), ending)));
    assert_eq!(span(&emergency[..1], &steps), Err(SpanError::NoEnd));
}

#[test]
fn samples_of_the_contract_fall_into_their_steps() {
    let mut sources = sources(process());
    let vital = |time, value| Sample::vital(at(time), VitalSign::HeartBeat, value).unwrap();
    sources.vital_signs =
        Series::new([vital("08:10:50", 1.0), vital("08:17:55", 2.0), vital("08:19", 3.0)]);
    let climate = |time, value| Sample::climate(at(time), Climate::Humidity, value).unwrap();
    let samples =
        Series::new([climate("08:11:50", 4.0), climate("08:16:55", 5.0), climate("08:25", 6.0)]);
    sources.climate.insert(room("or-1"), samples);
    let report = compose(sources, &PERIODS);
    let counted = |step: Step| {
        let step = &report.steps[&step];
        let vital = step.vital_signs.get(VitalSign::HeartBeat).inside;
        let climate = step.rooms[&room("or-1")].get(Climate::Humidity).inside;
        (vital.map_or(0, |it| it.count), climate.map_or(0, |it| it.count))
    };
    assert_eq!(counted(Step::PatientInPreparation), (1, 1));
    assert_eq!(counted(Step::PatientOnOperatingTable), (0, 0));
    assert_eq!(counted(Step::SurgeryInProgress), (1, 1));
    assert_eq!(counted(Step::EndOfSurgery), (1, 0));
    assert_eq!(counted(Step::PatientUnderObservation), (0, 1));
}

/// The rooms that stand for the two places in a step, told by a sample in each room.
#[test]
fn places_of_a_step() {
    use Step::{
        PatientInPreparation as Prepare, PatientOnOperatingTable as Table,
        PatientUnderObservation as Observe,
    };
    let check = |steps: &[(&str, Step)], end: &str, at_places: &str, expected: &[&str]| {
        let mut process = process();
        process.steps = steps.iter().map(|(time, step)| (at(time), *step)).collect();
        process.ending = Some(Ending { at: at(end), state: FinalState::Terminated });
        process.stays = stays(at_places);
        let rooms: Vec<RoomId> = process.stays.iter().map(|stay| stay.room.clone()).collect();
        let mut sources = sources(process);
        for (room, value) in rooms.iter().zip(0_u32..) {
            let sample = Sample::climate(at("08:00"), Climate::Luminosity, f64::from(value));
            let sample = Series::new([sample.unwrap()]);
            sources.climate.insert(room.clone(), sample);
        }
        // Long enough for the sample of 08:00 to be in force everywhere.
        let periods = NominalPeriods { climate_ms: 3_600_000, ..PERIODS };
        let report = compose(sources, &periods);
        let named = |place: Place, it: &StepReport| {
            let Some(aggregates) = it.places.get(&place) else { return "-".to_owned() };
            let in_force = |room: &&RoomId| it.rooms.get(*room) == Some(aggregates);
            rooms.iter().find(in_force).map_or("?".into(), |room| room.as_str().to_owned())
        };
        let named = report.intervals.iter().map(|(_, it)| {
            format!("{} {}", named(Place::PreOperatingRoom, it), named(Place::OperatingRoom, it))
        });
        assert_eq!(named.collect::<Vec<_>>(), expected);
    };
    let steps = [("08:10", Prepare), ("08:20", Table), ("08:40", Observe)];
    check(
        &steps,
        "09:00",
        "pre 08:10 pre-1, or 08:15 or-1, pre 08:40 post-1",
        &["pre-1 or-1", "pre-1 or-1", "post-1 or-1"],
    );
    // A change of theatre counts from the step in which it happens, at its end for the next one.
    check(
        &steps,
        "09:00",
        "pre 08:10 pre-1, or 08:20 or-1, or 08:30 or-2, pre 08:40 post-1",
        &["pre-1 -", "pre-1 or-2", "post-1 or-2"],
    );
    // At the end of the last step it counts.
    check(&steps[..2], "08:30", "pre 08:10 pre-1, or 08:30 or-1", &["pre-1 -", "pre-1 or-1"]);
    check(&steps[..1], "08:30", "pre 08:10 pre-1", &["pre-1 -"]);
}

#[test]
fn a_repeated_step_spans_all_its_intervals() {
    let mut process = process();
    process.steps = vec![
        (at("08:10"), Step::Anesthesia),
        (at("08:20"), Step::SurgeryInProgress),
        (at("08:30"), Step::Anesthesia),
    ];
    let mut sources = sources(process);
    let vital = |time, value| Sample::vital(at(time), VitalSign::HeartBeat, value).unwrap();
    sources.vital_signs =
        Series::new([vital("08:11", 60.0), vital("08:21", 90.0), vital("09:00", 70.0)]);
    let report = compose(sources, &PERIODS);
    assert_eq!(intervals(&report), ["08:10-08:20", "08:20-08:30", "08:30-09:00"]);
    let joined = &report.steps[&Step::Anesthesia];
    assert_eq!((joined.start, joined.stop), (at("08:10"), Some(at("09:00"))));
    let figures = joined.vital_signs.get(VitalSign::HeartBeat);
    let inside = figures.inside.unwrap();
    assert_eq!((inside.count, inside.first, inside.last), (2, at("08:11"), at("09:00")));
    assert_eq!(figures.covered_ms, 5_000);
    assert_eq!(report.steps.len(), 2);
}

#[test]
fn steps_after_the_end_are_none() {
    let mut process = process();
    process.ending = Some(Ending { at: at("08:15"), state: FinalState::Interrupted });
    let report = report(process);
    assert_eq!(intervals(&report), ["08:10-08:12", "08:12-08:15", "08:15-08:15"]);
}

#[test]
fn an_emergency_without_steps_has_no_step_data() {
    let report = report(Process { steps: vec![], ..process() });
    assert!(report.steps.is_empty() && report.intervals.is_empty());
    assert!(report.is_complete());
}

#[test]
fn an_open_process_lacks_its_end() {
    let report = report(Process { ending: None, ..process() });
    assert_eq!(report.missing, BTreeSet::from([Missing::End]));
    assert_eq!(intervals(&report).last().unwrap(), "08:20-…");
    assert!(!report.settled && report.final_state.is_none() && report.end.is_none());
}

#[test]
fn rooms_are_listed_once_by_first_entry() {
    let check = |text: &str, expected: &[&str]| {
        let report = report(Process { stays: stays(text), ..process() });
        let rooms: Vec<_> = report.rooms.iter().map(|(room, _)| room.as_str()).collect();
        assert_eq!(rooms, expected);
    };
    check(
        "or 08:20 or-1, pre 08:10 pre-2, or 08:30 or-2, pre 08:40 pre-2",
        &["pre-2", "or-1", "or-2"],
    );
    check("or 08:10 a, pre 08:10 b", &["b", "a"]);
    check("", &[]);
}

#[test]
fn movements_of_the_time_each_once_in_order() {
    use Passage::{Enter, Exit};
    let movement = |time: &str, passage, who: &str, where_: &str| Movement {
        at: at(time),
        passage,
        professional: ProfessionalId::new(who).unwrap(),
        room: room(where_),
    };
    let expected = vec![
        movement("08:10", Enter, "a", "pre-1"),
        movement("08:30", Exit, "b", "or-1"),
        movement("08:30", Enter, "a", "or-1"),
        movement("08:30", Enter, "b", "or-1"),
        movement("09:00", Exit, "a", "or-1"),
    ];
    let mut given = expected.clone();
    given.reverse();
    given.push(expected[1].clone());
    given.push(movement("08:09:59.999", Enter, "a", "or-1"));
    given.push(movement("09:00:00.001", Enter, "a", "or-1"));
    let present = |who: &str, where_: &str| PresentAtStart {
        professional: ProfessionalId::new(who).unwrap(),
        room: room(where_),
    };
    let mut sources = sources(process());
    sources.movements = given;
    sources.present_at_start = vec![present("z", "or-1"), present("c", "pre-1")];
    let report = compose(sources, &PERIODS);
    assert_eq!(report.movements, expected);
    assert_eq!(report.present_at_start, [present("c", "pre-1"), present("z", "or-1")]);
}

#[test]
fn settled_only_when_all_sources_are_complete() {
    let settled = |settlement, missing: &[Missing]| {
        let mut sources = sources(process());
        sources.settlement = settlement;
        sources.missing = missing.iter().copied().collect();
        compose(sources, &PERIODS).settled
    };
    let with = |complete_to: Option<&str>| Settlement::Settled {
        at: at("09:10"),
        complete_to: complete_to.map(at),
    };
    assert!(!settled(Settlement::Pending, &[]));
    assert!(settled(with(Some("09:10")), &[]));
    assert!(settled(with(None), &[]));
    assert!(!settled(with(Some("09:09:59.999")), &[]));
    assert!(!settled(with(Some("09:10")), &[Missing::PatientManagement]));
}

#[test]
fn a_worse_reading_does_not_replace_a_better_one() {
    let with = |missing: &[Missing]| {
        let mut report = rich();
        report.missing = missing.iter().copied().collect();
        report
    };
    let (none, one) = (with(&[]), with(&[Missing::StaffTracking]));
    let other = with(&[Missing::BuildingManagement]);
    assert!(one.adds_nothing_to(&none));
    assert!(!none.adds_nothing_to(&one));
    assert!(!one.adds_nothing_to(&one));
    assert!(!one.adds_nothing_to(&other));
    // Other content of the process is worth more than a complete report of what is not so.
    assert!(!Report { end: Some(at("09:30")), ..one.clone() }.adds_nothing_to(&none));
    assert!(!Report { rooms: vec![], ..one }.adds_nothing_to(&none));
}

#[test]
fn ids_are_not_empty() {
    assert_eq!(RoomId::new(""), Err(EmptyId { of: "room" }));
    ProcessId::new(" ").unwrap_err();
    PatientId::new("").unwrap_err();
    TaxCode::new("").unwrap_err();
    ProfessionalId::new("").unwrap_err();
    DeviceId::new("").unwrap_err();
    TechnologyId::new("").unwrap_err();
}

#[test]
fn a_step_belongs_to_its_state() {
    Step::Anesthesia.within(State::Surgery).unwrap();
    Step::Anesthesia.within(State::Interrupted).unwrap();
    Step::Anesthesia.within(State::PreSurgery).unwrap_err();
    Step::PatientInPreparation.within(State::PostSurgery).unwrap_err();
    Step::PatientUnderObservation.within(State::Surgery).unwrap_err();
    Step::PatientUnderObservation.within(State::PostSurgery).unwrap();
}

/// Eight hours of six vital signs and three quantities in each of four rooms, every second.
#[test]
fn a_long_surgery_is_quick() {
    let seconds = 8 * 3600_i64;
    let start = at("08:10");
    let second = |n| start + jiff::SignedDuration::from_secs(n);
    let mut sources = sources(Process {
        ending: Some(Ending { at: second(seconds), state: FinalState::Terminated }),
        stays: stays("pre 08:10 pre-1, or 08:11 or-1, or 08:12 or-2, pre 08:20 post-1"),
        ..process()
    });
    let vitals = (0..seconds).flat_map(|n| {
        VitalSign::ALL.iter().map(move |q| Sample::vital(second(n), *q, 60.0).unwrap())
    });
    sources.vital_signs = Series::new(vitals);
    for id in ["pre-1", "or-1", "or-2", "post-1"] {
        let climate = (0..seconds).flat_map(|n| {
            Climate::ALL.iter().map(move |q| Sample::climate(second(n), *q, 20.0).unwrap())
        });
        sources.climate.insert(room(id), Series::new(climate));
    }
    let began = Instant::now();
    let report = compose(sources, &PERIODS);
    let took = began.elapsed();
    let last = report.steps[&Step::PatientUnderObservation].vital_signs.get(VitalSign::HeartBeat);
    assert_eq!(last.inside.unwrap().count, u64::try_from(seconds - 600).unwrap());
    assert_eq!(last.covered_ms, u64::try_from((seconds - 600) * 1000).unwrap());
    // Unoptimised and on a busy machine it takes a fraction of this.
    assert!(took.as_secs() < 5, "took {took:?}");
}

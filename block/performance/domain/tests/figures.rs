//! Every figure, counted and not counted.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use performance_domain::entity::case::Case;
use performance_domain::entity::climate::{Compliance, Range, Wanted};
use performance_domain::entity::course::{Course, Span, Stay};
use performance_domain::entity::delay::{Explanation, Late, LateIn, Unasked, may_explain};
use performance_domain::entity::figures::{Figures, mean, median};
use performance_domain::entity::hours::{Hours, Shift};
use performance_domain::entity::plan::{CauseId, Plan, Status, SurgeryId, TheatreId};
use proptest::prelude::*;

fn at(time: &str) -> Timestamp {
    format!("2026-05-15T{time}:00Z").parse().unwrap()
}

fn day() -> Date {
    "2026-05-15".parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn hours() -> Hours {
    let shift =
        |from: &str, to: &str| Shift::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    let own = BTreeMap::from([(TheatreId::new("or-2").unwrap(), shift("08:00", "14:00"))]);
    Hours { zone: TimeZone::UTC, standard: shift("08:00", "18:00"), by_theatre: own }
}

fn plan(id: &str, theatre: &str, start: &str, length: i64) -> Plan {
    Plan {
        surgery: SurgeryId::new(format!("s-{id}")).unwrap(),
        kind: "Appendectomy".to_owned(),
        patient: performance_domain::entity::plan::PatientId::new(format!("pa-{id}")).unwrap(),
        theatre: Some(TheatreId::new(theatre).unwrap()),
        start: at(start),
        length: minutes(length),
        status: Status::Done,
    }
}

/// A course in one theatre: in, surgery from, surgery to, out.
fn course(id: &str, theatre: &str, times: [&str; 4]) -> Course {
    let [entered, begun, over, left] = times.map(at);
    Course {
        process: performance_domain::entity::plan::ProcessId::new(format!("p-{id}")).unwrap(),
        patient: performance_domain::entity::plan::PatientId::new(format!("pa-{id}")).unwrap(),
        surgery: Some(SurgeryId::new(format!("s-{id}")).unwrap()),
        kind: "Appendectomy".to_owned(),
        state: "TERMINATED".to_owned(),
        step: None,
        start: entered,
        end: Some(left),
        settled: true,
        stays: vec![Stay {
            theatre: TheatreId::new(theatre).unwrap(),
            span: Span { from: entered, to: Some(left) },
        }],
        surgery_time: Some(Span { from: begun, to: Some(over) }),
        climate: None,
    }
}

fn joined(plans: Vec<Plan>, courses: Vec<Course>) -> Vec<Case> {
    Case::join(plans, courses, BTreeMap::new())
}

/// The figures of a theatre.
fn of(cases: &[Case], theatre: &str, now: &str) -> Figures {
    let figures = Figures::of(cases, &hours(), at(now));
    figures[&(day(), TheatreId::new(theatre).unwrap())].clone()
}

#[test]
fn a_first_case_is_on_time_up_to_five_minutes_after_its_plan() {
    for (begun, on_time) in [("08:05", 1), ("08:06", 0), ("07:50", 1)] {
        let first = course("1", "or-1", ["07:45", begun, "09:00", "09:10"]);
        // The second is late, and no first case.
        let second = course("2", "or-1", ["09:40", "11:00", "12:00", "12:10"]);
        let plans = vec![plan("1", "or-1", "08:00", 60), plan("2", "or-1", "10:00", 60)];
        let figures = of(&joined(plans, vec![second, first]), "or-1", "18:00");
        assert_eq!((figures.first_cases, figures.first_on_time), (1, on_time), "{begun}");
    }
}

#[test]
fn a_first_case_that_has_not_begun_counts_once_it_is_too_late() {
    let waiting = Plan { status: Status::Booked, ..plan("1", "or-1", "08:00", 60) };
    let cases = joined(vec![waiting], vec![]);
    assert_eq!(of(&cases, "or-1", "08:05").first_cases, 0);
    let late = of(&cases, "or-1", "08:06");
    assert_eq!((late.first_cases, late.first_on_time), (1, 0));
}

#[test]
fn an_emergency_before_it_is_no_first_case() {
    let mut emergency = course("9", "or-1", ["05:00", "05:10", "06:00", "06:10"]);
    emergency.surgery = None;
    let first = course("1", "or-1", ["07:45", "08:00", "09:00", "09:10"]);
    let cases = joined(vec![plan("1", "or-1", "08:00", 60)], vec![emergency, first]);
    let figures = of(&cases, "or-1", "18:00");
    assert_eq!((figures.first_cases, figures.first_on_time), (1, 1));
}

#[test]
fn a_turnover_is_a_gap_of_ninety_minutes_at_most_in_one_theatre() {
    let courses = vec![
        course("1", "or-1", ["08:00", "08:10", "09:00", "09:10"]),
        course("2", "or-1", ["09:40", "09:50", "10:00", "10:10"]),
        course("3", "or-1", ["11:40", "11:50", "12:00", "12:10"]),
        course("4", "or-1", ["13:41", "13:50", "14:00", "14:10"]),
        course("5", "or-2", ["09:15", "09:20", "09:30", "09:35"]),
        // Entered while the former patient was still there.
        course("6", "or-1", ["14:05", "14:20", "14:30", "16:00"]),
        // Came and went meanwhile, so that the next one's entry is none either.
        course("7", "or-1", ["15:00", "15:05", "15:10", "15:20"]),
        course("8", "or-1", ["15:40", "15:50", "17:00", "17:10"]),
    ];
    let cases = joined(vec![], courses);
    assert_eq!(of(&cases, "or-1", "18:00").turnovers, [minutes(30), minutes(90)]);
    assert_eq!(of(&cases, "or-2", "18:00").turnovers, []);
}

#[test]
fn use_is_of_the_hours_so_far_and_of_every_theatre_that_was_entered() {
    let mut moved = course("1", "or-1", ["08:00", "08:10", "09:00", "09:00"]);
    let second = Span { from: at("09:00"), to: None };
    moved.stays.push(Stay { theatre: TheatreId::new("or-2").unwrap(), span: second });
    let cases = joined(vec![], vec![moved]);
    assert_eq!(cases[0].theatre().map(TheatreId::as_str), Some("or-2"));
    let first = of(&cases, "or-1", "10:00");
    assert_eq!((first.occupied, first.staffed), (minutes(60), minutes(120)));
    let second = of(&cases, "or-2", "10:00");
    assert_eq!((second.occupied, second.staffed), (minutes(60), minutes(120)));
    // Its own hours end earlier; before they begin there are none.
    assert_eq!(of(&cases, "or-2", "20:00").staffed, minutes(360));
    assert_eq!(of(&cases, "or-1", "20:00").staffed, minutes(600));
    assert_eq!(of(&cases, "or-1", "07:00").staffed, SignedDuration::ZERO);
}

#[test]
fn a_surgery_that_is_over_is_compared_with_its_plan() {
    let over = course("1", "or-1", ["08:00", "08:10", "09:30", "09:40"]);
    let mut under_way = course("2", "or-1", ["10:00", "10:10", "11:00", "11:00"]);
    under_way.surgery_time = Some(Span { from: at("10:10"), to: None });
    let plans = vec![plan("1", "or-1", "08:00", 60), plan("2", "or-1", "10:00", 60)];
    let figures = of(&joined(plans, vec![over, under_way]), "or-1", "18:00");
    assert_eq!(figures.overruns, [minutes(20)]);
}

#[test]
fn a_day_ends_when_everything_planned_is_done_and_everybody_out() {
    let courses = || {
        vec![
            course("1", "or-1", ["08:00", "08:10", "09:00", "09:10"]),
            course("2", "or-1", ["10:00", "10:10", "11:20", "11:40"]),
        ]
    };
    let plans = || vec![plan("1", "or-1", "08:00", 60), plan("2", "or-1", "10:00", 90)];
    assert_eq!(of(&joined(plans(), courses()), "or-1", "18:00").early_ends, [minutes(-10)]);
    let mut waiting = plans();
    waiting.push(Plan { status: Status::Booked, ..plan("3", "or-1", "16:00", 60) });
    assert_eq!(of(&joined(waiting, courses()), "or-1", "15:00").early_ends, []);
    let mut inside = courses();
    inside[1].stays[0].span.to = None;
    assert_eq!(of(&joined(plans(), inside), "or-1", "18:00").early_ends, []);
}

#[test]
fn what_was_called_off_counts_nowhere() {
    let off = Plan { status: Status::Cancelled, ..plan("1", "or-1", "08:00", 60) };
    assert!(Figures::of(&joined(vec![off], vec![]), &hours(), at("12:00")).is_empty());
}

#[test]
fn a_case_is_late_beyond_ten_minutes() {
    let late = |begun: &str, over: &str, now: &str| {
        let course = course("1", "or-1", ["07:45", begun, over, over]);
        let cases = joined(vec![plan("1", "or-1", "08:00", 60)], vec![course]);
        Late::of(&cases[0], at(now)).map(|late| (late.kind, late.by))
    };
    assert_eq!(late("08:10", "09:20", "12:00"), None);
    assert_eq!(late("08:11", "09:00", "12:00"), Some((LateIn::Start, minutes(11))));
    assert_eq!(late("08:00", "09:11", "12:00"), Some((LateIn::Duration, minutes(11))));
    // What began late is asked about its beginning.
    assert_eq!(late("08:30", "11:00", "12:00"), Some((LateIn::Start, minutes(30))));
    let waiting = |status| {
        let plan = Plan { status, ..plan("1", "or-1", "08:00", 60) };
        Late::of(&joined(vec![plan], vec![])[0], at("08:11")).map(|late| late.by)
    };
    assert_eq!(waiting(Status::Booked), Some(minutes(11)));
    assert_eq!(waiting(Status::Cancelled), None);
    let emergency = course("1", "or-1", ["07:45", "08:00", "12:00", "12:00"]);
    assert_eq!(Late::of(&joined(vec![], vec![emergency])[0], at("12:00")), None);
}

#[test]
fn the_team_says_once_why_and_a_manager_corrects() {
    let now = at("12:00");
    let case = |begun| {
        let course = course("1", "or-1", ["07:45", begun, "09:00", "09:10"]);
        joined(vec![plan("1", "or-1", "08:00", 60)], vec![course]).remove(0)
    };
    assert_eq!(may_explain(&case("08:00"), now, true), Err(Unasked::NotLate));
    assert_eq!(may_explain(&case("08:20"), now, false), Ok(()));
    let staff = CauseId::new("staff").unwrap();
    let explanation = Some(Explanation { cause: staff, by: "nina".to_owned(), at: now });
    let explained = Case { explanation: explanation.clone(), ..case("08:20") };
    assert_eq!(may_explain(&explained, now, false), Err(Unasked::Explained));
    assert_eq!(may_explain(&explained, now, true), Ok(()));
    let late_no_more = Case { explanation, ..case("08:00") };
    assert_eq!(may_explain(&late_no_more, now, true), Ok(()));
}

#[test]
fn late_cases_are_counted_by_cause() {
    let first = course("1", "or-1", ["07:45", "08:20", "09:00", "09:10"]);
    let second = course("2", "or-1", ["09:40", "10:30", "11:00", "11:10"]);
    let cause = CauseId::new("staff").unwrap();
    let explanation = Explanation { cause: cause.clone(), by: "nina".to_owned(), at: at("09:00") };
    let said = BTreeMap::from([(first.process.clone(), explanation)]);
    let plans = vec![plan("1", "or-1", "08:00", 60), plan("2", "or-1", "10:00", 60)];
    let cases = Case::join(plans, vec![first, second], said);
    let delays = of(&cases, "or-1", "18:00").delays;
    let expected = [(None, (1, minutes(30))), (Some(cause), (1, minutes(20)))];
    assert_eq!(delays, BTreeMap::from(expected));
}

#[test]
fn cases_are_listed_by_plan_and_a_booking_is_used_once() {
    let mut again = course("1", "or-1", ["12:00", "12:10", "13:00", "13:10"]);
    again.process = performance_domain::entity::plan::ProcessId::new("p-again").unwrap();
    let first = course("1", "or-1", ["07:45", "08:00", "09:00", "09:10"]);
    let plans = vec![plan("3", "or-2", "11:00", 60), plan("1", "or-1", "08:00", 60)];
    let cases = joined(plans, vec![first, again]);
    let listed: Vec<_> = cases
        .iter()
        .map(|case| (case.plan.is_some(), case.course.as_ref().map(|it| it.process.as_str())))
        .collect();
    assert_eq!(listed, [(true, Some("p-1")), (true, None), (false, Some("p-again"))]);
}

#[test]
fn a_week_is_not_the_mean_of_its_days() {
    let mut week = Figures { turnovers: vec![minutes(10)], ..Figures::default() };
    let turnovers = vec![minutes(20), minutes(60)];
    week.add(&Figures { turnovers, first_cases: 2, first_on_time: 1, ..Figures::default() });
    assert_eq!(median(&week.turnovers), Some(minutes(20)));
    assert_eq!(mean(&week.turnovers), Some(minutes(30)));
    assert_eq!((week.first_cases, week.first_on_time), (2, 1));
    assert_eq!(median(&[minutes(10), minutes(20)]), Some(minutes(15)));
    assert_eq!((median(&[]), mean(&[])), (None, None));
}

const WANTED: Wanted = Wanted {
    temperature: Range { low: 20.0, high: 24.0 },
    humidity: Range { low: 20.0, high: 60.0 },
};

#[test]
fn a_climate_counts_while_both_are_known() {
    let span = (at("08:00"), at("08:10"));
    let temperature = [(at("07:59"), 25.0), (at("08:01"), 24.0), (at("08:02"), 24.1)];
    let humidity: Vec<_> = (0..10).map(|n| (at(&format!("08:{n:02}")), 60.0)).collect();
    let compliance = Compliance::of(span, &temperature, &humidity, WANTED);
    // The value of 07:59 has just ceased to hold, that of 08:02 holds for a minute.
    let expected = Compliance { in_range: minutes(1), known: minutes(2), total: minutes(10) };
    assert_eq!(compliance, expected);
    let none = Compliance::of(span, &[], &humidity, WANTED);
    assert_eq!((none.known, none.total), (minutes(0), minutes(10)));
}

proptest! {
    #[test]
    fn time_in_range_is_known_and_known_time_is_of_the_whole(
        temperature in proptest::collection::vec((0_i64..1_800, 15.0_f64..30.0), 0..60),
        humidity in proptest::collection::vec((0_i64..1_800, 10.0_f64..80.0), 0..60),
        begin in 0_i64..900, length in 1_i64..900,
    ) {
        let from = at("08:00");
        let instant = |s: i64| from + SignedDuration::from_secs(s);
        let curve = |mut samples: Vec<(i64, f64)>| {
            samples.sort_by_key(|(s, _)| *s);
            samples.into_iter().map(|(s, value)| (instant(s), value)).collect::<Vec<_>>()
        };
        let (temperature, humidity) = (curve(temperature), curve(humidity));
        let span = (instant(begin), instant(begin + length));
        let all = Compliance::of(span, &temperature, &humidity, WANTED);
        prop_assert_eq!(all.total, SignedDuration::from_secs(length));
        prop_assert!(SignedDuration::ZERO <= all.in_range && all.in_range <= all.known);
        prop_assert!(all.known <= all.total);
        // Two halves are the whole.
        let middle = instant(begin + length / 2);
        let mut halves = Compliance::default();
        for part in [(span.0, middle), (middle, span.1)] {
            if part.0 < part.1 {
                halves += Compliance::of(part, &temperature, &humidity, WANTED);
            }
        }
        prop_assert_eq!(halves, all);
    }
}

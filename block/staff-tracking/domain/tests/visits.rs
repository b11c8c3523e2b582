//! Visits and what is counted of them, by hand and against positions at every instant.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use staff_tracking_domain::entity::{
    Movement, Passage, Presence, Stay,
    visits::{
        Span, Visit, co_presence, dwell_times, fits_in, headcount, one_room_at_a_time, visits,
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

/// Reads such as `5 hp-1 +or-1`.
fn movements(reads: &str) -> Vec<Movement> {
    let read = |read: &str| {
        let [second, who, door] = read.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let (way, room) = door.split_at(1);
        Movement {
            at: at(second.parse().unwrap()),
            passage: if way == "+" { Passage::Entered } else { Passage::Left },
            professional: who.parse().unwrap(),
            room: room.parse().unwrap(),
        }
    };
    reads.split(", ").filter(|text| !text.is_empty()).map(read).collect()
}

fn span(from: i64, to: i64) -> Span {
    Span::new(at(from), at(to)).unwrap()
}

/// Who is where at an instant, by the plainest rule.
fn inside_at(movements: &[Movement], second: i64) -> Vec<Stay> {
    let mut people: BTreeMap<_, Presence> = BTreeMap::new();
    for movement in movements.iter().filter(|movement| movement.at <= at(second)) {
        people.entry(movement.professional.clone()).or_default().observe(movement);
    }
    let stay = |(professional, presence): (_, Presence)| {
        let (since, room) = presence.inside()?;
        Some(Stay { since, professional, room: room.clone() })
    };
    people.into_iter().filter_map(stay).collect()
}

fn found(reads: &str, span: Span) -> Vec<Visit> {
    let movements = movements(reads);
    let second = span.from().as_second() - 1_000_000;
    visits(&inside_at(&movements, second), &movements, span)
}

fn brief(visits: &[Visit]) -> String {
    let second = |at: Timestamp| at.as_second() - 1_000_000;
    let brief = |visit: &Visit| {
        let until = visit.until.map_or(String::new(), |until| second(until).to_string());
        format!("{} {} {}..{until}", visit.professional, visit.room, second(visit.since))
    };
    visits.iter().map(brief).collect::<Vec<_>>().join(", ")
}

#[test]
fn visits_follow_positions() {
    for (reads, expected) in [
        ("", ""),
        ("5 a +x, 9 a -x", "a x 5..9"),
        ("5 a +x", "a x 5.."),
        // Read twice on the way in; a missed exit; a late exit at the old door.
        ("5 a +x, 6 a +x, 9 a -x", "a x 5..9"),
        ("5 a +x, 7 a +y, 9 a -y", "a x 5..7, a y 7..9"),
        ("5 a +x, 7 a +y, 8 a -x, 9 a -y", "a x 5..7, a y 7..9"),
        // Out and in at one instant are two visits; in and out are none.
        ("5 a +x, 7 a -x, 7 a +x, 9 a -x", "a x 5..7, a x 7..9"),
        ("5 a -x, 6 a +x, 6 a +y", "a y 6.."),
        // From before, beyond the end, and at the ends.
        ("-5 a +x, 3 a -x", "a x 0..3"),
        ("-5 a +x, 0 a -x", ""),
        ("20 a +x", "a x 20.."),
        ("20 a +x, 20 a -x, 20 b +x, 20 b +y", "a x 20.., b y 20.."),
        ("0 a +x, 20 a -x", "a x 0..20"),
        ("25 a +x", ""),
        ("5 b +x, 5 a +x, 6 b -x", "a x 5.., b x 5..6"),
    ] {
        assert_eq!(brief(&found(reads, span(0, 20))), expected, "{reads}");
    }
}

#[test]
fn durations_headcounts_and_meetings() {
    let span = span(0, 20);
    let visits = found(
        "-5 a +x, 4 a -x, 6 a +x, 8 a -x, 2 b +x, 7 b +y, 9 b -y, 7 a +y, 3 c +x, 3 c -x, 20 d +x",
        span,
    );
    let dwells: Vec<String> = dwell_times(&visits, span)
        .iter()
        .map(|d| format!("{} {} {} {}", d.professional, d.room, d.for_ms, d.visits))
        .collect();
    assert_eq!(
        dwells,
        ["a x 5000 2", "a y 13000 1", "b x 5000 1", "b y 2000 1", "c x 17000 1", "d x 0 1"]
    );
    let met: Vec<String> = co_presence(&visits, &"a".parse().unwrap(), span)
        .iter()
        .map(|c| format!("{} {} {}", c.professional, c.room, c.for_ms))
        .collect();
    assert_eq!(met, ["b x 3000", "b y 2000", "c x 2000"]);
    let counts: Vec<String> = headcount(&visits, &"x".parse().unwrap(), span)
        .iter()
        .map(|h| format!("{}:{}", h.at.as_second() - 1_000_000, h.count))
        .collect();
    assert_eq!(counts, ["0:1", "2:2", "3:3", "4:2", "6:3", "7:1", "20:2"]);
    let empty = headcount(&visits, &"z".parse().unwrap(), span);
    assert_eq!(empty.len(), 1);
    assert!(Span::new(at(1), at(0)).is_err());
}

proptest! {
    /// At every instant of the span the visits say what the positions say.
    #[test]
    fn visits_agree_with_positions(
        reads in prop::collection::vec((-5_i64..25, 0..3_usize, 0..3_usize, any::<bool>()), 0..40),
    ) {
        let movements: Vec<Movement> = reads
            .iter()
            .map(|(second, who, room, entered)| Movement {
                at: at(*second),
                passage: if *entered { Passage::Entered } else { Passage::Left },
                professional: format!("p{who}").parse().unwrap(),
                room: format!("r{room}").parse().unwrap(),
            })
            .collect();
        let span = span(0, 20);
        let visits = visits(&inside_at(&movements, 0), &movements, span);
        prop_assert!(one_room_at_a_time(&visits));
        prop_assert!(fits_in(&dwell_times(&visits, span), span));
        for second in 0..20 {
            let mut expected: Vec<String> = inside_at(&movements, second)
                .iter()
                .map(|stay| format!("{} {}", stay.professional, stay.room))
                .collect();
            let mut found: Vec<String> = visits
                .iter()
                .filter(|v| v.since <= at(second) && v.until.is_none_or(|until| at(second) < until))
                .map(|v| format!("{} {}", v.professional, v.room))
                .collect();
            expected.sort();
            found.sort();
            prop_assert_eq!(&found, &expected, "at {}", second);
            let inside: usize = ["r0", "r1", "r2"]
                .iter()
                .map(|room| {
                    let points = headcount(&visits, &room.parse().unwrap(), span);
                    let point = points.iter().rfind(|point| point.at <= at(second)).unwrap();
                    usize::try_from(point.count).unwrap()
                })
                .sum();
            prop_assert_eq!(inside, expected.len());
        }
    }
}

#[test]
fn somebody_in_two_rooms_and_a_stay_before_its_beginning_are_found() {
    let visit = |room: &str, since, until| Visit {
        professional: "p".parse().unwrap(),
        room: room.parse().unwrap(),
        since: at(since),
        until: Some(at(until)),
    };
    assert!(one_room_at_a_time(&[visit("a", 0, 5), visit("b", 5, 7)]));
    assert!(!one_room_at_a_time(&[visit("a", 0, 6), visit("b", 5, 7)]));
    let span = span(0, 20);
    assert!(fits_in(&dwell_times(&[visit("a", 0, 20)], span), span));
    assert!(!fits_in(&dwell_times(&[visit("a", 6, 5)], span), span));
    assert!(!fits_in(&dwell_times(&[visit("a", 0, 21)], span), span));
}

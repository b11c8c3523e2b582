//! Where people are, as tables and as laws. Every case runs in every order with every passage
//! delivered twice.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Strategy, prop, prop_assert_eq, proptest};
use staff_tracking_domain::{
    entity::{Movement, Passage, Presence, ProfessionalId, Stay},
    usecase::{
        TrackingStore, contract, inside_at, memory::MemoryStore, record_movements, whereabouts_at,
    },
};

#[test]
fn follows_doors() {
    check("08:00 +or-1", "or-1");
    check("08:00 +or-1, 08:30 -or-1", "outside");
    check("08:00 +or-1, 08:05 +or-2", "or-2"); // missed exit
    check("08:00 +or-1, 08:05 +or-2, 08:06 -or-1", "or-2"); // old door read last
    check("08:00 +or-1, 08:05 +or-2, 08:09 -or-2", "outside");
    check("08:00 -or-1, 08:05 +or-1, 08:09 -or-1", "outside"); // went in and out again
    check("08:00 -or-1", "outside"); // entry missed
    check("08:05 -or-1, 08:05 +or-1", "or-1"); // one instant: out, then in
    check("08:00 +or-1, 08:05 -or-1, 08:05 +or-1", "or-1");
    check("08:00 +or-1, 08:05 +or-2, 08:05 -or-1", "or-2"); // a move in one instant
    check("08:05 +or-1, 08:05 +or-2", "or-2"); // two doors in one instant: the greater room
}

#[test]
fn tells_the_past() {
    let day = "08:00 +or-1, 08:05 +or-2, 08:06 -or-1, 08:10 -or-2, 08:20 +or-1";
    check_at(day, "07:59", "outside");
    check_at(day, "08:00", "or-1");
    check_at(day, "08:04", "or-1");
    check_at(day, "08:05", "or-2");
    check_at(day, "08:09", "or-2");
    check_at(day, "08:10", "outside");
    check_at(day, "08:19", "outside");
    check_at(day, "23:00", "or-1");
}

#[test]
fn ids_have_characters_and_no_controls() {
    assert!("hp-7".parse::<ProfessionalId>().is_ok());
    for wrong in ["", "  ", "a\u{1}b", "\n"] {
        assert!(wrong.parse::<ProfessionalId>().is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn the_memory_store_keeps_its_promises() {
    contract::suite(&MemoryStore::default()).await.unwrap();
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(movements in movements(), seed in shuffles()) {
        let mut disordered: Vec<Movement> =
            movements.iter().chain(&movements).cloned().collect();
        for (a, b) in seed {
            let length = disordered.len().max(1);
            if !disordered.is_empty() {
                disordered.swap(a % length, b % length);
            }
        }
        let straight = MemoryStore::default();
        let shuffled = MemoryStore::default();
        block_on(async {
            record_movements(&straight, &movements).await.unwrap();
            for movement in &disordered {
                record_movements(&shuffled, std::slice::from_ref(movement)).await.unwrap();
            }
            for minute in 0..12 {
                let at = instant(minute);
                prop_assert_eq!(
                    inside_at(&straight, at).await.unwrap(),
                    inside_at(&shuffled, at).await.unwrap()
                );
            }
            for who in straight.seen().await.unwrap() {
                prop_assert_eq!(
                    straight.load(&who).await.unwrap().presence,
                    shuffled.load(&who).await.unwrap().presence
                );
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_past_is_what_the_present_was(movements in movements(), minute in 0_u8..12) {
        let at = instant(minute);
        let store = MemoryStore::default();
        let mut presence = std::collections::BTreeMap::<ProfessionalId, Presence>::new();
        for movement in movements.iter().filter(|movement| movement.at <= at) {
            presence.entry(movement.professional.clone()).or_default().observe(movement);
        }
        let mut expected: Vec<Stay> = presence
            .iter()
            .filter_map(|(who, presence)| {
                let (since, room) = presence.inside()?;
                Some(Stay { since, professional: who.clone(), room: room.clone() })
            })
            .collect();
        expected.sort();
        let actual = block_on(async {
            record_movements(&store, &movements).await.unwrap();
            inside_at(&store, at).await.unwrap()
        });
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn a_presence_survives_its_parts(movements in movements()) {
        let mut presence = Presence::default();
        for movement in &movements {
            presence.observe(movement);
        }
        let entered = presence.entered().map(|(at, room)| (at, room.clone()));
        prop_assert_eq!(&Presence::from_parts(entered, presence.left().clone()), &presence);
    }
}

fn movements() -> impl Strategy<Value = Vec<Movement>> {
    let movement =
        (0_u8..10, prop::bool::ANY, 0_u8..3, 0_u8..3).prop_map(|(minute, entered, who, room)| {
            Movement {
                at: instant(minute),
                passage: if entered { Passage::Entered } else { Passage::Left },
                professional: format!("hp-{who}").parse().unwrap(),
                room: format!("or-{room}").parse().unwrap(),
            }
        });
    prop::collection::vec(movement, 0..12)
}

fn shuffles() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0_usize..24, 0_usize..24), 0..40)
}

fn check(reads: &str, expected: &str) {
    check_at(reads, "23:59", expected);
}

/// The single place that knows the API; `+` enters, `-` leaves.
fn check_at(reads: &str, at: &str, expected: &str) {
    let who: ProfessionalId = "hp-7".parse().unwrap();
    let mut reads: Vec<Movement> = reads.split(", ").map(|read| parse(&who, read)).collect();
    permute(&mut reads, 0, &mut |order| {
        block_on(async {
            let store = MemoryStore::default();
            for read in order.iter().flat_map(|read| [read, read]) {
                record_movements(&store, std::slice::from_ref(read)).await.unwrap();
            }
            let stay = whereabouts_at(&store, &who, time(at)).await.unwrap();
            let actual = stay.map_or_else(|| "outside".to_owned(), |stay| stay.room.to_string());
            assert_eq!(actual, expected, "at {at} after {order:?}");
            if at == "23:59" {
                let kept = store.load(&who).await.unwrap();
                let now = kept.presence.inside().map_or("outside", |(_, room)| room.as_ref());
                assert_eq!(now, expected, "now after {order:?}");
            }
        });
    });
}

fn permute(reads: &mut Vec<Movement>, from: usize, visit: &mut impl FnMut(&[Movement])) {
    if from == reads.len() {
        return visit(reads);
    }
    for next in from..reads.len() {
        reads.swap(from, next);
        permute(reads, from + 1, visit);
        reads.swap(from, next);
    }
}

fn parse(who: &ProfessionalId, read: &str) -> Movement {
    let (at, door) = read.split_once(' ').unwrap();
    let (passage, room) = match door.split_at(1) {
        ("+", room) => (Passage::Entered, room),
        (_, room) => (Passage::Left, room),
    };
    Movement { at: time(at), passage, professional: who.clone(), room: room.parse().unwrap() }
}

fn time(clock: &str) -> Timestamp {
    format!("2026-05-15T{clock}:00Z").parse().unwrap()
}

fn instant(minute: u8) -> Timestamp {
    time("08:00") + SignedDuration::from_mins(i64::from(minute))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

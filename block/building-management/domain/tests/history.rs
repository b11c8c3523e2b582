//! Histories: the same samples in any order, any number of times, give the same answers; pages
//! joined are the whole.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use building_management_domain::{
    entity::{
        environment::{Celsius, Environment, Lux, Percent, Place, Reading, Sample, Snapshot},
        place::{Room, RoomRecord, RoomState, RoomType},
    },
    usecase::{
        history::{environment_at, page, total},
        memory::MemoryStore,
        ports::Measurements,
    },
};
use jiff::Timestamp;
use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

#[test]
fn values_have_ranges() {
    assert!([-50.0, 100.0].iter().all(|value| Celsius::new(*value).is_ok()));
    assert!([-50.1, 100.1, f64::NAN].iter().all(|value| Celsius::new(*value).is_err()));
    assert!([0.0, 100.0].iter().all(|value| Percent::new(*value).is_ok()));
    assert!([-0.1, 100.1, f64::NAN].iter().all(|value| Percent::new(*value).is_err()));
    assert!([0.0, 200_000.0].iter().all(|value| Lux::new(*value).is_ok()));
    assert!([-0.1, f64::INFINITY, f64::NAN].iter().all(|value| Lux::new(*value).is_err()));
}

#[tokio::test]
async fn snapshots_are_cumulative_and_bounds_are_from_exclusive_to_inclusive() {
    let store = MemoryStore::default();
    let samples = [
        sample(0, Reading::Temperature(Celsius::new(20.0).unwrap()), "1"),
        sample(10, Reading::Presence(true), "2"),
        sample(10, Reading::Temperature(Celsius::new(21.0).unwrap()), "3"),
        sample(20, Reading::Humidity(Percent::new(50.0).unwrap()), "4"),
    ];
    store.keep_samples(&samples).await.unwrap();
    let all = page(&store, &record(None), Place::end_of(at(0)), at(20), 100).await.unwrap();
    let written: Vec<String> = all.iter().map(brief).collect();
    assert_eq!(
        written,
        ["10 Temperature 21/-/-/-", "10 Presence 21/-/-/true", "20 Humidity 21/50/-/true"]
    );
    assert_eq!(total(&store, &record(None), at(0), at(20)).await.unwrap(), 3);
    let empty = page(&store, &record(None), Place::end_of(at(20)), at(99), 100).await.unwrap();
    assert_eq!(empty, []);
}

#[tokio::test]
async fn a_room_does_not_inherit_from_a_former_one() {
    let store = MemoryStore::default();
    let warm = Reading::Temperature(Celsius::new(20.0).unwrap());
    store.keep_samples(&[sample(5, warm, "1")]).await.unwrap();
    let new = record(Some(at(5)));
    assert_eq!(environment_at(&store, &new, at(9)).await.unwrap(), Environment::default());
    assert_eq!(page(&store, &new, Place::end_of(at(0)), at(9), 9).await.unwrap(), []);
    assert_eq!(total(&store, &new, at(0), at(9)).await.unwrap(), 0);
    let old = record(Some(at(4)));
    let known = environment_at(&store, &old, at(9)).await.unwrap();
    assert_eq!(known.temperature, Some(Celsius::new(20.0).unwrap()));
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        samples in samples(),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
    ) {
        let mut disordered: Vec<Sample> = samples.iter().chain(&samples).cloned().collect();
        if !disordered.is_empty() {
            for (a, b) in swaps {
                let (a, b) = (a.index(disordered.len()), b.index(disordered.len()));
                disordered.swap(a, b);
            }
        }
        block_on(async {
            let straight = MemoryStore::default();
            straight.keep_samples(&samples).await.unwrap();
            let shuffled = MemoryStore::default();
            for sample in disordered {
                shuffled.keep_samples(&[sample]).await.unwrap();
            }
            let all = |store| async move {
                page(store, &record(None), Place::end_of(at(-1)), at(99), 1_000).await.unwrap()
            };
            prop_assert_eq!(all(&straight).await, all(&shuffled).await);
            Ok(())
        })?;
    }

    #[test]
    fn pages_joined_are_the_whole(samples in samples(), size in 1_usize..5, from in -1_i64..6) {
        block_on(async {
            let store = MemoryStore::default();
            store.keep_samples(&samples).await.unwrap();
            let start = Place::end_of(at(from));
            let whole = page(&store, &record(None), start, at(5), 1_000).await.unwrap();
            let mut joined: Vec<Snapshot> = Vec::new();
            loop {
                let behind = joined.last().map_or(start, |last| last.place);
                let part = page(&store, &record(None), behind, at(5), size).await.unwrap();
                if part.is_empty() {
                    break;
                }
                joined.extend(part);
            }
            prop_assert_eq!(&joined, &whole);
            let count = total(&store, &record(None), at(from), at(5)).await.unwrap();
            prop_assert_eq!(usize::try_from(count).unwrap(), whole.len());
            if let Some(last) = whole.last() {
                let then = environment_at(&store, &record(None), at(5)).await.unwrap();
                prop_assert_eq!(then, last.environment);
            }
            Ok(())
        })?;
    }
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let one = (0_i64..6, 0_u8..4, 0_u8..3, 0_u16..1000);
    prop::collection::vec(one, 0..24).prop_map(|all| {
        let tell = |(told_by, (second, quantity, value, _)): (usize, (i64, u8, u8, u16))| {
            let value = f64::from(value);
            let reading = match quantity {
                0 => Reading::Temperature(Celsius::new(value).unwrap()),
                1 => Reading::Humidity(Percent::new(value).unwrap()),
                2 => Reading::Luminosity(Lux::new(value).unwrap()),
                _ => Reading::Presence(0.0 < value),
            };
            sample(second, reading, &format!("{told_by:016}"))
        };
        all.into_iter().enumerate().map(tell).collect()
    })
}

fn brief(snapshot: &Snapshot) -> String {
    let Environment { temperature, humidity, luminosity, presence } = snapshot.environment;
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| value.to_string());
    format!(
        "{} {:?} {}/{}/{}/{}",
        snapshot.place.at.as_second() - at(0).as_second(),
        snapshot.place.quantity,
        number(temperature.map(Celsius::get)),
        number(humidity.map(Percent::get)),
        number(luminosity.map(Lux::get)),
        presence.map_or("-".to_owned(), |value| value.to_string()),
    )
}

fn sample(second: i64, reading: Reading, told_by: &str) -> Sample {
    Sample { room: "or-1".parse().unwrap(), at: at(second), reading, told_by: told_by.to_owned() }
}

fn record(history_after: Option<Timestamp>) -> RoomRecord {
    let room = Room {
        id: "or-1".parse().unwrap(),
        name: "Theatre".to_owned(),
        zone: "zone-1".parse().unwrap(),
        room_type: RoomType::OperatingRoom,
    };
    RoomRecord { room, created_at: at(0), history_after, state: RoomState::Standing }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

//! What every implementation of the stores must do, as suites that any can be put through.

use std::fmt::Debug;

use jiff::Timestamp;

use crate::{
    entity::{
        environment::{Celsius, OutOfRange, Percent, Place, Quantity, Reading, Sample},
        place::{InvalidText, Room, RoomId, RoomRecord, RoomState, RoomType},
        technology::{
            EmptyWording, Placement, Placements, Technology, TechnologyId, TechnologyRecord,
            TechnologyState, TechnologyType, Usage,
        },
    },
    usecase::ports::{Kept, Measurements, Registry, SaveError, StoreError},
};

/// What an implementation did wrong.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It answered something else than promised.
    #[error("{promise}: answered {answer}")]
    Promise {
        /// The promise.
        promise: &'static str,
        /// The answer.
        answer: String,
    },
    /// It failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// It refused what it had to save.
    #[error("the store did not save")]
    Save(#[from] SaveError),
    /// The suite itself is wrong.
    #[error("a text of the suite is invalid")]
    Text(#[from] InvalidText),
    /// The suite itself is wrong.
    #[error("a wording of the suite is invalid")]
    Wording(#[from] EmptyWording),
    /// The suite itself is wrong.
    #[error("a value of the suite is invalid")]
    Value(#[from] OutOfRange),
    /// The suite itself is wrong.
    #[error("an instant of the suite is out of range")]
    Instant(#[from] jiff::Error),
}

/// Puts an empty store through every promise of [`Registry`].
///
/// # Errors
///
/// The first promise broken.
pub async fn registry(store: &impl Registry) -> Result<(), Broken> {
    rooms(store).await?;
    technologies(store).await
}

async fn rooms(store: &impl Registry) -> Result<(), Broken> {
    let room: RoomId = "or-1".parse()?;
    let mut record = RoomRecord {
        room: Room {
            id: room.clone(),
            name: String::new(),
            zone: "zone-1".parse()?,
            room_type: RoomType::OperatingRoom,
        },
        created_at: at(0)?,
        history_after: None,
        state: RoomState::Creating,
    };
    expect("an unknown room is none", &store.room(&room).await?, &None)?;
    expect_conflict("a save of what is not there", store.save_room(&record, 3).await)?;
    let version = store.save_room(&record, 0).await?;
    expect_conflict("a second first save", store.save_room(&record, 0).await)?;
    let kept = Kept { record: record.clone(), version };
    expect("a saved room is read", &store.room(&room).await?, &Some(kept.clone()))?;
    expect("an intent is unfinished", &store.unfinished_rooms().await?, &vec![kept])?;

    record.state = RoomState::Standing;
    record.history_after = Some(at(1)?);
    let next = store.save_room(&record, version).await?;
    expect_conflict("a stale save", store.save_room(&record, version).await)?;
    expect("a standing room is finished", &store.unfinished_rooms().await?, &Vec::new())?;
    for state in [
        RoomState::Changing(Room { name: "New".to_owned(), ..record.room.clone() }),
        RoomState::Removing(at(2)?),
        RoomState::Removed(at(3)?),
    ] {
        record.state = state;
        let kept = store.room(&room).await?.map_or(0, |kept| kept.version);
        let version = store.save_room(&record, kept).await?;
        let read = store.room(&room).await?;
        expect("every state is read", &read, &Some(Kept { record: record.clone(), version }))?;
    }
    expect_conflict("a stale erasure", store.erase_room(&room, next).await.map(|()| 0))?;
    let version = store.room(&room).await?.map_or(0, |kept| kept.version);
    store.erase_room(&room, version).await?;
    expect("an erased room is none", &store.room(&room).await?, &None)
}

async fn technologies(store: &impl Registry) -> Result<(), Broken> {
    let id: TechnologyId = "endo-1".parse()?;
    let first: RoomId = "or-1".parse()?;
    let second: RoomId = "or-2".parse()?;
    let placed = |second, room: Option<&RoomId>| {
        Ok::<_, Broken>(Placement { at: at(second)?, room: room.cloned() })
    };
    let mut record = TechnologyRecord {
        technology: Technology {
            id: id.clone(),
            name: "Endoscope".parse()?,
            description: "Flexible".parse()?,
            technology_type: TechnologyType::Endoscope,
        },
        placements: Placements::from_iter([placed(5, Some(&first))?, placed(9, Some(&second))?]),
        history_after: Some(at(1)?),
        state: TechnologyState::Creating,
    };
    expect("an unknown technology is none", &store.technology(&id).await?, &None)?;
    let mut version = store.save_technology(&record, 0).await?;
    expect_conflict("a second first save", store.save_technology(&record, 0).await)?;
    expect("what is being created is nowhere", &store.technologies_in(&second).await?, &vec![])?;
    for state in [
        TechnologyState::Standing,
        TechnologyState::Placing(placed(12, None)?),
        TechnologyState::Removing(at(20)?),
        TechnologyState::Removed(at(20)?),
    ] {
        record.state = state;
        version = store.save_technology(&record, version).await?;
        let kept = Kept { record: record.clone(), version };
        expect("every state is read", &store.technology(&id).await?, &Some(kept.clone()))?;
        let unfinished = store.unfinished_technologies().await?;
        let expected = if record.is_unfinished() { vec![kept.clone()] } else { vec![] };
        expect("intents are unfinished", &unfinished, &expected)?;
        let here = store.technologies_in(&second).await?;
        let expected = if record.is_there() { vec![kept] } else { vec![] };
        expect("the newest placement is the room", &here, &expected)?;
        expect("no former room", &store.technologies_in(&first).await?, &vec![])?;
    }
    store.erase_technology(&id, version).await?;
    expect("an erased technology is none", &store.technology(&id).await?, &None)
}

/// Puts an empty store through every promise of [`Measurements`].
///
/// # Errors
///
/// The first promise broken.
pub async fn measurements(store: &impl Measurements) -> Result<(), Broken> {
    samples(store).await?;
    usages(store).await
}

async fn samples(store: &impl Measurements) -> Result<(), Broken> {
    let room: RoomId = "or-1".parse()?;
    let sample = |second, reading, told_by: &str| {
        Ok::<_, Broken>(Sample {
            room: room.clone(),
            at: at(second)?,
            reading,
            told_by: told_by.to_owned(),
        })
    };
    let warm = sample(10, Reading::Temperature(Celsius::new(24.5)?), "2")?;
    let humid = sample(10, Reading::Humidity(Percent::new(57.0)?), "3")?;
    let there = sample(10, Reading::Presence(true), "4")?;
    let warmer = sample(20, Reading::Temperature(Celsius::new(25.0)?), "5")?;
    let elsewhere = Sample { room: "or-10".parse()?, ..warm.clone() };
    store.keep_samples(&[warmer.clone(), there.clone(), humid.clone(), elsewhere]).await?;
    store.keep_samples(&[warm.clone(), warm.clone(), humid.clone()]).await?;
    store
        .keep_samples(&[Sample {
            reading: Reading::Temperature(Celsius::new(1.0)?),
            told_by: "1".to_owned(),
            ..warm.clone()
        }])
        .await?;

    let all = [warm.clone(), humid.clone(), there.clone(), warmer.clone()];
    let start = Place::end_of(at(0)?);
    let read = store.samples(&room, start, at(99)?, 100).await?;
    expect("each once, by time and quantity; the greater teller stays", &read, &all.to_vec())?;
    let read = store.samples(&room, start, at(19)?, 2).await?;
    expect("the limit counts from the first", &read, &vec![warm.clone(), humid.clone()])?;
    let behind = Place { at: at(10)?, quantity: Quantity::Temperature };
    let read = store.samples(&room, behind, at(10)?, 100).await?;
    expect("behind is exclusive, the end inclusive", &read, &vec![humid.clone(), there])?;
    let count = store.count_samples(&room, at(9)?, at(20)?).await?;
    expect("the count includes the end", &count, &4)?;
    let count = store.count_samples(&room, at(10)?, at(19)?).await?;
    expect("the count excludes the beginning", &count, &0)?;

    let corrected = Sample {
        reading: Reading::Humidity(Percent::new(58.0)?),
        told_by: "6".to_owned(),
        ..humid
    };
    store.keep_samples(std::slice::from_ref(&corrected)).await?;
    let last = |quantity, after, not_after| store.last_sample(&room, quantity, after, not_after);
    let found = last(Quantity::Humidity, None, at(99)?).await?;
    expect("a greater teller replaces", &found, &Some(corrected))?;
    let found = last(Quantity::Temperature, None, at(20)?).await?;
    expect("the newest is found", &found, &Some(warmer))?;
    let found = last(Quantity::Temperature, None, at(19)?).await?;
    expect("the newest until then is found", &found, &Some(warm))?;
    let found = last(Quantity::Temperature, Some(at(10)?), at(19)?).await?;
    expect("the beginning is excluded", &found, &None)?;
    expect("nothing was measured", &last(Quantity::Luminosity, None, at(99)?).await?, &None)
}

async fn usages(store: &impl Measurements) -> Result<(), Broken> {
    let technology: TechnologyId = "endo-1".parse()?;
    let usage = |second, in_use, told_by: &str| {
        let told_by = told_by.to_owned();
        Ok::<_, Broken>(Usage { technology: technology.clone(), at: at(second)?, in_use, told_by })
    };
    let off = usage(20, false, "2")?;
    let on = usage(10, true, "1")?;
    store.keep_usages(&[off.clone(), on.clone(), off.clone()]).await?;
    let last = |after, not_after| store.last_usage(&technology, after, not_after);
    expect("before the first there is none", &last(None, at(9)?).await?, &None)?;
    expect("the newest until then", &last(None, at(19)?).await?, &Some(on))?;
    expect("the newest", &last(None, at(20)?).await?, &Some(off.clone()))?;
    expect("the beginning is excluded", &last(Some(at(20)?), at(30)?).await?, &None)?;
    store.keep_usages(&[usage(20, true, "1")?]).await?;
    expect("a smaller teller changes nothing", &last(None, at(30)?).await?, &Some(off))?;
    let on = usage(20, true, "3")?;
    store.keep_usages(std::slice::from_ref(&on)).await?;
    expect("a greater teller replaces", &last(None, at(30)?).await?, &Some(on))
}

fn at(second: i64) -> Result<Timestamp, Broken> {
    Ok(Timestamp::from_second(1_000_000 + second)?)
}

fn expect_conflict(promise: &'static str, outcome: Result<u64, SaveError>) -> Result<(), Broken> {
    match outcome {
        Err(SaveError::Conflict) => Ok(()),
        other => Err(Broken::Promise { promise, answer: format!("{other:?}") }),
    }
}

fn expect<T: PartialEq + Debug>(
    promise: &'static str,
    answer: &T,
    expected: &T,
) -> Result<(), Broken> {
    if answer == expected {
        return Ok(());
    }
    Err(Broken::Promise { promise, answer: format!("{answer:?}") })
}

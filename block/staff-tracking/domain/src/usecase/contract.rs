//! What every store of movements must do, as a suite that any implementation can be put through.

use std::fmt::Debug;

use jiff::Timestamp;

use crate::{
    entity::{InvalidId, Movement, Passage, Presence, ProfessionalId, RoomId},
    usecase::{Kept, SaveError, StoreError, TrackingStore},
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
    /// The suite itself is wrong.
    #[error("an id of the suite is invalid")]
    Id(#[from] InvalidId),
    /// The suite itself is wrong.
    #[error("an instant of the suite is out of range")]
    Instant(#[from] jiff::Error),
}

/// Puts an empty store through every promise of [`TrackingStore`].
///
/// # Errors
///
/// The first promise broken.
pub async fn suite(store: &impl TrackingStore) -> Result<(), Broken> {
    let ada: ProfessionalId = "hp-ada".parse()?;
    let bob: ProfessionalId = "hp-bob".parse()?;
    let first: RoomId = "or-1".parse()?;
    let second: RoomId = "or-2".parse()?;
    let at = |second: i64| Timestamp::from_second(1_000_000 + second);
    let passed = |at, passage, professional: &ProfessionalId, room: &RoomId| Movement {
        at,
        passage,
        professional: professional.clone(),
        room: room.clone(),
    };

    expect("somebody never seen has version 0", &store.load(&ada).await?, &Kept::default())?;
    expect("nobody has been seen", &store.seen().await?, &Vec::new())?;
    expect("nobody has entered", &store.last_entry(&ada, at(99)?).await?, &None)?;

    let mut presence = Presence::default();
    presence.observe(&passed(at(1)?, Passage::Entered, &ada, &first));
    presence.observe(&passed(at(0)?, Passage::Left, &ada, &second));
    let saved = store.save(&ada, &presence, 0).await.is_ok();
    expect("a first save succeeds", &saved, &true)?;
    let kept = store.load(&ada).await?;
    expect("a saved presence is loaded", &kept.presence, &presence)?;
    let stale = store.save(&ada, &Presence::default(), 0).await;
    expect("a stale save is refused", &matches!(stale, Err(SaveError::Conflict)), &true)?;
    let next = store.save(&ada, &Presence::default(), kept.version).await.is_ok();
    expect("a save with the loaded version succeeds", &next, &true)?;
    let none = store.save(&bob, &presence, 7).await;
    expect(
        "a save of nothing loaded is refused",
        &matches!(none, Err(SaveError::Conflict)),
        &true,
    )?;
    expect("who was saved has been seen", &store.seen().await?, &vec![ada.clone()])?;

    let movements = [
        passed(at(10)?, Passage::Entered, &ada, &first),
        passed(at(20)?, Passage::Left, &ada, &first),
        passed(at(20)?, Passage::Entered, &ada, &second),
        passed(at(20)?, Passage::Entered, &ada, &first),
        passed(at(15)?, Passage::Entered, &bob, &second),
    ];
    store.keep(&movements).await?;
    store.keep(&movements).await?;
    let entry = |not_after| store.last_entry(&ada, not_after);
    expect("before the first entry", &entry(at(9)?).await?, &None)?;
    expect(
        "an entry counts from its instant",
        &entry(at(10)?).await?,
        &Some((at(10)?, first.clone())),
    )?;
    expect(
        "an entry counts until the next",
        &entry(at(19)?).await?,
        &Some((at(10)?, first.clone())),
    )?;
    let greatest = Some((at(20)?, second.clone()));
    expect("of one instant the greatest room", &entry(at(99)?).await?, &greatest)?;

    let left = |room, after, not_after| store.left_between(&ada, room, after, not_after);
    expect("an exit in the range is found", &left(&first, at(19)?, at(20)?).await?, &true)?;
    expect("the lower bound is out", &left(&first, at(20)?, at(30)?).await?, &false)?;
    expect("the upper bound is in", &left(&first, at(0)?, at(19)?).await?, &false)?;
    expect("entries are no exits", &left(&second, at(0)?, at(99)?).await?, &false)?;
    let other = store.left_between(&bob, &first, at(0)?, at(99)?).await?;
    expect("exits of others do not count", &other, &false)
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

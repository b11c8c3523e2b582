//! Bookings with everything that can go wrong around them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::{Timestamp, ToSpan};
use surgery_booking_integration_domain::entity::{
    Content, ProcessNews, Progress, Status, SurgeryId,
};
use surgery_booking_integration_domain::usecase::contract::{self, content};
use surgery_booking_integration_domain::usecase::{
    Asked, Attempt, BookingError, Bookings, Fault, MemoryBookings, MemoryTwins, Outcome,
    Surroundings, Twins, TwinsFailed, World, cancel, follow, post, reschedule, settle,
};

const TWINS: &[&str] = &["hp-7", "hp-8", "or-1"];
const PEOPLE: &[&str] = &["VRDLCU85T10A562S"];

#[tokio::test]
async fn the_memory_keeps_the_promises() {
    contract::check_bookings(&MemoryBookings::default()).await;
    contract::check_twins(&MemoryTwins::failing(Fault::default(), TWINS, PEOPLE)).await;
}

struct Block {
    fault: Fault,
    bookings: MemoryBookings,
    twins: MemoryTwins,
}

impl Block {
    fn new() -> Block {
        let fault = Fault::default();
        Block {
            bookings: MemoryBookings::failing(fault.clone()),
            twins: MemoryTwins::failing(fault.clone(), TWINS, PEOPLE),
            fault,
        }
    }

    async fn post(&self, content: Content) -> Result<Outcome, BookingError> {
        post(&self.bookings, &self.twins, asked(), content).await
    }

    async fn reschedule(&self, content: Content) -> Result<Outcome, BookingError> {
        reschedule(&self.bookings, &self.twins, asked(), content).await
    }

    async fn cancel(&self, surgery: &str) -> Result<Outcome, BookingError> {
        cancel(&self.bookings, &self.twins, asked(), &surgery.parse().unwrap()).await
    }

    /// `process version booking/version progress`, `-` for none.
    async fn hear(&self, text: &str) {
        let [process, version, uses, progress] =
            text.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let uses = uses
            .split_once('/')
            .map(|(surgery, version)| (surgery.parse().unwrap(), version.parse().unwrap()));
        let progress = match progress {
            "preparing" => Some(Progress::Preparing),
            "operating" => Some(Progress::Operating),
            "ended" => Some(Progress::Ended),
            _ => None,
        };
        let news = ProcessNews {
            process: process.parse().unwrap(),
            version: version.parse().unwrap(),
            uses,
            progress,
        };
        follow(&self.bookings, asked().at, &format!("{process}-{version}"), &news).await.unwrap();
    }

    /// Heals, and does what a reconciler does.
    async fn recover(&self) {
        self.fault.after(None);
        for surgery in self.bookings.unsettled().await.unwrap() {
            settle(&self.bookings, &self.twins, &surgery).await.unwrap();
        }
        assert!(self.bookings.unsettled().await.unwrap().is_empty());
    }

    /// `status version process` of a booking, or `none`.
    async fn state(&self, surgery: &str) -> String {
        let found = self.bookings.get(&surgery.parse().unwrap()).await.unwrap();
        let Some(booking) = found.and_then(|(entry, _)| entry.booking) else {
            return "none".to_owned();
        };
        let process = booking.process.as_ref().map_or("-", |process| process.id.as_str());
        let status = match booking.status() {
            Status::Booked => "booked",
            Status::InProgress => "in-progress",
            Status::Done => "done",
            Status::Cancelled => "cancelled",
        };
        format!("{status} {} {process}", booking.version)
    }

    fn events(&self) -> Vec<String> {
        self.bookings.events().iter().map(|event| event.id.clone()).collect()
    }
}

fn asked() -> Asked {
    Asked { at: "2026-05-15T06:00:00Z".parse().unwrap(), source_time: None }
}

fn complete(world: &World, surgery: &str) -> bool {
    let linked = |source: &str, target: &str| {
        let id = format!("{source}-{target}");
        world.relationships.contains(&(source.to_owned(), id, target.to_owned()))
    };
    world.twins.contains(surgery)
        && linked(surgery, "VRDLCU85T10A562S")
        && linked(surgery, "patient-7")
        && linked("patient-7", "VRDLCU85T10A562S")
        && (linked(surgery, "hp-7") || linked(surgery, "hp-8"))
}

#[tokio::test]
async fn a_booking_and_its_twins() {
    let block = Block::new();
    assert_eq!(block.post(content("s-1", 8)).await.unwrap(), Outcome::Done);
    assert!(complete(&block.twins.world(), "s-1"));
    assert_eq!(block.state("s-1").await, "booked 1 -");

    assert_eq!(block.post(content("s-1", 8)).await.unwrap(), Outcome::Repeated);
    let other = block.post(content("s-1", 9)).await;
    assert!(matches!(other, Err(BookingError::OtherContent)), "{other:?}");
    assert_eq!(block.events(), ["s-1-1"]);

    // A second one for the same patient.
    assert_eq!(block.post(content("s-2", 9)).await.unwrap(), Outcome::Done);
    assert!(complete(&block.twins.world(), "s-2"));

    // The same again counts as the same, also once its time has passed.
    let late = Asked { at: content("s-1", 8).planned_start + 1.hour(), ..asked() };
    let again = post(&block.bookings, &block.twins, late, content("s-1", 8)).await;
    assert_eq!(again.unwrap(), Outcome::Repeated);
}

#[tokio::test]
async fn refusals_leave_nothing() {
    let refused = async |content: Content| {
        let block = Block::new();
        let before = block.twins.world();
        let error = block.post(content).await.unwrap_err();
        assert_eq!(block.twins.world(), before);
        assert!(block.events().is_empty());
        assert_eq!(block.state("s-1").await, "none");
        error
    };
    let base = || content("s-1", 8);
    let now = asked().at;
    let error = refused(Content { planned_start: now, ..base() }).await;
    assert!(matches!(error, BookingError::NotInFuture), "{error}");
    let error = refused(Content { professional: "hp-9".parse().unwrap(), ..base() }).await;
    assert!(matches!(error, BookingError::UnknownProfessional), "{error}");
    let error = refused(Content { theatre: Some("or-9".parse().unwrap()), ..base() }).await;
    assert!(matches!(error, BookingError::UnknownTheatre), "{error}");
    let error = refused(Content { user: "NOBODY".parse().unwrap(), ..base() }).await;
    assert!(matches!(error, BookingError::UnknownUser), "{error}");
    let error = refused(Content { patient: "hp-7".parse().unwrap(), ..base() }).await;
    assert!(matches!(error, BookingError::SameIds), "{error}");

    let block = Block::new();
    block.post(base()).await.unwrap();
    let twins = MemoryTwins::failing(Fault::default(), TWINS, &["VRDLCU85T10A562S", "OTHER"]);
    post(&MemoryBookings::default(), &twins, asked(), base()).await.unwrap();
    let other = Content { user: "OTHER".parse().unwrap(), ..content("s-2", 9) };
    let error = post(&block.bookings, &twins, asked(), other).await.unwrap_err();
    assert!(matches!(error, BookingError::OtherPerson), "{error}");
}

/// Whatever fails, from wherever on: after the recovery there is a booking with all its twins and
/// its event, or nothing at all.
#[tokio::test]
async fn posting_is_all_or_nothing() {
    let mut outcomes = Vec::new();
    for steps in 0..40 {
        let block = Block::new();
        let before = block.twins.world();
        block.fault.after(Some(steps));
        let posted = block.post(content("s-1", 8)).await;
        block.recover().await;
        let world = block.twins.world();
        if posted.is_ok() {
            assert!(complete(&world, "s-1"), "after {steps}");
            assert_eq!(block.events(), ["s-1-1"]);
        } else {
            assert_eq!(world, before, "after {steps}");
            assert_eq!(block.state("s-1").await, "none");
            assert!(block.events().is_empty());
            // And the same booking can be posted afterwards.
            assert_eq!(block.post(content("s-1", 8)).await.unwrap(), Outcome::Done);
            assert!(complete(&block.twins.world(), "s-1"));
        }
        outcomes.push(posted.is_ok());
    }
    assert!(10 < outcomes.iter().filter(|ok| !**ok).count() && outcomes.last() == Some(&true));
}

#[tokio::test]
async fn rescheduling_is_all_or_nothing() {
    let start = |world: &World| world.starts.get("s-1").copied();
    let moved = || Content { professional: "hp-8".parse().unwrap(), ..content("s-1", 12) };
    let mut failures = 0;
    for steps in 0..40 {
        let block = Block::new();
        block.post(content("s-1", 8)).await.unwrap();
        let before = block.twins.world();
        block.fault.after(Some(steps));
        let rescheduled = block.reschedule(moved()).await;
        block.recover().await;
        let world = block.twins.world();
        assert!(complete(&world, "s-1"), "after {steps}");
        if rescheduled.is_ok() {
            assert_eq!(start(&world), Some(moved().planned_start));
            assert_eq!(block.state("s-1").await, "booked 2 -");
            assert_eq!(block.events(), ["s-1-1", "s-1-2"]);
            assert_eq!(block.reschedule(moved()).await.unwrap(), Outcome::Repeated);
        } else {
            failures += 1;
            assert_eq!(world, before, "after {steps}");
            assert_eq!(block.state("s-1").await, "booked 1 -");
            assert_eq!(block.events(), ["s-1-1"]);
        }
    }
    assert!((5..35).contains(&failures), "{failures}");
}

#[tokio::test]
async fn cancelling_lasts() {
    for steps in 0..12 {
        let block = Block::new();
        block.post(content("s-1", 8)).await.unwrap();
        block.fault.after(Some(steps));
        let cancelled = block.cancel("s-1").await;
        block.recover().await;
        let there = block.twins.world().twins.contains("s-1");
        match block.state("s-1").await.as_str() {
            "cancelled 1 -" => assert!(!there, "after {steps}"),
            "booked 1 -" => assert!(there && cancelled.is_err(), "after {steps}"),
            other => panic!("{other}"),
        }
        block.cancel("s-1").await.unwrap();
        assert_eq!(block.cancel("s-1").await.unwrap(), Outcome::Repeated);
        assert_eq!(block.events(), ["s-1-1", "s-1-cancelled"]);
    }
    let block = Block::new();
    assert!(matches!(block.cancel("s-1").await, Err(BookingError::Unknown)));
    block.post(content("s-1", 8)).await.unwrap();
    block.cancel("s-1").await.unwrap();
    assert!(matches!(block.post(content("s-1", 8)).await, Err(BookingError::NotChangeable(_))));
    assert!(block.reschedule(content("s-1", 8)).await.is_err());
    assert!(block.reschedule(content("s-1", 9)).await.is_err());
}

#[tokio::test]
async fn follows_the_process() {
    check("", "booked 1 -").await;
    check("p 1 s-1/1 preparing", "in-progress 1 p").await;
    check("p 1 s-1/1 preparing, p 2 s-1/1 operating", "in-progress 1 p").await;
    check("p 1 s-1/1 preparing, p 2 s-1/1 ended", "done 1 p").await;
    // Reopened.
    check("p 2 s-1/1 ended, p 3 s-1/1 operating", "in-progress 1 p").await;
    // Late and repeated.
    check("p 2 s-1/1 ended, p 1 s-1/1 preparing, p 2 s-1/1 ended", "done 1 p").await;
    // It never was, and another one comes.
    check("p 1 s-1/1 preparing, p 2 s-1/1 -", "booked 1 -").await;
    check("p 1 s-1/1 preparing, p 2 s-1/1 -, q 1 s-1/1 preparing", "in-progress 1 q").await;
    check("p 1 s-1/1 preparing, q 1 s-1/1 operating, p 2 s-1/1 -", "in-progress 1 q").await;
    check("p 1 s-1/1 preparing, q 1 s-1/1 operating, p 1 s-1/1 preparing", "in-progress 1 q").await;
    // It uses another booking, or none, now.
    check("p 1 s-1/1 preparing, p 2 s-2/1 preparing", "booked 1 -").await;
    check("p 1 s-1/1 preparing, p 2 - preparing", "booked 1 -").await;
    // Other bookings and other versions.
    check("p 1 s-2/1 preparing", "booked 1 -").await;
    check("p 1 s-1/2 preparing", "booked 1 -").await;
    check("p 1 s-1/1 preparing, reschedule", "booked 2 -").await;
    check("p 1 s-1/1 preparing, reschedule, p 2 s-1/1 ended", "booked 2 -").await;
    check(
        "p 1 s-1/1 preparing, reschedule, p 2 s-1/1 ended, q 1 s-1/2 preparing",
        "in-progress 2 q",
    )
    .await;
    check("p 1 s-1/1 operating, refused reschedule, refused cancel", "in-progress 1 p").await;
    check("p 1 s-1/1 ended, refused reschedule, refused cancel", "done 1 p").await;
    check("p 1 s-1/1 preparing, cancel, p 2 s-1/1 ended", "cancelled 1 p").await;
    check("cancel, p 1 s-1/1 preparing", "cancelled 1 -").await;
}

/// Each event delivered twice: the second time changes and tells nothing.
async fn check(story: &str, expected: &str) {
    let block = Block::new();
    block.post(content("s-1", 8)).await.unwrap();
    for part in story.split(", ").filter(|part| !part.is_empty()) {
        match part {
            "reschedule" => drop(block.reschedule(content("s-1", 12)).await.unwrap()),
            "refused reschedule" => drop(block.reschedule(content("s-1", 12)).await.unwrap_err()),
            "cancel" => drop(block.cancel("s-1").await.unwrap()),
            "refused cancel" => drop(block.cancel("s-1").await.unwrap_err()),
            event => {
                block.hear(event).await;
                let told = block.events().len();
                block.hear(event).await;
                assert_eq!(block.events().len(), told, "{event} told twice in {story}");
            }
        }
    }
    assert_eq!(block.state("s-1").await, expected, "{story}");
    let mut ids = block.events();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), block.events().len(), "two events with one id in {story}");
}

/// The process enters the theatre while a reschedule writes its twins: the surgery wins.
#[tokio::test]
async fn a_reschedule_that_comes_too_late_is_undone() {
    let block = Block::new();
    block.post(content("s-1", 8)).await.unwrap();
    let before = block.twins.world();
    // Everything is written, and the confirmation fails: as if the process had died there.
    for steps in 0..40 {
        block.fault.after(Some(steps));
        let rescheduled = block.reschedule(content("s-1", 12)).await;
        assert!(rescheduled.is_err(), "never interrupted before its confirmation");
        block.fault.after(None);
        let (entry, _) = block.bookings.get(&"s-1".parse().unwrap()).await.unwrap().unwrap();
        let written =
            block.twins.world().starts.get("s-1") == Some(&content("s-1", 12).planned_start);
        if entry.attempt.is_some() && written {
            break;
        }
    }
    block.hear("p 1 s-1/1 operating").await;
    block.recover().await;
    assert_eq!(block.twins.world(), before);
    assert_eq!(block.state("s-1").await, "in-progress 1 p");
}

/// Twins during whose writing the patient enters the theatre.
struct Meanwhile<'a>(&'a Block);

impl Twins for Meanwhile<'_> {
    async fn surroundings(&self, content: &Content) -> Result<Surroundings, TwinsFailed> {
        self.0.twins.surroundings(content).await
    }

    async fn put_people(
        &self,
        content: &Content,
        around: &Surroundings,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        self.0.twins.put_people(content, around, at).await
    }

    async fn put_booking(
        &self,
        content: &Content,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        self.0.twins.put_booking(content, at).await?;
        self.0.hear("p 1 s-1/1 operating").await;
        Ok(())
    }

    async fn remove_booking(
        &self,
        surgery: &SurgeryId,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        self.0.twins.remove_booking(surgery, at).await
    }

    async fn remove_people(&self, attempt: &Attempt) -> Result<(), TwinsFailed> {
        self.0.twins.remove_people(attempt).await
    }
}

#[tokio::test]
async fn a_surgery_that_begins_during_a_reschedule_wins() {
    let block = Block::new();
    block.post(content("s-1", 8)).await.unwrap();
    let before = block.twins.world();
    let moved = content("s-1", 12);
    let refused = reschedule(&block.bookings, &Meanwhile(&block), asked(), moved).await;
    assert!(matches!(refused, Err(BookingError::NotChangeable(_))), "{refused:?}");
    assert_eq!(block.state("s-1").await, "in-progress 1 p");
    // Undone at once, without the reconciler.
    assert!(block.bookings.unsettled().await.unwrap().is_empty());
    assert_eq!(block.twins.world(), before);
}

#[test]
fn texts_and_durations() {
    use surgery_booking_integration_domain::entity::{Minutes, SurgeryId, SurgeryType};
    for text in ["", " ", "\t", "a\nb", &"x".repeat(129)] {
        assert!(text.parse::<SurgeryId>().is_err(), "{text:?}");
    }
    assert!("x".repeat(128).parse::<SurgeryId>().is_ok());
    assert!(" ".parse::<SurgeryType>().is_err());
    for (minutes, ok) in [(0, false), (1, true), (1440, true), (1441, false)] {
        assert_eq!(Minutes::try_from(minutes).is_ok(), ok, "{minutes}");
    }
}

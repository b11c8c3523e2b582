//! Posting, rescheduling, cancelling, and following the surgery.
//!
//! A booking and its twins are in two systems, and no transaction spans them. So the intent is
//! stored first ([`Attempt`]), then the twins are written, then the booking is confirmed together
//! with its event. Whatever fails is undone towards the last confirmed state, which is always
//! stored; what a crash leaves is found by its attempt and undone by [`settle`]. An attempt that was
//! never confirmed was never acknowledged, so to undo it takes nothing from anybody. Writing twins
//! after the confirmation instead would acknowledge bookings whose professional does not exist.
//!
//! Calls for one booking must not overlap; the service holds a lock per id. What comes from events
//! ([`follow`]) may overlap with everything: every save is conditional on the version read.

mod memory;
mod port;

pub mod contract;

pub use memory::{Fault, MemoryBookings, MemoryTwins, World};
pub use port::{Bookings, Save, StoreFailed, Twins, TwinsFailed};

use jiff::Timestamp;

use crate::entity::{Booking, Content, NotChangeable, ProcessNews, SurgeryId, TaxCode};

/// What is stored of one booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub surgery: SurgeryId,
    /// What was accepted last; `None` while it is posted for the first time.
    pub booking: Option<Booking>,
    /// Twins are being written, or were when the process ended.
    pub attempt: Option<Attempt>,
    /// The booking was called off and its twin may still be there.
    pub twin_to_remove: bool,
}

/// Twins that are being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What is to be.
    pub content: Content,
    /// The patient's twin was not there before.
    pub adds_patient: bool,
    /// The healthcare user's twin was not there before.
    pub adds_user: bool,
}

/// What stands around a booking before its twins are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether the professional has a twin.
    pub professional: bool,
    /// Whether the theatre has a twin; `true` when none is planned.
    pub theatre: bool,
    /// Who the healthcare user is.
    pub user: User,
    /// Who the patient is.
    pub patient: Patient,
}

/// What is known of a healthcare user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// There is a twin.
    Twin,
    /// Patient management knows them; there is no twin.
    Person {
        /// Given names.
        name: String,
        /// Family name.
        surname: String,
    },
    /// Nobody knows them.
    Unknown,
}

/// What is known of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patient {
    /// There is no twin.
    New,
    /// There is a twin of an unknown person, as after an emergency.
    Anonymous,
    /// There is a twin of this person.
    Of(TaxCode),
}

/// A booking has changed; to be published as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The booking after the change.
    pub booking: Booking,
    /// When the change happened.
    pub at: Timestamp,
    /// Tells the event from every other, and is the same when it is made again.
    pub id: String,
}

/// When something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When it happened: what the source says, else the clock.
    pub at: Timestamp,
    /// What the source says, to be passed on to the twins.
    pub source_time: Option<Timestamp>,
}

/// What became of a request that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It had been done before; nothing changed.
    Repeated,
}

/// Why a booking was not made or changed. Nothing of it remains, or nothing will once the twins can
/// be reached.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    /// The planned start is not after the moment of asking.
    #[error("the surgery must begin in the future")]
    NotInFuture,
    /// Two of the four ids are the same.
    #[error("booking, patient, healthcare user and professional need different ids")]
    SameIds,
    /// There is no such professional.
    #[error("the professional is not known")]
    UnknownProfessional,
    /// There is no such theatre.
    #[error("the theatre is not known")]
    UnknownTheatre,
    /// Nobody has this tax code.
    #[error("the healthcare user is not known")]
    UnknownUser,
    /// The patient's twin belongs to a person with another tax code.
    #[error("the patient is somebody else")]
    OtherPerson,
    /// The id is taken by a booking that says something else.
    #[error("there is a booking with this id and other content")]
    OtherContent,
    /// There is no such booking.
    #[error("there is no such booking")]
    Unknown,
    /// A reschedule names another patient.
    #[error("a booking stays with its patient")]
    OtherPatient,
    /// It is too late.
    #[error(transparent)]
    NotChangeable(#[from] NotChangeable),
    /// The twins could not be written.
    #[error(transparent)]
    Twins(#[from] TwinsFailed),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreFailed),
    /// Somebody else works on this booking at the same time.
    #[error("the booking is being changed by somebody else")]
    Busy,
}

/// Accepts a booking with its twins. The same again changes nothing.
///
/// # Errors
///
/// See [`BookingError`].
pub async fn post(
    bookings: &impl Bookings,
    twins: &impl Twins,
    asked: Asked,
    content: Content,
) -> Result<Outcome, BookingError> {
    let mut found = bookings.get(&content.surgery).await?;
    if found.as_ref().is_some_and(|(entry, _)| entry.booking.is_none()) {
        // Left by a crash and never acknowledged: as if it had never been.
        settle(bookings, twins, &content.surgery).await?;
        found = bookings.get(&content.surgery).await?;
    }
    if let Some((entry, _)) = found {
        return match entry.booking {
            Some(booking) if booking.cancelled => Err(NotChangeable::Cancelled.into()),
            Some(booking) if booking.content == content => Ok(Outcome::Repeated),
            Some(_) => Err(BookingError::OtherContent),
            None => Err(BookingError::Busy),
        };
    }
    check_ahead(&content, asked)?;
    if !content.has_distinct_ids() {
        return Err(BookingError::SameIds);
    }
    let around = twins.surroundings(&content).await?;
    check_known(&around)?;
    if matches!(around.user, User::Unknown) {
        return Err(BookingError::UnknownUser);
    }
    if matches!(&around.patient, Patient::Of(user) if *user != content.user) {
        return Err(BookingError::OtherPerson);
    }

    let attempt = Attempt {
        content: content.clone(),
        adds_patient: around.patient == Patient::New,
        adds_user: around.user != User::Twin,
    };
    let mut entry = Entry {
        surgery: content.surgery.clone(),
        booking: None,
        attempt: Some(attempt),
        twin_to_remove: false,
    };
    let Save::Done(version) = bookings.save(&entry, None, None).await? else {
        return Err(BookingError::Busy);
    };
    let written = match twins.put_people(&content, &around, asked.source_time).await {
        Ok(()) => twins.put_booking(&content, asked.source_time).await,
        failed => failed,
    };
    if let Err(error) = written {
        return Err(undone(bookings, twins, &content.surgery, error.into()).await);
    }

    let booking = Booking::posted(content, asked.at);
    let event = Changed { id: version_id(&booking), at: asked.at, booking: booking.clone() };
    entry.booking = Some(booking);
    entry.attempt = None;
    match bookings.save(&entry, Some(version), Some(event)).await {
        Ok(Save::Done(_)) => Ok(Outcome::Done),
        Ok(Save::Conflict) => Err(BookingError::Busy),
        Err(error) => Err(undone(bookings, twins, &entry.surgery, error.into()).await),
    }
}

/// Gives a booking other content, as long as its patient has not entered the theatre. The same
/// content again changes nothing.
///
/// # Errors
///
/// See [`BookingError`].
pub async fn reschedule(
    bookings: &impl Bookings,
    twins: &impl Twins,
    asked: Asked,
    content: Content,
) -> Result<Outcome, BookingError> {
    settle(bookings, twins, &content.surgery).await?;
    let Some((entry, version)) = bookings.get(&content.surgery).await? else {
        return Err(BookingError::Unknown);
    };
    let Some(booking) = &entry.booking else { return Err(BookingError::Unknown) };
    if booking.content == content && !booking.cancelled {
        return Ok(Outcome::Repeated);
    }
    booking.changeable()?;
    if booking.content.patient != content.patient || booking.content.user != content.user {
        return Err(BookingError::OtherPatient);
    }
    check_ahead(&content, asked)?;
    if !content.has_distinct_ids() {
        return Err(BookingError::SameIds);
    }
    check_known(&twins.surroundings(&content).await?)?;

    let attempt = Attempt { content: content.clone(), adds_patient: false, adds_user: false };
    let entry = Entry { attempt: Some(attempt), ..entry };
    let Save::Done(mut version) = bookings.save(&entry, Some(version), None).await? else {
        return Err(BookingError::Busy);
    };
    if let Err(error) = twins.put_booking(&content, asked.source_time).await {
        return Err(undone(bookings, twins, &content.surgery, error.into()).await);
    }

    // The surgery may have gone on meanwhile: read again, decide again.
    let mut entry = entry;
    loop {
        let Some(booking) = entry.booking.take() else { return Err(BookingError::Busy) };
        if let Err(error) = booking.changeable() {
            return Err(undone(bookings, twins, &content.surgery, error.into()).await);
        }
        let booking = booking.rescheduled(content.clone());
        let event = Changed { id: version_id(&booking), at: asked.at, booking: booking.clone() };
        entry.booking = Some(booking);
        entry.attempt = None;
        match bookings.save(&entry, Some(version), Some(event)).await {
            Ok(Save::Done(_)) => return Ok(Outcome::Done),
            Ok(Save::Conflict) => match bookings.get(&content.surgery).await? {
                Some(found) => (entry, version) = found,
                None => return Err(BookingError::Busy),
            },
            Err(error) => {
                return Err(undone(bookings, twins, &content.surgery, error.into()).await);
            }
        }
    }
}

/// Calls a booking off, as long as its patient has not entered the theatre. It stays known; its
/// twin goes, at once or as soon as the twins can be reached: a decision of people does not wait for
/// a machine.
///
/// # Errors
///
/// See [`BookingError`].
pub async fn cancel(
    bookings: &impl Bookings,
    twins: &impl Twins,
    asked: Asked,
    surgery: &SurgeryId,
) -> Result<Outcome, BookingError> {
    loop {
        let Some((mut entry, version)) = bookings.get(surgery).await? else {
            return Err(BookingError::Unknown);
        };
        let Some(mut booking) = entry.booking.take() else { return Err(BookingError::Unknown) };
        if booking.cancelled {
            return Ok(Outcome::Repeated);
        }
        booking.changeable()?;
        booking.cancelled = true;
        let id = format!("{surgery}-cancelled");
        let event = Changed { id, at: asked.at, booking: booking.clone() };
        let entry = Entry { booking: Some(booking), attempt: None, twin_to_remove: true, ..entry };
        match bookings.save(&entry, Some(version), Some(event)).await? {
            Save::Done(_) => break,
            Save::Conflict => {}
        }
    }
    match remove_twin(bookings, twins, surgery, asked.source_time).await {
        // The mark stays, and the reconciler finds it.
        Ok(()) | Err(BookingError::Twins(_)) => Ok(Outcome::Done),
        Err(error) => Err(error),
    }
}

/// Takes in what a process says: the booking that it uses follows it, one that it used and uses no
/// more is free again. `cause` is the id of the event that said so.
///
/// Safe to repeat and to be late: see [`Booking::hear`]. The event that it causes has an id made of
/// `cause`, so a repeat after a crash in between is told.
///
/// # Errors
///
/// [`StoreFailed`]; repeating does what is left.
pub async fn follow(
    bookings: &impl Bookings,
    at: Timestamp,
    cause: &str,
    news: &ProcessNews,
) -> Result<(), StoreFailed> {
    let mut concerned = bookings.of_process(&news.process).await?;
    if let Some((surgery, _)) = &news.uses
        && !concerned.contains(surgery)
    {
        concerned.push(surgery.clone());
    }
    for surgery in concerned {
        loop {
            // A booking of another hospital system is none of ours.
            let Some((mut entry, version)) = bookings.get(&surgery).await? else { break };
            let Some(before) = entry.booking else { break };
            let mut after = before.clone();
            after.hear(news);
            if after == before {
                break;
            }
            let visible =
                after.status() != before.status() || process_of(&after) != process_of(&before);
            let event = visible.then(|| Changed {
                id: format!("{cause}-{surgery}"),
                at,
                booking: after.clone(),
            });
            entry.booking = Some(after);
            match bookings.save(&entry, Some(version), event).await? {
                Save::Done(_) => break,
                Save::Conflict => {}
            }
        }
    }
    Ok(())
}

/// Brings the twins of one booking back to what was confirmed last, if an attempt or a cancellation
/// was left half done. Safe to repeat.
///
/// # Errors
///
/// [`BookingError::Twins`] or [`BookingError::Store`]; the same call does what is left.
pub async fn settle(
    bookings: &impl Bookings,
    twins: &impl Twins,
    surgery: &SurgeryId,
) -> Result<(), BookingError> {
    loop {
        let Some((mut entry, version)) = bookings.get(surgery).await? else { return Ok(()) };
        let Some(attempt) = entry.attempt.take() else { break };
        let saved = match &entry.booking {
            None => {
                twins.remove_booking(surgery, None).await?;
                twins.remove_people(&attempt).await?;
                bookings.remove(surgery, version).await?
            }
            Some(booking) => {
                twins.put_booking(&booking.content, None).await?;
                bookings.save(&entry, Some(version), None).await?
            }
        };
        match saved {
            Save::Done(_) => break,
            Save::Conflict => {}
        }
    }
    remove_twin(bookings, twins, surgery, None).await
}

/// Removes the twin of a cancelled booking, unless that has been done.
async fn remove_twin(
    bookings: &impl Bookings,
    twins: &impl Twins,
    surgery: &SurgeryId,
    at: Option<Timestamp>,
) -> Result<(), BookingError> {
    loop {
        let Some((entry, version)) = bookings.get(surgery).await? else { return Ok(()) };
        if !entry.twin_to_remove {
            return Ok(());
        }
        twins.remove_booking(surgery, at).await?;
        let entry = Entry { twin_to_remove: false, ..entry };
        match bookings.save(&entry, Some(version), None).await? {
            Save::Done(_) => return Ok(()),
            Save::Conflict => {}
        }
    }
}

/// Undoes a failed attempt. If that fails too, the attempt stays stored and is undone later; either
/// way the caller learns why the attempt itself failed.
async fn undone(
    bookings: &impl Bookings,
    twins: &impl Twins,
    surgery: &SurgeryId,
    error: BookingError,
) -> BookingError {
    // The stored attempt is the account of this failure; the reconciler repeats it.
    let _ = settle(bookings, twins, surgery).await;
    error
}

fn check_ahead(content: &Content, asked: Asked) -> Result<(), BookingError> {
    if asked.at < content.planned_start { Ok(()) } else { Err(BookingError::NotInFuture) }
}

fn check_known(around: &Surroundings) -> Result<(), BookingError> {
    if !around.professional {
        return Err(BookingError::UnknownProfessional);
    }
    if !around.theatre {
        return Err(BookingError::UnknownTheatre);
    }
    Ok(())
}

fn version_id(booking: &Booking) -> String {
    format!("{}-{}", booking.content.surgery, booking.version)
}

fn process_of(booking: &Booking) -> Option<&crate::entity::ProcessId> {
    booking.process.as_ref().map(|process| &process.id)
}

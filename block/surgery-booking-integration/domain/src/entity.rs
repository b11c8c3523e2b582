//! Bookings: what they say, and what may become of them.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use jiff::Timestamp;

/// The longest id, in characters: what the twin layer takes for a twin.
pub const MAX_ID: usize = 128;
/// The longest type of surgery, in characters.
pub const MAX_TYPE: usize = 200;
/// The longest planned duration, in minutes: a day.
pub const MAX_MINUTES: u32 = 24 * 60;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<$name, InvalidText> {
                plain(text, MAX_ID).map($name)
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A booking, and its twin.
    SurgeryId
    /// A patient in the block, and the patient's twin.
    PatientId
    /// A person as the health service knows them, and their twin.
    TaxCode
    /// A professional, and their twin.
    ProfessionalId
    /// A theatre, and its twin.
    RoomId
    /// A surgical process.
    ProcessId
}

/// What kind of surgery; any text that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurgeryType(String);

impl SurgeryType {
    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SurgeryType {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<SurgeryType, InvalidText> {
        plain(text, MAX_TYPE).map(SurgeryType)
    }
}

/// A planned duration in whole minutes, from 1 to [`MAX_MINUTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes(u32);

impl Minutes {
    /// The number of minutes.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Minutes {
    type Error = InvalidMinutes;

    fn try_from(minutes: u32) -> Result<Minutes, InvalidMinutes> {
        if (1..=MAX_MINUTES).contains(&minutes) {
            Ok(Minutes(minutes))
        } else {
            Err(InvalidMinutes)
        }
    }
}

/// A text that is no id or no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Empty or blank.
    #[error("must not be empty")]
    Empty,
    /// Too long.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Holds a control character.
    #[error("must not hold control characters")]
    Control,
}

/// No duration of a surgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {MAX_MINUTES} (minutes)")]
pub struct InvalidMinutes;

fn plain(text: &str, longest: usize) -> Result<String, InvalidText> {
    if text.trim().is_empty() {
        Err(InvalidText::Empty)
    } else if longest < text.chars().count() {
        Err(InvalidText::TooLong(longest))
    } else if text.chars().any(char::is_control) {
        Err(InvalidText::Control)
    } else {
        Ok(text.to_owned())
    }
}

/// What a booking says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The booking.
    pub surgery: SurgeryId,
    /// What kind of surgery.
    pub kind: SurgeryType,
    /// Who is operated on, as the health service knows them.
    pub user: TaxCode,
    /// Who is responsible.
    pub professional: ProfessionalId,
    /// Who is operated on, as the block knows them.
    pub patient: PatientId,
    /// When the surgery is planned to begin.
    pub planned_start: Timestamp,
    /// Where, if that is planned.
    pub theatre: Option<RoomId>,
    /// How long it is planned to take.
    pub minutes: Minutes,
}

impl Content {
    /// Whether booking, patient, healthcare user and professional have four different ids. They
    /// share one space of twin ids, and their relationships are named after them.
    pub fn has_distinct_ids(&self) -> bool {
        let mut ids = [
            self.surgery.as_str(),
            self.patient.as_str(),
            self.user.as_str(),
            self.professional.as_str(),
        ];
        ids.sort_unstable();
        ids.array_windows().all(|[a, b]| a != b)
    }
}

/// How far the process of a booking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Before the theatre: the booking can still be changed.
    Preparing,
    /// In the theatre or after it.
    Operating,
    /// Over, interrupted or not.
    Ended,
}

/// The process that uses a booking up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which.
    pub id: ProcessId,
    /// How far.
    pub progress: Progress,
}

/// What has become of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waiting for its patient.
    Booked,
    /// Its process is open.
    InProgress,
    /// Its process has ended.
    Done,
    /// Called off; final.
    Cancelled,
}

/// An accepted booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// What it says now.
    pub content: Content,
    /// 1 when posted, one more with each reschedule.
    pub version: u32,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// Whether it was called off.
    pub cancelled: bool,
    /// The process that uses its present version up.
    pub process: Option<Process>,
    /// The newest version heard of each process that ever claimed it, to tell repeats.
    pub heard: BTreeMap<ProcessId, u64>,
}

/// Why a booking cannot be changed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotChangeable {
    /// It was called off.
    #[error("the booking is cancelled")]
    Cancelled,
    /// The patient is in the theatre or has been there.
    #[error("the surgery has begun")]
    Begun,
    /// The process has ended.
    #[error("the surgery is over")]
    Over,
}

/// What a process says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessNews {
    /// The process.
    pub process: ProcessId,
    /// Grows with each change of the process.
    pub version: u64,
    /// The booking and its version that the process uses up; `None` for none.
    pub uses: Option<(SurgeryId, u32)>,
    /// How far it has come; `None` when it never was.
    pub progress: Option<Progress>,
}

impl Booking {
    /// A booking that has just been posted.
    pub fn posted(content: Content, posted_at: Timestamp) -> Booking {
        Booking {
            content,
            version: 1,
            posted_at,
            cancelled: false,
            process: None,
            heard: BTreeMap::new(),
        }
    }

    /// What has become of it.
    pub fn status(&self) -> Status {
        match &self.process {
            _ if self.cancelled => Status::Cancelled,
            None => Status::Booked,
            Some(Process { progress: Progress::Preparing | Progress::Operating, .. }) => {
                Status::InProgress
            }
            Some(Process { progress: Progress::Ended, .. }) => Status::Done,
        }
    }

    /// Whether it can be rescheduled or called off: until its patient enters the theatre.
    ///
    /// # Errors
    ///
    /// The reason why not.
    pub fn changeable(&self) -> Result<(), NotChangeable> {
        if self.cancelled {
            return Err(NotChangeable::Cancelled);
        }
        match self.process.as_ref().map(|process| process.progress) {
            None | Some(Progress::Preparing) => Ok(()),
            Some(Progress::Operating) => Err(NotChangeable::Begun),
            Some(Progress::Ended) => Err(NotChangeable::Over),
        }
    }

    /// The booking with other content: a new version, which no process has used yet.
    #[must_use]
    pub fn rescheduled(self, content: Content) -> Booking {
        Booking { content, version: self.version.saturating_add(1), process: None, ..self }
    }

    /// Takes in what a process says. The same news any number of times, and older ones after newer
    /// ones, change nothing. Only a process of the present version counts, and nothing brings a
    /// cancelled booking back.
    pub fn hear(&mut self, news: &ProcessNews) {
        let newest = self.heard.get(&news.process).copied();
        if newest.is_some_and(|newest| news.version <= newest) {
            return;
        }
        let mine = news.uses.as_ref() == Some(&(self.content.surgery.clone(), self.version));
        let held = self.process.as_ref().is_some_and(|process| process.id == news.process);
        if !mine && !held {
            return;
        }
        self.heard.insert(news.process.clone(), news.version);
        if self.cancelled {
            return;
        }
        match news.progress {
            Some(progress) if mine => {
                self.process = Some(Process { id: news.process.clone(), progress });
            }
            // It never was, or it uses another booking now.
            _ if held => self.process = None,
            _ => {}
        }
    }
}

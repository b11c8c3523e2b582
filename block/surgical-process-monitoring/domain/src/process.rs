//! What a process is: one patient's way through the block, from what opened it to its end.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::{
    booking::Version,
    fact::{
        CommandId, DeviceId, FactId, Order, PatientId, ProcessId, ProfessionalId, RoomId, RoomKind,
        SurgeryId, TaxCode, TechnologyId,
    },
};

/// Type of every process that no booking opened.
pub const EMERGENCY: &str = "Emergency";
/// An open process without a fact for this long before now is stale.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// Where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Before surgery.
    PreSurgery,
    /// In the theatre, or on the way from one to another.
    Surgery,
    /// After surgery.
    PostSurgery,
    /// Broken off. Nothing follows.
    Interrupted,
    /// Over. Nothing follows.
    Terminated,
}

impl State {
    /// Whether the process goes on.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::PreSurgery | Self::Surgery | Self::PostSurgery)
    }

    /// As events and routes spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreSurgery => "PRE_SURGERY",
            Self::Surgery => "SURGERY",
            Self::PostSurgery => "POST_SURGERY",
            Self::Interrupted => "INTERRUPTED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// The integer of the twin model's enumeration.
    pub const fn ordinal(self) -> u8 {
        match self {
            Self::PreSurgery => 0,
            Self::Surgery => 1,
            Self::PostSurgery => 2,
            Self::Interrupted => 3,
            Self::Terminated => 4,
        }
    }
}

/// Steps, in the order in which they are gone through; some may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The patient is being prepared.
    PatientInPreparation,
    /// The patient lies on the operating table.
    PatientOnOperatingTable,
    /// Anaesthesia.
    Anesthesia,
    /// The surgery proper.
    SurgeryInProgress,
    /// The surgery proper is over.
    EndOfSurgery,
    /// The patient is observed.
    PatientUnderObservation,
}

impl Step {
    /// As events and routes spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PatientInPreparation => "PATIENT_IN_PREPARATION",
            Self::PatientOnOperatingTable => "PATIENT_ON_OPERATING_TABLE",
            Self::Anesthesia => "ANESTHESIA",
            Self::SurgeryInProgress => "SURGERY_IN_PROGRESS",
            Self::EndOfSurgery => "END_OF_SURGERY",
            Self::PatientUnderObservation => "PATIENT_UNDER_OBSERVATION",
        }
    }

    /// The integer of the twin model's enumeration.
    pub const fn ordinal(self) -> u8 {
        match self {
            Self::PatientInPreparation => 0,
            Self::PatientOnOperatingTable => 1,
            Self::Anesthesia => 2,
            Self::SurgeryInProgress => 3,
            Self::EndOfSurgery => 4,
            Self::PatientUnderObservation => 5,
        }
    }
}

/// By what a process is found again when the facts are folded anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenedBy {
    /// A version of a booking.
    Booking {
        /// The booking.
        surgery: SurgeryId,
        /// Its version.
        version: u32,
    },
    /// The command that declared an emergency.
    Emergency {
        /// The command.
        command: CommandId,
    },
    /// A return to theatre after another process.
    Return {
        /// The process before.
        former: ProcessId,
    },
}

impl OpenedBy {
    /// The id of a process that has none yet: `<patient>-<start, colons as dots>`,
    /// `emergency-<command>` or `<former>-return`.
    pub fn fresh_id(&self, patient: &PatientId, start: Timestamp) -> ProcessId {
        match self {
            Self::Booking { .. } => ProcessId::new(format!("{patient}-{}", dotted(start))),
            Self::Emergency { command } => ProcessId::new(format!("emergency-{command}")),
            Self::Return { former } => ProcessId::new(format!("{former}-return")),
        }
    }
}

/// The patient of an emergency: nobody had been announced.
pub fn emergency_patient(command: &CommandId) -> PatientId {
    PatientId::new(format!("emergency-patient-{command}"))
}

/// Whose a process is, told by its id alone, so that a fact can name a process that is not known
/// yet. `None` when the id is none of ours.
pub fn patient_of(process: &ProcessId) -> Option<PatientId> {
    let mut id = process.as_str();
    while let Some(former) = id.strip_suffix("-return") {
        id = former;
    }
    let tail = id.len().checked_sub(DOTTED.len() + 1).and_then(|at| id.split_at_checked(at));
    if let Some((patient, start)) = tail
        && !patient.is_empty()
        && start.strip_prefix('-').is_some_and(is_dotted)
    {
        return Some(PatientId::new(patient));
    }
    let command = id.strip_prefix("emergency-").filter(|command| !command.is_empty())?;
    Some(emergency_patient(&CommandId::new(command)))
}

/// The shape of an instant in a process id; `0` stands for any digit.
const DOTTED: &str = "0000-00-00T00.00.00.000Z";

fn dotted(at: Timestamp) -> String {
    format!("{at:.3}").replace(':', ".")
}

fn is_dotted(text: &str) -> bool {
    text.len() == DOTTED.len()
        && text.bytes().zip(DOTTED.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// A process, as the facts tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id, which it keeps.
    pub id: ProcessId,
    /// What opened it.
    pub opened_by: OpenedBy,
    /// Whose it is.
    pub patient: PatientId,
    /// When it began.
    pub start: Timestamp,
    /// Type of surgery of the booking, or [`EMERGENCY`].
    pub surgery_type: String,
    /// The booking that it used up, by opening or by joining.
    pub booking: Option<Version>,
    /// The professional responsible, when known.
    pub professional: Option<ProfessionalId>,
    /// The patient's tax code, when known.
    pub tax_code: Option<TaxCode>,
    /// The last room before surgery.
    pub pre_room: Option<RoomId>,
    /// The last theatre.
    pub operating_room: Option<RoomId>,
    /// The last room after surgery.
    pub post_room: Option<RoomId>,
    /// Where it stands.
    pub state: State,
    /// Its latest step, kept by an ended one; `None` before the first.
    pub step: Option<Step>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// Where the patient was, by entry.
    pub stays: Vec<Stay>,
    /// What was implanted, each device once, by time.
    pub devices: Vec<DeviceUse>,
    /// Technologies that came into use or out of use, by time.
    pub technologies: Vec<TechnologyUse>,
    /// Technologies in use already when the patient entered, by entry, each once a room.
    pub in_use_at_entry: Vec<(TechnologyId, RoomId)>,
    /// What happened, in order.
    pub history: Vec<Entry>,
    /// The newest fact that it has, vital signs aside.
    pub last_fact: Timestamp,
    /// What was weighed in it, from the end of the process before to its own.
    pub weighed: BTreeSet<FactId>,
    /// Where the fold goes on behind it; `None` while open.
    pub resume: Option<Resume>,
}

/// A stay in a room during a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The room.
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// From when.
    pub from: Timestamp,
    /// Until when, at most the end of the process; `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// A device implanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceUse {
    /// When, first.
    pub at: Timestamp,
    /// Which.
    pub device: DeviceId,
}

/// A technology that came into use or out of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TechnologyUse {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub technology: TechnologyId,
    /// Where.
    pub room: RoomId,
    /// Whether it was in use from then on.
    pub in_use: bool,
}

/// A line of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What a line of a history tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The process came to a state.
    State(State),
    /// The process came to a step.
    Step(Step),
    /// The patient entered a room, or (`None`) left one for nowhere.
    Room(Option<RoomId>),
    /// A fact did not fit.
    Refused {
        /// Its kind and argument.
        fact: String,
        /// Why.
        reason: Refusal,
    },
    /// A fact became known after the process was settled.
    Late {
        /// Its kind and argument.
        fact: String,
    },
}

/// Why a fact did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Nothing was open.
    #[error("no process was open")]
    NotOpen,
    /// A room entered by somebody without a process and without a booking that counts.
    #[error("no booking counted then")]
    NoBooking,
    /// A theatre entered by somebody without a process, present or recent.
    #[error("no process was open and none had ended in the last 24 hours")]
    NoReason,
    /// The state does not allow it.
    #[error("not possible in this state")]
    State,
    /// A step that is not ahead of the present one.
    #[error("steps only go forwards")]
    Backwards,
    /// The patient was not in the room of the button.
    #[error("the patient was not in that room")]
    Elsewhere,
    /// The process named was not the one open.
    #[error("the process named was not open")]
    OtherProcess,
    /// Only a process that is named can be terminated.
    #[error("only a process that is named can be terminated")]
    Unnamed,
}

/// Where a fold goes on behind a process that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The fact that ended the process.
    pub order: Order,
    /// Whether that fact counts again: a return to theatre ends one process and opens the next.
    pub again: bool,
}

impl Resume {
    /// Whether a fact at this place lies behind the process.
    pub fn is_behind(&self, order: &Order) -> bool {
        if self.again { self.order <= *order } else { self.order < *order }
    }
}

impl Process {
    /// Where the patient is now, within an open process.
    pub fn room(&self) -> Option<&RoomId> {
        self.stays.last().filter(|stay| stay.to.is_none()).map(|stay| &stay.room)
    }

    /// Takes off the lines of its history that follow its end: they are told anew by each fold
    /// that goes on behind it ([`Folded::aftermath`](crate::fold::Folded::aftermath)).
    pub fn cut_aftermath(&mut self) {
        let ends = |entry: &Entry| matches!(entry.what, What::State(state) if !state.is_open());
        if let Some(last) = self.history.iter().position(ends) {
            self.history.truncate(last + 1);
        }
    }

    /// Whether it is open and has had no fact for [`STALE_AFTER`]. `newest_sample` is the time of
    /// the patient's newest vital sign.
    pub fn is_stale(&self, now: Timestamp, newest_sample: Option<Timestamp>) -> bool {
        let newest = newest_sample.map_or(self.last_fact, |sample| sample.max(self.last_fact));
        self.state.is_open() && STALE_AFTER < now.duration_since(newest)
    }
}

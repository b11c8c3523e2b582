//! The surgical process as a report reads it: when, who, where, with what.
//!
//! The process is the monitoring's; this is the part that a report needs, already cut to one
//! form whether it was read from the monitoring's routes or from another producer's summary.

use jiff::Timestamp;
use thiserror::Error;

/// Gives an id its own type, so that a room is never passed for a patient.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as it came.
            ///
            /// # Errors
            ///
            /// [`EmptyId`] when there is nothing in it.
            pub fn new(id: impl Into<String>) -> Result<Self, EmptyId> {
                let id = id.into();
                if id.trim().is_empty() { Err(EmptyId { of: $what }) } else { Ok(Self(id)) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A surgical process, which is also the id of its report.
    ProcessId, "process";
    /// A patient in the block.
    PatientId, "patient";
    /// A person as patient management knows them, by tax code.
    TaxCode, "tax code";
    /// A booked surgery.
    SurgeryId, "surgery";
    /// A member of the staff.
    ProfessionalId, "health professional";
    /// A room of the block.
    RoomId, "room";
    /// An implanted device.
    DeviceId, "medical device";
    /// A medical technology.
    TechnologyId, "medical technology";
}

/// An id without content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the id of the {of} is empty")]
pub struct EmptyId {
    /// What the id would have named.
    pub of: &'static str,
}

/// The great phases of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Being prepared.
    PreSurgery,
    /// In the theatre.
    Surgery,
    /// Being watched afterwards.
    PostSurgery,
    /// Ended before its time.
    Interrupted,
    /// Ended.
    Terminated,
}

/// The steps of a process, in the order in which they follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The patient is being prepared.
    PatientInPreparation,
    /// The patient lies on the operating table.
    PatientOnOperatingTable,
    /// The patient is being anaesthetised.
    Anesthesia,
    /// The surgery itself.
    SurgeryInProgress,
    /// The surgery is over, the patient still in the theatre.
    EndOfSurgery,
    /// The patient is watched after the surgery.
    PatientUnderObservation,
}

/// A step that does not belong to the state it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{step:?} is no step of {state:?}")]
pub struct StepOutsideState {
    /// The step.
    pub step: Step,
    /// The state it was said to be in.
    pub state: State,
}

impl Step {
    /// The state that the step belongs to.
    pub fn state(self) -> State {
        match self {
            Self::PatientInPreparation => State::PreSurgery,
            Self::PatientOnOperatingTable
            | Self::Anesthesia
            | Self::SurgeryInProgress
            | Self::EndOfSurgery => State::Surgery,
            Self::PatientUnderObservation => State::PostSurgery,
        }
    }

    /// The step, as one that was told together with `state`. A process that has ended keeps its
    /// last step, whichever that was.
    ///
    /// # Errors
    ///
    /// [`StepOutsideState`] when an open process is told to be in a step of another state.
    pub fn within(self, state: State) -> Result<Self, StepOutsideState> {
        match state {
            State::Interrupted | State::Terminated => Ok(self),
            State::PreSurgery | State::Surgery | State::PostSurgery if self.state() == state => {
                Ok(self)
            }
            State::PreSurgery | State::Surgery | State::PostSurgery => {
                Err(StepOutsideState { step: self, state })
            }
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FinalState {
    /// Before its time.
    Interrupted,
    /// As it should.
    Terminated,
}

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// How.
    pub state: FinalState,
}

/// The two kinds of rooms; the declared order is the order of a report's list at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// A room for before and after the surgery.
    PreOperating,
    /// A theatre.
    Operating,
}

/// The patient's stay in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The room.
    pub room: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// When the patient entered.
    pub from: Timestamp,
}

/// The kinds of implanted devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKind {
    /// A catheter.
    Catheter,
    /// A pacemaker.
    Pacemaker,
}

/// A device that was implanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its kind; `None` when nobody could tell.
    pub kind: Option<DeviceKind>,
}

/// The kinds of medical technologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TechnologyKind {
    /// An endoscope.
    Endoscope,
    /// An x-ray machine.
    Xray,
}

/// A medical technology as a report names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Technology {
    /// Its id.
    pub id: TechnologyId,
    /// Its name; empty when nobody could tell.
    pub name: String,
    /// What it is; `None` when nobody could tell.
    pub description: Option<String>,
    /// Its kind; `None` when nobody could tell.
    pub kind: Option<TechnologyKind>,
}

/// A technology that began or ceased to be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usage {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub technology: Technology,
    /// True when the use began.
    pub in_use: bool,
}

/// A technology that was in use already when the patient entered its room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InUseAtEntry {
    /// Which.
    pub id: TechnologyId,
    /// Its name; empty when nobody could tell.
    pub name: String,
    /// Its kind; `None` when nobody could tell.
    pub kind: Option<TechnologyKind>,
    /// The room entered.
    pub room: RoomId,
}

/// A surgical process as far as a report needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// What is operated: the type of the surgery.
    pub description: String,
    /// The patient.
    pub patient: PatientId,
    /// Who the patient is; `None` when nobody knows (an emergency).
    pub tax_code: Option<TaxCode>,
    /// The booked surgery; `None` when none was booked.
    pub surgery: Option<SurgeryId>,
    /// Who is in charge; `None` for an emergency without a booking.
    pub professional: Option<ProfessionalId>,
    /// When it began: the entry that opened it.
    pub start: Timestamp,
    /// Its end; `None` while it is open.
    pub ending: Option<Ending>,
    /// Steps with the instants at which they began, in any order.
    pub steps: Vec<(Timestamp, Step)>,
    /// The room of the preparation.
    pub pre_operating_room: Option<RoomId>,
    /// The room of the observation; `None` before it, and from producers that do not tell it.
    pub post_operating_room: Option<RoomId>,
    /// The patient's stays in rooms, in any order.
    pub stays: Vec<Stay>,
    /// Implanted devices, in any order.
    pub devices: Vec<Device>,
    /// Uses of technologies, in any order.
    pub usages: Vec<Usage>,
    /// Technologies already in use when the patient came, in any order.
    pub in_use_at_entry: Vec<InUseAtEntry>,
}

/// A summary that does not say from when to when the process was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SpanError {
    /// There is neither a state nor a step.
    #[error("the process has neither a state nor a step to begin with")]
    NoStart,
    /// There is no state that ends a process.
    #[error("the process has no end")]
    NoEnd,
}

/// From when to when a process was, read from its series: from the first preparation (from the
/// first entry of either series where there was none, as in an emergency) to the first state
/// that ends a process.
///
/// # Errors
///
/// See [`SpanError`].
pub fn span(
    states: &[(Timestamp, State)],
    steps: &[(Timestamp, Step)],
) -> Result<(Timestamp, Ending), SpanError> {
    let ending = states
        .iter()
        .filter_map(|&(at, state)| match state {
            State::Interrupted => Some(Ending { at, state: FinalState::Interrupted }),
            State::Terminated => Some(Ending { at, state: FinalState::Terminated }),
            State::PreSurgery | State::Surgery | State::PostSurgery => None,
        })
        .min()
        .ok_or(SpanError::NoEnd)?;
    let prepared =
        steps.iter().filter(|(_, step)| *step == Step::PatientInPreparation).map(|(at, _)| *at);
    let any = states.iter().map(|(at, _)| *at).chain(steps.iter().map(|(at, _)| *at));
    let start = prepared.min().or_else(|| any.min()).ok_or(SpanError::NoStart)?;
    Ok((start, ending))
}

//! What is known: the facts, and the order in which they apply.
//!
//! A fact's id derives from its content where the content names it (one movement of one person
//! through one door at one instant is one fact), so that a fact told twice is one fact.

use std::fmt;

use jiff::Timestamp;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the id as others wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// Names a fact; two tellings of one fact have one id.
    FactId,
    /// Names a patient.
    PatientId,
    /// Names a room.
    RoomId,
    /// Names a booking, whatever its version.
    SurgeryId,
    /// Names a health professional.
    ProfessionalId,
    /// A tax code, the healthcare user's id.
    TaxCode,
    /// Names a surgical process.
    ProcessId,
    /// Names the command by which an emergency was declared.
    CommandId,
    /// Names a medical technology.
    TechnologyId,
    /// Names an implantable device.
    DeviceId,
}

/// Ids of facts, made of what names them. The length of an id stands before it where another
/// follows, so that no two facts have one id.
impl FactId {
    /// A patient came into a room.
    pub fn entered(at: Timestamp, room: &RoomId, patient: &PatientId) -> Self {
        Self(format!("entered/{at:.3}/{}/{room}/{patient}", room.0.len()))
    }

    /// A patient went out of a room.
    pub fn left(at: Timestamp, room: &RoomId, patient: &PatientId) -> Self {
        Self(format!("left/{at:.3}/{}/{room}/{patient}", room.0.len()))
    }

    /// A patient was laid on the operating table.
    pub fn on_table(at: Timestamp, patient: &PatientId) -> Self {
        Self(format!("table/{at:.3}/{patient}"))
    }

    /// A device was implanted in a patient.
    pub fn device(at: Timestamp, device: &DeviceId, patient: &PatientId) -> Self {
        Self(format!("device/{at:.3}/{}/{device}/{patient}", device.0.len()))
    }

    /// A technology came into use or out of use.
    pub fn usage(at: Timestamp, technology: &TechnologyId) -> Self {
        Self(format!("usage/{at:.3}/{technology}"))
    }

    /// A version of a booking was accepted.
    pub fn booked(version: u32, surgery: &SurgeryId) -> Self {
        Self(format!("booked/{version}/{surgery}"))
    }

    /// A booking was called off.
    pub fn cancelled(surgery: &SurgeryId) -> Self {
        Self(format!("cancelled/{surgery}"))
    }

    /// A button was pressed, as this event tells; a press has no other name.
    pub fn manual(event: &str) -> Self {
        Self(format!("manual/{event}"))
    }

    /// An emergency was declared by a command.
    pub fn emergency(command: &CommandId) -> Self {
        Self(format!("emergency/{command}"))
    }
}

/// Kinds of rooms, as far as a process can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomKind {
    /// Where patients wait before surgery and are observed after it.
    PrePost,
    /// A theatre.
    Operating,
}

/// Something that happened to a patient, at an instant cut to milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Names the fact.
    pub id: FactId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: FactKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactKind {
    /// A booking was posted (version 1) or rescheduled (each later version).
    Booked(Booked),
    /// A booking was called off, whatever its version.
    Cancelled {
        /// The booking.
        surgery: SurgeryId,
    },
    /// An emergency was declared: the patient is in this theatre.
    Emergency {
        /// By which command.
        command: CommandId,
        /// The theatre.
        room: RoomId,
        /// Of the patient, when it was said.
        tax_code: Option<TaxCode>,
    },
    /// The patient left a room.
    Left {
        /// The room.
        room: RoomId,
        /// Its kind.
        kind: RoomKind,
    },
    /// The patient entered a room.
    Entered {
        /// The room.
        room: RoomId,
        /// Its kind.
        kind: RoomKind,
    },
    /// The patient was laid on the operating table.
    OnTable,
    /// Somebody in a room pressed a button.
    Manual {
        /// The room.
        room: RoomId,
        /// The button.
        button: Button,
        /// The process meant, when it was said.
        process: Option<ProcessId>,
    },
    /// A device was implanted.
    Device {
        /// The device.
        device: DeviceId,
    },
    /// A technology in the patient's room came into use or out of use.
    Technology {
        /// The technology.
        technology: TechnologyId,
        /// The room where it stood.
        room: RoomId,
        /// Whether it was in use from then on.
        in_use: bool,
    },
}

/// One version of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The booking.
    pub surgery: SurgeryId,
    /// 1 when posted, one more with each reschedule.
    pub version: u32,
    /// Whose it is. May be another than the patient folded, when a reschedule changed it.
    pub patient: PatientId,
    /// Tax code of the patient.
    pub tax_code: TaxCode,
    /// The professional responsible.
    pub professional: ProfessionalId,
    /// Type of surgery.
    pub surgery_type: String,
    /// Planned start.
    pub planned: Timestamp,
}

/// Buttons of a room's panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Button {
    /// Anaesthesia begins.
    Anesthesia,
    /// The surgery proper begins.
    SurgeryInProgress,
    /// The surgery proper is over.
    EndOfSurgery,
    /// The process is broken off.
    Interrupted,
    /// The process is over.
    Terminated,
}

impl Button {
    /// All of them, in the order in which they apply at one instant.
    pub const ALL: [Self; 5] = [
        Self::Anesthesia,
        Self::SurgeryInProgress,
        Self::EndOfSurgery,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// As events spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anesthesia => "ANESTHESIA",
            Self::SurgeryInProgress => "SURGERY_IN_PROGRESS",
            Self::EndOfSurgery => "END_OF_SURGERY",
            Self::Interrupted => "INTERRUPTED",
            Self::Terminated => "TERMINATED",
        }
    }
}

/// The place of a fact among all facts: by time, then, at one instant, booking, emergency, leave,
/// enter, on table, buttons by ordinal, usages; what is left equal is ordered by what it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// When.
    pub at: Timestamp,
    /// The kind's place at one instant.
    pub rank: u8,
    /// The room of a movement, else empty.
    pub room: String,
    /// The fact's id, which makes the order total.
    pub id: FactId,
}

impl Fact {
    /// Its place.
    pub fn order(&self) -> Order {
        let (rank, room) = match &self.kind {
            FactKind::Booked(_) | FactKind::Cancelled { .. } => (0, ""),
            FactKind::Emergency { room, .. } => (1, room.as_str()),
            FactKind::Left { room, .. } => (2, room.as_str()),
            FactKind::Entered { room, .. } => (3, room.as_str()),
            FactKind::OnTable => (4, ""),
            FactKind::Manual { button, .. } => match button {
                Button::Anesthesia => (5, ""),
                Button::SurgeryInProgress => (6, ""),
                Button::EndOfSurgery => (7, ""),
                Button::Interrupted => (8, ""),
                Button::Terminated => (9, ""),
            },
            FactKind::Device { .. } | FactKind::Technology { .. } => (10, ""),
        };
        Order { at: self.at, rank, room: room.to_owned(), id: self.id.clone() }
    }
}

/// The fact's kind and its argument, as a history names what was refused or late.
impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Booked(booked) if booked.version == 1 => write!(f, "BOOKED {}", booked.surgery),
            Self::Booked(booked) => write!(f, "RESCHEDULED {}", booked.surgery),
            Self::Cancelled { surgery } => write!(f, "CANCELLED {surgery}"),
            Self::Emergency { room, .. } => write!(f, "EMERGENCY {room}"),
            Self::Left { room, .. } => write!(f, "LEFT {room}"),
            Self::Entered { room, .. } => write!(f, "ENTERED {room}"),
            Self::OnTable => f.write_str("ON_TABLE"),
            Self::Manual { button, .. } => write!(f, "MANUAL {}", button.name()),
            Self::Device { device } => write!(f, "DEVICE {device}"),
            Self::Technology { technology, in_use: true, .. } => {
                write!(f, "TECHNOLOGY_ON {technology}")
            }
            Self::Technology { technology, in_use: false, .. } => {
                write!(f, "TECHNOLOGY_OFF {technology}")
            }
        }
    }
}

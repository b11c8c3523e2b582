//! What is told on the bus, in the domains' own types. Wire forms are the language's business and
//! tested there; here they would only take time.

use automation_management_domain::actuator::{Actuator, Setting};
use building_management_domain::entity::environment::Reading;
use jiff::Timestamp;
use surgery_booking_integration_domain::usecase::Changed;
use surgical_process_monitoring_domain::{
    change::Change,
    fact::Button,
    process::{State, Step},
    vital::Quantity,
};

/// Topics; each is cut into [`PARTITIONS`] by its records' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Topic {
    /// What happens to patients and technologies.
    Process,
    /// What happens to bookings.
    Booking,
    /// Buttons.
    Manual,
    /// Emergencies.
    Emergency,
    /// Who passes which door.
    Tracking,
    /// What is measured in rooms.
    Room,
    /// What becomes of surgical processes.
    SurgicalProcess,
    /// What is asked of rooms.
    Wish,
    /// What twins of actuators say.
    Twin,
}

/// Partitions of every topic.
pub const PARTITIONS: usize = 3;

/// A record before it is appended.
#[derive(Debug, Clone)]
pub struct Message {
    /// Names the event: two records with one id tell one event.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it was appended, in milliseconds; the bus says so.
    pub appended_ms: i64,
    /// Records of one key keep their order.
    pub key: String,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A patient came into a room or went out of it.
    Moved {
        /// Who.
        patient: String,
        /// Where.
        room: String,
        /// Whether the room is a theatre.
        operating: bool,
        /// In, else out.
        entered: bool,
    },
    /// A patient was laid on the table.
    OnTable {
        /// Who.
        patient: String,
    },
    /// A device was implanted.
    Implanted {
        /// Which.
        device: String,
        /// In whom.
        patient: String,
    },
    /// A technology is used, or no longer.
    Used {
        /// Which.
        technology: String,
        /// Whether it is.
        in_use: bool,
    },
    /// A vital sign.
    Vital {
        /// Whose.
        patient: String,
        /// What.
        quantity: Quantity,
        /// In the quantity's unit.
        value: f64,
    },
    /// A professional passed a door.
    Passed {
        /// Who.
        professional: String,
        /// Whose door.
        room: String,
        /// In, else out.
        entered: bool,
    },
    /// Something was measured in a room.
    Measured {
        /// Where.
        room: String,
        /// Whether the room is a theatre.
        operating: bool,
        /// What.
        reading: Reading,
    },
    /// A booking changed.
    Booked(Box<Changed>),
    /// Somebody pressed a button in a room.
    Pressed {
        /// Where.
        room: String,
        /// Which.
        button: Button,
    },
    /// Somebody declared an emergency.
    Emergency {
        /// The command's id.
        command: String,
        /// The theatre.
        room: String,
        /// Of the patient, when known.
        tax_code: Option<String>,
    },
    /// The team asks something of a room's lights.
    Wished {
        /// Where.
        room: String,
        /// What.
        wish: Light,
    },
    /// An actuator's twin says what it is set to.
    Shadow {
        /// Where.
        room: String,
        /// Which.
        actuator: Actuator,
        /// What.
        setting: Setting,
    },
    /// A surgical process changed.
    Process(Box<News>),
}

/// What the team wants of the lights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Light {
    /// Ambient and surgical light by hand, in lux.
    Custom(i64, i64),
    /// By hand no longer.
    Stop,
    /// As suits an endoscope.
    Adapt,
}

/// What is told of a surgical process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The process.
    pub process: String,
    /// Whose it is.
    pub patient: String,
    /// The booking that it uses up, and its version.
    pub booking: Option<(String, u32)>,
    /// Grows with every change of the process.
    pub version: u64,
    /// What is told; `None` that it is settled.
    pub change: Option<Change>,
    /// Where it stands.
    pub state: State,
    /// The theatre, while it is operated there.
    pub theatre: Option<String>,
    /// How far it has come.
    pub step: Option<Step>,
}

impl Event {
    /// Where it is told.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Moved { .. }
            | Self::OnTable { .. }
            | Self::Implanted { .. }
            | Self::Used { .. }
            | Self::Vital { .. } => Topic::Process,
            Self::Booked(_) => Topic::Booking,
            Self::Pressed { .. } => Topic::Manual,
            Self::Emergency { .. } => Topic::Emergency,
            Self::Passed { .. } => Topic::Tracking,
            Self::Measured { .. } => Topic::Room,
            Self::Process(_) => Topic::SurgicalProcess,
            Self::Wished { .. } => Topic::Wish,
            Self::Shadow { .. } => Topic::Twin,
        }
    }
}

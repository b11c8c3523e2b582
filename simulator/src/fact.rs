//! What happens, as a line of the truth journal says it.

use chiron_clock::instant;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// One thing that happens in the world and that the product is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Names the fact: all journal lines with one id are one fact.
    pub id: String,
    /// When it happens; sent as the source time.
    #[serde(with = "instant::text")]
    pub t: Timestamp,
    /// What happens.
    #[serde(flatten)]
    pub what: What,
    /// Sent long after its process has been settled: expected in the history, not in the report.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The status with which the product must refuse the call; then this is no fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u16>,
    /// When it really happened, where the sender's clock is wrong.
    #[serde(skip_serializing_if = "Option::is_none", with = "instant::option")]
    pub world_time: Option<Timestamp>,
    /// What it really was, where the sensor lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world_value: Option<Value>,
}

impl Fact {
    /// Something that happens and is told as it is.
    #[must_use]
    pub fn new(id: String, t: Timestamp, what: What) -> Self {
        Self { id, t, what, late: false, expected: None, world_time: None, world_value: None }
    }
}

/// The kinds of facts and their fields.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the truth journal, named alike")]
pub enum What {
    /// The run itself: what an oracle must know before it reads on.
    Run {
        seed: u64,
        #[serde(with = "instant::text")]
        epoch: Timestamp,
        /// After the last late window.
        #[serde(with = "instant::text")]
        end: Timestamp,
        late_window_seconds: i64,
        /// Nominal seconds between two samples of a quantity, by its name.
        period_seconds: Value,
        automation: Value,
    },
    Zone {
        zone_id: String,
    },
    Room {
        room_id: String,
        name: String,
        room_type: RoomType,
        zone_id: String,
    },
    Professional {
        health_professional_id: String,
        name: String,
        surname: String,
        role: Role,
    },
    Patient {
        patient_id: String,
        tax_code: String,
        name: String,
        surname: String,
    },
    TechnologyRegistered {
        technology_id: String,
        name: String,
        #[serde(rename = "type")]
        technology_type: TechnologyType,
    },
    TechnologyPlaced {
        technology_id: String,
        room_id: Option<String>,
    },
    Booked(Booking),
    Rescheduled(Booking),
    Cancelled(Booking),
    /// `room_id` is `None` when the patient left the block.
    PatientMoved {
        patient_id: String,
        room_id: Option<String>,
    },
    /// `from_room_id` stands exactly when an exit is sent.
    StaffMoved {
        professional_id: String,
        room_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        from_room_id: Option<String>,
    },
    OnTable {
        patient_id: String,
    },
    Step {
        room_id: String,
        patient_id: String,
        step: Step,
    },
    Technology {
        technology_id: String,
        room_id: String,
        in_use: bool,
    },
    Implant {
        device_id: String,
        device_type: DeviceType,
        patient_id: String,
    },
    Vital {
        patient_id: String,
        quantity: Vital,
        value: f64,
        unit: &'static str,
    },
    Environment {
        room_id: String,
        quantity: Quantity,
        value: Value,
    },
    Actuator {
        actuator_id: String,
        room_id: String,
        #[serde(rename = "type")]
        actuator_type: ActuatorType,
    },
    ActuatorState {
        actuator_id: String,
        state: &'static str,
        intensity: i64,
    },
    /// As received by the actuator; `value` is null for a switch.
    Command {
        actuator_id: String,
        room_id: String,
        action: &'static str,
        value: Value,
    },
    /// The team asks for lights, or for its own no longer.
    LightRequest {
        command_id: String,
        room_id: String,
        #[serde(flatten)]
        action: Light,
    },
    /// Something was done to the product, to what it is told, or to an actuator.
    Fault {
        what: &'static str,
        /// The one actuator that it is about; the whole block when there is none.
        #[serde(flatten)]
        actuator: Option<Place>,
        #[serde(with = "instant::text")]
        from: Timestamp,
        #[serde(with = "instant::text")]
        until: Timestamp,
    },
    Emergency {
        command_id: String,
        room_id: String,
        /// As the product answers it; known before, since it derives from the command's id.
        patient_id: String,
        tax_code: Option<String>,
    },
}

/// An actuator and its room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    pub room_id: String,
    pub actuator_id: String,
}

/// What the team wants of the lights.
#[expect(missing_docs, reason = "the fields are those of the truth journal, named alike")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Light {
    /// Both lights by hand, in lux.
    Setup { ambient_light_lux: u32, surgical_light_lux: u32 },
    /// By hand no longer.
    Stop,
    /// As suits the technology in use.
    Adapt { medical_technology_type: TechnologyType },
}

/// A booking with all its fields.
#[expect(missing_docs, reason = "the fields are those of the truth journal, named alike")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Booking {
    pub surgery_id: String,
    pub patient_id: String,
    pub tax_code: String,
    pub professional_id: String,
    pub surgery_type: String,
    #[serde(with = "instant::text")]
    pub planned_start: Timestamp,
    pub planned_minutes: u32,
    pub operating_room_id: Option<String>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word as the contract spells it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// The two kinds of rooms.
    RoomType { PreOperating = "PRE_OPERATING_ROOM", Operating = "OPERATING_ROOM" }
}
words! {
    /// What a health professional is.
    Role { Surgeon = "SURGEON", Nurse = "NURSE", Anesthetist = "ANESTHETIST" }
}
words! {
    /// The kinds of medical technologies.
    TechnologyType { Endoscope = "ENDOSCOPE", Xray = "XRAY" }
}
words! {
    /// The kinds of actuators, in the order of the models' enumeration.
    ActuatorType {
        Heating = "heating",
        Cooling = "cooling",
        Ventilation = "ventilation",
        AmbientLight = "ambient_light",
        SurgicalLight = "surgical_light",
    }
}
words! {
    /// The kinds of implantable devices.
    DeviceType { Pacemaker = "PACEMAKER", Catheter = "CATHETER" }
}
words! {
    /// Events that a person reports by hand.
    Step {
        Anesthesia = "ANESTHESIA",
        SurgeryInProgress = "SURGERY_IN_PROGRESS",
        EndOfSurgery = "END_OF_SURGERY",
        Interrupted = "INTERRUPTED",
        Terminated = "TERMINATED",
    }
}
words! {
    /// Vital signs.
    Vital {
        HeartBeat = "heartBeat",
        DiastolicBloodPressure = "diastolicBloodPressure",
        SystolicBloodPressure = "systolicBloodPressure",
        RespiratoryRate = "respiratoryRate",
        SaturationPercentage = "saturationPercentage",
        BodyTemperature = "bodyTemperature",
    }
}
words! {
    /// What is measured in a room.
    Quantity {
        Temperature = "temperature",
        Humidity = "humidity",
        Luminosity = "luminosity",
        Presence = "presence",
    }
}

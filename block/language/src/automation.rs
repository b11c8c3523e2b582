//! `automation-proposal-events` and `automation-requests-events`: what the automation offers to do
//! with the lights of a room, what the team asks of it, and how that and every command ended.

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// Topic of what is offered.
pub const PROPOSAL_TOPIC: &str = "automation-proposal-events";
/// Topic of what is asked for.
pub const REQUEST_TOPIC: &str = "automation-requests-events";
/// Key of [`ProposalEvent`].
pub const MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT: &str =
    "MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT";
/// Key of [`AutomationRequest::MedicalTechnology`].
pub const MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT: &str =
    "MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT";
/// Key of [`AutomationRequest::CustomLightSetup`].
pub const CUSTOM_LIGHT_SETUP_REQUEST_EVENT: &str = "CUSTOM_LIGHT_SETUP_REQUEST_EVENT";
/// Key of [`AutomationRequest::CustomLightStop`].
pub const CUSTOM_LIGHT_STOP_REQUEST_EVENT: &str = "CUSTOM_LIGHT_STOP_REQUEST_EVENT";

/// Key of [`RequestRefusedEvent`].
pub const AUTOMATION_REQUEST_REFUSED_EVENT: &str = "AUTOMATION_REQUEST_REFUSED_EVENT";
/// Key of [`CommandEndedEvent`].
pub const AUTOMATION_COMMAND_ENDED_EVENT: &str = "AUTOMATION_COMMAND_ENDED_EVENT";

/// Kinds of technologies, in the lower-case spelling of these two topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutomatedTechnology {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    Xray,
}

/// Lights that would suit a technology now in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalEvent {
    /// The room.
    pub room_id: String,
    /// The technology in use there.
    pub medical_technology_type: AutomatedTechnology,
    /// Proposed ambient light in lux.
    pub ambient_light_lux: i64,
    /// Proposed surgical light in lux.
    pub surgical_light_lux: i64,
    /// When it was proposed, in milliseconds.
    pub date_time: Timestamp,
}

/// One wish of the team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEvent {
    /// The room.
    pub room_id: String,
    /// The wish.
    pub request: AutomationRequest,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutomationRequest {
    /// Accepts what was proposed for a technology.
    MedicalTechnology {
        /// The technology.
        medical_technology_type: AutomatedTechnology,
    },
    /// Sets the lights by hand.
    CustomLightSetup {
        /// Ambient light in lux.
        ambient_light_lux: i64,
        /// Surgical light in lux.
        surgical_light_lux: i64,
    },
    /// Gives the lights back to the automation.
    CustomLightStop,
}

/// A wish that is not followed, and why. On [`PROPOSAL_TOPIC`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRefusedEvent {
    /// The id of the wish's record, which is the client's command id where one was sent.
    pub request_id: String,
    /// The wish.
    pub request: RequestEvent,
    /// Why, for a program: `NOT_IN_USE`, `NO_SCENARIO`, `OUT_OF_RANGE`, `UNKNOWN_ROOM`.
    pub reason: String,
    /// Why, for a person.
    pub detail: String,
    /// When it was refused, in milliseconds.
    pub date_time: Timestamp,
}

/// A command to an actuator came to its end. On [`PROPOSAL_TOPIC`].
#[derive(Debug, Clone, PartialEq)]
pub struct CommandEndedEvent {
    /// The command and its end.
    pub command: CommandEnded,
    /// When it ended, in milliseconds.
    pub date_time: Timestamp,
}

/// Data of [`CommandEndedEvent`]. The whole explanation is at the automation's route for decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandEnded {
    /// The decision that the command followed from.
    pub decision_id: String,
    /// The id of the event that it followed from; the client's command id for a wish of the team.
    pub cause_id: String,
    /// The room.
    pub room_id: String,
    /// `HEATING`, `COOLING`, `VENTILATION`, `AMBIENT_LIGHT` or `SURGICAL_LIGHT`.
    pub actuator_type: String,
    /// The actuator; `None` when the room has none of that type, or it was not asked.
    pub actuator_id: Option<String>,
    /// The Thing's action: `on`, `off` or `setIntensity`.
    pub action: String,
    /// Percent or lux of `setIntensity`.
    pub intensity: Option<u32>,
    /// `CONFIRMED`, `FAILED`, `SUPERSEDED` or `EXPIRED`.
    pub outcome: String,
    /// Why it failed, for a program.
    pub reason: Option<String>,
}

impl ProposalEvent {
    /// Reads a record of [`PROPOSAL_TOPIC`].
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (data, date_time) = read_basic::<Proposal>(record, &key)?;
        let Proposal { room_id, medical_technology_type, ambient_light_lux, surgical_light_lux } =
            data;
        Ok(Self {
            room_id,
            medical_technology_type,
            ambient_light_lux,
            surgical_light_lux,
            date_time,
        })
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let data = Proposal {
            room_id: self.room_id,
            medical_technology_type: self.medical_technology_type,
            ambient_light_lux: self.ambient_light_lux,
            surgical_light_lux: self.surgical_light_lux,
        };
        let label = Label {
            topic: PROPOSAL_TOPIC,
            key: MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT,
            aggregate: &data.room_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&data)
    }
}

impl RequestRefusedEvent {
    /// Reads a record of [`PROPOSAL_TOPIC`].
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != AUTOMATION_REQUEST_REFUSED_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (data, date_time) = read_basic::<Refusal>(record, &key)?;
        let Refusal { room_id, request_id, request, reason, detail } = data;
        let (request, asked_at) = match request {
            Wish::MedicalTechnology { medical_technology_type, date_time } => {
                (AutomationRequest::MedicalTechnology { medical_technology_type }, date_time)
            }
            Wish::CustomLightSetup { ambient_light_lux, surgical_light_lux, date_time } => (
                AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux },
                date_time,
            ),
            Wish::CustomLightStop { date_time } => (AutomationRequest::CustomLightStop, date_time),
        };
        let request = RequestEvent { room_id, request, date_time: asked_at };
        Ok(Self { request_id, request, reason, detail, date_time })
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let RequestEvent { room_id, request, date_time } = self.request;
        let request = match request {
            AutomationRequest::MedicalTechnology { medical_technology_type } => {
                Wish::MedicalTechnology { medical_technology_type, date_time }
            }
            AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux } => {
                Wish::CustomLightSetup { ambient_light_lux, surgical_light_lux, date_time }
            }
            AutomationRequest::CustomLightStop => Wish::CustomLightStop { date_time },
        };
        let Self { request_id, reason, detail, .. } = self;
        let data = Refusal { room_id, request_id, request, reason, detail };
        let label = Label {
            topic: PROPOSAL_TOPIC,
            key: AUTOMATION_REQUEST_REFUSED_EVENT,
            aggregate: &data.room_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&data)
    }
}

impl CommandEndedEvent {
    /// Reads a record of [`PROPOSAL_TOPIC`].
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != AUTOMATION_COMMAND_ENDED_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (command, date_time) = read_basic(record, &key)?;
        Ok(Self { command, date_time })
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let label = Label {
            topic: PROPOSAL_TOPIC,
            key: AUTOMATION_COMMAND_ENDED_EVENT,
            aggregate: &self.command.room_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&self.command)
    }
}

impl AutomationRequest {
    /// The key of its event.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::MedicalTechnology { .. } => MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT,
            Self::CustomLightSetup { .. } => CUSTOM_LIGHT_SETUP_REQUEST_EVENT,
            Self::CustomLightStop => CUSTOM_LIGHT_STOP_REQUEST_EVENT,
        }
    }
}

impl RequestEvent {
    /// Reads a record of [`REQUEST_TOPIC`].
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        match &*key {
            MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT => {
                let (data, date_time) = read_basic::<TechnologyRequest>(record, &key)?;
                let TechnologyRequest { room_id, medical_technology_type } = data;
                let request = AutomationRequest::MedicalTechnology { medical_technology_type };
                Ok(Self { room_id, request, date_time })
            }
            CUSTOM_LIGHT_SETUP_REQUEST_EVENT => {
                let (data, date_time) = read_basic::<LightSetup>(record, &key)?;
                let LightSetup { room_id, ambient_light_lux, surgical_light_lux } = data;
                let request =
                    AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux };
                Ok(Self { room_id, request, date_time })
            }
            CUSTOM_LIGHT_STOP_REQUEST_EVENT => {
                let (LightStop { room_id }, date_time) = read_basic(record, &key)?;
                Ok(Self { room_id, request: AutomationRequest::CustomLightStop, date_time })
            }
            _ => Err(unknown_key(record, &key)),
        }
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let Self { room_id, request, date_time } = self;
        let aggregate = room_id.clone();
        let label = Label {
            topic: REQUEST_TOPIC,
            key: request.key(),
            aggregate: &aggregate,
            ce_id,
            source,
            at: date_time,
        };
        match request {
            AutomationRequest::MedicalTechnology { medical_technology_type } => {
                label.write_basic(TechnologyRequest { room_id, medical_technology_type })
            }
            AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux } => {
                label.write_basic(LightSetup { room_id, ambient_light_lux, surgical_light_lux })
            }
            AutomationRequest::CustomLightStop => label.write_basic(LightStop { room_id }),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposal {
    room_id: String,
    medical_technology_type: AutomatedTechnology,
    ambient_light_lux: i64,
    surgical_light_lux: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TechnologyRequest {
    room_id: String,
    medical_technology_type: AutomatedTechnology,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LightSetup {
    room_id: String,
    ambient_light_lux: i64,
    surgical_light_lux: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LightStop {
    room_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    room_id: String,
    request_id: String,
    request: Wish,
    reason: String,
    detail: String,
}

/// A request without its room, which stands beside it.
#[derive(Serialize, Deserialize)]
#[serde(tag = "key", rename_all_fields = "camelCase")]
enum Wish {
    #[serde(rename = "MEDICAL_TECHNOLOGY_AUTOMATION_REQUEST_EVENT")]
    MedicalTechnology {
        medical_technology_type: AutomatedTechnology,
        #[serde(with = "text")]
        date_time: Timestamp,
    },
    #[serde(rename = "CUSTOM_LIGHT_SETUP_REQUEST_EVENT")]
    CustomLightSetup {
        ambient_light_lux: i64,
        surgical_light_lux: i64,
        #[serde(with = "text")]
        date_time: Timestamp,
    },
    #[serde(rename = "CUSTOM_LIGHT_STOP_REQUEST_EVENT")]
    CustomLightStop {
        #[serde(with = "text")]
        date_time: Timestamp,
    },
}

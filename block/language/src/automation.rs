//! `automation-proposal-events` and `automation-requests-events`: what the automation offers to do
//! with the lights of a room, and what the team asks of it.

use chiron_broker::{NewRecord, Record};
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

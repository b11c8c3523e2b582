//! What of the log is told live, and in what form.
//!
//! The events of the block are told in the form that their topics have, written anew by the
//! published language so that nothing passes that the contract does not name. What became of a
//! command is told in one form of ours, whoever says it.

use std::sync::Arc;

use block_language::automation::{
    AUTOMATION_COMMAND_ENDED_EVENT, AUTOMATION_REQUEST_REFUSED_EVENT, CommandEndedEvent,
    MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT, ProposalEvent, RequestEvent, RequestRefusedEvent,
};
use block_language::emergency::{EMERGENCY_SURGERY_EVENT, EmergencySurgeryEvent};
use block_language::manual::{PROCESS_MANUAL_EVENT, ProcessManualEvent};
use block_language::process::{ProcessEvent, ProcessFact};
use block_language::room::RoomEvent;
use block_language::surgical_process::SurgicalProcessEvent;
use block_language::tracking::{TRACKING_EVENT, TrackingEvent};
use block_language::{
    NotWritten, Rejection, automation, emergency, key_of, manual, process, room, surgical_process,
    tracking,
};
use chiron_broker::{NewRecord, Record};
use chiron_chassis::Need;
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::needs::{AUTOMATION, OUTCOMES, POSITIONS, PROCESSES, ROOMS};

/// The topics followed. Their order is part of every written position: whoever changes it gives
/// positions another form.
pub(crate) const FOLLOWED: [&str; 8] = [
    room::TOPIC,
    tracking::TOPIC,
    process::TOPIC,
    surgical_process::TOPIC,
    automation::PROPOSAL_TOPIC,
    automation::REQUEST_TOPIC,
    manual::TOPIC,
    emergency::TOPIC,
];

/// Kinds of live events, as clients name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A room was measured.
    Room,
    /// A surgery went on.
    Process,
    /// Somebody passed a door.
    Position,
    /// The automation proposes lights.
    Proposal,
    /// A command was accepted, refused, or came to its end.
    Command,
    /// A vital sign of a patient was measured.
    Vital,
}

impl Kind {
    /// The name, as in `event: room`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Process => "process",
            Self::Position => "position",
            Self::Proposal => "proposal",
            Self::Command => "command",
            Self::Vital => "vital",
        }
    }
}

/// One event of the log as it is told.
#[derive(Debug, Clone)]
pub(crate) struct LiveEvent {
    pub(crate) kind: Kind,
    /// Who may see it.
    pub(crate) need: Need,
    /// The rooms that it is about.
    pub(crate) rooms: Vec<String>,
    /// Of a vital sign, whose it is: told only to who names the patient.
    pub(crate) patient: Option<String>,
    /// One line of JSON.
    pub(crate) text: Arc<str>,
    /// The same for a wall screen, without what names or singles out a person; `None` when there
    /// is nothing of the kind in it.
    pub(crate) codes: Option<Arc<str>>,
    /// Of a proposal its data alone: the frame of the WebSocket.
    pub(crate) frame: Option<Arc<str>>,
}

/// Why a record is not told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    /// It is no event of its topic; its consumers have put it among the dead letters.
    #[error(transparent)]
    Unreadable(#[from] Rejection),
    /// It could not be written as JSON.
    #[error(transparent)]
    Unwritable(#[from] NotWritten),
    /// What was written is not JSON, or not an envelope.
    #[error("an event cannot be written")]
    Text(#[from] serde_json::Error),
}

/// What of a written event is told again in another form.
#[derive(Deserialize)]
struct Envelope<'t> {
    #[serde(borrow)]
    data: &'t RawValue,
}

/// A passage of a door without who passed it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Passage<'t> {
    key: &'t str,
    room_id: &'t str,
    data: bool,
    #[serde(with = "instant::text")]
    date_time: Timestamp,
}

/// What became of a command.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommandTold<'t> {
    /// The event that says so.
    key: &'t str,
    /// The client's `X-Command-Id`; for what the automation did by itself, the event it followed.
    command_id: &'t str,
    /// `ACCEPTED`, `REFUSED`, `CONFIRMED`, `FAILED`, `SUPERSEDED` or `EXPIRED`.
    outcome: &'t str,
    room_id: &'t str,
    data: Value,
    #[serde(with = "instant::text")]
    date_time: Timestamp,
}

impl LiveEvent {
    /// Reads a record of one of the followed topics; `None` when it is none of what is told.
    pub(crate) fn of(record: &Record) -> Result<Option<Self>, NotTold> {
        match record.topic.as_str() {
            room::TOPIC => measured(record).map(Some),
            tracking::TOPIC => passed(record).map(Some),
            process::TOPIC => happened(record),
            surgical_process::TOPIC => went_on(record).map(Some),
            automation::PROPOSAL_TOPIC => said_by_automation(record),
            automation::REQUEST_TOPIC => requested(record).map(Some),
            manual::TOPIC => pressed(record).map(Some),
            emergency::TOPIC => opened(record).map(Some),
            _ => Ok(None),
        }
    }

    /// An event told in the form of its topic.
    fn told(kind: Kind, need: Need, rooms: Vec<String>, written: NewRecord) -> Self {
        let text = Arc::from(written.value);
        Self { kind, need, rooms, patient: None, text, codes: None, frame: None }
    }

    fn outcome(need: Need, outcome: &CommandTold<'_>) -> Result<Self, NotTold> {
        Ok(Self {
            kind: Kind::Command,
            need,
            rooms: vec![outcome.room_id.to_owned()],
            patient: None,
            text: Arc::from(serde_json::to_string(outcome)?),
            codes: None,
            frame: None,
        })
    }
}

/// Id and source of an event that is written for its text alone.
const UNNAMED: (&str, &str) = ("", crate::NAME);

fn measured(record: &Record) -> Result<LiveEvent, NotTold> {
    let event = RoomEvent::decode(record)?;
    let rooms = vec![event.room_id.clone()];
    let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
    Ok(LiveEvent::told(Kind::Room, ROOMS, rooms, written))
}

fn passed(record: &Record) -> Result<LiveEvent, NotTold> {
    let event = TrackingEvent::decode(record)?;
    let passage = Passage {
        key: TRACKING_EVENT,
        room_id: &event.room_id,
        data: event.entered,
        date_time: event.date_time,
    };
    let codes = Some(Arc::from(serde_json::to_string(&passage)?));
    let rooms = vec![event.room_id.clone()];
    let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
    Ok(LiveEvent { codes, ..LiveEvent::told(Kind::Position, POSITIONS, rooms, written) })
}

/// Of what happens to patients their movements and their vital signs.
fn happened(record: &Record) -> Result<Option<LiveEvent>, NotTold> {
    let event = ProcessEvent::decode(record)?;
    let (kind, rooms, patient) = match &event.fact {
        ProcessFact::PatientTracked { room_id, .. } => {
            (Kind::Position, vec![room_id.clone()], None)
        }
        ProcessFact::VitalSign { patient_id, .. } => {
            (Kind::Vital, Vec::new(), Some(patient_id.clone()))
        }
        ProcessFact::PatientOnOperatingBed { .. }
        | ProcessFact::MedicalDeviceUsage { .. }
        | ProcessFact::MedicalTechnologyUsage { .. } => return Ok(None),
    };
    let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
    // Where and how a patient is belongs to the process, and the id is a code.
    Ok(Some(LiveEvent { patient, ..LiveEvent::told(kind, PROCESSES, rooms, written) }))
}

fn went_on(record: &Record) -> Result<LiveEvent, NotTold> {
    let event = SurgicalProcessEvent::decode(record)?;
    let process = &event.process;
    let rooms = [
        &process.pre_operating_room_id,
        &process.operating_room_id,
        &process.post_operating_room_id,
    ];
    let rooms = rooms.into_iter().flatten().cloned().collect();
    let mut unnamed = event.clone();
    unnamed.process.patient_tax_code = None;
    let codes = Some(Arc::from(unnamed.into_record(UNNAMED.0, UNNAMED.1)?.value));
    let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
    Ok(LiveEvent { codes, ..LiveEvent::told(Kind::Process, PROCESSES, rooms, written) })
}

fn said_by_automation(record: &Record) -> Result<Option<LiveEvent>, NotTold> {
    match &*key_of(record)? {
        MEDICAL_TECHNOLOGY_AUTOMATION_PROPOSAL_EVENT => {
            let event = ProposalEvent::decode(record)?;
            let rooms = vec![event.room_id.clone()];
            let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
            let envelope: Envelope<'_> = serde_json::from_str(&written.value)?;
            let frame = Some(Arc::from(envelope.data.get()));
            let told = LiveEvent::told(Kind::Proposal, AUTOMATION, rooms, written);
            Ok(Some(LiveEvent { frame, ..told }))
        }
        AUTOMATION_REQUEST_REFUSED_EVENT => {
            let RequestRefusedEvent { request_id, request, reason, detail, date_time } =
                RequestRefusedEvent::decode(record)?;
            let outcome = CommandTold {
                key: AUTOMATION_REQUEST_REFUSED_EVENT,
                command_id: &request_id,
                outcome: "REFUSED",
                room_id: &request.room_id,
                data: json!({
                    "request": request.request.key(), "reason": reason, "detail": detail,
                }),
                date_time,
            };
            LiveEvent::outcome(AUTOMATION, &outcome).map(Some)
        }
        AUTOMATION_COMMAND_ENDED_EVENT => {
            let CommandEndedEvent { command, date_time } = CommandEndedEvent::decode(record)?;
            let outcome = CommandTold {
                key: AUTOMATION_COMMAND_ENDED_EVENT,
                command_id: &command.cause_id,
                outcome: &command.outcome,
                room_id: &command.room_id,
                data: serde_json::to_value(&command)?,
                date_time,
            };
            LiveEvent::outcome(AUTOMATION, &outcome).map(Some)
        }
        // The automation may say more than the dashboards know of.
        _ => Ok(None),
    }
}

fn requested(record: &Record) -> Result<LiveEvent, NotTold> {
    let (key, event) = (key_of(record)?.into_owned(), RequestEvent::decode(record)?);
    let (room_id, date_time) = (event.room_id.clone(), event.date_time);
    let written = event.into_record(UNNAMED.0, UNNAMED.1)?;
    let envelope: Envelope<'_> = serde_json::from_str(&written.value)?;
    let outcome = CommandTold {
        key: &key,
        command_id: &record.id(),
        outcome: ACCEPTED,
        room_id: &room_id,
        data: serde_json::from_str(envelope.data.get())?,
        date_time,
    };
    LiveEvent::outcome(AUTOMATION, &outcome)
}

/// The command is durable: who reads it will find it.
const ACCEPTED: &str = "ACCEPTED";

fn pressed(record: &Record) -> Result<LiveEvent, NotTold> {
    let event = ProcessManualEvent::decode(record)?;
    let outcome = CommandTold {
        key: PROCESS_MANUAL_EVENT,
        command_id: &record.id(),
        outcome: ACCEPTED,
        room_id: &event.room_id,
        data: json!({"manualEvent": event.manual_event, "processId": event.process_id}),
        date_time: event.date_time,
    };
    LiveEvent::outcome(OUTCOMES, &outcome)
}

fn opened(record: &Record) -> Result<LiveEvent, NotTold> {
    let event = EmergencySurgeryEvent::decode(record)?;
    let id = record.id();
    let outcome = CommandTold {
        key: EMERGENCY_SURGERY_EVENT,
        command_id: &id,
        outcome: ACCEPTED,
        room_id: &event.room_id,
        data: json!({
            "processId": format!("emergency-{id}"),
            "patientId": format!("emergency-patient-{id}"),
        }),
        date_time: event.date_time,
    };
    LiveEvent::outcome(OUTCOMES, &outcome)
}

//! What is told of a room's reactions, as events.

use automation_management_domain::{
    command::{Decision, Outcome, Progress},
    id::RoomId,
    policy::{Lights, OutOfRange, Technology},
    reaction::{Effect, Refusal},
};
use block_language::{
    NotWritten,
    automation::{
        AutomatedTechnology, CommandEnded, CommandEndedEvent, ProposalEvent, RequestEvent,
        RequestRefusedEvent,
    },
};
use chiron_broker::NewRecord;
use jiff::Timestamp;

use crate::{
    NAME,
    application::{answer::action, name::Named as _},
};

/// What effects follow from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The event's id.
    pub(crate) event: &'a str,
    /// The wish that it told, if it told one.
    pub(crate) request: Option<&'a RequestEvent>,
}

/// The events that tell effects. Their ids derive from what they follow from, so that a repeat can
/// be told.
pub(crate) fn tell(
    room: &RoomId,
    effects: &[Effect],
    origin: Origin<'_>,
    now: Timestamp,
) -> Result<Vec<NewRecord>, NotWritten> {
    let mut records = Vec::with_capacity(effects.len());
    for effect in effects {
        match effect {
            Effect::Proposed(technology, lights) => {
                let id = format!("{}-proposal", origin.event);
                records.push(proposal(room, *technology, *lights, now).into_record(&id, NAME)?);
            }
            Effect::Refused(refusal) => {
                if let Some(request) = origin.request {
                    records.push(refuse(origin.event, request, *refusal, now)?);
                }
            }
            Effect::Ended(decision) => {
                if let Some(ended) = ended(room, decision) {
                    let id = format!("{}/{}", decision.id, ended.command.outcome);
                    records.push(ended.into_record(&id, NAME)?);
                }
            }
        }
    }
    Ok(records)
}

fn proposal(room: &RoomId, kind: Technology, lights: Lights, now: Timestamp) -> ProposalEvent {
    ProposalEvent {
        room_id: room.to_string(),
        medical_technology_type: match kind {
            Technology::Endoscope => AutomatedTechnology::Endoscope,
            Technology::Xray => AutomatedTechnology::Xray,
        },
        ambient_light_lux: lights.ambient().into(),
        surgical_light_lux: lights.surgical().into(),
        date_time: now,
    }
}

/// The event that a wish is not followed.
pub(crate) fn refuse(
    event: &str,
    request: &RequestEvent,
    refusal: Refusal,
    now: Timestamp,
) -> Result<NewRecord, NotWritten> {
    let reason = match refusal {
        Refusal::NotInUse => "NOT_IN_USE",
        Refusal::NoScenario => "NO_SCENARIO",
        Refusal::OutOfRange(
            OutOfRange::Ambient
            | OutOfRange::Surgical
            | OutOfRange::Temperature
            | OutOfRange::Humidity,
        ) => "OUT_OF_RANGE",
        Refusal::UnknownRoom => "UNKNOWN_ROOM",
    };
    let refused = RequestRefusedEvent {
        request_id: event.to_owned(),
        request: request.clone(),
        reason: reason.to_owned(),
        detail: refusal.to_string(),
        date_time: now,
    };
    refused.into_record(&format!("{event}-refused"), NAME)
}

fn ended(room: &RoomId, decision: &Decision) -> Option<CommandEndedEvent> {
    let Progress::Ended(outcome, date_time) = decision.progress else { return None };
    let (action, intensity) = action(decision.setting);
    let command = CommandEnded {
        decision_id: decision.id.clone(),
        cause_id: decision.cause.stamp.event.clone(),
        room_id: room.to_string(),
        actuator_type: decision.actuator.name().to_owned(),
        actuator_id: decision.actuator_id.as_ref().map(ToString::to_string),
        action: action.to_owned(),
        intensity,
        outcome: outcome.name().to_owned(),
        reason: decision
            .trouble
            .filter(|_| outcome == Outcome::Failed)
            .map(|trouble| trouble.name().to_owned()),
    };
    Some(CommandEndedEvent { command, date_time })
}

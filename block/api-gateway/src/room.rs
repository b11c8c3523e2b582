//! The commands of a room's dashboard that begin or steer a surgery.
//!
//! A command is answered when it is durable in the broker; whether it fits is decided by who reads
//! it, and seen in the process. A command may be sent again under the same id: of records with one
//! id the first counts.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use block_language::emergency::EmergencySurgeryEvent;
use block_language::manual::{ManualEvent, ProcessManualEvent};
use chiron_broker::{NewRecord, PublishError};
use chiron_chassis::{Api, Calls, FactTime, Json, Problem, Query, Service};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Gateway;
use crate::behind::PATIENCE;
use crate::needs::COMMAND;

/// The header with which a client names its command.
const COMMAND_ID: HeaderName = HeaderName::from_static("x-command-id");

/// The commands that begin or steer a surgery.
pub(crate) fn commands(api: Api<Gateway>) -> Api<Gateway> {
    api.route(COMMAND, routes!(manual_event)).route(COMMAND, routes!(emergency))
}

/// What was pressed, and where.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct ManualQuery {
    /// The room.
    room_id: String,
    /// `ANESTHESIA`, `SURGERY_IN_PROGRESS`, `END_OF_SURGERY`, `INTERRUPTED` or `TERMINATED`.
    #[param(value_type = String)]
    event: ManualEvent,
    /// The process meant; must be given for `TERMINATED`.
    process_id: Option<String>,
}

/// Says that a step has begun in a room, or that a surgery is interrupted or over.
#[utoipa::path(post, path = "/api/v1/ord/process-manual-events", params(ManualQuery),
    responses((status = 204), (status = 400), (status = 404), (status = 503)))]
async fn manual_event(
    State(gateway): State<Gateway>,
    at: FactTime,
    headers: HeaderMap,
    Query(query): Query<ManualQuery>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    if query.process_id.as_ref().is_some_and(String::is_empty) {
        return Err(Problem::bad_request("?processId", "must not be empty"));
    }
    if query.event == ManualEvent::Terminated && query.process_id.is_none() {
        return Err(Problem::bad_request("?processId", "is missing, and TERMINATED needs it"));
    }
    let command = gateway.command_id(&headers)?;
    gateway.known_room(&query.room_id).await?;
    let event = ProcessManualEvent {
        room_id: query.room_id,
        manual_event: query.event,
        process_id: query.process_id,
        date_time: at.or(gateway.runtime.clock.now()),
    };
    let record =
        event.into_record(&command.text, crate::NAME).map_err(|err| Problem::internal(&err))?;
    gateway.publish(record).await?;
    Ok((StatusCode::NO_CONTENT, [command.header()]))
}

/// Where the patient is, and who, if known.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct EmergencyQuery {
    /// The theatre.
    room_id: String,
    /// The patient's tax code; left out while nobody knows it.
    patient_tax_code: Option<String>,
}

/// The process that an emergency opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyV1 {
    /// The process's id.
    pub process_id: String,
    /// The patient's id.
    pub patient_id: String,
}

/// Opens a surgery that nobody booked.
#[utoipa::path(post, path = "/api/v1/ord/emergency-surgeries", params(EmergencyQuery),
    responses((status = 202, body = EmergencyV1), (status = 400), (status = 404), (status = 503)))]
async fn emergency(
    State(gateway): State<Gateway>,
    at: FactTime,
    headers: HeaderMap,
    Query(query): Query<EmergencyQuery>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<EmergencyV1>), Problem> {
    if query.patient_tax_code.as_ref().is_some_and(String::is_empty) {
        return Err(Problem::bad_request("?patientTaxCode", "must not be empty"));
    }
    let command = gateway.command_id(&headers)?;
    gateway.known_room(&query.room_id).await?;
    let event = EmergencySurgeryEvent {
        room_id: query.room_id,
        patient_tax_code: query.patient_tax_code,
        date_time: at.or(gateway.runtime.clock.now()),
    };
    let record =
        event.into_record(&command.text, crate::NAME).map_err(|err| Problem::internal(&err))?;
    gateway.publish(record).await?;
    let opened = EmergencyV1 {
        process_id: format!("emergency-{}", command.text),
        patient_id: format!("emergency-patient-{}", command.text),
    };
    Ok((StatusCode::ACCEPTED, [command.header()], Json(opened)))
}

/// The name of a command: a UUID in its usual form, in lower case.
pub(crate) struct CommandId {
    pub(crate) text: String,
    value: HeaderValue,
}

impl CommandId {
    fn new(id: Uuid) -> Result<Self, Problem> {
        let text = id.hyphenated().to_string();
        let value = HeaderValue::try_from(&text).map_err(|err| Problem::internal(&err))?;
        Ok(Self { text, value })
    }

    pub(crate) fn header(self) -> (HeaderName, HeaderValue) {
        (COMMAND_ID, self.value)
    }
}

impl Gateway {
    /// The client's name for the command, else a new one.
    pub(crate) fn command_id(&self, headers: &HeaderMap) -> Result<CommandId, Problem> {
        let Some(value) = headers.get(COMMAND_ID) else {
            return CommandId::new(self.runtime.ids.next());
        };
        let id = value
            .to_str()
            .ok()
            // The library also reads forms with braces, and without hyphens.
            .filter(|text| text.len() == 36)
            .and_then(|text| text.parse::<Uuid>().ok());
        match id {
            Some(id) => CommandId::new(id),
            None => Err(Problem::bad_request("x-command-id", "is not a UUID")),
        }
    }

    /// Refuses a room that building management does not know.
    pub(crate) async fn known_room(&self, room_id: &str) -> Result<(), Problem> {
        if room_id.is_empty() {
            return Err(Problem::bad_request("?roomId", "must not be empty"));
        }
        let path = format!("/api/v1/rooms/{}", Calls::segment(room_id));
        let call = self.runtime.calls.get(Service::BuildingManagement, &path).within(PATIENCE);
        let answer = call.send().await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND => Err(Problem::not_found("there is no such room")),
            status => {
                tracing::warn!(status = status.as_u16(), "building management refused");
                Err(Problem::unavailable("building management does not answer as expected"))
            }
        }
    }

    pub(crate) async fn publish(&self, record: NewRecord) -> Result<(), Problem> {
        match self.runtime.broker.publish(vec![record]).await {
            Ok(_positions) => Ok(()),
            Err(err @ (PublishError::Closed | PublishError::Storage(_))) => {
                tracing::error!(error = %err, "command could not be stored");
                Err(Problem::unavailable("the command could not be stored"))
            }
            Err(err) => Err(Problem::internal(&err)),
        }
    }
}

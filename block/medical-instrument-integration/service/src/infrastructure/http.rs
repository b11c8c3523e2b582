//! The route of monitors, under both of its paths and methods.

use std::{error::Error, time::Duration};

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header},
    routing,
};
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, FactTime, Need, Problem, Runtime};
use chiron_clock::Clock;
use jiff::Timestamp;
use medical_instrument_integration_domain::entity::Value;
use twin_client::{Patch, TwinError, Twins};
use utoipa_axum::routes;

use crate::application::{
    observation::{Observation, Observed, read},
    outcome::{OperationOutcome, face},
};

/// Monitors are devices: people have no business here.
const WRITE: Need = Need::new("vitals", "write", &[]).recorded(Recorded::People);

#[derive(Clone)]
struct App {
    twins: Twins,
    clock: Clock,
    horizon: Duration,
}

pub(crate) fn api(runtime: &Runtime, twins: Twins) -> Api {
    let app = App { twins, clock: runtime.clock.clone(), horizon: runtime.limits.horizon };
    let methods = [Method::POST, Method::PUT];
    let other_path = routing::post(post_observation).put(put_observation);
    Api::new(crate::NAME, "Medical instrument integration")
        .route(WRITE, routes!(post_observation, put_observation))
        .unlisted(WRITE, &methods, "/api/v1/telemetrySystem", other_path)
        .face(face)
        .with_state(app)
}

/// Takes the vital signs of a FHIR R4 Observation, all or none.
#[utoipa::path(post, path = "/telemetrySystem",
    request_body(content = Observation, content_type = "application/fhir+json"),
    responses((status = 200, description = "Taken"),
        (status = 400, description = "Nothing taken", body = OperationOutcome),
        (status = 404, description = "There is no such patient", body = OperationOutcome),
        (status = 409, description = "The twin refuses", body = OperationOutcome),
        (status = 503, description = "Try again", body = OperationOutcome)))]
async fn post_observation(
    State(app): State<App>,
    caller: Caller,
    when: FactTime,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    app.take(&caller, when, &headers, body).await
}

/// Takes the vital signs of a FHIR R4 Observation, all or none.
#[utoipa::path(put, path = "/telemetrySystem",
    request_body(content = Observation, content_type = "application/fhir+json"),
    responses((status = 200, description = "Taken"),
        (status = 400, description = "Nothing taken", body = OperationOutcome),
        (status = 404, description = "There is no such patient", body = OperationOutcome),
        (status = 409, description = "The twin refuses", body = OperationOutcome),
        (status = 503, description = "Try again", body = OperationOutcome)))]
async fn put_observation(
    State(app): State<App>,
    caller: Caller,
    when: FactTime,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    app.take(&caller, when, &headers, body).await
}

impl App {
    /// Writes the vital signs to the patient's twin. Repeating it changes nothing: one property
    /// with one source time counts once.
    async fn take(
        &self,
        caller: &Caller,
        when: FactTime,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<StatusCode, Problem> {
        if !is_json(headers) {
            return Err(Problem::unsupported_media_type("application/fhir+json, application/json"));
        }
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::too_large("the Observation is larger than this service reads")
            }
            _ => Problem::bad_request("Observation", "could not be read to its end"),
        })?;
        let observed = read(&body).map_err(Problem::invalid)?;
        let at = self.time_of(&observed, caller, when)?;
        let mut patch = Patch::new();
        for (vital_sign, value) in observed.readings.iter() {
            let value = match value {
                Value::Whole(whole) => serde_json::Value::from(whole),
                Value::Decimal(decimal) => serde_json::Value::from(decimal),
            };
            patch = patch.set(vital_sign.property(), value, Some(at));
        }
        self.twins.patch_twin(&observed.patient, patch).await.map_err(|error| problem(&error))?;
        Ok(StatusCode::OK)
    }

    /// When it was measured: as the Observation says, as the request says, or now.
    fn time_of(
        &self,
        observed: &Observed,
        caller: &Caller,
        when: FactTime,
    ) -> Result<Timestamp, Problem> {
        let Some((at, element)) = observed.at else { return Ok(when.or(self.clock.now())) };
        if !caller.source_time {
            let detail =
                format!("your account may not say when something was measured ({element})");
            return Err(Problem::forbidden(detail));
        }
        self.clock
            .source_window(self.horizon)
            .check(at)
            .map_err(|error| Problem::bad_request(element, error.to_string()))?;
        Ok(at)
    }
}

/// Monitors need not say what they send; who says something else is believed.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return true };
    let given = given.to_str().unwrap_or_default().to_ascii_lowercase();
    let essence = given.split(';').next().unwrap_or_default().trim().to_owned();
    essence == "application/json" || essence == "text/plain" || essence.ends_with("+json")
}

fn problem(error: &TwinError) -> Problem {
    match error {
        TwinError::NotFound { .. } => unknown(),
        // Not the Observation is refused but this service: its account has to be put in order.
        TwinError::Unavailable(_) | TwinError::Refused { status: 401 | 403, .. } => {
            let error: &(dyn Error + 'static) = error;
            tracing::warn!(error, "the twin layer does not answer");
            Problem::unavailable("the twin layer does not answer")
        }
        TwinError::Precondition | TwinError::Refused { .. } => {
            Problem::conflict("the twin of that id does not take these vital signs")
        }
        TwinError::Protocol(_) => Problem::internal(error),
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such patient in the block")
}

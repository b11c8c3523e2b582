//! The commands that steer a room's lights: by hand, back to the automation, and taking up what the
//! automation proposed.
//!
//! They are requests to automation management, which decides; whether a request was taken up or
//! refused is told on the live stream under the same command id.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use block_language::automation::{AutomatedTechnology, AutomationRequest, RequestEvent};
use chiron_chassis::{Api, FactTime, Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::LIGHTS;

/// The brightest light that can be asked for, in lux. Beyond it a number is a slip of the finger:
/// surgical luminaires give 40,000 to 160,000 lux (IEC 60601-2-41, central illuminance).
const MOST_LUX: i64 = 200_000;

/// The commands for a room's lights.
pub(crate) fn commands(api: Api<Gateway>) -> Api<Gateway> {
    api.route(LIGHTS, routes!(set_up)).route(LIGHTS, routes!(stop)).route(LIGHTS, routes!(adapt))
}

/// The lights wished for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct SetUpQuery {
    /// The room.
    room_id: String,
    /// Ambient light in lux, 0 to 200,000.
    ambient_light_lux: i64,
    /// Surgical light in lux, 0 to 200,000.
    surgical_light_lux: i64,
}

/// The room.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct StopQuery {
    /// The room.
    room_id: String,
}

/// What was proposed, and where.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct AdaptQuery {
    /// The room.
    room_id: String,
    /// `endoscope` or `xray`.
    #[param(value_type = String)]
    medical_technology_type: AutomatedTechnology,
}

type Accepted = (StatusCode, [(HeaderName, HeaderValue); 1]);

/// Sets a room's lights by hand.
#[utoipa::path(post, path = "/api/v1/ord/custom-automation-scenario", params(SetUpQuery),
    responses((status = 204), (status = 400), (status = 404), (status = 503)))]
async fn set_up(
    State(gateway): State<Gateway>,
    at: FactTime,
    headers: HeaderMap,
    Query(query): Query<SetUpQuery>,
) -> Result<Accepted, Problem> {
    let SetUpQuery { room_id, ambient_light_lux, surgical_light_lux } = query;
    for (place, lux) in
        [("?ambientLightLux", ambient_light_lux), ("?surgicalLightLux", surgical_light_lux)]
    {
        if !(0..=MOST_LUX).contains(&lux) {
            return Err(Problem::bad_request(place, "must lie between 0 and 200000"));
        }
    }
    let request = AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux };
    gateway.request(at, &headers, room_id, request).await
}

/// Gives a room's lights back to the automation.
#[utoipa::path(post, path = "/api/v1/ord/stop-custom-automation-scenario", params(StopQuery),
    responses((status = 204), (status = 400), (status = 404), (status = 503)))]
async fn stop(
    State(gateway): State<Gateway>,
    at: FactTime,
    headers: HeaderMap,
    Query(query): Query<StopQuery>,
) -> Result<Accepted, Problem> {
    gateway.request(at, &headers, query.room_id, AutomationRequest::CustomLightStop).await
}

/// Takes up the lights that were proposed for a technology in use.
#[utoipa::path(post, path = "/api/v1/ord/adapt-environment", params(AdaptQuery),
    responses((status = 204), (status = 400), (status = 404), (status = 503)))]
async fn adapt(
    State(gateway): State<Gateway>,
    at: FactTime,
    headers: HeaderMap,
    Query(query): Query<AdaptQuery>,
) -> Result<Accepted, Problem> {
    let AdaptQuery { room_id, medical_technology_type } = query;
    let request = AutomationRequest::MedicalTechnology { medical_technology_type };
    gateway.request(at, &headers, room_id, request).await
}

impl Gateway {
    async fn request(
        &self,
        at: FactTime,
        headers: &HeaderMap,
        room_id: String,
        request: AutomationRequest,
    ) -> Result<Accepted, Problem> {
        let command = self.command_id(headers)?;
        self.known_room(&room_id).await?;
        let event = RequestEvent { room_id, request, date_time: at.or(self.runtime.clock.now()) };
        let record =
            event.into_record(&command.text, crate::NAME).map_err(|err| Problem::internal(&err))?;
        self.publish(record).await?;
        Ok((StatusCode::NO_CONTENT, [command.header()]))
    }
}

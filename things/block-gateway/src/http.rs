//! The actuators as Web Things: their properties, and actions that are done when they are answered.
//!
//! The paths of actions are the reference's. It answered before anything was done and not at all
//! for an unknown actuator; here 204 says that the control unit has done it.

use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Api, Json, Need, Path, Problem, Runtime};
use chiron_clock::{Ids, instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::NAME;
use crate::actuator::{Order, description};
use crate::known::{Actuator, Everything, KnownError};
use crate::register::Register;
use crate::units::{Command, NotDone, Units};

/// How actuators are belongs to what is known of a room.
const READ: Need = Need::new(
    "actuators",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"],
);
const WRITE: Need = Need::new("actuators", "write", &["admin"]);
const UNITS: Need = Need::new("things", "read", &["developer", "admin"]);

/// How long an observer waits for a change before it is told what is known. Shorter than a request
/// may take.
const OBSERVES: Duration = Duration::from_secs(20);

#[derive(Clone)]
struct Served {
    known: Everything,
    units: Units,
    register: Register,
    ids: Ids,
}

/// The routes of the service.
pub(crate) fn api(runtime: &Runtime, known: Everything, units: Units, register: Register) -> Api {
    let served = Served { known, units, register, ids: runtime.ids.clone() };
    Api::new(NAME, "Block gateway")
        .route(WRITE, routes!(switch))
        .route(WRITE, routes!(dim))
        .route(READ, routes!(actuators))
        .route(UNITS, routes!(connected))
        .route(READ, routes!(thing))
        .route(READ, routes!(properties))
        .route(READ, routes!(property))
        .route(READ, routes!(observe))
        .with_state(served)
}

impl From<KnownError> for Problem {
    fn from(error: KnownError) -> Self {
        match error {
            KnownError::Store(error) => Self::from(error),
            KnownError::Write(error) => Self::from(error),
        }
    }
}

impl From<NotDone> for Problem {
    fn from(error: NotDone) -> Self {
        let detail = error.to_string();
        match error {
            NotDone::NoUnit | NotDone::Slow => Self::unavailable(detail),
            NotDone::NoAnswer => {
                let title = "There was no answer in time";
                Self::new(StatusCode::GATEWAY_TIMEOUT, "no-answer", title, detail)
            }
            NotDone::Refused(_) => Self::conflict(detail),
        }
    }
}

/// An action's id: the client's own, so that a command that is sent again is known again.
const COMMAND_ID: &str = "x-command-id";

impl Served {
    async fn actuator(&self, id: &str) -> Result<Actuator, Problem> {
        let found = self.known.actuator(id).await?;
        found.ok_or_else(|| Problem::not_found("no actuator of this id was announced"))
    }

    async fn order(
        &self,
        id: String,
        order: Order,
        at: &'static str,
        headers: &HeaderMap,
    ) -> Result<StatusCode, Problem> {
        let Actuator { kind, room, .. } = self.actuator(&id).await?;
        kind.check(order).map_err(|err| Problem::bad_request(at, err.to_string()))?;
        let given = headers.get(COMMAND_ID);
        let command_id = match given.map(|given| given.to_str().unwrap_or_default()) {
            None => self.ids.next().to_string(),
            Some(id) if (1..=64).contains(&id.len()) => id.to_owned(),
            Some(_) => return Err(Problem::bad_request(COMMAND_ID, "must be an id")),
        };
        let command = Command { id: command_id, actuator: id, kind, room, order };
        self.units.command(&command).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    async fn value(&self, id: &str, name: &str) -> Result<Value, Problem> {
        let shown = shown(&self.actuator(id).await?);
        match shown.get(name) {
            Some(value) => Ok(value.clone()),
            None if ["power_state", "intensity"].contains(&name) => {
                Err(Problem::not_found("the control unit has not said it yet"))
            }
            None => Err(Problem::not_found("there is no such property")),
        }
    }
}

/// The properties whose values are known.
fn shown(actuator: &Actuator) -> Value {
    match actuator.state {
        None => json!({}),
        Some(known) => json!({
            "power_state": if known.on { "on" } else { "off" }, "intensity": known.intensity,
        }),
    }
}

/// Switches a heating or cooling on or off.
#[utoipa::path(post, path = "/switchable/{actuatorId}/{state}",
    params(("actuatorId" = String, Path, description = "Which actuator"), ("state" = String, Path, description = "`on` or `off`")),
    responses((status = 204, description = "Done"), (status = 400), (status = 404), (status = 409),
        (status = 503, description = "No control unit"), (status = 504, description = "It does not answer")))]
async fn switch(
    Shared(served): Shared<Served>,
    Path((actuator, state)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let on = match state.as_str() {
        "on" => true,
        "off" => false,
        _ => return Err(Problem::bad_request("{state}", "must be on or off")),
    };
    served.order(actuator, Order::Switch(on), "{actuatorId}", &headers).await
}

/// How strong.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Intensity {
    /// Percent of a ventilation, lux of a light.
    intensity: i64,
}

/// Sets the intensity of a ventilation or light.
#[utoipa::path(post, path = "/dimmable/{actuatorId}",
    params(("actuatorId" = String, Path, description = "Which actuator")), request_body = Intensity,
    responses((status = 204, description = "Done"), (status = 400), (status = 404), (status = 409),
        (status = 503, description = "No control unit"), (status = 504, description = "It does not answer")))]
async fn dim(
    Shared(served): Shared<Served>,
    Path(actuator): Path<String>,
    headers: HeaderMap,
    Json(Intensity { intensity }): Json<Intensity>,
) -> Result<StatusCode, Problem> {
    served.order(actuator, Order::Dim(intensity), "/intensity", &headers).await
}

/// An actuator and how it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ActuatorV1 {
    actuator_id: String,
    room_id: String,
    /// `heating`, `cooling`, `ventilation`, `ambient_light` or `surgical_light`.
    r#type: &'static str,
    /// `on` or `off`; null until its unit has said it.
    state: Option<&'static str>,
    /// Percent of a ventilation, lux of a light; null until its unit has said it.
    intensity: Option<i64>,
    /// When its unit said it.
    since: Option<String>,
}

/// All actuators.
#[derive(Debug, Serialize, ToSchema)]
struct ActuatorsV1 {
    entries: Vec<ActuatorV1>,
    total: usize,
}

/// The actuators that were announced, by id, and how they are.
#[utoipa::path(get, path = "/api/v1/actuators", responses((status = 200, body = ActuatorsV1)))]
async fn actuators(Shared(served): Shared<Served>) -> Result<Json<ActuatorsV1>, Problem> {
    let entry = |(actuator_id, actuator): (String, Actuator)| ActuatorV1 {
        actuator_id,
        room_id: actuator.room,
        r#type: actuator.kind.word(),
        state: actuator.state.map(|known| if known.on { "on" } else { "off" }),
        intensity: actuator.state.map(|known| known.intensity),
        since: actuator.state.map(|known| instant::write(known.at)),
    };
    let entries: Vec<ActuatorV1> = served.known.actuators().await?.into_iter().map(entry).collect();
    Ok(Json(ActuatorsV1 { total: entries.len(), entries }))
}

/// A connected control unit.
#[derive(Debug, Serialize, ToSchema)]
struct UnitV1 {
    /// Its device account.
    account: String,
    /// Rooms that it speaks for.
    rooms: Vec<String>,
    /// Actuators that it has.
    actuators: Vec<String>,
}

/// All connected units.
#[derive(Debug, Serialize, ToSchema)]
struct UnitsV1 {
    entries: Vec<UnitV1>,
    total: usize,
}

/// The control units that are connected now.
#[utoipa::path(get, path = "/api/v1/units", responses((status = 200, body = UnitsV1)))]
async fn connected(Shared(served): Shared<Served>) -> Json<UnitsV1> {
    let shown = served.units.shown().into_iter();
    let entries: Vec<UnitV1> = shown
        .map(|unit| UnitV1 { account: unit.account, rooms: unit.rooms, actuators: unit.actuators })
        .collect();
    Json(UnitsV1 { total: entries.len(), entries })
}

/// The Thing Description of an actuator.
#[utoipa::path(get, path = "/things/{actuatorId}", params(("actuatorId" = String, Path, description = "Which actuator")),
    responses((status = 200, content_type = "application/td+json", description = "The description"), (status = 404)))]
async fn thing(
    Shared(served): Shared<Served>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let actuator = served.actuator(&id).await?;
    let thing = description(served.register.base(), &id, actuator.kind, &actuator.room);
    let content_type = [(header::CONTENT_TYPE, "application/td+json")];
    Ok((content_type, thing.to_string()).into_response())
}

/// The properties of an actuator whose values are known.
#[utoipa::path(get, path = "/things/{actuatorId}/properties", params(("actuatorId" = String, Path, description = "Which actuator")),
    responses((status = 200, description = "Values by name"), (status = 404)))]
async fn properties(
    Shared(served): Shared<Served>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&served.actuator(&id).await?)))
}

/// The value of a property: `power_state` or `intensity`.
#[utoipa::path(get, path = "/things/{actuatorId}/properties/{name}",
    params(("actuatorId" = String, Path, description = "Which actuator"), ("name" = String, Path, description = "Which property")),
    responses((status = 200, description = "The value"), (status = 404)))]
async fn property(
    Shared(served): Shared<Served>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(served.value(&id, &name).await?))
}

/// The value of a property when it next changes, or after 20 s as it is: an observer asks again
/// and again (long polling).
#[utoipa::path(get, path = "/things/{actuatorId}/properties/{name}/observe",
    params(("actuatorId" = String, Path, description = "Which actuator"), ("name" = String, Path, description = "Which property")),
    responses((status = 200, description = "The value"), (status = 404)))]
async fn observe(
    Shared(served): Shared<Served>,
    Path((id, name)): Path<(String, String)>,
    method: Method,
) -> Result<Json<Value>, Problem> {
    let mut changes = served.known.changes();
    let before = served.value(&id, &name).await?;
    // HEAD asks whether there is something to observe.
    if method == Method::HEAD {
        return Ok(Json(before));
    }
    let news = async {
        loop {
            match changes.recv().await {
                Ok(of) if of != id => {}
                // Of this one, or too many at once: look.
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    let now = served.value(&id, &name).await?;
                    if now != before {
                        return Ok::<_, Problem>(now);
                    }
                }
                Err(RecvError::Closed) => return served.value(&id, &name).await,
            }
        }
    };
    match tokio::time::timeout(OBSERVES, news).await {
        Ok(value) => value.map(Json),
        Err(_elapsed) => Ok(Json(served.value(&id, &name).await?)),
    }
}

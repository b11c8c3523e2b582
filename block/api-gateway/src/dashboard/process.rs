//! Which surgery is going on in a room.
//!
//! A process belongs to a room when its patient is or was there in it. Of several the newest is
//! told: a theatre shows the surgery that it has, and when the patient has gone on, the one that
//! it had.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Calls, Json, Problem, Query, Service, Token};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::Gateway;
use crate::behind::{Composition, Reply, read, reply};

const PROCESSES: Service = Service::SurgicalProcess;

/// The rooms of a zone; at least one.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ZoneQuery {
    /// A room for before and after surgery.
    pre_operating_room_id: Option<String>,
    /// A theatre.
    operating_room_id: Option<String>,
}

/// The theatre.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct TheatreQuery {
    /// The theatre.
    operating_room_id: String,
}

/// How far a surgery is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessStateV1 {
    /// The state.
    state: String,
    /// The step; null before the first step of an emergency.
    step: Option<String>,
    /// The process, as a command that ends it must name it.
    process_id: String,
}

/// What is read of a process of the list; the rest is passed on as it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    process_id: String,
    date_time: String,
    state: String,
    step: Option<String>,
    #[serde(default)]
    pre_operating_room: Option<RoomRef>,
    #[serde(default)]
    operating_room: Option<RoomRef>,
    #[serde(default)]
    post_operating_room: Option<RoomRef>,
}

#[derive(Deserialize)]
struct RoomRef {
    id: RoomName,
}

#[derive(Deserialize)]
struct RoomName {
    id: String,
}

#[derive(Deserialize)]
struct List {
    entries: Vec<Value>,
}

#[derive(Deserialize)]
struct Detail {
    rooms: Vec<Stay>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stay {
    room_id: String,
}

impl Listed {
    /// Whether one of these rooms is one that the list itself names.
    fn names(&self, rooms: &[&str]) -> bool {
        [&self.pre_operating_room, &self.operating_room, &self.post_operating_room]
            .into_iter()
            .flatten()
            .any(|room| rooms.contains(&room.id.id.as_str()))
    }
}

/// The newest process of the rooms of a zone.
#[utoipa::path(get, path = "/api/v1/obd/process-info", params(ZoneQuery),
    responses((status = 200), (status = 204, description = "There is none"), (status = 400),
        (status = 503)))]
pub(super) async fn info(
    State(gateway): State<Gateway>,
    token: Token,
    Query(query): Query<ZoneQuery>,
) -> Result<Response, Problem> {
    let rooms = [
        given("?operatingRoomId", query.operating_room_id.as_deref())?,
        given("?preOperatingRoomId", query.pre_operating_room_id.as_deref())?,
    ];
    let rooms: Vec<&str> = rooms.into_iter().flatten().collect();
    if rooms.is_empty() {
        return Err(Problem::bad_request("?operatingRoomId", "is missing, and so is the other"));
    }
    let mut composition = Composition::default();
    let found = gateway.process_of(&token, &rooms, &mut composition).await?;
    Ok(match found {
        Some((_, process)) => (composition.headers(), Json(process)).into_response(),
        None => (StatusCode::NO_CONTENT, composition.headers()).into_response(),
    })
}

/// How far the newest surgery of a theatre is.
#[utoipa::path(get, path = "/api/v1/ord/process-state", params(TheatreQuery),
    responses((status = 200, body = ProcessStateV1),
        (status = 204, description = "There is none"), (status = 400), (status = 503)))]
pub(super) async fn state(
    State(gateway): State<Gateway>,
    token: Token,
    Query(query): Query<TheatreQuery>,
) -> Result<Response, Problem> {
    let Some(room) = given("?operatingRoomId", Some(&query.operating_room_id))? else {
        return Err(Problem::bad_request("?operatingRoomId", "is missing"));
    };
    let mut composition = Composition::default();
    let found = gateway.process_of(&token, &[room], &mut composition).await?;
    Ok(match found {
        Some((process, _)) => {
            let Listed { state, step, process_id, .. } = process;
            let body = ProcessStateV1 { state, step, process_id };
            (composition.headers(), Json(body)).into_response()
        }
        None => (StatusCode::NO_CONTENT, composition.headers()).into_response(),
    })
}

fn given<'t>(pointer: &str, text: Option<&'t str>) -> Result<Option<&'t str>, Problem> {
    match text {
        Some("") => Err(Problem::bad_request(pointer, "must not be empty")),
        text => Ok(text),
    }
}

impl Gateway {
    /// The newest open process whose patient is or was in one of these rooms: what was read of it,
    /// and all of it.
    async fn process_of(
        &self,
        token: &Token,
        rooms: &[&str],
        composition: &mut Composition,
    ) -> Result<Option<(Listed, Value)>, Problem> {
        let call = self.ask(token, PROCESSES, "/api/v1/processes");
        let list: List = match reply(PROCESSES, call).await? {
            Reply::Known(answer) => {
                composition.took(&answer);
                read(PROCESSES, &answer)?
            }
            Reply::Empty(answer) => {
                composition.took(&answer);
                return Ok(None);
            }
            Reply::Unknown => return Ok(None),
        };
        let mut listed = Vec::with_capacity(list.entries.len());
        for entry in list.entries {
            match serde_json::from_value::<Listed>(entry.clone()) {
                Ok(process) => listed.push((process, entry)),
                Err(err) => {
                    // One process that cannot be read hides no other.
                    tracing::error!(error = %err, "a listed process cannot be read");
                    composition.lacks(PROCESSES);
                }
            }
        }
        listed.sort_by(|(a, _), (b, _)| {
            (&b.date_time, &b.process_id).cmp(&(&a.date_time, &a.process_id))
        });
        // Newer ones than the first that the list shows to be right may have been there earlier;
        // only their own page tells.
        let certain = listed.iter().position(|(process, _)| process.names(rooms));
        let newer = listed.get(..certain.unwrap_or(listed.len())).unwrap_or_default();
        let was_there =
            join_all(newer.iter().map(|(process, _)| self.was_in(token, process, rooms))).await;
        let mut earlier = None;
        for (index, was_there) in was_there.into_iter().enumerate() {
            match was_there {
                Ok(true) => earlier = earlier.or(Some(index)),
                Ok(false) => {}
                Err(_logged) => composition.lacks(PROCESSES),
            }
        }
        let found = earlier.or(certain);
        Ok(found.filter(|at| *at < listed.len()).map(|at| listed.swap_remove(at)))
    }

    async fn was_in(
        &self,
        token: &Token,
        process: &Listed,
        rooms: &[&str],
    ) -> Result<bool, Problem> {
        let path = format!("/api/v1/processes/{}", Calls::segment(&process.process_id));
        match reply(PROCESSES, self.ask(token, PROCESSES, &path)).await? {
            Reply::Known(answer) => {
                let detail: Detail = read(PROCESSES, &answer)?;
                Ok(detail.rooms.iter().any(|stay| rooms.contains(&stay.room_id.as_str())))
            }
            // It ended, or never was, since it was listed.
            Reply::Empty(_) | Reply::Unknown => Ok(false),
        }
    }
}

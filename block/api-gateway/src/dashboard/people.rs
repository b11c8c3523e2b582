//! Who is where, with names.
//!
//! Staff tracking knows ids, user management names. A name hardly ever changes, so the gateway
//! remembers it for a minute: a dashboard that asks every second does not ask for every person
//! every time. A wall screen gets counts, and nobody's name or id.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Caller, Calls, Json, Problem, Query, RawBody, Service, Token, from_json};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::Gateway;
use crate::behind::{Composition, Reply, read, reply};
use crate::needs::is_display;

const TRACKING: Service = Service::StaffTracking;
const USERS: Service = Service::UserManagement;

/// How long a name is remembered, of the machine.
const REMEMBERED_FOR: Duration = Duration::from_mins(1);
/// Names remembered at most; beyond it all are forgotten.
const REMEMBERED: usize = 4_096;

/// Somebody's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackingInfoV1 {
    /// Who.
    health_professional_id: String,
    /// First name; null when nobody could tell.
    health_professional_name: Option<String>,
    /// Family name; null when nobody could tell.
    health_professional_surname: Option<String>,
    /// `SURGEON`, `NURSE` or `ANESTHETIST`; null when nobody could tell.
    health_professional_role: Option<String>,
    /// The room.
    room: String,
}

/// How many are in a room: all that a wall screen is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct HeadcountV1 {
    /// The room.
    room: String,
    /// How many professionals are inside, at least one.
    count: usize,
}

/// People by name, or counted for a wall screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum WhereaboutsV1 {
    Named(TrackingInfoV1),
    Counted(HeadcountV1),
}

/// The rooms of a zone; at least one.
#[derive(Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ZoneQuery {
    /// A theatre.
    operating_room_id: Option<String>,
    /// A room for before and after surgery.
    pre_operating_room_id: Option<String>,
}

#[derive(Deserialize)]
struct Tracked {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    room_id: String,
    health_professional_id: String,
}

/// What is told of a professional.
#[derive(Debug, Clone, Deserialize)]
struct Professional {
    name: String,
    surname: String,
    role: String,
}

/// Names by id, as user management told them last; `None` for somebody whom it does not know.
/// Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Directory(Arc<Mutex<HashMap<String, Remembered>>>);

type Remembered = (Instant, Option<Professional>);

impl Directory {
    #[expect(clippy::option_option, reason = "not remembered, or remembered as unknown")]
    fn recall(&self, id: &str) -> Option<Option<Professional>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, professional) = known.get(id)?;
        (since.elapsed() < REMEMBERED_FOR).then(|| professional.clone())
    }

    fn remember(&self, id: &str, professional: Option<Professional>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if REMEMBERED <= known.len() {
            known.clear();
        }
        known.insert(id.to_owned(), (Instant::now(), professional));
    }
}

/// Who is in the rooms of a zone. The rooms come in the query, or as a JSON body with the same
/// names, as older dashboards send it.
#[utoipa::path(get, path = "/api/v1/obd/zone-hp-tracking-info", params(ZoneQuery),
    responses((status = 200, body = [WhereaboutsV1]), (status = 204, description = "Nobody"),
        (status = 400), (status = 503)))]
pub(super) async fn of_zone(
    State(gateway): State<Gateway>,
    token: Token,
    caller: Caller,
    Query(query): Query<ZoneQuery>,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let in_query = query.operating_room_id.is_some() || query.pre_operating_room_id.is_some();
    let asked = if in_query || body.is_empty() {
        query
    } else {
        from_json(&body).map_err(Problem::invalid)?
    };
    let at = if in_query { "?" } else { "/" };
    let mut rooms = Vec::new();
    for (name, room) in [
        ("operatingRoomId", asked.operating_room_id),
        ("preOperatingRoomId", asked.pre_operating_room_id),
    ] {
        match room {
            Some(room) if room.is_empty() => {
                return Err(Problem::bad_request(format!("{at}{name}"), "must not be empty"));
            }
            Some(room) => rooms.push(room),
            None => {}
        }
    }
    if rooms.is_empty() {
        let detail = "is missing, and so is preOperatingRoomId";
        return Err(Problem::bad_request("?operatingRoomId", detail));
    }
    let paths =
        rooms.iter().map(|room| format!("/api/v1/rooms-tracking-data/{}", Calls::segment(room)));
    gateway.whereabouts(&token, &caller, paths.collect()).await
}

/// Who is in the block.
#[utoipa::path(get, path = "/api/v1/obd/block-hp-tracking-info",
    responses((status = 200, body = [WhereaboutsV1]), (status = 204, description = "Nobody"),
        (status = 503)))]
pub(super) async fn of_block(
    State(gateway): State<Gateway>,
    token: Token,
    caller: Caller,
) -> Result<Response, Problem> {
    let paths = vec!["/api/v1/block-tracking-data".to_owned()];
    gateway.whereabouts(&token, &caller, paths).await
}

impl Gateway {
    async fn whereabouts(
        &self,
        token: &Token,
        caller: &Caller,
        paths: Vec<String>,
    ) -> Result<Response, Problem> {
        let counted = is_display(caller);
        // A wall screen may not ask staff tracking; the gateway asks for it and counts.
        let own = Token(None);
        let asker = if counted { &own } else { token };
        let lists =
            join_all(paths.iter().map(|path| reply(TRACKING, self.ask(asker, TRACKING, path))));
        let mut composition = Composition::default();
        let mut entries: Vec<Entry> = Vec::new();
        let mut failure = None;
        let mut answered = false;
        for list in lists.await {
            match list {
                Ok(Reply::Known(answer)) => {
                    composition.took(&answer);
                    entries.extend(read::<Tracked>(TRACKING, &answer)?.entries);
                    answered = true;
                }
                Ok(Reply::Empty(answer)) => {
                    composition.took(&answer);
                    answered = true;
                }
                Ok(Reply::Unknown) => answered = true,
                Err(problem) => {
                    composition.lacks(TRACKING);
                    failure = Some(problem);
                }
            }
        }
        // Without any list there is no part to show.
        if let Some(problem) = failure.filter(|_| !answered) {
            return Err(problem);
        }
        let people = if counted {
            headcount(&entries).into_iter().map(WhereaboutsV1::Counted).collect()
        } else {
            let named = self.named(entries, &mut composition).await;
            named.into_iter().map(WhereaboutsV1::Named).collect::<Vec<_>>()
        };
        let headers = composition.headers();
        if people.is_empty() {
            return Ok((StatusCode::NO_CONTENT, headers).into_response());
        }
        Ok((headers, Json(people)).into_response())
    }

    async fn named(
        &self,
        entries: Vec<Entry>,
        composition: &mut Composition,
    ) -> Vec<TrackingInfoV1> {
        let ids: BTreeSet<&str> =
            entries.iter().map(|entry| entry.health_professional_id.as_str()).collect();
        let asked = join_all(ids.iter().map(|id| self.professional(id))).await;
        let mut known = BTreeMap::new();
        for (id, asked) in ids.iter().zip(asked) {
            match asked {
                Ok(Some(professional)) => {
                    known.insert((*id).to_owned(), professional);
                }
                Ok(None) => {}
                Err(_logged) => composition.lacks(USERS),
            }
        }
        let told = |entry: Entry| {
            let professional = known.get(&entry.health_professional_id).cloned();
            let (name, surname, role) = match professional {
                Some(Professional { name, surname, role }) => {
                    (Some(name), Some(surname), Some(role))
                }
                None => (None, None, None),
            };
            TrackingInfoV1 {
                health_professional_id: entry.health_professional_id,
                health_professional_name: name,
                health_professional_surname: surname,
                health_professional_role: role,
                room: entry.room_id,
            }
        };
        entries.into_iter().map(told).collect()
    }

    /// Everybody who may read positions by name may read professionals, so the gateway asks for
    /// all of them.
    async fn professional(&self, id: &str) -> Result<Option<Professional>, Problem> {
        if let Some(remembered) = self.directory.recall(id) {
            return Ok(remembered);
        }
        let path = format!("/api/v1/healthProfessionals/{}", Calls::segment(id));
        let professional = match reply(USERS, self.ask(&Token(None), USERS, &path)).await? {
            Reply::Known(answer) => Some(read(USERS, &answer)?),
            Reply::Empty(_) | Reply::Unknown => None,
        };
        self.directory.remember(id, professional.clone());
        Ok(professional)
    }
}

fn headcount(entries: &[Entry]) -> Vec<HeadcountV1> {
    let mut rooms: Vec<HeadcountV1> = Vec::new();
    for entry in entries {
        match rooms.iter_mut().find(|room| room.room == entry.room_id) {
            Some(room) => room.count += 1,
            None => rooms.push(HeadcountV1 { room: entry.room_id.clone(), count: 1 }),
        }
    }
    rooms
}

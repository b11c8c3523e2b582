//! The routes.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, Completeness, Json, Need, Path, Problem, Query, Runtime};
use chiron_clock::{Clock, instant};
use chiron_store::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use staff_tracking_domain::{
    entity::Stay,
    usecase::{StoreError, inside_at, whereabouts_at},
};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    NAME,
    application::answers::{TrackingEntry, TrackingList},
    infrastructure::{
        statistics,
        store::{DocumentStore, Scope},
    },
};

const POSITIONS: Need =
    Need::new("positions", "read", &["surgeon", "nurse", "anesthetist", "block-manager"])
        .recorded(Recorded::Always);
pub(super) const HISTORY: Need =
    Need::new("positions-history", "read", &["block-manager"]).recorded(Recorded::Always);

/// Entries of one answer at most; longer lists are read in pages.
const MOST_ENTRIES: usize = 10_000;

#[derive(Clone)]
struct Served {
    store: DocumentStore,
    clock: Clock,
    completeness: Completeness,
}

/// The routes of the service.
pub fn api(runtime: &Runtime) -> Api {
    let served = Served {
        store: DocumentStore::new(&runtime.store),
        clock: runtime.clock.clone(),
        completeness: runtime.completeness.clone(),
    };
    let positions = Api::new(NAME, "Staff tracking")
        .route(POSITIONS, routes!(of_professional))
        .route(POSITIONS, routes!(of_room))
        .route(POSITIONS, routes!(of_block))
        .with_state(served);
    statistics::add(positions, runtime)
}

/// Which time is asked for. None of them: now. All but now needs the right to read history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// From this instant, inclusive; alone: until now.
    from: Option<String>,
    /// To this instant, inclusive; alone: from the beginning.
    to: Option<String>,
    /// Who was inside at this instant; not together with the others.
    at: Option<String>,
    /// Entries per page, from 1 to 10,000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Where a professional is, or their passages.
#[utoipa::path(
    get,
    path = "/api/v1/health-professionals-tracking-data/{healthProfessionalId}",
    params(("healthProfessionalId" = String, Path, description = "Whose"), Asked),
    responses((status = 200, body = TrackingList), (status = 204, description = "None"))
)]
async fn of_professional(
    State(served): State<Served>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let id = id.parse().map_err(|err| invalid("{healthProfessionalId}", err))?;
    served.answer(&caller, Scope::Professional(id), asked).await
}

/// Who is in a room, or the passages of its door.
#[utoipa::path(
    get,
    path = "/api/v1/rooms-tracking-data/{roomId}",
    params(("roomId" = String, Path, description = "Which room"), Asked),
    responses((status = 200, body = TrackingList), (status = 204, description = "None"))
)]
async fn of_room(
    State(served): State<Served>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let id = id.parse().map_err(|err| invalid("{roomId}", err))?;
    served.answer(&caller, Scope::Room(id), asked).await
}

/// Who is in the block, or the passages of all doors.
#[utoipa::path(
    get,
    path = "/api/v1/block-tracking-data",
    params(Asked),
    responses((status = 200, body = TrackingList), (status = 204, description = "None"))
)]
async fn of_block(
    State(served): State<Served>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    served.answer(&caller, Scope::Block, asked).await
}

/// The time asked for, parsed.
enum When {
    Now,
    At(Timestamp),
    Between(Option<Timestamp>, Timestamp),
}

impl Served {
    async fn answer(
        &self,
        caller: &Caller,
        scope: Scope,
        asked: Asked,
    ) -> Result<Response, Problem> {
        let when = self.when(&asked)?;
        if !matches!(when, When::Now) && !caller.may(&HISTORY) {
            let detail = "where people were is for those who may read the history of positions";
            return Err(Problem::forbidden(detail));
        }
        let limit = match asked.limit {
            Some(limit @ 1..=MOST_ENTRIES) => Some(limit),
            Some(_) => {
                return Err(Problem::bad_request("?limit", "must lie between 1 and 10000"));
            }
            None => None,
        };
        // Said before the store is read, so that the answer holds at least that much.
        let complete_to = self.completeness.header();
        let list = match when {
            When::Now => stays(&self.inside_now(&scope).await?, limit, asked.cursor)?,
            When::At(at) => stays(&self.inside_at(&scope, at).await?, limit, asked.cursor)?,
            When::Between(from, to) => self.passages(&scope, from, to, limit, asked.cursor).await?,
        };
        if list.total == 0 {
            return Ok((StatusCode::NO_CONTENT, complete_to).into_response());
        }
        Ok((complete_to, Json(list)).into_response())
    }

    fn when(&self, asked: &Asked) -> Result<When, Problem> {
        let from = parse("?from", asked.from.as_deref())?;
        let to = parse("?to", asked.to.as_deref())?;
        match (parse("?at", asked.at.as_deref())?, from, to) {
            (None, None, None) => Ok(When::Now),
            (Some(at), None, None) => Ok(When::At(at)),
            (Some(_), ..) => {
                Err(Problem::bad_request("?at", "cannot be combined with from and to"))
            }
            (None, from, to) => Ok(When::Between(from, to.unwrap_or(self.clock.now()))),
        }
    }

    async fn inside_now(&self, scope: &Scope) -> Result<Vec<Stay>, Problem> {
        self.store.inside_now(scope).await.map_err(problem)
    }

    async fn inside_at(&self, scope: &Scope, at: Timestamp) -> Result<Vec<Stay>, Problem> {
        if let Scope::Professional(who) = scope {
            let stay = whereabouts_at(&self.store, who, at).await.map_err(problem)?;
            return Ok(stay.into_iter().collect());
        }
        let mut stays = inside_at(&self.store, at).await.map_err(problem)?;
        if let Scope::Room(room) = scope {
            stays.retain(|stay| stay.room == *room);
        }
        Ok(stays)
    }

    async fn passages(
        &self,
        scope: &Scope,
        from: Option<Timestamp>,
        to: Timestamp,
        limit: Option<usize>,
        cursor: Option<String>,
    ) -> Result<TrackingList, Problem> {
        let total = self.store.count(scope, from, to).await.map_err(problem)?;
        if limit.is_none() && MOST_ENTRIES < usize::try_from(total).unwrap_or(usize::MAX) {
            return Err(too_many());
        }
        let after = match cursor {
            Some(text) => Some(text.parse::<Cursor>().map_err(|err| invalid("?cursor", err))?),
            None => None,
        };
        let limit = limit.unwrap_or(MOST_ENTRIES);
        let page = self.store.page(scope, from, to, after, limit).await.map_err(problem)?;
        Ok(TrackingList {
            entries: page.movements.iter().map(TrackingEntry::from).collect(),
            total,
            next: page.next.map(|next| next.to_string()),
        })
    }
}

/// A page of people inside. Its cursor is the position in the list: people come and go between two
/// pages of "now" anyhow.
fn stays(
    stays: &[Stay],
    limit: Option<usize>,
    cursor: Option<String>,
) -> Result<TrackingList, Problem> {
    if limit.is_none() && MOST_ENTRIES < stays.len() {
        return Err(too_many());
    }
    let start = match cursor {
        Some(text) => text.parse::<usize>().map_err(|err| invalid("?cursor", err))?,
        None => 0,
    };
    let end = start.saturating_add(limit.unwrap_or(MOST_ENTRIES)).min(stays.len());
    Ok(TrackingList {
        entries: stays.get(start..end).unwrap_or_default().iter().map(Into::into).collect(),
        total: u64::try_from(stays.len()).unwrap_or(u64::MAX),
        next: (end < stays.len()).then(|| end.to_string()),
    })
}

fn too_many() -> Problem {
    Problem::bad_request("?limit", "there are more than 10000 entries: read them in pages")
}

pub(super) fn parse(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    match text {
        Some(text) => instant::parse(text).map(Some).map_err(|err| invalid(pointer, err)),
        None => Ok(None),
    }
}

pub(super) fn invalid(pointer: &str, error: impl std::fmt::Display) -> Problem {
    Problem::bad_request(pointer, error.to_string())
}

pub(super) fn problem(error: StoreError) -> Problem {
    match error.0.downcast::<chiron_store::StoreError>() {
        Ok(error) => Problem::from(*error),
        Err(other) => Problem::internal(&*other),
    }
}

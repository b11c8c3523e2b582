//! Routes of medical technologies.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use building_management_domain::{
    entity::technology::{Placement, TechnologyId, TechnologyRecord},
    usecase::{history, ports::Registry},
};
use chiron_chassis::{Authority, Calls, FactTime, Json, Path, Problem, Query};
use jiff::Timestamp;

use crate::{
    application::wire::{Linked, List, TechnologyAnswer, TechnologyEntry, TechnologyPatch},
    infrastructure::http::{
        MOST_ENTRIES, Paging, Served, Then, change_problem, check_total, invalid, parse_instant,
        store_problem,
    },
};

/// Creates a technology and its twin.
#[utoipa::path(
    post,
    path = "/api/v1/medical-technologies",
    request_body = TechnologyEntry,
    responses(
        (status = 201, description = "Created; `Location` says where"),
        (status = 409, description = "There is one of that id already")
    )
)]
pub(super) async fn create(
    State(served): State<Served>,
    authority: Authority,
    fact_time: FactTime,
    Json(entry): Json<TechnologyEntry>,
) -> Result<Response, Problem> {
    let at = fact_time.or(served.clock.now());
    let url = url(&authority, &entry.id);
    let technology = entry.try_into()?;
    served.administrator.create_technology(technology, at).await.map_err(change_problem)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, url)]).into_response())
}

/// Lists technologies with where they are now, by id.
#[utoipa::path(
    get,
    path = "/api/v1/medical-technologies",
    params(Paging),
    responses((status = 200, body = List<Linked<TechnologyAnswer>>))
)]
pub(super) async fn list(
    State(served): State<Served>,
    authority: Authority,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (limit, cursor) = (paging.limit()?, paging.cursor()?);
    let complete_to = served.completeness.header();
    let page = served.store.technologies(cursor, limit.unwrap_or(MOST_ENTRIES)).await;
    let page = page.map_err(store_problem)?;
    check_total(page.total, limit)?;
    let mut entries = Vec::with_capacity(page.records.len());
    for record in &page.records {
        let entry = served.describe(record, Timestamp::MAX).await?;
        entries.push(Linked { url: url(&authority, &entry.technology.id), entry });
    }
    let next = page.next.map(|next| next.to_string());
    Ok((complete_to, Json(List { entries, total: page.total, next })).into_response())
}

/// A technology with where it was and whether in use, now or at an instant.
#[utoipa::path(
    get,
    path = "/api/v1/medical-technologies/{technologyId}",
    params(("technologyId" = String, Path, description = "Which technology"), Then),
    responses(
        (status = 200, body = TechnologyAnswer),
        (status = 404, description = "There is no such technology")
    )
)]
pub(super) async fn read(
    State(served): State<Served>,
    Path(id): Path<String>,
    Query(then): Query<Then>,
) -> Result<Response, Problem> {
    let then = parse_instant("?dateTime", then.date_time.as_deref())?;
    // Said before the store is read, so that the answer holds at least that much.
    let complete_to = served.completeness.header();
    let record = match served.store.technology(&parse_id(&id)?).await.map_err(store_problem)? {
        Some(kept) if kept.record.is_there() => kept.record,
        _ => return Err(Problem::not_found("there is no such technology")),
    };
    let answer = served.describe(&record, then.unwrap_or(Timestamp::MAX)).await?;
    Ok((complete_to, Json(answer)).into_response())
}

/// Places a technology in a theatre, or in no room.
#[utoipa::path(
    patch,
    path = "/api/v1/medical-technologies/{technologyId}",
    params(("technologyId" = String, Path, description = "Which technology")),
    request_body(content(
        (TechnologyPatch = "application/json"),
        (TechnologyPatch = "application/merge-patch+json")
    )),
    responses(
        (status = 204, description = "Placed"),
        (status = 404, description = "There is no such technology, or no such room"),
        (status = 409, description = "The room is no theatre")
    )
)]
pub(super) async fn place(
    State(served): State<Served>,
    Path(id): Path<String>,
    fact_time: FactTime,
    Json(patch): Json<TechnologyPatch>,
) -> Result<StatusCode, Problem> {
    let at = fact_time.or(served.clock.now());
    let id = parse_id(&id)?;
    let room = match patch.room_id {
        Some(room) => Some(room.trim().parse().map_err(|err| invalid("/roomId", err))?),
        None => None,
    };
    let placement = Placement { at, room };
    served.administrator.place_technology(&id, placement).await.map_err(change_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a technology, its twin and its history.
#[utoipa::path(
    delete,
    path = "/api/v1/medical-technologies/{technologyId}",
    params(("technologyId" = String, Path, description = "Which technology")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "There is no such technology")
    )
)]
pub(super) async fn remove(
    State(served): State<Served>,
    Path(id): Path<String>,
    fact_time: FactTime,
) -> Result<StatusCode, Problem> {
    let at = fact_time.or(served.clock.now());
    let id = parse_id(&id)?;
    served.administrator.remove_technology(&id, at).await.map_err(change_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

impl Served {
    async fn describe(
        &self,
        record: &TechnologyRecord,
        at: Timestamp,
    ) -> Result<TechnologyAnswer, Problem> {
        let in_use = history::in_use_at(&self.store, record, at).await.map_err(store_problem)?;
        Ok(TechnologyAnswer {
            technology: TechnologyEntry::from(&record.technology),
            in_use,
            room_id: record.placements.room_at(at).map(ToString::to_string),
        })
    }
}

fn parse_id(id: &str) -> Result<TechnologyId, Problem> {
    id.parse().map_err(|err| invalid("{technologyId}", err))
}

fn url(authority: &Authority, id: &str) -> String {
    authority.url(&format!("/api/v1/medical-technologies/{}", Calls::segment(id)))
}

//! Routes of rooms and what was measured in them.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use building_management_domain::{
    entity::{
        environment::{Place, Quantity},
        place::{Room, RoomId, RoomRecord},
    },
    usecase::{history, ports::Registry},
};
use chiron_chassis::{Authority, Calls, FactTime, Json, Path, Problem, Query};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    application::wire::{
        DatedEnvironmentalData, LayoutV1, Linked, List, PlacedRoom, RoomAnswer, RoomEntry,
        RoomPatch,
    },
    infrastructure::http::{
        MOST_ENTRIES, Paging, Served, Then, change_problem, check_total, invalid, parse_instant,
        store_problem, twin_problem,
    },
};

/// Creates a room and its twin.
#[utoipa::path(
    post,
    path = "/api/v1/rooms",
    request_body = RoomEntry,
    responses(
        (status = 201, description = "Created; `Location` says where"),
        (status = 409, description = "There is one of that id already")
    )
)]
pub(super) async fn create(
    State(served): State<Served>,
    authority: Authority,
    fact_time: FactTime,
    Json(entry): Json<RoomEntry>,
) -> Result<Response, Problem> {
    let at = fact_time.or(served.clock.now());
    let url = url(&authority, &entry.id);
    let room: Room = entry.try_into()?;
    served.administrator.create_room(room, at).await.map_err(change_problem)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, url)]).into_response())
}

/// Lists rooms, by id.
#[utoipa::path(
    get,
    path = "/api/v1/rooms",
    params(Paging),
    responses((status = 200, body = List<Linked<PlacedRoom>>), (status = 204, description = "None"))
)]
pub(super) async fn list(
    State(served): State<Served>,
    authority: Authority,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (limit, cursor) = (paging.limit()?, paging.cursor()?);
    let page = served.store.rooms(cursor, limit.unwrap_or(MOST_ENTRIES)).await;
    let page = page.map_err(store_problem)?;
    check_total(page.total, limit)?;
    if page.total == 0 {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let layouts = served.floor.layouts().await?;
    let link = |record: &RoomRecord| {
        let room = RoomEntry::from(&record.room);
        let layout = layouts.get(&room.id).copied().map(LayoutV1::from);
        Linked { url: url(&authority, &room.id), entry: PlacedRoom { room, layout } }
    };
    let entries = page.records.iter().map(link).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Json(List { entries, total: page.total, next }).into_response())
}

/// A room with what it is like, now or at an instant.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{roomId}",
    params(("roomId" = String, Path, description = "Which room"), Then),
    responses(
        (status = 200, body = RoomAnswer),
        (status = 404, description = "There is no such room, or was none then")
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
    let record = served.room_there(&id).await?;
    let environment = match then {
        Some(at) if at < record.created_at => {
            return Err(Problem::not_found("there was no such room then"));
        }
        Some(at) => history::environment_at(&served.store, &record, at).await,
        None => history::environment_at(&served.store, &record, Timestamp::MAX).await,
    };
    let mut environment = environment.map_err(store_problem)?;
    if then.is_none() && !environment.is_complete() {
        // What was never told as an event may still stand in the twin.
        let twin = served.administrator.twins().environment(&record.room.id).await;
        environment = environment.or(twin.map_err(twin_problem)?);
    }
    let layout = served.floor.layout(&record.room.id).await?.map(LayoutV1::from);
    let room = PlacedRoom { room: RoomEntry::from(&record.room), layout };
    let answer = RoomAnswer { room, environmental_data: environment.into() };
    Ok((complete_to, Json(answer)).into_response())
}

/// Changes a room and its twin.
#[utoipa::path(
    patch,
    path = "/api/v1/rooms/{roomId}",
    params(("roomId" = String, Path, description = "Which room")),
    request_body(content(
        (RoomPatch = "application/json"),
        (RoomPatch = "application/merge-patch+json")
    )),
    responses(
        (status = 204, description = "Changed"),
        (status = 404, description = "There is no such room")
    )
)]
pub(super) async fn change(
    State(served): State<Served>,
    Path(id): Path<String>,
    fact_time: FactTime,
    Json(patch): Json<RoomPatch>,
) -> Result<StatusCode, Problem> {
    let at = fact_time.or(served.clock.now());
    let id = parse_id(&id)?;
    served.administrator.change_room(&id, patch.try_into()?, at).await.map_err(change_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a room, its twin and its history.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{roomId}",
    params(("roomId" = String, Path, description = "Which room")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "There is no such room")
    )
)]
pub(super) async fn remove(
    State(served): State<Served>,
    Path(id): Path<String>,
    fact_time: FactTime,
) -> Result<StatusCode, Problem> {
    let at = fact_time.or(served.clock.now());
    let id = parse_id(&id)?;
    // First, so that no later room of this id lies where this one did.
    served.floor.unplace(&id).await?;
    served.administrator.remove_room(&id, at).await.map_err(change_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which part of the history is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Span {
    /// After this instant; without it: now.
    from: Option<String>,
    /// Not after this instant; without it: now.
    to: Option<String>,
    /// Entries per page, from 1 to 10,000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What a room was like after each sample of a span of time. Every entry has the last known value
/// of every quantity.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/data/{roomId}",
    params(("roomId" = String, Path, description = "Which room"), Span),
    responses(
        (status = 200, body = List<DatedEnvironmentalData>),
        (status = 404, description = "There is no such room")
    )
)]
pub(super) async fn history(
    State(served): State<Served>,
    Path(id): Path<String>,
    Query(span): Query<Span>,
) -> Result<Response, Problem> {
    let now = served.clock.now();
    let from = parse_instant("?from", span.from.as_deref())?.unwrap_or(now);
    let to = parse_instant("?to", span.to.as_deref())?.unwrap_or(now);
    let limit = Paging { limit: span.limit, cursor: None }.limit()?;
    let behind = match &span.cursor {
        Some(cursor) => parse_place(cursor)?.max(Place::end_of(from)),
        None => Place::end_of(from),
    };
    let complete_to = served.completeness.header();
    let record = served.room_there(&id).await?;
    let total = history::total(&served.store, &record, from, to).await.map_err(store_problem)?;
    check_total(total, limit)?;
    let limit = limit.unwrap_or(MOST_ENTRIES);
    let page = history::page(&served.store, &record, behind, to, limit.saturating_add(1)).await;
    let mut page = page.map_err(store_problem)?;
    let is_last = page.len() <= limit;
    page.truncate(limit);
    let next = page.last().filter(|_| !is_last).map(|last| write_place(last.place));
    let entries = page.into_iter().map(DatedEnvironmentalData::from).collect();
    Ok((complete_to, Json(List { entries, total, next })).into_response())
}

impl Served {
    pub(super) async fn room_there(&self, id: &str) -> Result<RoomRecord, Problem> {
        match self.store.room(&parse_id(id)?).await.map_err(store_problem)? {
            Some(kept) if kept.record.is_there() => Ok(kept.record),
            _ => Err(Problem::not_found("there is no such room")),
        }
    }
}

pub(super) fn parse_id(id: &str) -> Result<RoomId, Problem> {
    id.parse().map_err(|err| invalid("{roomId}", err))
}

fn url(authority: &Authority, id: &str) -> String {
    authority.url(&format!("/api/v1/rooms/{}", Calls::segment(id)))
}

/// The cursor of a history: an instant and the number of a quantity.
fn write_place(place: Place) -> String {
    let number = Quantity::ALL.iter().take_while(|quantity| **quantity < place.quantity).count();
    format!("{}.{number}", instant::write(place.at))
}

fn parse_place(cursor: &str) -> Result<Place, Problem> {
    let place = cursor.rsplit_once('.').and_then(|(at, number)| {
        let quantity = *Quantity::ALL.get(number.parse::<usize>().ok()?)?;
        Some(Place { at: instant::parse(at).ok()?, quantity })
    });
    place.ok_or_else(|| Problem::bad_request("?cursor", "not a cursor"))
}

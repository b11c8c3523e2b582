//! The routes of statistics.
//!
//! Each reads the passages of its span once and asks, per professional, where they were when it
//! began; the history before the span costs nothing.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chiron_chassis::{Api, Calls, Completeness, Json, Problem, Query, Runtime, Service};
use chiron_clock::{Clock, instant};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use staff_tracking_domain::{
    entity::{
        Movement, ProfessionalId, RoomId,
        visits::{Span, Visit, co_presence, dwell_times, headcount, visits},
    },
    usecase::inside_at,
};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    application::statistics::{
        CoPresenceEntry, DoorOpeningEntry, DwellEntry, HeadcountEntry, Statistic,
    },
    infrastructure::{
        http::{HISTORY, invalid, parse, problem},
        store::{DocumentStore, Scope},
    },
};

/// Passages of one span at most: a year of a large block. Longer spans are asked for in parts.
const MOST_PASSAGES: u64 = 200_000;

/// Passages read at a time.
const PAGE: usize = 10_000;

#[derive(Clone)]
pub(crate) struct Statistics {
    store: DocumentStore,
    clock: Clock,
    completeness: Completeness,
    calls: Calls,
}

/// Adds the routes to the service's others.
pub(crate) fn add(others: Api<Statistics>, runtime: &Runtime) -> Api {
    let statistics = Statistics {
        store: DocumentStore::new(&runtime.store),
        clock: runtime.clock.clone(),
        completeness: runtime.completeness.clone(),
        calls: runtime.calls.clone(),
    };
    others
        .route(HISTORY, routes!(dwell_times_of))
        .route(HISTORY, routes!(co_presence_of))
        .route(HISTORY, routes!(headcount_of))
        .route(HISTORY, routes!(door_openings_of))
        .with_state(statistics)
}

/// Which span, and of whom or what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct Asked {
    /// From this instant, inclusive; may be left out with `processId`.
    from: Option<String>,
    /// To this instant, inclusive; may be left out with `processId`.
    to: Option<String>,
    /// The rooms and the time of this surgical process, as far as they lie in the span.
    process_id: Option<String>,
    /// Which room; headcounts and door openings need it.
    room_id: Option<String>,
    /// Who; co-presence needs it.
    health_professional_id: Option<String>,
}

/// What of a process concerns statistics.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    date_time: String,
    end_date_time: Option<String>,
    rooms: Vec<ProcessRoom>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProcessRoom {
    room_id: String,
}

/// The span that was asked for, cut to a process where one was named; `None` when they have nothing
/// in common.
struct Frame {
    span: Option<Span>,
    /// Only these rooms; `None` for all.
    rooms: Option<BTreeSet<RoomId>>,
}

impl Frame {
    fn includes(&self, room: &RoomId) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }
}

/// How long each professional was in each room, and how often.
#[utoipa::path(get, path = "/api/v1/statistics/dwell-times", params(Asked),
    responses((status = 200, body = Statistic<DwellEntry>),
        (status = 404, description = "There is no such process")))]
async fn dwell_times_of(
    State(statistics): State<Statistics>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    statistics
        .answer(&asked, |visits, span| {
            Ok(dwell_times(visits, span).into_iter().map(DwellEntry::from).collect())
        })
        .await
}

/// How long others were in a room together with a professional.
#[utoipa::path(get, path = "/api/v1/statistics/co-presence", params(Asked),
    responses((status = 200, body = Statistic<CoPresenceEntry>),
        (status = 404, description = "There is no such process")))]
async fn co_presence_of(
    State(statistics): State<Statistics>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let who: ProfessionalId =
        needed("?healthProfessionalId", asked.health_professional_id.as_deref())?;
    statistics
        .answer(&asked, |visits, span| {
            Ok(co_presence(visits, &who, span).into_iter().map(CoPresenceEntry::from).collect())
        })
        .await
}

/// How many people were in a room: at the beginning, and from each change on.
#[utoipa::path(get, path = "/api/v1/statistics/headcount", params(Asked),
    responses((status = 200, body = Statistic<HeadcountEntry>),
        (status = 404, description = "There is no such process")))]
async fn headcount_of(
    State(statistics): State<Statistics>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let room: RoomId = needed("?roomId", asked.room_id.as_deref())?;
    statistics
        .answer(&asked, |visits, span| {
            Ok(headcount(visits, &room, span).into_iter().map(HeadcountEntry::from).collect())
        })
        .await
}

/// The passages of a room's door.
#[utoipa::path(get, path = "/api/v1/statistics/door-openings", params(Asked),
    responses((status = 200, body = Statistic<DoorOpeningEntry>),
        (status = 404, description = "There is no such process")))]
async fn door_openings_of(
    State(statistics): State<Statistics>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let room: RoomId = needed("?roomId", asked.room_id.as_deref())?;
    let frame = statistics.frame(&asked).await?;
    let complete_to = statistics.completeness.header();
    let openings: Statistic<DoorOpeningEntry> = match frame.span {
        Some(span) if frame.includes(&room) => {
            let passages = statistics.passages(&Scope::Room(room), span).await?;
            passages.iter().map(DoorOpeningEntry::from).collect()
        }
        _ => Statistic::from_iter([]),
    };
    Ok((complete_to, Json(openings)).into_response())
}

impl Statistics {
    async fn answer<T: Serialize>(
        &self,
        asked: &Asked,
        count: impl FnOnce(&[Visit], Span) -> Result<Statistic<T>, Problem>,
    ) -> Result<Response, Problem> {
        let frame = self.frame(asked).await?;
        // Said before the store is read, so that the answer holds at least that much.
        let complete_to = self.completeness.header();
        let Some(span) = frame.span else {
            return Ok((complete_to, Json(Statistic::<T>::from_iter([]))).into_response());
        };
        let inside = inside_at(&self.store, span.from()).await.map_err(problem)?;
        let passages = self.passages(&Scope::Block, span).await?;
        let mut visits = visits(&inside, &passages, span);
        visits.retain(|visit| frame.includes(&visit.room));
        Ok((complete_to, Json(count(&visits, span)?)).into_response())
    }

    async fn frame(&self, asked: &Asked) -> Result<Frame, Problem> {
        let from = parse("?from", asked.from.as_deref())?;
        let to = parse("?to", asked.to.as_deref())?;
        if let (Some(from), Some(to)) = (from, to) {
            Span::new(from, to).map_err(|err| invalid("?to", err))?;
        }
        let Some(process) = asked.process_id.as_deref() else {
            let from = from.ok_or_else(|| missing("?from"))?;
            let to = to.ok_or_else(|| missing("?to"))?;
            let span = Span::new(from, to).map_err(|err| invalid("?to", err))?;
            return Ok(Frame { span: Some(span), rooms: None });
        };
        let (start, end, rooms) = self.process(process).await?;
        let from = from.map_or(start, |from| from.max(start));
        let to = to.map_or(end, |to| to.min(end));
        Ok(Frame { span: Span::new(from, to).ok(), rooms: Some(rooms) })
    }

    /// When a process began, when it ended (an open one: now), and the patient's rooms.
    async fn process(&self, id: &str) -> Result<(Timestamp, Timestamp, BTreeSet<RoomId>), Problem> {
        let path = format!("/api/v1/processes/{}", Calls::segment(id));
        let answer = self.calls.get(Service::SurgicalProcess, &path).send().await?;
        match answer.status {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND => {
                return Err(Problem::not_found("there is no such surgical process"));
            }
            status => {
                tracing::warn!(%status, "surgical process monitoring refused to tell a process");
                return Err(Problem::unavailable("the surgical process cannot be read"));
            }
        }
        let process: Process = answer.json()?;
        let unreadable = |err: &dyn std::fmt::Display| {
            tracing::warn!(error = %err, "a surgical process is not as agreed");
            Problem::unavailable("the surgical process cannot be read")
        };
        let instant = |text: &str| instant::parse(text).map_err(|err| unreadable(&err));
        let start = instant(&process.date_time)?;
        let end = process.end_date_time.as_deref().map(instant).transpose()?;
        let rooms = process.rooms.iter().map(|room| room.room_id.parse::<RoomId>());
        let rooms = rooms.collect::<Result<_, _>>().map_err(|err| unreadable(&err))?;
        Ok((start, end.unwrap_or(self.clock.now()), rooms))
    }

    async fn passages(&self, scope: &Scope, span: Span) -> Result<Vec<Movement>, Problem> {
        let from = Some(span.from());
        let total = self.store.count(scope, from, span.to()).await.map_err(problem)?;
        if MOST_PASSAGES < total {
            let detail = "the span has more than 200000 passages: ask for a shorter one";
            return Err(Problem::bad_request("?from", detail));
        }
        let mut passages = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.page(scope, from, span.to(), after, PAGE).await;
            let page = page.map_err(problem)?;
            passages.extend(page.movements);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(passages),
            }
        }
    }
}

fn needed<T: std::str::FromStr<Err: std::fmt::Display>>(
    pointer: &str,
    text: Option<&str>,
) -> Result<T, Problem> {
    text.ok_or_else(|| missing(pointer))?.parse().map_err(|err| invalid(pointer, err))
}

fn missing(pointer: &str) -> Problem {
    Problem::bad_request(pointer, "is needed")
}

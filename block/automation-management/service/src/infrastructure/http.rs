//! The route that explains every command.

use axum::{extract::State, response::IntoResponse};
use chiron_chassis::{Api, Completeness, Json, Need, Problem, Query, Runtime};
use chiron_clock::instant;
use chiron_store::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    NAME,
    application::answer::Decisions,
    infrastructure::rooms::{Asked, History},
};

const DECISIONS: Need = Need::new(
    "decisions",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer"],
);

/// Entries of one answer at most; longer lists are read in pages.
const MOST_ENTRIES: usize = 10_000;

#[derive(Clone)]
struct Served {
    history: History,
    completeness: Completeness,
}

/// The routes of the service.
pub(crate) fn api(runtime: &Runtime) -> Api {
    let served = Served {
        history: History::new(&runtime.store),
        completeness: runtime.completeness.clone(),
    };
    Api::new(NAME, "Automation management").route(DECISIONS, routes!(decisions)).with_state(served)
}

/// Which decisions are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct Wanted {
    /// Those of one room; of all rooms when left out.
    room_id: Option<String>,
    /// Decided at this instant or later.
    from: Option<String>,
    /// Decided at this instant or before.
    to: Option<String>,
    /// Entries per page, from 1 to 10,000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Why each command was given, oldest first: rule, inputs, target and its owner, command, outcome.
#[utoipa::path(
    get,
    path = "/api/v1/decisions",
    params(Wanted),
    responses(
        (status = 200, body = Decisions, description = "The decisions; an empty list when there are none"),
        (status = 400, description = "A parameter that is not valid"),
    )
)]
async fn decisions(
    State(served): State<Served>,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let asked = Asked {
        room: wanted.room_id,
        from: parse("?from", wanted.from.as_deref())?,
        to: parse("?to", wanted.to.as_deref())?,
    };
    if let (Some(from), Some(to)) = (asked.from, asked.to)
        && to < from
    {
        return Err(Problem::bad_request("?to", "must not be before from"));
    }
    let limit = match wanted.limit {
        Some(limit @ 1..=MOST_ENTRIES) => Some(limit),
        Some(_) => return Err(Problem::bad_request("?limit", "must lie between 1 and 10000")),
        None => None,
    };
    let after = match wanted.cursor {
        Some(text) => {
            let cursor = text.parse::<Cursor>();
            Some(cursor.map_err(|err| Problem::bad_request("?cursor", err.to_string()))?)
        }
        None => None,
    };
    // Said before the store is read, so that the answer holds at least that much.
    let complete_to = served.completeness.header();
    let total = served.history.count(&asked).await?;
    if limit.is_none() && MOST_ENTRIES < usize::try_from(total).unwrap_or(usize::MAX) {
        let detail = "there are more than 10000 entries: read them in pages";
        return Err(Problem::bad_request("?limit", detail));
    }
    let limit = limit.unwrap_or(MOST_ENTRIES);
    let (entries, next) = served.history.page(&asked, after, limit).await?;
    let next = next.map(|next| next.to_string());
    Ok((complete_to, Json(Decisions { entries, total, next })))
}

fn parse(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(instant::parse).transpose();
    parsed.map_err(|err| Problem::bad_request(pointer, err.to_string()))
}

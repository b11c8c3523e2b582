//! Reading the audit trail. Who reads it is in it.

use axum::extract::State;
use chiron_chassis::audit::{Asked, Entry};
use chiron_chassis::{Api, Json, Problem, Query};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::AUDIT;

/// Entries of a page when the request does not say, and at most.
const PAGE: usize = 100;
const MOST: usize = 1_000;

/// Adds the way to the audit trail.
pub(crate) fn trail(api: Api<Gateway>) -> Api<Gateway> {
    api.route(AUDIT, routes!(list))
}

/// Which entries. What is left out counts as all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Entries of this user or account.
    actor: Option<String>,
    /// Entries about this id: a tax code, a process, a professional, a user, a room.
    subject: Option<String>,
    /// From this instant, inclusive.
    from: Option<String>,
    /// To this instant, inclusive.
    to: Option<String>,
    /// Entries at most, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Entries of the audit trail, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct EntriesV1 {
    /// Those of this page.
    entries: Vec<Entry>,
    /// How many there are on all pages.
    total: u64,
    /// Gets the next page; null on the last.
    next: Option<String>,
}

/// Who read or changed what about whom.
#[utoipa::path(get, path = "/api/v1/audit", params(AuditQuery),
    responses((status = 200, body = EntriesV1), (status = 400), (status = 503)))]
async fn list(
    State(gateway): State<Gateway>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<EntriesV1>, Problem> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request("?limit", format!("must be from 1 to {MOST}")));
    }
    let before = match query.cursor {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| Problem::bad_request("?cursor", "is not of this list"))?)
        }
    };
    let asked = Asked {
        actor: query.actor,
        subject: query.subject,
        from: time("?from", query.from)?,
        to: time("?to", query.to)?,
        limit,
        before,
    };
    let page = gateway.runtime.audit.find(&asked).await?;
    let next = page.next.map(|seq| seq.to_string());
    Ok(Json(EntriesV1 { entries: page.entries, total: page.total, next }))
}

fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at = instant::parse(&text).map_err(|err| Problem::bad_request(name, err.to_string()))?;
    Ok(Some(at))
}

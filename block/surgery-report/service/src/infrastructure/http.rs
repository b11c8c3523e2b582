//! The routes under `/api/v1/reports`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chiron_chassis::{
    Api, Authority, Caller, Calls, Json, Need, Path, Problem, ProblemDocument, Query, Runtime,
};
use chiron_clock::Clock;
use serde::{Deserialize, Serialize};
use surgery_report_domain::{
    entity::process::ProcessId,
    usecase::{AddError, StoreError, add_to_report},
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{
    application::report::{ReportEntryV1, ReportV1},
    infrastructure::store::StoredReports,
};

const READ: Need =
    Need::new("reports", "read", &["surgeon", "nurse", "anesthetist", "block-manager"]);
const ADD: Need =
    Need::new("reports", "add", &["surgeon", "nurse", "anesthetist", "block-manager"]);

/// Entries of a page at most, and of the whole list without a page.
const MAX_PAGE: usize = 10_000;

#[derive(Clone)]
struct App {
    reports: StoredReports,
    clock: Clock,
}

pub(crate) fn api(runtime: &Runtime) -> Api {
    let app = App { reports: StoredReports::new(&runtime.store), clock: runtime.clock.clone() };
    Api::new(crate::NAME, "Surgery report")
        .route(READ, routes!(list))
        .route(READ, routes!(show))
        .route(ADD, routes!(add))
        .with_state(app)
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
struct ListQuery {
    /// Entries at most, 1 to 10000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Reports by date, or a page of them.
#[derive(Debug, Serialize, ToSchema)]
struct ReportsV1 {
    entries: Vec<ListedV1>,
    /// Of all pages.
    total: u64,
    /// Where the next page begins; null on the last one.
    next: Option<String>,
}

/// A report of the list, and where it is.
#[derive(Debug, Serialize, ToSchema)]
struct ListedV1 {
    entry: ReportEntryV1,
    url: String,
}

/// Lists reports, by date and then id.
#[utoipa::path(get, path = "/api/v1/reports", params(ListQuery),
    responses((status = 200, body = ReportsV1), (status = 204, description = "There is none"),
        (status = 400, body = ProblemDocument)))]
async fn list(
    State(app): State<App>,
    authority: Authority,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::bad_request("?limit", format!("must be from 1 to {MAX_PAGE}")));
    }
    let whole = query.limit.is_none() && query.cursor.is_none();
    let after = match query.cursor {
        None => None,
        Some(cursor) => Some(
            cursor.parse().map_err(|_| Problem::bad_request("?cursor", "is not of this list"))?,
        ),
    };
    let page = app.reports.page(limit, after).await?;
    if page.total == 0 {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if whole && page.next.is_some() {
        let detail = format!("is needed: there are more than {MAX_PAGE} reports");
        return Err(Problem::bad_request("?limit", detail));
    }
    let entries = page.entries.into_iter().map(|entry| {
        let id = Calls::segment(&entry.surgical_process_id);
        ListedV1 { url: authority.url(&format!("/api/v1/reports/{id}")), entry }
    });
    let reports = ReportsV1 {
        entries: entries.collect(),
        total: page.total,
        next: page.next.map(|next| next.to_string()),
    };
    Ok(Json(reports).into_response())
}

/// Reads the newest version of a report.
#[utoipa::path(get, path = "/api/v1/reports/{surgicalProcessId}",
    params(("surgicalProcessId" = String, Path)),
    responses((status = 200, body = ReportV1), (status = 404, body = ProblemDocument)))]
async fn show(
    State(app): State<App>,
    Path(process): Path<String>,
) -> Result<Json<ReportV1>, Problem> {
    app.reports.shown(&process).await?.map(Json).ok_or_else(unknown)
}

/// What is added to a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AdditionV1 {
    /// The text. It replaces the one shown; former ones are kept.
    additional_data: String,
}

/// Adds a text to a report.
#[utoipa::path(patch, path = "/api/v1/reports/{surgicalProcessId}",
    params(("surgicalProcessId" = String, Path)), request_body = AdditionV1,
    responses((status = 204), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument)))]
async fn add(
    State(app): State<App>,
    Path(process): Path<String>,
    caller: Caller,
    Json(addition): Json<AdditionV1>,
) -> Result<StatusCode, Problem> {
    let process = ProcessId::new(process).map_err(|_| unknown())?;
    let (now, text) = (app.clock.now(), addition.additional_data);
    match add_to_report(&app.reports, now, &process, caller.subject, text).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(AddError::Unknown) => Err(unknown()),
        Err(AddError::Store(error)) => Err(problem(error)),
    }
}

/// The store's own failure, which knows best what the client is told.
fn problem(StoreError(error): StoreError) -> Problem {
    let error = match error.downcast::<chiron_store::StoreError>() {
        Ok(failed) => return Problem::from(*failed),
        Err(error) => error,
    };
    match error.downcast::<chiron_store::WriteError>() {
        Ok(refused) => Problem::from(*refused),
        Err(error) => Problem::internal(&*error),
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no report of this process")
}

//! What people do to a report: add to it, sign it, have it made anew.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chiron_chassis::{Authority, Caller, Calls, Json, Path, Problem, ProblemDocument};
use surgery_report_domain::{
    entity::process::ProcessId,
    usecase::{Author, Filing, Signature, add_to_report, sign_report},
};

use super::{
    App,
    accept::revision_read,
    refused,
    shapes::{AdditionV1, RegenerationV1, SignatureV1},
    unknown,
};
use crate::infrastructure::store::SignatureRowV1;

/// Adds a text to a report, as a version with author and time. With `If-Match`, only to the
/// revision named.
#[utoipa::path(patch, path = "/api/v1/reports/{surgicalProcessId}",
    params(("surgicalProcessId" = String, Path), ("if-match" = Option<String>, Header)),
    request_body = AdditionV1,
    responses((status = 204), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument)))]
pub(crate) async fn add(
    State(app): State<App>,
    Path(process): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    Json(addition): Json<AdditionV1>,
) -> Result<Response, Problem> {
    let process = ProcessId::new(process).map_err(|_| unknown())?;
    let (now, text) = (app.composer.clock.now(), addition.additional_data);
    let read = revision_read(&headers)?;
    let revision = add_to_report(&app.reports, now, &process, read, author(caller), text)
        .await
        .map_err(refused)?;
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, tag(revision))]).into_response())
}

/// Signs the newest version of a settled report. With `If-Match`, only in the revision named. Who
/// signs once more gets the same signature, with status 200.
#[utoipa::path(post, path = "/api/v1/reports/{surgicalProcessId}/signature",
    params(("surgicalProcessId" = String, Path), ("if-match" = Option<String>, Header)),
    responses((status = 201, body = SignatureV1), (status = 200, body = SignatureV1),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument,
        description = "Not settled, or signed by somebody else"),
        (status = 412, body = ProblemDocument)))]
pub(crate) async fn sign(
    State(app): State<App>,
    Path(process): Path<String>,
    caller: Caller,
    authority: Authority,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = ProcessId::new(&process).map_err(|_| unknown())?;
    let now = app.composer.clock.now();
    let before = app.reports.shown(&process).await?.map_or(0, |line| line.revision);
    let read = revision_read(&headers)?;
    let (signature, revision) =
        sign_report(&app.reports, now, &id, read, author(caller)).await.map_err(refused)?;
    let status = if before < revision { StatusCode::CREATED } else { StatusCode::OK };
    let location = location(&authority, &process, signature.version)?;
    let Signature { version, author, at, fingerprint } = signature;
    let row = SignatureRowV1 { version, author: author.into(), at, content_hash: fingerprint };
    let headers = [(header::ETAG, tag(revision)), (header::LOCATION, location)];
    Ok((status, headers, Json(SignatureV1::from(row))).into_response())
}

/// Reads the sources of a settled report once more, late facts included, and makes a new, unsigned
/// version beside the former ones if that says something else.
#[utoipa::path(post, path = "/api/v1/reports/{surgicalProcessId}/regeneration",
    params(("surgicalProcessId" = String, Path)),
    responses((status = 201, body = RegenerationV1), (status = 200, body = RegenerationV1,
        description = "Nothing has changed"), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(crate) async fn regenerate(
    State(app): State<App>,
    Path(process): Path<String>,
    caller: Caller,
    authority: Authority,
) -> Result<Response, Problem> {
    let id = ProcessId::new(&process).map_err(|_| unknown())?;
    let filing = app.composer.regenerate(&id, author(caller)).await.map_err(refused)?;
    let line = app.reports.shown(&process).await?.ok_or_else(unknown)?;
    let changed = matches!(filing, Filing::New { .. });
    let version = match filing {
        Filing::New { version } => version,
        Filing::Same | Filing::Settled | Filing::Poorer => line.version,
    };
    let status = if changed { StatusCode::CREATED } else { StatusCode::OK };
    let body = RegenerationV1 { version, revision: line.revision, changed };
    let location = location(&authority, &process, version)?;
    let headers = [(header::ETAG, tag(line.revision)), (header::LOCATION, location)];
    Ok((status, headers, Json(body)).into_response())
}

fn author(caller: Caller) -> Author {
    Author { id: caller.subject, name: caller.name }
}

fn tag(revision: u32) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

fn location(authority: &Authority, process: &str, version: u32) -> Result<HeaderValue, Problem> {
    let path = format!("/api/v1/reports/{}/versions/{version}", Calls::segment(process));
    HeaderValue::try_from(authority.url(&path)).map_err(|error| Problem::internal(&error))
}

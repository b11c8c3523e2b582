//! Reading reports and their versions, in every form.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chiron_chassis::{Authority, Calls, Json, Path, Problem, ProblemDocument, Query};
use serde::Deserialize;
use surgery_report_domain::entity::report::Report;
use utoipa::IntoParams;

use super::{
    App,
    accept::{Form, has, language},
    shapes::{AddedV1, ListedV1, ReportsV1, ShownV1, SignatureV1, VersionV1, VersionsV1},
    unknown,
};
use crate::{
    application::{
        render::{Document, Happened, What},
        report::ReportV1,
        words::Language,
    },
    infrastructure::store::{KindV1, LineRowV1, SignatureRowV1},
};

/// Entries of a page at most, and of the whole list without a page.
const MAX_PAGE: usize = 10_000;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// Entries at most, 1 to 10000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists reports, by date and then id.
#[utoipa::path(get, path = "/api/v1/reports", params(ListQuery),
    responses((status = 200, body = ReportsV1), (status = 204, description = "There is none"),
        (status = 400, body = ProblemDocument)))]
pub(crate) async fn list(
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

/// Reads the newest version of a report: as data, as a page, or as a document to print. The
/// `ETag` begins with the revision; the same revision has the same bytes.
#[utoipa::path(get, path = "/api/v1/reports/{surgicalProcessId}",
    params(("surgicalProcessId" = String, Path), ("accept" = Option<String>, Header),
        ("accept-language" = Option<String>, Header,
            description = "`en` or `it`, for a page or a document")),
    responses((status = 200, content((ShownV1 = "application/json"), (String = "text/html"),
        (Vec<u8> = "application/pdf"))), (status = 304), (status = 404, body = ProblemDocument),
        (status = 406, body = ProblemDocument)))]
pub(crate) async fn show(
    State(app): State<App>,
    Path(process): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::wanted(&headers).map_err(varied)?;
    let line = app.reports.shown(&process).await?.ok_or_else(unknown)?;
    let (language, revision) = (language(&headers), line.revision);
    let tag = tag(&revision.to_string(), form, language);
    if has(&headers, &tag) {
        return Ok(unchanged(&tag));
    }
    let lines = app.reports.all_lines(&process).await?;
    // Lines may have come since; what is shown is as of the one read first.
    let lines: Vec<_> = lines.into_iter().filter(|it| it.revision <= revision).collect();
    if form == Form::Json {
        let shown = ShownV1 {
            report: app.reports.report_at(&line).await?,
            revision,
            version: line.version,
            signature: line.signature.clone().map(SignatureV1::from),
            signed_version: lines
                .iter()
                .filter_map(|it| Some(it.signature.as_ref()?.version))
                .max(),
            additions: additions(&app, &lines, line.version).await?,
        };
        return Ok((common(&tag), Json(shown)).into_response());
    }
    let signature = line.signature.clone();
    let document = document(&app, &lines, &line, signature).await?;
    typeset(&app, document, form, language, &tag).await
}

/// Lists the versions of a report, in order; those of a withdrawn one too.
#[utoipa::path(get, path = "/api/v1/reports/{surgicalProcessId}/versions",
    params(("surgicalProcessId" = String, Path)),
    responses((status = 200, body = VersionsV1), (status = 404, body = ProblemDocument)))]
pub(crate) async fn versions(
    State(app): State<App>,
    Path(process): Path<String>,
    authority: Authority,
) -> Result<Response, Problem> {
    let lines = app.reports.all_lines(&process).await?;
    let revision = lines.last().ok_or_else(unknown)?.revision;
    let mut entries = Vec::new();
    for line in lines.iter().filter(|line| line.kind != KindV1::Signature) {
        let path =
            format!("/api/v1/reports/{}/versions/{}", Calls::segment(&process), line.version);
        let text = match line.kind {
            KindV1::Addition => app.reports.text(line).await?,
            _ => None,
        };
        let signature = pinned(&lines, line.version).filter(|it| it.version == line.version);
        entries.push(VersionV1 {
            version: line.version,
            revision: line.revision,
            date_time: line.at,
            kind: line.kind,
            author: line.author.clone().map(Into::into),
            text,
            settled: line.settled,
            complete: line.complete,
            missing: line.missing.clone(),
            signature: signature.cloned().map(SignatureV1::from),
            url: authority.url(&path),
        });
    }
    let tag = tag(&revision.to_string(), Form::Json, Language::English);
    let versions = VersionsV1 { total: entries.len(), entries };
    Ok((common(&tag), Json(versions)).into_response())
}

/// Reads one version of a report as it was, in any form. As JSON it is what a signature of it is
/// the digest of.
#[utoipa::path(get, path = "/api/v1/reports/{surgicalProcessId}/versions/{version}",
    params(("surgicalProcessId" = String, Path), ("version" = u32, Path),
        ("accept" = Option<String>, Header), ("accept-language" = Option<String>, Header)),
    responses((status = 200, content((ReportV1 = "application/json"), (String = "text/html"),
        (Vec<u8> = "application/pdf"))), (status = 304), (status = 404, body = ProblemDocument),
        (status = 406, body = ProblemDocument)))]
pub(crate) async fn version(
    State(app): State<App>,
    Path((process, version)): Path<(String, u32)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let form = Form::wanted(&headers).map_err(varied)?;
    let lines = app.reports.all_lines(&process).await?;
    let is_it = |line: &&LineRowV1| line.version == version && line.kind != KindV1::Signature;
    let found = || Problem::not_found("there is no such version of this report");
    let line = lines.iter().find(is_it).ok_or_else(found)?;
    let signature = pinned(&lines, version).cloned();
    // As JSON a version never changes; drawn, it shows the signature that it got later.
    let signed = signature.as_ref().filter(|_| form != Form::Json).map_or("", |_| "s");
    let language = language(&headers);
    let tag = tag(&format!("v{version}{signed}"), form, language);
    if has(&headers, &tag) {
        return Ok(unchanged(&tag));
    }
    if form == Form::Json {
        let report = app.reports.report_at(line).await?;
        return Ok((common(&tag), Json(report)).into_response());
    }
    let signs = |it: &LineRowV1| {
        it.kind == KindV1::Signature && it.content == line.content && it.version <= version
    };
    let until = lines.iter().filter(|it| it.revision <= line.revision || signs(it));
    let until: Vec<_> = until.cloned().collect();
    let document = document(&app, &until, line, signature).await?;
    typeset(&app, document, form, language, &tag).await
}

/// The signature under a version: the one that pins it, or pinned a former one of its content.
fn pinned(lines: &[LineRowV1], version: u32) -> Option<&SignatureRowV1> {
    let content = lines.iter().find(|line| line.version == version).map(|line| &line.content)?;
    let mut signed = lines.iter().filter(|line| {
        line.kind == KindV1::Signature && line.content == *content && line.version <= version
    });
    signed.find_map(|line| line.signature.as_ref())
}

/// What people added up to a version, in order.
async fn additions(app: &App, lines: &[LineRowV1], version: u32) -> Result<Vec<AddedV1>, Problem> {
    let mut additions = Vec::new();
    for line in lines {
        if let (KindV1::Addition, Some(author)) = (line.kind, &line.author)
            && line.version <= version
        {
            additions.push(AddedV1 {
                version: line.version,
                author: author.clone().into(),
                date_time: line.at,
                text: app.reports.text(line).await?.unwrap_or_default(),
            });
        }
    }
    Ok(additions)
}

/// Everything that a page shows of a report as of a line.
async fn document(
    app: &App,
    lines: &[LineRowV1],
    line: &LineRowV1,
    signature: Option<SignatureRowV1>,
) -> Result<Document, Problem> {
    let content = app.reports.content(line).await?;
    let annex = app.reports.annex(line).await?;
    let report = Report::try_from(&content).map_err(|error| Problem::internal(&error))?;
    // The content before this one, for what has changed.
    let earlier = lines.iter().rev().find(|it| it.content != line.content);
    let before = match earlier {
        None => None,
        Some(earlier) => {
            let content = app.reports.content(earlier).await?;
            let report = Report::try_from(&content).map_err(|error| Problem::internal(&error))?;
            Some((earlier.version, report))
        }
    };
    let mut history = Vec::new();
    for line in lines {
        let author = line.author.as_ref();
        let by = author.map(|it| it.name.clone().unwrap_or_else(|| it.id.clone()));
        let what = match line.kind {
            KindV1::Composed => What::Composed { settled: line.settled },
            KindV1::Regenerated => What::Regenerated,
            KindV1::Addition => What::Added(app.reports.text(line).await?.unwrap_or_default()),
            KindV1::Signature => What::Signed,
            KindV1::Withdrawn => What::Withdrawn,
        };
        history.push(Happened { version: line.version, at: line.at, by, what });
    }
    let signature = signature.map(|it| {
        let by = it.author.name.unwrap_or(it.author.id);
        (by, it.at, it.version, it.content_hash)
    });
    Ok(Document {
        report,
        annex,
        version: line.version,
        revision: line.revision,
        filed_at: line.filed_at,
        before,
        history,
        signature,
    })
}

/// Draws a page or a document, off the threads that answer.
async fn typeset(
    app: &App,
    document: Document,
    form: Form,
    language: Language,
    tag: &str,
) -> Result<Response, Problem> {
    let press = Arc::clone(&app.press);
    let name: String = document.report.process.as_str().chars().map(plain).collect();
    let drawn = tokio::task::spawn_blocking(move || match form {
        Form::Html | Form::Json => press.html(&document, language).map(String::into_bytes),
        Form::Pdf => press.pdf(&document, language),
    });
    let bytes = drawn
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    let mut headers = common(tag);
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    let (content_type, ending) = match form {
        Form::Pdf => ("application/pdf", "pdf"),
        Form::Html | Form::Json => ("text/html; charset=utf-8", "html"),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = format!("inline; filename=\"report-{name}.{ending}\"");
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if form == Form::Html
        && let Ok(policy) = HeaderValue::try_from(app.press.policy())
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok((headers, bytes).into_response())
}

/// A character of a file's name.
fn plain(char: char) -> char {
    if char.is_ascii_alphanumeric() || "-._".contains(char) { char } else { '-' }
}

/// One tag for each form and language of a revision.
fn tag(revision: &str, form: Form, language: Language) -> String {
    match form {
        Form::Json => format!("\"{revision}\""),
        Form::Html => format!("\"{revision}-html-{}\"", language.tag()),
        Form::Pdf => format!("\"{revision}-pdf-{}\"", language.tag()),
    }
}

/// Headers of every answer that depends on what the client accepts. Health data is not kept on
/// the way, and asked for anew each time.
fn common(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers
}

fn unchanged(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, common(tag)).into_response()
}

/// A refusal depends on what the client accepts, too.
fn varied(problem: Problem) -> Problem {
    problem.header(header::VARY, HeaderValue::from_static("Accept, Accept-Language"))
}

//! The routes: processes as they are, what happened to them, and the vital signs of their patients.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, Completeness, Json, Need, Path, Problem, Query};
use chiron_clock::instant;
use chiron_store::{Cursor, Find, at_least, at_most, eq};
use jiff::Timestamp;
use surgical_process_monitoring_domain::{
    fact::ProcessId,
    process::{STALE_AFTER, patient_of},
    vital::{Quantity, Sample, buckets},
};
use utoipa_axum::routes;

use crate::{
    application::{
        document::{
            EntryDocument, EntryKind, LATE, MinuteDocument, ProcessDocument, ProcessRow, Standing,
        },
        presentation::{
            HistoryEntry, List, ListQuery, ProcessDetail, ProcessEntry, VitalSign, VitalSignsQuery,
        },
    },
    infrastructure::records::{RecordError, Records},
};

/// Who may read processes. Wall screens get codes only.
const READ: Need = Need::new(
    "processes",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
)
.recorded(Recorded::Always);
/// Entries of an answer at most.
const MOST: usize = 10_000;
/// Longest bucket of vital signs, in seconds.
const LONGEST_BUCKET_S: u32 = 86_400;

#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) records: Records,
    pub(crate) completeness: Completeness,
}

pub(crate) fn api(shared: Shared) -> Api {
    Api::new(crate::NAME, "Surgical process monitoring")
        .route(READ, routes!(processes))
        .route(READ, routes!(process))
        .route(READ, routes!(history))
        .route(READ, routes!(vital_signs))
        .with_state(shared)
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Write(error) => error.into(),
            RecordError::Garbled(_) | RecordError::Event(_) => Self::internal(&error),
        }
    }
}

/// How many entries a page has; `None` when nothing was said.
fn page(limit: Option<usize>) -> Result<Option<usize>, Problem> {
    match limit {
        Some(limit) if !(1..=MOST).contains(&limit) => {
            Err(Problem::bad_request("?limit", "is not between 1 and 10000"))
        }
        limit => Ok(limit),
    }
}

/// A bound of time; `None` when nothing was said.
fn bound(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(instant::parse).transpose();
    parsed.map_err(|err| Problem::bad_request(pointer, err.to_string()))
}

fn too_many() -> Problem {
    Problem::bad_request("?limit", "is missing: the list has more than 10000 entries")
}

/// Processes, by start: those under way, or those that have ended. 204 when there is none.
#[utoipa::path(
    get,
    path = "/api/v1/processes",
    params(ListQuery),
    responses(
        (status = 200, body = List<ProcessEntry>),
        (status = 204, description = "there is none")
    )
)]
async fn processes(
    State(shared): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    // Told before anything is read, so that it never claims too much.
    let (header, complete) = (shared.completeness.header(), shared.completeness.to());
    let standing = if query.open.unwrap_or(true) { Standing::Open } else { Standing::Ended };
    let mut asked = vec![eq("standing", standing.name())];
    let (from, to) = (bound("?from", query.from.as_deref())?, bound("?to", query.to.as_deref())?);
    if let (Some(from), Standing::Ended) = (from, standing) {
        asked.push(at_least("process.end", instant::write(from)));
    }
    asked.extend(to.map(|to| at_most("process.dateTime", instant::write(to))));
    let total = shared.records.processes.count(&asked).await?;
    if total == 0 {
        return Ok((StatusCode::NO_CONTENT, header).into_response());
    }
    let limit = page(query.limit)?;
    let cursor = match &query.cursor {
        None => None,
        Some(text) => Some(
            text.parse::<Cursor>()
                .map_err(|_| Problem::bad_request("?cursor", "is not a cursor of this list"))?,
        ),
    };
    if limit.is_none() && u64::try_from(MOST).is_ok_and(|most| most < total) {
        return Err(too_many());
    }
    let size = limit.unwrap_or(MOST);
    let find = asked.into_iter().fold(Find::all(), Find::filter);
    let find = find.ascending("process.dateTime").limit(size + 1).after(cursor);
    let mut found = shared.records.processes.find(&find).await?;
    let more = size < found.len();
    found.truncate(size);
    let next = match found.last() {
        Some(last) if more => Some(find.cursor(last)?.to_string()),
        _ => None,
    };
    let mut entries = Vec::with_capacity(found.len());
    for row in &found {
        let process = &row.document.process;
        entries.push(ProcessEntry::of(process, is_stale(&shared, &row.document, complete).await?));
    }
    Ok((header, Json(List { entries, total, next })).into_response())
}

/// Asks for vital signs only when nothing else has been heard for long.
async fn is_stale(
    shared: &Shared,
    row: &ProcessRow,
    complete: Timestamp,
) -> Result<bool, RecordError> {
    let is_quiet = |last: Timestamp| STALE_AFTER < complete.duration_since(last);
    if row.standing != Standing::Open || !is_quiet(row.process.last_fact) {
        return Ok(false);
    }
    let newest = shared.records.newest_sample(&row.process.patient_id).await?;
    Ok(newest.is_none_or(is_quiet))
}

/// A process as the patient's document has it, which was written before anybody was told; one that
/// the document has given up, from the projection. So nobody who has been told reads an older state.
async fn find(shared: &Shared, id: &str) -> Result<ProcessRow, Problem> {
    let unknown = || Problem::not_found("there is no such process");
    let patient = patient_of(&ProcessId::new(id)).ok_or_else(unknown)?;
    let is_it = |process: &&ProcessDocument| process.process_id == id;
    if let Some(found) = shared.records.patients.get(patient.as_str()).await? {
        let patient = found.document;
        if let Some(process) = patient.processes.iter().find(is_it) {
            let standing = if process.is_open() { Standing::Open } else { Standing::Ended };
            return Ok(row(process, standing, Vec::new(), found.version));
        }
        if let Some(settled) = patient.settled.iter().find(|it| is_it(&&it.process)) {
            let aftermath = settled.aftermath.clone();
            return Ok(row(&settled.process, Standing::Ended, aftermath, found.version));
        }
        if patient.voided.iter().any(|process| is_it(&process)) {
            return Err(unknown());
        }
    }
    let found = shared.records.processes.get(id).await?.map(|found| found.document);
    found.filter(|row| row.standing != Standing::Void).ok_or_else(unknown)
}

fn row(
    process: &ProcessDocument,
    standing: Standing,
    aftermath: Vec<EntryDocument>,
    patient_version: u64,
) -> ProcessRow {
    let process = process.clone();
    ProcessRow { process, standing, aftermath, late: Vec::new(), patient_version }
}

/// One process, whether it has ended or not. Its `ETag` is its version.
#[utoipa::path(
    get,
    path = "/api/v1/processes/{processId}",
    params(("processId" = String, Path)),
    responses((status = 200, body = ProcessDetail), (status = 404))
)]
async fn process(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (header, complete) = (shared.completeness.header(), shared.completeness.to());
    let row = find(&shared, &id).await?;
    let stale = is_stale(&shared, &row, complete).await?;
    let tells_codes_only =
        !caller.roles.is_empty() && caller.roles.iter().all(|role| role == "display");
    let detail = ProcessDetail::of(&row.process, stale, tells_codes_only);
    let etag = HeaderValue::try_from(format!("\"{}\"", row.process.version))
        .unwrap_or(HeaderValue::from_static("\"0\""));
    Ok((header, [(ETAG, etag)], Json(detail)).into_response())
}

/// What happened to a process, by time.
#[utoipa::path(
    get,
    path = "/api/v1/processes/{processId}/history",
    params(("processId" = String, Path)),
    responses((status = 200, body = List<HistoryEntry>), (status = 404))
)]
async fn history(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let header = shared.completeness.header();
    let row = find(&shared, &id).await?;
    let mut entries = row.process.history.clone();
    entries.extend(row.aftermath.iter().cloned());
    entries.extend(row.late.iter().cloned());
    entries.extend(late_samples(&shared, &row).await?);
    // Stable: what happened at one instant stays in the order in which it applied.
    entries.sort_by_key(|entry| entry.at);
    let entries: Vec<_> = entries.into_iter().map(HistoryEntry::from).collect();
    let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    Ok((header, Json(List { entries, total, next: None })).into_response())
}

/// Vital signs that came too late for a settled process, one line an instant.
async fn late_samples(
    shared: &Shared,
    row: &ProcessRow,
) -> Result<Vec<EntryDocument>, RecordError> {
    let (Some(end), true) = (row.process.end, row.process.settled) else {
        return Ok(Vec::new());
    };
    let query = Find::all()
        .eq("patientId", row.process.patient_id.as_str())
        .eq("anyLate", true)
        .ascending("minute");
    let mut entries: Vec<EntryDocument> = Vec::new();
    for minute in shared.records.minutes.find(&query).await? {
        for (offset, quantity) in minute.document.late() {
            let at = minute.document.instant(offset);
            if at < row.process.date_time || end < at {
                continue;
            }
            match entries.last_mut() {
                Some(last) if last.at == at => {
                    let value = last.value.get_or_insert_default();
                    value.push(' ');
                    value.push_str(quantity);
                }
                _ => entries.push(EntryDocument {
                    at,
                    kind: EntryKind::Late,
                    value: Some(format!("VITAL_SIGNS {quantity}")),
                    reason: Some(LATE.to_owned()),
                }),
            }
        }
    }
    Ok(entries)
}

/// Vital signs of the process's patient, by time then quantity; those that came too late for a
/// settled process only where they are asked for.
#[utoipa::path(
    get,
    path = "/api/v1/processes/{processId}/vital-signs",
    params(("processId" = String, Path), VitalSignsQuery),
    responses((status = 200, body = List<VitalSign>), (status = 404))
)]
async fn vital_signs(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<VitalSignsQuery>,
) -> Result<Response, Problem> {
    let header = shared.completeness.header();
    let row = find(&shared, &id).await?;
    let from = bound("?from", query.from.as_deref())?.unwrap_or(row.process.date_time);
    let end = row.process.end.unwrap_or(Timestamp::MAX);
    let to = bound("?to", query.to.as_deref())?.unwrap_or(end);
    let limit = page(query.limit)?;
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(
            place(text)
                .ok_or_else(|| Problem::bad_request("?cursor", "is not a cursor of this list"))?,
        ),
    };
    let read = if query.late.unwrap_or(false) {
        MinuteDocument::samples_with_late
    } else {
        MinuteDocument::samples
    };
    let mut samples = shared.records.samples(&row.process.patient_id, from, to, read).await?;
    match query.resolution {
        None => {}
        Some(seconds @ 1..=LONGEST_BUCKET_S) => samples = buckets(&samples, seconds),
        Some(_) => {
            return Err(Problem::bad_request("?resolution", "is not between 1 and 86400"));
        }
    }
    if limit.is_none() && MOST < samples.len() {
        return Err(too_many());
    }
    let total = u64::try_from(samples.len()).unwrap_or(u64::MAX);
    let begin = after
        .map_or(0, |after| samples.partition_point(|sample| (sample.at, sample.quantity) <= after));
    let rest = samples.get(begin..).unwrap_or_default();
    let shown = rest.get(..limit.unwrap_or(MOST).min(rest.len())).unwrap_or(rest);
    let next = match shown.last() {
        Some(last) if shown.len() < rest.len() => Some(mark(last)),
        _ => None,
    };
    let entries: Vec<_> = shown.iter().map(VitalSign::of).collect();
    Ok((header, Json(List { entries, total, next })).into_response())
}

/// The cursor behind a vital sign: its instant and quantity.
fn mark(last: &Sample) -> String {
    format!("{}~{}", instant::write(last.at), last.quantity.name())
}

fn place(text: &str) -> Option<(Timestamp, Quantity)> {
    let (at, quantity) = text.split_once('~')?;
    let quantity = Quantity::ALL.into_iter().find(|known| known.name() == quantity)?;
    Some((instant::parse(at).ok()?, quantity))
}

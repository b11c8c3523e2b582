//! Reading a process and its theatre's climate from the services that own them.

use chiron_chassis::{Answer, CallError, Calls, Service};
use chiron_clock::instant;
use http::StatusCode;
use jiff::Timestamp;
use performance_domain::entity::climate::{Compliance, HOLDS, Wanted};
use performance_domain::entity::course::Course;
use performance_domain::entity::plan::TheatreId;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::application::{ClimateV1, HistoryV1, PageV1, ProcessV1, Unfit};

/// Entries asked for at once.
const PAGE: &str = "10000";

/// Why a process could not be read.
#[derive(Debug, Error)]
pub(crate) enum Unread {
    /// No answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// An answer that is neither the thing nor its absence.
    #[error("the answer has status {0}")]
    Status(StatusCode),
    /// An answer that cannot be.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// The process as it is now with its version; `None` when there is none. Once it has ended, with
/// the climate of its theatres in the time of surgery.
pub(crate) async fn course(
    calls: &Calls,
    process: &str,
    wanted: Wanted,
) -> Result<Option<(Course, u64)>, Unread> {
    let path = format!("/api/v1/processes/{}", Calls::segment(process));
    let Some(answer) = get(calls, Service::SurgicalProcess, &path, &[]).await? else {
        return Ok(None);
    };
    let told: ProcessV1 = answer.json()?;
    let history: Option<Vec<HistoryV1>> =
        list(calls, Service::SurgicalProcess, &format!("{path}/history"), &[]).await?;
    let Some(history) = history else { return Ok(None) };
    let version = told.version;
    let mut course = told.course(&history)?;
    if course.end.is_some() {
        course.climate = climate(calls, &course, wanted).await?;
    }
    Ok(Some((course, version)))
}

/// The climate of the theatres in the time of surgery; `None` when there was no surgery.
async fn climate(
    calls: &Calls,
    course: &Course,
    wanted: Wanted,
) -> Result<Option<Compliance>, Unread> {
    let Some(surgery) = course.surgery_time else { return Ok(None) };
    let end = surgery.to.or(course.end).unwrap_or(surgery.from);
    let mut all = Compliance::default();
    for stay in &course.stays {
        if let Some(span) = stay.span.within((surgery.from, end)) {
            let (temperature, humidity) = curves(calls, &stay.theatre, span).await?;
            all += Compliance::of(span, &temperature, &humidity, wanted);
        }
    }
    Ok(Some(all))
}

type Samples = Vec<(Timestamp, f64)>;

/// Temperature in °C and relative humidity in %, with what was measured shortly before.
async fn curves(
    calls: &Calls,
    theatre: &TheatreId,
    (from, to): (Timestamp, Timestamp),
) -> Result<(Samples, Samples), Unread> {
    let path = format!("/api/v1/rooms/data/{}", Calls::segment(theatre.as_str()));
    let from = instant::write(from.saturating_sub(HOLDS).unwrap_or(from));
    let to = instant::write(to);
    let query = [("from", from.as_str()), ("to", to.as_str())];
    let entries: Vec<ClimateV1> =
        list(calls, Service::BuildingManagement, &path, &query).await?.unwrap_or_default();
    let temperature = entries.iter().filter_map(ClimateV1::temperature).collect();
    let humidity = entries.iter().filter_map(ClimateV1::humidity).collect();
    Ok((temperature, humidity))
}

/// A whole list, page by page; `None` when what it is of is unknown.
async fn list<T: DeserializeOwned>(
    calls: &Calls,
    service: Service,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Option<Vec<T>>, Unread> {
    let mut entries = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = [query, &[("limit", PAGE)]].concat();
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let Some(answer) = get(calls, service, path, &query).await? else { return Ok(None) };
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(Some(entries));
        }
        let page: PageV1<T> = answer.json()?;
        entries.extend(page.entries);
        match page.next {
            None => return Ok(Some(entries)),
            next => cursor = next,
        }
    }
}

/// An answer; `None` for 404.
async fn get(
    calls: &Calls,
    service: Service,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Option<Answer>, Unread> {
    let answer = calls.get(service, path).query(query).send().await?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(None),
        status if status.is_success() => Ok(Some(answer)),
        status => Err(Unread::Status(status)),
    }
}

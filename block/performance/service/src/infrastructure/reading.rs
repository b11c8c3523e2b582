//! Reading a process and its theatre's climate from the services that own them.

use chiron_chassis::{Calls, ReadError, Reading, Service};
use chiron_clock::instant;
use jiff::Timestamp;
use performance_domain::entity::climate::{Compliance, HOLDS, Wanted};
use performance_domain::entity::course::Course;
use performance_domain::entity::plan::TheatreId;
use thiserror::Error;

use crate::application::{ClimateV1, HistoryV1, ProcessV1, Unfit};

/// Why a process could not be read.
#[derive(Debug, Error)]
pub(crate) enum Unread {
    /// No answer that can be used.
    #[error(transparent)]
    Read(#[from] ReadError),
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
    let mut reading = Reading::new(calls);
    let told: Option<ProcessV1> = reading.thing(Service::SurgicalProcess, &path).await?;
    let Some(told) = told else { return Ok(None) };
    let history: Option<Vec<HistoryV1>> =
        reading.list(Service::SurgicalProcess, &format!("{path}/history"), &[]).await?;
    let Some(history) = history else { return Ok(None) };
    let version = told.version;
    let mut course = told.course(&history)?;
    if course.end.is_some() {
        course.climate = climate(&mut reading, &course, wanted).await?;
    }
    Ok(Some((course, version)))
}

/// The climate of the theatres in the time of surgery; `None` when there was no surgery.
async fn climate(
    reading: &mut Reading<'_>,
    course: &Course,
    wanted: Wanted,
) -> Result<Option<Compliance>, Unread> {
    let Some(surgery) = course.surgery_time else { return Ok(None) };
    let end = surgery.to.or(course.end).unwrap_or(surgery.from);
    let mut all = Compliance::default();
    for stay in &course.stays {
        if let Some(span) = stay.span.within((surgery.from, end)) {
            let (temperature, humidity) = curves(reading, &stay.theatre, span).await?;
            all += Compliance::of(span, &temperature, &humidity, wanted);
        }
    }
    Ok(Some(all))
}

type Samples = Vec<(Timestamp, f64)>;

/// Temperature in °C and relative humidity in %, with what was measured shortly before.
async fn curves(
    reading: &mut Reading<'_>,
    theatre: &TheatreId,
    (from, to): (Timestamp, Timestamp),
) -> Result<(Samples, Samples), Unread> {
    let path = format!("/api/v1/rooms/data/{}", Calls::segment(theatre.as_str()));
    let from = instant::write(from.saturating_sub(HOLDS).unwrap_or(from));
    let to = instant::write(to);
    let query = [("from", from.as_str()), ("to", to.as_str())];
    let entries: Vec<ClimateV1> =
        reading.list(Service::BuildingManagement, &path, &query).await?.unwrap_or_default();
    let temperature = entries.iter().filter_map(ClimateV1::temperature).collect();
    let humidity = entries.iter().filter_map(ClimateV1::humidity).collect();
    Ok((temperature, humidity))
}

//! The contract's route and those beside it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, FactTime, Json, Need, Path, Problem, Query};
use chiron_clock::{Clock, ZoneName, parse_date};
use serde::Deserialize;
use surgery_booking_integration_domain::entity::{Booking, SurgeryId};
use surgery_booking_integration_domain::usecase::{Asked, Bookings as _};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::application::{
    BookedV1, BookingV1, BookingsV1, Durations, problem, store_failed, unknown,
};
use crate::infrastructure::desk::Desk;
use crate::infrastructure::store::StoredBookings;

/// Roles that see everything of a booking.
const PEOPLE: &[&str] = &["surgeon", "nurse", "anesthetist", "block-manager"];
const READ: Need =
    Need::new("bookings", "read", &["surgeon", "nurse", "anesthetist", "block-manager", "display"])
        .recorded(Recorded::Always);
const WRITE: Need = Need::new("bookings", "write", &["block-manager"]).recorded(Recorded::Always);

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) desk: Desk,
    pub(crate) bookings: StoredBookings,
    pub(crate) clock: Clock,
    pub(crate) zone: ZoneName,
    pub(crate) durations: Arc<Durations>,
}

pub(crate) fn api(service: Service) -> Api {
    Api::new(crate::NAME, "Surgery booking integration")
        .route(WRITE, routes!(create))
        .route(READ, routes!(list))
        .route(READ, routes!(show))
        .route(WRITE, routes!(replace))
        .route(WRITE, routes!(remove))
        .with_state(service)
}

impl Service {
    fn asked(&self, when: FactTime) -> Asked {
        Asked { at: when.or(self.clock.now()), source_time: when.0 }
    }
}

/// A display shows codes of the block; a tax code tells a person.
fn present(caller: &Caller, booking: &Booking) -> BookedV1 {
    let display = caller.has_role("display") && !PEOPLE.iter().any(|role| caller.has_role(role));
    if display { BookedV1::codes_only(booking) } else { BookedV1::present(booking) }
}

fn surgery_id(text: &str) -> Result<SurgeryId, Problem> {
    text.parse().map_err(|error| Problem::bad_request("{id}", format!("{error}")))
}

/// Books a surgery. The same booking again is accepted and changes nothing.
#[utoipa::path(post, path = "/api/v1/surgeryBooking", request_body = BookingV1,
    responses((status = 200), (status = 400), (status = 409), (status = 503)))]
async fn create(
    State(service): State<Service>,
    when: FactTime,
    Json(booking): Json<BookingV1>,
) -> Result<StatusCode, Problem> {
    let content = booking.parse(&service.durations)?;
    service.desk.post(service.asked(when), content).await.map_err(problem)?;
    Ok(StatusCode::OK)
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
struct ListQuery {
    /// A date in the hospital's time zone, `YYYY-MM-DD`; today when not given.
    day: Option<String>,
}

/// The surgeries planned for a day.
#[utoipa::path(get, path = "/api/v1/surgeryBookings", params(ListQuery),
    responses((status = 200, body = BookingsV1), (status = 400)))]
async fn list(
    State(service): State<Service>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<BookingsV1>, Problem> {
    let day = match query.day {
        None => Some(service.zone.day(service.clock.now())),
        Some(text) => parse_date(&text),
    };
    let Some((from, to)) = day.and_then(|day| service.zone.bounds(day)) else {
        return Err(Problem::bad_request("?day", "must be a date such as 2026-05-15"));
    };
    let bookings = service.bookings.planned(from, to).await.map_err(store_failed)?;
    let entries: Vec<BookedV1> = bookings.iter().map(|booking| present(&caller, booking)).collect();
    Ok(Json(BookingsV1 { total: entries.len(), entries }))
}

/// A booking and what has become of it.
#[utoipa::path(get, path = "/api/v1/surgeryBookings/{id}", params(("id" = String, Path)),
    responses((status = 200, body = BookedV1), (status = 404)))]
async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<BookedV1>, Problem> {
    let found = service.bookings.get(&surgery_id(&id)?).await.map_err(store_failed)?;
    match found.and_then(|(entry, _)| entry.booking) {
        Some(booking) => Ok(Json(present(&caller, &booking))),
        None => Err(unknown()),
    }
}

/// Reschedules a surgery whose patient has not entered the theatre. Patient and tax code stay.
#[utoipa::path(put, path = "/api/v1/surgeryBookings/{id}", params(("id" = String, Path)),
    request_body = BookingV1,
    responses((status = 204), (status = 400), (status = 404), (status = 409), (status = 503)))]
async fn replace(
    State(service): State<Service>,
    Path(id): Path<String>,
    when: FactTime,
    Json(booking): Json<BookingV1>,
) -> Result<StatusCode, Problem> {
    let surgery = surgery_id(&id)?;
    let content = booking.parse(&service.durations)?;
    if content.surgery != surgery {
        return Err(Problem::bad_request("/surgeryID", "must be that of the path"));
    }
    service.desk.reschedule(service.asked(when), content).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls off a surgery whose patient has not entered the theatre. It stays listed.
#[utoipa::path(delete, path = "/api/v1/surgeryBookings/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 404), (status = 409)))]
async fn remove(
    State(service): State<Service>,
    Path(id): Path<String>,
    when: FactTime,
) -> Result<StatusCode, Problem> {
    service.desk.cancel(service.asked(when), &surgery_id(&id)?).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

//! The routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, Json, Need, Path, Problem, Query};
use chiron_clock::{Clock, ZoneName, parse_date};
use jiff::civil::Date;
use performance_domain::entity::case::Case;
use performance_domain::entity::delay::{Explanation, Unasked, may_explain};
use performance_domain::entity::figures::Figures;
use performance_domain::entity::hours::Hours;
use performance_domain::entity::plan::CauseId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::application::{CaseV1, CauseV1, CausesV1, Dates, DayV1, FiguresOfV1, problem};
use crate::infrastructure::store::{Kept, Records, RecordsError};

/// Who changes what others have said.
const MANAGER: &str = "block-manager";
const FIGURES: Need =
    Need::new("figures", "read", &["surgeon", "nurse", "anesthetist", "block-manager", "display"]);
const DELAYS: Need =
    Need::new("delays", "write", &["surgeon", "nurse", "anesthetist", "block-manager"])
        .recorded(Recorded::Always);
/// The longest span that figures are told for, in days.
const LONGEST: i32 = 92;

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) records: Records,
    pub(crate) zone: ZoneName,
    pub(crate) hours: Arc<Hours>,
    pub(crate) causes: Arc<CausesV1>,
}

pub(crate) fn api(service: Service) -> Api {
    Api::new(crate::NAME, "Performance")
        .route(FIGURES, routes!(day))
        .route(FIGURES, routes!(case))
        .route(FIGURES, routes!(figures))
        .route(FIGURES, routes!(causes))
        .route(DELAYS, routes!(explain))
        .with_state(service)
}

fn unread(error: RecordsError) -> Problem {
    match error {
        RecordsError::Store(_) | RecordsError::Write(_) => {
            Problem::unavailable("the records cannot be reached")
        }
        error @ RecordsError::Id(_) => Problem::internal(&error),
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such process")
}

fn date(pointer: &str, text: &str) -> Result<Date, Problem> {
    parse_date(text)
        .ok_or_else(|| Problem::bad_request(pointer, "must be a date such as 2026-05-15"))
}

impl Service {
    /// The cases of some days and some around them.
    async fn cases(&self, dates: Dates) -> Result<Vec<Case>, Problem> {
        let bounds = self.zone.bounds(dates.from).zip(self.zone.bounds(dates.to));
        let Some(((from, _), (_, to))) = bounds else {
            return Err(Problem::bad_request("?from", "lies outside the calendar"));
        };
        self.records.cases(from, to).await.map_err(unread)
    }
}

/// Plan against actual of a day, by planned start.
#[utoipa::path(get, path = "/api/v1/days/{day}", params(("day" = String, Path)),
    responses((status = 200, body = DayV1), (status = 400)))]
async fn day(
    State(service): State<Service>,
    Path(day): Path<String>,
) -> Result<Json<DayV1>, Problem> {
    let day = date("{day}", &day)?;
    let now = service.clock.now();
    let cases = service.cases(Dates { from: day, to: day }).await?;
    let cases = cases.iter().filter(|case| case.day(&service.hours) == Some(day));
    Ok(Json(DayV1 { day, cases: cases.map(|case| CaseV1::of(case, now)).collect() }))
}

/// Plan against actual of a process.
#[utoipa::path(get, path = "/api/v1/processes/{processId}", params(("processId" = String, Path)),
    responses((status = 200, body = CaseV1), (status = 404)))]
async fn case(
    State(service): State<Service>,
    Path(id): Path<String>,
) -> Result<Json<CaseV1>, Problem> {
    let case = service.records.case(&id).await.map_err(unread)?.ok_or_else(unknown)?;
    Ok(Json(CaseV1::of(&case, service.clock.now())))
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
struct FiguresQuery {
    /// The first, a date in the hospital's time zone, `YYYY-MM-DD`; today when not given.
    from: Option<String>,
    /// The last, at most 92 days in all; that of `from` when not given.
    to: Option<String>,
}

/// Key figures: all together, by theatre, and by day. Those of a day under way are as of now.
#[utoipa::path(get, path = "/api/v1/figures", params(FiguresQuery),
    responses((status = 200, body = FiguresOfV1), (status = 400)))]
async fn figures(
    State(service): State<Service>,
    Query(query): Query<FiguresQuery>,
) -> Result<Json<FiguresOfV1>, Problem> {
    let now = service.clock.now();
    let from = match &query.from {
        Some(text) => date("?from", text)?,
        None => service.zone.day(now),
    };
    let to = query.to.as_deref().map_or(Ok(from), |text| date("?to", text))?;
    let days = from.until(to).map_or(-1, |span| span.get_days());
    if !(0..LONGEST).contains(&days) {
        let detail = "must not lie before `from`, and not 92 days or more after it";
        return Err(Problem::bad_request("?to", detail));
    }
    let dates = Dates { from, to };
    let cases = service.cases(dates).await?;
    Ok(Json(FiguresOfV1::of(dates, &Figures::of(&cases, &service.hours, now))))
}

/// The causes of delays that people choose from.
#[utoipa::path(get, path = "/api/v1/delay-causes", responses((status = 200, body = CausesV1)))]
async fn causes(State(service): State<Service>) -> Json<Arc<CausesV1>> {
    Json(service.causes)
}

/// Says why a case is late. The team is asked once; a block manager may change it.
#[utoipa::path(put, path = "/api/v1/processes/{processId}/delay-cause", params(("processId" = String, Path)),
    request_body = CauseV1,
    responses((status = 204), (status = 400), (status = 404), (status = 409)))]
async fn explain(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Json(chosen): Json<CauseV1>,
) -> Result<StatusCode, Problem> {
    if !service.causes.has(&chosen.cause) {
        return Err(Problem::bad_request("/cause", "must be the id of one of the causes"));
    }
    let cause_id = CauseId::new(chosen.cause)
        .map_err(|error| Problem::bad_request("/cause", error.to_string()))?;
    let now = service.clock.now();
    let known = service.records.case(&id).await.map_err(unread)?.ok_or_else(unknown)?;
    let manager = caller.has_role(MANAGER);
    may_explain(&known, now, manager).map_err(problem)?;
    let explanation = Explanation { cause: cause_id, by: caller.subject.clone(), at: now };
    match service.records.explain(&id, &explanation, manager).await.map_err(unread)? {
        Kept::Done => Ok(StatusCode::NO_CONTENT),
        Kept::Taken => Err(problem(Unasked::Explained)),
    }
}

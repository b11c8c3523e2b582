//! The routes under `/api/v1/patients`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Calls, FactTime, Json, Need, Path, Problem, Query, Runtime};
use chiron_clock::Clock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use patient_management_integration_domain::usecase::{Patients as _, find, merge, search};
use serde::Deserialize;
use tokio::sync::Mutex;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::application::{
    PatientV1, PatientsV1, known, not_merged, store_failed, tax_code, unknown,
};
use crate::infrastructure::store::StoredPatients;

const READ: Need =
    Need::new("patients", "read", &["surgeon", "nurse", "anesthetist", "block-manager"])
        .recorded(Recorded::Always);
const WRITE: Need = Need::new("patients", "write", &["block-manager"]).recorded(Recorded::Always);

/// Entries of a page when the request does not say.
const PAGE: usize = 100;
/// Entries of a page at most.
const MAX_PAGE: usize = 1_000;

#[derive(Clone)]
struct App {
    patients: StoredPatients,
    clock: Clock,
    /// Merges are made one after another.
    merging: Arc<Mutex<()>>,
}

pub(crate) fn api(runtime: &Runtime) -> Api {
    let app = App {
        patients: StoredPatients::new(&runtime.store),
        clock: runtime.clock.clone(),
        merging: Arc::default(),
    };
    Api::new(crate::NAME, "Patient management integration")
        .route(READ, routes!(list))
        .route(WRITE, routes!(create))
        .route(READ, routes!(show))
        .route(WRITE, routes!(replace))
        .route(WRITE, routes!(remove))
        .route(WRITE, routes!(retire))
        .with_state(app)
}

impl App {
    fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }
}

/// Which patients.
#[derive(Debug, Deserialize, IntoParams)]
struct ListQuery {
    /// Beginnings of words of name or surname, all of which must be found.
    name: String,
    /// Entries at most, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Finds patients by name.
#[utoipa::path(get, path = "/api/v1/patients", params(ListQuery),
    responses((status = 200, body = PatientsV1)))]
async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<PatientsV1>, Problem> {
    if query.name.trim().is_empty() {
        return Err(Problem::bad_request("?name", "must not be empty"));
    }
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::bad_request("?limit", format!("must be from 1 to {MAX_PAGE}")));
    }
    let after = match query.cursor {
        None => None,
        Some(cursor) => Some(
            cursor.parse().map_err(|_| Problem::bad_request("?cursor", "is not of this list"))?,
        ),
    };
    let found =
        search(&app.patients, &query.name, after.as_ref(), limit).await.map_err(store_failed)?;
    let next = found.patients.last().filter(|_| found.more).map(|last| last.tax_code.to_string());
    let entries = found.patients.iter().map(PatientV1::present).collect();
    Ok(Json(PatientsV1 { entries, total: found.total, next }))
}

/// Adds a patient.
#[utoipa::path(post, path = "/api/v1/patients", request_body = PatientV1,
    responses((status = 201), (status = 400), (status = 409)))]
async fn create(
    State(app): State<App>,
    _when: FactTime,
    Json(patient): Json<PatientV1>,
) -> Result<StatusCode, Problem> {
    let patient = patient.parse(app.today())?;
    if app.patients.add(&patient).await.map_err(store_failed)? {
        Ok(StatusCode::CREATED)
    } else {
        Err(known())
    }
}

/// Reads a patient. A tax code that was merged into another one answers the patient who stays,
/// whose own address is in `Content-Location`.
#[utoipa::path(get, path = "/api/v1/patients/{taxCode}", params(("taxCode" = String, Path)),
    responses((status = 200, body = PatientV1), (status = 404)))]
async fn show(
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<([(HeaderName, String); 1], Json<PatientV1>), Problem> {
    match find(&app.patients, &tax_code(&code)?).await.map_err(store_failed)? {
        Some(patient) => {
            let own = format!("/api/v1/patients/{}", Calls::segment(patient.tax_code.as_str()));
            Ok(([(header::CONTENT_LOCATION, own)], Json(PatientV1::present(&patient))))
        }
        None => Err(unknown()),
    }
}

/// Replaces a patient's data.
#[utoipa::path(put, path = "/api/v1/patients/{taxCode}", params(("taxCode" = String, Path)),
    request_body = PatientV1, responses((status = 204), (status = 400), (status = 404)))]
async fn replace(
    State(app): State<App>,
    Path(code): Path<String>,
    _when: FactTime,
    Json(patient): Json<PatientV1>,
) -> Result<StatusCode, Problem> {
    let code = tax_code(&code)?;
    let patient = patient.parse(app.today())?;
    if patient.tax_code != code {
        return Err(Problem::bad_request("/taxCode", "must be that of the path"));
    }
    if app.patients.replace(&patient).await.map_err(store_failed)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

/// Says that another tax code names the same patient: it leads to this one from now on, and what
/// stood under it goes. The same again changes nothing.
#[utoipa::path(put, path = "/api/v1/patients/{taxCode}/retired/{retired}",
    params(("taxCode" = String, Path, description = "Who stays"),
        ("retired" = String, Path, description = "The tax code that is not used any more")),
    responses((status = 204), (status = 400), (status = 404), (status = 409)))]
async fn retire(
    State(app): State<App>,
    Path((code, retired)): Path<(String, String)>,
    _when: FactTime,
) -> Result<StatusCode, Problem> {
    let surviving = tax_code(&code)?;
    let retired =
        retired.parse().map_err(|error| Problem::bad_request("{retired}", format!("{error}")))?;
    let _one_at_a_time = app.merging.lock().await;
    merge(&app.patients, &retired, &surviving).await.map_err(not_merged)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a patient, or the memory of a merge.
#[utoipa::path(delete, path = "/api/v1/patients/{taxCode}", params(("taxCode" = String, Path)),
    responses((status = 204), (status = 404)))]
async fn remove(
    State(app): State<App>,
    Path(code): Path<String>,
    _when: FactTime,
) -> Result<StatusCode, Problem> {
    if app.patients.remove(&tax_code(&code)?).await.map_err(store_failed)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

//! Reports of surgeries.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Authority, Calls, Json, Path, Problem, Query, Service, Token};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::Gateway;
use crate::behind::{Reply, read, refusal, reply};

const REPORTS: Service = Service::SurgeryReport;

/// Which part of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Reports at most, 1 to 10,000.
    limit: Option<usize>,
    /// As the header `Link` of the page before has it.
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct List {
    entries: Vec<Linked>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Linked {
    entry: Value,
}

/// Lists reports. The header `Link` (RFC 8288) leads to the next page, if there is one.
#[utoipa::path(get, path = "/api/v1/obd/surgery-reports", params(Page),
    responses((status = 200), (status = 204, description = "There is none"), (status = 400),
        (status = 503)))]
pub(super) async fn list(
    State(gateway): State<Gateway>,
    token: Token,
    authority: Authority,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let mut call = gateway.ask(&token, REPORTS, "/api/v1/reports");
    if let Some(limit) = page.limit {
        call = call.query(&[("limit", &limit.to_string())]);
    }
    if let Some(cursor) = &page.cursor {
        call = call.query(&[("cursor", cursor)]);
    }
    let list: List = match reply(REPORTS, call).await? {
        Reply::Known(answer) => read(REPORTS, &answer)?,
        Reply::Empty(_) | Reply::Unknown => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    let mut headers = HeaderMap::new();
    if let Some(next) = list.next {
        let limit = page.limit.map(|limit| format!("limit={limit}&")).unwrap_or_default();
        let path = format!("/api/v1/obd/surgery-reports?{limit}cursor={}", Calls::segment(&next));
        let link = format!("<{}>; rel=\"next\"", authority.url(&path));
        if let Ok(link) = HeaderValue::try_from(link) {
            headers.insert(header::LINK, link);
        }
    }
    let entries: Vec<Value> = list.entries.into_iter().map(|linked| linked.entry).collect();
    Ok((headers, Json(entries)).into_response())
}

/// Headers of a report that are passed on.
const PASSED_ON: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::CACHE_CONTROL,
    header::LAST_MODIFIED,
];

/// Reads a report, in the form that `Accept` asks for. In JSON what is not known is left out of the
/// figures.
#[utoipa::path(get, path = "/api/v1/obd/surgery-reports/{processId}",
    params(("processId" = String, Path)),
    responses((status = 200), (status = 404), (status = 503)))]
pub(super) async fn show(
    State(gateway): State<Gateway>,
    token: Token,
    Path(process_id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/api/v1/reports/{}", Calls::segment(&process_id));
    let mut call = gateway.ask(&token, REPORTS, &path);
    if let Some(accept) = asked.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) {
        call = call.header("accept", accept);
    }
    let Reply::Known(answer) = reply(REPORTS, call).await? else {
        return Err(Problem::not_found("there is no report of this process"));
    };
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        if let Some(value) = answer.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        let mut report: Map<String, Value> = read(REPORTS, &answer)?;
        leave_out_unknown(&mut report);
        headers.remove(header::CONTENT_TYPE);
        return Ok((headers, Json(Value::Object(report))).into_response());
    }
    Ok((headers, answer.body).into_response())
}

/// What is added to a report.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdditionV1 {
    /// The text. It replaces the one shown; former ones are kept.
    additional_data: String,
}

/// Adds a text to a report. Answers 200 without a body.
#[utoipa::path(patch, path = "/api/v1/obd/surgery-report-integration/{processId}",
    params(("processId" = String, Path)), request_body = AdditionV1,
    responses((status = 200), (status = 400), (status = 404), (status = 503)))]
pub(super) async fn add(
    State(gateway): State<Gateway>,
    token: Token,
    Path(process_id): Path<String>,
    Json(addition): Json<AdditionV1>,
) -> Result<StatusCode, Problem> {
    let path = format!("/api/v1/reports/{}", Calls::segment(&process_id));
    let call = gateway.runtime.calls.patch(REPORTS, &path).json(&addition);
    let call = match &token.0 {
        Some(token) => call.bearer(token),
        None => call,
    };
    let answer = call.send().await?;
    match answer.status {
        status if status.is_success() => Ok(StatusCode::OK),
        StatusCode::NOT_FOUND => Err(Problem::not_found("there is no report of this process")),
        _ => Err(refusal(REPORTS, &answer)),
    }
}

/// The dashboards' readers take an absent figure for an unknown one: nulls are left out of figures,
/// a technology's description when it is null, and its use when it is not in use.
fn leave_out_unknown(report: &mut Map<String, Value>) {
    if let Some(Value::Object(steps)) = report.get_mut("stepData") {
        steps.values_mut().for_each(trim_step);
    }
    if let Some(Value::Array(steps)) = report.get_mut("steps") {
        steps.iter_mut().for_each(trim_step);
    }
    if let Some(Value::Array(usages)) = report.get_mut("medicalTechnologyUsageData") {
        for usage in usages {
            let Some(Value::Object(technology)) = usage.get_mut("medicalTechnology") else {
                continue;
            };
            if technology.get("description").is_some_and(Value::is_null) {
                technology.remove("description");
            }
            if technology.get("inUse") == Some(&Value::Bool(false)) {
                technology.remove("inUse");
            }
        }
    }
}

fn trim_step(step: &mut Value) {
    if let Some(vital_signs) = step.get_mut("patientVitalSignAggregateData") {
        trim_figures(vital_signs);
    }
    for rooms in ["environmentalAggregateData", "environmentByRoom"] {
        if let Some(Value::Object(rooms)) = step.get_mut(rooms) {
            rooms.values_mut().for_each(trim_figures);
        }
    }
}

fn trim_figures(aggregates: &mut Value) {
    let figures = ["average", "std", "maximum", "minimum", "timeWeightedAverage"];
    for figure in figures {
        if let Some(Value::Object(figure)) = aggregates.get_mut(figure) {
            figure.retain(|_, value| !value.is_null());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unknown_is_left_out_and_nothing_else() {
        let figures = json!({
            "average": {"heartBeat": 64, "bodyTemperature": null}, "std": {"heartBeat": null},
            "samples": {"heartBeat": {"first": null}},
        });
        let step = json!({
            "startDateTime": "t", "stopDateTime": null,
            "patientVitalSignAggregateData": figures,
            "environmentalAggregateData": {"OPERATING_ROOM": {"maximum": {"presence": null}}},
        });
        let mut report = json!({
            "healthcareUser": null,
            "stepData": {"ANESTHESIA": step},
            "medicalTechnologyUsageData": [
                {"dateTime": "t", "medicalTechnology":
                    {"id": "e", "description": null, "type": null, "inUse": false}},
                {"dateTime": "t", "medicalTechnology":
                    {"id": "e", "description": "d", "inUse": true}},
            ],
        });
        leave_out_unknown(report.as_object_mut().unwrap());
        let expected = json!({
            "healthcareUser": null,
            "stepData": {"ANESTHESIA": {
                "startDateTime": "t", "stopDateTime": null,
                "patientVitalSignAggregateData": {
                    "average": {"heartBeat": 64}, "std": {},
                    "samples": {"heartBeat": {"first": null}},
                },
                "environmentalAggregateData": {"OPERATING_ROOM": {"maximum": {}}},
            }},
            "medicalTechnologyUsageData": [
                {"dateTime": "t", "medicalTechnology": {"id": "e", "type": null}},
                {"dateTime": "t", "medicalTechnology":
                    {"id": "e", "description": "d", "inUse": true}},
            ],
        });
        assert_eq!(report, expected);
    }
}

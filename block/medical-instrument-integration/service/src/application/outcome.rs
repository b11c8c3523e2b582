//! Errors as FHIR tells them: an `OperationOutcome`.
//! <https://hl7.org/fhir/R4/operationoutcome.html>

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use chiron_chassis::{Json, Problem};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationOutcome {
    resource_type: &'static str,
    issue: Vec<Issue>,
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Issue {
    severity: &'static str,
    /// <https://hl7.org/fhir/R4/valueset-issue-type.html>
    code: &'static str,
    diagnostics: String,
    /// Where, in `FHIRPath`; left out when no element is to blame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expression: Vec<String>,
}

impl OperationOutcome {
    fn of(problem: &Problem) -> Self {
        let code = match problem.status().as_u16() {
            400 => "invalid",
            401 => "login",
            403 => "forbidden",
            404 => "not-found",
            405 | 415 => "not-supported",
            409 => "conflict",
            413 => "too-long",
            429 => "throttled",
            503 | 504 => "transient",
            _ => "exception",
        };
        let issue = |diagnostics: String, expression| Issue {
            severity: "error",
            code,
            diagnostics,
            expression,
        };
        let mut issues: Vec<Issue> = problem
            .errors()
            .iter()
            .map(|error| {
                let diagnostics = format!("{} {}", error.pointer, error.detail);
                // A header is no element of the resource.
                let is_element = error.pointer.starts_with("Observation");
                let element = is_element.then(|| error.pointer.clone());
                issue(diagnostics, element.into_iter().collect())
            })
            .collect();
        if issues.is_empty() {
            let words = match problem.detail() {
                "" => problem.document().title,
                detail => detail.to_owned(),
            };
            issues.push(issue(words, Vec::new()));
        }
        Self { resource_type: "OperationOutcome", issue: issues }
    }
}

/// A problem as an `OperationOutcome`.
pub(crate) fn face(problem: &Problem) -> Response {
    let body = Json(OperationOutcome::of(problem));
    ([(header::CONTENT_TYPE, "application/fhir+json")], body).into_response()
}

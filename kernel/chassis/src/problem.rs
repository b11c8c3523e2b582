//! The one shape of an error answer: RFC 9457 `application/problem+json`.
//!
//! A problem's detail is for the client's author. It never carries an error chain, a stored value
//! or anything about a patient that the client did not send. What an operator needs is logged
//! where the problem is made.

use std::error::Error;
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use chiron_store::{StoreError, WriteError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::calls::CallError;

/// Seconds after which a client may try again when nothing better is known.
const RETRY_AFTER_S: u64 = 1;

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON Pointer (RFC 6901) into the body, empty for the body as a whole; a name for a
    /// parameter of query, path or header (`?from`, `{roomId}`, `x-source-time`).
    pub pointer: String,
    /// What is expected there, for people.
    pub detail: String,
}

impl FieldError {
    /// An error at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// The body of a problem, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A stable URI of the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What is wrong with the input; left out when the input is not to blame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// An error answer. Small, so that it can be the error of any result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Content>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of any kind. `kind` is the last part of its type URI, in kebab case.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let headers = Vec::new();
        let errors = Vec::new();
        Self(Box::new(Content { status, kind, title, detail: detail.into(), errors, headers }))
    }

    /// 400: one field is wrong. See [`FieldError::pointer`] for what a pointer may be.
    pub fn bad_request(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, detail)])
    }

    /// 400: some fields are wrong.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut detail = String::new();
        for error in &errors {
            let separator = if detail.is_empty() { "" } else { "; " };
            let place = if error.pointer.is_empty() { "the body" } else { error.pointer.as_str() };
            // Writing to a string does not fail.
            let _ = write!(detail, "{separator}{place}: {}", error.detail);
        }
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "invalid-input", "The input is not valid", detail);
        problem.0.errors = errors;
        problem
    }

    /// 401, with `WWW-Authenticate`.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "send a valid token as `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "no-identity", "An identity is needed", detail)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"chiron\""))
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-allowed", "This is not allowed", detail)
    }

    /// 404, also where existence itself is protected.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// 409: it exists already, or a rule refuses.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "This conflicts with what is there", detail)
    }

    /// 412: a condition of the request does not hold.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        let title = "The condition does not hold";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition-failed", title, detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The content is too large", detail)
    }

    /// 415. `accepted` lists the content types.
    #[must_use]
    pub fn unsupported_media_type(accepted: &str) -> Self {
        let title = "The content type is not accepted here";
        let detail = format!("accepted: {accepted}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", title, detail)
    }

    /// 429, with `Retry-After` in whole seconds, at least one.
    #[must_use]
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        let title = "Too many requests";
        let detail = format!("try again in {} s", retry_after_s.max(1));
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", title, detail)
            .retry_after(retry_after_s.max(1))
    }

    /// 408, and the connection ends: what is left of the request is not waited for.
    pub fn too_slow(detail: impl Into<String>) -> Self {
        let title = "The request came too slowly";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", title, detail)
            .header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// 503, with `Retry-After`: a dependency is down, or this service is overloaded.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let title = "This is not available at the moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
            .retry_after(RETRY_AFTER_S)
    }

    /// 500. The error with its chain is logged, and the client is told nothing of it.
    pub fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = %crate::chain(error), "request failed");
        Self::bug()
    }

    /// 500 whose cause was logged already.
    #[must_use]
    pub(crate) fn bug() -> Self {
        let detail = "this is a fault of the service, and it was logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something is broken", detail)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The last part of the type URI, such as `not-found`.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// What happened this time, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is wrong with the input; empty when the input is not to blame.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Headers of the answer besides the content type.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// The body as it is written.
    #[must_use]
    pub fn document(&self) -> ProblemDocument {
        ProblemDocument {
            kind: format!("urn:chiron:problem:{}", self.0.kind),
            title: self.0.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            errors: self.0.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        // A document of strings and numbers serialises; an empty body would still carry the status.
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.status;
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        // The chassis finds it here when the service has an error face of its own.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ForeignCursor => {
                Self::bad_request("?cursor", "does not belong to this list")
            }
            StoreError::UnknownCollection(_)
            | StoreError::NotIndexed { .. }
            | StoreError::NotComparable { .. }
            | StoreError::Encode { .. }
            | StoreError::Decode { .. } => Self::internal(&error),
            other => {
                tracing::error!(error = %crate::chain(&other), "store failed");
                Self::unavailable("the store does not answer")
            }
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::AlreadyExists => Self::conflict("it exists already"),
            WriteError::Duplicate { .. } => Self::conflict("something else has this value already"),
            WriteError::Conflict => Self::conflict("it was changed meanwhile; read it again"),
            WriteError::TooLarge { .. } => Self::too_large("the document would be too large"),
            WriteError::Store(error) => Self::from(error),
            other => Self::internal(&other),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Encode { .. } | CallError::Unreadable { .. } => Self::internal(&error),
            other => {
                tracing::warn!(error = %crate::chain(&other), "dependency does not answer");
                Self::unavailable(format!("{} does not answer", other.service()))
            }
        }
    }
}

//! The one shape of an error on this face: `{"error":{"code":…,"message":…}}`.
//!
//! Clients try again on 408, 429 and 5xx by themselves, so nothing that a client did wrong may
//! become one of these.

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use chiron_chassis::Problem;
use serde_json::{Value, json};
use twin_engine_domain::error::{EngineError, ErrorCode};

use crate::application::operation::NotAnOperation;

// The published clients name no codes for these; they are our choice.
const API_VERSION_MISSING: &str = "MissingApiVersionParameter";
const API_VERSION_UNSUPPORTED: &str = "UnsupportedApiVersion";
const NOT_FOUND: &str = "NotFound";
const METHOD_NOT_ALLOWED: &str = "MethodNotAllowed";
const UNSUPPORTED_MEDIA_TYPE: &str = "UnsupportedMediaType";
const REQUEST_TOO_LARGE: &str = "RequestBodyTooLarge";
const FORBIDDEN: &str = "Forbidden";
const UNAUTHORIZED: &str = "Unauthorized";
const UNAVAILABLE: &str = "ServiceUnavailable";
const INTERNAL: &str = "InternalServerError";

/// An error answer.
#[derive(Debug)]
pub(crate) struct Fault(Box<Content>);

#[derive(Debug)]
struct Content {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<String>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Fault {
        let (details, headers) = (Vec::new(), Vec::new());
        Fault(Box::new(Content { status, code, message: message.into(), details, headers }))
    }

    fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Fault {
        self.0.headers.push((name, value));
        self
    }

    /// The engine cannot answer now and the client may try again.
    pub(crate) fn unavailable() -> Fault {
        let message = "the engine does not answer at the moment";
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, message)
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// A fault of the service, logged where it was found.
    pub(crate) fn internal() -> Fault {
        let message = "this is a fault of the service, and it was logged";
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Fault {
        EngineError::new(ErrorCode::InvalidArgument, message).into()
    }

    pub(crate) fn missing(message: impl Into<String>) -> Fault {
        EngineError::new(ErrorCode::MissingArgument, message).into()
    }

    pub(crate) fn api_version_missing() -> Fault {
        let message = "the query parameter api-version is required";
        Fault::new(StatusCode::BAD_REQUEST, API_VERSION_MISSING, message)
    }

    pub(crate) fn api_version_unsupported(known: &[&str]) -> Fault {
        let message = format!("this api-version is not supported; supported: {}", known.join(", "));
        Fault::new(StatusCode::BAD_REQUEST, API_VERSION_UNSUPPORTED, message)
    }

    pub(crate) fn unsupported_media_type() -> Fault {
        let message = "the body must be application/json or application/json-patch+json";
        Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(crate) fn too_large() -> Fault {
        let message = "the body is larger than this service accepts";
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, REQUEST_TOO_LARGE, message)
    }

    pub(crate) fn forbidden() -> Fault {
        Fault::new(StatusCode::FORBIDDEN, FORBIDDEN, "this is not allowed")
    }

    /// The code, for the account of refusals.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    fn body(&self) -> Value {
        let content = &self.0;
        let mut error = json!({"code": content.code, "message": content.message});
        if !content.details.is_empty() {
            let details: Vec<Value> = content
                .details
                .iter()
                .map(|detail| json!({"code": content.code, "message": detail}))
                .collect();
            if let Some(members) = error.as_object_mut() {
                members.insert("details".to_owned(), Value::Array(details));
            }
        }
        json!({ "error": error })
    }
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Fault {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut fault = Fault::new(status, error.code.name(), error.message);
        fault.0.details = error.details;
        fault
    }
}

impl From<NotAnOperation> for Fault {
    fn from(reason: NotAnOperation) -> Fault {
        match reason {
            NotAnOperation::UnknownPath => {
                Fault::new(StatusCode::NOT_FOUND, NOT_FOUND, "there is no such resource")
            }
            NotAnOperation::MethodNotAllowed => {
                let message = "this resource does not have this method";
                Fault::new(StatusCode::METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED, message)
            }
            NotAnOperation::Encoding => Fault::invalid("the path is not percent-encoded UTF-8"),
        }
    }
}

/// What the chassis refuses, in this face's form.
impl From<&Problem> for Fault {
    fn from(problem: &Problem) -> Fault {
        let code = match problem.status() {
            StatusCode::BAD_REQUEST => ErrorCode::InvalidArgument.name(),
            StatusCode::UNAUTHORIZED => UNAUTHORIZED,
            StatusCode::FORBIDDEN => FORBIDDEN,
            StatusCode::NOT_FOUND => NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => METHOD_NOT_ALLOWED,
            StatusCode::PRECONDITION_FAILED => ErrorCode::PreconditionFailed.name(),
            StatusCode::PAYLOAD_TOO_LARGE => REQUEST_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => UNSUPPORTED_MEDIA_TYPE,
            StatusCode::TOO_MANY_REQUESTS => ErrorCode::QuotaReachedError.name(),
            StatusCode::SERVICE_UNAVAILABLE => UNAVAILABLE,
            status if status.is_client_error() => ErrorCode::InvalidArgument.name(),
            _ => INTERNAL,
        };
        let mut fault = Fault::new(problem.status(), code, problem.detail());
        fault.0.headers = problem.headers().to_vec();
        fault
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.0.status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.0.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

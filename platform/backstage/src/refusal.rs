//! A request that is not answered as asked, in Backstage's envelope.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::request::Asked;

/// A request that is not answered as asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
    /// Where it is not the envelope that is answered.
    body: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), body: None }
    }

    /// 400.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InputError", message)
    }

    /// 400 with a list of errors, each with its name, in place of the envelope.
    #[must_use]
    pub fn errors(errors: &[(&str, String)]) -> Self {
        let list = errors.iter().map(|(name, message)| json!({"name": name, "message": message}));
        let body = json!({"errors": list.collect::<Vec<_>>()});
        Self { body: Some(body), ..Self::input("") }
    }

    /// 403.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotAllowedError", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundError", message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictError", message)
    }

    /// 503: it was not done, and may be tried again.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableError", message)
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is told to people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is answered.
    pub(crate) fn document(self, asked: &Asked) -> Value {
        self.body.unwrap_or_else(|| {
            json!({
                "error": {"name": self.name, "message": self.message},
                "request": {"method": asked.method.as_str(), "url": asked.url},
                "response": {"statusCode": self.status.as_u16()},
            })
        })
    }
}

//! What is answered: Backstage's error envelope, its two ways of writing JSON, and the headers of
//! every answer.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chiron_chassis::Problem;
use serde_json::{Value, json as value};
use sha1::{Digest as _, Sha1};

use super::request::Asked;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What Backstage's server says with every answer.
const ALWAYS: [(HeaderName, HeaderValue); 8] = [
    (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("0")),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'self'"),
    ),
];

/// A request that is not answered as asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    name: &'static str,
    pub(crate) message: String,
    /// Where it is not the envelope that is answered.
    body: Option<Value>,
}

impl Refusal {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), body: None }
    }

    /// 400.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InputError", message)
    }

    /// 400 with a list of errors in place of the envelope.
    pub(crate) fn errors(errors: &[(&str, String)]) -> Self {
        let list = errors.iter().map(|(name, message)| value!({"name": name, "message": message}));
        let body = value!({"errors": list.collect::<Vec<_>>()});
        Self { body: Some(body), ..Self::input("") }
    }

    /// 403.
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotAllowedError", message)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundError", message)
    }

    /// 409.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictError", message)
    }

    /// 503: it was not done, and may be tried again.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableError", message)
    }

    /// The answer to this request.
    pub(crate) fn answer(self, asked: &Asked) -> Response<Body> {
        let body = self.body.unwrap_or_else(|| {
            value!({
                "error": {"name": self.name, "message": self.message},
                "request": {"method": asked.method.as_str(), "url": asked.url},
                "response": {"statusCode": self.status.as_u16()},
            })
        });
        written(asked, self.status, body.to_string().into())
    }
}

fn bare(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().extend(ALWAYS);
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    bare(status, Body::empty())
}

/// There is nothing at this path, or not for this method.
pub(crate) async fn nowhere() -> Response<Body> {
    empty(StatusCode::NOT_FOUND)
}

/// An answer as Backstage's framework writes it: with a weak tag, and 304 when the client has it.
pub(crate) fn json(asked: &Asked, status: StatusCode, body: &Value) -> Response<Body> {
    written(asked, status, body.to_string().into())
}

fn written(asked: &Asked, status: StatusCode, body: Bytes) -> Response<Body> {
    let digest = STANDARD_NO_PAD.encode(Sha1::digest(&body));
    let etag = format!("W/\"{:x}-{digest}\"", body.len());
    let fresh = status == StatusCode::OK && asked.has(&etag);
    let mut response = if fresh {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = bare(status, Body::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    };
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// An answer of whole entities, as they are stored: without a tag.
pub(crate) fn raw(body: impl Into<Body>) -> Response<Body> {
    let mut response = bare(StatusCode::OK, body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A problem of what stands around the handlers, in Backstage's words. Nothing is at an unknown
/// path; else the envelope, without the request, which is not known here.
pub(crate) fn chassis_problem(problem: &Problem) -> Response<Body> {
    let document = problem.document();
    let name = match document.status {
        404 | 405 => return empty(StatusCode::NOT_FOUND),
        401 => "AuthenticationError",
        403 => "NotAllowedError",
        400 | 408 | 413 => "InputError",
        429 | 503 => "ServiceUnavailableError",
        _ => "Error",
    };
    let message = if document.detail.is_empty() { &document.title } else { &document.detail };
    let body = value!({
        "error": {"name": name, "message": message},
        "response": {"statusCode": document.status},
    });
    raw(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_frameworks_tag() {
        let response = json(&Asked::of(""), StatusCode::OK, &value!({}));
        let etag = response.headers().get("etag").unwrap().to_str().unwrap();
        // The SHA-1 of `{}`, as anybody can compute it.
        assert_eq!(etag, "W/\"2-vyGp6PvFo4RvsFtPoIWeCReyIC8\"");
        assert_eq!(response.headers().get("x-content-type-options").unwrap(), "nosniff");
    }
}

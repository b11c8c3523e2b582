//! What is answered: Backstage's error envelope, JSON, and files with their tags.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderName, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json as value};
use sha2::{Digest as _, Sha256};

/// Where this API stands in the service's paths; left out where Backstage tells paths.
const MOUNT: &str = "/api/techdocs";

/// What is said with every answer. Nothing of a site runs, wherever it is shown from.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
        ),
    ),
];

/// What a request says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    method: Method,
    /// The path as it was sent.
    pub(crate) path: String,
    url: String,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let whole = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        Ok(Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            url: whole.strip_prefix(MOUNT).unwrap_or(whole).to_owned(),
            headers: parts.headers.clone(),
        })
    }
}

impl Asked {
    /// Whether the client has an answer with this tag.
    fn has(&self, etag: &str) -> bool {
        let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.headers.get_all(IF_NONE_MATCH).iter().any(|value| {
            value.to_str().is_ok_and(|tags| {
                tags.split(',').any(|tag| tag.trim() == "*" || plain(tag) == plain(etag))
            })
        })
    }
}

/// A request that is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
}

impl Refusal {
    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, name: "NotFoundError", message: message.into() }
    }

    /// 403.
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, name: "NotAllowedError", message: message.into() }
    }

    /// 503: it may be there later.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        let (status, message) = (StatusCode::SERVICE_UNAVAILABLE, message.into());
        Self { status, name: "ServiceUnavailableError", message }
    }

    /// The answer to this request.
    pub(crate) fn answer(&self, asked: &Asked) -> Response<Body> {
        let body = value!({
            "error": {"name": self.name, "message": self.message},
            "request": {"method": asked.method.as_str(), "url": asked.url},
            "response": {"statusCode": self.status.as_u16()},
        });
        written(asked, self.status, JSON, body.to_string().into())
    }
}

const JSON: &str = "application/json; charset=utf-8";

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend(ALWAYS);
    response
}

/// There is nothing at this path, or not for this method.
pub(crate) async fn nowhere() -> Response<Body> {
    empty(StatusCode::NOT_FOUND)
}

/// What was asked is at another path.
pub(crate) fn moved(path: &str) -> Response<Body> {
    match HeaderValue::try_from(path) {
        Ok(path) => {
            let mut response = empty(StatusCode::MOVED_PERMANENTLY);
            response.headers_mut().insert(header::LOCATION, path);
            response
        }
        Err(_) => empty(StatusCode::NOT_FOUND),
    }
}

/// A JSON answer.
pub(crate) fn json(asked: &Asked, body: &Value) -> Response<Body> {
    written(asked, StatusCode::OK, JSON, body.to_string().into())
}

/// A file of a site.
pub(crate) fn served(asked: &Asked, path: &str, body: Bytes) -> Response<Body> {
    written(asked, StatusCode::OK, content_type(path), body)
}

fn written(asked: &Asked, status: StatusCode, kind: &'static str, body: Bytes) -> Response<Body> {
    let etag = format!("\"{}\"", short(&chiron_chassis::hex(&Sha256::digest(&body))));
    let mut response = if status == StatusCode::OK && asked.has(&etag) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = empty(status);
        *response.body_mut() = Body::from(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    };
    if status == StatusCode::OK {
        if let Ok(etag) = HeaderValue::try_from(etag) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        let again = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, again);
    }
    response
}

/// As much of a digest as tells files of a site apart.
fn short(digest: &str) -> &str {
    digest.get(..32).unwrap_or(digest)
}

/// The type of a file, by its ending. What is not known is sent as bytes, which nobody shows.
fn content_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref().unwrap_or_default() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => JSON,
        "txt" | "md" | "yaml" | "yml" | "csv" | "puml" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

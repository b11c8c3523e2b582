//! What is answered: JSON as Backstage writes it, and files with their types.

use axum::body::Body;
use axum::http::header;
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use chiron_backstage::{Asked, Manner, Tags};

/// How the hub answers. Nothing of a site runs, wherever it is shown from.
pub(crate) const MANNER: Manner = Manner { always: ALWAYS, tags: Tags::Files };

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    ),
];

/// There is nothing at this path, or not for this method.
pub(crate) async fn nowhere() -> Response<Body> {
    MANNER.empty(StatusCode::NOT_FOUND)
}

/// What was asked is at another path.
pub(crate) fn moved(path: &str) -> Response<Body> {
    match HeaderValue::try_from(path) {
        Ok(path) => {
            let mut response = MANNER.empty(StatusCode::MOVED_PERMANENTLY);
            response.headers_mut().insert(header::LOCATION, path);
            response
        }
        Err(_) => MANNER.empty(StatusCode::NOT_FOUND),
    }
}

/// A file of a site.
pub(crate) fn served(asked: &Asked, path: &str, body: Bytes) -> Response<Body> {
    MANNER.written(asked, StatusCode::OK, content_type(path), body)
}

/// The type of a file, by its ending. What is not known is sent as bytes, which nobody shows.
fn content_type(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref().unwrap_or_default() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json; charset=utf-8",
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

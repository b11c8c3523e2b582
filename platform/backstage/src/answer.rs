//! What is answered: two ways of writing JSON, tags, and the headers of every answer.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chiron_chassis::Problem;
use serde_json::{Value, json as value};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::refusal::Refusal;
use crate::request::Asked;

const JSON: &str = "application/json; charset=utf-8";

/// How a server writes its answers.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Headers of every answer, their names in lower case.
    pub always: &'static [(&'static str, &'static str)],
    /// How contents are told apart.
    pub tags: Tags,
}

/// How the contents of answers are told apart, so that nobody gets again what they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// As Backstage's framework does: weak ones, on every answer with a content.
    Framework,
    /// As for files: strong ones, on what is served, which is asked for again each time.
    Files,
}

/// The manner of Backstage's framework.
pub const FRAMEWORK: Manner = Manner {
    always: &[
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("referrer-policy", "no-referrer"),
        ("x-xss-protection", "0"),
        ("x-dns-prefetch-control", "off"),
        ("cross-origin-resource-policy", "same-origin"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'self'"),
    ],
    tags: Tags::Framework,
};

impl Manner {
    /// An answer with this body, and nothing said of what it is.
    fn bare(&self, status: StatusCode, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let static_header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        response.headers_mut().extend(self.always.iter().map(static_header));
        response
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(&self, status: StatusCode) -> Response<Body> {
        self.bare(status, Body::empty())
    }

    /// A JSON answer with a tag, and 304 when the client has it.
    #[must_use]
    pub fn json(&self, asked: &Asked, status: StatusCode, body: &Value) -> Response<Body> {
        self.written(asked, status, JSON, body.to_string().into())
    }

    /// A JSON answer that is written already, without a tag.
    pub fn raw(&self, body: impl Into<Body>) -> Response<Body> {
        let mut response = self.bare(StatusCode::OK, body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        response
    }

    /// The answer to a request that is refused.
    #[must_use]
    pub fn refused(&self, asked: &Asked, refusal: Refusal) -> Response<Body> {
        let status = refusal.status();
        self.json(asked, status, &refusal.document(asked))
    }

    /// The answer, also to a request that is refused.
    pub fn answered(
        &self,
        asked: &Asked,
        outcome: Result<Response<Body>, Refusal>,
    ) -> Response<Body> {
        outcome.unwrap_or_else(|refusal| self.refused(asked, refusal))
    }

    /// A content of a type, with a tag, and 304 when the client has it.
    #[must_use]
    pub fn written(
        &self,
        asked: &Asked,
        status: StatusCode,
        kind: &'static str,
        body: Bytes,
    ) -> Response<Body> {
        let is_served = status == StatusCode::OK;
        let etag = match self.tags {
            Tags::Framework => Some(weak(&body)),
            Tags::Files => is_served.then(|| strong(&body)),
        };
        let mut response = if is_served && etag.as_ref().is_some_and(|etag| asked.has(etag)) {
            self.empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut response = self.bare(status, Body::from(body));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        };
        if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        if self.tags == Tags::Files && is_served {
            let again = HeaderValue::from_static("private, no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, again);
        }
        response
    }
}

fn weak(body: &Bytes) -> String {
    format!("W/\"{:x}-{}\"", body.len(), STANDARD_NO_PAD.encode(Sha1::digest(body)))
}

/// As much of a digest as tells contents apart.
fn strong(body: &Bytes) -> String {
    let digest = chiron_chassis::hex(&Sha256::digest(body));
    format!("\"{}\"", digest.get(..32).unwrap_or(&digest))
}

/// There is nothing at this path, or not for this method.
pub async fn nowhere() -> Response<Body> {
    FRAMEWORK.empty(StatusCode::NOT_FOUND)
}

/// A problem of what stands around the handlers, in Backstage's words. Nothing is at an unknown
/// path; else the envelope, without the request, which is not known here.
#[must_use]
pub fn problem(problem: &Problem) -> Response<Body> {
    let document = problem.document();
    let name = match document.status {
        404 | 405 => return FRAMEWORK.empty(StatusCode::NOT_FOUND),
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
    FRAMEWORK.raw(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: Manner = Manner { always: &[], tags: Tags::Files };

    fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn an_answer_has_the_frameworks_tag() {
        let response = FRAMEWORK.json(&Asked::of(""), StatusCode::OK, &value!({}));
        // The SHA-1 of `{}`, as anybody can compute it.
        assert_eq!(header(&response, "etag"), "W/\"2-vyGp6PvFo4RvsFtPoIWeCReyIC8\"");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "cache-control"), "");
    }

    #[test]
    fn refusals_have_a_tag_where_the_framework_writes_them_and_none_beside_files() {
        let asked = Asked::of("");
        let refused = |manner: Manner| manner.refused(&asked, Refusal::not_found("x"));
        assert!(header(&refused(FRAMEWORK), "etag").starts_with("W/\""));
        assert_eq!(header(&refused(FILES), "etag"), "");
        assert_eq!(header(&refused(FILES), "cache-control"), "");
        let served = FILES.json(&asked, StatusCode::OK, &value!({}));
        // The SHA-256 of `{}`, cut.
        assert_eq!(header(&served, "etag"), "\"44136fa355b3678a1146ad16f7e8649e\"");
        assert_eq!(header(&served, "cache-control"), "private, no-cache");
    }
}

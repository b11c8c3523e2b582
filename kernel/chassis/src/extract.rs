//! Extractors whose every rejection is a problem naming the place that is wrong.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{
    FromRequest, FromRequestParts, OptionalFromRequestParts, RawPathParams, Request,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decode::{from_json, from_pairs};
use crate::limits::Limits;
use crate::problem::{FieldError, Problem};
use crate::serve::Door;

/// A JSON body, read or written.
///
/// Reading takes `application/json` and `application/fhir+json`, on PATCH also
/// `application/merge-patch+json` and `application/json-patch+json`; else 415. Unknown fields are
/// refused with their JSON Pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The query of the request. Numbers and booleans are read from their text, a repeated name is a
/// list, names that the type does not know are ignored (unless it denies them).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// Parameters of the path: one value, a tuple in the order of the path, or a struct by name.
/// Empty ones are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// A body of `application/x-www-form-urlencoded`, read like a [`Query`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form<T>(pub T);

/// A body of any type, whole; 413 when it is larger than the service reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBody(pub Bytes);

/// The token by which the caller was let in, from the header or the cookie, for calls in the
/// caller's name; `None` where there is none, or where the cookie does not count.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub Option<String>);

/// Whether a request comes from a page of the authority that it asks (`Origin` and `Host`), or from
/// no page at all. A browser opens `WebSocket`s of other sites with our cookies, so that a handler of
/// one has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameOrigin(pub bool);

/// How the client addresses this service; what `url` and `Location` are built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// An absolute URL here. `path` begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let accepted = accepted_types(request.method());
        if !accepted.contains(&media_type(request.headers()).as_str()) {
            return Err(Problem::unsupported_media_type(&accepted.join(", ")));
        }
        let body = whole_body(request, state).await?;
        from_json(&body).map(Self).map_err(Problem::invalid)
    }
}

fn accepted_types(method: &Method) -> &'static [&'static str] {
    if method == Method::PATCH {
        &[
            "application/json",
            "application/merge-patch+json",
            "application/json-patch+json",
            "application/fhir+json",
        ]
    } else {
        &["application/json", "application/fhir+json"]
    }
}

/// The content type without its parameters, in lower case; empty when there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(err) => Problem::internal(&err).into_response(),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let pairs = query_pairs(parts.uri.query().unwrap_or_default())?;
        from_pairs(pairs, |name| format!("?{name}")).map(Self).map_err(Problem::invalid)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let accepted = "application/x-www-form-urlencoded";
        if media_type(request.headers()) != accepted {
            return Err(Problem::unsupported_media_type(accepted));
        }
        let body = whole_body(request, state).await?;
        let text = std::str::from_utf8(&body)
            .map_err(|_not_utf8| Problem::bad_request("", "is not UTF-8"))?;
        let pairs = query_pairs(text)?;
        from_pairs(pairs, |name| format!("/{name}")).map(Self).map_err(Problem::invalid)
    }
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        whole_body(request, state).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(crate::serve::token(&parts.method, &parts.headers)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Token(…)" } else { "Token(none)" })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SameOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let no_page = !parts.headers.contains_key(header::ORIGIN);
        Ok(Self(no_page || crate::serve::is_same_authority(&parts.headers)))
    }
}

async fn whole_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let too_large = || Problem::too_large("the body is larger than this service reads");
    let limits = request
        .extensions()
        .get::<Arc<Door>>()
        .map_or_else(Limits::standard, |door| door.limits.clone());
    // One that says so is not waited for.
    if (limits.body_bytes as u64) < request.body().size_hint().lower() {
        return Err(too_large());
    }
    let within = limits.body_time;
    let read = tokio::time::timeout(within, Bytes::from_request(request, state)).await;
    let Ok(read) = read else {
        return Err(Problem::too_slow("the body did not come to its end in time"));
    };
    read.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large()
        } else {
            Problem::bad_request("", "the body could not be read to its end")
        }
    })
}

/// `application/x-www-form-urlencoded`: pairs with `+` for a space and percent escapes in UTF-8.
fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (form_text(name), form_text(value)) {
            (Some(name), Some(value)) => pairs.push((name, value)),
            (Some(name), None) => {
                return Err(Problem::bad_request(format!("?{name}"), "is not UTF-8"));
            }
            (None, _) => return Err(Problem::bad_request("?", "a name is not UTF-8")),
        }
    }
    Ok(pairs)
}

/// One name or value of a form or query, decoded; `None` when it is not UTF-8.
#[must_use]
pub fn form_text(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_rejection| Problem::bad_request("{}", "the path is not UTF-8"))?;
        let pairs: Vec<(String, String)> =
            raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let empty: Vec<FieldError> = pairs
            .iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(name, _)| FieldError::new(format!("{{{name}}}"), "is empty"))
            .collect();
        if !empty.is_empty() {
            return Err(Problem::invalid(empty));
        }
        crate::decode::from_path(pairs).map(Self).map_err(Problem::invalid)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authority {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = parts.uri.authority().map(axum::http::uri::Authority::as_str);
        match host.or(authority) {
            Some(authority) => Ok(Self(format!("http://{authority}"))),
            None => Err(Problem::bad_request("host", "is missing")),
        }
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Authority {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        Ok(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await.ok())
    }
}

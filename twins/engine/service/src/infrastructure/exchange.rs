//! A request as it came and an answer as it goes, in the protocol's form.

use std::borrow::Borrow;

use axum::{
    RequestExt as _,
    body::{Body, Bytes},
    extract::{Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;
use twin_engine_domain::graph::Document;

use crate::application::{
    fault::Fault,
    paging::{Page, TOKEN, next_link},
};

/// What the text of a twin usually fits into, in bytes.
const USUAL_BYTES: usize = 1024;
/// The header that says how long a page may be.
pub(crate) const MAX_ITEMS: &str = "max-items-per-page";

#[derive(Serialize)]
struct List<'a> {
    value: Vec<&'a Value>,
    #[serde(rename = "nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
}

/// A request whose operation is known, without its body.
pub(crate) struct Asked {
    pub(crate) parts: Parts,
    pub(crate) parameters: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text_of(&self.parts.headers, name)
    }

    pub(crate) fn owned(&self, name: &header::HeaderName) -> Option<String> {
        self.header(name.as_str()).map(str::to_owned)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.parameter(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(Fault::invalid(format!("{name} must be true or false"))),
        }
    }

    pub(crate) fn page(&self, most: usize) -> Result<Page, Fault> {
        Page::read(self.parameter(TOKEN), self.header(MAX_ITEMS), most)
    }

    /// A page in the form of lists: `{value, nextLink}`.
    pub(crate) fn list(
        &self,
        entries: &[impl Borrow<Value>],
        token: Option<String>,
    ) -> Result<Response<Body>, Fault> {
        let link = |token: String| {
            let authority = self.authority()?;
            Ok::<_, Fault>(next_link(&authority, self.parts.uri.path(), &self.parameters, &token))
        };
        let value = entries.iter().map(Borrow::borrow).collect();
        let list = List { value, next_link: token.map(link).transpose()? };
        Ok(body(StatusCode::OK, &list))
    }

    /// Scheme and host by which the client knows this service.
    fn authority(&self) -> Result<String, Fault> {
        let host = match self.header("host") {
            Some(host) => host,
            None => self
                .parts
                .uri
                .authority()
                .map(axum::http::uri::Authority::as_str)
                .ok_or_else(|| Fault::invalid("the header Host is missing"))?,
        };
        // Told by what ends TLS in front of this service; it only shapes the client's own link.
        let scheme = match self.header("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        Ok(format!("{scheme}://{host}"))
    }
}
/// Reads a JSON body of any value.
pub(crate) async fn json_body(asked: &Asked, content: Body, most: usize) -> Result<Value, Fault> {
    let kind = asked.header("content-type").unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(essence.as_str(), "application/json" | "application/json-patch+json") {
        return Err(Fault::unsupported_media_type());
    }
    // The limit of the chassis is kept with the request.
    let content = Request::from_parts(asked.parts.clone(), content);
    let bytes: Bytes = content.extract().await.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Fault::too_large()
        } else {
            Fault::invalid("the body could not be read to its end")
        }
    })?;
    if most < bytes.len() {
        return Err(Fault::too_large());
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::invalid(format!("the body is not JSON: {error}")))
}
/// The query of the address: pairs with `+` for a space and percent escapes in UTF-8.
pub(crate) fn parameters(query: &str) -> Result<Vec<(String, String)>, Fault> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Fault::invalid("the query of the address is not percent-encoded UTF-8"))
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
pub(crate) fn etag_of(document: &Value) -> Option<String> {
    document.get("$etag").and_then(Value::as_str).map(str::to_owned)
}
pub(crate) fn body(status: StatusCode, document: &impl Serialize) -> Response<Body> {
    let mut text = Vec::with_capacity(USUAL_BYTES);
    if let Err(error) = serde_json::to_writer(&mut text, document) {
        tracing::error!(%error, "an answer could not be written");
        return Fault::internal().into_response();
    }
    json(status, text.into())
}

/// A kept document, by its text.
pub(crate) fn written(status: StatusCode, document: Document) -> Response<Body> {
    json(status, Bytes::from_owner(Text(document)).into())
}

struct Text(Document);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.text().as_bytes()
    }
}

fn json(status: StatusCode, text: Body) -> Response<Body> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

pub(crate) fn empty() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A document with its own entity tag.
pub(crate) fn tagged(document: Document) -> Response<Body> {
    let etag = etag_of(&document);
    with_etag(written(StatusCode::OK, document), etag.as_deref())
}

pub(crate) fn with_etag(mut response: Response<Body>, etag: Option<&str>) -> Response<Body> {
    if let Some(Ok(etag)) = etag.map(HeaderValue::try_from) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

//! The web application, served beside the interfaces that it asks.
//!
//! It is files and nothing else: no rule lives in it, and none is decided here. Everybody gets them,
//! since signing in is one of the pages. Names with a digest in them (`/assets/…`) never change, so
//! a browser keeps them; the page itself is asked for again each time. A path that no file has is
//! the page when a person typed it, and a problem like any other when a program did.

mod file;

use std::borrow::Cow;
use std::path::PathBuf;

use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chiron_chassis::{Api, Problem};
use sha2::{Digest as _, Sha256};

use crate::Gateway;
use crate::pages::file::{Name, Wanted};

/// The page that every place of the application begins with.
const PAGE: &str = "index.html";

/// Where the files of the web application are.
#[derive(Debug, Clone)]
pub enum Pages {
    /// In the program itself, by their path below the application's root, such as
    /// `assets/index-1a2b.js`.
    Embedded(&'static [(&'static str, &'static [u8])]),
    /// In a folder, read anew for each request: while the application is being written.
    Folder(PathBuf),
}

impl Default for Pages {
    /// None.
    fn default() -> Self {
        Self::Embedded(&[])
    }
}

impl Pages {
    /// The bytes of a file; `None` when there is none of this name.
    async fn read(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded(files) => {
                files.iter().find(|(path, _)| *path == name).map(|(_, bytes)| Cow::Borrowed(*bytes))
            }
            // A name has no segment that leads out of the folder.
            Self::Folder(folder) => tokio::fs::read(folder.join(name)).await.ok().map(Cow::Owned),
        }
    }
}

/// Headers of everything that is served here. No other host is asked for anything, no page of
/// another host frames these, and no script or style stands in the page itself (Content Security
/// Policy, level 3).
const GUARDS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
];

/// What is said when the application was never built.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Chiron</title><h1>The dashboards are not built</h1>\
    <p>The services run, and nothing is lost. Stop them and run <code>cargo xtask up</code>, \
    which builds the dashboards and starts everything.</p></html>";

/// Adds the web application. Every path that nothing else answers comes here.
pub(crate) fn files(api: Api<Gateway>) -> Api<Gateway> {
    api.open(&[Method::GET], "/", any(answer)).open(&[Method::GET], "/{*path}", any(answer))
}

async fn answer(
    State(gateway): State<Gateway>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("there is no such path here");
    if method != Method::GET && method != Method::HEAD {
        return Err(unknown());
    }
    let wanted = Wanted::of(uri.path()).ok_or_else(unknown)?;
    let pages = &gateway.pages;
    match wanted {
        Wanted::File(name) => found(pages, &name, &headers).await.ok_or_else(unknown),
        Wanted::Place { known } if known || is_person(&headers) => {
            let page = Name::page();
            let mut response = match found(pages, &page, &headers).await {
                Some(response) => response,
                None => guarded((page.headers(), UNBUILT).into_response()),
            };
            if !known && response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::NOT_FOUND;
            }
            Ok(response)
        }
        Wanted::Place { .. } => Err(unknown()),
    }
}

/// Somebody who reads pages, by what the browser says it takes.
fn is_person(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

async fn found(pages: &Pages, name: &Name, asked: &HeaderMap) -> Option<Response> {
    let plain = pages.read(name.text()).await?;
    let (body, encoding) = smaller(pages, name, asked).await.unwrap_or((plain, None));
    let tag = tag_of(&body);
    let mut headers = name.headers();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let same = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|given| given.trim().trim_start_matches("W/") == tag);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    let response = if same {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, body).into_response()
    };
    Some(guarded(response))
}

/// The same file as it was made smaller when it was built: Brotli (RFC 7932), else gzip (RFC 1952).
async fn smaller(
    pages: &Pages,
    name: &Name,
    asked: &HeaderMap,
) -> Option<(Cow<'static, [u8]>, Option<&'static str>)> {
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if file::takes(asked, encoding)
            && let Some(body) = pages.read(&format!("{}.{ending}", name.text())).await
        {
            return Some((body, Some(encoding)));
        }
    }
    None
}

fn tag_of(body: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(body)))
}

fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

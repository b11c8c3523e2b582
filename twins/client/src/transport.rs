//! One request and its answer, the same for both layers; what differs is who carries them.

use std::fmt::Write as _;

use chiron_chassis::{CallError, Calls, Service};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    azure::Azure,
    error::{Busy, TwinError},
};

/// Version of the protocol that is spoken to our engine.
pub(crate) const API_VERSION: &str = "2023-10-31";

/// Everything but RFC 3986's unreserved characters.
pub(crate) const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b'+')
    .add(b',')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'!');

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Post,
    Patch,
    Delete,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) verb: Verb,
    /// Begins with `/`; segments percent-encoded; no query.
    pub(crate) path: String,
    /// Without the version of the protocol, which the carrier adds. Values are not yet encoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

impl Request {
    /// `segments` are ids or words and are encoded here.
    pub(crate) fn new(verb: Verb, segments: &[&str]) -> Request {
        let mut path = String::new();
        for segment in segments {
            // Writing into a text cannot fail.
            let _ = write!(path, "/{}", utf8_percent_encode(segment, RESERVED));
        }
        Request { verb, path, query: Vec::new(), headers: Vec::new(), body: None }
    }

    /// From a link of an answer. Its host is left out: the credential goes to the layer that was
    /// configured and nowhere else.
    pub(crate) fn follow(link: &str) -> Request {
        let local = match link.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
            None => link,
        };
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let mut request = Request::new(Verb::Get, &[]);
        path.clone_into(&mut request.path);
        request.query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
                (decode(name), decode(value))
            })
            .filter(|(name, _)| name != "api-version")
            .collect();
        request
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Request {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn content_type(&self) -> &'static str {
        if self.verb == Verb::Patch { "application/json-patch+json" } else { "application/json" }
    }

    pub(crate) fn json(mut self, body: Value) -> Request {
        self.body = Some(body);
        self
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    code: String,
    message: String,
}

impl Reply {
    /// The answer when it is a success, else the error that it says.
    pub(crate) fn success(self) -> Result<Reply, TwinError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        // A proxy may answer in another form; the status then says all there is.
        let ErrorBody { error: ErrorDetail { code, message } } =
            serde_json::from_slice(&self.body).unwrap_or_default();
        Err(match self.status {
            404 => TwinError::NotFound { code },
            412 => TwinError::Precondition,
            408 | 429 | 500.. => {
                TwinError::Unavailable(Box::new(Busy { status: self.status, code }))
            }
            status => TwinError::Refused { status, code, message },
        })
    }

    pub(crate) fn json(&self) -> Result<Value, TwinError> {
        serde_json::from_slice(&self.body).map_err(|err| TwinError::Protocol(Box::new(err)))
    }
}

#[derive(Clone)]
pub(crate) enum Carrier {
    Ours(Calls),
    Azure(Azure),
}

impl Carrier {
    pub(crate) async fn send(&self, request: Request) -> Result<Reply, TwinError> {
        match self {
            Carrier::Ours(calls) => send_ours(calls, request).await,
            Carrier::Azure(azure) => azure.send(request).await,
        }
    }
}

async fn send_ours(calls: &Calls, request: Request) -> Result<Reply, TwinError> {
    let path = request.path.as_str();
    let mut call = match request.verb {
        Verb::Get => calls.get(Service::TwinEngine, path),
        Verb::Put => calls.put(Service::TwinEngine, path),
        Verb::Post => calls.post(Service::TwinEngine, path),
        Verb::Patch => calls.patch(Service::TwinEngine, path),
        Verb::Delete => calls.delete(Service::TwinEngine, path),
    };
    let mut query: Vec<(&str, &str)> = vec![("api-version", API_VERSION)];
    query.extend(request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    call = call.query(&query);
    if let Some(body) = &request.body {
        call = call.body(request.content_type(), body.to_string());
    }
    for (name, value) in &request.headers {
        call = call.header(name, value);
    }
    let answer = call.send().await.map_err(|err: CallError| {
        let retryable = err.is_retryable();
        let source = Box::new(err);
        if retryable { TwinError::Unavailable(source) } else { TwinError::Protocol(source) }
    })?;
    Ok(Reply { status: u16::from(answer.status), body: answer.body.to_vec() })
}

//! Asking the services behind the gateway, in the caller's name.
//!
//! The caller's own token goes along, so that the service behind decides as if it had been asked
//! directly, and knows who asked. Every call has a time limit: the gateway answers what it knows,
//! or that it knows nothing, and never waits for ever.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use chiron_chassis::{Answer, COMPLETE_TO, Call, CallError, FieldError, Problem, Service, Token};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Gateway;

/// Names the services whose part of an answer is missing.
pub(crate) const PARTIAL: HeaderName = HeaderName::from_static("chiron-partial");
/// How long a service may take when somebody waits before a screen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

impl Gateway {
    /// A GET in the caller's name. With identity switched off there is no token, and none is asked.
    pub(crate) fn ask(&self, token: &Token, service: Service, path: &str) -> Call {
        let call = self.runtime.calls.get(service, path).within(PATIENCE);
        match &token.0 {
            Some(token) => call.bearer(token),
            None => call,
        }
    }
}

/// What a service answered to a question: something, that there is nothing (204), or that what was
/// asked about does not exist (404).
#[derive(Debug)]
pub(crate) enum Reply {
    Known(Answer),
    Empty(Answer),
    Unknown,
}

/// Makes the call; a refusal becomes ours, and a service that is down or broken is 503.
pub(crate) async fn reply(service: Service, call: Call) -> Result<Reply, Problem> {
    let answer = call.send().await?;
    match answer.status {
        StatusCode::NO_CONTENT => Ok(Reply::Empty(answer)),
        status if status.is_success() => Ok(Reply::Known(answer)),
        StatusCode::NOT_FOUND => Ok(Reply::Unknown),
        _ => Err(refusal(service, &answer)),
    }
}

/// Reads the body of an answer; what cannot be read is the service's fault, not the caller's.
pub(crate) fn read<T: DeserializeOwned>(service: Service, answer: &Answer) -> Result<T, Problem> {
    answer.json().map_err(|err: CallError| {
        tracing::error!(error = %err, service = %service, "answer of a service cannot be read");
        unexpected(service)
    })
}

/// A service's refusal in our own words, with the places that it named.
pub(crate) fn refusal(service: Service, answer: &Answer) -> Problem {
    #[derive(Deserialize)]
    struct Document {
        #[serde(default)]
        detail: String,
        #[serde(default)]
        errors: Vec<Place>,
    }
    #[derive(Deserialize)]
    struct Place {
        pointer: String,
        detail: String,
    }
    let document = || answer.json::<Document>().ok();
    match answer.status {
        StatusCode::BAD_REQUEST => {
            let errors = document().map(|document| document.errors).unwrap_or_default();
            let mut errors: Vec<FieldError> =
                errors.into_iter().map(|it| FieldError::new(it.pointer, it.detail)).collect();
            if errors.is_empty() {
                errors.push(FieldError::new("", format!("{service} refuses this")));
            }
            Problem::invalid(errors)
        }
        StatusCode::UNAUTHORIZED => Problem::unauthorized(),
        StatusCode::FORBIDDEN => {
            let detail = document().map(|document| document.detail).unwrap_or_default();
            Problem::forbidden(detail)
        }
        StatusCode::CONFLICT => {
            let detail = document().map(|document| document.detail).unwrap_or_default();
            Problem::conflict(detail)
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
            Problem::too_many_requests(wait.unwrap_or(1))
        }
        status => {
            tracing::warn!(status = status.as_u16(), service = %service, "service refused");
            unexpected(service)
        }
    }
}

fn unexpected(service: Service) -> Problem {
    Problem::unavailable(format!("{service} does not answer as expected"))
}

/// What is told about an answer that was put together: how current it is, and who is missing.
#[derive(Debug, Default)]
pub(crate) struct Composition {
    complete_to: Option<String>,
    missing: BTreeSet<&'static str>,
}

impl Composition {
    /// Takes a part; the whole is as current as its oldest part.
    pub(crate) fn took(&mut self, answer: &Answer) {
        let Some(part) = answer.header(COMPLETE_TO.as_str()) else { return };
        // The written form of instants orders as the instants do.
        if self.complete_to.as_deref().is_none_or(|whole| part < whole) {
            self.complete_to = Some(part.to_owned());
        }
    }

    /// Notes that a service did not give its part.
    pub(crate) fn lacks(&mut self, service: Service) {
        self.missing.insert(service.name());
    }

    /// The headers that say so.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(Ok(value)) = self.complete_to.as_ref().map(HeaderValue::try_from) {
            headers.insert(COMPLETE_TO, value);
        }
        if !self.missing.is_empty() {
            let names: Vec<&str> = self.missing.iter().copied().collect();
            if let Ok(value) = HeaderValue::try_from(names.join(", ")) {
                headers.insert(PARTIAL, value);
            }
        }
        headers
    }
}

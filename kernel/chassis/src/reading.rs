//! Reading from other services: things that may not be there, and whole lists.

use axum::http::StatusCode;
use chiron_clock::instant;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::calls::{Answer, CallError, Calls, Service};
use crate::completeness::COMPLETE_TO;

/// Entries asked for at once.
const PAGE: &str = "10000";

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// No answer, or none that can be understood.
    #[error(transparent)]
    Call(#[from] CallError),
    /// An answer that is neither the thing nor its absence.
    #[error("{service} answers with status {status}")]
    Status {
        /// Who answered.
        service: Service,
        /// The answer's status.
        status: StatusCode,
    },
}

/// Reads from other services, and remembers how complete the least complete answer was.
#[derive(Debug)]
pub struct Reading<'a> {
    calls: &'a Calls,
    complete_to: Option<Timestamp>,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<T> {
    entries: Vec<T>,
    #[serde(default = "Option::default")]
    next: Option<String>,
}

impl<'a> Reading<'a> {
    /// Nothing is read yet.
    pub fn new(calls: &'a Calls) -> Self {
        Self { calls, complete_to: None }
    }

    /// The instant to which the least complete of the answers read so far is complete; `None`
    /// when none of them could tell.
    pub fn complete_to(&self) -> Option<Timestamp> {
        self.complete_to
    }

    /// An answer; `None` for 404.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn get(
        &mut self,
        service: Service,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Answer>, ReadError> {
        let answer = self.calls.get(service, path).query(query).send().await?;
        let told = answer.header(COMPLETE_TO.as_str()).and_then(|text| instant::parse(text).ok());
        self.complete_to = match (self.complete_to, told) {
            (Some(before), Some(told)) => Some(before.min(told)),
            (before, told) => before.or(told),
        };
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(answer)),
            status => Err(ReadError::Status { service, status }),
        }
    }

    /// A thing; `None` for 404, and for 204.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn thing<T: DeserializeOwned>(
        &mut self,
        service: Service,
        path: &str,
    ) -> Result<Option<T>, ReadError> {
        match self.get(service, path, &[]).await? {
            Some(answer) if answer.status != StatusCode::NO_CONTENT => Ok(Some(answer.json()?)),
            _ => Ok(None),
        }
    }

    /// A whole list (`{"entries", "next"}`), page by page; `None` when what it is of is unknown.
    /// 204 is an empty one.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn list<T: DeserializeOwned>(
        &mut self,
        service: Service,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Vec<T>>, ReadError> {
        let mut entries = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = [query, &[("limit", PAGE)]].concat();
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let Some(answer) = self.get(service, path, &query).await? else { return Ok(None) };
            if answer.status == StatusCode::NO_CONTENT {
                return Ok(Some(entries));
            }
            let page: Page<T> = answer.json()?;
            entries.extend(page.entries);
            match page.next {
                None => return Ok(Some(entries)),
                next => cursor = next,
            }
        }
    }
}

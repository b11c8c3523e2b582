//! What messages ask for, done by the services that own it.
//!
//! Each thing can be done again without harm, since a message whose answer was lost comes again:
//! a patient is replaced by the same, a booking of the same content is the same booking, a vital
//! sign of one instant counts once. So a message needs no transaction over services: what stopped
//! half way is finished by the next try.

mod bookings;
mod patients;
mod vitals;

use chiron_chassis::{Answer, Call, CallError, Calls};
use chiron_clock::instant;
use hl7_gateway_domain::fault::{Code, Fault, Place};
use hl7_gateway_domain::request::{Read, Request};
use jiff::Timestamp;
use serde::Deserialize;

use crate::kept::{Keeping, KeptError};

const SOURCE_TIME: &str = "x-source-time";

/// Does what messages ask for. Clones are the same.
#[derive(Clone)]
pub(crate) struct Acting {
    calls: Calls,
    keeping: Keeping,
}

/// Why a message was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    /// It would be refused again; never empty.
    #[error("the message is refused")]
    Refused(Vec<Fault>),
    /// Somebody does not answer; trying again may help.
    #[error(transparent)]
    NoAnswer(#[from] CallError),
    /// Somebody answers that it cannot be done now, or not by this service's account.
    #[error("{who} answered {status}")]
    Unable { who: String, status: u16 },
    /// Our own store.
    #[error(transparent)]
    Store(#[from] KeptError),
}

impl NotDone {
    fn refused(place: Place, code: Code, detail: impl std::fmt::Display) -> Self {
        Self::Refused(vec![Fault::at(place, code, detail)])
    }
}

/// When what is asked for happened, and where the message says so.
type When = Option<(Timestamp, Place)>;

/// A problem as services answer it (RFC 9457).
#[derive(Debug, Default, Deserialize)]
struct ProblemV1 {
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<FieldV1>,
}

#[derive(Debug, Deserialize)]
struct FieldV1 {
    pointer: String,
    detail: String,
}

impl Acting {
    pub(crate) fn new(calls: Calls, keeping: Keeping) -> Self {
        Self { calls, keeping }
    }

    /// Does what is asked for; it is durable where it belongs when this answers.
    pub(crate) async fn act(&self, read: &Read) -> Result<(), NotDone> {
        match &read.request {
            Request::Register(person) => self.register(person, read.at).await,
            Request::Merge(merge) => self.merge(merge, read.at).await,
            Request::Appointment(appointment) => self.appointment(appointment, read.at).await,
            Request::Observe(observations) => self.observe(observations).await,
        }
    }
}

/// Says when it happened.
fn at(call: Call, when: When) -> Call {
    match when {
        Some((at, _)) => call.header(SOURCE_TIME, &instant::write(at)),
        None => call,
    }
}

/// Tells a refusal of what the message says from an answer that has nothing to do with it. `place`
/// finds the field that a JSON Pointer or parameter stands for.
fn refusal(answer: &Answer, when: When, place: impl Fn(&str) -> Option<Place>) -> NotDone {
    let status = answer.status.as_u16();
    let code = match status {
        400 | 413 => Code::DataType,
        404 => Code::UnknownKey,
        409 => Code::DuplicateKey,
        _ => return unable(answer),
    };
    // An error without this body has no words, and is an error nevertheless.
    let problem: ProblemV1 = answer.json().unwrap_or_default();
    let mut faults: Vec<Fault> = problem
        .errors
        .iter()
        .map(|error| {
            let found = match (error.pointer.as_str(), when) {
                (SOURCE_TIME, Some((_, place))) => Some(place),
                (pointer, _) => place(pointer),
            };
            match found {
                Some(place) => Fault::at(place, code, &error.detail),
                None => Fault::nowhere(code, &error.detail),
            }
        })
        .collect();
    if faults.is_empty() {
        let detail = if problem.detail.is_empty() { "refused" } else { &problem.detail };
        faults.push(match place("") {
            Some(place) => Fault::at(place, code, detail),
            None => Fault::nowhere(code, detail),
        });
    }
    NotDone::Refused(faults)
}

/// Somebody cannot, or does not let this service.
fn unable(answer: &Answer) -> NotDone {
    NotDone::Unable { who: answer.service().to_string(), status: answer.status.as_u16() }
}

//! The envelopes around every event's data, and the instants in them. Kept out of the event types
//! so that a consumer sees the fact and not its packaging.

use std::borrow::Cow;

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::rejection::{Malformation, Rejection};

/// No key is longer, in bytes.
const LONGEST_KEY: usize = 64;

/// The event could not be written as JSON. No event of this crate causes it; it exists because
/// writing JSON can fail in general.
#[derive(Debug, thiserror::Error)]
#[error("event {key} could not be written as JSON")]
pub struct NotWritten {
    key: &'static str,
    source: serde_json::Error,
}

/// The key by which a record of the block is dispatched: its own, else the one in its value.
///
/// # Errors
///
/// [`Rejection::NoKey`] when there is neither, [`Rejection::Malformed`] when the record has none
/// and its value is not JSON.
pub fn key_of(record: &Record) -> Result<Cow<'_, str>, Rejection> {
    #[derive(Deserialize)]
    struct Inner {
        key: Option<String>,
    }

    if let Some(key) = &record.key {
        return Ok(Cow::Borrowed(key));
    }
    let inner: Inner =
        serde_json::from_slice(&record.value).map_err(|source| malformed(record, "", source))?;
    match inner.key {
        Some(key) => Ok(Cow::Owned(key)),
        None => Err(Rejection::NoKey { topic: record.topic.clone() }),
    }
}

/// `{key, data, dateTime}`: all events but those of rooms and tracking.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Basic<D> {
    #[serde(skip_deserializing)]
    pub(crate) key: Cow<'static, str>,
    pub(crate) data: D,
    #[serde(with = "text")]
    pub(crate) date_time: Timestamp,
}

pub(crate) fn read<T: DeserializeOwned>(record: &Record, key: &str) -> Result<T, Rejection> {
    serde_json::from_slice(&record.value).map_err(|source| malformed(record, key, source))
}

pub(crate) fn read_basic<D: DeserializeOwned>(
    record: &Record,
    key: &str,
) -> Result<(D, Timestamp), Rejection> {
    read::<Basic<D>>(record, key).map(|envelope| (envelope.data, envelope.date_time))
}

pub(crate) fn unknown_key(record: &Record, key: &str) -> Rejection {
    // It may come out of the value: only what could be a key is shown.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let shown = if key.len() <= LONGEST_KEY && key.bytes().all(is_name) { key } else { "a text" };
    Rejection::UnknownKey { topic: record.topic.clone(), key: shown.to_owned() }
}

fn malformed(record: &Record, key: &str, source: serde_json::Error) -> Rejection {
    let problem = if source.is_data() { Malformation::Fields } else { Malformation::Syntax };
    Rejection::Malformed {
        topic: record.topic.clone(),
        key: key.to_owned(),
        line: source.line(),
        column: source.column(),
        problem,
        source,
    }
}

/// Where a record goes and what names it.
pub(crate) struct Label<'a> {
    pub(crate) topic: &'static str,
    pub(crate) key: &'static str,
    pub(crate) aggregate: &'a str,
    pub(crate) ce_id: &'a str,
    pub(crate) source: &'a str,
    pub(crate) at: Timestamp,
}

impl Label<'_> {
    pub(crate) fn write(&self, value: &impl Serialize) -> Result<NewRecord, NotWritten> {
        NewRecord::cloud_event(
            self.topic,
            self.aggregate,
            self.key,
            value,
            self.ce_id,
            self.source,
            self.at,
        )
        .map_err(|source| NotWritten { key: self.key, source })
    }

    pub(crate) fn write_basic(&self, data: impl Serialize) -> Result<NewRecord, NotWritten> {
        self.write(&Basic { key: Cow::Borrowed(self.key), data, date_time: self.at })
    }
}

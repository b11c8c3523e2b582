//! `tracking-events`: a health professional passed a door.

use std::borrow::Cow;

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "tracking-events";
/// The only key.
pub const TRACKING_EVENT: &str = "TRACKING_EVENT";

/// One passage of one professional through the door of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingEvent {
    /// Who.
    pub health_professional_id: String,
    /// Which room.
    pub room_id: String,
    /// `true` when they entered, `false` when they left: the contract's bare boolean.
    pub entered: bool,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

impl TrackingEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != TRACKING_EVENT {
            return Err(unknown_key(record, &key));
        }
        let envelope: Envelope = read(record, &key)?;
        Ok(Self {
            health_professional_id: envelope.health_professional_id,
            room_id: envelope.room_id,
            entered: envelope.data,
            date_time: envelope.date_time,
        })
    }

    /// Makes the record to publish; its aggregate is the professional.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let label = Label {
            topic: TOPIC,
            key: TRACKING_EVENT,
            aggregate: &self.health_professional_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write(&Envelope {
            key: Cow::Borrowed(TRACKING_EVENT),
            health_professional_id: self.health_professional_id.clone(),
            room_id: self.room_id,
            data: self.entered,
            date_time: self.date_time,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(skip_deserializing)]
    key: Cow<'static, str>,
    health_professional_id: String,
    room_id: String,
    data: bool,
    #[serde(with = "text")]
    date_time: Timestamp,
}

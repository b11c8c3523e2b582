//! `process-manual-events`: what the team says has begun in its room.

use chiron_broker::{NewRecord, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "process-manual-events";
/// The only key.
pub const PROCESS_MANUAL_EVENT: &str = "PROCESS_MANUAL_EVENT";
/// Header that names the process meant, when the client named one.
pub const PROCESS_ID_HEADER: &str = "chiron-process-id";

/// One press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessManualEvent {
    /// The room it was pressed in.
    pub room_id: String,
    /// What was pressed.
    pub manual_event: ManualEvent,
    /// The process meant, from [`PROCESS_ID_HEADER`]; `None` leaves it to the room's patient.
    pub process_id: Option<String>,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What can be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ManualEvent {
    /// Anaesthesia begins.
    Anesthesia,
    /// The surgery proper begins.
    SurgeryInProgress,
    /// The surgery proper is over.
    EndOfSurgery,
    /// The surgery is called off.
    Interrupted,
    /// The process is over; needs the process's id.
    Terminated,
}

impl ProcessManualEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != PROCESS_MANUAL_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (Data { room_id, manual_event }, date_time) = read_basic(record, &key)?;
        let process_id = record.headers.get(PROCESS_ID_HEADER).map(ToOwned::to_owned);
        Ok(Self { room_id, manual_event, process_id, date_time })
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let Self { room_id, manual_event, process_id, date_time } = self;
        let aggregate = room_id.clone();
        let label = Label {
            topic: TOPIC,
            key: PROCESS_MANUAL_EVENT,
            aggregate: &aggregate,
            ce_id,
            source,
            at: date_time,
        };
        let mut record = label.write_basic(Data { room_id, manual_event })?;
        if let Some(process_id) = process_id {
            record.headers = record.headers.with(PROCESS_ID_HEADER, &process_id);
        }
        Ok(record)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    room_id: String,
    manual_event: ManualEvent,
}

//! `emergency-surgery-events`: a patient without a booking is in a theatre.

use chiron_broker::{NewRecord, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "emergency-surgery-events";
/// The only key.
pub const EMERGENCY_SURGERY_EVENT: &str = "EMERGENCY_SURGERY_EVENT";

/// One emergency. Its command's id is the record's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencySurgeryEvent {
    /// The theatre.
    pub room_id: String,
    /// Tax code of the patient; `None` when nobody knows who it is.
    pub patient_tax_code: Option<String>,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

impl EmergencySurgeryEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != EMERGENCY_SURGERY_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (Data { room_id, patient_tax_code }, date_time) = read_basic(record, &key)?;
        Ok(Self { room_id, patient_tax_code, date_time })
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let data = Data { room_id: self.room_id, patient_tax_code: self.patient_tax_code };
        let label = Label {
            topic: TOPIC,
            key: EMERGENCY_SURGERY_EVENT,
            aggregate: &data.room_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&data)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    room_id: String,
    patient_tax_code: Option<String>,
}

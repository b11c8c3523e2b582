//! `surgery-booking-events`: what becomes of the bookings of surgeries.

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "surgery-booking-events";
/// Key of the contract's two-field event, which the event gateway sends.
pub const SURGERY_BOOKINGS_EVENT: &str = "SURGERY_BOOKINGS_EVENT";
/// Key of a booking that was posted, rescheduled, cancelled, or whose surgery went on.
pub const SURGERY_BOOKING_CHANGED: &str = "SURGERY_BOOKING_CHANGED";

/// One event of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingEvent {
    /// What happened.
    pub fact: BookingFact,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingFact {
    /// A booking's twin has a date and a type. It does not say which booking.
    Bookings(SurgeryBookings),
    /// A booking is now like this.
    Changed(SurgeryBookingChanged),
}

/// Data of [`SURGERY_BOOKINGS_EVENT`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurgeryBookings {
    /// Planned start.
    #[serde(with = "text")]
    pub surgery_date: Timestamp,
    /// Type of surgery.
    pub surgery_type: String,
}

/// Data of [`SURGERY_BOOKING_CHANGED`]: the whole booking after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurgeryBookingChanged {
    /// The booking.
    pub surgery_id: String,
    /// Type of surgery.
    pub surgery_type: String,
    /// Tax code of the patient.
    pub healthcare_user_id: String,
    /// The patient.
    pub patient_id: String,
    /// The professional responsible.
    pub health_professional_id: String,
    /// Planned start.
    #[serde(with = "text")]
    pub surgery_date_time: Timestamp,
    /// Planned theatre; `None` when not planned.
    pub operating_room_id: Option<String>,
    /// Planned length in minutes.
    pub expected_duration_minutes: u32,
    /// What has become of it.
    pub status: BookingStatus,
    /// The process that used it up; `None` before there is one.
    pub process_id: Option<String>,
    /// 1 when posted, one more with each reschedule.
    pub version: u32,
    /// When it was posted.
    #[serde(with = "text")]
    pub posted_at: Timestamp,
}

/// What has become of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookingStatus {
    /// Waiting for its patient.
    Booked,
    /// Its process is open.
    InProgress,
    /// Its process has ended, interrupted or not.
    Done,
    /// Called off; final.
    Cancelled,
}

impl BookingEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        let (fact, date_time) = match &*key {
            SURGERY_BOOKINGS_EVENT => {
                let (data, at) = read_basic(record, &key)?;
                (BookingFact::Bookings(data), at)
            }
            SURGERY_BOOKING_CHANGED => {
                let (data, at) = read_basic(record, &key)?;
                (BookingFact::Changed(data), at)
            }
            _ => return Err(unknown_key(record, &key)),
        };
        Ok(Self { fact, date_time })
    }

    /// Makes the record to publish. Its aggregate is the patient; for the contract's event, which
    /// names nobody, the type of surgery.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let at = self.date_time;
        match self.fact {
            BookingFact::Bookings(data) => {
                let aggregate = &data.surgery_type;
                let key = SURGERY_BOOKINGS_EVENT;
                Label { topic: TOPIC, key, aggregate, ce_id, source, at }.write_basic(&data)
            }
            BookingFact::Changed(data) => {
                let aggregate = &data.patient_id;
                let key = SURGERY_BOOKING_CHANGED;
                Label { topic: TOPIC, key, aggregate, ce_id, source, at }.write_basic(&data)
            }
        }
    }
}

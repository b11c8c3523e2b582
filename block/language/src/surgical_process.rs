//! `surgical-process-events`: what surgical process monitoring says of a process. Ids, state, step,
//! rooms and times only; who wants more reads the process by its routes.

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::{option, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "surgical-process-events";
/// Key of a change of state, step or room.
pub const SURGICAL_PROCESS_CHANGED: &str = "SURGICAL_PROCESS_CHANGED";
/// Key of an end.
pub const SURGICAL_PROCESS_COMPLETED: &str = "SURGICAL_PROCESS_COMPLETED";
/// Key of a process that had ended and is open again.
pub const SURGICAL_PROCESS_REOPENED: &str = "SURGICAL_PROCESS_REOPENED";
/// Key of a process that, as is known now, never was.
pub const SURGICAL_PROCESS_VOIDED: &str = "SURGICAL_PROCESS_VOIDED";
/// Key of a process that will not change any more.
pub const SURGICAL_PROCESS_SETTLED: &str = "SURGICAL_PROCESS_SETTLED";

/// One event of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurgicalProcessEvent {
    /// What happened to the process.
    pub change: ProcessChange,
    /// The process after it.
    pub process: SurgicalProcess,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What happened to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProcessChange {
    /// Its state, step or room changed.
    Changed,
    /// It ended.
    Completed,
    /// It is open again.
    Reopened,
    /// It never was.
    Voided,
    /// It will not change any more.
    Settled,
}

/// Data of every event of the topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SurgicalProcess {
    /// The process.
    pub process_id: String,
    /// Its patient.
    pub patient_id: String,
    /// The patient's tax code, when known.
    pub patient_tax_code: Option<String>,
    /// Its booking; `None` for an emergency that none joined.
    pub surgery_id: Option<String>,
    /// Version of that booking.
    pub booking_version: Option<u32>,
    /// Type of surgery of the booking, or `Emergency`.
    #[serde(rename = "type")]
    pub process_type: String,
    /// State.
    pub state: ProcessState,
    /// Step; `None` before the first.
    pub step: Option<ProcessStep>,
    /// Room before surgery.
    pub pre_operating_room_id: Option<String>,
    /// Theatre, the latest.
    pub operating_room_id: Option<String>,
    /// Room after surgery.
    pub post_operating_room_id: Option<String>,
    /// When it began.
    #[serde(with = "text")]
    pub start_date_time: Timestamp,
    /// When it ended; `None` while open.
    #[serde(default, with = "option")]
    pub end_date_time: Option<Timestamp>,
    /// Whether it will not change any more.
    pub settled: bool,
    /// Grows with each change.
    pub version: u64,
}

/// State of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessState {
    /// Before surgery.
    PreSurgery,
    /// In the theatre.
    Surgery,
    /// After surgery.
    PostSurgery,
    /// Called off.
    Interrupted,
    /// Over.
    Terminated,
}

/// Step of a process, in the order in which steps are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProcessStep {
    /// The patient is being prepared.
    PatientInPreparation,
    /// The patient lies on the operating table.
    PatientOnOperatingTable,
    /// Anaesthesia.
    Anesthesia,
    /// The surgery proper.
    SurgeryInProgress,
    /// The surgery proper is over.
    EndOfSurgery,
    /// The patient is observed.
    PatientUnderObservation,
}

impl ProcessChange {
    /// The key of its event.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Changed => SURGICAL_PROCESS_CHANGED,
            Self::Completed => SURGICAL_PROCESS_COMPLETED,
            Self::Reopened => SURGICAL_PROCESS_REOPENED,
            Self::Voided => SURGICAL_PROCESS_VOIDED,
            Self::Settled => SURGICAL_PROCESS_SETTLED,
        }
    }
}

impl SurgicalProcessEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        let change = match &*key {
            SURGICAL_PROCESS_CHANGED => ProcessChange::Changed,
            SURGICAL_PROCESS_COMPLETED => ProcessChange::Completed,
            SURGICAL_PROCESS_REOPENED => ProcessChange::Reopened,
            SURGICAL_PROCESS_VOIDED => ProcessChange::Voided,
            SURGICAL_PROCESS_SETTLED => ProcessChange::Settled,
            _ => return Err(unknown_key(record, &key)),
        };
        let (process, date_time) = read_basic(record, &key)?;
        Ok(Self { change, process, date_time })
    }

    /// Makes the record to publish; its aggregate is the patient.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let label = Label {
            topic: TOPIC,
            key: self.change.key(),
            aggregate: &self.process.patient_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&self.process)
    }
}

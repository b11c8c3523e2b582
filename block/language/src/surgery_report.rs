//! `surgery-report-events`: what people do to the reports of surgeries. Ids and times only; the
//! texts are read by the routes of the report, which know who may.

use chiron_broker::{NewRecord, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "surgery-report-events";
/// Key of a text that somebody added to a report.
pub const SURGERY_REPORT_ADDED_TO: &str = "SURGERY_REPORT_ADDED_TO";
/// Key of a signature.
pub const SURGERY_REPORT_SIGNED: &str = "SURGERY_REPORT_SIGNED";

/// One event of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurgeryReportEvent {
    /// What was done.
    pub act: ReportAct,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What was done to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportAct {
    /// Somebody added a text.
    AddedTo(ReportAddition),
    /// Somebody signed.
    Signed(ReportSignature),
}

/// Data of [`SURGERY_REPORT_ADDED_TO`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportAddition {
    /// The process that the report is of.
    pub process_id: String,
    /// Its patient.
    pub patient_id: String,
    /// Its booking; `None` for an emergency that none joined.
    pub surgery_id: Option<String>,
    /// The revision of the report after it.
    pub revision: u32,
    /// The version that it made.
    pub version: u32,
    /// The user who added.
    pub author: String,
}

/// Data of [`SURGERY_REPORT_SIGNED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportSignature {
    /// The process that the report is of.
    pub process_id: String,
    /// Its patient.
    pub patient_id: String,
    /// Its booking; `None` for an emergency that none joined.
    pub surgery_id: Option<String>,
    /// The revision of the report after it.
    pub revision: u32,
    /// The version that it pins.
    pub version: u32,
    /// The user who signed.
    pub signed_by: String,
    /// SHA-256 of the JSON of that version, in hexadecimal.
    pub content_hash: String,
}

impl SurgeryReportEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        let (act, date_time) = match &*key {
            SURGERY_REPORT_ADDED_TO => {
                let (data, at) = read_basic(record, &key)?;
                (ReportAct::AddedTo(data), at)
            }
            SURGERY_REPORT_SIGNED => {
                let (data, at) = read_basic(record, &key)?;
                (ReportAct::Signed(data), at)
            }
            _ => return Err(unknown_key(record, &key)),
        };
        Ok(Self { act, date_time })
    }

    /// Makes the record to publish; its aggregate is the patient.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let at = self.date_time;
        match self.act {
            ReportAct::AddedTo(data) => {
                let (aggregate, key) = (&data.patient_id, SURGERY_REPORT_ADDED_TO);
                Label { topic: TOPIC, key, aggregate, ce_id, source, at }.write_basic(&data)
            }
            ReportAct::Signed(data) => {
                let (aggregate, key) = (&data.patient_id, SURGERY_REPORT_SIGNED);
                Label { topic: TOPIC, key, aggregate, ce_id, source, at }.write_basic(&data)
            }
        }
    }
}

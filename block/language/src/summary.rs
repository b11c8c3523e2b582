//! `process-summary-events`: everything about a process that ended, in one event. Lists of timed
//! values are lists of pairs `{first, second}`, as in the contract.

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    surgical_process::{ProcessState, ProcessStep},
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "process-summary-events";
/// The only key.
pub const SURGERY_REPORT_EVENT: &str = "SURGERY_REPORT_EVENT";

/// One event of the topic.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryEvent {
    /// The process.
    pub summary: ProcessSummary,
    /// When it was told, in milliseconds.
    pub date_time: Timestamp,
}

/// A process from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessSummary {
    /// The process.
    pub process_id: String,
    /// Type of surgery of the booking, or `Emergency`.
    pub process_type: String,
    /// The patient.
    pub patient_id: String,
    /// The patient's tax code, when known.
    pub patient_tax_code: Option<String>,
    /// The professional responsible, when known.
    pub health_professional_id: Option<String>,
    /// Room before surgery; `None` when there was none.
    pub pre_operating_room_id: Option<String>,
    /// Theatre; `None` when there was none.
    pub operating_room_id: Option<String>,
    /// States, by time.
    pub process_states: Vec<Timed<ProcessState>>,
    /// Steps, by time.
    pub process_steps: Vec<Timed<ProcessStep>>,
    /// Cumulative snapshots of the vital signs, by time.
    pub patient_medical_data: Vec<Timed<MedicalData>>,
    /// Devices implanted.
    pub medical_device_usage: Vec<DeviceUsage>,
    /// Technologies used, by time.
    pub medical_technology_usage: Vec<Timed<TechnologyUsage>>,
}

/// A value and the instant from which it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed<T> {
    /// From when.
    #[serde(with = "text")]
    pub first: Timestamp,
    /// What.
    pub second: T,
}

/// The vital signs known at one instant; `None` for those not yet measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MedicalData {
    /// Heart beat.
    pub heart_beat: Option<HeartBeat>,
    /// Diastolic blood pressure.
    pub diastolic_blood_pressure: Option<Pressure>,
    /// Systolic blood pressure.
    pub systolic_blood_pressure: Option<Pressure>,
    /// Respiratory rate.
    pub respiratory_rate: Option<RespiratoryRate>,
    /// Oxygen saturation.
    pub saturation_percentage: Option<Saturation>,
    /// Body temperature.
    pub body_temperature: Option<BodyTemperature>,
}

/// A heart beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartBeat {
    /// Beats per minute.
    pub bpm: i64,
}

/// A blood pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressure {
    /// Millimetres of mercury.
    pub pressure: i64,
}

/// A respiratory rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RespiratoryRate {
    /// Breaths per minute.
    pub rate: i64,
}

/// An oxygen saturation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saturation {
    /// Percent.
    pub percentage: i64,
}

/// A body temperature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BodyTemperature {
    /// Degrees.
    pub degree: f64,
    /// Of which scale.
    pub unit: TemperatureUnit,
}

/// Scales of temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemperatureUnit {
    /// Degrees Celsius.
    Celsius,
}

/// An id, wrapped as in the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id {
    /// The id.
    pub id: String,
}

/// A device implanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUsage {
    /// The device.
    pub id: Id,
    /// Its kind.
    #[serde(rename = "type")]
    pub device_type: DeviceType,
}

/// Kinds of implantable devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceType {
    /// A pacemaker.
    PaceMaker,
    /// A catheter.
    Catheter,
}

/// A technology that came into use or out of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TechnologyUsage {
    /// The technology.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its description, if it has one.
    pub description: Option<String>,
    /// Its kind.
    #[serde(rename = "type")]
    pub technology_type: TechnologyType,
    /// Whether it is in use from then on.
    pub in_use: bool,
}

/// Kinds of technologies, in the spelling of this topic (`X_RAY`, elsewhere `XRAY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TechnologyType {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    XRay,
}

impl SummaryEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        if key != SURGERY_REPORT_EVENT {
            return Err(unknown_key(record, &key));
        }
        let (summary, date_time) = read_basic(record, &key)?;
        Ok(Self { summary, date_time })
    }

    /// Makes the record to publish; its aggregate is the process.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let label = Label {
            topic: TOPIC,
            key: SURGERY_REPORT_EVENT,
            aggregate: &self.summary.process_id,
            ce_id,
            source,
            at: self.date_time,
        };
        label.write_basic(&self.summary)
    }
}

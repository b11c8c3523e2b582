//! `process-events`: what happens to a patient in the block, and what is used on them.

use chiron_broker::{NewRecord, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    room::RoomType,
    wire::{Label, NotWritten, key_of, read_basic, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "process-events";
/// Key of [`ProcessFact::PatientTracked`].
pub const PATIENT_TRACKED_EVENT: &str = "PATIENT_TRACKED_EVENT";
/// Key of [`ProcessFact::PatientOnOperatingBed`].
pub const PATIENT_ON_OB_EVENT: &str = "PATIENT_ON_OB_EVENT";
/// Key of [`ProcessFact::MedicalDeviceUsage`].
pub const MEDICAL_DEVICE_USAGE_EVENT: &str = "MEDICAL_DEVICE_USAGE_EVENT";
/// Key of [`ProcessFact::MedicalTechnologyUsage`].
pub const MEDICAL_TECHNOLOGY_USAGE_EVENT: &str = "MEDICAL_TECHNOLOGY_USAGE_EVENT";
/// Key of [`VitalSign::HeartBeat`].
pub const PATIENT_HEARTBEAT_UPDATE_EVENT: &str = "PATIENT_HEARTBEAT_UPDATE_EVENT";
/// Key of [`VitalSign::DiastolicBloodPressure`].
pub const PATIENT_DIASTOLIC_PRESSURE_UPDATE_EVENT: &str = "PATIENT_DIASTOLIC_PRESSURE_UPDATE_EVENT";
/// Key of [`VitalSign::SystolicBloodPressure`].
pub const PATIENT_SYSTOLIC_PRESSURE_UPDATE_EVENT: &str = "PATIENT_SYSTOLIC_PRESSURE_UPDATE_EVENT";
/// Key of [`VitalSign::RespiratoryRate`].
pub const PATIENT_RESPIRATORY_RATE_UPDATE_EVENT: &str = "PATIENT_RESPIRATORY_RATE_UPDATE_EVENT";
/// Key of [`VitalSign::SaturationPercentage`].
pub const PATIENT_SATURATION_UPDATE_EVENT: &str = "PATIENT_SATURATION_UPDATE_EVENT";
/// Key of [`VitalSign::BodyTemperature`].
pub const PATIENT_BODY_TEMPERATURE_UPDATE_EVENT: &str = "PATIENT_BODY_TEMPERATURE_UPDATE_EVENT";

/// One event of the topic.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessEvent {
    /// What happened.
    pub fact: ProcessFact,
    /// When, in milliseconds.
    pub date_time: Timestamp,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum ProcessFact {
    /// A patient passed the door of a room.
    PatientTracked {
        /// The patient.
        patient_id: String,
        /// The room.
        room_id: String,
        /// Whether they entered; else they left.
        entered: bool,
        /// Kind of the room.
        room_type: RoomType,
    },
    /// A patient was laid on the operating table.
    PatientOnOperatingBed {
        /// The patient.
        patient_id: String,
    },
    /// An implantable device was used in a process.
    MedicalDeviceUsage {
        /// The device.
        medical_device_id: String,
        /// The process.
        process_id: String,
    },
    /// A technology came into use or out of use.
    MedicalTechnologyUsage {
        /// The technology.
        medical_technology_id: String,
        /// Whether it is in use from now on.
        in_use: bool,
    },
    /// A vital sign of a patient was measured.
    VitalSign {
        /// The patient.
        patient_id: String,
        /// Quantity and value.
        sign: VitalSign,
    },
}

/// A vital sign; ranges are the consumer's affair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VitalSign {
    /// Beats per minute.
    HeartBeat(i64),
    /// Millimetres of mercury.
    DiastolicBloodPressure(i64),
    /// Millimetres of mercury.
    SystolicBloodPressure(i64),
    /// Breaths per minute.
    RespiratoryRate(i64),
    /// Percent.
    SaturationPercentage(i64),
    /// Degrees Celsius.
    BodyTemperature(f64),
}

impl ProcessFact {
    /// The key of its event.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::PatientTracked { .. } => PATIENT_TRACKED_EVENT,
            Self::PatientOnOperatingBed { .. } => PATIENT_ON_OB_EVENT,
            Self::MedicalDeviceUsage { .. } => MEDICAL_DEVICE_USAGE_EVENT,
            Self::MedicalTechnologyUsage { .. } => MEDICAL_TECHNOLOGY_USAGE_EVENT,
            Self::VitalSign { sign, .. } => sign.key(),
        }
    }

    /// What its events are kept in order by: the patient, the process, the technology.
    pub fn aggregate(&self) -> &str {
        match self {
            Self::PatientTracked { patient_id, .. }
            | Self::PatientOnOperatingBed { patient_id }
            | Self::VitalSign { patient_id, .. } => patient_id,
            Self::MedicalDeviceUsage { process_id, .. } => process_id,
            Self::MedicalTechnologyUsage { medical_technology_id, .. } => medical_technology_id,
        }
    }
}

impl VitalSign {
    /// The key of its event.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::HeartBeat(_) => PATIENT_HEARTBEAT_UPDATE_EVENT,
            Self::DiastolicBloodPressure(_) => PATIENT_DIASTOLIC_PRESSURE_UPDATE_EVENT,
            Self::SystolicBloodPressure(_) => PATIENT_SYSTOLIC_PRESSURE_UPDATE_EVENT,
            Self::RespiratoryRate(_) => PATIENT_RESPIRATORY_RATE_UPDATE_EVENT,
            Self::SaturationPercentage(_) => PATIENT_SATURATION_UPDATE_EVENT,
            Self::BodyTemperature(_) => PATIENT_BODY_TEMPERATURE_UPDATE_EVENT,
        }
    }
}

impl ProcessEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        let (fact, date_time) = match &*key {
            PATIENT_TRACKED_EVENT => {
                let (data, at) = read_basic::<PatientTracked>(record, &key)?;
                let PatientTracked { patient_id, room_id, entered, room_type } = data;
                (ProcessFact::PatientTracked { patient_id, room_id, entered, room_type }, at)
            }
            PATIENT_ON_OB_EVENT => {
                let (OnOperatingBed { patient_id }, at) = read_basic(record, &key)?;
                (ProcessFact::PatientOnOperatingBed { patient_id }, at)
            }
            MEDICAL_DEVICE_USAGE_EVENT => {
                let (DeviceUsage { medical_device_id, process_id }, at) = read_basic(record, &key)?;
                (ProcessFact::MedicalDeviceUsage { medical_device_id, process_id }, at)
            }
            MEDICAL_TECHNOLOGY_USAGE_EVENT => {
                let (TechnologyUsage { medical_technology_id, in_use }, at) =
                    read_basic(record, &key)?;
                (ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use }, at)
            }
            PATIENT_HEARTBEAT_UPDATE_EVENT => {
                sign(record, &key, |data: HeartBeat| VitalSign::HeartBeat(data.heartbeat))?
            }
            PATIENT_DIASTOLIC_PRESSURE_UPDATE_EVENT => sign(record, &key, |data: Pressure| {
                VitalSign::DiastolicBloodPressure(data.pressure)
            })?,
            PATIENT_SYSTOLIC_PRESSURE_UPDATE_EVENT => sign(record, &key, |data: Pressure| {
                VitalSign::SystolicBloodPressure(data.pressure)
            })?,
            PATIENT_RESPIRATORY_RATE_UPDATE_EVENT => {
                sign(record, &key, |data: Rate| VitalSign::RespiratoryRate(data.rate))?
            }
            PATIENT_SATURATION_UPDATE_EVENT => sign(record, &key, |data: Saturation| {
                VitalSign::SaturationPercentage(data.saturation)
            })?,
            PATIENT_BODY_TEMPERATURE_UPDATE_EVENT => sign(record, &key, |data: Temperature| {
                VitalSign::BodyTemperature(data.temperature)
            })?,
            _ => return Err(unknown_key(record, &key)),
        };
        Ok(Self { fact, date_time })
    }

    /// Makes the record to publish; its aggregate is [`ProcessFact::aggregate`].
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let Self { fact, date_time } = self;
        let aggregate = fact.aggregate().to_owned();
        let label = Label {
            topic: TOPIC,
            key: fact.key(),
            aggregate: &aggregate,
            ce_id,
            source,
            at: date_time,
        };
        match fact {
            ProcessFact::PatientTracked { patient_id, room_id, entered, room_type } => {
                label.write_basic(PatientTracked { patient_id, room_id, entered, room_type })
            }
            ProcessFact::PatientOnOperatingBed { patient_id } => {
                label.write_basic(OnOperatingBed { patient_id })
            }
            ProcessFact::MedicalDeviceUsage { medical_device_id, process_id } => {
                label.write_basic(DeviceUsage { medical_device_id, process_id })
            }
            ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use } => {
                label.write_basic(TechnologyUsage { medical_technology_id, in_use })
            }
            ProcessFact::VitalSign { patient_id, sign } => match sign {
                VitalSign::HeartBeat(heartbeat) => {
                    label.write_basic(OfPatient { patient_id, data: HeartBeat { heartbeat } })
                }
                VitalSign::DiastolicBloodPressure(pressure)
                | VitalSign::SystolicBloodPressure(pressure) => {
                    label.write_basic(OfPatient { patient_id, data: Pressure { pressure } })
                }
                VitalSign::RespiratoryRate(rate) => {
                    label.write_basic(OfPatient { patient_id, data: Rate { rate } })
                }
                VitalSign::SaturationPercentage(saturation) => {
                    label.write_basic(OfPatient { patient_id, data: Saturation { saturation } })
                }
                VitalSign::BodyTemperature(temperature) => {
                    label.write_basic(OfPatient { patient_id, data: Temperature { temperature } })
                }
            },
        }
    }
}

fn sign<D: for<'de> Deserialize<'de>>(
    record: &Record,
    key: &str,
    sign: impl FnOnce(D) -> VitalSign,
) -> Result<(ProcessFact, Timestamp), Rejection> {
    let (OfPatient { patient_id, data }, at) = read_basic(record, key)?;
    Ok((ProcessFact::VitalSign { patient_id, sign: sign(data) }, at))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PatientTracked {
    patient_id: String,
    room_id: String,
    entered: bool,
    room_type: RoomType,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnOperatingBed {
    patient_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceUsage {
    #[serde(rename = "medicalDeviceID")]
    medical_device_id: String,
    process_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TechnologyUsage {
    #[serde(rename = "medicalTechnologyID")]
    medical_technology_id: String,
    in_use: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfPatient<D> {
    patient_id: String,
    data: D,
}

#[derive(Serialize, Deserialize)]
struct HeartBeat {
    heartbeat: i64,
}

#[derive(Serialize, Deserialize)]
struct Pressure {
    pressure: i64,
}

#[derive(Serialize, Deserialize)]
struct Rate {
    rate: i64,
}

#[derive(Serialize, Deserialize)]
struct Saturation {
    saturation: i64,
}

#[derive(Serialize, Deserialize)]
struct Temperature {
    temperature: f64,
}

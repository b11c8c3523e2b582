//! The report as it is written and kept.
//!
//! The fields of the contract keep their names, capitals included; what is new stands behind
//! them. The same form is the row in the database: a report is a document, and there is no second
//! opinion about its shape. Objects have a fixed order, so the same report has the same bytes.

mod figures;
mod parts;
mod translation;

use std::collections::BTreeMap;

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use self::parts::*;

/// Two enums with the same meaning, both ways.
macro_rules! same {
    ($wire:ty, $domain:ty { $($theirs:ident = $ours:ident),* $(,)? }) => {
        impl From<$domain> for $wire {
            fn from(it: $domain) -> Self {
                match it { $(<$domain>::$ours => Self::$theirs,)* }
            }
        }
        impl From<$wire> for $domain {
            fn from(it: $wire) -> Self {
                match it { $(<$wire>::$theirs => Self::$ours,)* }
            }
        }
    };
}
pub(crate) use same;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportV1 {
    /// The process that it is of.
    #[serde(rename = "surgicalProcessID")]
    pub surgical_process_id: String,
    /// When the process began.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub surgery_date: Timestamp,
    /// What was operated.
    pub surgical_process_description: String,
    /// The patient.
    #[serde(rename = "patientID")]
    pub patient_id: String,
    /// Every room the patient was in, each once, by first entry.
    pub rooms_involved: Vec<RoomV1>,
    /// Who is in charge.
    #[serde(rename = "inChargeHealthProfessionalID")]
    pub in_charge_health_professional_id: Option<String>,
    /// Who the patient is.
    pub healthcare_user: Option<HealthcareUserV1>,
    /// Each step once.
    pub step_data: BTreeMap<StepNameV1, StepV1>,
    /// Implanted devices, by id.
    pub consumed_implantable_medical_device: Vec<DeviceV1>,
    /// Uses of technologies, by time.
    pub medical_technology_usage_data: Vec<UsageV1>,
    /// Movements of professionals in the rooms involved from start to end, by time.
    pub health_professional_tracking_information: Vec<MovementV1>,
    /// The newest text that somebody added; empty when nobody did.
    pub additional_data: String,
    /// The booked surgery.
    pub surgery_id: Option<String>,
    /// How the process ended; null while it is open.
    pub final_state: Option<FinalStateV1>,
    /// When the process ended; null while it is open.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end_date_time: Option<Timestamp>,
    /// Whether nothing that happens changes the report any more.
    pub settled: bool,
    /// Whether nothing is missing.
    pub complete: bool,
    /// What is missing.
    pub missing: Vec<MissingV1>,
    /// Technologies already in use when the patient came.
    pub technologies_in_use_at_entry: Vec<InUseAtEntryV1>,
    /// Who was inside the rooms since before the start.
    pub health_professionals_present_at_start: Vec<PresentAtStartV1>,
    /// Each interval of a step, in order.
    pub steps: Vec<IntervalV1>,
    /// SHA-256 of the curves that the charts of this version are drawn from, in hexadecimal.
    pub curves_digest: String,
}

/// What the list of reports shows of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportEntryV1 {
    /// The process that it is of.
    #[serde(rename = "surgicalProcessID")]
    pub surgical_process_id: String,
    /// The patient.
    pub patient_id: String,
    /// The patient's first name, when known.
    pub patient_name: Option<String>,
    /// The patient's family name, when known.
    pub patient_surname: Option<String>,
    /// What was operated.
    pub surgical_process_description: String,
    /// When the process began.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub surgery_date: Timestamp,
    /// The booked surgery.
    pub surgery_id: Option<String>,
    /// How the process ended; null while it is open.
    pub final_state: Option<FinalStateV1>,
    /// When the process ended; null while it is open.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end_date_time: Option<Timestamp>,
    /// Whether nothing that happens changes the report any more.
    pub settled: bool,
    /// Whether nothing is missing.
    pub complete: bool,
    /// What is missing.
    pub missing: Vec<MissingV1>,
}

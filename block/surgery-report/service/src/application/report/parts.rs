//! What a report lists besides figures: rooms, people, steps, devices, technologies, movements.

use std::collections::BTreeMap;

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgery_report_domain::entity::{
    process::{DeviceKind, EmptyId, FinalState, RoomKind, Step, TechnologyKind},
    report::{Missing, Passage, Place},
};
use utoipa::ToSchema;

use super::{
    figures::{EnvironmentAggregatesV1, VitalSignAggregatesV1},
    same,
};

/// A room of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RoomV1 {
    /// Its id.
    pub id: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: RoomKindV1,
}

/// The kinds of rooms; also the places of a step's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RoomKindV1 {
    /// For before and after the surgery.
    PreOperatingRoom,
    /// A theatre.
    OperatingRoom,
}

/// Who the patient is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HealthcareUserV1 {
    /// Tax code.
    pub tax_code: String,
    /// First name.
    pub name: String,
    /// Family name.
    pub surname: String,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StepNameV1 {
    PatientInPreparation,
    PatientOnOperatingTable,
    Anesthesia,
    SurgeryInProgress,
    EndOfSurgery,
    PatientUnderObservation,
}

/// What a report says of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepV1 {
    /// When it began.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub start_date_time: Timestamp,
    /// When it ended; null for the last step of an open process.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub stop_date_time: Option<Timestamp>,
    /// The patient's vital signs.
    pub patient_vital_sign_aggregate_data: VitalSignAggregatesV1,
    /// The rooms by their part in the process.
    pub environmental_aggregate_data: BTreeMap<RoomKindV1, EnvironmentAggregatesV1>,
    /// Every room of the process, by id.
    pub environment_by_room: BTreeMap<String, EnvironmentAggregatesV1>,
}

/// One interval of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct IntervalV1 {
    /// The step.
    pub step: StepNameV1,
    /// What is to be said of it.
    #[serde(flatten)]
    pub data: StepV1,
}

/// An implanted device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct DeviceV1 {
    /// Its id.
    pub id: String,
    /// Its kind; null when nobody could tell.
    #[serde(rename = "type")]
    pub kind: Option<DeviceKindV1>,
}

/// The kinds of implanted devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DeviceKindV1 {
    /// A catheter.
    Catheter,
    /// A pacemaker.
    Pacemaker,
}

/// The kinds of technologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TechnologyKindV1 {
    /// An endoscope.
    Endoscope,
    /// An x-ray machine.
    #[serde(alias = "X_RAY")]
    Xray,
}

/// A use of a technology that began or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageV1 {
    /// When.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub date_time: Timestamp,
    /// Which technology, and whether it is in use from then on.
    pub medical_technology: MedicalTechnologyV1,
}

/// A technology and whether it is in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MedicalTechnologyV1 {
    /// Its id.
    pub id: String,
    /// Its name; empty when nobody could tell.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its kind; null when nobody could tell.
    #[serde(rename = "type")]
    pub kind: Option<TechnologyKindV1>,
    /// Whether it is in use.
    pub in_use: bool,
}

/// A passage of a professional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovementV1 {
    /// When.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub date_time: Timestamp,
    /// Who.
    pub health_professional_id: String,
    /// Which room.
    #[serde(rename = "roomID")]
    pub room_id: String,
    /// In or out.
    pub track_type: PassageV1,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PassageV1 {
    /// Into the room.
    Enter,
    /// Out of the room.
    Exit,
}

/// A technology already in use when the patient came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InUseAtEntryV1 {
    /// Its id.
    pub id: String,
    /// Its name; empty when nobody could tell.
    pub name: String,
    /// Its kind; null when nobody could tell.
    #[serde(rename = "type")]
    pub kind: Option<TechnologyKindV1>,
    /// The room.
    pub room_id: String,
}

/// A professional who was inside since before the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PresentAtStartV1 {
    /// Who.
    pub health_professional_id: String,
    /// Which room.
    pub room_id: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FinalStateV1 {
    /// Before its time.
    Interrupted,
    /// As it should.
    Terminated,
}

/// What a report lacks: its end, or what a service would have told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MissingV1 {
    End,
    BuildingManagement,
    PatientManagementIntegration,
    StaffTracking,
    SurgicalProcessMonitoring,
}

/// A stored report that cannot be read back. Only a program that wrote another form can cause it.
#[derive(Debug, thiserror::Error)]
#[error("a stored report cannot be read")]
pub(crate) struct UnreadableReport(#[from] EmptyId);

same!(RoomKindV1, RoomKind { PreOperatingRoom = PreOperating, OperatingRoom = Operating });
same!(RoomKindV1, Place { PreOperatingRoom = PreOperatingRoom, OperatingRoom = OperatingRoom });
same!(DeviceKindV1, DeviceKind { Catheter = Catheter, Pacemaker = Pacemaker });
same!(TechnologyKindV1, TechnologyKind { Endoscope = Endoscope, Xray = Xray });
same!(PassageV1, Passage { Enter = Enter, Exit = Exit });
same!(FinalStateV1, FinalState { Interrupted = Interrupted, Terminated = Terminated });
same!(
    StepNameV1,
    Step {
        PatientInPreparation = PatientInPreparation,
        PatientOnOperatingTable = PatientOnOperatingTable,
        Anesthesia = Anesthesia,
        SurgeryInProgress = SurgeryInProgress,
        EndOfSurgery = EndOfSurgery,
        PatientUnderObservation = PatientUnderObservation,
    }
);
same!(
    MissingV1,
    Missing {
        End = End,
        BuildingManagement = BuildingManagement,
        PatientManagementIntegration = PatientManagement,
        StaffTracking = StaffTracking,
        SurgicalProcessMonitoring = SurgicalProcessMonitoring,
    }
);

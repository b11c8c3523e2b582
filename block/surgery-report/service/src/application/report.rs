//! The report as it is written and kept.
//!
//! The fields of the contract keep their names, capitals included; what is new stands behind
//! them. The same form is the row in the database: a report is a document, and there is no second
//! opinion about its shape. Objects have a fixed order, so the same report has the same bytes.

use std::collections::BTreeMap;

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgery_report_domain::entity::{
    process::{
        Device, DeviceId, DeviceKind, EmptyId, FinalState, InUseAtEntry, PatientId, ProcessId,
        ProfessionalId, RoomId, RoomKind, Step, SurgeryId, TaxCode, Technology, TechnologyId,
        TechnologyKind, Usage,
    },
    report::{
        HealthcareUser, Missing, Movement, Passage, Place, PresentAtStart, Report, StepReport,
    },
    sample::{Climate, VitalSign},
    statistics::{Aggregates, Inside, Number, Summary},
};
use utoipa::ToSchema;

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

/// An integer where the quantity has integers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NumberV1 {
    /// Cut, not rounded.
    Whole(i64),
    /// To eight places.
    Decimal(f64),
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TemperatureV1 {
    /// The number.
    pub value: NumberV1,
    /// Its unit.
    pub unit: CelsiusV1,
}

/// The unit of temperatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum CelsiusV1 {
    /// Degrees Celsius.
    #[serde(rename = "CELSIUS")]
    Celsius,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LuminosityV1 {
    /// The number.
    pub value: NumberV1,
    /// Its unit.
    pub unit: LuxV1,
}

/// The unit of luminosities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum LuxV1 {
    /// Lux.
    #[serde(rename = "LUX")]
    Lux,
}

/// One figure of each vital sign; null when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignsV1 {
    /// Beats a minute.
    pub heart_beat: Option<NumberV1>,
    /// Millimetres of mercury.
    pub diastolic_blood_pressure: Option<NumberV1>,
    /// Millimetres of mercury.
    pub systolic_blood_pressure: Option<NumberV1>,
    /// Breaths a minute.
    pub respiratory_rate: Option<NumberV1>,
    /// Percent.
    pub saturation_percentage: Option<NumberV1>,
    /// Degrees Celsius.
    pub body_temperature: Option<TemperatureV1>,
}

/// One figure of each quantity of a room; null when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentV1 {
    /// Degrees Celsius.
    pub temperature: Option<TemperatureV1>,
    /// Percent.
    pub humidity: Option<NumberV1>,
    /// Lux.
    pub luminosity: Option<LuminosityV1>,
    /// Always null: presence has no figures.
    pub presence: Option<bool>,
}

/// Time-weighted figures of a room; null when no value was in force.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentInForceV1 {
    /// Degrees Celsius.
    pub temperature: Option<TemperatureV1>,
    /// Percent.
    pub humidity: Option<NumberV1>,
    /// Lux.
    pub luminosity: Option<LuminosityV1>,
}

/// The samples behind the figures of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SamplesV1 {
    /// How many were measured inside.
    pub count: u64,
    /// When the first was measured.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first: Option<Timestamp>,
    /// When the last was measured.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// For how long a value was in force, in seconds.
    pub seconds_covered: f64,
}

/// The samples of each vital sign.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignSamplesV1 {
    pub heart_beat: SamplesV1,
    pub diastolic_blood_pressure: SamplesV1,
    pub systolic_blood_pressure: SamplesV1,
    pub respiratory_rate: SamplesV1,
    pub saturation_percentage: SamplesV1,
    pub body_temperature: SamplesV1,
}

/// The samples of each quantity of a room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentSamplesV1 {
    pub temperature: SamplesV1,
    pub humidity: SamplesV1,
    pub luminosity: SamplesV1,
}

/// The figures of vital signs over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignAggregatesV1 {
    /// Means of the samples.
    pub average: VitalSignsV1,
    /// Deviations of the population.
    pub std: VitalSignsV1,
    /// Greatest values.
    pub maximum: VitalSignsV1,
    /// Smallest values.
    pub minimum: VitalSignsV1,
    /// Means over the time in which a value was in force; decimals for all.
    pub time_weighted_average: VitalSignsV1,
    /// The samples behind the figures.
    pub samples: VitalSignSamplesV1,
}

/// The figures of a room over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvironmentAggregatesV1 {
    /// Means of the samples.
    pub average: EnvironmentV1,
    /// Deviations of the population.
    pub std: EnvironmentV1,
    /// Greatest values.
    pub maximum: EnvironmentV1,
    /// Smallest values.
    pub minimum: EnvironmentV1,
    /// Means over the time in which a value was in force.
    pub time_weighted_average: EnvironmentInForceV1,
    /// The samples behind the figures.
    pub samples: EnvironmentSamplesV1,
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

impl From<Number> for NumberV1 {
    fn from(number: Number) -> Self {
        match number {
            Number::Whole(whole) => Self::Whole(whole),
            Number::Decimal(decimal) => Self::Decimal(decimal),
        }
    }
}

impl From<NumberV1> for Number {
    fn from(number: NumberV1) -> Self {
        match number {
            NumberV1::Whole(whole) => Self::Whole(whole),
            NumberV1::Decimal(decimal) => Self::Decimal(decimal),
        }
    }
}

impl TemperatureV1 {
    fn of(number: Option<Number>) -> Option<Self> {
        number.map(|number| Self { value: number.into(), unit: CelsiusV1::Celsius })
    }
}

impl LuminosityV1 {
    fn of(number: Option<Number>) -> Option<Self> {
        number.map(|number| Self { value: number.into(), unit: LuxV1::Lux })
    }
}

/// Which figure of a summary an object shows.
type Pick = fn(&Summary) -> Option<Number>;

const AVERAGE: Pick = |summary| summary.inside.map(|inside| inside.average);
const STD: Pick = |summary| summary.inside.map(|inside| inside.std);
const MAXIMUM: Pick = |summary| summary.inside.map(|inside| inside.maximum);
const MINIMUM: Pick = |summary| summary.inside.map(|inside| inside.minimum);
const IN_FORCE: Pick = |summary| summary.time_weighted_average.map(Number::Decimal);

impl VitalSignsV1 {
    fn of(aggregates: &Aggregates<VitalSign>, pick: Pick) -> Self {
        let figure = |quantity| pick(&aggregates.get(quantity));
        let number = |quantity| figure(quantity).map(NumberV1::from);
        Self {
            heart_beat: number(VitalSign::HeartBeat),
            diastolic_blood_pressure: number(VitalSign::DiastolicBloodPressure),
            systolic_blood_pressure: number(VitalSign::SystolicBloodPressure),
            respiratory_rate: number(VitalSign::RespiratoryRate),
            saturation_percentage: number(VitalSign::SaturationPercentage),
            body_temperature: TemperatureV1::of(figure(VitalSign::BodyTemperature)),
        }
    }

    fn get(&self, quantity: VitalSign) -> Option<NumberV1> {
        match quantity {
            VitalSign::HeartBeat => self.heart_beat,
            VitalSign::DiastolicBloodPressure => self.diastolic_blood_pressure,
            VitalSign::SystolicBloodPressure => self.systolic_blood_pressure,
            VitalSign::RespiratoryRate => self.respiratory_rate,
            VitalSign::SaturationPercentage => self.saturation_percentage,
            VitalSign::BodyTemperature => self.body_temperature.map(|it| it.value),
        }
    }
}

impl EnvironmentV1 {
    fn of(aggregates: &Aggregates<Climate>, pick: Pick) -> Self {
        let EnvironmentInForceV1 { temperature, humidity, luminosity } =
            EnvironmentInForceV1::of(aggregates, pick);
        Self { temperature, humidity, luminosity, presence: None }
    }

    fn get(&self, quantity: Climate) -> Option<NumberV1> {
        let Self { temperature, humidity, luminosity, .. } = *self;
        EnvironmentInForceV1 { temperature, humidity, luminosity }.get(quantity)
    }
}

impl EnvironmentInForceV1 {
    fn of(aggregates: &Aggregates<Climate>, pick: Pick) -> Self {
        let figure = |quantity| pick(&aggregates.get(quantity));
        Self {
            temperature: TemperatureV1::of(figure(Climate::Temperature)),
            humidity: figure(Climate::Humidity).map(NumberV1::from),
            luminosity: LuminosityV1::of(figure(Climate::Luminosity)),
        }
    }

    fn get(&self, quantity: Climate) -> Option<NumberV1> {
        match quantity {
            Climate::Temperature => self.temperature.map(|it| it.value),
            Climate::Humidity => self.humidity,
            Climate::Luminosity => self.luminosity.map(|it| it.value),
        }
    }
}

impl SamplesV1 {
    fn of(summary: Summary) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a surgery has far fewer than 2^52 ms")]
        let seconds_covered = summary.covered_ms as f64 / 1000.0;
        Self {
            count: summary.inside.map_or(0, |inside| inside.count),
            first: summary.inside.map(|inside| inside.first),
            last: summary.inside.map(|inside| inside.last),
            seconds_covered,
        }
    }

    /// Puts a summary together again from what is shown of it.
    fn with(
        &self,
        [average, std, maximum, minimum]: [Option<NumberV1>; 4],
        in_force: Option<NumberV1>,
    ) -> Summary {
        let inside = || {
            Some(Inside {
                count: self.count,
                first: self.first?,
                last: self.last?,
                average: average?.into(),
                std: std?.into(),
                maximum: maximum?.into(),
                minimum: minimum?.into(),
            })
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "written from an unsigned integer"
        )]
        let covered_ms = (self.seconds_covered * 1000.0).round() as u64;
        let time_weighted_average = in_force.map(|number| match number {
            #[expect(clippy::cast_precision_loss, reason = "written from a decimal")]
            NumberV1::Whole(whole) => whole as f64,
            NumberV1::Decimal(decimal) => decimal,
        });
        Summary { inside: inside(), time_weighted_average, covered_ms }
    }
}

impl From<&Aggregates<VitalSign>> for VitalSignAggregatesV1 {
    fn from(aggregates: &Aggregates<VitalSign>) -> Self {
        let samples = |quantity| SamplesV1::of(aggregates.get(quantity));
        Self {
            average: VitalSignsV1::of(aggregates, AVERAGE),
            std: VitalSignsV1::of(aggregates, STD),
            maximum: VitalSignsV1::of(aggregates, MAXIMUM),
            minimum: VitalSignsV1::of(aggregates, MINIMUM),
            time_weighted_average: VitalSignsV1::of(aggregates, IN_FORCE),
            samples: VitalSignSamplesV1 {
                heart_beat: samples(VitalSign::HeartBeat),
                diastolic_blood_pressure: samples(VitalSign::DiastolicBloodPressure),
                systolic_blood_pressure: samples(VitalSign::SystolicBloodPressure),
                respiratory_rate: samples(VitalSign::RespiratoryRate),
                saturation_percentage: samples(VitalSign::SaturationPercentage),
                body_temperature: samples(VitalSign::BodyTemperature),
            },
        }
    }
}

impl From<&VitalSignAggregatesV1> for Aggregates<VitalSign> {
    fn from(wire: &VitalSignAggregatesV1) -> Self {
        let samples = |quantity| match quantity {
            VitalSign::HeartBeat => wire.samples.heart_beat,
            VitalSign::DiastolicBloodPressure => wire.samples.diastolic_blood_pressure,
            VitalSign::SystolicBloodPressure => wire.samples.systolic_blood_pressure,
            VitalSign::RespiratoryRate => wire.samples.respiratory_rate,
            VitalSign::SaturationPercentage => wire.samples.saturation_percentage,
            VitalSign::BodyTemperature => wire.samples.body_temperature,
        };
        Self::of(|quantity| {
            let figures = [&wire.average, &wire.std, &wire.maximum, &wire.minimum];
            let figures = figures.map(|it| it.get(quantity));
            samples(quantity).with(figures, wire.time_weighted_average.get(quantity))
        })
    }
}

impl From<&Aggregates<Climate>> for EnvironmentAggregatesV1 {
    fn from(aggregates: &Aggregates<Climate>) -> Self {
        let samples = |quantity| SamplesV1::of(aggregates.get(quantity));
        Self {
            average: EnvironmentV1::of(aggregates, AVERAGE),
            std: EnvironmentV1::of(aggregates, STD),
            maximum: EnvironmentV1::of(aggregates, MAXIMUM),
            minimum: EnvironmentV1::of(aggregates, MINIMUM),
            time_weighted_average: EnvironmentInForceV1::of(aggregates, IN_FORCE),
            samples: EnvironmentSamplesV1 {
                temperature: samples(Climate::Temperature),
                humidity: samples(Climate::Humidity),
                luminosity: samples(Climate::Luminosity),
            },
        }
    }
}

impl From<&EnvironmentAggregatesV1> for Aggregates<Climate> {
    fn from(wire: &EnvironmentAggregatesV1) -> Self {
        let samples = |quantity| match quantity {
            Climate::Temperature => wire.samples.temperature,
            Climate::Humidity => wire.samples.humidity,
            Climate::Luminosity => wire.samples.luminosity,
        };
        Self::of(|quantity| {
            let figures = [&wire.average, &wire.std, &wire.maximum, &wire.minimum];
            let figures = figures.map(|it| it.get(quantity));
            samples(quantity).with(figures, wire.time_weighted_average.get(quantity))
        })
    }
}

impl From<&StepReport> for StepV1 {
    fn from(step: &StepReport) -> Self {
        let places = step.places.iter().map(|(place, it)| ((*place).into(), it.into()));
        let rooms = step.rooms.iter().map(|(room, it)| (room.as_str().to_owned(), it.into()));
        Self {
            start_date_time: step.start,
            stop_date_time: step.stop,
            patient_vital_sign_aggregate_data: (&step.vital_signs).into(),
            environmental_aggregate_data: places.collect(),
            environment_by_room: rooms.collect(),
        }
    }
}

impl TryFrom<&StepV1> for StepReport {
    type Error = EmptyId;

    fn try_from(wire: &StepV1) -> Result<Self, EmptyId> {
        let places = wire.environmental_aggregate_data.iter();
        let rooms = wire.environment_by_room.iter();
        Ok(Self {
            start: wire.start_date_time,
            stop: wire.stop_date_time,
            vital_signs: (&wire.patient_vital_sign_aggregate_data).into(),
            places: places.map(|(place, it)| ((*place).into(), it.into())).collect(),
            rooms: rooms
                .map(|(room, it)| Ok((RoomId::new(room)?, it.into())))
                .collect::<Result<_, EmptyId>>()?,
        })
    }
}

impl From<&Report> for ReportV1 {
    fn from(report: &Report) -> Self {
        let text = |id: &str| id.to_owned();
        Self {
            surgical_process_id: text(report.process.as_str()),
            surgery_date: report.surgery_date,
            surgical_process_description: report.description.clone(),
            patient_id: text(report.patient.as_str()),
            rooms_involved: report
                .rooms
                .iter()
                .map(|(room, kind)| RoomV1 { id: text(room.as_str()), kind: (*kind).into() })
                .collect(),
            in_charge_health_professional_id: report
                .professional
                .as_ref()
                .map(|id| text(id.as_str())),
            healthcare_user: report.healthcare_user.as_ref().map(|user| HealthcareUserV1 {
                tax_code: text(user.tax_code.as_str()),
                name: user.name.clone(),
                surname: user.surname.clone(),
            }),
            step_data: report.steps.iter().map(|(step, it)| ((*step).into(), it.into())).collect(),
            consumed_implantable_medical_device: report
                .devices
                .iter()
                .map(|it| DeviceV1 { id: text(it.id.as_str()), kind: it.kind.map(Into::into) })
                .collect(),
            medical_technology_usage_data: report.usages.iter().map(UsageV1::from).collect(),
            health_professional_tracking_information: report
                .movements
                .iter()
                .map(|it| MovementV1 {
                    date_time: it.at,
                    health_professional_id: text(it.professional.as_str()),
                    room_id: text(it.room.as_str()),
                    track_type: it.passage.into(),
                })
                .collect(),
            additional_data: String::new(),
            surgery_id: report.surgery.as_ref().map(|id| text(id.as_str())),
            final_state: report.final_state.map(Into::into),
            end_date_time: report.end,
            settled: report.settled,
            complete: report.is_complete(),
            missing: report.missing.iter().map(|it| (*it).into()).collect(),
            technologies_in_use_at_entry: report
                .in_use_at_entry
                .iter()
                .map(|it| InUseAtEntryV1 {
                    id: text(it.id.as_str()),
                    name: it.name.clone(),
                    kind: it.kind.map(Into::into),
                    room_id: text(it.room.as_str()),
                })
                .collect(),
            health_professionals_present_at_start: report
                .present_at_start
                .iter()
                .map(|it| PresentAtStartV1 {
                    health_professional_id: text(it.professional.as_str()),
                    room_id: text(it.room.as_str()),
                })
                .collect(),
            steps: report
                .intervals
                .iter()
                .map(|(step, it)| IntervalV1 { step: (*step).into(), data: it.into() })
                .collect(),
        }
    }
}

impl From<&Usage> for UsageV1 {
    fn from(usage: &Usage) -> Self {
        Self {
            date_time: usage.at,
            medical_technology: MedicalTechnologyV1 {
                id: usage.technology.id.as_str().to_owned(),
                name: usage.technology.name.clone(),
                description: usage.technology.description.clone(),
                kind: usage.technology.kind.map(Into::into),
                in_use: usage.in_use,
            },
        }
    }
}

impl TryFrom<&ReportV1> for Report {
    type Error = UnreadableReport;

    fn try_from(wire: &ReportV1) -> Result<Self, UnreadableReport> {
        let steps = wire.step_data.iter();
        let intervals = wire.steps.iter();
        let rooms = wire.rooms_involved.iter();
        Ok(Self {
            process: ProcessId::new(&wire.surgical_process_id)?,
            surgery: wire.surgery_id.as_ref().map(SurgeryId::new).transpose()?,
            surgery_date: wire.surgery_date,
            description: wire.surgical_process_description.clone(),
            patient: PatientId::new(&wire.patient_id)?,
            rooms: rooms
                .map(|it| Ok((RoomId::new(&it.id)?, it.kind.into())))
                .collect::<Result<_, EmptyId>>()?,
            professional: wire
                .in_charge_health_professional_id
                .as_ref()
                .map(ProfessionalId::new)
                .transpose()?,
            healthcare_user: wire
                .healthcare_user
                .as_ref()
                .map(|user| {
                    let tax_code = TaxCode::new(&user.tax_code)?;
                    let (name, surname) = (user.name.clone(), user.surname.clone());
                    Ok::<_, EmptyId>(HealthcareUser { tax_code, name, surname })
                })
                .transpose()?,
            intervals: intervals
                .map(|it| Ok((it.step.into(), (&it.data).try_into()?)))
                .collect::<Result<_, EmptyId>>()?,
            steps: steps
                .map(|(step, it)| Ok(((*step).into(), it.try_into()?)))
                .collect::<Result<_, EmptyId>>()?,
            devices: wire
                .consumed_implantable_medical_device
                .iter()
                .map(|it| Ok(Device { id: DeviceId::new(&it.id)?, kind: it.kind.map(Into::into) }))
                .collect::<Result<_, EmptyId>>()?,
            usages: wire
                .medical_technology_usage_data
                .iter()
                .map(Usage::try_from)
                .collect::<Result<_, _>>()?,
            in_use_at_entry: wire
                .technologies_in_use_at_entry
                .iter()
                .map(InUseAtEntry::try_from)
                .collect::<Result<_, _>>()?,
            movements: wire
                .health_professional_tracking_information
                .iter()
                .map(|it| {
                    Ok(Movement {
                        at: it.date_time,
                        passage: it.track_type.into(),
                        professional: ProfessionalId::new(&it.health_professional_id)?,
                        room: RoomId::new(&it.room_id)?,
                    })
                })
                .collect::<Result<_, EmptyId>>()?,
            present_at_start: wire
                .health_professionals_present_at_start
                .iter()
                .map(|it| {
                    let professional = ProfessionalId::new(&it.health_professional_id)?;
                    Ok(PresentAtStart { professional, room: RoomId::new(&it.room_id)? })
                })
                .collect::<Result<_, EmptyId>>()?,
            final_state: wire.final_state.map(Into::into),
            end: wire.end_date_time,
            settled: wire.settled,
            missing: wire.missing.iter().map(|it| (*it).into()).collect(),
        })
    }
}

impl TryFrom<&UsageV1> for Usage {
    type Error = EmptyId;

    fn try_from(wire: &UsageV1) -> Result<Self, EmptyId> {
        let it = &wire.medical_technology;
        let technology = Technology {
            id: TechnologyId::new(&it.id)?,
            name: it.name.clone(),
            description: it.description.clone(),
            kind: it.kind.map(Into::into),
        };
        Ok(Self { at: wire.date_time, technology, in_use: it.in_use })
    }
}

impl TryFrom<&InUseAtEntryV1> for InUseAtEntry {
    type Error = EmptyId;

    fn try_from(wire: &InUseAtEntryV1) -> Result<Self, EmptyId> {
        Ok(Self {
            id: TechnologyId::new(&wire.id)?,
            name: wire.name.clone(),
            kind: wire.kind.map(Into::into),
            room: RoomId::new(&wire.room_id)?,
        })
    }
}

impl From<&ReportV1> for ReportEntryV1 {
    fn from(report: &ReportV1) -> Self {
        let user = report.healthcare_user.as_ref();
        Self {
            surgical_process_id: report.surgical_process_id.clone(),
            patient_id: report.patient_id.clone(),
            patient_name: user.map(|user| user.name.clone()),
            patient_surname: user.map(|user| user.surname.clone()),
            surgical_process_description: report.surgical_process_description.clone(),
            surgery_date: report.surgery_date,
            surgery_id: report.surgery_id.clone(),
            final_state: report.final_state,
            end_date_time: report.end_date_time,
            settled: report.settled,
            complete: report.complete,
            missing: report.missing.clone(),
        }
    }
}

//! What the other services answer, as far as a report reads it, and the translation into the
//! domain. Fields that are not named here are ignored: other services may grow.

use chiron_clock::instant;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use surgery_report_domain::entity::{
    process::{
        Device, DeviceId, DeviceKind, EmptyId, Ending, FinalState, InUseAtEntry, PatientId,
        Process, ProcessId, ProfessionalId, RoomId, RoomKind, Stay, Step, StepOutsideState,
        SurgeryId, TaxCode, Technology, TechnologyKind, Usage,
    },
    report::{HealthcareUser, Movement, Passage, PresentAtStart},
    sample::{Climate, OutOfRange, Sample, VitalSign},
};
use thiserror::Error;

use crate::application::report::{
    InUseAtEntryV1, PassageV1, StepNameV1, TechnologyKindV1, UsageV1,
};

/// An answer or an event that contradicts itself or names things by empty ids.
#[derive(Debug, Error)]
pub(crate) enum Unfit {
    /// See [`EmptyId`].
    #[error(transparent)]
    Id(#[from] EmptyId),
    /// See [`StepOutsideState`].
    #[error(transparent)]
    Step(#[from] StepOutsideState),
    /// A state of the history is none.
    #[error("the history has an entry of an unknown value")]
    UnknownValue,
    /// A process that has ended without an instant, or the other way round.
    #[error("the process has a final state and no end, or an end and no final state")]
    Ending,
    /// See [`OutOfRange`].
    #[error(transparent)]
    Value(#[from] OutOfRange),
    /// See [`SpanError`](surgery_report_domain::entity::process::SpanError).
    #[error(transparent)]
    Span(#[from] surgery_report_domain::entity::process::SpanError),
}

/// A state of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StateV1 {
    PreSurgery,
    Surgery,
    PostSurgery,
    Interrupted,
    Terminated,
}

impl StateV1 {
    fn final_state(self) -> Option<FinalState> {
        match self {
            Self::Interrupted => Some(FinalState::Interrupted),
            Self::Terminated => Some(FinalState::Terminated),
            Self::PreSurgery | Self::Surgery | Self::PostSurgery => None,
        }
    }
}

/// An id, bare or in an object of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum IdV1 {
    Bare(String),
    Wrapped { id: String },
}

impl IdV1 {
    fn text(&self) -> &str {
        match self {
            Self::Bare(id) | Self::Wrapped { id } => id,
        }
    }
}

/// A room of a process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RoomRefV1 {
    pub(crate) id: IdV1,
}

/// The kinds of rooms, in every spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RoomTypeV1 {
    #[serde(alias = "PRE_POST_OPERATING_ROOM")]
    PreOperatingRoom,
    OperatingRoom,
}

/// A stay of the patient.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StayV1 {
    pub(crate) room_id: String,
    pub(crate) room_type: RoomTypeV1,
    #[serde(with = "instant::text")]
    pub(crate) from: Timestamp,
}

/// The kinds of devices, in every spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DeviceTypeV1 {
    #[serde(alias = "PACE_MAKER")]
    Pacemaker,
    Catheter,
}

/// A device used in the process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct DeviceRefV1 {
    pub(crate) id: IdV1,
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<DeviceTypeV1>,
}

/// What is known of a technology besides its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct AboutV1 {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<TechnologyKindV1>,
}

/// `GET /processes/{id}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessV1 {
    pub(crate) process_id: String,
    #[serde(with = "instant::text")]
    pub(crate) date_time: Timestamp,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) patient_id: String,
    #[serde(default)]
    pub(crate) patient_tax_code: Option<String>,
    pub(crate) health_professional_id: Option<String>,
    pub(crate) pre_operating_room: Option<RoomRefV1>,
    #[serde(default)]
    pub(crate) post_operating_room: Option<RoomRefV1>,
    pub(crate) state: StateV1,
    #[serde(default)]
    pub(crate) surgery_id: Option<String>,
    #[serde(default, with = "instant::option")]
    pub(crate) end_date_time: Option<Timestamp>,
    #[serde(default)]
    pub(crate) settled: bool,
    #[serde(default)]
    pub(crate) rooms: Vec<StayV1>,
    #[serde(default)]
    pub(crate) devices: Vec<DeviceRefV1>,
    /// Names may be empty and kinds null: then building management is asked.
    #[serde(default)]
    pub(crate) medical_technology_usage: Vec<UsageV1>,
    #[serde(default)]
    pub(crate) technologies_in_use_at_entry: Vec<InUseAtEntryV1>,
}

/// An entry of `GET /processes/{id}/history`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryEntryV1 {
    #[serde(with = "instant::text")]
    pub(crate) date_time: Timestamp,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) value: Option<serde_json::Value>,
}

impl HistoryEntryV1 {
    /// The step that began with this entry; `None` for every other kind of entry.
    fn step(&self) -> Result<Option<(Timestamp, Step)>, Unfit> {
        if self.kind != "STEP" {
            return Ok(None);
        }
        let value = self.value.clone().ok_or(Unfit::UnknownValue)?;
        let step: StepNameV1 = serde_json::from_value(value).map_err(|_| Unfit::UnknownValue)?;
        Ok(Some((self.date_time, step.into())))
    }
}

impl ProcessV1 {
    /// The process with its steps; who its technologies are comes later.
    ///
    /// # Errors
    ///
    /// See [`Unfit`].
    pub(crate) fn process(&self, history: &[HistoryEntryV1]) -> Result<Process, Unfit> {
        let ending = match (self.state.final_state(), self.end_date_time) {
            (Some(state), Some(at)) => Some(Ending { at, state }),
            (None, None) => None,
            _ => return Err(Unfit::Ending),
        };
        let steps = history.iter().filter_map(|entry| entry.step().transpose());
        let room = |it: &RoomRefV1| RoomId::new(it.id.text());
        let stays = self.rooms.iter().map(|stay| {
            let kind = match stay.room_type {
                RoomTypeV1::PreOperatingRoom => RoomKind::PreOperating,
                RoomTypeV1::OperatingRoom => RoomKind::Operating,
            };
            Ok(Stay { room: RoomId::new(&stay.room_id)?, kind, from: stay.from })
        });
        let devices = self.devices.iter().map(|device| {
            let kind = device.kind.map(|kind| match kind {
                DeviceTypeV1::Pacemaker => DeviceKind::Pacemaker,
                DeviceTypeV1::Catheter => DeviceKind::Catheter,
            });
            Ok(Device { id: DeviceId::new(device.id.text())?, kind })
        });
        let usages = self.medical_technology_usage.iter().map(Usage::try_from);
        let in_use_at_entry = self.technologies_in_use_at_entry.iter().map(InUseAtEntry::try_from);
        Ok(Process {
            id: ProcessId::new(&self.process_id)?,
            description: self.kind.clone(),
            patient: PatientId::new(&self.patient_id)?,
            tax_code: self.patient_tax_code.as_ref().map(TaxCode::new).transpose()?,
            surgery: self.surgery_id.as_ref().map(SurgeryId::new).transpose()?,
            professional: self
                .health_professional_id
                .as_ref()
                .map(ProfessionalId::new)
                .transpose()?,
            start: self.date_time,
            ending,
            steps: steps.collect::<Result<_, _>>()?,
            pre_operating_room: self.pre_operating_room.as_ref().map(room).transpose()?,
            post_operating_room: self.post_operating_room.as_ref().map(room).transpose()?,
            stays: stays.collect::<Result<_, EmptyId>>()?,
            devices: devices.collect::<Result<_, EmptyId>>()?,
            usages: usages.collect::<Result<_, EmptyId>>()?,
            in_use_at_entry: in_use_at_entry.collect::<Result<_, EmptyId>>()?,
        })
    }
}

impl AboutV1 {
    /// Says of a technology what building management says of it.
    pub(crate) fn describe(self, technology: &mut Technology) {
        if let Some(name) = self.name {
            technology.name = name;
        }
        if self.description.is_some() {
            technology.description = self.description;
        }
        if let Some(kind) = self.kind {
            technology.kind = Some(TechnologyKind::from(kind));
        }
    }
}

/// An entry of `GET /processes/{id}/vital-signs`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignV1 {
    #[serde(with = "instant::text")]
    pub(crate) date_time: Timestamp,
    pub(crate) quantity: String,
    pub(crate) value: f64,
}

impl VitalSignV1 {
    /// The sample; `None` for a quantity that reports do not sum up.
    ///
    /// # Errors
    ///
    /// See [`OutOfRange`].
    pub(crate) fn sample(&self) -> Result<Option<Sample<VitalSign>>, OutOfRange> {
        let quantity = match self.quantity.as_str() {
            "heartBeat" => VitalSign::HeartBeat,
            "diastolicBloodPressure" => VitalSign::DiastolicBloodPressure,
            "systolicBloodPressure" => VitalSign::SystolicBloodPressure,
            "respiratoryRate" => VitalSign::RespiratoryRate,
            "saturationPercentage" => VitalSign::SaturationPercentage,
            "bodyTemperature" => VitalSign::BodyTemperature,
            _ => return Ok(None),
        };
        Sample::vital(self.date_time, quantity, self.value).map(Some)
    }
}

/// An entry of `GET /rooms/data/{id}`: a snapshot, and the quantity whose sample made it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct RoomDataV1 {
    pub(crate) entry: EnvironmentDataV1,
    #[serde(with = "instant::text")]
    pub(crate) date: Timestamp,
    #[serde(default)]
    pub(crate) quantity: Option<String>,
}

/// A snapshot of a room.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct EnvironmentDataV1 {
    pub(crate) temperature: Option<ValueV1>,
    pub(crate) humidity: Option<f64>,
    pub(crate) luminosity: Option<ValueV1>,
    #[serde(default)]
    pub(crate) quantity: Option<String>,
}

/// A number with a unit that is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) struct ValueV1 {
    pub(crate) value: f64,
}

/// The values that a snapshot shows.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Its own sample; `None` when that is of a quantity that reports do not sum up.
    Own(Option<Sample<Climate>>),
    /// All that was known, since it does not say which is its own.
    Cumulative(Vec<Sample<Climate>>),
}

impl RoomDataV1 {
    /// What the snapshot shows.
    ///
    /// # Errors
    ///
    /// See [`OutOfRange`].
    pub(crate) fn shown(&self) -> Result<Shown, OutOfRange> {
        let values = [
            ("temperature", Climate::Temperature, self.entry.temperature.map(|it| it.value)),
            ("humidity", Climate::Humidity, self.entry.humidity),
            ("luminosity", Climate::Luminosity, self.entry.luminosity.map(|it| it.value)),
        ];
        let samples = values.into_iter().filter_map(|(name, quantity, value)| {
            Some((name, Sample::climate(self.date, quantity, value?)))
        });
        match self.quantity.as_ref().or(self.entry.quantity.as_ref()) {
            None => samples.map(|(_, it)| it).collect::<Result<_, _>>().map(Shown::Cumulative),
            Some(own) => {
                let own = samples.into_iter().find(|(name, _)| name == own);
                own.map(|(_, it)| it).transpose().map(Shown::Own)
            }
        }
    }
}

/// An entry of `GET /rooms-tracking-data/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackingV1 {
    #[serde(with = "instant::text")]
    pub(crate) date_time: Timestamp,
    pub(crate) room_id: String,
    pub(crate) health_professional_id: String,
    pub(crate) tracking_type: PassageV1,
}

impl TrackingV1 {
    /// The entry as a movement.
    ///
    /// # Errors
    ///
    /// See [`EmptyId`].
    pub(crate) fn movement(&self) -> Result<Movement, EmptyId> {
        Ok(Movement {
            at: self.date_time,
            passage: Passage::from(self.tracking_type),
            professional: ProfessionalId::new(&self.health_professional_id)?,
            room: RoomId::new(&self.room_id)?,
        })
    }

    /// The entry as somebody inside.
    ///
    /// # Errors
    ///
    /// See [`EmptyId`].
    pub(crate) fn present(&self) -> Result<PresentAtStart, EmptyId> {
        Ok(PresentAtStart {
            professional: ProfessionalId::new(&self.health_professional_id)?,
            room: RoomId::new(&self.room_id)?,
        })
    }
}

/// `GET /patients/{taxCode}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PatientV1 {
    pub(crate) tax_code: String,
    pub(crate) name: String,
    pub(crate) surname: String,
    #[serde(default)]
    pub(crate) birthdate: Option<String>,
}

impl PatientV1 {
    /// When the patient was born; `None` when it is not told as a date.
    pub(crate) fn birthdate(&self) -> Option<Date> {
        self.birthdate.as_ref()?.parse().ok()
    }

    /// The patient as a report names them.
    ///
    /// # Errors
    ///
    /// See [`EmptyId`].
    pub(crate) fn healthcare_user(self) -> Result<HealthcareUser, EmptyId> {
        let Self { tax_code, name, surname, .. } = self;
        Ok(HealthcareUser { tax_code: TaxCode::new(tax_code)?, name, surname })
    }
}

/// `GET /rooms/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RoomV1 {
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// `GET /healthProfessionals/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PersonV1 {
    pub(crate) name: String,
    pub(crate) surname: String,
    #[serde(default)]
    pub(crate) role: Option<String>,
}

/// `GET /surgeryBookings/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PlanV1 {
    #[serde(rename = "surgeryDateTime", with = "instant::text")]
    pub(crate) start: Timestamp,
    #[serde(rename = "expectedDurationMinutes")]
    pub(crate) minutes: u32,
}

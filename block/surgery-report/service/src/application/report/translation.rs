//! A report and its written form, both ways.

use surgery_report_domain::entity::{
    process::{
        Device, DeviceId, EmptyId, InUseAtEntry, PatientId, ProcessId, ProfessionalId, RoomId,
        SurgeryId, TaxCode, Technology, TechnologyId, Usage,
    },
    report::{HealthcareUser, Movement, PresentAtStart, Report, StepReport},
};

use super::{
    DeviceV1, HealthcareUserV1, InUseAtEntryV1, IntervalV1, MedicalTechnologyV1, MovementV1,
    PresentAtStartV1, ReportEntryV1, ReportV1, RoomV1, StepV1, UnreadableReport, UsageV1,
};

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
            curves_digest: String::new(),
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

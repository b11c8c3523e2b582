//! What others are told: our own events about a process, and the contract's summary at its end.

use block_language::{
    NotWritten,
    summary::{
        BodyTemperature, DeviceType, DeviceUsage, HeartBeat, Id, MedicalData, Pressure,
        ProcessSummary, RespiratoryRate, Saturation, SummaryEvent, TechnologyType, TechnologyUsage,
        TemperatureUnit, Timed,
    },
    surgical_process::{
        ProcessChange, ProcessState, ProcessStep, SurgicalProcess, SurgicalProcessEvent,
    },
};
use chiron_broker::{MAX_RECORD_BYTES, NewRecord};
use jiff::Timestamp;
use surgical_process_monitoring_domain::vital::{Quantity, Sample, Snapshot, snapshots, thin};

use crate::application::document::{DeviceKind, EntryKind, ProcessDocument, TechnologyKind};

/// Who says so.
const SOURCE: &str = crate::NAME;
/// Header of a summary whose snapshots are not all there: `<kept>/<all>`.
const THINNED: &str = "chiron-thinned";
/// Left free of a record for headers that are added on the way.
const MARGIN_BYTES: usize = 2_000;

/// One event about a process. The id derives from the process's version, which grows with every
/// change, so a consumer can tell a repetition.
pub(crate) fn event(
    process: &ProcessDocument,
    change: ProcessChange,
    at: Timestamp,
) -> Result<NewRecord, NotWritten> {
    let id = format!("{}/{}/{}", process.process_id, process.version, change.key());
    let told = SurgicalProcess {
        process_id: process.process_id.clone(),
        patient_id: process.patient_id.clone(),
        patient_tax_code: process.tax_code.clone(),
        surgery_id: process.surgery_id.clone(),
        booking_version: process.booking_version,
        process_type: process.surgery_type.clone(),
        state: state(&process.state).unwrap_or(ProcessState::Surgery),
        step: process.step.as_deref().and_then(step),
        pre_operating_room_id: process.pre_room.clone(),
        operating_room_id: process.operating_room.clone(),
        post_operating_room_id: process.post_room.clone(),
        start_date_time: process.date_time,
        end_date_time: process.end,
        settled: process.settled,
        version: process.version,
    };
    SurgicalProcessEvent { change, process: told, date_time: at }.into_record(&id, SOURCE)
}

/// The contract's event at the first end. Snapshots are thinned evenly when they would make it too
/// large for a record.
pub(crate) fn summary(
    process: &ProcessDocument,
    samples: &[Sample],
    at: Timestamp,
) -> Result<NewRecord, NotWritten> {
    let all = snapshots(samples);
    let mut keep = all.len();
    loop {
        let kept = thin(all.clone(), keep);
        let summary = SummaryEvent { summary: summarise(process, &kept), date_time: at };
        let id = format!("{}/summary", process.process_id);
        let mut record = summary.into_record(&id, SOURCE)?;
        if keep < all.len() {
            record = record.with_header(THINNED, format!("{keep}/{}", all.len()));
        }
        let bytes = record.bytes() + MARGIN_BYTES;
        if bytes <= MAX_RECORD_BYTES || keep == 0 {
            return Ok(record);
        }
        // In proportion, and a little less, so that few rounds are needed.
        keep = (keep * MAX_RECORD_BYTES / bytes) * 19 / 20;
    }
}

fn summarise(process: &ProcessDocument, kept: &[(Timestamp, Snapshot)]) -> ProcessSummary {
    let id = |id: &str| Id { id: id.to_owned() };
    let values = |kind: EntryKind| {
        process
            .history
            .iter()
            .filter(move |entry| entry.kind == kind)
            .filter_map(|entry| Some((entry.at, entry.value.as_deref()?)))
    };
    let states = values(EntryKind::State)
        .filter_map(|(first, value)| Some(Timed { first, second: state(value)? }));
    let steps = values(EntryKind::Step)
        .filter_map(|(first, value)| Some(Timed { first, second: step(value)? }));
    let devices = process.devices.iter().filter_map(|used| {
        let device_type = match used.kind? {
            DeviceKind::Pacemaker => DeviceType::PaceMaker,
            DeviceKind::Catheter => DeviceType::Catheter,
        };
        Some(DeviceUsage { id: id(&used.device_id), device_type })
    });
    let technologies = process.technologies.iter().filter_map(|used| {
        let technology_type = match used.technology.kind? {
            TechnologyKind::Endoscope => TechnologyType::Endoscope,
            TechnologyKind::Xray => TechnologyType::XRay,
        };
        let second = TechnologyUsage {
            id: id(&used.technology.id),
            name: used.technology.name.clone(),
            description: used.technology.description.clone(),
            technology_type,
            in_use: used.in_use,
        };
        Some(Timed { first: used.at, second })
    });
    ProcessSummary {
        process_id: process.process_id.clone(),
        process_type: process.surgery_type.clone(),
        patient_id: process.patient_id.clone(),
        patient_tax_code: process.tax_code.clone(),
        health_professional_id: process.professional_id.clone(),
        pre_operating_room_id: process.pre_room.clone(),
        operating_room_id: process.operating_room.clone(),
        process_states: states.collect(),
        process_steps: steps.collect(),
        patient_medical_data: kept
            .iter()
            .map(|(first, snapshot)| Timed { first: *first, second: medical_data(snapshot) })
            .collect(),
        medical_device_usage: devices.collect(),
        medical_technology_usage: technologies.collect(),
    }
}

fn medical_data(snapshot: &Snapshot) -> MedicalData {
    #[expect(clippy::cast_possible_truncation, reason = "the contract truncates to whole numbers")]
    let whole = |quantity| snapshot.values.get(&quantity).map(|value| value.trunc() as i64);
    let pressure = |quantity| whole(quantity).map(|pressure| Pressure { pressure });
    MedicalData {
        heart_beat: whole(Quantity::HeartBeat).map(|bpm| HeartBeat { bpm }),
        diastolic_blood_pressure: pressure(Quantity::DiastolicBloodPressure),
        systolic_blood_pressure: pressure(Quantity::SystolicBloodPressure),
        respiratory_rate: whole(Quantity::RespiratoryRate).map(|rate| RespiratoryRate { rate }),
        saturation_percentage: whole(Quantity::SaturationPercentage)
            .map(|percentage| Saturation { percentage }),
        body_temperature: snapshot
            .values
            .get(&Quantity::BodyTemperature)
            .map(|degree| BodyTemperature { degree: *degree, unit: TemperatureUnit::Celsius }),
    }
}

fn state(name: &str) -> Option<ProcessState> {
    match name {
        "PRE_SURGERY" => Some(ProcessState::PreSurgery),
        "SURGERY" => Some(ProcessState::Surgery),
        "POST_SURGERY" => Some(ProcessState::PostSurgery),
        "INTERRUPTED" => Some(ProcessState::Interrupted),
        "TERMINATED" => Some(ProcessState::Terminated),
        _ => None,
    }
}

fn step(name: &str) -> Option<ProcessStep> {
    match name {
        "PATIENT_IN_PREPARATION" => Some(ProcessStep::PatientInPreparation),
        "PATIENT_ON_OPERATING_TABLE" => Some(ProcessStep::PatientOnOperatingTable),
        "ANESTHESIA" => Some(ProcessStep::Anesthesia),
        "SURGERY_IN_PROGRESS" => Some(ProcessStep::SurgeryInProgress),
        "END_OF_SURGERY" => Some(ProcessStep::EndOfSurgery),
        "PATIENT_UNDER_OBSERVATION" => Some(ProcessStep::PatientUnderObservation),
        _ => None,
    }
}

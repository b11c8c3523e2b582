//! Events about processes: ours, which say when to read, and another producer's summary, which
//! says all at once.

use block_language::{
    summary::{DeviceType, MedicalData, ProcessSummary, TechnologyType, Timed},
    surgical_process::{ProcessState, ProcessStep, SurgicalProcess},
};
use jiff::Timestamp;
use surgery_report_domain::entity::{
    process::{
        Device, DeviceId, DeviceKind, EmptyId, Ending, FinalState, PatientId, Process, ProcessId,
        ProfessionalId, RoomId, RoomKind, State, Stay, Step, SurgeryId, TaxCode, Technology,
        TechnologyId, TechnologyKind, Usage, span,
    },
    sample::{OutOfRange, Sample, Series, VitalSign},
};

use crate::application::process::Unfit;

fn state(state: ProcessState) -> State {
    match state {
        ProcessState::PreSurgery => State::PreSurgery,
        ProcessState::Surgery => State::Surgery,
        ProcessState::PostSurgery => State::PostSurgery,
        ProcessState::Interrupted => State::Interrupted,
        ProcessState::Terminated => State::Terminated,
    }
}

fn step(step: ProcessStep) -> Step {
    match step {
        ProcessStep::PatientInPreparation => Step::PatientInPreparation,
        ProcessStep::PatientOnOperatingTable => Step::PatientOnOperatingTable,
        ProcessStep::Anesthesia => Step::Anesthesia,
        ProcessStep::SurgeryInProgress => Step::SurgeryInProgress,
        ProcessStep::EndOfSurgery => Step::EndOfSurgery,
        ProcessStep::PatientUnderObservation => Step::PatientUnderObservation,
    }
}

/// Stays in the rooms that are known, when nothing is known of their times.
fn stays(from: Timestamp, rooms: [(RoomKind, Option<&RoomId>); 3]) -> impl Iterator<Item = Stay> {
    rooms.into_iter().filter_map(move |(kind, room)| Some(Stay { room: room?.clone(), kind, from }))
}

/// The process as far as the event tells it: without steps, devices and technologies. It makes a
/// first report when the process itself cannot be read.
///
/// # Errors
///
/// See [`Unfit`].
pub(crate) fn outline(event: &SurgicalProcess) -> Result<Process, Unfit> {
    if let Some(told) = event.step {
        step(told).within(state(event.state))?;
    }
    let ending = match (event.state, event.end_date_time) {
        (ProcessState::Interrupted, Some(at)) => {
            Some(Ending { at, state: FinalState::Interrupted })
        }
        (ProcessState::Terminated, Some(at)) => Some(Ending { at, state: FinalState::Terminated }),
        (ProcessState::PreSurgery | ProcessState::Surgery | ProcessState::PostSurgery, None) => {
            None
        }
        _ => return Err(Unfit::Ending),
    };
    let room = |id: &Option<String>| id.as_ref().map(RoomId::new).transpose();
    let before = room(&event.pre_operating_room_id)?;
    let theatre = room(&event.operating_room_id)?;
    let after = room(&event.post_operating_room_id)?;
    let rooms = [
        (RoomKind::PreOperating, before.as_ref()),
        (RoomKind::Operating, theatre.as_ref()),
        (RoomKind::PreOperating, after.as_ref()),
    ];
    Ok(Process {
        id: ProcessId::new(&event.process_id)?,
        description: event.process_type.clone(),
        patient: PatientId::new(&event.patient_id)?,
        tax_code: event.patient_tax_code.as_ref().map(TaxCode::new).transpose()?,
        surgery: event.surgery_id.as_ref().map(SurgeryId::new).transpose()?,
        professional: None,
        start: event.start_date_time,
        ending,
        steps: Vec::new(),
        stays: stays(event.start_date_time, rooms).collect(),
        pre_operating_room: before,
        post_operating_room: after,
        devices: Vec::new(),
        usages: Vec::new(),
        in_use_at_entry: Vec::new(),
    })
}

/// The process and the vital signs of another producer's summary.
///
/// # Errors
///
/// See [`Unfit`]: an empty id, a value outside its range, a process without an end.
pub(crate) fn summarised(summary: &ProcessSummary) -> Result<(Process, Series<VitalSign>), Unfit> {
    let states: Vec<_> =
        summary.process_states.iter().map(|it| (it.first, state(it.second))).collect();
    let steps: Vec<_> =
        summary.process_steps.iter().map(|it| (it.first, step(it.second))).collect();
    let (start, ending) = span(&states, &steps)?;
    let room = |id: &Option<String>| id.as_ref().map(RoomId::new).transpose();
    let before = room(&summary.pre_operating_room_id)?;
    let theatre = room(&summary.operating_room_id)?;
    let rooms = [
        (RoomKind::PreOperating, before.as_ref()),
        (RoomKind::Operating, theatre.as_ref()),
        (RoomKind::PreOperating, None),
    ];
    let devices = summary.medical_device_usage.iter().map(|it| {
        let kind = match it.device_type {
            DeviceType::PaceMaker => DeviceKind::Pacemaker,
            DeviceType::Catheter => DeviceKind::Catheter,
        };
        Ok(Device { id: DeviceId::new(&it.id.id)?, kind: Some(kind) })
    });
    let usages = summary.medical_technology_usage.iter().map(|Timed { first, second }| {
        let kind = match second.technology_type {
            TechnologyType::Endoscope => TechnologyKind::Endoscope,
            TechnologyType::XRay => TechnologyKind::Xray,
        };
        let technology = Technology {
            id: TechnologyId::new(&second.id.id)?,
            name: second.name.clone(),
            description: second.description.clone(),
            kind: Some(kind),
        };
        Ok(Usage { at: *first, technology, in_use: second.in_use })
    });
    let process = Process {
        id: ProcessId::new(&summary.process_id)?,
        description: summary.process_type.clone(),
        patient: PatientId::new(&summary.patient_id)?,
        tax_code: summary.patient_tax_code.as_ref().map(TaxCode::new).transpose()?,
        surgery: None,
        professional: summary
            .health_professional_id
            .as_ref()
            .map(ProfessionalId::new)
            .transpose()?,
        start,
        ending: Some(ending),
        steps,
        stays: stays(start, rooms).collect(),
        pre_operating_room: before,
        post_operating_room: None,
        devices: devices.collect::<Result<_, EmptyId>>()?,
        usages: usages.collect::<Result<_, EmptyId>>()?,
        in_use_at_entry: Vec::new(),
    };
    let mut samples = Vec::new();
    for snapshot in &summary.patient_medical_data {
        samples.extend(snapshot_values(snapshot)?);
    }
    Ok((process, Series::of_snapshots(samples)))
}

fn snapshot_values(
    Timed { first, second }: &Timed<MedicalData>,
) -> Result<Vec<Sample<VitalSign>>, OutOfRange> {
    #[expect(clippy::cast_precision_loss, reason = "what does not fit 52 bits is out of range")]
    let number = |whole: i64| whole as f64;
    let values = [
        (VitalSign::HeartBeat, second.heart_beat.map(|it| number(it.bpm))),
        (
            VitalSign::DiastolicBloodPressure,
            second.diastolic_blood_pressure.map(|it| number(it.pressure)),
        ),
        (
            VitalSign::SystolicBloodPressure,
            second.systolic_blood_pressure.map(|it| number(it.pressure)),
        ),
        (VitalSign::RespiratoryRate, second.respiratory_rate.map(|it| number(it.rate))),
        (
            VitalSign::SaturationPercentage,
            second.saturation_percentage.map(|it| number(it.percentage)),
        ),
        (VitalSign::BodyTemperature, second.body_temperature.map(|it| it.degree)),
    ];
    let samples = values
        .into_iter()
        .filter_map(|(quantity, value)| value.map(|value| Sample::vital(*first, quantity, value)));
    samples.collect()
}

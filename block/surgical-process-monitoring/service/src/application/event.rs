//! What a record says: facts and samples, with the id under which a repetition is the same fact.

use block_language::{
    booking,
    booking::{BookingEvent, BookingFact, BookingStatus},
    emergency::{self, EmergencySurgeryEvent},
    manual::{self, ManualEvent, ProcessManualEvent},
    process::{self, ProcessEvent, ProcessFact, VitalSign},
    room::RoomType,
};
use chiron_broker::Record;
use jiff::Timestamp;
use surgical_process_monitoring_domain::{
    fact::{
        Button, CommandId, DeviceId, FactId, PatientId, ProcessId, RoomId, SurgeryId, TechnologyId,
    },
    process::{emergency_patient, patient_of},
    vital::{Quantity, Sample},
};

use crate::application::document::{Class, FactContent, FactDocument};

/// What is consumed.
pub(crate) const TOPICS: &[&str] =
    &[process::TOPIC, booking::TOPIC, manual::TOPIC, emergency::TOPIC];

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// A fact, under the id by which it is known.
    Fact { id: String, fact: FactDocument },
    /// A vital sign.
    Sample { patient_id: String, sample: Sample, event: String },
    /// Nothing that concerns a process.
    Nothing,
}

/// Reads a record.
///
/// # Errors
///
/// The reason for its dead letter.
pub(crate) fn read(record: &Record) -> Result<Said, String> {
    let event = record.id();
    match record.topic.as_str() {
        process::TOPIC => {
            let told = ProcessEvent::decode(record).map_err(|err| err.to_string())?;
            of_process(told, event)
        }
        booking::TOPIC => {
            let told = BookingEvent::decode(record).map_err(|err| err.to_string())?;
            of_booking(told, event)
        }
        manual::TOPIC => {
            let told = ProcessManualEvent::decode(record).map_err(|err| err.to_string())?;
            of_button(told, &event)
        }
        emergency::TOPIC => {
            let told = EmergencySurgeryEvent::decode(record).map_err(|err| err.to_string())?;
            of_emergency(told, &event)
        }
        other => Err(format!("{other} is not consumed here")),
    }
}

fn named(what: &str, id: &str) -> Result<(), String> {
    if id.trim().is_empty() { Err(format!("the id of the {what} is empty")) } else { Ok(()) }
}

fn own(patient_id: String, at: Timestamp, event: String, fact: FactContent) -> FactDocument {
    FactDocument {
        patient_id: Some(patient_id),
        room: None,
        class: Class::Own,
        at,
        surgery_id: None,
        technology_id: None,
        event,
        fact,
    }
}

fn of_process(told: ProcessEvent, event: String) -> Result<Said, String> {
    let at = told.date_time;
    let (id, fact) = match told.fact {
        ProcessFact::PatientTracked { patient_id, room_id, entered, room_type } => {
            named("patient", &patient_id)?;
            named("room", &room_id)?;
            let operating = matches!(room_type, RoomType::OperatingRoom);
            let (room, patient) = (RoomId::new(&room_id), PatientId::new(&patient_id));
            let (id, class, content) = if entered {
                let id = FactId::entered(at, &room, &patient);
                (id, Class::Entry, FactContent::Entered { operating })
            } else {
                let id = FactId::left(at, &room, &patient);
                (id, Class::Exit, FactContent::Left { operating })
            };
            let fact = own(patient_id, at, event, content);
            (id, FactDocument { room: Some(room_id), class, ..fact })
        }
        ProcessFact::PatientOnOperatingBed { patient_id } => {
            named("patient", &patient_id)?;
            let id = FactId::on_table(at, &PatientId::new(&patient_id));
            (id, own(patient_id, at, event, FactContent::OnTable))
        }
        ProcessFact::MedicalDeviceUsage { medical_device_id, process_id } => {
            named("device", &medical_device_id)?;
            let patient = patient_of(&ProcessId::new(&process_id))
                .ok_or("the process named cannot be one of ours")?;
            let patient_id = patient.as_str().to_owned();
            let id = FactId::device(at, &DeviceId::new(&medical_device_id), &patient);
            let content = FactContent::Device { device_id: medical_device_id };
            (id, own(patient_id, at, event, content))
        }
        ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use } => {
            named("technology", &medical_technology_id)?;
            let id = FactId::usage(at, &TechnologyId::new(&medical_technology_id));
            let fact = FactDocument {
                patient_id: None,
                room: None,
                class: Class::Usage,
                at,
                surgery_id: None,
                technology_id: Some(medical_technology_id),
                event,
                fact: FactContent::Technology { in_use },
            };
            (id, fact)
        }
        ProcessFact::VitalSign { patient_id, sign } => {
            named("patient", &patient_id)?;
            let sample = sample(at, sign);
            if !sample.quantity.admits(sample.value) {
                return Err(format!("{} is out of range", sample.quantity.name()));
            }
            return Ok(Said::Sample { patient_id, sample, event });
        }
    };
    Ok(Said::Fact { id: id.as_str().to_owned(), fact })
}

#[expect(clippy::cast_precision_loss, reason = "no vital sign comes near 2^52")]
fn sample(at: Timestamp, sign: VitalSign) -> Sample {
    let (quantity, value) = match sign {
        VitalSign::HeartBeat(value) => (Quantity::HeartBeat, value as f64),
        VitalSign::DiastolicBloodPressure(value) => {
            (Quantity::DiastolicBloodPressure, value as f64)
        }
        VitalSign::SystolicBloodPressure(value) => (Quantity::SystolicBloodPressure, value as f64),
        VitalSign::RespiratoryRate(value) => (Quantity::RespiratoryRate, value as f64),
        VitalSign::SaturationPercentage(value) => (Quantity::SaturationPercentage, value as f64),
        VitalSign::BodyTemperature(value) => (Quantity::BodyTemperature, value),
    };
    Sample { at, quantity, value }
}

/// Of a booking only its versions and its cancellation are facts; that its surgery goes on is what
/// we have told ourselves.
fn of_booking(told: BookingEvent, event: String) -> Result<Said, String> {
    let BookingFact::Changed(changed) = told.fact else { return Ok(Said::Nothing) };
    named("surgery", &changed.surgery_id)?;
    named("patient", &changed.patient_id)?;
    let surgery = changed.surgery_id;
    let (id, at, content) = match changed.status {
        BookingStatus::Cancelled => {
            let id = FactId::cancelled(&SurgeryId::new(&surgery));
            (id, told.date_time, FactContent::Cancelled)
        }
        BookingStatus::Booked | BookingStatus::InProgress | BookingStatus::Done => {
            let version = changed.version;
            let at = if version == 1 { changed.posted_at } else { told.date_time };
            let content = FactContent::Booked {
                version,
                tax_code: changed.healthcare_user_id,
                professional_id: changed.health_professional_id,
                surgery_type: changed.surgery_type,
                planned: changed.surgery_date_time,
            };
            (FactId::booked(version, &SurgeryId::new(&surgery)), at, content)
        }
    };
    let fact = own(changed.patient_id, at, event, content);
    let id = id.as_str().to_owned();
    Ok(Said::Fact { id, fact: FactDocument { surgery_id: Some(surgery), ..fact } })
}

fn of_button(told: ProcessManualEvent, event: &str) -> Result<Said, String> {
    named("room", &told.room_id)?;
    let button = match told.manual_event {
        ManualEvent::Anesthesia => Button::Anesthesia,
        ManualEvent::SurgeryInProgress => Button::SurgeryInProgress,
        ManualEvent::EndOfSurgery => Button::EndOfSurgery,
        ManualEvent::Interrupted => Button::Interrupted,
        ManualEvent::Terminated => Button::Terminated,
    };
    let (patient_id, class) = match &told.process_id {
        None => (None, Class::Button),
        Some(process) => {
            let patient = patient_of(&ProcessId::new(process))
                .ok_or("the process named cannot be one of ours")?;
            (Some(patient.as_str().to_owned()), Class::Own)
        }
    };
    let fact = FactDocument {
        patient_id,
        room: Some(told.room_id),
        class,
        at: told.date_time,
        surgery_id: None,
        technology_id: None,
        event: event.to_owned(),
        fact: FactContent::Manual { button: button.name().to_owned(), process_id: told.process_id },
    };
    Ok(Said::Fact { id: FactId::manual(event).as_str().to_owned(), fact })
}

fn of_emergency(told: EmergencySurgeryEvent, event: &str) -> Result<Said, String> {
    named("room", &told.room_id)?;
    let command = CommandId::new(event);
    let patient = emergency_patient(&command);
    let tax_code = told.patient_tax_code.filter(|code| !code.trim().is_empty());
    let content = FactContent::Emergency { command_id: event.to_owned(), tax_code };
    let fact = own(patient.as_str().to_owned(), told.date_time, event.to_owned(), content);
    let fact = FactDocument { room: Some(told.room_id), class: Class::Entry, ..fact };
    Ok(Said::Fact { id: FactId::emergency(&command).as_str().to_owned(), fact })
}

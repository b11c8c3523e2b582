//! What messages say of patients: the facts, under the ids by which a repetition is the same fact.

use surgery_booking_integration_domain::{entity::Status, usecase::Changed};
use surgical_process_monitoring_domain::{
    fact::{
        Booked, CommandId, DeviceId, Fact, FactId, FactKind, PatientId, ProfessionalId, RoomId,
        RoomKind, SurgeryId, TaxCode, TechnologyId,
    },
    process::emergency_patient,
};

use super::records::Stored;
use crate::event::{Event, Message};

/// The fact that a message tells.
pub(super) fn said(message: &Message) -> Option<Stored> {
    let at = message.at;
    let of = |patient: PatientId, room: Option<RoomId>, id: FactId, kind: FactKind| Stored {
        patient: Some(patient),
        room,
        fact: Fact { id, at, kind },
        pending: false,
    };
    Some(match &message.event {
        Event::Moved { patient, room, operating, entered } => {
            let (patient, room) = (PatientId::new(patient), RoomId::new(room));
            let kind = if *operating { RoomKind::Operating } else { RoomKind::PrePost };
            let (id, fact) = if *entered {
                let fact = FactKind::Entered { room: room.clone(), kind };
                (FactId::entered(at, &room, &patient), fact)
            } else {
                let fact = FactKind::Left { room: room.clone(), kind };
                (FactId::left(at, &room, &patient), fact)
            };
            of(patient, Some(room), id, fact)
        }
        Event::OnTable { patient } => {
            let patient = PatientId::new(patient);
            let id = FactId::on_table(at, &patient);
            of(patient, None, id, FactKind::OnTable)
        }
        Event::Implanted { device, patient } => {
            let (patient, device) = (PatientId::new(patient), DeviceId::new(device));
            let id = FactId::device(at, &device, &patient);
            of(patient, None, id, FactKind::Device { device })
        }
        Event::Used { technology, in_use } => {
            let technology = TechnologyId::new(technology);
            let id = FactId::usage(at, &technology);
            let (room, in_use) = (RoomId::new(""), *in_use);
            let kind = FactKind::Technology { technology, room, in_use };
            Stored { patient: None, room: None, fact: Fact { id, at, kind }, pending: true }
        }
        Event::Booked(changed) => booked(changed),
        Event::Pressed { room, button } => {
            let room = RoomId::new(room);
            let kind = FactKind::Manual { room: room.clone(), button: *button, process: None };
            let fact = Fact { id: FactId::manual(&message.id), at, kind };
            Stored { patient: None, room: Some(room), fact, pending: false }
        }
        Event::Emergency { command, room, tax_code } => {
            let (command, room) = (CommandId::new(command), RoomId::new(room));
            let patient = emergency_patient(&command);
            let tax_code = tax_code.clone().map(TaxCode::new);
            let id = FactId::emergency(&command);
            let kind = FactKind::Emergency { command, room: room.clone(), tax_code };
            of(patient, Some(room), id, kind)
        }
        Event::Vital { .. }
        | Event::Passed { .. }
        | Event::Measured { .. }
        | Event::Wished { .. }
        | Event::Shadow { .. }
        | Event::Process(_) => return None,
    })
}

fn booked(changed: &Changed) -> Stored {
    let (booking, content) = (&changed.booking, &changed.booking.content);
    let surgery = SurgeryId::new(content.surgery.as_str());
    let patient = PatientId::new(content.patient.as_str());
    let (id, at, kind) = if booking.status() == Status::Cancelled {
        (FactId::cancelled(&surgery), changed.at, FactKind::Cancelled { surgery })
    } else {
        let at = if booking.version == 1 { booking.posted_at } else { changed.at };
        let told = Booked {
            surgery: surgery.clone(),
            version: booking.version,
            patient: patient.clone(),
            tax_code: TaxCode::new(content.user.as_str()),
            professional: ProfessionalId::new(content.professional.as_str()),
            surgery_type: content.kind.as_str().to_owned(),
            planned: content.planned_start,
        };
        (FactId::booked(booking.version, &surgery), at, FactKind::Booked(told))
    };
    Stored { patient: Some(patient), room: None, fact: Fact { id, at, kind }, pending: false }
}

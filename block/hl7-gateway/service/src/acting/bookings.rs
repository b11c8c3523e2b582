//! Bookings, at surgery booking.

use chiron_chassis::{Calls, Service};
use chiron_clock::instant;
use hl7_gateway_domain::envelope::Kind;
use hl7_gateway_domain::fault::{Code, Place};
use hl7_gateway_domain::request::{Appointment, Told};
use serde::{Deserialize, Serialize};

use super::{Acting, NotDone, When, at, refusal, unable};

const SCH_2: Place = Place::field("SCH", 2);
const PID_3: Place = Place::field("PID", 3);

/// A booking, as it is posted; of one that is read, the fields that are posted.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct BookingV1 {
    #[serde(rename = "surgeryID")]
    surgery_id: String,
    #[serde(rename = "surgeryType")]
    surgery_type: String,
    #[serde(rename = "healthcareUserID")]
    healthcare_user_id: String,
    #[serde(rename = "healthProfessionalID")]
    health_professional_id: String,
    #[serde(rename = "patientID")]
    patient_id: String,
    #[serde(rename = "surgeryDateTime")]
    surgery_date_time: String,
    #[serde(rename = "operatingRoomId", skip_serializing_if = "Option::is_none")]
    operating_room_id: Option<String>,
    #[serde(rename = "expectedDurationMinutes", skip_serializing_if = "Option::is_none")]
    expected_duration_minutes: Option<u32>,
}

impl Acting {
    /// Books, plans otherwise, or calls off.
    pub(super) async fn appointment(
        &self,
        appointment: &Appointment,
        when: When,
    ) -> Result<(), NotDone> {
        if appointment.kind == Kind::Book {
            return self.book(appointment, when).await;
        }
        let (booking, name) = self.booked(appointment).await?;
        self.check_patient(appointment, &booking).await?;
        let path = path(&booking.surgery_id);
        let call = if appointment.kind == Kind::CallOff {
            self.calls.delete(Service::SurgeryBooking, &path)
        } else {
            self.calls.put(Service::SurgeryBooking, &path).json(&changed(appointment, booking))
        };
        let answer = at(call, when).send().await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(refusal(&answer, when, |pointer| place(pointer, name)))
    }

    async fn book(&self, appointment: &Appointment, when: When) -> Result<(), NotDone> {
        // All of it is there: the message was read as a new booking.
        let Some((surgery_id, name)) = appointment.names.first().cloned() else {
            return Err(NotDone::refused(SCH_2, Code::RequiredField, "is missing"));
        };
        let booking = BookingV1 {
            surgery_id,
            surgery_type: appointment.surgery_type.clone().unwrap_or_default(),
            healthcare_user_id: appointment.person.tax_code.clone().unwrap_or_default(),
            health_professional_id: appointment.professional.clone().unwrap_or_default(),
            patient_id: appointment.person.patient.clone().unwrap_or_default(),
            surgery_date_time: appointment.start.map(instant::write).unwrap_or_default(),
            operating_room_id: match &appointment.room {
                Told::Is(room) => Some(room.clone()),
                Told::Nothing | Told::Deleted => None,
            },
            expected_duration_minutes: appointment.minutes,
        };
        let call = self.calls.post(Service::SurgeryBooking, "/api/v1/surgeryBooking");
        let answer = at(call.json(&booking), when).send().await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(refusal(&answer, when, |pointer| place(pointer, name)))
    }

    /// The booking of one of the names, and the field that names it.
    async fn booked(&self, appointment: &Appointment) -> Result<(BookingV1, Place), NotDone> {
        for (name, place) in &appointment.names {
            let answer = self.calls.get(Service::SurgeryBooking, &path(name)).send().await?;
            match answer.status.as_u16() {
                200..300 => return Ok((answer.json()?, *place)),
                404 => {}
                400 => return Err(refusal(&answer, None, |_| Some(*place))),
                _ => return Err(unable(&answer)),
            }
        }
        let place = appointment.names.first().map_or(SCH_2, |(_, place)| *place);
        Err(NotDone::refused(place, Code::UnknownKey, "names no surgery that is booked"))
    }

    /// A booking stays with its patient, by whichever of the patient's names.
    async fn check_patient(
        &self,
        appointment: &Appointment,
        booking: &BookingV1,
    ) -> Result<(), NotDone> {
        let other = || {
            let detail = "is another patient than the one who is booked";
            NotDone::refused(PID_3, Code::DuplicateKey, detail)
        };
        if let Some(code) = &appointment.person.tax_code
            && !self.is_same_person(code, &booking.healthcare_user_id).await?
        {
            return Err(other());
        }
        if let Some(patient) = &appointment.person.patient
            && !self.keeping.ids(patient).await?.contains(&booking.patient_id)
        {
            return Err(other());
        }
        Ok(())
    }
}

/// What is booked, with what the message says otherwise.
fn changed(appointment: &Appointment, booking: BookingV1) -> BookingV1 {
    let start = appointment.start.map(instant::write);
    BookingV1 {
        surgery_type: appointment.surgery_type.clone().unwrap_or(booking.surgery_type),
        health_professional_id: appointment
            .professional
            .clone()
            .unwrap_or(booking.health_professional_id),
        surgery_date_time: start.unwrap_or(booking.surgery_date_time),
        operating_room_id: match &appointment.room {
            Told::Nothing => booking.operating_room_id,
            Told::Deleted => None,
            Told::Is(room) => Some(room.clone()),
        },
        expected_duration_minutes: appointment.minutes.or(booking.expected_duration_minutes),
        ..booking
    }
}

fn path(surgery: &str) -> String {
    format!("/api/v1/surgeryBookings/{}", Calls::segment(surgery))
}

/// The field of the message that a field of the booking comes from; `name` is that of the booking.
fn place(pointer: &str, name: Place) -> Option<Place> {
    match pointer {
        "/surgeryType" => Some(Place::field("AIS", 3)),
        "/healthcareUserID" | "/patientID" => Some(PID_3),
        "/healthProfessionalID" => Some(Place::field("AIP", 3)),
        "/surgeryDateTime" => Some(Place::field("SCH", 11)),
        "/operatingRoomId" => Some(Place::field("AIL", 3)),
        "/expectedDurationMinutes" => Some(Place::field("SCH", 9)),
        "/surgeryID" | "{id}" | "" => Some(name),
        _ => None,
    }
}

//! Between the wire and the domain: the JSON of bookings, their events, and the problems of this
//! service.

use std::collections::BTreeMap;
use std::error::Error;

use block_language::NotWritten;
use block_language::booking::{BookingEvent, BookingFact, BookingStatus, SurgeryBookingChanged};
use block_language::surgical_process::{ProcessChange, ProcessState, SurgicalProcessEvent};
use chiron_broker::NewRecord;
use chiron_chassis::{FieldError, Problem};
use chiron_clock::instant;
use chiron_store::StoreError;
use serde::{Deserialize, Serialize};
use surgery_booking_integration_domain::entity::{
    Booking, Content, InvalidMinutes, InvalidText, Minutes, ProcessNews, Progress, Status,
};
use surgery_booking_integration_domain::usecase::{
    BookingError, Changed, StoreFailed, TwinsFailed,
};
use utoipa::ToSchema;

/// A booking as it is posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Booking)]
pub struct BookingV1 {
    /// The booking's id, given by the hospital.
    #[serde(rename = "surgeryID")]
    #[schema(example = "sb-2023-0515-01")]
    pub surgery_id: String,
    /// What kind of surgery.
    #[serde(rename = "surgeryType")]
    #[schema(example = "Appendectomy")]
    pub surgery_type: String,
    /// The patient's tax code.
    #[serde(rename = "healthcareUserID")]
    #[schema(example = "VRDLCU85T10A562S")]
    pub healthcare_user_id: String,
    /// Who is responsible.
    #[serde(rename = "healthProfessionalID")]
    #[schema(example = "hp-7")]
    pub health_professional_id: String,
    /// The patient in the block.
    #[serde(rename = "patientID")]
    #[schema(example = "patient-7")]
    pub patient_id: String,
    /// Planned start, RFC 3339; in the future.
    #[serde(rename = "surgeryDateTime")]
    #[schema(example = "2023-05-15T08:00:00Z", format = DateTime)]
    pub surgery_date_time: String,
    /// Planned theatre.
    #[serde(rename = "operatingRoomId", default, skip_serializing_if = "Option::is_none")]
    pub operating_room_id: Option<String>,
    /// Planned duration in minutes; by type of surgery when not given.
    #[serde(rename = "expectedDurationMinutes", default, skip_serializing_if = "Option::is_none")]
    pub expected_duration_minutes: Option<u32>,
}

/// A booking as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BookedSurgery)]
pub struct BookedV1 {
    /// The booking's id.
    #[serde(rename = "surgeryID")]
    pub surgery_id: String,
    /// What kind of surgery.
    #[serde(rename = "surgeryType")]
    pub surgery_type: String,
    /// The patient's tax code; null for displays, which show codes of the block only.
    #[serde(rename = "healthcareUserID")]
    pub healthcare_user_id: Option<String>,
    /// Who is responsible.
    #[serde(rename = "healthProfessionalID")]
    pub health_professional_id: String,
    /// The patient in the block.
    #[serde(rename = "patientID")]
    pub patient_id: String,
    /// Planned start.
    #[serde(rename = "surgeryDateTime")]
    pub surgery_date_time: String,
    /// Planned theatre; null when none is planned.
    #[serde(rename = "operatingRoomId")]
    pub operating_room_id: Option<String>,
    /// Planned duration in minutes.
    #[serde(rename = "expectedDurationMinutes")]
    pub expected_duration_minutes: u32,
    /// The process that uses it up; null before there is one.
    #[serde(rename = "processId")]
    pub process_id: Option<String>,
    /// What has become of it.
    pub status: StatusV1,
}

/// What has become of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = BookingStatus)]
pub enum StatusV1 {
    /// Waiting for its patient.
    Booked,
    /// Its process is open.
    InProgress,
    /// Its process has ended, interrupted or not.
    Done,
    /// Called off; final.
    Cancelled,
}

/// The bookings of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BookedSurgeries)]
pub struct BookingsV1 {
    /// By planned start, then id; cancelled ones too.
    pub entries: Vec<BookedV1>,
    /// How many.
    pub total: usize,
}

/// How long surgeries are planned to take.
#[derive(Debug, Clone)]
pub(crate) struct Durations {
    standard: Minutes,
    by_type: BTreeMap<String, Minutes>,
}

impl Durations {
    pub(crate) fn new(
        standard: u32,
        by_type: &BTreeMap<String, u32>,
    ) -> Result<Durations, InvalidMinutes> {
        let by_type = by_type
            .iter()
            .map(|(kind, minutes)| Ok((kind.clone(), Minutes::try_from(*minutes)?)))
            .collect::<Result<_, InvalidMinutes>>()?;
        Ok(Durations { standard: standard.try_into()?, by_type })
    }

    fn of(&self, kind: &str) -> Minutes {
        self.by_type.get(kind).copied().unwrap_or(self.standard)
    }
}

impl BookingV1 {
    /// What this asks for, or everything that is wrong with it.
    pub(crate) fn parse(self, durations: &Durations) -> Result<Content, Problem> {
        let mut wrong = Vec::new();
        let surgery = text("/surgeryID", &self.surgery_id, &mut wrong);
        let kind = text("/surgeryType", &self.surgery_type, &mut wrong);
        let user = text("/healthcareUserID", &self.healthcare_user_id, &mut wrong);
        let professional = text("/healthProfessionalID", &self.health_professional_id, &mut wrong);
        let patient = text("/patientID", &self.patient_id, &mut wrong);
        let planned_start = instant::parse(&self.surgery_date_time).ok();
        if planned_start.is_none() {
            let detail = "must be an instant such as 2026-05-15T08:00:00Z";
            wrong.push(FieldError::new("/surgeryDateTime", detail));
        }
        let theatre =
            self.operating_room_id.map(|room| text("/operatingRoomId", &room, &mut wrong));
        let minutes = match self.expected_duration_minutes {
            None => Some(durations.of(&self.surgery_type)),
            Some(minutes) => Minutes::try_from(minutes)
                .map_err(|error| {
                    wrong.push(FieldError::new("/expectedDurationMinutes", error.to_string()));
                })
                .ok(),
        };
        match (surgery, kind, user, professional, patient, planned_start, minutes) {
            (
                Some(surgery),
                Some(kind),
                Some(user),
                Some(professional),
                Some(patient),
                Some(planned_start),
                Some(minutes),
            ) if wrong.is_empty() => Ok(Content {
                surgery,
                kind,
                user,
                professional,
                patient,
                planned_start,
                theatre: theatre.flatten(),
                minutes,
            }),
            _ => Err(Problem::invalid(wrong)),
        }
    }
}

fn text<T: std::str::FromStr<Err = InvalidText>>(
    pointer: &str,
    text: &str,
    wrong: &mut Vec<FieldError>,
) -> Option<T> {
    text.parse().map_err(|error| wrong.push(FieldError::new(pointer, format!("{error}")))).ok()
}

impl BookedV1 {
    /// The booking with the patient's tax code.
    pub(crate) fn present(booking: &Booking) -> BookedV1 {
        let content = &booking.content;
        BookedV1 {
            surgery_id: content.surgery.to_string(),
            surgery_type: content.kind.as_str().to_owned(),
            healthcare_user_id: Some(content.user.to_string()),
            health_professional_id: content.professional.to_string(),
            patient_id: content.patient.to_string(),
            surgery_date_time: instant::write(content.planned_start),
            operating_room_id: content.theatre.as_ref().map(ToString::to_string),
            expected_duration_minutes: content.minutes.get(),
            process_id: booking.process.as_ref().map(|process| process.id.to_string()),
            status: match booking.status() {
                Status::Booked => StatusV1::Booked,
                Status::InProgress => StatusV1::InProgress,
                Status::Done => StatusV1::Done,
                Status::Cancelled => StatusV1::Cancelled,
            },
        }
    }

    /// The booking without the tax code, which tells name and birth of a person.
    pub(crate) fn codes_only(booking: &Booking) -> BookedV1 {
        BookedV1 { healthcare_user_id: None, ..BookedV1::present(booking) }
    }
}

/// The event that tells a change.
pub(crate) fn record(changed: Changed) -> Result<NewRecord, NotWritten> {
    let Changed { booking, at, id } = changed;
    let status = match booking.status() {
        Status::Booked => BookingStatus::Booked,
        Status::InProgress => BookingStatus::InProgress,
        Status::Done => BookingStatus::Done,
        Status::Cancelled => BookingStatus::Cancelled,
    };
    let content = booking.content;
    let data = SurgeryBookingChanged {
        surgery_id: content.surgery.to_string(),
        surgery_type: content.kind.as_str().to_owned(),
        healthcare_user_id: content.user.to_string(),
        patient_id: content.patient.to_string(),
        health_professional_id: content.professional.to_string(),
        surgery_date_time: content.planned_start,
        operating_room_id: content.theatre.map(|theatre| theatre.to_string()),
        expected_duration_minutes: content.minutes.get(),
        status,
        process_id: booking.process.map(|process| process.id.to_string()),
        version: booking.version,
        posted_at: booking.posted_at,
    };
    BookingEvent { fact: BookingFact::Changed(data), date_time: at }.into_record(&id, crate::NAME)
}

/// What a process says of itself, for its booking.
pub(crate) fn news(event: &SurgicalProcessEvent) -> Result<ProcessNews, InvalidText> {
    let process = &event.process;
    let uses = match (&process.surgery_id, process.booking_version) {
        (Some(surgery), Some(version)) => Some((surgery.parse()?, version)),
        _ => None,
    };
    let progress = match (event.change, process.state) {
        (ProcessChange::Voided, _) => None,
        (_, ProcessState::PreSurgery) => Some(Progress::Preparing),
        (_, ProcessState::Surgery | ProcessState::PostSurgery) => Some(Progress::Operating),
        (_, ProcessState::Interrupted | ProcessState::Terminated) => Some(Progress::Ended),
    };
    Ok(ProcessNews {
        process: process.process_id.parse()?,
        version: process.version,
        uses,
        progress,
    })
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("no surgery is booked under this id")
}

/// Not a `From`: both types are others'.
pub(crate) fn problem(error: BookingError) -> Problem {
    let detail = error.to_string();
    match error {
        BookingError::NotInFuture => Problem::bad_request("/surgeryDateTime", detail),
        BookingError::SameIds => Problem::bad_request("", detail),
        BookingError::UnknownProfessional => Problem::bad_request("/healthProfessionalID", detail),
        BookingError::UnknownTheatre => Problem::bad_request("/operatingRoomId", detail),
        BookingError::UnknownUser => Problem::bad_request("/healthcareUserID", detail),
        BookingError::Unknown => unknown(),
        BookingError::OtherPerson
        | BookingError::OtherContent
        | BookingError::OtherPatient
        | BookingError::NotChangeable(_) => Problem::conflict(detail),
        BookingError::Twins(TwinsFailed::Refused(source)) => {
            tracing::warn!(error = source.as_ref() as &dyn Error, "twins of a booking refused");
            Problem::bad_request("", detail)
        }
        BookingError::Twins(TwinsFailed::Unavailable(source)) => {
            tracing::warn!(error = source.as_ref() as &dyn Error, "twins of a booking not written");
            Problem::unavailable(detail)
        }
        BookingError::Busy => Problem::unavailable(detail),
        BookingError::Store(error) => store_failed(error),
    }
}

/// The database failed. Not a `From`: both types are others'.
pub(crate) fn store_failed(error: StoreFailed) -> Problem {
    match error.0.downcast::<StoreError>() {
        Ok(error) => Problem::from(*error),
        Err(error) => Problem::internal(&StoreFailed(error)),
    }
}

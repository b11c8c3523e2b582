//! What bookings, processes and rooms tell.

use block_language::booking::{BookingStatus, SurgeryBookingChanged};
use chiron_clock::instant;
use jiff::{SignedDuration, Timestamp};
use performance_domain::entity::course::{Course, Span, Stay};
use performance_domain::entity::plan::{
    EmptyId, PatientId, Plan, ProcessId, Status, SurgeryId, TheatreId,
};
use serde::Deserialize;
use thiserror::Error;

/// The state in which a patient is operated on.
const SURGERY: &str = "SURGERY";
/// The kind of rooms that are theatres.
const OPERATING_ROOM: &str = "OPERATING_ROOM";

/// The plan that a booking's event tells.
pub(crate) fn plan(told: SurgeryBookingChanged) -> Result<Plan, EmptyId> {
    Ok(Plan {
        surgery: SurgeryId::new(told.surgery_id)?,
        kind: told.surgery_type,
        patient: PatientId::new(told.patient_id)?,
        theatre: told.operating_room_id.map(TheatreId::new).transpose()?,
        start: told.surgery_date_time,
        length: SignedDuration::from_mins(told.expected_duration_minutes.into()),
        status: match told.status {
            BookingStatus::Booked => Status::Booked,
            BookingStatus::InProgress => Status::InProgress,
            BookingStatus::Done => Status::Done,
            BookingStatus::Cancelled => Status::Cancelled,
        },
    })
}

/// `GET /processes/{id}` of the monitoring.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessV1 {
    process_id: String,
    patient_id: String,
    #[serde(rename = "type")]
    kind: String,
    state: String,
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    surgery_id: Option<String>,
    #[serde(with = "instant::text")]
    date_time: Timestamp,
    #[serde(default, with = "instant::option")]
    end_date_time: Option<Timestamp>,
    settled: bool,
    pub(crate) version: u64,
    #[serde(default)]
    rooms: Vec<StayV1>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StayV1 {
    room_id: String,
    room_type: String,
    #[serde(with = "instant::text")]
    from: Timestamp,
    #[serde(default, with = "instant::option")]
    to: Option<Timestamp>,
}

/// A line of a process's history.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryV1 {
    #[serde(with = "instant::text")]
    date_time: Timestamp,
    kind: String,
    #[serde(default)]
    value: Option<String>,
}

/// What a process says that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Unfit {
    /// An id without content.
    #[error(transparent)]
    Id(#[from] EmptyId),
}

impl ProcessV1 {
    /// The process with the time of surgery that its history tells.
    pub(crate) fn course(self, history: &[HistoryV1]) -> Result<Course, Unfit> {
        let states = history.iter().filter(|line| line.kind == "STATE");
        let mut states =
            states.map(|line| (line.date_time, line.value.as_deref() == Some(SURGERY)));
        let began = states.find(|(_, surgery)| *surgery);
        let surgery_time = began.map(|(from, _)| {
            let left = states.find(|(_, surgery)| !surgery);
            Span { from, to: left.map(|(at, _)| at).or(self.end_date_time) }
        });
        let theatres = self.rooms.into_iter().filter(|stay| stay.room_type == OPERATING_ROOM);
        let stay = |stay: StayV1| {
            let span = Span { from: stay.from, to: stay.to.or(self.end_date_time) };
            Ok(Stay { theatre: TheatreId::new(stay.room_id)?, span })
        };
        Ok(Course {
            process: ProcessId::new(self.process_id)?,
            patient: PatientId::new(self.patient_id)?,
            surgery: self.surgery_id.map(SurgeryId::new).transpose()?,
            kind: self.kind,
            state: self.state,
            step: self.step,
            start: self.date_time,
            end: self.end_date_time,
            settled: self.settled,
            stays: theatres.map(stay).collect::<Result<_, Unfit>>()?,
            surgery_time,
            climate: None,
        })
    }
}

/// What a room was like after a sample.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClimateV1 {
    #[serde(with = "instant::text")]
    date: Timestamp,
    entry: EnvironmentV1,
}

#[derive(Debug, Clone, Deserialize)]
struct EnvironmentV1 {
    temperature: Option<ValueV1>,
    humidity: Option<f64>,
    /// Which of them was measured; the others are those known before.
    quantity: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct ValueV1 {
    value: f64,
}

impl ClimateV1 {
    /// °C, when this is a sample of it.
    pub(crate) fn temperature(&self) -> Option<(Timestamp, f64)> {
        self.own("temperature", self.entry.temperature.map(|degrees| degrees.value))
    }

    /// % of relative humidity, when this is a sample of it.
    pub(crate) fn humidity(&self) -> Option<(Timestamp, f64)> {
        self.own("humidity", self.entry.humidity)
    }

    fn own(&self, quantity: &str, value: Option<f64>) -> Option<(Timestamp, f64)> {
        let own = self.entry.quantity.as_deref().is_none_or(|own| own == quantity);
        Some((self.date, value.filter(|_| own)?))
    }
}

//! What messages ask of the block, in the block's own terms.
//!
//! Which of the many fields of HL7 say so is the hospital's custom as much as the standard's:
//! [`Conventions`] holds what hospitals do differently.

mod booking;
mod patient;
mod vitals;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use booking::Appointment;
pub use patient::{Abo, BloodGroup, Identity, Measure, Merge, Person};
pub use vitals::{Member, Observation, Status};

use crate::envelope::{Header, Kind};
use crate::fault::{Code, Fault, Place};
use crate::message::{Message, Segment};
use crate::stamp::{Stamp, Zone};

/// What hospitals do differently.
#[derive(Debug, Clone)]
pub struct Conventions {
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Types of identifier (CX-5, HL7 table 0203) that are tax codes.
    pub tax_code_types: Vec<String>,
    /// Types of identifier that name a patient in the block.
    pub patient_id_types: Vec<String>,
    /// Roles (AIP-4) of who is responsible for a surgery; the first person where none has one.
    pub surgeon_roles: Vec<String>,
    /// The block's types of surgery by service code (AIS-3.1).
    pub surgery_types: BTreeMap<String, String>,
    /// The block's rooms by the hospital's (AIL-3).
    pub rooms: BTreeMap<String, String>,
    /// The block's professionals by the hospital's (AIP-3.1).
    pub professionals: BTreeMap<String, String>,
}

/// What a field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// Nothing: what is known stays.
    Nothing,
    /// That what is known is to be forgotten.
    Deleted,
    /// A value.
    Is(T),
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// This is what is known of a patient.
    Register(Person),
    /// Two records are one patient.
    Merge(Merge),
    /// Something is to become of a booking.
    Appointment(Appointment),
    /// Vital signs.
    Observe(Vec<Observation>),
}

/// A request, when it was made, and what of the message was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// What is asked for.
    pub request: Request,
    /// When that happened, and the field that says so; `None` when the message does not say.
    pub at: Option<(Timestamp, Place)>,
    /// What was left out, with the reason; never what the request needs.
    pub notes: Vec<Fault>,
}

/// Reads what a message asks for.
///
/// # Errors
///
/// Everything that is wrong with it; never empty.
pub fn read(
    message: &Message,
    header: &Header,
    conventions: &Conventions,
) -> Result<Read, Vec<Fault>> {
    let mut reader = Reader {
        message,
        conventions,
        zone: header.zone(&conventions.zone),
        faults: Vec::new(),
        notes: Vec::new(),
    };
    let at = reader.happened(header);
    let request = match header.kind {
        Kind::Register => reader.person().map(Request::Register),
        Kind::Merge => reader.merge().map(Request::Merge),
        Kind::Book | Kind::Change | Kind::CallOff => {
            reader.appointment(header.kind).map(Request::Appointment)
        }
        Kind::Observe => reader.observations(at).map(Request::Observe),
    };
    let Reader { faults, notes, .. } = reader;
    match request {
        Some(request) if faults.is_empty() => Ok(Read { request, at, notes }),
        _ => Err(faults),
    }
}

/// What is read so far of a message.
struct Reader<'m> {
    message: &'m Message,
    conventions: &'m Conventions,
    zone: Zone,
    faults: Vec<Fault>,
    notes: Vec<Fault>,
}

impl<'m> Reader<'m> {
    /// When the message's event happened: as recorded (EVN-2), else when the message was made
    /// (MSH-7). A day alone is no instant.
    fn happened(&mut self, header: &Header) -> Option<(Timestamp, Place)> {
        let recorded = match self.message.segment("EVN") {
            Some(event) => self.stamp(&event.value(2, 1), Place::field("EVN", 2)),
            None => None,
        };
        let instant = |stamp: Stamp| stamp.instant(&self.zone);
        let recorded = recorded.and_then(instant).map(|at| (at, Place::field("EVN", 2)));
        let made = header.at.and_then(instant).map(|at| (at, Place::field("MSH", 7)));
        recorded.or(made)
    }

    fn fault(&mut self, place: Place, code: Code, detail: &str) {
        self.faults.push(Fault::at(place, code, detail));
    }

    fn missing(&mut self, place: Place) {
        self.fault(place, Code::RequiredField, "is missing");
    }

    /// A point in time; `None` when there is none or it is wrong.
    fn stamp(&mut self, text: &str, place: Place) -> Option<Stamp> {
        if text.is_empty() {
            return None;
        }
        match Stamp::parse(text) {
            Ok(stamp) => Some(stamp),
            Err(error) => {
                self.faults.push(Fault::at(place, Code::DataType, error));
                None
            }
        }
    }

    /// An instant; `None` when there is none or it is wrong.
    fn instant(&mut self, text: &str, place: Place) -> Option<Timestamp> {
        let stamp = self.stamp(text, place)?;
        let instant = stamp.instant(&self.zone);
        if instant.is_none() {
            self.fault(place, Code::DataType, "must have a time of day");
        }
        instant
    }

    /// The first segment of a name, which has to be there.
    fn needed(&mut self, name: &'static str) -> Option<Segment<'m>> {
        let found = self.message.segment(name);
        if found.is_none() {
            let place = Place { segment: name, sequence: 1, field: 0, component: 0 };
            self.fault(place, Code::SegmentSequence, "is missing");
        }
        found
    }
}

/// A number of data type NM: digits with a sign and a point, and nothing else.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    text.parse().ok()
}

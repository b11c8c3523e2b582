//! Booked surgeries: the appointment (SCH, TQ1), its service (AIS), theatre (AIL) and surgeon (AIP).

use jiff::Timestamp;

use super::{Identity, Reader, Told, number};
use crate::envelope::Kind;
use crate::fault::{Code, Place};
use crate::message::Segment;

const SCH_1: Place = Place::field("SCH", 1);
const SCH_2: Place = Place::field("SCH", 2);
/// When the surgery is to begin.
const SCH_11: Place = Place::field("SCH", 11);

/// What is to become of a booking. What a change does not say stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// [`Kind::Book`], [`Kind::Change`] or [`Kind::CallOff`].
    pub kind: Kind,
    /// Names of the booking, that of the scheduling system (SCH-2) before that of who asked for it
    /// (SCH-1); at least one. A new booking is called by the first.
    pub names: Vec<(String, Place)>,
    /// Planned start; there when it is a new booking.
    pub start: Option<Timestamp>,
    /// Planned duration.
    pub minutes: Option<u32>,
    /// What kind of surgery; there when it is a new booking.
    pub surgery_type: Option<String>,
    /// The theatre.
    pub room: Told<String>,
    /// Who is responsible; there when it is a new booking.
    pub professional: Option<String>,
    /// Who is operated on; both when it is a new booking.
    pub person: Identity,
}

impl Reader<'_> {
    /// What a message says of a booking.
    pub(super) fn appointment(&mut self, kind: Kind) -> Option<Appointment> {
        let sch = self.needed("SCH")?;
        let names: Vec<(String, Place)> = [(sch.value(2, 1), SCH_2), (sch.value(1, 1), SCH_1)]
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .collect();
        if names.is_empty() {
            self.missing(SCH_2);
        }
        let person = match self.message.segment("PID") {
            Some(pid) => self.identity(&pid, 1),
            None => Identity::default(),
        };
        let mut appointment = Appointment {
            kind,
            names,
            start: None,
            minutes: None,
            surgery_type: None,
            room: Told::Nothing,
            professional: None,
            person,
        };
        if kind == Kind::CallOff {
            return Some(appointment);
        }
        (appointment.start, appointment.minutes) = self.timing(&sch);
        appointment.surgery_type = self.service();
        appointment.room = self.theatre();
        appointment.professional = self.surgeon();
        if kind == Kind::Book {
            let needed = [
                (appointment.start.is_none(), SCH_11),
                (appointment.surgery_type.is_none(), Place::field("AIS", 3)),
                (appointment.professional.is_none(), Place::field("AIP", 3)),
                (appointment.person.tax_code.is_none(), Place::field("PID", 3)),
                (appointment.person.patient.is_none(), Place::field("PID", 3)),
            ];
            for (lacks, place) in needed {
                // What is there and wrong was said already.
                if lacks && !self.faults.iter().any(|fault| fault.place == Some(place)) {
                    match place.segment {
                        "PID" => {
                            let detail = "must name the patient by tax code and by an identifier \
                                          of the block";
                            self.fault(place, Code::RequiredField, detail);
                        }
                        _ => self.missing(place),
                    }
                }
            }
        }
        Some(appointment)
    }

    /// Segments of a name that are not to be deleted (field 2, HL7 table 0206), each with its place
    /// among all of that name; and whether there were any at all.
    fn resources(&self, name: &str) -> (Vec<(usize, Segment<'_>)>, bool) {
        let all = self.message.segments().filter(|segment| segment.name() == name);
        let all: Vec<(usize, Segment<'_>)> =
            all.enumerate().map(|(nth, segment)| (nth + 1, segment)).collect();
        let any = !all.is_empty();
        (all.into_iter().filter(|(_, segment)| segment.value(2, 1) != "D").collect(), any)
    }

    /// Planned start and duration, each from the first place that says it.
    fn timing(&mut self, sch: &Segment<'_>) -> (Option<Timestamp>, Option<u32>) {
        let tq1 = self.message.segment("TQ1");
        let ais = self
            .resources("AIS")
            .0
            .first()
            .map(|(_, ais)| (ais.value(4, 1), ais.value(7, 1), ais.value(8, 1)));
        let (service_start, service_length, service_unit) = ais.unwrap_or_default();
        let timed = |field| tq1.map(|tq1| tq1.value(field, 1)).unwrap_or_default();
        let first =
            |places: [(String, Place); 3]| places.into_iter().find(|(text, _)| !text.is_empty());
        let start = first([
            (sch.value(11, 4), Place::component("SCH", 11, 4)),
            (timed(7), Place::field("TQ1", 7)),
            (service_start, Place::field("AIS", 4)),
        ]);
        let start = start.and_then(|(text, place)| self.instant(&text, place));
        let end = first([
            (sch.value(11, 5), Place::component("SCH", 11, 5)),
            (timed(8), Place::field("TQ1", 8)),
            (String::new(), SCH_11),
        ]);
        let lengths = [
            (sch.value(9, 1), sch.value(10, 1), Place::field("SCH", 9)),
            (service_length, service_unit, Place::field("AIS", 7)),
        ];
        let minutes = match lengths.into_iter().find(|(length, ..)| !length.is_empty()) {
            Some((length, unit, place)) => self.minutes(&length, &unit, place),
            None => match (start, end) {
                (Some(start), Some((text, place))) => {
                    self.instant(&text, place).and_then(|end| self.between(start, end, place))
                }
                _ => None,
            },
        };
        (start, minutes)
    }

    /// A duration in whole minutes; a part of one counts as one.
    fn minutes(&mut self, length: &str, unit: &str, place: Place) -> Option<u32> {
        let Some(length) = number(length).filter(|length| 0.0 < *length) else {
            self.fault(place, Code::DataType, "must be a number above 0");
            return None;
        };
        let minutes = match unit.to_ascii_lowercase().as_str() {
            "" | "min" | "m" | "minute" | "minutes" => length,
            "h" | "hr" | "hour" | "hours" => length * 60.0,
            "s" | "sec" | "second" | "seconds" => length / 60.0,
            _ => {
                let place = Place { field: place.field + 1, ..place };
                self.fault(place, Code::TableValue, "must be min, h or s");
                return None;
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and cut at the type's end"
        )]
        Some(minutes.ceil() as u32)
    }

    fn between(&mut self, start: Timestamp, end: Timestamp, place: Place) -> Option<u32> {
        let seconds = end.duration_since(start).as_secs();
        if seconds <= 0 {
            self.fault(place, Code::DataType, "must be after the start");
            return None;
        }
        u32::try_from((seconds + 59) / 60).ok()
    }

    /// The type of surgery: the hospital's table, else the service's words, else its code.
    fn service(&mut self) -> Option<String> {
        let (resources, _) = self.resources("AIS");
        let (code, words) = resources.first().map(|(_, ais)| (ais.value(3, 1), ais.value(3, 2)))?;
        let known = self.conventions.surgery_types.get(&code).cloned();
        known.or_else(|| [words, code].into_iter().find(|text| !text.is_empty()))
    }

    /// The theatre: the room of the location (PL.2), else its point of care (PL.1).
    fn theatre(&mut self) -> Told<String> {
        let (resources, any) = self.resources("AIL");
        let Some((_, ail)) = resources.first() else {
            return if any { Told::Deleted } else { Told::Nothing };
        };
        if ail.field(3).is_null() {
            return Told::Deleted;
        }
        let named = [ail.value(3, 2), ail.value(3, 1)];
        match named.into_iter().find(|text| !text.is_empty()) {
            None => Told::Nothing,
            Some(room) => Told::Is(self.conventions.rooms.get(&room).cloned().unwrap_or(room)),
        }
    }

    /// Who is responsible: the first with a surgeon's role, else the first.
    fn surgeon(&mut self) -> Option<String> {
        let (resources, _) = self.resources("AIP");
        let roles = &self.conventions.surgeon_roles;
        let is_surgeon = |aip: &Segment<'_>| {
            let role = [aip.value(4, 1), aip.value(4, 2)];
            roles.iter().any(|known| role.iter().any(|role| role.eq_ignore_ascii_case(known)))
        };
        let chosen = resources.iter().find(|(_, aip)| is_surgeon(aip)).or(resources.first());
        let code = chosen.map(|(_, aip)| aip.value(3, 1)).filter(|code| !code.is_empty())?;
        Some(self.conventions.professionals.get(&code).cloned().unwrap_or(code))
    }
}

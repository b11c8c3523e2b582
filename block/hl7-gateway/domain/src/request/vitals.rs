//! Vital signs: observations (OBX) of a patient (PID), under an order (OBR).
//!
//! What was measured of one patient at one moment belongs together: it is passed on as one
//! Observation, which is taken as a whole.

use jiff::Timestamp;

use super::{Reader, number};
use crate::fault::{Code, Fault, Place};
use crate::message::Segment;

/// The vital signs that are kept, by LOINC code
/// (<https://hl7.org/fhir/R4/observation-vitalsigns.html>; 59408-5: saturation by pulse oximetry).
const VITAL_SIGNS: [&str; 7] =
    ["8480-6", "8462-4", "8310-5", "8867-4", "9279-1", "2708-6", "59408-5"];

/// Spellings of units in ISO+ (HL7 v2.3, figure 7-9) and their UCUM codes.
const ISO_PLUS: [(&str, &str); 4] =
    [("mm(hg)", "mm[Hg]"), ("cel", "Cel"), ("degf", "[degF]"), ("mmhg", "mm[Hg]")];

/// How certain what was measured is (OBX-11, HL7 table 0085).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// F.
    Final,
    /// P.
    Preliminary,
    /// C: replaces what was said of that moment.
    Corrected,
}

/// What was measured of one patient at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The patient in the block, and the field that says so.
    pub patient: (String, Place),
    /// When, and the field that says so.
    pub at: (Timestamp, Place),
    /// How certain.
    pub status: Status,
    /// The vital signs; at least one.
    pub members: Vec<Member>,
}

/// A vital sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Which OBX segment says so, counted from 1.
    pub sequence: usize,
    /// LOINC.
    pub code: &'static str,
    /// The number.
    pub value: f64,
    /// UCUM.
    pub unit: String,
}

impl Reader<'_> {
    /// The vital signs of a message, by patient, moment and certainty, in the order in which these
    /// come first. Everything that is wrong is told, not the first thing alone.
    pub(super) fn observations(
        &mut self,
        made: Option<(Timestamp, Place)>,
    ) -> Option<Vec<Observation>> {
        let mut observations: Vec<Observation> = Vec::new();
        let mut patient: Option<(String, Place)> = None;
        let mut ordered: Option<(Timestamp, Place)> = None;
        let (mut people, mut orders, mut sequence) = (0, 0, 0);
        let message = self.message;
        self.needed("PID")?;
        self.needed("OBX")?;
        for segment in message.segments() {
            match segment.name() {
                "PID" => {
                    people += 1;
                    ordered = None;
                    let place = Place::field("PID", 3).of(people);
                    patient = self.identity(&segment, people).patient.map(|id| (id, place));
                    if patient.is_none() {
                        let types = self.conventions.patient_id_types.join(" or ");
                        let detail = format!("must name a patient of the block (type {types})");
                        self.fault(place, Code::RequiredField, &detail);
                    }
                }
                "OBR" => {
                    orders += 1;
                    let place = Place::field("OBR", 7).of(orders);
                    let at = self.instant(&segment.value(7, 1), place);
                    ordered = at.map(|at| (at, place));
                }
                "OBX" => {
                    sequence += 1;
                    let Some(member) = self.member(&segment, sequence) else { continue };
                    let Some(status) = self.status(&segment, sequence) else { continue };
                    let place = Place::field("OBX", 14).of(sequence);
                    let own = self.instant(&segment.value(14, 1), place).map(|at| (at, place));
                    let Some(at) = own.or(ordered).or(made) else {
                        self.missing(place);
                        continue;
                    };
                    // Who it is was asked for at PID.
                    let Some(patient) = &patient else { continue };
                    let same = observations.iter_mut().rev().find(|it| {
                        it.patient == *patient && it.at.0 == at.0 && it.status == status
                    });
                    match same {
                        Some(observation) => observation.members.push(member),
                        None => observations.push(Observation {
                            patient: patient.clone(),
                            at,
                            status,
                            members: vec![member],
                        }),
                    }
                }
                _ => {}
            }
        }
        if observations.is_empty() && self.faults.is_empty() && !self.notes.is_empty() {
            // Nothing at all would be done: that is a mistake and no note.
            let nothing_measured = self.notes.iter().all(|note| note.code == Code::TableValue);
            if nothing_measured {
                self.faults.append(&mut self.notes);
            }
        }
        Some(observations)
    }

    /// The vital sign of an OBX; `None` when it is none, has no value, or is wrong.
    fn member(&mut self, obx: &Segment<'_>, sequence: usize) -> Option<Member> {
        let place = |field| Place::field("OBX", field).of(sequence);
        let value = obx.value(5, 1);
        let Some(code) = vital_sign(obx) else {
            // Panels and the levels of a device have no value, and nothing is lost of them.
            if !value.is_empty() {
                let detail = "is no vital sign that is kept here and was left out";
                self.notes.push(Fault::at(place(3), Code::TableValue, detail));
            }
            return None;
        };
        if obx.value(11, 1) == "X" {
            let detail = "says that nothing could be measured";
            self.notes.push(Fault::at(place(11), Code::Accepted, detail));
            return None;
        }
        if obx.value(2, 1) != "NM" {
            self.fault(place(2), Code::TableValue, "must be NM: a vital sign is a number");
            return None;
        }
        if value.is_empty() {
            self.missing(place(5));
            return None;
        }
        let Some(value) = number(&value) else {
            self.fault(place(5), Code::DataType, "must be a number");
            return None;
        };
        let (unit, system) = (obx.value(6, 1), obx.value(6, 3));
        if unit.is_empty() {
            self.missing(place(6));
            return None;
        }
        if !["", "UCUM", "ISO+", "ISO"].contains(&system.as_str()) {
            let detail = "must be UCUM or ISO+";
            self.fault(Place { component: 3, ..place(6) }, Code::TableValue, detail);
            return None;
        }
        let spelled = unit.to_ascii_lowercase();
        let known = ISO_PLUS.iter().find(|(name, _)| system != "UCUM" && *name == spelled);
        let unit = known.map_or(unit, |(_, code)| (*code).to_owned());
        Some(Member { sequence, code, value, unit })
    }

    fn status(&mut self, obx: &Segment<'_>, sequence: usize) -> Option<Status> {
        match obx.value(11, 1).as_str() {
            "F" => Some(Status::Final),
            "P" => Some(Status::Preliminary),
            "C" => Some(Status::Corrected),
            "" => {
                self.missing(Place::field("OBX", 11).of(sequence));
                None
            }
            _ => {
                let detail = "must be F, P, C or X: what was measured cannot be taken back";
                self.fault(Place::field("OBX", 11).of(sequence), Code::TableValue, detail);
                None
            }
        }
    }
}

/// The LOINC code of a vital sign, under the observation's own coding or its alternate one.
fn vital_sign(obx: &Segment<'_>) -> Option<&'static str> {
    [(1, 3), (4, 6)].into_iter().find_map(|(code, system)| {
        let (code, system) = (obx.value(3, code), obx.value(3, system));
        let loinc = ["", "LN", "LNC"].contains(&system.as_str());
        VITAL_SIGNS.into_iter().find(|known| loinc && *known == code)
    })
}

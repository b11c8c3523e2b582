//! Patients: who they are (PID), what was measured of them at admission (OBX), and who they were
//! before a merge (MRG).

use jiff::civil::Date;

use super::{Reader, Told, number};
use crate::fault::{Code, Fault, Place};
use crate::message::{Field, Segment};

const PID_3: Place = Place::field("PID", 3);

/// By what a patient is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The tax code.
    pub tax_code: Option<String>,
    /// The patient in the block.
    pub patient: Option<String>,
}

/// What is known of a patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The tax code.
    pub tax_code: String,
    /// Family name (PID-5.1).
    pub surname: Told<String>,
    /// Given names (PID-5.2 and 5.3).
    pub name: Told<String>,
    /// Date of birth (PID-7).
    pub birthdate: Told<Date>,
    /// In centimetres (OBX, LOINC 8302-2).
    pub height_cm: Option<Measure<f64>>,
    /// In kilograms (OBX, LOINC 29463-7).
    pub weight_kg: Option<Measure<f64>>,
    /// OBX, LOINC 882-1.
    pub blood_group: Option<Measure<BloodGroup>>,
}

/// A value and the OBX segment that says it, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure<T> {
    /// The value.
    pub value: T,
    /// Which OBX.
    pub sequence: usize,
}

/// A blood group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BloodGroup {
    /// Of the AB0 system.
    pub abo: Abo,
    /// Rhesus positive.
    pub positive: bool,
}

/// The AB0 system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say everything")]
pub enum Abo {
    A,
    B,
    Ab,
    Zero,
}

/// Two records that are one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Who stays.
    pub person: Person,
    /// The tax code that is not used any more; `None` when both records have the same.
    pub retired_tax_code: Option<String>,
    /// The patient in the block who stays, and the one who is not used any more; `None` when that
    /// is not said or is the same.
    pub patients: Option<(String, String)>,
}

impl Reader<'_> {
    /// What an admission says of a patient.
    pub(super) fn person(&mut self) -> Option<Person> {
        let pid = self.needed("PID")?;
        let identity = self.identity(&pid, 1);
        if identity.tax_code.is_none() {
            let types = self.conventions.tax_code_types.join(" or ");
            let detail = format!("must have a tax code: an identifier of type {types}, or PID-19");
            self.fault(PID_3, Code::RequiredField, &detail);
        }
        let (surname, name) = name(&pid);
        let birthdate = self.birthdate(&pid);
        self.check_sex(&pid);
        let mut person = Person {
            tax_code: identity.tax_code.unwrap_or_default(),
            surname,
            name,
            birthdate,
            height_cm: None,
            weight_kg: None,
            blood_group: None,
        };
        let message = self.message;
        let measured = message.segments().filter(|segment| segment.name() == "OBX");
        for (nth, obx) in measured.enumerate() {
            self.measure(&obx, nth + 1, &mut person);
        }
        Some(person)
    }

    /// Who stays and who goes.
    pub(super) fn merge(&mut self) -> Option<Merge> {
        let many = |name| self.message.segments().filter(|it| it.name() == name).count();
        if 1 < many("MRG") || 1 < many("PID") {
            let place = Place { segment: "MRG", sequence: 2, field: 0, component: 0 };
            self.fault(place, Code::SegmentSequence, "is one too many: one merge a message");
            return None;
        }
        let pid = self.needed("PID")?;
        let mrg = self.needed("MRG")?;
        let surviving = self.identity(&pid, 1);
        let person = self.person()?;
        let place = Place::field("MRG", 1);
        let retired = self.identifiers(mrg.field(1), place);
        let differs = |kept: &Option<String>, gone: &Option<String>| match (kept, gone) {
            (Some(kept), Some(gone)) if kept != gone => Some((kept.clone(), gone.clone())),
            _ => None,
        };
        let retired_tax_code = differs(&surviving.tax_code, &retired.tax_code).map(|it| it.1);
        let patients = differs(&surviving.patient, &retired.patient);
        if self.faults.is_empty() && retired_tax_code.is_none() && patients.is_none() {
            let detail = "names nobody who is another than in PID-3";
            self.fault(place, Code::RequiredField, detail);
        }
        Some(Merge { person, retired_tax_code, patients })
    }

    /// By what a PID segment knows the patient.
    pub(super) fn identity(&mut self, pid: &Segment<'_>, sequence: usize) -> Identity {
        let place = PID_3.of(sequence);
        let mut identity = self.identifiers(pid.field(3), place);
        let number = pid.value(19, 1);
        match &identity.tax_code {
            None if !number.is_empty() => identity.tax_code = Some(number),
            Some(code) if !number.is_empty() && *code != number => {
                let place = Place::field("PID", 19).of(sequence);
                self.fault(place, Code::DuplicateKey, "is another tax code than in PID-3");
            }
            _ => {}
        }
        identity
    }

    /// Identifiers by their types. One alone without a type is the patient in the block.
    fn identifiers(&mut self, field: Field<'_>, place: Place) -> Identity {
        let mut identity = Identity::default();
        let mut untyped = Vec::new();
        let given = field.repetitions().map(|it| (it.value(1), it.value(5)));
        let given: Vec<(String, String)> = given.filter(|(id, _)| !id.is_empty()).collect();
        for (id, kind) in given {
            let slot = if self.conventions.tax_code_types.contains(&kind) {
                &mut identity.tax_code
            } else if self.conventions.patient_id_types.contains(&kind) {
                &mut identity.patient
            } else {
                if kind.is_empty() {
                    untyped.push(id);
                }
                continue;
            };
            if slot.as_ref().is_some_and(|known| *known != id) {
                let detail = "names two of one type: which one is meant, nobody knows";
                self.faults.push(Fault::at(place, Code::DuplicateKey, detail));
                continue;
            }
            *slot = Some(id);
        }
        if let (None, [alone]) = (&identity.patient, untyped.as_slice()) {
            identity.patient = Some(alone.clone());
        }
        identity
    }

    fn birthdate(&mut self, pid: &Segment<'_>) -> Told<Date> {
        let place = Place::field("PID", 7);
        if pid.field(7).is_null() {
            return Told::Deleted;
        }
        let Some(stamp) = self.stamp(&pid.value(7, 1), place) else { return Told::Nothing };
        let Some(date) = stamp.date() else {
            self.fault(place, Code::DataType, "must say the day of birth");
            return Told::Nothing;
        };
        Told::Is(date)
    }

    /// The block keeps no sex; what is no sex (HL7 table 0001) is a mistake nevertheless.
    fn check_sex(&mut self, pid: &Segment<'_>) {
        let sex = pid.value(8, 1);
        if !["", "F", "M", "O", "U", "A", "N", "X"].contains(&sex.as_str()) {
            let detail = "must be F, M, O, U, A, N or X";
            self.fault(Place::field("PID", 8), Code::TableValue, detail);
        }
    }

    /// Height, weight or blood group; anything else is none of ours and is noted.
    fn measure(&mut self, obx: &Segment<'_>, sequence: usize, person: &mut Person) {
        let place = |field| Place::field("OBX", field).of(sequence);
        let (code, value) = (obx.value(3, 1), obx.value(5, 1));
        if value.is_empty() || ["X", "D", "W", "N"].contains(&obx.value(11, 1).as_str()) {
            return;
        }
        let unit = obx.value(6, 1);
        let scale = |known: &[(&str, f64)]| {
            known.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale)
        };
        let scale = match code.as_str() {
            "8302-2" => scale(&[("cm", 1.0), ("m", 100.0), ("[in_i]", 2.54)]),
            "29463-7" | "3141-9" => scale(&[("kg", 1.0), ("g", 0.001), ("[lb_av]", 0.453_592_37)]),
            "882-1" => {
                // A coded value has its words in the second component.
                let words = [value, obx.value(5, 2)];
                let group = words.iter().find_map(|words| blood_group(words));
                person.blood_group = group.map(|value| Measure { value, sequence });
                if group.is_none() {
                    let detail = "must be a group such as A+, AB neg, 0 Rh positive";
                    self.fault(place(5), Code::TableValue, detail);
                }
                return;
            }
            _ => {
                let detail = "is not kept of a patient and was left out";
                self.notes.push(Fault::at(place(3), Code::Accepted, detail));
                return;
            }
        };
        let Some(scale) = scale else {
            let detail = "must be the unit of a length (cm, m, [in_i]) or mass (kg, g, [lb_av])";
            return self.fault(place(6), Code::TableValue, detail);
        };
        let Some(number) = number(&value) else {
            return self.fault(place(5), Code::DataType, "must be a number");
        };
        let measure = Some(Measure { value: number * scale, sequence });
        if code == "8302-2" {
            person.height_cm = measure;
        } else {
            person.weight_kg = measure;
        }
    }
}

/// The legal name (type L), else the first one.
fn name(pid: &Segment<'_>) -> (Told<String>, Told<String>) {
    let field = pid.field(5);
    if field.is_null() {
        return (Told::Deleted, Told::Deleted);
    }
    let legal = field.repetitions().find(|name| name.value(7) == "L");
    let name = legal.unwrap_or(field.first());
    let surname = name.value(1);
    let given = [name.value(2), name.value(3)];
    let given = given.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>();
    let told = |text: String| if text.is_empty() { Told::Nothing } else { Told::Is(text) };
    (told(surname), told(given.join(" ")))
}

/// A blood group as people write it.
fn blood_group(words: &str) -> Option<BloodGroup> {
    let words = words.to_ascii_uppercase();
    let letters = words.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(words.len());
    let (group, rest) = words.split_at_checked(letters)?;
    let abo = match group {
        "A" => Abo::A,
        "B" => Abo::B,
        "AB" => Abo::Ab,
        "0" | "O" => Abo::Zero,
        _ => return None,
    };
    let rhesus: String = rest.chars().filter(|it| !it.is_whitespace() && *it != '_').collect();
    let rhesus = rhesus.trim_start_matches("RH").trim_start_matches("(D)");
    match rhesus {
        "+" | "POS" | "POSITIVE" => Some(BloodGroup { abo, positive: true }),
        "-" | "NEG" | "NEGATIVE" => Some(BloodGroup { abo, positive: false }),
        _ => None,
    }
}

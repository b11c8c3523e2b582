//! Patients, at patient management.

use chiron_chassis::{Calls, Service};
use hl7_gateway_domain::fault::{Code, Fault, Place};
use hl7_gateway_domain::request::{Abo, BloodGroup, Merge, Person, Told};
use serde_json::{Map, Value, json};

use super::{Acting, NotDone, When, at, refusal, unable};

/// Tries when others register the same patient at the same time.
const TRIES: usize = 4;

const PID_3: Place = Place::field("PID", 3);

impl Acting {
    /// Makes what is known of a patient what the message says. What it does not say stays.
    pub(super) async fn register(&self, person: &Person, when: When) -> Result<(), NotDone> {
        let path = path(&person.tax_code);
        for _ in 0..TRIES {
            let (known, merged) = match self.person(&person.tax_code).await? {
                None => (Map::new(), false),
                Some(known) => {
                    let same = known.get("taxCode").and_then(Value::as_str);
                    let merged = same != Some(person.tax_code.as_str());
                    (known, merged)
                }
            };
            if merged {
                let detail = "was merged into another tax code: send under that one";
                return Err(NotDone::refused(PID_3, Code::UnknownKey, detail));
            }
            let told = told(person, &known).map_err(NotDone::Refused)?;
            if told == known {
                return Ok(());
            }
            let call = if known.is_empty() {
                self.calls.post(Service::PatientManagement, "/api/v1/patients")
            } else {
                self.calls.put(Service::PatientManagement, &path)
            };
            let answer = at(call.json(&told), when).send().await?;
            match answer.status.as_u16() {
                200..300 => return Ok(()),
                // Somebody else added or removed the patient in between: look again.
                409 if known.is_empty() => {}
                404 if !known.is_empty() => {}
                _ => return Err(refusal(&answer, when, |pointer| place(pointer, person))),
            }
        }
        Err(NotDone::Unable { who: Service::PatientManagement.to_string(), status: 409 })
    }

    /// Registers who stays, and lets both records lead there: the tax codes at patient management,
    /// the ids of the block here.
    pub(super) async fn merge(&self, merge: &Merge, when: When) -> Result<(), NotDone> {
        self.register(&merge.person, when).await?;
        if let Some(retired) = &merge.retired_tax_code {
            let retired = Calls::segment(retired);
            let path = format!("{}/retired/{retired}", path(&merge.person.tax_code));
            let call = self.calls.put(Service::PatientManagement, &path);
            let answer = at(call, when).send().await?;
            if !answer.is_success() {
                return Err(refusal(&answer, when, |_| Some(Place::field("MRG", 1))));
            }
        }
        if let Some((surviving, retired)) = &merge.patients {
            self.keeping.merged(retired, surviving).await?;
        }
        Ok(())
    }

    /// What is known of a person; `None` when nobody has the tax code.
    async fn person(&self, tax_code: &str) -> Result<Option<Map<String, Value>>, NotDone> {
        let answer = self.calls.get(Service::PatientManagement, &path(tax_code)).send().await?;
        match answer.status.as_u16() {
            404 => Ok(None),
            200..300 => Ok(Some(answer.json()?)),
            400 => Err(refusal(&answer, None, |_| Some(PID_3))),
            _ => Err(unable(&answer)),
        }
    }

    /// Whether two tax codes name one person.
    pub(super) async fn is_same_person(&self, one: &str, other: &str) -> Result<bool, NotDone> {
        if one == other {
            return Ok(true);
        }
        let code = |person: Option<Map<String, Value>>| {
            person.and_then(|person| person.get("taxCode").cloned())
        };
        let (one, other) = (code(self.person(one).await?), code(self.person(other).await?));
        Ok(one.is_some() && one == other)
    }
}

fn path(tax_code: &str) -> String {
    format!("/api/v1/patients/{}", Calls::segment(tax_code))
}

/// The patient as patient management takes it: what is known, changed to what is told.
fn told(person: &Person, known: &Map<String, Value>) -> Result<Map<String, Value>, Vec<Fault>> {
    let mut told = known.clone();
    told.insert("taxCode".to_owned(), json!(person.tax_code));
    let birthdate = match &person.birthdate {
        Told::Is(date) => Told::Is(date.to_string()),
        Told::Deleted => Told::Deleted,
        Told::Nothing => Told::Nothing,
    };
    let mut faults = Vec::new();
    for (field, value, place) in [
        ("surname", &person.surname, Place::component("PID", 5, 1)),
        ("name", &person.name, Place::component("PID", 5, 2)),
        ("birthdate", &birthdate, Place::field("PID", 7)),
    ] {
        match value {
            Told::Is(text) => {
                told.insert(field.to_owned(), json!(text));
            }
            Told::Nothing if known.contains_key(field) => {}
            Told::Nothing => {
                let detail = "is missing, and the patient is not known yet";
                faults.push(Fault::at(place, Code::RequiredField, detail));
            }
            Told::Deleted => {
                let detail = "cannot be deleted";
                faults.push(Fault::at(place, Code::RequiredField, detail));
            }
        }
    }
    let measured = [
        ("height", person.height_cm.map(|it| json!(it.value))),
        ("weight", person.weight_kg.map(|it| json!(it.value))),
        ("bloodGroup", person.blood_group.map(|it| json!(word(it.value)))),
    ];
    for (field, value) in measured {
        if let Some(value) = value {
            told.insert(field.to_owned(), value);
        }
    }
    if faults.is_empty() { Ok(told) } else { Err(faults) }
}

fn word(group: BloodGroup) -> &'static str {
    match (group.abo, group.positive) {
        (Abo::A, true) => "A_POSITIVE",
        (Abo::A, false) => "A_NEGATIVE",
        (Abo::B, true) => "B_POSITIVE",
        (Abo::B, false) => "B_NEGATIVE",
        (Abo::Ab, true) => "AB_POSITIVE",
        (Abo::Ab, false) => "AB_NEGATIVE",
        (Abo::Zero, true) => "ZERO_POSITIVE",
        (Abo::Zero, false) => "ZERO_NEGATIVE",
    }
}

/// The field of the message that a field of the patient comes from.
fn place(pointer: &str, person: &Person) -> Option<Place> {
    let measured = |sequence: Option<usize>| Some(Place::field("OBX", 5).of(sequence?));
    match pointer {
        "/taxCode" | "{taxCode}" | "" => Some(PID_3),
        "/surname" => Some(Place::component("PID", 5, 1)),
        "/name" => Some(Place::component("PID", 5, 2)),
        "/birthdate" => Some(Place::field("PID", 7)),
        "/height" => measured(person.height_cm.map(|it| it.sequence)),
        "/weight" => measured(person.weight_kg.map(|it| it.sequence)),
        "/bloodGroup" => measured(person.blood_group.map(|it| it.sequence)),
        _ => None,
    }
}

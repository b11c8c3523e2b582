//! Vital signs, at medical instrument integration, as FHIR Observations.

use chiron_chassis::{Answer, Service};
use chiron_clock::instant;
use hl7_gateway_domain::fault::{Code, Fault, Place};
use hl7_gateway_domain::request::{Observation, Status};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Acting, NotDone, unable};

const PATH: &str = "/telemetrySystem";

/// An answer in FHIR.
#[derive(Debug, Default, Deserialize)]
struct OperationOutcome {
    #[serde(default)]
    issue: Vec<Issue>,
}

#[derive(Debug, Deserialize)]
struct Issue {
    #[serde(default)]
    diagnostics: String,
    #[serde(default)]
    expression: Vec<String>,
}

impl Acting {
    /// Passes all observations on, and tells of each that was not taken. Those that were stay: the
    /// same again counts once, so a corrected message may repeat them.
    pub(super) async fn observe(&self, observations: &[Observation]) -> Result<(), NotDone> {
        let mut faults = Vec::new();
        for observation in observations {
            faults.extend(self.pass_on(observation).await?);
        }
        if faults.is_empty() { Ok(()) } else { Err(NotDone::Refused(faults)) }
    }

    /// What is wrong with an observation; nothing when it was taken.
    async fn pass_on(&self, observation: &Observation) -> Result<Vec<Fault>, NotDone> {
        let (patient, place) = &observation.patient;
        // The block may know the patient by an id from before a merge.
        for id in self.keeping.ids(patient).await? {
            let call = self.calls.post(Service::MedicalInstrument, PATH);
            let answer = call.json(&resource(observation, &id)).send().await?;
            match answer.status.as_u16() {
                200..300 => return Ok(Vec::new()),
                404 => {}
                400 | 409 | 413 => return Ok(faults(&answer, observation)),
                _ => return Err(unable(&answer)),
            }
        }
        let detail = "is no patient in the block";
        Ok(vec![Fault::at(*place, Code::UnknownKey, detail)])
    }
}

/// The observation in FHIR: a panel of its vital signs.
fn resource(observation: &Observation, patient: &str) -> Value {
    let components: Vec<Value> = observation
        .members
        .iter()
        .map(|member| {
            json!({
                "code": {"coding": [{"system": "http://loinc.org", "code": member.code}]},
                "valueQuantity": {
                    "value": member.value, "unit": member.unit,
                    "system": "http://unitsofmeasure.org", "code": member.unit,
                },
            })
        })
        .collect();
    json!({
        "resourceType": "Observation",
        "status": match observation.status {
            Status::Final => "final",
            Status::Preliminary => "preliminary",
            Status::Corrected => "corrected",
        },
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs",
        }]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85353-1"}]},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": instant::write(observation.at.0),
        "component": components,
    })
}

/// What is wrong, in the message's own terms.
fn faults(answer: &Answer, observation: &Observation) -> Vec<Fault> {
    // An error without this body has no words, and is an error nevertheless.
    let outcome: OperationOutcome = answer.json().unwrap_or_default();
    let mut faults: Vec<Fault> = outcome
        .issue
        .iter()
        .map(|issue| {
            let element = issue.expression.first().map_or("", String::as_str);
            let place = place(element, observation);
            let detail = issue.diagnostics.strip_prefix(element).unwrap_or(&issue.diagnostics);
            Fault { place, code: Code::DataType, detail: detail.trim().to_owned() }
        })
        .collect();
    if faults.is_empty() {
        let (_, place) = observation.patient;
        faults.push(Fault::at(place, Code::Internal, "was refused"));
    }
    faults
}

/// The field of the message that an element of the Observation comes from.
fn place(element: &str, observation: &Observation) -> Option<Place> {
    if element.starts_with("Observation.effective") {
        return Some(observation.at.1);
    }
    if element.starts_with("Observation.subject") {
        return Some(observation.patient.1);
    }
    let (index, rest) = element.strip_prefix("Observation.component[")?.split_once(']')?;
    let member = observation.members.get(index.parse::<usize>().ok()?)?;
    let field = match rest {
        ".valueQuantity.code" | ".valueQuantity.unit" | ".valueQuantity.system" => 6,
        rest if rest.starts_with(".code") => 3,
        _ => 5,
    };
    Some(Place::field("OBX", field).of(member.sequence))
}

//! The part of a FHIR R4 Observation that a monitor's vital signs need, and what it says.
//!
//! Structures are our own: of some thousand fields of the standard a dozen are read, the others
//! are ignored. An Observation is taken or refused as a whole; what is wrong is named by
//! `FHIRPath`.
//! <https://hl7.org/fhir/R4/observation.html>

use chiron_chassis::FieldError;
use chiron_clock::instant;
use jiff::Timestamp;
use medical_instrument_integration_domain::entity::{Readings, Unit, VitalSign};
use serde::Deserialize;
use utoipa::ToSchema;

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
/// Reasons that are told of one Observation at most.
const MOST_FAULTS: usize = 50;
/// The longest id of a twin, in characters.
const LONGEST_ID: usize = 128;

/// An Observation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observation {
    /// `Observation`.
    resource_type: String,
    /// <https://hl7.org/fhir/R4/valueset-observation-status.html>
    status: Option<String>,
    /// What was observed: a vital sign, or a panel of them.
    code: Option<CodeableConcept>,
    /// The patient: `Patient/<id>`, or the id alone.
    subject: Option<Reference>,
    /// When, with a time of day.
    effective_date_time: Option<String>,
    /// When, with a time of day.
    effective_instant: Option<String>,
    /// During which time; its end counts.
    effective_period: Option<Period>,
    /// Not taken: it names no instant.
    #[schema(value_type = Option<Object>)]
    effective_timing: Option<serde_json::Value>,
    /// When it was made available; counts where nothing else is said.
    issued: Option<String>,
    /// The value of a single vital sign.
    value_quantity: Option<Quantity>,
    /// Why there is none.
    #[schema(value_type = Option<Object>)]
    data_absent_reason: Option<serde_json::Value>,
    /// Members of a panel in Observations of their own.
    #[schema(value_type = Option<Vec<Object>>)]
    has_member: Option<Vec<serde_json::Value>>,
    /// The vital signs of a panel.
    #[serde(default)]
    component: Vec<Component>,
}

/// A vital sign of a panel.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Component {
    code: CodeableConcept,
    value_quantity: Option<Quantity>,
    #[schema(value_type = Option<Object>)]
    data_absent_reason: Option<serde_json::Value>,
}

/// A concept in one or more code systems.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct CodeableConcept {
    #[serde(default)]
    coding: Vec<Coding>,
}

/// A code; without a system it is taken for LOINC.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Coding {
    system: Option<String>,
    code: Option<String>,
}

/// A reference to another resource.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Reference {
    reference: Option<String>,
}

/// A span of time.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Period {
    end: Option<String>,
}

/// A number with a unit. Without any unit, the usual one of the vital sign.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct Quantity {
    value: Option<f64>,
    comparator: Option<String>,
    /// For people; read where there is no code.
    unit: Option<String>,
    system: Option<String>,
    /// UCUM.
    code: Option<String>,
}

/// What an Observation says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observed {
    /// The patient's twin.
    pub(crate) patient: String,
    /// When, and which element says so; `None` when the Observation does not say.
    pub(crate) at: Option<(Timestamp, &'static str)>,
    /// The values; at least one.
    pub(crate) readings: Readings,
}

/// Reads an Observation.
///
/// # Errors
///
/// Everything that is wrong with it, by `FHIRPath`.
pub(crate) fn read(body: &[u8]) -> Result<Observed, Vec<FieldError>> {
    let observation: Observation = serde_json::from_slice(body).map_err(|error| {
        // The parser's own words may quote the value.
        let problem = if error.is_data() { "is not of the right type" } else { "is not JSON" };
        let (line, column) = (error.line(), error.column());
        vec![FieldError::new("Observation", format!("{problem}: line {line} column {column}"))]
    })?;
    let mut faults = Faults::default();
    faults.note(observation.is_acceptable());
    let patient = faults.note(observation.patient());
    let at = faults.note(observation.at());
    let readings = observation.readings(&mut faults);
    if let (Some(patient), Some(at), true) = (patient, at, faults.0.is_empty()) {
        return Ok(Observed { patient, at, readings });
    }
    faults.0.truncate(MOST_FAULTS);
    Err(faults.0)
}

#[derive(Debug, Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn note<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }
}

fn fault(element: &str, detail: impl std::fmt::Display) -> FieldError {
    FieldError::new(element, detail.to_string())
}

impl Observation {
    fn is_acceptable(&self) -> Result<(), FieldError> {
        if self.resource_type != "Observation" {
            return Err(fault("Observation.resourceType", "is not `Observation`"));
        }
        match self.status.as_deref() {
            // The contract's senders need not say.
            None
            | Some("registered" | "preliminary" | "final" | "amended" | "corrected" | "unknown") => {
                Ok(())
            }
            Some("cancelled" | "entered-in-error") => {
                Err(fault("Observation.status", "says that nothing was observed"))
            }
            Some(_) => Err(fault("Observation.status", "is no status of an Observation")),
        }
    }

    fn patient(&self) -> Result<String, FieldError> {
        const ELEMENT: &str = "Observation.subject.reference";
        let reference = self.subject.as_ref().and_then(|subject| subject.reference.as_deref());
        let reference = reference.ok_or_else(|| fault(ELEMENT, "is missing"))?.trim();
        // `Patient/1`, `https://…/Patient/1/_history/2` or the bare id.
        let id = match reference.rsplit_once("Patient/") {
            Some((before, id)) if before.is_empty() || before.ends_with('/') => {
                id.split_once("/_history/").map_or(id, |(id, _)| id)
            }
            _ => reference,
        };
        if id.is_empty() {
            return Err(fault(ELEMENT, "names nobody"));
        }
        // Dots alone would be steps of a path; `#` refers into the Observation itself.
        let odd = |it: char| it == '/' || it == '#' || it.is_whitespace() || it.is_control();
        if LONGEST_ID < id.chars().count() || id == "." || id == ".." || id.contains(odd) {
            return Err(fault(ELEMENT, "is neither `Patient/<id>` nor the id of a patient"));
        }
        Ok(id.to_owned())
    }

    fn at(&self) -> Result<Option<(Timestamp, &'static str)>, FieldError> {
        if self.effective_timing.is_some() {
            let detail = "is not read here: say when by effectiveDateTime";
            return Err(fault("Observation.effectiveTiming", detail));
        }
        let end = self.effective_period.as_ref().and_then(|period| period.end.as_ref());
        let said = [
            (&self.effective_date_time, "Observation.effectiveDateTime"),
            (&self.effective_instant, "Observation.effectiveInstant"),
            (&end.cloned(), "Observation.effectivePeriod.end"),
            (&self.issued, "Observation.issued"),
        ];
        for (text, element) in said {
            let Some(text) = text else { continue };
            return match instant::parse(text) {
                Ok(at) => Ok(Some((at, element))),
                Err(_) => Err(fault(element, "is not an instant with a time of day and an offset")),
            };
        }
        Ok(None)
    }

    /// The vital signs of the Observation itself and of its components.
    fn readings(&self, faults: &mut Faults) -> Readings {
        let mut readings = Readings::default();
        let mut take = |code: &CodeableConcept,
                        value: Option<&Quantity>,
                        may_lack: bool,
                        element: &str,
                        faults: &mut Faults| {
            let code_element = format!("{element}.code");
            let Some(vital_sign) = faults.note(code.vital_sign(&code_element)).flatten() else {
                return;
            };
            let element = format!("{element}.valueQuantity");
            match value {
                Some(quantity) => {
                    let value = quantity.value(vital_sign, &element);
                    let added = value.and_then(|value| {
                        readings.add(vital_sign, value).map_err(|error| fault(&element, error))
                    });
                    faults.note(added);
                }
                None if may_lack => {}
                None => faults.0.push(fault(&element, "is missing")),
            }
        };
        // What is said to be absent is no value, even where a number stands beside it.
        if let Some(code) = &self.code
            && self.data_absent_reason.is_none()
        {
            let is_panel = !self.component.is_empty() || self.has_member.is_some();
            take(code, self.value_quantity.as_ref(), is_panel, "Observation", faults);
        }
        for (index, component) in self.component.iter().enumerate() {
            let element = format!("Observation.component[{index}]");
            if component.data_absent_reason.is_none() {
                let value = component.value_quantity.as_ref();
                take(&component.code, value, false, &element, faults);
            }
        }
        if readings.is_empty() && faults.0.is_empty() {
            faults.0.push(fault("Observation", "has no vital sign that is kept here"));
        }
        readings
    }
}

impl CodeableConcept {
    /// The vital sign that the concept names; `None` for anything else, panels included.
    fn vital_sign(&self, element: &str) -> Result<Option<VitalSign>, FieldError> {
        let mut found = None;
        for coding in &self.coding {
            if coding.system.as_deref().is_some_and(|system| system != LOINC) {
                continue;
            }
            let Some(vital_sign) = coding.code.as_deref().and_then(vital_sign) else { continue };
            if found.is_some_and(|before| before != vital_sign) {
                return Err(fault(element, "names two vital signs"));
            }
            found = Some(vital_sign);
        }
        Ok(found)
    }
}

/// The vital sign of a LOINC code.
/// <https://hl7.org/fhir/R4/observation-vitalsigns.html>
fn vital_sign(code: &str) -> Option<VitalSign> {
    match code {
        "8480-6" => Some(VitalSign::SystolicBloodPressure),
        "8462-4" => Some(VitalSign::DiastolicBloodPressure),
        "8310-5" => Some(VitalSign::BodyTemperature),
        "8867-4" => Some(VitalSign::HeartBeat),
        "9279-1" => Some(VitalSign::RespiratoryRate),
        // In arterial blood, and there by pulse oximetry.
        "2708-6" | "59408-5" => Some(VitalSign::SaturationPercentage),
        _ => None,
    }
}

impl Quantity {
    fn value(
        &self,
        vital_sign: VitalSign,
        element: &str,
    ) -> Result<medical_instrument_integration_domain::entity::Value, FieldError> {
        let value = self.value.ok_or_else(|| fault(&format!("{element}.value"), "is missing"))?;
        if self.comparator.is_some() {
            let detail = "makes a bound of the value, and bounds are not kept";
            return Err(fault(&format!("{element}.comparator"), detail));
        }
        let unit = match (&self.code, &self.unit) {
            (Some(code), _) => {
                if self.system.as_deref().is_some_and(|system| system != UCUM) {
                    return Err(fault(&format!("{element}.system"), format!("is not {UCUM}")));
                }
                coded(code).ok_or_else(|| fault(&format!("{element}.code"), UNKNOWN_UNIT))?
            }
            (None, Some(text)) => {
                written(text).ok_or_else(|| fault(&format!("{element}.unit"), UNKNOWN_UNIT))?
            }
            (None, None) => vital_sign.unit(),
        };
        vital_sign.value(value, unit).map_err(|error| fault(element, error))
    }
}

const UNKNOWN_UNIT: &str = "is no unit of a vital sign: /min, mm[Hg], %, Cel or [degF]";

/// The unit of a UCUM code. Annotations in braces mean nothing there.
fn coded(code: &str) -> Option<Unit> {
    let plain = match (code.split_once('{'), code.split_once('}')) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => code.to_owned(),
    };
    match plain.as_str() {
        "/min" | "1/min" | "min-1" => Some(Unit::PerMinute),
        "mm[Hg]" => Some(Unit::MillimetreOfMercury),
        "%" => Some(Unit::Percent),
        "Cel" => Some(Unit::Celsius),
        "[degF]" => Some(Unit::Fahrenheit),
        _ => None,
    }
}

/// The unit as people write it: the code, or one of the spellings in common use.
fn written(text: &str) -> Option<Unit> {
    let text = text.trim();
    coded(text).or_else(|| match text.to_lowercase().as_str() {
        "bpm" | "beats/min" | "beats/minute" | "breaths/min" | "breaths/minute" | "per minute" => {
            Some(Unit::PerMinute)
        }
        "mmhg" | "mm hg" => Some(Unit::MillimetreOfMercury),
        "percent" => Some(Unit::Percent),
        "c" | "°c" | "degc" | "degrees c" | "celsius" => Some(Unit::Celsius),
        "f" | "°f" | "degf" | "degrees f" | "fahrenheit" => Some(Unit::Fahrenheit),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Elements of an Observation, each as it should be or as it should not.
    fn element(name: &'static str) -> BoxedStrategy<Value> {
        let any_leaf = prop_oneof![
            Just(Value::Null),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            Just(json!({})),
            Just(json!([])),
            Just(json!([[[[{"coding": [null]}]]]])),
        ];
        let some = |values: Vec<Value>| prop::sample::select(values);
        let good = match name {
            "resourceType" => some(vec![json!("Observation")]).boxed(),
            "status" => some(vec![json!("final"), json!("cancelled"), json!("lunch")]).boxed(),
            "subject" => "(Patient/|https://h/Patient/|#|)[a-z./]{0,140}(/_history/2)?"
                .prop_map(|reference| json!({"reference": reference}))
                .boxed(),
            "effectivePeriod" => instant_text().prop_map(|end| json!({"end": end})).boxed(),
            "effectiveDateTime" | "issued" | "effectiveInstant" => {
                instant_text().prop_map(Value::from).boxed()
            }
            "code" => code().boxed(),
            "valueQuantity" => quantity().boxed(),
            "component" => prop::collection::vec((code(), prop::option::of(quantity())), 0..5)
                .prop_map(|components| {
                    let component = |(code, value)| json!({"code": code, "valueQuantity": value});
                    components.into_iter().map(component).collect()
                })
                .boxed(),
            _ => any_leaf.clone().boxed(),
        };
        prop_oneof![6 => good, 1 => any_leaf].boxed()
    }

    fn instant_text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("2026-05-15T08:00:00+02:00".to_owned()),
            Just("2026-05-15".to_owned()),
            Just("2026-02-30T25:61:61Z".to_owned()),
            "[-0-9TZ:+.]{0,40}",
        ]
    }

    fn code() -> impl Strategy<Value = Value> {
        let coding = (
            prop::option::of(prop::sample::select(vec![LOINC, "urn:other"])),
            prop::sample::select(vec!["8480-6", "8867-4", "8310-5", "2708-6", "85354-9", "", "x"]),
        );
        prop::collection::vec(coding, 0..3).prop_map(|codings| {
            let coding = |(system, code)| json!({"system": system, "code": code});
            json!({"coding": codings.into_iter().map(coding).collect::<Vec<_>>()})
        })
    }

    fn quantity() -> impl Strategy<Value = Value> {
        let number = prop_oneof![
            3 => (30.0..120.0_f64).prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            1 => Just(Value::Null),
        ];
        let unit = prop::option::of("(/min|mm\\[Hg\\]|%|Cel|\\[degF\\]|\\PC{0,8}|[{}]{1,4})");
        let comparator = prop::option::weighted(0.1, Just("<"));
        (number, unit.clone(), unit, comparator).prop_map(|(value, code, unit, comparator)| {
            json!({"value": value, "code": code, "unit": unit, "comparator": comparator})
        })
    }

    /// An Observation that is whole, or lacks this or that, or has what it should not.
    fn observation() -> impl Strategy<Value = Value> {
        const NAMES: [&str; 13] = [
            "resourceType",
            "status",
            "subject",
            "code",
            "valueQuantity",
            "component",
            "effectiveDateTime",
            "effectiveInstant",
            "effectivePeriod",
            "effectiveTiming",
            "issued",
            "dataAbsentReason",
            "hasMember",
        ];
        let often = |name: &'static str| match name {
            "resourceType" | "subject" | "code" | "valueQuantity" => 0.95,
            "effectiveDateTime" | "status" => 0.5,
            _ => 0.15,
        };
        NAMES.map(|name| prop::option::weighted(often(name), element(name))).prop_map(|values| {
            let members = NAMES.into_iter().zip(values);
            let members = members.filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(members.collect())
        })
    }

    fn check(body: &[u8]) -> Result<(), TestCaseError> {
        match read(body) {
            Ok(observed) => {
                prop_assert!(!observed.readings.is_empty());
                prop_assert!(!observed.patient.is_empty());
                prop_assert!(observed.patient.chars().count() <= LONGEST_ID);
                let leads = |it: char| it == '/' || it == '#' || it.is_control();
                prop_assert!(!observed.patient.contains(leads), "{}", observed.patient);
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty(), "refused without a reason");
                prop_assert!(faults.iter().all(|fault| !fault.detail.is_empty()));
                prop_assert!(faults.iter().all(|fault| fault.pointer.starts_with("Observation")));
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn any_observation_is_taken_or_refused_with_reasons(observation in observation()) {
            check(observation.to_string().as_bytes())?;
        }

        #[test]
        fn any_bytes_are_refused_with_a_reason(body in prop::collection::vec(any::<u8>(), 0..300)) {
            check(&body)?;
        }

        #[test]
        fn a_damaged_observation_is_taken_or_refused_with_reasons(
            observation in observation(),
            at in any::<prop::sample::Index>(),
            with in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            let mut body = observation.to_string().into_bytes();
            let at = at.index(body.len());
            body.splice(at..(at + 3).min(body.len()), with);
            check(&body)?;
        }
    }

    #[test]
    fn what_is_deep_or_long_is_refused_with_few_words() {
        let deep =
            format!("{{\"effectiveTiming\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        check(deep.as_bytes()).unwrap();
        // As many components as a body may hold: a reason each is bounded by the body.
        let component = r#"{"code":{"coding":[{"code":"8867-4"}]}}"#;
        let many = vec![component; 40_000].join(",");
        let many = format!(r#"{{"resourceType":"Observation","component":[{many}]}}"#);
        let faults = read(many.as_bytes()).unwrap_err();
        assert!(faults.len() <= MOST_FAULTS, "{}", faults.len());
    }
}

//! Between the wire and the domain: the patient's JSON and the problems of this service.

use chiron_chassis::{FieldError, Problem};
use chiron_clock::parse_date;
use chiron_store::StoreError;
use jiff::civil::Date;
use patient_management_integration_domain::entity::{BloodGroup, Demographics, Patient, TaxCode};
use patient_management_integration_domain::usecase::{NotMerged, StoreFailed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The demographic data of a patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Patient)]
pub struct PatientV1 {
    /// What the patient is known by.
    #[schema(example = "VRDLCU85T10A562S")]
    pub tax_code: String,
    /// Given names.
    pub name: String,
    /// Family name.
    pub surname: String,
    /// Centimetres; null when nobody has measured it.
    #[serde(default)]
    pub height: Option<f64>,
    /// Kilograms; null when nobody has measured it.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Date of birth, `YYYY-MM-DD`.
    #[schema(example = "1985-12-10", format = Date)]
    pub birthdate: String,
    /// Of the AB0 and Rhesus systems; null when nobody has said it.
    #[serde(default)]
    pub blood_group: Option<BloodGroupV1>,
}

/// A blood group of the AB0 and Rhesus systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = BloodGroup)]
pub enum BloodGroupV1 {
    ANegative,
    APositive,
    BNegative,
    BPositive,
    ZeroNegative,
    ZeroPositive,
    AbNegative,
    AbPositive,
}

/// A page of patients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Patients)]
pub struct PatientsV1 {
    /// By tax code.
    pub entries: Vec<PatientV1>,
    /// How many there are in all pages together.
    pub total: usize,
    /// What to send as `cursor` for the next page; null on the last one.
    pub next: Option<String>,
}

impl PatientV1 {
    /// The patient that this describes. `today` bounds the date of birth.
    pub(crate) fn parse(self, today: Date) -> Result<Patient, Problem> {
        let mut wrong = Vec::new();
        let tax_code = self
            .tax_code
            .parse::<TaxCode>()
            .map_err(|error| wrong.push(FieldError::new("/taxCode", error.to_string())));
        let birthdate = parse_date(&self.birthdate);
        if birthdate.is_none() {
            wrong.push(FieldError::new("/birthdate", "must be a date such as 1985-12-10"));
        }
        let (Ok(tax_code), Some(birthdate)) = (tax_code, birthdate) else {
            return Err(Problem::invalid(wrong));
        };
        let data = Demographics {
            tax_code,
            name: self.name,
            surname: self.surname,
            height_cm: self.height,
            weight_kg: self.weight,
            birthdate,
            blood_group: self.blood_group.map(Into::into),
        };
        Patient::new(data, today).map_err(|wrong| {
            let errors = wrong
                .into_iter()
                .map(|error| FieldError::new(format!("/{}", error.field()), error.to_string()));
            Problem::invalid(errors.collect())
        })
    }

    pub(crate) fn present(patient: &Patient) -> PatientV1 {
        PatientV1 {
            tax_code: patient.tax_code.to_string(),
            name: patient.name().to_owned(),
            surname: patient.surname().to_owned(),
            height: patient.height_cm(),
            weight: patient.weight_kg(),
            birthdate: patient.birthdate().to_string(),
            blood_group: patient.blood_group.map(Into::into),
        }
    }
}

macro_rules! same_names {
    ($($name:ident),*) => {
        impl From<BloodGroupV1> for BloodGroup {
            fn from(group: BloodGroupV1) -> BloodGroup {
                match group { $(BloodGroupV1::$name => BloodGroup::$name),* }
            }
        }

        impl From<BloodGroup> for BloodGroupV1 {
            fn from(group: BloodGroup) -> BloodGroupV1 {
                match group { $(BloodGroup::$name => BloodGroupV1::$name),* }
            }
        }
    };
}

same_names!(
    ANegative,
    APositive,
    BNegative,
    BPositive,
    ZeroNegative,
    ZeroPositive,
    AbNegative,
    AbPositive
);

/// The tax code of a path.
pub(crate) fn tax_code(text: &str) -> Result<TaxCode, Problem> {
    text.parse().map_err(|error| Problem::bad_request("{taxCode}", format!("{error}")))
}

pub(crate) fn unknown() -> Problem {
    Problem::not_found("no patient has this tax code")
}

pub(crate) fn known() -> Problem {
    Problem::conflict("a patient has this tax code already, or had it before a merge")
}

/// Not a `From`: both types are others'.
pub(crate) fn not_merged(error: NotMerged) -> Problem {
    let detail = error.to_string();
    match error {
        NotMerged::Unknown => Problem::not_found(detail),
        NotMerged::Itself => Problem::bad_request("{retired}", detail),
        NotMerged::Retired | NotMerged::Elsewhere => Problem::conflict(detail),
        NotMerged::Store(error) => store_failed(error),
    }
}

/// The database failed. Not a `From`: both types are others'.
pub(crate) fn store_failed(error: StoreFailed) -> Problem {
    match error.0.downcast::<StoreError>() {
        Ok(error) => Problem::from(*error),
        Err(error) => Problem::internal(&StoreFailed(error)),
    }
}

#[cfg(test)]
mod tests {
    use chiron_chassis::from_json;
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn check(body: &[u8]) -> Result<(), TestCaseError> {
        match from_json::<PatientV1>(body) {
            Ok(patient) => match patient.parse(date(2026, 5, 15)) {
                Ok(patient) => {
                    // What is taken is shown, and what is shown is taken.
                    let shown = serde_json::to_vec(&PatientV1::present(&patient)).unwrap();
                    let again = from_json::<PatientV1>(&shown).unwrap();
                    prop_assert_eq!(again.parse(date(2026, 5, 15)).unwrap(), patient);
                }
                Err(problem) => {
                    prop_assert_eq!(problem.status().as_u16(), 400);
                    prop_assert!(!problem.errors().is_empty());
                    prop_assert!(problem.errors().iter().all(|wrong| !wrong.detail.is_empty()));
                }
            },
            Err(wrong) => {
                prop_assert!(!wrong.is_empty());
                prop_assert!(wrong.iter().all(|wrong| !wrong.detail.is_empty()));
            }
        }
        Ok(())
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<f64>().prop_map(Value::from),
            (1.0..300.0_f64).prop_map(Value::from),
            "\\PC{0,210}".prop_map(Value::from),
            "[0-9-]{8,12}".prop_map(Value::from),
            prop::sample::select(vec![
                json!("1985-12-10"),
                json!("A_NEGATIVE"),
                json!("0"),
                json!([]),
                json!({}),
            ]),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn any_patient_is_taken_or_refused_with_reasons(
            changes in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "taxCode", "name", "surname", "height", "weight", "birthdate",
                        "bloodGroup", "other",
                    ]),
                    prop::option::of(leaf()),
                ),
                0..4,
            ),
        ) {
            let mut patient = json!({
                "taxCode": "VRDLCU85T10A562S", "name": "Luca", "surname": "Verdi",
                "height": 178.5, "weight": 74, "birthdate": "1985-12-10", "bloodGroup": null,
            });
            let members = patient.as_object_mut().unwrap();
            for (name, value) in changes {
                match value {
                    Some(value) => drop(members.insert(name.to_owned(), value)),
                    None => drop(members.remove(name)),
                }
            }
            check(patient.to_string().as_bytes())?;
        }

        #[test]
        fn any_bytes_are_refused_with_a_reason(body in prop::collection::vec(any::<u8>(), 0..200)) {
            check(&body)?;
        }
    }
}

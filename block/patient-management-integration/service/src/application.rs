//! Between the wire and the domain: the patient's JSON and the problems of this service.

use chiron_chassis::{FieldError, Problem};
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
        // Only the date itself: the parser would also read it out of an instant.
        let birthdate = Some(self.birthdate.as_str())
            .filter(|text| text.len() == "YYYY-MM-DD".len())
            .and_then(|text| text.parse::<Date>().ok());
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

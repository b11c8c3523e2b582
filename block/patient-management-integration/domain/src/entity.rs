//! The demographic data of one patient, valid by construction.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use jiff::civil::Date;

/// The longest text of a name or tax code, in characters; longer ones are mistakes.
pub const MAX_TEXT: usize = 200;
/// The greatest height, in centimetres: the tallest person on record measured 272 cm (Guinness
/// World Records, "Tallest man ever").
pub const MAX_HEIGHT_CM: f64 = 300.0;
/// The greatest weight, in kilograms: the heaviest person on record weighed 635 kg (Guinness World
/// Records, "Heaviest man ever").
pub const MAX_WEIGHT_KG: f64 = 700.0;

/// A tax code: what a patient is known by. Not empty; never the input of a check digit, since codes
/// of other countries and temporary ones have other forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxCode(String);

impl TaxCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaxCode {
    type Err = InvalidPatient;

    fn from_str(text: &str) -> Result<TaxCode, InvalidPatient> {
        text_field("taxCode", text).map(TaxCode)
    }
}

impl Display for TaxCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A blood group of the AB0 and Rhesus systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say everything")]
pub enum BloodGroup {
    ANegative,
    APositive,
    BNegative,
    BPositive,
    ZeroNegative,
    ZeroPositive,
    AbNegative,
    AbPositive,
}

/// The demographic data of a patient.
///
/// Who is registered by an admission system is not measured yet: height, weight and blood group may
/// be unknown, and none of them is ever made up.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// What the patient is known by.
    pub tax_code: TaxCode,
    name: String,
    surname: String,
    height_cm: Option<f64>,
    weight_kg: Option<f64>,
    birthdate: Date,
    /// As measured; `None` when nobody has said it yet.
    pub blood_group: Option<BloodGroup>,
}

/// What is to become a [`Patient`], not checked yet.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of `Patient`")]
pub struct Demographics {
    pub tax_code: TaxCode,
    pub name: String,
    pub surname: String,
    pub height_cm: Option<f64>,
    pub weight_kg: Option<f64>,
    pub birthdate: Date,
    pub blood_group: Option<BloodGroup>,
}

impl Patient {
    /// Checks every field. `today` is the newest date of birth, by the hospital's clock in UTC; a
    /// day of tolerance covers newborns east of it.
    ///
    /// # Errors
    ///
    /// All that is wrong, in the order of the fields; never empty.
    pub fn new(data: Demographics, today: Date) -> Result<Patient, Vec<InvalidPatient>> {
        let newest = today.tomorrow().unwrap_or(today);
        let mut wrong = Vec::new();
        let mut keep = |result: Result<String, InvalidPatient>| match result {
            Ok(text) => text,
            Err(error) => {
                wrong.push(error);
                String::new()
            }
        };
        let name = keep(text_field("name", &data.name));
        let surname = keep(text_field("surname", &data.surname));
        if data.height_cm.is_some_and(|height| !(0.0 < height && height <= MAX_HEIGHT_CM)) {
            wrong.push(InvalidPatient::Height);
        }
        if data.weight_kg.is_some_and(|weight| !(0.0 < weight && weight <= MAX_WEIGHT_KG)) {
            wrong.push(InvalidPatient::Weight);
        }
        if newest < data.birthdate || data.birthdate.year() < 1850 {
            wrong.push(InvalidPatient::Birthdate);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Patient {
            tax_code: data.tax_code,
            name,
            surname,
            height_cm: data.height_cm,
            weight_kg: data.weight_kg,
            birthdate: data.birthdate,
            blood_group: data.blood_group,
        })
    }

    /// Given names; not empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Family name; not empty.
    pub fn surname(&self) -> &str {
        &self.surname
    }

    /// Height in centimetres, above 0; `None` when nobody has measured it.
    pub fn height_cm(&self) -> Option<f64> {
        self.height_cm
    }

    /// Weight in kilograms, above 0; `None` when nobody has measured it.
    pub fn weight_kg(&self) -> Option<f64> {
        self.weight_kg
    }

    /// Date of birth.
    pub fn birthdate(&self) -> Date {
        self.birthdate
    }

    /// Whether every word asked for begins a word of name or surname, whatever the case. No word
    /// asks for nobody.
    pub fn is_called(&self, asked: &str) -> bool {
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect()
        };
        let mut called = words(&self.name);
        called.extend(words(&self.surname));
        let asked = words(asked);
        !asked.is_empty() && asked.iter().all(|word| called.iter().any(|own| own.starts_with(word)))
    }
}

fn text_field(field: &'static str, text: &str) -> Result<String, InvalidPatient> {
    if text.trim().is_empty() {
        return Err(InvalidPatient::Empty { field });
    }
    if MAX_TEXT < text.chars().count() {
        return Err(InvalidPatient::TooLong { field });
    }
    Ok(text.to_owned())
}

/// One thing that is wrong with a patient's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPatient {
    /// A text is empty or blank.
    #[error("must not be empty")]
    Empty {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// A text is longer than [`MAX_TEXT`].
    #[error("must have at most {MAX_TEXT} characters")]
    TooLong {
        /// The field's name on the wire.
        field: &'static str,
    },
    /// The height is no person's.
    #[error("must be above 0 and at most {MAX_HEIGHT_CM} (centimetres)")]
    Height,
    /// The weight is no person's.
    #[error("must be above 0 and at most {MAX_WEIGHT_KG} (kilograms)")]
    Weight,
    /// The date of birth is in the future or before 1850.
    #[error("must be a date between 1850 and today")]
    Birthdate,
}

impl InvalidPatient {
    /// The field's name on the wire.
    pub fn field(self) -> &'static str {
        match self {
            InvalidPatient::Empty { field } | InvalidPatient::TooLong { field } => field,
            InvalidPatient::Height => "height",
            InvalidPatient::Weight => "weight",
            InvalidPatient::Birthdate => "birthdate",
        }
    }
}

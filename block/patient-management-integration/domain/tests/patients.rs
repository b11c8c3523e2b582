//! The rules of patients' data, one line per case.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::civil::date;
use patient_management_integration_domain::entity::{
    BloodGroup, Demographics, InvalidPatient, Patient, TaxCode,
};
use patient_management_integration_domain::usecase::{Memory, contract};

#[tokio::test]
async fn the_memory_keeps_the_promises() {
    contract::check(&Memory::default()).await;
}

#[test]
fn checks_every_field() {
    fields("Luca|Verdi|178.5|74|1985-12-10", "");
    fields("|Verdi|178.5|74|1985-12-10", "name");
    fields(" |\t|178.5|74|1985-12-10", "name surname");
    fields("Luca|Verdi|||1985-12-10", "");
    fields("Luca|Verdi|0|74|1985-12-10", "height");
    fields("Luca|Verdi|0.5|0.4|2026-05-15", "");
    fields("Luca|Verdi|300|700|1850-01-01", "");
    fields("Luca|Verdi|300.1|74|1985-12-10", "height");
    fields("Luca|Verdi|-1|-1|1985-12-10", "height weight");
    fields("Luca|Verdi|NaN|inf|1985-12-10", "height weight");
    fields("Luca|Verdi|178.5|700.5|1985-12-10", "weight");
    fields("Luca|Verdi|178.5|74|2026-05-16", "");
    fields("Luca|Verdi|178.5|74|2026-05-17", "birthdate");
    fields("Luca|Verdi|178.5|74|1849-12-31", "birthdate");
}

#[test]
fn tax_codes_are_not_empty() {
    for text in ["", " ", "\n"] {
        assert_eq!(text.parse::<TaxCode>(), Err(InvalidPatient::Empty { field: "taxCode" }));
    }
    assert!("x".repeat(201).parse::<TaxCode>().is_err());
    assert_eq!("VRDLCU85T10A562S".parse::<TaxCode>().unwrap().as_str(), "VRDLCU85T10A562S");
}

#[test]
fn is_called_by_the_beginnings_of_words() {
    let patient = contract::patient("A", "Maria-Luisa", "De Àngelis");
    for asked in ["maria", "LUI", "de àng", "Àngelis Maria", "m d", "De Àngelis, Maria"] {
        assert!(patient.is_called(asked), "{asked}");
    }
    for asked in ["", " ", "aria", "maria rossi", "-"] {
        assert!(!patient.is_called(asked), "{asked}");
    }
}

/// `name|surname|height|weight|birthdate` on 15 May 2026, and the fields refused.
fn fields(text: &str, expected: &str) {
    let [name, surname, height, weight, birthdate] =
        text.split('|').collect::<Vec<_>>().try_into().unwrap();
    let data = Demographics {
        tax_code: "VRDLCU85T10A562S".parse().unwrap(),
        name: name.to_owned(),
        surname: surname.to_owned(),
        height_cm: (!height.is_empty()).then(|| height.parse().unwrap()),
        weight_kg: (!weight.is_empty()).then(|| weight.parse().unwrap()),
        birthdate: birthdate.parse().unwrap(),
        blood_group: Some(BloodGroup::AbNegative),
    };
    let refused = match Patient::new(data, date(2026, 5, 15)) {
        Ok(_) => String::new(),
        Err(wrong) => wrong.iter().map(|wrong| wrong.field()).collect::<Vec<_>>().join(" "),
    };
    assert_eq!(refused, expected, "{text}");
}

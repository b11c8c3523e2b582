//! What can be done with patients' data, and the port to where it is kept.
//!
//! Searching by name scans: the patients of one hospital's block are thousands, the search is rare
//! and restricted, and no index answers "begins one of the words".

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use crate::entity::{Patient, TaxCode};

/// Patients that are read at a time while searching.
const PAGE: usize = 500;

/// Where patients are kept: a database in production, [`Memory`] in tests. Both pass one suite.
pub trait Patients: Send + Sync {
    /// The patient, or `None`.
    fn get(
        &self,
        tax_code: &TaxCode,
    ) -> impl Future<Output = Result<Option<Patient>, StoreFailed>> + Send;

    /// Adds a patient; `false` when the tax code is known already, and nothing is changed.
    fn add(&self, patient: &Patient) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// Replaces a patient; `false` when the tax code is not known, and nothing is stored.
    fn replace(&self, patient: &Patient) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// Removes a patient; `false` when the tax code is not known.
    fn remove(&self, tax_code: &TaxCode) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// At most `limit` patients by tax code, those after `after` only.
    fn page(
        &self,
        after: Option<&TaxCode>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Patient>, StoreFailed>> + Send;
}

/// The database did not answer; trying again may help.
#[derive(Debug, thiserror::Error)]
#[error("the patients cannot be reached")]
pub struct StoreFailed(#[source] pub Box<dyn Error + Send + Sync>);

/// A page of patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// By tax code.
    pub patients: Vec<Patient>,
    /// How many there are in all pages together.
    pub total: usize,
    /// Whether there are more behind the last one.
    pub more: bool,
}

/// Finds the patients called so ([`Patient::is_called`]), at most `limit` behind `after`.
///
/// # Errors
///
/// [`StoreFailed`].
pub async fn search(
    patients: &impl Patients,
    called: &str,
    after: Option<&TaxCode>,
    limit: usize,
) -> Result<Found, StoreFailed> {
    let mut found = Found { patients: Vec::new(), total: 0, more: false };
    let mut read_to: Option<TaxCode> = None;
    loop {
        let page = patients.page(read_to.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        read_to = Some(last.tax_code.clone());
        for patient in page {
            if !patient.is_called(called) {
                continue;
            }
            found.total += 1;
            if after.is_some_and(|after| patient.tax_code <= *after) {
                continue;
            }
            if found.patients.len() < limit {
                found.patients.push(patient);
            } else {
                found.more = true;
            }
        }
    }
}

/// The port's in-memory twin.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<TaxCode, Patient>>);

impl Memory {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<TaxCode, Patient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Patients for Memory {
    async fn get(&self, tax_code: &TaxCode) -> Result<Option<Patient>, StoreFailed> {
        Ok(self.lock().get(tax_code).cloned())
    }

    async fn add(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let mut patients = self.lock();
        if patients.contains_key(&patient.tax_code) {
            return Ok(false);
        }
        patients.insert(patient.tax_code.clone(), patient.clone());
        Ok(true)
    }

    async fn replace(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        match self.lock().get_mut(&patient.tax_code) {
            None => Ok(false),
            Some(stored) => {
                *stored = patient.clone();
                Ok(true)
            }
        }
    }

    async fn remove(&self, tax_code: &TaxCode) -> Result<bool, StoreFailed> {
        Ok(self.lock().remove(tax_code).is_some())
    }

    async fn page(
        &self,
        after: Option<&TaxCode>,
        limit: usize,
    ) -> Result<Vec<Patient>, StoreFailed> {
        let patients = self.lock();
        let beyond = patients.iter().filter(|(code, _)| after.is_none_or(|after| after < *code));
        Ok(beyond.take(limit).map(|(_, patient)| patient.clone()).collect())
    }
}

pub mod contract {
    //! The suite that every implementation of [`Patients`] passes, given one that is empty.
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    #![expect(clippy::missing_panics_doc, reason = "to panic is how a suite answers")]

    use jiff::civil::date;

    use super::{Patients, search};
    use crate::entity::{BloodGroup, Demographics, Patient};

    /// An invented patient with this tax code and this name and surname.
    pub fn patient(tax_code: &str, name: &str, surname: &str) -> Patient {
        let data = Demographics {
            tax_code: tax_code.parse().unwrap(),
            name: name.to_owned(),
            surname: surname.to_owned(),
            height_cm: 178.5,
            weight_kg: 74.0,
            birthdate: date(1985, 12, 10),
            blood_group: BloodGroup::ZeroPositive,
        };
        Patient::new(data, date(2026, 5, 15)).unwrap()
    }

    /// Checks every promise of the port.
    pub async fn check(patients: &impl Patients) {
        let luca = patient("B", "Luca", "Verdi");
        let code = &luca.tax_code;
        assert_eq!(patients.get(code).await.unwrap(), None);
        assert!(!patients.replace(&luca).await.unwrap());
        assert_eq!(patients.get(code).await.unwrap(), None);
        assert!(!patients.remove(code).await.unwrap());

        assert!(patients.add(&luca).await.unwrap());
        assert_eq!(patients.get(code).await.unwrap().unwrap(), luca);
        let renamed = patient("B", "Luca", "Verdi Neri");
        assert!(!patients.add(&renamed).await.unwrap());
        assert_eq!(patients.get(code).await.unwrap().unwrap(), luca);
        assert!(patients.replace(&renamed).await.unwrap());
        assert_eq!(patients.get(code).await.unwrap().unwrap(), renamed);
        assert!(patients.replace(&renamed).await.unwrap());

        for (code, name) in [("D", "Luca Maria"), ("A", "Lucia"), ("C", "Anna")] {
            assert!(patients.add(&patient(code, name, "Rossi")).await.unwrap());
        }
        let page = async |after: Option<&str>, limit| -> String {
            let after = after.map(|code| code.parse().unwrap());
            let page = patients.page(after.as_ref(), limit).await.unwrap();
            page.iter().map(|patient| patient.tax_code.as_str().to_owned()).collect()
        };
        assert_eq!(page(None, 9).await, "ABCD");
        assert_eq!(page(None, 2).await, "AB");
        assert_eq!(page(Some("B"), 9).await, "CD");
        assert_eq!(page(Some("D"), 9).await, "");

        let found = search(patients, "luc", None, 2).await.unwrap();
        let codes: String = found.patients.iter().map(|p| p.tax_code.as_str()).collect();
        assert_eq!((codes.as_str(), found.total, found.more), ("AB", 3, true));
        let last = &found.patients.last().unwrap().tax_code;
        let found = search(patients, "luc", Some(last), 2).await.unwrap();
        let codes: String = found.patients.iter().map(|p| p.tax_code.as_str()).collect();
        assert_eq!((codes.as_str(), found.total, found.more), ("D", 3, false));

        assert!(patients.remove(code).await.unwrap());
        assert!(!patients.remove(code).await.unwrap());
        assert_eq!(patients.get(code).await.unwrap(), None);
        assert!(patients.add(&luca).await.unwrap());
    }
}

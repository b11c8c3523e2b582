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
    /// What stands under the tax code, or `None`.
    fn entry(
        &self,
        tax_code: &TaxCode,
    ) -> impl Future<Output = Result<Option<Entry>, StoreFailed>> + Send;

    /// Makes a tax code point to another one, whether or not a patient stands under it, whose data
    /// goes. `false` when it is retired already, and nothing is changed.
    fn retire(
        &self,
        tax_code: &TaxCode,
        into: &TaxCode,
    ) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// Adds a patient; `false` when the tax code is known or retired already, and nothing is changed.
    fn add(&self, patient: &Patient) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// Replaces a patient; `false` when there is none under the tax code, and nothing is stored.
    fn replace(&self, patient: &Patient) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// Removes what stands under the tax code; `false` when that is nothing.
    fn remove(&self, tax_code: &TaxCode) -> impl Future<Output = Result<bool, StoreFailed>> + Send;

    /// At most `limit` patients by tax code, those after `after` only; retired codes are none.
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

/// What stands under a tax code.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A patient.
    Known(Patient),
    /// Nobody any more: whom it named is known by another code.
    Retired {
        /// The code that took its place.
        into: TaxCode,
    },
}

/// Codes that are followed from a retired one to the patient, at most: a person is merged a few
/// times in a life.
const MOST_MERGES: usize = 32;

/// The patient of a tax code, who may be known by another one since a merge.
///
/// # Errors
///
/// [`StoreFailed`].
pub async fn find(
    patients: &impl Patients,
    tax_code: &TaxCode,
) -> Result<Option<Patient>, StoreFailed> {
    let mut code = tax_code.clone();
    for _ in 0..MOST_MERGES {
        match patients.entry(&code).await? {
            None => return Ok(None),
            Some(Entry::Known(patient)) => return Ok(Some(patient)),
            Some(Entry::Retired { into }) => code = into,
        }
    }
    Ok(None)
}

/// Why two patients were not merged.
#[derive(Debug, thiserror::Error)]
pub enum NotMerged {
    /// Both codes are the same.
    #[error("a patient cannot be merged with itself")]
    Itself,
    /// Nobody has the code that is to stay.
    #[error("no patient has the tax code that is to stay")]
    Unknown,
    /// The code that is to stay was retired itself.
    #[error("the tax code that is to stay was merged into another one")]
    Retired,
    /// The code to retire names somebody else by now.
    #[error("the tax code was merged into another patient before")]
    Elsewhere,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreFailed),
}

/// Says that two tax codes name one person: `retired` leads to `surviving` from now on, and what
/// stood under it goes; nothing of it is mixed into what stays. The same merge again changes
/// nothing. Nothing is done to bookings or twins: whoever asks for the retired code is answered the
/// patient that stays.
///
/// Calls must not overlap: two merges against each other would leave nobody. The service holds a
/// lock.
///
/// # Errors
///
/// See [`NotMerged`].
pub async fn merge(
    patients: &impl Patients,
    retired: &TaxCode,
    surviving: &TaxCode,
) -> Result<(), NotMerged> {
    if retired == surviving {
        return Err(NotMerged::Itself);
    }
    if let Some(Entry::Retired { into }) = patients.entry(retired).await? {
        return if into == *surviving { Ok(()) } else { Err(NotMerged::Elsewhere) };
    }
    match patients.entry(surviving).await? {
        None => Err(NotMerged::Unknown),
        Some(Entry::Retired { .. }) => Err(NotMerged::Retired),
        Some(Entry::Known(_)) if patients.retire(retired, surviving).await? => Ok(()),
        Some(Entry::Known(_)) => Err(NotMerged::Elsewhere),
    }
}

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
pub struct Memory(Mutex<BTreeMap<TaxCode, Entry>>);

impl Memory {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<TaxCode, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Patients for Memory {
    async fn entry(&self, tax_code: &TaxCode) -> Result<Option<Entry>, StoreFailed> {
        Ok(self.lock().get(tax_code).cloned())
    }

    async fn retire(&self, tax_code: &TaxCode, into: &TaxCode) -> Result<bool, StoreFailed> {
        let mut patients = self.lock();
        if let Some(Entry::Retired { .. }) = patients.get(tax_code) {
            return Ok(false);
        }
        patients.insert(tax_code.clone(), Entry::Retired { into: into.clone() });
        Ok(true)
    }

    async fn add(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let mut patients = self.lock();
        if patients.contains_key(&patient.tax_code) {
            return Ok(false);
        }
        patients.insert(patient.tax_code.clone(), Entry::Known(patient.clone()));
        Ok(true)
    }

    async fn replace(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        match self.lock().get_mut(&patient.tax_code) {
            None | Some(Entry::Retired { .. }) => Ok(false),
            Some(Entry::Known(stored)) => {
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
        let known = patients.iter().filter_map(|(code, entry)| match entry {
            Entry::Known(patient) if after.is_none_or(|after| after < code) => Some(patient),
            _ => None,
        });
        Ok(known.take(limit).cloned().collect())
    }
}

pub mod contract {
    //! The suite that every implementation of [`Patients`] passes, given one that is empty.
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    #![expect(clippy::missing_panics_doc, reason = "to panic is how a suite answers")]

    use jiff::civil::date;

    use super::{NotMerged, Patients, find, merge, search};
    use crate::entity::{BloodGroup, Demographics, Patient};

    /// An invented patient with this tax code and this name and surname.
    pub fn patient(tax_code: &str, name: &str, surname: &str) -> Patient {
        let data = Demographics {
            tax_code: tax_code.parse().unwrap(),
            name: name.to_owned(),
            surname: surname.to_owned(),
            height_cm: Some(178.5),
            weight_kg: Some(74.0),
            birthdate: date(1985, 12, 10),
            blood_group: Some(BloodGroup::ZeroPositive),
        };
        Patient::new(data, date(2026, 5, 15)).unwrap()
    }

    /// Checks every promise of the port.
    pub async fn check(patients: &impl Patients) {
        let luca = patient("B", "Luca", "Verdi");
        let code = &luca.tax_code;
        assert_eq!(find(patients, code).await.unwrap(), None);
        assert!(!patients.replace(&luca).await.unwrap());
        assert_eq!(find(patients, code).await.unwrap(), None);
        assert!(!patients.remove(code).await.unwrap());

        assert!(patients.add(&luca).await.unwrap());
        assert_eq!(find(patients, code).await.unwrap().unwrap(), luca);
        let renamed = patient("B", "Luca", "Verdi Neri");
        assert!(!patients.add(&renamed).await.unwrap());
        assert_eq!(find(patients, code).await.unwrap().unwrap(), luca);
        assert!(patients.replace(&renamed).await.unwrap());
        assert_eq!(find(patients, code).await.unwrap().unwrap(), renamed);
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

        // B, then C into A: both codes lead to A, and are nobody's own any more.
        let [a, c, d, x] = ["A", "C", "D", "X"].map(|code| patient(code, "Ada", "Rossi"));
        for retired in [code, &c.tax_code] {
            for _ in 0..2 {
                merge(patients, retired, &a.tax_code).await.unwrap();
            }
            let found = find(patients, retired).await.unwrap().unwrap();
            assert_eq!(found.tax_code, a.tax_code);
            assert!(!patients.replace(&patient(retired.as_str(), "Eva", "Neri")).await.unwrap());
            assert!(!patients.add(&patient(retired.as_str(), "Eva", "Neri")).await.unwrap());
        }
        assert_eq!(page(None, 9).await, "AD");
        assert_eq!(page(None, 1).await, "A");
        assert_eq!(page(Some("A"), 1).await, "D");
        // A into D: what led to A leads to D. Nobody needs to have stood under what is retired.
        merge(patients, &a.tax_code, &d.tax_code).await.unwrap();
        merge(patients, &x.tax_code, &d.tax_code).await.unwrap();
        for retired in [code, &a.tax_code, &c.tax_code, &x.tax_code] {
            let found = find(patients, retired).await.unwrap().unwrap();
            assert_eq!(found.tax_code, d.tax_code);
        }
        let refused = merge(patients, &d.tax_code, &d.tax_code).await.unwrap_err();
        assert!(matches!(refused, NotMerged::Itself));
        let refused = merge(patients, &d.tax_code, &a.tax_code).await.unwrap_err();
        assert!(matches!(refused, NotMerged::Retired));
        let refused = merge(patients, &a.tax_code, &x.tax_code).await.unwrap_err();
        assert!(matches!(refused, NotMerged::Elsewhere));
        let nobody = patient("Y", "Ada", "Rossi").tax_code;
        let refused = merge(patients, &d.tax_code, &nobody).await.unwrap_err();
        assert!(matches!(refused, NotMerged::Unknown));

        assert!(patients.remove(code).await.unwrap());
        assert!(!patients.remove(code).await.unwrap());
        assert_eq!(find(patients, code).await.unwrap(), None);
        assert!(patients.add(&luca).await.unwrap());
    }
}

//! Patients in the service's own database: one document each, under the tax code.

use chiron_store::{Collection, CollectionSpec, Find, ID, Store, StoreError, WriteError, after};
use jiff::civil::Date;
use patient_management_integration_domain::entity::{Patient, TaxCode};
use patient_management_integration_domain::usecase::{Patients, StoreFailed};

use crate::application::PatientV1;

/// The collection: found by tax code, which is the id.
pub(crate) const PATIENTS: CollectionSpec = CollectionSpec { name: "patients", indexes: &[] };

/// The patients of a [`Store`].
#[derive(Clone, Debug)]
pub struct StoredPatients {
    // The document has the form of the wire, whose fields are promised anyway.
    documents: Collection<PatientV1>,
}

impl StoredPatients {
    /// The patients of this store, which was opened with [`COLLECTIONS`](crate::COLLECTIONS).
    pub fn new(store: &Store) -> StoredPatients {
        StoredPatients { documents: store.collection(&PATIENTS) }
    }
}

impl Patients for StoredPatients {
    async fn get(&self, tax_code: &TaxCode) -> Result<Option<Patient>, StoreFailed> {
        match self.documents.get(tax_code.as_str()).await.map_err(failed)? {
            Some(stored) => read(stored.document).map(Some),
            None => Ok(None),
        }
    }

    async fn add(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let document = PatientV1::present(patient);
        match self.documents.insert(patient.tax_code.as_str(), &document, vec![]).await {
            Ok(_) => Ok(true),
            Err(WriteError::AlreadyExists) => Ok(false),
            Err(error) => Err(write_failed(error)),
        }
    }

    async fn replace(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let id = patient.tax_code.as_str();
        let document = PatientV1::present(patient);
        loop {
            let Some(stored) = self.documents.get(id).await.map_err(failed)? else {
                return Ok(false);
            };
            match self.documents.replace(id, stored.version, &document, vec![]).await {
                Ok(_) => return Ok(true),
                // Somebody else was faster; what is asked for replaces that too.
                Err(WriteError::Conflict) => {}
                Err(error) => return Err(write_failed(error)),
            }
        }
    }

    async fn remove(&self, tax_code: &TaxCode) -> Result<bool, StoreFailed> {
        self.documents.delete(tax_code.as_str(), None).await.map_err(write_failed)
    }

    async fn page(
        &self,
        behind: Option<&TaxCode>,
        limit: usize,
    ) -> Result<Vec<Patient>, StoreFailed> {
        let mut find = Find::all().ascending(ID).limit(limit);
        if let Some(behind) = behind {
            find = find.filter(after(ID, behind.as_str()));
        }
        let rows = self.documents.find(&find).await.map_err(failed)?;
        rows.into_iter().map(|row| read(row.document)).collect()
    }
}

fn read(document: PatientV1) -> Result<Patient, StoreFailed> {
    // What was valid when it was stored stays so, whatever the day.
    document.parse(Date::MAX).map_err(|problem| StoreFailed(problem.detail().to_owned().into()))
}

fn failed(error: StoreError) -> StoreFailed {
    StoreFailed(Box::new(error))
}

fn write_failed(error: WriteError) -> StoreFailed {
    match error {
        WriteError::Store(error) => failed(error),
        other => StoreFailed(Box::new(other)),
    }
}

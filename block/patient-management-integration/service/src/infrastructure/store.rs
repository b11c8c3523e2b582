//! Patients in the service's own database: one document each, under the tax code.

use chiron_store::{
    Collection, CollectionSpec, Find, ID, Index, Store, StoreError, WriteError, after,
};
use jiff::civil::Date;
use patient_management_integration_domain::entity::{Patient, TaxCode};
use patient_management_integration_domain::usecase::{Entry, Patients, StoreFailed};
use serde::{Deserialize, Serialize};

use crate::application::PatientV1;

/// The collection: found by tax code, which is the id; patients are told from retired codes.
pub(crate) const PATIENTS: CollectionSpec = CollectionSpec {
    name: "patients",
    indexes: &[Index { name: "merged", fields: &["mergedInto"], unique: false }],
};

/// A patient, in the form of the wire, whose fields are promised anyway; or a code that leads to
/// another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Document {
    Retired(Retired),
    Known(PatientV1),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Retired {
    merged_into: String,
}

/// The patients of a [`Store`].
#[derive(Clone, Debug)]
pub struct StoredPatients {
    documents: Collection<Document>,
}

impl StoredPatients {
    /// The patients of this store, which was opened with [`COLLECTIONS`](crate::COLLECTIONS).
    pub fn new(store: &Store) -> StoredPatients {
        StoredPatients { documents: store.collection(&PATIENTS) }
    }
}

impl Patients for StoredPatients {
    async fn entry(&self, tax_code: &TaxCode) -> Result<Option<Entry>, StoreFailed> {
        let stored = self.documents.get(tax_code.as_str()).await.map_err(failed)?;
        stored.map(|stored| read(stored.document)).transpose()
    }

    async fn retire(&self, tax_code: &TaxCode, into: &TaxCode) -> Result<bool, StoreFailed> {
        let id = tax_code.as_str();
        let document = Document::Retired(Retired { merged_into: into.to_string() });
        loop {
            let stored = self.documents.get(id).await.map_err(failed)?;
            let written = match stored {
                None => self.documents.insert(id, &document, vec![]).await,
                Some(stored) if matches!(stored.document, Document::Retired(_)) => {
                    return Ok(false);
                }
                Some(stored) => self.documents.replace(id, stored.version, &document, vec![]).await,
            };
            match written {
                Ok(_) => return Ok(true),
                // Somebody else was faster: look again.
                Err(WriteError::AlreadyExists | WriteError::Conflict) => {}
                Err(error) => return Err(write_failed(error)),
            }
        }
    }

    async fn add(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let document = Document::Known(PatientV1::present(patient));
        match self.documents.insert(patient.tax_code.as_str(), &document, vec![]).await {
            Ok(_) => Ok(true),
            Err(WriteError::AlreadyExists) => Ok(false),
            Err(error) => Err(write_failed(error)),
        }
    }

    async fn replace(&self, patient: &Patient) -> Result<bool, StoreFailed> {
        let id = patient.tax_code.as_str();
        let document = Document::Known(PatientV1::present(patient));
        loop {
            let stored = self.documents.get(id).await.map_err(failed)?;
            let Some(stored) = stored.filter(|it| matches!(it.document, Document::Known(_))) else {
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
        let mut find =
            Find::all().eq("mergedInto", serde_json::Value::Null).ascending(ID).limit(limit);
        if let Some(behind) = behind {
            find = find.filter(after(ID, behind.as_str()));
        }
        let rows = self.documents.find(&find).await.map_err(failed)?;
        let mut patients = Vec::with_capacity(rows.len());
        for row in rows {
            if let Entry::Known(patient) = read(row.document)? {
                patients.push(patient);
            }
        }
        Ok(patients)
    }
}

fn read(document: Document) -> Result<Entry, StoreFailed> {
    match document {
        // What was valid when it was stored stays so, whatever the day.
        Document::Known(patient) => patient
            .parse(Date::MAX)
            .map(Entry::Known)
            .map_err(|problem| StoreFailed(problem.detail().to_owned().into())),
        Document::Retired(Retired { merged_into }) => match merged_into.parse() {
            Ok(into) => Ok(Entry::Retired { into }),
            Err(error) => Err(StoreFailed(Box::new(error))),
        },
    }
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

//! Codes by which patients are called on screens that everybody sees.
//!
//! A code is drawn, not derived, so that nobody finds a patient's id from it or the other way
//! round. It belongs to one patient for the day, and goes on with them when the day changes while
//! they are in the block; who has not been asked about since before yesterday loses it.

use axum::extract::State;
use chiron_chassis::{Api, Json, Problem, Query};
use chiron_clock::{Ids, ZoneName};
use chiron_store::{Collection, CollectionSpec, Find, Index, Store, StoreError, WriteError};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::CODES as NEED;

/// Codes by patient.
pub(crate) static CODES: CollectionSpec = CollectionSpec {
    name: "patient_codes",
    indexes: &[Index { name: "code", fields: &["code"], unique: true }],
};

/// Patients that one request may ask about.
const MOST: usize = 200;
/// How many codes there are.
const SPACE: u128 = 10_000;
/// Draws before a code is found to be hard to find: with half of them taken, one in 2^64 times.
const DRAWS: usize = 64;

/// What patients are called.
pub(crate) fn patients(api: Api<Gateway>) -> Api<Gateway> {
    api.route(NEED, routes!(told))
}

/// A patient's code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Called {
    /// Four digits.
    code: String,
    /// The day, in the hospital's zone, on which it was last asked for.
    day: Date,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCode {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store refuses.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Nearly every code belongs to somebody.
    #[error("no code was free in {DRAWS} draws")]
    Crowded,
}

/// The codes of a store. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Codes {
    documents: Collection<Called>,
    ids: Ids,
    zone: ZoneName,
}

impl Codes {
    pub(crate) fn new(store: &Store, ids: Ids, zone: ZoneName) -> Self {
        Self { documents: store.collection(&CODES), ids, zone }
    }

    /// The code of a patient on a day: the one that they have, else a new one.
    async fn code(&self, patient: &str, today: Date) -> Result<String, NoCode> {
        for _ in 0..DRAWS {
            if let Some(known) = self.documents.get(patient).await? {
                if is_current(&known.document, today) {
                    let code = known.document.code.clone();
                    if known.document.day != today {
                        let used = Called { day: today, ..known.document };
                        let kept = self.documents.replace(&known.id, known.version, &used, vec![]);
                        settled(kept.await)?;
                    }
                    return Ok(code);
                }
                settled(self.documents.delete(&known.id, Some(known.version)).await)?;
            }
            let code = format!("{:04}", self.ids.next().as_u128() % SPACE);
            let called = Called { code: code.clone(), day: today };
            match self.documents.insert(patient, &called, vec![]).await {
                Ok(_) => return Ok(code),
                Err(WriteError::AlreadyExists) => {}
                Err(WriteError::Duplicate { .. }) => self.free(&code, today).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(NoCode::Crowded)
    }

    /// Takes a code from somebody who is no longer asked about.
    async fn free(&self, code: &str, today: Date) -> Result<(), NoCode> {
        for holder in self.documents.find(&Find::all().eq("code", code)).await? {
            if !is_current(&holder.document, today) {
                settled(self.documents.delete(&holder.id, Some(holder.version)).await)?;
            }
        }
        Ok(())
    }
}

/// Asked for today or yesterday.
fn is_current(called: &Called, today: Date) -> bool {
    today.yesterday().is_ok_and(|yesterday| yesterday <= called.day)
}

/// Another replica that did the same is no failure.
fn settled<T>(written: Result<T, WriteError>) -> Result<(), WriteError> {
    match written {
        Ok(_) | Err(WriteError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Of whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
struct CodesQuery {
    /// Patients, 200 at most; the name is repeated.
    #[serde(default)]
    patient_id: Vec<String>,
}

/// The codes of some patients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientCodes)]
struct CodesV1 {
    entries: Vec<CodeV1>,
}

/// The code of a patient.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PatientCode)]
struct CodeV1 {
    /// The patient.
    patient_id: String,
    /// `P-` and four digits, the patient's own for the day.
    #[schema(example = "P-0417")]
    code: String,
}

/// What patients are called on screens that everybody sees.
#[utoipa::path(get, path = "/api/v1/obd/patient-codes", params(CodesQuery),
    responses((status = 200, body = CodesV1), (status = 400), (status = 503)))]
async fn told(
    State(gateway): State<Gateway>,
    Query(asked): Query<CodesQuery>,
) -> Result<Json<CodesV1>, Problem> {
    if MOST < asked.patient_id.len() {
        return Err(Problem::bad_request("?patientId", "at most 200 at once"));
    }
    let today = gateway.codes.zone.day(gateway.runtime.clock.now());
    let mut entries = Vec::with_capacity(asked.patient_id.len());
    for patient_id in asked.patient_id {
        if patient_id.is_empty() {
            return Err(Problem::bad_request("?patientId", "must not be empty"));
        }
        let code = gateway.codes.code(&patient_id, today).await.map_err(|error| {
            tracing::error!(error = %error, "a patient has no code");
            Problem::unavailable("patient codes cannot be given now")
        })?;
        entries.push(CodeV1 { patient_id, code: format!("P-{code}") });
    }
    Ok(Json(CodesV1 { entries }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chiron_chassis::Runtime;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn codes() -> (Codes, chiron_chassis::TestHands) {
        let (runtime, hands) = Runtime::for_test("codes", &[&CODES]);
        (Codes::new(&runtime.store, Ids::seeded(7), ZoneName::UTC), hands)
    }

    #[tokio::test]
    async fn a_code_stays_with_its_patient_and_goes_on_over_midnight() {
        let (codes, _hands) = codes();
        let first = codes.code("p-1", day("2026-05-15")).await.unwrap();
        assert_eq!(first.len(), 4);
        assert_eq!(codes.code("p-1", day("2026-05-15")).await.unwrap(), first);
        assert_eq!(codes.code("p-1", day("2026-05-16")).await.unwrap(), first);
        // Each day of asking counts anew.
        assert_eq!(codes.code("p-1", day("2026-05-17")).await.unwrap(), first);
        assert_ne!(codes.code("p-1", day("2026-05-19")).await.unwrap(), first);
    }

    #[tokio::test]
    async fn nobody_has_the_code_of_somebody_else() {
        let (codes, _hands) = codes();
        let mut given = BTreeSet::new();
        for patient in 0..600 {
            let code = codes.code(&format!("p-{patient}"), day("2026-05-15")).await.unwrap();
            assert!(given.insert(code));
        }
    }

    #[tokio::test]
    async fn a_code_is_taken_from_who_is_gone() {
        let (codes, _hands) = codes();
        let taken = codes.code("p-1", day("2026-05-15")).await.unwrap();
        codes.free(&taken, day("2026-05-16")).await.unwrap();
        assert!(codes.documents.get("p-1").await.unwrap().is_some(), "of yesterday");
        codes.free(&taken, day("2026-05-17")).await.unwrap();
        assert!(codes.documents.get("p-1").await.unwrap().is_none());
    }
}

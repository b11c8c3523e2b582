//! Settles processes: at their end and the late window, once this service is complete to then.
//!
//! Takes no input: what is due is read from the patients. So a nudge lost in a crash costs
//! nothing, since the first pass after the start finds the same.

use chiron_chassis::Completeness;
use chiron_clock::instant;
use chiron_store::{Find, Versioned, WriteError};
use jiff::{SignedDuration, Timestamp};
use twin_client::{TwinError, models};

use crate::{
    application::document::PatientDocument,
    infrastructure::{
        locating::{LocateError, Locating},
        records::RecordError,
    },
};

/// Patients settled in one pass at most; the next follows at once.
const BATCH: usize = 64;
/// Until a patient's twin that may not go yet is looked at again.
const LINGER: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone)]
pub(crate) struct Settling {
    pub(crate) locating: Locating,
    pub(crate) completeness: Completeness,
}

impl Settling {
    /// Settles what is due, and tells when there is more to do, and whether something failed.
    pub(crate) async fn pass(&self) -> (Option<Timestamp>, bool) {
        let mut failed = false;
        let mut note = |what: &str, outcome: Result<(), LocateError>| {
            if let Err(err) = outcome {
                tracing::warn!(error = %chiron_chassis::chain(&err), "{what}, which is tried again");
                failed = true;
            }
        };
        note("a projection was not made up for", self.project_rest().await);
        let folding = &self.locating.folding;
        let complete = self.completeness.to();
        let due = complete.saturating_sub(folding.window).unwrap_or(Timestamp::MIN);
        match self.due("endedAt", due).await {
            Ok(patients) => {
                for patient in patients {
                    note("a process was not settled", self.settle(&patient, complete).await);
                }
            }
            Err(err) => note("what is due was not read", Err(err)),
        }
        let now = folding.clock.now();
        match self.due("twinDueAt", now).await {
            Ok(patients) => {
                for patient in patients {
                    note("a patient's twin was not seen to", self.let_go(&patient, now).await);
                }
            }
            Err(err) => note("what is due was not read", Err(err)),
        }
        let settles = self.next("endedAt").await.unwrap_or_else(|err| {
            note("what is due next was not read", Err(err));
            None
        });
        let goes = self.next("twinDueAt").await.unwrap_or_else(|err| {
            note("what is due next was not read", Err(err));
            None
        });
        let settles =
            settles.map(|end| end.saturating_add(folding.window).unwrap_or(Timestamp::MAX));
        // What is due already waits for completeness, which comes with the machine's time.
        let soon = now.saturating_add(crate::pause(&folding.clock, 0)).unwrap_or(Timestamp::MAX);
        let next = settles.into_iter().chain(goes).min();
        (next.map(|at| if at <= now { soon } else { at }), failed)
    }

    async fn due(
        &self,
        field: &'static str,
        until: Timestamp,
    ) -> Result<Vec<Versioned<PatientDocument>>, LocateError> {
        let query = Find::all().at_most(field, instant::write(until)).ascending(field).limit(BATCH);
        Ok(self.locating.folding.records.patients.find(&query).await?)
    }

    async fn next(&self, field: &'static str) -> Result<Option<Timestamp>, LocateError> {
        let query =
            Find::all().at_least(field, instant::write(Timestamp::MIN)).ascending(field).limit(1);
        let found = self.locating.folding.records.patients.find(&query).await?;
        Ok(found.first().and_then(|patient| match field {
            "endedAt" => patient.document.ended_at,
            _ => patient.document.twin_due_at,
        }))
    }

    async fn settle(
        &self,
        patient: &Versioned<PatientDocument>,
        complete: Timestamp,
    ) -> Result<(), LocateError> {
        if let Some(process) = patient.document.processes.first() {
            self.locating.check(process).await?;
        }
        self.locating.folding.settle(&patient.id, complete).await?;
        Ok(())
    }

    /// What was settled or voided when a crash came between the write and its projection.
    async fn project_rest(&self) -> Result<(), LocateError> {
        let folding = &self.locating.folding;
        let left = folding.records.patients.find(&Find::all().eq("unprojected", true)).await?;
        for patient in left {
            folding.project(&patient.id, patient.version, patient.document).await?;
        }
        Ok(())
    }

    /// Deletes the twin of a patient who is done here: inside no room, and bound to nothing but
    /// the healthcare user. Else looks again later.
    async fn let_go(
        &self,
        patient: &Versioned<PatientDocument>,
        now: Timestamp,
    ) -> Result<(), LocateError> {
        let twins = &self.locating.twins;
        let free = match twins.relationships(&patient.id, None).await {
            Ok(relationships) => {
                relationships.iter().all(|it| it.name == models::REL_IS_ASSOCIATED)
            }
            Err(TwinError::NotFound { .. }) => true,
            Err(err) => return Err(err.into()),
        };
        let bound = match twins.incoming(&patient.id).await {
            Ok(incoming) => !incoming.is_empty(),
            Err(TwinError::NotFound { .. }) => false,
            Err(err) => return Err(err.into()),
        };
        let mut document = patient.document.clone();
        document.twin_due_at = if free && !bound {
            twins.delete_twin_with_relationships(&patient.id, None).await?;
            None
        } else {
            Some(now.saturating_add(LINGER).unwrap_or(Timestamp::MAX))
        };
        let patients = &self.locating.folding.records.patients;
        match patients.replace(&patient.id, patient.version, &document, Vec::new()).await {
            // Whoever wrote meanwhile knows when to look again.
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(err) => Err(RecordError::from(err).into()),
        }
    }
}

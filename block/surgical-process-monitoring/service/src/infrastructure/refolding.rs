//! Folds processes again from the first of their facts, and compares with what is kept.
//!
//! Facts are records, and processes follow from them: this proves it, and mends what does not
//! follow. What a settled process did not weigh came after it was settled, and stays out of it as
//! it did then. What others were told of a process (its id, the count of its changes) is theirs,
//! and stays. Nothing is told on the way.

use std::collections::{BTreeMap, BTreeSet};

use chiron_store::Find;
use jiff::Timestamp;
use surgical_process_monitoring_domain::{
    fact::{Fact, FactId},
    process::Resume,
};

use crate::{
    Refolded,
    application::document::{
        LifeDocument, PatientDocument, ProcessDocument, ProcessRow, SettledDocument, Standing,
        ToldDocument,
    },
    infrastructure::{
        folding::{Folding, Next},
        records::RecordError,
    },
};

/// How patients and processes compare.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Comparison {
    pub(crate) patients: Refolded,
    pub(crate) processes: Refolded,
}

/// What is kept of a patient.
struct Kept {
    version: Option<u64>,
    document: PatientDocument,
    rows: BTreeMap<String, ProcessRow>,
}

impl Kept {
    /// Settled processes, by end.
    fn settled(&self) -> Vec<&ProcessDocument> {
        let all = self.rows.values().map(|row| &row.process);
        let mut settled: Vec<_> = all.filter(|process| process.settled).collect();
        settled.sort_by_key(|process| process.end);
        settled
    }

    /// Until when what ended is settled.
    fn settled_to(&self) -> Option<Timestamp> {
        let told = self.document.past.last.as_ref().map(|last| last.end);
        self.settled().iter().filter_map(|process| process.end).chain(told).max()
    }

    /// What others were told, settled processes included: all that the fold begins with.
    fn told(&self) -> PatientDocument {
        let settled = self.settled().into_iter().map(|process| ToldDocument {
            process_id: process.process_id.clone(),
            opened_by: process.opened_by.clone(),
            version: process.version,
            life: LifeDocument::Ended,
            summarised: true,
        });
        let told = settled.chain(self.document.told.iter().cloned()).collect();
        PatientDocument { told, ..PatientDocument::default() }
    }

    /// Gives a process the count of changes that others know; one that is another now counts on.
    fn recount(&self, process: &mut ProcessDocument) {
        let unsettled = self.document.processes.iter();
        let kept = unsettled.chain(self.rows.values().map(|row| &row.process));
        let Some(kept) = kept.into_iter().find(|kept| kept.process_id == process.process_id) else {
            return;
        };
        process.version = kept.version;
        if process != kept {
            process.version += 1;
        }
    }

    /// The row of a process; lines that came too late are seen to afterwards.
    fn row(&self, process: &ProcessDocument) -> ProcessRow {
        let kept = self.rows.get(&process.process_id);
        ProcessRow {
            process: process.clone(),
            standing: if process.is_open() { Standing::Open } else { Standing::Ended },
            aftermath: Vec::new(),
            late: kept.map(|row| row.late.clone()).unwrap_or_default(),
            patient_version: kept.map_or(0, |row| row.patient_version),
        }
    }
}

/// Which facts count in settled processes: what lies in one counts if it was weighed there.
struct Weighed(Vec<(Resume, BTreeSet<FactId>)>);

impl Weighed {
    fn of(kept: &Kept) -> Self {
        let settled = kept.settled().into_iter();
        Self(
            settled
                .filter_map(|process| {
                    let weighed = process.weighed.iter().map(FactId::new).collect();
                    Some((Resume::from(process.resume.as_ref()?), weighed))
                })
                .collect(),
        )
    }

    fn counts(&self, fact: &Fact) -> bool {
        let order = fact.order();
        let of = self.0.iter().find(|(resume, _)| !resume.is_behind(&order));
        of.is_none_or(|(_, weighed)| weighed.contains(&fact.id))
    }
}

impl Folding {
    /// Folds every patient again and compares; with `mend` what does not follow is replaced.
    pub(crate) async fn refold_all(&self, mend: bool) -> Result<Comparison, RecordError> {
        let mut comparison = Comparison::default();
        for patient in self.records.everyone().await? {
            self.refold_one(&patient, mend, &mut comparison).await?;
        }
        Ok(comparison)
    }

    async fn refold_one(
        &self,
        patient: &str,
        mend: bool,
        comparison: &mut Comparison,
    ) -> Result<(), RecordError> {
        let kept = self.kept(patient).await?;
        let document = self.document_of_facts(patient, &kept).await?;
        if kept.version.is_none() && document == PatientDocument::default() {
            // Nothing follows from these facts yet, such as from a booking alone.
            return Ok(());
        }
        let rows = rows(&kept, &document);
        for (id, row) in &rows {
            comparison.processes.count(kept.rows.get(id), row);
        }
        // What never was is known only from what was told.
        let gone = kept.rows.iter().filter(|(_, row)| row.standing != Standing::Void);
        let gone: Vec<_> = gone.map(|(id, _)| id).filter(|id| !rows.contains_key(*id)).collect();
        comparison.processes.gone += gone.len() as u64;
        let shown = PatientDocument { settled: Vec::new(), unprojected: false, ..document.clone() };
        comparison.patients.count(kept.version.map(|_| &kept.document), &shown);
        if !mend {
            return Ok(());
        }
        for id in gone {
            self.records.processes.delete(id, None).await?;
        }
        let patients = &self.records.patients;
        let version = match kept.version {
            Some(version) => patients.replace(patient, version, &document, Vec::new()).await?,
            None => patients.insert(patient, &document, Vec::new()).await?,
        };
        self.project(patient, version, document).await?;
        self.note_late(patient).await
    }

    async fn kept(&self, patient: &str) -> Result<Kept, RecordError> {
        let found = self.records.patients.get(patient).await?;
        let version = found.as_ref().map(|found| found.version);
        let document = found.map(|found| found.document).unwrap_or_default();
        let query = Find::all().eq("process.patientId", patient);
        let rows = self.records.processes.find(&query).await?;
        let rows = rows.into_iter().map(|row| (row.id, row.document)).collect();
        Ok(Kept { version, document, rows })
    }

    /// The patient's document as the facts say, with everything that is settled in it.
    async fn document_of_facts(
        &self,
        patient: &str,
        kept: &Kept,
    ) -> Result<PatientDocument, RecordError> {
        // First what is settled, by what was weighed then: as far as it was settled, at once.
        let weighed = Weighed::of(kept);
        let known = self.known(patient, None, |fact| weighed.counts(fact)).await?;
        let told = kept.told();
        let Next { document, .. } = self.next(patient, &told, &known, kept.settled_to()).await?;
        // Then what goes on behind it, by all facts.
        let behind = PatientDocument {
            past: document.past,
            told: kept.document.told.clone(),
            processes: kept.document.processes.clone(),
            twin_due_at: kept.document.twin_due_at,
            ..PatientDocument::default()
        };
        let resume = behind.past.resume.as_ref().map(Resume::from);
        let known = self.known(patient, resume, |_| true).await?;
        let Next { document: mut rest, .. } = self.next(patient, &behind, &known, None).await?;
        rest.settled = document.settled;
        for SettledDocument { process, .. } in &mut rest.settled {
            kept.recount(process);
        }
        rest.unprojected = !rest.settled.is_empty() || !rest.voided.is_empty();
        Ok(rest)
    }
}

/// Every process as it is to be read, by id.
fn rows(kept: &Kept, document: &PatientDocument) -> BTreeMap<String, ProcessRow> {
    let mut rows = BTreeMap::new();
    for process in &document.processes {
        rows.insert(process.process_id.clone(), kept.row(process));
    }
    for SettledDocument { process, aftermath } in &document.settled {
        let row = ProcessRow { aftermath: aftermath.clone(), ..kept.row(process) };
        rows.insert(process.process_id.clone(), row);
    }
    if let Some(last) = &document.past.last
        && let Some(row) = rows.get_mut(&last.process_id)
    {
        row.aftermath.clone_from(&document.aftermath);
    }
    rows
}

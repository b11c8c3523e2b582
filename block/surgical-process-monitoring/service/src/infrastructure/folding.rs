//! From facts to processes, durably: one conditional write of the patient's document.
//!
//! The document's version is read before the facts, so whoever writes last has seen every fact
//! that was stored before anybody wrote. What others read is projected from the document
//! afterwards; a projection that was missed is made up for when the record that caused it comes
//! again, and for what is settled or voided, which the document gives up, by the settling pass.

use std::collections::{BTreeMap, BTreeSet};

use block_language::surgical_process::ProcessChange;
use chiron_broker::NewRecord;
use chiron_clock::{Activity, Clock, Reconciler};
use chiron_store::WriteError;
use jiff::{SignedDuration, Timestamp};
use surgical_process_monitoring_domain::{
    change::{Change, Told},
    fact::{Fact, FactKind, PatientId, TechnologyId},
    fold::{AFTERMATH, Folded, Past, Surroundings, fold},
    invariant,
    late::{Settled, late},
    presence::Track,
    process::{Process, Resume},
};

use crate::{
    application::{
        document::{
            Arrival, EntryDocument, Knowledge, MinuteDocument, OpenedByDocument, PatientDocument,
            ProcessDocument, ProcessRow, SettledDocument, Standing, ToldDocument, TwinDocument,
            Wanted,
        },
        telling,
    },
    infrastructure::records::{RecordError, Records},
};

/// Whoever must look at something again.
#[derive(Debug, Clone)]
pub(crate) struct Nudges {
    pub(crate) locating: Reconciler,
    pub(crate) settling: Reconciler,
    pub(crate) twinning: Reconciler,
}

impl Nudges {
    pub(crate) fn new(activity: &Activity) -> Self {
        let reconciler = || Reconciler::new(activity);
        Self { locating: reconciler(), settling: reconciler(), twinning: reconciler() }
    }
}

/// Folds patients.
#[derive(Debug, Clone)]
pub(crate) struct Folding {
    pub(crate) records: Records,
    pub(crate) clock: Clock,
    pub(crate) nudges: Nudges,
    /// How long after its end a process waits before it is settled.
    pub(crate) window: SignedDuration,
}

/// A patient's facts, with what surrounds them.
pub(crate) struct Known {
    facts: Vec<Fact>,
    around: Surroundings,
}

/// What an attempt comes to.
pub(crate) struct Next {
    pub(crate) document: PatientDocument,
    outbox: Vec<NewRecord>,
}

impl Folding {
    /// Derives a patient's processes anew. Idempotent; safe beside any other.
    pub(crate) async fn refold(&self, patient: &str) -> Result<(), RecordError> {
        self.fold_until(patient, None).await
    }

    /// The same, and settles what ended so long before `complete` that its window is over.
    pub(crate) async fn settle(
        &self,
        patient: &str,
        complete: Timestamp,
    ) -> Result<(), RecordError> {
        self.fold_until(patient, Some(complete)).await
    }

    async fn fold_until(
        &self,
        patient: &str,
        complete: Option<Timestamp>,
    ) -> Result<(), RecordError> {
        loop {
            match self.attempt(patient, complete).await {
                Err(err) if err.is_conflict() => {}
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, patient: &str, complete: Option<Timestamp>) -> Result<(), RecordError> {
        let read = self.records.patients.get(patient).await?;
        let (version, before) = match read {
            Some(read) => (Some(read.version), read.document),
            None => (None, PatientDocument::default()),
        };
        let resume = before.past.resume.as_ref().map(Resume::from);
        let known = self.known(patient, resume, |_| true).await?;
        let next = self.next(patient, &before, &known, complete).await?;
        if next.document == before {
            // A write that was done and whose answer was lost has nudged nobody.
            if before.ended_at.is_some() || before.twin_due_at.is_some() {
                self.nudges.settling.nudge();
            }
            return self.project(patient, version.unwrap_or(0), before).await;
        }
        let Next { document, outbox } = next;
        let version = match version {
            Some(version) => {
                self.records.patients.replace(patient, version, &document, outbox).await?
            }
            None => self.records.patients.insert(patient, &document, outbox).await?,
        };
        if document.ended_at != before.ended_at || document.twin_due_at != before.twin_due_at {
            self.nudges.settling.nudge();
        }
        self.project(patient, version, document).await
    }

    /// The patient's own facts and those of rooms that are the patient's, as far as they count, and
    /// what was in use where the patient entered.
    pub(crate) async fn known(
        &self,
        patient: &str,
        resume: Option<Resume>,
        counts: impl Fn(&Fact) -> bool,
    ) -> Result<Known, RecordError> {
        let mut facts = self.records.facts_of(patient).await?;
        facts.retain(&counts);
        let own = Track::of(&facts);
        let from = resume.as_ref().map_or(Timestamp::MIN, |resume| resume.order.at);
        let mut around = Surroundings::new();
        for fact in &facts {
            let is_behind = resume.as_ref().is_none_or(|resume| resume.is_behind(&fact.order()));
            let (FactKind::Entered { room, .. } | FactKind::Emergency { room, .. }) = &fact.kind
            else {
                continue;
            };
            if !is_behind {
                continue;
            }
            for technology in self.records.in_use_before(fact.at).await? {
                let place = self.records.place(&technology, fact.at, None, Some(patient)).await?;
                match place {
                    (Some(found), true) if found == room.as_str() => {
                        let here = around.entry((room.clone(), fact.at)).or_default();
                        here.insert(TechnologyId::new(technology));
                    }
                    (_, true) => {}
                    (_, false) => self.nudges.locating.nudge(),
                }
            }
        }
        facts.extend(self.room_facts(patient, own, from).await?.into_iter().filter(counts));
        Ok(Known { facts, around })
    }

    /// Facts of rooms that are the patient's by presence, from an instant on.
    async fn room_facts(
        &self,
        patient: &str,
        own: Track,
        from: Timestamp,
    ) -> Result<Vec<Fact>, RecordError> {
        let patient = PatientId::new(patient);
        let stays = own.stays();
        let mut tracks = BTreeMap::from([(patient.clone(), own)]);
        let mut found: BTreeMap<String, Fact> = BTreeMap::new();
        for (room, entered, left) in stays {
            let until = left.unwrap_or(Timestamp::MAX);
            if until < from {
                continue;
            }
            let facts = self.records.room_facts(room.as_str(), entered.max(from), until).await?;
            for fact in facts {
                let at = fact.document.at;
                let owner = self.records.owner(room.as_str(), at, &mut tracks).await?;
                if owner.as_ref() == Some(&patient)
                    && let Some(read) = fact.document.fact(&fact.id)?
                {
                    found.insert(fact.id, read);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// What follows from what is known, and what is to be told of it.
    pub(crate) async fn next(
        &self,
        patient: &str,
        before: &PatientDocument,
        known: &Known,
        complete: Option<Timestamp>,
    ) -> Result<Next, RecordError> {
        let id = PatientId::new(patient);
        let now = self.clock.now();
        let mut past = Past::from(&before.past);
        let mut telling = Telling::of(before);
        let mut document = PatientDocument {
            settled: before.settled.clone(),
            voided: before.voided.clone(),
            ..PatientDocument::default()
        };
        let folded = loop {
            let ids = telling.ids();
            let folded = fold(&id, &past, &ids, &known.facts, &known.around);
            count_violations(&past, &folded);
            let due = folded.processes.first().and_then(|first| {
                let end = first.end?.saturating_add(self.window).unwrap_or(Timestamp::MAX);
                let is_due = complete.is_some_and(|complete| end <= complete);
                if is_due { past.behind(first) } else { None }
            });
            let (Some(behind), Some(first)) = (due, folded.processes.first()) else {
                break folded;
            };
            // Told as it is first, so that its last change is no part of the settling.
            let knowledge = self.knowledge([first]).await?;
            let process = ProcessDocument::of(first, &knowledge);
            telling.tell(first, process, &self.records, now).await?;
            let mut first = first.clone();
            first.cut_aftermath();
            let process = ProcessDocument::of(&first, &knowledge);
            let process = telling.settle(process, now)?;
            past = behind;
            let rest = fold(&id, &past, &telling.ids(), &known.facts, &known.around);
            let aftermath = rest.aftermath.iter().map(EntryDocument::from).collect();
            document.settled.push(SettledDocument { process, aftermath });
        };
        let knowledge = self.knowledge(&folded.processes).await?;
        for process in &folded.processes {
            let told = ProcessDocument::of(process, &knowledge);
            let told = telling.tell(process, told, &self.records, now).await?;
            document.processes.push(told);
        }
        document.voided.extend(telling.void_rest(&folded, now)?);
        document.aftermath = folded.aftermath.iter().map(EntryDocument::from).collect();
        document.ended_at = document.processes.first().and_then(|first| first.end);
        document.twin_due_at = twin_due(before, &document, &past);
        document.unprojected = !document.settled.is_empty() || !document.voided.is_empty();
        document.past = (&past).into();
        document.told = telling.told.values().map(ToldDocument::from).collect();
        count_refusals(before, &document);
        Ok(Next { document, outbox: telling.outbox })
    }

    async fn knowledge(
        &self,
        processes: impl IntoIterator<Item = &Process>,
    ) -> Result<Knowledge, RecordError> {
        let mut technologies = BTreeSet::new();
        let mut devices = BTreeSet::new();
        for process in processes {
            let used = process.technologies.iter().map(|used| &used.technology);
            let found = process.in_use_at_entry.iter().map(|(technology, _)| technology);
            technologies.extend(used.chain(found).map(|id| id.as_str().to_owned()));
            devices.extend(process.devices.iter().map(|used| used.device.as_str().to_owned()));
        }
        self.records.knowledge(technologies, devices).await
    }

    /// Shows others what a patient's document says, and takes off it what it only kept for them.
    pub(crate) async fn project(
        &self,
        patient: &str,
        version: u64,
        document: PatientDocument,
    ) -> Result<(), RecordError> {
        for process in &document.processes {
            let standing = if process.is_open() { Standing::Open } else { Standing::Ended };
            self.show(process, standing, None, version).await?;
            self.want(&process.process_id, wanted(process)).await?;
        }
        for process in &document.voided {
            let is_told = |other: &ProcessDocument| other.process_id == process.process_id;
            if document.processes.iter().any(is_told) {
                continue;
            }
            self.show(process, Standing::Void, None, version).await?;
            self.want(&process.process_id, Wanted::Void).await?;
        }
        for SettledDocument { process, aftermath } in &document.settled {
            self.show(process, Standing::Ended, Some(aftermath), version).await?;
            let devices = process.devices.iter().map(|used| used.device_id.clone()).collect();
            let settled = Wanted::Settled {
                surgery_id: process.surgery_id.clone(),
                booking_version: process.booking_version,
                devices,
            };
            self.want(&process.process_id, settled).await?;
        }
        if let Some(last) = &document.past.last {
            self.show_aftermath(&last.process_id, &document.aftermath).await?;
        }
        if !document.unprojected {
            return Ok(());
        }
        let shown = PatientDocument {
            settled: Vec::new(),
            voided: Vec::new(),
            unprojected: false,
            ..document
        };
        match self.records.patients.replace(patient, version, &shown, Vec::new()).await {
            // Whoever wrote meanwhile has taken over what there is to show.
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(err) => Err(err.into()),
        }
    }

    async fn show(
        &self,
        process: &ProcessDocument,
        standing: Standing,
        aftermath: Option<&Vec<EntryDocument>>,
        version: u64,
    ) -> Result<(), RecordError> {
        loop {
            let known = self.records.processes.get(&process.process_id).await?;
            let mut row = ProcessRow {
                process: process.clone(),
                standing,
                aftermath: aftermath.cloned().unwrap_or_default(),
                late: Vec::new(),
                patient_version: version,
            };
            let written = match known {
                None => self.records.processes.insert(&process.process_id, &row, Vec::new()).await,
                Some(known) => {
                    let shown = &known.document;
                    let is_newer = version < shown.patient_version;
                    if is_newer || (shown.process == *process && shown.standing == standing) {
                        return Ok(());
                    }
                    row.late.clone_from(&shown.late);
                    let id = &process.process_id;
                    self.records.processes.replace(id, known.version, &row, Vec::new()).await
                }
            };
            match written {
                Ok(_) => return Ok(()),
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    async fn show_aftermath(
        &self,
        process: &str,
        aftermath: &[EntryDocument],
    ) -> Result<(), RecordError> {
        loop {
            let Some(known) = self.records.processes.get(process).await? else { return Ok(()) };
            if known.document.aftermath == aftermath {
                return Ok(());
            }
            let row = ProcessRow { aftermath: aftermath.to_vec(), ..known.document };
            match self.records.processes.replace(process, known.version, &row, Vec::new()).await {
                Ok(_) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    async fn want(&self, process: &str, wanted: Wanted) -> Result<(), RecordError> {
        loop {
            let known = self.records.twins.get(process).await?;
            let written = match known {
                None => {
                    let twin = TwinDocument { wanted: wanted.clone(), shown: None, pending: true };
                    self.records.twins.insert(process, &twin, Vec::new()).await
                }
                Some(known) if known.document.wanted == wanted => {
                    // A write that was done and whose answer was lost has nudged nobody.
                    if known.document.pending {
                        self.nudges.twinning.nudge();
                    }
                    return Ok(());
                }
                Some(known) => {
                    let shown = known.document.shown;
                    let twin = TwinDocument { wanted: wanted.clone(), shown, pending: true };
                    self.records.twins.replace(process, known.version, &twin, Vec::new()).await
                }
            };
            match written {
                Ok(_) => {
                    self.nudges.twinning.nudge();
                    return Ok(());
                }
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    /// Puts down what came too late for a patient's settled processes. Told by comparing with
    /// what was weighed, so a repetition changes nothing.
    pub(crate) async fn note_late(&self, patient: &str) -> Result<(), RecordError> {
        let rows = self.records.settled(patient).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut facts = self.records.facts_of(patient).await?;
        let own = Track::of(&facts);
        facts.extend(self.room_facts(patient, own, Timestamp::MIN).await?);
        let settled: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                let process = &row.document.process;
                let weighed: BTreeSet<_> = process
                    .weighed
                    .iter()
                    .map(surgical_process_monitoring_domain::fact::FactId::new)
                    .collect();
                Some((row, Resume::from(process.resume.as_ref()?), weighed))
            })
            .collect();
        let borders: Vec<_> =
            settled.iter().map(|(_, resume, weighed)| Settled { resume, weighed }).collect();
        for ((row, _, _), entries) in settled.iter().zip(late(&borders, &facts)) {
            let entries: Vec<_> = entries.iter().map(EntryDocument::from).collect();
            if row.document.late == entries {
                continue;
            }
            metrics::counter!("chiron_processes_late_facts_total").increment(1);
            let next = ProcessRow { late: entries, ..row.document.clone() };
            self.records.processes.replace(&row.id, row.version, &next, Vec::new()).await?;
        }
        Ok(())
    }
}

/// What is told on the way from one document to the next.
struct Telling {
    told: BTreeMap<surgical_process_monitoring_domain::process::OpenedBy, Told>,
    before: BTreeMap<String, ProcessDocument>,
    outbox: Vec<NewRecord>,
}

impl Telling {
    fn of(before: &PatientDocument) -> Self {
        let told = before.told.iter().map(|told| {
            let told = Told::from(told);
            (told.opened_by.clone(), told)
        });
        let processes =
            before.processes.iter().map(|process| (process.process_id.clone(), process.clone()));
        Self { told: told.collect(), before: processes.collect(), outbox: Vec::new() }
    }

    fn ids(
        &self,
    ) -> BTreeMap<
        surgical_process_monitoring_domain::process::OpenedBy,
        surgical_process_monitoring_domain::fact::ProcessId,
    > {
        self.told.iter().map(|(by, told)| (by.clone(), told.id.clone())).collect()
    }

    /// Tells what changed about a process, and answers it with its version.
    async fn tell(
        &mut self,
        process: &Process,
        mut document: ProcessDocument,
        records: &Records,
        now: Timestamp,
    ) -> Result<ProcessDocument, RecordError> {
        let (told, changes) = match self.told.remove(&process.opened_by) {
            None => Told::first(process),
            Some(told) => {
                document.version = told.version;
                let differs = self.before.get(&document.process_id) != Some(&document);
                told.again(process, differs)
            }
        };
        document.version = told.version;
        self.told.insert(process.opened_by.clone(), told);
        for change in changes {
            let end = document.end.unwrap_or(now);
            let record = match change {
                Change::Changed => {
                    telling::event(&document, ProcessChange::Changed, document.last_fact)?
                }
                Change::Completed => telling::event(&document, ProcessChange::Completed, end)?,
                Change::Reopened => telling::event(&document, ProcessChange::Reopened, now)?,
                Change::Voided => telling::event(&document, ProcessChange::Voided, now)?,
                Change::Summarised => {
                    let (patient, start) = (&document.patient_id, document.date_time);
                    let samples =
                        records.samples(patient, start, end, MinuteDocument::samples).await?;
                    telling::summary(&document, &samples, now)?
                }
            };
            self.outbox.push(record);
        }
        self.before.remove(&document.process_id);
        Ok(document)
    }

    /// Tells that a process will not change any more.
    fn settle(
        &mut self,
        mut document: ProcessDocument,
        now: Timestamp,
    ) -> Result<ProcessDocument, RecordError> {
        let opened_by = (&document.opened_by).into();
        let version = self.told.remove(&opened_by).map_or(0, |told| told.version);
        document.version = version + 1;
        document.settled = true;
        self.outbox.push(telling::event(&document, ProcessChange::Settled, now)?);
        Ok(document)
    }

    /// Tells of those that are told no more that they never were.
    fn void_rest(
        &mut self,
        folded: &Folded,
        now: Timestamp,
    ) -> Result<Vec<ProcessDocument>, RecordError> {
        let mut voided = Vec::new();
        for (opened_by, told) in &mut self.told {
            if folded.processes.iter().any(|process| process.opened_by == *opened_by) {
                continue;
            }
            let (next, changes) = told.clone().gone();
            *told = next;
            let process = self.before.remove(told.id.as_str());
            if let (Some(mut process), false) = (process, changes.is_empty()) {
                process.version = told.version;
                self.outbox.push(telling::event(&process, ProcessChange::Voided, now)?);
                voided.push(process);
            }
        }
        Ok(voided)
    }
}

/// When the patient's twin may go: a day after the last end, unless another process goes on.
fn twin_due(
    before: &PatientDocument,
    document: &PatientDocument,
    past: &Past,
) -> Option<Timestamp> {
    let last = past.last.as_ref().filter(|_| document.processes.is_empty())?;
    let was = before.past.last.as_ref().map(|last| last.process_id.as_str());
    if was == Some(last.id.as_str()) && before.processes.is_empty() {
        // Put off, or done.
        before.twin_due_at
    } else {
        Some(last.end.saturating_add(AFTERMATH).unwrap_or(Timestamp::MAX))
    }
}

fn wanted(process: &ProcessDocument) -> Wanted {
    use surgical_process_monitoring_domain::process::{State, Step};

    let states = [
        State::PreSurgery,
        State::Surgery,
        State::PostSurgery,
        State::Interrupted,
        State::Terminated,
    ];
    let steps = [
        Step::PatientInPreparation,
        Step::PatientOnOperatingTable,
        Step::Anesthesia,
        Step::SurgeryInProgress,
        Step::EndOfSurgery,
        Step::PatientUnderObservation,
    ];
    let state = states.into_iter().find(|state| state.name() == process.state);
    let step = process.step.as_deref();
    let step = steps.into_iter().find(|known| Some(known.name()) == step);
    let now_in = process.stays.last().filter(|stay| stay.to.is_none());
    let emergency = match (&process.opened_by, process.stays.as_slice()) {
        (OpenedByDocument::Emergency { .. }, stays) => {
            let room = match stays {
                [only] if only.to.is_none() => Some(only.room.clone()),
                _ => None,
            };
            Some(Arrival { at: process.date_time, room, tax_code: process.tax_code.clone() })
        }
        (OpenedByDocument::Booking { .. } | OpenedByDocument::Return { .. }, _) => None,
    };
    Wanted::There {
        patient_id: process.patient_id.clone(),
        surgery_id: process.surgery_id.clone(),
        state: state.map_or(State::Surgery.ordinal(), State::ordinal),
        step: step.map(Step::ordinal),
        room: now_in.map(|stay| stay.room.clone()),
        emergency,
    }
}

/// A violation is a fault of the fold: counted and told, for somebody must act.
fn count_violations(past: &Past, folded: &Folded) {
    for invariant in invariant::violated(past, folded) {
        metrics::counter!("chiron_processes_invariants_violated_total", "invariant" => invariant)
            .increment(1);
        tracing::error!(invariant, "an invariant of processes does not hold");
    }
}

fn count_refusals(before: &PatientDocument, after: &PatientDocument) {
    use crate::application::document::EntryKind;

    let refused = |document: &PatientDocument| {
        let lines = document.processes.iter().flat_map(|process| &process.history);
        lines.chain(&document.aftermath).filter(|entry| entry.kind == EntryKind::Refused).count()
    };
    let more = refused(after).saturating_sub(refused(before));
    if let Ok(more @ 1..) = u64::try_from(more) {
        metrics::counter!("chiron_processes_facts_refused_total").increment(more);
    }
}

//! Consumes what happens: stores facts and samples, and folds the patients whom they concern.
//!
//! Idempotent, since a fact told twice is stored once and a fold depends on what is stored alone.
//! Records of one partition are taken together: one fold a patient, one write a patient's minute.

use std::collections::{BTreeMap, BTreeSet};

use chiron_broker::{Handled, Handler, Record};
use chiron_store::{Find, WriteError};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use surgical_process_monitoring_domain::{presence::Track, vital::Sample};

use crate::{
    application::{
        document::{Class, DeviceDocument, FactContent, FactDocument, MinuteDocument, minute_of},
        event::{Said, read},
    },
    infrastructure::{folding::Folding, records::RecordError},
};

/// The consumer's handler.
#[derive(Debug, Clone)]
pub(crate) struct Consuming {
    pub(crate) folding: Folding,
}

/// A vital sign and the event that told it.
type Told = (Sample, String);

impl Handler for Consuming {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut facts: BTreeMap<String, FactDocument> = BTreeMap::new();
        let mut samples: BTreeMap<(String, Timestamp), Vec<Told>> = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(records.len());
        for record in records {
            outcomes.push(match read(record) {
                Ok(Said::Fact { id, fact }) => {
                    // Of two tellings in one slice each is stored, by the rule of tellings.
                    if let Some(other) = facts.insert(id.clone(), fact)
                        && let Err(err) = self.folding.records.keep(&id, &other).await
                    {
                        return retry(outcomes, err);
                    }
                    Handled::Done
                }
                Ok(Said::Sample { patient_id, sample, event }) => {
                    let minute = (patient_id, minute_of(sample.at));
                    samples.entry(minute).or_default().push((sample, event));
                    Handled::Done
                }
                Ok(Said::Nothing) => Handled::Done,
                Err(reason) => Handled::Reject(reason),
            });
        }
        let taking = Box::pin(self.take(&facts, &samples));
        // The trace of the last record goes on: a slice is one record but for bursts.
        let taken = match records.last() {
            Some(last) => last.scope(taking).await,
            None => taking.await,
        };
        match taken {
            Ok(()) => outcomes,
            Err(err) => {
                // Everything but what is rejected comes again; a repetition changes nothing.
                let taken = outcomes.iter().position(|it| matches!(it, Handled::Done));
                outcomes.truncate(taken.unwrap_or(0));
                retry(outcomes, err)
            }
        }
    }
}

fn retry(mut outcomes: Vec<Handled>, err: RecordError) -> Vec<Handled> {
    outcomes.push(Handled::retry(err));
    outcomes
}

impl Consuming {
    async fn take(
        &self,
        facts: &BTreeMap<String, FactDocument>,
        samples: &BTreeMap<(String, Timestamp), Vec<Told>>,
    ) -> Result<(), RecordError> {
        try_join_all(
            samples
                .iter()
                .map(|((patient, minute), told)| self.keep_samples(patient, *minute, told)),
        )
        .await?;
        if facts.is_empty() {
            return Ok(());
        }
        let records = &self.folding.records;
        try_join_all(facts.iter().map(|(id, fact)| records.keep(id, fact))).await?;
        let mut concerned = BTreeSet::new();
        for (id, fact) in facts {
            concerned.extend(self.concerned(id, fact).await?);
        }
        for patient in &concerned {
            self.folding.refold(patient).await?;
        }
        let earliest = facts.values().map(|fact| fact.at).min().unwrap_or(Timestamp::MAX);
        for patient in &concerned {
            if self.is_settled_at(patient, earliest).await? {
                self.folding.note_late(patient).await?;
            }
        }
        Ok(())
    }

    /// The patients whose fold may change with a fact that is stored.
    async fn concerned(
        &self,
        id: &str,
        fact: &FactDocument,
    ) -> Result<BTreeSet<String>, RecordError> {
        let records = &self.folding.records;
        let mut concerned: BTreeSet<String> = fact.patient_id.iter().cloned().collect();
        if let FactContent::Device { device_id } = &fact.fact {
            self.ask_for_device(device_id, fact.patient_id.as_deref()).await?;
        }
        match (fact.class, &fact.room) {
            (Class::Entry | Class::Exit, Some(room)) => {
                concerned.extend(self.others_in(room, fact).await?);
            }
            (Class::Button, Some(room)) => {
                match records.owner(room, fact.at, &mut BTreeMap::new()).await? {
                    Some(owner) => {
                        concerned.insert(owner.as_str().to_owned());
                    }
                    None => {
                        metrics::counter!("chiron_processes_facts_of_nobody_total").increment(1);
                    }
                }
            }
            (Class::Usage, _) => {
                // Its room is not known yet; the patients follow from it.
                if let Some(technology) = &fact.technology_id {
                    records.place(technology, fact.at, Some(id), None).await?;
                    self.folding.nudges.locating.nudge();
                }
            }
            (Class::Entry | Class::Exit | Class::Button, None) | (Class::Own, _) => {}
        }
        if let Some(surgery) = &fact.surgery_id {
            let known = records.facts.find(&Find::all().eq("surgeryId", surgery.as_str())).await?;
            concerned.extend(known.into_iter().filter_map(|it| it.document.patient_id));
        }
        Ok(concerned)
    }

    /// Whoever was in a room at facts that a movement, known later than they, may take from one
    /// and give to another.
    async fn others_in(
        &self,
        room: &str,
        movement: &FactDocument,
    ) -> Result<BTreeSet<String>, RecordError> {
        let records = &self.folding.records;
        let mut rooms = BTreeSet::from([room.to_owned()]);
        let mut until = Timestamp::MAX;
        if let Some(patient) = &movement.patient_id {
            let tracks = records.tracks(BTreeSet::from([patient.clone()])).await?;
            let stays = tracks.values().next().map(Track::stays).unwrap_or_default();
            // The next entry puts the patient where it does with and without this movement.
            until = stays
                .iter()
                .map(|(_, from, _)| *from)
                .filter(|from| movement.at < *from)
                .min()
                .unwrap_or(Timestamp::MAX);
            let before = movement.at.saturating_sub(SignedDuration::from_millis(1));
            let before = before.unwrap_or(Timestamp::MIN);
            rooms.extend(
                stays
                    .into_iter()
                    .filter(|(_, from, to)| {
                        *from <= movement.at && to.is_none_or(|to| before <= to)
                    })
                    .map(|(room, _, _)| room.as_str().to_owned()),
            );
        }
        let mut others = BTreeSet::new();
        for room in rooms {
            for fact in records.room_facts(&room, movement.at, until).await? {
                let inside = records.everybody(&room, fact.document.at).await?;
                others.extend(inside.into_iter().map(|it| it.as_str().to_owned()));
            }
        }
        Ok(others)
    }

    async fn ask_for_device(&self, device: &str, patient: Option<&str>) -> Result<(), RecordError> {
        let devices = &self.folding.records.devices;
        loop {
            let written = match devices.get(device).await? {
                None => {
                    let patients = patient.map(str::to_owned).into_iter().collect();
                    let asked = DeviceDocument { kind: None, pending: true, patients };
                    devices.insert(device, &asked, Vec::new()).await
                }
                Some(known) => {
                    let mut asked = known.document.clone();
                    asked.patients.extend(patient.map(str::to_owned));
                    asked.pending = asked.pending || asked.kind.is_none();
                    if asked == known.document {
                        // A write that was done and whose answer was lost has nudged nobody.
                        if asked.pending {
                            self.folding.nudges.locating.nudge();
                        }
                        return Ok(());
                    }
                    devices.replace(device, known.version, &asked, Vec::new()).await
                }
            };
            match written {
                Ok(_) => {
                    self.folding.nudges.locating.nudge();
                    return Ok(());
                }
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    async fn keep_samples(
        &self,
        patient: &str,
        minute: Timestamp,
        told: &[Told],
    ) -> Result<(), RecordError> {
        let minutes = &self.folding.records.minutes;
        let id = MinuteDocument::id(patient, minute);
        let settled = self.settled_until(patient, minute).await?;
        loop {
            let known = minutes.get(&id).await?;
            let (version, mut document) = match known {
                Some(known) => (Some(known.version), known.document),
                None => (None, MinuteDocument::empty(patient, minute)),
            };
            let mut differs = false;
            for (sample, event) in told {
                let is_late =
                    settled.iter().any(|(from, to)| *from <= sample.at && sample.at <= *to);
                differs |= document.take(sample, event, is_late);
            }
            if !differs {
                return Ok(());
            }
            let written = match version {
                Some(version) => minutes.replace(&id, version, &document, Vec::new()).await,
                None => minutes.insert(&id, &document, Vec::new()).await,
            };
            match written {
                Ok(_) => return Ok(()),
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    /// The spans of the patient's settled processes that a minute may touch. A process is never
    /// settled before its window is over, so fresh samples cost no question.
    async fn settled_until(
        &self,
        patient: &str,
        minute: Timestamp,
    ) -> Result<Vec<(Timestamp, Timestamp)>, RecordError> {
        let now = self.folding.clock.now();
        if now.duration_since(minute) <= self.folding.window
            || !self.is_settled_at(patient, minute).await?
        {
            return Ok(Vec::new());
        }
        let rows = self.folding.records.settled(patient).await?;
        let span = |process: &crate::application::document::ProcessDocument| {
            Some((process.date_time, process.end?))
        };
        Ok(rows.iter().filter_map(|row| span(&row.document.process)).collect())
    }

    async fn is_settled_at(&self, patient: &str, at: Timestamp) -> Result<bool, RecordError> {
        let found = self.folding.records.patients.get(patient).await?;
        let resume = found.and_then(|found| found.document.past.resume);
        Ok(resume.is_some_and(|resume| at <= resume.at))
    }
}

//! The documents of process monitoring, and the questions that others ask of them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use surgical_process_monitoring_domain::{
    change::Told,
    fact::{Fact, PatientId, RoomId},
    fold::Past,
    process::{OpenedBy, Process},
    vital::{Quantity, Sample},
};

use super::BELL;
use crate::{
    bus::Outbox,
    machine::{Ground, NoAnswer},
    store::Documents,
};

/// A fact as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Whose it is; `None` for facts of rooms.
    pub patient: Option<PatientId>,
    /// Where; `None` also for a usage that was not located.
    pub room: Option<RoomId>,
    /// What. The room of a usage is the one above.
    pub fact: Fact,
    /// A usage whose room is to be found out.
    pub pending: bool,
}

/// What is kept of a patient.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patient {
    /// What is settled.
    pub past: Past,
    /// What was told of processes that are not.
    pub told: BTreeMap<OpenedBy, Told>,
    /// Not settled, by start.
    pub processes: Vec<Process>,
    /// Settled, by end, with the version of the settlement.
    pub settled: Vec<(Process, u64)>,
}

/// A patient's minute of vital signs: the value and the event of each.
pub type Minute = BTreeMap<(Timestamp, Quantity), (f64, String)>;

/// A process as it is answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The process.
    pub process: Process,
    /// Its version.
    pub version: u64,
    /// Whether it is settled.
    pub settled: bool,
}

/// The service's documents.
#[derive(Clone)]
pub struct Records {
    /// Facts by id.
    pub facts: Documents<Arc<Stored>>,
    /// Patients.
    pub patients: Documents<Arc<Patient>>,
    /// Vital signs by patient and minute.
    pub minutes: Documents<Arc<Minute>>,
    /// Its events.
    pub outbox: Outbox,
}

impl Records {
    /// Nothing yet.
    pub fn new(ground: &Ground, outbox: &Outbox) -> Self {
        Self {
            facts: Documents::new("facts", ground, outbox, BELL),
            patients: Documents::new("patients", ground, outbox, BELL),
            minutes: Documents::new("minutes", ground, outbox, BELL),
            outbox: outbox.clone(),
        }
    }

    /// A process as it is now; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn process(self, id: String) -> Result<Option<Answered>, NoAnswer> {
        let of = |_: &str, patient: &Arc<Patient>| patient.answer(&id);
        Ok(self.patients.find(of).await?.pop())
    }

    /// A patient's vital signs in a span whose ends are included, by time then quantity.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`].
    pub async fn vital_signs(
        self,
        patient: PatientId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Sample>, NoAnswer> {
        let begins = format!("{patient}/");
        let minutes = self.minutes.find(|id, it| id.starts_with(&begins).then(|| Arc::clone(it)));
        let minutes = minutes.await?;
        let all = minutes.iter().flat_map(|minute| minute.iter());
        let samples = all.map(|((at, quantity), (value, _))| Sample {
            at: *at,
            quantity: *quantity,
            value: *value,
        });
        let mut samples: Vec<Sample> =
            samples.filter(|sample| from <= sample.at && sample.at <= to).collect();
        samples.sort_by_key(|sample| (sample.at, sample.quantity));
        Ok(samples)
    }
}

impl Patient {
    fn answer(&self, id: &str) -> Option<Answered> {
        let settled = self.settled.iter().find(|(process, _)| process.id.as_str() == id);
        if let Some((process, version)) = settled {
            return Some(Answered { process: process.clone(), version: *version, settled: true });
        }
        let process = self.processes.iter().find(|process| process.id.as_str() == id)?;
        let version = self.told.get(&process.opened_by).map_or(0, |told| told.version);
        Some(Answered { process: process.clone(), version, settled: false })
    }

    /// Every process, settled or not, by start.
    pub fn all(&self) -> impl Iterator<Item = &Process> {
        self.settled.iter().map(|(process, _)| process).chain(&self.processes)
    }
}

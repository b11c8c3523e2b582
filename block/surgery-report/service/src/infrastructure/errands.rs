//! What is still to be done about which report, and the events that say so.
//!
//! An event only says that something is to be looked at: it leaves an errand, durable before the
//! event is committed, and the errand is run by the composer until the report is what it should
//! be. So an event may come twice, late, or while every other service is down.

use std::sync::Arc;

use block_language::{
    summary::{self, ProcessSummary, SummaryEvent},
    surgical_process::{self, ProcessChange, SurgicalProcess, SurgicalProcessEvent},
};
use chiron_broker::{Handled, Record};
use chiron_clock::{Clock, Reconciler, instant};
use chiron_store::{
    Collection, CollectionSpec, Find, Index, Store, StoreError, Versioned, WriteError,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    application::summary::{outline, summarised},
    infrastructure::store::StoredReports,
};

/// Errands by process.
pub(crate) static ERRANDS: CollectionSpec = CollectionSpec {
    name: "surgery_report_errands",
    indexes: &[Index { name: "by_time", fields: &["due"], unique: false }],
};

/// What other producers told, by process: a report of theirs is regenerated from it, since nobody
/// else keeps it.
pub(crate) static SUMMARIES: CollectionSpec =
    CollectionSpec { name: "surgery_report_summaries", indexes: &[] };

/// What the errand is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum MatterV1 {
    /// A process of our monitoring: the newest event of it, and what it told.
    #[serde(rename_all = "camelCase")]
    Process {
        change: ChangeV1,
        /// When the change happened; a settlement's is the instant of settling.
        #[serde(with = "instant::text")]
        at: Timestamp,
        event: SurgicalProcess,
    },
    /// A process of another producer: all that will ever be told of it.
    Summary { summary: ProcessSummary },
}

/// What happened to a process; see [`ProcessChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ChangeV1 {
    Changed,
    Completed,
    Reopened,
    Voided,
    Settled,
}

impl From<ProcessChange> for ChangeV1 {
    fn from(change: ProcessChange) -> Self {
        match change {
            ProcessChange::Changed => Self::Changed,
            ProcessChange::Completed => Self::Completed,
            ProcessChange::Reopened => Self::Reopened,
            ProcessChange::Voided => Self::Voided,
            ProcessChange::Settled => Self::Settled,
        }
    }
}

/// An errand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrandV1 {
    pub(crate) process_id: String,
    /// When it is to be run.
    #[serde(with = "instant::text")]
    pub(crate) due: Timestamp,
    /// How often it was run without coming to an end.
    pub(crate) attempts: u32,
    pub(crate) matter: MatterV1,
}

impl ErrandV1 {
    fn new(process_id: String, now: Timestamp, matter: MatterV1) -> Self {
        Self { process_id, due: now, attempts: 0, matter }
    }
}

/// The errands.
#[derive(Debug, Clone)]
pub(crate) struct Errands {
    errands: Collection<ErrandV1>,
    summaries: Collection<ProcessSummary>,
}

impl Errands {
    pub(crate) fn new(store: &Store) -> Self {
        Self { errands: store.collection(&ERRANDS), summaries: store.collection(&SUMMARIES) }
    }

    /// What another producer told of a process; `None` when none did.
    pub(crate) async fn summary(
        &self,
        process: &str,
    ) -> Result<Option<ProcessSummary>, StoreError> {
        Ok(self.summaries.get(process).await?.map(|found| found.document))
    }

    /// Keeps what another producer told. The first telling counts.
    async fn keep(&self, summary: &ProcessSummary) -> Result<(), WriteError> {
        match self.summaries.insert(&summary.process_id, summary, Vec::new()).await {
            Ok(_) | Err(WriteError::AlreadyExists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Those to be run now, the longest due first.
    pub(crate) async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<ErrandV1>>, StoreError> {
        let due = Find::all().at_most("due", instant::write(now)).ascending("due").limit(limit);
        self.errands.find(&due).await
    }

    /// When the next one is to be run.
    pub(crate) async fn next(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.errands.find(&Find::all().ascending("due").limit(1)).await?;
        Ok(next.first().map(|errand| errand.document.due))
    }

    /// Ends an errand, unless news came in the meantime: then it stands as it is.
    pub(crate) async fn done(&self, errand: &Versioned<ErrandV1>) -> Result<(), WriteError> {
        match self.errands.delete(&errand.id, Some(errand.version)).await {
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts an errand off, unless news came in the meantime: then it stands as it is.
    pub(crate) async fn put_off(
        &self,
        errand: &Versioned<ErrandV1>,
        due: Timestamp,
        attempts: u32,
    ) -> Result<(), WriteError> {
        let later = ErrandV1 { due, attempts, ..errand.document.clone() };
        match self.errands.replace(&errand.id, errand.version, &later, Vec::new()).await {
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Leaves an errand. News of a process replace what is known of it if they are newer; a
    /// summary counts once.
    async fn leave(&self, errand: ErrandV1) -> Result<(), WriteError> {
        let Some(known) = self.errands.get(&errand.process_id).await? else {
            return self.errands.insert(&errand.process_id, &errand, Vec::new()).await.map(drop);
        };
        let newer = match (&known.document.matter, &errand.matter) {
            (
                MatterV1::Process { event: known, change: before, .. },
                MatterV1::Process { event, change, .. },
            ) => {
                // One change of the process may be told by several events of one version.
                known.version < event.version
                    || (known.version == event.version && before != change)
            }
            (MatterV1::Summary { .. }, MatterV1::Process { .. }) => true,
            (_, MatterV1::Summary { .. }) => false,
        };
        if newer {
            self.errands.replace(&known.id, known.version, &errand, Vec::new()).await?;
        }
        Ok(())
    }
}

/// Turns events into errands.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) clock: Clock,
    pub(crate) reports: StoredReports,
    pub(crate) errands: Errands,
    pub(crate) composer: Arc<Reconciler>,
    /// The `ce_source` of our monitoring: its summaries say nothing that its routes do not.
    pub(crate) own_source: &'static str,
}

/// The topics that the service follows.
pub(crate) const TOPICS: &[&str] = &[surgical_process::TOPIC, summary::TOPIC];

impl Listener {
    /// Handles an event of either topic.
    ///
    /// Idempotent: an errand is one per process, and what is older than what it knows changes
    /// nothing; running an errand once more files the same report, which is none.
    pub(crate) async fn handle(&self, record: Record) -> Handled {
        let left = if record.topic == surgical_process::TOPIC {
            self.on_process(&record).await
        } else {
            self.on_summary(&record).await
        };
        match left {
            Ok(()) => Handled::Done,
            Err(Heard::Reject(reason)) => Handled::reject(reason),
            // Another replica wrote first; the next try sees what it wrote.
            Err(Heard::Failed(error)) => Handled::retry(error),
        }
    }

    async fn on_process(&self, record: &Record) -> Result<(), Heard> {
        let told = SurgicalProcessEvent::decode(record).map_err(Heard::reject)?;
        let SurgicalProcessEvent { change, process: event, date_time: at } = told;
        outline(&event).map_err(Heard::reject)?;
        let process_id = event.process_id.clone();
        // The way through an open process makes no report; it concerns one that was there before.
        let concerns = match change {
            ProcessChange::Completed
            | ProcessChange::Reopened
            | ProcessChange::Voided
            | ProcessChange::Settled => true,
            ProcessChange::Changed => {
                event.end_date_time.is_some() || self.reports.is_unsettled(&process_id).await?
            }
        };
        if !concerns {
            return Ok(());
        }
        let matter = MatterV1::Process { change: change.into(), at, event };
        self.leave(ErrandV1::new(process_id, self.clock.now(), matter)).await
    }

    async fn on_summary(&self, record: &Record) -> Result<(), Heard> {
        if record.headers.get("ce_source") == Some(self.own_source) {
            return Ok(());
        }
        let SummaryEvent { summary, .. } = SummaryEvent::decode(record).map_err(Heard::reject)?;
        summarised(&summary).map_err(Heard::reject)?;
        let process_id = summary.process_id.clone();
        if self.reports.is_shown(&process_id).await? {
            return Ok(());
        }
        self.errands.keep(&summary).await?;
        let matter = MatterV1::Summary { summary };
        self.leave(ErrandV1::new(process_id, self.clock.now(), matter)).await
    }

    async fn leave(&self, errand: ErrandV1) -> Result<(), Heard> {
        self.errands.leave(errand).await?;
        self.composer.nudge();
        Ok(())
    }
}

/// Why an event left no errand.
enum Heard {
    Reject(String),
    Failed(WriteError),
}

impl Heard {
    fn reject(reason: impl std::fmt::Display) -> Self {
        Self::Reject(reason.to_string())
    }
}

impl From<WriteError> for Heard {
    fn from(error: WriteError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Heard {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// How long to wait before the next attempt: a second, doubled each time, a minute at most, of the
/// machine.
pub(crate) fn back_off(clock: &Clock, attempts: u32) -> SignedDuration {
    let seconds = 1_u32.checked_shl(attempts).map_or(60, |seconds| seconds.min(60));
    machine_seconds(clock, f64::from(seconds))
}

/// Seconds of the machine in the time of the clock.
pub(crate) fn machine_seconds(clock: &Clock, seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds * clock.rate())
        .unwrap_or(SignedDuration::from_secs(1))
}

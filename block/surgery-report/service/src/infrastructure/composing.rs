//! Runs errands: reads the sources, composes, files, and decides what is still to be done.
//!
//! A pass over stored errands, run on a nudge and on a timer. Each run begins anew from what the
//! services say now, so a crash in the middle costs one more reading and nothing else.

use std::{collections::BTreeSet, error::Error, time::Duration};

use block_language::{summary::ProcessSummary, surgical_process::SurgicalProcess};
use chiron_chassis::Calls;
use chiron_clock::Clock;
use chiron_store::{StoreError, Versioned, WriteError};
use futures_util::{TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use surgery_report_domain::{
    entity::{
        process::{Process, ProcessId},
        report::{Missing, NominalPeriods},
    },
    usecase::{
        ActError, Author, FileError, Filing, Withdrawal, file_report, may_regenerate,
        regenerate_report, withdraw_report,
    },
};
use thiserror::Error;

use crate::{
    application::{
        process::Unfit,
        summary::{outline, summarised},
    },
    infrastructure::{
        errands::{ChangeV1, ErrandV1, Errands, MatterV1, back_off, machine_seconds},
        gathering::{Gatherer, Told, later, unread},
        reading::{ReadProcess, Reader, Unread},
        store::StoredReports,
    },
};

/// Errands run at a time: a service that does not answer holds up no more than these.
const AT_A_TIME: usize = 4;
/// Errands read at a time.
const BATCH: usize = 32;

/// How often and after which pause (of the machine) a process is read again that is not yet shown
/// as it was told.
const SHOWN_TRIES: u32 = 20;
const SHOWN_PAUSE: Duration = Duration::from_millis(25);

/// Composes reports.
#[derive(Clone)]
pub(crate) struct Composer {
    pub(crate) clock: Clock,
    pub(crate) calls: Calls,
    pub(crate) reports: StoredReports,
    pub(crate) errands: Errands,
    pub(crate) periods: NominalPeriods,
    /// For how long after its end facts of a process still count.
    pub(crate) late_window: SignedDuration,
}

/// What is to be done with an errand that was run.
enum Next {
    /// Nothing: the report is what it should be until there are news.
    Done,
    /// It is to be run again at an instant that is known.
    At(Timestamp),
    /// It is to be run again when what failed may have recovered.
    Retry,
}

/// What is shown of a process, by what was told of it.
enum Since {
    /// There is none.
    Absent,
    /// As it was told.
    Told(ReadProcess),
    /// Something was told later.
    ToldMore(ReadProcess),
    /// Less than was told, or nothing could be read.
    Unknown,
}

/// Why a pass ended early. The errands stand as they are.
#[derive(Debug, Error)]
enum Stopped {
    #[error("the errands could not be read")]
    Read(#[from] StoreError),
    #[error("an errand could not be ended or put off")]
    Write(#[from] WriteError),
    #[error("the report could not be filed")]
    File(#[from] surgery_report_domain::usecase::StoreError),
    #[error("a stored event cannot be read any more")]
    Unfit(#[from] Unfit),
}

impl Composer {
    /// Runs every errand that is due. Answers when the next one is.
    pub(crate) async fn pass(&self) -> Option<Timestamp> {
        match self.run_due().await {
            Ok(next) => next,
            Err(error) => {
                let error: &(dyn Error + 'static) = &error;
                tracing::error!(error, "composing stopped");
                Some(later(self.clock.now(), machine_seconds(&self.clock, 1.0)))
            }
        }
    }

    async fn run_due(&self) -> Result<Option<Timestamp>, Stopped> {
        loop {
            let due = self.errands.due(self.clock.now(), BATCH).await?;
            if due.is_empty() {
                return Ok(self.errands.next().await?);
            }
            stream::iter(due.into_iter().map(Ok))
                .try_for_each_concurrent(AT_A_TIME, |errand| async move { self.run(errand).await })
                .await?;
        }
    }

    async fn run(&self, errand: Versioned<ErrandV1>) -> Result<(), Stopped> {
        let attempts = errand.document.attempts;
        let next = match &errand.document.matter {
            MatterV1::Process { change, at, event } => self.process(*change, *at, event).await?,
            MatterV1::Summary { summary } => self.summary(summary).await?,
        };
        match next {
            Next::Done => self.errands.done(&errand).await?,
            Next::At(at) => self.errands.put_off(&errand, at, 0).await?,
            Next::Retry => {
                let due = later(self.clock.now(), back_off(&self.clock, attempts));
                self.errands.put_off(&errand, due, attempts.saturating_add(1)).await?;
            }
        }
        Ok(())
    }

    /// Makes the report of one of our processes what the process now is.
    async fn process(
        &self,
        change: ChangeV1,
        at: Timestamp,
        event: &SurgicalProcess,
    ) -> Result<Next, Stopped> {
        let mut reader = Reader::new(&self.calls);
        let read = match self.read_since(&mut reader, change, event).await {
            Ok(read) => read,
            Err(error) => {
                unread(Missing::SurgicalProcessMonitoring, &error);
                Since::Unknown
            }
        };
        let (process, settled, missing) = match (change, read) {
            // A voided process is none, or still shown as what it was; it exists again when
            // something was told of it later.
            (ChangeV1::Voided, Since::Absent | Since::Told(_)) => {
                return self.withdraw(&outline(event)?.id).await;
            }
            (ChangeV1::Voided, Since::Unknown) => return Ok(Next::Retry),
            (_, Since::Told(read) | Since::ToldMore(read)) => {
                (read.process, read.settled, BTreeSet::new())
            }
            (_, Since::Absent | Since::Unknown) => {
                (outline(event)?, false, BTreeSet::from([Missing::SurgicalProcessMonitoring]))
            }
        };
        let settled_at = match (settled, change, process.ending) {
            (false, ..) => None,
            (true, ChangeV1::Settled, _) => Some(at),
            (true, _, ending) => ending.map(|ending| later(ending.at, self.late_window)),
        };
        if process.ending.is_none() && !self.reports.is_shown(process.id.as_str()).await? {
            // Open, and nobody has seen a report of it: nothing to correct.
            return Ok(if missing.is_empty() { Next::Done } else { Next::Retry });
        }
        self.compose(reader, process, Told::ByServices, settled_at, missing).await
    }

    /// The process as it is since the event. The monitoring shows a change a moment after it told
    /// of it, so an older answer is asked for again a few times.
    async fn read_since(
        &self,
        reader: &mut Reader<'_>,
        change: ChangeV1,
        event: &SurgicalProcess,
    ) -> Result<Since, Unread> {
        let mut tries = 0;
        loop {
            let since = match reader.process(&event.process_id).await? {
                None => Since::Absent,
                Some(read) => match read.version {
                    Some(version) if version < event.version => Since::Unknown,
                    Some(version) if event.version < version => Since::ToldMore(read),
                    _ => Since::Told(read),
                },
            };
            match since {
                // That is what was told.
                Since::Absent if change == ChangeV1::Voided => return Ok(Since::Absent),
                Since::Absent | Since::Unknown if tries < SHOWN_TRIES => {
                    tries += 1;
                    tokio::time::sleep(SHOWN_PAUSE).await;
                }
                since => return Ok(since),
            }
        }
    }

    async fn withdraw(&self, process: &ProcessId) -> Result<Next, Stopped> {
        match withdraw_report(&self.reports, self.clock.now(), process).await {
            Ok(Withdrawal::Done) => {
                tracing::info!(process_id = process.as_str(), "report withdrawn");
                Ok(Next::Done)
            }
            Ok(Withdrawal::Nothing | Withdrawal::Settled) => Ok(Next::Done),
            Err(FileError::Conflict) => Ok(Next::Retry),
            Err(FileError::Store(error)) => Err(error.into()),
        }
    }

    fn gatherer(&self) -> Gatherer<'_> {
        Gatherer { clock: &self.clock, periods: &self.periods }
    }

    /// Makes the report of a settled process anew, from what its sources say by now.
    ///
    /// # Errors
    ///
    /// See [`ActError`]; on any error nothing was stored.
    pub(crate) async fn regenerate(
        &self,
        process: &ProcessId,
        by: Author,
    ) -> Result<Filing, ActError> {
        may_regenerate(&self.reports, process).await?;
        let stored = |error: Box<dyn Error + Send + Sync>| {
            ActError::Store(surgery_report_domain::usecase::StoreError(error))
        };
        let mut reader = Reader::with_late(&self.calls);
        let (process, told) = match reader.process(process.as_str()).await {
            Ok(Some(read)) if read.settled => (read.process, Told::ByServices),
            // It is settled: what says something else has not caught up.
            Ok(Some(_)) => return Err(ActError::Incomplete),
            Ok(None) => {
                let told = self.errands.summary(process.as_str()).await;
                let summary = told.map_err(|error| stored(error.into()))?;
                let summary = summary.ok_or(ActError::Incomplete)?;
                let told = summarised(&summary).map_err(|error| stored(error.into()))?;
                (told.0, Told::BySummary(told.1))
            }
            Err(error) => {
                unread(Missing::SurgicalProcessMonitoring, &error);
                return Err(ActError::Incomplete);
            }
        };
        let settled_at = process.ending.map(|ending| later(ending.at, self.late_window));
        let composed =
            self.gatherer().compose(&mut reader, process, told, settled_at, BTreeSet::new()).await;
        regenerate_report(&self.reports, self.clock.now(), composed, by).await
    }

    /// Makes the report of another producer's process, and settles it after the late window,
    /// since nobody else will.
    async fn summary(&self, summary: &ProcessSummary) -> Result<Next, Stopped> {
        let (process, vital_signs) = summarised(summary)?;
        let reader = Reader::new(&self.calls);
        let settles = process.ending.map(|ending| later(ending.at, self.late_window));
        let settled_at = settles.filter(|at| *at <= self.clock.now());
        let told = Told::BySummary(vital_signs);
        match self.compose(reader, process, told, settled_at, BTreeSet::new()).await? {
            Next::Done if settled_at.is_none() => Ok(settles.map_or(Next::Done, Next::At)),
            next => Ok(next),
        }
    }

    /// Reads what else there is, composes and files.
    async fn compose(
        &self,
        mut reader: Reader<'_>,
        process: Process,
        told: Told,
        settled_at: Option<Timestamp>,
        missing: BTreeSet<Missing>,
    ) -> Result<Next, Stopped> {
        let composed =
            self.gatherer().compose(&mut reader, process, told, settled_at, missing).await;
        let report = &composed.report;
        let (settled, missing) = (report.settled, report.missing.clone());
        let process_id = report.process.as_str().to_owned();
        match file_report(&self.reports, self.clock.now(), composed).await {
            Ok(filing) => {
                tracing::info!(process_id, ?filing, ?missing, settled, "report composed");
            }
            Err(FileError::Conflict) => return Ok(Next::Retry),
            Err(FileError::Store(error)) => return Err(error.into()),
        }
        if missing.iter().any(|it| *it != Missing::End) {
            return Ok(Next::Retry);
        }
        if settled_at.is_some() && !settled {
            // A source has not caught up with the instant of settling: it works out anew every
            // second how far it is.
            let soon = later(self.clock.now(), machine_seconds(&self.clock, 1.0));
            return Ok(Next::At(soon));
        }
        Ok(Next::Done)
    }
}

//! Filing reports and adding to them.
//!
//! A report is filed as often as it is composed; only changed content makes a new version, and a
//! settled report never changes again. What people add stands beside the content, not in it, so
//! that a new version of the content loses no addition and an addition changes no content.

pub mod memory;

use std::error::Error;

use jiff::Timestamp;
use thiserror::Error;

use crate::entity::{process::ProcessId, report::Report};

/// A version of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// 1 for the first, one more with each change.
    pub version: u32,
    /// When it was filed.
    pub at: Timestamp,
    /// True when the process turned out not to exist: kept, and shown to nobody.
    pub withdrawn: bool,
    /// The content.
    pub report: Report,
}

/// A text that somebody added to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// 1 for the first of a report, one more with each.
    pub number: u32,
    /// Who added it.
    pub author: String,
    /// When.
    pub at: Timestamp,
    /// The text, as given.
    pub text: String,
}

/// Where reports are kept: a database in production, [`memory`] in tests. Both pass the same
/// contract suite.
pub trait ReportStore: Send + Sync {
    /// The newest version of a report, withdrawn or not; `None` when there never was one.
    fn newest(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Option<Filed>, StoreError>> + Send;

    /// Keeps a version beside the former ones, if the newest one is the version before it (if
    /// there is none, for version 1). Atomic to readers: they see the former or the new one.
    fn file(&self, filed: Filed) -> impl Future<Output = Result<(), FileError>> + Send;

    /// The addition with the greatest number; `None` when there is none.
    fn newest_addition(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Option<Addition>, StoreError>> + Send;

    /// Keeps an addition, if there is none of its number.
    fn add(
        &self,
        process: &ProcessId,
        addition: Addition,
    ) -> impl Future<Output = Result<(), FileError>> + Send;
}

/// The store could not be reached or read; the same call may succeed later.
#[derive(Debug, Error)]
#[error("the reports could not be read or written")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// Why something was not kept.
#[derive(Debug, Error)]
pub enum FileError {
    /// Somebody else was faster: read again, decide again.
    #[error("somebody else has written in the meantime")]
    Conflict,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a composed report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filing {
    /// It is a version of its own now.
    New {
        /// Its number.
        version: u32,
    },
    /// It says what the newest version says.
    Same,
    /// The newest version is settled and stays.
    Settled,
    /// The newest version says more: this one was composed while a source was out of reach.
    Poorer,
}

/// Files a composed report.
///
/// Safe to repeat: the same content makes no second version.
///
/// # Errors
///
/// See [`FileError`]; on any error nothing was stored.
pub async fn file_report(
    store: &impl ReportStore,
    now: Timestamp,
    report: Report,
) -> Result<Filing, FileError> {
    let version = match store.newest(&report.process).await? {
        None => 1,
        Some(newest) if newest.withdrawn => newest.version + 1,
        Some(newest) if newest.report.settled => return Ok(Filing::Settled),
        Some(newest) if newest.report == report => return Ok(Filing::Same),
        Some(newest) if report.adds_nothing_to(&newest.report) => return Ok(Filing::Poorer),
        Some(newest) => newest.version + 1,
    };
    store.file(Filed { version, at: now, withdrawn: false, report }).await?;
    Ok(Filing::New { version })
}

/// What became of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// The report is withdrawn now.
    Done,
    /// There is none to withdraw.
    Nothing,
    /// It is settled: its process cannot cease to have been.
    Settled,
}

/// Withdraws the report of a process that turned out not to exist. Its versions stay.
///
/// Safe to repeat: what is withdrawn already is not withdrawn again.
///
/// # Errors
///
/// See [`FileError`]; on any error nothing was stored.
pub async fn withdraw_report(
    store: &impl ReportStore,
    now: Timestamp,
    process: &ProcessId,
) -> Result<Withdrawal, FileError> {
    match store.newest(process).await? {
        None => Ok(Withdrawal::Nothing),
        Some(newest) if newest.withdrawn => Ok(Withdrawal::Nothing),
        Some(newest) if newest.report.settled => Ok(Withdrawal::Settled),
        Some(newest) => {
            let version = newest.version + 1;
            store.file(Filed { version, at: now, withdrawn: true, ..newest }).await?;
            Ok(Withdrawal::Done)
        }
    }
}

/// Why nothing was added.
#[derive(Debug, Error)]
pub enum AddError {
    /// There is no such report.
    #[error("there is no such report")]
    Unknown,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a text to a report, as a version of its own with author and time.
///
/// Every call adds: whoever says the same twice has said it twice.
///
/// # Errors
///
/// See [`AddError`]; on any error nothing was stored.
pub async fn add_to_report(
    store: &impl ReportStore,
    now: Timestamp,
    process: &ProcessId,
    author: String,
    text: String,
) -> Result<Addition, AddError> {
    if store.newest(process).await?.is_none_or(|newest| newest.withdrawn) {
        return Err(AddError::Unknown);
    }
    let mut addition = Addition { number: 1, author, at: now, text };
    loop {
        if let Some(newest) = store.newest_addition(process).await? {
            addition.number = newest.number + 1;
        }
        match store.add(process, addition.clone()).await {
            Ok(()) => return Ok(addition),
            // Somebody else took the number: the next one is free.
            Err(FileError::Conflict) => {}
            Err(FileError::Store(error)) => return Err(error.into()),
        }
    }
}

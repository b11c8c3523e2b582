//! Filing, adding to, signing and regenerating reports.
//!
//! A report is filed as often as it is composed; only changed content makes a new version, and a
//! settled report changes only when somebody asks for it. What people add stands beside the
//! content, not in it, so that a new version of the content loses no addition and an addition
//! changes no content: therefore a signature outlives additions and no new content. Everything is
//! a line of one history, whose length is the report's revision.

pub mod memory;

use std::error::Error;

use jiff::Timestamp;
use thiserror::Error;

use crate::entity::{annex::Annex, process::ProcessId, report::Report};

/// A version of a report, as the newest one stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// How often the report has changed in any way: versions and signatures.
    pub revision: u32,
    /// 1 for the first version, one more with each change of content and each addition.
    pub version: u32,
    /// When its content was filed, or when it was withdrawn.
    pub at: Timestamp,
    /// True when the process turned out not to exist: kept, and shown to nobody.
    pub withdrawn: bool,
    /// The content.
    pub report: Report,
    /// Who has signed this content; `None` when nobody has.
    pub signature: Option<Signature>,
}

/// Somebody who acts on a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The user.
    pub id: String,
    /// The user's name, when known.
    pub name: Option<String>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The version that it pins.
    pub version: u32,
    /// Who signed.
    pub author: Author,
    /// When.
    pub at: Timestamp,
    /// Names the signed version to the byte; see [`ReportStore::fingerprint`].
    pub fingerprint: String,
}

/// A report, and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// The report.
    pub report: Report,
    /// What it is drawn and named with.
    pub annex: Annex,
}

/// One way in which a report changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// New content. Unsigned, whatever was signed before.
    Compose {
        /// The content.
        composed: Box<Composed>,
        /// Who asked for it; `None` when the process itself changed.
        by: Option<Author>,
    },
    /// The process turned out not to exist.
    Withdraw,
    /// Somebody adds a text.
    Add {
        /// Who.
        author: Author,
        /// The text, as given.
        text: String,
    },
    /// Somebody signs the newest version. The only change that makes no version.
    Sign {
        /// Who.
        author: Author,
        /// Names the version; see [`ReportStore::fingerprint`].
        fingerprint: String,
    },
}

/// What happened to a report, in the order in which it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1 for the first line of a report, one more with each.
    pub revision: u32,
    /// The version that it made; for a signature the one that it pins.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: Act,
}

/// See [`Line`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Content was filed, for whom if somebody asked.
    Composed(Option<Author>),
    /// The report was withdrawn.
    Withdrawn,
    /// Somebody added a text.
    Added(Author, String),
    /// Somebody signed.
    Signed(Author, String),
}

/// Versions only rise: revisions count the lines of a history from 1 without a gap, every line but
/// a signature makes the next version, and a signature makes none.
pub fn versions_rise(history: &[Line]) -> bool {
    let mut version = 0;
    (1..).zip(history).all(|(revision, line)| {
        if !matches!(line.act, Act::Signed(..)) {
            version += 1;
        }
        line.revision == revision && line.version == version
    })
}

/// Where reports are kept: a database in production, [`memory`] in tests. Both pass the same
/// contract suite.
pub trait ReportStore: Send + Sync {
    /// The newest version of a report, withdrawn or not; `None` when there never was one.
    fn newest(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Option<Filed>, StoreError>> + Send;

    /// Changes a report if its revision is `after` (0: if there is none), and tells whoever
    /// follows additions and signatures, in one step. Readers see the former or the new state.
    fn append(
        &self,
        process: &ProcessId,
        after: u32,
        at: Timestamp,
        change: Change,
    ) -> impl Future<Output = Result<(), FileError>> + Send;

    /// Everything that happened to a report, in order; empty when there never was one.
    fn history(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Vec<Line>, StoreError>> + Send;

    /// A text that no other version has: a digest of all that a reader sees of the newest version
    /// but signatures. `None` when there is no report.
    fn fingerprint(
        &self,
        process: &ProcessId,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
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
    composed: Composed,
) -> Result<Filing, FileError> {
    let report = &composed.report;
    let process = report.process.clone();
    let (revision, version) = match store.newest(&process).await? {
        None => (0, 0),
        Some(newest) if newest.withdrawn => (newest.revision, newest.version),
        Some(newest) if newest.report.settled => return Ok(Filing::Settled),
        Some(newest) if newest.report == *report => return Ok(Filing::Same),
        Some(newest) if report.adds_nothing_to(&newest.report) => return Ok(Filing::Poorer),
        Some(newest) => (newest.revision, newest.version),
    };
    let change = Change::Compose { composed: Box::new(composed), by: None };
    store.append(&process, revision, now, change).await?;
    Ok(Filing::New { version: version + 1 })
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
            store.append(process, newest.revision, now, Change::Withdraw).await?;
            Ok(Withdrawal::Done)
        }
    }
}

/// Why somebody's wish was refused.
#[derive(Debug, Error)]
pub enum ActError {
    /// There is no such report.
    #[error("there is no such report")]
    Unknown,
    /// Facts may still come.
    #[error("the report is not settled yet")]
    NotSettled,
    /// Somebody else has signed this content.
    #[error("the report is signed already")]
    Signed,
    /// The report is not in the revision that the wish was made for.
    #[error("the report has changed since it was read")]
    Changed {
        /// The revision that it is in.
        revision: u32,
    },
    /// Somebody else was faster, which only a composition cannot bear.
    #[error("the report has changed in the meantime")]
    Overtaken,
    /// What was read of the sources is not all of it.
    #[error("not every source could be read")]
    Incomplete,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest version of a report that is shown, in the revision that somebody read if they say
/// so.
async fn shown(
    store: &impl ReportStore,
    process: &ProcessId,
    read: Option<u32>,
) -> Result<Filed, ActError> {
    let newest = store.newest(process).await?.filter(|newest| !newest.withdrawn);
    let newest = newest.ok_or(ActError::Unknown)?;
    match read {
        Some(read) if read != newest.revision => {
            Err(ActError::Changed { revision: newest.revision })
        }
        _ => Ok(newest),
    }
}

/// Adds a text to a report, as a version of its own with author and time. Answers the revision
/// that it makes. `read` is the revision that the author has seen, when they say so.
///
/// Every call adds: whoever says the same twice has said it twice. A signature stays, since the
/// content does.
///
/// # Errors
///
/// See [`ActError`]; on any error nothing was stored.
pub async fn add_to_report(
    store: &impl ReportStore,
    now: Timestamp,
    process: &ProcessId,
    read: Option<u32>,
    author: Author,
    text: String,
) -> Result<u32, ActError> {
    loop {
        let newest = shown(store, process, read).await?;
        let change = Change::Add { author: author.clone(), text: text.clone() };
        match store.append(process, newest.revision, now, change).await {
            Ok(()) => return Ok(newest.revision + 1),
            // Somebody else was faster: behind theirs there is room for this one.
            Err(FileError::Conflict) => {}
            Err(FileError::Store(error)) => return Err(error.into()),
        }
    }
}

/// Signs the newest version of a settled report. Answers the signature and the revision.
///
/// Safe to repeat: who has signed this content already gets the same signature again.
///
/// # Errors
///
/// See [`ActError`]; on any error nothing was stored.
pub async fn sign_report(
    store: &impl ReportStore,
    now: Timestamp,
    process: &ProcessId,
    read: Option<u32>,
    author: Author,
) -> Result<(Signature, u32), ActError> {
    loop {
        let newest = store.newest(process).await?.filter(|newest| !newest.withdrawn);
        let newest = newest.ok_or(ActError::Unknown)?;
        match newest.signature {
            Some(signature) if signature.author.id == author.id => {
                return Ok((signature, newest.revision));
            }
            Some(_) => return Err(ActError::Signed),
            None => {}
        }
        let newest = shown(store, process, read).await?;
        if !newest.report.settled {
            return Err(ActError::NotSettled);
        }
        let fingerprint = store.fingerprint(process).await?.ok_or(ActError::Unknown)?;
        let signature = Signature {
            version: newest.version,
            author: author.clone(),
            at: now,
            fingerprint: fingerprint.clone(),
        };
        let change = Change::Sign { author: author.clone(), fingerprint };
        match store.append(process, newest.revision, now, change).await {
            Ok(()) => return Ok((signature, newest.revision + 1)),
            // What was about to be signed is not what stands there now: look at it again.
            Err(FileError::Conflict) => {}
            Err(FileError::Store(error)) => return Err(error.into()),
        }
    }
}

/// The revision of a settled report, which alone is regenerated: before it settles, every fact
/// changes it by itself.
///
/// # Errors
///
/// See [`ActError`].
pub async fn may_regenerate(
    store: &impl ReportStore,
    process: &ProcessId,
) -> Result<Filed, ActError> {
    let newest = shown(store, process, None).await?;
    if newest.report.settled { Ok(newest) } else { Err(ActError::NotSettled) }
}

/// Files a settled report anew, from sources that by now have late facts too. The version is
/// unsigned and stands beside the signed one. Content that did not change makes none.
///
/// # Errors
///
/// See [`ActError`]; on any error nothing was stored.
pub async fn regenerate_report(
    store: &impl ReportStore,
    now: Timestamp,
    composed: Composed,
    by: Author,
) -> Result<Filing, ActError> {
    if !composed.report.settled {
        return Err(ActError::Incomplete);
    }
    let process = composed.report.process.clone();
    let newest = may_regenerate(store, &process).await?;
    if newest.report == composed.report {
        return Ok(Filing::Same);
    }
    let change = Change::Compose { composed: Box::new(composed), by: Some(by) };
    match store.append(&process, newest.revision, now, change).await {
        Ok(()) => Ok(Filing::New { version: newest.version + 1 }),
        Err(FileError::Conflict) => Err(ActError::Overtaken),
        Err(FileError::Store(error)) => Err(error.into()),
    }
}

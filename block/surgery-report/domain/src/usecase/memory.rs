//! Reports in memory, for tests.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    entity::process::ProcessId,
    usecase::{Act, Change, FileError, Filed, Line, ReportStore, Signature, StoreError},
};

/// Keeps the newest version and the whole history of every report.
#[derive(Debug, Default)]
pub struct MemoryReports {
    shelves: Mutex<BTreeMap<ProcessId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    newest: Filed,
    additions: Vec<String>,
    history: Vec<Line>,
}

impl MemoryReports {
    fn shelves(&self) -> MutexGuard<'_, BTreeMap<ProcessId, Kept>> {
        // A change is made of a copy and put back as a whole: a panic leaves nothing half-written.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReportStore for MemoryReports {
    async fn newest(&self, process: &ProcessId) -> Result<Option<Filed>, StoreError> {
        Ok(self.shelves().get(process).map(|kept| kept.newest.clone()))
    }

    async fn append(
        &self,
        process: &ProcessId,
        after: u32,
        at: Timestamp,
        change: Change,
    ) -> Result<(), FileError> {
        let mut shelves = self.shelves();
        let before = shelves.get(process).map_or(0, |kept| kept.newest.revision);
        if before != after {
            return Err(FileError::Conflict);
        }
        let revision = after + 1;
        let first = |report| Kept {
            newest: Filed { revision, version: 0, at, withdrawn: false, report, signature: None },
            additions: Vec::new(),
            history: Vec::new(),
        };
        let mut kept = match (&change, shelves.remove(process)) {
            (_, Some(kept)) => kept,
            (Change::Compose { composed, .. }, None) => first(composed.report.clone()),
            // Nothing but content begins a report.
            (_, None) => return Err(FileError::Conflict),
        };
        let newest = &mut kept.newest;
        newest.revision = revision;
        if !matches!(change, Change::Sign { .. }) {
            newest.version += 1;
        }
        let version = newest.version;
        let act = match change {
            Change::Compose { composed, by } => {
                newest.report = composed.report;
                (newest.at, newest.withdrawn, newest.signature) = (at, false, None);
                Act::Composed(by)
            }
            Change::Withdraw => {
                (newest.at, newest.withdrawn) = (at, true);
                Act::Withdrawn
            }
            Change::Add { author, text } => {
                kept.additions.push(text.clone());
                Act::Added(author, text)
            }
            Change::Sign { author, fingerprint } => {
                let (by, named) = (author.clone(), fingerprint.clone());
                newest.signature = Some(Signature { version, author: by, at, fingerprint: named });
                Act::Signed(author, fingerprint)
            }
        };
        kept.history.push(Line { revision, version, at, act });
        shelves.insert(process.clone(), kept);
        Ok(())
    }

    async fn history(&self, process: &ProcessId) -> Result<Vec<Line>, StoreError> {
        Ok(self.shelves().get(process).map(|kept| kept.history.clone()).unwrap_or_default())
    }

    async fn fingerprint(&self, process: &ProcessId) -> Result<Option<String>, StoreError> {
        Ok(self.shelves().get(process).map(|kept| {
            let mut hasher = DefaultHasher::new();
            format!("{:?}{:?}", kept.newest.report, kept.additions).hash(&mut hasher);
            format!("{:016x}", hasher.finish())
        }))
    }
}

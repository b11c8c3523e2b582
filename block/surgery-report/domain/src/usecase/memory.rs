//! Reports in memory, for tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    entity::process::ProcessId,
    usecase::{Addition, FileError, Filed, ReportStore, StoreError},
};

/// Keeps every version and every addition.
#[derive(Debug, Default)]
pub struct MemoryReports {
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    versions: BTreeMap<(ProcessId, u32), Filed>,
    additions: BTreeMap<(ProcessId, u32), Addition>,
}

impl MemoryReports {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // Each change is one insert: a panic elsewhere leaves nothing half-written.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest<T: Clone>(shelf: &BTreeMap<(ProcessId, u32), T>, process: &ProcessId) -> Option<T> {
    let of_process = (process.clone(), 0)..=(process.clone(), u32::MAX);
    shelf.range(of_process).next_back().map(|(_, it)| it.clone())
}

impl ReportStore for MemoryReports {
    async fn newest(&self, process: &ProcessId) -> Result<Option<Filed>, StoreError> {
        Ok(newest(&self.shelves().versions, process))
    }

    async fn file(&self, filed: Filed) -> Result<(), FileError> {
        let mut shelves = self.shelves();
        let process = filed.report.process.clone();
        let before = newest(&shelves.versions, &process).map_or(0, |it| it.version);
        if filed.version != before + 1 {
            return Err(FileError::Conflict);
        }
        shelves.versions.insert((process, filed.version), filed);
        Ok(())
    }

    async fn newest_addition(&self, process: &ProcessId) -> Result<Option<Addition>, StoreError> {
        Ok(newest(&self.shelves().additions, process))
    }

    async fn add(&self, process: &ProcessId, addition: Addition) -> Result<(), FileError> {
        let mut shelves = self.shelves();
        let key = (process.clone(), addition.number);
        if shelves.additions.contains_key(&key) {
            return Err(FileError::Conflict);
        }
        shelves.additions.insert(key, addition);
        Ok(())
    }
}

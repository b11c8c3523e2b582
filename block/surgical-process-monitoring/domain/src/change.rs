//! What others are told when the facts say something else than before.

use crate::{
    fact::ProcessId,
    process::{OpenedBy, Process},
};

/// What has been told of a process so far. It outlives the process: one that the facts no longer
/// tell keeps its id and its count, should they tell it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The id it was given.
    pub id: ProcessId,
    /// What opened it.
    pub opened_by: OpenedBy,
    /// Counts its changes, from 1.
    pub version: u64,
    /// How it stood.
    pub life: Life,
    /// Whether its end has been told once: the contract's summary goes out with the first.
    pub summarised: bool,
}

/// How a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    /// It goes on.
    Open,
    /// It ended.
    Ended,
    /// The facts do not tell it any more.
    Void,
}

/// What others are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Something about it changed.
    Changed,
    /// It ended.
    Completed,
    /// It ended, for the first time: everything about it is told at once.
    Summarised,
    /// It had ended and goes on.
    Reopened,
    /// It never was.
    Voided,
}

impl Told {
    /// What is told of a process never told before.
    pub fn first(process: &Process) -> (Self, Vec<Change>) {
        let unknown = Self {
            id: process.id.clone(),
            opened_by: process.opened_by.clone(),
            version: 0,
            life: Life::Void,
            summarised: false,
        };
        unknown.again(process, true)
    }

    /// What is told when the facts tell it once more; `differs` when they tell it differently.
    /// Nothing when they do not.
    pub fn again(self, process: &Process, differs: bool) -> (Self, Vec<Change>) {
        let life = if process.end.is_some() { Life::Ended } else { Life::Open };
        if !differs && life == self.life {
            return (self, Vec::new());
        }
        let mut changes = vec![Change::Changed];
        let mut summarised = self.summarised;
        match (self.life, life) {
            (Life::Open | Life::Void, Life::Ended) => {
                changes.push(Change::Completed);
                if !summarised {
                    changes.push(Change::Summarised);
                    summarised = true;
                }
            }
            (Life::Ended, Life::Open) => changes.push(Change::Reopened),
            (Life::Open | Life::Void, Life::Open)
            | (Life::Ended, Life::Ended)
            | (Life::Open | Life::Ended | Life::Void, Life::Void) => {}
        }
        (Self { version: self.version + 1, life, summarised, ..self }, changes)
    }

    /// What is told when the facts do not tell it any more.
    pub fn gone(self) -> (Self, Vec<Change>) {
        match self.life {
            Life::Void => (self, Vec::new()),
            Life::Open | Life::Ended => {
                (Self { version: self.version + 1, life: Life::Void, ..self }, vec![Change::Voided])
            }
        }
    }
}

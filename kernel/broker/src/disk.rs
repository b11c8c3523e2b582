//! What is wrong with the disk under a log or a store, in words that say what to do about it.
//!
//! A failing disk is told by codes of `SQLite` and of the operating system. Which of them means what
//! is decided here, once, for all files that hold what was acknowledged.

use std::io::{self, ErrorKind};

use rusqlite::ErrorCode;
use tokio::sync::watch;

use crate::error::StorageError;

/// A trouble that somebody has to see to. Nothing that was acknowledged is lost by any of them but
/// [`Trouble::Damaged`], which is why that one does not pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trouble {
    /// There is no room for more.
    #[error("the disk is full: make room, and what waits is written then")]
    Full,
    /// The operating system does not let this process write.
    #[error(
        "the file, its folder or its disk cannot be written: let the account of this process write \
         there, or mount the disk for writing"
    )]
    ReadOnly,
    /// Reading, writing or bringing to the disk failed, for a reason that the source names.
    #[error(
        "the disk refuses: see whether it is full, at a limit or broken, and what waits is done \
         once it takes it"
    )]
    Refuses,
    /// No broker of the cluster answers, or no server of the database.
    #[error(
        "no server can be reached: see to the cluster or the network, and what waits is done then"
    )]
    Unreachable,
    /// What is there is not what was written.
    #[error("the file is damaged: stop Chiron, keep the file, and put back the newest backup")]
    Damaged,
}

impl Trouble {
    /// What an error of `SQLite` says of the disk; `None` when it says something else.
    #[must_use]
    pub fn of_database(error: &rusqlite::Error) -> Option<Self> {
        match error.sqlite_error_code()? {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Some(Self::ReadOnly)
            }
            ErrorCode::SystemIoFailure => Some(Self::Refuses),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(Self::Damaged),
            _ => None,
        }
    }

    /// What an error of the operating system says of the disk; `None` when it says something else.
    #[must_use]
    pub fn of_file(error: &io::Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(Self::Full),
            ErrorKind::FileTooLarge => Some(Self::Refuses),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Some(Self::Damaged),
            // EIO has no kind of its own.
            _ if error.raw_os_error() == Some(5) => Some(Self::Refuses),
            _ => None,
        }
    }
}

/// Where it is noted that a log can no longer be used. Clones share the note.
#[derive(Debug, Clone)]
pub(crate) struct Failed(watch::Sender<Option<StorageError>>);

impl Failed {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Notes the first failure; a second says nothing new.
    pub(crate) fn note(&self, error: &StorageError) {
        self.0.send_if_modified(|noted| {
            let first = noted.is_none();
            if first {
                *noted = Some(error.clone());
            }
            first
        });
    }

    /// Resolves when there is something noted, with that.
    pub(crate) async fn noted(&self) -> StorageError {
        let mut notes = self.0.subscribe();
        loop {
            if let Some(error) = &*notes.borrow_and_update() {
                return error.clone();
            }
            if notes.changed().await.is_err() {
                // The sender lives as long as this note.
                std::future::pending::<()>().await;
            }
        }
    }
}

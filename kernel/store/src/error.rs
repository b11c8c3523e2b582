//! Failures, grouped by what the caller does next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chiron_broker::Trouble;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not one of ours.
    #[error(
        "{} is not a store of this product: name another data folder; or, if it was one, its \
         beginning is damaged: put back the newest backup",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later release, whose layout this one does not know.
    #[error("{} has layout {found}, this release knows up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout that this release reads.
        known: i64,
    },
    /// Another process, or another store in this one, has the file open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A declaration is not usable; a mistake in the program.
    #[error("collection {collection:?} is declared wrongly: {reason}")]
    Spec {
        /// The collection as declared.
        collection: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// A declared unique index contradicts the documents already stored.
    #[error("index {index} of {collection} cannot be unique over the documents stored")]
    NotUnique {
        /// The collection.
        collection: &'static str,
        /// The index.
        index: &'static str,
    },
    /// The folder or lock file could not be used.
    #[error("could not prepare {}{}", path.display(), remedy(source))]
    File {
        /// The folder or file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The disk under the file, or the file itself, is not as it has to be.
    #[error("could not open the store {}: {trouble}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What is to be seen to.
        trouble: Trouble,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// The database refused.
    #[error("could not open the store")]
    Database(#[from] rusqlite::Error),
    /// The settings of a `MongoDB` make no sense.
    #[error("documents on MongoDB: {name} {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The database is not one of ours.
    #[error(
        "the MongoDB database {database} is not a store of this product: name another prefix; or, \
         if it was one, put back the newest backup"
    )]
    ForeignDatabase {
        /// Its name, prefix included.
        database: String,
    },
    /// The database was written by a later release, whose layout this one does not know.
    #[error("the MongoDB database {database} has layout {found}, this release knows up to {known}")]
    NewerDatabase {
        /// Its name, prefix included.
        database: String,
        /// Its layout.
        found: i64,
        /// The newest layout that this release reads.
        known: i64,
    },
    /// The servers did not answer in time, or refused.
    #[error("could not open the MongoDB database {database}")]
    Server {
        /// Its name, prefix included.
        database: String,
        /// Why.
        source: StoreError,
    },
}

impl OpenError {
    /// The same with the file named, where its disk is to blame.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::Database(source) => match Trouble::of_database(&source) {
                Some(trouble) => Self::Disk { path: path.to_owned(), trouble, source },
                None => Self::Database(source),
            },
            other => other,
        }
    }
}

fn remedy(error: &std::io::Error) -> String {
    Trouble::of_file(error).map_or_else(String::new, |trouble| format!(": {trouble}"))
}

/// Why a store could not answer. Trying again may help for [`StoreError::Database`],
/// [`StoreError::Unreachable`], [`StoreError::TimedOut`] and, once somebody has seen to it,
/// [`StoreError::Disk`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// The collection was not declared when the store was opened; a mistake in the program.
    #[error("collection {0} was not declared")]
    UnknownCollection(&'static str),
    /// The field is in no index of the collection; a mistake in the program.
    #[error("field {field} of {collection} is in no index")]
    NotIndexed {
        /// The collection.
        collection: &'static str,
        /// The field.
        field: &'static str,
    },
    /// The cursor belongs to a query sorted by other fields.
    #[error("the cursor does not belong to this query")]
    ForeignCursor,
    /// A filter value is neither text, number, boolean nor null, or is out of range.
    #[error("a value for field {field} cannot be compared")]
    NotComparable {
        /// The field.
        field: String,
    },
    /// The document could not be written as JSON; a mistake in the program.
    #[error("could not encode a document of {collection}")]
    Encode {
        /// The collection.
        collection: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A stored document does not have the expected shape.
    #[error("could not decode a document of {collection}")]
    Decode {
        /// The collection.
        collection: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The disk under the file, or the file itself, is not as it has to be. Nothing of a write was
    /// stored.
    #[error("the store failed: {trouble}")]
    Disk {
        /// What is to be seen to.
        trouble: Trouble,
        /// What the database says.
        source: Arc<rusqlite::Error>,
    },
    /// The database failed. Nothing of a write was stored.
    #[error("the database failed")]
    Database(#[source] Arc<rusqlite::Error>),
    /// No server of a `MongoDB` could be reached, or the connection broke. Whether a write was
    /// stored is not known: read it again, or write it again with the same expectation.
    #[error("MongoDB cannot be reached")]
    Unreachable(#[source] Arc<mongodb::error::Error>),
    /// A `MongoDB` did not answer within the time limit. Whether a write was stored is not known, as
    /// with [`StoreError::Unreachable`].
    #[error("MongoDB did not answer within {limit_ms} ms")]
    TimedOut {
        /// The limit of the settings.
        limit_ms: u64,
    },
    /// So many events of a document wait to be published that no more have room inside it. Nothing
    /// of the write was stored: try again when some have gone.
    #[error("{bytes} bytes of events of this document wait to be published, and no more have room")]
    OutboxFull {
        /// What waits, in bytes.
        bytes: usize,
    },
    /// A `MongoDB` refused. Nothing of a write was stored.
    #[error("MongoDB refused")]
    Refused(#[source] Arc<mongodb::error::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::from(Arc::new(source))
    }
}

impl From<Arc<rusqlite::Error>> for StoreError {
    fn from(source: Arc<rusqlite::Error>) -> Self {
        match Trouble::of_database(&source) {
            Some(trouble) => Self::Disk { trouble, source },
            None => Self::Database(source),
        }
    }
}

impl StoreError {
    /// What is to be seen to, where that is known.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Disk { trouble, .. } => Some(*trouble),
            Self::Unreachable(_) | Self::TimedOut { .. } => Some(Trouble::Unreachable),
            _ => None,
        }
    }

    /// What the database says, where it is to blame.
    pub(crate) fn database(&self) -> Option<&Arc<rusqlite::Error>> {
        match self {
            Self::Disk { source, .. } | Self::Database(source) => Some(source),
            _ => None,
        }
    }
}

/// Why a write was not done. Nothing of it was stored (see `insert_all` for its exception).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A document with this id exists.
    #[error("a document with this id exists")]
    AlreadyExists,
    /// Another document has the same values in a unique index.
    #[error("another document has the same {index}")]
    Duplicate {
        /// The index, as declared.
        index: String,
    },
    /// The document has another version than expected, or is gone: read it again.
    #[error("the document was changed in the meantime")]
    Conflict,
    /// The document is larger than 4 MB or one of its events larger than 900 kB.
    #[error("the document or one of its events is too large ({bytes} bytes)")]
    TooLarge {
        /// The size found.
        bytes: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

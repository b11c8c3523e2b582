//! Failures, grouped by what the caller does next.

use std::path::PathBuf;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is not one of ours.
    #[error("{} is not a store of this product", path.display())]
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
    #[error("could not prepare {}", path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The database refused.
    #[error("could not open the store")]
    Database(#[from] rusqlite::Error),
}

/// Why a store could not answer. Trying again may help for [`StoreError::Database`] only.
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
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// A commit failed after the write had been accepted: nothing of it was stored.
    #[error("the commit failed: {0}")]
    Commit(std::sync::Arc<rusqlite::Error>),
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

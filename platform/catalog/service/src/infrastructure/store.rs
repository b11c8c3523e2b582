//! What is durable: nodes of the graph, entities as they are shown, and registered locations.
//!
//! One writer, the ingestion, hands over everything that changed as one [`Batch`], which is stored
//! whole or not at all; everything is read once, at the start. So the interface is two operations,
//! and any database with transactions can be behind it.

mod sqlite;

use bytes::Bytes;
use catalog_domain::usecase::Kept;
use uuid::Uuid;

pub(crate) use sqlite::Sqlite;

/// A location that somebody registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) id: Uuid,
    /// How it is read, such as `url`.
    pub(crate) kind: String,
    pub(crate) target: String,
    /// The entity that stands for it, which keeps the name of the first target.
    pub(crate) reference: String,
    /// Who registered it; `None` when nobody has to sign in.
    pub(crate) by: Option<String>,
}

/// An entity as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) reference: String,
    pub(crate) uid: Uuid,
    pub(crate) json: Bytes,
}

/// Everything that is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) nodes: Vec<Kept>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) locations: Vec<Registered>,
    /// What was last read for a node, as a digest.
    pub(crate) digests: Vec<(String, String)>,
}

/// Changes that are stored together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) nodes: Vec<Kept>,
    pub(crate) shown: Vec<Shown>,
    /// References of nodes that are gone, and what was shown of them.
    pub(crate) gone: Vec<String>,
    pub(crate) digests: Vec<(String, String)>,
    pub(crate) locations: Vec<Registered>,
    pub(crate) unregistered: Vec<Uuid>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is of a newer release.
    #[error("the catalogue's database has layout {found}; this release reads up to {known}")]
    Newer {
        /// The layout of the file.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// Another process has the file.
    #[error("the catalogue's database is in use by another process")]
    InUse,
    /// A row has not the form that this release writes.
    #[error("the catalogue's database has a row that cannot be read: {0}")]
    Row(&'static str),
    /// SQLite failed.
    #[error("the catalogue's database failed")]
    Sqlite(#[from] rusqlite::Error),
}

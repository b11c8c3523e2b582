//! Documents: collections, indexes, compare-and-set, and the outbox saved with the document.
//!
//! One [`Store`] is the private database of one bounded context. It holds collections of typed
//! documents, each with a version, and the outbox: events that are to be published because a
//! document was written, saved in the same atomic write and handed to the broker by
//! [`Store::relay`].
//!
//! # The port
//!
//! The operations are chosen so that `MongoDB` can implement each without a transaction over several
//! documents, because every one is atomic in exactly one document:
//!
//! | operation | there |
//! | --- | --- |
//! | `get`, `find`, `count` | `find` by `_id`, by filter with sort and limit, `countDocuments` |
//! | `insert` | `insertOne`; the outbox records are an array inside the document |
//! | `insert_all` | ordered `insertMany`: stops at the first failure, so a prefix may be stored |
//! | `replace` | `findOneAndUpdate({_id, version}, {$set body, $inc version, $push outbox})` |
//! | `put` | the same with `upsert` and without the version in the filter |
//! | `delete` | `deleteOne({_id, version})`; with unrelayed events inside, a mark first, the deletion after their relay |
//! | unique index | unique index with a partial filter "every field exists and is not null" |
//! | `relay` | find documents whose outbox is not empty, publish, `$pull` what was published |
//!
//! What follows from it and holds for every implementation: two documents are never changed
//! together; the outbox keeps the order of writes *of one document* (`SQLite` keeps the order of all
//! writes, which is more); a page of `find` continues after the sort values and id of the last
//! document (a [`Cursor`]), never after a count, so writes between two pages neither repeat nor
//! hide a document that was not itself moved. [`contract`] is the suite that each implementation
//! passes.
//!
//! # `SQLite`
//!
//! One file per store in WAL mode, a table per collection (`id`, `version`, JSON `body`), an
//! expression index per declared [`Index`]. One thread owns the writing connection and drains
//! requests into one commit (each request atomic by its own savepoint), since a synchronous commit
//! costs the same for one write as for a hundred. Readers have connections of their own and never
//! wait for the writer. Alternatives rejected: a column per field (a migration for each new field),
//! one connection behind a lock (readers would wait for every fsync).

mod copy;
mod engine;
mod error;
mod mongo;
mod progress;
mod query;
mod relay;
mod spec;
mod sqlite;
mod store;

pub mod contract;

pub use crate::copy::{Copied, CopiedCollection, CopyError, Sum, copy};
pub use crate::error::{OpenError, StoreError, WriteError};
pub use crate::mongo::{MongoSettings, MongoUri};
pub use crate::query::{
    Cursor, Filter, Find, Order, ParseCursorError, after, any_of, at_least, at_most, before, eq,
    within,
};
pub use crate::spec::{CollectionSpec, ID, Index};
pub use crate::store::{Collection, MAX_DOCUMENT_BYTES, Store, Versioned};

//! Documents: collections, indexes, compare-and-set, and the outbox saved with the document.
//!
//! One [`Store`] is the private database of one bounded context. It holds collections of typed
//! documents, each with a version, and the outbox: events that are to be published because a
//! document was written, saved in the same atomic write and handed to the broker by
//! [`Store::relay`].
//!
//! # The port
//!
//! Two engines are behind it: a file of `SQLite` ([`Store::open`]) and a database of a `MongoDB`
//! ([`Store::connect`]). Every operation is atomic in exactly one document, so that the second needs
//! no transaction over several:
//!
//! | operation | `SQLite` | `MongoDB` |
//! | --- | --- | --- |
//! | `get`, `find`, `count` | `SELECT` over expression indexes | `find` by `_id`, by filter with sort and limit, `countDocuments` |
//! | `insert` | `INSERT` | `insertOne`; the outbox is a part of the document |
//! | `insert_all` | one transaction | ordered `insertMany`: stops at the first failure, so a prefix may be stored |
//! | `replace` | `UPDATE … WHERE version` | `updateOne({_id, version}, {$set body, outbox.…, $inc version, …})` |
//! | `put` | `INSERT … ON CONFLICT` | `replace` of the version that is there, else `insert` |
//! | `delete` | `DELETE` | events that wait are copied to a collection of their own, then `deleteOne({_id, write})` |
//! | unique index | unique index | sparse unique index over a text of the values, which is absent where one is null |
//! | `relay` | a table in the order of writes | find documents with `pending`, publish, empty their outbox unless they were written since |
//!
//! What follows from it and holds for both: two documents are never changed together; the outbox
//! keeps the order of writes *of one document* (`SQLite`, and `MongoDB` with one process, keep the
//! order of all writes, which is more); a page of `find` continues after the sort values and id of
//! the last document (a [`Cursor`]), never after a count, so writes between two pages neither repeat
//! nor hide a document that was not itself moved. [`contract`] is the suite that both pass.
//! [`copy()`] moves a context's data from either to the other.
//!
//! # `SQLite`
//!
//! One file per store in WAL mode, a table per collection (`id`, `version`, JSON `body`), an
//! expression index per declared [`Index`]. One thread owns the writing connection and drains
//! requests into one commit (each request atomic by its own savepoint), since a synchronous commit
//! costs the same for one write as for a hundred. Readers have connections of their own and never
//! wait for the writer. Alternatives rejected: a column per field (a migration for each new field),
//! one connection behind a lock (readers would wait for every fsync).
//!
//! # `MongoDB`
//!
//! One database per store, any number of processes. Writes are acknowledged by a majority (and its
//! journals, unless [`Durability::Relaxed`](chiron_broker::Durability::Relaxed)), reads see what a
//! majority has, from the primary. Every write leaves an id of its own in its document, so that it
//! can be sent again after a broken connection, is done once, and is never answered as somebody
//! else's. Every operation has a time limit, after which a write's outcome is not known
//! ([`StoreError::Unreachable`], [`StoreError::TimedOut`]). Events of one document wait up to 7 MB,
//! then its writes with events answer [`StoreError::OutboxFull`]. Alternatives rejected:
//! transactions (they need a replica set, cost several round trips, and their commit has the same
//! unknown outcome); change streams for the relay (a replica set, again, and a place to resume from
//! that has to be kept somewhere); an array for the outbox (taking out what was published would
//! need every element looked at).

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

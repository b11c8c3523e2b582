//! Events: how services tell each other what happened.
//!
//! A [`Broker`] keeps records in topics, each cut into the same number of partitions. Within a
//! partition the order is that of publishing, for ever; the partition is chosen by the aggregate, so
//! one aggregate's events stay in order. A record is acknowledged only when it would survive a power
//! cut (unless [`Durability::Relaxed`] was asked for), and a group's records are handled at least
//! once: a [`Consumer`] commits after its handler.
//!
//! Behind it is one `SQLite` file with one writer. With an fsync per commit the engine does not
//! decide the speed, grouping commits does; a table is also something that a person can look into.
//! A log of segment files was rejected: it would have to re-invent recovery, indexes and retention.
//!
//! A [`LogReader`] looks into a log that another process may be writing.
//!
//! Trace context ([`TraceContext`]) lives here because it travels in record headers and the crates
//! above, which carry it over HTTP, stand on this one.

mod broker;
mod consumer;
mod error;
mod fragment;
mod log;
mod partition;
mod reader;
mod record;
mod retention;
mod schema;
mod settings;
mod state;
mod subscription;
mod trace;
mod view;
mod writer;

pub use broker::Broker;
pub use consumer::{Consumer, Handled, Handler, each};
pub use error::{BrokerError, OpenError, PublishError, StorageError};
pub use partition::partition_of;
pub use record::{DEAD_LETTERS_SUFFIX, Headers, MAX_RECORD_BYTES, NewRecord, Position, Record};
pub use settings::{Durability, LogSettings, Retention};
pub use subscription::Subscription;
pub use trace::{SpanId, TraceContext, TraceId};
pub use view::LogReader;

//! Events: how services tell each other what happened.
//!
//! A [`Broker`] keeps records in topics, each cut into the same number of partitions. Within a
//! partition the order is that of publishing, for ever; the partition is chosen by the aggregate, so
//! one aggregate's events stay in order. A record is acknowledged only when it would survive a power
//! cut (unless [`Durability::Relaxed`] was asked for), and a group's records are handled at least
//! once: a [`Consumer`] commits after its handler.
//!
//! Behind it are segment files, in which records lie in the order of their commits, and an `SQLite`
//! file that is their index and holds the groups' progress; one writer writes both. A commit costs
//! one fsync, of the segment. The index is not waited for: what a power cut takes from it is read
//! back from the segments. Records within `SQLite` were rejected: every byte is written twice, and
//! on a disk with a fast fsync that halved the throughput again.
//!
//! A [`LogReader`] looks into a log that another process may be writing.
//!
//! Trace context ([`TraceContext`]) lives here because it travels in record headers and the crates
//! above, which carry it over HTTP, stand on this one.

mod broker;
mod consumer;
mod disk;
mod duty;
mod error;
mod kafka;
mod log;
mod partition;
mod record;
mod settings;
mod trace;

pub use broker::Broker;
pub use consumer::{Consumer, Handled, Handler, each};
pub use disk::Trouble;
pub use duty::{Duties, OnDuty};
pub use error::{BrokerError, ConnectError, OpenError, PublishError, StorageError, chain};
pub use log::{LogReader, Subscription};
pub use partition::partition_of;
pub use record::{DEAD_LETTERS_SUFFIX, Headers, MAX_RECORD_BYTES, NewRecord, Position, Record};
pub use settings::{BearerToken, BearerTokens, Durability, KafkaSettings, LogSettings, Retention};
pub use trace::{SpanId, TraceContext, TraceId};

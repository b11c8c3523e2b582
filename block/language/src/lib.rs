//! The published language of the block: every event and topic, and nothing else.
//!
//! One module per topic. Each holds the topic's name, its keys, the event as a Rust type, and the
//! two translations: `decode` from a [`Record`](chiron_broker::Record) and `into_record` to a
//! [`NewRecord`](chiron_broker::NewRecord). Contexts share these wire types and no other code.
//!
//! What is written has exactly the fields of the contract; new facts travel under new keys or in
//! headers. What is read may have more fields: they are ignored, so that producers can grow.
//! The consumer dispatches on the record's key and, where a producer sent none, on the `key` inside
//! the value. Instants are read in any RFC 3339 form, cut to milliseconds, and written in UTC.

pub mod room;
pub mod tracking;

pub mod process;

pub mod booking;
pub mod emergency;
pub mod manual;

pub mod surgery_report;
pub mod surgical_process;

pub mod automation;
pub mod summary;

mod rejection;
mod wire;

pub use crate::{
    rejection::{Malformation, Rejection},
    wire::{NotWritten, key_of},
};

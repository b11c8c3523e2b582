//! The audit trail: who read or changed what about people, append-only and hash-chained.
//!
//! There is one chain for the whole product, so that nothing can be taken out between two parts of
//! it. An entry is durable before the answer that it is about leaves; an entry of a change is
//! written before the change is made, and a second one after it, so that no change is without an
//! entry however the process ends. Requests that come at the same time share one commit. The newest
//! hash goes to the topic [`HEADS`] as soon as it is committed, so that a cut tail shows in the
//! event log.
//!
//! It stands on the store rather than on a file of its own: surviving a torn write, reading beside
//! the writer and finding by index are there already. It is part of the chassis rather than
//! a crate beside it, since only the chassis sees every request and nobody else writes entries.

mod canonical;
mod entry;
mod recording;
mod trail;
mod verify;

pub use canonical::canonical;
pub use entry::{Action, Actor, Entry, Event, FIRST_PREVIOUS, Kind, hash_of};
pub(crate) use recording::{CLIENT, Draft, client, in_the_name_of};
pub use recording::{Noted, Recorded};
pub use trail::{Asked, Audit, AuditError, COLLECTIONS, HEADS, HeadV1, Page};
pub use verify::{Finding, ProofError, Published, Row, Verdict, Verifier, prove, prove_in};

//! The audit trail: who read or changed what about people, append-only and hash-chained.
//!
//! There is one chain for the whole product, so that nothing can be taken out between two parts of
//! it. An entry is durable before the answer that it is about leaves; an entry of a change is
//! written before the change is made, and a second one after it, so that no change is without an
//! entry however the process ends. Requests that come at the same time share one commit. With each
//! commit the newest hash goes to the topic [`HEADS`] from the outbox, so that a cut tail shows in
//! the event log.
//!
//! It stands on the store rather than on a file of its own: grouping commits, surviving a torn
//! write and publishing what was committed are there already. It is part of the chassis rather than
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
pub use verify::{Finding, ProofError, Row, Verdict, Verifier, prove};

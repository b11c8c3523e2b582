//! The audit trail: what leaves an entry, what a chain survives, and what of it can be proved.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod chain;
mod file;
mod requests;

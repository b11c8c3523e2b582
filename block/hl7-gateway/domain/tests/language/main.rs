//! What the language promises: written and read is the same, and nothing that comes in is a panic.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod answers;
mod messages;
mod requests;
mod stamps;

//! The rules of the automation, told as what happens in a room and which commands follow.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod commands;
mod laws;
mod owners;
mod switching;
mod told;

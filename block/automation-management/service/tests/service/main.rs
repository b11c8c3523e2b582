//! The service between a played hospital's twin layer, directory and gateway: events in, commands
//! and explanations out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod acting;
mod answers;
mod events;
mod played;
mod restart;

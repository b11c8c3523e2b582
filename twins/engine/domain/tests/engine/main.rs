//! The engine's rules, tried through its public face on a small operating block.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod block;

mod hostile;
mod models;
mod query;
mod replay;
mod twins;

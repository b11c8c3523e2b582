//! The whole service over real HTTP: its protocol, what it tells the world, what survives.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and a missing member is a failure"
)]

mod client;
mod durability;
mod events;
mod protocol;
mod python;
mod support;

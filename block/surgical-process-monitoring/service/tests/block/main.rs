//! The service through its own doors: records go into the broker, answers come from the routes,
//! building management and the twin layer are stubs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::panic, reason = "a test may panic")]

mod processes;
mod refolding;
mod surroundings;
mod truth;
mod twins;
mod world;

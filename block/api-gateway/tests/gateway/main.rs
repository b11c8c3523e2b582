//! Each route of all faces, accepted and refused, against stand-ins for the services behind.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod surroundings;

mod audit;
mod commands;
mod dashboard;
mod live;
mod pages;
mod sessions;
mod sockets;
mod web;

//! Rooms, technologies, and what is measured in and with them.

pub mod environment;
pub mod floor;
pub mod place;
pub mod technology;

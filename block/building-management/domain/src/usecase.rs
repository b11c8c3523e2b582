//! What building management does: it administers rooms and technologies, together with the twin
//! layer, and keeps the histories of both.

pub mod administration;
pub mod contract;
pub mod history;
pub mod memory;
pub mod ports;

//! The translations between the wire and the domain.

pub mod answers;
pub mod passages;
pub mod statistics;

//! The translations between the wire and the domain.

pub mod administrator;
pub mod measured;
pub mod wire;

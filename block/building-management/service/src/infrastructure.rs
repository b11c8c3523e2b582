//! The routes, the store and the twin layer.

pub mod floor;
pub mod http;
pub mod store;
pub mod twins;

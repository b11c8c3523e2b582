//! The routes and the store.

pub mod http;
mod statistics;
pub mod store;

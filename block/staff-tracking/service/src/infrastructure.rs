//! The routes and the store.

pub mod http;
pub mod store;

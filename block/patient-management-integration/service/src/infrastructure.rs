//! The routes and the database.

pub(crate) mod http;
pub(crate) mod store;

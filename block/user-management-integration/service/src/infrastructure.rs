//! Routes, database, hashing.

pub(crate) mod first_start;
pub(crate) mod hashing;
pub(crate) mod http;
pub(crate) mod store;

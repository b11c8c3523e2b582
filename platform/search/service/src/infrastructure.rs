//! The index, what keeps it current, and the route.

mod engine;
pub(crate) mod http;
pub(crate) mod keeper;
mod matching;

//! The outside: documents, events, calls to others, routes.

pub(crate) mod consuming;
pub(crate) mod folding;
pub(crate) mod locating;
pub(crate) mod records;
pub(crate) mod refolding;
pub(crate) mod routes;
pub(crate) mod settling;
pub(crate) mod twinning;

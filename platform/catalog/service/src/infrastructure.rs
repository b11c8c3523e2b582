//! Sources, the index, the store, the loop that keeps them current, and the routes.

pub(crate) mod check;
pub(crate) mod core;
pub(crate) mod dry_run;
pub(crate) mod http;
pub(crate) mod index;
pub(crate) mod ingest;
pub(crate) mod judge;
pub(crate) mod reading;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod told;
pub(crate) mod yaml;

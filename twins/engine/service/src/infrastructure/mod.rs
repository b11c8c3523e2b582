//! The engine at work: its writer, what it keeps, its HTTP face, its webhooks.

pub(crate) mod engine;
pub(crate) mod exchange;
pub(crate) mod face;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod routes;
pub(crate) mod webhooks;

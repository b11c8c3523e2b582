//! Digital twins without a network: DTDL models, the twin graph, JSON Patch and the query language.
//!
//! The crate is pure. A write is a [`graph::Command`]; [`graph::Graph::prepare`] judges it against
//! the present graph and answers with one [`graph::Change`], which the caller stores and then
//! hands to [`graph::Graph::apply`]. Applying the stored changes in order rebuilds the graph, so
//! the log of changes is the truth and memory is only its fold. Twins are kept as the JSON
//! documents that clients see: a twin *is* a JSON document, and nothing is gained by a second form.

pub mod error;
pub mod graph;
pub mod model;
mod patch;
pub mod query;
mod twin;
mod value;

//! Sources, the builder, the shelf of built sites, and the routes.

pub(crate) mod builder;
pub(crate) mod http;
pub(crate) mod shelf;
pub(crate) mod source;
pub(crate) mod told;

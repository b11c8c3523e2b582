//! What the service is connected to.

pub(crate) mod following;
pub(crate) mod http;
pub(crate) mod reading;
pub(crate) mod store;

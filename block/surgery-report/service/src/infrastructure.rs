//! Where the service meets the world: routes, events, other services, its database.

pub(crate) mod composing;
pub(crate) mod errands;
pub(crate) mod filing;
pub(crate) mod gathering;
pub(crate) mod http;
pub(crate) mod reading;
pub(crate) mod store;

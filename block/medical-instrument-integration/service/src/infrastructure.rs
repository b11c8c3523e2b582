//! Where the service meets the world.

pub(crate) mod http;

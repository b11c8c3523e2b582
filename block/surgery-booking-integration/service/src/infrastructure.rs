//! The routes, the database, the twins, the process events, and the desk where all changes of
//! bookings are made.

pub(crate) mod consumer;
pub(crate) mod desk;
pub(crate) mod http;
pub(crate) mod store;
pub(crate) mod twins;

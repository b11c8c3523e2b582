//! Store, broker, twin layer, Things and routes.

pub(crate) mod rooms;

pub(crate) mod surroundings;
pub(crate) mod things;

pub(crate) mod acting;
pub(crate) mod consuming;

pub(crate) mod http;

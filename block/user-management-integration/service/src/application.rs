//! Between the wire and the rules.

pub(crate) mod wire;

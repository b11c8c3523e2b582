//! Chiron, the one binary: composes every service.

fn main() {}

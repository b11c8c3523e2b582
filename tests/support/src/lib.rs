//! What tests of several crates share. Nothing of the product is built on it.

pub mod disk;
pub mod hostile;
pub mod kafka;
pub mod mongo;
pub mod tools;

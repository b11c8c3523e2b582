//! Rules of the report that a surgery writes of itself.
//!
//! Pure: what the sources told goes in, a report comes out. Reading the sources, the wire and the
//! database belong to the service.

pub mod entity;
pub mod usecase;

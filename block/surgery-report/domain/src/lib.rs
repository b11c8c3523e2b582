//! Rules of the report that a surgery writes of itself.

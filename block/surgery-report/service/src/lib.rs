//! Service for the report that a surgery writes of itself.

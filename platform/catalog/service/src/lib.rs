//! The software catalogue.

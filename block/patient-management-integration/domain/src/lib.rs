//! Rules of the demographic data of patients.
//!
//! A patient here is a person as the health service knows them, by tax code: what the other
//! contexts call a healthcare user.

pub mod entity;
pub mod usecase;

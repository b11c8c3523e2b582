//! Rules of the demographic data of patients.

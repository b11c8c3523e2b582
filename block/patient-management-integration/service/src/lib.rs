//! Service for the demographic data of patients.

//! FHIR on one side, vital signs on the other.

pub(crate) mod observation;
pub(crate) mod outcome;

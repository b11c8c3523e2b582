//! What a report is made of and what it says.
//!
//! A report is a function of its sources and of nothing else: no clock, no order of arrival, no
//! number of deliveries shows in it, so the same sources give the same report to the byte.

pub mod annex;
pub mod curve;
pub mod invariant;
pub mod process;
pub mod report;
pub mod sample;
pub mod statistics;

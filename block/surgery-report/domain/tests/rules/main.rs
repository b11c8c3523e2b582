//! The rules of a report, from outside: tables, laws, and what every store of reports does.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod contract;
mod curve;
mod report;
mod statistics;
mod store;

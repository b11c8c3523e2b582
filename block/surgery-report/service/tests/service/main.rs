//! The whole service, with the services around it played by one stub.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
#![expect(clippy::too_many_lines, reason = "a whole report is long")]

mod acts;
#[path = "../../../domain/tests/rules/contract.rs"]
mod contract;
mod forms;
mod hospital;
mod long;
mod reports;
mod routes;
mod store;

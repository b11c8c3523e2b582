//! Documents on `MongoDB`: the promises of the port, and what breaks.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod copying;
mod faults;
mod opening;
mod proxy;
mod relaying;
mod servers;

use chiron_store::contract;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_keeps_the_promises_of_the_port() {
    for server in servers::all() {
        contract::check(async || server.store().await).await;
    }
}

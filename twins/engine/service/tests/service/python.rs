//! Azure's published Python client against the engine.
//!
//! Needs `CHIRON_TEST_PYTHON`: a Python that has `azure-digitaltwins-core==1.3.0`.

use std::process::Command;

use chiron_chassis::Runtime;
use chiron_clock::Clock;
use serde_json::json;
use test_support::tools;

use crate::support::start_on;

#[tokio::test(flavor = "multi_thread")]
async fn the_published_client_does_all_its_operations() {
    let Some(python) = tools::named("CHIRON_TEST_PYTHON", "a Python with azure-digitaltwins-core")
    else {
        return;
    };
    let (mut runtime, hands) = Runtime::for_test(twin_engine::NAME, twin_engine::COLLECTIONS);
    // The client stamps its telemetry with the machine's time.
    runtime.clock = Clock::system();
    let settings = json!({
        "load_block_models": false,
        "endpoints": [{"name": "hook", "url": "http://127.0.0.1:9/"}],
    });
    let engine = start_on(runtime, hands, settings).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/azure_client.py");
    let (base, token) = (engine.base.clone(), engine.token.clone());
    let run = move || Command::new(python).args([script, &base, &token]).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
}

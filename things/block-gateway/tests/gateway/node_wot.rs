//! Eclipse Thingweb's published node-wot, unchanged, against directory and gateway.
//!
//! Needs `CHIRON_TEST_NODE_WOT`: a folder in whose `node_modules` are the packages of
//! `tests/node/package.json`; and `node` on the path.

use std::process::Command;

use serde_json::json;
use test_support::tools;

use crate::block::Block;
use crate::{announce, obey, state};

#[tokio::test(flavor = "multi_thread")]
async fn node_wot_discovers_reads_acts_and_observes() {
    let Some(folder) = tools::named("CHIRON_TEST_NODE_WOT", "a folder with @node-wot/core") else {
        return;
    };
    let block = Block::open().await;
    let mut unit = block.unit().await;
    announce(&mut unit).await;
    let at = "2026-05-15T05:59:00.123Z";
    assert_eq!(unit.say(state("al-1", "on", 100, at)).await, 204);
    assert_eq!(unit.say(state("h-1", "off", 0, at)).await, 204);
    block.rest().await;
    let unit = async {
        // What it is told, it does, and says so before it answers.
        for (actuator, on, intensity) in [("al-1", "on", 250), ("h-1", "on", 100)] {
            let command = unit.hear().await;
            assert_eq!(command["actuator_id"], json!(actuator));
            let later = "2026-05-15T05:59:30.000Z";
            assert_eq!(unit.say(state(actuator, on, intensity, later)).await, 204);
            unit.send(&json!({"id": command["id"], "status": 200}).to_string()).await;
        }
        // The last one it does not want to do.
        obey(&mut unit, 409).await;
        // Whether the script liked it, the script says.
        std::future::pending::<std::process::Output>().await
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/wot.cjs");
    let (directory, token) = (block.directory_url().to_owned(), block.admin());
    let run = move || {
        let modules = folder.join("node_modules");
        let mut command = Command::new("node");
        command.env("NODE_PATH", modules).args([script, &directory, &token]).output().unwrap()
    };
    // A script that fails early leaves the unit without commands: its words are what counts.
    let output = tokio::select! {
        output = tokio::task::spawn_blocking(run) => output.unwrap(),
        output = unit => output,
    };
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.ends_with("all done\n"), "{told}\n{errors}");
}

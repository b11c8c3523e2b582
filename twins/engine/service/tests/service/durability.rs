//! What survives, and what happens when nothing can be kept.

use std::sync::Arc;

use chiron_clock::Tasks;
use serde_json::{Value, json};

use crate::support::{Running, has, room, start, start_on, start_with};

#[tokio::test]
async fn a_restart_continues_where_the_engine_was() {
    let settings = json!({"load_block_models": false, "snapshot_every": 1_000_000});
    let engine = start_with(settings.clone()).await.with_models().await;
    engine.put("/digitaltwins/a", room("a")).await;
    engine.put("/digitaltwins/b", room("b")).await;
    engine.put("/digitaltwins/a/relationships/1", has("b")).await;
    let before = engine.get("/digitaltwins/a").await.body;
    let (runtime, hands, ended) = engine.stop().await;
    assert_eq!(ended, Ok(()));

    let engine = start_on(runtime, hands, settings).await;
    assert_eq!(engine.get("/digitaltwins/a").await.body, before);
    assert_eq!(engine.get("/digitaltwins/a/relationships/1").await.status, 200);
    engine.put("/digitaltwins/c", room("c")).await;
    let numbers = change_ids(&engine.runtime).await;
    assert_eq!(numbers.last().map(String::as_str), Some("0000000000000005"));
}

/// Ids of the stored changes, in order.
async fn change_ids(runtime: &chiron_chassis::Runtime) -> Vec<String> {
    let changes = runtime.store.collection::<Value>(twin_engine::COLLECTIONS[0]);
    let found = changes.find(&chiron_store::Find::all()).await.unwrap();
    found.into_iter().map(|change| change.id).collect()
}

/// Resolves when a snapshot reaches to the last change and is kept.
async fn log_is_empty(engine: &Running) {
    while !change_ids(&engine.runtime).await.is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn snapshots_shorten_the_log_and_numbers_go_on() {
    let settings = json!({"load_block_models": false, "snapshot_every": 5});
    let engine = start_with(settings.clone()).await.with_models().await;
    for number in 0..23 {
        engine.put(&format!("/digitaltwins/r-{:02}", number % 4), room("r")).await;
        // The models were the first change.
        if (number + 2) % 5 == 0 {
            log_is_empty(&engine).await;
        }
    }
    engine.put("/digitaltwins/r-00/relationships/1", has("r-01")).await;
    log_is_empty(&engine).await;
    let (runtime, hands, ended) = engine.stop().await;
    assert_eq!(ended, Ok(()));
    let heads = runtime.store.collection::<Value>(twin_engine::COLLECTIONS[1]);
    assert_eq!(heads.count(&[]).await.unwrap(), 1, "older snapshots are removed");

    let engine = start_on(runtime, hands, settings).await;
    let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS"});
    assert_eq!(engine.post("/query", query).await.body["value"], json!([{"COUNT": 4}]));
    assert_eq!(engine.get("/digitaltwins/r-00/relationships/1").await.status, 200);
    engine.put("/digitaltwins/last", room("x")).await;
    engine.runtime.store.relayed().await;
    let ids = change_ids(&engine.runtime).await;
    assert_eq!(ids.last().map(String::as_str), Some("0000000000000026"));
}

#[tokio::test]
async fn a_snapshot_waits_until_as_much_has_changed_as_it_would_write() {
    let settings = json!({"load_block_models": false, "snapshot_every": 5});
    let engine = start_with(settings).await.with_models().await;
    for number in 0..9 {
        engine.put(&format!("/digitaltwins/r-{number}"), room("r")).await;
        if number == 3 {
            log_is_empty(&engine).await;
        }
    }
    // With four twins it was due after five changes; it has nine now.
    log_is_empty(&engine).await;
    for _ in 0..8 {
        engine.put("/digitaltwins/r-0", room("r")).await;
    }
    engine.runtime.store.relayed().await;
    assert_eq!(change_ids(&engine.runtime).await.len(), 8, "a snapshot too early");
    engine.put("/digitaltwins/r-0", room("r")).await;
    log_is_empty(&engine).await;
}

#[tokio::test]
async fn writes_that_come_together_are_all_kept() {
    let engine = Arc::new(start().await.with_models().await);
    let tasks = Tasks::new();
    for number in 0..100 {
        let engine = Arc::clone(&engine);
        tasks.spawn("writer", async move {
            let reply = engine.put(&format!("/digitaltwins/r-{number}"), room("r")).await;
            assert_eq!(reply.status, 200);
        });
    }
    tasks.join().await;
    assert_eq!(change_ids(&engine.runtime).await.len(), 101);
}

#[tokio::test]
async fn an_engine_that_cannot_keep_a_change_ends() {
    let engine = start().await.with_models().await;
    // Somebody else writes to the same log.
    let changes = engine.runtime.store.collection::<Value>(twin_engine::COLLECTIONS[0]);
    changes.insert("0000000000000002", &json!({}), Vec::new()).await.unwrap();
    let refused = engine.put("/digitaltwins/a", room("a")).await;
    assert_eq!((refused.status, refused.code()), (503, "ServiceUnavailable"));
    let ended = engine.ended().await.unwrap_err();
    assert!(ended.contains("a change could not be stored"), "{ended}");
}

#[tokio::test]
async fn a_damaged_log_is_not_served() {
    let engine = start().await.with_models().await;
    for id in ["a", "b"] {
        engine.put(&format!("/digitaltwins/{id}"), room(id)).await;
    }
    let (runtime, hands, _) = engine.stop().await;
    let changes = runtime.store.collection::<Value>(twin_engine::COLLECTIONS[0]);
    assert!(changes.delete("0000000000000002", None).await.unwrap());
    let engine = start_on(runtime, hands, json!({"load_block_models": false})).await;
    let ended = engine.ended().await.unwrap_err();
    assert!(ended.contains("change 2 is missing"), "{ended}");
}

#[tokio::test]
async fn the_first_start_brings_the_blocks_models() {
    let engine = start_with(json!({})).await;
    let room = "/models/dtmi:io:github:smartoperatingblock:OperatingRoom;1";
    assert_eq!(engine.get(room).await.status, 200);
    assert_eq!(engine.delete(room).await.status, 204);
    let (runtime, hands, _) = engine.stop().await;
    let engine = start_on(runtime, hands, json!({})).await;
    assert_eq!(engine.get(room).await.status, 404, "what was deleted stays so");
}

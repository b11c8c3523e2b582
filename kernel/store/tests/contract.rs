//! Both ways of opening a store keep the promises of the port.

use chiron_broker::Durability;
use chiron_store::{Store, contract};

#[tokio::test]
async fn in_memory() {
    contract::check(async || Store::in_memory(contract::COLLECTIONS).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    contract::check(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = folder.path().join(format!("{number}.db"));
        Store::open(&path, Durability::Relaxed, contract::COLLECTIONS).unwrap()
    })
    .await;
}

//! The database passes the suite that the store in memory passes.

use chiron_store::Store;
use surgery_report::{COLLECTIONS, StoredReports};

#[tokio::test]
async fn database_keeps_reports() {
    crate::contract::suite(|| StoredReports::new(&Store::in_memory(COLLECTIONS).unwrap())).await;
}

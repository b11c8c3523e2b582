//! The store in memory passes the suite that the database passes.

use surgery_report_domain::usecase::memory::MemoryReports;

#[tokio::test]
async fn memory_keeps_reports() {
    crate::contract::suite(MemoryReports::default).await;
}

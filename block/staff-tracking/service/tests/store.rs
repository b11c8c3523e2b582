//! The store on documents keeps the promises of the port.

use chiron_store::Store;
use staff_tracking::{COLLECTIONS, infrastructure::store::DocumentStore};
use staff_tracking_domain::usecase::contract;

#[tokio::test]
async fn the_document_store_keeps_its_promises() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    contract::suite(&DocumentStore::new(&store)).await.unwrap();
}

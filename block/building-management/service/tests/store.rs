//! The store on documents keeps the promises of the ports.

use building_management::{COLLECTIONS, infrastructure::store::DocumentStore};
use building_management_domain::usecase::contract;
use chiron_store::Store;

#[tokio::test]
async fn the_document_store_keeps_its_promises() {
    let store = Store::in_memory(COLLECTIONS).unwrap();
    contract::registry(&DocumentStore::new(&store)).await.unwrap();
    contract::measurements(&DocumentStore::new(&store)).await.unwrap();
}

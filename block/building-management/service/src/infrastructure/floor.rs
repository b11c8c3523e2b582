//! Labels of zones and places of rooms, a document each.

use std::collections::BTreeMap;

use building_management_domain::entity::floor::{Layout, ZoneLabel};
use building_management_domain::entity::place::{RoomId, ZoneId};
use chiron_store::{Collection, CollectionSpec, Find, Store, StoreError, WriteError};
use serde::{Deserialize, Serialize};

/// Labels by zone.
pub static ZONES: CollectionSpec = CollectionSpec { name: "zones", indexes: &[] };

/// Places by room.
pub static LAYOUTS: CollectionSpec = CollectionSpec { name: "room_layouts", indexes: &[] };

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ZoneDocument {
    name: String,
    order: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct LayoutDocument {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

/// The floor plan of a store.
#[derive(Debug, Clone)]
pub struct FloorPlan {
    zones: Collection<ZoneDocument>,
    layouts: Collection<LayoutDocument>,
}

impl FloorPlan {
    /// The floor plan of this store, which was opened with [`COLLECTIONS`](crate::COLLECTIONS).
    pub fn new(store: &Store) -> Self {
        Self { zones: store.collection(&ZONES), layouts: store.collection(&LAYOUTS) }
    }

    /// The labelled zones, by order, then id.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn zones(&self) -> Result<Vec<(String, ZoneLabel)>, StoreError> {
        let rows = self.zones.find(&Find::all()).await?;
        let label =
            |document: ZoneDocument| ZoneLabel { name: document.name, order: document.order };
        let mut zones: Vec<_> = rows.into_iter().map(|row| (row.id, label(row.document))).collect();
        zones.sort_by(|(one, a), (two, b)| (a.order, one).cmp(&(b.order, two)));
        Ok(zones)
    }

    /// Labels a zone.
    ///
    /// # Errors
    ///
    /// The store does not take it.
    pub async fn label(&self, zone: &ZoneId, label: ZoneLabel) -> Result<(), WriteError> {
        let document = ZoneDocument { name: label.name, order: label.order };
        self.zones.put(zone.as_ref(), &document, Vec::new()).await?;
        Ok(())
    }

    /// Where rooms lie, by room.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn layouts(&self) -> Result<BTreeMap<String, Layout>, StoreError> {
        let rows = self.layouts.find(&Find::all()).await?;
        Ok(rows.into_iter().map(|row| (row.id, Layout::from(row.document))).collect())
    }

    /// Where a room lies; `None` when nobody has placed it.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn layout(&self, room: &RoomId) -> Result<Option<Layout>, StoreError> {
        Ok(self.layouts.get(room.as_ref()).await?.map(|row| row.document.into()))
    }

    /// Places a room.
    ///
    /// # Errors
    ///
    /// The store does not take it.
    pub async fn place(&self, room: &RoomId, layout: Layout) -> Result<(), WriteError> {
        let Layout { x, y, w, h } = layout;
        self.layouts.put(room.as_ref(), &LayoutDocument { x, y, w, h }, Vec::new()).await?;
        Ok(())
    }

    /// Takes a room off the plan.
    ///
    /// # Errors
    ///
    /// The store does not take it.
    pub async fn unplace(&self, room: &RoomId) -> Result<(), WriteError> {
        self.layouts.delete(room.as_ref(), None).await?;
        Ok(())
    }
}

impl From<LayoutDocument> for Layout {
    fn from(LayoutDocument { x, y, w, h }: LayoutDocument) -> Self {
        Self { x, y, w, h }
    }
}

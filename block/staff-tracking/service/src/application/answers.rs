//! What clients read, exactly as the contract spells it.

use chiron_clock::instant;
use serde::{Deserialize, Serialize};
use staff_tracking_domain::entity::{Movement, Passage, Stay};
use utoipa::ToSchema;

/// One passage of a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrackingEntry {
    /// When, in UTC with milliseconds.
    pub date_time: String,
    /// Which room.
    pub room_id: String,
    /// Who.
    pub health_professional_id: String,
    /// Which way.
    pub tracking_type: TrackingType,
}

/// The direction of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackingType {
    /// Into the room.
    Enter,
    /// Out of the room.
    Exit,
}

/// A list of passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackingList {
    /// This page.
    pub entries: Vec<TrackingEntry>,
    /// How many there are on all pages.
    pub total: u64,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

impl From<Passage> for TrackingType {
    fn from(passage: Passage) -> Self {
        match passage {
            Passage::Entered => Self::Enter,
            Passage::Left => Self::Exit,
        }
    }
}

impl From<&Movement> for TrackingEntry {
    fn from(movement: &Movement) -> Self {
        Self {
            date_time: instant::write(movement.at),
            room_id: movement.room.to_string(),
            health_professional_id: movement.professional.to_string(),
            tracking_type: movement.passage.into(),
        }
    }
}

/// Somebody inside is told by their entry.
impl From<&Stay> for TrackingEntry {
    fn from(stay: &Stay) -> Self {
        Self {
            date_time: instant::write(stay.since),
            room_id: stay.room.to_string(),
            health_professional_id: stay.professional.to_string(),
            tracking_type: TrackingType::Enter,
        }
    }
}

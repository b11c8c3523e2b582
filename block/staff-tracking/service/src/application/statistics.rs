//! Statistics as clients read them.

use chiron_clock::instant;
use serde::{Deserialize, Serialize};
use staff_tracking_domain::entity::{
    Movement,
    visits::{CoPresence, Dwell, Headcount},
};
use utoipa::ToSchema;

use super::answers::TrackingType;

/// How long somebody was in a room, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DwellEntry {
    /// Who.
    pub health_professional_id: String,
    /// Which room.
    pub room_id: String,
    /// Altogether, in seconds with milliseconds.
    pub seconds: f64,
    /// Stays that overlap the span.
    pub visits: u64,
}

/// How long somebody was in a room together with the one asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoPresenceEntry {
    /// The other.
    pub health_professional_id: String,
    /// Which room.
    pub room_id: String,
    /// Altogether, in seconds with milliseconds.
    pub seconds: f64,
}

/// How many people are in the room from an instant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeadcountEntry {
    /// Since when, in UTC with milliseconds.
    pub date_time: String,
    /// How many.
    pub count: u64,
}

/// One passage of the room's door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoorOpeningEntry {
    /// When, in UTC with milliseconds.
    pub date_time: String,
    /// Who.
    pub health_professional_id: String,
    /// Which way.
    pub tracking_type: TrackingType,
}

/// A statistic: its rows in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistic<T> {
    /// The rows.
    pub entries: Vec<T>,
    /// How many they are.
    pub total: u64,
}

impl<T> FromIterator<T> for Statistic<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let entries: Vec<T> = rows.into_iter().collect();
        let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        Self { entries, total }
    }
}

impl From<Dwell> for DwellEntry {
    fn from(dwell: Dwell) -> Self {
        Self {
            health_professional_id: dwell.professional.to_string(),
            room_id: dwell.room.to_string(),
            seconds: seconds(dwell.for_ms),
            visits: dwell.visits,
        }
    }
}

impl From<CoPresence> for CoPresenceEntry {
    fn from(met: CoPresence) -> Self {
        Self {
            health_professional_id: met.professional.to_string(),
            room_id: met.room.to_string(),
            seconds: seconds(met.for_ms),
        }
    }
}

impl From<Headcount> for HeadcountEntry {
    fn from(point: Headcount) -> Self {
        Self { date_time: instant::write(point.at), count: point.count }
    }
}

impl From<&Movement> for DoorOpeningEntry {
    fn from(movement: &Movement) -> Self {
        Self {
            date_time: instant::write(movement.at),
            health_professional_id: movement.professional.to_string(),
            tracking_type: movement.passage.into(),
        }
    }
}

/// A day has 86.4 million milliseconds: exact far beyond any span.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53 milliseconds")]
fn seconds(for_ms: i64) -> f64 {
    for_ms as f64 / 1_000.0
}

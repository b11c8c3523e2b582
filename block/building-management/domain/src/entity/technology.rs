//! Medical technologies: what they are, where they stood when, when they were in use.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::entity::place::{InvalidText, RoomId, parse_text};

/// Id of a technology, and of its twin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechnologyId(String);

impl FromStr for TechnologyId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        parse_text(text).map(Self)
    }
}

impl AsRef<str> for TechnologyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TechnologyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text for people that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording(String);

/// Text for people that is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must not be empty")]
pub struct EmptyWording;

impl FromStr for Wording {
    type Err = EmptyWording;

    fn from_str(text: &str) -> Result<Self, EmptyWording> {
        if text.is_empty() { Err(EmptyWording) } else { Ok(Self(text.to_owned())) }
    }
}

impl AsRef<str> for Wording {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The kind of a technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TechnologyType {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    Xray,
}

/// A technology as people describe it; never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technology {
    /// Its id.
    pub id: TechnologyId,
    /// Its name.
    pub name: Wording,
    /// What it is.
    pub description: Wording,
    /// Its kind.
    pub technology_type: TechnologyType,
}

/// From `at` on a technology stands in a room, or in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// From when.
    pub at: Timestamp,
    /// Where; `None`: in no room.
    pub room: Option<RoomId>,
}

/// Where a technology stood when. By time, each instant once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placements(Vec<Placement>);

impl Placements {
    /// Records a placement. It may be told late; of two for one instant the one recorded last
    /// counts.
    pub fn record(&mut self, placement: Placement) {
        match self.0.binary_search_by_key(&placement.at, |known| known.at) {
            Ok(same) => {
                if let Some(known) = self.0.get_mut(same) {
                    *known = placement;
                }
            }
            Err(place) => self.0.insert(place, placement),
        }
    }

    /// The room at an instant; `None` when it stood in none, or nothing is known.
    pub fn room_at(&self, at: Timestamp) -> Option<&RoomId> {
        let next = self.0.partition_point(|placement| placement.at <= at);
        self.0.get(next.checked_sub(1)?)?.room.as_ref()
    }

    /// The room by the newest placement.
    pub fn newest(&self) -> Option<&Placement> {
        self.0.last()
    }

    /// Whether it has ever stood in a room.
    pub fn ever_in_a_room(&self) -> bool {
        self.0.iter().any(|placement| placement.room.is_some())
    }

    /// All of them, by time.
    pub fn iter(&self) -> impl Iterator<Item = &Placement> {
        self.0.iter()
    }
}

impl FromIterator<Placement> for Placements {
    fn from_iter<I: IntoIterator<Item = Placement>>(placements: I) -> Self {
        let mut all = Self::default();
        for placement in placements {
            all.record(placement);
        }
        all
    }
}

/// What is kept of a technology: its description, its places, and how far the last change has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TechnologyRecord {
    /// The description.
    pub technology: Technology,
    /// Where it stood when.
    pub placements: Placements,
    /// When a former technology of this id was removed: usages until then are not this one's.
    pub history_after: Option<Timestamp>,
    /// How far the last change has come.
    pub state: TechnologyState,
}

/// How far the last change of a technology has come; as for rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TechnologyState {
    /// Being created; not there yet for readers.
    Creating,
    /// There.
    Standing,
    /// There, being placed.
    Placing(Placement),
    /// Being removed since this instant; not there any more for readers.
    Removing(Timestamp),
    /// Removed at this instant.
    Removed(Timestamp),
}

impl TechnologyRecord {
    /// Whether readers see it.
    pub fn is_there(&self) -> bool {
        match self.state {
            TechnologyState::Standing | TechnologyState::Placing(_) => true,
            TechnologyState::Creating
            | TechnologyState::Removing(_)
            | TechnologyState::Removed(_) => false,
        }
    }

    /// Whether a change of it has begun and not ended.
    pub fn is_unfinished(&self) -> bool {
        match self.state {
            TechnologyState::Standing | TechnologyState::Removed(_) => false,
            TechnologyState::Creating
            | TechnologyState::Placing(_)
            | TechnologyState::Removing(_) => true,
        }
    }
}

/// From `at` on a technology is, or is not, in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Which.
    pub technology: TechnologyId,
    /// From when, in milliseconds.
    pub at: Timestamp,
    /// Whether in use.
    pub in_use: bool,
    /// Id of the event that told it; of two for one instant the greater counts.
    pub told_by: String,
}

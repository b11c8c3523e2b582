//! Who passed which door, and what follows about where they are.
//!
//! Doors deliver at least once and out of order, and exits get missed. Presence is therefore built
//! from maxima over *event time*: the same passages in any order, any number of times, give the
//! same answer. "The newest passage wins" was rejected: a late exit at an old door would hide
//! somebody who has entered elsewhere.

pub mod visits;

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;

/// Text that is no id: empty, blank, or with control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is text that is not blank and has no control characters")]
pub struct InvalidId;

/// Id of a health professional.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfessionalId(String);

/// Id of a room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(String);

impl FromStr for ProfessionalId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_id(text).map(Self)
    }
}

impl FromStr for RoomId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_id(text).map(Self)
    }
}

impl AsRef<str> for ProfessionalId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RoomId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfessionalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn parse_id(text: &str) -> Result<String, InvalidId> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidId);
    }
    Ok(text.to_owned())
}

/// The direction of a passage. At one instant leaving comes before entering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passage {
    /// Out of the room.
    Left,
    /// Into the room.
    Entered,
}

/// One professional passing one room's door once. Equal passages are one passage, however often
/// they are told.
///
/// The order is that of every list: by time, leaving before entering, professional, room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Movement {
    /// When, in milliseconds.
    pub at: Timestamp,
    /// Which way.
    pub passage: Passage,
    /// Who.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
}

/// Where somebody has been since when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stay {
    /// Time of the entry.
    pub since: Timestamp,
    /// Who.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
}

/// Whereabouts of one professional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    // Latest entry at any door: to enter one room is to have left the one before.
    entered: Option<(Timestamp, RoomId)>,
    // Latest exit at each door.
    left: BTreeMap<RoomId, Timestamp>,
}

impl Presence {
    /// A presence as it was stored: the latest entry, and the latest exit at each door.
    pub fn from_parts(
        entered: Option<(Timestamp, RoomId)>,
        left: BTreeMap<RoomId, Timestamp>,
    ) -> Self {
        Self { entered, left }
    }

    /// Folds one passage in. Commutative and idempotent.
    pub fn observe(&mut self, movement: &Movement) {
        match movement.passage {
            Passage::Entered => {
                let entry = (movement.at, movement.room.clone());
                self.entered = self.entered.take().max(Some(entry));
            }
            Passage::Left => {
                let exit = self.left.entry(movement.room.clone()).or_insert(movement.at);
                *exit = movement.at.max(*exit);
            }
        }
    }

    /// The latest entry at any door and its room; `None` before the first.
    pub fn entered(&self) -> Option<(Timestamp, &RoomId)> {
        self.entered.as_ref().map(|(at, room)| (*at, room))
    }

    /// The latest exit at each door.
    pub fn left(&self) -> &BTreeMap<RoomId, Timestamp> {
        &self.left
    }

    /// The room they are in and the time of that entry, or `None` outside the block. Leaving and
    /// entering one room at one instant leaves them inside.
    pub fn inside(&self) -> Option<(Timestamp, &RoomId)> {
        let (entered_at, room) = self.entered()?;
        match self.left.get(room) {
            Some(left_at) if entered_at < *left_at => None,
            _ => Some((entered_at, room)),
        }
    }
}

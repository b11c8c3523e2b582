//! Rooms and the zones that they belong to.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

/// Text that is no id: empty, blank, or with control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be text that is not blank and has no control characters")]
pub struct InvalidText;

pub(crate) fn parse_text(text: &str) -> Result<String, InvalidText> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidText);
    }
    Ok(text.to_owned())
}

/// Id of a room, and of its twin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(String);

/// Id of a zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(String);

impl FromStr for RoomId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        parse_text(text).map(Self)
    }
}

impl FromStr for ZoneId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        parse_text(text).map(Self)
    }
}

impl AsRef<str> for RoomId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ZoneId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kind of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomType {
    /// A theatre; only here may technologies stand.
    OperatingRoom,
    /// A room for before and after.
    PreOperatingRoom,
}

/// A room as people describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Its name; may be empty.
    pub name: String,
    /// Its zone.
    pub zone: ZoneId,
    /// Its kind; never changes.
    pub room_type: RoomType,
}

/// What is kept of a room: its description, and how far the last change of it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// The description in force.
    pub room: Room,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a former room of this id was removed: what was measured until then is not this room's.
    pub history_after: Option<Timestamp>,
    /// How far the last change has come.
    pub state: RoomState,
}

/// How far the last change of a room has come. All but `Standing` and `Removed` are intents: the
/// twin layer may or may not have followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomState {
    /// Being created; not there yet for readers.
    Creating,
    /// There.
    Standing,
    /// There, being changed to this.
    Changing(Room),
    /// Being removed since this instant; not there any more for readers.
    Removing(Timestamp),
    /// Removed at this instant; kept so that a room of the same id does not inherit its history.
    Removed(Timestamp),
}

impl RoomRecord {
    /// Whether readers see it.
    pub fn is_there(&self) -> bool {
        match self.state {
            RoomState::Standing | RoomState::Changing(_) => true,
            RoomState::Creating | RoomState::Removing(_) | RoomState::Removed(_) => false,
        }
    }

    /// Whether a change of it has begun and not ended.
    pub fn is_unfinished(&self) -> bool {
        match self.state {
            RoomState::Standing | RoomState::Removed(_) => false,
            RoomState::Creating | RoomState::Changing(_) | RoomState::Removing(_) => true,
        }
    }
}

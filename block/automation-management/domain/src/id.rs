//! Ids of what the automation knows; all come from elsewhere.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

/// The longest id, in characters: what the twin layer takes for a twin.
pub const MAX_ID: usize = 128;

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Empty or blank.
    #[error("an id must not be empty")]
    Empty,
    /// Too long.
    #[error("an id must have at most {MAX_ID} characters")]
    TooLong,
    /// Holds a control character.
    #[error("an id must not hold control characters")]
    Control,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.trim().is_empty() {
                    return Err(InvalidId::Empty);
                }
                if MAX_ID < text.chars().count() {
                    return Err(InvalidId::TooLong);
                }
                if text.chars().any(char::is_control) {
                    return Err(InvalidId::Control);
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A room, and its twin.
    RoomId
    /// A medical technology, and its twin.
    TechnologyId
    /// A surgical process.
    ProcessId
    /// An actuator, its twin and its Thing.
    ActuatorId
}

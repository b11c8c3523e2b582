//! The character sets of messages (MSH-18, HL7 table 0211).
//!
//! Bytes are read in the set that the message names, or not at all: a name in which letters were
//! guessed is somebody else's.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterSet {
    /// Seven bits.
    Ascii,
    /// Western European, ISO 8859-1.
    Latin1,
    /// Unicode in UTF-8.
    Utf8,
}

/// A name of none of the sets that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none of ASCII, 8859/1 and UNICODE UTF-8")]
pub struct UnknownCharacterSet;

/// Bytes that mean nothing in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message holds bytes that are not {0}")]
pub struct Undecodable(CharacterSet);

impl FromStr for CharacterSet {
    type Err = UnknownCharacterSet;

    fn from_str(name: &str) -> Result<Self, UnknownCharacterSet> {
        match name.trim().to_ascii_uppercase().as_str() {
            "ASCII" | "ISO IR6" => Ok(Self::Ascii),
            "8859/1" | "ISO IR100" => Ok(Self::Latin1),
            "UNICODE UTF-8" | "UTF-8" => Ok(Self::Utf8),
            _ => Err(UnknownCharacterSet),
        }
    }
}

impl Display for CharacterSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "ASCII",
            Self::Latin1 => "8859/1",
            Self::Utf8 => "UNICODE UTF-8",
        })
    }
}

impl CharacterSet {
    /// Reads bytes.
    ///
    /// # Errors
    ///
    /// [`Undecodable`].
    pub fn decode(self, bytes: &[u8]) -> Result<String, Undecodable> {
        match self {
            Self::Ascii if !bytes.is_ascii() => Err(Undecodable(self)),
            Self::Ascii | Self::Utf8 => {
                std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Undecodable(self))
            }
            Self::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
        }
    }

    /// Writes text; what the set lacks becomes a question mark.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let byte = |it: char, newest: u8| {
            u8::try_from(u32::from(it)).ok().filter(|byte| *byte <= newest).unwrap_or(b'?')
        };
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Ascii => text.chars().map(|it| byte(it, 0x7f)).collect(),
            Self::Latin1 => text.chars().map(|it| byte(it, 0xff)).collect(),
        }
    }
}

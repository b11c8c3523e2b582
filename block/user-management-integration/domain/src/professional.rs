//! The people who work in the block, as the hospital knows them.

use std::fmt;
use std::str::FromStr;

/// A health professional's id: not empty, at most 128 bytes (it is a twin's id too).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfessionalId(String);

/// An id is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a health professional's id has 1 to 128 bytes")]
pub struct NotAProfessionalId;

impl FromStr for ProfessionalId {
    type Err = NotAProfessionalId;

    fn from_str(text: &str) -> Result<Self, NotAProfessionalId> {
        if text.is_empty() || 128 < text.len() {
            return Err(NotAProfessionalId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl AsRef<str> for ProfessionalId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfessionalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a professional does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfessionalRole {
    /// Operates.
    Surgeon,
    /// Assists and cares.
    Nurse,
    /// Anaesthetises.
    Anesthetist,
}

impl ProfessionalRole {
    /// The value of the twin's enumeration `role`: 0, 1, 2.
    #[must_use]
    pub fn ordinal(self) -> i64 {
        match self {
            Self::Surgeon => 0,
            Self::Nurse => 1,
            Self::Anesthetist => 2,
        }
    }
}

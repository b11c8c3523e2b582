//! Passwords and badges, how often one may guess, and refresh tokens.
//!
//! Times here are the machine's: credentials protect the real system, also while the block's own
//! time runs faster or stands still.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// Shortest and longest password, in characters.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=20;
/// Shortest and longest badge.
const BADGE_CHARS: std::ops::RangeInclusive<usize> = 4..=64;
/// Failures within [`WINDOW`] after which nobody signs in under that name.
const MAX_FAILURES: usize = 5;
/// How long a failure counts: 15 minutes.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How long the same refresh token may be shown again after its first use: a client whose answer
/// was lost asks again.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// A password as somebody chooses it: 8 to 20 characters. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password is too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 8 to 20 characters")]
pub struct NotAPassword;

impl FromStr for Password {
    type Err = NotAPassword;

    fn from_str(text: &str) -> Result<Self, NotAPassword> {
        if !PASSWORD_CHARS.contains(&text.chars().count()) {
            return Err(NotAPassword);
        }
        Ok(Self(text.to_owned()))
    }
}

impl AsRef<str> for Password {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// What a reader says of a person's badge: 4 to 64 visible characters of ASCII. It goes on with the
/// session of its owner where that is locked, and opens none. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Badge(String);

/// What was read is no badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a badge has 4 to 64 letters, digits and signs")]
pub struct NotABadge;

impl FromStr for Badge {
    type Err = NotABadge;

    fn from_str(text: &str) -> Result<Self, NotABadge> {
        if !BADGE_CHARS.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotABadge);
        }
        Ok(Self(text.to_owned()))
    }
}

impl AsRef<str> for Badge {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Badge")
    }
}

/// Failed attempts under one name, whether a user has it or not: who guesses must not learn which
/// names exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures(Vec<Timestamp>);

impl Failures {
    /// Failures as stored, in any order.
    #[must_use]
    pub fn new(at: Vec<Timestamp>) -> Self {
        Self(at)
    }

    /// How long nobody may sign in under this name, rounded up to seconds, at least one; `None`
    /// when one more attempt is allowed.
    #[must_use]
    pub fn locked_for(&self, now: Timestamp) -> Option<i64> {
        let counted = self.counted(now);
        if counted.len() < MAX_FAILURES {
            return None;
        }
        // One attempt is free again when the fifth newest failure no longer counts.
        let oldest = counted.iter().rev().nth(MAX_FAILURES - 1)?;
        let free = oldest.saturating_add(WINDOW).unwrap_or(Timestamp::MAX);
        Some(free.duration_since(now).as_secs().saturating_add(1))
    }

    /// Adds a failure and forgets those that no longer count.
    pub fn add(&mut self, now: Timestamp) {
        let mut counted = self.counted(now);
        counted.push(now);
        self.0 = counted;
    }

    /// The failures, oldest first.
    #[must_use]
    pub fn at(&self) -> &[Timestamp] {
        &self.0
    }

    /// Failures up to this instant have no effect at `now`.
    #[must_use]
    pub fn forgotten_before(now: Timestamp) -> Timestamp {
        now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN)
    }

    fn counted(&self, now: Timestamp) -> Vec<Timestamp> {
        let start = Self::forgotten_before(now);
        let mut counted: Vec<Timestamp> = self.0.iter().copied().filter(|at| start < *at).collect();
        counted.sort_unstable();
        counted
    }
}

/// The life of one refresh token. Each is used once and replaced by its successor; all successors
/// of one sign-in are a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// When it ends unused.
    pub expires: Timestamp,
    /// When it was first used.
    pub used: Option<Timestamp>,
    /// Whether its family was revoked.
    pub revoked: bool,
}

/// What comes of showing a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It counts: a successor is handed out.
    Accepted,
    /// It is expired or revoked.
    Refused,
    /// It was used before, and not just now: somebody has a copy, so the family is to be revoked.
    Stolen,
}

impl RefreshToken {
    /// Judges the token when it is shown at `now`.
    #[must_use]
    pub fn show(&self, now: Timestamp) -> Shown {
        if self.revoked || self.expires <= now {
            return Shown::Refused;
        }
        match self.used {
            Some(used) if GRACE < now.duration_since(used) => Shown::Stolen,
            _ => Shown::Accepted,
        }
    }
}

//! Who may sign in, and as what.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::professional::{ProfessionalId, ProfessionalRole};

/// The longest user id, in bytes.
const MAX_USER_ID_BYTES: usize = 200;

/// A user's name for signing in: not empty, at most 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// A user id is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id has 1 to 200 bytes")]
pub struct NotAUserId;

impl FromStr for UserId {
    type Err = NotAUserId;

    fn from_str(text: &str) -> Result<Self, NotAUserId> {
        if text.is_empty() || MAX_USER_ID_BYTES < text.len() {
            return Err(NotAUserId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl AsRef<str> for UserId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person may do in the block; which routes that opens is each service's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Operates.
    Surgeon,
    /// Assists and cares.
    Nurse,
    /// Anaesthetises.
    Anesthetist,
    /// Runs the block.
    BlockManager,
    /// Works on the hospital's software.
    Developer,
    /// Looks after users, rooms and the system.
    Admin,
    /// A wall screen: sees codes, no names.
    Display,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Surgeon,
        Self::Nurse,
        Self::Anesthetist,
        Self::BlockManager,
        Self::Developer,
        Self::Admin,
        Self::Display,
    ];

    /// The role as tokens carry it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Surgeon => "surgeon",
            Self::Nurse => "nurse",
            Self::Anesthetist => "anesthetist",
            Self::BlockManager => "block-manager",
            Self::Developer => "developer",
            Self::Admin => "admin",
            Self::Display => "display",
        }
    }
}

/// There is no role of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is surgeon, nurse, anesthetist, block-manager, developer, admin or display")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

impl From<ProfessionalRole> for Role {
    fn from(role: ProfessionalRole) -> Self {
        match role {
            ProfessionalRole::Surgeon => Self::Surgeon,
            ProfessionalRole::Nurse => Self::Nurse,
            ProfessionalRole::Anesthetist => Self::Anesthetist,
        }
    }
}

/// A user without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name for signing in.
    pub id: UserId,
    /// The health professional that this user is, if any.
    pub professional: Option<ProfessionalId>,
    /// The roles given to this user.
    pub roles: BTreeSet<Role>,
    /// A disabled user is there and cannot sign in.
    pub disabled: bool,
}

impl User {
    /// All roles: those given, plus the linked professional's. `professional` is the role of the
    /// professional that is linked, `None` when there is none or it is not known any more.
    #[must_use]
    pub fn effective_roles(&self, professional: Option<ProfessionalRole>) -> BTreeSet<Role> {
        let mut roles = self.roles.clone();
        roles.extend(professional.map(Role::from));
        roles
    }
}

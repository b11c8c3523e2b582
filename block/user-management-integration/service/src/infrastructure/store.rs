//! The documents: users, professionals, failed sign-ins, and sessions.

use std::collections::BTreeSet;

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Find, Index, Store, StoreError, Versioned, WriteError,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use user_management_integration_domain::professional::ProfessionalRole;
use user_management_integration_domain::user::{Role, User};

use crate::application::wire::{HealthProfessionalV1, role_names};

/// Users, by user id.
pub(crate) const USERS: CollectionSpec = CollectionSpec { name: "users", indexes: &[] };
/// Health professionals, by their id.
pub(crate) const PROFESSIONALS: CollectionSpec =
    CollectionSpec { name: "health_professionals", indexes: &[] };
/// Failed sign-ins, by the name that was tried.
pub(crate) const FAILURES: CollectionSpec = CollectionSpec {
    name: "sign_in_failures",
    indexes: &[Index { name: "last", fields: &["last"], unique: false }],
};
/// Sessions: one document holds all refresh tokens that follow from one sign-in.
pub(crate) const FAMILIES: CollectionSpec = CollectionSpec {
    name: "refresh_token_families",
    indexes: &[
        Index { name: "user", fields: &["userId"], unique: false },
        Index { name: "expires", fields: &["expires"], unique: false },
    ],
};

/// Outdated documents that are removed when one is added.
const SWEPT: usize = 20;

/// A user as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredUser {
    pub(crate) user_id: String,
    /// argon2id, as a PHC string.
    pub(crate) password_hash: String,
    /// The same of the badge.
    #[serde(default)]
    pub(crate) badge_hash: Option<String>,
    pub(crate) health_professional_id: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) disabled: bool,
}

/// What is stored is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("user {user_id} is stored with {what}")]
pub(crate) struct Damaged {
    user_id: String,
    what: &'static str,
}

impl StoredUser {
    pub(crate) fn new(user: &User, password_hash: String) -> Self {
        Self {
            user_id: user.id.to_string(),
            password_hash,
            badge_hash: None,
            health_professional_id: user.professional.as_ref().map(ToString::to_string),
            roles: role_names(user.roles.iter().copied()),
            disabled: user.disabled,
        }
    }

    pub(crate) fn read(&self) -> Result<User, Damaged> {
        let damaged = |what| Damaged { user_id: self.user_id.clone(), what };
        let roles: Result<BTreeSet<Role>, _> = self.roles.iter().map(|role| role.parse()).collect();
        let professional = match &self.health_professional_id {
            Some(id) => Some(id.parse().map_err(|_| damaged("a wrong professional's id"))?),
            None => None,
        };
        Ok(User {
            id: self.user_id.parse().map_err(|_| damaged("a wrong id"))?,
            professional,
            roles: roles.map_err(|_| damaged("an unknown role"))?,
            disabled: self.disabled,
        })
    }
}

/// Failed sign-ins under one name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredFailures {
    pub(crate) at: Vec<String>,
    pub(crate) last: String,
}

/// One session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredFamily {
    pub(crate) user_id: String,
    /// Fingerprint of the token to be shown next.
    pub(crate) current: String,
    /// Fingerprint of the token shown last, and when.
    pub(crate) previous: Option<String>,
    #[serde(with = "instant::option")]
    pub(crate) used: Option<Timestamp>,
    #[serde(with = "instant::text")]
    pub(crate) expires: Timestamp,
    pub(crate) revoked: bool,
}

/// The service's database.
#[derive(Clone)]
pub(crate) struct Documents {
    pub(crate) users: Collection<StoredUser>,
    pub(crate) professionals: Collection<HealthProfessionalV1>,
    pub(crate) failures: Collection<StoredFailures>,
    pub(crate) families: Collection<StoredFamily>,
}

impl Documents {
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            users: store.collection(&USERS),
            professionals: store.collection(&PROFESSIONALS),
            failures: store.collection(&FAILURES),
            families: store.collection(&FAMILIES),
        }
    }

    /// The role of a user's professional; `None` when there is none, or it is gone.
    pub(crate) async fn professional_role(
        &self,
        user: &User,
    ) -> Result<Option<ProfessionalRole>, StoreError> {
        let Some(id) = &user.professional else { return Ok(None) };
        let stored = self.professionals.get(id.as_ref()).await?;
        Ok(stored.map(|stored| stored.document.role.into()))
    }

    /// Removes failures that no longer count, a few at a time.
    pub(crate) async fn sweep_failures(&self, before: Timestamp) -> Result<(), WriteError> {
        let old = Find::all().before("last", instant::write(before)).ascending("last").limit(SWEPT);
        for failures in self.failures.find(&old).await? {
            delete_unchanged(&self.failures, &failures).await?;
        }
        Ok(())
    }

    /// Removes sessions that have ended, a few at a time.
    pub(crate) async fn sweep_families(&self, now: Timestamp) -> Result<(), WriteError> {
        let old = Find::all().before("expires", instant::write(now)).ascending("expires");
        for family in self.families.find(&old.limit(SWEPT)).await? {
            delete_unchanged(&self.families, &family).await?;
        }
        Ok(())
    }

    /// Ends all sessions of a user.
    pub(crate) async fn end_sessions(&self, user_id: &str) -> Result<(), WriteError> {
        for family in self.families.find(&Find::all().eq("userId", user_id)).await? {
            self.families.delete(&family.id, None).await?;
        }
        Ok(())
    }
}

/// Deletes a document unless somebody has just changed it, in which case it is not outdated.
async fn delete_unchanged<T>(
    collection: &Collection<T>,
    seen: &Versioned<T>,
) -> Result<(), WriteError>
where
    T: Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
{
    match collection.delete(&seen.id, Some(seen.version)).await {
        Ok(_) | Err(WriteError::Conflict) => Ok(()),
        Err(err) => Err(err),
    }
}

//! The keys that sign tokens: made at the first start, replaced from time to time, kept in the
//! gateway's own store.
//!
//! The newest key signs. Older ones stay published until the last token that they signed has
//! expired, then they are deleted. Verifiers fetch the keys when they see an id that they do not
//! know, so a new key may sign at once. Key times are the machine's.

use std::sync::{Arc, PoisonError, RwLock};

use chiron_chassis::identity::{KeySet, SignError, Signer};
use chiron_chassis::{hex, machine_now};
use chiron_clock::instant;
use chiron_store::{Collection, CollectionSpec, Find, Store, StoreError, WriteError};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};

use crate::Settings;

/// Signing keys, by key id.
pub(crate) const KEYS: CollectionSpec = CollectionSpec { name: "signing_keys", indexes: &[] };

/// Added to a token's validity before a replaced key is deleted: differences between clocks.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The keys could not be read.
    #[error("the signing keys cannot be read")]
    Read(#[from] StoreError),
    /// A key could not be stored.
    #[error("a signing key cannot be stored")]
    Write(#[from] WriteError),
    /// A key could not be made or used.
    #[error("a signing key cannot be made")]
    Sign(#[from] SignError),
    /// A stored key is not one.
    #[error("signing key {kid} is damaged")]
    Damaged {
        /// The key's id.
        kid: String,
    },
    /// There is none, which [`Keys::open`] prevents.
    #[error("there is no signing key")]
    None,
}

/// A key as stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredKey {
    /// The secret, 64 hexadecimal digits.
    seed: String,
    #[serde(with = "instant::text")]
    created: Timestamp,
}

/// The ring of keys. Cheap to clone; all clones hold one ring.
#[derive(Clone)]
pub(crate) struct Keys(Arc<Ring>);

struct Ring {
    documents: Collection<StoredKey>,
    /// Oldest first; the last one signs.
    signers: RwLock<Vec<(Timestamp, Signer)>>,
    published: KeySet,
    lifetime: SignedDuration,
    kept: SignedDuration,
}

impl Keys {
    /// Reads the keys and makes one when there is none, or the newest is due.
    pub(crate) async fn open(store: &Store, settings: &Settings) -> Result<Self, KeyError> {
        let validity = SignedDuration::from_mins(i64::from(settings.access_token_minutes));
        let ring = Self(Arc::new(Ring {
            documents: store.collection(&KEYS),
            signers: RwLock::default(),
            published: KeySet::new(),
            lifetime: SignedDuration::from_hours(24 * i64::from(settings.key_days)),
            kept: validity + SLACK,
        }));
        let mut signers = Vec::new();
        for stored in ring.0.documents.find(&Find::all()).await? {
            let damaged = || KeyError::Damaged { kid: stored.id.clone() };
            let seed = seed_of(&stored.document.seed).ok_or_else(damaged)?;
            signers.push((stored.document.created, Signer::from_seed(&seed)?));
        }
        signers.sort_by_key(|(created, _)| *created);
        ring.replace(signers);
        ring.rotate().await?;
        Ok(ring)
    }

    /// The public keys, for a guard in this process; kept up to date.
    pub(crate) fn published(&self) -> KeySet {
        self.0.published.clone()
    }

    /// The public keys, for publication.
    pub(crate) fn jwks(&self) -> Vec<Jwk> {
        self.signers().iter().map(|(_, signer)| signer.jwk().clone()).collect()
    }

    /// The key that signs.
    pub(crate) fn signer(&self) -> Result<Signer, KeyError> {
        self.signers().last().map(|(_, signer)| signer.clone()).ok_or(KeyError::None)
    }

    /// Makes a new key when the newest is due, and deletes those that nobody needs any more. Safe
    /// to repeat; if it fails halfway, the next time finishes it.
    pub(crate) async fn rotate(&self) -> Result<(), KeyError> {
        let now = instant::cut(machine_now());
        let mut signers = self.signers();
        let due = signers
            .last()
            .is_none_or(|(created, _)| self.0.lifetime <= now.duration_since(*created));
        if due {
            let seed = Signer::new_seed()?;
            let signer = Signer::from_seed(&seed)?;
            let stored = StoredKey { seed: hex(&seed), created: now };
            self.0.documents.insert(signer.kid(), &stored, Vec::new()).await?;
            tracing::info!(kid = signer.kid(), "new signing key");
            signers.push((now, signer));
            self.replace(signers.clone());
        }
        // A key is needed until what it signed just before its successor came has expired.
        let mut kept = Vec::new();
        let successors = signers.iter().skip(1).map(|(created, _)| Some(*created)).chain([None]);
        for ((created, signer), successor) in signers.iter().zip(successors) {
            if successor.is_some_and(|successor| self.0.kept < now.duration_since(successor)) {
                self.0.documents.delete(signer.kid(), None).await?;
                tracing::info!(kid = signer.kid(), "signing key deleted");
            } else {
                kept.push((*created, signer.clone()));
            }
        }
        self.replace(kept);
        Ok(())
    }

    fn signers(&self) -> Vec<(Timestamp, Signer)> {
        self.0.signers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, signers: Vec<(Timestamp, Signer)>) {
        self.0.published.set(signers.iter().map(|(_, signer)| signer.jwk()));
        *self.0.signers.write().unwrap_or_else(PoisonError::into_inner) = signers;
    }
}

fn seed_of(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn aged(store: &Store, days: i64) {
        let documents: Collection<StoredKey> = store.collection(&KEYS);
        for stored in documents.find(&Find::all()).await.unwrap() {
            let created = stored.document.created - SignedDuration::from_hours(24 * days);
            let older = StoredKey { created, ..stored.document };
            documents.put(&stored.id, &older, Vec::new()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn keys_outlive_the_process_and_are_replaced() {
        let store = Store::in_memory(&[&KEYS]).unwrap();
        let settings = Settings::standard();
        let first = Keys::open(&store, &settings).await.unwrap().signer().unwrap();
        let again = Keys::open(&store, &settings).await.unwrap();
        assert_eq!(again.signer().unwrap().kid(), first.kid());

        aged(&store, 31).await;
        let rotated = Keys::open(&store, &settings).await.unwrap();
        let second = rotated.signer().unwrap();
        assert_ne!(second.kid(), first.kid());
        assert_eq!(rotated.jwks().len(), 2, "tokens of the first are still valid");

        aged(&store, 1).await;
        let later = Keys::open(&store, &settings).await.unwrap();
        assert_eq!(later.signer().unwrap().kid(), second.kid());
        assert_eq!(later.jwks().len(), 1);
    }
}

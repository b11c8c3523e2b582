//! Passwords and tokens as hashes.
//!
//! argon2id with the library's parameters (19 MiB, 2 passes), which are those that OWASP names
//! first (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
//! A refresh token is 256 random bits, for which one SHA-256 is enough.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use chiron_chassis::hex;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// Hashes computed at the same time: each takes 19 MiB and a processor.
const AT_ONCE: usize = 4;
/// Letters and digits that nobody mistakes for each other; 32, so that a random byte picks evenly.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A hash could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// The algorithm refused.
    #[error("argon2 failed: {0}")]
    Argon(argon2::password_hash::Error),
    /// The stored hash is not one.
    #[error("the stored hash is not readable: {0}")]
    Stored(String),
    /// The thread did not come to its end.
    #[error("the hashing thread ended early")]
    Thread(#[from] tokio::task::JoinError),
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    NoRandomness(getrandom::Error),
}

/// Hashes passwords beside the runtime's own threads, a few at a time.
#[derive(Clone)]
pub(crate) struct Hashing {
    slots: Arc<Semaphore>,
    /// What unknown users are verified against, so that they take as long as known ones.
    decoy: Arc<str>,
}

impl Hashing {
    pub(crate) fn new() -> Self {
        // Of a password that nobody has, since it is not 8 to 20 characters long.
        let decoy = "$argon2id$v=19$m=19456,t=2,p=1$Y2hpcm9uLWRlY295LXNhbHQ$\
                     6ZYlzS3n0vO0aZp3q8cXcWmB8Tq3y4cC2cZzv3l1c1Q";
        Self { slots: Arc::new(Semaphore::new(AT_ONCE)), decoy: decoy.into() }
    }

    pub(crate) async fn hash(&self, password: &str) -> Result<String, HashError> {
        let password = password.to_owned();
        self.beside(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(HashError::Argon)
        })
        .await
    }

    /// Whether this is the password; never for `None`, which takes as long.
    pub(crate) async fn verify(
        &self,
        password: &str,
        hash: Option<&str>,
    ) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        self.beside(move || {
            let hash =
                PasswordHash::new(&hash).map_err(|err| HashError::Stored(err.to_string()))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        // The semaphore is never closed; if it were, hashing without a slot would still be right.
        let _slot = self.slots.acquire().await.ok();
        tokio::task::spawn_blocking(work).await?
    }
}

/// Random text of lower-case letters and digits, 5 bits a character.
pub(crate) fn random_text(characters: usize) -> Result<String, HashError> {
    let mut bytes = vec![0_u8; characters];
    getrandom::fill(&mut bytes).map_err(HashError::NoRandomness)?;
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'a');
    Ok(bytes.into_iter().map(|byte| char::from(letter(byte))).collect())
}

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn knows_the_password_again() {
        let hashing = Hashing::new();
        let hash = hashing.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hashing.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!hashing.verify("correct zebra", Some(&hash)).await.unwrap());
        assert!(!hashing.verify("correct horse", None).await.unwrap(), "the decoy is readable");
        assert!(hashing.verify("correct horse", Some("plain")).await.is_err());
        assert_ne!(random_text(16).unwrap(), random_text(16).unwrap());
    }
}

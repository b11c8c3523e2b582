//! Who is asking: signed tokens (`EdDSA` JWT), the keys that prove them, and what a caller may.
//!
//! The gateway signs; every service verifies by itself against the gateway's published keys, so
//! that no request needs a second one. Tokens live by the machine's clock. Verified tokens are
//! remembered until they expire or the keys change: verifying is the dearest part of a short
//! request.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api::Need;
use crate::hex::hex;
use crate::machine;
use crate::problem::Problem;

/// Who signs our tokens (`iss`).
pub const ISSUER: &str = "chiron";
/// Whom our tokens are for (`aud`).
pub const AUDIENCE: &str = "chiron";
/// The cookie that carries a person's access token for the web application.
pub const COOKIE: &str = "chiron_access_token";

/// Difference between machines' clocks that is forgiven, in seconds.
const LEEWAY_S: u64 = 5;
/// Keys older than this are fetched again, so that a withdrawn key is forgotten.
const KEYS_FRESH_FOR: Duration = Duration::from_mins(5);
/// Unknown key ids cause at most one fetch in this time.
const FETCH_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Known keys that are no longer fresh cause at most one fetch in this time.
const RENEW_AT_MOST_EVERY: Duration = Duration::from_secs(30);
/// What stands before the 32 bytes of an Ed25519 secret in PKCS#8 version 1 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Remembered tokens at most; beyond it all are forgotten.
const REMEMBERED: usize = 4_096;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// User id, or the name of a service or device account.
    pub sub: String,
    /// A person's roles; empty for accounts.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Grants of a service or device account, as `row:verb`; empty for people.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Whether the bearer may say when a fact happened (`x-source-time`).
    #[serde(default)]
    pub source_time: bool,
    /// A person's name for display, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// End of validity, in seconds since 1970.
    pub exp: u64,
    /// When it was signed, in seconds since 1970.
    pub iat: u64,
    /// Who signed.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// The token's own id.
    pub jti: String,
}

/// Who makes a request. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// User id, or the name of a service or device account.
    pub subject: String,
    /// A person's roles; empty for accounts.
    pub roles: Vec<String>,
    /// Grants of a service or device account, as `row:verb`; empty for people.
    pub grants: Vec<String>,
    /// Whether the caller may say when a fact happened.
    pub source_time: bool,
    /// A person's name for display, if known.
    pub name: Option<String>,
    /// With identity switched off everybody may everything.
    pub(crate) unchecked: bool,
    /// End of the token's validity, in seconds since 1970; `None` without a token.
    pub(crate) expires: Option<u64>,
}

impl Caller {
    /// Whether the caller has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.unchecked || self.roles.iter().any(|held| held == role)
    }

    /// Whether the caller, a service or a device, has this grant (`row:verb`).
    #[must_use]
    pub fn has_grant(&self, grant: &str) -> bool {
        self.unchecked || self.grants.iter().any(|held| held == grant)
    }

    /// Whether the caller may do what `need` names: by a role, or by the grant.
    #[must_use]
    pub fn may(&self, need: &Need) -> bool {
        self.unchecked
            || self.roles.iter().any(|held| need.roles.contains(&held.as_str()))
            || self.grants.iter().any(|held| need.is_grant(held))
    }

    /// For how long the token still counts, by the machine's clock; `None` when there is no end.
    /// What outlives a request, such as a stream, must not outlive this.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        let now = u64::try_from(machine::now().as_second()).unwrap_or(0);
        self.expires.map(|end| Duration::from_secs(end.saturating_sub(now)))
    }

    /// Whether this is a service or device account, not a person.
    #[must_use]
    pub fn is_account(&self) -> bool {
        !self.grants.is_empty()
    }

    fn anybody() -> Self {
        Self {
            subject: "anonymous".to_owned(),
            roles: Vec::new(),
            grants: Vec::new(),
            source_time: true,
            name: None,
            unchecked: true,
            expires: None,
        }
    }
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        Self {
            subject: claims.sub,
            roles: claims.roles,
            grants: claims.grants,
            source_time: claims.source_time,
            name: claims.name,
            unchecked: false,
            expires: Some(claims.exp),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Arc<Self>>() {
            Some(caller) => Ok(Self::clone(caller)),
            None => Err(Problem::unauthorized()),
        }
    }
}

/// On a public route nobody has to say who they are: `None` there without a valid token.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Arc<Self>>().map(|caller| Self::clone(caller)))
    }
}

/// A key pair that signs tokens. Its `Debug` shows the key id only.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: EncodingKey,
    jwk: Jwk,
}

/// A key could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The operating system has no randomness.
    #[error("no randomness")]
    NoRandomness(getrandom::Error),
    /// The library made another kind of key of it.
    #[error("the signing key is not of Ed25519")]
    NotEd25519,
    /// The token could not be signed, or the key not be published.
    #[error("could not sign")]
    Jwt(#[from] jsonwebtoken::errors::Error),
}

impl Signer {
    /// A new key's secret, to be kept by its owner and given to [`Signer::from_seed`].
    ///
    /// # Errors
    ///
    /// [`SignError::NoRandomness`].
    pub fn new_seed() -> Result<[u8; 32], SignError> {
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(SignError::NoRandomness)?;
        Ok(seed)
    }

    /// The key pair of a secret.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the key cannot be encoded.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SignError> {
        let key = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), seed].concat());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let AlgorithmParameters::OctetKeyPair(public) = &jwk.algorithm else {
            return Err(SignError::NotEd25519);
        };
        let digest = Sha256::digest(public.x.as_bytes());
        let kid = hex(digest.first_chunk::<8>().map_or(&[], |chunk| chunk.as_slice()));
        jwk.common.key_id = Some(kid.clone());
        Ok(Self { kid, key, jwk })
    }

    /// The key id, derived from the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key, for publication.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Signs a token.
    ///
    /// # Errors
    ///
    /// [`SignError::Jwt`].
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The public keys by which tokens are verified, by key id. Cheap to clone; all clones hold one
/// set, so that its owner can rotate keys under a running [`Guard`].
#[derive(Clone, Default)]
pub struct KeySet(Arc<RwLock<HashMap<String, Arc<DecodingKey>>>>);

impl KeySet {
    /// A set without keys: nothing verifies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces all keys. Keys of a kind that we do not use are left out.
    pub fn set<'a>(&self, keys: impl IntoIterator<Item = &'a Jwk>) {
        let mut by_id = HashMap::new();
        for jwk in keys {
            let Some(kid) = &jwk.common.key_id else { continue };
            match DecodingKey::from_jwk(jwk) {
                Ok(key) => {
                    by_id.insert(kid.clone(), Arc::new(key));
                }
                Err(err) => tracing::warn!(kid, error = %err, "published key is not usable"),
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by_id;
    }

    fn find(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(kid).map(Arc::clone)
    }

    fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(keys.keys()).finish()
    }
}

/// Verifies tokens. Cheap to clone; all clones remember the same tokens.
#[derive(Debug, Clone)]
pub struct Guard(Arc<Watch>);

#[derive(Debug)]
struct Watch {
    keys: Keys,
    remembered: Mutex<HashMap<String, Remembered>>,
}

#[derive(Debug)]
enum Keys {
    Off,
    Given(KeySet),
    Fetched { client: reqwest::Client, url: String, set: KeySet, last: tokio::sync::Mutex<Fetches> },
}

#[derive(Debug, Default)]
struct Fetches {
    tried: Option<Instant>,
    succeeded: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Remembered {
    caller: Arc<Caller>,
    kid: Arc<str>,
    expires: u64,
}

/// Why a token does not count.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is malformed, expired, signed by an unknown key, or for somebody else.
    #[error("the token is not valid")]
    Invalid(#[source] Option<jsonwebtoken::errors::Error>),
    /// The keys cannot be fetched now, so that nothing can be said of it.
    #[error("the keys that prove identities cannot be fetched from {url}")]
    NoKeys {
        /// Where the keys are published.
        url: String,
    },
}

impl Guard {
    /// Verifies against keys that somebody else keeps up to date.
    #[must_use]
    pub fn given(keys: KeySet) -> Self {
        Self::new(Keys::Given(keys))
    }

    /// Verifies against the keys published at `url` (a JWK set), fetched when they are first
    /// needed, when a token names an unknown key, and every five minutes.
    #[must_use]
    pub fn fetching(client: reqwest::Client, url: impl Into<String>) -> Self {
        let last = tokio::sync::Mutex::default();
        Self::new(Keys::Fetched { client, url: url.into(), set: KeySet::new(), last })
    }

    /// Lets everybody do everything, for tests of compatibility only: `serve` refuses this on any
    /// listener that is not loopback.
    #[must_use]
    pub fn off() -> Self {
        Self::new(Keys::Off)
    }

    fn new(keys: Keys) -> Self {
        Self(Arc::new(Watch { keys, remembered: Mutex::default() }))
    }

    /// Whether identity is switched off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.0.keys, Keys::Off)
    }

    /// Tells whose token this is. `None` stands for no token.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub async fn verify(&self, token: Option<&str>) -> Result<Arc<Caller>, Refused> {
        if self.is_off() {
            return Ok(Arc::new(Caller::anybody()));
        }
        let Some(token) = token else { return Err(Refused::Invalid(None)) };
        let seconds = u64::try_from(machine::now().as_second()).unwrap_or(0);
        if let Some(remembered) = self.recall(token)
            && seconds < remembered.expires
            && self.key(&remembered.kid).await?.is_some()
        {
            return Ok(remembered.caller);
        }
        let header =
            jsonwebtoken::decode_header(token).map_err(|err| Refused::Invalid(Some(err)))?;
        let Some(kid) = header.kid else { return Err(Refused::Invalid(None)) };
        let Some(key) = self.key(&kid).await? else { return Err(Refused::Invalid(None)) };
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.leeway = LEEWAY_S;
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
            .map_err(|err| Refused::Invalid(Some(err)))?
            .claims;
        let expires = claims.exp;
        let caller = Arc::new(Caller::from(claims));
        self.remember(token, Remembered { caller: Arc::clone(&caller), kid: kid.into(), expires });
        Ok(caller)
    }

    fn recall(&self, token: &str) -> Option<Remembered> {
        self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn remember(&self, token: &str, remembered: Remembered) {
        let mut all = self.0.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if REMEMBERED <= all.len() {
            all.clear();
        }
        all.insert(token.to_owned(), remembered);
    }

    /// The key of this id; a withdrawn key is unknown once the keys were fetched again.
    async fn key(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, Refused> {
        match &self.0.keys {
            Keys::Off => Ok(None),
            Keys::Given(set) => Ok(set.find(kid)),
            Keys::Fetched { client, url, set, last } => {
                let mut found = set.find(kid);
                let mut last = match last.try_lock() {
                    Ok(last) => last,
                    // Somebody is fetching; who knows the key need not wait for that.
                    Err(_busy) if found.is_some() => return Ok(found),
                    Err(_busy) => last.lock().await,
                };
                // Another request may have fetched while this one waited for its turn.
                found = found.or_else(|| set.find(kid));
                let fresh = last.succeeded.is_some_and(|at| at.elapsed() < KEYS_FRESH_FOR);
                let pause = if found.is_some() { RENEW_AT_MOST_EVERY } else { FETCH_AT_MOST_EVERY };
                let just_tried = last.tried.is_some_and(|at| at.elapsed() < pause);
                if (found.is_none() || !fresh) && !just_tried {
                    last.tried = Some(Instant::now());
                    match fetch(client, url).await {
                        Ok(keys) => {
                            set.set(&keys.keys);
                            last.succeeded = Some(Instant::now());
                            found = set.find(kid);
                        }
                        Err(err) => {
                            tracing::warn!(url, error = %crate::chain(&err), "keys could not be fetched");
                            if found.is_none() {
                                return Err(Refused::NoKeys { url: url.clone() });
                            }
                        }
                    }
                }
                if found.is_none() && set.is_empty() {
                    return Err(Refused::NoKeys { url: url.clone() });
                }
                Ok(found)
            }
        }
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<JwkSet, reqwest::Error> {
    let answer = client.get(url).timeout(Duration::from_secs(5)).send().await?;
    answer.error_for_status()?.json().await
}

//! What the gateway says in its tokens.

use std::collections::BTreeSet;
use std::sync::Arc;

use chiron_chassis::identity::{AUDIENCE, Claims, ISSUER};
use chiron_chassis::{hex, machine_now};

use crate::Settings;
use crate::keys::{KeyError, Keys};

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// There is no key, or it does not sign.
    #[error("a token cannot be signed")]
    Key(#[from] KeyError),
    /// The key does not sign.
    #[error("a token cannot be signed")]
    Sign(#[from] chiron_chassis::identity::SignError),
    /// The operating system has no randomness.
    #[error("there is no randomness for a token's id: {0}")]
    NoRandomness(getrandom::Error),
}

/// Makes tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens {
    keys: Keys,
    seconds: u64,
    source_time_users: Arc<BTreeSet<String>>,
}

impl Tokens {
    pub(crate) fn new(keys: Keys, settings: &Settings) -> Self {
        let minutes = settings.access_token_minutes.clamp(1, 1_440);
        let source_time_users = settings.source_time_users.iter().cloned().collect();
        Self {
            keys,
            seconds: u64::from(minutes) * 60,
            source_time_users: Arc::new(source_time_users),
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// How long tokens are valid, in seconds.
    pub(crate) fn seconds(&self) -> u64 {
        self.seconds
    }

    /// A person's token.
    pub(crate) fn person(&self, user_id: &str, roles: Vec<String>) -> Result<String, TokenError> {
        let source_time = self.source_time_users.contains(user_id);
        self.account(user_id, roles, Vec::new(), source_time)
    }

    /// The token of a service or device account.
    pub(crate) fn account(
        &self,
        sub: &str,
        roles: Vec<String>,
        grants: Vec<String>,
        source_time: bool,
    ) -> Result<String, TokenError> {
        let iat = u64::try_from(machine_now().as_second()).unwrap_or(0);
        // Not from the injected ids: how many tokens there are depends on the machine's time, and
        // the block's ids must not.
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).map_err(TokenError::NoRandomness)?;
        let claims = Claims {
            sub: sub.to_owned(),
            roles,
            grants,
            source_time,
            name: None,
            exp: iat + self.seconds,
            iat,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: hex(&id),
        };
        Ok(self.keys.signer()?.sign(&claims)?)
    }
}

//! Service and device accounts: what is not a person signs in with an id and a secret.

use std::collections::HashMap;
use std::sync::Arc;

use chiron_chassis::{Secret, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// An account as configured: a secret, or the hash of one. Secrets are made by machines and long,
/// so that one SHA-256 protects them; a short one is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAccount {
    /// The account's name; becomes the tokens' subject.
    pub id: String,
    /// The secret itself, at least 16 characters.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// Or its SHA-256, as 64 hexadecimal digits.
    #[serde(default)]
    pub secret_sha256: Option<String>,
    /// What the account may do, as `row:verb`.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Roles, for an account that stands for a person's place, such as a wall screen.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether the account may say when a fact happened.
    #[serde(default)]
    pub source_time: bool,
}

/// Why an account is not usable.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Two accounts have one id, or an id is empty.
    #[error("account id {id:?} is empty or used twice")]
    Id {
        /// The id.
        id: String,
    },
    /// There is not exactly one of secret and hash, or it is not long enough.
    #[error("account {id} needs a secret of at least 16 characters, or its SHA-256")]
    Secret {
        /// The id.
        id: String,
    },
    /// A grant is not one.
    #[error("account {id} has a grant that is not `row:verb`: {grant}")]
    Grant {
        /// The id.
        id: String,
        /// As given.
        grant: String,
    },
}

/// The accounts by id. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<HashMap<String, Account>>);

/// An account that has shown its secret.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    fingerprint: String,
    pub(crate) grants: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) source_time: bool,
}

/// The shortest secret.
const SECRET_CHARS: usize = 16;

impl Accounts {
    pub(crate) fn new(clients: Vec<ClientAccount>) -> Result<Self, AccountError> {
        let mut accounts = HashMap::new();
        for client in clients {
            let id = client.id;
            let unusable = || AccountError::Secret { id: id.clone() };
            let fingerprint = match (client.secret, client.secret_sha256) {
                (Some(secret), None) if SECRET_CHARS <= secret.expose().chars().count() => {
                    fingerprint(secret.expose())
                }
                (None, Some(hash)) => {
                    let hash = hash.to_ascii_lowercase();
                    if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                        return Err(unusable());
                    }
                    hash
                }
                _ => return Err(unusable()),
            };
            let is_grant = |grant: &&String| {
                grant.split_once(':').is_some_and(|(row, verb)| !row.is_empty() && !verb.is_empty())
            };
            if let Some(grant) = client.grants.iter().find(|grant| !is_grant(grant)) {
                return Err(AccountError::Grant { id, grant: grant.clone() });
            }
            let (grants, roles) = (client.grants, client.roles);
            let source_time = client.source_time;
            let account = Account { fingerprint, grants, roles, source_time };
            if id.is_empty() || accounts.insert(id.clone(), account).is_some() {
                return Err(AccountError::Id { id });
            }
        }
        Ok(Self(Arc::new(accounts)))
    }

    /// Whether there is an account of this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The account of this id, when this is its secret. Hashes are compared, so the time that it
    /// takes tells nothing about the secret.
    pub(crate) fn verify(&self, id: &str, secret: &str) -> Option<&Account> {
        let shown = fingerprint(secret);
        self.0.get(id).filter(|account| account.fingerprint == shown)
    }
}

fn fingerprint(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> ClientAccount {
        ClientAccount {
            id: id.to_owned(),
            secret: Some(Secret::new("0123456789abcdef")),
            secret_sha256: None,
            grants: vec!["rooms:read".to_owned()],
            roles: Vec::new(),
            source_time: false,
        }
    }

    #[test]
    fn unusable_accounts_are_refused() {
        let check = |accounts: Vec<ClientAccount>, expected: &str| {
            let refused = Accounts::new(accounts).err().map(|err| err.to_string());
            assert_eq!(refused.unwrap_or_default(), expected);
        };
        check(vec![account("a"), account("b")], "");
        check(vec![account("a"), account("a")], "account id \"a\" is empty or used twice");
        check(vec![account("")], "account id \"\" is empty or used twice");
        let secret = "account a needs a secret of at least 16 characters, or its SHA-256";
        check(vec![ClientAccount { secret: None, ..account("a") }], secret);
        check(vec![ClientAccount { secret: Some(Secret::new("short")), ..account("a") }], secret);
        let hash = Some("00".to_owned());
        check(vec![ClientAccount { secret_sha256: hash, ..account("a") }], secret);
        let grants = vec!["everything".to_owned()];
        let expected = "account a has a grant that is not `row:verb`: everything";
        check(vec![ClientAccount { grants, ..account("a") }], expected);
    }

    #[test]
    fn a_hash_serves_as_well() {
        let hash = fingerprint("0123456789abcdef");
        let hashed = ClientAccount { secret: None, secret_sha256: Some(hash), ..account("a") };
        let accounts = Accounts::new(vec![hashed]).unwrap();
        assert!(accounts.verify("a", "0123456789abcdef").is_some());
        assert!(accounts.verify("a", "0123456789abcdeF").is_none());
        assert!(accounts.verify("b", "0123456789abcdef").is_none());
    }
}

//! What one entry says, and how it is sealed.

use std::collections::BTreeMap;

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::audit::canonical::canonical;
use crate::hex::hex;

/// What the first entry has in place of the hash before it: 64 zeros.
pub const FIRST_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Asked for something.
    Read,
    /// Asked that something be changed.
    Change,
    /// Showed a password, a secret or the token of a session.
    SignIn,
    /// Asked for what they may not have: answered 401 or 403.
    Refused,
}

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A user.
    Person,
    /// A service or a device.
    Account,
    /// Nobody who could prove who they are.
    Unknown,
}

/// Who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// User id or account; null for somebody unknown.
    pub id: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// A person's roles at that moment, in the order of the token.
    pub roles: Vec<String>,
}

impl Actor {
    /// Somebody without an identity.
    #[must_use]
    pub fn unknown() -> Self {
        Self { id: None, kind: Kind::Unknown, roles: Vec::new() }
    }
}

/// What happened: an entry before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// Who did it.
    pub actor: Actor,
    /// The HTTP method.
    pub method: String,
    /// The address it came from; null when the request did not come over a network.
    pub peer: Option<String>,
    /// The route, with parameters as `{name}`.
    pub route: String,
    /// The service that was asked.
    pub service: String,
    /// The HTTP status of the answer; null in the entry that precedes a change.
    pub status: Option<u16>,
    /// Whom or what it was about: ids by the name of the parameter that had them. Never from a
    /// body, and never a text that was searched for.
    pub subjects: BTreeMap<String, String>,
    /// The trace id, by which entries of one request and log lines are found; 32 hexadecimal
    /// digits.
    pub trace: Option<String>,
}

/// One entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Its place: from 1, without gaps.
    pub seq: u64,
    /// When it was written, by the product's clock.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The hash of the entry before it; [`FIRST_PREVIOUS`] in the first.
    pub previous: String,
    /// [`hash_of`] this entry.
    pub hash: String,
}

impl Entry {
    /// Puts an event into its place.
    ///
    /// # Errors
    ///
    /// When it has no JSON form, which none lacks.
    pub fn seal(
        event: Event,
        seq: u64,
        time: Timestamp,
        previous: String,
    ) -> Result<Self, serde_json::Error> {
        let mut entry =
            Self { event, seq, time: instant::cut(time), previous, hash: String::new() };
        entry.hash = digest(serde_json::to_value(&entry)?);
        Ok(entry)
    }
}

/// The hash of an entry: SHA-256 over the canonical form ([`fn@canonical`], RFC 8785, UTF-8) of
/// all its members but `hash`, as 64 lower-case hexadecimal digits.
#[must_use]
pub fn hash_of(entry: &Value) -> String {
    digest(entry.clone())
}

fn digest(mut content: Value) -> String {
    if let Value::Object(members) = &mut content {
        members.remove("hash");
    }
    hex(&Sha256::digest(canonical(&content).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An example for somebody who writes a verifier: `docs/audit.md` shows the same.
    #[test]
    fn the_example_of_the_documentation() {
        let event = Event {
            action: Action::Read,
            actor: Actor {
                id: Some("ada".to_owned()),
                kind: Kind::Person,
                roles: vec!["surgeon".to_owned()],
            },
            method: "GET".to_owned(),
            peer: Some("10.0.0.7".to_owned()),
            route: "/api/v1/patients/{taxCode}".to_owned(),
            service: "patient-management-integration".to_owned(),
            status: Some(200),
            subjects: BTreeMap::from([("taxCode".to_owned(), "VRDLCU85T10A562S".to_owned())]),
            trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        };
        let time = instant::parse("2026-05-15T08:10:00.123Z").unwrap();
        let entry = Entry::seal(event, 1, time, FIRST_PREVIOUS.to_owned()).unwrap();
        let mut value = serde_json::to_value(&entry).unwrap();
        value.as_object_mut().unwrap().remove("hash");
        let expected = "{\"action\":\"read\",\
             \"actor\":{\"id\":\"ada\",\"kind\":\"person\",\"roles\":[\"surgeon\"]},\
             \"method\":\"GET\",\"peer\":\"10.0.0.7\",\
             \"previous\":\"0000000000000000000000000000000000000000000000000000000000000000\",\
             \"route\":\"/api/v1/patients/{taxCode}\",\"seq\":1,\
             \"service\":\"patient-management-integration\",\"status\":200,\
             \"subjects\":{\"taxCode\":\"VRDLCU85T10A562S\"},\
             \"time\":\"2026-05-15T08:10:00.123Z\",\
             \"trace\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}";
        assert_eq!(canonical(&value), expected);
        assert_eq!(entry.hash, hex(&Sha256::digest(expected.as_bytes())));
        let page = include_str!("../../../../docs/audit.md");
        assert!(page.contains(expected) && page.contains(&entry.hash), "{}", entry.hash);
        let read: Entry = serde_json::from_value(serde_json::to_value(&entry).unwrap()).unwrap();
        assert_eq!(read, entry);
    }
}

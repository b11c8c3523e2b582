//! What the operator decides about a `MongoDB`, and the one secret among it.

use std::fmt::{self, Debug, Formatter};
use std::time::Duration;

use chiron_broker::Durability;
use serde::Deserialize;

/// Settings of a `MongoDB`'s client, one client per store.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MongoSettings {
    /// Where the servers are, who we are there, TLS, compression: everything that the standard
    /// connection string says. What reads and writes promise is decided here and cannot be changed
    /// by it: writes by a majority, reads of what a majority has, from the primary.
    pub uri: MongoUri,
    /// Stands before the names of databases: letters, digits, `_` and `-`.
    #[serde(default)]
    pub database_prefix: String,
    /// Whether an acknowledged write is in the journals of a majority, or only in their memories.
    #[serde(default = "durable")]
    pub durability: Durability,
    /// Milliseconds until an operation is given up, its own repetitions included; at least 1.
    #[serde(default = "operation_timeout_ms")]
    pub operation_timeout_ms: u64,
    /// Milliseconds to wait for a server that can answer before the operation is given up; at
    /// least 1.
    #[serde(default = "server_selection_timeout_ms")]
    pub server_selection_timeout_ms: u64,
    /// Milliseconds to wait for a connection; at least 1.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Connections of one store at most; at least 1.
    #[serde(default = "max_pool_size")]
    pub max_pool_size: u32,
    /// Milliseconds between two looks of the relay for events that other processes have saved; at
    /// least 1. Those of its own process it learns of at once.
    #[serde(default = "look_every_ms")]
    pub look_every_ms: u64,
}

fn durable() -> Durability {
    Durability::Durable
}

fn operation_timeout_ms() -> u64 {
    10_000
}

fn server_selection_timeout_ms() -> u64 {
    5_000
}

fn connect_timeout_ms() -> u64 {
    5_000
}

fn max_pool_size() -> u32 {
    16
}

fn look_every_ms() -> u64 {
    1_000
}

impl MongoSettings {
    /// No prefix, durable, and the time limits' defaults: 10 s for an operation, 5 s for a server
    /// and for a connection, 16 connections, a look every second.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: MongoUri(uri.into()),
            database_prefix: String::new(),
            durability: durable(),
            operation_timeout_ms: operation_timeout_ms(),
            server_selection_timeout_ms: server_selection_timeout_ms(),
            connect_timeout_ms: connect_timeout_ms(),
            max_pool_size: max_pool_size(),
            look_every_ms: look_every_ms(),
        }
    }

    /// The name of the setting that makes no sense, and what it should be.
    pub(super) fn fault(&self) -> Option<(&'static str, &'static str)> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !self.database_prefix.chars().all(plain) {
            return Some(("database_prefix", "holds letters, digits, _ and - only"));
        }
        let numbers = [
            ("operation_timeout_ms", self.operation_timeout_ms),
            ("server_selection_timeout_ms", self.server_selection_timeout_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("max_pool_size", u64::from(self.max_pool_size)),
            ("look_every_ms", self.look_every_ms),
        ];
        let zero = numbers.into_iter().find(|(_, number)| *number == 0)?;
        Some((zero.0, "is at least 1"))
    }

    pub(super) fn operation_timeout(&self) -> Duration {
        Duration::from_millis(self.operation_timeout_ms)
    }
}

/// A connection string. It may hold a password, so it is shown without who connects and how.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct MongoUri(String);

impl MongoUri {
    /// The whole of it, for the driver alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for MongoUri {
    fn from(uri: String) -> Self {
        Self(uri)
    }
}

impl Debug for MongoUri {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // A password that was not escaped may hold any of these: what stands behind the last `@` is
        // never a part of it.
        let Some((_, hosts)) = rest.rsplit_once('@') else {
            let hosts = rest.split(['/', '?']).next().unwrap_or_default();
            return write!(f, "{scheme}://{hosts}");
        };
        let hosts = hosts.split(['/', '?']).next().unwrap_or_default();
        write!(f, "{scheme}://…@{hosts}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        for uri in [
            "mongodb://ward:geheim@db-1:27017,db-2/x?authSource=admin",
            "mongodb+srv://ward:geheim@db.example",
            "mongodb://ward:ge/heim@db",
            "mongodb://ward:geheim?@db/?tlsCertificateKeyFilePassword=geheim",
            "ward:geheim@db",
        ] {
            let settings = MongoSettings::new(uri);
            let shown = format!("{settings:?}");
            assert!(!shown.contains("heim") && !shown.contains("ward"), "{shown}");
            assert!(shown.contains("db"), "{shown}");
        }
        let shown =
            format!("{:?}", MongoSettings::new("mongodb://db/?tlsCertificateKeyFilePassword=x"));
        assert!(shown.contains("mongodb://db,"), "{shown}");
    }

    #[test]
    fn unknown_keys_and_numbers_without_sense_are_refused() {
        let read = |text: &str| serde_json::from_str::<MongoSettings>(text);
        let settings = read(r#"{"uri": "mongodb://db"}"#).unwrap();
        assert_eq!(settings.fault(), None);
        assert_eq!(settings.operation_timeout_ms, 10_000);
        assert!(read("{}").is_err());
        assert!(read(r#"{"uri": "mongodb://db", "user": "x"}"#).is_err());
        let zero = read(r#"{"uri": "mongodb://db", "max_pool_size": 0}"#).unwrap();
        assert_eq!(zero.fault(), Some(("max_pool_size", "is at least 1")));
        let prefix = read(r#"{"uri": "mongodb://db", "database_prefix": "a.b"}"#).unwrap();
        assert!(prefix.fault().is_some());
    }
}

//! What can be configured, and the rules that follow.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hl7_gateway_domain::character_set::CharacterSet;
use hl7_gateway_domain::request::Conventions;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::peers::Network;

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether messages are let in.
    pub enabled: bool,
    /// The address on which they are. The protocol has neither identity nor encryption: beyond this
    /// machine it belongs into a tunnel, and `peers` have to be named.
    pub host: IpAddr,
    /// Addresses or networks from which messages are taken; from anywhere when there are none.
    pub peers: Vec<String>,
    /// Senders whose messages are taken; anybody's when there are none.
    pub senders: Vec<Sender>,
    /// Processing ids (MSH-11) that are taken.
    pub processing_ids: Vec<String>,
    /// The character set of messages that name none (MSH-18): `ASCII`, `8859/1` or `UNICODE UTF-8`.
    pub character_set: String,
    /// Types of identifier (PID-3.5) that are tax codes.
    pub tax_code_types: Vec<String>,
    /// Types of identifier that name a patient in the block.
    pub patient_id_types: Vec<String>,
    /// Roles (AIP-4) of who is responsible for a surgery.
    pub surgeon_roles: Vec<String>,
    /// The block's types of surgery by service code (AIS-3.1).
    pub surgery_types: BTreeMap<String, String>,
    /// The block's rooms by the hospital's (AIL-3).
    pub rooms: BTreeMap<String, String>,
    /// The block's professionals by the hospital's (AIP-3.1).
    pub professionals: BTreeMap<String, String>,
    /// How long a connection may be silent, in seconds.
    pub idle_seconds: u32,
    /// How long messages and their answers are remembered, in days.
    pub keep_days: u32,
    /// How many messages that were not accepted are kept; the oldest go first.
    pub keep_bad: u32,
}

/// Who sends; what is left out may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sender {
    /// MSH-3.1.
    pub application: Option<String>,
    /// MSH-4.1.
    pub facility: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            enabled: true,
            host: IpAddr::from([127, 0, 0, 1]),
            peers: Vec::new(),
            senders: Vec::new(),
            processing_ids: texts(&["P"]),
            character_set: CharacterSet::Utf8.to_string(),
            tax_code_types: texts(&["NNITA", "TAX"]),
            patient_id_types: texts(&["PI", "MR"]),
            surgeon_roles: texts(&["SURGEON", "PRIMARY SURGEON", "SURG"]),
            surgery_types: BTreeMap::new(),
            rooms: BTreeMap::new(),
            professionals: BTreeMap::new(),
            idle_seconds: 3_600,
            keep_days: 30,
            keep_bad: 10_000,
        }
    }
}

/// Why settings cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A value is wrong.
    #[error("hl7.{key} {reason}")]
    Invalid {
        /// The setting.
        key: &'static str,
        /// What is expected.
        reason: String,
    },
    /// Everybody who reaches the machine could change patients.
    #[error("HL7 messages are taken on {address} from anywhere: name hl7.peers")]
    Exposed {
        /// Where.
        address: SocketAddr,
    },
}

/// How long and how much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    pub(crate) time: SignedDuration,
    pub(crate) bad: usize,
}

/// What follows from the settings.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) peers: Vec<Network>,
    pub(crate) senders: Vec<Sender>,
    pub(crate) processing: Vec<String>,
    pub(crate) character_set: CharacterSet,
    pub(crate) conventions: Conventions,
    pub(crate) idle: Duration,
    pub(crate) keep: Keep,
}

impl Settings {
    pub(crate) fn rules(self, zone: TimeZone) -> Result<Rules, SettingsError> {
        let invalid = |key, reason: String| SettingsError::Invalid { key, reason };
        let character_set = self
            .character_set
            .parse()
            .map_err(|error| invalid("character_set", format!("{error}")))?;
        let peers = self.peers.iter().map(|peer| peer.parse());
        let peers = peers
            .collect::<Result<_, _>>()
            .map_err(|error| invalid("peers", format!("{error}")))?;
        for (key, number) in [("idle_seconds", self.idle_seconds), ("keep_days", self.keep_days)] {
            if number == 0 {
                return Err(invalid(key, "must be above 0".to_owned()));
            }
        }
        Ok(Rules {
            peers,
            senders: self.senders,
            processing: self.processing_ids,
            character_set,
            conventions: Conventions {
                zone,
                tax_code_types: self.tax_code_types,
                patient_id_types: self.patient_id_types,
                surgeon_roles: self.surgeon_roles,
                surgery_types: self.surgery_types,
                rooms: self.rooms,
                professionals: self.professionals,
            },
            idle: Duration::from_secs(self.idle_seconds.into()),
            keep: Keep {
                time: SignedDuration::from_hours(24 * i64::from(self.keep_days)),
                bad: usize::try_from(self.keep_bad).unwrap_or(usize::MAX),
            },
        })
    }
}

impl Rules {
    /// Whether a sender's messages are taken.
    pub(crate) fn takes(&self, application: &str, facility: &str) -> bool {
        let fits = |wanted: &Option<String>, given: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == given)
        };
        let known = |sender: &Sender| {
            fits(&sender.application, application) && fits(&sender.facility, facility)
        };
        self.senders.is_empty() || self.senders.iter().any(known)
    }
}

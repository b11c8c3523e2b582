//! What injected faults excuse.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use crate::journal::{Journal, instant};

/// How long after a fault its consequences are excused: the longest wait before a command that
/// failed is given again.
pub(super) const RECOVERY: SignedDuration = SignedDuration::from_mins(15);

/// Room, actuator, from, until.
pub(super) type Span = (Option<String>, Option<String>, Timestamp, Timestamp);

/// When what an actuator does is not held against anybody.
pub(super) struct Faults {
    /// No room and no actuator: `anywhere`.
    pub(super) spans: Vec<Span>,
    pub(super) anywhere: bool,
}

impl Faults {
    pub(super) fn of(journal: &Journal) -> Result<Self> {
        let (mut spans, mut anywhere) = (Vec::new(), false);
        for fault in journal.of("fault") {
            let (room, actuator) = (fault.option("roomId"), fault.option("actuatorId"));
            let until = instant(fault.text("until"))? + RECOVERY;
            anywhere |= room.is_none() && actuator.is_none();
            spans.push((room, actuator, instant(fault.text("from"))?, until));
        }
        Ok(Self { spans, anywhere })
    }

    /// The faults of the room or of one of these actuators.
    fn of_these<'a>(
        &'a self,
        room: &'a str,
        actuators: &'a [&'a str],
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'a {
        let here = move |span: &&Span| match (&span.0, &span.1) {
            (_, Some(actuator)) => actuators.contains(&actuator.as_str()),
            (Some(fault_room), None) => fault_room == room,
            (None, None) => true,
        };
        self.spans.iter().filter(here).map(|span| (span.2, span.3))
    }

    /// Whether the room or one of its actuators is excused at an instant.
    pub(super) fn excuse(&self, room: &str, actuators: &[&str], t: Timestamp) -> bool {
        self.of_these(room, actuators).any(|(from, until)| from <= t && t <= until)
    }

    /// Whether it ever is.
    pub(super) fn ever(&self, room: &str, actuators: &[&str]) -> bool {
        self.of_these(room, actuators).next().is_some()
    }
}

/// The actuators for which a fault of one of them counts: what is opposite waits for the other.
pub(super) fn lane<'a>(actuators: &BTreeMap<&'a str, &'a str>, actuator: &'a str) -> Vec<&'a str> {
    let opposites = ["heating", "cooling"];
    match actuators.get(actuator) {
        Some(kind) if opposites.contains(kind) => {
            let of = actuators.iter().filter(|(_, kind)| opposites.contains(kind));
            of.map(|(id, _)| *id).collect()
        }
        _ => vec![actuator],
    }
}

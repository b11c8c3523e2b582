//! Who may read what through the gateway: the rows of the matrix of identities that it serves.
//!
//! The services behind ask again, in the name of the same person; what is said here keeps the
//! gateway from composing what somebody may not see.

use chiron_chassis::{Caller, Need};

/// Rooms and what was measured in them.
pub(crate) const ROOMS: Need = Need::new(
    "rooms",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "admin", "display"],
);
/// Processes and where their patients are.
pub(crate) const PROCESSES: Need = Need::new(
    "processes",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
);
/// Where professionals are; wall screens get counts.
pub(crate) const POSITIONS: Need = Need::new(
    "positions",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
);
/// Reports.
pub(crate) const REPORTS: Need =
    Need::new("reports", "read", &["surgeon", "nurse", "anesthetist", "block-manager"]);
/// Adding a text to a report.
pub(crate) const ADD_TO_REPORT: Need =
    Need::new("reports", "add", &["surgeon", "nurse", "anesthetist"]);
/// What the automation proposes and what became of it.
pub(crate) const AUTOMATION: Need = Need::new(
    "automation",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer"],
);
/// What became of commands: what was pressed is part of a process's history.
pub(crate) const OUTCOMES: Need =
    Need::new("commands", "read", &["surgeon", "nurse", "anesthetist", "block-manager"]);
/// Who presses buttons in a room.
pub(crate) const COMMAND: Need =
    Need::new("commands", "write", &["surgeon", "nurse", "anesthetist"]);
/// Live streams: everybody who may read some kind of event; each event is asked for by itself.
pub(crate) const LIVE: Need = Need::new("live", "read", EVERYBODY);
/// The way to the services behind, which ask for themselves.
pub(crate) const SERVICES: Need = Need::new("services", "use", EVERYBODY);

const EVERYBODY: &[&str] =
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin", "display"];

/// Whether the caller is a wall screen and nothing else: it gets codes, and no names.
pub(crate) fn is_display(caller: &Caller) -> bool {
    !caller.roles.is_empty() && caller.roles.iter().all(|role| role == "display")
}

//! Who may read what through the gateway: the rows of the matrix of identities that it serves.
//!
//! The services behind ask again, in the name of the same person; what is said here keeps the
//! gateway from composing what somebody may not see.

use chiron_chassis::audit::Recorded;
use chiron_chassis::{Caller, Need};

/// Rooms and what was measured in them.
pub(crate) const ROOMS: Need = Need::new(
    "rooms",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "admin", "display"],
);
/// Processes and where their patients are. The service behind records who reads them; here it is
/// recorded who may not, since nobody behind is asked then. The same holds for what follows.
pub(crate) const PROCESSES: Need = Need::new(
    "processes",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
)
.recorded(Recorded::Refusals);
/// What patients are called where everybody sees it. A code tells nothing of a person.
pub(crate) const CODES: Need = Need::new(
    "patient-codes",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
);
/// Where professionals are; wall screens get counts.
pub(crate) const POSITIONS: Need = Need::new(
    "positions",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "display"],
)
.recorded(Recorded::Refusals);
/// Reports.
pub(crate) const REPORTS: Need =
    Need::new("reports", "read", &["surgeon", "nurse", "anesthetist", "block-manager"])
        .recorded(Recorded::Refusals);
/// Adding a text to a report.
pub(crate) const ADD_TO_REPORT: Need =
    Need::new("reports", "add", &["surgeon", "nurse", "anesthetist"]).recorded(Recorded::Refusals);
/// What the automation proposes and what became of it.
pub(crate) const AUTOMATION: Need = Need::new(
    "automation",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer"],
);
/// What became of commands: what was pressed is part of a process's history.
pub(crate) const OUTCOMES: Need =
    Need::new("commands", "read", &["surgeon", "nurse", "anesthetist", "block-manager"]);
/// Who sets the lights of a room.
pub(crate) const LIGHTS: Need =
    Need::new("commands", "write", &["surgeon", "nurse", "anesthetist"]);
/// Who presses the buttons that steer a surgery: they change a patient's process.
pub(crate) const COMMAND: Need = LIGHTS.recorded(Recorded::Always);
/// Live streams: everybody who may read some kind of event; each event is asked for by itself.
/// Recorded when a stream begins, since nobody behind is asked for what it tells.
pub(crate) const LIVE: Need = Need::new("live", "read", EVERYBODY).recorded(Recorded::Always);
/// How the dashboards are set up.
pub(crate) const DASHBOARDS: Need = Need::new("dashboards", "read", EVERYBODY);
/// The way to the services behind, which ask and record for themselves.
pub(crate) const SERVICES: Need =
    Need::new("services", "use", EVERYBODY).recorded(Recorded::Refusals);
/// The audit trail.
pub(crate) const AUDIT: Need = Need::new("audit", "read", &["admin"]).recorded(Recorded::Always);

const EVERYBODY: &[&str] =
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin", "display"];

/// Whether the caller is a wall screen and nothing else: it gets codes, and no names.
pub(crate) fn is_display(caller: &Caller) -> bool {
    !caller.roles.is_empty() && caller.roles.iter().all(|role| role == "display")
}

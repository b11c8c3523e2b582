//! What holds of a room's commands whatever is said of the room and whatever becomes of them.

use std::collections::BTreeSet;

use crate::{
    actuator::{Actuator, Setting},
    command::{Decision, Progress},
    room::Room,
};

/// A name and its rule: `true` when it holds.
pub type Invariant = (&'static str, fn(&Room) -> bool);

/// All invariants of one room.
pub const ALL: [Invariant; 2] = [
    ("an actuator has one command under way at most", one_under_way),
    ("commands have ids of their own", ids_unique),
];

/// The names of the invariants that do not hold.
pub fn violated(room: &Room) -> Vec<&'static str> {
    ALL.iter().filter(|(_, holds)| !holds(room)).map(|(name, _)| *name).collect()
}

/// An actuator has one command under way at most.
pub fn one_under_way(room: &Room) -> bool {
    let mut busy = BTreeSet::new();
    let open = room.decisions.iter().filter(|decision| decision.is_open());
    open.map(|decision| decision.actuator).all(|actuator| busy.insert(actuator))
}

/// No two commands of a room have one id.
pub fn ids_unique(room: &Room) -> bool {
    let mut ids = BTreeSet::new();
    room.decisions.iter().all(|decision| ids.insert(&decision.id))
}

/// A command has at most one outcome: of a command as it was and as it is.
pub fn one_outcome(before: &Decision, after: &Decision) -> bool {
    match before.progress {
        Progress::Ended(..) => before.progress == after.progress,
        Progress::Due(_) | Progress::Sending(_) | Progress::Unconfirmed(_) => true,
    }
}

/// Heating and cooling of one room are never on together: of what actuators are really set to.
pub fn never_both(settings: impl IntoIterator<Item = (Actuator, Setting)>) -> bool {
    let on = settings.into_iter().filter(|(actuator, setting)| {
        matches!(actuator, Actuator::Heating | Actuator::Cooling) && !setting.is_off()
    });
    on.count() < 2
}

//! A room, as the fold of what is said of it.
//!
//! Of every source the newest fact by event time counts, so repeats and late deliveries change
//! nothing. Facts of different sources (a usage and a wish) count in the order in which they come.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    actuator::{Actuator, Shadow},
    command::{Decision, Hold},
    id::{ProcessId, RoomId, TechnologyId},
    policy::{Lights, RoomKind, Technology},
};

/// Clocks of the hospital differ by at most this much.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);
/// How long an ended surgery is remembered, so that late news of it change nothing.
const MEMORY_OF_SURGERIES: SignedDuration = SignedDuration::from_hours(24);

/// When something was so, and the event that says it, which orders facts of one instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// The event's id.
    pub event: String,
}

/// A value and when it was so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample<T> {
    /// The value.
    pub value: T,
    /// When.
    pub stamp: Stamp,
}

/// Whether somebody is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vacancy {
    /// Somebody is, or nobody ever said.
    Occupied,
    /// Nobody is since then.
    EmptySince(Timestamp),
    /// It is in standby since then.
    Standby(Timestamp),
}

/// Use of one technology in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Its kind.
    pub kind: Technology,
    /// Whether it is used, by the newest word.
    pub in_use: Sample<bool>,
}

/// A surgical process that is or was in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surgery {
    /// The version of the process that said so.
    pub version: u64,
    /// Whether it is being operated here.
    pub in_progress: bool,
    /// When that was said to be so.
    pub at: Timestamp,
}

/// A room and what is under way in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// The room.
    pub id: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// In °C.
    pub temperature: Option<Sample<f64>>,
    /// In percent.
    pub humidity: Option<Sample<f64>>,
    /// In lux.
    pub luminosity: Option<Sample<f64>>,
    /// Whether somebody was seen.
    pub presence: Option<Sample<bool>>,
    /// What follows from it.
    pub vacancy: Vacancy,
    /// Technologies that were ever used here.
    pub usages: BTreeMap<TechnologyId, Usage>,
    /// Types whose scenario the team asked for, while the type is in use.
    pub supported: BTreeMap<Technology, Stamp>,
    /// The newest word on light by hand; `None` inside when it was stopped.
    pub custom: Option<Sample<Option<Lights>>>,
    /// Processes in surgery here, and those that were lately.
    pub surgeries: BTreeMap<ProcessId, Surgery>,
    /// What twins say of the actuators.
    pub actuators: BTreeMap<Actuator, Shadow>,
    /// Commands that failed and are not to be repeated at once.
    pub holds: BTreeMap<Actuator, Hold>,
    /// Commands under way, and ended ones that have not been shown yet; oldest first.
    pub decisions: Vec<Decision>,
}

impl Room {
    /// A room of which nothing is known.
    pub fn new(id: RoomId, kind: RoomKind) -> Self {
        Self {
            id,
            kind,
            temperature: None,
            humidity: None,
            luminosity: None,
            presence: None,
            vacancy: Vacancy::Occupied,
            usages: BTreeMap::new(),
            supported: BTreeMap::new(),
            custom: None,
            surgeries: BTreeMap::new(),
            actuators: BTreeMap::new(),
            holds: BTreeMap::new(),
            decisions: Vec::new(),
        }
    }

    /// Since when a technology of this type is in use; `None` when none is.
    pub fn in_use_since(&self, kind: Technology) -> Option<Timestamp> {
        self.usages
            .values()
            .filter(|usage| usage.kind == kind && usage.in_use.value)
            .map(|usage| usage.in_use.stamp.at)
            .min()
    }

    /// Whether a surgery is in progress.
    pub fn is_operated_in(&self) -> bool {
        self.surgeries.values().any(|surgery| surgery.in_progress)
    }

    /// The lights that were set by hand and are still to be.
    pub fn custom_light(&self) -> Option<Lights> {
        self.custom.as_ref()?.value
    }

    /// Takes news of a process. Older versions change nothing.
    pub(crate) fn note_surgery(&mut self, process: &ProcessId, news: Surgery) {
        match self.surgeries.get(process) {
            None if !news.in_progress => return,
            Some(known) if news.version < known.version => return,
            None | Some(_) => {}
        }
        self.surgeries.insert(process.clone(), news);
        let forget = news.at.saturating_sub(MEMORY_OF_SURGERIES).unwrap_or(Timestamp::MIN);
        self.surgeries.retain(|_, surgery| surgery.in_progress || forget <= surgery.at);
    }
}

/// Keeps the newer of two samples; whether that is the new one.
pub(crate) fn keep_newest<T>(known: &mut Option<Sample<T>>, value: T, stamp: &Stamp) -> bool {
    let newer = known.as_ref().is_none_or(|known| known.stamp < *stamp);
    if newer {
        *known = Some(Sample { value, stamp: stamp.clone() });
    }
    newer
}

//! Commands: decided once, sent until they are confirmed or given up, and kept with their reasons.
//!
//! A command is confirmed by the actuator's twin and by nothing else: an answer to a request says
//! that somebody took it, not that a lamp shines. So what an actuator is believed to be set to is
//! what its twin says, and a failed command leaves no belief behind.

use jiff::{SignedDuration, Timestamp};

use crate::{
    actuator::{Actuator, Setting, Shadow},
    id::ActuatorId,
    reaction::{Effect, Moment},
    regulation::{Rule, Wish},
    room::{Room, Stamp},
    target::Target,
};

/// How often a command is sent at most.
pub const MAX_ATTEMPTS: u32 = 5;
/// For how long a command that failed is not decided again, at first; doubled with each failure.
pub const SHORTEST_HOLD: SignedDuration = SignedDuration::from_mins(1);
/// The longest such hold.
pub const LONGEST_HOLD: SignedDuration = SignedDuration::from_mins(15);

/// What made the automation look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A measurement of the quantity.
    Measurement,
    /// Somebody came, or went.
    Presence,
    /// A room was empty for long enough.
    StandbyTimer,
    /// A technology is used, or no longer.
    TechnologyUsage,
    /// The team asked for a technology's scenario.
    TechnologyRequest,
    /// Somebody set the lights by hand, or stopped that.
    CustomLight,
    /// A surgery began or ended.
    Surgery,
}

/// What a command follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its kind.
    pub trigger: Trigger,
    /// When, and the event that says it.
    pub stamp: Stamp,
}

/// A command and why it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Room, cause and actuator; one cause gives one command to an actuator at most.
    pub id: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// What it follows from.
    pub cause: Cause,
    /// By which rule.
    pub rule: Rule,
    /// What was measured, and when; `None` where the rule asks for no measurement.
    pub measured: Option<(f64, Timestamp)>,
    /// What the actuator's twin said; `None` when it had said nothing.
    pub found: Option<Setting>,
    /// What was wanted, and by whom.
    pub target: Target,
    /// Which actuator.
    pub actuator: Actuator,
    /// Its id, once found.
    pub actuator_id: Option<ActuatorId>,
    /// What it is to be set to.
    pub setting: Setting,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last sent and taken; `None` before.
    pub sent_at: Option<Timestamp>,
    /// Why the last attempt failed; `None` when none did.
    pub trouble: Option<Trouble>,
    /// How far it has come.
    pub progress: Progress,
    /// Whether readers of the history see it as it is now.
    pub shown: bool,
}

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// To be sent at that instant.
    Due(Timestamp),
    /// Being sent since then; after a crash it is sent again, which changes nothing.
    Sending(Timestamp),
    /// Taken; the twin is to say so until then.
    Unconfirmed(Timestamp),
    /// It has come to its end.
    Ended(Outcome, Timestamp),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The twin says what was commanded.
    Confirmed,
    /// Given up; the trouble says why.
    Failed,
    /// Another command to the same actuator took its place.
    Superseded,
    /// It waited too long to be right still.
    Expired,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The room has no such actuator.
    NoActuator,
    /// The twin layer does not answer.
    NoTwinLayer,
    /// The directory does not answer.
    NoDirectory,
    /// The directory does not know the actuator.
    NoDescription,
    /// The description cannot be read, or has no form that can be followed.
    BadDescription,
    /// The actuator's gateway does not answer.
    NoGateway,
    /// The gateway refused.
    Refused,
    /// It was taken, and the twin does not say so.
    NotConfirmed,
    /// The opposite actuator could not be switched off.
    OppositeStillOn,
}

impl Trouble {
    /// Whether another try may help.
    fn may_pass(self) -> bool {
        match self {
            Self::NoTwinLayer
            | Self::NoDirectory
            | Self::NoDescription
            | Self::NoGateway
            | Self::Refused
            | Self::NotConfirmed => true,
            Self::NoActuator | Self::BadDescription | Self::OppositeStillOn => false,
        }
    }
}

/// A command that failed, and is not to be decided again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// What was commanded.
    pub setting: Setting,
    /// Until when.
    pub until: Timestamp,
    /// How often in a row commands to the actuator failed.
    pub failures: u32,
}

impl Decision {
    /// Whether it has not come to its end.
    pub fn is_open(&self) -> bool {
        !matches!(self.progress, Progress::Ended(..))
    }

    /// When something is to be done about it; `None` once it has ended.
    fn due(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Due(at) | Progress::Sending(at) | Progress::Unconfirmed(at) => Some(at),
            Progress::Ended(..) => None,
        }
    }

    fn go(&mut self, progress: Progress) {
        self.progress = progress;
        self.shown = false;
    }
}

impl Room {
    /// What the actuator's twin says it is set to; `None` when it has said nothing.
    pub fn found(&self, actuator: Actuator) -> Option<Setting> {
        self.actuators.get(&actuator)?.setting.as_ref().map(|(setting, _)| *setting)
    }

    /// What the actuator will be set to once commands under way have come to their end.
    pub fn expected(&self, actuator: Actuator) -> Option<Setting> {
        match self.open(actuator) {
            Some(decision) => Some(decision.setting),
            None => self.found(actuator),
        }
    }

    fn open(&self, actuator: Actuator) -> Option<&Decision> {
        self.decisions.iter().find(|it| it.actuator == actuator && it.is_open())
    }

    /// Whether the actuator is or will be on.
    pub(crate) fn will_be_on(&self, actuator: Actuator) -> bool {
        self.expected(actuator).is_some_and(|setting| !setting.is_off())
    }

    /// Turns a wish into a command, unless that would change nothing: when one is under way or
    /// the twin says so already, or when it has just failed.
    pub(crate) fn decide(
        &mut self,
        wish: Wish,
        target: Target,
        measured: Option<(f64, Timestamp)>,
        cause: &Cause,
        moment: Moment,
    ) {
        let Wish { actuator, setting, rule } = wish;
        let found = self.found(actuator);
        if let Some(open) =
            self.decisions.iter_mut().find(|it| it.actuator == actuator && it.is_open())
        {
            if open.setting == setting {
                return;
            }
            let never_sent = open.attempts == 0;
            open.go(Progress::Ended(Outcome::Superseded, moment.now));
            let nothing_to_undo = match found {
                Some(found) => found == setting,
                None => !actuator.is_dimmable() && setting.is_off(),
            };
            if never_sent && nothing_to_undo {
                return;
            }
        } else if found == Some(setting) {
            return;
        }
        if self
            .holds
            .get(&actuator)
            .is_some_and(|it| it.setting == setting && moment.now < it.until)
        {
            return;
        }
        self.decisions.push(Decision {
            id: format!("{}/{}/{actuator:?}", self.id, cause.stamp.event),
            decided_at: moment.now,
            cause: cause.clone(),
            rule,
            measured,
            found,
            target,
            actuator,
            actuator_id: None,
            setting,
            attempts: 0,
            sent_at: None,
            trouble: None,
            progress: Progress::Due(moment.now),
            shown: false,
        });
    }

    /// The commands about which something is to be done now: the first of each lane, if it is due.
    pub fn to_be_seen_to(&self, now: Timestamp) -> Vec<&Decision> {
        let mut firsts: Vec<&Decision> = Vec::new();
        for decision in self.decisions.iter().filter(|decision| decision.is_open()) {
            let lane = decision.actuator.lane();
            if firsts.iter().all(|first| first.actuator.lane() != lane) {
                firsts.push(decision);
            }
        }
        firsts.retain(|first| first.due().is_some_and(|due| due <= now));
        firsts
    }

    /// When something is to be done about a command next; `None` when nothing is under way.
    pub(crate) fn command_due(&self) -> Option<Timestamp> {
        self.decisions.iter().filter_map(Decision::due).min()
    }

    /// Notes that a command is being sent, and to which actuator if there is one. `false` when it
    /// is not to be sent any more: another took its place, or it has waited too long.
    pub fn begin(
        &mut self,
        id: &str,
        to: Option<&ActuatorId>,
        moment: Moment,
    ) -> (bool, Vec<Effect>) {
        let Some(decision) = self.decisions.iter_mut().find(|it| it.id == id && it.is_open())
        else {
            return (false, Vec::new());
        };
        let overdue = decision.due().is_some_and(|due| !moment.is_fresh(due));
        if overdue {
            return (false, self.end(id, Outcome::Expired, None, moment.now));
        }
        decision.attempts += 1;
        decision.go(Progress::Sending(moment.now));
        if let Some(to) = to {
            decision.actuator_id = Some(to.clone());
            let actuator = decision.actuator;
            if self.actuators.get(&actuator).is_none_or(|shadow| shadow.id != *to) {
                // Another one: what the former was set to says nothing of it.
                let shadow = Shadow { id: to.clone(), setting: None };
                self.actuators.insert(actuator, shadow);
            }
        }
        (true, Vec::new())
    }

    /// Notes that a command was taken. It is confirmed at once when the twin was faster than the
    /// answer.
    pub fn sent(&mut self, id: &str, now: Timestamp, confirm_by: Timestamp) -> Vec<Effect> {
        let Some(decision) = self.decisions.iter_mut().find(|it| it.id == id && it.is_open())
        else {
            return Vec::new();
        };
        decision.sent_at = Some(now);
        decision.go(Progress::Unconfirmed(confirm_by));
        let (actuator, setting) = (decision.actuator, decision.setting);
        if self.found(actuator) == Some(setting) {
            return self.end(id, Outcome::Confirmed, None, now);
        }
        Vec::new()
    }

    /// Notes that an attempt failed: the command is sent again at `again`, unless that cannot help,
    /// it was tried often enough, or it has waited too long.
    pub fn failed(
        &mut self,
        id: &str,
        trouble: Trouble,
        moment: Moment,
        again: Timestamp,
    ) -> Vec<Effect> {
        let now = moment.now;
        let Some(decision) = self.decisions.iter_mut().find(|it| it.id == id && it.is_open())
        else {
            return Vec::new();
        };
        decision.trouble = Some(trouble);
        if decision.due().is_some_and(|due| !moment.is_fresh(due)) {
            return self.end(id, Outcome::Expired, None, now);
        }
        if trouble.may_pass() && decision.attempts < MAX_ATTEMPTS {
            decision.go(Progress::Due(again));
            return Vec::new();
        }
        self.end(id, Outcome::Failed, Some(trouble), now)
    }

    /// Takes what a twin says of an actuator; the newest word of one actuator of a kind counts. A
    /// command that says the same is confirmed by it.
    pub(crate) fn take_shadow(
        &mut self,
        actuator: Actuator,
        id: &ActuatorId,
        setting: Setting,
        stamp: &Stamp,
        now: Timestamp,
    ) -> Vec<Effect> {
        let shadow = self
            .actuators
            .entry(actuator)
            .or_insert_with(|| Shadow { id: id.clone(), setting: None });
        let newer = shadow.setting.as_ref().is_none_or(|(_, known)| known < stamp);
        if shadow.id != *id || !newer {
            return Vec::new();
        }
        let changed = shadow.setting.as_ref().is_none_or(|(known, _)| *known != setting);
        shadow.setting = Some((setting, stamp.clone()));
        if changed {
            // It moves: what failed before may succeed now.
            self.holds.remove(&actuator);
        }
        let confirmed = self.open(actuator).filter(|open| {
            open.setting == setting && matches!(open.progress, Progress::Unconfirmed(_))
        });
        match confirmed.map(|open| open.id.clone()) {
            Some(id) => self.end(&id, Outcome::Confirmed, None, now),
            None => Vec::new(),
        }
    }

    /// Forgets an actuator that was taken out of the room.
    pub(crate) fn drop_actuator(&mut self, id: &ActuatorId) {
        self.actuators.retain(|_, shadow| shadow.id != *id);
    }

    fn end(
        &mut self,
        id: &str,
        outcome: Outcome,
        trouble: Option<Trouble>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(decision) = self.decisions.iter_mut().find(|it| it.id == id) else {
            return Vec::new();
        };
        decision.trouble = trouble.or(decision.trouble);
        decision.go(Progress::Ended(outcome, now));
        let ended = decision.clone();
        let (actuator, setting) = (ended.actuator, ended.setting);
        let mut effects = vec![Effect::Ended(Box::new(ended))];
        match outcome {
            Outcome::Confirmed => {
                self.holds.remove(&actuator);
            }
            Outcome::Failed => {
                let failures = self.holds.get(&actuator).map_or(0, |hold| hold.failures);
                let hold = SHORTEST_HOLD
                    .checked_mul(1_i32 << failures.min(4))
                    .unwrap_or(LONGEST_HOLD)
                    .min(LONGEST_HOLD);
                let until = now.saturating_add(hold).unwrap_or(Timestamp::MAX);
                self.holds.insert(actuator, Hold { setting, until, failures: failures + 1 });
                if trouble == Some(Trouble::NoActuator) {
                    self.actuators.remove(&actuator);
                } else if setting.is_off() {
                    effects.extend(self.give_up_opposite(actuator, now));
                }
            }
            Outcome::Superseded | Outcome::Expired => {}
        }
        effects
    }

    /// Cooling is not switched on while heating may be on, nor the other way round.
    fn give_up_opposite(&mut self, actuator: Actuator, now: Timestamp) -> Vec<Effect> {
        let waiting = self.decisions.iter().find(|it| {
            it.is_open() && it.actuator != actuator && it.actuator.lane() == actuator.lane()
        });
        match waiting.map(|decision| decision.id.clone()) {
            Some(id) => self.end(&id, Outcome::Failed, Some(Trouble::OppositeStillOn), now),
            None => Vec::new(),
        }
    }

    /// Takes out commands that ended before this call as far as they have been shown.
    pub fn forget_shown(&mut self) {
        self.decisions.retain(|decision| decision.is_open() || !decision.shown);
    }
}

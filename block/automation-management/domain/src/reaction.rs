//! What a room does with a fact: fold it, see which targets changed, judge, and say what follows.

use jiff::{SignedDuration, Timestamp};

use crate::{
    actuator::{Actuator, Setting},
    command::{Cause, Decision, Trigger},
    id::{ActuatorId, ProcessId, TechnologyId},
    policy::{HUMIDITIES, Lights, OutOfRange, Policy, TEMPERATURES, Technology},
    regulation,
    room::{MAX_CLOCK_SKEW, Room, Sample, Stamp, Surgery, Usage, Vacancy, keep_newest},
    target::{Quantity, Target},
};

/// How long, in time of the machine, an event may wait and still cause a command: what was right
/// before a restart need not be right after it.
pub const FRESH_FOR_SECONDS: i64 = 30;
/// How old a measurement may be when a new target is judged by it; the next one is judged anyway.
pub const MEASUREMENT_HOLDS: SignedDuration = SignedDuration::from_mins(1);

/// When a room reacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// Whether what is reacted to has not waited for long.
    pub fresh: bool,
    /// A second of the machine in the time of the clock.
    pub machine_second: SignedDuration,
}

impl Moment {
    /// Whether something that stands since then has not waited for long.
    pub fn is_fresh(&self, since: Timestamp) -> bool {
        let limit = i32::try_from(FRESH_FOR_SECONDS)
            .ok()
            .and_then(|seconds| self.machine_second.checked_mul(seconds));
        limit.is_none_or(|limit| self.now.duration_since(since) <= limit)
    }
}

/// What is said of a room.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A temperature in °C.
    Temperature(f64),
    /// A relative humidity in percent.
    Humidity(f64),
    /// A luminosity in lux.
    Luminosity(f64),
    /// Whether somebody is there.
    Presence(bool),
    /// A technology is used, or no longer.
    TechnologyUsage {
        /// Which.
        technology: TechnologyId,
        /// Its kind.
        kind: Technology,
        /// Whether it is.
        in_use: bool,
    },
    /// The team asks for a technology's scenario.
    TechnologyRequest(Technology),
    /// The team sets the lights by hand: ambient and surgical light in lux, unchecked.
    CustomLight(i64, i64),
    /// The team gives the lights back.
    CustomLightStop,
    /// News of a surgical process.
    Surgery(ProcessId, Surgery),
    /// A twin says what an actuator is set to.
    Shadow(Actuator, ActuatorId, Setting),
    /// An actuator was taken out of the room.
    ActuatorGone(ActuatorId),
}

/// What follows from a fact, beside commands.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Lights that would suit a technology that is used now.
    Proposed(Technology, Lights),
    /// The team's wish is not followed.
    Refused(Refusal),
    /// A command has come to its end.
    Ended(Box<Decision>),
}

/// Why a wish is not followed. The text is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such technology is used in the room.
    #[error("no technology of this type is in use in this room")]
    NotInUse,
    /// There is no scenario for it.
    #[error("no light scenario is configured for technologies of this type")]
    NoScenario,
    /// No lights can be so.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// There is no such room.
    #[error("there is no such room")]
    UnknownRoom,
}

/// A measurement that no room can have; it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a measurement of {0:?} is out of range")]
pub struct NotMeasurable(pub Quantity);

/// The targets that judging compares.
type Targets = [Option<Target>; 4];

const QUANTITIES: [Quantity; 4] =
    [Quantity::Temperature, Quantity::Humidity, Quantity::AmbientLight, Quantity::SurgicalLight];

impl Fact {
    /// Whether it can be so at all.
    ///
    /// # Errors
    ///
    /// [`NotMeasurable`].
    pub fn check(&self) -> Result<(), NotMeasurable> {
        match self {
            Self::Temperature(degrees) if !TEMPERATURES.contains(degrees) => {
                Err(NotMeasurable(Quantity::Temperature))
            }
            Self::Humidity(percent) if !HUMIDITIES.contains(percent) => {
                Err(NotMeasurable(Quantity::Humidity))
            }
            Self::Luminosity(lux) if lux.is_nan() || *lux < 0.0 => {
                Err(NotMeasurable(Quantity::AmbientLight))
            }
            _ => Ok(()),
        }
    }

    fn trigger(&self) -> Trigger {
        match self {
            Self::Temperature(_) | Self::Humidity(_) | Self::Luminosity(_) => Trigger::Measurement,
            Self::Presence(_) => Trigger::Presence,
            Self::TechnologyUsage { .. } => Trigger::TechnologyUsage,
            Self::TechnologyRequest(_) => Trigger::TechnologyRequest,
            Self::CustomLight(..) | Self::CustomLightStop => Trigger::CustomLight,
            // Shadows cause no command; the trigger is never seen.
            Self::Surgery(..) | Self::Shadow(..) | Self::ActuatorGone(_) => Trigger::Surgery,
        }
    }
}

impl Room {
    /// Takes a fact. One that is known, or older than what is known, changes nothing and causes
    /// nothing; one that has waited for long is folded and causes neither commands nor words.
    pub fn take(
        &mut self,
        policy: &Policy,
        fact: &Fact,
        stamp: &Stamp,
        moment: Moment,
    ) -> Vec<Effect> {
        let before = self.targets(policy);
        let (measured, mut effects) = self.fold(policy, fact, stamp, moment);
        if !moment.fresh {
            effects.retain(|effect| matches!(effect, Effect::Ended(_)));
            return effects;
        }
        let cause = Cause { trigger: fact.trigger(), stamp: stamp.clone() };
        effects.extend(self.judge(policy, &before, measured, &cause, moment));
        effects
    }

    /// Puts a room into standby that has been empty for long enough.
    pub fn stand_by(&mut self, policy: &Policy, moment: Moment) -> Vec<Effect> {
        let Some(due) = self.standby_due(policy).filter(|due| *due <= moment.now) else {
            return Vec::new();
        };
        let before = self.targets(policy);
        self.vacancy = Vacancy::Standby(due);
        if !moment.is_fresh(due) {
            return Vec::new();
        }
        let stamp = Stamp { at: due, event: format!("standby-{}", due.as_millisecond()) };
        let cause = Cause { trigger: Trigger::StandbyTimer, stamp };
        self.judge(policy, &before, None, &cause, moment)
    }

    /// When something is to be done about the room without anything being said of it; `None` when
    /// nothing is. What is to be shown to readers is to be done at once.
    pub fn due(&self, policy: &Policy) -> Option<Timestamp> {
        if self.decisions.iter().any(|decision| !decision.shown) {
            return Some(Timestamp::UNIX_EPOCH);
        }
        self.standby_due(policy).into_iter().chain(self.command_due()).min()
    }

    fn standby_due(&self, policy: &Policy) -> Option<Timestamp> {
        let Vacancy::EmptySince(since) = self.vacancy else { return None };
        let standby = policy.of(self.kind).standby?;
        Some(since.saturating_add(standby.after).unwrap_or(Timestamp::MAX))
    }

    fn targets(&self, policy: &Policy) -> Targets {
        QUANTITIES.map(|quantity| self.target(policy, quantity))
    }

    /// Folds a fact; the quantity that was measured, if it was, and what follows.
    fn fold(
        &mut self,
        policy: &Policy,
        fact: &Fact,
        stamp: &Stamp,
        moment: Moment,
    ) -> (Option<Quantity>, Vec<Effect>) {
        let mut effects = Vec::new();
        let mut measured = None;
        match fact {
            Fact::Temperature(degrees) => {
                let newer = keep_newest(&mut self.temperature, *degrees, stamp);
                measured = newer.then_some(Quantity::Temperature);
            }
            Fact::Humidity(percent) => {
                let newer = keep_newest(&mut self.humidity, *percent, stamp);
                measured = newer.then_some(Quantity::Humidity);
            }
            Fact::Luminosity(lux) => {
                let newer = keep_newest(&mut self.luminosity, *lux, stamp);
                measured = newer.then_some(Quantity::AmbientLight);
            }
            Fact::Presence(present) => {
                if keep_newest(&mut self.presence, *present, stamp) {
                    self.note_presence(*present, stamp.at);
                }
            }
            Fact::TechnologyUsage { technology, kind, in_use } => {
                effects.extend(self.note_usage(policy, technology, *kind, *in_use, stamp));
            }
            Fact::TechnologyRequest(kind) => {
                effects.extend(self.note_request(policy, *kind, stamp));
            }
            Fact::CustomLight(ambient, surgical) => match Lights::new(*ambient, *surgical) {
                Ok(lights) => {
                    keep_newest(&mut self.custom, Some(lights), stamp);
                }
                Err(error) => effects.push(Effect::Refused(error.into())),
            },
            Fact::CustomLightStop => {
                keep_newest(&mut self.custom, None, stamp);
            }
            Fact::Surgery(process, news) => self.note_surgery(process, *news),
            Fact::Shadow(actuator, id, setting) => {
                effects.extend(self.take_shadow(*actuator, id, *setting, stamp, moment.now));
            }
            Fact::ActuatorGone(id) => self.drop_actuator(id),
        }
        (measured, effects)
    }

    fn note_presence(&mut self, present: bool, at: Timestamp) {
        self.vacancy = match (self.vacancy, present) {
            (_, true) => Vacancy::Occupied,
            (Vacancy::Occupied, false) => Vacancy::EmptySince(at),
            (vacancy, false) => vacancy,
        };
    }

    fn note_usage(
        &mut self,
        policy: &Policy,
        technology: &TechnologyId,
        kind: Technology,
        in_use: bool,
        stamp: &Stamp,
    ) -> Option<Effect> {
        let was_in_use = self.in_use_since(kind).is_some();
        let known = self.usages.get(technology);
        if known.is_some_and(|known| *stamp <= known.in_use.stamp) {
            return None;
        }
        if known.is_none() && !in_use {
            return None;
        }
        let in_use = Sample { value: in_use, stamp: stamp.clone() };
        self.usages.insert(technology.clone(), Usage { kind, in_use });
        match (was_in_use, self.in_use_since(kind).is_some()) {
            (false, true) => {
                policy.scenarios.get(&kind).map(|lights| Effect::Proposed(kind, *lights))
            }
            (true, false) => {
                self.supported.remove(&kind);
                None
            }
            (true, true) | (false, false) => None,
        }
    }

    fn note_request(&mut self, policy: &Policy, kind: Technology, stamp: &Stamp) -> Option<Effect> {
        if !policy.scenarios.contains_key(&kind) {
            return Some(Effect::Refused(Refusal::NoScenario));
        }
        // A wish of a former use, delivered again, is none for this one. People's clocks and
        // sensors' differ a little.
        let latest = stamp.at.saturating_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        if self.in_use_since(kind).is_none_or(|since| latest < since) {
            return Some(Effect::Refused(Refusal::NotInUse));
        }
        let asked = self.supported.entry(kind).or_insert_with(|| stamp.clone());
        if *asked < *stamp {
            *asked = stamp.clone();
        }
        None
    }

    /// Judges what was measured, and everything whose target has changed.
    fn judge(
        &mut self,
        policy: &Policy,
        before: &Targets,
        measured: Option<Quantity>,
        cause: &Cause,
        moment: Moment,
    ) -> Vec<Effect> {
        let open: Vec<String> = self
            .decisions
            .iter()
            .filter(|decision| decision.is_open())
            .map(|decision| decision.id.clone())
            .collect();
        for (quantity, before) in QUANTITIES.into_iter().zip(before) {
            let Some(target) = self.target(policy, quantity) else { continue };
            let changed = before.is_none_or(|before| before.value.total_cmp(&target.value).is_ne());
            let is_measured = measured == Some(quantity)
                // Luminosity is what both lights make.
                || (measured == Some(Quantity::AmbientLight) && quantity == Quantity::SurgicalLight);
            if changed || is_measured {
                self.judge_one(quantity, target, is_measured, cause, moment);
            }
        }
        // What a new command took the place of has ended by it.
        self.decisions
            .iter()
            .filter(|decision| !decision.is_open() && open.contains(&decision.id))
            .map(|decision| Effect::Ended(Box::new(decision.clone())))
            .collect()
    }

    fn judge_one(
        &mut self,
        quantity: Quantity,
        target: Target,
        is_measured: bool,
        cause: &Cause,
        moment: Moment,
    ) {
        let sample = match quantity {
            Quantity::Temperature => &self.temperature,
            Quantity::Humidity => &self.humidity,
            Quantity::AmbientLight | Quantity::SurgicalLight => &self.luminosity,
        };
        let sample = sample.as_ref().map(|sample| (sample.value, sample.stamp.at));
        let recent = sample
            .filter(|(_, at)| is_measured || moment.now.duration_since(*at) <= MEASUREMENT_HOLDS);
        let wishes = match (quantity, recent) {
            (Quantity::Temperature, Some((measured, _))) => regulation::temperature(
                measured,
                target.value,
                self.will_be_on(Actuator::Heating),
                self.will_be_on(Actuator::Cooling),
            ),
            (Quantity::Humidity, Some((measured, _))) => {
                let ventilation = self.will_be_on(Actuator::Ventilation);
                regulation::humidity(measured, target.value, ventilation).into_iter().collect()
            }
            (Quantity::Temperature | Quantity::Humidity, None) => Vec::new(),
            (Quantity::AmbientLight, recent) => {
                // As bright as wanted, whatever makes it so.
                let enough = is_measured
                    && recent.is_some_and(|(lux, _)| lux.total_cmp(&target.value).is_eq());
                let wish = regulation::light(Actuator::AmbientLight, self.kind, target.value);
                wish.into_iter().filter(|_| !enough).collect()
            }
            (Quantity::SurgicalLight, _) => {
                let wish = regulation::light(Actuator::SurgicalLight, self.kind, target.value);
                wish.into_iter().collect()
            }
        };
        for wish in wishes {
            self.decide(wish, target, recent, cause, moment);
        }
    }
}

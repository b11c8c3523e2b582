//! What the automation must do in a room, from what the room was told.
//!
//! A room is followed fact by fact. Its answer to a fact is a list of decisions, each of them a
//! command; nothing is looked at but the configuration in force and the facts themselves.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::journal::written;

/// How old a measurement may be by which the climate is judged when the target changes.
const RECENT: SignedDuration = SignedDuration::from_mins(1);
const AMBIENT: &str = "AMBIENT_LIGHT";
const SURGICAL: &str = "SURGICAL_LIGHT";

/// What a room should be like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Climate {
    temperature: f64,
    humidity: f64,
    ambient: i64,
    surgical: i64,
}

/// The configuration of the automation for rooms of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    theatre: bool,
    usual: Climate,
    /// After how long without anybody, and what then; `None` when not enabled.
    standby: Option<(SignedDuration, Climate)>,
    surgery: Option<Climate>,
    /// Ambient and surgical light by type of technology.
    scenarios: BTreeMap<String, (i64, i64)>,
}

impl Wishes {
    /// Reads the configuration that the run was told.
    pub(crate) fn of(configuration: &Value, theatre: bool) -> Result<Self> {
        let kind = if theatre { "operating_room" } else { "pre_post_operating_room" };
        let section = |name: &str| configuration.get(name).filter(|section| !section.is_null());
        let usual = climate(section(kind).with_context(|| format!("run without {kind}"))?)?;
        let standby_name = format!("{kind}_standby");
        let standby = section(&standby_name).with_context(|| format!("no {standby_name}"))?;
        let enabled = standby.get("enabled") == Some(&json!(true));
        let minutes = standby.get("minutes_to_enable").and_then(Value::as_i64).unwrap_or(0);
        let standby = if enabled {
            Some((SignedDuration::from_mins(minutes), climate(standby)?))
        } else {
            None
        };
        let surgery = section("surgery_in_progress").filter(|_| theatre);
        let mut scenarios = BTreeMap::new();
        for scenario in section("scenarios").and_then(Value::as_array).into_iter().flatten() {
            let of = |name: &str| scenario.get(name).and_then(Value::as_i64).unwrap_or(0);
            let technology = scenario.get("technology").and_then(Value::as_str);
            let technology = technology.context("a scenario without technology")?.to_owned();
            scenarios.insert(technology, (of("ambient_lux"), of("surgical_lux")));
        }
        let surgery = surgery.map(climate).transpose()?;
        Ok(Self { theatre, usual, standby, surgery, scenarios })
    }
}

fn climate(section: &Value) -> Result<Climate> {
    let number = |name: &str| section.get(name).and_then(Value::as_f64);
    let lux = |name: &str| section.get(name).and_then(Value::as_i64);
    Ok(Climate {
        temperature: number("temperature_celsius").context("no temperature_celsius")?,
        humidity: number("humidity_percent").context("no humidity_percent")?,
        ambient: lux("ambient_lux").context("no ambient_lux")?,
        // Rooms for before and after have none.
        surgical: lux("surgical_lux").unwrap_or(0),
    })
}

/// What can happen to a room.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Measured {
        quantity: String,
        value: f64,
    },
    Presence(bool),
    Usage {
        technology_id: String,
        kind: String,
        in_use: bool,
    },
    /// A process, by its number, is in state SURGERY here, or is not any more.
    Surgery {
        process: usize,
        begins: bool,
    },
    Setup {
        ambient: i64,
        surgical: i64,
    },
    Stop,
    Adapt {
        kind: String,
    },
    /// An actuator said how it is.
    Is {
        actuator: String,
        intensity: i64,
    },
    /// Nobody was seen for long enough.
    NobodyForLong,
}

/// A command, and why it must have been given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    /// The type, as decisions spell it.
    pub(crate) actuator: &'static str,
    pub(crate) action: &'static str,
    /// Percent or lux; `None` for a switch.
    pub(crate) value: Option<i64>,
    pub(crate) rule: &'static str,
    pub(crate) trigger: &'static str,
    pub(crate) quantity: &'static str,
    pub(crate) target: f64,
    pub(crate) owner: &'static str,
    /// Whose scenario it is.
    pub(crate) technology: Option<String>,
    /// The measurement that the climate was judged by.
    pub(crate) measured: Option<(Timestamp, f64)>,
    /// What the actuator had told of itself.
    pub(crate) found: Option<i64>,
}

impl Decision {
    /// What the actuator says once the command is done: 0 is off.
    pub(crate) fn becomes(&self) -> i64 {
        self.value.unwrap_or(if self.action == "on" { 100 } else { 0 })
    }

    /// As `GET /decisions` shows it, but for times, outcome and what was found.
    pub(crate) fn shown(&self) -> Value {
        let mut inputs = json!({
            "trigger": self.trigger,
            "tolerance": match self.quantity { "TEMPERATURE" => 0.5, "HUMIDITY" => 1.0, _ => 0.0 },
        });
        if let (Some((t, value)), Some(fields)) = (self.measured, inputs.as_object_mut()) {
            let measured = json!({"dateTime": written(t), "value": value});
            fields.insert("measured".to_owned(), measured);
        }
        json!({
            "rule": self.rule,
            "inputs": inputs,
            "target": {
                "quantity": self.quantity, "value": self.target, "owner": self.owner,
                "medicalTechnologyType": self.technology,
                "unit": match self.quantity { "TEMPERATURE" => "Cel", "HUMIDITY" => "%", _ => "lx" },
            },
            "command": {
                "actuatorType": self.actuator, "action": self.action, "intensity": self.value,
            },
        })
    }
}

/// A value that is wanted, by whom, and for which technology.
type Wanted = (f64, &'static str, Option<String>);

/// A room as the automation must know it.
#[derive(Debug, Clone)]
pub(crate) struct Room<'a> {
    wishes: &'a Wishes,
    newest: BTreeMap<String, (Timestamp, f64)>,
    presence: Option<Timestamp>,
    /// Since when nobody is seen; `None` while somebody is, or before anything was said.
    absent: Option<Timestamp>,
    /// Nobody was seen for the configured time.
    idle: bool,
    surgeries: BTreeSet<usize>,
    /// The technologies in use, by their type.
    in_use: BTreeMap<String, BTreeSet<String>>,
    /// The types whose scenario is followed, the one asked for last at the end.
    followed: Vec<String>,
    custom: Option<(i64, i64)>,
    /// What each actuator says: 0 is off.
    is: BTreeMap<String, i64>,
}

impl<'a> Room<'a> {
    pub(crate) fn new(wishes: &'a Wishes) -> Self {
        Self {
            wishes,
            newest: BTreeMap::new(),
            presence: None,
            absent: None,
            idle: false,
            surgeries: BTreeSet::new(),
            in_use: BTreeMap::new(),
            followed: Vec::new(),
            custom: None,
            is: BTreeMap::new(),
        }
    }

    /// When the room goes into standby if nobody is seen until then.
    pub(crate) fn timer(&self) -> Option<Timestamp> {
        let (after, _) = self.wishes.standby.as_ref()?;
        self.absent.filter(|_| !self.idle).map(|since| since + *after)
    }

    /// An actuator is so, whatever was to be expected.
    pub(crate) fn is_now(&mut self, actuator: &str, intensity: i64) {
        self.is.insert(actuator.to_owned(), intensity);
    }

    /// Takes at `now` a fact that says to be of `t`; answers the decisions that follow, in their
    /// order.
    pub(crate) fn hears(&mut self, now: Timestamp, t: Timestamp, told: &Told) -> Vec<Decision> {
        let before = self.targets();
        let mut decisions = Vec::new();
        let trigger = match told {
            Told::Measured { quantity, value } => {
                if self.newest.get(quantity).is_none_or(|(newest, _)| *newest <= t) {
                    self.newest.insert(quantity.clone(), (t, *value));
                    self.judge(now, quantity, "MEASUREMENT", &mut decisions);
                }
                "MEASUREMENT"
            }
            Told::Presence(somebody) => {
                if self.presence.is_none_or(|newest| newest <= t) {
                    self.presence = Some(t);
                    self.absent = if *somebody { None } else { self.absent.or(Some(t)) };
                    self.idle = self.idle && !somebody;
                }
                "PRESENCE"
            }
            Told::NobodyForLong => {
                self.idle = true;
                "STANDBY_TIMER"
            }
            Told::Usage { technology_id, kind, in_use } => {
                let of_kind = self.in_use.entry(kind.clone()).or_default();
                if *in_use {
                    of_kind.insert(technology_id.clone());
                } else {
                    of_kind.remove(technology_id);
                }
                if of_kind.is_empty() {
                    self.followed.retain(|followed| followed != kind);
                }
                "TECHNOLOGY_USAGE"
            }
            Told::Adapt { kind } => {
                let used = self.in_use.get(kind).is_some_and(|used| !used.is_empty());
                if used && self.wishes.scenarios.contains_key(kind) {
                    self.followed.retain(|followed| followed != kind);
                    self.followed.push(kind.clone());
                }
                "TECHNOLOGY_REQUEST"
            }
            Told::Setup { ambient, surgical } => {
                if (0..=5_000).contains(ambient) && (0..=200_000).contains(surgical) {
                    self.custom = Some((*ambient, *surgical));
                }
                "CUSTOM_LIGHT"
            }
            Told::Stop => {
                self.custom = None;
                "CUSTOM_LIGHT"
            }
            Told::Surgery { process, begins } => {
                if *begins {
                    self.surgeries.insert(*process);
                } else {
                    self.surgeries.remove(process);
                }
                "SURGERY"
            }
            Told::Is { actuator, intensity } => {
                self.is.insert(actuator.clone(), *intensity);
                "ACTUATOR"
            }
        };
        // A changed target is followed at once.
        for ((quantity, after), (_, before)) in self.targets().iter().zip(&before) {
            if (after.0 - before.0).abs() > 0.0 {
                self.judge(now, quantity, trigger, &mut decisions);
            }
        }
        decisions
    }

    /// The wanted value of each quantity, of the strongest owner that wants one.
    fn targets(&self) -> [(&'static str, Wanted); 4] {
        let wishes = self.wishes;
        let (climate, owner) = match &wishes.standby {
            // Where a surgery has no section of its own, it wants what is usual.
            _ if !self.surgeries.is_empty() => {
                (wishes.surgery.unwrap_or(wishes.usual), "SURGERY_IN_PROGRESS")
            }
            Some((_, standby)) if self.idle => (*standby, "STANDBY"),
            _ => (wishes.usual, "ROOM_DEFAULT"),
        };
        let scenario = self.followed.last().and_then(|kind| {
            wishes.scenarios.get(kind).map(|(ambient, surgical)| (*ambient, *surgical, kind))
        });
        let lights = match (self.custom, scenario) {
            (Some((ambient, surgical)), _) => (ambient, surgical, "CUSTOM_LIGHT", None),
            (None, Some((ambient, surgical, kind))) => {
                (ambient, surgical, "MEDICAL_TECHNOLOGY", Some(kind.clone()))
            }
            (None, None) => (climate.ambient, climate.surgical, owner, None),
        };
        let (ambient, surgical, lights_owner, technology) = lights;
        let lux = |lux: i64| i32::try_from(lux).map_or(f64::MAX, f64::from);
        [
            ("temperature", (climate.temperature, owner, None)),
            ("humidity", (climate.humidity, owner, None)),
            ("luminosity", (lux(ambient), lights_owner, technology.clone())),
            ("surgical", (lux(surgical), lights_owner, technology)),
        ]
    }

    /// Judges one quantity: by a new measurement, or since its target has changed.
    fn judge(
        &mut self,
        now: Timestamp,
        quantity: &str,
        trigger: &'static str,
        into: &mut Vec<Decision>,
    ) {
        let [(_, temperature), (_, humidity), (_, ambient), (_, surgical)] = self.targets();
        let measured = self.newest.get(quantity).copied();
        let recent = measured.filter(|(at, _)| now.duration_since(*at) <= RECENT);
        match quantity {
            "temperature" => {
                if let Some(measured) = recent {
                    self.temperature(measured, &temperature, trigger, into);
                }
            }
            "humidity" => {
                if let Some(measured) = recent {
                    self.humidity(measured, &humidity, trigger, into);
                }
            }
            "luminosity" => {
                // A measurement is the occasion for both lights, a new target for its own.
                let by_sensor = trigger == "MEASUREMENT";
                let exactly = measured.is_some_and(|(_, lux)| (lux - ambient.0).abs() <= 0.0);
                if !(by_sensor && exactly) {
                    self.light(AMBIENT, &ambient, trigger, into);
                }
                if by_sensor {
                    self.light(SURGICAL, &surgical, trigger, into);
                }
            }
            _ => self.light(SURGICAL, &surgical, trigger, into),
        }
    }

    fn temperature(
        &mut self,
        measured: (Timestamp, f64),
        wanted: &Wanted,
        trigger: &'static str,
        into: &mut Vec<Decision>,
    ) {
        let (value, target) = (measured.1, wanted.0);
        let on = |room: &Self, actuator: &str| room.is.get(actuator).is_some_and(|is| *is != 0);
        let mut switch = |room: &mut Self, actuator, rule, value: bool| {
            let decision = Decision {
                actuator,
                action: if value { "on" } else { "off" },
                value: None,
                rule,
                trigger,
                quantity: "TEMPERATURE",
                target,
                owner: wanted.1,
                technology: None,
                measured: Some(measured),
                found: room.is.get(actuator).copied(),
            };
            into.push(decision);
            room.is.insert(actuator.to_owned(), if value { 100 } else { 0 });
        };
        let (too_warm, too_cold) = (value > target + 0.5, value < target - 0.5);
        // What is not needed goes off before its opposite goes on.
        if on(self, "HEATING") && value >= target {
            let rule = if too_warm { "TOO_WARM" } else { "WARMED_UP" };
            switch(self, "HEATING", rule, false);
        }
        if on(self, "COOLING") && value <= target {
            let rule = if too_cold { "TOO_COLD" } else { "COOLED_DOWN" };
            switch(self, "COOLING", rule, false);
        }
        if too_warm && !on(self, "COOLING") {
            switch(self, "COOLING", "TOO_WARM", true);
        }
        if too_cold && !on(self, "HEATING") {
            switch(self, "HEATING", "TOO_COLD", true);
        }
    }

    fn humidity(
        &mut self,
        measured: (Timestamp, f64),
        wanted: &Wanted,
        trigger: &'static str,
        into: &mut Vec<Decision>,
    ) {
        let (value, target) = (measured.1, wanted.0);
        let is = self.is.get("VENTILATION").copied();
        let on = is.is_some_and(|is| is != 0);
        let (rule, intensity) = if !on && value >= target + 1.0 {
            ("TOO_HUMID", 100)
        } else if on && value <= target {
            ("DRIED_OUT", 0)
        } else {
            return;
        };
        into.push(Decision {
            actuator: "VENTILATION",
            action: "setIntensity",
            value: Some(intensity),
            rule,
            trigger,
            quantity: "HUMIDITY",
            target,
            owner: wanted.1,
            technology: None,
            measured: Some(measured),
            found: is,
        });
        self.is.insert("VENTILATION".to_owned(), intensity);
    }

    fn light(
        &mut self,
        actuator: &'static str,
        wanted: &Wanted,
        trigger: &'static str,
        into: &mut Vec<Decision>,
    ) {
        if actuator == SURGICAL && !self.wishes.theatre {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "made of a whole number of lux")]
        let lux = wanted.0 as i64;
        let is = self.is.get(actuator).copied();
        if is == Some(lux) {
            return;
        }
        into.push(Decision {
            actuator,
            action: "setIntensity",
            value: Some(lux),
            rule: "LIGHT_DIFFERS",
            trigger,
            quantity: actuator,
            target: wanted.0,
            owner: wanted.1,
            technology: wanted.2.clone(),
            measured: None,
            found: is,
        });
        self.is.insert(actuator.to_owned(), lux);
    }
}

#[cfg(test)]
mod tests;

//! A room to which things are told, one line each, and what it says and does.
//!
//! A line is `<seconds> <fact>`; the facts are those of [`Told::say`].

use std::collections::BTreeMap;

use automation_management_domain::{
    actuator::{Actuator, Setting},
    command::{Decision, Outcome, Progress},
    id::RoomId,
    policy::{Environment, KindPolicy, Lights, Policy, RoomKind, Standby, Technology},
    reaction::{Effect, Fact, Moment},
    room::{Room, Stamp, Surgery},
    target::{Quantity, Target},
};
use jiff::{SignedDuration, Timestamp};

pub(crate) fn lights(ambient: i64, surgical: i64) -> Lights {
    Lights::new(ambient, surgical).unwrap()
}

fn environment(temperature: f64, humidity: f64, ambient: i64, surgical: i64) -> Environment {
    Environment::new(temperature, humidity, lights(ambient, surgical)).unwrap()
}

/// 21 °C, 50 %, 100 and 100000 lux; standby after a minute; endoscopes have a scenario.
pub(crate) fn policy() -> Policy {
    let standby = |ambient, surgical| Standby {
        after: SignedDuration::from_mins(1),
        environment: environment(20.0, 60.0, ambient, surgical),
    };
    Policy {
        operating: KindPolicy {
            environment: environment(21.0, 50.0, 100, 100_000),
            standby: Some(standby(50, 150)),
        },
        pre_post: KindPolicy { environment: environment(21.0, 50.0, 100, 0), standby: None },
        surgery: None,
        scenarios: BTreeMap::from([(Technology::Endoscope, lights(60, 150_000))]),
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-05-15T06:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// A moment at which everything is fresh.
pub(crate) fn moment(now: Timestamp) -> Moment {
    Moment { now, fresh: true, machine_second: SignedDuration::from_secs(1) }
}

#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) policy: Policy,
    pub(crate) room: Room,
    pub(crate) effects: Vec<Effect>,
    /// Whether actuators do at once what they are told.
    pub(crate) obedient: bool,
    seen: Vec<String>,
    events: u64,
}

impl Told {
    pub(crate) fn new(kind: RoomKind) -> Self {
        let id: RoomId = "or-1".parse().unwrap();
        Self {
            policy: policy(),
            room: Room::new(id, kind),
            effects: Vec::new(),
            obedient: true,
            seen: Vec::new(),
            events: 0,
        }
    }

    pub(crate) fn theatre() -> Self {
        Self::new(RoomKind::Operating)
    }

    /// Tells facts, separated by `;`, and answers the commands that follow, in order.
    pub(crate) fn tell(&mut self, lines: &str) -> String {
        let mut commands = Vec::new();
        for line in lines.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            let (seconds, fact) = line.split_once(' ').unwrap();
            let now = at(seconds.parse().unwrap());
            self.events += 1;
            let stamp = Stamp { at: now, event: format!("e-{:04}", self.events) };
            self.hear(fact, &stamp, moment(now));
            commands.extend(self.obey(now));
        }
        commands.join(", ")
    }

    pub(crate) fn hear(&mut self, fact: &str, stamp: &Stamp, moment: Moment) {
        let effects = if fact == "tick" {
            self.room.stand_by(&self.policy, moment)
        } else {
            self.room.take(&self.policy, &say(fact, stamp.at), stamp, moment)
        };
        self.effects.extend(effects);
    }

    /// The commands not yet seen, carried out if actuators are obedient.
    pub(crate) fn obey(&mut self, now: Timestamp) -> Vec<String> {
        let mut commands = Vec::new();
        loop {
            let new: Vec<Decision> = self
                .room
                .decisions
                .iter()
                .filter(|decision| decision.is_open() && !self.seen.contains(&decision.id))
                .cloned()
                .collect();
            if new.is_empty() {
                return commands;
            }
            for decision in new {
                commands.push(written(&decision));
                self.seen.push(decision.id.clone());
                if self.obedient {
                    self.carry_out(&decision, now);
                }
            }
        }
    }

    pub(crate) fn carry_out(&mut self, decision: &Decision, now: Timestamp) {
        let id = format!("{:?}", decision.actuator).parse().unwrap();
        let (may, effects) = self.room.begin(&decision.id, Some(&id), moment(now));
        assert!(may, "{decision:?}");
        self.effects.extend(effects);
        let by = now + SignedDuration::from_secs(5);
        self.effects.extend(self.room.sent(&decision.id, now, by));
        self.events += 1;
        let stamp = Stamp { at: now, event: format!("e-{:04}", self.events) };
        let shadow = Fact::Shadow(decision.actuator, id, decision.setting);
        self.effects.extend(self.room.take(&self.policy, &shadow, &stamp, moment(now)));
    }

    pub(crate) fn target(&self, quantity: Quantity) -> String {
        match self.room.target(&self.policy, quantity) {
            Some(Target { value, owner }) => format!("{value} {owner:?}"),
            None => "none".to_owned(),
        }
    }

    pub(crate) fn ended(&self) -> Vec<String> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ended(decision) => match decision.progress {
                    Progress::Ended(outcome, _) => Some(end(decision, outcome)),
                    _ => panic!("an end without an outcome"),
                },
                _ => None,
            })
            .collect()
    }
}

fn end(decision: &Decision, outcome: Outcome) -> String {
    let trouble = decision.trouble.map(|trouble| format!(" {trouble:?}")).unwrap_or_default();
    format!("{} {outcome:?}{trouble}", written(decision))
}

pub(crate) fn written(decision: &Decision) -> String {
    let setting = match decision.setting {
        Setting::On => "on".to_owned(),
        Setting::Off => "off".to_owned(),
        Setting::Intensity(intensity) => intensity.to_string(),
    };
    format!("{:?} {setting}", decision.actuator)
}

fn say(text: &str, at: Timestamp) -> Fact {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |nth: usize| words[nth].parse::<f64>().unwrap();
    let whole = |nth: usize| words[nth].parse::<i64>().unwrap();
    match words[0] {
        "temperature" => Fact::Temperature(number(1)),
        "humidity" => Fact::Humidity(number(1)),
        "lux" => Fact::Luminosity(number(1)),
        "somebody" => Fact::Presence(true),
        "nobody" => Fact::Presence(false),
        "endoscope" => usage(Technology::Endoscope, words[1], words[2]),
        "xray" => usage(Technology::Xray, words[1], words[2]),
        "ask" if words[1] == "xray" => Fact::TechnologyRequest(Technology::Xray),
        "ask" => Fact::TechnologyRequest(Technology::Endoscope),
        "light" => Fact::CustomLight(whole(1), whole(2)),
        "stop" => Fact::CustomLightStop,
        "surgery" => Fact::Surgery(
            words[1].parse().unwrap(),
            Surgery { version: words[2].parse().unwrap(), in_progress: words[3] == "on", at },
        ),
        "shadow" => {
            let actuator =
                Actuator::ALL.into_iter().find(|it| format!("{it:?}") == words[1]).unwrap();
            let setting = match words[2] {
                "on" => Setting::On,
                "off" => Setting::Off,
                intensity => Setting::Intensity(intensity.parse().unwrap()),
            };
            Fact::Shadow(actuator, words[1].parse().unwrap(), setting)
        }
        other => panic!("no fact {other}"),
    }
}

fn usage(kind: Technology, technology: &str, word: &str) -> Fact {
    Fact::TechnologyUsage { technology: technology.parse().unwrap(), kind, in_use: word == "on" }
}

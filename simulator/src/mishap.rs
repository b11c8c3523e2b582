//! What goes wrong between the world and the product: sensors that fall silent, lie or say a thing
//! twice, badges that are not read, clocks that are wrong, actuators that fail.
//!
//! The facts stay what the product is told; where the world differed, a fact says so beside.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::delivery::Delivery;
use crate::fact::{Fact, Place, Quantity, What};

/// How much goes wrong in a day; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Mishaps {
    /// How often a sensor or a patient's monitor falls silent for a while.
    pub(crate) silences: u32,
    /// How often a sensor says something else than there is for a while.
    pub(crate) lies: u32,
    /// Probability that a sample is said twice.
    pub(crate) repeated: f64,
    /// Probability that a badge read at a door is missed, in part or wholly.
    pub(crate) missed: f64,
    /// How many control units have a clock that is wrong all day.
    pub(crate) wrong_clocks: u32,
    /// How often an actuator fails for a while.
    pub(crate) failing_actuators: u32,
}

/// A clock that is wrong is so by less than what the product accepts from the future: 5 s.
const MAX_SKEW_MS: i64 = 2_500;
/// The shortest and the longest while, in minutes.
const WHILE: (i64, i64) = (5, 25);

/// Something that lasts for a while.
struct Spell {
    from: Timestamp,
    until: Timestamp,
}

impl Spell {
    fn has(&self, t: Timestamp) -> bool {
        self.from <= t && t < self.until
    }
}

impl Mishaps {
    /// As much in so many hours as these are in the whole day's, but one of each kind at least.
    pub(crate) fn in_part(self, hours: u32, of: u32) -> Self {
        let part = |count: u32| (count * hours).div_ceil(of.max(1));
        Self {
            silences: part(self.silences),
            lies: part(self.lies),
            failing_actuators: part(self.failing_actuators),
            ..self
        }
    }

    /// Lets things go wrong between `from` and `until`. Same seed, same result.
    pub(crate) fn befall(
        &self,
        deliveries: Vec<Delivery>,
        seed: u64,
        (from, until): (Timestamp, Timestamp),
    ) -> Vec<Delivery> {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x0BAD_DA75);
        let mut lanes: BTreeSet<String> = BTreeSet::new();
        let (mut sensors, mut rooms) = (BTreeSet::new(), BTreeSet::new());
        let mut actuators = BTreeSet::new();
        for fact in deliveries.iter().flat_map(|delivery| &delivery.facts) {
            match &fact.what {
                What::Vital { patient_id, .. } => {
                    lanes.insert(format!("monitor {patient_id}"));
                }
                What::Environment { room_id, quantity, .. } => {
                    sensors.insert((room_id.clone(), *quantity));
                    rooms.insert(room_id.clone());
                }
                What::Actuator { actuator_id, room_id, .. } => {
                    actuators.insert((room_id.clone(), actuator_id.clone()));
                }
                _ => {}
            }
        }
        lanes.extend(sensors.iter().map(sensor));
        let silences = spells(self.silences, &lanes, (from, until), &mut random);
        let lies = spells(self.lies, &sensors, (from, until), &mut random);
        let failures = spells(self.failing_actuators, &actuators, (from, until), &mut random);
        let skews = self.skews(&rooms, &mut random);
        let mut doors = Doors { missed: self.missed, known: BTreeMap::new() };
        let mut told = Vec::with_capacity(deliveries.len());
        let mut inside: BTreeMap<String, String> = BTreeMap::new();
        for mut delivery in deliveries {
            let usual = |fact: &Fact| !fact.late && fact.expected.is_none() && from < fact.t;
            if !delivery.facts.iter().all(usual) {
                told.push(delivery);
                continue;
            }
            let silent = delivery.facts.first().is_some_and(|fact| {
                silences.iter().any(|(lane, spell)| *lane == said_by(fact) && spell.has(fact.t))
            });
            if silent || !doors.read(&mut delivery, &mut random) {
                continue;
            }
            for fact in &mut delivery.facts {
                lie(fact, &lies);
                if let Some(room) = told_in(fact, &mut inside) {
                    skew(fact, skews.get(&room).copied());
                }
            }
            let sample = delivery
                .facts
                .iter()
                .all(|fact| matches!(fact.what, What::Vital { .. } | What::Environment { .. }));
            if sample && random.random_bool(self.repeated) {
                let again =
                    delivery.at + SignedDuration::from_millis(random.random_range(1..9_000));
                told.push(Delivery { at: again, repeated: true, ..delivery.clone() });
            }
            told.push(delivery);
        }
        for (nth, ((room_id, actuator_id), spell)) in failures.into_iter().enumerate() {
            let what = if nth % 2 == 0 { REFUSES } else { STUCK };
            let actuator = Some(Place { room_id, actuator_id });
            let (from, until) = (spell.from, spell.until);
            let fault = What::Fault { what, actuator, from, until };
            let fact = Fact::new(format!("fault-actuator-{seed}-{nth}"), from, fault);
            told.push(Delivery::prompt(vec![fact]));
        }
        told.sort_by_key(|delivery| delivery.at);
        told
    }

    /// Wrong clocks by room, in milliseconds.
    fn skews(&self, rooms: &BTreeSet<String>, random: &mut ChaCha8Rng) -> BTreeMap<String, i64> {
        let rooms: Vec<&String> = rooms.iter().collect();
        (0..self.wrong_clocks)
            .filter_map(|_| {
                let room = rooms.choose(random)?;
                Some(((*room).clone(), random.random_range(-MAX_SKEW_MS..=MAX_SKEW_MS)))
            })
            .collect()
    }
}

/// The doors' readers, and where the twins know people to be: a set, since an exit that was not read
/// leaves a room behind.
struct Doors {
    missed: f64,
    known: BTreeMap<String, BTreeSet<String>>,
}

impl Doors {
    /// What is read of somebody who goes through a door; `false` when it is nothing. The exit of
    /// whom the twins do not know to be inside cannot be told by them.
    fn read(&mut self, delivery: &mut Delivery, random: &mut ChaCha8Rng) -> bool {
        let Some(fact) = delivery.facts.first_mut() else { return true };
        let What::StaffMoved { professional_id, room_id, from_room_id } = &mut fact.what else {
            return true;
        };
        let known = self.known.entry(professional_id.clone()).or_default();
        *from_room_id = from_room_id.take().filter(|room| known.contains(room));
        if random.random_bool(self.missed) {
            match random.random_range(0..3) {
                0 => return false,
                1 => *from_room_id = None,
                _ => *room_id = None,
            }
        }
        if let Some(room) = from_room_id {
            known.remove(room);
        }
        known.extend(room_id.clone());
        room_id.is_some() || from_room_id.is_some()
    }
}

/// The actuator's unit says that it cannot be reached.
pub(crate) const REFUSES: &str = "actuator refuses";
/// The actuator takes the command and does not move.
pub(crate) const STUCK: &str = "actuator is stuck";

/// Draws who is affected, and when.
fn spells<T: Clone>(
    count: u32,
    among: &BTreeSet<T>,
    (from, until): (Timestamp, Timestamp),
    random: &mut ChaCha8Rng,
) -> Vec<(T, Spell)> {
    let among: Vec<&T> = among.iter().collect();
    let day_s = until.duration_since(from).as_secs().max(1);
    (0..count)
        .filter_map(|_| {
            let who = (*among.choose(random)?).clone();
            let from = from + SignedDuration::from_secs(random.random_range(0..day_s));
            let minutes = random.random_range(WHILE.0..=WHILE.1);
            Some((who, Spell { from, until: from + SignedDuration::from_mins(minutes) }))
        })
        .collect()
}

fn sensor((room, quantity): &(String, Quantity)) -> String {
    format!("{} of {room}", quantity.word())
}

/// The sensor or monitor that says it; nothing of the kind for the rest.
fn said_by(fact: &Fact) -> String {
    match &fact.what {
        What::Environment { room_id, quantity, .. } => sensor(&(room_id.clone(), *quantity)),
        What::Vital { patient_id, .. } => format!("monitor {patient_id}"),
        _ => String::new(),
    }
}

/// A sensor that lies says a number that is far off, or the opposite.
fn lie(fact: &mut Fact, lies: &[((String, Quantity), Spell)]) {
    let What::Environment { room_id, quantity, value } = &mut fact.what else { return };
    let lying = lies
        .iter()
        .any(|((room, of), spell)| room == room_id && of == quantity && spell.has(fact.t));
    if !lying {
        return;
    }
    let said = match quantity {
        Quantity::Temperature => json!(31.4),
        Quantity::Humidity => json!(12),
        Quantity::Luminosity => json!(999.9),
        Quantity::Presence => json!(*value != Value::Bool(true)),
    };
    if said != *value {
        fact.world_value = Some(std::mem::replace(value, said));
    }
}

/// The room whose control unit says it; `None` where no unit does.
fn told_in(fact: &Fact, inside: &mut BTreeMap<String, String>) -> Option<String> {
    match &fact.what {
        What::StaffMoved { room_id, from_room_id, .. } => {
            room_id.clone().or_else(|| from_room_id.clone())
        }
        What::PatientMoved { patient_id, room_id: Some(room) } => {
            inside.insert(patient_id.clone(), room.clone());
            Some(room.clone())
        }
        What::PatientMoved { patient_id, room_id: None } => inside.remove(patient_id),
        What::OnTable { patient_id } | What::Implant { patient_id, .. } => {
            inside.get(patient_id).cloned()
        }
        What::Environment { room_id, .. } => Some(room_id.clone()),
        _ => None,
    }
}

fn skew(fact: &mut Fact, milliseconds: Option<i64>) {
    let Some(milliseconds) = milliseconds.filter(|skew| *skew != 0) else { return };
    fact.world_time = Some(fact.t);
    fact.t += SignedDuration::from_millis(milliseconds);
}

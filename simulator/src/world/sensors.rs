//! What sensors and bedside monitors measure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{World, jitter, pre, tenth, theatre};
use crate::delivery::Delivery;
use crate::fact::{Quantity, Vital, What};

/// How many more or fewer are in a room from an instant on, ascending.
type Changes = Vec<(Timestamp, i32)>;

impl World {
    /// Every room's sensors, each at its own offset: bounded random walks, and whether somebody
    /// is inside. Told after everybody has moved.
    pub(crate) fn sense(&mut self, period_s: u32, until: Timestamp, random: &mut ChaCha8Rng) {
        let occupied = self.occupied();
        for zone in 1..=self.zones {
            for room_id in [pre(zone), theatre(zone)] {
                let mut at = self.epoch + jitter(random, 1) + SignedDuration::from_secs(5);
                let people = occupied.get(&room_id);
                let (mut temperature, mut humidity, mut luminosity) = (21.0, 48.0, 100.0);
                while at < until {
                    walk(&mut temperature, 0.2, 18.0, 25.0, random);
                    walk(&mut humidity, 1.5, 30.0, 65.0, random);
                    walk(&mut luminosity, 15.0, 40.0, 400.0, random);
                    for (quantity, value) in [
                        (Quantity::Temperature, json!(tenth(temperature))),
                        // A whole number on the wire too: the twin's property is an integer.
                        (Quantity::Humidity, json!(percent(humidity))),
                        (Quantity::Luminosity, json!(tenth(luminosity))),
                        (Quantity::Presence, Value::Bool(people.is_some_and(|it| inside(it, at)))),
                    ] {
                        let room_id = room_id.clone();
                        self.tell(at, What::Environment { room_id, quantity, value });
                    }
                    at += SignedDuration::from_secs(i64::from(period_s));
                }
            }
        }
    }

    /// A bedside monitor: a panel of six vital signs per period.
    pub(super) fn monitor(
        &mut self,
        patient_id: &str,
        from: Timestamp,
        until: Timestamp,
        period_s: u32,
        random: &mut ChaCha8Rng,
    ) {
        let mut values =
            [(72.0, 2.0, 45.0, 130.0), (78.0, 1.5, 50.0, 100.0), (121.0, 2.0, 85.0, 165.0)];
        let (mut breaths, mut saturation, mut temperature) = (15.0, 98.0, 36.6);
        let mut at = from;
        while at < until {
            for (value, step, low, high) in &mut values {
                walk(value, *step, *low, *high, random);
            }
            walk(&mut breaths, 0.8, 8.0, 28.0, random);
            walk(&mut saturation, 0.6, 88.0, 100.0, random);
            walk(&mut temperature, 0.05, 35.2, 38.6, random);
            let [(heart, ..), (diastolic, ..), (systolic, ..)] = values;
            let facts = [
                (Vital::SystolicBloodPressure, whole(systolic), "mm[Hg]"),
                (Vital::DiastolicBloodPressure, whole(diastolic), "mm[Hg]"),
                (Vital::BodyTemperature, tenth(temperature), "Cel"),
                (Vital::HeartBeat, whole(heart), "/min"),
                (Vital::RespiratoryRate, whole(breaths), "/min"),
                (Vital::SaturationPercentage, whole(saturation), "%"),
            ]
            .map(|(quantity, value, unit)| {
                let patient_id = patient_id.to_owned();
                self.fact(at, What::Vital { patient_id, quantity, value, unit })
            });
            self.deliveries.push(Delivery::prompt(facts.into()));
            at += SignedDuration::from_secs(i64::from(period_s));
        }
    }

    /// Who entered and left each room.
    fn occupied(&self) -> BTreeMap<String, Changes> {
        let mut moves: Vec<(Timestamp, &str, Option<&str>)> = self
            .deliveries
            .iter()
            .flat_map(|delivery| &delivery.facts)
            .filter_map(|fact| match &fact.what {
                What::PatientMoved { patient_id: who, room_id }
                | What::StaffMoved { professional_id: who, room_id, .. } => {
                    Some((fact.t, who.as_str(), room_id.as_deref()))
                }
                What::Emergency { patient_id, room_id, .. } => {
                    Some((fact.t, patient_id.as_str(), Some(room_id.as_str())))
                }
                _ => None,
            })
            .collect();
        moves.sort_by_key(|(t, ..)| *t);
        let mut inside: BTreeMap<&str, &str> = BTreeMap::new();
        let mut changes: BTreeMap<String, Changes> = BTreeMap::new();
        for (t, who, room) in moves {
            let left = match room {
                Some(room) => inside.insert(who, room),
                None => inside.remove(who),
            };
            for (room, change) in [(left, -1), (room, 1)] {
                let Some(room) = room else { continue };
                changes.entry(room.to_owned()).or_default().push((t, change));
            }
        }
        changes
    }
}

fn inside(changes: &Changes, at: Timestamp) -> bool {
    changes.iter().take_while(|(t, _)| *t <= at).map(|(_, change)| change).sum::<i32>() > 0
}

fn walk(value: &mut f64, step: f64, low: f64, high: f64, random: &mut ChaCha8Rng) {
    *value = (*value + random.random_range(-step..step)).clamp(low, high);
}

fn whole(value: f64) -> f64 {
    value.round()
}

#[expect(clippy::cast_possible_truncation, reason = "the walk is bounded to 0..100")]
fn percent(value: f64) -> i64 {
    value.round() as i64
}

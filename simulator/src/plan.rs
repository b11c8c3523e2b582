//! A whole run, decided before it begins: the same scenario, seed and epoch give the same plan.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::delivery::{Delivery, Disturbance};
use crate::equipment;
use crate::fact::{Fact, Quantity, Vital, What};
use crate::world::{Course, Surgery, World};

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// One elective, one emergency and one interrupted surgery in two zones, two hours.
    ThreeSurgeries,
    /// Two hours, two zones, three surgeries whose courses the seed decides.
    TestDay,
    /// Ten hours, four zones, twelve surgeries, the sensors' own periods.
    FullDay,
}

/// Everything that will happen, and when the product is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The seed from which all of it follows.
    pub seed: u64,
    /// When simulated time begins.
    pub epoch: Timestamp,
    /// After the last late window.
    pub end: Timestamp,
    /// Nominal seconds between two samples, by the journal's name of the quantity.
    pub periods: BTreeMap<&'static str, u32>,
    /// Ascending by the time of sending.
    pub deliveries: Vec<Delivery>,
}

/// How a scenario is laid out.
struct Layout {
    zones: u32,
    hours: i64,
    vital_period_s: u32,
    environment_period_s: u32,
}

impl Scenario {
    fn layout(self) -> Layout {
        match self {
            Self::ThreeSurgeries | Self::TestDay => {
                Layout { zones: 2, hours: 2, vital_period_s: 5, environment_period_s: 30 }
            }
            Self::FullDay => {
                Layout { zones: 4, hours: 10, vital_period_s: 1, environment_period_s: 5 }
            }
        }
    }
}

/// Plans a run.
///
/// `late_window` is the product's setting: a fact that is told late on purpose is told after its
/// process's end plus twice the window. `automation` is the configuration of the automation in
/// force, for the journal.
#[must_use]
pub fn plan(
    scenario: Scenario,
    seed: u64,
    epoch: Timestamp,
    late_window: SignedDuration,
    disturbance: Option<Disturbance>,
    automation: &Value,
) -> Plan {
    let layout = scenario.layout();
    let day_ends = epoch + SignedDuration::from_hours(layout.hours);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(seed, epoch, layout.zones);
    world.open_the_block();
    for surgery in surgeries(scenario, seed, &mut random) {
        world.book_and_operate(&surgery, layout.vital_period_s, late_window, &mut random);
    }
    world.refusals();
    world.sense(layout.environment_period_s, day_ends, &mut random);
    let mut deliveries = world.into_deliveries();
    deliveries.extend(equipment::announced(&deliveries, seed, epoch));
    deliveries.sort_by_key(|delivery| delivery.at);
    if let Some(disturbance) = &disturbance {
        deliveries = disturbance.apply(deliveries, seed);
    }
    let last = deliveries.iter().map(|delivery| delivery.at).max().unwrap_or(epoch);
    let end = last.max(day_ends) + late_window * 2 + SignedDuration::from_mins(1);
    let periods = periods(&layout);
    let run = Fact {
        id: "run".to_owned(),
        t: epoch,
        what: What::Run {
            seed,
            epoch,
            end,
            late_window_seconds: late_window.as_secs(),
            period_seconds: json!(periods),
            automation: automation.clone(),
        },
        late: false,
        expected: None,
    };
    let mut facts = vec![run];
    if disturbance.is_some() {
        facts.push(Fact {
            id: "fault-disturbance".to_owned(),
            t: epoch,
            what: What::Fault { what: "disturbed delivery", from: epoch, until: end },
            late: false,
            expected: None,
        });
    }
    deliveries.insert(0, Delivery::prompt(facts));
    Plan { seed, epoch, end, periods, deliveries }
}

fn periods(layout: &Layout) -> BTreeMap<&'static str, u32> {
    let vital = |vital: Vital| (vital.word(), layout.vital_period_s);
    let environment = |quantity: Quantity| (quantity.word(), layout.environment_period_s);
    BTreeMap::from([
        vital(Vital::HeartBeat),
        vital(Vital::DiastolicBloodPressure),
        vital(Vital::SystolicBloodPressure),
        vital(Vital::RespiratoryRate),
        vital(Vital::SaturationPercentage),
        vital(Vital::BodyTemperature),
        environment(Quantity::Temperature),
        environment(Quantity::Humidity),
        environment(Quantity::Luminosity),
        environment(Quantity::Presence),
    ])
}

/// Which surgeries take place. A theatre is free again before the next patient enters it.
fn surgeries(scenario: Scenario, seed: u64, random: &mut ChaCha8Rng) -> Vec<Surgery> {
    let surgery = |number: u32, zone: u32, course: Course, starts_min: i64| Surgery {
        name: format!("{seed}-{number}"),
        number,
        zone,
        course,
        starts: SignedDuration::from_mins(starts_min),
    };
    let mut drawn = |choices: &[Course]| {
        let nth = random.random_range(0..choices.len());
        choices.get(nth).copied().unwrap_or(Course::Elective)
    };
    match scenario {
        Scenario::ThreeSurgeries => vec![
            surgery(1, 1, Course::Elective, 5),
            surgery(2, 2, Course::Emergency, 12),
            surgery(3, 2, Course::Interrupted, 60),
        ],
        Scenario::TestDay => vec![
            surgery(1, 1, drawn(&[Course::Elective, Course::Returning]), 5),
            surgery(2, 2, drawn(&[Course::Emergency, Course::Elective]), 8),
            surgery(3, 2, drawn(&[Course::Interrupted, Course::Elective, Course::Cancelled]), 62),
        ],
        Scenario::FullDay => {
            let courses = [
                Course::Elective,
                Course::Elective,
                Course::Returning,
                Course::Interrupted,
                Course::Emergency,
                Course::Cancelled,
            ];
            (0..12)
                .map(|nth| {
                    let (zone, round) = (nth % 4 + 1, i64::from(nth / 4));
                    let starts = 5 + round * 180 + i64::from(zone) * 7;
                    surgery(nth + 1, zone, drawn(&courses), starts)
                })
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Timestamp {
        "2026-05-15T06:00:00Z".parse().unwrap()
    }

    fn window() -> SignedDuration {
        SignedDuration::from_mins(10)
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        let first = plan(Scenario::TestDay, 7, epoch(), window(), None, &Value::Null);
        assert_eq!(first, plan(Scenario::TestDay, 7, epoch(), window(), None, &Value::Null));
        assert_ne!(
            first.deliveries,
            plan(Scenario::TestDay, 8, epoch(), window(), None, &Value::Null).deliveries
        );
    }

    #[test]
    fn every_fact_has_an_id_of_its_own_and_is_told_no_earlier_than_it_happens() {
        for scenario in [Scenario::ThreeSurgeries, Scenario::TestDay, Scenario::FullDay] {
            let plan = plan(scenario, 3, epoch(), window(), None, &Value::Null);
            let mut ids = std::collections::HashSet::new();
            for delivery in &plan.deliveries {
                assert!(!delivery.facts.is_empty());
                for fact in &delivery.facts {
                    assert!(ids.insert(fact.id.clone()), "{} twice", fact.id);
                    assert!(fact.t <= delivery.at, "{fact:?}");
                }
            }
        }
    }

    #[test]
    fn a_disturbance_changes_when_things_are_told_and_nothing_else() {
        let calm = plan(Scenario::TestDay, 5, epoch(), window(), None, &Value::Null);
        let disturbance =
            Disturbance { duplicate: 0.2, delay: 0.2, longest: SignedDuration::from_mins(4) };
        let disturbed =
            plan(Scenario::TestDay, 5, epoch(), window(), Some(disturbance), &Value::Null);
        let told = |plan: &Plan| {
            let mut facts: Vec<Fact> = plan
                .deliveries
                .iter()
                .filter(|delivery| !delivery.repeated)
                .flat_map(|delivery| delivery.facts.clone())
                .filter(|fact| !matches!(fact.what, What::Run { .. } | What::Fault { .. }))
                .collect();
            facts.sort_by(|a, b| a.id.cmp(&b.id));
            facts
        };
        assert_eq!(told(&calm), told(&disturbed));
        assert!(disturbed.deliveries.iter().any(|delivery| delivery.repeated));
        for delivery in disturbed.deliveries.iter().filter(|d| d.facts.iter().all(|f| !f.late)) {
            for fact in &delivery.facts {
                let delay = delivery.at.duration_since(fact.t);
                assert!(delay <= window() / 2 + window() / 4, "{fact:?} told {delay} late");
            }
        }
    }

    #[test]
    fn a_full_day_has_the_contracts_periods() {
        let plan = plan(Scenario::FullDay, 1, epoch(), window(), None, &Value::Null);
        assert_eq!(plan.periods.get("heartBeat"), Some(&1));
        assert_eq!(plan.periods.get("temperature"), Some(&5));
    }
}

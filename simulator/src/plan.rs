//! A whole run, decided before it begins: the same scenario, seed and epoch give the same plan.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::delivery::{Delivery, Disturbance};
use crate::equipment;
use crate::fact::{Fact, Quantity, Vital, What};
use crate::mishap::Mishaps;
use crate::world::{Course, Surgery, World};

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// One elective, one emergency and one interrupted surgery in two zones, two hours.
    ThreeSurgeries,
    /// Two hours, two zones, three surgeries whose courses the seed decides.
    TestDay,
    /// Ten hours, four zones, twelve surgeries, the sensors' own periods.
    FullDay,
    /// Ten hours, four zones, a few surgeries as planned.
    QuietDay,
    /// Ten hours, four zones, sixteen surgeries: late ones, rescheduled ones, a trolley that the
    /// theatres share, lights by hand.
    BusyDay,
    /// As the busy day in three zones, the fourth in reserve; and everything that can go wrong does.
    BadDay,
    /// How many zones and surgeries there are, and how much goes wrong, is the seed's.
    RandomDay,
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
    hours: u32,
    vital_period_s: u32,
    environment_period_s: u32,
    mishaps: Mishaps,
}

impl Scenario {
    fn layout(self, random: &mut ChaCha8Rng) -> Layout {
        let (zones, hours, vital_period_s, environment_period_s) = match self {
            Self::ThreeSurgeries | Self::TestDay => (2, 2, 5, 30),
            Self::FullDay => (4, 10, 1, 5),
            Self::QuietDay | Self::BusyDay | Self::BadDay => (4, 10, 10, 30),
            Self::RandomDay => (random.random_range(2..=4), 10, 10, 30),
        };
        let mishaps = match self {
            Self::ThreeSurgeries | Self::TestDay | Self::FullDay | Self::QuietDay => {
                Mishaps::default()
            }
            Self::BusyDay => Mishaps { silences: 4, repeated: 0.01, ..Mishaps::default() },
            Self::BadDay => Mishaps {
                silences: 25,
                lies: 15,
                repeated: 0.05,
                missed: 0.15,
                wrong_clocks: 4,
                failing_actuators: 12,
            },
            Self::RandomDay => Mishaps {
                silences: random.random_range(0..20),
                lies: random.random_range(0..15),
                repeated: random.random_range(0.0..0.1),
                missed: random.random_range(0.0..0.2),
                wrong_clocks: random.random_range(0..5),
                failing_actuators: random.random_range(0..10),
            },
        };
        Layout { zones, hours, vital_period_s, environment_period_s, mishaps }
    }
}

/// What is to be simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// What happens.
    pub scenario: Scenario,
    /// Decides every detail.
    pub seed: u64,
    /// When simulated time begins.
    pub epoch: Timestamp,
    /// Hours instead of the scenario's own; fewer surgeries take place in fewer.
    pub hours: Option<u32>,
    /// The product's setting: a fact that is told late on purpose is told after its process's end
    /// plus twice the window.
    pub late_window: SignedDuration,
    /// How telling goes wrong; it does not by default.
    pub disturbance: Option<Disturbance>,
    /// The automation's configuration in force, for the journal.
    pub automation: Value,
}

/// Plans a run.
#[must_use]
pub fn plan(day: &Day) -> Plan {
    let Day { scenario, seed, epoch, hours, late_window, disturbance, automation } = day;
    let (seed, epoch, late_window) = (*seed, *epoch, *late_window);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut layout = scenario.layout(&mut random);
    if let Some(hours) = hours {
        layout.mishaps = layout.mishaps.in_part(*hours, layout.hours);
        layout.hours = *hours;
    }
    let day_ends = epoch + SignedDuration::from_hours(i64::from(layout.hours));
    let mut world = World::new(seed, epoch, layout.zones);
    world.open_the_block();
    for surgery in surgeries(*scenario, &layout, seed, &mut random) {
        world.book_and_operate(&surgery, layout.vital_period_s, late_window, &mut random);
    }
    world.refusals();
    world.sense(layout.environment_period_s, day_ends, &mut random);
    let mut deliveries = world.into_deliveries();
    deliveries.extend(equipment::announced(&deliveries, seed, epoch));
    deliveries.sort_by_key(|delivery| delivery.at);
    deliveries = layout.mishaps.befall(deliveries, seed, (epoch, day_ends));
    if let Some(disturbance) = disturbance {
        deliveries = disturbance.apply(deliveries, seed);
    }
    let last = deliveries.iter().map(|delivery| delivery.at).max().unwrap_or(epoch);
    let end = last.max(day_ends) + late_window * 2 + SignedDuration::from_mins(1);
    let periods = periods(&layout);
    let run = What::Run {
        seed,
        epoch,
        end,
        late_window_seconds: late_window.as_secs(),
        period_seconds: json!(periods),
        automation: automation.clone(),
    };
    let mut facts = vec![Fact::new("run".to_owned(), epoch, run)];
    if disturbance.is_some() {
        let what = "disturbed delivery";
        let disturbed = What::Fault { what, actuator: None, from: epoch, until: end };
        facts.push(Fact::new("fault-disturbance".to_owned(), epoch, disturbed));
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
fn surgeries(
    scenario: Scenario,
    layout: &Layout,
    seed: u64,
    random: &mut ChaCha8Rng,
) -> Vec<Surgery> {
    let Layout { zones, hours, .. } = *layout;
    let surgery = |number: u32, zone: u32, course: Course, starts_min: i64| Surgery {
        name: format!("{seed}-{number}"),
        number,
        zone,
        course,
        starts: SignedDuration::from_mins(starts_min),
        delay: SignedDuration::ZERO,
        booked_in: None,
        goes_on_in: None,
        lights_by_hand: false,
        lights_adapted: false,
        wants_trolley: false,
    };
    let programme = match scenario {
        Scenario::ThreeSurgeries => {
            return vec![
                surgery(1, 1, Course::Elective, 5),
                surgery(2, 2, Course::Emergency, 12),
                surgery(3, 2, Course::Interrupted, 60),
            ];
        }
        Scenario::TestDay => {
            return vec![
                surgery(1, 1, drawn(&[Course::Elective, Course::Returning], random), 5),
                surgery(2, 2, drawn(&[Course::Emergency, Course::Elective], random), 8),
                surgery(
                    3,
                    2,
                    drawn(&[Course::Interrupted, Course::Elective, Course::Cancelled], random),
                    62,
                ),
            ];
        }
        Scenario::FullDay => Programme { theatres: zones, rounds: 3, every_min: 180, odd: 0.0 },
        Scenario::QuietDay => Programme { theatres: zones, rounds: 1, every_min: 0, odd: 0.2 },
        Scenario::BusyDay => Programme { theatres: zones, rounds: 4, every_min: 125, odd: 0.5 },
        Scenario::BadDay => Programme { theatres: zones - 1, rounds: 4, every_min: 125, odd: 0.7 },
        Scenario::RandomDay => Programme {
            theatres: random.random_range(1..zones),
            rounds: random.random_range(1..=4),
            every_min: 125,
            odd: random.random_range(0.0..0.9),
        },
    };
    let courses: &[Course] = match scenario {
        Scenario::QuietDay => &[Course::Elective, Course::Returning],
        _ => &[
            Course::Elective,
            Course::Elective,
            Course::Returning,
            Course::Interrupted,
            Course::Emergency,
            Course::Cancelled,
        ],
    };
    let Programme { theatres, rounds, every_min, odd } = programme;
    let mut planned = Vec::new();
    for (round, zone) in (0..rounds).flat_map(|round| (1..=theatres).map(move |zone| (round, zone)))
    {
        let number = round * theatres + zone;
        let starts_min = 5 + i64::from(round) * every_min + i64::from(zone) * 7;
        if i64::from(hours) * 60 < starts_min + LONGEST_SURGERY_MIN {
            continue;
        }
        let mut planned_one = surgery(number, zone, drawn(courses, random), starts_min);
        if random.random_bool(odd) {
            planned_one.delay = SignedDuration::from_mins(random.random_range(1..45));
        }
        planned_one.lights_by_hand = random.random_bool(odd);
        planned_one.lights_adapted = random.random_bool(odd);
        planned_one.wants_trolley = random.random_bool(odd);
        planned_one.booked_in = random.random_bool(odd).then_some(zone % theatres + 1);
        // A theatre in reserve takes one surgery a round at most.
        let in_reserve = theatres < zones && zone == round % theatres + 1;
        if in_reserve && random.random_bool(odd) {
            planned_one.course = Course::Elective;
            planned_one.goes_on_in = Some(zones);
        }
        planned.push(planned_one);
    }
    planned
}

/// The surgeries of a day: how many theatres operate, how often, and how probable each of the
/// things is that do not go as planned.
struct Programme {
    theatres: u32,
    rounds: u32,
    every_min: i64,
    odd: f64,
}

/// How long a surgery may take with all that belongs to it, in minutes.
const LONGEST_SURGERY_MIN: i64 = 75;

fn drawn(courses: &[Course], random: &mut ChaCha8Rng) -> Course {
    let nth = random.random_range(0..courses.len());
    courses.get(nth).copied().unwrap_or(Course::Elective)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> SignedDuration {
        SignedDuration::from_mins(10)
    }

    fn day(scenario: Scenario, seed: u64) -> Day {
        Day {
            scenario,
            seed,
            epoch: "2026-05-15T06:00:00Z".parse().unwrap(),
            hours: None,
            late_window: window(),
            disturbance: None,
            automation: Value::Null,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        let first = plan(&day(Scenario::TestDay, 7));
        assert_eq!(first, plan(&day(Scenario::TestDay, 7)));
        assert_ne!(first.deliveries, plan(&day(Scenario::TestDay, 8)).deliveries);
    }

    #[test]
    fn every_fact_has_an_id_of_its_own_and_is_told_no_earlier_than_it_happens() {
        for scenario in [
            Scenario::ThreeSurgeries,
            Scenario::TestDay,
            Scenario::FullDay,
            Scenario::QuietDay,
            Scenario::BusyDay,
            Scenario::BadDay,
            Scenario::RandomDay,
        ] {
            let plan = plan(&day(scenario, 3));
            let mut ids = std::collections::HashSet::new();
            for delivery in plan.deliveries.iter().filter(|delivery| !delivery.repeated) {
                assert!(!delivery.facts.is_empty());
                for fact in &delivery.facts {
                    assert!(ids.insert(fact.id.clone()), "{} twice", fact.id);
                    let happened = fact.world_time.unwrap_or(fact.t);
                    assert!(happened <= delivery.at, "{fact:?}");
                }
            }
        }
    }

    #[test]
    fn a_disturbance_changes_when_things_are_told_and_nothing_else() {
        let calm = plan(&day(Scenario::TestDay, 5));
        let disturbance =
            Disturbance { duplicate: 0.2, delay: 0.2, longest: SignedDuration::from_mins(4) };
        let disturbed = plan(&Day { disturbance: Some(disturbance), ..day(Scenario::TestDay, 5) });
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
        let plan = plan(&day(Scenario::FullDay, 1));
        assert_eq!(plan.periods.get("heartBeat"), Some(&1));
        assert_eq!(plan.periods.get("temperature"), Some(&5));
    }

    #[test]
    fn a_bad_day_has_everything_that_can_go_wrong() {
        let calm = plan(&day(Scenario::BusyDay, 1));
        let bad = plan(&day(Scenario::BadDay, 1));
        let facts = |plan: &Plan| -> Vec<Fact> {
            plan.deliveries.iter().flat_map(|delivery| delivery.facts.clone()).collect()
        };
        let count = |plan: &Plan, is: &dyn Fn(&Fact) -> bool| {
            facts(plan).iter().filter(|fact| is(fact)).count()
        };
        for (name, is) in [
            (
                "a sensor lies",
                &(|fact: &Fact| fact.world_value.is_some()) as &dyn Fn(&Fact) -> bool,
            ),
            ("a clock is wrong", &|fact| fact.world_time.is_some()),
            ("an actuator fails", &|fact| matches!(fact.what, What::Fault { .. })),
        ] {
            assert!(count(&calm, is) < count(&bad, is), "{name}");
        }
        for (name, is) in [
            (
                "a booking is changed",
                &(|fact: &Fact| matches!(fact.what, What::Rescheduled(_)))
                    as &dyn Fn(&Fact) -> bool,
            ),
            ("lights by hand", &|fact| matches!(fact.what, What::LightRequest { .. })),
            ("technology moves", &|fact| {
                fact.t != bad.epoch && matches!(fact.what, What::TechnologyPlaced { .. })
            }),
        ] {
            assert!(0 < count(&calm, is) && 0 < count(&bad, is), "{name}");
        }
        let spare = |fact: &Fact| matches!(&fact.what, What::PatientMoved { room_id: Some(room), .. } if room == "or-4");
        assert!(0 < count(&bad, &spare), "a surgery goes on in the theatre in reserve");
        assert!(bad.deliveries.iter().any(|delivery| delivery.repeated));
    }

    #[test]
    fn a_shorter_day_has_fewer_surgeries() {
        let booked = |hours| {
            let plan = plan(&Day { hours, ..day(Scenario::BusyDay, 1) });
            let facts = plan.deliveries.into_iter().flat_map(|delivery| delivery.facts);
            facts.filter(|fact| matches!(fact.what, What::Patient { .. })).count()
        };
        assert_eq!(booked(None), 16);
        assert_eq!(booked(Some(2)), 4);
    }
}

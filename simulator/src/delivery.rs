//! When and how often the product is told of what happened.
//!
//! In a calm world a fact is told as it happens. A disturbance delays, repeats and so reorders
//! what is told; it never changes what happened, so a disturbed run must settle into the same
//! content as a calm one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::fact::{Fact, What};

/// One call to the product: one fact, or several that one message carries (a monitor's panel).
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The clock at which it is sent.
    pub at: Timestamp,
    /// Never empty; all of one instant, in the order of the message.
    pub facts: Vec<Fact>,
    /// A repetition of an earlier delivery: not written to the journal again.
    pub repeated: bool,
}

impl Delivery {
    /// Told when it happens.
    #[must_use]
    pub fn prompt(facts: Vec<Fact>) -> Self {
        let at = facts.first().map_or(Timestamp::MIN, |fact| fact.t);
        Self { at, facts, repeated: false }
    }

    /// Whose deliveries must keep their order among themselves: one person's movements are sent
    /// in order, and so is all that a badge reader or monitor says of one patient or room.
    #[must_use]
    pub fn lane(&self) -> String {
        match self.facts.first().map(|fact| &fact.what) {
            Some(What::StaffMoved { professional_id, .. }) => format!("staff {professional_id}"),
            Some(
                What::PatientMoved { patient_id, .. }
                | What::OnTable { patient_id }
                | What::Implant { patient_id, .. }
                | What::Emergency { patient_id, .. },
            ) => format!("patient {patient_id}"),
            Some(What::Vital { patient_id, .. }) => format!("monitor {patient_id}"),
            Some(What::Environment { room_id, .. }) => format!("sensors {room_id}"),
            Some(What::Technology { technology_id, .. }) => format!("technology {technology_id}"),
            Some(What::Step { room_id, .. } | What::LightRequest { room_id, .. }) => {
                format!("buttons {room_id}")
            }
            _ => "desk".to_owned(),
        }
    }
}

/// How telling goes wrong: probabilities per delivery, and the longest delay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Disturbance {
    /// Probability that a delivery is sent again later.
    pub duplicate: f64,
    /// Probability that a delivery is delayed.
    pub delay: f64,
    /// The longest delay; at most half of the late window, or the truth would hang on the edge.
    pub longest: SignedDuration,
}

impl Disturbance {
    /// Applies the disturbance to movements, samples, usages and buttons; the desk's calls (rooms,
    /// people, bookings) are answered at once or not made. Same seed, same result.
    #[must_use]
    pub fn apply(&self, deliveries: Vec<Delivery>, seed: u64) -> Vec<Delivery> {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5EED_D157);
        let mut not_before: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut disturbed = Vec::with_capacity(deliveries.len());
        for mut delivery in deliveries {
            let special = delivery.facts.iter().any(|fact| fact.late || fact.expected.is_some());
            let lane = delivery.lane();
            // An emergency makes the patient that the others speak of: nobody is told later.
            let first = matches!(
                delivery.facts.first().map(|fact| &fact.what),
                Some(What::Emergency { .. })
            );
            if lane == "desk" || special || first {
                disturbed.push(delivery);
                continue;
            }
            if random.random_bool(self.delay) {
                delivery.at = later(delivery.at, self.longest, &mut random);
            }
            // A delay holds back the later ones of the lane too.
            let floor = not_before.entry(lane).or_insert(delivery.at);
            delivery.at = delivery.at.max(*floor);
            *floor = delivery.at;
            if random.random_bool(self.duplicate) && repeatable(&delivery) {
                let mut again = delivery.clone();
                again.repeated = true;
                again.at = later(again.at, self.longest / 2, &mut random);
                disturbed.push(again);
            }
            disturbed.push(delivery);
        }
        // Stable: what is due at one instant keeps the order in which it happened.
        disturbed.sort_by_key(|delivery| delivery.at);
        disturbed
    }
}

/// Movements are relationships: sent again after the next move they would be a new fact, so only
/// what carries its own source time on a property, or a command's id, is repeated at will.
fn repeatable(delivery: &Delivery) -> bool {
    matches!(
        delivery.facts.first().map(|fact| &fact.what),
        Some(
            What::Vital { .. }
                | What::Environment { .. }
                | What::OnTable { .. }
                | What::Technology { .. }
                | What::Step { .. }
        )
    )
}

fn later(at: Timestamp, longest: SignedDuration, random: &mut ChaCha8Rng) -> Timestamp {
    let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(0).max(1);
    let wait_ms = i64::try_from(random.next_u64() % longest_ms).unwrap_or(0);
    at.saturating_add(SignedDuration::from_millis(wait_ms)).unwrap_or(at)
}

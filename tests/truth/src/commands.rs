//! What each actuator was commanded, and why, against what must have been.
//!
//! In a run without faults every decision is predicted with its instant. Facts of one instant that
//! reach the automation by different ways may arrive in any order: whatever order explains what was
//! decided is right. After each instant the prediction goes on from what the actuators really are,
//! so that one mistake is one difference.
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

mod faults;
mod hearing;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::faults::{Faults, lane};
use self::hearing::{Heard, heard, prompt};
use crate::automation::{Decision, Room, Told, Wishes};
use crate::course::Process;
use crate::difference::Found;
use crate::journal::{Fact, Journal, instant, written};
use crate::product::{Product, port};
use crate::things::{explained, received};

const OUTCOMES_AT_ONCE: [&str; 2] = ["CONFIRMED", "SUPERSEDED"];

/// Compares decisions and commands of every room.
pub(crate) async fn commands(
    journal: &Journal,
    product: &Product,
    processes: &[Process],
    found: &mut Found,
) -> Result<()> {
    found.compared("fault", journal.of("fault").count());
    let faults = Faults::of(journal)?;
    let configuration = journal.of("run").map(|run| run.value("automation")).next();
    let configuration = configuration.unwrap_or_default();
    for place in journal.of("room") {
        let room = place.text("roomId");
        let query = [("roomId", room)];
        let decisions = product.list(port::AUTOMATION, "/api/v1/decisions", &query).await?;
        let mine =
            |kind: &'static str| journal.of(kind).filter(move |fact| fact.text("roomId") == room);
        found.compared("command", mine("command").count());
        found.compared("light_request", mine("light_request").count());
        if configuration.is_null() {
            found.differs("run", "tells no configuration of the automation");
            return Ok(());
        }
        for decision in &decisions {
            explained(journal, decision, found);
        }
        if faults.anywhere {
            continue;
        }
        let actuators: BTreeMap<&str, &str> =
            mine("actuator").map(|fact| (fact.text("actuatorId"), fact.text("type"))).collect();
        if !prompt(journal, room, processes, &faults) {
            let excused = |actuator: &str| faults.ever(room, &lane(&actuators, actuator));
            received(journal, room, &decisions, excused, found);
            continue;
        }
        let theatre = place.text("roomType") == "OPERATING_ROOM";
        let wishes = Wishes::of(&configuration, theatre)?;
        let watched = Watched { journal, room, actuators, decisions: &decisions, faults: &faults };
        watched.compare(Room::new(&wishes), &heard(journal, room, processes)?, found)?;
    }
    Ok(())
}

/// One room, with what was decided and received there.
struct Watched<'a> {
    journal: &'a Journal,
    room: &'a str,
    /// Their types, in small letters, by id.
    actuators: BTreeMap<&'a str, &'a str>,
    decisions: &'a [Value],
    faults: &'a Faults,
}

impl Watched<'_> {
    fn compare(
        &self,
        mut room: Room<'_>,
        heard: &BTreeMap<Timestamp, Vec<Heard>>,
        found: &mut Found,
    ) -> Result<()> {
        let mut decided: BTreeMap<Timestamp, Vec<&Value>> = BTreeMap::new();
        for decision in self.decisions {
            let t = instant(decision["dateTime"].as_str().unwrap_or_default())?;
            decided.entry(t).or_default().push(decision);
        }
        let received = self.told("command");
        let states = self.told("actuator_state");
        let mut due: BTreeSet<Timestamp> = heard.keys().chain(decided.keys()).copied().collect();
        due.extend(received.keys().chain(states.keys()));
        let (no_decision, nothing) = (Vec::new(), Vec::new());
        while let Some(t) = due.pop_first() {
            let decided = decided.get(&t).unwrap_or(&no_decision);
            let received = received.get(&t).unwrap_or(&nothing);
            let states = states.get(&t).unwrap_or(&nothing);
            let mut first = Vec::new();
            if room.timer() == Some(t) && t <= self.journal.end {
                first = room.hears(t, t, &Told::NobodyForLong);
            }
            let mut facts = heard.get(&t).cloned().unwrap_or_default();
            facts.extend(self.by_hand(received, states));
            let mut best: Option<(Found, Room<'_>)> = None;
            for order in orders(&facts) {
                let (mut after, mut decisions) = (room.clone(), first.clone());
                for (said, told) in order {
                    decisions.extend(after.hears(t, said, &told));
                }
                let differing = self.differing(t, &decisions, decided, received);
                if best.as_ref().is_none_or(|(least, _)| differing.count() < least.count()) {
                    best = Some((differing, after));
                }
            }
            if let Some((differing, after)) = best {
                found.absorb(differing);
                room = after;
            }
            for state in states {
                if let (Some(kind), Some(is)) =
                    (self.kind(state), state.value("intensity").as_i64())
                {
                    room.is_now(&kind, is);
                }
            }
            due.extend(room.timer().filter(|timer| t < *timer));
        }
        Ok(())
    }

    /// Facts about this room's actuators, by instant, in the order of acknowledgement.
    fn told(&self, kind: &'static str) -> BTreeMap<Timestamp, Vec<&Fact>> {
        let mut told: BTreeMap<Timestamp, Vec<&Fact>> = BTreeMap::new();
        for fact in self.journal.of(kind) {
            if self.actuators.contains_key(fact.text("actuatorId")) {
                told.entry(fact.t).or_default().push(fact);
            }
        }
        told
    }

    /// An actuator's type, as decisions spell it.
    fn kind(&self, fact: &Fact) -> Option<String> {
        self.actuators.get(fact.text("actuatorId")).map(|kind| kind.to_uppercase())
    }

    /// What actuators said that followed from no command: each command has one state that follows.
    fn by_hand(&self, received: &[&Fact], states: &[&Fact]) -> Vec<Heard> {
        let mut followed: Vec<&Fact> = received.to_vec();
        let mut heard = Vec::new();
        for state in states {
            let follows = |command: &&Fact| {
                let on = command.text("action") == "on";
                let becomes = command.value("value").as_i64().unwrap_or(if on { 100 } else { 0 });
                command.text("actuatorId") == state.text("actuatorId")
                    && state.value("intensity") == json!(becomes)
            };
            if let Some(nth) = followed.iter().position(follows) {
                followed.remove(nth);
                continue;
            }
            if let (Some(actuator), Some(intensity)) =
                (self.kind(state), state.value("intensity").as_i64())
            {
                heard.push(("actuators", state.t, Told::Is { actuator, intensity }));
            }
        }
        heard
    }

    /// How what was decided and received at an instant differs from what had to be.
    fn differing(
        &self,
        t: Timestamp,
        expected: &[Decision],
        decided: &[&Value],
        received: &[&Fact],
    ) -> Found {
        let mut found = Found::default();
        for (id, kind) in &self.actuators {
            let kind = kind.to_uppercase();
            if self.faults.excuse(self.room, &lane(&self.actuators, id), t) {
                continue;
            }
            let expected: Vec<&Decision> =
                expected.iter().filter(|decision| decision.actuator == kind).collect();
            let decided: Vec<&Value> = decided
                .iter()
                .copied()
                .filter(|decision| decision["command"]["actuatorType"] == json!(kind))
                .collect();
            let place = format!("{id} at {}", written(t));
            decisions(&place, id, t, &expected, &decided, &mut found);
            let received: Vec<Value> = received
                .iter()
                .filter(|command| command.text("actuatorId") == *id)
                .map(|command| json!([command.value("action"), command.value("value")]))
                .collect();
            commanded(&place, &expected, &received, &mut found);
        }
        found
    }
}

/// Compares what was decided for one actuator at an instant.
fn decisions(
    place: &str,
    actuator: &str,
    t: Timestamp,
    expected: &[&Decision],
    decided: &[&Value],
    found: &mut Found,
) {
    // Decisions of one instant are listed in no particular order.
    let mut rest = decided.to_vec();
    let (expected, never_sent) = match taken_back(expected) {
        Some((_, others)) if others.len() == decided.len() => (others, true),
        _ => (expected, false),
    };
    for (nth, decision) in expected.iter().enumerate() {
        if rest.is_empty() {
            found.differs(place, format!("not decided: {}", decision.shown()));
            continue;
        }
        let fits = |actual: &&Value| {
            let mut differing = Found::default();
            differing.same(place, &decision.shown(), actual);
            differing.count() == 0
        };
        let actual = rest.remove(rest.iter().position(fits).unwrap_or(0));
        found.same(place, &decision.shown(), actual);
        let mut more = json!({"dateTime": written(t)});
        if actual["outcome"]["status"] == "CONFIRMED" {
            more["command"] = json!({"actuatorId": actuator});
        }
        if expected.len() == 1 {
            more["inputs"] = json!({"found": word(decision)});
        }
        let outcome = &actual["outcome"];
        if nth + 1 == expected.len() && never_sent {
            more["outcome"] = json!({"status": "SUPERSEDED", "endedDateTime": written(t)});
        } else if nth + 1 == expected.len() {
            more["outcome"] = json!({
                "status": "CONFIRMED", "attempts": 1, "reason": null,
                "sentDateTime": written(t), "endedDateTime": written(t),
            });
        } else if !OUTCOMES_AT_ONCE.iter().any(|status| outcome["status"] == *status) {
            // Another decision of the same instant may take its place.
            found.differs(place, format!("ended {}", outcome["status"]));
        }
        found.same(place, &more, actual);
    }
    for decision in rest {
        let (rule, command) = (&decision["rule"], &decision["command"]);
        found.differs(place, format!("decided for no reason: {rule} {command}"));
    }
}

/// What the actuator's twin said, as decisions spell it.
fn word(decision: &Decision) -> Value {
    match (decision.found, decision.quantity) {
        (None, _) => Value::Null,
        (Some(0), "TEMPERATURE") => json!("off"),
        (Some(_), "TEMPERATURE") => json!("on"),
        (Some(intensity), _) => json!(intensity.to_string()),
    }
}

/// What remains of an instant's decisions for one actuator when the last one wants what was there
/// before the last but one: without those two, and without the last. If the last but one was not
/// sent yet, the last need not be decided.
fn taken_back<'a, 'd>(
    expected: &'a [&'d Decision],
) -> Option<(&'a [&'d Decision], &'a [&'d Decision])> {
    let (last, others) = expected.split_last()?;
    let (before, rest) = others.split_last()?;
    (before.found == Some(last.becomes())).then_some((rest, others))
}

/// Compares what one actuator received at an instant: the last command, and of those before it
/// whichever were sent before their place was taken.
fn commanded(place: &str, expected: &[&Decision], received: &[Value], found: &mut Found) {
    let right = |expected: &[&Decision]| {
        let all: Vec<Value> =
            expected.iter().map(|decision| json!([decision.action, decision.value])).collect();
        let mut rest = all.iter();
        let in_order = received.iter().all(|command| rest.any(|expected| expected == command));
        in_order && received.last() == all.last()
    };
    if !right(expected) && !taken_back(expected).is_some_and(|(rest, _)| right(rest)) {
        let all: Vec<Value> = expected.iter().map(|decision| decision.shown()).collect();
        found.differs(place, format!("received {}, expected {}", json!(received), json!(all)));
    }
}

/// Every order in which facts can arrive: those that go one way keep theirs.
fn orders(facts: &[Heard]) -> Vec<Vec<(Timestamp, Told)>> {
    if facts.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    let ways: BTreeSet<&str> = facts.iter().map(|(way, _, _)| *way).collect();
    for way in ways {
        let Some(nth) = facts.iter().position(|(of, _, _)| *of == way) else { continue };
        let mut others = facts.to_vec();
        let (_, t, first) = others.remove(nth);
        for rest in orders(&others) {
            all.push(std::iter::once((t, first.clone())).chain(rest).collect());
        }
    }
    all
}

#[cfg(test)]
mod tests;

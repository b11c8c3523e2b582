//! What the automation hears of a room, and when.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::faults::Faults;
use crate::automation::Told;
use crate::course::Process;
use crate::journal::{Fact, Journal};

/// How wrong the clock of a sensor may be; what is told later than this was held back.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// A fact of a room: the way by which the automation learns of it, when it says to be, and what.
pub(super) type Heard = (&'static str, Timestamp, Told);

/// Whether all that concerns a room was told as it happened, but for wrong clocks. What is told late
/// on purpose is older than what is known, and so means nothing to the automation.
pub(super) fn prompt(
    journal: &Journal,
    room: &str,
    processes: &[Process],
    faults: &Faults,
) -> bool {
    const OF_PATIENTS: [&str; 5] = ["patient_moved", "on_table", "step", "emergency", "cancelled"];
    let patients: BTreeSet<&str> = processes
        .iter()
        .filter(|process| process.stays.iter().any(|stay| stay.room == room))
        .map(|process| process.patient_id.as_str())
        .collect();
    let mine = |fact: &&Fact| match fact.kind.as_str() {
        "environment" | "technology" | "light_request" => fact.text("roomId") == room,
        kind => OF_PATIENTS.contains(&kind) && patients.contains(fact.text("patientId")),
    };
    journal.facts.iter().filter(|fact| !fact.late).filter(mine).all(|fact| {
        fact.at.duration_since(fact.t).abs() <= SKEW || faults.excuse(room, &[], fact.t)
    })
}

/// What the automation hears of a room, by instant.
pub(super) fn heard(
    journal: &Journal,
    room: &str,
    processes: &[Process],
) -> Result<BTreeMap<Timestamp, Vec<Heard>>> {
    let mut heard: BTreeMap<Timestamp, Vec<Heard>> = BTreeMap::new();
    let kinds: BTreeMap<&str, String> = journal
        .of("technology_registered")
        .map(|fact| (fact.text("technologyId"), fact.text("type").to_lowercase()))
        .collect();
    let here = |fact: &&Fact| !fact.late && fact.text("roomId") == room;
    for fact in journal.facts.iter().filter(here) {
        let kind_of = |id: &str| kinds.get(id).cloned().unwrap_or_default();
        let (way, told) = match fact.kind.as_str() {
            "environment" if fact.text("quantity") == "presence" => {
                ("sensors", Told::Presence(fact.value("value") == json!(true)))
            }
            "environment" => {
                let Some(value) = fact.value("value").as_f64() else { continue };
                let quantity = fact.text("quantity").to_owned();
                ("sensors", Told::Measured { quantity, value })
            }
            "technology" => {
                let technology_id = fact.text("technologyId").to_owned();
                let kind = kind_of(&technology_id);
                let in_use = fact.value("inUse") == json!(true);
                ("technologies", Told::Usage { technology_id, kind, in_use })
            }
            "light_request" => ("team", wish(fact, kind_of)?),
            _ => continue,
        };
        heard.entry(fact.at).or_default().push((way, fact.t, told));
    }
    for (process, course) in processes.iter().enumerate() {
        let mut news = |t: Timestamp, begins| {
            let told = Told::Surgery { process, begins };
            let known = told_at(journal, &course.patient_id, t);
            heard.entry(known).or_default().push(("surgeries", t, told));
        };
        for (begins, ends) in in_surgery(course, room) {
            news(begins, true);
            news(ends.unwrap_or(journal.end), false);
        }
    }
    Ok(heard)
}

/// The clock when what happened to a patient at an instant was told.
fn told_at(journal: &Journal, patient: &str, t: Timestamp) -> Timestamp {
    let of = |fact: &&Fact| fact.t == t && !fact.late && fact.text("patientId") == patient;
    let causes = journal.facts.iter().filter(of).filter(|fact| fact.kind != "vital");
    causes.map(|fact| fact.at).max().unwrap_or(t)
}

/// What the team asked for.
fn wish(fact: &Fact, kind_of: impl Fn(&str) -> String) -> Result<Told> {
    let lux = |names: [&str; 2]| names.iter().find_map(|name| fact.value(name).as_i64());
    Ok(match fact.text("action") {
        "SETUP" => Told::Setup {
            ambient: lux(["ambientLight", "ambientLightLux"]).unwrap_or(-1),
            surgical: lux(["surgicalLight", "surgicalLightLux"]).unwrap_or(-1),
        },
        "STOP" => Told::Stop,
        "ADAPT" => {
            let named = fact.option("medicalTechnologyType").map(|kind| kind.to_lowercase());
            Told::Adapt { kind: named.unwrap_or_else(|| kind_of(fact.text("medicalTechnologyId"))) }
        }
        other => anyhow::bail!("the light request {other:?} of {} is unknown", fact.line),
    })
}

/// When a process was in state SURGERY with this room as its theatre: from, until.
fn in_surgery(process: &Process, room: &str) -> Vec<(Timestamp, Option<Timestamp>)> {
    let mut instants: BTreeSet<Timestamp> = process.states.iter().map(|(t, _)| *t).collect();
    instants.extend(process.stays.iter().map(|stay| stay.from));
    let (mut spans, mut since) = (Vec::new(), None);
    for t in instants {
        let state = process.states.iter().rev().find(|(at, _)| *at <= t).map(|(_, state)| *state);
        let theatre = process.stays.iter().rev().find(|stay| stay.theatre && stay.from <= t);
        let here = state == Some("SURGERY") && theatre.is_some_and(|stay| stay.room == room);
        match since {
            None if here => since = Some(t),
            Some(begins) if !here => {
                spans.push((begins, Some(t)));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|begins| (begins, None)));
    spans
}

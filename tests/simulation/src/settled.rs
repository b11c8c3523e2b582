//! What a run has come to, in a form that two runs of one day can be compared in.
//!
//! Ids and versions of processes are left out: they tell how knowledge grew, and so does what was
//! withdrawn. Everything else must not depend on the order, number or delay of deliveries.

use std::collections::BTreeMap;

use crate::{
    house::House,
    node::{automation, processes::Patient, reports::Reporting, staff},
};

/// Texts by what they are about.
pub type Settled = BTreeMap<String, String>;

/// Reads off what everybody keeps.
pub fn settled(house: &House, surgeries: &[String]) -> Settled {
    let mut all = Settled::new();
    for (id, patient) in house.processes.patients.all() {
        let names = names(&patient);
        for (nth, process) in patient.all().enumerate() {
            let name = format!("{id} process {}", nth + 1);
            let is_settled = nth < patient.settled.len();
            let said = format!("settled: {is_settled}\n{process:#?}");
            all.insert(name.clone(), renamed(&said, &names));
            if let Some(filed) = Reporting::content(&house.reports, process.id.as_str()) {
                let said = renamed(&format!("{:#?}", filed.report), &names);
                all.insert(format!("{name} report"), said);
            }
        }
    }
    all.extend(staff::content(&house.staff));
    all.extend(house.rooms.content());
    all.extend(house.desk.content(surgeries));
    all.extend(automation::content(&house.automated));
    all
}

/// The first difference between two runs, if there is one: what it is about, and both lines.
pub fn difference(friendly: &Settled, hostile: &Settled) -> Option<String> {
    for (about, expected) in friendly {
        let Some(found) = hostile.get(about) else { return Some(format!("{about} is missing")) };
        if expected == found {
            continue;
        }
        let lines = expected.lines().zip(found.lines()).enumerate();
        let mut differing = lines.filter(|(_, (expected, found))| expected != found);
        return Some(match differing.next() {
            Some((nth, (expected, found))) => {
                format!("{about}, line {nth}: expected {expected}, found {found}")
            }
            None => format!("{about}: one is longer"),
        });
    }
    let more = hostile.keys().find(|about| !friendly.contains_key(*about));
    more.map(|about| format!("{about} should not be"))
}

/// The ids of a patient's processes, the longest first, with what stands for them.
fn names(patient: &Patient) -> Vec<(String, String)> {
    let processes = patient.all().enumerate();
    let names = processes
        .map(|(nth, process)| (process.id.as_str().to_owned(), format!("process {}", nth + 1)));
    let mut names: Vec<(String, String)> = names.collect();
    names.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
    names
}

fn renamed(said: &str, names: &[(String, String)]) -> String {
    names.iter().fold(said.to_owned(), |said, (id, name)| said.replace(id, name))
}

//! The lists of a report: technologies, movements, versions and their differences.

use std::collections::BTreeMap;

use jiff::Timestamp;
use surgery_report_domain::entity::{
    process::{ProfessionalId, RoomId, TechnologyId},
    report::{Passage, Report},
};

use super::{
    super::{Happened, What},
    Differences, Writer, minutes,
};
use crate::application::words::fill;

impl Writer<'_> {
    /// What, kind, from, to.
    pub(super) fn technologies(&self) -> Vec<[String; 4]> {
        let (words, report) = (self.words, self.report());
        let mut lines = Vec::new();
        let mut open: BTreeMap<&TechnologyId, usize> = BTreeMap::new();
        let named = |name: &str, id: &str| {
            if name.trim().is_empty() { id.to_owned() } else { name.to_owned() }
        };
        for used in &report.in_use_at_entry {
            open.insert(&used.id, lines.len());
            lines.push([
                named(&used.name, used.id.as_str()),
                words.technology(used.kind).to_owned(),
                words.before_entry.to_owned(),
                String::new(),
            ]);
        }
        for usage in &report.usages {
            let technology = &usage.technology;
            match (usage.in_use, open.remove(&technology.id)) {
                // In use already: nothing new.
                (true, Some(index)) => {
                    open.insert(&technology.id, index);
                }
                (true, None) => {
                    open.insert(&technology.id, lines.len());
                    lines.push([
                        named(&technology.name, technology.id.as_str()),
                        words.technology(technology.kind).to_owned(),
                        self.clock(usage.at),
                        String::new(),
                    ]);
                }
                (false, Some(index)) => {
                    if let Some(line) = lines.get_mut(index) {
                        line[3] = self.clock(usage.at);
                    }
                }
                // Its beginning was not seen.
                (false, None) => lines.push([
                    named(&technology.name, technology.id.as_str()),
                    words.technology(technology.kind).to_owned(),
                    String::new(),
                    self.clock(usage.at),
                ]),
            }
        }
        for index in open.into_values() {
            if let Some(line) = lines.get_mut(index) {
                words.still_in_use.clone_into(&mut line[3]);
            }
        }
        for device in &report.devices {
            lines.push([
                device.id.as_str().to_owned(),
                words.device(device.kind).to_owned(),
                words.implanted.to_owned(),
                String::new(),
            ]);
        }
        lines
    }

    /// Who, role, room, entered, left, minutes inside; by entry.
    pub(super) fn movements(&self) -> Vec<[String; 6]> {
        let (words, report) = (self.words, self.report());
        let (start, end) = (report.surgery_date, self.end());
        // Inside since; `None` of the start for those who were there before.
        let mut inside: BTreeMap<(&ProfessionalId, &RoomId), Option<Timestamp>> = BTreeMap::new();
        for present in &report.present_at_start {
            inside.insert((&present.professional, &present.room), None);
        }
        let mut stays: Vec<(Timestamp, &ProfessionalId, &RoomId, bool, Option<Timestamp>)> =
            Vec::new();
        for movement in &report.movements {
            let key = (&movement.professional, &movement.room);
            match movement.passage {
                Passage::Enter => {
                    inside.entry(key).or_insert(Some(movement.at));
                }
                Passage::Exit => {
                    let since = inside.remove(&key);
                    let entered = since.flatten();
                    let from = entered.unwrap_or(start);
                    stays.push((from, key.0, key.1, entered.is_some(), Some(movement.at)));
                }
            }
        }
        for ((who, room), since) in inside {
            stays.push((since.unwrap_or(start), who, room, since.is_some(), None));
        }
        stays.sort();
        let line =
            |(from, who, room, entered, left): (Timestamp, _, _, bool, Option<Timestamp>)| {
                let (name, role) = self.person(who);
                let left_at = left.map_or(words.stayed.to_owned(), |at| self.clock(at));
                let entered =
                    if entered { self.clock(from) } else { words.before_start.to_owned() };
                let inside = format!("{} {}", minutes(from, left.unwrap_or(end)), words.minutes);
                [name, role, self.figures.room_name(room), entered, left_at, inside]
            };
        stays.into_iter().map(line).collect()
    }

    /// Version, what and by whom, when; the newest first.
    pub(super) fn versions(&self) -> Vec<[String; 3]> {
        let words = self.words;
        let line = |happened: &Happened| {
            let what = match &happened.what {
                What::Composed { settled: false } => words.composed,
                What::Composed { settled: true } => words.composed_settled,
                What::Regenerated => words.regenerated,
                What::Added(_) => words.added,
                What::Signed => words.signed,
                What::Withdrawn => words.withdrawn,
            };
            let what = match &happened.by {
                Some(by) => format!("{what}, {by}"),
                None => what.to_owned(),
            };
            [happened.version.to_string(), what, words.moment(happened.at, self.zone)]
        };
        self.document.history.iter().rev().map(line).collect()
    }

    pub(super) fn differences(&self) -> Option<Differences> {
        let (words, report) = (self.words, self.report());
        let (former, before) = self.document.before.as_ref()?;
        let (rows, more) = self.figures.differences(before);
        let same =
            Report { settled: report.settled, missing: report.missing.clone(), ..before.clone() }
                == *report;
        if same {
            return None;
        }
        let rest = match (rows.is_empty(), more) {
            (true, _) => Some(words.other_content.to_owned()),
            (false, 0) => None,
            (false, more) => Some(fill(words.more_differences, &[&more.to_string()])),
        };
        let numbers = [former.to_string(), self.document.version.to_string()];
        let between = fill(words.between, &[&numbers[0], &numbers[1]]);
        Some(Differences { between, rows, rest })
    }
}

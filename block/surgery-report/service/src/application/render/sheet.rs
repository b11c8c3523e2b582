//! What a report says on paper, in words and in order, before anybody draws it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use surgery_report_domain::entity::{
    process::{FinalState, ProfessionalId, RoomId, RoomKind, Step, TechnologyId},
    report::{Passage, Report},
    sample::VitalSign,
};

use super::{
    Document, What,
    chart::{Lane, overview, share, ticks, usual},
    figures::{Difference, Figures, Table, unit_of},
};
use crate::application::words::{Language, Words, clock, fill};

/// A report on paper.
#[derive(Serialize)]
pub(super) struct Sheet {
    #[serde(skip)]
    pub(super) filed_at: Timestamp,
    #[serde(skip)]
    pub(super) words: &'static Words,
    pub(super) language: &'static str,
    pub(super) process: String,
    pub(super) revision: u32,
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) lead: String,
    pub(super) notices: Vec<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) timeline: Timeline,
    pub(super) overview: Option<Overview>,
    pub(super) steps: Vec<StepSheet>,
    pub(super) technologies: Vec<[String; 4]>,
    pub(super) movements: Vec<[String; 6]>,
    pub(super) passages: usize,
    pub(super) additions: Vec<Note>,
    pub(super) signature: Option<Signed>,
    pub(super) versions: Vec<[String; 3]>,
    pub(super) differences: Option<Differences>,
}

/// A fact of the header.
#[derive(Serialize)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) strong: Option<String>,
    pub(super) lines: Vec<String>,
}

/// The steps on one line; places are shares of its length.
#[derive(Serialize)]
pub(super) struct Timeline {
    pub(super) segments: Vec<Segment>,
    pub(super) plan: Option<(f64, f64, String)>,
}

#[derive(Serialize)]
pub(super) struct Segment {
    #[serde(skip)]
    pub(super) step: Step,
    /// The step's class on the page.
    pub(super) class: &'static str,
    pub(super) from: f64,
    pub(super) width: f64,
    pub(super) name: &'static str,
    pub(super) time: String,
    /// Whether there is room for its name.
    pub(super) named: bool,
}

/// All vital signs on one axis.
#[derive(Serialize)]
pub(super) struct Overview {
    pub(super) bands: Vec<Segment>,
    pub(super) lanes: Vec<OverviewLane>,
    pub(super) ticks: Vec<(f64, String)>,
}

#[derive(Serialize)]
pub(super) struct OverviewLane {
    pub(super) name: &'static str,
    pub(super) range: String,
    pub(super) lane: Lane,
}

/// One interval of a step.
#[derive(Serialize)]
pub(super) struct StepSheet {
    #[serde(skip)]
    pub(super) step: Step,
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) minutes: String,
    pub(super) rooms: String,
    pub(super) tables: Vec<Table>,
}

/// A text that somebody added.
#[derive(Serialize)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) by: String,
}

#[derive(Serialize)]
pub(super) struct Signed {
    pub(super) by: String,
    pub(super) note: String,
    pub(super) fingerprint: String,
}

#[derive(Serialize)]
pub(super) struct Differences {
    pub(super) between: String,
    pub(super) rows: Vec<Difference>,
    pub(super) rest: Option<String>,
}

/// The class of a step on the page.
fn class(step: Step) -> &'static str {
    match step {
        Step::PatientInPreparation => "prep",
        Step::PatientOnOperatingTable => "table",
        Step::Anesthesia => "anaes",
        Step::SurgeryInProgress => "surg",
        Step::EndOfSurgery => "end",
        Step::PatientUnderObservation => "obs",
    }
}

struct Writer<'a> {
    document: &'a Document,
    words: &'static Words,
    zone: &'a TimeZone,
    figures: Figures<'a>,
}

impl Sheet {
    pub(super) fn of(document: &Document, language: Language, zone: &TimeZone) -> Self {
        let words = language.words();
        let (report, annex) = (&document.report, &document.annex);
        let writer = Writer { document, words, zone, figures: Figures { words, annex, report } };
        let additions = document.history.iter().filter_map(|line| match &line.what {
            What::Added(text) => {
                let by = format!(
                    "{}, {}",
                    line.by.as_deref().unwrap_or_default(),
                    words.moment(line.at, zone)
                );
                Some(Note { text: text.clone(), by })
            }
            _ => None,
        });
        let moment = |at: Timestamp| words.moment(at, zone);
        let signature = document.signature.as_ref().map(|(by, at, version, hash)| Signed {
            by: format!("{}, {}", fill(words.signed_by, &[by]), moment(*at)),
            note: fill(words.signed_note, &[&version.to_string()]),
            fingerprint: fill(words.fingerprint, &[hash]),
        });
        Self {
            filed_at: document.filed_at,
            words,
            language: language.tag(),
            process: report.process.as_str().to_owned(),
            revision: document.revision,
            version: document.version,
            title: writer.title(),
            lead: writer.lead(),
            notices: writer.notices(),
            facts: writer.facts(),
            timeline: writer.timeline(),
            overview: writer.overview(),
            steps: writer.steps(),
            technologies: writer.technologies(),
            movements: writer.movements(),
            passages: report.movements.len(),
            additions: additions.collect(),
            signature,
            versions: writer.versions(),
            differences: writer.differences(),
        }
    }
}

/// Whole minutes between two instants, rounded.
fn minutes(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second() + 30).div_euclid(60)
}

impl Writer<'_> {
    fn report(&self) -> &Report {
        &self.document.report
    }

    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.zone)
    }

    fn title(&self) -> String {
        let description = self.report().description.trim();
        match description {
            "" => self.words.surgery_report.to_owned(),
            "Emergency" => self.words.emergency.to_owned(),
            other => other.to_owned(),
        }
    }

    /// The end; of an open process the last instant that is known of it.
    fn end(&self) -> Timestamp {
        let report = self.report();
        let steps = report.intervals.iter().map(|(_, step)| step.stop.unwrap_or(step.start));
        report.end.unwrap_or_else(|| steps.max().unwrap_or(report.surgery_date))
    }

    /// From the first entry into a theatre to the last leaving of one.
    fn in_theatre(&self) -> Option<(Timestamp, Timestamp)> {
        let stays = &self.document.annex.stays;
        let theatres = || stays.iter().filter(|stay| stay.kind == RoomKind::Operating);
        let from = theatres().map(|stay| stay.from).min()?;
        let to = theatres().map(|stay| stay.to.unwrap_or_else(|| self.end())).max()?;
        Some((from, to))
    }

    /// The answer in three sentences: how it went, the patient, the room.
    fn lead(&self) -> String {
        let words = self.words;
        let mut lead = vec![
            match self.report().final_state {
                Some(FinalState::Terminated) => words.completed,
                Some(FinalState::Interrupted) => words.interrupted,
                None => words.under_way,
            }
            .to_owned(),
        ];
        let plan = self.document.annex.directory.plan.as_ref();
        if let Some((from, to)) = self.in_theatre() {
            let stayed = minutes(from, to).to_string();
            match plan {
                Some(plan) => {
                    lead.push(fill(
                        words.in_theatre_planned,
                        &[&stayed, &plan.minutes.to_string()],
                    ));
                    let late = minutes(plan.start, from);
                    lead.push(match late {
                        -1..=1 => words.begun_on_time.to_owned(),
                        2.. => fill(words.begun_late, &[&late.to_string()]),
                        _ => fill(words.begun_early, &[&late.abs().to_string()]),
                    });
                }
                None => lead.push(fill(words.in_theatre, &[&stayed])),
            }
        }
        let measured = self.figures.coverage().0.is_some();
        match self.figures.vital_signs_outside().as_slice() {
            [] if measured => lead.push(words.signs_in_range.to_owned()),
            [] => lead.push(words.signs_unknown.to_owned()),
            outside @ ([_] | [_, _]) => {
                for (quantity, step) in outside {
                    let step = words.step(*step).to_lowercase();
                    lead.push(fill(words.outside_in, &[words.vital_sign(*quantity), &step]));
                }
            }
            outside => lead.push(fill(words.outside_more, &[&outside.len().to_string()])),
        }
        match self.figures.climate_outside().as_deref() {
            None => {}
            Some([]) => lead.push(words.climate_in_range.to_owned()),
            Some(outside) => {
                for quantity in outside {
                    lead.push(fill(words.climate_outside, &[words.climate(*quantity)]));
                }
            }
        }
        lead.join(" ")
    }

    fn notices(&self) -> Vec<String> {
        let words = self.words;
        let mut notices = Vec::new();
        if matches!(self.document.history.last().map(|it| &it.what), Some(What::Withdrawn)) {
            notices.push(words.withdrawn_notice.to_owned());
        }
        let missing: Vec<_> =
            self.report().missing.iter().map(|missing| words.missing(*missing)).collect();
        if !missing.is_empty() {
            notices.push(fill(words.incomplete_notice, &[&missing.join(", ")]));
        }
        notices
    }

    /// A professional's name and role; the id when nobody could tell.
    fn person(&self, id: &ProfessionalId) -> (String, String) {
        match self.document.annex.directory.people.get(id) {
            Some(person) => {
                let role = person.role.as_ref().map(|role| self.words.role_of(role));
                (format!("{} {}", person.name, person.surname), role.unwrap_or_default())
            }
            None => (id.as_str().to_owned(), String::new()),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let (words, report) = (self.words, self.report());
        let directory = &self.document.annex.directory;
        let fact = |label: &str, strong: Option<String>, lines: Vec<String>| Fact {
            label: label.to_owned(),
            strong,
            lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        };
        let day = report.surgery_date.to_zoned(self.zone.clone()).date();
        let (strong, code) = match &report.healthcare_user {
            Some(user) => (format!("{} {}", user.name, user.surname), user.tax_code.as_str()),
            None => (words.unknown_patient.to_owned(), ""),
        };
        let age = directory.birthdate.map(|born| {
            let had = (day.month(), day.day()) < (born.month(), born.day());
            let years = i32::from(day.year()) - i32::from(born.year()) - i32::from(had);
            format!("{}, {}", fill(words.age, &[&years.to_string()]), report.patient.as_str())
        });
        let age = age.unwrap_or_else(|| report.patient.as_str().to_owned());
        let patient = fact(words.patient, Some(strong), vec![age, code.to_owned()]);

        let mut lines = Vec::new();
        let theatres: BTreeSet<_> =
            report.rooms.iter().filter(|(_, kind)| *kind == RoomKind::Operating).collect();
        let theatres: Vec<_> =
            theatres.iter().map(|(room, _)| self.figures.room_name(room)).collect();
        match self.in_theatre() {
            Some((from, to)) => {
                let span = fill(words.from_to, &[&self.clock(from), &self.clock(to)]);
                lines.push(format!("{}, {span}", theatres.join(", ")));
            }
            None => {
                let end = self.clock(self.end());
                lines.push(fill(words.from_to, &[&self.clock(report.surgery_date), &end]));
            }
        }
        if let Some(plan) = &directory.plan {
            let end = later(plan.start, plan.minutes);
            lines.push(fill(words.planned_from_to, &[&self.clock(plan.start), &self.clock(end)]));
        }
        let surgery = fact(words.surgery, Some(words.day(day)), lines);

        let (strong, role) = match &report.professional {
            Some(id) => self.person(id),
            None => (words.nobody.to_owned(), String::new()),
        };
        let signed = match &self.document.signature {
            Some((_, at, ..)) => fill(words.signed_at, &[&self.clock(*at)]),
            None => words.not_signed.to_owned(),
        };
        let responsible = fact(words.responsible, Some(strong), vec![role, signed]);

        let team = fact(words.team, None, self.team());
        let rooms = report.rooms.iter().map(|(room, _)| self.figures.room_name(room));
        let rooms = fact(words.rooms, None, rooms.collect());
        let settled = if report.settled { words.settled } else { words.not_settled };
        let (vital, climate) = self.figures.coverage();
        let percent = |it: Option<u32>| it.unwrap_or(0).to_string();
        let coverage = fill(words.coverage, &[&percent(vital), &percent(climate)]);
        let version = fill(words.version, &[&self.document.version.to_string()]);
        let status = fact(
            words.status,
            None,
            vec![format!("{settled}."), format!("{}: {coverage}", words.data), version],
        );
        vec![patient, surgery, responsible, team, rooms, status]
    }

    /// Everybody who was in a theatre of the patient, by family name.
    fn team(&self) -> Vec<String> {
        let report = self.report();
        let theatres: BTreeSet<&RoomId> = report
            .rooms
            .iter()
            .filter(|(_, kind)| *kind == RoomKind::Operating)
            .map(|(room, _)| room)
            .collect();
        let mut team: BTreeSet<&ProfessionalId> = BTreeSet::new();
        let inside = report.present_at_start.iter();
        team.extend(inside.filter(|it| theatres.contains(&it.room)).map(|it| &it.professional));
        let entered = report.movements.iter().filter(|it| it.passage == Passage::Enter);
        team.extend(entered.filter(|it| theatres.contains(&it.room)).map(|it| &it.professional));
        let mut names: Vec<_> = team
            .into_iter()
            .map(|id| {
                let person = self.document.annex.directory.people.get(id);
                let sort = person.map_or("", |person| person.surname.as_str());
                let (name, role) = self.person(id);
                let line = if role.is_empty() { name } else { format!("{name}, {role}") };
                (sort.to_owned(), line)
            })
            .collect();
        names.sort();
        names.into_iter().map(|(_, line)| line).collect()
    }

    /// The steps between two instants, named from a width on.
    fn segments(&self, from: Timestamp, to: Timestamp, named: f64) -> Vec<Segment> {
        let segments = self.report().intervals.iter().map(|(step, it)| {
            let begin = share(from, to, it.start);
            let end = share(from, to, it.stop.unwrap_or(to));
            Segment {
                step: *step,
                class: class(*step),
                from: begin,
                width: end - begin,
                name: self.words.step(*step),
                time: self.clock(it.start),
                named: named <= end - begin,
            }
        });
        segments.collect()
    }

    fn timeline(&self) -> Timeline {
        let report = self.report();
        let (mut from, mut to) = (report.surgery_date, self.end());
        let plan = self.document.annex.directory.plan.as_ref();
        let plan = plan.map(|plan| (plan.start, later(plan.start, plan.minutes)));
        // What was planned is shown where it meets what happened.
        let plan = plan.filter(|(start, end)| *start < to && from < *end);
        if let Some((start, end)) = plan {
            (from, to) = (from.min(start), to.max(end));
        }
        let segments = self.segments(from, to, 0.085);
        let plan = plan.map(|(start, end)| {
            let span = [self.clock(start), self.clock(end)];
            let label = fill(self.words.planned_in_theatre, &[&span[0], &span[1]]);
            let begin = share(from, to, start);
            (begin, share(from, to, end) - begin, label)
        });
        Timeline { segments, plan }
    }

    fn overview(&self) -> Option<Overview> {
        let annex = &self.document.annex;
        if annex.curves.iter().all(|step| step.vital_signs.is_empty()) {
            return None;
        }
        let (from, to) = (self.report().surgery_date, self.end());
        let lanes = overview(&annex.curves, from, to, |it| annex.periods.vital_sign_holds_ms(it));
        let lanes = lanes.into_iter().map(|(quantity, lane)| {
            let (low, high) = match quantity {
                VitalSign::SystolicBloodPressure => {
                    (usual(VitalSign::DiastolicBloodPressure).0, usual(quantity).1)
                }
                _ => usual(quantity),
            };
            let short =
                |value: f64| self.words.number(value, usize::from(value.fract().abs() > 0.01));
            let range = format!("{}–{}\u{2009}{}", short(low), short(high), unit_of(quantity));
            let name = match quantity {
                VitalSign::SystolicBloodPressure => self.words.blood_pressure,
                other => self.words.vital_sign(other),
            };
            OverviewLane { name, range, lane }
        });
        let ticks = ticks(from, to, self.zone);
        let ticks = ticks.into_iter().map(|(place, at)| (place, self.clock(at)));
        let bands = self.segments(from, to, 0.12);
        Some(Overview { bands, lanes: lanes.collect(), ticks: ticks.collect() })
    }

    fn steps(&self) -> Vec<StepSheet> {
        let report = self.report();
        let nothing = surgery_report_domain::entity::curve::StepCurves::default();
        let sheets = report.intervals.iter().enumerate().map(|(index, (step, it))| {
            let curves = self.document.annex.curves.get(index).unwrap_or(&nothing);
            let tables = self.figures.tables(it, curves);
            let rooms: Vec<_> = tables.iter().skip(1).map(|table| table.title.clone()).collect();
            StepSheet {
                step: *step,
                class: class(*step),
                name: self.words.step(*step),
                from: self.clock(it.start),
                to: it.stop.map(|stop| self.clock(stop)).unwrap_or_default(),
                minutes: it
                    .stop
                    .map(|stop| minutes(it.start, stop).to_string())
                    .unwrap_or_default(),
                rooms: rooms.join(", "),
                tables,
            }
        });
        sheets.collect()
    }

    /// What, kind, from, to.
    fn technologies(&self) -> Vec<[String; 4]> {
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
    fn movements(&self) -> Vec<[String; 6]> {
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
    fn versions(&self) -> Vec<[String; 3]> {
        let words = self.words;
        let line = |happened: &super::Happened| {
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

    fn differences(&self) -> Option<Differences> {
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

fn later(at: Timestamp, minutes: u32) -> Timestamp {
    let seconds = i64::from(minutes) * 60;
    Timestamp::from_second(at.as_second().saturating_add(seconds)).unwrap_or(at)
}

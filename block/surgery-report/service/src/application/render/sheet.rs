//! What a report says on paper, in words and in order, before anybody draws it.

mod charts;
mod header;
mod lists;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use surgery_report_domain::entity::{
    process::{ProfessionalId, RoomKind, Step},
    report::Report,
};

use super::{
    Document, What,
    chart::Lane,
    figures::{Difference, Figures, Table},
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
}

fn later(at: Timestamp, minutes: u32) -> Timestamp {
    let seconds = i64::from(minutes) * 60;
    Timestamp::from_second(at.as_second().saturating_add(seconds)).unwrap_or(at)
}

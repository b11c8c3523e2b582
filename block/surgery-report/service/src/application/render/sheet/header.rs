//! The head of a report: what happened in a few words, and who, when, where.

use std::collections::BTreeSet;

use surgery_report_domain::entity::{
    process::{FinalState, ProfessionalId, RoomId, RoomKind},
    report::Passage,
};

use super::{super::What, Fact, Writer, later, minutes};
use crate::application::words::fill;

impl Writer<'_> {
    pub(super) fn title(&self) -> String {
        let description = self.report().description.trim();
        match description {
            "" => self.words.surgery_report.to_owned(),
            "Emergency" => self.words.emergency.to_owned(),
            other => other.to_owned(),
        }
    }

    /// The answer in three sentences: how it went, the patient, the room.
    pub(super) fn lead(&self) -> String {
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

    pub(super) fn notices(&self) -> Vec<String> {
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

    pub(super) fn facts(&self) -> Vec<Fact> {
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
        if let Some((from, to)) = self.in_theatre() {
            let span = fill(words.from_to, &[&self.clock(from), &self.clock(to)]);
            lines.push(format!("{}, {span}", theatres.join(", ")));
        } else {
            let end = self.clock(self.end());
            lines.push(fill(words.from_to, &[&self.clock(report.surgery_date), &end]));
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
        let percent = |it: Option<u32>| it.map_or("–".to_owned(), |it| it.to_string());
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
    pub(super) fn team(&self) -> Vec<String> {
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
}

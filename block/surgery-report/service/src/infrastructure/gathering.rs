//! Reads everything that a report is made of, and makes it.
//!
//! A service that fails once is not asked again: what it would have told is missing, and the whole
//! is read anew later. Names are asked for last and are never missed: without one, the id stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
};

use chiron_clock::Clock;
use jiff::{SignedDuration, Timestamp, civil::Date};
use surgery_report_domain::{
    entity::{
        annex::{Annex, Directory},
        curve::{curves, stays},
        process::{Process, ProfessionalId, RoomId, Technology, TechnologyId},
        report::{Missing, NominalPeriods, Settlement, Sources, compose, rooms_involved},
        sample::{Series, VitalSign},
    },
    usecase::Composed,
};

use crate::infrastructure::reading::{Reader, Unread};

/// Where the vital signs and technologies of a process come from.
pub(crate) enum Told {
    /// From the monitoring and from building management.
    ByServices,
    /// From the summary itself.
    BySummary(Series<VitalSign>),
}

/// Reads sources.
pub(crate) struct Gatherer<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) periods: &'a NominalPeriods,
}

impl Gatherer<'_> {
    /// Reads what there is besides the process and makes its report, settled if it was settled at
    /// an instant and every source is complete to it.
    pub(crate) async fn compose(
        &self,
        reader: &mut Reader<'_>,
        process: Process,
        told: Told,
        settled_at: Option<Timestamp>,
        missing: BTreeSet<Missing>,
    ) -> Composed {
        let (mut sources, birthdate) = self.gather(reader, process, told, missing).await;
        // Before names are read: they belong to no instant.
        sources.settlement = match settled_at {
            None => Settlement::Pending,
            Some(at) => Settlement::Settled { at, complete_to: reader.complete_to() },
        };
        let mut directory = self.directory(reader, &sources).await;
        directory.birthdate = birthdate;
        let process = &sources.process;
        let annex = Annex {
            stays: stays(process),
            curves: curves(process, &sources.vital_signs, &sources.climate, self.periods),
            periods: *self.periods,
            directory,
        };
        Composed { report: compose(sources, self.periods), annex }
    }

    /// Who and what the report names by id.
    async fn directory(&self, reader: &mut Reader<'_>, sources: &Sources) -> Directory {
        let mut directory = Directory::default();
        let mut names = Gaps(BTreeSet::new());
        for (room, _) in rooms_involved(&sources.process) {
            if !names.may_ask(Missing::BuildingManagement) {
                break;
            }
            let read = reader.room_name(&room).await;
            if let Some(name) = names.note(Missing::BuildingManagement, read).flatten() {
                directory.rooms.insert(room, name);
            }
        }
        let mut people: BTreeSet<&ProfessionalId> = BTreeSet::new();
        people.extend(&sources.process.professional);
        people.extend(sources.movements.iter().map(|it| &it.professional));
        people.extend(sources.present_at_start.iter().map(|it| &it.professional));
        for id in people {
            match reader.person(id).await {
                Ok(Some(person)) => {
                    directory.people.insert(id.clone(), person);
                }
                Ok(None) => {}
                Err(error) => {
                    unnamed(&error);
                    break;
                }
            }
        }
        if let Some(surgery) = &sources.process.surgery {
            match reader.plan(surgery).await {
                Ok(plan) => directory.plan = plan,
                Err(error) => unnamed(&error),
            }
        }
        directory
    }

    /// Reads every source of the process. A service that fails once is not asked again.
    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        mut process: Process,
        told: Told,
        missing: BTreeSet<Missing>,
    ) -> (Sources, Option<Date>) {
        let start = process.start;
        let end = process.ending.map_or_else(|| self.clock.now(), |ending| ending.at);
        // Far enough back for whatever is in force when the first step begins. One millisecond
        // more, since rooms tell what is after an instant.
        let reach = SignedDuration::from_millis(self.periods.longest_hold_ms().saturating_add(1));
        let from = start.saturating_sub(reach).unwrap_or(start);
        let rooms: Vec<RoomId> =
            rooms_involved(&process).into_iter().map(|(room, _)| room).collect();
        let mut gaps = Gaps(missing);

        let vital_signs = match told {
            Told::BySummary(vital_signs) => vital_signs,
            Told::ByServices => {
                let service = Missing::BuildingManagement;
                let mut known: BTreeMap<TechnologyId, _> = BTreeMap::new();
                let used = process.usages.iter_mut().map(|it| &mut it.technology);
                for technology in used {
                    if technology.kind.is_some() && !technology.name.is_empty() {
                        continue;
                    }
                    if let Some(known) = known.get(&technology.id) {
                        technology.clone_from(known);
                    } else if gaps.may_ask(service) {
                        gaps.note(service, reader.describe(technology).await);
                        known.insert(technology.id.clone(), technology.clone());
                    }
                }
                for found in &mut process.in_use_at_entry {
                    if found.kind.is_some() && !found.name.is_empty() {
                        continue;
                    }
                    if !known.contains_key(&found.id) && gaps.may_ask(service) {
                        let (id, kind) = (found.id.clone(), found.kind);
                        let name = found.name.clone();
                        let mut technology = Technology { id, name, description: None, kind };
                        gaps.note(service, reader.describe(&mut technology).await);
                        known.insert(found.id.clone(), technology);
                    }
                    if let Some(known) = known.get(&found.id) {
                        found.name.clone_from(&known.name);
                        found.kind = known.kind;
                    }
                }
                let service = Missing::SurgicalProcessMonitoring;
                if gaps.may_ask(service) {
                    let read = reader.vital_signs(process.id.as_str(), from, end).await;
                    gaps.note(service, read).unwrap_or_default()
                } else {
                    Series::default()
                }
            }
        };
        let mut climate = BTreeMap::new();
        let (mut movements, mut present_at_start) = (Vec::new(), Vec::new());
        for room in rooms {
            let service = Missing::StaffTracking;
            if gaps.may_ask(service) {
                let read = reader.movements(&room, start, end).await;
                movements.extend(gaps.note(service, read).unwrap_or_default());
            }
            if gaps.may_ask(service) {
                let read = reader.inside_before(&room, start).await;
                present_at_start.extend(gaps.note(service, read).unwrap_or_default());
            }
            let service = Missing::BuildingManagement;
            if gaps.may_ask(service) {
                let read = reader.climate(&room, from, end).await;
                climate.insert(room, gaps.note(service, read).unwrap_or_default());
            }
        }
        let patient = match &process.tax_code {
            None => None,
            Some(tax_code) => {
                let read = reader.healthcare_user(tax_code.as_str()).await;
                gaps.note(Missing::PatientManagement, read).flatten()
            }
        };
        let (healthcare_user, birthdate) = patient.unzip();
        let Gaps(missing) = gaps;
        let sources = Sources {
            process,
            settlement: Settlement::Pending,
            vital_signs,
            climate,
            movements,
            present_at_start,
            healthcare_user,
            missing,
        };
        (sources, birthdate.flatten())
    }
}

/// An instant later than another, the last one at most.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The services that did not tell what they were asked.
struct Gaps(BTreeSet<Missing>);

impl Gaps {
    fn may_ask(&self, service: Missing) -> bool {
        !self.0.contains(&service)
    }

    fn note<T>(&mut self, service: Missing, read: Result<T, Unread>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                unread(service, &error);
                self.0.insert(service);
                None
            }
        }
    }
}

pub(crate) fn unread(service: Missing, error: &Unread) {
    let error: &(dyn Error + 'static) = error;
    tracing::warn!(error, ?service, "a source of a report cannot be read; tried again later");
}

fn unnamed(error: &Unread) {
    let error: &(dyn Error + 'static) = error;
    tracing::warn!(error, "names for a report cannot be read; ids stand for them");
}

//! Reading the sources of a report from the services that have them.

use chiron_chassis::{Calls, ReadError, Reading, Service};
use chiron_clock::instant;
use jiff::{SignedDuration, Timestamp, civil::Date};
use surgery_report_domain::entity::{
    annex::{Person, Plan},
    process::{EmptyId, Process, ProfessionalId, RoomId, SurgeryId, Technology},
    report::{HealthcareUser, Movement, PresentAtStart},
    sample::{Climate, OutOfRange, Sample, Series, VitalSign},
};
use thiserror::Error;

use crate::application::process::{
    AboutV1, HistoryEntryV1, PatientV1, PersonV1, PlanV1, ProcessV1, RoomDataV1, RoomV1, Shown,
    TrackingV1, Unfit, VitalSignV1,
};

/// Vital signs asked for at once, in time: six a second are fewer than a page, so that no answer is
/// worked out twice for two pages of it.
const WINDOW: SignedDuration = SignedDuration::from_mins(20);

/// Why a source could not be read. Every one is tried again: what is wrong with an answer now may
/// be right with the next release.
#[derive(Debug, Error)]
pub(crate) enum Unread {
    /// No answer that can be used.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An answer that names things by empty ids.
    #[error(transparent)]
    Id(#[from] EmptyId),
    /// An answer that contradicts itself.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// The process as it was read.
pub(crate) struct ReadProcess {
    pub(crate) process: Process,
    pub(crate) settled: bool,
    /// Its version; `None` when the answer does not say.
    pub(crate) version: Option<u64>,
}

/// Reads sources, and remembers how complete the least complete one was.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    reading: Reading<'a>,
    /// Whether vital signs count that came too late for a settled process.
    late: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(calls: &'a Calls) -> Self {
        Self { reading: Reading::new(calls), late: false }
    }

    /// A reader that is told also what came too late for the report of a settled process.
    pub(crate) fn with_late(calls: &'a Calls) -> Self {
        Self { late: true, ..Self::new(calls) }
    }

    /// The instant to which the least complete of the answers read so far is complete; `None`
    /// when none of them could tell.
    pub(crate) fn complete_to(&self) -> Option<Timestamp> {
        self.reading.complete_to()
    }

    /// The process with its steps; `None` when the monitoring knows none of this id.
    pub(crate) async fn process(&mut self, id: &str) -> Result<Option<ReadProcess>, Unread> {
        let path = format!("/api/v1/processes/{}", Calls::segment(id));
        let Some(answer) = self.reading.get(Service::SurgicalProcess, &path, &[]).await? else {
            return Ok(None);
        };
        let read: ProcessV1 = answer.json().map_err(ReadError::from)?;
        let history: Option<Vec<HistoryEntryV1>> =
            self.reading.list(Service::SurgicalProcess, &format!("{path}/history"), &[]).await?;
        let Some(history) = history else { return Ok(None) };
        let version = answer.header("etag").and_then(version_of);
        Ok(Some(ReadProcess { process: read.process(&history)?, settled: read.settled, version }))
    }

    /// The patient's vital signs between two instants, both inclusive.
    pub(crate) async fn vital_signs(
        &mut self,
        id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Series<VitalSign>, Unread> {
        let path = format!("/api/v1/processes/{}/vital-signs", Calls::segment(id));
        let mut entries: Vec<VitalSignV1> = Vec::new();
        let mut begin = from;
        while begin <= to {
            let end = begin.saturating_add(WINDOW).unwrap_or(to).min(to);
            let (from, until) = (instant::write(begin), instant::write(end));
            let mut query = vec![("from", from.as_str()), ("to", &until)];
            if self.late {
                query.push(("late", "true"));
            }
            let read = self.reading.list(Service::SurgicalProcess, &path, &query).await?;
            entries.extend(read.unwrap_or_default());
            if end == to {
                break;
            }
            // What is at the bound is read twice and counts once.
            begin = end;
        }
        Ok(Series::new(entries.iter().filter_map(|entry| usable(entry.sample())).flatten()))
    }

    /// A room's samples after an instant and up to another; none for an unknown room.
    pub(crate) async fn climate(
        &mut self,
        room: &RoomId,
        after: Timestamp,
        to: Timestamp,
    ) -> Result<Series<Climate>, Unread> {
        let path = format!("/api/v1/rooms/data/{}", Calls::segment(room.as_str()));
        let (after, to) = (instant::write(after), instant::write(to));
        let query = [("from", after.as_str()), ("to", &to)];
        let entries: Vec<RoomDataV1> = self
            .reading
            .list(Service::BuildingManagement, &path, &query)
            .await?
            .unwrap_or_default();
        let mut own = Vec::new();
        let mut cumulative: Vec<Sample<Climate>> = Vec::new();
        for entry in &entries {
            match usable(entry.shown()) {
                Some(Shown::Own(sample)) => own.extend(sample),
                Some(Shown::Cumulative(samples)) => cumulative.extend(samples),
                None => {}
            }
        }
        // A service either names the quantities of its entries or it does not.
        if cumulative.is_empty() {
            Ok(Series::new(own))
        } else {
            Ok(Series::of_snapshots(cumulative))
        }
    }

    /// Movements through a room's doors between two instants, both inclusive.
    pub(crate) async fn movements(
        &mut self,
        room: &RoomId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Movement>, Unread> {
        let (from, to) = (instant::write(from), instant::write(to));
        let entries = self.tracking(room, &[("from", &from), ("to", &to)]).await?;
        Ok(entries.iter().map(TrackingV1::movement).collect::<Result<_, _>>()?)
    }

    /// Who was inside a room since before an instant.
    pub(crate) async fn inside_before(
        &mut self,
        room: &RoomId,
        at: Timestamp,
    ) -> Result<Vec<PresentAtStart>, Unread> {
        // Who enters at the instant itself is a movement of the process.
        let before = at.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(at);
        let at = instant::write(before);
        let entries = self.tracking(room, &[("at", &at)]).await?;
        Ok(entries.iter().map(TrackingV1::present).collect::<Result<_, _>>()?)
    }

    async fn tracking(
        &mut self,
        room: &RoomId,
        query: &[(&str, &str)],
    ) -> Result<Vec<TrackingV1>, Unread> {
        let path = format!("/api/v1/rooms-tracking-data/{}", Calls::segment(room.as_str()));
        Ok(self.reading.list(Service::StaffTracking, &path, query).await?.unwrap_or_default())
    }

    /// Says of a technology what building management knows of it; an unknown one stays as it is.
    pub(crate) async fn describe(&mut self, technology: &mut Technology) -> Result<(), Unread> {
        let id = Calls::segment(technology.id.as_str());
        let path = format!("/api/v1/medical-technologies/{id}");
        let about: Option<AboutV1> = self.reading.thing(Service::BuildingManagement, &path).await?;
        if let Some(about) = about {
            about.describe(technology);
        }
        Ok(())
    }

    /// Who has a tax code, and when they were born; `None` when nobody does.
    pub(crate) async fn healthcare_user(
        &mut self,
        tax_code: &str,
    ) -> Result<Option<(HealthcareUser, Option<Date>)>, Unread> {
        let path = format!("/api/v1/patients/{}", Calls::segment(tax_code));
        let patient: Option<PatientV1> =
            self.reading.thing(Service::PatientManagement, &path).await?;
        let Some(patient) = patient else { return Ok(None) };
        let birthdate = patient.birthdate();
        Ok(Some((patient.healthcare_user()?, birthdate)))
    }

    /// How a room is called; `None` for an unknown one.
    pub(crate) async fn room_name(&mut self, room: &RoomId) -> Result<Option<String>, Unread> {
        let path = format!("/api/v1/rooms/{}", Calls::segment(room.as_str()));
        let room: Option<RoomV1> = self.reading.thing(Service::BuildingManagement, &path).await?;
        Ok(room.and_then(|room| room.name))
    }

    /// Who a professional is; `None` for an unknown one.
    pub(crate) async fn person(
        &mut self,
        professional: &ProfessionalId,
    ) -> Result<Option<Person>, Unread> {
        let path = format!("/api/v1/healthProfessionals/{}", Calls::segment(professional.as_str()));
        let person: Option<PersonV1> = self.reading.thing(Service::UserManagement, &path).await?;
        Ok(person.map(|PersonV1 { name, surname, role }| Person { name, surname, role }))
    }

    /// What was planned for a surgery; `None` for an unknown one.
    pub(crate) async fn plan(&mut self, surgery: &SurgeryId) -> Result<Option<Plan>, Unread> {
        let path = format!("/api/v1/surgeryBookings/{}", Calls::segment(surgery.as_str()));
        let plan: Option<PlanV1> = self.reading.thing(Service::SurgeryBooking, &path).await?;
        Ok(plan.map(|PlanV1 { start, minutes }| Plan { start, minutes }))
    }
}

/// A sample that its source should have refused is left out: one impossible value must not cost
/// the whole report.
fn usable<T>(sample: Result<T, OutOfRange>) -> Option<T> {
    if sample.is_err() {
        tracing::warn!("a source tells a value outside its range; it is left out");
    }
    sample.ok()
}

/// `"12"` and `W/"12"`.
fn version_of(etag: &str) -> Option<u64> {
    etag.trim_start_matches("W/").trim_matches('"').parse().ok()
}

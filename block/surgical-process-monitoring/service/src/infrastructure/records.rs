//! The context's documents, and the questions asked of them.

use std::collections::{BTreeMap, BTreeSet};

use chiron_clock::instant;
use chiron_store::{Collection, Find, ID, Store, StoreError, Versioned, WriteError, after};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use surgical_process_monitoring_domain::{
    fact::{Fact, PatientId, RoomId},
    presence::{Track, inside},
    vital::Sample,
};

use crate::application::document::{
    Class, DEVICES, DeviceDocument, FACTS, FactContent, FactDocument, Garbled, Knowledge,
    LOCATIONS, LocationDocument, MINUTES, MinuteDocument, PATIENTS, PROCESSES, PatientDocument,
    ProcessRow, TECHNOLOGIES, TWINS, TechnologyDocument, TwinDocument, minute_of,
};

/// How far back an entry is looked for that has made somebody be in a room. As old as the oldest
/// source time that is let in by default.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Entries looked at together when the owner of a room's fact is sought.
const PAGE: usize = 8;
/// Documents read together when all are read.
const BATCH: usize = 500;

/// Why documents could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A write failed; a conflict may be tried again.
    #[error("the write failed")]
    Write(#[from] WriteError),
    /// A document of ours is not understood.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// An event could not be written.
    #[error("an event could not be written")]
    Event(#[from] block_language::NotWritten),
}

impl RecordError {
    /// Whether somebody else wrote meanwhile.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Write(WriteError::Conflict | WriteError::AlreadyExists))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) facts: Collection<FactDocument>,
    pub(crate) patients: Collection<PatientDocument>,
    pub(crate) processes: Collection<ProcessRow>,
    pub(crate) minutes: Collection<MinuteDocument>,
    pub(crate) locations: Collection<LocationDocument>,
    pub(crate) technologies: Collection<TechnologyDocument>,
    pub(crate) devices: Collection<DeviceDocument>,
    pub(crate) twins: Collection<TwinDocument>,
}

impl Records {
    pub(crate) fn of(store: &Store) -> Self {
        Self {
            facts: store.collection(&FACTS),
            patients: store.collection(&PATIENTS),
            processes: store.collection(&PROCESSES),
            minutes: store.collection(&MINUTES),
            locations: store.collection(&LOCATIONS),
            technologies: store.collection(&TECHNOLOGIES),
            devices: store.collection(&DEVICES),
            twins: store.collection(&TWINS),
        }
    }

    /// Stores a fact unless it is known. Idempotent: of one fact told differently, a booking's
    /// earliest telling and a usage's latest stay, of others the first.
    pub(crate) async fn keep(&self, id: &str, fact: &FactDocument) -> Result<(), RecordError> {
        loop {
            match self.facts.insert(id, fact, Vec::new()).await {
                Ok(_) => return Ok(()),
                Err(WriteError::AlreadyExists) => {}
                Err(err) => return Err(err.into()),
            }
            let Some(known) = self.facts.get(id).await? else { continue };
            let better = match (&fact.fact, &known.document.fact) {
                (FactContent::Booked { .. } | FactContent::Cancelled, _) => {
                    fact.at < known.document.at
                }
                (FactContent::Technology { .. }, _) => known.document.event < fact.event,
                _ => false,
            };
            if !better {
                return Ok(());
            }
            let room = known.document.room.clone();
            let fact = FactDocument { room: fact.room.clone().or(room), ..fact.clone() };
            match self.facts.replace(id, known.version, &fact, Vec::new()).await {
                Ok(_) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }

    /// A patient's own facts, and all versions of the patient's bookings.
    pub(crate) async fn facts_of(&self, patient: &str) -> Result<Vec<Fact>, RecordError> {
        let mut found = self.facts.find(&Find::all().eq("patientId", patient)).await?;
        let surgeries: BTreeSet<String> =
            found.iter().filter_map(|it| it.document.surgery_id.clone()).collect();
        if !surgeries.is_empty() {
            let known: BTreeSet<String> = found.iter().map(|it| it.id.clone()).collect();
            let bookings = self.facts.find(&Find::all().any_of("surgeryId", surgeries)).await?;
            found.extend(bookings.into_iter().filter(|it| !known.contains(&it.id)));
        }
        facts(&found)
    }

    /// The movements of some patients, in ascending order of patients.
    pub(crate) async fn tracks(
        &self,
        patients: BTreeSet<String>,
    ) -> Result<BTreeMap<PatientId, Track>, RecordError> {
        let mut tracks: BTreeMap<PatientId, Track> = BTreeMap::new();
        if patients.is_empty() {
            return Ok(tracks);
        }
        let movements = [Class::Entry.name(), Class::Exit.name()];
        let query = Find::all().any_of("patientId", patients).any_of("class", movements);
        for found in self.facts.find(&query).await? {
            let Some(patient) = found.document.patient_id.as_deref() else { continue };
            if let Some(fact) = found.document.fact(&found.id)? {
                tracks.entry(PatientId::new(patient)).or_default().observe(&fact);
            }
        }
        Ok(tracks)
    }

    /// Whose a room's fact is: the patient who by movements alone was there, the latest to enter.
    /// Looks at few entries when somebody is in the room, as there nearly always is.
    pub(crate) async fn owner(
        &self,
        room: &str,
        at: Timestamp,
        tracks: &mut BTreeMap<PatientId, Track>,
    ) -> Result<Option<PatientId>, RecordError> {
        let query = entries(room, at).descending("at").descending("patientId").limit(PAGE);
        let mut page = query.clone();
        loop {
            let found = self.facts.find(&page).await?;
            let unknown = patients(&found).filter(|id| !tracks.contains_key(&PatientId::new(*id)));
            let unknown = unknown.map(str::to_owned).collect();
            tracks.extend(self.tracks(unknown).await?);
            for entry in &found {
                let Some(patient) = entry.document.patient_id.as_deref().map(PatientId::new) else {
                    continue;
                };
                let place = tracks.get(&patient).and_then(|track| track.at(at));
                let is_there = place.is_some_and(|place| {
                    place.room.as_str() == room && place.since == entry.document.at
                });
                if is_there {
                    return Ok(Some(patient));
                }
            }
            match found.last() {
                Some(last) if found.len() == PAGE => {
                    page = query.clone().after(query.cursor(last)?);
                }
                _ => return Ok(None),
            }
        }
    }

    /// Everybody who by movements alone was in a room.
    pub(crate) async fn everybody(
        &self,
        room: &str,
        at: Timestamp,
    ) -> Result<Vec<PatientId>, RecordError> {
        let found = self.facts.find(&entries(room, at)).await?;
        let tracks = self.tracks(patients(&found).map(str::to_owned).collect()).await?;
        let found = inside(&RoomId::new(room), at, &tracks);
        Ok(found.into_iter().cloned().collect())
    }

    /// Everybody of whom anything is kept.
    pub(crate) async fn everyone(&self) -> Result<BTreeSet<String>, RecordError> {
        let of_fact = |fact: Versioned<FactDocument>| fact.document.patient_id;
        let mut everyone = of_all(&self.facts, of_fact).await?;
        everyone.extend(of_all(&self.patients, |patient| Some(patient.id)).await?);
        Ok(everyone)
    }

    /// Buttons and usages of a room, in a span whose ends are both included.
    pub(crate) async fn room_facts(
        &self,
        room: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Versioned<FactDocument>>, RecordError> {
        let query = Find::all()
            .eq("room", room)
            .any_of("class", [Class::Button.name(), Class::Usage.name()])
            .within("at", instant::write(from), instant::write(to));
        Ok(self.facts.find(&query).await?)
    }

    /// All usages of technologies in a span whose ends are both included.
    pub(crate) async fn usages(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Versioned<FactDocument>>, RecordError> {
        let query = Find::all().eq("class", Class::Usage.name()).within(
            "at",
            instant::write(from),
            instant::write(to),
        );
        Ok(self.facts.find(&query).await?)
    }

    /// The technologies in use just before an instant, wherever they stood.
    pub(crate) async fn in_use_before(&self, at: Timestamp) -> Result<Vec<String>, RecordError> {
        let technologies = self.technologies.find(&Find::all()).await?;
        let newest = technologies.iter().map(async |technology| {
            let query = Find::all()
                .eq("technologyId", technology.id.as_str())
                .before("at", instant::write(at))
                .descending("at")
                .limit(1);
            let newest = self.facts.find(&query).await?;
            let in_use = newest
                .first()
                .is_some_and(|it| it.document.fact == FactContent::Technology { in_use: true });
            Ok::<_, RecordError>(in_use.then(|| technology.id.clone()))
        });
        Ok(try_join_all(newest).await?.into_iter().flatten().collect())
    }

    /// What is known of some technologies and devices.
    pub(crate) async fn knowledge(
        &self,
        technologies: BTreeSet<String>,
        devices: BTreeSet<String>,
    ) -> Result<Knowledge, RecordError> {
        let mut knowledge = Knowledge::default();
        for id in technologies {
            if let Some(found) = self.technologies.get(&id).await? {
                knowledge.technologies.insert(id, found.document);
            }
        }
        for id in devices {
            if let Some(kind) = self.devices.get(&id).await?.and_then(|it| it.document.kind) {
                knowledge.devices.insert(id, kind);
            }
        }
        Ok(knowledge)
    }

    /// A patient's vital signs in a span whose ends are both included, as `read` from each minute,
    /// by time then quantity.
    pub(crate) async fn samples(
        &self,
        patient: &str,
        from: Timestamp,
        to: Timestamp,
        read: impl Fn(&MinuteDocument) -> Vec<Sample> + Send,
    ) -> Result<Vec<Sample>, RecordError> {
        let query = Find::all()
            .eq("patientId", patient)
            .within("minute", instant::write(minute_of(from)), instant::write(minute_of(to)))
            .ascending("minute");
        let mut samples = Vec::new();
        for minute in self.minutes.find(&query).await? {
            samples.extend(read(&minute.document));
        }
        samples.retain(|sample| from <= sample.at && sample.at <= to);
        Ok(samples)
    }

    /// The time of a patient's newest vital sign.
    pub(crate) async fn newest_sample(
        &self,
        patient: &str,
    ) -> Result<Option<Timestamp>, RecordError> {
        let query = Find::all().eq("patientId", patient).descending("minute").limit(1);
        let found = self.minutes.find(&query).await?;
        let newest = found.first().and_then(|minute| minute.document.samples_with_late().pop());
        Ok(newest.map(|sample| sample.at))
    }

    /// A patient's settled processes, by start.
    pub(crate) async fn settled(
        &self,
        patient: &str,
    ) -> Result<Vec<Versioned<ProcessRow>>, RecordError> {
        let query = Find::all().eq("process.patientId", patient).ascending("process.dateTime");
        let mut found = self.processes.find(&query).await?;
        found.retain(|row| row.document.process.settled);
        found.sort_by_key(|row| row.document.process.end);
        Ok(found)
    }

    /// Asks that a technology's place at an instant be found out, unless it has been; tells the
    /// room when it is known. The second value says whether it is.
    pub(crate) async fn place(
        &self,
        technology: &str,
        at: Timestamp,
        usage: Option<&str>,
        patient: Option<&str>,
    ) -> Result<(Option<String>, bool), RecordError> {
        let id = LocationDocument::id(technology, at);
        loop {
            let Some(known) = self.locations.get(&id).await? else {
                let asked = LocationDocument {
                    technology_id: technology.to_owned(),
                    at,
                    room: None,
                    pending: true,
                    usage: usage.map(str::to_owned),
                    patients: patient.map(str::to_owned).into_iter().collect(),
                };
                match self.locations.insert(&id, &asked, Vec::new()).await {
                    Ok(_) => return Ok((None, false)),
                    Err(WriteError::AlreadyExists) => continue,
                    Err(err) => return Err(err.into()),
                }
            };
            let mut asked = known.document.clone();
            asked.usage = asked.usage.or_else(|| usage.map(str::to_owned));
            asked.patients.extend(patient.map(str::to_owned));
            if asked == known.document {
                return Ok((asked.room, !asked.pending));
            }
            // Whoever asks anew is told, so that a usage that comes after an entry of the same
            // instant gets its room too.
            asked.pending = asked.pending || usage.is_some();
            match self.locations.replace(&id, known.version, &asked, Vec::new()).await {
                Ok(_) => return Ok((asked.room, !asked.pending)),
                Err(WriteError::Conflict) => {}
                Err(err) => return Err(err.into()),
            }
        }
    }
}

/// What each of all documents has of something.
async fn of_all<T>(
    documents: &Collection<T>,
    of: impl Fn(Versioned<T>) -> Option<String>,
) -> Result<BTreeSet<String>, RecordError>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let mut all = BTreeSet::new();
    let mut last = String::new();
    loop {
        let page = Find::all().filter(after(ID, last.clone())).limit(BATCH);
        let found = documents.find(&page).await?;
        let Some(newest) = found.last() else { return Ok(all) };
        last.clone_from(&newest.id);
        all.extend(found.into_iter().filter_map(&of));
    }
}

fn entries(room: &str, at: Timestamp) -> Find {
    let from = at.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    Find::all().eq("room", room).eq("class", Class::Entry.name()).within(
        "at",
        instant::write(from),
        instant::write(at),
    )
}

fn patients(found: &[Versioned<FactDocument>]) -> impl Iterator<Item = &str> {
    found.iter().filter_map(|entry| entry.document.patient_id.as_deref())
}

/// The domain's facts of stored ones.
pub(crate) fn facts(found: &[Versioned<FactDocument>]) -> Result<Vec<Fact>, RecordError> {
    let mut facts = Vec::with_capacity(found.len());
    for document in found {
        facts.extend(document.document.fact(&document.id)?);
    }
    Ok(facts)
}

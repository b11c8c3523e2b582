//! The ports' in-memory twins, on which tests run. Both can be told to fail at a certain call, as
//! if the process had been killed there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::port::{Bookings, Save, StoreFailed, Twins, TwinsFailed};
use super::{Attempt, Changed, Entry, Patient, Surroundings, User};
use crate::entity::{Content, ProcessId, SurgeryId};

/// When everything that shares it fails.
#[derive(Debug, Clone, Default)]
pub struct Fault(Arc<Mutex<Option<u32>>>);

#[derive(Debug, thiserror::Error)]
#[error("made to fail")]
struct MadeToFail;

impl Fault {
    /// Lets so many steps succeed and every later one fail; `None` heals.
    pub fn after(&self, steps: Option<u32>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = steps;
    }

    /// Counts a step.
    fn step(&self) -> Result<(), MadeToFail> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(0) => Err(MadeToFail),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Entries with their versions, and the events so far.
type Kept = (BTreeMap<SurgeryId, (Entry, u64)>, Vec<Changed>);

/// Bookings in memory.
#[derive(Debug, Default)]
pub struct MemoryBookings {
    /// When it fails.
    pub fault: Fault,
    state: Mutex<Kept>,
}

impl MemoryBookings {
    /// Fails with this fault.
    pub fn failing(fault: Fault) -> MemoryBookings {
        MemoryBookings { fault, ..MemoryBookings::default() }
    }

    /// The events so far, oldest first.
    pub fn events(&self) -> Vec<Changed> {
        lock(&self.state).1.clone()
    }

    fn step(&self) -> Result<(), StoreFailed> {
        self.fault.step().map_err(|error| StoreFailed(Box::new(error)))
    }
}

impl Bookings for MemoryBookings {
    async fn get(&self, surgery: &SurgeryId) -> Result<Option<(Entry, u64)>, StoreFailed> {
        self.step()?;
        Ok(lock(&self.state).0.get(surgery).cloned())
    }

    async fn save(
        &self,
        entry: &Entry,
        expected: Option<u64>,
        event: Option<Changed>,
    ) -> Result<Save, StoreFailed> {
        self.step()?;
        let (entries, events) = &mut *lock(&self.state);
        let found = entries.get(&entry.surgery).map(|(_, version)| *version);
        if found != expected {
            return Ok(Save::Conflict);
        }
        let version = found.unwrap_or(0) + 1;
        entries.insert(entry.surgery.clone(), (entry.clone(), version));
        events.extend(event);
        Ok(Save::Done(version))
    }

    async fn remove(&self, surgery: &SurgeryId, expected: u64) -> Result<Save, StoreFailed> {
        self.step()?;
        let (entries, _) = &mut *lock(&self.state);
        if entries.get(surgery).is_some_and(|(_, version)| *version != expected) {
            return Ok(Save::Conflict);
        }
        entries.remove(surgery);
        Ok(Save::Done(0))
    }

    async fn of_process(&self, process: &ProcessId) -> Result<Vec<SurgeryId>, StoreFailed> {
        self.step()?;
        let uses = |entry: &Entry| {
            let booking = entry.booking.as_ref();
            booking.and_then(|b| b.process.as_ref()).is_some_and(|p| p.id == *process)
        };
        let state = lock(&self.state);
        Ok(state.0.values().filter(|(e, _)| uses(e)).map(|(e, _)| e.surgery.clone()).collect())
    }

    async fn unsettled(&self) -> Result<Vec<SurgeryId>, StoreFailed> {
        self.step()?;
        let state = lock(&self.state);
        let open = state.0.values().filter(|(e, _)| e.attempt.is_some() || e.twin_to_remove);
        Ok(open.map(|(entry, _)| entry.surgery.clone()).collect())
    }
}

/// A twin graph in memory.
#[derive(Debug, Default)]
pub struct MemoryTwins {
    /// When it fails.
    pub fault: Fault,
    world: Mutex<World>,
}

/// What is in a twin graph in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// Ids of twins.
    pub twins: BTreeSet<String>,
    /// Source, id and target of relationships.
    pub relationships: BTreeSet<(String, String, String)>,
    /// Planned starts of bookings, as their twins say.
    pub starts: BTreeMap<String, Timestamp>,
    /// People that patient management knows, by tax code.
    pub people: BTreeSet<String>,
}

impl MemoryTwins {
    /// Fails with this fault, and holds these twins and people.
    pub fn failing(fault: Fault, twins: &[&str], people: &[&str]) -> MemoryTwins {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let world = World { twins: owned(twins), people: owned(people), ..World::default() };
        MemoryTwins { fault, world: Mutex::new(world) }
    }

    /// What is there.
    pub fn world(&self) -> World {
        lock(&self.world).clone()
    }

    /// One call to the twin layer.
    fn step(&self) -> Result<MutexGuard<'_, World>, TwinsFailed> {
        self.fault.step().map_err(|error| TwinsFailed::Unavailable(Box::new(error)))?;
        Ok(lock(&self.world))
    }

    fn relate(&self, source: &str, target: &str) -> Result<(), TwinsFailed> {
        let mut world = self.step()?;
        if !world.twins.contains(source) || !world.twins.contains(target) {
            return Err(TwinsFailed::Refused(format!("no {source} or no {target}").into()));
        }
        let id = format!("{source}-{target}");
        world.relationships.insert((source.to_owned(), id, target.to_owned()));
        Ok(())
    }
}

impl Twins for MemoryTwins {
    async fn surroundings(&self, content: &Content) -> Result<Surroundings, TwinsFailed> {
        let world = self.step()?;
        let there = |id: &str| world.twins.contains(id);
        let (user, patient) = (content.user.as_str(), content.patient.as_str());
        let person_of = |patient: &str| {
            let mut targets = world.relationships.iter().filter(|(source, ..)| source == patient);
            targets.next().and_then(|(_, _, target)| target.parse().ok())
        };
        Ok(Surroundings {
            professional: there(content.professional.as_str()),
            theatre: content.theatre.as_ref().is_none_or(|theatre| there(theatre.as_str())),
            user: match (there(user), world.people.contains(user)) {
                (true, _) => User::Twin,
                (false, true) => {
                    User::Person { name: "Luca".to_owned(), surname: "Verdi".to_owned() }
                }
                (false, false) => User::Unknown,
            },
            patient: match (there(patient), person_of(patient)) {
                (false, _) => Patient::New,
                (true, None) => Patient::Anonymous,
                (true, Some(user)) => Patient::Of(user),
            },
        })
    }

    async fn put_people(
        &self,
        content: &Content,
        around: &Surroundings,
        _at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        if matches!(around.user, User::Person { .. }) {
            self.step()?.twins.insert(content.user.to_string());
        }
        self.step()?.twins.insert(content.patient.to_string());
        self.relate(content.patient.as_str(), content.user.as_str())
    }

    async fn put_booking(
        &self,
        content: &Content,
        _at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let surgery = content.surgery.as_str();
        let targets =
            [content.professional.as_str(), content.user.as_str(), content.patient.as_str()];
        {
            let mut world = self.step()?;
            world.twins.insert(surgery.to_owned());
            world.starts.insert(surgery.to_owned(), content.planned_start);
        }
        self.step()?
            .relationships
            .retain(|(source, _, target)| source != surgery || targets.contains(&target.as_str()));
        for target in targets {
            self.relate(surgery, target)?;
        }
        Ok(())
    }

    async fn remove_booking(
        &self,
        surgery: &SurgeryId,
        _at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let surgery = surgery.as_str();
        self.step()?
            .relationships
            .retain(|(source, _, target)| source != surgery && target != surgery);
        let mut world = self.step()?;
        world.twins.remove(surgery);
        world.starts.remove(surgery);
        Ok(())
    }

    async fn remove_people(&self, attempt: &Attempt) -> Result<(), TwinsFailed> {
        let patient = attempt.content.patient.as_str();
        let user = attempt.content.user.as_str();
        if attempt.adds_patient {
            let mut world = self.step()?;
            let free = !world.relationships.iter().any(|(source, _, target)| {
                target == patient || (source == patient && target != user)
            });
            if free {
                world.relationships.retain(|(source, ..)| source != patient);
                world.twins.remove(patient);
            }
        }
        if attempt.adds_user {
            let mut world = self.step()?;
            if !world.relationships.iter().any(|(_, _, target)| target == user) {
                world.twins.remove(user);
            }
        }
        Ok(())
    }
}

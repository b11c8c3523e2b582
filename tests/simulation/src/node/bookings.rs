//! Surgery booking: bookings with their twins, all or nothing, and what becomes of them.

use jiff::Timestamp;
use surgery_booking_integration_domain::{
    entity::{Content, ProcessId, ProcessNews, Progress, SurgeryId},
    usecase::{
        Asked, Attempt, BookingError, Bookings, Changed, Entry, Fault as Never, MemoryBookings,
        MemoryTwins, Save, StoreFailed, Surroundings, Twins, TwinsFailed, cancel, follow, post,
        reschedule, settle,
    },
};
use surgical_process_monitoring_domain::{change::Change, process::State};

use crate::{
    bus::Outbox,
    event::{Event, Message, News, Topic},
    machine::{Bell, Ground, NoAnswer},
    node::{Hostile, Lock},
    shell::{Handler, Node, Patience},
};

/// What it follows.
pub const TOPICS: &[Topic] = &[Topic::SurgicalProcess];
/// Its outbox.
pub const BELL: Bell = Bell::Outbox(1);
/// Rings when a change may have been left half done.
const UNSETTLED: Bell = Bell::Nudge(2);

fn failed(source: NoAnswer) -> StoreFailed {
    StoreFailed(Box::new(source))
}

fn unavailable(source: NoAnswer) -> TwinsFailed {
    TwinsFailed::Unavailable(Box::new(source))
}

/// The store, with its outbox.
#[derive(Clone)]
pub struct Store {
    inner: Hostile<MemoryBookings>,
    outbox: Outbox,
}

impl Bookings for Store {
    async fn get(&self, surgery: &SurgeryId) -> Result<Option<(Entry, u64)>, StoreFailed> {
        self.inner.reads("read a booking").await.map_err(failed)?.get(surgery).await
    }

    async fn save(
        &self,
        entry: &Entry,
        expected: Option<u64>,
        event: Option<Changed>,
    ) -> Result<Save, StoreFailed> {
        let store = self.inner.writes("save a booking").await.map_err(failed)?;
        let ground = &self.inner.ground;
        let saved = store.save(entry, expected, event.clone()).await?;
        if let (Save::Done(_), Some(changed)) = (saved, event) {
            // In the same step: nobody can come in between.
            self.outbox.put(vec![Message {
                id: changed.id.clone(),
                at: changed.at,
                appended_ms: 0,
                key: changed.booking.content.patient.to_string(),
                event: Event::Booked(Box::new(changed)),
            }]);
            ground.ring(BELL, None);
        }
        ground.wrote().await.map_err(failed)?;
        Ok(saved)
    }

    async fn remove(&self, surgery: &SurgeryId, expected: u64) -> Result<Save, StoreFailed> {
        let store = self.inner.writes("remove a booking").await.map_err(failed)?;
        let removed = store.remove(surgery, expected).await?;
        self.inner.ground.wrote().await.map_err(failed)?;
        Ok(removed)
    }

    async fn of_process(&self, process: &ProcessId) -> Result<Vec<SurgeryId>, StoreFailed> {
        let store = self.inner.reads("look for bookings of a process").await.map_err(failed)?;
        store.of_process(process).await
    }

    async fn unsettled(&self) -> Result<Vec<SurgeryId>, StoreFailed> {
        self.inner.reads("look for unsettled bookings").await.map_err(failed)?.unsettled().await
    }
}

/// The twin layer.
pub type Graph = Hostile<MemoryTwins>;

impl Twins for Graph {
    async fn surroundings(&self, content: &Content) -> Result<Surroundings, TwinsFailed> {
        let twins = self.reads("read what surrounds a booking").await.map_err(unavailable)?;
        twins.surroundings(content).await
    }

    async fn put_people(
        &self,
        content: &Content,
        around: &Surroundings,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let twins = self.writes("put the twins of people").await.map_err(unavailable)?;
        twins.put_people(content, around, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn put_booking(
        &self,
        content: &Content,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let twins = self.writes("put a booking's twin").await.map_err(unavailable)?;
        twins.put_booking(content, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn remove_booking(
        &self,
        surgery: &SurgeryId,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let twins = self.writes("remove a booking's twin").await.map_err(unavailable)?;
        twins.remove_booking(surgery, at).await?;
        self.ground.wrote().await.map_err(unavailable)
    }

    async fn remove_people(&self, attempt: &Attempt) -> Result<(), TwinsFailed> {
        let twins = self.writes("remove the twins of people").await.map_err(unavailable)?;
        twins.remove_people(attempt).await?;
        self.ground.wrote().await.map_err(unavailable)
    }
}

#[derive(Clone)]
struct Following {
    store: Store,
}

impl Handler for Following {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        for Message { id, at, event, .. } in messages {
            let Event::Process(news) = event else { continue };
            let Some(news) = heard(news) else { continue };
            follow(&self.store, *at, id, &news).await.map_err(|_failed| NoAnswer)?;
        }
        Ok(())
    }
}

fn heard(news: &News) -> Option<ProcessNews> {
    let progress = match (news.change, news.state) {
        (Some(Change::Voided), _) => None,
        (_, State::PreSurgery) => Some(Progress::Preparing),
        (_, State::Surgery | State::PostSurgery) => Some(Progress::Operating),
        (_, State::Interrupted | State::Terminated) => Some(Progress::Ended),
    };
    let uses = match &news.booking {
        Some((surgery, version)) => Some((surgery.parse().ok()?, *version)),
        None => None,
    };
    Some(ProcessNews { process: news.process.parse().ok()?, version: news.version, uses, progress })
}

/// What people ask of it.
#[derive(Debug, Clone)]
pub enum Wish {
    /// A booking.
    Post(Content),
    /// Other content of one.
    Reschedule(Content),
    /// One no more.
    Cancel(SurgeryId),
}

/// The service as others reach it.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    twins: Graph,
    lock: Lock,
}

impl Desk {
    /// A service without bookings, in a hospital with these twins and people.
    pub fn new(ground: &Ground, outbox: &Outbox, twins: &[&str], people: &[&str]) -> Self {
        let store = Store {
            inner: Hostile::new(MemoryBookings::default(), ground),
            outbox: outbox.clone(),
        };
        let twins = MemoryTwins::failing(Never::default(), twins, people);
        Self { store, twins: Hostile::new(twins, ground), lock: Lock::default() }
    }

    /// Does what somebody asks. Whether it was done, now or before; else it is to be asked again.
    pub async fn ask(self, ground: Ground, wish: Wish, at: Timestamp) -> bool {
        let _lock = self.lock.hold(&ground).await;
        let asked = Asked { at, source_time: Some(at) };
        let done = match wish {
            Wish::Post(content) => post(&self.store, &self.twins, asked, content).await,
            Wish::Reschedule(content) => reschedule(&self.store, &self.twins, asked, content).await,
            Wish::Cancel(surgery) => cancel(&self.store, &self.twins, asked, &surgery).await,
        };
        ground.ring(UNSETTLED, None);
        if let Err(error @ (BookingError::OtherContent | BookingError::NotChangeable(_))) = &done {
            ground.note(|| format!("refused: {error}"));
        }
        done.is_ok()
    }

    /// Starts a process of the service.
    pub fn boot(&self, node: &Node) {
        node.consume(TOPICS, &Following { store: self.store.clone() });
        node.relay(&self.store.outbox, BELL);
        let (desk, ground) = (self.clone(), node.ground.clone());
        let work = async move {
            let mut patience = Patience::new();
            loop {
                let rung = ground.rung(UNSETTLED);
                match desk.repair(&ground).await {
                    Ok(()) => {
                        patience = Patience::new();
                        ground.park_since(UNSETTLED, rung, None).await;
                    }
                    Err(_again) => patience.wait(&ground).await,
                }
            }
        };
        node.ground.spawn(node.id, "repair", Box::pin(work));
    }

    async fn repair(&self, ground: &Ground) -> Result<(), BookingError> {
        for surgery in self.store.unsettled().await? {
            let _lock = self.lock.hold(ground).await;
            settle(&self.store, &self.twins, &surgery).await?;
        }
        Ok(())
    }

    /// What is kept, for comparison; processes are told by whether there is one, since their ids
    /// may differ.
    pub fn content(&self, surgeries: &[String]) -> Vec<(String, String)> {
        let entries = surgeries.iter().filter_map(|id| {
            let surgery = id.parse().ok()?;
            let (entry, _) = crate::at_once(self.store.inner.inner().get(&surgery))?.ok()??;
            let booking = entry.booking?;
            let status = booking.status();
            let said = format!("{status:?} {} {:#?}", booking.version, booking.content);
            Some((format!("booking {id}"), format!("{said} {:?}", entry.attempt)))
        });
        let world = self.twins.inner().world();
        entries.chain([("twins of bookings".to_owned(), format!("{world:#?}"))]).collect()
    }
}

//! Rooms and decisions in the service's database.
//!
//! A room is one document: what is known of it, the commands under way and, in the store's outbox,
//! the events that they cause, in one conditional write. Decisions that people read are projected
//! from it by [`Rooms::show`], each again whenever it has changed, until the room may forget it.

use automation_management_domain::{
    id::RoomId,
    policy::{Policy, RoomKind},
    reaction::{Effect, Moment},
    room::Room,
};
use block_language::NotWritten;
use chiron_clock::{Clock, instant};
use chiron_store::{
    Collection, CollectionSpec, Cursor, Filter, Find, Index, Store, StoreError, Versioned,
    WriteError, at_least, at_most, eq,
};
use jiff::Timestamp;

use crate::{
    application::{
        answer::DecisionEntry,
        document::{Corrupt, RoomDocument},
        telling::{Origin, tell},
    },
    machine_seconds,
};

/// Rooms by id.
pub(crate) static ROOMS: CollectionSpec = CollectionSpec {
    name: "automation_rooms",
    indexes: &[Index { name: "by_due", fields: &["dueAt"], unique: false }],
};

/// Decisions by id, as they are answered.
pub(crate) static DECISIONS: CollectionSpec = CollectionSpec {
    name: "automation_decisions",
    indexes: &[
        Index { name: "by_time", fields: &["dateTime"], unique: false },
        Index { name: "by_room", fields: &["roomId", "dateTime"], unique: false },
    ],
};

/// Why a room could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoomError {
    #[error("a room could not be read")]
    Read(#[from] StoreError),
    #[error("a room could not be written")]
    Write(#[from] WriteError),
    #[error("what is stored of a room is not valid")]
    Corrupt(#[from] Corrupt),
    #[error("what follows could not be told")]
    Tell(#[from] NotWritten),
}

/// The service's database, and what is wanted of rooms.
#[derive(Debug, Clone)]
pub(crate) struct Rooms {
    documents: Collection<RoomDocument>,
    decisions: Collection<DecisionEntry>,
    pub(crate) policy: std::sync::Arc<Policy>,
    clock: Clock,
}

/// Whose decisions are asked for, and from when.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) room: Option<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Asked {
    fn filters(&self) -> Vec<Filter> {
        let room = self.room.as_deref().map(|room| eq("roomId", room));
        let from = self.from.map(|from| at_least("dateTime", instant::write(from)));
        let to = self.to.map(|to| at_most("dateTime", instant::write(to)));
        room.into_iter().chain(from).chain(to).collect()
    }
}

impl Rooms {
    pub(crate) fn new(store: &Store, policy: Policy, clock: Clock) -> Self {
        Self {
            documents: store.collection(&ROOMS),
            decisions: store.collection(&DECISIONS),
            policy: std::sync::Arc::new(policy),
            clock,
        }
    }

    /// A moment at which everything counts that stands since `since` and is not too old.
    pub(crate) fn moment(&self, since: Timestamp) -> Moment {
        let machine_second = machine_seconds(&self.clock, 1.0);
        let moment = Moment { now: self.clock.now(), fresh: true, machine_second };
        Moment { fresh: moment.is_fresh(since), ..moment }
    }

    /// The room; `None` when nothing was ever said of it.
    pub(crate) async fn get(&self, id: &RoomId) -> Result<Option<Room>, RoomError> {
        match self.documents.get(id.as_str()).await? {
            Some(found) => Ok(Some(found.document.read(&found.id)?)),
            None => Ok(None),
        }
    }

    /// The rooms that know a process.
    pub(crate) async fn of_all(&self) -> Result<Vec<Room>, RoomError> {
        let found = self.documents.find(&Find::all()).await?;
        found.into_iter().map(|row| Ok(row.document.read(&row.id)?)).collect()
    }

    /// Changes a room, which is made if nothing was ever said of it and `kind` is known. The change
    /// is applied to the newest state and written with the events that it causes, or not at all; it
    /// may be applied more than once, to different states. Answers whether something is to be done
    /// about the room now.
    pub(crate) async fn update(
        &self,
        id: &RoomId,
        kind: Option<RoomKind>,
        origin: Origin<'_>,
        change: impl Fn(&mut Room) -> Vec<Effect> + Send,
    ) -> Result<bool, RoomError> {
        loop {
            let found = self.documents.get(id.as_str()).await?;
            let (version, before) = match found {
                Some(Versioned { version, document, .. }) => (Some(version), Some(document)),
                None => (None, None),
            };
            let mut room = match (before.clone(), kind) {
                (Some(document), _) => document.read(id.as_str())?,
                (None, Some(kind)) => Room::new(id.clone(), kind),
                (None, None) => return Ok(false),
            };
            if let Some(kind) = kind {
                room.kind = kind;
            }
            let effects = change(&mut room);
            let now = self.clock.now();
            let outbox = tell(id, &effects, origin, now)?;
            let due = room.due(&self.policy);
            let document = RoomDocument::of(&room, due);
            let is_due = due.is_some_and(|due| due <= now);
            // A timer that is new has to be known to the pass that waits for timers.
            let is_news = before.as_ref().is_none_or(|before| before.due_at != document.due_at);
            if before.as_ref() == Some(&document) && outbox.is_empty() {
                return Ok(is_due);
            }
            let written = match version {
                Some(version) => {
                    self.documents.replace(id.as_str(), version, &document, outbox).await
                }
                None => self.documents.insert(id.as_str(), &document, outbox).await,
            };
            match written {
                Ok(_) => return Ok(is_due || is_news),
                // Somebody wrote first; the next round sees what they wrote.
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Rooms about which something is to be done now, by id.
    pub(crate) async fn due(&self, now: Timestamp) -> Result<Vec<RoomId>, RoomError> {
        let due = Find::all().at_most("dueAt", instant::write(now));
        let mut ids = Vec::new();
        for row in self.documents.find(&due).await? {
            ids.push(row.id.parse().map_err(Corrupt::from)?);
        }
        Ok(ids)
    }

    /// When something is to be done about a room next.
    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>, RoomError> {
        let next = Find::all()
            .at_least("dueAt", instant::write(Timestamp::MIN))
            .ascending("dueAt")
            .limit(1);
        let next = self.documents.find(&next).await?;
        Ok(next.first().and_then(|row| row.document.due_at))
    }

    /// Shows a room's decisions to readers as they are now, and lets the room forget those that
    /// are over. Repeating it changes nothing.
    pub(crate) async fn show(&self, id: &RoomId) -> Result<(), RoomError> {
        let Some(room) = self.get(id).await? else { return Ok(()) };
        let hidden: Vec<_> = room.decisions.iter().filter(|it| !it.shown).cloned().collect();
        if hidden.is_empty() {
            return Ok(());
        }
        for decision in &hidden {
            let entry = DecisionEntry::of(id, decision);
            self.decisions.put(&decision.id, &entry, Vec::new()).await?;
        }
        let nothing = Origin { event: "", request: None };
        self.update(id, None, nothing, |room| {
            for decision in &mut room.decisions {
                // What has changed in the meantime is shown again.
                decision.shown = decision.shown || hidden.contains(decision);
            }
            room.forget_shown();
            Vec::new()
        })
        .await
        .map(drop)
    }
}

/// Decisions as people read them.
#[derive(Debug, Clone)]
pub(crate) struct History(Collection<DecisionEntry>);

impl History {
    pub(crate) fn new(store: &Store) -> Self {
        Self(store.collection(&DECISIONS))
    }

    /// How many decisions there are.
    pub(crate) async fn count(&self, asked: &Asked) -> Result<u64, StoreError> {
        self.0.count(&asked.filters()).await
    }

    /// A page of decisions, oldest first, and where the next one begins.
    pub(crate) async fn page(
        &self,
        asked: &Asked,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<DecisionEntry>, Option<Cursor>), StoreError> {
        let mut find =
            Find::all().ascending("dateTime").limit(limit.saturating_add(1)).after(after);
        find.filters = asked.filters();
        let mut found = self.0.find(&find).await?;
        let next = if limit < found.len() {
            found.truncate(limit);
            found.last().map(|last| find.cursor(last)).transpose()?
        } else {
            None
        };
        Ok((found.into_iter().map(|row| row.document).collect(), next))
    }
}

//! Movements and presences as documents.
//!
//! A movement's id is its place among those of one instant (leaving before entering, professional,
//! room), so that the database's order by time and id is the contract's, and a repeated movement
//! collides with itself. A presence is one small document per professional, indexed by the room they are in:
//! who is inside now costs as much as the answer is long.

use std::collections::{BTreeMap, BTreeSet};

use chiron_clock::instant;
use chiron_store::{Collection, CollectionSpec, Cursor, Filter, Find, Index, Store, WriteError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use staff_tracking_domain::{
    entity::{InvalidId, Movement, Passage, Presence, ProfessionalId, RoomId, Stay},
    usecase::{Kept, SaveError, StoreError, TrackingStore},
};

/// Every passage, each once.
pub static MOVEMENTS: CollectionSpec = CollectionSpec {
    name: "movements",
    indexes: &[
        Index { name: "by_time", fields: &["at"], unique: false },
        Index { name: "by_professional", fields: &["professional", "at"], unique: false },
        Index { name: "by_room", fields: &["room", "at"], unique: false },
        Index { name: "entries", fields: &["professional", "passage", "at"], unique: false },
        Index { name: "exits", fields: &["professional", "room", "passage", "at"], unique: false },
    ],
};

/// One presence per professional.
pub static PRESENCES: CollectionSpec = CollectionSpec {
    name: "presences",
    indexes: &[
        Index { name: "by_entry", fields: &["inside.since"], unique: false },
        Index { name: "by_room", fields: &["inside.room", "inside.since"], unique: false },
    ],
};

/// Less than every character of an id, so that ids which begin alike sort as ids do.
const SEPARATOR: char = '\u{1}';

/// Whose passages are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    Block,
    /// Those of one room's door.
    Room(RoomId),
    /// Those of one professional.
    Professional(ProfessionalId),
}

/// A page of passages.
#[derive(Debug)]
pub struct Page {
    /// The passages, in order.
    pub movements: Vec<Movement>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// The store on the service's own database.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    movements: Collection<MovementDocument>,
    presences: Collection<PresenceDocument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PassageDocument {
    Exit,
    Enter,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MovementDocument {
    #[serde(with = "instant::text")]
    at: Timestamp,
    passage: PassageDocument,
    professional: String,
    room: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PresenceDocument {
    entered: Option<EntryDocument>,
    /// Written instants by room.
    left: BTreeMap<String, String>,
    /// What follows from the two, for the indexes.
    inside: Option<EntryDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct EntryDocument {
    #[serde(with = "instant::text")]
    since: Timestamp,
    room: String,
}

/// A stored document that says something impossible.
#[derive(Debug, thiserror::Error)]
enum Corrupt {
    #[error("a stored id is invalid")]
    Id(#[from] InvalidId),
    #[error("a stored instant is invalid")]
    Instant(#[from] instant::ParseInstantError),
}

impl DocumentStore {
    /// The service's collections of a store that was opened with them.
    pub fn new(store: &Store) -> Self {
        Self { movements: store.collection(&MOVEMENTS), presences: store.collection(&PRESENCES) }
    }

    /// How many passages lie in [`from`, `to`].
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn count(
        &self,
        scope: &Scope,
        from: Option<Timestamp>,
        to: Timestamp,
    ) -> Result<u64, StoreError> {
        self.movements.count(&filters(scope, from, to)).await.map_err(failed)
    }

    /// The first `limit` passages of [`from`, `to`] behind a cursor; `from` `None`: from the
    /// beginning.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn page(
        &self,
        scope: &Scope,
        from: Option<Timestamp>,
        to: Timestamp,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let mut find = Find::all().ascending("at").limit(limit.saturating_add(1)).after(after);
        find.filters = filters(scope, from, to);
        let mut found = self.movements.find(&find).await.map_err(failed)?;
        let next = if limit < found.len() {
            found.truncate(limit);
            found.last().map(|last| find.cursor(last)).transpose().map_err(failed)?
        } else {
            None
        };
        let movements = found.into_iter().map(|kept| kept.document.into_movement());
        let movements = movements.collect::<Result<_, _>>().map_err(failed)?;
        Ok(Page { movements, next })
    }

    /// Who is inside now, by entry and then by professional.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn inside_now(&self, scope: &Scope) -> Result<Vec<Stay>, StoreError> {
        let find = match scope {
            Scope::Professional(who) => {
                let kept = self.presences.get(who.as_ref()).await.map_err(failed)?;
                let stay = kept.and_then(|kept| stay(&kept.id, kept.document.inside)).transpose();
                return Ok(stay.map_err(failed)?.into_iter().collect());
            }
            Scope::Room(room) => Find::all().eq("inside.room", room.as_ref()),
            Scope::Block => Find::all().at_least("inside.since", ""),
        };
        let found = self.presences.find(&find.ascending("inside.since")).await.map_err(failed)?;
        let stays = found.into_iter().filter_map(|kept| stay(&kept.id, kept.document.inside));
        stays.collect::<Result<_, _>>().map_err(failed)
    }
}

fn stay(who: &str, inside: Option<EntryDocument>) -> Option<Result<Stay, Corrupt>> {
    let inside = inside?;
    let parse = |who: &str, inside: EntryDocument| {
        Ok(Stay { since: inside.since, professional: who.parse()?, room: inside.room.parse()? })
    };
    Some(parse(who, inside))
}

fn filters(scope: &Scope, from: Option<Timestamp>, to: Timestamp) -> Vec<Filter> {
    let to = instant::write(to);
    let time = match from {
        Some(from) => chiron_store::within("at", instant::write(from), to),
        None => chiron_store::at_most("at", to),
    };
    match scope {
        Scope::Block => vec![time],
        Scope::Room(room) => vec![chiron_store::eq("room", room.as_ref()), time],
        Scope::Professional(who) => vec![chiron_store::eq("professional", who.as_ref()), time],
    }
}

impl TrackingStore for DocumentStore {
    async fn keep(&self, movements: &[Movement]) -> Result<(), StoreError> {
        let distinct: BTreeSet<&Movement> = movements.iter().collect();
        let documents = || distinct.iter().map(|movement| (id(movement), document(movement)));
        let all = documents().map(|(id, document)| (id, document, Vec::new())).collect();
        match self.movements.insert_all(all).await {
            Ok(()) => return Ok(()),
            Err(WriteError::AlreadyExists) => {}
            Err(err) => return Err(failed(err)),
        }
        // Some are there already: a repetition, in which most are.
        for (id, document) in documents() {
            match self.movements.insert(&id, &document, Vec::new()).await {
                Ok(_) | Err(WriteError::AlreadyExists) => {}
                Err(err) => return Err(failed(err)),
            }
        }
        Ok(())
    }

    async fn load(&self, who: &ProfessionalId) -> Result<Kept, StoreError> {
        let Some(kept) = self.presences.get(who.as_ref()).await.map_err(failed)? else {
            return Ok(Kept::default());
        };
        let presence = kept.document.into_presence().map_err(failed)?;
        Ok(Kept { presence, version: kept.version })
    }

    async fn save(
        &self,
        who: &ProfessionalId,
        presence: &Presence,
        version: u64,
    ) -> Result<(), SaveError> {
        let document = PresenceDocument::of(presence);
        let written = if version == 0 {
            self.presences.insert(who.as_ref(), &document, Vec::new()).await
        } else {
            self.presences.replace(who.as_ref(), version, &document, Vec::new()).await
        };
        match written {
            Ok(_) => Ok(()),
            Err(WriteError::AlreadyExists | WriteError::Conflict) => Err(SaveError::Conflict),
            Err(err) => Err(SaveError::Store(failed(err))),
        }
    }

    async fn seen(&self) -> Result<Vec<ProfessionalId>, StoreError> {
        let found = self.presences.find(&Find::all()).await.map_err(failed)?;
        found.iter().map(|kept| kept.id.parse().map_err(failed)).collect()
    }

    async fn last_entry(
        &self,
        who: &ProfessionalId,
        not_after: Timestamp,
    ) -> Result<Option<(Timestamp, RoomId)>, StoreError> {
        let find = Find::all()
            .eq("professional", who.as_ref())
            .eq("passage", "ENTER")
            .at_most("at", instant::write(not_after))
            .descending("at")
            .limit(1);
        let found = self.movements.find(&find).await.map_err(failed)?;
        let Some(last) = found.into_iter().next() else { return Ok(None) };
        let room = last.document.room.parse().map_err(failed)?;
        Ok(Some((last.document.at, room)))
    }

    async fn left_between(
        &self,
        who: &ProfessionalId,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<bool, StoreError> {
        let find = Find::all()
            .eq("professional", who.as_ref())
            .eq("room", room.as_ref())
            .eq("passage", "EXIT")
            .filter(chiron_store::after("at", instant::write(after)))
            .at_most("at", instant::write(not_after))
            .limit(1);
        Ok(!self.movements.find(&find).await.map_err(failed)?.is_empty())
    }
}

impl MovementDocument {
    fn into_movement(self) -> Result<Movement, Corrupt> {
        Ok(Movement {
            at: self.at,
            passage: match self.passage {
                PassageDocument::Exit => Passage::Left,
                PassageDocument::Enter => Passage::Entered,
            },
            professional: self.professional.parse()?,
            room: self.room.parse()?,
        })
    }
}

impl PresenceDocument {
    fn of(presence: &Presence) -> Self {
        let entry = |(since, room): (Timestamp, &RoomId)| EntryDocument {
            since,
            room: room.as_ref().to_owned(),
        };
        let left = presence.left().iter();
        Self {
            entered: presence.entered().map(entry),
            left: left.map(|(room, at)| (room.to_string(), instant::write(*at))).collect(),
            inside: presence.inside().map(entry),
        }
    }

    fn into_presence(self) -> Result<Presence, Corrupt> {
        let entered = match self.entered {
            Some(entry) => Some((entry.since, entry.room.parse()?)),
            None => None,
        };
        let mut left = BTreeMap::new();
        for (room, at) in self.left {
            left.insert(room.parse()?, instant::parse(&at)?);
        }
        Ok(Presence::from_parts(entered, left))
    }
}

fn document(movement: &Movement) -> MovementDocument {
    MovementDocument {
        at: movement.at,
        passage: match movement.passage {
            Passage::Left => PassageDocument::Exit,
            Passage::Entered => PassageDocument::Enter,
        },
        professional: movement.professional.to_string(),
        room: movement.room.to_string(),
    }
}

/// The instant does not come first: there are servers which take text that begins like one for an
/// instant when they compare.
fn id(movement: &Movement) -> String {
    let at = instant::write(movement.at);
    let passage = match movement.passage {
        Passage::Left => 0,
        Passage::Entered => 1,
    };
    let Movement { professional, room, .. } = movement;
    format!("{passage}{SEPARATOR}{at}{SEPARATOR}{professional}{SEPARATOR}{room}")
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError(Box::new(source))
}

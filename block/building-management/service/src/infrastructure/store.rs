//! Records and histories as documents.
//!
//! Each sample is a document of its own whose id is its place in the room's history, so that the
//! database's order by time and id is the contract's order, a repeated sample collides with itself,
//! and a range costs as much as the answer is long. Rejected: documents of a minute; a late or
//! repeated sample would rewrite one of them each time, and the newest value of a quantity that is
//! seldom measured could only be found by reading minutes without it.

use std::collections::BTreeMap;

use building_management_domain::{
    entity::{
        environment::{Celsius, Lux, OutOfRange, Percent, Place, Quantity, Reading, Sample},
        place::{InvalidText, Room, RoomId, RoomRecord, RoomState, RoomType},
        technology::{
            EmptyWording, Placement, Technology, TechnologyId, TechnologyRecord, TechnologyState,
            TechnologyType, Usage,
        },
    },
    usecase::ports::{Kept, Measurements, Registry, SaveError, StoreError},
};
use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Cursor, Filter, Find, ID, Index, Store, Versioned, WriteError,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::application::administrator::Leftovers;

/// Rooms, removed ones included.
pub static ROOMS: CollectionSpec = CollectionSpec {
    name: "rooms",
    indexes: &[
        Index { name: "there", fields: &["there"], unique: false },
        Index { name: "unfinished", fields: &["unfinished"], unique: false },
    ],
};

/// Technologies, removed ones included.
pub static TECHNOLOGIES: CollectionSpec = CollectionSpec {
    name: "medical_technologies",
    indexes: &[
        Index { name: "there", fields: &["there"], unique: false },
        Index { name: "unfinished", fields: &["unfinished"], unique: false },
        Index { name: "in_room", fields: &["roomId"], unique: false },
    ],
};

/// Samples.
pub static ROOM_DATA: CollectionSpec = CollectionSpec {
    name: "room_data",
    indexes: &[
        Index { name: "by_time", fields: &["roomId", "at"], unique: false },
        Index { name: "by_quantity", fields: &["roomId", "quantity", "at"], unique: false },
    ],
};

/// Usages.
pub static TECHNOLOGY_DATA: CollectionSpec = CollectionSpec {
    name: "medical_technologies_data",
    indexes: &[Index { name: "by_time", fields: &["technologyId", "at"], unique: false }],
};

/// Less than every character of an id.
const SEPARATOR: char = '\u{1}';

/// Documents of a removed room or technology that are forgotten at a time.
const FORGOTTEN_AT_A_TIME: usize = 500;

/// The store on the service's own database.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    rooms: Collection<RoomDocument>,
    technologies: Collection<TechnologyDocument>,
    samples: Collection<SampleDocument>,
    usages: Collection<UsageDocument>,
}

/// A page of records.
#[derive(Debug)]
pub struct Page<T> {
    /// The records, by id.
    pub records: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomDocument {
    room: RoomText,
    #[serde(with = "instant::text")]
    created_at: Timestamp,
    #[serde(with = "instant::option")]
    history_after: Option<Timestamp>,
    state: RoomStateDocument,
    /// What follows from the state, for the indexes.
    there: bool,
    unfinished: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoomText {
    id: String,
    name: String,
    zone_id: String,
    operating: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum RoomStateDocument {
    Creating,
    Standing,
    Changing { to: RoomText },
    Removing(At),
    Removed(At),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct At {
    #[serde(with = "instant::text")]
    at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TechnologyDocument {
    id: String,
    name: String,
    description: String,
    kind: TechnologyKind,
    placements: Vec<PlacementDocument>,
    #[serde(with = "instant::option")]
    history_after: Option<Timestamp>,
    state: TechnologyStateDocument,
    /// What follows from the others, for the indexes; null when it is not there or in no room.
    room_id: Option<String>,
    there: bool,
    unfinished: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TechnologyKind {
    Endoscope,
    Xray,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlacementDocument {
    #[serde(with = "instant::text")]
    at: Timestamp,
    room_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
enum TechnologyStateDocument {
    Creating,
    Standing,
    Placing(PlacementDocument),
    Removing(At),
    Removed(At),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SampleDocument {
    room_id: String,
    #[serde(with = "instant::text")]
    at: Timestamp,
    quantity: QuantityDocument,
    /// In the quantity's unit; presence is 1 or 0.
    value: f64,
    told_by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum QuantityDocument {
    Temperature,
    Humidity,
    Luminosity,
    Presence,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageDocument {
    technology_id: String,
    #[serde(with = "instant::text")]
    at: Timestamp,
    in_use: bool,
    told_by: String,
}

/// A stored document that says something impossible.
#[derive(Debug, thiserror::Error)]
enum Corrupt {
    #[error("a stored id is invalid")]
    Text(#[from] InvalidText),
    #[error("a stored wording is invalid")]
    Wording(#[from] EmptyWording),
    #[error("a stored value is invalid")]
    Value(#[from] OutOfRange),
}

/// Documents of which, for one id, the one told by the greatest event stays.
trait Told {
    fn told_by(&self) -> &str;
}

impl Told for SampleDocument {
    fn told_by(&self) -> &str {
        &self.told_by
    }
}

impl Told for UsageDocument {
    fn told_by(&self) -> &str {
        &self.told_by
    }
}

impl DocumentStore {
    /// The service's collections of a store that was opened with them.
    pub fn new(store: &Store) -> Self {
        Self {
            rooms: store.collection(&ROOMS),
            technologies: store.collection(&TECHNOLOGIES),
            samples: store.collection(&ROOM_DATA),
            usages: store.collection(&TECHNOLOGY_DATA),
        }
    }

    /// Rooms that are there, by id.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn rooms(
        &self,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<RoomRecord>, StoreError> {
        page(&self.rooms, after, limit, RoomDocument::into_record).await
    }

    /// Technologies that are there, by id.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn technologies(
        &self,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<TechnologyRecord>, StoreError> {
        page(&self.technologies, after, limit, TechnologyDocument::into_record).await
    }
}

async fn page<D, R>(
    collection: &Collection<D>,
    after: Option<Cursor>,
    limit: usize,
    into_record: impl Fn(D) -> Result<R, Corrupt>,
) -> Result<Page<R>, StoreError>
where
    D: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let total = collection.count(&[chiron_store::eq("there", true)]).await.map_err(failed)?;
    let find = Find::all().eq("there", true).ascending(ID);
    let find = find.limit(limit.saturating_add(1)).after(after);
    let mut found = collection.find(&find).await.map_err(failed)?;
    let next = if limit < found.len() {
        found.truncate(limit);
        found.last().map(|last| find.cursor(last)).transpose().map_err(failed)?
    } else {
        None
    };
    let records = found.into_iter().map(|kept| into_record(kept.document));
    Ok(Page { records: records.collect::<Result<_, _>>().map_err(failed)?, total, next })
}

impl Registry for DocumentStore {
    async fn room(&self, id: &RoomId) -> Result<Option<Kept<RoomRecord>>, StoreError> {
        let found = self.rooms.get(id.as_ref()).await.map_err(failed)?;
        found.map(|it| kept(it, RoomDocument::into_record)).transpose()
    }

    async fn save_room(&self, record: &RoomRecord, version: u64) -> Result<u64, SaveError> {
        save(&self.rooms, record.room.id.as_ref(), &RoomDocument::of(record), version).await
    }

    async fn erase_room(&self, id: &RoomId, version: u64) -> Result<(), SaveError> {
        erase(&self.rooms, id.as_ref(), version).await
    }

    async fn unfinished_rooms(&self) -> Result<Vec<Kept<RoomRecord>>, StoreError> {
        let find = Find::all().eq("unfinished", true);
        let found = self.rooms.find(&find).await.map_err(failed)?;
        found.into_iter().map(|it| kept(it, RoomDocument::into_record)).collect()
    }

    async fn technology(
        &self,
        id: &TechnologyId,
    ) -> Result<Option<Kept<TechnologyRecord>>, StoreError> {
        let found = self.technologies.get(id.as_ref()).await.map_err(failed)?;
        found.map(|it| kept(it, TechnologyDocument::into_record)).transpose()
    }

    async fn save_technology(
        &self,
        record: &TechnologyRecord,
        version: u64,
    ) -> Result<u64, SaveError> {
        let id = record.technology.id.as_ref();
        save(&self.technologies, id, &TechnologyDocument::of(record), version).await
    }

    async fn erase_technology(&self, id: &TechnologyId, version: u64) -> Result<(), SaveError> {
        erase(&self.technologies, id.as_ref(), version).await
    }

    async fn unfinished_technologies(&self) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        let find = Find::all().eq("unfinished", true);
        let found = self.technologies.find(&find).await.map_err(failed)?;
        found.into_iter().map(|it| kept(it, TechnologyDocument::into_record)).collect()
    }

    async fn technologies_in(
        &self,
        room: &RoomId,
    ) -> Result<Vec<Kept<TechnologyRecord>>, StoreError> {
        let find = Find::all().eq("roomId", room.as_ref());
        let found = self.technologies.find(&find).await.map_err(failed)?;
        found.into_iter().map(|it| kept(it, TechnologyDocument::into_record)).collect()
    }
}

impl Measurements for DocumentStore {
    async fn keep_samples(&self, samples: &[Sample]) -> Result<(), StoreError> {
        let documents =
            samples.iter().map(|sample| (sample_id(sample), SampleDocument::of(sample)));
        keep_greatest(&self.samples, documents).await
    }

    async fn last_sample(
        &self,
        room: &RoomId,
        quantity: Quantity,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Sample>, StoreError> {
        let quantity = match quantity {
            Quantity::Temperature => "TEMPERATURE",
            Quantity::Humidity => "HUMIDITY",
            Quantity::Luminosity => "LUMINOSITY",
            Quantity::Presence => "PRESENCE",
        };
        let mut find = Find::all()
            .eq("roomId", room.as_ref())
            .eq("quantity", quantity)
            .at_most("at", instant::write(not_after))
            .descending("at")
            .limit(1);
        if let Some(after) = after {
            find = find.filter(chiron_store::after("at", instant::write(after)));
        }
        let found = self.samples.find(&find).await.map_err(failed)?;
        let last = found.into_iter().next().map(|kept| kept.document.into_sample());
        last.transpose().map_err(failed)
    }

    async fn samples(
        &self,
        room: &RoomId,
        behind: Place,
        not_after: Timestamp,
        limit: usize,
    ) -> Result<Vec<Sample>, StoreError> {
        // Those of the place's own instant that lie before it are read in vain, one per quantity.
        let find = Find::all()
            .eq("roomId", room.as_ref())
            .at_least("at", instant::write(behind.at))
            .at_most("at", instant::write(not_after))
            .ascending("at")
            .limit(limit.saturating_add(Quantity::ALL.len()));
        let found = self.samples.find(&find).await.map_err(failed)?;
        let mut samples = Vec::with_capacity(found.len());
        for kept in found {
            let sample = kept.document.into_sample().map_err(failed)?;
            if behind < sample.place() && samples.len() < limit {
                samples.push(sample);
            }
        }
        Ok(samples)
    }

    async fn count_samples(
        &self,
        room: &RoomId,
        after: Timestamp,
        not_after: Timestamp,
    ) -> Result<u64, StoreError> {
        let filters = [
            chiron_store::eq("roomId", room.as_ref()),
            chiron_store::after("at", instant::write(after)),
            chiron_store::at_most("at", instant::write(not_after)),
        ];
        self.samples.count(&filters).await.map_err(failed)
    }

    async fn keep_usages(&self, usages: &[Usage]) -> Result<(), StoreError> {
        let documents = usages.iter().map(|usage| (usage_id(usage), UsageDocument::of(usage)));
        keep_greatest(&self.usages, documents).await
    }

    async fn last_usage(
        &self,
        technology: &TechnologyId,
        after: Option<Timestamp>,
        not_after: Timestamp,
    ) -> Result<Option<Usage>, StoreError> {
        let mut find = Find::all()
            .eq("technologyId", technology.as_ref())
            .at_most("at", instant::write(not_after))
            .descending("at")
            .limit(1);
        if let Some(after) = after {
            find = find.filter(chiron_store::after("at", instant::write(after)));
        }
        let found = self.usages.find(&find).await.map_err(failed)?;
        let last = found.into_iter().next().map(|kept| kept.document.into_usage());
        last.transpose().map_err(failed)
    }
}

impl Leftovers for DocumentStore {
    async fn forget(&self) -> Result<(), StoreError> {
        let removed = || Find::all().eq("there", false);
        for room in self.rooms.find(&removed()).await.map_err(failed)? {
            if let RoomStateDocument::Removed(At { at }) = room.document.state {
                forget_until(&self.samples, chiron_store::eq("roomId", room.id), at).await?;
            }
        }
        for technology in self.technologies.find(&removed()).await.map_err(failed)? {
            if let TechnologyStateDocument::Removed(At { at }) = technology.document.state {
                let own = chiron_store::eq("technologyId", technology.id);
                forget_until(&self.usages, own, at).await?;
            }
        }
        Ok(())
    }
}

async fn forget_until<D>(
    collection: &Collection<D>,
    own: Filter,
    until: Timestamp,
) -> Result<(), StoreError>
where
    D: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let find = Find::all()
        .filter(own)
        .at_most("at", instant::write(until))
        .ascending("at")
        .limit(FORGOTTEN_AT_A_TIME);
    loop {
        let found = collection.find(&find).await.map_err(failed)?;
        if found.is_empty() {
            return Ok(());
        }
        for kept in found {
            collection.delete(&kept.id, None).await.map_err(failed)?;
        }
    }
}

/// Adds documents; of two of one id the one told by the greater event stays. Idempotent, and safe
/// beside itself: a replacement names the version that it has compared with.
async fn keep_greatest<D>(
    collection: &Collection<D>,
    documents: impl Iterator<Item = (String, D)>,
) -> Result<(), StoreError>
where
    D: Told + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let mut distinct: BTreeMap<String, D> = BTreeMap::new();
    for (id, document) in documents {
        let known = distinct.get(&id);
        if known.is_none_or(|known| known.told_by() < document.told_by()) {
            distinct.insert(id, document);
        }
    }
    let all = distinct.iter().map(|(id, document)| (id.clone(), document.clone(), Vec::new()));
    match collection.insert_all(all.collect()).await {
        Ok(()) => return Ok(()),
        Err(WriteError::AlreadyExists) => {}
        Err(err) => return Err(failed(err)),
    }
    // Some are there already: a repetition, in which most are, or a correction.
    for (id, document) in distinct {
        loop {
            match collection.insert(&id, &document, Vec::new()).await {
                Ok(_) => break,
                Err(WriteError::AlreadyExists) => {}
                Err(err) => return Err(failed(err)),
            }
            let Some(known) = collection.get(&id).await.map_err(failed)? else { continue };
            if document.told_by() <= known.document.told_by() {
                break;
            }
            match collection.replace(&id, known.version, &document, Vec::new()).await {
                Ok(_) => break,
                Err(WriteError::Conflict) => {}
                Err(err) => return Err(failed(err)),
            }
        }
    }
    Ok(())
}

fn kept<D, R>(
    found: Versioned<D>,
    into_record: impl FnOnce(D) -> Result<R, Corrupt>,
) -> Result<Kept<R>, StoreError> {
    let record = into_record(found.document).map_err(failed)?;
    Ok(Kept { record, version: found.version })
}

async fn save<D>(
    collection: &Collection<D>,
    id: &str,
    document: &D,
    version: u64,
) -> Result<u64, SaveError>
where
    D: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let written = if version == 0 {
        collection.insert(id, document, Vec::new()).await
    } else {
        collection.replace(id, version, document, Vec::new()).await
    };
    written.map_err(|err| match err {
        WriteError::AlreadyExists | WriteError::Conflict => SaveError::Conflict,
        other => SaveError::Store(failed(other)),
    })
}

async fn erase<D>(collection: &Collection<D>, id: &str, version: u64) -> Result<(), SaveError>
where
    D: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    match collection.delete(id, Some(version)).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(WriteError::Conflict) => Err(SaveError::Conflict),
        Err(err) => Err(SaveError::Store(failed(err))),
    }
}

impl RoomText {
    fn of(room: &Room) -> Self {
        Self {
            id: room.id.to_string(),
            name: room.name.clone(),
            zone_id: room.zone.as_ref().to_owned(),
            operating: room.room_type == RoomType::OperatingRoom,
        }
    }

    fn into_room(self) -> Result<Room, Corrupt> {
        Ok(Room {
            id: self.id.parse()?,
            name: self.name,
            zone: self.zone_id.parse()?,
            room_type: if self.operating {
                RoomType::OperatingRoom
            } else {
                RoomType::PreOperatingRoom
            },
        })
    }
}

impl RoomDocument {
    fn of(record: &RoomRecord) -> Self {
        Self {
            room: RoomText::of(&record.room),
            created_at: record.created_at,
            history_after: record.history_after,
            state: match &record.state {
                RoomState::Creating => RoomStateDocument::Creating,
                RoomState::Standing => RoomStateDocument::Standing,
                RoomState::Changing(to) => RoomStateDocument::Changing { to: RoomText::of(to) },
                RoomState::Removing(at) => RoomStateDocument::Removing(At { at: *at }),
                RoomState::Removed(at) => RoomStateDocument::Removed(At { at: *at }),
            },
            there: record.is_there(),
            unfinished: record.is_unfinished(),
        }
    }

    fn into_record(self) -> Result<RoomRecord, Corrupt> {
        Ok(RoomRecord {
            room: self.room.into_room()?,
            created_at: self.created_at,
            history_after: self.history_after,
            state: match self.state {
                RoomStateDocument::Creating => RoomState::Creating,
                RoomStateDocument::Standing => RoomState::Standing,
                RoomStateDocument::Changing { to } => RoomState::Changing(to.into_room()?),
                RoomStateDocument::Removing(At { at }) => RoomState::Removing(at),
                RoomStateDocument::Removed(At { at }) => RoomState::Removed(at),
            },
        })
    }
}

impl PlacementDocument {
    fn of(placement: &Placement) -> Self {
        let room_id = placement.room.as_ref().map(ToString::to_string);
        Self { at: placement.at, room_id }
    }

    fn into_placement(self) -> Result<Placement, Corrupt> {
        let room = self.room_id.map(|room| room.parse()).transpose()?;
        Ok(Placement { at: self.at, room })
    }
}

impl TechnologyDocument {
    fn of(record: &TechnologyRecord) -> Self {
        let technology = &record.technology;
        let newest = record.placements.newest().filter(|_| record.is_there());
        Self {
            id: technology.id.to_string(),
            name: technology.name.as_ref().to_owned(),
            description: technology.description.as_ref().to_owned(),
            kind: match technology.technology_type {
                TechnologyType::Endoscope => TechnologyKind::Endoscope,
                TechnologyType::Xray => TechnologyKind::Xray,
            },
            placements: record.placements.iter().map(PlacementDocument::of).collect(),
            history_after: record.history_after,
            state: match &record.state {
                TechnologyState::Creating => TechnologyStateDocument::Creating,
                TechnologyState::Standing => TechnologyStateDocument::Standing,
                TechnologyState::Placing(placement) => {
                    TechnologyStateDocument::Placing(PlacementDocument::of(placement))
                }
                TechnologyState::Removing(at) => TechnologyStateDocument::Removing(At { at: *at }),
                TechnologyState::Removed(at) => TechnologyStateDocument::Removed(At { at: *at }),
            },
            room_id: newest.and_then(|newest| newest.room.as_ref()).map(ToString::to_string),
            there: record.is_there(),
            unfinished: record.is_unfinished(),
        }
    }

    fn into_record(self) -> Result<TechnologyRecord, Corrupt> {
        let placements = self.placements.into_iter().map(PlacementDocument::into_placement);
        Ok(TechnologyRecord {
            technology: Technology {
                id: self.id.parse()?,
                name: self.name.parse()?,
                description: self.description.parse()?,
                technology_type: match self.kind {
                    TechnologyKind::Endoscope => TechnologyType::Endoscope,
                    TechnologyKind::Xray => TechnologyType::Xray,
                },
            },
            placements: placements.collect::<Result<_, _>>()?,
            history_after: self.history_after,
            state: match self.state {
                TechnologyStateDocument::Creating => TechnologyState::Creating,
                TechnologyStateDocument::Standing => TechnologyState::Standing,
                TechnologyStateDocument::Placing(placement) => {
                    TechnologyState::Placing(placement.into_placement()?)
                }
                TechnologyStateDocument::Removing(At { at }) => TechnologyState::Removing(at),
                TechnologyStateDocument::Removed(At { at }) => TechnologyState::Removed(at),
            },
        })
    }
}

impl SampleDocument {
    fn of(sample: &Sample) -> Self {
        let (quantity, value) = match sample.reading {
            Reading::Temperature(value) => (QuantityDocument::Temperature, value.get()),
            Reading::Humidity(value) => (QuantityDocument::Humidity, value.get()),
            Reading::Luminosity(value) => (QuantityDocument::Luminosity, value.get()),
            Reading::Presence(there) => (QuantityDocument::Presence, f64::from(u8::from(there))),
        };
        Self {
            room_id: sample.room.to_string(),
            at: sample.at,
            quantity,
            value,
            told_by: sample.told_by.clone(),
        }
    }

    fn into_sample(self) -> Result<Sample, Corrupt> {
        let reading = match self.quantity {
            QuantityDocument::Temperature => Reading::Temperature(Celsius::new(self.value)?),
            QuantityDocument::Humidity => Reading::Humidity(Percent::new(self.value)?),
            QuantityDocument::Luminosity => Reading::Luminosity(Lux::new(self.value)?),
            QuantityDocument::Presence => Reading::Presence(0.0 < self.value),
        };
        Ok(Sample { room: self.room_id.parse()?, at: self.at, reading, told_by: self.told_by })
    }
}

impl UsageDocument {
    fn of(usage: &Usage) -> Self {
        Self {
            technology_id: usage.technology.to_string(),
            at: usage.at,
            in_use: usage.in_use,
            told_by: usage.told_by.clone(),
        }
    }

    fn into_usage(self) -> Result<Usage, Corrupt> {
        Ok(Usage {
            technology: self.technology_id.parse()?,
            at: self.at,
            in_use: self.in_use,
            told_by: self.told_by,
        })
    }
}

fn sample_id(sample: &Sample) -> String {
    let quantity = match sample.reading.quantity() {
        Quantity::Temperature => 0,
        Quantity::Humidity => 1,
        Quantity::Luminosity => 2,
        Quantity::Presence => 3,
    };
    format!("{}{SEPARATOR}{}{SEPARATOR}{quantity}", sample.room, instant::write(sample.at))
}

fn usage_id(usage: &Usage) -> String {
    format!("{}{SEPARATOR}{}", usage.technology, instant::write(usage.at))
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError(Box::new(source))
}

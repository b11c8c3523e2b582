//! Events inside their documents: finding what waits, and taking out what has been published.
//!
//! Who deletes a document puts its events into [`ORPHANS`] first. A look goes through the
//! collections first and through the orphans afterwards, so that it misses no event that moves
//! between; and orphans are published first, so that the events of a later document with the same
//! id do not overtake those of the deleted one.
//!
//! What has been published is taken out by one update per document that names its newest write:
//! unless the document has been written since the look, nothing else is in its outbox. Where it has
//! been, the events are taken out one by one. A crash before that publishes events again, with the
//! same ids.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use mongodb::bson::{Bson, Document, doc};

use super::documents::{Standing, length, misshapen, number};
use super::{Deadline, Mongo, ORPHANS, fault};
use crate::engine::{BATCH, BATCH_BYTES, Mark, Waiting};
use crate::error::StoreError;

/// The name of an event within its document's outbox: which write caused it and when. Names are in
/// the order of the document's writes, and no two documents have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Entry {
    /// The version that the write left.
    version: u64,
    /// Its place among the events of the write.
    place: u32,
    /// When the write began.
    pub(super) at: i64,
    /// The write's id.
    pub(super) write: i64,
}

impl Entry {
    /// The entries of a write's events, with them.
    pub(super) fn all(
        version: u64,
        at: i64,
        write: i64,
        records: &[String],
    ) -> impl Iterator<Item = (Self, &String)> {
        let entry = move |(place, record)| (Self { version, place, at, write }, record);
        (0..).zip(records).map(entry)
    }

    pub(super) fn name(self) -> String {
        let Self { version, place, at, write } = self;
        format!("{version:016x}-{place:06x}-{at:016x}-{write:016x}")
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let entry = Self {
            version: u64::from_str_radix(parts.next()?, 16).ok()?,
            place: u32::from_str_radix(parts.next()?, 16).ok()?,
            at: i64::from_str_radix(parts.next()?, 16).ok()?,
            write: i64::from_str_radix(parts.next()?, 16).ok()?,
        };
        parts.next().is_none().then_some(entry)
    }
}

/// The events of a document, in their order.
pub(super) fn entries_of(
    collection: &'static str,
    document: &Document,
) -> Result<Vec<(Entry, String)>, StoreError> {
    let Ok(outbox) = document.get_document("outbox") else {
        return Err(misshapen(collection, "no document of ours lacks an outbox"));
    };
    let mut entries = Vec::with_capacity(outbox.len());
    for (name, record) in outbox {
        let (Some(entry), Bson::String(record)) = (Entry::parse(name), record) else {
            return Err(misshapen("outbox", "an event that nobody here has written"));
        };
        entries.push((entry, record.clone()));
    }
    entries.sort_unstable_by_key(|(entry, _)| *entry);
    Ok(entries)
}

/// What a look has found, by document.
#[derive(Debug)]
pub(crate) struct Held {
    documents: Vec<Holder>,
}

#[derive(Debug)]
struct Holder {
    collection: &'static str,
    id: String,
    /// Its newest write then.
    write: i64,
    pending: i64,
    entries: Vec<(Entry, String)>,
}

impl Holder {
    fn of(collection: &'static str, document: &Document) -> Result<Self, StoreError> {
        let (Ok(id), Some(write), Some(pending)) = (
            document.get_str("_id"),
            number(document.get("write")),
            number(document.get("pending")),
        ) else {
            return Err(misshapen(collection, "no document of ours lacks an id or a write"));
        };
        let entries = entries_of(collection, document)?;
        Ok(Self { collection, id: id.to_owned(), write, pending, entries })
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|(_, record)| record.len()).sum()
    }
}

impl Held {
    pub(crate) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    fn writes(&self) -> HashSet<i64> {
        let entries = self.documents.iter().flat_map(|holder| &holder.entries);
        entries.map(|(entry, _)| entry.write).collect()
    }
}

/// How much a look takes.
#[derive(Debug, Clone, Copy)]
struct Most {
    documents: usize,
    /// Of events; after so many it takes no further document.
    bytes: usize,
}

/// Documents that hold events.
struct Look {
    holders: Vec<Holder>,
    /// Whether there are no others.
    whole: bool,
}

impl Mongo {
    /// The events to publish next.
    pub(crate) async fn waiting(&self) -> Result<Waiting, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let as_of = self.ledger.newest();
        let most = Most { documents: BATCH, bytes: BATCH_BYTES };
        let looks = self.collections.iter().map(|spec| self.look(spec.name, most, deadline));
        let looks = try_join_all(looks).await?;
        let orphans = self.look(ORPHANS, most, deadline).await?;

        let mut whole = orphans.whole && looks.iter().all(|look| look.whole);
        let mut documents: Vec<Holder> = looks.into_iter().flat_map(|look| look.holders).collect();
        for holder in documents.iter().chain(&orphans.holders) {
            self.note(holder);
        }
        if whole {
            let found = documents.iter().chain(&orphans.holders).flat_map(|holder| &holder.entries);
            self.ledger.only(&found.map(|(entry, _)| entry.write).collect(), as_of);
        }
        if !orphans.whole {
            // Whose events come later is known when all orphans have gone.
            documents.clear();
        }
        documents.sort_by_key(|holder| holder.pending);
        whole &= !cut(&mut documents);

        let records = in_order(&orphans.holders, &documents);
        documents.extend(orphans.holders);
        Ok(Waiting { records, mark: Mark::Held(Held { documents }), more: !whole })
    }

    /// Tells the ledger what a document holds.
    fn note(&self, holder: &Holder) {
        let mut by_write = BTreeMap::new();
        for (entry, _) in &holder.entries {
            *by_write.entry(entry.write).or_insert(0_usize) += 1;
        }
        for (write, events) in by_write {
            self.ledger.waits(write, events);
        }
    }

    /// All events that wait, in their order.
    pub(crate) async fn events(&self) -> Result<Vec<String>, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let most = Most { documents: usize::MAX, bytes: usize::MAX };
        let looks = self.collections.iter().map(|spec| self.look(spec.name, most, deadline));
        let looks = try_join_all(looks).await?;
        let orphans = self.look(ORPHANS, most, deadline).await?;
        let documents: Vec<Holder> = looks.into_iter().flat_map(|look| look.holders).collect();
        Ok(in_order(&orphans.holders, &documents))
    }

    async fn look(
        &self,
        collection: &'static str,
        most: Most,
        deadline: Deadline,
    ) -> Result<Look, StoreError> {
        let documents = self.documents(collection);
        let find = documents
            .find(doc! { "pending": { "$gt": 0_i64 } })
            .projection(doc! { "write": 1, "pending": 1, "outbox": 1 })
            .sort(doc! { "pending": 1 })
            .limit(i64::try_from(most.documents).unwrap_or(0))
            .max_time(deadline.limit);
        let look = async {
            let mut cursor = find.await?;
            let (mut found, mut size) = (Vec::new(), 0);
            while size < most.bytes
                && let Some(document) = cursor.try_next().await?
            {
                size += document.get_document("outbox").map_or(0, |outbox| {
                    outbox.values().map(|record| record.as_str().map_or(0, str::len)).sum()
                });
                found.push(document);
            }
            Ok((found, size))
        };
        let (found, size) = self.ask(deadline, look).await?;
        let whole = found.len() < most.documents && size < most.bytes;
        let holders = found.iter().map(|document| Holder::of(collection, document));
        Ok(Look { holders: holders.collect::<Result<_, _>>()?, whole })
    }

    /// Takes what has been published out of the documents.
    pub(crate) async fn published(&self, held: Held) -> Result<(), StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let mut by_collection: BTreeMap<&'static str, Vec<&Holder>> = BTreeMap::new();
        for holder in &held.documents {
            by_collection.entry(holder.collection).or_default().push(holder);
        }
        for (collection, holders) in by_collection {
            if collection == ORPHANS {
                let ids: Vec<&String> = holders.iter().map(|holder| &holder.id).collect();
                let gone = doc! { "_id": { "$in": ids } };
                self.ask(deadline, self.documents(ORPHANS).delete_many(gone)).await?;
            } else {
                self.empty(collection, &holders, deadline).await?;
            }
        }
        self.ledger.published(&held.writes());
        Ok(())
    }

    async fn empty(
        &self,
        collection: &'static str,
        holders: &[&Holder],
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let emptied = holders.iter().map(|holder| {
            let unchanged = doc! { "_id": &holder.id, "write": holder.write };
            doc! { "q": unchanged, "u": nothing_waits() }
        });
        let matched = self.update_all(collection, emptied.collect(), deadline).await?;
        if matched == holders.len() {
            return Ok(());
        }
        // Some have been written since: their other events stay.
        let taken = holders.iter().filter(|holder| !holder.entries.is_empty()).map(|holder| {
            let names = holder.entries.iter().map(|(entry, _)| {
                (format!("outbox.{}", entry.name()), Bson::String(String::new()))
            });
            let names: Document = names.collect();
            doc! { "q": { "_id": &holder.id }, "u": { "$unset": names } }
        });
        self.update_all(collection, taken.collect(), deadline).await?;
        self.restate(collection, holders, deadline).await
    }

    /// Notes since when the events wait that are still there, so that documents written again and
    /// again do not stand before all others for ever.
    async fn restate(
        &self,
        collection: &'static str,
        holders: &[&Holder],
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let ids: Vec<&String> = holders.iter().map(|holder| &holder.id).collect();
        let documents = self.documents(collection);
        let find = documents
            .find(doc! { "_id": { "$in": ids }, "pending": { "$gt": 0_i64 } })
            .projection(Standing::fields())
            .max_time(deadline.limit);
        let left = async { find.await?.try_collect::<Vec<Document>>().await };
        let left = self.ask(deadline, left).await?;
        let mut updates = Vec::with_capacity(left.len());
        for document in &left {
            let standing = Standing::of(collection, document)?;
            let oldest = standing.outbox.iter().map(|(entry, _)| entry.at).min();
            let update = match oldest {
                None => nothing_waits(),
                Some(at) => doc! { "$set": {
                    "pending": at,
                    "outbox_bytes": length(standing.exact_bytes()),
                } },
            };
            let id = document.get("_id").cloned().unwrap_or(Bson::Null);
            updates.push(doc! { "q": { "_id": id, "write": standing.write }, "u": update });
        }
        self.update_all(collection, updates, deadline).await.map(|_| ())
    }

    /// Sends updates of one document each together; answers how many found theirs.
    async fn update_all(
        &self,
        collection: &'static str,
        updates: Vec<Document>,
        deadline: Deadline,
    ) -> Result<usize, StoreError> {
        if updates.is_empty() {
            return Ok(0);
        }
        let mut command = doc! { "update": collection, "updates": updates, "ordered": false };
        if let Some(concern) = self.database.write_concern() {
            let concern = mongodb::bson::serialize_to_bson(concern)
                .map_err(|error| fault::told(error.into()))?;
            command.insert("writeConcern", concern);
        }
        let answer = self.ask(deadline, self.database.run_command(command)).await?;
        for refused in ["writeErrors", "writeConcernError"] {
            if let Some(refused) = answer.get(refused) {
                return Err(misshapen("outbox", format!("an update was refused: {refused}")));
            }
        }
        Ok(number(answer.get("n")).and_then(|n| usize::try_from(n).ok()).unwrap_or(0))
    }

    /// Whether nothing waits that was saved before a moment, by whomever it has been published.
    pub(crate) async fn nothing_waits_since(
        &self,
        at: i64,
        as_of: u64,
    ) -> Result<bool, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let names = self.collections.iter().map(|spec| spec.name).chain([ORPHANS]);
        for collection in names {
            let documents = self.documents(collection);
            let found = documents
                .find_one(doc! { "pending": { "$gt": 0_i64, "$lte": at } })
                .projection(doc! { "pending": 1 })
                .max_time(deadline.limit);
            if self.ask(deadline, found).await?.is_some() {
                return Ok(false);
            }
        }
        self.ledger.only(&HashSet::new(), as_of);
        Ok(true)
    }

    /// Now, in the order of this store's events; and the newest write with events.
    pub(crate) fn moment(&self) -> (i64, u64) {
        (self.stamps.next(), self.ledger.newest())
    }
}

/// The events of orphans and then those of documents: across documents by time; within one by the
/// order of its writes, whatever their times say.
fn in_order(orphans: &[Holder], documents: &[Holder]) -> Vec<String> {
    let mut records: Vec<String> = Vec::new();
    let mut orphaned = HashSet::new();
    for (entry, record) in orphans.iter().flat_map(|holder| &holder.entries) {
        if orphaned.insert(*entry) {
            records.push(record.clone());
        }
    }
    let mut ordered: Vec<(i64, &String)> = Vec::new();
    for holder in documents {
        let mut latest = i64::MIN;
        for (entry, record) in &holder.entries {
            latest = latest.max(entry.at);
            if !orphaned.contains(entry) {
                ordered.push((latest, record));
            }
        }
    }
    ordered.sort_by_key(|(at, _)| *at);
    records.extend(ordered.into_iter().map(|(_, record)| record.clone()));
    records
}

fn nothing_waits() -> Document {
    doc! { "$set": { "outbox": {}, "outbox_bytes": 0_i64 }, "$unset": { "pending": "" } }
}

/// Leaves the first documents that together have a batch of events; whether it left out others.
fn cut(documents: &mut Vec<Holder>) -> bool {
    let (mut events, mut bytes) = (0, 0);
    let fits = documents.iter().position(|holder| {
        let full = BATCH <= events || BATCH_BYTES <= bytes;
        events += holder.entries.len();
        bytes += holder.bytes();
        full
    });
    if let Some(place) = fits {
        documents.truncate(place);
    }
    fits.is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_come_back_and_have_the_order_of_writes(
            a in (any::<u64>(), 0_u32..1_000_000, 0..i64::MAX, 0..i64::MAX),
            b in (any::<u64>(), 0_u32..1_000_000, 0..i64::MAX, 0..i64::MAX),
        ) {
            let entry = |(version, place, at, write)| Entry { version, place, at, write };
            let (a, b) = (entry(a), entry(b));
            prop_assert_eq!(Entry::parse(&a.name()), Some(a));
            prop_assert_eq!(a.name().cmp(&b.name()), a.cmp(&b));
        }

        #[test]
        fn no_name_makes_it_panic(name in ".{0,80}") {
            let _ = Entry::parse(&name);
        }
    }

    #[test]
    fn a_batch_has_whole_documents_and_at_least_one() {
        let holder = |events: u32| Holder {
            collection: "x",
            id: String::new(),
            write: 0,
            pending: 0,
            entries: (0..events)
                .map(|place| (Entry { version: 1, place, at: 0, write: 0 }, String::new()))
                .collect(),
        };
        let mut documents = vec![holder(300), holder(1)];
        assert!(cut(&mut documents));
        assert_eq!(documents.len(), 1);
        let mut documents = vec![holder(255), holder(300)];
        assert!(!cut(&mut documents));
        assert_eq!(documents.len(), 2);
    }
}

//! The catalogue as it is read: every entity as the bytes that are sent, and by what it is found.
//!
//! Kept in memory and changed a few entries at a time. A set of entities is a bitmap over places,
//! and places are given in the order of ids, which only grow; so an intersection is a few machine
//! words, and walking a set is walking it in the order of ids. Reads cost what their answers
//! hold, however large the catalogue is. What is durable stands in the store; this is built from it.

mod list;
mod order;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use catalog_domain::entity::{Predicate, Row, rows};
use roaring::RoaringBitmap;
use serde_json::Value;
use uuid::Uuid;

pub(crate) use order::Page;
use text::Trigrams;

/// A place in the index; places are in the order of ids.
pub(crate) type Slot = u32;

/// An entity as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) reference: Arc<str>,
    pub(crate) json: Bytes,
}

/// What changes in the index.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) reference: Arc<str>,
    pub(crate) uid: Uuid,
    /// The entity as it is now; `None` when it is gone.
    pub(crate) json: Option<Bytes>,
    /// By what it was found, …
    before: Vec<Row>,
    /// … and is found now.
    now: Vec<Row>,
}

/// Few or many places.
#[derive(Debug, Clone)]
enum Members {
    One(Slot),
    Many(RoaringBitmap),
}

impl Members {
    fn insert(&mut self, slot: Slot) {
        match self {
            Self::One(one) if *one == slot => {}
            Self::One(one) => *self = Self::Many(RoaringBitmap::from_iter([*one, slot])),
            Self::Many(many) => {
                many.insert(slot);
            }
        }
    }

    /// Takes a place out; says whether none is left.
    fn remove(&mut self, slot: Slot) -> bool {
        match self {
            Self::One(one) => *one == slot,
            Self::Many(many) => {
                many.remove(slot);
                many.is_empty()
            }
        }
    }

    fn add_to(&self, set: &mut RoaringBitmap) {
        match self {
            Self::One(one) => {
                set.insert(*one);
            }
            Self::Many(many) => *set |= many,
        }
    }

    fn within(&self, set: &RoaringBitmap) -> u64 {
        match self {
            Self::One(one) => u64::from(set.contains(*one)),
            Self::Many(many) => many.intersection_len(set),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len(),
        }
    }
}

/// The entities with one value of a key, by how the value was written.
type Spellings = Vec<(Option<Box<str>>, Members)>;

/// What is known of one key.
#[derive(Debug, Default)]
struct Key {
    /// Who has the key.
    has: RoaringBitmap,
    /// Who has it without a value.
    without: RoaringBitmap,
    /// By value in lower case; a spelling that is the value itself is not written twice.
    values: BTreeMap<Arc<str>, Spellings>,
    /// Whether an entity has had several values: then it can stand in several places of an order.
    several: bool,
    /// What full text looks into, once it was asked for.
    trigrams: std::sync::OnceLock<Trigrams>,
}

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<Option<Entry>>,
    /// The id of each place, ascending, also of those that are gone.
    uids: Vec<u128>,
    by_reference: BTreeMap<Arc<str>, Slot>,
    all: RoaringBitmap,
    keys: HashMap<Box<str>, Key>,
}

impl Index {
    /// The index of these entities.
    pub(crate) fn build(mut entities: Vec<(String, Uuid, Bytes)>) -> Self {
        entities.sort_by_key(|(_, uid, _)| *uid);
        let mut index = Self::default();
        for (reference, uid, json) in entities {
            let now = rows_of(&json);
            let reference = Arc::from(reference);
            index.apply_one(Change { reference, uid, json: Some(json), before: Vec::new(), now });
        }
        index
    }

    /// What it takes to show an entity anew, or no longer. The dear part, done before the index is
    /// locked for changes.
    pub(crate) fn change(&self, reference: &str, uid: Uuid, json: Option<Bytes>) -> Option<Change> {
        let before = match self.by_reference(reference).and_then(|slot| self.entry(slot)) {
            Some(entry) if json.as_ref() == Some(&entry.json) => return None,
            Some(entry) => rows_of(&entry.json),
            None if json.is_none() => return None,
            None => Vec::new(),
        };
        let now = json.as_ref().map(|json| rows_of(json)).unwrap_or_default();
        Some(Change { reference: Arc::from(reference), uid, json, before, now })
    }

    /// Applies changes, in their order.
    pub(crate) fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.apply_one(change);
        }
    }

    fn apply_one(&mut self, change: Change) {
        let Change { reference, uid, json, before, now } = change;
        let known = self.by_reference.get(&reference).copied();
        let stays = known.filter(|slot| self.uid(*slot) == Some(uid));
        if let (Some(gone), None) = (known, stays) {
            self.forget(gone, &reference, &before);
        }
        match (stays, json) {
            (Some(slot), Some(json)) => {
                // Both are sorted; what is in both stays.
                for row in before.iter().filter(|row| now.binary_search(row).is_err()) {
                    self.unrow(slot, row);
                }
                for row in now.iter().filter(|row| before.binary_search(row).is_err()) {
                    self.row(slot, row);
                }
                // A key that lost one of several values keeps the others.
                self.renew_keys(slot, &before, &now);
                self.put(slot, Entry { reference, json });
            }
            (Some(slot), None) => self.forget(slot, &reference, &before),
            (None, Some(json)) => {
                let Ok(slot) = Slot::try_from(self.entries.len()) else { return };
                self.entries.push(None);
                // Ids only grow; one that does not is found by its reference and not by its id.
                let last = self.uids.last().copied().unwrap_or(0);
                self.uids.push(uid.as_u128().max(last));
                self.all.insert(slot);
                self.by_reference.insert(Arc::clone(&reference), slot);
                for row in &now {
                    self.row(slot, row);
                }
                self.note_several(&now);
                self.put(slot, Entry { reference, json });
            }
            (None, None) => {}
        }
    }

    fn put(&mut self, slot: Slot, entry: Entry) {
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(entry);
        }
    }

    fn forget(&mut self, slot: Slot, reference: &str, before: &[Row]) {
        for row in before {
            self.unrow(slot, row);
            if let Some(key) = self.keys.get_mut(row.key.as_str()) {
                key.has.remove(slot);
            }
        }
        self.by_reference.remove(reference);
        self.all.remove(slot);
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = None;
        }
    }

    fn row(&mut self, slot: Slot, row: &Row) {
        let key = match self.keys.get_mut(row.key.as_str()) {
            Some(key) => key,
            None => self.keys.entry(row.key.clone().into()).or_default(),
        };
        key.has.insert(slot);
        let Some((lower, original)) = &row.value else {
            key.without.insert(slot);
            return;
        };
        let spelled = (lower != original).then_some(original.as_str());
        if let Some(spellings) = key.values.get_mut(lower.as_str()) {
            match spellings.iter_mut().find(|(text, _)| text.as_deref() == spelled) {
                Some((_, members)) => members.insert(slot),
                None => spellings.push((spelled.map(Box::from), Members::One(slot))),
            }
            return;
        }
        let lower: Arc<str> = Arc::from(lower.as_str());
        if let Some(trigrams) = key.trigrams.get_mut() {
            trigrams.add(&lower);
        }
        key.values.insert(lower, vec![(spelled.map(Box::from), Members::One(slot))]);
    }

    fn unrow(&mut self, slot: Slot, row: &Row) {
        let Some(key) = self.keys.get_mut(row.key.as_str()) else { return };
        let Some((lower, original)) = &row.value else {
            key.without.remove(slot);
            return;
        };
        let spelled = (lower != original).then_some(original.as_str());
        let Some(spellings) = key.values.get_mut(lower.as_str()) else { return };
        spellings.retain_mut(|(text, members)| text.as_deref() != spelled || !members.remove(slot));
        if spellings.is_empty() {
            key.values.remove(lower.as_str());
            if let Some(trigrams) = key.trigrams.get_mut() {
                trigrams.remove(lower);
            }
        }
    }

    fn renew_keys(&mut self, slot: Slot, before: &[Row], now: &[Row]) {
        for row in before {
            if !now.iter().any(|kept| kept.key == row.key)
                && let Some(key) = self.keys.get_mut(row.key.as_str())
            {
                key.has.remove(slot);
            }
        }
        self.note_several(now);
    }

    fn note_several(&mut self, now: &[Row]) {
        for pair in now.windows(2) {
            if let [one, two] = pair
                && one.key == two.key
                && let Some(key) = self.keys.get_mut(one.key.as_str())
            {
                key.several = true;
            }
        }
    }

    /// How many entities there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.all.len()
    }

    /// The place of a reference, which is in lower case.
    pub(crate) fn by_reference(&self, reference: &str) -> Option<Slot> {
        self.by_reference.get(reference).copied()
    }

    /// The place of an id.
    pub(crate) fn by_uid(&self, uid: Uuid) -> Option<Slot> {
        let slot = self.uids.binary_search(&uid.as_u128()).ok()?;
        let slot = Slot::try_from(slot).ok()?;
        self.entry(slot).map(|_| slot)
    }

    /// The entity at a place.
    pub(crate) fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn uid(&self, slot: Slot) -> Option<Uuid> {
        self.uids.get(slot as usize).map(|uid| Uuid::from_u128(*uid))
    }

    /// The greatest id that was ever here.
    pub(crate) fn last_uid(&self) -> u128 {
        self.uids.last().copied().unwrap_or(0)
    }

    /// Who matches.
    pub(crate) fn select(&self, predicate: Option<&Predicate>) -> Cow<'_, RoaringBitmap> {
        match predicate {
            None => Cow::Borrowed(&self.all),
            Some(predicate) => self.matching(predicate),
        }
    }

    fn matching(&self, predicate: &Predicate) -> Cow<'_, RoaringBitmap> {
        match predicate {
            Predicate::All(parts) => {
                let mut parts = parts.iter().map(|part| self.matching(part));
                let Some(first) = parts.next() else { return Cow::Borrowed(&self.all) };
                parts.fold(first, |all, part| Cow::Owned(all.as_ref() & part.as_ref()))
            }
            Predicate::Any(parts) => {
                let mut any = RoaringBitmap::new();
                for part in parts {
                    any |= self.matching(part).as_ref();
                }
                Cow::Owned(any)
            }
            Predicate::Not(part) => Cow::Owned(&self.all - self.matching(part).as_ref()),
            Predicate::Has(key) => match self.keys.get(key.as_str()) {
                Some(key) => Cow::Borrowed(&key.has),
                None => Cow::Owned(RoaringBitmap::new()),
            },
            Predicate::Equals(key, values) => self.equals(key, values),
            Predicate::Prefix(key, prefix) => {
                let mut found = RoaringBitmap::new();
                if let Some(key) = self.keys.get(key.as_str()) {
                    let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
                    let range = key.values.range::<str, _>(from);
                    for (_, spellings) in range.take_while(|(value, _)| value.starts_with(prefix)) {
                        add_all(spellings, &mut found);
                    }
                }
                Cow::Owned(found)
            }
        }
    }

    fn equals(&self, key: &str, values: &[String]) -> Cow<'_, RoaringBitmap> {
        let key = self.keys.get(key);
        let spellings = |value: &String| key.and_then(|key| key.values.get(value.as_str()));
        if let [value] = values
            && let Some([(_, Members::Many(many))]) = spellings(value).map(Vec::as_slice)
        {
            return Cow::Borrowed(many);
        }
        let mut found = RoaringBitmap::new();
        for spellings in values.iter().filter_map(spellings) {
            add_all(spellings, &mut found);
        }
        Cow::Owned(found)
    }

    /// The values of a key among these entities, as they were written, with how many have each;
    /// sorted.
    pub(crate) fn facet(&self, key: &str, among: Option<&RoaringBitmap>) -> Vec<(&str, u64)> {
        let Some(key) = self.keys.get(key) else { return Vec::new() };
        let mut found = Vec::new();
        for (lower, spellings) in &key.values {
            for (original, members) in spellings {
                let count = among.map_or_else(|| members.len(), |among| members.within(among));
                if 0 < count {
                    found.push((original.as_deref().unwrap_or(lower), count));
                }
            }
        }
        found.sort_unstable();
        found
    }
}

fn add_all(spellings: &Spellings, set: &mut RoaringBitmap) {
    for (_, members) in spellings {
        members.add_to(set);
    }
}

/// By what an entity is found; nothing when it is no JSON, which is never stored.
fn rows_of(json: &[u8]) -> Vec<Row> {
    serde_json::from_slice::<Value>(json).map(|entity| rows(&entity)).unwrap_or_default()
}

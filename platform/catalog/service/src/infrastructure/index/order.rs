//! Pages in an order. One sequence is walked forwards or backwards, so that going on and going back
//! cannot disagree.

use std::ops::Bound;

use roaring::RoaringBitmap;
use uuid::Uuid;

use super::{Index, Key, Slot, Spellings, add_all};
use crate::application::{Direction, Order, Place};

/// Some entities in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) slots: Vec<Slot>,
    /// Where the first and the last of them stand.
    pub(crate) ends: Option<(Place, Place)>,
    /// Whether others follow, in the direction that was asked.
    pub(crate) more: bool,
}

impl Index {
    /// Who can stand in an order by this key.
    pub(crate) fn ordered_by(&self, key: &str) -> RoaringBitmap {
        self.keys.get(key).map(|key| key.has.clone()).unwrap_or_default()
    }

    /// A page of these entities: by a key, or by id without an order. Entities without the key are
    /// not in it. `after` is where the page begins, without that place.
    pub(crate) fn page(
        &self,
        among: &RoaringBitmap,
        order: Option<&Order>,
        after: Option<&Place>,
        skip: usize,
        limit: usize,
    ) -> Page {
        let mut taker = Taker { skip, limit, found: Vec::new(), more: false };
        match order {
            None => {
                self.by_id(
                    among,
                    after.map(|place| place.uid),
                    Direction::Ascending,
                    &mut |slot| taker.take(None, slot),
                );
            }
            Some(order) => {
                self.by_key(among, order, after, &mut |value, slot| taker.take(value, slot));
            }
        }
        let place = |found: Option<&(Option<String>, Slot)>| {
            let (value, slot) = found?;
            Some(Place { value: value.clone(), uid: self.uid(*slot)? })
        };
        let ends = place(taker.found.first()).zip(place(taker.found.last()));
        let slots = taker.found.into_iter().map(|(_, slot)| slot).collect();
        Page { slots, ends, more: taker.more }
    }

    /// The same without an order, from the end.
    pub(crate) fn page_back(&self, among: &RoaringBitmap, before: Uuid, limit: usize) -> Page {
        let mut taker = Taker { skip: 0, limit, found: Vec::new(), more: false };
        self.by_id(among, Some(before), Direction::Descending, &mut |slot| taker.take(None, slot));
        let place =
            |(_, slot): &(Option<String>, Slot)| Some(Place { value: None, uid: self.uid(*slot)? });
        let ends = taker.found.first().and_then(place).zip(taker.found.last().and_then(place));
        let slots = taker.found.into_iter().map(|(_, slot)| slot).collect();
        Page { slots, ends, more: taker.more }
    }

    fn by_id(
        &self,
        among: &RoaringBitmap,
        after: Option<Uuid>,
        direction: Direction,
        visit: &mut impl FnMut(Slot) -> bool,
    ) {
        let end = Slot::try_from(self.uids.len()).unwrap_or(Slot::MAX);
        let first = |beyond: bool| match after {
            None => None,
            Some(uid) => {
                let place = self.uids.partition_point(|known| {
                    if beyond { *known <= uid.as_u128() } else { *known < uid.as_u128() }
                });
                Slot::try_from(place).ok()
            }
        };
        let _ = match direction {
            Direction::Ascending => among.range(first(true).unwrap_or(0)..end).all(visit),
            Direction::Descending => among.range(0..first(false).unwrap_or(end)).rev().all(visit),
        };
    }

    fn by_key(
        &self,
        among: &RoaringBitmap,
        order: &Order,
        after: Option<&Place>,
        visit: &mut impl FnMut(Option<&str>, Slot) -> bool,
    ) {
        let Some(key) = self.keys.get(order.key.as_str()) else { return };
        if key.several {
            self.by_key_of_several(key, among, order.direction, after, visit);
            return;
        }
        if among.len() < SORTED_AT_MOST.min(key.has.len() / 8) {
            // Few among many: they are sorted instead of being looked for.
            self.by_value_of_each(key, among, order, after, visit);
            return;
        }
        let mut go_on = true;
        let nulls = |go_on: &mut bool, visit: &mut dyn FnMut(Option<&str>, Slot) -> bool| {
            if *go_on && !key.without.is_empty() {
                let set = &key.without & among;
                let uid = after.filter(|place| place.value.is_none()).map(|place| place.uid);
                self.by_id(&set, uid, order.direction, &mut |slot| {
                    *go_on = visit(None, slot);
                    *go_on
                });
            }
        };
        let in_nulls = after.is_some_and(|place| place.value.is_none());
        let value = after.and_then(|place| place.value.as_deref());
        match order.direction {
            Direction::Ascending => {
                if !in_nulls {
                    let from = value.map_or(Bound::Unbounded, Bound::Included);
                    let range = key.values.range::<str, _>((from, Bound::Unbounded));
                    go_on = self.through(range, among, order.direction, after, visit);
                }
                nulls(&mut go_on, visit);
            }
            Direction::Descending => {
                if after.is_none() || in_nulls {
                    nulls(&mut go_on, visit);
                }
                if go_on {
                    let to = value.map_or(Bound::Unbounded, Bound::Included);
                    let range = key.values.range::<str, _>((Bound::Unbounded, to)).rev();
                    self.through(range, among, order.direction, after, visit);
                }
            }
        }
    }

    fn through<'a>(
        &self,
        values: impl Iterator<Item = (&'a std::sync::Arc<str>, &'a Spellings)>,
        among: &RoaringBitmap,
        direction: Direction,
        after: Option<&Place>,
        visit: &mut impl FnMut(Option<&str>, Slot) -> bool,
    ) -> bool {
        for (value, spellings) in values {
            let uid =
                after.filter(|place| place.value.as_deref() == Some(value)).map(|place| place.uid);
            let mut go_on = true;
            if let [(_, super::Members::One(slot))] = spellings.as_slice() {
                let beyond = uid.is_none_or(|uid| {
                    let own = self.uid(*slot).unwrap_or_default();
                    match direction {
                        Direction::Ascending => uid < own,
                        Direction::Descending => own < uid,
                    }
                });
                go_on = !beyond || !among.contains(*slot) || visit(Some(value), *slot);
            } else {
                let mut set = RoaringBitmap::new();
                add_all(spellings, &mut set);
                set &= among;
                self.by_id(&set, uid, direction, &mut |slot| {
                    go_on = visit(Some(value), slot);
                    go_on
                });
            }
            if !go_on {
                return false;
            }
        }
        true
    }

    fn by_value_of_each(
        &self,
        key: &Key,
        among: &RoaringBitmap,
        order: &Order,
        after: Option<&Place>,
        visit: &mut impl FnMut(Option<&str>, Slot) -> bool,
    ) {
        let set = &key.has & among;
        let found = set.iter().filter_map(|slot| {
            let rows = super::rows_of(&self.entry(slot)?.json);
            let row = rows.into_iter().find(|row| row.key == order.key)?;
            Some((row.value.map(|(lower, _)| lower), slot))
        });
        in_order(self, found.collect(), order.direction, after, visit);
    }

    /// An entity with several values stands at the least of them, whichever way is walked.
    fn by_key_of_several(
        &self,
        key: &Key,
        among: &RoaringBitmap,
        direction: Direction,
        after: Option<&Place>,
        visit: &mut impl FnMut(Option<&str>, Slot) -> bool,
    ) {
        let mut seen = RoaringBitmap::new();
        let mut found = Vec::new();
        let mut add = |value: Option<&str>, set: RoaringBitmap| {
            for slot in &set {
                if among.contains(slot) && seen.insert(slot) {
                    found.push((value.map(str::to_owned), slot));
                }
            }
        };
        let each = |(value, spellings): (&std::sync::Arc<str>, &Spellings)| {
            let mut set = RoaringBitmap::new();
            add_all(spellings, &mut set);
            add(Some(value), set);
        };
        key.values.iter().for_each(each);
        add(None, key.without.clone());
        in_order(self, found, direction, after, visit);
    }
}

/// So many entities are sorted rather than looked for along the order.
const SORTED_AT_MOST: u64 = 64;

fn in_order(
    index: &Index,
    mut found: Vec<(Option<String>, Slot)>,
    direction: Direction,
    after: Option<&Place>,
    visit: &mut impl FnMut(Option<&str>, Slot) -> bool,
) {
    // What has no value comes last when ascending.
    let key = |value: &Option<String>, uid: Uuid| (value.is_none(), value.clone(), uid);
    let at = |slot: Slot| index.uid(slot).unwrap_or_default();
    found.sort_by_cached_key(|(value, slot)| key(value, at(*slot)));
    if direction == Direction::Descending {
        found.reverse();
    }
    let start = after.map(|place| key(&place.value, place.uid));
    for (value, slot) in &found {
        let beyond = start.as_ref().is_none_or(|start| {
            let own = key(value, at(*slot));
            match direction {
                Direction::Ascending => *start < own,
                Direction::Descending => own < *start,
            }
        });
        if beyond && !visit(value.as_deref(), *slot) {
            return;
        }
    }
}

struct Taker {
    skip: usize,
    limit: usize,
    found: Vec<(Option<String>, Slot)>,
    more: bool,
}

impl Taker {
    /// Takes one; says whether others are wanted.
    fn take(&mut self, value: Option<&str>, slot: Slot) -> bool {
        if 0 < self.skip {
            self.skip -= 1;
            return true;
        }
        if self.found.len() == self.limit {
            self.more = true;
            return false;
        }
        self.found.push((value.map(str::to_owned), slot));
        true
    }
}

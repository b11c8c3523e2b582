//! Lists in several orders at once, in which entities without a key come last.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::{Index, Slot, add_all};
use crate::application::{Direction, Order};

/// So many entities are compared with each other; more are looked for along the first order.
const COMPARED_AT_MOST: u64 = 32;

impl Index {
    /// Some of these entities, by all these orders, then by id; by reference when there is no
    /// order. And whether others follow.
    pub(crate) fn list(
        &self,
        among: &RoaringBitmap,
        orders: &[Order],
        skip: usize,
        limit: Option<usize>,
    ) -> (Vec<Slot>, bool) {
        let (mut skip, limit) = (skip, limit.unwrap_or(usize::MAX));
        let mut found = Vec::new();
        let mut more = false;
        let mut visit = |slot| {
            if 0 < skip {
                skip -= 1;
                return true;
            }
            if found.len() == limit {
                more = true;
                return false;
            }
            found.push(slot);
            true
        };
        if orders.is_empty() {
            self.by_references(among, &mut visit);
        } else {
            self.grouped(among, orders, &mut visit);
        }
        (found, more)
    }

    fn by_references(&self, among: &RoaringBitmap, visit: &mut impl FnMut(Slot) -> bool) {
        if among.len() < self.all.len() / 64 {
            let reference = |slot: &Slot| self.entry(*slot).map(|entry| &*entry.reference);
            let mut slots: Vec<Slot> = among.iter().collect();
            slots.sort_by(|one, two| reference(one).cmp(&reference(two)));
            let _ = slots.into_iter().all(visit);
        } else {
            let mut own = self.by_reference.values().copied().filter(|slot| among.contains(*slot));
            let _ = own.all(visit);
        }
    }

    fn grouped(
        &self,
        among: &RoaringBitmap,
        orders: &[Order],
        visit: &mut dyn FnMut(Slot) -> bool,
    ) -> bool {
        let Some((first, rest)) = orders.split_first() else { return among.iter().all(visit) };
        if among.len() <= COMPARED_AT_MOST {
            return self.compared(among, orders).into_iter().all(visit);
        }
        let Some(key) = self.keys.get(first.key.as_str()) else {
            return self.grouped(among, rest, visit);
        };
        let mut left = among.clone();
        let mut each = |spellings| {
            let mut group = RoaringBitmap::new();
            add_all(spellings, &mut group);
            group &= &left;
            left -= &group;
            group.is_empty() || self.grouped(&group, rest, visit)
        };
        let went_on = match first.direction {
            Direction::Ascending => key.values.values().all(&mut each),
            Direction::Descending => key.values.values().rev().all(&mut each),
        };
        went_on && self.grouped(&left, rest, visit)
    }

    fn compared(&self, among: &RoaringBitmap, orders: &[Order]) -> Vec<Slot> {
        let mut found: Vec<(Vec<Option<String>>, Slot)> = Vec::new();
        for slot in among {
            let rows = self.entry(slot).map(|entry| super::rows_of(&entry.json));
            let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for row in rows.iter().flatten() {
                if let Some((lower, _)) = &row.value {
                    values.entry(&row.key).or_default().push(lower);
                }
            }
            let by = orders.iter().map(|order| {
                let own = values.get(order.key.as_str())?;
                let value = match order.direction {
                    Direction::Ascending => own.first(),
                    Direction::Descending => own.last(),
                };
                value.map(|value| (*value).to_owned())
            });
            found.push((by.collect(), slot));
        }
        found.sort_by(|(one, first), (two, second)| {
            let pairs = one.iter().zip(two).zip(orders);
            let mut by = pairs.map(|((one, two), order)| match (one, two) {
                (Some(one), Some(two)) if order.direction == Direction::Ascending => one.cmp(two),
                (Some(one), Some(two)) => two.cmp(one),
                (one, two) => one.is_none().cmp(&two.is_none()),
            });
            by.find(|by| *by != Ordering::Equal).unwrap_or_else(|| first.cmp(second))
        });
        found.into_iter().map(|(_, slot)| slot).collect()
    }
}

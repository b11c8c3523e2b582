//! What others of the platform are told of the entities: what changed, and who may see it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLockReadGuard};

use catalog_domain::entity::Predicate;
use chiron_chassis::Caller;
use platform_language::{Changes, Entities, Entity, Rule};
use tokio::sync::watch;

use super::core::Shared;
use super::index::{Index, Slot};

/// Changes that are remembered; who missed more is told everything.
const REMEMBERED: usize = 20_000;

/// What some roles may see.
#[derive(Debug, Clone)]
pub(crate) struct ReadRule {
    pub(crate) roles: Vec<String>,
    pub(crate) filter: Predicate,
}

/// The places of the rules by which a caller reads; `None` when they see everything.
pub(crate) fn rules_of(rules: &[ReadRule], caller: &Caller) -> Option<Vec<usize>> {
    if rules.is_empty() || caller.is_account() {
        return None;
    }
    let own = |rule: &ReadRule| rule.roles.iter().any(|role| caller.has_role(role));
    let places = rules.iter().enumerate().filter(|(_, rule)| own(rule));
    Some(places.map(|(place, _)| place).collect())
}

/// What a caller may see; `None` for everything.
pub(crate) fn visible(rules: &[ReadRule], caller: &Caller) -> Option<Predicate> {
    let own = rules_of(rules, caller)?;
    let filter = |place: usize| rules.get(place).map(|rule| rule.filter.clone());
    Some(Predicate::Any(own.into_iter().filter_map(filter).collect()))
}

/// The newest changes, by their numbers.
#[derive(Debug)]
pub(crate) struct Log {
    changed: Mutex<VecDeque<(u64, Arc<str>)>>,
    revision: watch::Sender<u64>,
}

impl Default for Log {
    fn default() -> Self {
        Self { changed: Mutex::default(), revision: watch::Sender::new(0) }
    }
}

impl Log {
    /// Notes what changed, when it is shown.
    pub(crate) fn note(&self, references: impl Iterator<Item = Arc<str>>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = *self.revision.borrow() + 1;
        changed.extend(references.map(|reference| (revision, reference)));
        let surplus = changed.len().saturating_sub(REMEMBERED);
        if 0 < surplus {
            // A change is remembered whole or not at all.
            let last = changed.get(surplus - 1).map_or(0, |(revision, _)| *revision);
            changed.retain(|(revision, _)| last < *revision);
        }
        self.revision.send_replace(revision);
    }

    /// The newest change, and what changed after another; `None` where that is forgotten.
    fn since(&self, revision: Option<u64>) -> (u64, Option<HashSet<Arc<str>>>) {
        let changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = *self.revision.borrow();
        let oldest = changed.front().map_or(newest, |(revision, _)| revision - 1);
        let known = revision.filter(|revision| (oldest..=newest).contains(revision));
        let after = known.map(|known| {
            let after = changed.iter().filter(|(revision, _)| known < *revision);
            after.map(|(_, reference)| Arc::clone(reference)).collect()
        });
        (newest, after)
    }
}

/// The entities, as others of the platform see them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) shared: Arc<Shared>,
    pub(crate) rules: Arc<[ReadRule]>,
}

impl Told {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entities for Told {
    fn revisions(&self) -> watch::Receiver<u64> {
        self.shared.log.revision.subscribe()
    }

    fn since(&self, revision: Option<u64>) -> Changes {
        // The log is written after the index: what is newer is told once more, and never missed.
        let (revision, after) = self.shared.log.since(revision);
        let index = self.index();
        let let_through: Vec<_> =
            self.rules.iter().map(|rule| index.select(Some(&rule.filter))).collect();
        let told = |slot: Slot| {
            let entry = index.entry(slot)?;
            let rules = let_through.iter().enumerate().filter(|(_, set)| set.contains(slot));
            let rules = rules.filter_map(|(place, _)| Rule::try_from(place).ok()).collect();
            let (reference, json) = (Arc::clone(&entry.reference), entry.json.clone());
            Some(Entity { reference, json, rules })
        };
        let Some(after) = after else {
            let entities = index.select(None).iter().filter_map(told).collect();
            return Changes { revision, whole: true, entities, gone: Vec::new() };
        };
        let mut changes = Changes { revision, ..Changes::default() };
        for reference in after {
            match index.by_reference(&reference).and_then(told) {
                Some(entity) => changes.entities.push(entity),
                None => changes.gone.push(reference),
            }
        }
        changes
    }

    fn rules_of(&self, caller: &Caller) -> Option<Vec<Rule>> {
        let own = rules_of(&self.rules, caller)?;
        Some(own.into_iter().filter_map(|place| Rule::try_from(place).ok()).collect())
    }

    fn visible(&self, caller: &Caller, references: &[&str]) -> Vec<bool> {
        let predicate = visible(&self.rules, caller);
        let index = self.index();
        let seen = index.select(predicate.as_ref());
        let visible = |reference: &&str| {
            index.by_reference(reference).is_some_and(|slot| seen.contains(slot))
        };
        references.iter().map(visible).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_told_whole() {
        let log = Log::default();
        let note = |names: &[&str]| log.note(names.iter().map(|name| Arc::from(*name)));
        let after = |revision| {
            let (newest, after) = log.since(revision);
            let sorted = after.map(|after| {
                let mut names: Vec<String> = after.iter().map(ToString::to_string).collect();
                names.sort();
                names.join(" ")
            });
            (newest, sorted)
        };
        assert_eq!(after(None), (0, None));
        assert_eq!(after(Some(0)), (0, Some(String::new())));
        note(&["a", "b"]);
        note(&["a", "c"]);
        assert_eq!(after(Some(0)), (2, Some("a b c".to_owned())));
        assert_eq!(after(Some(1)), (2, Some("a c".to_owned())));
        assert_eq!(after(Some(2)), (2, Some(String::new())));
        // Of another process.
        assert_eq!(after(Some(9)), (2, None));
        log.note((0..REMEMBERED).map(|nth| Arc::from(format!("n{nth}"))));
        assert_eq!(after(Some(1)), (3, None));
        assert_eq!(after(Some(2)).1.unwrap().split(' ').count(), REMEMBERED);
    }
}

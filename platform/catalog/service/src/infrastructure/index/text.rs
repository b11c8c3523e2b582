//! Full text: the values of a key by the runs of three bytes that they contain, so that a term is
//! compared with values that may contain it and not with all.

use std::collections::HashMap;
use std::sync::Arc;

use catalog_domain::entity::Like;
use roaring::RoaringBitmap;

use super::{Index, Key, add_all};

/// The values of a key, numbered, by their trigrams.
#[derive(Debug, Default)]
pub(super) struct Trigrams {
    values: Vec<Option<Arc<str>>>,
    numbers: HashMap<Arc<str>, u32>,
    of: HashMap<[u8; 3], RoaringBitmap>,
}

impl Trigrams {
    fn build<'a>(values: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let mut trigrams = Self::default();
        for value in values {
            trigrams.add(value);
        }
        trigrams
    }

    pub(super) fn add(&mut self, value: &Arc<str>) {
        let Ok(number) = u32::try_from(self.values.len()) else { return };
        self.values.push(Some(Arc::clone(value)));
        self.numbers.insert(Arc::clone(value), number);
        for trigram in runs(value) {
            self.of.entry(trigram).or_default().insert(number);
        }
    }

    pub(super) fn remove(&mut self, value: &str) {
        let Some(number) = self.numbers.remove(value) else { return };
        if let Some(place) = self.values.get_mut(number as usize) {
            *place = None;
        }
        for trigram in runs(value) {
            if let Some(set) = self.of.get_mut(&trigram) {
                set.remove(number);
            }
        }
    }

    /// The values that may match; `None` when the term has no run of three bytes.
    fn candidates(&self, like: &Like) -> Option<RoaringBitmap> {
        let mut found: Option<RoaringBitmap> = None;
        for trigram in like.literals().flat_map(runs) {
            let Some(set) = self.of.get(&trigram) else { return Some(RoaringBitmap::new()) };
            match &mut found {
                Some(found) => *found &= set,
                None => found = Some(set.clone()),
            }
        }
        found
    }
}

fn runs(text: &str) -> impl Iterator<Item = [u8; 3]> {
    text.as_bytes().windows(3).filter_map(|run| <[u8; 3]>::try_from(run).ok())
}

impl Index {
    /// Who has a value that matches in one of these keys, which are in lower case.
    pub(crate) fn containing(&self, like: &Like, keys: &[String]) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        for key in keys.iter().filter_map(|key| self.keys.get(key.as_str())) {
            key.containing(like, &mut found);
        }
        found
    }
}

impl Key {
    fn containing(&self, like: &Like, found: &mut RoaringBitmap) {
        let trigrams = self.trigrams.get_or_init(|| Trigrams::build(self.values.keys()));
        let Some(candidates) = trigrams.candidates(like) else {
            for (_, spellings) in self.values.iter().filter(|(value, _)| like.matches(value)) {
                add_all(spellings, found);
            }
            return;
        };
        // A term of three bytes is its only trigram: nothing is left to compare.
        let exact = like.contained().is_some_and(|text| text.len() == 3);
        for number in candidates {
            let Some(Some(value)) = trigrams.values.get(number as usize) else { continue };
            if (exact || like.matches(value))
                && let Some(spellings) = self.values.get(value)
            {
                add_all(spellings, found);
            }
        }
    }
}

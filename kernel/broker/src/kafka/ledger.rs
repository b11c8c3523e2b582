//! What a group has still to handle, as far as this process knows: what it has published itself
//! and what it has fetched.
//!
//! A simulation waits until nothing is pending before it goes on. What other processes publish
//! counts from its arrival; what this one publishes counts from its acknowledgement, so that where
//! one process is all there is, nothing goes unseen between the two.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The accounts of one group's partitions.
#[derive(Debug)]
pub(crate) struct Ledger {
    topics: Vec<String>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// By topic and partition.
    accounts: BTreeMap<(String, u32), Account>,
    /// The cluster has said which partitions are this process's; until then they may all be.
    shared_out: bool,
}

/// One partition.
#[derive(Debug, Default, Clone, Copy)]
struct Account {
    /// The first offset that is not handled and the one behind the last that is known; `None`
    /// while nothing has been heard of.
    open: Option<(u64, u64)>,
    ours: bool,
}

impl Account {
    fn hear_of(&mut self, offset: u64) {
        let (next, end) = self.open.unwrap_or((offset, offset));
        self.open = Some((next, end.max(offset + 1)));
    }

    fn pending(self) -> u64 {
        self.open.map_or(0, |(next, end)| end.saturating_sub(next))
    }
}

impl Ledger {
    pub(crate) fn new(topics: &[&str]) -> Self {
        Self {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            book: Mutex::default(),
        }
    }

    /// A record of this process was acknowledged.
    pub(crate) fn published(&self, topic: &str, partition: u32, offset: u64) {
        if !self.topics.iter().any(|read| read == topic) {
            return;
        }
        let mut book = self.book();
        let key = (topic.to_owned(), partition);
        if book.shared_out && !book.accounts.get(&key).is_some_and(|account| account.ours) {
            return;
        }
        book.accounts.entry(key).or_default().hear_of(offset);
    }

    /// A record of one of our partitions was fetched.
    pub(crate) fn fetched(&self, topic: &str, partition: u32, offset: u64) {
        let mut book = self.book();
        let account = book.accounts.entry((topic.to_owned(), partition)).or_default();
        account.hear_of(offset);
        // The group may be behind what this process has published.
        if let Some((next, _)) = &mut account.open {
            *next = offset.min(*next);
        }
    }

    /// Everything before the offset need not come again.
    pub(crate) fn handled(&self, topic: &str, partition: u32, next: u64) {
        if let Some(account) = self.book().accounts.get_mut(&(topic.to_owned(), partition)) {
            let (_, end) = account.open.unwrap_or((next, next));
            account.open = Some((next, end.max(next)));
        }
    }

    /// These partitions have become this process's.
    pub(crate) fn taken(&self, partitions: impl Iterator<Item = (String, u32)>) {
        let mut book = self.book();
        for key in partitions {
            book.accounts.entry(key).or_default().ours = true;
        }
        if !book.shared_out {
            book.shared_out = true;
            // What was published before anybody knew whose it is.
            book.accounts.retain(|_, account| account.ours);
        }
    }

    /// The partition has become somebody else's.
    pub(crate) fn given_away(&self, topic: &str, partition: u32) {
        self.book().accounts.remove(&(topic.to_owned(), partition));
    }

    /// Records that are not handled, without those of partitions that wait for a timer.
    pub(crate) fn pending(&self, waits: impl Fn(&str, u32) -> bool) -> u64 {
        let book = self.book();
        let pending = book.accounts.iter().filter(|((topic, number), _)| !waits(topic, *number));
        pending.map(|(_, account)| account.pending()).sum()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    fn pending(ledger: &Ledger) -> u64 {
        ledger.pending(|_, _| false)
    }

    #[test]
    fn what_is_published_counts_until_it_is_handled() {
        let ledger = Ledger::new(&["t"]);
        ledger.published("other", 0, 7);
        assert_eq!(pending(&ledger), 0);
        ledger.published("t", 0, 7);
        ledger.published("t", 1, 3);
        assert_eq!(pending(&ledger), 2, "counts before anybody knows whose it is");
        ledger.taken([("t".to_owned(), 0)].into_iter());
        assert_eq!(pending(&ledger), 1, "the other partition is somebody else's");
        ledger.published("t", 1, 4);
        ledger.published("t", 0, 8);
        assert_eq!(pending(&ledger), 2);
        assert_eq!(ledger.pending(|topic, number| (topic, number) == ("t", 0)), 0, "waits");
        ledger.handled("t", 0, 9);
        assert_eq!(pending(&ledger), 0);
        ledger.published("t", 0, 8);
        assert_eq!(pending(&ledger), 0, "handled before its acknowledgement was heard");
        ledger.published("t", 0, 9);
        ledger.given_away("t", 0);
        assert_eq!(pending(&ledger), 0);
    }

    #[test]
    fn a_group_that_is_behind_is_found_out_by_what_it_fetches() {
        let ledger = Ledger::new(&["t"]);
        ledger.taken([("t".to_owned(), 0)].into_iter());
        ledger.published("t", 0, 500);
        assert_eq!(pending(&ledger), 1, "what was before may have been handled");
        for offset in 450..=500 {
            ledger.fetched("t", 0, offset);
        }
        assert_eq!(pending(&ledger), 51);
        ledger.handled("t", 0, 460);
        assert_eq!(pending(&ledger), 41);
    }
}

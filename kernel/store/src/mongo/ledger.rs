//! Which events this process knows to wait.
//!
//! Events of a write wait together and go together, so they are counted by write. The relay of this
//! process tells what it has published; what another one has published shows as a look that no
//! longer finds it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crate::progress::Progress;

pub(super) struct Ledger {
    progress: Arc<Progress>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The number that the newest write with events was given.
    newest: u64,
    waiting: u64,
    /// By number: the write and how many events it caused.
    by_number: BTreeMap<u64, (i64, u64)>,
    numbers: HashMap<i64, u64>,
}

impl Known {
    fn forget(&mut self, number: u64) {
        if let Some((write, events)) = self.by_number.remove(&number) {
            self.numbers.remove(&write);
            self.waiting -= events;
        }
    }
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { progress: Progress::new(0, 0, 0), known: Mutex::default() }
    }

    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The number of the newest write known.
    pub(super) fn newest(&self) -> u64 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).newest
    }

    /// These events wait. Told twice it counts once.
    pub(super) fn waits(&self, write: i64, events: usize) {
        if events == 0 {
            return;
        }
        self.change(|known| {
            if known.numbers.contains_key(&write) {
                return;
            }
            known.newest += 1;
            let events = u64::try_from(events).unwrap_or(u64::MAX);
            known.waiting += events;
            known.by_number.insert(known.newest, (write, events));
            known.numbers.insert(write, known.newest);
        });
    }

    /// The events of these writes have been published.
    pub(super) fn published(&self, writes: &HashSet<i64>) {
        self.change(|known| {
            for write in writes {
                if let Some(number) = known.numbers.get(write).copied() {
                    known.forget(number);
                }
            }
        });
    }

    /// A look that began when `as_of` was the newest write found no others waiting than these.
    pub(super) fn only(&self, found: &HashSet<i64>, as_of: u64) {
        self.change(|known| {
            let gone: Vec<u64> = known
                .by_number
                .range(..=as_of)
                .filter(|(_, (write, _))| !found.contains(write))
                .map(|(number, _)| *number)
                .collect();
            for number in gone {
                known.forget(number);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut known);
        // Told under the lock, so that the numbers do not pass each other.
        let relayed =
            known.by_number.first_key_value().map_or(known.newest, |(first, _)| first - 1);
        self.progress.unrelayed.store(known.waiting, Ordering::Release);
        send(&self.progress.saved, known.newest);
        send(&self.progress.relayed, relayed);
    }
}

fn send(channel: &tokio::sync::watch::Sender<u64>, number: u64) {
    channel.send_if_modified(|told| {
        let changed = *told != number;
        *told = number;
        changed
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ledger: &Ledger) -> (u64, u64, u64) {
        let progress = ledger.progress();
        let unrelayed = progress.unrelayed.load(Ordering::Acquire);
        (unrelayed, *progress.saved.borrow(), *progress.relayed.borrow())
    }

    #[test]
    fn counts_what_waits_and_in_which_order_it_went() {
        let ledger = Ledger::new();
        ledger.waits(70, 2);
        ledger.waits(50, 1);
        ledger.waits(50, 1);
        ledger.waits(60, 0);
        assert_eq!(told(&ledger), (3, 2, 0));
        ledger.published(&HashSet::from([50, 99]));
        assert_eq!(told(&ledger), (2, 2, 0), "the older one still waits");
        ledger.published(&HashSet::from([70]));
        assert_eq!(told(&ledger), (0, 2, 2));
    }

    #[test]
    fn what_others_have_published_is_no_longer_found() {
        let ledger = Ledger::new();
        ledger.waits(1, 1);
        ledger.waits(2, 1);
        let as_of = ledger.newest();
        ledger.waits(3, 1);
        ledger.only(&HashSet::from([2]), as_of);
        assert_eq!(told(&ledger), (2, 3, 1), "what was saved since then stays");
        // Published before its writer could tell of it: told late, and found no more.
        ledger.published(&HashSet::from([2, 3, 4]));
        ledger.waits(4, 1);
        ledger.only(&HashSet::new(), ledger.newest());
        assert_eq!(told(&ledger), (0, 4, 4));
    }
}

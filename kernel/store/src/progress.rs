//! What of a store's outbox has been published, and what keeps the store from writing.
//!
//! Shared by the engines, so that the relay, the account of pending work and whoever asks after
//! troubles see one thing whatever the documents lie in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use chiron_broker::Trouble;
use tokio::sync::watch;

use crate::error::StoreError;

/// What the relay and the account of pending work look at.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Events saved and not yet known to be published.
    pub(crate) unrelayed: AtomicU64,
    /// Set while the relay waits for a timer, since what waits for a timer is not pending.
    pub(crate) backing_off: AtomicBool,
    /// The number of the newest event saved.
    pub(crate) saved: watch::Sender<u64>,
    /// Everything up to this number has been published.
    pub(crate) relayed: watch::Sender<u64>,
    /// What the last commit or read that failed said of the disk; `None` once a commit succeeds.
    pub(crate) trouble: watch::Sender<Option<Trouble>>,
    /// Why the store can no longer be used.
    pub(crate) failed: watch::Sender<Option<Arc<rusqlite::Error>>>,
}

impl Progress {
    pub(crate) fn new(unrelayed: u64, saved: u64, relayed: u64) -> Arc<Self> {
        Arc::new(Self {
            unrelayed: AtomicU64::new(unrelayed),
            backing_off: AtomicBool::new(false),
            saved: watch::Sender::new(saved),
            relayed: watch::Sender::new(relayed),
            trouble: watch::Sender::new(None),
            failed: watch::Sender::new(None),
        })
    }

    /// Notes what an error says of the disk. Damage does not pass: what is written to a damaged
    /// file may damage it further.
    pub(crate) fn note(&self, error: &StoreError) {
        let (Some(trouble), Some(source)) = (error.trouble(), error.database()) else { return };
        self.trouble.send_replace(Some(trouble));
        if trouble == Trouble::Damaged {
            self.failed.send_if_modified(|failed| {
                let first = failed.is_none();
                failed.get_or_insert_with(|| Arc::clone(source));
                first
            });
        }
    }
}

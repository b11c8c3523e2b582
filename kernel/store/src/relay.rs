//! From the outbox to the broker.
//!
//! Events are published in the order of the writes that caused them and deleted afterwards. A crash
//! in between publishes them a second time; their ids are in the records, so consumers can tell. The
//! other order would lose events.

use std::sync::atomic::Ordering;

use chiron_broker::{Broker, NewRecord};
use chiron_clock::{Activity, Shutdown};

use crate::engine::{Mark, Waiting};
use crate::error::{StoreError, WriteError};
use crate::store::Store;

/// Why a round ended early; the next one repeats it.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("could not read the outbox")]
    Read(#[from] StoreError),
    #[error("could not publish the outbox")]
    Publish(#[from] chiron_broker::PublishError),
    #[error("could not clear the outbox")]
    Clear(#[from] WriteError),
}

impl Store {
    /// Publishes the outbox until shutdown, then once more what is left. Tries again for ever,
    /// waiting longer each time. What is not yet published counts as pending work of `activity`
    /// except while it waits for another try. Run one relay per store.
    pub async fn relay(&self, broker: Broker, activity: Activity, shutdown: Shutdown) {
        let progress = std::sync::Arc::clone(self.engine.progress());
        activity.probe({
            let progress = std::sync::Arc::clone(&progress);
            move || {
                if progress.backing_off.load(Ordering::Acquire) {
                    0
                } else {
                    progress.unrelayed.load(Ordering::Acquire)
                }
            }
        });
        let mut saved = progress.saved.subscribe();
        let mut attempt = 0;
        // Others may have saved events of which nobody here has been told.
        let mut look = self.engine.look_every().is_some();
        loop {
            if !look && self.unrelayed() == 0 {
                let done = *progress.relayed.borrow();
                tokio::select! {
                    biased;
                    changed = saved.wait_for(|saved| done < *saved) => {
                        // The sender lives as long as this store.
                        if changed.is_err() { return; }
                    }
                    () = shutdown.requested() => if self.unrelayed() == 0 { return },
                    () = self.time_to_look() => look = true,
                }
                continue;
            }
            match self.relay_batch(&broker).await {
                Ok(Relayed { published, more }) => {
                    attempt = 0;
                    look = more;
                    metrics::counter!("chiron_outbox_relayed_total").increment(published);
                }
                Err(RelayError::Read(StoreError::Closed)) => return,
                Err(error) if shutdown.is_requested() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        unrelayed = self.unrelayed(),
                        "events stay in the outbox until the next start"
                    );
                    return;
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        attempt,
                        "could not relay events, trying again"
                    );
                    metrics::counter!("chiron_outbox_relay_failures_total").increment(1);
                    let wait = activity.back_off(attempt);
                    progress.backing_off.store(true, Ordering::Release);
                    let woken = tokio::select! {
                        work = wait => Some(work),
                        () = shutdown.requested() => None,
                    };
                    progress.backing_off.store(false, Ordering::Release);
                    drop(woken);
                    attempt = attempt.saturating_add(1);
                }
            }
        }
    }

    async fn relay_batch(&self, broker: &Broker) -> Result<Relayed, RelayError> {
        let Waiting { records: waiting, mark, more } = self.engine.waiting().await?;
        if mark.is_empty() {
            return Ok(Relayed { published: 0, more });
        }
        let mut records = Vec::with_capacity(waiting.len());
        for json in &waiting {
            let record: NewRecord = serde_json::from_str(json)
                .map_err(|source| StoreError::Decode { collection: "outbox", source })?;
            records.push(record);
        }
        let published = records.len() as u64;
        broker.publish(records).await?;
        self.engine.published(mark).await?;
        Ok(Relayed { published, more })
    }

    /// Waits as long as the relay may leave others' events unseen; for ever where there are none.
    async fn time_to_look(&self) {
        match self.engine.look_every() {
            None => std::future::pending().await,
            Some(wait) => tokio::time::sleep(wait).await,
        }
    }
}

/// How a round ended.
struct Relayed {
    published: u64,
    /// Whether there may be others that wait.
    more: bool,
}

impl Mark {
    /// Whether nothing waits.
    fn is_empty(&self) -> bool {
        match self {
            Mark::UpTo(last) => *last == 0,
            Mark::Held(held) => held.is_empty(),
        }
    }
}

//! Tasks that end with their service: nothing is spawned and forgotten.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Asks for a shutdown. Dropping it asks too, so that no task outlives its owner.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Requests the shutdown; more than once is the same as once.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }
}

/// Tells when a shutdown was requested. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// A shutdown not yet requested, and what requests it.
    #[must_use]
    pub fn new() -> (Trigger, Self) {
        let (sender, receiver) = watch::channel(false);
        (Trigger(sender), Self(receiver))
    }

    /// Waits until the shutdown is requested; returns at once when it was.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        // An error means that the trigger is gone, which is a request too.
        let _requested = receiver.wait_for(|requested| *requested).await;
    }

    /// Whether the shutdown was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// The tasks of one service. Cheap to clone; all clones hold one set.
#[derive(Debug, Clone, Default)]
pub struct Tasks(Arc<Mutex<Vec<Named>>>);

/// A running task and what it is for.
type Named = (&'static str, JoinHandle<()>);

impl Tasks {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task; [`Tasks::join`] waits for it. A panic is logged and counted when it happens.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns; `join` drains it")]
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let inner = tokio::spawn(task);
        let watched = tokio::spawn(async move {
            if let Err(err) = inner.await
                && err.is_panic()
            {
                metrics::counter!("chiron_task_panics_total", "task" => name).increment(1);
                tracing::error!(task = name, "task panicked");
            }
        });
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|(_, task)| !task.is_finished());
        tasks.push((name, watched));
    }

    /// Waits until every task has ended, those spawned meanwhile included.
    pub async fn join(&self) {
        loop {
            let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((name, task)) = next else { return };
            if let Err(err) = task.await {
                tracing::error!(task = name, error = %err, "task ended badly");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn joins_what_was_spawned_and_survives_a_panic() {
        let tasks = Tasks::new();
        let (trigger, shutdown) = Shutdown::new();
        let done = Arc::new(AtomicBool::new(false));
        tasks.spawn("panics", async { panic!("on purpose") });
        tasks.spawn("waits", {
            let done = Arc::clone(&done);
            async move {
                shutdown.requested().await;
                done.store(true, Ordering::SeqCst);
            }
        });
        trigger.trigger();
        tasks.join().await;
        assert!(done.load(Ordering::SeqCst));
    }
}

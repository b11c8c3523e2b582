//! Tasks that end with their service: nothing is spawned and forgotten.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

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
pub struct Tasks(Arc<Mutex<Running>>);

/// Tasks that go on when nobody can wait for them any more.
#[derive(Debug, Default)]
struct Running(JoinSet<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.detach_all();
    }
}

impl Tasks {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task; [`Tasks::join`] waits for it. A panic is logged and counted when it happens.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.run(Guarded { name, task: Some(Box::pin(task)) });
    }

    /// Does the work where its result is awaited, and goes on with it as a task of this set when
    /// nobody awaits it any more: whoever gives up ends their waiting, not the work.
    pub fn finish<F>(&self, name: &'static str, work: F) -> Finish<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Finish { tasks: self.clone(), work: Guarded { name, task: Some(Box::pin(work)) } }
    }

    fn run<T: Send + 'static>(&self, task: Guarded<T>) {
        // Without a runtime everything ends anyway.
        let Ok(runtime) = Handle::try_current() else { return };
        let task = async move {
            // A panic was told where it happened.
            let _result = task.await;
        };
        let mut tasks = self.running();
        while tasks.0.try_join_next().is_some() {}
        tasks.0.spawn_on(task, &runtime);
    }

    /// Waits until every task has ended, those spawned meanwhile included.
    pub async fn join(&self) {
        loop {
            let mut tasks = std::mem::take(&mut *self.running());
            if tasks.0.is_empty() {
                return;
            }
            while let Some(ended) = tasks.0.join_next().await {
                if let Err(err) = ended {
                    tracing::error!(error = %err, "task ended badly");
                }
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The work panicked, which was logged and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work panicked")]
pub struct Panicked;

/// Work until it has ended or panicked; nothing of it is left afterwards.
struct Guarded<T> {
    name: &'static str,
    task: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T> Future for Guarded<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Not polled again once it was ready.
        let Some(mut task) = self.task.take() else { return Poll::Pending };
        // What a panic leaves behind is dropped here and seen by nobody.
        match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
            Ok(Poll::Pending) => {
                self.task = Some(task);
                Poll::Pending
            }
            Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
            Err(_panic) => {
                metrics::counter!("chiron_task_panics_total", "task" => self.name).increment(1);
                tracing::error!(task = self.name, "task panicked");
                Poll::Ready(Err(Panicked))
            }
        }
    }
}

/// Work that comes to its end also when this is dropped; [`Tasks::finish`] makes it.
#[must_use = "nothing is done before it is awaited or dropped"]
pub struct Finish<T: Send + 'static> {
    tasks: Tasks,
    work: Guarded<T>,
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.work).poll(context)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        if let Some(task) = self.work.task.take() {
            self.tasks.run(Guarded { name: self.work.name, task: Some(task) });
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Finish<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finish").field("name", &self.work.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::FutureExt as _;

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
    #[tokio::test]
    async fn work_is_done_where_it_is_awaited() {
        let tasks = Tasks::new();
        assert_eq!(tasks.finish("ends", async { 7 }).await, Ok(7));
        let panics = tasks.finish("panics", async { panic!("on purpose") });
        assert_eq!(panics.await, Err::<(), _>(Panicked));
        assert!(tasks.running().0.is_empty(), "nothing was spawned");
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_awaits_it() {
        let tasks = Tasks::new();
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let done = Arc::new(AtomicBool::new(false));
        let work = tasks.finish("waits", {
            let done = Arc::clone(&done);
            async move {
                receiver.await.expect("the sender");
                done.store(true, Ordering::SeqCst);
            }
        });
        let mut work = Box::pin(work);
        assert!(work.as_mut().now_or_never().is_none(), "it has begun");
        drop(work);
        sender.send(()).expect("the work goes on");
        tasks.join().await;
        assert!(done.load(Ordering::SeqCst));
    }
}

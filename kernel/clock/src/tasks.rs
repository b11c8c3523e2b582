//! Tasks that end with their service: nothing is spawned and forgotten.

use std::fmt;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
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
pub struct Tasks(Arc<Running>);

/// Tasks that go on when nobody can wait for them any more.
#[derive(Debug, Default)]
struct Running {
    set: Mutex<JoinSet<()>>,
    /// The set wakes one who waits: whoever waits takes this turn.
    joining: tokio::sync::Mutex<()>,
}

impl Running {
    fn set(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.set().detach_all();
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
        self.run(guarded(name, task));
    }

    /// Does the work where its result is awaited, and goes on with it as a task of this set when
    /// nobody awaits it any more: whoever gives up ends their waiting, not the work.
    pub fn finish<F>(&self, name: &'static str, work: F) -> Finish<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Finish { tasks: self.clone(), work: Some(Box::pin(guarded(name, work))) }
    }

    /// What is guarded has told of its panic, so that nobody need ask for its result.
    fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) {
        let mut set = self.0.set();
        while set.try_join_next().is_some() {}
        set.spawn(async move { drop(task.await) });
    }

    /// Waits until every task has ended, those spawned meanwhile included.
    pub async fn join(&self) {
        let _turn = self.0.joining.lock().await;
        while let Some(ended) = poll_fn(|context| self.0.set().poll_join_next(context)).await {
            if let Err(err) = ended {
                tracing::error!(error = %err, "task ended badly");
            }
        }
    }
}

/// The work panicked, which was logged and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work panicked")]
pub struct Panicked;

/// Does the work; tells of its panic, of which nothing is left for anybody to see.
async fn guarded<F: Future>(name: &'static str, work: F) -> Result<F::Output, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_panic| {
        metrics::counter!("chiron_task_panics_total", "task" => name).increment(1);
        tracing::error!(task = name, "task panicked");
        Panicked
    })
}

/// Work that comes to its end also when this is dropped; [`Tasks::finish`] makes it.
#[must_use = "nothing is done before it is awaited or dropped"]
pub struct Finish<T: Send + 'static> {
    tasks: Tasks,
    /// `None` once it has ended.
    work: Option<BoxFuture<'static, Result<T, Panicked>>>,
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let result = ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(result)
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        // Without a runtime nothing can go on.
        if let Some(work) = self.work.take()
            && Handle::try_current().is_ok()
        {
            self.tasks.run(work);
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Finish<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finish").field("ended", &self.work.is_none()).finish_non_exhaustive()
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

    #[tokio::test]
    async fn work_is_done_where_it_is_awaited() {
        let tasks = Tasks::new();
        assert_eq!(tasks.finish("ends", async { 7 }).await, Ok(7));
        let panics = tasks.finish("panics", async { panic!("on purpose") });
        assert_eq!(panics.await, Err::<(), _>(Panicked));
        assert!(tasks.0.set().is_empty(), "nothing was spawned");
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
    #[tokio::test]
    async fn all_who_wait_see_the_end_and_who_gives_up_takes_nothing_away() {
        let tasks = Tasks::new();
        let (trigger, shutdown) = Shutdown::new();
        tasks.spawn("waits", async move { shutdown.requested().await });
        assert!(tasks.join().now_or_never().is_none(), "gives up");
        let (first, second) = (tasks.clone(), tasks.clone());
        let waiting = async { tokio::join!(first.join(), second.join()) };
        let triggering = async {
            tokio::task::yield_now().await;
            trigger.trigger();
        };
        tokio::join!(waiting, triggering);
        assert!(tasks.0.set().is_empty());
    }
}

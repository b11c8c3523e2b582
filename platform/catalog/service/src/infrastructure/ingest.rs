//! The loop that keeps the catalogue current: reads what has to be read, looks at files for changes,
//! asks addresses on a schedule, and does what people ask for, one after the other.
//!
//! Reading waits for nobody and nobody waits for it: a slow source delays itself. The writer's
//! state is handed to a thread of its own while it computes and stores.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use catalog_domain::usecase::Parent;
use chiron_clock::Shutdown;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::core::Core;
use super::judge::Judge;
use super::reading::{self, Outcome, Reading, has_placeholders, is_location};
use super::source::{Sources, Watch};
use super::store::{Registered, StoreError};

/// How often local files are looked at; an edit is visible in less than a second.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Looking takes at most this part of the time.
const LOOK_SHARE: u32 = 20;
/// Sources read at the same time.
const READERS: usize = 16;

/// What somebody asks of the writer. The answer comes when it is stored and shown.
pub(crate) enum Wish {
    /// Whether it was; another may have registered the same meanwhile.
    Register(Registered, oneshot::Sender<bool>),
    Unregister(Registered),
    Delete(String),
    /// Whether it is there.
    Refresh(String, oneshot::Sender<bool>),
    Report(oneshot::Sender<Value>),
    /// Who emits whom, from an entity upwards.
    Lineage(String, oneshot::Sender<Vec<(String, Vec<String>)>>),
}

/// A wish and where the outcome goes.
pub(crate) struct Asked {
    pub(crate) wish: Wish,
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}

type Read = (String, Reading);

/// The loop.
pub(crate) struct Ingest {
    /// Elsewhere while it computes.
    core: Option<Core>,
    sources: Sources,
    judge: Judge,
    refresh: Duration,
    watches: HashMap<String, Watch>,
    due: HashMap<String, Instant>,
    reads: JoinSet<Read>,
    readers: Arc<Semaphore>,
    /// Being read for, …
    busy: HashSet<String>,
    /// … and to be read for once more, whether it has changed or not.
    again: HashMap<String, bool>,
}

impl Ingest {
    pub(crate) fn new(core: Core, sources: Sources, refresh: Duration) -> Self {
        Self {
            judge: core.judge.clone(),
            core: Some(core),
            sources,
            refresh,
            watches: HashMap::new(),
            due: HashMap::new(),
            reads: JoinSet::new(),
            readers: Arc::new(Semaphore::new(READERS)),
            busy: HashSet::new(),
            again: HashMap::new(),
        }
    }

    /// Runs until shutdown is requested.
    pub(crate) async fn run(mut self, mut wishes: mpsc::Receiver<Asked>, shutdown: Shutdown) {
        self.read_everything();
        let mut settled = self.settle().await;
        let mut look = Instant::now() + LOOK_EVERY;
        loop {
            if let Err(error) = &settled {
                let error: &dyn std::error::Error = error;
                tracing::error!(error, "the catalogue cannot be stored; it is tried again");
            }
            tokio::select! {
                () = shutdown.requested() => return,
                asked = wishes.recv() => {
                    let Some(asked) = asked else { return };
                    let mut all = vec![asked];
                    while let Ok(asked) = wishes.try_recv() {
                        all.push(asked);
                    }
                    let answers: Vec<_> = all.into_iter().filter_map(|asked| self.wish(asked)).collect();
                    settled = self.settle().await;
                    for done in answers {
                        // Who no longer waits does not want to know.
                        let _ = done.send(match &settled {
                            Ok(()) => Ok(()),
                            Err(_) => Err(StoreError::Row("not stored")),
                        });
                    }
                }
                Some(read) = self.reads.join_next() => {
                    let mut all = Vec::from_iter(read.ok());
                    while let Some(read) = self.reads.try_join_next() {
                        all.extend(read.ok());
                    }
                    self.take_in(all).await;
                    settled = self.settle().await;
                }
                () = tokio::time::sleep_until(look) => {
                    let began = Instant::now();
                    self.look().await;
                    settled = self.settle().await;
                    let took = began.elapsed();
                    look = Instant::now() + LOOK_EVERY.max(took * LOOK_SHARE);
                }
            }
        }
    }

    /// At the start everything is read that is read at all, and looked into where it has changed.
    fn read_everything(&mut self) {
        let Some(core) = &self.core else { return };
        let reads = |input: &str| is_location(input) || has_placeholders(input);
        let nodes = core.graph.nodes().filter(|(_, node)| reads(&node.input));
        let all: Vec<String> = nodes.map(|(reference, _)| reference.to_owned()).collect();
        for reference in all {
            self.start(reference, false);
        }
    }

    /// Does what is asked. Answers whom to tell when it is stored.
    fn wish(&mut self, asked: Asked) -> Option<oneshot::Sender<Result<(), StoreError>>> {
        let core = self.core.as_mut()?;
        match asked.wish {
            Wish::Register(location, there) => {
                let _ = there.send(core.register_once(&location));
            }
            Wish::Unregister(location) => core.unregister(&location),
            Wish::Delete(reference) => {
                let roots = core.graph.node(&reference).map(|node| node.parents.clone());
                core.graph.delete(&reference);
                // A root that is still wanted comes back by itself.
                let is_root = |parent: &Parent| matches!(parent, Parent::Provider(_));
                if roots.is_some_and(|parents| parents.iter().any(is_root)) {
                    core.restore_roots();
                }
            }
            Wish::Refresh(reference, there) => {
                let found = core.graph.node(&reference).is_some();
                let mut all = HashSet::new();
                let mut next = vec![reference];
                while let Some(reference) = next.pop() {
                    let Some(node) = core.graph.node(&reference) else { continue };
                    next.extend(node.parents.iter().filter_map(|parent| match parent {
                        Parent::Entity(parent) if !all.contains(parent) => Some(parent.clone()),
                        _ => None,
                    }));
                    all.insert(reference);
                }
                for reference in all {
                    self.refresh(reference);
                }
                let _ = there.send(found);
            }
            Wish::Lineage(reference, to) => {
                let _ = to.send(core.lineage(&reference));
            }
            Wish::Report(to) => {
                let _ = to.send(core.report());
            }
        }
        Some(asked.done)
    }

    fn refresh(&mut self, reference: String) {
        let Some(node) = self.core.as_ref().and_then(|core| core.graph.node(&reference)) else {
            return;
        };
        if is_location(&node.input) || has_placeholders(&node.input) {
            self.start(reference, false);
        }
    }

    /// Starts to read for an entity; `anew` looks into it even when it is what it was.
    fn start(&mut self, reference: String, anew: bool) {
        if self.busy.contains(&reference) {
            *self.again.entry(reference).or_default() |= anew;
            return;
        }
        let Some(core) = &self.core else { return };
        let Some(node) = core.graph.node(&reference) else { return };
        let input = Arc::clone(&node.input);
        let last = core.digests.get(&reference).filter(|_| !anew).cloned();
        let (sources, judge) = (self.sources.clone(), self.judge.clone());
        let readers = Arc::clone(&self.readers);
        self.busy.insert(reference.clone());
        self.reads.spawn(async move {
            // The semaphore is never closed.
            let _place = readers.acquire_owned().await;
            let reading = reading::read(&sources, &judge, input, last.as_deref()).await;
            (reference, reading)
        });
    }

    async fn take_in(&mut self, all: Vec<Read>) {
        let mut changed = Vec::new();
        for (reference, reading) in all {
            self.busy.remove(&reference);
            if reading.watch.remote {
                self.due.insert(reference.clone(), Instant::now() + self.refresh);
            }
            self.watches.insert(reference.clone(), reading.watch.clone());
            if let Some(anew) = self.again.remove(&reference) {
                self.start(reference.clone(), anew);
            }
            if !matches!(reading.outcome, Outcome::Same) {
                changed.push((reference, reading));
            }
        }
        if changed.is_empty() {
            return;
        }
        self.elsewhere(move |core| {
            for (reference, reading) in changed {
                core.read(&reference, reading);
            }
        })
        .await;
    }

    /// Lets the writer's state compute on a thread of its own.
    async fn elsewhere<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Core) -> T + Send + 'static,
    ) -> Option<T> {
        let mut core = self.core.take()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&mut core);
            (core, done)
        });
        match done.await {
            Ok((core, done)) => {
                self.core = Some(core);
                Some(done)
            }
            Err(error) => {
                tracing::error!(%error, "the catalogue's writer ended; nothing changes any more");
                None
            }
        }
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let Some(settled) = self.elsewhere(Core::settle).await else { return Ok(()) };
        for reference in settled? {
            self.start(reference, true);
        }
        Ok(())
    }

    /// Looks at all files, and at what is due.
    async fn look(&mut self) {
        if let Some(core) = &self.core {
            self.watches.retain(|reference, _| core.graph.node(reference).is_some());
            self.due.retain(|reference, _| core.graph.node(reference).is_some());
        }
        let watches: Vec<(String, Watch)> = self
            .watches
            .iter()
            .filter(|(reference, watch)| {
                !(self.busy.contains(*reference)
                    || watch.files.is_empty() && watch.patterns.is_empty())
            })
            .map(|(reference, watch)| (reference.clone(), watch.clone()))
            .collect();
        let looked = tokio::task::spawn_blocking(move || {
            let changed = watches.into_iter().filter(|(_, watch)| watch.changed());
            changed.map(|(reference, _)| reference).collect::<Vec<_>>()
        });
        for reference in looked.await.unwrap_or_default() {
            self.start(reference, false);
        }
        let now = Instant::now();
        let due = self.due.iter().filter(|(_, at)| **at <= now);
        let due: Vec<String> = due.map(|(reference, _)| reference.clone()).collect();
        for reference in due {
            self.due.remove(&reference);
            self.start(reference, false);
        }
    }
}

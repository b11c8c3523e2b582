//! The engine: one writer that owns the order of changes, and readers beside it.
//!
//! A write is judged against the graph, folded in, appended to the log, and answered only when the
//! log is durable. Requests that wait together share one commit. Because a change is in the graph
//! before it is in the log, and in the log before its notification is relayed, whoever has received
//! a notification never reads an older state. A reader in turn is answered only when everything
//! that it has seen is durable, so nobody sees what a crash could take back.
//!
//! If the log refuses, the graph is ahead of it and nothing that follows could be trusted: the
//! writer ends, and with it the service. Rejected: preparing on a copy of the graph (memory), and
//! a lock per twin (the log is one sequence, and its commit dominates).

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use chiron_broker::{MAX_RECORD_BYTES, NewRecord, TraceContext};
use chiron_chassis::Runtime;
use chiron_clock::{Clock, Ids, Shutdown};
use chiron_store::{MAX_DOCUMENT_BYTES, WriteError};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{RwLock, mpsc, oneshot, watch};
use twin_engine_domain::{
    error::{EngineError, ErrorCode},
    graph::{Command, Context, Document, Graph, Prepared},
};

use crate::{
    Settings,
    application::{fault::Fault, records::change_record},
    block_models,
    infrastructure::{
        journal::{Journal, LoadError, Loaded, Snapshot, StoredChange},
        routes::Routes,
    },
};

/// Writes that wait at most; beyond it senders wait.
const WAITING_WRITES: usize = 1_024;
/// Writes of one commit at most.
const WRITES_PER_COMMIT: usize = 256;
/// The largest change that is told, in bytes of JSON. A change holds the whole document that it
/// leaves, and so does the event of its deletion: what was accepted once can also be deleted.
const MAX_CHANGE_BYTES: usize = MAX_RECORD_BYTES - 100_000;
/// The largest upload of models, in bytes of JSON, with room for what the store puts around it.
const MAX_MODELS_BYTES: usize = MAX_DOCUMENT_BYTES - 1_000;

/// Why the engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenEngineError {
    /// Its state cannot be read.
    #[error("could not load the twins")]
    Load(#[from] LoadError),
    /// The block's own models were refused or could not be stored.
    #[error("could not store the block's models")]
    BlockModels(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The stored event routes cannot be read.
    #[error("could not load the event routes")]
    Routes(#[source] chiron_store::StoreError),
    /// An endpoint of the settings cannot be used.
    #[error("endpoint {name}: {reason}")]
    Endpoint {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Why the engine had to stop.
#[derive(Debug, thiserror::Error)]
pub enum EngineFailed {
    /// A change was accepted and could not be stored; or another engine writes to the same store.
    #[error("a change could not be stored, or another engine owns the store")]
    Log(#[source] WriteError),
    /// A change could not be written as JSON.
    #[error("a notification could not be encoded")]
    Encode(#[source] serde_json::Error),
}

/// The engine has stopped; its state can be neither read nor written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub struct Stopped;

/// Why a write was not done.
#[derive(Debug, thiserror::Error)]
pub enum WriteRefused {
    /// The graph does not allow it.
    #[error(transparent)]
    Refused(#[from] EngineError),
    /// Nobody writes any more.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<Stopped> for Fault {
    fn from(_: Stopped) -> Fault {
        Fault::unavailable()
    }
}

impl From<WriteRefused> for Fault {
    fn from(refused: WriteRefused) -> Fault {
        match refused {
            WriteRefused::Refused(refusal) => refusal.into(),
            WriteRefused::Stopped(stopped) => stopped.into(),
        }
    }
}

/// A write that is durable.
#[derive(Debug)]
pub struct Written {
    /// Body of the answer; `None` where it is empty.
    pub answer: Option<Document>,
    /// Entity tag of what was written; `None` for deletions and models.
    pub etag: Option<String>,
}

struct State {
    graph: Graph,
    /// Number of the last change in the graph.
    number: u64,
}

struct Waiting {
    command: Command,
    source_time: Option<Timestamp>,
    trace: Option<TraceContext>,
    answer: oneshot::Sender<Result<Written, EngineError>>,
}

/// The way to the twins for everything inside this service. Clones share one engine.
#[derive(Clone)]
pub struct Engine {
    state: Arc<RwLock<State>>,
    durable: watch::Receiver<u64>,
    writes: mpsc::Sender<Waiting>,
    routes: Routes,
}

/// The engine's work, to be run beside its face: [`Work::run`].
#[must_use = "without it no write is ever answered"]
pub struct Work {
    writer: Writer,
    journal: Journal,
    snapshots: mpsc::Receiver<Snapshot>,
    shutdown: Shutdown,
}

struct Writer {
    state: Arc<RwLock<State>>,
    durable: watch::Sender<u64>,
    writes: mpsc::Receiver<Waiting>,
    journal: Journal,
    clock: Clock,
    ids: Ids,
    horizon: Duration,
    source: String,
    number: u64,
    snapshot: u64,
    /// As the settings say.
    snapshot_every: u64,
    /// Changes from `snapshot` to the next.
    snapshot_due: u64,
    snapshots: mpsc::Sender<Snapshot>,
}

impl Engine {
    /// Loads the twins and makes the engine ready. Its work must be run.
    ///
    /// # Errors
    /// [`OpenEngineError`].
    pub async fn open(
        runtime: &Runtime,
        settings: &Settings,
    ) -> Result<(Engine, Work), OpenEngineError> {
        let started = Instant::now();
        let journal = Journal::new(runtime.store.clone());
        let Loaded { graph, number, snapshot } = journal.load().await?;
        tracing::info!(
            number,
            twins = graph.twin_count(),
            relationships = graph.relationship_count(),
            elapsed_ms = started.elapsed().as_secs_f64() * 1_000.0,
            "twins loaded"
        );
        let routes = Routes::open(runtime, settings).await?;
        let snapshot_every = settings.snapshot_every.max(1);
        let snapshot_due = snapshot_due(&graph, snapshot_every);
        let state = Arc::new(RwLock::new(State { graph, number }));
        let (durable, seen) = watch::channel(number);
        let (sender, asked) = mpsc::channel(WAITING_WRITES);
        let (snapshots, to_keep) = mpsc::channel(1);
        let mut writer = Writer {
            state: Arc::clone(&state),
            durable,
            writes: asked,
            journal: journal.clone(),
            clock: runtime.clock.clone(),
            ids: runtime.ids.clone(),
            horizon: runtime.limits.horizon,
            source: settings.source.clone(),
            number,
            snapshot,
            snapshot_every,
            snapshot_due,
            snapshots,
        };
        if settings.load_block_models && number == 0 {
            writer.load_block_models().await?;
        }
        chiron_chassis::metrics::install();
        describe_metrics();
        writer.measure().await;
        let alive = seen.clone();
        runtime.health.check("twins", move || {
            // The writer holds the other end as long as it works.
            alive.has_changed().map(drop).map_err(|_| "the writer has stopped".to_owned())
        });
        let shutdown = runtime.shutdown.clone();
        let engine = Engine { state, durable: seen, writes: sender, routes };
        Ok((engine, Work { writer, journal, snapshots: to_keep, shutdown }))
    }

    /// Asks for a write and waits until it is durable. A caller that gives up waiting takes nothing
    /// back. `source_time` is when the fact happened; `None`: when it is accepted.
    ///
    /// # Errors
    /// [`WriteRefused::Refused`]: nothing was written; [`WriteRefused::Stopped`]: it may have been.
    pub async fn write(
        &self,
        command: Command,
        source_time: Option<Timestamp>,
    ) -> Result<Written, WriteRefused> {
        let (answer, answered) = oneshot::channel();
        let trace = TraceContext::current();
        let waiting = Waiting { command, source_time, trace, answer };
        self.writes.send(waiting).await.map_err(|_| Stopped)?;
        Ok(answered.await.map_err(|_| Stopped)??)
    }

    /// Looks at the newest graph, and answers when all of it is durable.
    pub(crate) async fn read<R>(&self, look: impl FnOnce(&Graph) -> R) -> Result<R, Stopped> {
        let (answer, number) = {
            let state = self.state.read().await;
            (look(&state.graph), state.number)
        };
        self.durable_to(number).await?;
        Ok(answer)
    }

    /// As a short read, for looks that may take long, such as queries: off the threads that serve
    /// requests. Answers when everything that was seen is durable.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn read_long<R: Send + 'static>(
        &self,
        look: impl FnOnce(&Graph) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        let state = Arc::clone(&self.state).read_owned().await;
        let looking = tokio::task::spawn_blocking(move || (look(&state.graph), state.number));
        let (answer, number) = looking.await.map_err(|_| Stopped)?;
        self.durable_to(number).await?;
        Ok(answer)
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    async fn durable_to(&self, number: u64) -> Result<(), Stopped> {
        if number <= *self.durable.borrow() {
            return Ok(());
        }
        let mut durable = self.durable.clone();
        durable.wait_for(|durable| number <= *durable).await.map(drop).map_err(|_| Stopped)
    }
}

impl Work {
    /// Works until every [`Engine`] is dropped, or until `closing` is sent or dropped and what
    /// was asked for before is done.
    ///
    /// # Errors
    /// [`EngineFailed`]: the service must end, since its memory is ahead of its log.
    pub async fn run(self, closing: oneshot::Receiver<()>) -> Result<(), EngineFailed> {
        let Work { writer, journal, snapshots, shutdown } = self;
        let keeping = journal.keep(snapshots, shutdown);
        let (written, ()) = futures_util::future::join(writer.run(closing), keeping).await;
        written
    }
}

impl Writer {
    async fn run(mut self, mut closing: oneshot::Receiver<()>) -> Result<(), EngineFailed> {
        let mut batch = Vec::with_capacity(WRITES_PER_COMMIT);
        let mut open = true;
        loop {
            let received = tokio::select! {
                received = self.writes.recv_many(&mut batch, WRITES_PER_COMMIT) => received,
                _ = &mut closing, if open => {
                    open = false;
                    self.writes.close();
                    continue;
                }
            };
            if received == 0 {
                return Ok(());
            }
            self.commit(std::mem::take(&mut batch)).await?;
            self.measure().await;
            self.take_snapshot().await;
        }
    }

    /// Judges, folds in, stores and answers. Refusals wait for the commit too: what they are
    /// founded on may be in it.
    async fn commit(&mut self, batch: Vec<Waiting>) -> Result<(), EngineFailed> {
        let started = Instant::now();
        let mut changes = Vec::with_capacity(batch.len());
        let mut outcomes = Vec::with_capacity(batch.len());
        for Waiting { command, source_time, trace, answer } in batch {
            match self.accept(command, source_time, trace.as_ref()).await? {
                Ok((change, outbox, written)) => {
                    changes.push((change, outbox));
                    outcomes.push((answer, Ok(written)));
                }
                Err(refusal) => outcomes.push((answer, Err(refusal))),
            }
        }
        if !changes.is_empty() {
            let count = changes.len();
            self.journal.append(changes).await.map_err(EngineFailed::Log)?;
            self.durable.send_replace(self.number);
            metrics::counter!("chiron_twin_engine_changes_total")
                .increment(u64::try_from(count).unwrap_or(u64::MAX));
            metrics::counter!("chiron_twin_engine_commits_total").increment(1);
            metrics::histogram!("chiron_twin_engine_commit_seconds")
                .record(started.elapsed().as_secs_f64());
        }
        for (answer, outcome) in outcomes {
            // A client that has gone away does not take its write back.
            let _ = answer.send(outcome);
        }
        Ok(())
    }

    async fn accept(
        &mut self,
        command: Command,
        source_time: Option<Timestamp>,
        trace: Option<&TraceContext>,
    ) -> Result<Result<(StoredChange, Vec<NewRecord>, Written), EngineError>, EngineFailed> {
        let now = self.clock.now();
        let window = self.clock.source_window(self.horizon);
        let context = Context {
            now,
            source_time,
            etag: self.ids.next().to_string(),
            window: Some((window.oldest, window.newest)),
        };
        let prepared = {
            let state = self.state.read().await;
            state.graph.prepare(command, &context)
        };
        let Prepared { change, answer, etag } = match prepared {
            Ok(prepared) => prepared,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let number = self.number + 1;
        let mut outbox = Vec::new();
        for notification in change.notifications(number) {
            let record = change_record(&self.source, &notification, trace);
            outbox.push(record.map_err(EngineFailed::Encode)?);
        }
        let stored = StoredChange { number, change: change.to_json() };
        let bytes = json_bytes(&stored.change).map_err(EngineFailed::Encode)?;
        let most = if outbox.is_empty() { MAX_MODELS_BYTES } else { MAX_CHANGE_BYTES };
        if most < bytes {
            return Ok(Err(too_large()));
        }
        let mut state = self.state.write().await;
        // The number first: should the fold panic, no reader gets an answer from what it left.
        state.number = number;
        state.graph.apply(&change);
        drop(state);
        self.number = number;
        Ok(Ok((stored, outbox, Written { answer, etag })))
    }

    /// The graph stands still while the writer does, so this is the state at `number` exactly.
    async fn take_snapshot(&mut self) {
        if self.number - self.snapshot < self.snapshot_due {
            return;
        }
        // The one before may still be on its way; then a later change tries again.
        if let Ok(place) = self.snapshots.try_reserve() {
            let started = Instant::now();
            let (content, due) = {
                let state = self.state.read().await;
                (state.graph.snapshot(), snapshot_due(&state.graph, self.snapshot_every))
            };
            metrics::histogram!("chiron_twin_engine_snapshot_seconds")
                .record(started.elapsed().as_secs_f64());
            place.send(Snapshot { number: self.number, content });
            self.snapshot = self.number;
            self.snapshot_due = due;
        }
    }

    async fn load_block_models(&mut self) -> Result<(), OpenEngineError> {
        let models =
            block_models::read().map_err(|err| OpenEngineError::BlockModels(err.into()))?;
        let (answer, answered) = oneshot::channel();
        let command = Command::AddModels { models };
        let waiting = Waiting { command, source_time: None, trace: None, answer };
        self.commit(vec![waiting]).await.map_err(|err| OpenEngineError::BlockModels(err.into()))?;
        match answered.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(refusal)) => Err(OpenEngineError::BlockModels(refusal.into())),
            Err(_) => Err(OpenEngineError::BlockModels(Stopped.into())),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and counts are below 2^53")]
    async fn measure(&self) {
        let state = self.state.read().await;
        metrics::gauge!("chiron_twin_engine_twins").set(state.graph.twin_count() as f64);
        metrics::gauge!("chiron_twin_engine_relationships")
            .set(state.graph.relationship_count() as f64);
        metrics::gauge!("chiron_twin_engine_change_number").set(self.number as f64);
    }
}

/// How many changes a snapshot is worth: as many as the documents that it writes. So a log is never
/// longer than its snapshot, and of all that is written at most half is snapshots, however many
/// twins there are.
fn snapshot_due(graph: &Graph, at_least: u64) -> u64 {
    let documents = graph.twin_count() + graph.relationship_count();
    at_least.max(u64::try_from(documents).unwrap_or(u64::MAX))
}

fn describe_metrics() {
    metrics::describe_counter!("chiron_twin_engine_changes_total", "Changes stored");
    metrics::describe_counter!(
        "chiron_twin_engine_commits_total",
        "Commits of the log, each of one change or more"
    );
    metrics::describe_counter!(
        "chiron_twin_engine_refusals_total",
        "Requests refused, by error code"
    );
    metrics::describe_counter!(
        "chiron_twin_engine_snapshot_failures_total",
        "Snapshots that could not be kept"
    );
    metrics::describe_counter!(
        "chiron_twin_engine_webhook_deliveries_total",
        "Attempts to deliver an event, by endpoint and result"
    );
    metrics::describe_histogram!(
        "chiron_twin_engine_commit_seconds",
        metrics::Unit::Seconds,
        "Time from a batch of writes to its durability"
    );
    metrics::describe_histogram!(
        "chiron_twin_engine_snapshot_seconds",
        metrics::Unit::Seconds,
        "Time in which a snapshot was cut, during which no write is accepted"
    );
    metrics::describe_gauge!("chiron_twin_engine_twins", "Twins");
    metrics::describe_gauge!("chiron_twin_engine_relationships", "Relationships");
    metrics::describe_gauge!("chiron_twin_engine_change_number", "Number of the newest change");
}

fn too_large() -> EngineError {
    EngineError::new(ErrorCode::LimitExceeded, "the content is larger than an event can carry")
}

/// The length of the JSON text, without keeping it.
fn json_bytes(value: &Value) -> Result<usize, serde_json::Error> {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value)?;
    Ok(count.0)
}

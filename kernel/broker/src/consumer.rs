//! The loop that every consumer is: read, handle, commit.
//!
//! Each partition has a worker of its own within the loop, so a record that is being retried holds
//! back its own partition and nothing else, and partitions share the log's commits. A worker holds
//! one batch at a time: memory is bounded whatever the lag.
//!
//! Why a standing clock never moves too early: a record counts as lag until it is committed, and a
//! worker holds [`Work`](chiron_clock::Work) from before the handler until after the counters. The
//! one exception is a partition that waits before another try with a lock-step clock: its records
//! wait for a timer of that clock, and the timer speaks for them.

use std::error::Error;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use chiron_clock::{Activity, Shutdown, Work};
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tracing::Instrument as _;

use crate::broker::{Broker, Engine};
use crate::error::BrokerError;
use crate::kafka::{Kafka, Ledger, Member};
use crate::log::{Log, Subscription};
use crate::record::{Letter, Record};

/// Records that a handler gets at once, at most.
const MAX_SLICE: usize = 128;

/// What became of one delivery.
pub enum Handled {
    /// Its effects are stored, now or by an earlier delivery.
    Done,
    /// Something that it needs is out of order for now; the record comes again, and those after it
    /// in its partition wait.
    Retry(Box<dyn Error + Send + Sync>),
    /// It can never be handled. It goes to the dead letters with this reason, which is for people
    /// and holds no patient's data.
    Reject(String),
}

impl Handled {
    /// A failure that another try may cure.
    pub fn retry(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry(cause.into())
    }

    /// A record that can never be handled.
    pub fn reject(reason: impl fmt::Display) -> Self {
        Self::Reject(reason.to_string())
    }
}

impl fmt::Debug for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::Retry(cause) => f.debug_tuple("Retry").field(cause).finish(),
            Self::Reject(reason) => f.debug_tuple("Reject").field(reason).finish(),
        }
    }
}

/// What a consumer does with records. Must be idempotent: a record may come again at any time.
pub trait Handler: Send + Sync {
    /// Handles records of one partition (at least one), in order, and answers what became of each,
    /// in order. After a `Retry` the rest comes again, so the answer may end there. Called for
    /// several partitions at a time. Spans and traces are opened by [`each`] or
    /// [`Record::scope`](crate::Record::scope).
    fn handle(&self, records: &[Record]) -> impl Future<Output = Vec<Handled>> + Send;
}

/// A handler that takes one record at a time, each in its own span and trace.
pub fn each<F, Fut>(handle: F) -> impl Handler
where
    F: Fn(Record) -> Fut + Send + Sync,
    Fut: Future<Output = Handled> + Send,
{
    Each(handle)
}

struct Each<F>(F);

impl<F, Fut> Handler for Each<F>
where
    F: Fn(Record) -> Fut + Send + Sync,
    Fut: Future<Output = Handled> + Send,
{
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut outcomes = Vec::with_capacity(records.len());
        for record in records {
            let handling = async { (self.0)(record.clone()).await };
            let outcome = record.scope(handling).await;
            let stop = matches!(outcome, Handled::Retry(_));
            outcomes.push(outcome);
            if stop {
                break;
            }
        }
        outcomes
    }
}

/// A consumer group's loop over its topics.
#[derive(Debug, Clone, Copy)]
pub struct Consumer {
    /// The group, which keeps its place under this name for ever.
    pub group: &'static str,
    /// What it consumes.
    pub topics: &'static [&'static str],
}

impl Consumer {
    /// Runs until `shutdown` is requested (records being handled are finished and committed) or the
    /// broker is closed. Failures of the broker are logged and tried again. A handler's panic is
    /// counted; the records come again one by one, and the one that panics alone is rejected.
    ///
    /// The group's lag counts as pending from the call itself, not from the first poll, so that
    /// records are never invisible while a spawned consumer has not begun.
    pub fn run<H: Handler>(
        self,
        broker: Broker,
        activity: Activity,
        shutdown: Shutdown,
        handler: H,
    ) -> impl Future<Output = ()> + Send {
        let paused = Arc::new(Paused::new(self.topics.len(), broker.partitions()));
        let reading = match broker.engine() {
            Engine::Log(log) => {
                let log = Arc::downgrade(log);
                let lag = Lag { log, consumer: self, paused: Arc::clone(&paused) };
                activity.probe(move || lag.pending());
                Reading::Log
            }
            Engine::Kafka(kafka) => {
                let ledger = kafka.ledger(self.topics);
                let (known, paused) = (Arc::clone(&ledger), Arc::clone(&paused));
                activity.probe(move || known.pending(|topic, n| paused.is(self, topic, n)));
                Reading::Kafka(Arc::clone(kafka), ledger)
            }
        };
        let span = tracing::info_span!("consumer", context = self.group);
        let run = Run { consumer: self, broker, activity, shutdown, handler, paused };
        async move {
            match reading {
                Reading::Log => run.on_the_log().await,
                Reading::Kafka(kafka, ledger) => run.on_a_cluster(&kafka, ledger).await,
            }
        }
        .instrument(span)
    }
}

/// What a consumer reads from.
enum Reading {
    Log,
    /// The cluster, and what the group has still to handle of it.
    Kafka(Arc<Kafka>, Arc<Ledger>),
}

/// Which partitions wait for a timer.
struct Paused {
    partitions: u32,
    flags: Vec<AtomicBool>,
}

impl Paused {
    fn new(topics: usize, partitions: u32) -> Self {
        let count = topics * usize::try_from(partitions).unwrap_or(1);
        Self { partitions, flags: (0..count).map(|_| AtomicBool::new(false)).collect() }
    }

    fn is(&self, consumer: Consumer, topic: &str, partition: u32) -> bool {
        let index = consumer.topics.iter().position(|read| *read == topic);
        let flag = index.and_then(|index| self.flag(index, partition));
        flag.is_some_and(|paused| paused.load(Ordering::SeqCst))
    }

    fn flag(&self, topic: usize, partition: u32) -> Option<&AtomicBool> {
        let width = usize::try_from(self.partitions).ok()?;
        self.flags.get(topic * width + usize::try_from(partition).ok()?)
    }
}

/// What the consumer adds to what is pending. Does not keep the log open.
struct Lag {
    log: Weak<Log>,
    consumer: Consumer,
    paused: Arc<Paused>,
}

impl Lag {
    fn pending(&self) -> u64 {
        let Some(log) = self.log.upgrade() else { return 0 };
        let state = log.state();
        let mut pending = 0;
        for (index, topic) in self.consumer.topics.iter().enumerate() {
            for partition in 0..self.paused.partitions {
                let flag = self.paused.flag(index, partition);
                if !flag.is_some_and(|paused| paused.load(Ordering::SeqCst)) {
                    pending += state.lag_in(self.consumer.group, topic, partition);
                }
            }
        }
        pending
    }
}

/// One partition as a member of a group reads it.
pub(crate) trait Share: Send + Sync {
    /// Its topic and number; `None` when there is none.
    fn place(&self) -> Option<(&str, u32)>;

    /// Waits for records and answers up to `max`, in order. [`BrokerError::Closed`] when no more
    /// will come: the broker is closed, or the partition is somebody else's from now on.
    fn next_batch(
        &mut self,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Record>, BrokerError>> + Send;

    /// Publishes the dead letters and commits what was handled.
    fn settle(
        &self,
        handled: &[Record],
        dead_letters: &[Letter],
    ) -> impl Future<Output = Result<(), BrokerError>> + Send;

    /// Whether what was read before is to be dropped and will come again.
    fn is_rewound(&self) -> bool;
}

struct Run<H> {
    consumer: Consumer,
    broker: Broker,
    activity: Activity,
    shutdown: Shutdown,
    handler: H,
    paused: Arc<Paused>,
}

/// What one call of the handler comes to.
struct Outcome {
    /// Records from the beginning of the slice that need not come again.
    settled: usize,
    dead_letters: Vec<Letter>,
    /// Why the record after these comes again.
    retry: Option<Box<dyn Error + Send + Sync>>,
    panicked: bool,
}

impl<H: Handler> Run<H> {
    async fn on_the_log(&self) {
        let Some(subscription) = self.subscribe().await else { return };
        join_all(subscription.split().into_iter().map(|s| self.partition(s))).await;
    }

    /// The same with partitions that come and go.
    async fn on_a_cluster(&self, kafka: &Arc<Kafka>, ledger: Arc<Ledger>) {
        let Some(mut member) = self.join(kafka, ledger).await else { return };
        let mut partitions = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.requested() => break,
                Some(()) = partitions.next(), if !partitions.is_empty() => {}
                place = member.next() => match place {
                    Some(place) => partitions.push(self.partition(place)),
                    None => break,
                },
            }
        }
        // Each ends with the shutdown, after its batch.
        while partitions.next().await.is_some() {}
        drop(partitions);
        member.leave().await;
    }

    /// `None` when the consumer is to end.
    async fn join(&self, kafka: &Arc<Kafka>, ledger: Arc<Ledger>) -> Option<Member> {
        let Consumer { group, topics } = self.consumer;
        let mut attempt = 0;
        let mut work = self.activity.work();
        loop {
            let problem = match kafka.ensure(topics).await {
                Ok(()) => match Member::join(kafka, group, topics, Arc::clone(&ledger)) {
                    Ok(member) => return Some(member),
                    Err(err) => crate::chain(&err),
                },
                Err(err) => crate::chain(&err),
            };
            if kafka.is_closed() {
                return None;
            }
            tracing::warn!(error = problem, attempt, "consumer joins again later");
            work = self.back_off(work, &[], attempt).await?;
            attempt += 1;
        }
    }

    /// `None` when the consumer is to end.
    async fn subscribe(&self) -> Option<Subscription> {
        let all: Vec<&AtomicBool> = self.paused.flags.iter().collect();
        let Consumer { group, topics } = self.consumer;
        let mut work = self.activity.work();
        let mut attempt = 0;
        loop {
            match self.broker.subscribe(group, topics).await {
                Ok(subscription) => return Some(subscription),
                Err(BrokerError::Closed) => return None,
                Err(err @ BrokerError::BadTopic { .. }) => {
                    tracing::error!(error = %err, "consumer cannot subscribe");
                    return None;
                }
                Err(err) => {
                    tracing::warn!(
                        error = &err as &dyn std::error::Error,
                        attempt,
                        "consumer subscribes again later"
                    );
                    work = self.back_off(work, &all, attempt).await?;
                    attempt += 1;
                }
            }
        }
    }

    /// Consumes one partition.
    async fn partition(&self, mut share: impl Share) {
        let Some((topic, partition)) = share.place() else { return };
        let topic = topic.to_owned();
        let index = self.consumer.topics.iter().position(|t| *t == topic).unwrap_or(0);
        let paused: Vec<&AtomicBool> = self.paused.flag(index, partition).into_iter().collect();
        let mut attempt = 0;
        let mut slice_length = MAX_SLICE;
        let mut waiting: Vec<Record> = Vec::new();
        loop {
            if self.shutdown.is_requested() {
                return;
            }
            if waiting.is_empty() {
                let next = tokio::select! {
                    biased;
                    () = self.shutdown.requested() => return,
                    next = share.next_batch(MAX_SLICE) => next,
                };
                match next {
                    Ok(records) => waiting = records,
                    Err(BrokerError::Closed) => return,
                    Err(err) => {
                        tracing::error!(
                            error = &err as &dyn std::error::Error,
                            topic,
                            partition,
                            "cannot read records"
                        );
                        let work = self.activity.work();
                        if self.back_off(work, &paused, attempt).await.is_none() {
                            return;
                        }
                        attempt += 1;
                        continue;
                    }
                }
            }
            let work = self.activity.work();
            let slice = waiting.get(..slice_length.min(waiting.len())).unwrap_or(&waiting);
            let outcome = self.handle(slice).await;
            slice_length = if outcome.panicked { 1 } else { MAX_SLICE };
            let handled: Vec<Record> = waiting.drain(..outcome.settled).collect();
            let Some(work) =
                self.settle(&share, work, &paused, &handled, &outcome.dead_letters).await
            else {
                return;
            };
            if share.is_rewound() {
                waiting.clear();
            }
            if !handled.is_empty() {
                attempt = 0;
            }
            let Some(cause) = outcome.retry else { continue };
            let labels = self.labels(&topic);
            metrics::counter!("chiron_consumer_retries_total", &labels).increment(1);
            tracing::warn!(
                error = %crate::chain(&*cause),
                topic,
                partition,
                offset = waiting.first().map(|record| record.offset),
                attempt,
                "record comes again"
            );
            if self.back_off(work, &paused, attempt).await.is_none() {
                return;
            }
            attempt += 1;
        }
    }

    async fn handle(&self, slice: &[Record]) -> Outcome {
        let handling = AssertUnwindSafe(self.handler.handle(slice)).catch_unwind();
        let mut outcome =
            Outcome { settled: 0, dead_letters: Vec::new(), retry: None, panicked: false };
        let outcomes = match handling.await {
            Ok(outcomes) => outcomes,
            Err(panic) => {
                let Some(first) = slice.first() else { return outcome };
                let labels = self.labels(&first.topic);
                metrics::counter!("chiron_consumer_panics_total", &labels).increment(1);
                outcome.panicked = true;
                if let [alone] = slice {
                    vec![self.reject_panic(alone, &*panic)]
                } else {
                    tracing::error!(topic = first.topic, "handler panicked; one by one now");
                    return outcome;
                }
            }
        };
        for (record, handled) in slice.iter().zip(outcomes) {
            match handled {
                Handled::Done => {}
                Handled::Reject(reason) => {
                    let labels = self.labels(&record.topic);
                    metrics::counter!("chiron_consumer_dead_letters_total", &labels).increment(1);
                    tracing::error!(
                        topic = record.topic,
                        partition = record.partition,
                        offset = record.offset,
                        event_id = record.id(),
                        reason,
                        "record rejected"
                    );
                    let letter = record.dead_letter(self.consumer.group, &reason);
                    outcome.dead_letters.push(letter);
                }
                Handled::Retry(cause) => {
                    outcome.retry = Some(cause);
                    return outcome;
                }
            }
            outcome.settled += 1;
        }
        if outcome.settled < slice.len() {
            outcome.retry = Some("the handler did not say what became of a record".into());
        }
        outcome
    }

    fn reject_panic(&self, record: &Record, panic: &(dyn std::any::Any + Send)) -> Handled {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!("the handler panicked: {}", text.unwrap_or("without a text"));
        tracing::error!(
            topic = record.topic,
            partition = record.partition,
            offset = record.offset,
            group = self.consumer.group,
            "handler panicked"
        );
        Handled::Reject(reason)
    }

    /// Commits until it succeeds. `None` when the consumer is to end.
    async fn settle(
        &self,
        share: &impl Share,
        mut work: Work,
        paused: &[&AtomicBool],
        handled: &[Record],
        dead_letters: &[Letter],
    ) -> Option<Work> {
        let Some(first) = handled.first() else { return Some(work) };
        let letters = u64::try_from(dead_letters.len()).unwrap_or(0);
        let mut attempt = 0;
        loop {
            match share.settle(handled, dead_letters).await {
                Ok(()) => break,
                Err(BrokerError::Closed) => return None,
                Err(err) => {
                    tracing::error!(
                        error = &err as &dyn std::error::Error,
                        topic = first.topic,
                        "cannot commit progress"
                    );
                    work = self.back_off(work, paused, attempt).await?;
                    attempt += 1;
                }
            }
        }
        let count = u64::try_from(handled.len()).unwrap_or(0);
        self.activity.appended(letters);
        self.activity.handled(count);
        let labels = self.labels(&first.topic);
        metrics::counter!("chiron_consumer_handled_total", &labels).increment(count);
        // A cluster's client counts the lag by itself.
        if let Engine::Log(log) = self.broker.engine() {
            let lag = log.lag(self.consumer.group, &[&first.topic]);
            // Exact below 2^53, which no log reaches.
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("chiron_consumer_lag", &labels).set(lag as f64);
        }
        Some(work)
    }

    /// Waits before another try and takes up work again. `None` when the consumer is to end.
    async fn back_off(&self, work: Work, paused: &[&AtomicBool], attempt: u32) -> Option<Work> {
        // Listed before the work is given up: no moment in which neither timer nor work counts.
        let wait = self.activity.back_off(attempt);
        let pause = Pause::begin(paused);
        drop(work);
        let work = tokio::select! {
            biased;
            () = self.shutdown.requested() => None,
            work = wait => Some(work),
        };
        drop(pause);
        work
    }

    fn labels(&self, topic: &str) -> [(&'static str, String); 2] {
        [("topic", topic.to_owned()), ("group", self.consumer.group.to_owned())]
    }
}

/// Keeps partitions out of what is pending while they wait for a timer.
struct Pause<'a>(&'a [&'a AtomicBool]);

impl<'a> Pause<'a> {
    fn begin(flags: &'a [&'a AtomicBool]) -> Self {
        for flag in flags {
            flag.store(true, Ordering::SeqCst);
        }
        Self(flags)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        for flag in self.0 {
            flag.store(false, Ordering::SeqCst);
        }
    }
}

//! One process's membership in a consumer group.
//!
//! A thread of its own polls the client, as its library wants, and sorts what comes by partition;
//! each partition's records are handled elsewhere, at their own pace. What waits is bounded: a
//! partition whose handler is behind is paused, and resumed when it has caught up. Before a
//! partition goes to another member its handler comes to the end of its batch and the commit is
//! made, so that the other begins where this one ended; a handler that takes too long loses its
//! right to commit, and its records come again there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::{Notify, mpsc};

use super::context::{Watch, tell_lag};
use super::ledger::Ledger;
use super::{Kafka, wire};
use crate::consumer::Share;
use crate::error::{BrokerError, PublishError, StorageError};
use crate::record::{Letter, Record};

/// Records of a partition that wait for its handler; with more it is paused …
const MANY: usize = 1_024;
/// … and resumed with so few.
const FEW: usize = 256;
/// How long the thread waits for records before it looks whether it is to end.
const POLL: Duration = Duration::from_millis(100);
/// How long a handler may take to come to its end when its partition goes elsewhere.
const PARTING: Duration = Duration::from_secs(10);

/// A member, until it leaves.
pub(crate) struct Member {
    hall: Arc<Hall>,
    shares: mpsc::UnboundedReceiver<Place>,
    thread: JoinHandle<()>,
}

/// What the thread, the client's callbacks and the shares have in common.
struct Hall {
    group: String,
    watch: Watch,
    places: Mutex<BTreeMap<(String, i32), Arc<Partition>>>,
    shares: mpsc::UnboundedSender<Place>,
    ledger: Arc<Ledger>,
    leaving: AtomicBool,
}

/// A partition that is this member's.
struct Partition {
    topic: String,
    number: i32,
    state: Mutex<State>,
    arrived: Notify,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Record>,
    /// The library was told to fetch no more.
    paused: bool,
    tenure: Tenure,
    /// Nobody handles its records any more.
    ended: bool,
    /// The offset to commit.
    next: Option<i64>,
}

/// Whose a partition is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Tenure {
    #[default]
    Held,
    /// It goes to another member: nothing more is handed out.
    Leaving,
    /// It is another member's: nothing may be committed.
    Lost,
}

/// A partition's records, for the loop that handles them.
pub(crate) struct Place {
    partition: Arc<Partition>,
    client: Arc<OnceClient>,
    kafka: Arc<Kafka>,
    ledger: Arc<Ledger>,
}

/// The client, which is made after what its callbacks need.
type OnceClient = std::sync::OnceLock<std::sync::Weak<BaseConsumer<Callbacks>>>;

impl Member {
    /// Joins in the background; shares come when the cluster has given this member partitions.
    pub(crate) fn join(
        kafka: &Arc<Kafka>,
        group: &str,
        topics: &[&str],
        ledger: Arc<Ledger>,
    ) -> Result<Self, StorageError> {
        let (sender, shares) = mpsc::unbounded_channel();
        let hall = Arc::new(Hall {
            group: group.to_owned(),
            watch: kafka.watch.clone(),
            places: Mutex::default(),
            shares: sender,
            ledger,
            leaving: AtomicBool::new(false),
        });
        let mut config = kafka.config_of_members();
        config.set("group.id", group);
        let once = Arc::new(OnceClient::new());
        let callbacks = Callbacks {
            hall: Arc::clone(&hall),
            client: Arc::clone(&once),
            kafka: Arc::clone(kafka),
        };
        let client: BaseConsumer<Callbacks> = config.create_with_context(callbacks)?;
        let client = Arc::new(client);
        // Set once, here.
        let _first = once.set(Arc::downgrade(&client));
        client.subscribe(topics)?;
        let inside = Arc::clone(&hall);
        let thread = std::thread::Builder::new()
            .name(format!("kafka-{group}"))
            .spawn(move || inside.run(client))?;
        Ok(Self { hall, shares, thread })
    }

    /// The next partition that has become this member's.
    pub(crate) async fn next(&mut self) -> Option<Place> {
        self.shares.recv().await
    }

    /// Leaves the group, after all shares were dropped: what was handled is committed.
    pub(crate) async fn leave(self) {
        self.hall.leaving.store(true, Ordering::Release);
        let thread = self.thread;
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!(group = self.hall.group, "the thread of a group's member panicked");
        }
    }
}

impl Hall {
    fn run(&self, client: Arc<BaseConsumer<Callbacks>>) {
        while !self.leaving.load(Ordering::Acquire) {
            match client.poll(POLL) {
                None => {}
                Some(Ok(message)) => self.sort_in(&client, wire::record(&message)),
                Some(Err(error)) => {
                    metrics::counter!("chiron_kafka_errors_total").increment(1);
                    tracing::warn!(%error, group = self.group, "records could not be fetched");
                    // The library tries again; this only keeps the log short.
                    std::thread::sleep(POLL);
                }
            }
        }
        let all: Vec<Arc<Partition>> = self.places().values().map(Arc::clone).collect();
        self.part_with(&client, &all);
        // Leaves the group; its last callbacks find nothing to do.
        drop(client);
    }

    fn sort_in(&self, client: &BaseConsumer<Callbacks>, record: Record) {
        let key = (record.topic.clone(), i32::try_from(record.partition).unwrap_or(0));
        // What arrives for a partition that has gone is another member's.
        let Some(partition) = self.places().get(&key).cloned() else { return };
        let full = {
            let mut state = partition.state();
            if state.tenure != Tenure::Held {
                return;
            }
            self.ledger.fetched(&record.topic, record.partition, record.offset);
            state.waiting.push_back(record);
            let full = MANY <= state.waiting.len() && !state.paused;
            state.paused |= full;
            full
        };
        partition.arrived.notify_one();
        if full && let Err(error) = client.pause(&partition.list(Offset::Invalid)) {
            tracing::warn!(%error, group = self.group, "a partition could not be paused");
        }
    }

    /// Lets handlers end, commits what they have done, and gives the partitions away.
    fn part_with(&self, client: &BaseConsumer<Callbacks>, partitions: &[Arc<Partition>]) {
        for partition in partitions {
            let mut state = partition.state();
            state.tenure = Tenure::Leaving;
            state.waiting.clear();
            drop(state);
            partition.arrived.notify_one();
        }
        let deadline = Instant::now() + PARTING;
        let mut commits = TopicPartitionList::new();
        for partition in partitions {
            let next = partition.give_away(deadline);
            if let Some(next) = next
                && let Err(error) = commits.add_partition_offset(
                    &partition.topic,
                    partition.number,
                    Offset::Offset(next),
                )
            {
                tracing::error!(%error, "an offset cannot be committed");
            }
            self.places().remove(&(partition.topic.clone(), partition.number));
            self.ledger.given_away(&partition.topic, numbered(partition.number));
        }
        if commits.count() == 0 || client.assignment_lost() {
            return;
        }
        if let Err(error) = client.commit(&commits, CommitMode::Sync) {
            // The records come again, to whoever has them now.
            tracing::warn!(%error, group = self.group, "progress could not be committed");
        }
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<(String, i32), Arc<Partition>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Partition {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody handles its records, or until the deadline; what is to be committed.
    fn give_away(&self, deadline: Instant) -> Option<i64> {
        let mut state = self.state();
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!(
                    topic = self.topic,
                    partition = self.number,
                    "a handler did not end before its partition went to another member"
                );
                break;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.tenure = Tenure::Lost;
        state.next.take()
    }

    fn list(&self, offset: Offset) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        // Refused only where the partition is not in the list.
        let _added = list.add_partition_offset(&self.topic, self.number, offset);
        list
    }
}

impl Share for Place {
    fn place(&self) -> Option<(&str, u32)> {
        Some((&self.partition.topic, numbered(self.partition.number)))
    }

    async fn next_batch(&mut self, max: usize) -> Result<Vec<Record>, BrokerError> {
        loop {
            let (records, caught_up) = {
                let mut state = self.partition.state();
                if state.tenure != Tenure::Held {
                    return Err(BrokerError::Closed);
                }
                let count = max.min(state.waiting.len());
                let records: Vec<Record> = state.waiting.drain(..count).collect();
                let caught_up = state.paused && state.waiting.len() <= FEW;
                state.paused &= !caught_up;
                (records, caught_up)
            };
            if caught_up && let Some(client) = self.client() {
                client.resume(&self.partition.list(Offset::Invalid)).map_err(StorageError::from)?;
            }
            if !records.is_empty() {
                return Ok(records);
            }
            self.partition.arrived.notified().await;
        }
    }

    /// Dead letters are published before the commit: a crash in between publishes them again, with
    /// the same origin in their headers, and loses none.
    async fn settle(&self, handled: &[Record], dead_letters: &[Letter]) -> Result<(), BrokerError> {
        if !dead_letters.is_empty() {
            self.kafka.publish_letters(dead_letters).await.map_err(|err| match err {
                PublishError::Storage(err) => BrokerError::Storage(err),
                _ => BrokerError::Closed,
            })?;
        }
        let Some(last) = handled.last() else { return Ok(()) };
        let next = i64::try_from(last.offset + 1).unwrap_or(i64::MAX);
        let mut state = self.partition.state();
        if state.tenure == Tenure::Lost {
            return Err(BrokerError::Closed);
        }
        state.next = Some(next);
        self.ledger.handled(&last.topic, last.partition, last.offset + 1);
        // Sent, not waited for: the next commit, or the one at the parting, makes good what fails.
        if let Some(client) = self.client() {
            let sent = client.commit(&self.partition.list(Offset::Offset(next)), CommitMode::Async);
            sent.map_err(StorageError::from)?;
        }
        Ok(())
    }

    fn is_rewound(&self) -> bool {
        // A group is set back only while nobody of it is there.
        false
    }
}

impl Place {
    fn client(&self) -> Option<Arc<BaseConsumer<Callbacks>>> {
        self.client.get().and_then(std::sync::Weak::upgrade)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.partition.state().ended = true;
        self.partition.changed.notify_all();
    }
}

/// What the client library calls.
struct Callbacks {
    hall: Arc<Hall>,
    client: Arc<OnceClient>,
    kafka: Arc<Kafka>,
}

impl ClientContext for Callbacks {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.hall.watch.token()
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.hall.watch.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.hall.watch.error(error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        tell_lag(&self.hall.group, &statistics);
        self.hall.watch.stats(statistics);
    }
}

impl ConsumerContext for Callbacks {
    /// Called by the thread that polls, before the library changes what is assigned.
    fn pre_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let hall = &self.hall;
        let kind = match rebalance {
            Rebalance::Assign(list) => {
                let elements = list.elements();
                let taken =
                    elements.iter().map(|e| (e.topic().to_owned(), numbered(e.partition())));
                hall.ledger.taken(taken);
                for element in elements {
                    self.take_up(element.topic(), element.partition());
                }
                "assigned"
            }
            Rebalance::Revoke(list) => {
                let elements = list.elements();
                let key = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
                    (e.topic().to_owned(), e.partition())
                };
                let places = hall.places();
                let going: Vec<_> =
                    elements.iter().filter_map(|e| places.get(&key(e)).map(Arc::clone)).collect();
                drop(places);
                hall.part_with(client, &going);
                "revoked"
            }
            Rebalance::Error(error) => {
                tracing::warn!(%error, group = hall.group, "partitions could not be shared out");
                "failed"
            }
        };
        let labels = [("group", hall.group.clone()), ("kind", kind.to_owned())];
        metrics::counter!("chiron_kafka_rebalances_total", &labels).increment(1);
        tracing::info!(group = hall.group, kind, places = hall.places().len(), "rebalance");
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, group = self.hall.group, "a commit was refused");
        }
    }
}

impl Callbacks {
    fn take_up(&self, topic: &str, number: i32) {
        let partition = Arc::new(Partition {
            topic: topic.to_owned(),
            number,
            state: Mutex::default(),
            arrived: Notify::new(),
            changed: Condvar::new(),
        });
        self.hall.places().insert((topic.to_owned(), number), Arc::clone(&partition));
        let place = Place {
            partition,
            client: Arc::clone(&self.client),
            kafka: Arc::clone(&self.kafka),
            ledger: Arc::clone(&self.hall.ledger),
        };
        // Refused when nobody handles any more; the place's end is noted by its drop.
        let _unwanted = self.hall.shares.send(place);
    }
}

/// The library counts partitions from 0, in a type that has more.
fn numbered(partition: i32) -> u32 {
    u32::try_from(partition).unwrap_or(0)
}

//! A Kafka cluster, by librdkafka.
//!
//! What is published is acknowledged by all replicas in sync; the producer is idempotent, so the
//! library's own retries neither double nor reorder. What waits is bounded in bytes, and publishers
//! wait beyond that. Groups are joined by [`member`], one thread and one client each, since their
//! rebalances are per client.

mod context;
mod ledger;
mod looking;
mod member;
mod producing;
mod tail;
mod topics;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer as _};
use rdkafka::types::RDKafkaConfRes;
use rdkafka::util::Timeout;
use tokio::sync::Semaphore;

use crate::disk::Trouble;
use crate::error::{BrokerError, ConnectError, StorageError};
use crate::record::{Position, Record};
use crate::settings::KafkaSettings;
use context::Watch;
pub(crate) use ledger::Ledger;
pub(crate) use member::{Member, Place};
use tail::Tail;

/// Kibibytes of records that wait for their acknowledgement; more make publishers wait.
const MAX_WAITING_KIB: u32 = 32 << 10;
/// How long the cluster may take to answer a question before it counts as not answering.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon it is asked again while it sees to something.
const AGAIN: Duration = Duration::from_millis(100);

/// Properties that acknowledgements, order and commits rest on, and what they are.
const FIXED: [(&str, &str); 5] = [
    ("acks", "all"),
    ("enable.idempotence", "true"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("partition.assignment.strategy", "cooperative-sticky"),
];
/// What may be changed by the settings' options.
const DEFAULTS: [(&str, &str); 6] = [
    ("auto.offset.reset", "earliest"),
    // Long enough for a batch, short enough not to be felt.
    ("linger.ms", "2"),
    ("statistics.interval.ms", "5000"),
    ("allow.auto.create.topics", "false"),
    // The relay tries again by itself, so this is how soon somebody learns that nothing goes out.
    ("message.timeout.ms", "30000"),
    // Bytes fetched ahead of a group's handlers, in KiB.
    ("queued.max.messages.kbytes", "8192"),
];
/// Properties that clients of one kind know and the other complain of.
const OF_CONSUMERS: [&str; 9] = [
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "queued.max.messages.kbytes",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "group.instance.id",
];
const OF_PRODUCERS: [&str; 5] =
    ["acks", "enable.idempotence", "linger.ms", "message.timeout.ms", "compression.type"];

/// The clients of one cluster.
pub(crate) struct Kafka {
    settings: KafkaSettings,
    watch: Watch,
    producer: FutureProducer<Watch>,
    admin: AdminClient<Watch>,
    /// Answers questions; never subscribes.
    asking: Arc<BaseConsumer<Watch>>,
    known: topics::Known,
    /// What groups of this process have still to handle.
    ledgers: Mutex<Vec<Weak<Ledger>>>,
    tail: Tail,
    waiting: Arc<Semaphore>,
    closed: AtomicBool,
}

impl Kafka {
    pub(crate) async fn connect(
        settings: KafkaSettings,
        wanted: &[&str],
    ) -> Result<Arc<Self>, ConnectError> {
        check(&settings)?;
        let watch = Watch::new(settings.tokens.clone());
        let producer = config(&settings, &OF_CONSUMERS)
            .create_with_context(watch.clone())
            .map_err(unusable)?;
        let admin = config(&settings, &[OF_CONSUMERS.as_slice(), &OF_PRODUCERS].concat())
            .create_with_context(watch.clone())
            .map_err(unusable)?;
        let asking = Arc::new(
            config(&settings, &OF_PRODUCERS)
                // A group has to be named, and this client never joins it.
                .set("group.id", "chiron-asking")
                .create_with_context(watch.clone())
                .map_err(unusable)?,
        );
        let tail = Tail::new(config(&settings, &OF_PRODUCERS), watch.clone());
        let kafka = Arc::new(Self {
            settings,
            watch,
            producer,
            admin,
            asking,
            known: topics::Known::default(),
            ledgers: Mutex::default(),
            tail,
            waiting: Arc::new(Semaphore::new(usize::try_from(MAX_WAITING_KIB).unwrap_or(1))),
            closed: AtomicBool::new(false),
        });
        kafka.ensure(wanted).await?;
        Ok(kafka)
    }

    /// Sees to it that topics and those of their dead letters are there, and learns their partitions.
    pub(crate) async fn ensure(&self, wanted: &[&str]) -> Result<(), ConnectError> {
        let wanted = topics::with_dead_letters(wanted);
        let unknown = |topic: &&std::borrow::Cow<'_, str>| self.known.partitions(topic).is_none();
        let wanted: Vec<String> =
            wanted.iter().filter(unknown).map(|topic| topic.clone().into_owned()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let refused = |source| match self.watch.said() {
            Some(said) => ConnectError::Unwelcome { said, source },
            None => ConnectError::Cluster(source),
        };
        let mut there = self.count_partitions().await.map_err(refused)?;
        let missing: Vec<String> =
            wanted.iter().filter(|topic| !there.contains_key(*topic)).cloned().collect();
        topics::create(&self.admin, &self.settings, &missing).await?;
        // Somebody else may have made one meanwhile, with another number of partitions.
        let deadline = Instant::now() + PATIENCE;
        while let Some(topic) = wanted.iter().find(|topic| !there.contains_key(*topic)) {
            if deadline < Instant::now() {
                return Err(ConnectError::NoLeader { topic: topic.clone() });
            }
            tokio::time::sleep(AGAIN).await;
            there = self.count_partitions().await.map_err(refused)?;
        }
        for topic in &wanted {
            if let Some(partitions) = there.get(topic) {
                self.known.note(topic, *partitions);
            }
        }
        Ok(())
    }

    /// The ledger of a group that reads these topics.
    pub(crate) fn ledger(&self, topics: &[&str]) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger::new(topics));
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        ledgers.retain(|ledger| ledger.strong_count() != 0);
        ledgers.push(Arc::downgrade(&ledger));
        ledger
    }

    /// Tells every group of this process of a record that was acknowledged.
    fn published(&self, topic: &str, position: Position) {
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        for ledger in ledgers.iter().filter_map(Weak::upgrade) {
            ledger.published(topic, position.partition, position.offset);
        }
    }

    pub(crate) fn partitions(&self) -> u32 {
        self.settings.partitions
    }

    /// How many partitions a topic has that was seen to; `None` for others.
    pub(crate) fn known_partitions(&self, topic: &str) -> Option<u32> {
        self.known.partitions(topic)
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.watch.trouble()
    }

    pub(crate) async fn failed(&self) -> StorageError {
        self.watch.failed().await
    }

    pub(crate) async fn follow(&self, topics: &[&str]) -> Result<(), BrokerError> {
        self.ensure(topics).await?;
        let mut places = Vec::new();
        for topic in topics {
            let extents = self.extents(topic).await?;
            places.extend(extents.ends().into_iter().map(|(p, end)| ((*topic).to_owned(), p, end)));
        }
        self.tail.follow(places).map_err(BrokerError::Storage)
    }

    pub(crate) fn seen(&self, topic: &str) -> BTreeMap<u32, u64> {
        self.tail.seen(topic)
    }

    pub(crate) async fn wait_for_append(&self, seen: u64) -> u64 {
        self.tail.wait(seen).await
    }

    pub(crate) async fn read(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        if let Some(records) = self.tail.read(topic, partition, from, max) {
            return Ok(records);
        }
        self.fetch(topic, partition, from, max).await
    }

    pub(crate) async fn offsets_at(
        self: &Arc<Self>,
        topic: &str,
        at: Timestamp,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        self.first_since(topic, at).await
    }

    /// Waits for what is under way and takes nothing more.
    pub(crate) async fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.waiting.close();
        self.tail.close();
        let producer = self.producer.clone();
        let flushed = tokio::task::spawn_blocking(move || producer.flush(PATIENCE)).await;
        if let Ok(Err(err)) = flushed {
            tracing::warn!(error = %err, "records were not acknowledged before the end");
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn config_of_members(&self) -> ClientConfig {
        config(&self.settings, &OF_PRODUCERS)
    }

    /// A question to the cluster, which blocks; asked again while leaders are being chosen.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&BaseConsumer<Watch>, Timeout) -> KafkaResult<T> + Send + 'static,
    ) -> KafkaResult<T> {
        let asking = Arc::clone(&self.asking);
        let answer = tokio::task::spawn_blocking(move || {
            let deadline = Instant::now() + PATIENCE;
            loop {
                sign_in(&asking);
                match question(&asking, PATIENCE.into()) {
                    Err(error) if is_passing(&error) && Instant::now() < deadline => {
                        std::thread::sleep(AGAIN);
                    }
                    answer => return answer,
                }
            }
        });
        match answer.await {
            Ok(answer) => answer,
            Err(err) => match err.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => Err(KafkaError::Canceled),
            },
        }
    }
}

/// Lets a client that is not polled otherwise see to its token.
fn sign_in(client: &BaseConsumer<Watch>) {
    // A client that reads nothing has nothing to say but that.
    let _nothing = client.poll(Duration::ZERO);
}

/// Why a client could not be made. The library's own words about a property hold its value, which
/// may be a secret.
fn unusable(error: KafkaError) -> ConnectError {
    match error {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, name, _) => {
            ConnectError::Setting { name, reason: "is no property of librdkafka".to_owned() }
        }
        KafkaError::ClientConfig(_, _, name, _) => {
            ConnectError::Setting { name, reason: "has a value that librdkafka refuses".to_owned() }
        }
        other => ConnectError::Cluster(other),
    }
}

/// Whether a cluster answers so while a new topic, or a broker that went, is being seen to.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
        )
    )
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka")
            .field("servers", &self.settings.bootstrap_servers)
            .finish_non_exhaustive()
    }
}

fn check(settings: &KafkaSettings) -> Result<(), ConnectError> {
    let wrong = |name: &str, reason: &str| {
        Err(ConnectError::Setting { name: name.to_owned(), reason: reason.to_owned() })
    };
    if servers(&settings.bootstrap_servers).is_empty() {
        return wrong("bootstrap_servers", "names no broker");
    }
    if settings.partitions == 0 {
        return wrong("partitions", "must be at least 1");
    }
    for (name, value) in FIXED {
        if settings.options.get(name).is_some_and(|other| other != value) {
            return wrong(name, &format!("cannot be changed: delivery rests on `{value}`"));
        }
    }
    Ok(())
}

/// Hosts and ports alone.
fn servers(given: &str) -> String {
    let bare = |server: &str| {
        let server = server.trim();
        server.split_once("://").map_or(server, |(_scheme, rest)| rest).to_owned()
    };
    let servers = given.split(',').map(bare).filter(|server| !server.is_empty());
    servers.collect::<Vec<_>>().join(",")
}

/// The properties of a client that does not know some of them.
fn config(settings: &KafkaSettings, unknown: &[&str]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("client.id", "chiron");
    config.set("bootstrap.servers", servers(&settings.bootstrap_servers));
    let options = settings.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in DEFAULTS.into_iter().chain(options).chain(FIXED) {
        if !unknown.contains(&name) {
            config.set(name, value);
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_before_a_host_is_passed_over() {
        assert_eq!(servers("http://broker:29092"), "broker:29092");
        assert_eq!(servers(" a:1, PLAINTEXT://b:2,,"), "a:1,b:2");
        assert_eq!(servers(" , "), "");
    }

    #[test]
    fn what_delivery_rests_on_cannot_be_changed() {
        let settings = KafkaSettings::new("a:1").with_option("acks", "1");
        assert!(
            matches!(check(&settings), Err(ConnectError::Setting { name, .. }) if name == "acks")
        );
        let settings = KafkaSettings::new("a:1").with_option("acks", "all");
        assert!(check(&settings).is_ok());
        assert!(check(&KafkaSettings::new("")).is_err());
    }

    #[test]
    fn each_kind_of_client_gets_what_it_knows() {
        let settings = KafkaSettings::new("a:1")
            .with_option("session.timeout.ms", "6000")
            .with_option("linger.ms", "0");
        let producer = config(&settings, &OF_CONSUMERS);
        assert_eq!(producer.get("linger.ms"), Some("0"));
        assert_eq!(producer.get("session.timeout.ms"), None);
        let consumer = config(&settings, &OF_PRODUCERS);
        assert_eq!(consumer.get("session.timeout.ms"), Some("6000"));
        assert_eq!(consumer.get("acks"), None);
        assert_eq!(consumer.get("enable.auto.commit"), Some("false"));
    }
}

//! What only a cluster can do: members that come and go, clients that are not ours, brokers that
//! die. On a real Apache Kafka.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use chiron_broker::{
    BearerToken, Broker, ConnectError, Consumer, Duties, Handled, KafkaSettings, NewRecord,
    PublishError, Record, each,
};
use chiron_clock::{Activity, Clock, Shutdown, Tasks, Trigger};
use support::{all, record, text};
use test_support::kafka::{self, Kafka};
use test_support::tools;

const CONSUMER: Consumer = Consumer { group: "g", topics: &["t"] };
const PATIENCE: Duration = Duration::from_secs(90);

/// A node, and what it takes to reach it.
struct Cluster {
    kafka: Kafka,
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// `None` when there is no Kafka and tests may be skipped.
    fn start() -> Option<Self> {
        let jars = kafka::jars()?;
        let folder = tempfile::tempdir().unwrap();
        let kafka = Kafka::start(&jars, folder.path()).unwrap();
        Some(Self { kafka, _folder: folder })
    }

    fn settings(&self) -> KafkaSettings {
        // The shortest that the node allows, so that a dead member's partitions go on soon.
        KafkaSettings::new(self.kafka.servers())
            .with_option("session.timeout.ms", "6000")
            .with_option("heartbeat.interval.ms", "500")
    }

    async fn broker(&self) -> Broker {
        Broker::connect(self.settings(), &["t"]).await.unwrap()
    }
}

/// One process's member of the group.
struct Member {
    trigger: Trigger,
    tasks: Tasks,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Member {
    fn join(broker: &Broker, slowly: Duration) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        let (tasks, seen) = (Tasks::new(), Arc::<Mutex<Vec<String>>>::default());
        let handler = each({
            let seen = Arc::clone(&seen);
            move |record: Record| {
                let seen = Arc::clone(&seen);
                async move {
                    tokio::time::sleep(slowly).await;
                    seen.lock().unwrap().push(text(&record));
                    Handled::Done
                }
            }
        });
        let activity = Activity::new(Clock::system());
        tasks.spawn("consumer", CONSUMER.run(broker.clone(), activity, shutdown, handler));
        Self { trigger, tasks, seen }
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    async fn leave(self) -> Vec<String> {
        self.trigger.trigger();
        self.tasks.join().await;
        self.seen.lock().unwrap().clone()
    }
}

async fn until(reached: impl Fn() -> bool) {
    let waiting = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

fn numbered(from: usize, to: usize) -> Vec<NewRecord> {
    (from..to).map(|n| record("t", &format!("a-{}", n % 16), &format!("{n:05}"))).collect()
}

fn names(from: usize, to: usize) -> BTreeSet<String> {
    (from..to).map(|n| format!("{n:05}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_share_and_hand_over_without_loss_or_repetition() {
    let Some(cluster) = Cluster::start() else { return };
    let broker = cluster.broker().await;
    let pause = Duration::from_millis(1);
    let first = Member::join(&broker, pause);
    let mut published = 0;
    let mut publish = async |count: usize| {
        broker.publish(numbered(published, published + count)).await.unwrap();
        published += count;
        published
    };
    publish(1_000).await;
    until(|| 500 < first.count()).await;
    // The second takes over partitions while the first has their records in hand, ...
    let second = Member::join(&broker, pause);
    let sharing = async {
        while second.count() < 500 {
            publish(100).await;
            tokio::time::sleep(pause * 50).await;
        }
    };
    tokio::time::timeout(PATIENCE, sharing).await.unwrap();
    // ... and the first goes in the middle of it.
    let published = publish(2_000).await;
    let mut seen = first.leave().await;
    until(|| published <= seen.len() + second.count()).await;
    seen.extend(second.leave().await);
    assert_eq!(seen.len(), published, "something was handled twice, or not at all");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), names(0, published));
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 0);
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_costs_time_and_nothing_else() {
    let Some(mut cluster) = Cluster::start() else { return };
    let broker = cluster.broker().await;
    let member = Member::join(&broker, Duration::ZERO);
    let publishing = async {
        for n in 0..60 {
            let batch = numbered(n * 50, (n + 1) * 50);
            // As the outbox's relay does: again until it is acknowledged.
            while let Err(err) = broker.publish(batch.clone()).await {
                assert!(matches!(err, PublishError::Storage(_)), "{err:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let killing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.kafka.kill().unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        tokio::task::block_in_place(|| cluster.kafka.run()).unwrap();
    };
    tokio::join!(publishing, killing);
    let handled = || member.seen.lock().unwrap().iter().cloned().collect::<BTreeSet<_>>();
    until(|| handled() == names(0, 3_000)).await;
    member.leave().await;
    assert_eq!(broker.trouble(), None);
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_not_ours_are_understood_and_understand() {
    let Some(cluster) = Cluster::start() else { return };
    let broker = cluster.broker().await;
    let servers = cluster.kafka.servers();
    let told = "ROOM\t{\"roomId\":\"r-1\"}\nROOM\t{\"roomId\":\"r-2\"}\n";
    let produced = cluster
        .kafka
        .tool_reading(
            "org.apache.kafka.tools.ConsoleProducer",
            &["--bootstrap-server", &servers, "--topic", "t", "--property", "parse.key=true"],
            told,
        )
        .unwrap();
    assert!(produced.status.success(), "{produced:?}");
    let records = all(&broker, "t").await;
    let mut read: Vec<_> = records
        .iter()
        .map(|r| (r.key.clone().unwrap(), String::from_utf8_lossy(&r.value).into_owned()))
        .collect();
    read.sort();
    let expected = [r#"{"roomId":"r-1"}"#, r#"{"roomId":"r-2"}"#];
    assert_eq!(read, expected.map(|value| ("ROOM".to_owned(), value.to_owned())));

    broker.publish(vec![record("t", "r-3", "ours")]).await.unwrap();
    let consumed = cluster
        .kafka
        .tool(
            "org.apache.kafka.tools.consumer.ConsoleConsumer",
            &[
                "--bootstrap-server",
                &servers,
                "--topic",
                "t",
                "--from-beginning",
                "--max-messages",
                "3",
                "--property",
                "print.key=true",
                "--property",
                "print.headers=true",
            ],
        )
        .unwrap();
    let consumed = String::from_utf8_lossy(&consumed.stdout).into_owned();
    let ours = consumed.lines().find(|line| line.contains("ours")).unwrap();
    assert!(ours.contains("HAPPENED\t\"ours\""), "{ours}");
    assert!(ours.contains("ce_specversion:1.0"), "{ours}");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_in_python_joins_the_stream_and_goes_on_in_its_group() {
    let Some(cluster) = Cluster::start() else { return };
    let python = tools::named("CHIRON_TEST_PYTHON", "a Python with kafka-python");
    let Some(python) = python else { return };
    let broker = cluster.broker().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/consumer.py");
    let mut read = Vec::new();
    for published in [0..20, 20..30] {
        broker.publish(numbered(published.start, published.end)).await.unwrap();
        let servers = cluster.kafka.servers();
        let count = published.len().to_string();
        let mut consumer = tokio::process::Command::new(&python);
        consumer.args([script, &servers, "t", "python", &count]).kill_on_drop(true);
        let told = tokio::time::timeout(PATIENCE, consumer.output()).await.unwrap().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        for line in String::from_utf8(told.stdout).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(record["key"], "HAPPENED");
            assert_eq!(record["headers"]["ce_specversion"], "1.0");
            read.push(record["value"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(read.len(), 30);
    assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), names(0, 30));
    broker.close().await;
}

/// A process that shares duties.
struct Worker {
    duties: Duties,
    trigger: Trigger,
    tasks: Tasks,
}

impl Worker {
    fn begin(broker: &Broker) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        let (duties, sharing) = broker.duties("workers", shutdown);
        let tasks = Tasks::new();
        tasks.spawn("duties", sharing);
        Self { duties, trigger, tasks }
    }

    /// Which of some aggregates are this process's to see to.
    fn own(&self) -> BTreeSet<String> {
        rooms().filter(|room| self.duties.on_duty(room).is_some()).collect()
    }

    async fn leave(self) {
        self.trigger.trigger();
        self.tasks.join().await;
    }
}

fn rooms() -> impl Iterator<Item = String> {
    (0..64).map(|n| format!("room-{n}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_aggregate_is_seen_to_by_one_process_at_a_time() {
    let Some(cluster) = Cluster::start() else { return };
    // The topic has another number of partitions than this process would have made.
    let settings = KafkaSettings { partitions: 3, ..cluster.settings() };
    let early = Broker::connect(settings, &["t"]).await.unwrap();
    let first = Worker::begin(&early);
    assert!(first.duties.are_shared());
    until(|| first.own().len() == 64).await;

    // What is under way keeps its aggregate with the first, however long a second waits.
    let under_way: Vec<_> = rooms().filter_map(|room| first.duties.on_duty(&room)).collect();
    let late = cluster.broker().await;
    let second = Worker::begin(&late);
    until(|| first.own().len() < 64).await;
    assert!(second.own().is_empty(), "two at a time");
    drop(under_way);
    until(|| first.own().len() + second.own().len() == 64).await;
    assert!(first.own().is_disjoint(&second.own()));
    assert!(!second.own().is_empty());

    // Who leaves gives away what they have.
    first.leave().await;
    until(|| second.own().len() == 64).await;
    second.leave().await;
    early.close().await;
    late.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_made_as_the_settings_say_or_asked_for() {
    let Some(cluster) = Cluster::start() else { return };
    let settings = KafkaSettings { create_topics: false, ..cluster.settings() };
    let refused = Broker::connect(settings.clone(), &["t", "u"]).await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::NoTopics { topics }
        if topics == "t, t.dead-letters, u, u.dead-letters"),
        "{refused}"
    );

    let settings = KafkaSettings { replication: Some(3), ..cluster.settings() };
    let refused = Broker::connect(settings, &["t"]).await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::TooFewBrokers { topic } if topic.starts_with('t')),
        "{refused}"
    );

    let settings = KafkaSettings {
        partitions: 3,
        retention: Some(jiff::SignedDuration::from_hours(48)),
        ..cluster.settings()
    };
    let broker = Broker::connect(settings, &["t"]).await.unwrap();
    assert_eq!(broker.ends("t").await.unwrap().len(), 3);
    let described = cluster
        .kafka
        .tool(
            "org.apache.kafka.tools.TopicCommand",
            &["--bootstrap-server", &cluster.kafka.servers(), "--describe", "--topic", "t"],
        )
        .unwrap();
    let described = String::from_utf8_lossy(&described.stdout).into_owned();
    assert!(described.contains("retention.ms=172800000"), "{described}");
    assert!(described.contains("PartitionCount: 3"), "{described}");

    // Who asks for another number later takes what is there.
    let other = Broker::connect(KafkaSettings { partitions: 8, ..cluster.settings() }, &["t"]);
    let other = other.await.unwrap();
    let positions = other.publish(numbered(0, 100)).await.unwrap();
    assert!(positions.iter().all(|position| position.partition < 3));
    other.close().await;
    broker.close().await;
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_is_named_at_the_start() {
    let settings = KafkaSettings::new("127.0.0.1:1");
    let refused = Broker::connect(settings, &["t"]).await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::Unwelcome { said, .. } if said.contains("127.0.0.1:1")),
        "{refused:?}"
    );
    let settings = KafkaSettings::new("127.0.0.1:1").with_option("acks", "1");
    let refused = Broker::connect(settings, &["t"]).await.unwrap_err();
    assert!(matches!(&refused, ConnectError::Setting { name, .. } if name == "acks"), "{refused}");
    let settings = KafkaSettings::new("127.0.0.1:1").with_option("no.such.property", "1");
    let refused = Broker::connect(settings, &["t"]).await.unwrap_err();
    assert!(chiron_broker::chain(&refused).contains("no.such.property"), "{refused:?}");
}

/// A token that says of itself that it lasts so many seconds more (RFC 7519, section 6).
#[expect(clippy::disallowed_methods, reason = "the node has the machine's time")]
fn token(seconds: i64) -> Result<BearerToken, Box<dyn std::error::Error + Send + Sync>> {
    let now = jiff::Timestamp::now().as_second();
    let part = |value: serde_json::Value| {
        let bytes = value.to_string().into_bytes();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    };
    let claims = serde_json::json!({"sub": "chiron", "iat": now - 120, "exp": now + seconds});
    let token = format!("{}.{}.", part(serde_json::json!({"alg": "none"})), part(claims));
    let expires = jiff::Timestamp::from_second(now + seconds.max(60))?;
    Ok(BearerToken { token, principal: "chiron".to_owned(), expires })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_encrypt_and_sign_in_in_each_way() {
    let Some(jars) = kafka::jars() else { return };
    let folder = tempfile::tempdir().unwrap();
    let node = Kafka::start_secured(&jars, folder.path()).unwrap();
    let secured = || {
        KafkaSettings::new(node.secured_servers().unwrap())
            .with_option("security.protocol", "SASL_SSL")
            .with_option("ssl.ca.location", &node.certificate().display().to_string())
    };
    let (name, password) = kafka::ACCOUNT;
    let by_password = |mechanism: &str| {
        secured()
            .with_option("sasl.mechanism", mechanism)
            .with_option("sasl.username", name)
            .with_option("sasl.password", password)
    };
    let by_token = secured().with_tokens(Arc::new(|| token(3_600)));
    let ways = [by_password("PLAIN"), by_password("SCRAM-SHA-512"), by_token];
    for (nth, settings) in ways.into_iter().enumerate() {
        let broker = Broker::connect(settings, &["t"]).await.unwrap();
        broker.publish(numbered(nth * 10, nth * 10 + 10)).await.unwrap();
        let member = Member::join(&broker, Duration::ZERO);
        // Each goes on in the group where the one before ended.
        until(|| 10 <= member.count()).await;
        let seen: BTreeSet<String> = member.leave().await.into_iter().collect();
        assert_eq!(seen, names(nth * 10, nth * 10 + 10));
        broker.close().await;
    }

    let wrong = secured().with_tokens(Arc::new(|| token(-60)));
    let refused = Broker::connect(wrong, &["t"]).await.unwrap_err();
    assert!(!chiron_broker::chain(&refused).contains("eyJ"), "{refused:?}");
    let tokenless = secured().with_tokens(Arc::new(|| Err("the issuer is away".into())));
    let refused = Broker::connect(tokenless, &["t"]).await.unwrap_err();
    assert!(chiron_broker::chain(&refused).contains("the issuer is away"), "{refused:?}");

    let wrong = by_password("SCRAM-SHA-512").with_option("sasl.password", "guessed");
    let refused = Broker::connect(wrong, &["t"]).await.unwrap_err();
    let said = chiron_broker::chain(&refused);
    assert!(said.contains("uthentication") && !said.contains("guessed"), "{said}");
    let foreign = by_password("PLAIN").with_option("ssl.ca.location", "/etc/ssl/certs");
    let refused = Broker::connect(foreign, &["t"]).await.unwrap_err();
    assert!(chiron_broker::chain(&refused).contains("certificate"), "{refused:?}");
    // The library's own words would hold the value.
    let misplaced = by_password("PLAIN").with_option("sasl.pasword", "kept-by-nobody");
    let refused = Broker::connect(misplaced, &["t"]).await.unwrap_err();
    assert!(matches!(&refused, ConnectError::Setting { name, .. } if name == "sasl.pasword"));
    let said = format!("{} {refused:?}", chiron_broker::chain(&refused));
    assert!(!said.contains("kept-by-nobody"), "{said}");
}

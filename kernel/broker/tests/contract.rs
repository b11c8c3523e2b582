//! What every kind of broker promises, tried on each: the embedded log, and a real Apache Kafka.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chiron_broker::{
    Broker, BrokerError, Consumer, Durability, Handled, KafkaSettings, LogSettings, PublishError,
    Record, each, partition_of,
};
use chiron_clock::{Activity, Clock, Shutdown, Tasks, Trigger};
use support::{all, record, text};
use test_support::kafka::{self, Kafka};

const PATIENCE: Duration = Duration::from_mins(1);

type Seen = Arc<Mutex<Vec<String>>>;

/// One process's consumers.
struct Service {
    broker: Broker,
    trigger: Trigger,
    shutdown: Shutdown,
    tasks: Tasks,
    seen: Seen,
}

impl Service {
    fn new(broker: &Broker) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        let (tasks, seen) = (Tasks::new(), Seen::default());
        Self { broker: broker.clone(), trigger, shutdown, tasks, seen }
    }

    /// Notes what comes, and does with it what `judge` says.
    fn consume(
        self,
        consumer: Consumer,
        judge: impl Fn(&Record) -> Handled + Send + Sync + 'static,
    ) -> Self {
        let (seen, judge) = (Arc::clone(&self.seen), Arc::new(judge));
        let handler = each(move |record: Record| {
            let (seen, judge) = (Arc::clone(&seen), Arc::clone(&judge));
            async move {
                let handled = judge(&record);
                if matches!(handled, Handled::Done) {
                    seen.lock().unwrap().push(text(&record));
                }
                handled
            }
        });
        let activity = Activity::new(Clock::system());
        let run = consumer.run(self.broker.clone(), activity, self.shutdown.clone(), handler);
        self.tasks.spawn("consumer", run);
        self
    }

    async fn until(&self, reached: impl Fn(&[String]) -> bool) {
        until(|| reached(&self.seen.lock().unwrap())).await;
    }

    fn seen(&self) -> Vec<String> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.sort();
        seen
    }

    async fn stop(self) -> Vec<String> {
        self.trigger.trigger();
        self.tasks.join().await;
        self.seen()
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

fn numbered(topic: &str, from: usize, to: usize) -> Vec<chiron_broker::NewRecord> {
    (from..to).map(|n| record(topic, &format!("a-{}", n % 7), &format!("{n:04}"))).collect()
}

fn names(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| format!("{n:04}")).collect()
}

async fn keeps_order_per_aggregate(broker: &Broker) {
    for n in 0..20 {
        let batch = ["room-1", "room-2", "patient-7"]
            .map(|aggregate| record("order", aggregate, &format!("{aggregate}/{n:02}")));
        let positions = broker.publish(batch.to_vec()).await.unwrap();
        let chosen: Vec<u32> = positions.iter().map(|p| p.partition).collect();
        assert_eq!(chosen, ["room-1", "room-2", "patient-7"].map(|a| partition_of(a, 4)));
    }
    let records = all(broker, "order").await;
    assert_eq!(records.len(), 60);
    for aggregate in ["room-1", "room-2", "patient-7"] {
        let of_one: Vec<String> =
            records.iter().map(text).filter(|text| text.starts_with(aggregate)).collect();
        assert_eq!(of_one, (0..20).map(|n| format!("{aggregate}/{n:02}")).collect::<Vec<_>>());
    }
    let first = records.first().unwrap();
    assert_eq!(first.key.as_deref(), Some("HAPPENED"));
    assert_eq!(first.headers.get("ce_specversion"), Some("1.0"));
    assert_eq!(broker.ends("order").await.unwrap().values().sum::<u64>(), 60);
    assert_eq!(broker.starts("order").await.unwrap().values().sum::<u64>(), 0);
    assert!(broker.topics().await.unwrap().contains(&"order".to_owned()));
}

async fn refuses_what_is_no_record(broker: &Broker) {
    let large = record("refused", "a", &"x".repeat(900_000));
    let refused = broker.publish(vec![record("refused", "a", "first"), large]).await;
    assert!(matches!(refused, Err(PublishError::TooLarge { .. })), "{refused:?}");
    let refused = broker.publish(vec![record("a b", "a", "x")]).await;
    assert!(matches!(refused, Err(PublishError::BadTopic { .. })), "{refused:?}");
    assert!(broker.publish(Vec::new()).await.unwrap().is_empty());
    let fits = record("refused", "a", &"x".repeat(890_000));
    broker.publish(vec![fits]).await.unwrap();
    assert_eq!(all(broker, "refused").await.len(), 1);
}

async fn hands_every_record_to_a_group_and_goes_on_where_it_ended(broker: &Broker) {
    let consumer = Consumer { group: "reader", topics: &["read"] };
    broker.publish(numbered("read", 0, 300)).await.unwrap();
    let service = Service::new(broker).consume(consumer, |_| Handled::Done);
    service.until(|seen| 300 <= seen.len()).await;
    broker.publish(numbered("read", 300, 400)).await.unwrap();
    service.until(|seen| 400 <= seen.len()).await;
    assert_eq!(service.stop().await, names(0, 400));
    assert_eq!(broker.lag("reader", &["read"]).await.unwrap(), 0);
    let committed = broker.committed("reader", "read").await.unwrap();
    assert_eq!(committed, broker.ends("read").await.unwrap());

    broker.publish(numbered("read", 400, 450)).await.unwrap();
    assert_eq!(broker.lag("reader", &["read"]).await.unwrap(), 50);
    let service = Service::new(broker).consume(consumer, |_| Handled::Done);
    service.until(|seen| 50 <= seen.len()).await;
    assert_eq!(service.stop().await, names(400, 450));
    assert!(broker.groups().await.unwrap().contains(&"reader".to_owned()));
}

async fn rejects_to_the_dead_letters_and_retries(broker: &Broker) {
    let consumer = Consumer { group: "judge", topics: &["judged"] };
    let again = Mutex::new(0);
    let service =
        Service::new(broker).consume(consumer, move |record| match text(record).as_str() {
            "0003" => Handled::reject("not for us"),
            "0005" => {
                let mut tries = again.lock().unwrap();
                *tries += 1;
                if *tries < 3 { Handled::retry("not yet") } else { Handled::Done }
            }
            "0007" => panic!("on purpose"),
            _ => Handled::Done,
        });
    broker.publish(numbered("judged", 0, 20)).await.unwrap();
    service.until(|seen| 18 <= seen.len()).await;
    let mut seen = service.stop().await;
    seen.dedup();
    let expected: Vec<String> =
        names(0, 20).into_iter().filter(|n| n != "0003" && n != "0007").collect();
    assert_eq!(seen, expected);
    let letters = all(broker, "judged.dead-letters").await;
    let mut told: Vec<_> = letters
        .iter()
        .map(|letter| {
            let header = |name| letter.headers.get(name).unwrap().to_owned();
            (text(letter), header("dead-letter-reason"), header("dead-letter-group"))
        })
        .collect();
    told.sort();
    let reason = |n: &str, why: &str| (n.to_owned(), why.to_owned(), "judge".to_owned());
    let panicked = "the handler panicked: on purpose";
    assert_eq!(told, [reason("0003", "not for us"), reason("0007", panicked)]);
    assert_eq!(broker.lag("judge", &["judged"]).await.unwrap(), 0);
}

async fn sets_a_group_back(broker: &Broker) {
    let consumer = Consumer { group: "again", topics: &["again"] };
    broker.publish(numbered("again", 0, 30)).await.unwrap();
    let service = Service::new(broker).consume(consumer, |_| Handled::Done);
    service.until(|seen| 30 <= seen.len()).await;
    service.stop().await;
    let starts = broker.starts("again").await.unwrap();
    broker.rewind("again", "again", &starts).await.unwrap();
    assert_eq!(broker.lag("again", &["again"]).await.unwrap(), 30);
    let unknown = broker.rewind("again", "again", &BTreeMap::from([(99, 0)])).await;
    assert!(matches!(unknown, Err(BrokerError::NoPartition { partition: 99, .. })), "{unknown:?}");
    let service = Service::new(broker).consume(consumer, |_| Handled::Done);
    service.until(|seen| 30 <= seen.len()).await;
    assert_eq!(service.stop().await, names(0, 30));
    broker.forget_group("again").await.unwrap();
    assert!(!broker.groups().await.unwrap().contains(&"again".to_owned()));
}

async fn tells_who_follows(broker: &Broker) {
    broker.publish(numbered("told", 0, 5)).await.unwrap();
    broker.follow(&["told"]).await.unwrap();
    broker.follow(&["told"]).await.unwrap();
    assert_eq!(broker.seen("told"), broker.ends("told").await.unwrap());
    let mut count = 0;
    let before = broker.seen("told");
    broker.publish(numbered("told", 5, 25)).await.unwrap();
    while broker.seen("told").values().sum::<u64>() < 25 {
        count = broker.wait_for_append(count).await;
    }
    let mut new = Vec::new();
    for (partition, from) in before {
        let records = broker.read("told", partition, from, 100).await.unwrap();
        new.extend(records.iter().map(text));
    }
    new.sort();
    assert_eq!(new, names(5, 25));
    assert_eq!(all(broker, "told").await.len(), 25, "what was before is to be had, too");
}

async fn finds_records_by_time(broker: &Broker) {
    broker.publish(numbered("timed", 0, 10)).await.unwrap();
    // Kafka's time is in milliseconds.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let moment = Clock::system().now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let before = broker.ends("timed").await.unwrap();
    broker.publish(numbered("timed", 10, 24)).await.unwrap();
    assert_eq!(broker.offsets_at("timed", moment).await.unwrap(), before);
    let late = moment + jiff::SignedDuration::from_hours(1);
    let ends = broker.ends("timed").await.unwrap();
    assert_eq!(broker.offsets_at("timed", late).await.unwrap(), ends);
}

async fn ends(broker: &Broker) {
    broker.close().await;
    let refused = broker.publish(vec![record("order", "a", "late")]).await;
    assert!(matches!(refused, Err(PublishError::Closed)), "{refused:?}");
}

async fn everything(broker: &Broker) {
    keeps_order_per_aggregate(broker).await;
    refuses_what_is_no_record(broker).await;
    hands_every_record_to_a_group_and_goes_on_where_it_ended(broker).await;
    rejects_to_the_dead_letters_and_retries(broker).await;
    sets_a_group_back(broker).await;
    tells_who_follows(broker).await;
    finds_records_by_time(broker).await;
    ends(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_log_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let settings = LogSettings::new(Durability::Durable);
    everything(&Broker::open(&path, settings, Clock::system()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_keeps_the_contract() {
    let Some(jars) = kafka::jars() else { return };
    let folder = tempfile::tempdir().unwrap();
    let kafka = Kafka::start(&jars, folder.path()).unwrap();
    let settings = KafkaSettings::new(kafka.servers());
    everything(&Broker::connect(settings, &[]).await.unwrap()).await;
}

//! The consumer's loop: what is handled, retried, rejected, and what a standing clock may think.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chiron_broker::{
    Broker, Consumer, Durability, Handled, Handler, LogSettings, Record, TraceContext, each,
    partition_of,
};
use chiron_clock::{Activity, Clock, Hand, Shutdown, Tasks, Trigger};
use support::{all, epoch, record, text};

const CONSUMER: Consumer = Consumer { group: "g", topics: &["t", "u"] };

struct World {
    broker: Broker,
    activity: Activity,
    hand: Hand,
    trigger: Trigger,
    shutdown: Shutdown,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::lock_step(epoch());
        let settings = LogSettings::new(Durability::Relaxed);
        let broker = Broker::open(&folder.path().join("e.db"), settings, clock.clone()).unwrap();
        let (trigger, shutdown) = Shutdown::new();
        let (activity, tasks) = (Activity::new(clock), Tasks::new());
        Self { broker, activity, hand, trigger, shutdown, tasks, _folder: folder }
    }

    fn consume(&self, handler: impl Handler + 'static) {
        let run = CONSUMER.run(
            self.broker.clone(),
            self.activity.clone(),
            self.shutdown.clone(),
            handler,
        );
        self.tasks.spawn("consumer", run);
    }

    async fn publish(&self, topic: &str, values: &[&str]) {
        let records = values.iter().map(|value| record(topic, value, value)).collect();
        self.broker.publish(records).await.unwrap();
    }

    /// Waits until nothing is pending: the quiescence that the simulator waits for.
    async fn quiet(&self) {
        self.until(|world| world.activity.snapshot().pending == 0).await;
    }

    async fn until(&self, reached: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !reached(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
    }

    async fn stop(self) {
        self.trigger.trigger();
        self.tasks.join().await;
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

fn note(seen: &Seen, record: &Record) {
    seen.lock().unwrap().push(text(record));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_every_record_and_counts_until_committed() {
    let world = World::new();
    let seen = Seen::default();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    world.publish("t", &["1", "2", "3"]).await;
    world.consume(each({
        let (seen, gate) = (Arc::clone(&seen), Arc::clone(&gate));
        move |record| {
            let (seen, gate) = (Arc::clone(&seen), Arc::clone(&gate));
            async move {
                gate.acquire().await.unwrap().forget();
                note(&seen, &record);
                Handled::Done
            }
        }
    }));
    world.publish("u", &["4"]).await;
    assert!(4 <= world.activity.snapshot().pending, "waiting records are pending");
    for _ in 0..4 {
        assert_ne!(world.activity.snapshot().pending, 0);
        gate.add_permits(1);
    }
    world.quiet().await;
    assert_eq!(world.activity.snapshot().handled, 4);
    assert_eq!(world.broker.lag("g", &["t", "u"]).await.unwrap(), 0);
    let mut values = seen.lock().unwrap().clone();
    values.sort();
    assert_eq!(values, ["1", "2", "3", "4"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_holds_back_its_partition_and_lets_a_standing_clock_move() {
    let world = World::new();
    let seen = Seen::default();
    let healed = Arc::new(AtomicBool::new(false));
    let tries = Arc::new(AtomicU32::new(0));
    world.consume(each({
        let (seen, healed, tries) = (Arc::clone(&seen), Arc::clone(&healed), Arc::clone(&tries));
        move |record| {
            let (seen, healed, tries) =
                (Arc::clone(&seen), Arc::clone(&healed), Arc::clone(&tries));
            async move {
                if text(&record) == "sick" {
                    tries.fetch_add(1, Ordering::SeqCst);
                    if !healed.load(Ordering::SeqCst) {
                        return Handled::retry("the store is down");
                    }
                }
                note(&seen, &record);
                Handled::Done
            }
        }
    }));
    // One aggregate of the sick one's partition, and one of another.
    let other = |same: bool| {
        let names = (0..).map(|n| format!("n{n}"));
        let sick = partition_of("sick", 4);
        names.into_iter().find(|name| (partition_of(name, 4) == sick) == same).unwrap()
    };
    let (behind, beside) = (other(true), other(false));
    world.publish("t", &["sick", &behind, &beside]).await;
    world.until(|_| seen.lock().unwrap().contains(&beside)).await;
    world.quiet().await;
    assert_eq!(*seen.lock().unwrap(), std::slice::from_ref(&beside));
    assert_eq!(world.broker.lag("g", &["t"]).await.unwrap(), 2, "nothing is committed that waits");
    assert_eq!(tries.load(Ordering::SeqCst), 1);

    // Nothing is pending but the timer: the clock may move there, and the record comes again.
    let timer = world.activity.snapshot().next_timer.unwrap();
    world.hand.move_to(timer);
    world.until(|_| tries.load(Ordering::SeqCst) == 2).await;
    world.quiet().await;
    healed.store(true, Ordering::SeqCst);
    let timer = world.activity.snapshot().next_timer.unwrap();
    world.hand.move_to(timer);
    world.quiet().await;
    assert_eq!(*seen.lock().unwrap(), [beside, "sick".to_owned(), behind]);
    assert_eq!(world.activity.snapshot().next_timer, None);
    assert_eq!(world.broker.lag("g", &["t"]).await.unwrap(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejects_to_the_dead_letters_with_reason_and_origin() {
    let world = World::new();
    world.consume(each(async |record: Record| match text(&record).as_str() {
        "bad" => Handled::reject("not a room"),
        "worse" => panic!("on purpose"),
        _ => Handled::Done,
    }));
    world.publish("t", &["good", "bad", "worse", "fine"]).await;
    world.quiet().await;
    assert_eq!(world.broker.lag("g", &["t"]).await.unwrap(), 0, "the rest goes on");
    let letters = all(&world.broker, "t.dead-letters").await;
    let by_value: BTreeMap<String, &Record> =
        letters.iter().map(|letter| (text(letter), letter)).collect();
    assert_eq!(by_value.keys().collect::<Vec<_>>(), ["bad", "worse"]);
    let bad = by_value["bad"];
    assert_eq!(bad.headers.get("dead-letter-reason"), Some("not a room"));
    assert_eq!(bad.headers.get("dead-letter-topic"), Some("t"));
    assert_eq!(bad.headers.get("dead-letter-group"), Some("g"));
    assert_eq!(bad.headers.get("ce_id"), Some("id"), "its own headers stay");
    assert_eq!(bad.key.as_deref(), Some("HAPPENED"));
    let partition = bad.headers.get("dead-letter-partition").unwrap().parse().unwrap();
    let offset = bad.headers.get("dead-letter-offset").unwrap().parse().unwrap();
    let origin = world.broker.read("t", partition, offset, 1).await.unwrap().remove(0);
    assert_eq!((text(&origin).as_str(), &origin.value), ("bad", &bad.value));
    let panicked = by_value["worse"].headers.get("dead-letter-reason");
    assert_eq!(panicked, Some("the handler panicked: on purpose"));
    assert_eq!(world.activity.snapshot().appended, 2, "dead letters are appended records");
    world.stop().await;
}

/// Takes slices; says too little of a slice that has a `silent` in it, once.
struct Slices {
    seen: Arc<Mutex<Vec<Vec<String>>>>,
    spoke: AtomicBool,
}

impl Handler for Slices {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let first = records.first().unwrap();
        let same = |r: &Record| (&r.topic, r.partition) == (&first.topic, first.partition);
        assert!(records.iter().all(same));
        let values: Vec<String> = records.iter().map(text).collect();
        let silent = values.iter().position(|value| value == "silent");
        self.seen.lock().unwrap().push(values);
        let answers = match silent {
            Some(at) if !self.spoke.swap(true, Ordering::SeqCst) => at,
            _ => records.len(),
        };
        (0..answers).map(|_| Handled::Done).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_may_take_slices_and_must_speak_of_each() {
    let world = World::new();
    let records = ["1", "2", "silent", "4"].map(|value| record("t", "one aggregate", value));
    world.broker.publish(records.to_vec()).await.unwrap();
    let seen = Arc::<Mutex<Vec<Vec<String>>>>::default();
    world.consume(Slices { seen: Arc::clone(&seen), spoke: AtomicBool::new(false) });
    world.until(|world| world.activity.snapshot().next_timer.is_some()).await;
    world.quiet().await;
    assert_eq!(world.broker.lag("g", &["t"]).await.unwrap(), 2);
    world.hand.move_to(world.activity.snapshot().next_timer.unwrap());
    world.quiet().await;
    assert_eq!(*seen.lock().unwrap(), [vec!["1", "2", "silent", "4"], vec!["silent", "4"]]);
    assert_eq!(world.broker.lag("g", &["t"]).await.unwrap(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finishes_and_commits_what_it_has_begun_when_asked_to_stop() {
    let world = World::new();
    let begun = Arc::new(tokio::sync::Notify::new());
    let finish = Arc::new(tokio::sync::Notify::new());
    world.consume(each({
        let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
        move |_record| {
            let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
            async move {
                begun.notify_one();
                finish.notified().await;
                Handled::Done
            }
        }
    }));
    world.publish("t", &["slow"]).await;
    begun.notified().await;
    let broker = world.broker.clone();
    let stopping = world.stop();
    tokio::pin!(stopping);
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut stopping).await.is_err());
    finish.notify_one();
    stopping.await;
    assert_eq!(broker.lag("g", &["t"]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_group_can_be_rewound() {
    let world = World::new();
    let seen = Seen::default();
    world.consume(each({
        let seen = Arc::clone(&seen);
        move |record| {
            note(&seen, &record);
            async { Handled::Done }
        }
    }));
    world.publish("t", &["1", "2", "3"]).await;
    world.quiet().await;
    let all: BTreeMap<u32, u64> = (0..world.broker.partitions()).map(|p| (p, 0)).collect();
    world.broker.rewind("g", "t", &all).await.unwrap();
    world.quiet().await;
    assert_eq!(seen.lock().unwrap().len(), 6);
    assert_eq!(world.activity.snapshot().handled, 6);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_works_in_the_trace_of_its_record() {
    let world = World::new();
    let traces = Arc::<Mutex<Vec<TraceContext>>>::default();
    world.consume(each({
        let traces = Arc::clone(&traces);
        move |_record| {
            let traces = Arc::clone(&traces);
            async move {
                traces.lock().unwrap().push(TraceContext::current().unwrap());
                Handled::Done
            }
        }
    }));
    let cause = TraceContext::root();
    cause.scope(world.publish("t", &["1"])).await;
    world.quiet().await;
    let seen = traces.lock().unwrap()[0];
    assert_eq!(seen.trace_id, cause.trace_id);
    assert_ne!(seen.span_id, cause.span_id);
    world.stop().await;
}

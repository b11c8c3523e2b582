//! What is appended to some topics, noticed as it happens and outside of any group: for streams to
//! people, who are told from now on and a little of before.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::watch;

use super::context::Watch;
use super::wire;
use crate::error::StorageError;
use crate::record::Record;

/// Newest records of a partition that are kept at hand.
const AT_HAND: usize = 1_024;
/// How long the thread waits for records before it looks whether it is to end.
const POLL: Duration = Duration::from_millis(100);

/// The followed topics.
pub(super) struct Tail {
    config: ClientConfig,
    watch: Watch,
    seen: Arc<Seen>,
    following: Mutex<Option<Following>>,
}

struct Following {
    client: Arc<BaseConsumer<Watch>>,
    thread: JoinHandle<()>,
}

struct Seen {
    places: Mutex<BTreeMap<(String, u32), Newest>>,
    count: watch::Sender<u64>,
    closed: AtomicBool,
}

/// The newest records of a partition, without a gap to its end.
struct Newest {
    records: VecDeque<Record>,
    /// From here on everything is at hand.
    from: u64,
    end: u64,
}

impl Tail {
    pub(super) fn new(mut config: ClientConfig, watch: Watch) -> Self {
        // A group has to be named; nothing is joined, nothing committed.
        config.set("group.id", "chiron-following");
        let seen = Arc::new(Seen {
            places: Mutex::default(),
            count: watch::Sender::new(0),
            closed: AtomicBool::new(false),
        });
        Self { config, watch, seen, following: Mutex::default() }
    }

    /// Begins to notice what comes behind the given ends.
    pub(super) fn follow(&self, ends: Vec<(String, u32, u64)>) -> Result<(), StorageError> {
        let mut more = TopicPartitionList::new();
        {
            let mut places = self.seen.places();
            for (topic, partition, end) in ends {
                let key = (topic, partition);
                if places.contains_key(&key) {
                    continue;
                }
                let number = i32::try_from(partition).unwrap_or(0);
                let offset = Offset::Offset(i64::try_from(end).unwrap_or(i64::MAX));
                more.add_partition_offset(&key.0, number, offset)?;
                places.insert(key, Newest { records: VecDeque::new(), from: end, end });
            }
        }
        if more.count() == 0 {
            return Ok(());
        }
        let mut following = self.following();
        if let Some(following) = &*following {
            following.client.incremental_assign(&more)?;
            return Ok(());
        }
        let client: BaseConsumer<Watch> = self.config.create_with_context(self.watch.clone())?;
        let client = Arc::new(client);
        client.incremental_assign(&more)?;
        let (seen, polled) = (Arc::clone(&self.seen), Arc::clone(&client));
        let thread = std::thread::Builder::new()
            .name("kafka-following".to_owned())
            .spawn(move || seen.run(&polled))?;
        *following = Some(Following { client, thread });
        Ok(())
    }

    pub(super) fn seen(&self, topic: &str) -> BTreeMap<u32, u64> {
        let places = self.seen.places();
        let of_topic = places.iter().filter(|((name, _), _)| name == topic);
        of_topic.map(|((_, partition), newest)| (*partition, newest.end)).collect()
    }

    /// What is at hand; `None` when that does not reach back so far, or it is not followed.
    pub(super) fn read(
        &self,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Option<Vec<Record>> {
        let places = self.seen.places();
        let newest = places.get(&(topic.to_owned(), partition))?;
        if from < newest.from {
            return None;
        }
        let wanted = newest.records.iter().skip_while(|record| record.offset < from);
        Some(wanted.take(max).cloned().collect())
    }

    pub(super) async fn wait(&self, seen: u64) -> u64 {
        let mut counts = self.seen.count.subscribe();
        loop {
            let count = *counts.borrow_and_update();
            if seen < count || self.seen.closed.load(Ordering::Acquire) {
                return count;
            }
            if counts.changed().await.is_err() {
                return count;
            }
        }
    }

    pub(super) fn close(&self) {
        self.seen.closed.store(true, Ordering::Release);
        let following = self.following().take();
        if let Some(Following { client, thread }) = following {
            drop(client);
            if thread.join().is_err() {
                tracing::error!("the thread that follows topics panicked");
            }
        }
        // Wakes whoever waits, so that they see the end.
        self.seen.count.send_modify(|_| {});
    }

    fn following(&self) -> MutexGuard<'_, Option<Following>> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.close();
    }
}

impl Seen {
    fn run(&self, client: &BaseConsumer<Watch>) {
        while !self.closed.load(Ordering::Acquire) {
            match client.poll(POLL) {
                None => {}
                Some(Ok(message)) => self.note(wire::record(&message)),
                Some(Err(error)) => {
                    tracing::warn!(%error, "followed topics could not be read");
                    std::thread::sleep(POLL);
                }
            }
        }
    }

    fn note(&self, record: Record) {
        {
            let mut places = self.places();
            let Some(newest) = places.get_mut(&(record.topic.clone(), record.partition)) else {
                return;
            };
            newest.end = record.offset + 1;
            newest.records.push_back(record);
            if AT_HAND < newest.records.len()
                && let Some(oldest) = newest.records.pop_front()
            {
                newest.from = oldest.offset + 1;
            }
        }
        self.count.send_modify(|count| *count += 1);
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<(String, u32), Newest>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Questions to the cluster: what topics hold, how far groups have come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::util::Timeout;

use super::context::Watch;
use super::{Kafka, PATIENCE, sign_in, wire};
use crate::error::{BrokerError, StorageError};
use crate::record::Record;

/// A read ends when nothing has come for so long.
const SILENCE: Duration = Duration::from_millis(500);

/// Where the partitions of a topic begin and end.
pub(crate) struct Extents(BTreeMap<u32, (u64, u64)>);

impl Extents {
    pub(crate) fn starts(&self) -> BTreeMap<u32, u64> {
        self.0.iter().map(|(partition, (start, _))| (*partition, *start)).collect()
    }

    pub(crate) fn ends(&self) -> BTreeMap<u32, u64> {
        self.0.iter().map(|(partition, (_, end))| (*partition, *end)).collect()
    }
}

impl Kafka {
    /// By topic whose partitions have leaders, their number.
    pub(super) async fn count_partitions(&self) -> KafkaResult<BTreeMap<String, u32>> {
        self.ask(|asking, patience| {
            let metadata = asking.fetch_metadata(None, patience)?;
            let count = |partitions: usize| u32::try_from(partitions).unwrap_or(u32::MAX);
            let led = |topic: &&MetadataTopic| {
                topic.error().is_none() && topic.partitions().iter().all(|p| 0 <= p.leader())
            };
            let topics = metadata.topics().iter().filter(led);
            Ok(topics.map(|t| (t.name().to_owned(), count(t.partitions().len()))).collect())
        })
        .await
    }

    pub(crate) async fn topic_names(&self) -> Result<Vec<String>, BrokerError> {
        let topics = self.count_partitions().await.map_err(StorageError::from)?;
        // What the cluster keeps for itself.
        Ok(topics.into_keys().filter(|name| !name.starts_with("__")).collect())
    }

    pub(crate) async fn group_names(&self) -> Result<Vec<String>, BrokerError> {
        let names = self.ask(|asking, patience| {
            let groups = asking.fetch_group_list(None, patience)?;
            Ok(groups.groups().iter().map(|group| group.name().to_owned()).collect::<Vec<_>>())
        });
        let mut names = names.await.map_err(StorageError::from)?;
        names.sort();
        Ok(names)
    }

    pub(crate) async fn extents(&self, topic: &str) -> Result<Extents, BrokerError> {
        let partitions = self.partitions_of(topic).await?;
        let topic = topic.to_owned();
        let extents = self.ask(move |asking, patience| {
            let extent = |partition: u32| {
                let number = i32::try_from(partition).unwrap_or(0);
                let (start, end) = asking.fetch_watermarks(&topic, number, patience)?;
                Ok((partition, (start.unsigned_abs(), end.unsigned_abs())))
            };
            (0..partitions).map(extent).collect::<KafkaResult<BTreeMap<_, _>>>()
        });
        Ok(Extents(extents.await.map_err(StorageError::from)?))
    }

    pub(crate) async fn committed(
        &self,
        group: &str,
        topic: &str,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        let partitions = self.partitions_of(topic).await?;
        let asked = topic;
        let (topic, client) = (topic.to_owned(), self.of_group(group)?);
        let committed = self.ask(move |_asking, patience| {
            let mut places = TopicPartitionList::new();
            places.add_partition_range(&topic, 0, i32::try_from(partitions).unwrap_or(1) - 1);
            let committed = client.committed_offsets(places.clone(), patience)?;
            Ok(offsets(&committed))
        });
        let mut committed = committed.await.map_err(StorageError::from)?;
        // A group commits nothing in a partition from which it has got nothing: it begins there at
        // the oldest record.
        if !committed.is_empty() && committed.len() < usize::try_from(partitions).unwrap_or(0) {
            for (partition, start) in self.extents(asked).await?.starts() {
                committed.entry(partition).or_insert(start);
            }
        }
        Ok(committed)
    }

    pub(crate) async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BrokerError> {
        let mut lag = 0;
        for topic in topics {
            let Extents(extents) = self.extents(topic).await?;
            let committed = self.committed(group, topic).await?;
            lag += extents
                .iter()
                .map(|(partition, (start, end))| {
                    let next = committed.get(partition).copied().unwrap_or(0).max(*start);
                    end.saturating_sub(next)
                })
                .sum::<u64>();
        }
        Ok(lag)
    }

    pub(super) async fn first_since(
        &self,
        topic: &str,
        at: Timestamp,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        let ends = self.extents(topic).await?.ends();
        let asked = topic.to_owned();
        let partitions = i32::try_from(ends.len()).unwrap_or(0);
        let found = self.ask(move |asking, patience| {
            let mut times = TopicPartitionList::new();
            for partition in 0..partitions {
                let at = Offset::Offset(at.as_millisecond().max(0));
                times.add_partition_offset(&asked, partition, at)?;
            }
            Ok(offsets(&asking.offsets_for_times(times, patience)?))
        });
        let found = found.await.map_err(StorageError::from)?;
        // Where there is none the answer is the end.
        Ok(ends.into_iter().map(|(p, end)| (p, found.get(&p).copied().unwrap_or(end))).collect())
    }

    /// Reads from the cluster, by a client of its own: this is for people and for catching up.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        let partitions = self.partitions_of(topic).await?;
        if partitions == 0 {
            return Ok(Vec::new());
        }
        if partitions <= partition {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let client = self.of_group("chiron-reading")?;
        let topic = topic.to_owned();
        let read = self.ask(move |asking, patience| {
            let number = i32::try_from(partition).unwrap_or(0);
            let (start, end) = asking.fetch_watermarks(&topic, number, patience)?;
            let (start, end) = (start.unsigned_abs(), end.unsigned_abs());
            let from = from.max(start);
            if end <= from || max == 0 {
                return Ok(Vec::new());
            }
            let mut place = TopicPartitionList::new();
            let offset = Offset::Offset(i64::try_from(from).unwrap_or(i64::MAX));
            place.add_partition_offset(&topic, number, offset)?;
            client.assign(&place)?;
            poll(&client, end, max, patience)
        });
        Ok(read.await.map_err(StorageError::from)?)
    }

    pub(crate) async fn rewind(
        &self,
        group: &str,
        topic: &str,
        offsets: &BTreeMap<u32, u64>,
    ) -> Result<(), BrokerError> {
        let Extents(extents) = self.extents(topic).await?;
        let mut places = TopicPartitionList::new();
        for (partition, offset) in offsets {
            let Some((start, end)) = extents.get(partition) else {
                return Err(BrokerError::NoPartition {
                    topic: topic.to_owned(),
                    partition: *partition,
                });
            };
            let kept = i64::try_from((*offset).clamp(*start, *end)).unwrap_or(i64::MAX);
            let number = i32::try_from(*partition).unwrap_or(0);
            places
                .add_partition_offset(topic, number, Offset::Offset(kept))
                .map_err(StorageError::from)?;
        }
        let client = self.of_group(group)?;
        let (name, wanted) = (group.to_owned(), places);
        let set = self.ask(move |asking, patience| {
            let groups = asking.fetch_group_list(Some(&name), patience)?;
            if groups.groups().iter().any(|group| !group.members().is_empty()) {
                return Ok(false);
            }
            client.assign(&wanted)?;
            client.commit(&wanted, CommitMode::Sync)?;
            Ok(true)
        });
        if set.await.map_err(StorageError::from)? {
            Ok(())
        } else {
            Err(BrokerError::GroupIsReading { group: group.to_owned() })
        }
    }

    pub(crate) async fn forget_group(&self, group: &str) -> Result<(), BrokerError> {
        let options = AdminOptions::new().request_timeout(Some(PATIENCE));
        let gone = self.admin.delete_groups(&[group], &options).await;
        for outcome in gone.map_err(StorageError::from)? {
            match outcome {
                Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound)) => {}
                Err((_, RDKafkaErrorCode::NonEmptyGroup)) => {
                    return Err(BrokerError::GroupIsReading { group: group.to_owned() });
                }
                Err((_, code)) => return Err(StorageError::from(KafkaError::AdminOp(code)).into()),
            }
        }
        Ok(())
    }

    async fn partitions_of(&self, topic: &str) -> Result<u32, BrokerError> {
        if let Some(known) = self.known.partitions(topic) {
            return Ok(known);
        }
        let there = self.count_partitions().await.map_err(StorageError::from)?;
        let Some(partitions) = there.get(topic).copied() else { return Ok(0) };
        self.known.note(topic, partitions);
        Ok(partitions)
    }

    /// A client in the name of a group, which does not join it.
    fn of_group(&self, group: &str) -> Result<BaseConsumer<Watch>, BrokerError> {
        let mut config = self.config_of_members();
        config.set("group.id", group).set("enable.partition.eof", "false");
        let client = config.create_with_context(self.watch.clone()).map_err(StorageError::from)?;
        sign_in(&client);
        Ok(client)
    }
}

/// Offsets by partition, those that are none left out.
fn offsets(list: &TopicPartitionList) -> BTreeMap<u32, u64> {
    let known = |element: rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        let Offset::Offset(offset) = element.offset() else { return None };
        Some((u32::try_from(element.partition()).ok()?, u64::try_from(offset).ok()?))
    };
    list.elements().into_iter().filter_map(known).collect()
}

/// Records up to `end`, at most `max`; fewer when the cluster falls silent.
fn poll(
    client: &BaseConsumer<Watch>,
    end: u64,
    max: usize,
    patience: Timeout,
) -> KafkaResult<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    let began = Instant::now();
    loop {
        let wait: Timeout = if records.is_empty() { patience } else { SILENCE.into() };
        match client.poll(wait) {
            Some(Ok(message)) => records.push(wire::record(&message)),
            Some(Err(err)) => return Err(err),
            None if records.is_empty() && began.elapsed() < PATIENCE => continue,
            None => return Ok(records),
        }
        let last = records.last().map_or(0, |record| record.offset + 1);
        if end <= last || max <= records.len() {
            return Ok(records);
        }
    }
}

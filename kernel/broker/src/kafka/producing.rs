//! Publishing: handed to the client library in order, answered when all is acknowledged.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::FutureRecord;
use rdkafka::producer::future_producer::DeliveryFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::{Kafka, MAX_WAITING_KIB, wire};
use crate::error::{ConnectError, PublishError, StorageError};
use crate::partition::partition_of;
use crate::record::{Headers, Letter, NewRecord, Position};

/// A record as it is handed over.
struct Outgoing<'a> {
    topic: &'a str,
    partition: u32,
    key: Option<&'a str>,
    value: &'a [u8],
    headers: &'a Headers,
}

impl Kafka {
    pub(crate) async fn publish(
        &self,
        records: Vec<NewRecord>,
    ) -> Result<Vec<Position>, PublishError> {
        let topics: BTreeSet<&str> = records.iter().map(|record| record.topic.as_str()).collect();
        for topic in topics {
            if self.known.partitions(topic).is_none() {
                self.ensure(&[topic]).await.map_err(refused)?;
            }
        }
        let outgoing = records.iter().map(|record| {
            let partitions = self.known.partitions(&record.topic).unwrap_or(1);
            Outgoing {
                topic: &record.topic,
                partition: partition_of(&record.aggregate, partitions),
                key: Some(&record.key),
                value: record.value.as_bytes(),
                headers: &record.headers,
            }
        });
        let _room = self.room(records.iter().map(NewRecord::bytes).sum()).await?;
        self.send(outgoing).await
    }

    pub(super) async fn publish_letters(&self, letters: &[Letter]) -> Result<(), PublishError> {
        let topics: BTreeSet<&str> = letters.iter().map(|letter| letter.topic.as_str()).collect();
        for topic in topics {
            self.ensure(&[topic]).await.map_err(refused)?;
        }
        let outgoing = letters.iter().map(|letter| Outgoing {
            topic: &letter.topic,
            // The topic may have been made by somebody with fewer partitions.
            partition: letter.partition % self.known.partitions(&letter.topic).unwrap_or(1).max(1),
            key: letter.key.as_deref(),
            value: &letter.value,
            headers: &letter.headers,
        });
        let bytes = letters.iter().map(|letter| letter.value.len() + letter.headers.bytes()).sum();
        let _room = self.room(bytes).await?;
        self.send(outgoing).await.map(drop)
    }

    /// Waits until so many bytes may be under way.
    async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, PublishError> {
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(MAX_WAITING_KIB);
        let waiting = Arc::clone(&self.waiting);
        waiting.acquire_many_owned(kib).await.map_err(|_| PublishError::Closed)
    }

    async fn send<'a>(
        &self,
        outgoing: impl Iterator<Item = Outgoing<'a>>,
    ) -> Result<Vec<Position>, PublishError> {
        let mut under_way = Vec::with_capacity(outgoing.size_hint().0);
        let mut refused = None;
        for record in outgoing {
            // In their order: the library keeps that within a partition.
            match self.hand_over(&record).await {
                Ok(delivery) => {
                    let topic = record.topic;
                    under_way.push(async move { (topic, delivery.await) });
                }
                Err(err) => {
                    refused = Some(err);
                    break;
                }
            }
        }
        let mut positions = Vec::with_capacity(under_way.len());
        for (topic, delivered) in join_all(under_way).await {
            match delivered {
                Ok(Ok(delivery)) => {
                    let position = Position {
                        partition: u32::try_from(delivery.partition).unwrap_or(0),
                        offset: u64::try_from(delivery.offset).unwrap_or(0),
                    };
                    self.published(topic, position);
                    positions.push(position);
                }
                Ok(Err((err, _record))) => refused = refused.or(Some(err)),
                Err(_canceled) => refused = refused.or(Some(KafkaError::Canceled)),
            }
        }
        match refused {
            None => {
                self.watch.well();
                count(&positions);
                Ok(positions)
            }
            Some(err) => {
                let err = StorageError::from(err);
                if err.trouble().is_some() {
                    self.watch.unwell();
                }
                Err(PublishError::Storage(err))
            }
        }
    }

    async fn hand_over(&self, record: &Outgoing<'_>) -> Result<DeliveryFuture, KafkaError> {
        let partition = i32::try_from(record.partition).unwrap_or(0);
        loop {
            let mut sent = FutureRecord::<str, [u8]>::to(record.topic)
                .partition(partition)
                .payload(record.value)
                .headers(wire::headers(record.headers));
            if let Some(key) = record.key {
                sent = sent.key(key);
            }
            match self.producer.send_result(sent) {
                Ok(delivery) => return Ok(delivery),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    // The library's own bound, should the settings have made it the smaller one.
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
                Err((err, _)) => return Err(err),
            }
        }
    }
}

fn count(positions: &[Position]) {
    metrics::counter!("chiron_kafka_acknowledged_total")
        .increment(u64::try_from(positions.len()).unwrap_or(u64::MAX));
}

/// A topic that cannot be made now may be made later.
fn refused(err: ConnectError) -> PublishError {
    match err {
        ConnectError::Cluster(err) => PublishError::Storage(err.into()),
        other => PublishError::Topic(Box::new(other)),
    }
}

//! What the port asks of the embedded log.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::error::{BrokerError, PublishError};
use crate::log::fragment::Fragments;
use crate::log::reader::{self, Range};
use crate::log::{Change, ChangeError, Log, Step, StepKind};
use crate::partition::partition_of;
use crate::record::{NewRecord, Position, Record};

impl Log {
    pub(crate) async fn publish(
        &self,
        records: Vec<NewRecord>,
    ) -> Result<Vec<Position>, PublishError> {
        let mut fragments = Fragments::with_room(records.iter().map(NewRecord::bytes).sum());
        let mut partitions = HashMap::new();
        for NewRecord { topic, aggregate, key, value, headers } in &records {
            let partition = *partitions
                .entry(aggregate.as_str())
                .or_insert_with(|| partition_of(aggregate, self.partitions()));
            fragments.push(topic, partition, Some(key), value.as_bytes(), headers);
        }
        let places = fragments.places();
        let change = Change { records: fragments, ..Change::default() };
        // Many small texts: they are given back while the writer works, not before or after.
        let done_with = async { drop(records) };
        let (first, ()) = futures_util::future::join(self.change(change), done_with).await;
        let first = first.map_err(|err| match err {
            ChangeError::Closed => PublishError::Closed,
            ChangeError::Storage(err) => PublishError::Storage(err),
        })?;
        Ok(places.positions(&first))
    }

    pub(crate) fn lag(&self, group: &str, topics: &[&str]) -> u64 {
        let state = self.state();
        topics.iter().map(|topic| state.lag(group, topic)).sum()
    }

    pub(crate) fn ends(&self, topic: &str) -> BTreeMap<u32, u64> {
        (0..).zip(self.state().extents(topic)).map(|(p, extent)| (p, extent.end)).collect()
    }

    pub(crate) fn starts(&self, topic: &str) -> BTreeMap<u32, u64> {
        (0..).zip(self.state().extents(topic)).map(|(p, extent)| (p, extent.low)).collect()
    }

    pub(crate) fn committed(&self, group: &str, topic: &str) -> BTreeMap<u32, u64> {
        let state = self.state();
        (0..).zip(state.progress(group, topic)).map(|(p, progress)| (p, progress.next)).collect()
    }

    pub(crate) fn topics(&self) -> Vec<String> {
        self.state().topics.keys().cloned().collect()
    }

    pub(crate) fn groups(&self) -> Vec<String> {
        self.state().groups.keys().cloned().collect()
    }

    pub(crate) async fn read(
        self: &Arc<Self>,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        if self.partitions() <= partition {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let Some(extent) = self.state().extent(topic, partition) else {
            return Ok(Vec::new());
        };
        match Range::of(topic, partition, extent, from) {
            Some(range) if 0 < max => self.read_ranges(vec![range], max).await,
            _ => Ok(Vec::new()),
        }
    }

    pub(crate) async fn rewind(
        &self,
        group: &str,
        topic: &str,
        offsets: &BTreeMap<u32, u64>,
    ) -> Result<(), BrokerError> {
        if let Some(&partition) = offsets.keys().find(|p| self.partitions() <= **p) {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let step = |(partition, next): (&u32, &u64)| Step {
            group: group.to_owned(),
            topic: topic.to_owned(),
            kind: StepKind::Rewind { partition: *partition, next: *next },
        };
        let change = Change { steps: offsets.iter().map(step).collect(), ..Change::default() };
        self.change(change).await?;
        Ok(())
    }

    pub(crate) async fn forget_group(&self, group: &str) -> Result<(), BrokerError> {
        if let Some(topic) = self.consumed_by(group) {
            return Err(BrokerError::AlreadySubscribed { group: group.to_owned(), topic });
        }
        let change = Change { forget: vec![group.to_owned()], ..Change::default() };
        self.change(change).await?;
        Ok(())
    }

    pub(crate) async fn wait_for_append(&self, seen: u64) -> u64 {
        let mut appended = self.appended();
        loop {
            let count = *appended.borrow_and_update();
            if seen < count || self.is_closed() {
                return count;
            }
            if appended.changed().await.is_err() {
                return count;
            }
        }
    }

    /// Writes what is waiting and closes the log, where blocking is allowed.
    pub(crate) async fn shut(self: &Arc<Self>) {
        let closing = self.on_disk(|log| {
            log.close();
            Ok(())
        });
        if let Err(err) = closing.await {
            tracing::error!(error = %err, "event log did not close");
        }
    }

    pub(crate) async fn read_ranges(
        self: &Arc<Self>,
        ranges: Vec<Range>,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        self.on_disk(move |log| log.readers().read(&ranges, max)).await
    }

    pub(crate) async fn offsets_at(
        self: &Arc<Self>,
        topic: &str,
        at: Timestamp,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        let extents = self.state().extents(topic).to_vec();
        self.on_disk(move |log| {
            log.readers().with(|connection| Ok(reader::offsets_at(connection, &extents, at)?))
        })
        .await
    }

    async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, BrokerError> + Send + 'static,
    ) -> Result<T, BrokerError> {
        let log = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&log)).await {
            Ok(outcome) => outcome,
            Err(err) => match err.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => Err(BrokerError::Closed),
            },
        }
    }
}

impl From<ChangeError> for BrokerError {
    fn from(err: ChangeError) -> Self {
        match err {
            ChangeError::Closed => Self::Closed,
            ChangeError::Storage(err) => Self::Storage(err),
        }
    }
}

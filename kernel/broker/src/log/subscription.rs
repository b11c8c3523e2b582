//! One group's reading of some topics.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::consumer::Share;
use crate::error::BrokerError;
use crate::log::fragment::Fragments;
use crate::log::reader::Range;
use crate::log::state::Progress;
use crate::log::{Change, Log, Step, StepKind};
use crate::record::{Letter, Record, is_topic};

/// A group's place in its topics. While it lives, no other subscription of the group reads them:
/// the embedded log serves one process, so a group's work is shared out by partition within it.
pub struct Subscription {
    membership: Arc<Membership>,
    // Where to read on; runs ahead of what is committed.
    cursors: BTreeMap<(String, u32), Progress>,
    // The partition that was served last, so that none starves.
    last: Option<(String, u32)>,
}

struct Membership {
    log: Arc<Log>,
    group: String,
    topics: Vec<String>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.log.leave(&self.group, &self.topics);
    }
}

impl Subscription {
    pub(crate) async fn join(
        log: &Arc<Log>,
        group: &str,
        topics: &[&str],
    ) -> Result<Self, BrokerError> {
        if let Some(bad) = topics.iter().find(|topic| !is_topic(topic)) {
            return Err(BrokerError::BadTopic { topic: (*bad).to_owned() });
        }
        log.enter(group, topics).map_err(|topic| {
            let group = group.to_owned();
            BrokerError::AlreadySubscribed { group, topic }
        })?;
        let membership = Arc::new(Membership {
            log: Arc::clone(log),
            group: group.to_owned(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        });
        let join = |topic: &String| Step {
            group: group.to_owned(),
            topic: topic.clone(),
            kind: StepKind::Join,
        };
        let steps = membership.topics.iter().map(join).collect();
        log.change(Change { steps, ..Change::default() }).await?;
        let mut cursors = BTreeMap::new();
        {
            let state = log.state();
            for topic in &membership.topics {
                for (partition, progress) in (0_u32..).zip(state.progress(group, topic)) {
                    cursors.insert((topic.clone(), partition), *progress);
                }
            }
        }
        Ok(Self { membership, cursors, last: None })
    }

    /// One subscription per partition, which together are this one.
    pub(crate) fn split(self) -> Vec<Self> {
        let alone = |(place, progress)| Self {
            membership: Arc::clone(&self.membership),
            cursors: BTreeMap::from([(place, progress)]),
            last: None,
        };
        self.cursors.into_iter().map(alone).collect()
    }

    /// Waits for records and answers up to `max` (at least 1) of them, each once, in the order of
    /// offsets within a partition; several partitions take turns. What was answered but not
    /// committed comes again to the group's next subscription. Nothing is lost when the wait is
    /// given up.
    ///
    /// # Errors
    /// [`BrokerError::Closed`]; after [`BrokerError::Storage`] the same records come with the next
    /// call.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<Record>, BrokerError> {
        let log = Arc::clone(&self.membership.log);
        let mut appended = log.appended();
        loop {
            appended.borrow_and_update();
            if log.is_closed() {
                return Err(BrokerError::Closed);
            }
            let waiting = self.waiting();
            if !waiting.is_empty() {
                let records = log.read_ranges(waiting, max.max(1)).await?;
                for record in &records {
                    let place = (record.topic.clone(), record.partition);
                    if let Some(cursor) = self.cursors.get_mut(&place) {
                        cursor.next = record.offset + 1;
                    }
                }
                if let Some(last) = records.last() {
                    self.last = Some((last.topic.clone(), last.partition));
                    return Ok(records);
                }
            }
            if appended.changed().await.is_err() {
                return Err(BrokerError::Closed);
            }
        }
    }

    /// Follows rewinds, then answers what there is to read, beginning after the partition that was
    /// served last.
    fn waiting(&mut self) -> Vec<Range> {
        let state = self.membership.log.state();
        let mut ranges = Vec::new();
        for ((topic, partition), cursor) in &mut self.cursors {
            let group = &self.membership.group;
            if let Some(progress) = state.progress_in(group, topic, *partition)
                && progress.epoch != cursor.epoch
            {
                *cursor = progress;
            }
            let Some(extent) = state.extent(topic, *partition) else { continue };
            ranges.extend(Range::of(topic, *partition, extent, cursor.next));
        }
        if let Some((topic, partition)) = &self.last {
            let later = |range: &Range| (topic, partition) < (&range.topic, &range.partition);
            let first = ranges.iter().position(later).unwrap_or(0);
            ranges.rotate_left(first);
        }
        ranges
    }

    /// Notes that `handled`, and all before them in their partitions, need not come again. Never
    /// goes back; a commit of records that were read before the group was rewound is ignored. A
    /// power cut may take the newest commits back (not the records), so that these come again.
    ///
    /// # Errors
    /// [`BrokerError::NotSubscribed`] when a record is of another topic; [`BrokerError::Closed`],
    /// [`BrokerError::Storage`].
    pub async fn commit(&self, handled: &[Record]) -> Result<(), BrokerError> {
        self.settle_all(handled, &[]).await
    }

    /// Commits, and publishes the dead letters among what was handled in the same transaction: each
    /// rejected record becomes one dead letter, whatever crashes in between.
    async fn settle_all(
        &self,
        handled: &[Record],
        dead_letters: &[Letter],
    ) -> Result<(), BrokerError> {
        let mut next: BTreeMap<(&str, u32), (u64, u64)> = BTreeMap::new();
        for record in handled {
            let place = (record.topic.clone(), record.partition);
            let Some(cursor) = self.cursors.get(&place) else {
                let group = self.membership.group.clone();
                return Err(BrokerError::NotSubscribed { group, topic: record.topic.clone() });
            };
            let entry = next.entry((&record.topic, record.partition)).or_insert((0, cursor.epoch));
            entry.0 = entry.0.max(record.offset + 1);
        }
        if next.is_empty() {
            return Ok(());
        }
        let step = |((topic, partition), (next, epoch)): ((&str, u32), (u64, u64))| Step {
            group: self.membership.group.clone(),
            topic: topic.to_owned(),
            kind: StepKind::Advance { partition, next, epoch },
        };
        let steps = next.into_iter().map(step).collect();
        let mut records = Fragments::default();
        for Letter { topic, partition, key, value, headers } in dead_letters {
            records.push(topic, *partition, key.as_deref(), value, headers);
        }
        let change = Change { records, steps, ..Change::default() };
        self.membership.log.change(change).await?;
        Ok(())
    }

    /// Reads on at `offset` (or the nearest one that is kept) in one partition, and takes back what
    /// was committed after it, so that what is read again counts as lag. Durable when it answers.
    ///
    /// # Errors
    /// [`BrokerError::NotSubscribed`], [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn seek(
        &mut self,
        topic: &str,
        partition: u32,
        offset: u64,
    ) -> Result<(), BrokerError> {
        if !self.cursors.contains_key(&(topic.to_owned(), partition)) {
            let group = self.membership.group.clone();
            return Err(BrokerError::NotSubscribed { group, topic: topic.to_owned() });
        }
        let step = Step {
            group: self.membership.group.clone(),
            topic: topic.to_owned(),
            kind: StepKind::Rewind { partition, next: offset },
        };
        let change = Change { steps: vec![step], ..Change::default() };
        self.membership.log.change(change).await?;
        Ok(())
    }

    /// Seeks in every partition to the first record appended at `at` or later.
    ///
    /// # Errors
    /// [`BrokerError::Closed`], [`BrokerError::Storage`].
    pub async fn seek_to_time(&mut self, at: Timestamp) -> Result<(), BrokerError> {
        let log = Arc::clone(&self.membership.log);
        let places: Vec<(String, u32)> = self.cursors.keys().cloned().collect();
        let mut by_topic = BTreeMap::new();
        for (topic, partition) in places {
            if !by_topic.contains_key(&topic) {
                by_topic.insert(topic.clone(), log.offsets_at(&topic, at).await?);
            }
            let offset = by_topic.get(&topic).and_then(|offsets| offsets.get(&partition));
            self.seek(&topic, partition, offset.copied().unwrap_or(0)).await?;
        }
        Ok(())
    }
}

impl Share for Subscription {
    fn place(&self) -> Option<(&str, u32)> {
        self.cursors.keys().next().map(|(topic, partition)| (topic.as_str(), *partition))
    }

    fn next_batch(
        &mut self,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Record>, BrokerError>> + Send {
        Self::next_batch(self, max)
    }

    fn settle(
        &self,
        handled: &[Record],
        dead_letters: &[Letter],
    ) -> impl Future<Output = Result<(), BrokerError>> + Send {
        self.settle_all(handled, dead_letters)
    }

    fn is_rewound(&self) -> bool {
        let state = self.membership.log.state();
        let group = &self.membership.group;
        self.cursors.iter().any(|((topic, partition), cursor)| {
            let progress = state.progress_in(group, topic, *partition);
            progress.is_some_and(|progress| progress.epoch != cursor.epoch)
        })
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("group", &self.membership.group)
            .field("cursors", &self.cursors)
            .finish_non_exhaustive()
    }
}

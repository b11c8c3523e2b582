//! What a client has missed, read from the log again.

use std::collections::VecDeque;

use chiron_broker::{Broker, BrokerError, Record};

use crate::live::event::FOLLOWED;
use crate::live::hub::{Told, told};
use crate::live::position::{Place, Positions};

/// Records read at once from one partition.
const BATCH: usize = 64;

/// From one position to another, by the time of appending, and within a partition in its order.
pub(crate) struct Replay {
    at: Positions,
    heads: Vec<Head>,
}

/// What is left of one partition.
struct Head {
    place: Place,
    waiting: VecDeque<Record>,
    end: u64,
}

/// Why it cannot be told exactly what was missed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
    /// Records were removed by retention.
    #[error("what was missed is no longer kept")]
    NotKept,
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[from] BrokerError),
}

impl Replay {
    /// From `from` up to `until`, exclusive.
    pub(crate) fn new(from: Positions, until: &Positions) -> Self {
        let head = |place: Place| {
            let end = until.next(place);
            (from.next(place) < end).then(|| Head { place, waiting: VecDeque::new(), end })
        };
        let heads = from.places().filter_map(head).collect();
        Self { at: from, heads }
    }

    /// Where it has come to.
    pub(crate) fn position(&self) -> &Positions {
        &self.at
    }

    /// The next event; `None` at the end. Records that are not told are passed over.
    pub(crate) async fn next(&mut self, broker: &Broker) -> Result<Option<Told>, Interrupted> {
        loop {
            self.fill(broker).await?;
            let oldest = self
                .heads
                .iter()
                .enumerate()
                .filter_map(|(index, head)| {
                    head.waiting.front().map(|record| (record.appended_at, head.place, index))
                })
                .min();
            let Some((_, place, index)) = oldest else { return Ok(None) };
            let Some(head) = self.heads.get_mut(index) else { return Ok(None) };
            let Some(record) = head.waiting.pop_front() else { return Ok(None) };
            self.at.set(place, record.offset + 1);
            if head.end <= record.offset + 1 {
                self.heads.swap_remove(index);
            }
            if let Some(event) = told(&record) {
                return Ok(Some(Told { event, id: self.at.write() }));
            }
        }
    }

    async fn fill(&mut self, broker: &Broker) -> Result<(), Interrupted> {
        for head in &mut self.heads {
            if !head.waiting.is_empty() {
                continue;
            }
            let Place { topic, partition } = head.place;
            let from = self.at.next(head.place);
            let topic = FOLLOWED.get(topic).copied().unwrap_or_default();
            let records = broker.read(topic, partition, from, BATCH).await?;
            if records.first().is_none_or(|first| first.offset != from) {
                return Err(Interrupted::NotKept);
            }
            head.waiting = records.into_iter().filter(|r| r.offset < head.end).collect();
        }
        Ok(())
    }
}

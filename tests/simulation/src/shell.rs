//! What every service's process has around its domain: a consumer loop for each partition, a relay
//! of its outbox, and an answer for whoever calls it.

use std::{
    future::Future,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    bus::{Bus, Group, Lease, Outbox, Place},
    event::{Message, PARTITIONS, Topic},
    hostility::Fault,
    machine::{Bell, Ground, NoAnswer, NodeId},
};

/// Records that are relayed together at most.
const BATCH: usize = 32;
/// The first wait before another try, in milliseconds; doubled each time.
const SHORTEST_WAIT_MS: i64 = 100;
/// The longest.
const LONGEST_WAIT_MS: i64 = 5_000;

/// A process of a service.
#[derive(Clone)]
pub struct Node {
    /// Its machine.
    pub ground: Ground,
    /// The bus.
    pub bus: Bus,
    /// Its number.
    pub id: NodeId,
    /// Its service.
    pub group: Group,
}

/// Takes records in: everything or nothing is acknowledged of a slice.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Handles a slice of one partition; on an error all of it comes again.
    fn handle(&self, messages: &[Message]) -> impl Future<Output = Result<(), NoAnswer>> + Send;
}

/// A wait that grows with each failure.
pub struct Patience(i64);

impl Patience {
    /// None was needed yet.
    pub fn new() -> Self {
        Self(SHORTEST_WAIT_MS)
    }

    /// Waits, longer each time.
    pub async fn wait(&mut self, ground: &Ground) {
        ground.pause(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_WAIT_MS);
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    /// Follows topics: one task a partition, which reads while the partition is this node's.
    pub fn consume(&self, topics: &[Topic], handler: &impl Handler) {
        for topic in topics {
            for nth in 0..PARTITIONS {
                let (node, handler, place) = (self.clone(), handler.clone(), (*topic, nth));
                let work = async move { node.follow(place, handler).await };
                self.ground.spawn(self.id, "consumer", Box::pin(work));
            }
        }
        self.bus.join(self.group, self.id);
    }

    async fn follow(&self, place: Place, handler: impl Handler) {
        loop {
            match self.bus.lease(self.group, self.id, place) {
                Some(lease) => self.read(&lease, &handler).await,
                None => self.ground.park(&[Bell::Group(self.group)], None).await,
            }
        }
    }

    /// Reads a partition from its last commit on, as long as it is this node's.
    async fn read(&self, lease: &Lease, handler: &impl Handler) {
        let place = lease.place();
        let mut position = self.bus.committed(lease);
        let mut patience = Patience::new();
        while self.bus.stands(lease) {
            let (messages, next) = self.bus.fetch(place, position);
            if messages.is_empty() {
                let bells = [Bell::Topic(place.0 as u8), Bell::Group(self.group)];
                self.ground.park(&bells, next).await;
                continue;
            }
            let slice = position..position + messages.len();
            self.ground.note(|| format!("handle {place:?} {slice:?}"));
            if handler.handle(&messages).await.is_err() {
                patience.wait(&self.ground).await;
                continue;
            }
            patience = Patience::new();
            position = self.acknowledge(lease, slice).await;
        }
    }

    /// Commits what was handled. Answers where to read on: behind it, or from the last commit again.
    async fn acknowledge(&self, lease: &Lease, slice: Range<usize>) -> usize {
        let next = slice.end;
        self.bus.handled(lease, slice);
        let mut patience = Patience::new();
        // Nobody else would commit for a partition in which nothing more happens.
        while self.bus.commit(lease, next).await.is_err() {
            patience.wait(&self.ground).await;
        }
        if self.ground.suffers(Fault::Redelivered) {
            let from = self.bus.rewind(lease);
            self.ground.note(|| format!("commits are lost: read again from {from}"));
            return from;
        }
        next
    }

    /// Puts on the bus what stands in an outbox, in order, and takes out what is there for good.
    pub fn relay(&self, outbox: &Outbox, bell: Bell) {
        let (node, outbox) = (self.clone(), outbox.clone());
        let work = async move {
            let mut patience = Patience::new();
            loop {
                let batch = outbox.oldest(BATCH);
                if batch.is_empty() {
                    node.ground.park(&[bell], None).await;
                    continue;
                }
                match node.relay_batch(&outbox, batch).await {
                    Ok(()) => patience = Patience::new(),
                    Err(NoAnswer) => patience.wait(&node.ground).await,
                }
            }
        };
        self.ground.spawn(self.id, "relay", Box::pin(work));
    }

    async fn relay_batch(
        &self,
        outbox: &Outbox,
        batch: Vec<(u64, Message)>,
    ) -> Result<(), NoAnswer> {
        let (numbers, messages): (Vec<u64>, Vec<Message>) = batch.into_iter().unzip();
        self.bus.publish(&messages).await?;
        self.ground.writes(|| format!("clear {} of the outbox", numbers.len())).await?;
        outbox.clear(&numbers);
        Ok(())
    }
}

/// Calls a node over the network: the request, the work or the answer may be lost, and the node
/// may be gone before it has answered. `None` when there was no answer in time.
pub async fn call<T: Send + 'static>(
    ground: &Ground,
    node: NodeId,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    /// How long a caller waits, in milliseconds.
    const TIME_OUT_MS: i64 = 10_000;
    ground.pause(ground.between_ms(0, 5)).await;
    if ground.suffers(Fault::Lost) {
        ground.note(|| "request lost".to_owned());
        ground.pause(TIME_OUT_MS).await;
        return None;
    }
    let answer = Arc::new(Mutex::new(None));
    let bell = Bell::Answer(ground.number());
    let (slot, ringing) = (Arc::clone(&answer), ground.clone());
    let work = async move {
        let answered = work.await;
        if ringing.suffers(Fault::Lost) {
            ringing.note(|| "answer lost".to_owned());
            return;
        }
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answered);
        ringing.ring(bell, None);
    };
    ground.spawn(node, "request", Box::pin(work));
    ground.park(&[bell], Some(ground.now_ms() + TIME_OUT_MS)).await;
    answer.lock().unwrap_or_else(PoisonError::into_inner).take()
}

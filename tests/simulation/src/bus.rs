//! The bus: partitions that keep the order of a key, groups that commit, and nothing that can be
//! relied upon beyond that.
//!
//! Records come late and twice, partitions run at their own pace, whoever holds one may lose it in
//! the middle of a slice, and a slice may come again from the last commit. What the bus itself
//! promises it checks at every commit: no offset passes a record that nobody has handled.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    event::{Message, PARTITIONS, Topic},
    hostility::Fault,
    machine::{Bell, Ground, NoAnswer, NodeId, instant},
};

/// A consumer group, which is a service.
pub type Group = u8;
/// A partition of a topic.
pub type Place = (Topic, usize);

/// How many records are handled together at most.
const SLICE: usize = 64;

/// How long a partition stands still at most: so much longer than the late window that who does not
/// wait for completeness settles without the buttons of the surgery.
const LONGEST_STALL_MS: i64 = 2_700_000;

/// How many records are read again at most when commits are lost.
const LONGEST_REWIND: usize = 30;

/// The name of the bus's own invariant.
pub const NO_OFFSET_PASSES: &str = "offsets never pass an unhandled record";
/// The name of another.
pub const ONLY_FORWARDS: &str = "committed offsets only rise";

#[derive(Clone)]
struct Kept {
    message: Message,
    seen_from_ms: i64,
}

#[derive(Default)]
struct Members {
    topics: Vec<Topic>,
    nodes: BTreeSet<NodeId>,
    holders: BTreeMap<Place, (NodeId, u64)>,
    generation: u64,
    committed: BTreeMap<Place, usize>,
    /// Everything before this was handled; and what was besides.
    handled_to: BTreeMap<Place, usize>,
    handled: BTreeMap<Place, BTreeSet<usize>>,
    completeness: Completeness,
}

/// How far a group's work towards being complete has come.
#[derive(Default)]
struct Completeness {
    to: Option<Timestamp>,
    asked: Option<(Timestamp, Vec<u64>)>,
    ends: Option<(Timestamp, Vec<(Place, usize)>)>,
}

#[derive(Default)]
struct Inside {
    records: BTreeMap<Place, Vec<Kept>>,
    /// Until when nothing more is seen of a partition, in milliseconds.
    stalled: BTreeMap<Place, i64>,
    groups: BTreeMap<Group, Members>,
    outboxes: Vec<Outbox>,
}

/// A handle of the bus. Clones are the same bus.
#[derive(Clone)]
pub struct Bus {
    ground: Ground,
    inside: Arc<Mutex<Inside>>,
}

/// The right to read a partition, until somebody else is given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    group: Group,
    node: NodeId,
    place: Place,
    generation: u64,
}

impl Lease {
    /// What may be read.
    pub fn place(&self) -> Place {
        self.place
    }
}

impl Bus {
    /// An empty bus.
    pub fn new(ground: &Ground) -> Self {
        Self { ground: ground.clone(), inside: Arc::default() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group follows topics from their beginning.
    pub fn follow(&self, group: Group, topics: &[Topic]) {
        self.inside().groups.entry(group).or_default().topics = topics.to_vec();
    }

    /// An outbox whose events are on the way of completeness.
    pub fn relayed_from(&self, outbox: &Outbox) {
        self.inside().outboxes.push(outbox.clone());
    }

    /// A node joins its group, which shares out the partitions anew.
    pub fn join(&self, group: Group, node: NodeId) {
        let mut inside = self.inside();
        let members = inside.groups.entry(group).or_default();
        members.nodes.insert(node);
        members.share_out();
        drop(inside);
        self.ground.ring(Bell::Group(group), None);
    }

    /// A node is missed in its group.
    pub fn leave(&self, group: Group, node: NodeId) {
        let mut inside = self.inside();
        let members = inside.groups.entry(group).or_default();
        if !members.nodes.remove(&node) {
            return;
        }
        members.share_out();
        drop(inside);
        self.ground.ring(Bell::Group(group), None);
    }

    /// Whether a node is in its group.
    pub fn is_member(&self, group: Group, node: NodeId) -> bool {
        self.inside().groups.get(&group).is_some_and(|members| members.nodes.contains(&node))
    }

    /// The right of a node to read a partition now, if it has it.
    pub fn lease(&self, group: Group, node: NodeId, place: Place) -> Option<Lease> {
        let inside = self.inside();
        let (holder, generation) = *inside.groups.get(&group)?.holders.get(&place)?;
        (holder == node).then_some(Lease { group, node, place, generation })
    }

    /// Whether a right still stands.
    pub fn stands(&self, lease: &Lease) -> bool {
        self.lease(lease.group, lease.node, lease.place) == Some(*lease)
    }

    /// The next offset that a group reads after a start.
    pub fn committed(&self, lease: &Lease) -> usize {
        let inside = self.inside();
        let of = inside.groups.get(&lease.group);
        of.and_then(|group| group.committed.get(&lease.place)).copied().unwrap_or(0)
    }

    /// Records from an offset on that can be seen now, and when the next one can be seen if there
    /// are none.
    pub fn fetch(&self, place: Place, from: usize) -> (Vec<Message>, Option<i64>) {
        let now = self.ground.now_ms();
        let inside = self.inside();
        let waiting = inside.records.get(&place).and_then(|all| all.get(from..)).unwrap_or(&[]);
        let seen = waiting.iter().take_while(|kept| kept.seen_from_ms <= now).take(SLICE);
        let seen: Vec<Message> = seen.map(|kept| kept.message.clone()).collect();
        let next = waiting.first().map(|kept| kept.seen_from_ms).filter(|_| seen.is_empty());
        (seen, next)
    }

    /// Notes that records have been handled, by whoever did it.
    pub fn handled(&self, lease: &Lease, offsets: std::ops::Range<usize>) {
        let mut inside = self.inside();
        let members = inside.groups.entry(lease.group).or_default();
        members.handled.entry(lease.place).or_default().extend(offsets);
    }

    /// Commits: everything before this offset need not be read again. Whoever has lost the
    /// partition commits nothing.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: it may have been committed or not.
    pub async fn commit(&self, lease: &Lease, next: usize) -> Result<(), NoAnswer> {
        self.ground.writes(|| format!("commit {:?} to {next}", lease.place)).await?;
        if !self.stands(lease) {
            self.ground.note(|| "fenced".to_owned());
            return Ok(());
        }
        {
            let mut inside = self.inside();
            let members = inside.groups.entry(lease.group).or_default();
            let handled = members.handled.entry(lease.place).or_default();
            let before = members.committed.get(&lease.place).copied().unwrap_or(0);
            let handled_to = members.handled_to.entry(lease.place).or_default();
            let unhandled = (*handled_to..next).find(|offset| !handled.contains(offset));
            self.ground.check(unhandled.is_none(), NO_OFFSET_PASSES, || {
                format!("group {} at {:?} {unhandled:?}", lease.group, lease.place)
            });
            self.ground.check(before <= next, ONLY_FORWARDS, || {
                format!("group {} at {:?}: {before} to {next}", lease.group, lease.place)
            });
            *handled_to = next.max(*handled_to);
            *handled = handled.split_off(&next);
            members.committed.insert(lease.place, next);
        }
        self.ground.wrote().await
    }

    /// The newest commits of a partition are lost, as a power cut may take them: what was handled is
    /// read again from an earlier one. Answers from where.
    pub fn rewind(&self, lease: &Lease) -> usize {
        if !self.stands(lease) {
            // Whoever has it now knows how far it has come.
            return self.committed(lease);
        }
        let back = self.ground.one_of(LONGEST_REWIND);
        let mut inside = self.inside();
        let members = inside.groups.entry(lease.group).or_default();
        let committed = members.committed.entry(lease.place).or_default();
        *committed = committed.saturating_sub(back);
        *committed
    }

    /// Lets partitions stand still now and then, each for itself.
    pub async fn sabotage(self) {
        /// Between two looks, in milliseconds.
        const LOOK_MS: i64 = 120_000;
        let topics = [
            Topic::Process,
            Topic::Booking,
            Topic::Manual,
            Topic::Emergency,
            Topic::Tracking,
            Topic::Room,
            Topic::SurgicalProcess,
            Topic::Wish,
            Topic::Twin,
        ];
        while !self.ground.is_calm() {
            self.ground.pause(LOOK_MS).await;
            if !self.ground.suffers(Fault::Stalled) {
                continue;
            }
            let nth = self.ground.one_of(PARTITIONS);
            let Some(topic) = topics.get(self.ground.one_of(topics.len())) else { continue };
            let until = self.ground.now_ms() + self.ground.between_ms(60_000, LONGEST_STALL_MS);
            self.ground.note(|| format!("{:?} stands still", (topic, nth)));
            let now = self.ground.now_ms();
            let mut inside = self.inside();
            inside.stalled.insert((*topic, nth), until);
            let records = inside.records.entry((*topic, nth)).or_default();
            for kept in records.iter_mut().rev().take_while(|kept| now < kept.seen_from_ms) {
                kept.seen_from_ms = kept.seen_from_ms.max(until);
            }
        }
    }

    /// Appends records; each is there for good, once or twice, at the latest when this answers.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: any of them may be there or not.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        self.ground.writes(|| format!("publish {} records", messages.len())).await?;
        for message in messages {
            self.append(message);
            if self.ground.suffers(Fault::Duplicated) {
                self.append(message);
            }
        }
        self.ground.wrote().await
    }

    fn append(&self, message: &Message) {
        let topic = message.event.topic();
        let place = (topic, partition(&message.key));
        let now = self.ground.now_ms();
        let wait = if self.ground.suffers(Fault::Delayed) {
            self.ground.between_ms(1_000, 20_000)
        } else {
            self.ground.between_ms(0, 20)
        };
        let mut inside = self.inside();
        let records = inside.records.get(&place).map(Vec::as_slice).unwrap_or_default();
        // What is behind a late record of its partition waits for it.
        let floor = records.last().map_or(now, |last| last.seen_from_ms);
        let stalled = inside.stalled.get(&place).copied().unwrap_or(now);
        let records = inside.records.entry(place).or_default();
        let seen_from_ms = floor.max(stalled).max(now.saturating_add(wait));
        let message = Message { appended_ms: now, ..message.clone() };
        records.push(Kept { message, seen_from_ms });
        drop(inside);
        self.ground.ring(Bell::Topic(topic as u8), Some(seen_from_ms));
    }

    /// Where groups are behind, for whoever asks why something waits: group, partition, committed
    /// and end.
    pub fn behind(&self) -> Vec<(Group, Place, usize, usize)> {
        let inside = self.inside();
        let mut behind = Vec::new();
        for (group, members) in &inside.groups {
            for (place, records) in &inside.records {
                let committed = members.committed.get(place).copied().unwrap_or(0);
                if members.topics.contains(&place.0) && committed < records.len() {
                    behind.push((*group, *place, committed, records.len()));
                }
            }
        }
        behind
    }

    /// The newest instant to which a group is complete; looks at each call whether it is complete
    /// to a newer one.
    ///
    /// What had been accepted at an instant must have left the outboxes, and then what the
    /// partitions held must have been committed.
    pub fn complete_to(&self, group: Group) -> Option<Timestamp> {
        let now = instant(self.ground.now_ms());
        let mut inside = self.inside();
        let inside = &mut *inside;
        let members = inside.groups.get_mut(&group)?;
        let completeness = &mut members.completeness;
        for _ in 0..2 {
            if completeness.asked.is_none() && completeness.ends.is_none() {
                let accepted = inside.outboxes.iter().map(Outbox::accepted).collect();
                completeness.asked = Some((now, accepted));
            }
            if let Some((at, accepted)) = &completeness.asked {
                let pairs = inside.outboxes.iter().zip(accepted);
                if pairs.into_iter().all(|(outbox, accepted)| outbox.has_relayed(*accepted)) {
                    let ends = inside
                        .records
                        .iter()
                        .filter(|((topic, _), _)| members.topics.contains(topic));
                    let ends = ends.map(|(place, records)| (*place, records.len())).collect();
                    completeness.ends = Some((*at, ends));
                    completeness.asked = None;
                }
            }
            if let Some((at, ends)) = &completeness.ends
                && ends
                    .iter()
                    .all(|(place, end)| *end <= members.committed.get(place).copied().unwrap_or(0))
            {
                completeness.to = Some(*at);
                completeness.ends = None;
            }
        }
        completeness.to
    }
}

impl Members {
    fn share_out(&mut self) {
        self.generation += 1;
        let nodes: Vec<NodeId> = self.nodes.iter().copied().collect();
        self.holders.clear();
        let places = self.topics.iter().flat_map(|topic| (0..PARTITIONS).map(|nth| (*topic, nth)));
        for (place, node) in places.zip(nodes.iter().cycle()) {
            self.holders.insert(place, (*node, self.generation));
        }
    }
}

fn partition(key: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % PARTITIONS as u64).unwrap_or(0)
}

/// Events that stand in a store and are not yet known to be on the bus. Part of the store: what is
/// written with a document is written here in the same step.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Mutex<(u64, BTreeMap<u64, Message>)>>);

impl Outbox {
    fn inside(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Message>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts events in, in order.
    pub fn put(&self, messages: Vec<Message>) {
        let mut inside = self.inside();
        for message in messages {
            inside.0 += 1;
            let number = inside.0;
            inside.1.insert(number, message);
        }
    }

    /// How many were ever put in.
    fn accepted(&self) -> u64 {
        self.inside().0
    }

    /// Whether the first so many have left.
    fn has_relayed(&self, first: u64) -> bool {
        self.inside().1.keys().next().is_none_or(|oldest| first < *oldest)
    }

    /// The oldest ones, in order, with their numbers.
    pub fn oldest(&self, most: usize) -> Vec<(u64, Message)> {
        let inside = self.inside();
        inside.1.iter().take(most).map(|(number, it)| (*number, it.clone())).collect()
    }

    /// Takes some out.
    pub fn clear(&self, numbers: &[u64]) {
        let mut inside = self.inside();
        for number in numbers {
            inside.1.remove(number);
        }
    }
}

//! What is known of a log without asking its file: where each partition begins and ends, and how
//! far each group has come. Only the writer changes it, after the commit, so it never shows what a
//! crash could take back (but see "relaxed"), and a group's lag costs O(partitions).

use std::collections::BTreeMap;

/// Ends and progress of everything in a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// By topic, then partition (as many as the log has).
    pub(crate) topics: BTreeMap<String, Vec<Extent>>,
    /// By group, then topic, then partition: what the group has joined for.
    pub(crate) groups: BTreeMap<String, BTreeMap<String, Vec<Progress>>>,
}

/// The records that one partition holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// The partition's number in the file, unique over all topics.
    pub(crate) id: i64,
    /// The oldest offset that retention has left.
    pub(crate) low: u64,
    /// The offset that the next record gets.
    pub(crate) end: u64,
    /// Bytes ever appended, give or take what was there before retention emptied it once.
    pub(crate) bytes: u64,
}

/// How far a group has come in one partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The next offset that the group has not handled.
    pub(crate) next: u64,
    /// Rises with every rewind, so that a commit of what was read before it is told apart. Not
    /// kept in the file: no reader outlives its process.
    pub(crate) epoch: u64,
}

impl State {
    pub(crate) fn extents(&self, topic: &str) -> &[Extent] {
        self.topics.get(topic).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn extent(&self, topic: &str, partition: u32) -> Option<Extent> {
        self.extents(topic).get(usize::try_from(partition).ok()?).copied()
    }

    pub(crate) fn progress(&self, group: &str, topic: &str) -> &[Progress] {
        self.groups.get(group).and_then(|g| g.get(topic)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn progress_in(&self, group: &str, topic: &str, partition: u32) -> Option<Progress> {
        self.progress(group, topic).get(usize::try_from(partition).ok()?).copied()
    }

    /// Records of one partition that the group has not committed.
    pub(crate) fn lag_in(&self, group: &str, topic: &str, partition: u32) -> u64 {
        let Some(extent) = self.extent(topic, partition) else { return 0 };
        let next = self.progress_in(group, topic, partition).map_or(0, |p| p.next);
        extent.end.saturating_sub(next.max(extent.low))
    }

    /// Records of the topic that the group has not committed.
    pub(crate) fn lag(&self, group: &str, topic: &str) -> u64 {
        (0_u32..).zip(self.extents(topic)).map(|(p, _)| self.lag_in(group, topic, p)).sum()
    }

    /// The oldest offset of a partition that some group which joined for it still needs; `None`
    /// when no group has joined.
    pub(crate) fn needed_from(&self, topic: &str, partition: usize) -> Option<u64> {
        let joined = self.groups.values().filter_map(|topics| topics.get(topic));
        joined.filter_map(|progress| progress.get(partition)).map(|p| p.next).min()
    }

    /// All records ever appended, the file's whole life long.
    pub(crate) fn appended(&self) -> u64 {
        self.topics.values().flatten().map(|extent| extent.end).sum()
    }
}

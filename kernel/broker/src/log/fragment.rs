//! Records on their way to the writer, already in the form in which they will lie in the file.
//!
//! Publishers do this work, each in its own thread, so that the one writer only moves blocks of
//! bytes: what it spends on a record is what limits everybody.

use crate::log::layout;
use crate::record::{Headers, Position};

/// A fragment, and a chunk of the file, takes no more records once it has this many bytes …
const FULL_BYTES: usize = 64 << 10;

/// … or this many records.
const FULL_RECORDS: u32 = 1_000;

/// Neighbouring records of one partition, at least one. As far as they go.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) topic: String,
    pub(crate) partition: u32,
    pub(crate) records: u32,
    /// What it says of the records besides their values ([`layout`]).
    pub(crate) layout: Vec<u8>,
    /// The values, one after the other.
    pub(crate) content: Vec<u8>,
    /// Keys, values and headers together.
    pub(crate) bytes: u64,
}

impl Fragment {
    fn new(topic: String, partition: u32, room: usize) -> Self {
        let room = || Vec::with_capacity(room.min(FULL_BYTES));
        Self { topic, partition, records: 0, layout: room(), content: room(), bytes: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        FULL_RECORDS <= self.records || FULL_BYTES <= self.layout.len() + self.content.len()
    }

    fn push(&mut self, key: Option<&str>, value: &[u8], headers: &Headers) {
        layout::write(&mut self.layout, key, headers, value.len());
        self.content.extend_from_slice(value);
        self.records += 1;
        let bytes = key.map_or(0, str::len) + value.len() + headers.bytes();
        self.bytes += u64::try_from(bytes).unwrap_or(0);
    }

    /// Takes in records of the same partition that come right after these.
    pub(crate) fn append(&mut self, next: &Self) {
        self.layout.extend_from_slice(&next.layout);
        self.content.extend_from_slice(&next.content);
        self.records += next.records;
        self.bytes += next.bytes;
    }
}

/// Records of any partitions, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fragments {
    list: Vec<Fragment>,
    // By record: its fragment, and its place in it.
    places: Vec<(usize, u32)>,
    // Bytes that a new fragment makes room for.
    room: usize,
}

impl Fragments {
    /// None yet; `bytes` of records are to come.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { room: bytes, ..Self::default() }
    }

    pub(crate) fn push(
        &mut self,
        topic: &str,
        partition: u32,
        key: Option<&str>,
        value: &[u8],
        headers: &Headers,
    ) {
        // There are few, and the one looked for is one of the last.
        let of_place = |f: &Fragment| f.partition == partition && f.topic == topic && !f.is_full();
        let index = self.list.iter().rposition(of_place).unwrap_or(self.list.len());
        if index == self.list.len() {
            self.list.push(Fragment::new(topic.to_owned(), partition, self.room));
        }
        if let Some(fragment) = self.list.get_mut(index) {
            self.places.push((index, fragment.records));
            fragment.push(key, value, headers);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes that wait for the writer.
    pub(crate) fn size(&self) -> usize {
        self.list.iter().map(|fragment| fragment.layout.len() + fragment.content.len()).sum()
    }

    /// Fragments of one partition are in the order of its records.
    pub(crate) fn into_list(self) -> Vec<Fragment> {
        self.list
    }

    /// What it takes to know where each record stands once its fragment does.
    pub(crate) fn places(&self) -> Places {
        let partitions = self.list.iter().map(|fragment| fragment.partition).collect();
        Places { partitions, places: self.places.clone() }
    }
}

/// Where each record is in its fragment.
#[derive(Debug)]
pub(crate) struct Places {
    partitions: Vec<u32>,
    places: Vec<(usize, u32)>,
}

impl Places {
    /// Where each record stands, given the offset of each fragment's first record.
    pub(crate) fn positions(&self, first: &[u64]) -> Vec<Position> {
        self.places
            .iter()
            .filter_map(|(fragment, place)| {
                let partition = *self.partitions.get(*fragment)?;
                Some(Position { partition, offset: first.get(*fragment)? + u64::from(*place) })
            })
            .collect()
    }
}

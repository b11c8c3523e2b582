//! A look into a log from outside, for people and their tools: another process may be writing it.
//!
//! It takes no lock that a writer would wait for, and cannot change anything. What it shows is what
//! is committed, which for a moment can be more than publishers have been told.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::error::{BrokerError, OpenError};
use crate::log::reader::{self, Range, Readers};
use crate::log::schema::{self, uint};
use crate::log::state::Extent;
use crate::record::Record;

/// A read-only view of a log's file. Its methods block on the disk, and each shows the newest state.
#[derive(Debug)]
pub struct LogReader {
    readers: Readers,
    partitions: u32,
}

impl LogReader {
    /// Opens the log in the file at `path`. The folder must be writable unless a writer is there:
    /// `SQLite` keeps what readers and writers tell each other in files beside it.
    ///
    /// # Errors
    /// [`OpenError::Io`] when there is no file, [`OpenError::Foreign`], [`OpenError::Newer`],
    /// [`OpenError::Storage`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let (connection, partitions) = schema::open_reader(path)?;
        Ok(Self { readers: Readers::with_one(path, connection), partitions })
    }

    /// Partitions of every topic.
    pub fn partitions(&self) -> u32 {
        self.partitions
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn topics(&self) -> Result<Vec<String>, BrokerError> {
        self.names("SELECT DISTINCT topic FROM partition ORDER BY topic")
    }

    /// All groups that have ever subscribed and were not forgotten, by name.
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn groups(&self) -> Result<Vec<String>, BrokerError> {
        self.names("SELECT DISTINCT consumers FROM progress ORDER BY consumers")
    }

    fn names(&self, query: &str) -> Result<Vec<String>, BrokerError> {
        self.readers.with(|connection| {
            let mut query = connection.prepare_cached(query)?;
            Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// By partition, the oldest offset still kept. Empty for an unknown topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn starts(&self, topic: &str) -> Result<BTreeMap<u32, u64>, BrokerError> {
        Ok((0..).zip(self.extents(topic)?).map(|(p, extent)| (p, extent.low)).collect())
    }

    /// By partition, the offset that the next record will get. Empty for an unknown topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn ends(&self, topic: &str) -> Result<BTreeMap<u32, u64>, BrokerError> {
        Ok((0..).zip(self.extents(topic)?).map(|(p, extent)| (p, extent.end)).collect())
    }

    /// By partition, the next offset that the group has not committed. Empty when the group has
    /// never subscribed to the topic.
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn committed(&self, group: &str, topic: &str) -> Result<BTreeMap<u32, u64>, BrokerError> {
        self.readers.with(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT number, next FROM progress JOIN partition ON partition.id = partition
                 WHERE consumers = ?1 AND topic = ?2",
            )?;
            let rows =
                query.query_map([group, topic], |row| Ok((row.get(0)?, uint(row.get(1)?))))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Up to `max` records of a partition from offset `from` on, or from the oldest one kept if that
    /// is later. Empty at the end and for an unknown topic; fewer than `max` do not mean the end.
    ///
    /// # Errors
    /// [`BrokerError::NoPartition`], [`BrokerError::Storage`].
    pub fn read(
        &self,
        topic: &str,
        partition: u32,
        from: u64,
        max: usize,
    ) -> Result<Vec<Record>, BrokerError> {
        if self.partitions <= partition {
            return Err(BrokerError::NoPartition { topic: topic.to_owned(), partition });
        }
        let extents = self.extents(topic)?;
        let extent = usize::try_from(partition).ok().and_then(|p| extents.get(p));
        let range = extent.and_then(|extent| Range::of(topic, partition, *extent, from));
        match range {
            Some(range) => self.readers.read(&[range], max),
            None => Ok(Vec::new()),
        }
    }

    /// By partition, the offset of the first record appended at `at` or later; the end where there
    /// is none. Empty for an unknown topic. O(log of the topic's length).
    ///
    /// # Errors
    /// [`BrokerError::Storage`].
    pub fn offsets_at(
        &self,
        topic: &str,
        at: Timestamp,
    ) -> Result<BTreeMap<u32, u64>, BrokerError> {
        let extents = self.extents(topic)?;
        self.readers.with(|connection| Ok(reader::offsets_at(connection, &extents, at)?))
    }

    fn extents(&self, topic: &str) -> Result<Vec<Extent>, BrokerError> {
        let (mut topics, _) =
            self.readers.with(|connection| Ok(schema::extents(connection, Some(topic))?))?;
        Ok(topics.remove(topic).unwrap_or_default())
    }
}

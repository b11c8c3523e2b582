//! Reading, on connections of its own: readers never wait for the writer.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::disk::{Failed, Trouble};
use crate::error::{BrokerError, StorageError};
use crate::log::layout::Entries;
use crate::log::schema::{connect_reader, offset_of, row, uint};
use crate::log::segment::{Place, SegmentFiles, Shape, folder_of};
use crate::log::state::Extent;
use crate::record::Record;

/// Connections kept for the next reader; more may be open for a moment.
const KEPT: usize = 8;

/// How often a read begins again because a segment has gone meanwhile.
const RETRIES: u32 = 3;

/// A read stops after this many bytes of values, but not before one record.
const MAX_READ_BYTES: usize = 4 << 20;

/// Offsets of one partition to be read: at least one record, all of them in the file.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub(crate) topic: String,
    pub(crate) partition: u32,
    /// The partition's number in the file.
    pub(crate) id: i64,
    pub(crate) from: u64,
    /// Exclusive.
    pub(crate) end: u64,
}

impl Range {
    /// From `from` on, or from the oldest record that is kept if that is later; `None` where there
    /// is nothing to read.
    pub(crate) fn of(topic: &str, partition: u32, extent: Extent, from: u64) -> Option<Self> {
        let (from, end) = (from.max(extent.low), extent.end);
        let topic = topic.to_owned();
        (from < end).then_some(Self { topic, partition, id: extent.id, from, end })
    }
}

/// The connections on which a log is read.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    segments: SegmentFiles,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
    failed: Failed,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        let segments = SegmentFiles::new(folder_of(path));
        let (idle, closed) = (Mutex::default(), AtomicBool::new(false));
        Self { path: path.to_owned(), segments, idle, closed, failed: Failed::new() }
    }

    /// The same with a connection that is open already.
    pub(crate) fn with_one(path: &Path, connection: Connection) -> Self {
        Self { idle: Mutex::new(vec![connection]), ..Self::new(path) }
    }

    /// The same, telling where damage is noted.
    pub(crate) fn noting(self, failed: Failed) -> Self {
        Self { failed, ..self }
    }

    /// No further connection is kept or opened.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.segments.clear();
    }

    /// Lends a connection. Blocks on the disk: call it where that is allowed.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StorageError>,
    ) -> Result<T, BrokerError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(BrokerError::Closed);
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect_reader(&self.path).map_err(StorageError::from)?,
        };
        let answer = read(&connection).inspect_err(|err| {
            if err.trouble() == Some(Trouble::Damaged) {
                self.failed.note(err);
            }
        })?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT && !self.closed.load(Ordering::SeqCst) {
            idle.push(connection);
        }
        Ok(answer)
    }
}

impl Readers {
    /// Reads up to `max` records (and about [`MAX_READ_BYTES`]), range after range.
    pub(crate) fn read(&self, ranges: &[Range], max: usize) -> Result<Vec<Record>, BrokerError> {
        let mut tries = 0;
        loop {
            match self.with(|connection| read(connection, &self.segments, ranges, max)) {
                // Retention has moved or removed the chunk since the index was asked.
                Err(BrokerError::Storage(err)) if tries < RETRIES && err.is_not_found() => {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

fn read(
    connection: &Connection,
    segments: &SegmentFiles,
    ranges: &[Range],
    max: usize,
) -> Result<Vec<Record>, StorageError> {
    // From the chunk that holds the first offset, which mostly begins before it.
    let mut query = connection.prepare_cached(
        "SELECT id, at, segment, position, layout, content, crc FROM chunk
         WHERE id >= coalesce((SELECT max(id) FROM chunk WHERE id BETWEEN ?1 AND ?2), ?2)
             AND id < ?3 ORDER BY id",
    )?;
    let mut records = Vec::new();
    let mut bytes = 0;
    for range in ranges {
        let Range { id, from, end, .. } = *range;
        let mut rows = query.query([row(id, 0), row(id, from), row(id, end)])?;
        while records.len() < max && bytes < MAX_READ_BYTES {
            let Some(chunk) = rows.next()? else { break };
            let before = records.len();
            unpack(chunk, segments, range, max, &mut records)?;
            bytes += records.iter().skip(before).map(|record| record.value.len()).sum::<usize>();
        }
    }
    Ok(records)
}

/// Adds the records of one chunk that are in the range, until there are `max`.
fn unpack(
    chunk: &Row<'_>,
    segments: &SegmentFiles,
    range: &Range,
    max: usize,
    records: &mut Vec<Record>,
) -> Result<(), StorageError> {
    let damaged = |cause: Box<dyn Error + Send + Sync>| {
        StorageError::from(std::io::Error::new(ErrorKind::InvalidData, cause))
    };
    let first = offset_of(chunk.get(0)?);
    let appended_at =
        Timestamp::from_millisecond(chunk.get(1)?).map_err(|err| damaged(err.into()))?;
    let place = Place { segment: uint(chunk.get(2)?), position: uint(chunk.get(3)?) };
    let shape = Shape { layout: chunk.get(4)?, content: chunk.get(5)?, crc: chunk.get(6)? };
    let found = segments.read(place, shape).map_err(|err| match Trouble::of_file(&err) {
        Some(Trouble::Damaged) => StorageError::damaged(place.segment, place.position),
        _ => err.into(),
    })?;
    // The values share the chunk's memory.
    let mut content = Bytes::from(found.content);
    for (offset, entry) in (first..range.end).zip(Entries(&found.layout)) {
        if max <= records.len() {
            break;
        }
        let entry = entry?;
        if content.len() < entry.length {
            return Err(damaged("a chunk is shorter than its layout says".into()));
        }
        let value = content.split_to(entry.length);
        if range.from <= offset {
            records.push(Record {
                topic: range.topic.clone(),
                partition: range.partition,
                offset,
                key: entry.key,
                value,
                headers: entry.headers,
                appended_at,
            });
        }
    }
    Ok(())
}

/// By partition, the offset of the first record appended at `at` or later; the end where there is
/// none.
pub(crate) fn offsets_at(
    connection: &Connection,
    extents: &[Extent],
    at: Timestamp,
) -> rusqlite::Result<BTreeMap<u32, u64>> {
    // Appends are kept to the millisecond: the first that is not before `at`.
    let at_ms = at.as_millisecond() + i64::from(0 < at.subsec_nanosecond() % 1_000_000);
    (0_u32..)
        .zip(extents)
        .map(|(p, extent)| Ok((p, first_offset(connection, *extent, |at, _| at_ms <= at)?)))
        .collect()
}

/// The first offset of `extent` whose chunk satisfies `late`, which must be false up to some chunk
/// and true from there on; the end if there is none. Takes the chunk's append time (Unix
/// milliseconds) and the running total of bytes up to its end.
pub(crate) fn first_offset(
    connection: &Connection,
    extent: Extent,
    late: impl Fn(i64, u64) -> bool,
) -> rusqlite::Result<u64> {
    let (mut low, mut high) = (extent.low, extent.end);
    while low < high {
        let middle = low + (high - low) / 2;
        // It may be gone since `extent` was read: then what is asked for comes later.
        let is_late = holder(connection, extent, middle)?
            .is_some_and(|chunk| late(chunk.at, uint(chunk.bytes)));
        if is_late {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// What bisection asks of a chunk.
pub(crate) struct Chunk {
    /// The offset of its first record.
    pub(crate) first: u64,
    at: i64,
    bytes: i64,
}

/// The chunk that holds an offset of the partition.
pub(crate) fn holder(
    connection: &Connection,
    extent: Extent,
    offset: u64,
) -> rusqlite::Result<Option<Chunk>> {
    connection
        .prepare_cached(
            "SELECT id, at, bytes FROM chunk WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([row(extent.id, 0), row(extent.id, offset)], |row| {
            Ok(Chunk { first: offset_of(row.get(0)?), at: row.get(1)?, bytes: row.get(2)? })
        })
        .optional()
}

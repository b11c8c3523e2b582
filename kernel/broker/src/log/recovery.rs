//! Bringing index and segments together when a log is opened.
//!
//! After a power cut the index may lack the last commits, whose frames are on the disk; after one
//! that hit a relaxed log it may also name frames that are not. What is whole in the segments
//! counts. The same completes an index that is gone: only how far the groups had come is lost then.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::StorageError;
use crate::log::schema::{int, row, uint};
use crate::log::segment::{self, Head, Place, Segments};
use crate::settings::{Durability, LogSettings};

/// Completes the index from the segments and opens the segment that is to be written.
pub(crate) fn recover(
    connection: &Connection,
    path: &Path,
    settings: &LogSettings,
) -> Result<Segments, StorageError> {
    let folder = segment::folder_of(path);
    let there = segment::numbers(&folder)?;
    let indexed = indexed(connection)?;
    if let Some(missing) = indexed.iter().find(|number| !there.contains(number)) {
        return Err(StorageError::missing(*missing));
    }
    let last_indexed = indexed.last().copied().unwrap_or(0);
    let last = there.last().copied().unwrap_or(1).max(1);
    let known_good = known_good(connection)?;
    let (mut valid, mut gone) = (0, 0);
    let mut discovered = BTreeSet::new();
    let transaction = connection.unchecked_transaction()?;
    for &number in there.iter().filter(|number| last_indexed <= **number) {
        let length = segment::length_of(&folder, number)?;
        let from = known_good.filter(|(of, _)| *of == number).map_or(0, |(_, length)| length);
        if length == from {
            valid = length;
            continue;
        }
        let scanned = segment::scan(&folder, number, from)?;
        let damaged = scanned.goes_on && settings.durability == Durability::Durable;
        if scanned.valid < length && (number != last || damaged) {
            return Err(StorageError::damaged(number, scanned.valid));
        }
        valid = scanned.valid;
        for (head, place) in scanned.frames.into_iter().flat_map(|frame| frame.chunks) {
            discovered.extend(adopt(&transaction, &head, place, settings.partitions)?);
        }
        let beyond = transaction.execute(
            "DELETE FROM chunk WHERE segment = ?1 AND position >= ?2",
            params![int(number), int(valid)],
        )?;
        gone += beyond;
        if 0 < beyond || valid < length {
            tracing::warn!(segment = number, valid, length, "the event log had a torn end");
        }
        account(&transaction, number, valid)?;
    }
    for partition in discovered {
        // Not its first chunk in the files: that may have been moved behind younger ones.
        transaction.execute(
            "UPDATE partition SET low = coalesce((
                 SELECT min(chunk.id & 1099511627775) FROM chunk WHERE chunk.id >> 40 = ?1
             ), 0) WHERE id = ?1",
            [partition],
        )?;
    }
    if 0 < gone {
        // Nobody has come further than the records go.
        transaction.execute(
            "UPDATE progress SET next = min(next, coalesce((
                 SELECT max((id & 1099511627775) + records) FROM chunk
                 WHERE id >> 40 = progress.partition
             ), (SELECT low FROM partition WHERE id = progress.partition)))",
            [],
        )?;
    }
    transaction.commit()?;
    let segments = Segments::open(folder, settings, last, valid)?;
    // Left behind by a crash between the index's farewell and the file's end.
    for number in there.into_iter().filter(|n| *n < last_indexed && !indexed.contains(n)) {
        segments.delete(number)?;
    }
    Ok(segments)
}

/// Notes that the index and the segments agree up to here, so that the next start need not look.
pub(crate) fn note_agreement(
    connection: &Connection,
    segments: &Segments,
) -> Result<(), StorageError> {
    segments.sync()?;
    let mut note = connection.prepare("INSERT OR REPLACE INTO setting VALUES (?1, ?2)")?;
    note.execute(params!["good_segment", int(segments.number())])?;
    note.execute(params!["good_length", int(segments.length())])?;
    Ok(())
}

fn known_good(connection: &Connection) -> rusqlite::Result<Option<(u64, u64)>> {
    let mut query = connection.prepare("SELECT value FROM setting WHERE name = ?1")?;
    let mut setting = |name: &str| query.query_row([name], |row| row.get(0).map(uint)).optional();
    Ok(setting("good_segment")?.zip(setting("good_length")?))
}

fn indexed(connection: &Connection) -> rusqlite::Result<Vec<u64>> {
    connection
        .prepare("SELECT number FROM segment ORDER BY number")?
        .query_map([], |row| row.get(0).map(uint))?
        .collect()
}

/// Takes a chunk into the index unless it is there, or was removed by retention. Answers the
/// partitions that the index did not know.
fn adopt(
    connection: &Connection,
    head: &Head,
    place: Place,
    partitions: u32,
) -> rusqlite::Result<Vec<i64>> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO partition (topic, number, low) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
    )?;
    let mut discovered = Vec::new();
    for number in 0..partitions {
        if insert.execute(params![head.topic, number])? == 1 {
            discovered.push(connection.last_insert_rowid());
        }
    }
    let (id, low) = connection
        .prepare_cached("SELECT id, low FROM partition WHERE topic = ?1 AND number = ?2")?
        .query_row(params![head.topic, head.partition], |row| {
            Ok((row.get::<_, i64>(0)?, uint(row.get(1)?)))
        })?;
    if low <= head.first {
        put(connection, id, head, place)?;
    }
    Ok(discovered)
}

/// Writes a chunk's row; one that was moved gets its new place.
pub(crate) fn put(
    connection: &Connection,
    partition: i64,
    head: &Head,
    place: Place,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO chunk
                 (id, at, bytes, records, segment, position, layout, content, crc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            row(partition, head.first),
            head.at,
            int(head.total),
            head.records,
            int(place.segment),
            int(place.position),
            head.layout,
            head.content,
            head.crc,
        ])?;
    Ok(())
}

/// Writes down how long a segment is and how much of it is still referred to.
fn account(connection: &Connection, number: u64, length: u64) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO segment (number, length, live) VALUES (?1, ?2, (
             SELECT coalesce(sum(layout + content), 0) FROM chunk WHERE segment = ?1
         ))",
        params![int(number), int(length)],
    )?;
    Ok(())
}

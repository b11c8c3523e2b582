//! What may go: old or surplus records that no group still needs.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::log::reader::{first_offset, holder};
use crate::log::schema::{int, offset_of, row, uint};
use crate::log::segment::{Head, Place};
use crate::log::state::State;
use crate::settings::{LogSettings, Retention};

/// Records removed from one partition in one transaction, so that publishers wait only briefly.
const MAX_REMOVED: u64 = 5_000;

/// One partition's new beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) topic: String,
    pub(crate) partition: usize,
    id: i64,
    from: u64,
    /// The new oldest offset.
    pub(crate) to: u64,
}

/// What a pass at `now` may remove.
pub(crate) fn plan(
    connection: &Connection,
    settings: &LogSettings,
    state: &State,
    now: Timestamp,
) -> rusqlite::Result<Vec<Cut>> {
    let mut cuts = Vec::new();
    for (topic, extents) in &state.topics {
        let retention = settings.retention_of(topic);
        if retention == Retention::KEEP {
            continue;
        }
        for (partition, extent) in extents.iter().enumerate() {
            let mut keep_from = extent.low;
            if let Some(max_age) = retention.max_age {
                let oldest = now.saturating_sub(max_age).unwrap_or(Timestamp::MIN);
                let oldest = oldest.as_millisecond();
                keep_from = keep_from.max(first_offset(connection, *extent, |at, _| oldest <= at)?);
            }
            if let Some(max_bytes) = retention.max_bytes_per_partition {
                let surplus = extent.bytes.saturating_sub(max_bytes);
                // Rounded in favour of keeping: the chunk that straddles the bound stays.
                let kept = first_offset(connection, *extent, |_, bytes| surplus < bytes)?;
                keep_from = keep_from.max(kept);
            }
            let needed_from = state.needed_from(topic, partition).unwrap_or(extent.end);
            let mut to = keep_from.min(needed_from).min(extent.low + MAX_REMOVED);
            if extent.low < to && to < extent.end {
                // Chunks go as a whole.
                to = holder(connection, *extent, to)?.map_or(to, |chunk| chunk.first);
            }
            if extent.low < to {
                let (topic, id, from) = (topic.clone(), extent.id, extent.low);
                cuts.push(Cut { topic, partition, id, from, to });
            }
        }
    }
    Ok(cuts)
}

/// Removes what was planned from the index, within the caller's transaction.
pub(crate) fn cut(connection: &Connection, cuts: &[Cut]) -> rusqlite::Result<()> {
    for cut in cuts {
        connection
            .prepare_cached(
                "UPDATE segment SET live = live - gone.bytes FROM (
                     SELECT segment AS number, sum(layout + content) AS bytes FROM chunk
                     WHERE id >= ?1 AND id < ?2 GROUP BY segment
                 ) AS gone WHERE segment.number = gone.number",
            )?
            .execute([row(cut.id, cut.from), row(cut.id, cut.to)])?;
        connection
            .prepare_cached("DELETE FROM chunk WHERE id >= ?1 AND id < ?2")?
            .execute([row(cut.id, cut.from), row(cut.id, cut.to)])?;
        connection
            .prepare_cached("UPDATE partition SET low = ?2 WHERE id = ?1")?
            .execute(params![cut.id, int(cut.to)])?;
    }
    Ok(())
}

/// The segments before `current` of which at most a quarter is still referred to.
pub(crate) fn mostly_removed(connection: &Connection, current: u64) -> rusqlite::Result<Vec<u64>> {
    connection
        .prepare_cached("SELECT number FROM segment WHERE number < ?1 AND live * 4 <= length")?
        .query_map([int(current)], |row| row.get(0).map(uint))?
        .collect()
}

/// The chunks of a segment that are still referred to, in the order in which they lie.
pub(crate) fn chunks_of(
    connection: &Connection,
    segment: u64,
) -> rusqlite::Result<Vec<(Head, Place)>> {
    connection
        .prepare_cached(
            "SELECT topic, number, chunk.id, records, at, bytes, layout, content, crc, position
             FROM chunk JOIN partition ON partition.id = chunk.id >> 40
             WHERE segment = ?1 ORDER BY position",
        )?
        .query_map([int(segment)], |row| {
            let head = Head {
                topic: row.get(0)?,
                partition: row.get(1)?,
                first: offset_of(row.get(2)?),
                records: row.get(3)?,
                at: row.get(4)?,
                total: uint(row.get(5)?),
                layout: row.get(6)?,
                content: row.get(7)?,
                crc: row.get(8)?,
            };
            Ok((head, Place { segment, position: uint(row.get(9)?) }))
        })?
        .collect()
}

/// Removes a segment from the index.
pub(crate) fn forget(connection: &Connection, segment: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM segment WHERE number = ?1")?
        .execute([int(segment)])
        .map(|_| ())
}

//! The log's file: its tables, what makes it ours, and its state when it is opened.
//!
//! Format 4. The file is an index: the records themselves lie in segments beside it (`segment`).
//! They are kept in chunks: neighbours of one partition that were committed together, 64 KiB or so.
//! A row per record costs several microseconds of processor each, which on a fast disk is more than
//! the fsync that a thousand of them share; a chunk costs little more than its bytes. A chunk's
//! `layout` says what its records have besides their values (`layout`), its `content` is the values
//! one after the other; the index keeps where they begin and how long they are.
//!
//! A chunk's row id is its partition's number and its first offset in one integer, so the table
//! itself is the index. `bytes` is a running total per partition, so that "the newest 10 MB" and
//! "since 8 o'clock" (`at` never decreases) are found by bisection. What lies in a segment is asked
//! only after a crash and when a segment is emptied, by looking at all rows: an index for that would
//! cost every commit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, ffi, params};

use crate::error::OpenError;
use crate::log::recovery::recover;
use crate::log::segment::Segments;
use crate::log::state::{Extent, Progress, State};
use crate::settings::{Durability, LogSettings};

/// "CHEL", Chiron event log: in the header of every file, where `file` and `SQLite` show it.
const APPLICATION_ID: i64 = 0x4348_454c;

/// The format that this version writes, and the newest that it reads.
const FORMAT: i64 = 4;

/// Bits of a row id that hold the offset: 10^12 records per partition, 8 million partitions.
const OFFSET_BITS: u32 = 40;

/// The largest number of partitions per topic.
const MAX_PARTITIONS: u32 = 1024;

const TABLES: &str = "
    CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE partition (
        id INTEGER PRIMARY KEY,
        topic TEXT NOT NULL,
        number INTEGER NOT NULL,
        low INTEGER NOT NULL,
        UNIQUE (topic, number)
    ) STRICT;
    CREATE TABLE chunk (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        records INTEGER NOT NULL,
        segment INTEGER NOT NULL,
        position INTEGER NOT NULL,
        layout INTEGER NOT NULL,
        content INTEGER NOT NULL,
        crc INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE segment (
        number INTEGER PRIMARY KEY,
        length INTEGER NOT NULL,
        live INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE progress (
        consumers TEXT NOT NULL,
        partition INTEGER NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (consumers, partition)
    ) STRICT, WITHOUT ROWID;
";

/// The row id of the chunk that begins with a record.
pub(crate) fn row(partition: i64, offset: u64) -> i64 {
    (partition << OFFSET_BITS) | int(offset)
}

/// The offset in a row id: that of the chunk's first record.
pub(crate) fn offset_of(row: i64) -> u64 {
    uint(row & ((1 << OFFSET_BITS) - 1))
}

/// As the file keeps it.
pub(crate) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// As we count; the file never holds a negative number where this is used.
pub(crate) fn uint(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// What the writer begins with.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) segments: Segments,
    pub(crate) state: State,
    /// When the newest record was appended, in milliseconds of Unix time; 0 in an empty log.
    pub(crate) last_at: i64,
}

/// Opens or creates the file for writing. The caller holds the lock.
pub(crate) fn open(path: &Path, settings: &LogSettings) -> Result<Opened, OpenError> {
    if !(1..=MAX_PARTITIONS).contains(&settings.partitions) {
        return Err(OpenError::NoPartitions { asked: settings.partitions, max: MAX_PARTITIONS });
    }
    inspect(path)?;
    let storage = |err| unreadable(path, err);
    let connection = connect(path, settings.durability).map_err(storage)?;
    // A file that may only be read is opened all the same, and then no record could be kept.
    if connection.is_readonly("main").map_err(storage)? {
        let read_only = ffi::Error::new(ffi::SQLITE_READONLY);
        return Err(storage(rusqlite::Error::SqliteFailure(read_only, None)));
    }
    if is_empty(&connection).map_err(storage)? {
        create(&connection, settings.partitions).map_err(storage)?;
        sync_folder(path)?;
    }
    let partitions = identify(&connection, path)?;
    if partitions != settings.partitions {
        let (path, asked) = (path.to_owned(), settings.partitions);
        return Err(OpenError::Partitions { path, found: partitions, asked });
    }
    let segments = recover(&connection, path, settings)
        .map_err(|source| OpenError::Storage { path: path.to_owned(), source })?;
    let (state, last_at) = load(&connection, partitions).map_err(storage)?;
    Ok(Opened { connection, segments, state, last_at })
}

/// Opens the file beside whoever writes it, and answers how many partitions its topics have.
///
/// Unlike [`inspect`] this leaves the file to `SQLite` alone: closing any other handle of it would
/// end the locks of a writer in the same process.
pub(crate) fn open_reader(path: &Path) -> Result<(Connection, u32), OpenError> {
    std::fs::metadata(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let connection = connect_reader(path).map_err(|err| unreadable(path, err))?;
    let partitions = identify(&connection, path)?;
    Ok((connection, partitions))
}

/// Refuses a file that is not a log, or is of a newer format; answers the partitions of its topics.
fn identify(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let storage = |err| unreadable(path, err);
    if pragma(connection, "application_id").map_err(storage)? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = pragma(connection, "user_version").map_err(storage)?;
    if FORMAT < found {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    if found < FORMAT {
        return Err(OpenError::Older { path: path.to_owned(), found, known: FORMAT });
    }
    connection
        .query_row("SELECT value FROM setting WHERE name = 'partitions'", [], |row| row.get(0))
        .map_err(storage)
}

fn unreadable(path: &Path, err: rusqlite::Error) -> OpenError {
    match err.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        _ => OpenError::Storage { path: path.to_owned(), source: err.into() },
    }
}

/// Looks at the file's header without opening it as a database, so that a file which is not ours
/// is left as it is: opening one could already run its recovery.
fn inspect(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(io(err)),
    };
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(());
    }
    let foreign = || OpenError::Foreign { path: path.to_owned() };
    // https://sqlite.org/fileformat2.html#the_database_header
    let mut header = [0_u8; 100];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(err) if err.kind() == ErrorKind::UnexpectedEof => return Err(foreign()),
        Err(err) => return Err(io(err)),
    }
    let number = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        i64::from(u32::from_be_bytes(bytes.unwrap_or_default()))
    };
    let (format, application_id) = (number(60), number(68));
    if !header.starts_with(b"SQLite format 3\0")
        || (application_id != APPLICATION_ID && application_id != 0)
    {
        return Err(foreign());
    }
    if application_id == APPLICATION_ID && FORMAT < format {
        let path = path.to_owned();
        return Err(OpenError::Newer { path, found: format, known: FORMAT });
    }
    Ok(())
}

fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    if pragma(&connection, "application_id")? != APPLICATION_ID && !is_empty(&connection)? {
        // The caller refuses it; a foreign file keeps its journal mode.
        return Ok(connection);
    }
    // A commit touches one page or two of each partition; small ones are less to write.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    synchronous(&connection, durability)?;
    // Each checkpoint costs two fsyncs; 8 MB of WAL hold the rows of some 100,000 chunks.
    connection.pragma_update(None, "wal_autocheckpoint", 2048)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// `FULL` brings every commit to the disk before it returns; `NORMAL` leaves that to the operating
/// system, which survives the end of our process, and keeps the file whole after a power cut.
pub(crate) fn synchronous(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    let mode = match durability {
        Durability::Durable => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", mode)
}

/// Opens the file once more, for reading only.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // Each reader scans forward once: a small cache of its own is enough.
    connection.pragma_update(None, "cache_size", -512)?;
    Ok(connection)
}

/// A file without any table was not ours or anybody's yet: a crash may have come before the tables.
fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0
        && pragma(connection, "application_id")? == 0
        && pragma(connection, "user_version")? == 0)
}

fn create(connection: &Connection, partitions: u32) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO setting VALUES ('partitions', ?1)", [partitions])?;
    transaction.commit()?;
    // Into the file proper, where `inspect` looks.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// The name of a new file is on the disk only once its folder is.
fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| OpenError::Io { path: folder.to_owned(), source })
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// The whole state, and when the newest record was appended.
fn load(connection: &Connection, partitions: u32) -> rusqlite::Result<(State, i64)> {
    let (topics, last_at) = extents(connection, None)?;
    let mut state = State { topics, ..State::default() };
    let count = usize::try_from(partitions).unwrap_or(usize::MAX);
    let mut query = connection.prepare(
        "SELECT consumers, topic, number, next
         FROM progress JOIN partition ON partition.id = progress.partition",
    )?;
    let mut rows = query.query([])?;
    while let Some(found) = rows.next()? {
        let (group, topic): (String, String) = (found.get(0)?, found.get(1)?);
        let (number, next): (i64, i64) = (found.get(2)?, found.get(3)?);
        let topics = state.groups.entry(group).or_default();
        let progress = topics.entry(topic).or_insert_with(|| vec![Progress::default(); count]);
        if let Some(progress) =
            usize::try_from(number).ok().and_then(|number| progress.get_mut(number))
        {
            progress.next = uint(next);
        }
    }
    Ok((state, last_at))
}

/// By topic (one, or all of them), what its partitions hold; and when the newest of these records
/// was appended, 0 when there is none.
pub(crate) fn extents(
    connection: &Connection,
    topic: Option<&str>,
) -> rusqlite::Result<(BTreeMap<String, Vec<Extent>>, i64)> {
    let mut topics: BTreeMap<String, Vec<Extent>> = BTreeMap::new();
    let mut last_at = 0;
    let mut query = connection.prepare_cached(
        "SELECT id, topic, low FROM partition WHERE ?1 IS NULL OR topic = ?1
         ORDER BY topic, number",
    )?;
    let mut newest = connection.prepare_cached(
        "SELECT id, records, at, bytes FROM chunk WHERE id BETWEEN ?1 AND ?2
         ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = query.query([topic])?;
    while let Some(found) = rows.next()? {
        let (id, topic, low): (i64, String, i64) = (found.get(0)?, found.get(1)?, found.get(2)?);
        let newest: Option<(i64, i64, i64, i64)> = newest
            .query_row(params![row(id, 0), row(id + 1, 0) - 1], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let low = uint(low);
        let (end, bytes) = match newest {
            Some((newest, records, at, bytes)) => {
                last_at = last_at.max(at);
                (offset_of(newest) + uint(records), uint(bytes))
            }
            None => (low, 0),
        };
        topics.entry(topic).or_default().push(Extent { id, low, end: end.max(low), bytes });
    }
    Ok((topics, last_at))
}

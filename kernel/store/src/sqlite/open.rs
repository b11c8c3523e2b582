//! Opening a file: whose it is, its lock, its layout, its indexes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chiron_broker::Durability;
use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::{Semaphore, mpsc};

use super::checkpoint::{Checkpoints, LONGEST_LOG};
use super::writer::Writer;
use super::{Readers, Sqlite, column};
use crate::error::OpenError;
use crate::progress::Progress;
use crate::spec::{CollectionSpec, ID, check_specs};

/// "CHST": marks a file as a store.
const APPLICATION_ID: i64 = 0x4348_5354;
/// The layout of tables that this release writes and the newest that it reads.
const LAYOUT: i64 = 1;
/// Requests that may wait for the writer before callers wait in turn.
const QUEUE: usize = 1024;
/// Connections that read at the same time.
const READERS: usize = 4;

impl Sqlite {
    /// Opens the file, or memory when there is no path.
    pub(crate) fn open(
        path: Option<&Path>,
        durability: Durability,
        collections: &[&'static CollectionSpec],
    ) -> Result<Sqlite, OpenError> {
        Self::open_or_fail(path, durability, collections)
            .map_err(|error| error.at(path.unwrap_or(Path::new(":memory:"))))
    }

    fn open_or_fail(
        path: Option<&Path>,
        durability: Durability,
        collections: &[&'static CollectionSpec],
    ) -> Result<Sqlite, OpenError> {
        check_specs(collections)?;
        let (connection, lock) = match path {
            None => (Connection::open_in_memory()?, None),
            Some(path) => {
                let lock = lock(path)?;
                (open_file(path, durability)?, Some(lock))
            }
        };
        prepare_layout(&connection, path)?;
        for spec in collections {
            prepare_collection(&connection, spec)?;
        }

        let (count, newest): (i64, i64) = connection.query_row(
            "SELECT (SELECT count(*) FROM outbox), \
             coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (newest, count) = (newest.unsigned_abs(), count.unsigned_abs());
        let oldest: Option<i64> =
            connection.query_row("SELECT min(seq) FROM outbox", [], |row| row.get(0))?;
        let relayed = oldest.map_or(newest, |seq| seq.unsigned_abs().saturating_sub(1));
        let progress = Progress::new(count, newest, relayed);

        let (writes, queue) = mpsc::channel(QUEUE);
        let no_thread = |source| OpenError::File {
            path: path.unwrap_or(Path::new(":memory:")).to_owned(),
            source,
        };
        let checkpoints = match path {
            None => None,
            Some(path) => Some(Checkpoints::begin(open_beside(path)?).map_err(no_thread)?),
        };
        let thread = Writer {
            connection,
            progress: Arc::clone(&progress),
            lock,
            durability,
            synchronous: durability,
            checkpoints,
        };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.run(queue))
            .map_err(no_thread)?;
        Ok(Sqlite {
            writes,
            readers: path.map(|path| Readers {
                path: path.to_owned(),
                permits: Semaphore::new(READERS),
                idle: Mutex::new(Vec::new()),
            }),
            closed: AtomicBool::new(false),
            progress,
            collections: collections.to_vec(),
        })
    }

    /// Opens the file for reading only, beside whoever writes it.
    pub(crate) fn look(
        path: &Path,
        collections: &[&'static CollectionSpec],
    ) -> Result<Sqlite, OpenError> {
        Self::look_or_fail(path, collections).map_err(|error| error.at(path))
    }

    fn look_or_fail(
        path: &Path,
        collections: &[&'static CollectionSpec],
    ) -> Result<Sqlite, OpenError> {
        check_specs(collections)?;
        if let Err(source) = std::fs::metadata(path) {
            return Err(OpenError::File { path: path.to_owned(), source });
        }
        let connection = open_reader(path)?;
        let ours = check_header(&connection, Some(path)).map_err(|error| match error {
            OpenError::Database(error)
                if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) =>
            {
                OpenError::Foreign { path: path.to_owned() }
            }
            other => other,
        })?;
        if !ours {
            return Err(OpenError::Foreign { path: path.to_owned() });
        }
        // Nobody takes what is written.
        let (writes, _) = mpsc::channel(1);
        Ok(Sqlite {
            writes,
            readers: Some(Readers {
                path: path.to_owned(),
                permits: Semaphore::new(READERS),
                idle: Mutex::new(vec![connection]),
            }),
            closed: AtomicBool::new(false),
            progress: Progress::new(0, 0, 0),
            collections: collections.to_vec(),
        })
    }
}

/// Takes the lock that keeps a second opener out; the operating system gives it back when the
/// process ends, however it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |path: &Path, source| OpenError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    }
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(|source| failed(&lock_path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(&lock_path, source)),
    }
}

fn open_file(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let foreign = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        _ => OpenError::Database(error),
    };
    let connection = Connection::open(path)?;
    // A file that may only be read is opened all the same, and then nothing could be kept.
    if connection.is_readonly("main")? {
        let read_only = ffi::Error::new(ffi::SQLITE_READONLY);
        return Err(rusqlite::Error::SqliteFailure(read_only, None).into());
    }
    // Looked at before anything is changed, the journal mode included.
    check_header(&connection, Some(path)).map_err(|error| match error {
        OpenError::Database(error) => foreign(error),
        other => other,
    })?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(foreign)?;
    connection.pragma_update(None, "synchronous", synchronous(durability))?;
    connection.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG)?;
    tune(&connection)?;
    Ok(connection)
}

/// In WAL mode, FULL syncs at every commit. NORMAL syncs at checkpoints: a killed process loses
/// nothing, a power loss the last commits.
pub(super) fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Durable => "FULL",
        Durability::Relaxed => "NORMAL",
    }
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open_beside(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// One more connection to a file that the writer has opened.
fn open_beside(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    tune(&connection)?;
    Ok(connection)
}

fn tune(connection: &Connection) -> Result<(), rusqlite::Error> {
    // KiB; a dozen services of one process have five connections each.
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Whether the file is empty (`false`) or one of ours (`true`).
fn check_header(connection: &Connection, path: Option<&Path>) -> Result<bool, OpenError> {
    let path = || path.unwrap_or(Path::new(":memory:")).to_owned();
    let application: i64 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let layout: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |r| r.get(0))?;
    if application == 0 && layout == 0 && objects == 0 {
        return Ok(false);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path() });
    }
    if layout > LAYOUT {
        return Err(OpenError::Newer { path: path(), found: layout, known: LAYOUT });
    }
    Ok(true)
}

pub(super) fn prepare_layout(
    connection: &Connection,
    path: Option<&Path>,
) -> Result<(), OpenError> {
    if check_header(connection, path)? {
        return Ok(());
    }
    // AUTOINCREMENT: a number is never used twice, so "published up to n" stays true.
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {LAYOUT};
         COMMIT;"
    ))?;
    Ok(())
}

/// Creates the table, and makes its indexes those declared.
pub(super) fn prepare_collection(
    connection: &Connection,
    spec: &'static CollectionSpec,
) -> Result<(), OpenError> {
    let table = spec.name;
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS \"c_{table}\" \
         (id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL)"
    ))?;

    let mut existing: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_master \
             WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
        )?
        .query_map([format!("c_{table}")], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for index in spec.indexes {
        let name = format!("{table}.{}", index.name);
        let mut columns: Vec<String> = index.fields.iter().map(|field| column(field)).collect();
        if !index.unique && !index.fields.contains(&ID) {
            // Lets a page be read in the order of the index, ties included.
            columns.push("id".to_owned());
        }
        let unique = if index.unique { "UNIQUE " } else { "" };
        let columns = columns.join(", ");
        let sql = format!("CREATE {unique}INDEX \"{name}\" ON \"c_{table}\" ({columns})");
        if let Some(position) = existing.iter().position(|(other, _)| *other == name) {
            let (_, old) = existing.swap_remove(position);
            if old == sql {
                continue;
            }
            connection.execute_batch(&format!("DROP INDEX \"{name}\""))?;
        }
        connection.execute_batch(&sql).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => {
                OpenError::NotUnique { collection: spec.name, index: index.name }
            }
            _ => OpenError::Database(error),
        })?;
    }
    for (name, _) in existing {
        connection.execute_batch(&format!("DROP INDEX \"{name}\""))?;
    }
    Ok(())
}

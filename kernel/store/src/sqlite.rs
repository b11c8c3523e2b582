//! One `SQLite` file: opening it, the thread that writes, the connections that read, the SQL.
//!
//! The writing thread takes what has queued up, runs each request inside a savepoint of one
//! transaction and answers after the commit. A caller that gives up waiting does not undo its
//! write. A store in memory has one connection only, so its reads are requests too, run after the
//! commit of the batch they came with.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chiron_broker::{Durability, Trouble};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, ErrorCode, ffi, params, params_from_iter};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::error::{OpenError, StoreError, WriteError};
use crate::query::{Filter, Find, Order};
use crate::spec::{CollectionSpec, ID};

/// "CHST": marks a file as a store.
const APPLICATION_ID: i64 = 0x4348_5354;
/// The layout of tables that this release writes and the newest that it reads.
const LAYOUT: i64 = 1;
/// Requests that may wait for the writer before callers wait in turn.
const QUEUE: usize = 1024;
/// Requests that share one commit at most; bounds the time a first caller waits for the last.
const BATCH: usize = 256;
/// Connections that read at the same time.
const READERS: usize = 4;

/// One statement on one document.
pub(crate) enum Op {
    Insert {
        table: &'static str,
        id: String,
        body: String,
    },
    Replace {
        table: &'static str,
        id: String,
        expected: u64,
        body: String,
    },
    Put {
        table: &'static str,
        id: String,
        body: String,
    },
    Delete {
        table: &'static str,
        id: String,
        expected: Option<u64>,
    },
    /// An event to publish, as JSON.
    Outbox(String),
    /// Everything up to this number has been published.
    Relayed(u64),
}

type ReadFn = Box<dyn FnOnce(&Connection) + Send>;

/// Where the answer to a write goes.
type Reply = oneshot::Sender<Result<u64, WriteError>>;

enum Request {
    Write { ops: Vec<Op>, reply: Reply },
    Read(ReadFn),
    Close(oneshot::Sender<()>),
}

/// What the relay and the account of pending work look at.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Events saved and not yet known to be published.
    pub(crate) unrelayed: AtomicU64,
    /// Set while the relay waits for a timer, since what waits for a timer is not pending.
    pub(crate) backing_off: AtomicBool,
    /// The number of the newest event saved.
    pub(crate) saved: watch::Sender<u64>,
    /// Everything up to this number has been published.
    pub(crate) relayed: watch::Sender<u64>,
    /// What the last commit or read that failed said of the disk; `None` once a commit succeeds.
    pub(crate) trouble: watch::Sender<Option<Trouble>>,
    /// Why the store can no longer be used.
    pub(crate) failed: watch::Sender<Option<Arc<rusqlite::Error>>>,
}

impl Progress {
    fn new(unrelayed: u64, saved: u64, relayed: u64) -> Arc<Self> {
        Arc::new(Self {
            unrelayed: AtomicU64::new(unrelayed),
            backing_off: AtomicBool::new(false),
            saved: watch::Sender::new(saved),
            relayed: watch::Sender::new(relayed),
            trouble: watch::Sender::new(None),
            failed: watch::Sender::new(None),
        })
    }

    /// Notes what an error says of the disk. Damage does not pass: what is written to a damaged
    /// file may damage it further.
    fn note(&self, error: &StoreError) {
        let (Some(trouble), Some(source)) = (error.trouble(), error.database()) else { return };
        self.trouble.send_replace(Some(trouble));
        if trouble == Trouble::Damaged {
            self.failed.send_if_modified(|failed| {
                let first = failed.is_none();
                failed.get_or_insert_with(|| Arc::clone(source));
                first
            });
        }
    }
}

pub(crate) struct Sqlite {
    writes: mpsc::Sender<Request>,
    /// `None` in memory: reads go to the writer.
    readers: Option<Readers>,
    closed: AtomicBool,
    pub(crate) progress: Arc<Progress>,
    pub(crate) collections: Vec<&'static CollectionSpec>,
}

struct Readers {
    path: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

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
        let thread = Writer { connection, progress: Arc::clone(&progress), _lock: lock };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.run(queue))
            .map_err(|source| OpenError::File {
                path: path.unwrap_or(Path::new(":memory:")).to_owned(),
                source,
            })?;
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

    /// Runs all operations or none; answers the version that the last one on a document left
    /// (for a deletion: 1 when there was something to delete, else 0).
    pub(crate) async fn write(&self, ops: Vec<Op>) -> Result<u64, WriteError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed.into());
        }
        let (reply, answer) = oneshot::channel();
        self.writes
            .send(Request::Write { ops, reply })
            .await
            .map_err(|_| WriteError::Store(StoreError::Closed))?;
        answer.await.map_err(|_| WriteError::Store(StoreError::Closed))?
    }

    /// Runs a read on a connection that sees every write answered before.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let (reply, answer) = oneshot::channel();
        match &self.readers {
            None => {
                let run: ReadFn = Box::new(move |connection| {
                    // A reader that went away needs no answer.
                    let _ = reply.send(read(connection));
                });
                self.writes.send(Request::Read(run)).await.map_err(|_| StoreError::Closed)?;
            }
            Some(readers) => {
                let _permit = readers.permits.acquire().await.map_err(|_| StoreError::Closed)?;
                let idle = readers.idle().pop();
                let path = readers.path.clone();
                let progress = Arc::clone(&self.progress);
                let (connection, result) = tokio::task::spawn_blocking(move || {
                    let connection = match idle.map_or_else(|| open_reader(&path), Ok) {
                        Ok(connection) => connection,
                        Err(error) => return (None, Err(error.into())),
                    };
                    let result = read(&connection);
                    if let Err(error) = &result {
                        progress.note(error);
                    }
                    (Some(connection), result)
                })
                .await
                .map_err(|_| StoreError::Closed)?;
                if let Some(connection) = connection
                    && !self.closed.load(Ordering::Acquire)
                {
                    readers.idle().push(connection);
                }
                return result;
            }
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what has been accepted and closes the file; later calls fail. Safe to repeat.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(readers) = &self.readers {
            readers.permits.close();
            readers.idle().clear();
        }
        let (reply, closed) = oneshot::channel();
        if self.writes.send(Request::Close(reply)).await.is_ok() {
            // An error means that the writer has already gone.
            let _ = closed.await;
        }
    }
}

impl Readers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ---- opening ----

fn check_specs(collections: &[&'static CollectionSpec]) -> Result<(), OpenError> {
    let mut seen = BTreeSet::new();
    for spec in collections {
        if let Some(reason) = spec.fault() {
            return Err(OpenError::Spec { collection: spec.name, reason });
        }
        if !seen.insert(spec.name) {
            return Err(OpenError::Spec { collection: spec.name, reason: "declared twice" });
        }
    }
    Ok(())
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
    // In WAL mode, FULL syncs at every commit. NORMAL syncs at checkpoints: a killed process loses
    // nothing, a power loss the last commits.
    let synchronous = match durability {
        Durability::Durable => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    tune(&connection)?;
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "query_only", true)?;
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

fn prepare_layout(connection: &Connection, path: Option<&Path>) -> Result<(), OpenError> {
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
fn prepare_collection(
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

/// The expression of a field; the same text in indexes and queries, else an index is not used.
fn column(field: &str) -> String {
    if field == ID {
        return "id".to_owned();
    }
    let path: Vec<String> = field.split('.').map(|name| format!("\"{name}\"")).collect();
    format!("json_extract(body, '$.{}')", path.join("."))
}

// ---- writing ----

struct Writer {
    connection: Connection,
    progress: Arc<Progress>,
    _lock: Option<File>,
}

/// A request that has run and waits for the commit.
struct Ran {
    reply: Reply,
    result: Result<u64, WriteError>,
}

/// What a batch does to the outbox, told after its commit.
#[derive(Default, Clone, Copy)]
struct OutboxChange {
    added: u64,
    newest: u64,
    removed: u64,
    relayed: u64,
}

impl Writer {
    fn run(self, mut requests: mpsc::Receiver<Request>) {
        let mut closing = None;
        while closing.is_none() {
            let Some(first) = requests.blocking_recv() else { break };
            let mut writes = Vec::new();
            let mut reads = Vec::new();
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Write { ops, reply } => writes.push((ops, reply)),
                    Request::Read(read) => reads.push(read),
                    Request::Close(reply) => closing = Some(reply),
                }
                let full = BATCH <= writes.len() + reads.len() || closing.is_some();
                next = if full { None } else { requests.try_recv().ok() };
            }
            if !writes.is_empty() {
                self.commit(writes);
            }
            for read in reads {
                read(&self.connection);
            }
        }
        let Writer { connection, progress: _, _lock: lock } = self;
        if let Err((_, error)) = connection.close() {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not close the store");
        }
        drop(lock);
        if let Some(reply) = closing {
            // Whoever asked may have stopped waiting.
            let _ = reply.send(());
        }
    }

    fn commit(&self, writes: Vec<(Vec<Op>, Reply)>) {
        if let Some(failed) = &*self.progress.failed.borrow() {
            refuse(writes.into_iter().map(|(_, reply)| reply), failed);
            return;
        }
        let begun =
            self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([]));
        let mut ran = Vec::with_capacity(writes.len());
        let mut change = OutboxChange::default();
        if let Err(error) = begun {
            let error = Arc::new(error);
            self.progress.note(&StoreError::from(Arc::clone(&error)));
            refuse(writes.into_iter().map(|(_, reply)| reply), &error);
            return;
        }
        let mut writes = writes.into_iter();
        let mut committed = Ok(());
        for (ops, reply) in writes.by_ref() {
            let result = self.savepoint(ops, &mut change);
            // A disk that fails in the middle makes the database take back the whole transaction,
            // with what ran before; going on would commit the rest one by one, and untold.
            if self.connection.is_autocommit() {
                committed = Err(cause(&result));
            }
            ran.push(Ran { reply, result });
            if committed.is_err() {
                break;
            }
        }
        let committed = committed.and_then(|()| {
            let commit = self.connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([]));
            commit.map(|_| ()).map_err(Arc::new)
        });
        if let Err(error) = committed {
            tracing::error!(error = &*error as &dyn std::error::Error, "could not commit");
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                tracing::error!(error = &error as &dyn std::error::Error, "could not roll back");
            }
            self.progress.note(&StoreError::from(Arc::clone(&error)));
            for Ran { reply, result } in ran {
                let result = match result {
                    Ok(_) => Err(StoreError::from(Arc::clone(&error)).into()),
                    refused => refused,
                };
                let _ = reply.send(result);
            }
            refuse(writes.map(|(_, reply)| reply), &error);
            return;
        }
        self.progress.trouble.send_if_modified(|trouble| trouble.take().is_some());
        metrics::counter!("chiron_store_commits_total").increment(1);
        metrics::counter!("chiron_store_writes_total").increment(ran.len() as u64);

        // Before the replies, so that whoever sees its write done also sees its events pending.
        if 0 < change.added {
            self.progress.unrelayed.fetch_add(change.added, Ordering::AcqRel);
            self.progress.saved.send_replace(change.newest);
        }
        if 0 < change.relayed {
            self.progress.unrelayed.fetch_sub(change.removed, Ordering::AcqRel);
            self.progress.relayed.send_replace(change.relayed);
        }
        for Ran { reply, result } in ran {
            // Whoever asked may have stopped waiting; the write stands.
            let _ = reply.send(result);
        }
    }

    fn savepoint(&self, ops: Vec<Op>, change: &mut OutboxChange) -> Result<u64, WriteError> {
        let run = |sql: &str| -> Result<(), WriteError> {
            self.connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([]))
                .map(|_| ())
                .map_err(|error| StoreError::from(error).into())
        };
        run("SAVEPOINT request")?;
        let mut changed = *change;
        let mut answer = 0;
        for op in ops {
            match self.apply(op, &mut changed) {
                Ok(None) => {}
                Ok(Some(version)) => answer = version,
                Err(error) => {
                    if let WriteError::Store(error) = &error {
                        self.progress.note(error);
                    }
                    // The database may have taken back everything by itself.
                    if !self.connection.is_autocommit() {
                        run("ROLLBACK TO request")?;
                        run("RELEASE request")?;
                    }
                    return Err(error);
                }
            }
        }
        run("RELEASE request")?;
        *change = changed;
        Ok(answer)
    }

    fn apply(&self, op: Op, change: &mut OutboxChange) -> Result<Option<u64>, WriteError> {
        let prepare = |sql: &str| self.connection.prepare_cached(sql).map_err(StoreError::from);
        match op {
            Op::Insert { table, id, body } => {
                prepare(&format!("INSERT INTO \"c_{table}\" VALUES (?1, 1, ?2)"))?
                    .execute(params![id, body])
                    .map_err(|error| violated(table, error))?;
                Ok(Some(1))
            }
            Op::Replace { table, id, expected, body } => {
                let changed = prepare(&format!(
                    "UPDATE \"c_{table}\" SET version = version + 1, body = ?3 \
                     WHERE id = ?1 AND version = ?2"
                ))?
                .execute(params![id, signed(expected), body])
                .map_err(|error| violated(table, error))?;
                if changed == 0 {
                    return Err(WriteError::Conflict);
                }
                Ok(Some(expected + 1))
            }
            Op::Put { table, id, body } => {
                let version: i64 = prepare(&format!(
                    "INSERT INTO \"c_{table}\" VALUES (?1, 1, ?2) ON CONFLICT (id) \
                     DO UPDATE SET version = version + 1, body = excluded.body RETURNING version"
                ))?
                .query_row(params![id, body], |row| row.get(0))
                .map_err(|error| violated(table, error))?;
                Ok(Some(version.unsigned_abs()))
            }
            Op::Delete { table, id, expected } => {
                let deleted = match expected {
                    None => prepare(&format!("DELETE FROM \"c_{table}\" WHERE id = ?1"))?
                        .execute(params![id]),
                    Some(expected) => prepare(&format!(
                        "DELETE FROM \"c_{table}\" WHERE id = ?1 AND version = ?2"
                    ))?
                    .execute(params![id, signed(expected)]),
                }
                .map_err(StoreError::from)?;
                if deleted == 0 && expected.is_some() {
                    let there: bool = prepare(&format!(
                        "SELECT EXISTS (SELECT 1 FROM \"c_{table}\" WHERE id = ?1)"
                    ))?
                    .query_row(params![id], |row| row.get(0))
                    .map_err(StoreError::from)?;
                    if there {
                        return Err(WriteError::Conflict);
                    }
                }
                Ok(Some(deleted as u64))
            }
            Op::Outbox(record) => {
                let seq: i64 = prepare("INSERT INTO outbox (record) VALUES (?1) RETURNING seq")?
                    .query_row(params![record], |row| row.get(0))
                    .map_err(StoreError::from)?;
                change.added += 1;
                change.newest = change.newest.max(seq.unsigned_abs());
                Ok(None)
            }
            Op::Relayed(up_to) => {
                let removed = prepare("DELETE FROM outbox WHERE seq <= ?1")?
                    .execute(params![signed(up_to)])
                    .map_err(StoreError::from)?;
                change.removed += removed as u64;
                change.relayed = change.relayed.max(up_to);
                Ok(None)
            }
        }
    }
}

/// Numbers of documents and events stay far below 2⁶³.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A constraint that was violated, in the words of the caller.
fn violated(table: &str, error: rusqlite::Error) -> WriteError {
    let rusqlite::Error::SqliteFailure(code, message) = &error else {
        return StoreError::from(error).into();
    };
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => WriteError::AlreadyExists,
        ffi::SQLITE_CONSTRAINT_UNIQUE => {
            // For an index over expressions: "UNIQUE constraint failed: index '<table>.<index>'".
            let message = message.as_deref().unwrap_or_default();
            let named = message
                .split_once("index '")
                .and_then(|(_, rest)| rest.strip_suffix('\''))
                .and_then(|name| name.strip_prefix(table))
                .and_then(|name| name.strip_prefix('.'));
            WriteError::Duplicate { index: named.unwrap_or(message).to_owned() }
        }
        _ => StoreError::from(error).into(),
    }
}

/// Tells callers that nothing of their writes was stored.
fn refuse(replies: impl Iterator<Item = Reply>, error: &Arc<rusqlite::Error>) {
    for reply in replies {
        // Whoever asked may have stopped waiting.
        let _ = reply.send(Err(StoreError::from(Arc::clone(error)).into()));
    }
}

/// Why the database took back a transaction while a request ran in it.
fn cause(result: &Result<u64, WriteError>) -> Arc<rusqlite::Error> {
    match result {
        Err(WriteError::Store(error)) => error.database().cloned(),
        _ => None,
    }
    .unwrap_or_else(|| {
        let aborted = ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK);
        Arc::new(rusqlite::Error::SqliteFailure(aborted, None))
    })
}

// ---- reading ----

/// A document as stored.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) body: String,
}

pub(crate) fn get(
    connection: &Connection,
    table: &str,
    id: &str,
) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT id, version, body FROM \"c_{table}\" WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    Ok(match rows.next()? {
        Some(row) => Some(read_row(row)?),
        None => None,
    })
}

fn read_row(row: &rusqlite::Row<'_>) -> Result<Row, rusqlite::Error> {
    let version: i64 = row.get(1)?;
    Ok(Row { id: row.get(0)?, version: version.unsigned_abs(), body: row.get(2)? })
}

/// A statement and its parameters.
#[derive(Debug)]
pub(crate) struct Select {
    sql: String,
    params: Vec<Sql>,
    /// What follows when this part gives fewer than `limit` documents: those whose first sort field
    /// is null, which come last in a descending sort. Apart, so that the index bounds both parts.
    nulls: Option<Box<Select>>,
    limit: Option<usize>,
}

impl Select {
    pub(crate) fn find(spec: &'static CollectionSpec, find: &Find) -> Result<Select, StoreError> {
        // The id decides last, unless it has been asked for explicitly.
        let mut sort: Vec<(&'static str, Order)> = find.sort.clone();
        for (field, _) in &sort {
            if !spec.is_indexed(field) {
                return Err(StoreError::NotIndexed { collection: spec.name, field });
            }
        }
        let mut after = match &find.after {
            None => None,
            Some(cursor) if cursor.values.len() == sort.len() => Some(cursor.values.clone()),
            Some(_) => return Err(StoreError::ForeignCursor),
        };
        if !sort.iter().any(|(field, _)| *field == ID) {
            let order = sort.last().map_or(Order::Ascending, |(_, order)| *order);
            sort.push((ID, order));
            if let (Some(values), Some(cursor)) = (&mut after, &find.after) {
                values.push(Value::String(cursor.id.clone()));
            }
        }
        let Some(values) = after else {
            return Select::part(spec, find, &sort, None);
        };
        let mut select = Select::part(spec, find, &sort, Some(&values))?;
        if let (Some((field, Order::Descending)), Some(value)) = (sort.first(), values.first())
            && *field != ID
            && !value.is_null()
        {
            let mut nulls = find.clone().eq(field, Value::Null);
            nulls.after = None;
            select.nulls = Some(Box::new(Select::part(spec, &nulls, &sort, None)?));
        }
        Ok(select)
    }

    fn part(
        spec: &'static CollectionSpec,
        find: &Find,
        sort: &[(&'static str, Order)],
        after: Option<&[Value]>,
    ) -> Result<Select, StoreError> {
        let mut params = Vec::new();
        let mut conditions = filters(spec, &find.filters, &mut params)?;
        if let Some(values) = after {
            conditions.push(beyond(sort, values, &mut params)?);
        }
        let mut sql = format!("SELECT id, version, body FROM \"c_{}\"", spec.name);
        push_where(&mut sql, &conditions);
        let order: Vec<String> = sort
            .iter()
            .map(|(field, order)| match order {
                Order::Ascending => column(field),
                Order::Descending => format!("{} DESC", column(field)),
            })
            .collect();
        sql.push_str(" ORDER BY ");
        sql.push_str(&order.join(", "));
        if let Some(limit) = find.limit {
            sql.push_str(" LIMIT ?");
            params.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        }
        Ok(Select { sql, params, nulls: None, limit: find.limit })
    }

    pub(crate) fn count(
        spec: &'static CollectionSpec,
        conditions: &[Filter],
    ) -> Result<Select, StoreError> {
        let mut params = Vec::new();
        let conditions = filters(spec, conditions, &mut params)?;
        let mut sql = format!("SELECT count(*) FROM \"c_{}\"", spec.name);
        push_where(&mut sql, &conditions);
        Ok(Select { sql, params, nulls: None, limit: None })
    }

    pub(crate) fn rows(self, connection: &Connection) -> Result<Vec<Row>, StoreError> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let mut rows: Vec<Row> = statement
            .query_map(params_from_iter(self.params), read_row)?
            .collect::<Result<_, _>>()?;
        if let Some(nulls) = self.nulls
            && self.limit.is_none_or(|limit| rows.len() < limit)
        {
            rows.extend(nulls.rows(connection)?);
            rows.truncate(self.limit.unwrap_or(usize::MAX));
        }
        Ok(rows)
    }

    pub(crate) fn number(self, connection: &Connection) -> Result<u64, StoreError> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let number: i64 = statement.query_row(params_from_iter(self.params), |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    /// How `SQLite` would answer, for tests on index use.
    #[cfg(test)]
    pub(crate) fn plan(self, connection: &Connection) -> Result<String, StoreError> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", self.sql))?;
        let rows = statement
            .query_map(params_from_iter(self.params), |row| row.get::<_, String>(3))?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(rows.join("; "))
    }
}

fn push_where(sql: &mut String, conditions: &[String]) {
    if !conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&conditions.join(" AND "));
    }
}

fn filters(
    spec: &'static CollectionSpec,
    filters: &[Filter],
    params: &mut Vec<Sql>,
) -> Result<Vec<String>, StoreError> {
    let mut conditions = Vec::new();
    for filter in filters {
        let field = filter.field();
        if !spec.is_indexed(field) {
            return Err(StoreError::NotIndexed { collection: spec.name, field });
        }
        let column = column(field);
        match filter {
            Filter::Eq(_, Value::Null) => conditions.push(format!("{column} IS NULL")),
            Filter::Eq(_, value) => {
                params.push(comparable(field, value)?);
                conditions.push(format!("{column} = ?"));
            }
            Filter::In(_, values) => {
                let mut marks = Vec::new();
                for value in values.iter().filter(|value| !value.is_null()) {
                    params.push(comparable(field, value)?);
                    marks.push("?");
                }
                let listed = format!("{column} IN ({})", marks.join(", "));
                conditions.push(if values.iter().any(Value::is_null) {
                    format!("({listed} OR {column} IS NULL)")
                } else {
                    listed
                });
            }
            Filter::Range { from, to, .. } => {
                conditions.push(format!("{column} IS NOT NULL"));
                let bounds = [(from, ">=", ">"), (to, "<=", "<")];
                for (bound, included, excluded) in bounds {
                    let (value, operator) = match bound {
                        Bound::Unbounded => continue,
                        Bound::Included(value) => (value, included),
                        Bound::Excluded(value) => (value, excluded),
                    };
                    if value.is_null() {
                        return Err(StoreError::NotComparable { field: field.to_owned() });
                    }
                    params.push(comparable(field, value)?);
                    conditions.push(format!("{column} {operator} ?"));
                }
            }
        }
    }
    Ok(conditions)
}

/// The condition "later in this sort than these values": greater in the first field, or equal in
/// it and greater in the second, and so on. Leaves out those whose first field is null in a
/// descending sort (`Select::nulls`).
fn beyond(
    sort: &[(&'static str, Order)],
    values: &[Value],
    params: &mut Vec<Sql>,
) -> Result<String, StoreError> {
    let mut alternatives = Vec::new();
    let mut first_bound = String::new();
    for (place, ((field, order), value)) in sort.iter().zip(values).enumerate() {
        let here = column(field);
        let strictly = match (order, value.is_null()) {
            (Order::Ascending, true) => format!("{here} IS NOT NULL"),
            (Order::Ascending, false) => format!("{here} > ?"),
            (Order::Descending, true) => continue, // nothing is less than null
            (Order::Descending, false) if place == 0 => format!("{here} < ?"),
            (Order::Descending, false) => format!("({here} < ? OR {here} IS NULL)"),
        };
        if place == 0 && !value.is_null() {
            // Says nothing new, but lets the index start at the right place.
            let operator = if *order == Order::Ascending { ">=" } else { "<=" };
            first_bound = format!("{here} {operator} ? AND ");
            params.push(comparable(field, value)?);
        }
        let mut parts = Vec::new();
        for ((field, _), value) in sort.iter().zip(values).take(place) {
            if value.is_null() {
                parts.push(format!("{} IS NULL", column(field)));
            } else {
                parts.push(format!("{} = ?", column(field)));
                params.push(comparable(field, value)?);
            }
        }
        if !value.is_null() {
            params.push(comparable(field, value)?);
        }
        parts.push(strictly);
        alternatives.push(format!("({})", parts.join(" AND ")));
    }
    if alternatives.is_empty() {
        return Ok("0".to_owned());
    }
    Ok(format!("{first_bound}({})", alternatives.join(" OR ")))
}

/// The value as `json_extract` would give it.
fn comparable(field: &str, value: &Value) -> Result<Sql, StoreError> {
    let refused = || StoreError::NotComparable { field: field.to_owned() };
    match value {
        Value::String(text) => Ok(Sql::Text(text.clone())),
        Value::Bool(flag) => Ok(Sql::Integer(i64::from(*flag))),
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(integer), _) => Ok(Sql::Integer(integer)),
            (None, false) => number.as_f64().map(Sql::Real).ok_or_else(refused),
            (None, true) => Err(refused()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Err(refused()),
    }
}

/// The next events to publish, oldest first: number and JSON. At most `limit`, and no more once
/// they have `bytes` together.
pub(crate) fn outbox(
    connection: &Connection,
    limit: usize,
    bytes: usize,
) -> Result<Vec<(u64, String)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT seq, record FROM outbox ORDER BY seq LIMIT ?1")?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut events: Vec<(u64, String)> = Vec::new();
    let mut size = 0;
    while size < bytes
        && let Some(row) = rows.next()?
    {
        let (seq, record): (i64, String) = (row.get(0)?, row.get(1)?);
        size += record.len();
        events.push((seq.unsigned_abs(), record));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{COLLECTIONS, PEOPLE};
    use crate::query::Cursor;

    /// Queries of every shape are answered from an index, in its order, without sorting.
    /// A disk that fails in the middle of a statement makes `SQLite` take back the transaction, as
    /// `RAISE(ROLLBACK)` does: <https://sqlite.org/lang_transaction.html>.
    #[test]
    fn what_ran_before_and_behind_a_transaction_taken_back_is_refused_with_it() {
        let connection = Connection::open_in_memory().unwrap();
        prepare_layout(&connection, None).unwrap();
        prepare_collection(&connection, &PEOPLE).unwrap();
        connection
            .execute_batch(
                "CREATE TRIGGER taken_back BEFORE INSERT ON c_people WHEN NEW.id = '3'
                 BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
            )
            .unwrap();
        let writer = Writer { connection, progress: Progress::new(0, 0, 0), _lock: None };
        let mut answers = Vec::new();
        let mut commit = |ids: &[&str]| {
            let write = |id: &&str| {
                let (reply, answer) = oneshot::channel();
                answers.push(answer);
                let insert =
                    Op::Insert { table: "people", id: (*id).to_owned(), body: "{}".to_owned() };
                (vec![insert, Op::Outbox("{}".to_owned())], reply)
            };
            writer.commit(ids.iter().map(write).collect());
            answers
                .drain(..)
                .map(|mut answer| answer.try_recv().unwrap().is_ok())
                .collect::<Vec<_>>()
        };
        assert_eq!(commit(&["1", "2", "3", "4", "5"]), [false; 5]);
        assert_eq!(commit(&["6", "7"]), [true; 2]);
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            writer.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("c_people"), count("outbox")), (2, 2));
        assert_eq!(writer.progress.unrelayed.load(Ordering::Acquire), 2);
    }

    #[tokio::test]
    async fn queries_use_the_indexes() {
        let sqlite = Sqlite::open(None, Durability::Relaxed, COLLECTIONS).unwrap();
        let cursor = || Cursor { values: vec!["2026".into()], id: "7".to_owned() };
        let finds = [
            ("people.badge", Find::all().eq("badge", "x")),
            ("people.ward", Find::all().eq("ward", "a").ascending("bornAt")),
            ("people.ward", Find::all().eq("ward", "a").at_least("bornAt", "2026").limit(5)),
            ("people.ward", Find::all().eq("ward", "a").descending("bornAt").limit(5)),
            ("people.born", Find::all().ascending("bornAt").limit(5)),
            ("people.born", Find::all().ascending("bornAt").after(cursor())),
            ("people.born", Find::all().descending("bornAt").limit(5).after(cursor())),
            ("people.born", Find::all().within("bornAt", "2026", "2027")),
            ("people.city", Find::all().eq("home.city", "Cesena")),
        ];
        for (index, find) in finds {
            let select = Select::find(&PEOPLE, &find).unwrap();
            let plan = sqlite.read(move |connection| select.plan(connection)).await.unwrap();
            assert!(plan.contains(index), "{find:?}: {plan}");
            let unsorted = find.sort.is_empty() || !plan.contains("TEMP B-TREE");
            assert!(unsorted, "{find:?}: {plan}");
            let bounded = find.filters.is_empty() && find.after.is_none();
            assert!(bounded || plan.contains("SEARCH"), "{find:?}: {plan}");
        }
    }
}

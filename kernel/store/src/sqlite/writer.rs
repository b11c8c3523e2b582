//! The thread that writes: many requests in one commit, each atomic by its own savepoint.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chiron_broker::Durability;
use rusqlite::{Connection, ffi, params};
use tokio::sync::mpsc;

use super::checkpoint::Checkpoints;
use super::open::synchronous;
use super::{Op, Reply, Request};
use crate::error::{StoreError, WriteError};
use crate::progress::Progress;

/// Requests that share one commit at most; bounds the time a first caller waits for the last.
const BATCH: usize = 256;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) progress: Arc<Progress>,
    pub(super) lock: Option<File>,
    pub(super) durability: Durability,
    /// How the connection commits at present.
    pub(super) synchronous: Durability,
    /// `None` in memory, where there is nothing to copy.
    pub(super) checkpoints: Option<Checkpoints>,
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
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
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
        let Writer { connection, lock, checkpoints, .. } = self;
        // The last connection that is closed leaves no log behind.
        if let Some(checkpoints) = checkpoints {
            checkpoints.end();
        }
        if let Err((_, error)) = connection.close() {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not close the store");
        }
        drop(lock);
        if let Some(reply) = closing {
            // Whoever asked may have stopped waiting.
            let _ = reply.send(());
        }
    }

    fn commit(&mut self, writes: Vec<(Vec<Op>, Reply)>) {
        if let Some(failed) = &*self.progress.failed.borrow() {
            refuse(writes.into_iter().map(|(_, reply)| reply), failed);
            return;
        }
        let begun = self.synced_when_it_must(&writes).and_then(|()| {
            self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([]))
        });
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
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.due();
        }
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

    /// Says how durable the commit of these writes is. That events have been published need not be
    /// on the disk before the next write is: whoever forgets it in a power loss publishes them
    /// once more, under the same ids.
    fn synced_when_it_must(&mut self, writes: &[(Vec<Op>, Reply)]) -> rusqlite::Result<()> {
        let forgettable =
            writes.iter().flat_map(|(ops, _)| ops).all(|op| matches!(op, Op::Relayed(_)));
        let wanted = if forgettable { Durability::Relaxed } else { self.durability };
        if self.synchronous != wanted {
            self.connection.pragma_update(None, "synchronous", synchronous(wanted))?;
            self.synchronous = wanted;
        }
        Ok(())
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
            Op::Restore { table, id, version, body } => {
                prepare(&format!(
                    "INSERT INTO \"c_{table}\" VALUES (?1, ?2, ?3) ON CONFLICT (id) \
                     DO UPDATE SET version = excluded.version, body = excluded.body"
                ))?
                .execute(params![id, signed(version), body])
                .map_err(|error| violated(table, error))?;
                Ok(Some(version))
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

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::super::open::{prepare_collection, prepare_layout};
    use super::*;
    use crate::contract::PEOPLE;

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
        let progress = Progress::new(0, 0, 0);
        let mut writer = Writer {
            connection,
            progress,
            lock: None,
            durability: Durability::Relaxed,
            synchronous: Durability::Relaxed,
            checkpoints: None,
        };
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

    /// Whether the commit of such writes waited for the disk.
    fn waits_for_the_disk(writer: &mut Writer, requests: Vec<Vec<Op>>) -> bool {
        let with_reply = |ops| (ops, oneshot::channel().0);
        writer.commit(requests.into_iter().map(with_reply).collect());
        let synchronous =
            writer.connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0));
        // <https://www.sqlite.org/pragma.html#pragma_synchronous>: 1 is NORMAL, 2 is FULL.
        synchronous.unwrap() == 2
    }

    #[test]
    fn only_what_is_published_anyhow_may_be_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for durability in [Durability::Durable, Durability::Relaxed] {
            let connection = Connection::open(folder.path().join("store.db")).unwrap();
            prepare_layout(&connection, None).unwrap();
            let normal = synchronous(durability);
            connection.pragma_update(None, "synchronous", normal).unwrap();
            let progress = Progress::new(0, 0, 0);
            let mut writer = Writer {
                connection,
                progress,
                lock: None,
                durability,
                synchronous: durability,
                checkpoints: None,
            };
            let event = || Op::Outbox("{}".to_owned());
            let is_durable = durability == Durability::Durable;
            assert_eq!(waits_for_the_disk(&mut writer, vec![vec![event()]]), is_durable);
            assert!(!waits_for_the_disk(
                &mut writer,
                vec![vec![Op::Relayed(1)], vec![Op::Relayed(2)]]
            ));
            let mixed = vec![vec![Op::Relayed(3)], vec![event()]];
            assert_eq!(waits_for_the_disk(&mut writer, mixed), is_durable);
        }
    }
}

//! One `SQLite` file: the thread that writes, the connections that read.
//!
//! The writing thread takes what has queued up, runs each request inside a savepoint of one
//! transaction and answers after the commit. A caller that gives up waiting does not undo its
//! write. A store in memory has one connection only, so its reads are requests too, run after the
//! commit of the batch they came with.

mod checkpoint;
mod open;
mod port;
mod select;
mod writer;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::{StoreError, WriteError};
use crate::progress::Progress;
use crate::spec::{CollectionSpec, ID};

use select::{Select, outbox};

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
    /// The document as it stood elsewhere, in place of what is there.
    Restore {
        table: &'static str,
        id: String,
        version: u64,
        body: String,
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
                    let connection = match idle.map_or_else(|| open::open_reader(&path), Ok) {
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

/// The expression of a field; the same text in indexes and queries, else an index is not used.
fn column(field: &str) -> String {
    if field == ID {
        return "id".to_owned();
    }
    let path: Vec<String> = field.split('.').map(|name| format!("\"{name}\"")).collect();
    format!("json_extract(body, '$.{}')", path.join("."))
}

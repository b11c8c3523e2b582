//! The thread that copies the write-ahead log of a file into the file.
//!
//! `SQLite` does that by itself, in the middle of the commit that made the log long enough: the
//! writer then waits for two more syncs and some thousand pages, and whoever waits for the commit
//! waits with it. A checkpoint that is `PASSIVE` runs beside the writer
//! (<https://www.sqlite.org/c3ref/wal_checkpoint_v2.html>), so it has a thread and a connection of
//! its own. The log begins anew when a write finds all of it copied; should that not happen for
//! long, the writer copies the rest itself ([`LONGEST_LOG`]).

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

/// From one checkpoint to the next, at least.
const PAUSE: Duration = Duration::from_millis(250);
/// Pages in the log, of 4 KiB, beyond which the writer copies the rest of them itself.
pub(super) const LONGEST_LOG: u32 = 16_384;

/// The thread, and how it learns of what is written and of the end.
pub(super) struct Checkpoints {
    written: SyncSender<()>,
    open: Sender<Infallible>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// Of a file, by a connection that is used for nothing else.
    pub(super) fn begin(connection: Connection) -> std::io::Result<Self> {
        let (written, due) = sync_channel(1);
        let (open, end) = channel();
        let run = move || run(&connection, &due, &end);
        let thread = Builder::new().name("store-checkpoints".to_owned()).spawn(run)?;
        Ok(Self { written, open, thread })
    }

    /// Something was committed.
    pub(super) fn due(&self) {
        // A full channel says so already.
        let _full = self.written.try_send(());
    }

    /// Waits until the thread has closed its connection.
    pub(super) fn end(self) {
        let Self { written, open, thread } = self;
        drop((written, open));
        if thread.join().is_err() {
            tracing::error!("the thread of checkpoints panicked");
        }
    }
}

fn run(connection: &Connection, due: &Receiver<()>, end: &Receiver<Infallible>) {
    while due.recv().is_ok() {
        // Should it fail, what was committed stays in the log, and the next one tries again.
        if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not checkpoint");
        }
        if end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

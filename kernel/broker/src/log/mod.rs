//! The embedded log: one file, one writer, and what everybody else may know without asking it.

pub(crate) mod fragment;
mod layout;
mod port;
pub(crate) mod reader;
mod recovery;
mod retention;
mod schema;
mod segment;
mod state;
mod subscription;
mod view;
mod writer;

pub use subscription::Subscription;
pub use view::LogReader;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use chiron_clock::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::disk::{Failed, Trouble};
use crate::error::{OpenError, StorageError};
use crate::log::fragment::Fragments;
use crate::log::reader::Readers;
use crate::log::state::State;
use crate::log::writer::Writer;
use crate::settings::LogSettings;

/// Bytes of records waiting for the writer, in KiB; more make publishers wait.
const MAX_WAITING_KIB: u32 = 32 << 10;

/// An open log. The last handle to go ends the writer and waits for it.
#[derive(Debug)]
pub(crate) struct Log {
    shared: Arc<Shared>,
    readers: Readers,
    partitions: u32,
    waiting: Arc<Semaphore>,
    writer: Mutex<Option<(Sender<Job>, JoinHandle<()>)>>,
    // Groups and topics with a live subscription.
    members: Mutex<BTreeSet<(String, String)>>,
}

/// What the writer tells everybody else.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: RwLock<State>,
    // The number of records ever appended. Also marked as changed by a rewind.
    pub(crate) appended: watch::Sender<u64>,
    pub(crate) failed: Failed,
    /// What the newest commit that failed said of the disk; `None` once one succeeds.
    pub(crate) trouble: Mutex<Option<Trouble>>,
}

/// Something to be written, whole or not at all.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Topics that shall exist, records' topics aside.
    pub(crate) topics: Vec<String>,
    pub(crate) records: Fragments,
    pub(crate) steps: Vec<Step>,
    /// Groups that shall be forgotten.
    pub(crate) forget: Vec<String>,
}

/// A change of a group's progress.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) kind: StepKind,
}

#[derive(Debug)]
pub(crate) enum StepKind {
    /// The group is to get the topic's records, the oldest first, unless it does already.
    Join,
    /// All before `next` is handled. Nothing happens when the group was rewound after `epoch`.
    Advance { partition: u32, next: u64, epoch: u64 },
    /// The group is to get all from `next` on (again).
    Rewind { partition: u32, next: u64 },
}

impl Change {
    pub(crate) fn bytes(&self) -> usize {
        self.records.size()
    }

    /// Whether losing what the index learns of it in a power cut would lose more than time. Records
    /// are read back from their segment; progress that belongs to records is not.
    pub(crate) fn must_last(&self) -> bool {
        let only_progress = |step: &Step| matches!(step.kind, StepKind::Advance { .. });
        let with_records = !self.records.is_empty() && !self.steps.is_empty();
        let without_records = self.records.is_empty() && !self.topics.is_empty();
        with_records
            || without_records
            || !self.steps.iter().all(only_progress)
            || !self.forget.is_empty()
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum ChangeError {
    Closed,
    Storage(StorageError),
}

/// Where the outcome of a change goes: by fragment, the offset of its first record.
pub(crate) type Reply = oneshot::Sender<Result<Vec<u64>, StorageError>>;

/// What the writer gets.
#[derive(Debug)]
pub(crate) enum Job {
    /// With its share of what may be waiting.
    Change(Change, Reply, OwnedSemaphorePermit),
    /// Removes what may go.
    Retain(oneshot::Sender<Result<(), StorageError>>),
}

impl Log {
    pub(crate) fn open(
        path: &Path,
        settings: LogSettings,
        clock: Clock,
    ) -> Result<Arc<Self>, OpenError> {
        let lock = lock(path)?;
        let opened = schema::open(path, &settings)?;
        let (sender, jobs) = channel();
        let shared = Arc::new(Shared {
            appended: watch::Sender::new(opened.state.appended()),
            state: RwLock::new(opened.state.clone()),
            failed: Failed::new(),
            trouble: Mutex::default(),
        });
        let partitions = settings.partitions;
        let writer = Writer::new(opened, settings, clock, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("event-log".to_owned())
            .spawn(move || {
                writer.run(&jobs);
                drop(lock);
            })
            .map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        let readers = Readers::new(path).noting(shared.failed.clone());
        Ok(Arc::new(Self {
            shared,
            readers,
            partitions,
            waiting: Arc::new(Semaphore::new(usize::try_from(MAX_WAITING_KIB).unwrap_or(1))),
            writer: Mutex::new(Some((sender, thread))),
            members: Mutex::default(),
        }))
    }

    pub(crate) fn partitions(&self) -> u32 {
        self.partitions
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// What is known now. Held for moments only, never across an await.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes after every append and every rewind.
    pub(crate) fn appended(&self) -> watch::Receiver<u64> {
        self.shared.appended.subscribe()
    }

    /// What is to be seen to for the log to be written again.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        *self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the log can no longer be used.
    pub(crate) async fn failed(&self) -> StorageError {
        self.shared.failed.noted().await
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.writer().is_none()
    }

    /// Makes a change; the answer comes when it is committed: by fragment, the offset of its first
    /// record. If the caller goes away meanwhile the change may be made or not.
    pub(crate) async fn change(&self, change: Change) -> Result<Vec<u64>, ChangeError> {
        let kib = u32::try_from(change.bytes() / 1024 + 1).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&self.waiting).acquire_many_owned(kib.min(MAX_WAITING_KIB));
        let permit = waiting.await.map_err(|_| ChangeError::Closed)?;
        let (reply, answer) = oneshot::channel();
        self.send(Job::Change(change, reply, permit))?;
        answer.await.map_err(|_| ChangeError::Closed)?.map_err(ChangeError::Storage)
    }

    /// Removes what retention allows to go.
    pub(crate) async fn retain(&self) -> Result<(), ChangeError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Retain(reply))?;
        answer.await.map_err(|_| ChangeError::Closed)?.map_err(ChangeError::Storage)
    }

    fn send(&self, job: Job) -> Result<(), ChangeError> {
        match &*self.writer() {
            Some((sender, _)) => sender.send(job).map_err(|_| ChangeError::Closed),
            None => Err(ChangeError::Closed),
        }
    }

    /// Writes what is waiting and closes the file. Blocks until that is done.
    pub(crate) fn close(&self) {
        let writer = self.writer().take();
        self.waiting.close();
        self.readers.close();
        if let Some((sender, thread)) = writer {
            drop(sender);
            if thread.join().is_err() {
                tracing::error!("event log writer panicked");
            }
        }
        // Wakes whoever waits for records, so that they see the end.
        self.shared.appended.send_modify(|_| {});
    }

    /// Takes the right of `group` to consume `topics`; the topic that somebody else consumes if
    /// there is one.
    pub(crate) fn enter(&self, group: &str, topics: &[&str]) -> Result<(), String> {
        let mut members = self.members();
        let pair = |topic: &&str| (group.to_owned(), (*topic).to_owned());
        if let Some(taken) = topics.iter().find(|topic| members.contains(&pair(topic))) {
            return Err((*taken).to_owned());
        }
        members.extend(topics.iter().map(pair));
        Ok(())
    }

    /// Gives back what [`Log::enter`] took.
    pub(crate) fn leave(&self, group: &str, topics: &[String]) {
        let mut members = self.members();
        for topic in topics {
            members.remove(&(group.to_owned(), topic.clone()));
        }
    }

    /// A topic that the group consumes at present.
    pub(crate) fn consumed_by(&self, group: &str) -> Option<String> {
        self.members().iter().find(|(member, _)| member == group).map(|(_, topic)| topic.clone())
    }

    fn members(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Option<(Sender<Job>, JoinHandle<()>)>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes the right to write, held as long as the file handle lives. It is the operating system's
/// lock, so it ends with its process, however that ends. A file beside the log is locked because
/// closing any handle of the log itself would end `SQLite`'s own locks on it.
fn lock(path: &Path) -> Result<File, OpenError> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = real.into_os_string();
    name.push(".lock");
    let name = PathBuf::from(name);
    let io = |source| OpenError::Io { path: name.clone(), source };
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(err)) => Err(io(err)),
    }
}

//! The truth journal: what the product was told, one JSON object a line.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::Fact;

/// The journal could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the truth journal {path}")]
pub struct JournalError {
    doing: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// An append-only journal, and what an earlier part of the same run has already written to it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    acknowledged: HashSet<String>,
    last: Option<Timestamp>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    fact: &'a Fact,
    ack: bool,
    /// The clock when the product had answered; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// What resuming needs of a line.
#[derive(Deserialize)]
struct Seen {
    id: String,
    ack: bool,
    at: Option<String>,
}

impl Journal {
    /// Opens the journal at `path`, reading what an interrupted run left. A torn last line is cut
    /// off: nothing was sent before its line was whole.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, read or cut, or a line before the last is no journal line.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |doing| move |source| JournalError { doing, path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed("open"))?;
        let (mut acknowledged, mut last, mut whole) = (HashSet::new(), None::<Timestamp>, 0_u64);
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        loop {
            line.clear();
            let read = reader.read_line(&mut line).map_err(failed("read"))?;
            if read == 0 || !line.ends_with('\n') {
                break;
            }
            let seen: Seen = serde_json::from_str(&line)
                .map_err(|err| failed("read")(io::Error::new(io::ErrorKind::InvalidData, err)))?;
            whole += read as u64;
            if !seen.ack {
                continue;
            }
            acknowledged.insert(seen.id);
            let at = seen.at.and_then(|at| instant::parse(&at).ok());
            last = last.max(at);
        }
        drop(reader);
        file.set_len(whole).map_err(failed("cut"))?;
        file.seek(SeekFrom::End(0)).map_err(failed("read"))?;
        Ok(Self { path: path.to_owned(), file, acknowledged, last })
    }

    /// Whether the product has acknowledged this fact.
    #[must_use]
    pub fn has(&self, fact: &Fact) -> bool {
        self.acknowledged.contains(&fact.id)
    }

    /// The latest clock at which an answer was written; `None` for a new journal.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// How many facts the product has acknowledged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// Whether it has acknowledged none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.acknowledged.is_empty()
    }

    /// Writes that the fact is about to be sent.
    ///
    /// # Errors
    ///
    /// The line cannot be written.
    pub fn announce(&mut self, fact: &Fact) -> Result<(), JournalError> {
        self.write(&Line { fact, ack: false, at: None })
    }

    /// Writes that the product has answered at `at`.
    ///
    /// # Errors
    ///
    /// The line cannot be written.
    pub fn acknowledge(&mut self, fact: &Fact, at: Timestamp) -> Result<(), JournalError> {
        self.write(&Line { fact, ack: true, at: Some(instant::write(at)) })?;
        self.acknowledged.insert(fact.id.clone());
        self.last = self.last.max(Some(at));
        Ok(())
    }

    /// Writes to the same journal, for those whom the product calls by itself.
    ///
    /// # Errors
    ///
    /// The file cannot be opened once more.
    pub fn recorder(&self) -> Result<Recorder, JournalError> {
        let failed = |source| JournalError { doing: "open", path: self.path.clone(), source };
        let file = self.file.try_clone().map_err(failed)?;
        Ok(Recorder { path: self.path.clone(), file: Arc::new(file) })
    }

    fn write(&mut self, line: &Line<'_>) -> Result<(), JournalError> {
        write(&self.file, &self.path, line)
    }
}

/// Writes facts that the product causes beside those of the plan. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    path: PathBuf,
    file: Arc<File>,
}

impl Recorder {
    /// Writes that the fact is about to be told.
    ///
    /// # Errors
    ///
    /// The line cannot be written.
    pub fn announce(&self, fact: &Fact) -> Result<(), JournalError> {
        write(&self.file, &self.path, &Line { fact, ack: false, at: None })
    }

    /// Writes that the product has answered at `at`, or that it has told the fact itself.
    ///
    /// # Errors
    ///
    /// The line cannot be written.
    pub fn acknowledge(&self, fact: &Fact, at: Timestamp) -> Result<(), JournalError> {
        let at = Some(instant::write(at));
        write(&self.file, &self.path, &Line { fact, ack: true, at })
    }
}

/// One write per line at the end of the file: a killed process leaves whole lines and at most one
/// torn one, and lines of several writers do not mix.
fn write(mut file: &File, path: &Path, line: &Line<'_>) -> Result<(), JournalError> {
    let failed = |source| JournalError { doing: "write", path: path.to_owned(), source };
    let mut bytes = serde_json::to_vec(line).map_err(|err| failed(io::Error::other(err)))?;
    bytes.push(b'\n');
    file.write_all(&bytes).map_err(failed)
}

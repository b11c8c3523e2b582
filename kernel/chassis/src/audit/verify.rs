//! Proves a chain whole, or says what is wrong with which entry.
//!
//! Three things are proved: that each entry is what it was (its hash), that each follows the one
//! before it (its place and the hash before), and that the chain is the one whose heads were
//! published (the event log). Somebody who can write the file can also compute hashes, so the first
//! two show a careless hand and the third one a careful one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chiron_broker::{Broker, BrokerError, LogReader};
use chiron_store::{Collection, Find, ID, OpenError, Store, StoreError};
use serde_json::Value;

use crate::audit::entry::{Entry, FIRST_PREVIOUS, hash_of};
use crate::audit::trail::{About, COLLECTIONS, HEADS, HeadV1, ROWS, row_id};

/// Entries or heads read at a time.
const BATCH: usize = 1_000;
/// Findings that are kept; all are counted.
const MOST_FINDINGS: usize = 100;

/// An entry as it lies in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the chain, as 16 digits.
    pub id: String,
    /// The entry, and under which ids it is found; `None` when it cannot be read.
    pub body: Option<Value>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The entry.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

/// What a proof has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Entries that are there.
    pub entries: u64,
    /// Heads that were published.
    pub heads: u64,
    /// The newest entry that a head speaks of; 0 without heads. What follows it is proved by its
    /// own hashes only.
    pub published_to: u64,
    /// What is wrong, the first hundred, in the order of the chain.
    pub findings: Vec<Finding>,
    /// How much is wrong in all.
    pub wrong: u64,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }
}

/// Why nothing could be proved.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The file of the trail cannot be opened.
    #[error("the audit trail cannot be opened")]
    Open(#[from] OpenError),
    /// The file of the trail cannot be read.
    #[error("the audit trail cannot be read")]
    Read(#[from] StoreError),
    /// The published heads cannot be read.
    #[error("the published heads cannot be read from the event log")]
    Heads(#[from] BrokerError),
}

/// Looks at rows in the order of their ids, and at heads before them.
#[derive(Debug)]
pub struct Verifier {
    published: BTreeMap<u64, BTreeSet<String>>,
    heads: u64,
    entries: u64,
    next: u64,
    /// The hash of the row before; `None` behind a gap.
    previous: Option<String>,
    findings: Vec<Finding>,
    wrong: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            published: BTreeMap::new(),
            heads: 0,
            entries: 0,
            next: 1,
            previous: Some(FIRST_PREVIOUS.to_owned()),
            findings: Vec::new(),
            wrong: 0,
        }
    }
}

impl Verifier {
    /// Takes a head that was published.
    pub fn head(&mut self, head: HeadV1) {
        self.heads += 1;
        self.published.entry(head.seq).or_default().insert(head.hash);
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &Row) {
        let place = row.id.parse().ok().filter(|seq| row_id(*seq) == row.id && self.next <= *seq);
        let Some(seq) = place else {
            return self.find(self.next, format!("row {:?} is not of the chain", row.id));
        };
        self.entries += 1;
        if self.next < seq {
            self.missing(self.next, seq - 1, "");
            self.previous = None;
        }
        self.next = seq + 1;
        let entry = row.body.as_ref().and_then(|body| body.get("entry"));
        let read = entry.map(|entry| (entry, serde_json::from_value::<Entry>(entry.clone())));
        let Some((raw, Ok(entry))) = read else {
            self.previous = None;
            return self.find(seq, "cannot be read: it was changed".to_owned());
        };
        if entry.seq != seq {
            self.find(seq, format!("is not in its place: it says that it is entry {}", entry.seq));
        }
        let hash = hash_of(raw);
        if hash != entry.hash {
            self.find(seq, "was changed: its hash is not that of what it says".to_owned());
        }
        if self.previous.as_ref().is_some_and(|previous| *previous != entry.previous) {
            self.find(seq, "does not follow the entry before it".to_owned());
        }
        if self.published.get(&seq).is_some_and(|heads| heads.iter().any(|head| *head != hash)) {
            self.find(seq, "is not the one whose hash was published".to_owned());
        }
        let about = row.body.as_ref().and_then(|body| body.get("about")).cloned();
        let about: Option<About> = about.and_then(|about| serde_json::from_value(about).ok());
        if about != Some(About::of(&entry.event)) {
            self.find(seq, "is not found under the ids that it is about".to_owned());
        }
        self.previous = Some(entry.hash);
    }

    /// Says what was shown.
    #[must_use]
    pub fn end(mut self) -> Verdict {
        let published_to = self.published.last_key_value().map_or(0, |(seq, _)| *seq);
        if self.next <= published_to {
            self.missing(self.next, published_to, " at the end: they were published");
        }
        let Self { heads, entries, findings, wrong, .. } = self;
        Verdict { entries, heads, published_to, findings, wrong }
    }

    fn missing(&mut self, from: u64, to: u64, why: &str) {
        let what = if from == to {
            format!("is missing{}", why.replace("they were", "it was"))
        } else {
            format!("and those up to {to} are missing{why}")
        };
        self.find(from, what);
    }

    fn find(&mut self, seq: u64, what: String) {
        self.wrong += 1;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { seq, what });
        }
    }
}

/// Where the chain's heads were published.
#[derive(Debug, Clone, Copy)]
pub enum Published<'a> {
    /// Nobody can say.
    Unknown,
    /// In an embedded log.
    Log(&'a LogReader),
    /// In a broker that this process is connected to.
    Broker(&'a Broker),
}

/// Proves the trail in the file at `path`; see [`prove_in`]. Services may be running.
///
/// # Errors
///
/// [`ProofError`] when there is nothing that could be proved.
pub async fn prove(path: &Path, published: Published<'_>) -> Result<Verdict, ProofError> {
    if !path.exists() {
        let mut verifier = Verifier::default();
        heads(published, &mut verifier).await?;
        if 0 < verifier.heads {
            // There was a trail, and nothing is left of it.
            return Ok(verifier.end());
        }
    }
    let store = Store::look(path, COLLECTIONS)?;
    let verdict = prove_in(&store, published).await;
    store.close().await;
    verdict
}

/// Proves the trail in a store that was opened with [`COLLECTIONS`] against the heads that were
/// published. Reads only.
///
/// # Errors
///
/// [`ProofError`] when there is nothing that could be proved.
pub async fn prove_in(store: &Store, published: Published<'_>) -> Result<Verdict, ProofError> {
    let mut verifier = Verifier::default();
    // Heads first: the chain is never behind what was published.
    heads(published, &mut verifier).await?;
    let rows: Collection<Value> = store.collection(&ROWS);
    let mut last = None;
    let mut size = BATCH;
    loop {
        let mut find = Find::all().limit(size);
        if let Some(last) = &last {
            find = find.filter(chiron_store::after(ID, String::clone(last)));
        }
        match rows.find(&find).await {
            Ok(found) => {
                for row in &found {
                    verifier.row(&Row { id: row.id.clone(), body: Some(row.document.clone()) });
                }
                match found.last() {
                    None => break,
                    Some(row) => last = Some(row.id.clone()),
                }
                size = BATCH;
            }
            // One of them is no JSON: one by one, to say which.
            Err(StoreError::Decode { .. }) if 1 < size => size = 1,
            Err(StoreError::Decode { .. }) => {
                let id = row_id(verifier.next);
                verifier.row(&Row { id: id.clone(), body: None });
                last = Some(id);
                size = BATCH;
            }
            Err(err) => return Err(err.into()),
        }
    }
    Ok(verifier.end())
}

async fn heads(published: Published<'_>, verifier: &mut Verifier) -> Result<(), BrokerError> {
    let (starts, ends) = match published {
        Published::Unknown => return Ok(()),
        Published::Log(log) => (log.starts(HEADS)?, log.ends(HEADS)?),
        Published::Broker(broker) => (broker.starts(HEADS).await?, broker.ends(HEADS).await?),
    };
    for (partition, start) in starts {
        let end = ends.get(&partition).copied().unwrap_or(start);
        let mut next = start;
        while next < end {
            let records = match published {
                Published::Unknown => break,
                Published::Log(log) => log.read(HEADS, partition, next, BATCH)?,
                Published::Broker(broker) => broker.read(HEADS, partition, next, BATCH).await?,
            };
            let Some(last) = records.last() else { break };
            next = last.offset + 1;
            for record in records {
                if let Ok(head) = serde_json::from_slice(&record.value) {
                    verifier.head(head);
                } else {
                    let offset = record.offset;
                    verifier.find(0, format!("the head at offset {offset} cannot be read"));
                }
            }
        }
    }
    Ok(())
}

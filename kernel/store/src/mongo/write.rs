//! Writes of one document each, repeated until their outcome is known.
//!
//! A repetition is harmless: an insertion finds its own id taken, an update finds that the version
//! which it follows has gone, and both then look for their own write in the document. So each is
//! sent again after a broken connection until there is an answer or the time limit is reached.

use std::sync::Arc;

use mongodb::bson::{Document, doc};
use mongodb::error::Error;

use super::documents::{Content, Standing, int, length};
use super::fault::{self, Duplicate};
use super::outbox::Entry;
use super::{Deadline, Mongo, ORPHANS, OUTBOX_BYTES, REMEMBERED};
use crate::engine::{Act, Write};
use crate::error::{StoreError, WriteError};
use crate::spec::CollectionSpec;

/// Insertions sent together.
const TOGETHER: usize = 500;
/// Bytes of JSON after which no further insertion is sent together with others. A server takes
/// 48 MB, and BSON may be larger than JSON.
const TOGETHER_BYTES: usize = 2_000_000;

/// What has become of a try.
enum Tried<T> {
    Done(T),
    /// Again, after a moment.
    Again,
    /// Nobody knows what became of it.
    Unknown(Error),
}

impl Mongo {
    /// Answers as [`crate::engine::Engine::write`] does. Goes on when nobody waits for it.
    pub(crate) async fn write(self: &Arc<Self>, write: Write) -> Result<u64, WriteError> {
        self.open()?;
        let mongo = Arc::clone(self);
        let written = self.tasks.finish("store-write", async move { mongo.one(write).await });
        // A panic was told where it happened.
        let version = written.await.map_err(|_panicked| StoreError::Closed)??;
        metrics::counter!("chiron_store_commits_total").increment(1);
        metrics::counter!("chiron_store_writes_total").increment(1);
        Ok(version)
    }

    /// Insertions in this order, up to the first that is refused. Goes on when nobody waits for it.
    pub(crate) async fn insert_all(
        self: &Arc<Self>,
        inserts: Vec<Write>,
    ) -> Result<(), WriteError> {
        self.open()?;
        let mongo = Arc::clone(self);
        let inserted =
            self.tasks.finish("store-insert-all", async move { mongo.many(inserts).await });
        inserted.await.map_err(|_panicked| StoreError::Closed)?
    }

    async fn one(&self, write: Write) -> Result<u64, WriteError> {
        let Write { spec, id, act, outbox } = write;
        let bytes = bytes_of(&outbox);
        if OUTBOX_BYTES < bytes {
            return Err(WriteError::TooLarge { bytes });
        }
        let deadline = self.deadline();
        match act {
            Act::Insert { body } => {
                let content = Content::of(spec, &id, &body)?;
                self.insert(spec, &id, content, &outbox, deadline).await
            }
            Act::Replace { expected, body } => {
                let content = Content::of(spec, &id, &body)?;
                self.update(spec, &id, expected, content, &outbox, deadline).await
            }
            Act::Put { body } => {
                let content = Content::of(spec, &id, &body)?;
                self.put(spec, &id, content, &outbox, deadline).await
            }
            Act::Delete { expected } => {
                let deleted = self.delete(spec, &id, expected, deadline).await?;
                Ok(u64::from(deleted))
            }
        }
    }

    async fn insert(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        content: Content,
        outbox: &[String],
        deadline: Deadline,
    ) -> Result<u64, WriteError> {
        let (write, at) = (self.writes.next(), self.stamps.next());
        let unique = content.unique.clone();
        let document = content.document(id, 1, write, at, outbox);
        let collection = self.documents(spec.name);
        let mut attempts = Attempts::until(deadline);
        let version = loop {
            let unknown = attempts.unknown();
            let tried = async {
                let sent = collection.insert_one(&document);
                match self.within(deadline, sent).await? {
                    Ok(_) => Ok(Tried::Done(1)),
                    Err(error) if fault::is_duplicate(&error) => {
                        // Before the first error that tells nothing, it cannot be our own.
                        let standing =
                            if unknown { self.standing(spec, id, deadline).await? } else { None };
                        match standing.and_then(|standing| standing.left_by(write)) {
                            Some(version) => Ok(Tried::Done(version)),
                            None => self.refused(spec, id, &unique, &error, deadline).await,
                        }
                    }
                    Err(error) => unknown_or_refused(error),
                }
            };
            if let Some(done) = attempts.judge(tried.await).await? {
                break done;
            }
        };
        self.ledger.waits(write, outbox.len());
        self.versions.set(spec.name, id, Some(version));
        Ok(1)
    }

    /// The document with this version becomes the next one.
    async fn update(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        expected: u64,
        content: Content,
        outbox: &[String],
        deadline: Deadline,
    ) -> Result<u64, WriteError> {
        let (write, at) = (self.writes.next(), self.stamps.next());
        let next = expected.saturating_add(1);
        let unique = content.unique.clone();
        let update = update_of(content, next, write, at, outbox);
        let room = length(OUTBOX_BYTES - bytes_of(outbox).min(OUTBOX_BYTES));
        let filter = doc! {
            "_id": id,
            "version": int(expected),
            "outbox_bytes": { "$lte": room },
        };
        let collection = self.documents(spec.name);
        let mut attempts = Attempts::until(deadline);
        loop {
            let tried = async {
                let sent = collection.update_one(filter.clone(), update.clone());
                match self.within(deadline, sent).await? {
                    Ok(answer) if answer.matched_count == 1 => Ok(Tried::Done(())),
                    Ok(_) => {
                        let standing = self.standing(spec, id, deadline).await?;
                        let Some(standing) = standing else { return Err(WriteError::Conflict) };
                        if standing.left_by(write).is_some() {
                            return Ok(Tried::Done(()));
                        }
                        if standing.version != expected {
                            return Err(WriteError::Conflict);
                        }
                        self.make_room(spec, id, &standing, bytes_of(outbox), deadline).await?;
                        Ok(Tried::Again)
                    }
                    Err(error) if fault::is_duplicate(&error) => {
                        self.refused(spec, id, &unique, &error, deadline).await
                    }
                    Err(error) => unknown_or_refused(error),
                }
            };
            if let Some(done) = attempts.judge(tried.await).await? {
                break done;
            }
        }
        self.ledger.waits(write, outbox.len());
        self.versions.set(spec.name, id, Some(next));
        Ok(next)
    }

    /// After an update that did not find room for its events: `outbox_bytes` does not shrink with
    /// each event that goes, so what is really there is noted.
    async fn make_room(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        standing: &Standing,
        wanted: usize,
        deadline: Deadline,
    ) -> Result<(), WriteError> {
        let bytes = standing.exact_bytes();
        if OUTBOX_BYTES < bytes + wanted {
            metrics::counter!("chiron_store_errors_total", "kind" => "outbox_full").increment(1);
            return Err(StoreError::OutboxFull { bytes }.into());
        }
        if length(bytes) < standing.outbox_bytes {
            let filter = doc! { "_id": id, "write": standing.write };
            let update = doc! { "$set": { "outbox_bytes": length(bytes) } };
            let collection = self.documents(spec.name);
            self.ask(deadline, collection.update_one(filter, update)).await?;
        }
        Ok(())
    }

    async fn put(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        content: Content,
        outbox: &[String],
        deadline: Deadline,
    ) -> Result<u64, WriteError> {
        let mut known = self.versions.get(spec.name, id);
        let mut attempt = 0;
        loop {
            let version = match known {
                Some(version) => Some(version),
                None => self.standing(spec, id, deadline).await?.map(|standing| standing.version),
            };
            let content = content.clone();
            let put = match version {
                Some(version) => self.update(spec, id, version, content, outbox, deadline).await,
                None => self.insert(spec, id, content, outbox, deadline).await,
            };
            match put {
                // Somebody else was there in between, or what was remembered is of yesterday.
                Err(WriteError::Conflict | WriteError::AlreadyExists) => {}
                other => return other,
            }
            self.versions.set(spec.name, id, None);
            if known.take().is_none() {
                if !deadline.another_try(attempt).await {
                    return Err(deadline.passed().into());
                }
                attempt += 1;
            }
        }
    }

    /// Whether there was one.
    async fn delete(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        expected: Option<u64>,
        deadline: Deadline,
    ) -> Result<bool, WriteError> {
        self.versions.set(spec.name, id, None);
        let collection = self.documents(spec.name);
        // The newest write of the document of which nobody knows whether it has been deleted.
        let mut sent: Option<i64> = None;
        // The copy of its events, and after which write it was made.
        let mut copied: Option<(i64, Option<String>)> = None;
        let mut attempts = Attempts::until(deadline);
        loop {
            let tried = async {
                let Some(standing) = self.standing(spec, id, deadline).await? else {
                    return Ok(Tried::Done(sent.is_some()));
                };
                if let Some(target) = sent
                    && !standing.written.contains(&target)
                {
                    // The one to delete has gone, and this is another.
                    return Ok(Tried::Done(true));
                }
                if expected.is_some_and(|expected| expected != standing.version) {
                    return Err(WriteError::Conflict);
                }
                let orphan = match copied.take() {
                    // Since then events can only have gone.
                    Some((write, orphan)) if write == standing.write => orphan,
                    _ => self.orphan(&standing, deadline).await?,
                };
                let found = doc! { "_id": id, "write": standing.write };
                let deleted = collection.delete_one(found);
                match self.within(deadline, deleted).await? {
                    Ok(answer) if answer.deleted_count == 1 => Ok(Tried::Done(true)),
                    Ok(_) => {
                        // It was changed in between, and keeps its events. Publishing them twice would
                        // do no harm.
                        if let Some(orphan) = orphan {
                            let orphans = self.documents(ORPHANS);
                            self.ask(deadline, orphans.delete_one(doc! { "_id": orphan })).await?;
                        }
                        Ok(Tried::Again)
                    }
                    Err(error) => {
                        sent = Some(standing.write);
                        copied = Some((standing.write, orphan));
                        unknown_or_refused(error)
                    }
                }
            };
            if let Some(done) = attempts.judge(tried.await).await? {
                return Ok(done);
            }
        }
    }

    /// Saves a copy of the events of a document that is about to be deleted, and answers its id.
    async fn orphan(
        &self,
        standing: &Standing,
        deadline: Deadline,
    ) -> Result<Option<String>, WriteError> {
        let Some(oldest) = standing.outbox.iter().map(|(entry, _)| entry.at).min() else {
            return Ok(None);
        };
        let outbox = standing.outbox.iter().map(|(entry, record)| (entry.name(), record.into()));
        let id = format!("{:016x}", self.writes.next());
        let document = doc! {
            "_id": &id,
            "write": standing.write,
            "outbox": outbox.collect::<Document>(),
            "pending": oldest,
        };
        let collection = self.documents(ORPHANS);
        let mut attempts = Attempts::until(deadline);
        loop {
            let unknown = attempts.unknown();
            let tried = async {
                let saved = collection.insert_one(&document);
                match self.within(deadline, saved).await? {
                    Ok(_) => Ok(Tried::Done(())),
                    Err(error) if unknown && fault::is_duplicate(&error) => Ok(Tried::Done(())),
                    Err(error) => unknown_or_refused(error),
                }
            };
            if let Some(done) = attempts.judge(tried.await).await? {
                break done;
            }
        }
        Ok(Some(id))
    }

    async fn many(&self, inserts: Vec<Write>) -> Result<(), WriteError> {
        let mut inserts = inserts.into_iter().peekable();
        while inserts.peek().is_some() {
            let mut bytes = 0;
            let mut batch = Vec::new();
            while batch.len() < TOGETHER
                && bytes < TOGETHER_BYTES
                && let Some(Write { spec, id, act, outbox }) = inserts.next()
            {
                let Act::Insert { body } = act else { continue };
                let events = bytes_of(&outbox);
                if OUTBOX_BYTES < events {
                    // Those before it are stored, as with any other refusal.
                    self.batch(batch).await?;
                    return Err(WriteError::TooLarge { bytes: events });
                }
                bytes += body.len() + events;
                let content = match Content::of(spec, &id, &body) {
                    Ok(content) => content,
                    Err(refused) => {
                        self.batch(batch).await?;
                        return Err(refused);
                    }
                };
                let (write, at) = (self.writes.next(), self.stamps.next());
                let unique = content.unique.clone();
                let document = content.document(&id, 1, write, at, &outbox);
                batch.push(Insertion { spec, id, write, events: outbox.len(), unique, document });
            }
            self.batch(batch).await?;
        }
        Ok(())
    }

    async fn batch(&self, batch: Vec<Insertion>) -> Result<(), WriteError> {
        // Each batch has the time of one operation.
        let deadline = self.deadline();
        let mut left = batch.as_slice();
        let mut attempts = Attempts::until(deadline);
        loop {
            let unknown = attempts.unknown();
            let tried = async {
                let Some(first) = left.first() else { return Ok(Tried::Done(())) };
                let collection = self.documents(first.spec.name);
                let documents = left.iter().map(|insertion| &insertion.document);
                let sent = collection.insert_many(documents).ordered(true);
                let Err(error) = self.within(deadline, sent).await? else {
                    self.inserted(left);
                    return Ok(Tried::Done(()));
                };
                let Some(place) = fault::place(&error) else { return unknown_or_refused(error) };
                let (before, rest) = left.split_at(place.min(left.len()));
                self.inserted(before);
                left = rest;
                let Some(refused) = rest.first() else { return Ok(Tried::Done(())) };
                let Insertion { spec, id, write, unique, .. } = refused;
                if !fault::is_duplicate(&error) {
                    return unknown_or_refused(error);
                }
                if unknown {
                    let standing = self.standing(spec, id, deadline).await?;
                    if standing.is_some_and(|standing| standing.left_by(*write).is_some()) {
                        let (own, rest) = left.split_at(1);
                        self.inserted(own);
                        left = rest;
                        return Ok(Tried::Again);
                    }
                }
                self.refused(spec, id, unique, &error, deadline).await
            };
            if let Some(done) = attempts.judge(tried.await).await? {
                return Ok(done);
            }
        }
    }

    fn inserted(&self, insertions: &[Insertion]) {
        for insertion in insertions {
            self.ledger.waits(insertion.write, insertion.events);
        }
        metrics::counter!("chiron_store_commits_total").increment(1);
        metrics::counter!("chiron_store_writes_total").increment(insertions.len() as u64);
    }

    /// Why a unique index refused. Where the server's words do not say, whoever has the id or the
    /// same values is looked for; nobody has them any more if they have just gone.
    async fn refused<T>(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        unique: &Document,
        error: &Error,
        deadline: Deadline,
    ) -> Result<Tried<T>, WriteError> {
        match fault::duplicate(error, spec) {
            Duplicate::Id => return Err(WriteError::AlreadyExists),
            Duplicate::Index(index) => {
                return Err(WriteError::Duplicate { index: index.to_owned() });
            }
            Duplicate::Unknown => {}
        }
        let collection = self.documents(spec.name);
        for (index, text) in unique {
            let found = doc! { format!("unique.{index}"): text, "_id": { "$ne": id } };
            let count = collection.count_documents(found).max_time(deadline.limit);
            if 0 < self.ask(deadline, count).await? {
                return Err(WriteError::Duplicate { index: index.clone() });
            }
        }
        if self.standing(spec, id, deadline).await?.is_some() {
            return Err(WriteError::AlreadyExists);
        }
        Ok(Tried::Again)
    }
}

/// Attempts of a write until the outcome is known or the time is over.
struct Attempts {
    deadline: Deadline,
    attempt: u32,
    /// The newest error after which nobody knew whether the write was done.
    unknown: Option<Error>,
}

impl Attempts {
    fn until(deadline: Deadline) -> Self {
        Self { deadline, attempt: 0, unknown: None }
    }

    /// Whether an earlier try may have been done.
    fn unknown(&self) -> bool {
        self.unknown.is_some()
    }

    /// What is done is the answer; otherwise it waits until another try is due.
    async fn judge<T>(
        &mut self,
        tried: Result<Tried<T>, WriteError>,
    ) -> Result<Option<T>, WriteError> {
        match tried {
            Ok(Tried::Done(done)) => return Ok(Some(done)),
            Ok(Tried::Again) => {}
            Ok(Tried::Unknown(error)) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    attempt = self.attempt,
                    "nobody knows whether a write was done, trying again"
                );
                self.unknown = Some(error);
            }
            // The question what became of it has not been answered either.
            Err(WriteError::Store(StoreError::Unreachable(_))) if self.unknown() => {}
            Err(other) => return Err(other),
        }
        if self.deadline.another_try(self.attempt).await {
            self.attempt += 1;
            return Ok(None);
        }
        Err(match self.unknown.take() {
            Some(error) => fault::told(error).into(),
            None => self.deadline.passed().into(),
        })
    }
}

/// A document of a batch.
struct Insertion {
    spec: &'static CollectionSpec,
    id: String,
    write: i64,
    events: usize,
    unique: Document,
    document: Document,
}

fn unknown_or_refused<T>(error: Error) -> Result<Tried<T>, WriteError> {
    if fault::passes(&error) {
        return Ok(Tried::Unknown(error));
    }
    if fault::is_too_large(&error) {
        return Err(WriteError::TooLarge { bytes: super::BODY_BYTES + OUTBOX_BYTES });
    }
    Err(fault::told(error).into())
}

fn bytes_of(outbox: &[String]) -> usize {
    outbox.iter().map(String::len).sum()
}

fn update_of(content: Content, version: u64, write: i64, at: i64, outbox: &[String]) -> Document {
    let mut set = doc! { "body": content.body, "unique": content.unique, "write": write };
    for (entry, record) in Entry::all(version, at, write, outbox) {
        set.insert(format!("outbox.{}", entry.name()), record);
    }
    let mut update = doc! {
        "$set": set,
        "$inc": { "version": 1_i64, "outbox_bytes": length(bytes_of(outbox)) },
        "$push": { "written": { "$each": [write], "$slice": -REMEMBERED } },
    };
    if !outbox.is_empty() {
        update.insert("$min", doc! { "pending": at });
    }
    update
}

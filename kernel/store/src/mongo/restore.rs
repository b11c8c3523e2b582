//! Documents and events that come from another store.

use futures_util::future::try_join_all;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;

use super::documents::{Content, int};
use super::fault::{self, Duplicate};
use super::outbox::Entry;
use super::{Mongo, ORPHANS};
use crate::engine::Row;
use crate::error::WriteError;
use crate::spec::CollectionSpec;

/// Events that are kept together.
const TOGETHER: usize = 500;
/// Bytes after which no further event is kept with others.
const TOGETHER_BYTES: usize = 2_000_000;

impl Mongo {
    /// Puts the documents in place of those with their ids, whose events stay.
    pub(crate) async fn restore(
        &self,
        spec: &'static CollectionSpec,
        rows: Vec<Row>,
    ) -> Result<(), WriteError> {
        self.open()?;
        try_join_all(rows.into_iter().map(|row| self.restore_one(spec, row))).await.map(|_| ())
    }

    async fn restore_one(
        &self,
        spec: &'static CollectionSpec,
        Row { id, version, body }: Row,
    ) -> Result<(), WriteError> {
        let deadline = self.deadline();
        let content = Content::of(spec, &id, &body)?;
        let (write, at) = (self.writes.next(), self.stamps.next());
        let collection = self.documents(spec.name);
        self.versions.set(spec.name, &id, None);
        // Run again, a copy finds what an earlier one has left, this very document included.
        let update = doc! { "$set": {
            "version": int(version),
            "body": &content.body,
            "unique": &content.unique,
            "write": write,
            "written": [write],
        } };
        let found = collection.update_one(doc! { "_id": &id }, update);
        let found = self.within(deadline, found).await?;
        if found.map_err(|error| refused(spec, &error))?.matched_count == 1 {
            return Ok(());
        }
        let document = content.document(&id, version, write, at, &[]);
        let inserted = self.within(deadline, collection.insert_one(document)).await?;
        inserted.map(|_| ()).map_err(|error| refused(spec, &error))
    }

    /// Keeps events that have no document, behind those that wait.
    pub(crate) async fn restore_events(&self, events: Vec<String>) -> Result<(), WriteError> {
        self.open()?;
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let (mut together, mut bytes) = (Vec::new(), 0);
            while together.len() < TOGETHER
                && bytes < TOGETHER_BYTES
                && let Some(event) = events.next()
            {
                bytes += event.len();
                together.push(event);
            }
            let (write, at) = (self.writes.next(), self.stamps.next());
            let entries = Entry::all(0, at, write, &together);
            let outbox: Document =
                entries.map(|(entry, record)| (entry.name(), record.into())).collect();
            let document = doc! {
                "_id": format!("{write:016x}"),
                "write": write,
                "outbox": outbox,
                "pending": at,
            };
            let kept = self.documents(ORPHANS);
            self.ask(self.deadline(), kept.insert_one(document)).await?;
            self.ledger.waits(write, together.len());
        }
        Ok(())
    }
}

fn refused(spec: &CollectionSpec, error: &Error) -> WriteError {
    if !fault::is_duplicate(error) {
        return fault::told(error.clone()).into();
    }
    match fault::duplicate(error, spec) {
        Duplicate::Id => WriteError::AlreadyExists,
        Duplicate::Index(index) => WriteError::Duplicate { index: index.to_owned() },
        Duplicate::Unknown => WriteError::Duplicate { index: "one of its indexes".to_owned() },
    }
}

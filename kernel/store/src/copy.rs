//! Moving a context's data from one store to another, whatever each is built on.
//!
//! Documents go in pages by id, with their versions; those that are there already and equal are
//! left alone, so that a copy that was interrupted goes on when it is run again. Events that have
//! not been published follow, in their order. At the end both stores are read and summed up: the
//! number of documents and a hash over ids, versions and canonical JSON have to be the same.
//!
//! Nobody may write to either store meanwhile, and no relay may run; if somebody does, the sums
//! tell.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::engine::Row;
use crate::error::{StoreError, WriteError};
use crate::query::{Cursor, Find};
use crate::spec::{CollectionSpec, ID};
use crate::store::Store;

/// Documents of a page; each may have 4 MB.
const PAGE: usize = 50;

/// What a copy has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// In the order of their declaration.
    pub collections: Vec<CopiedCollection>,
    /// Events that wait to be published in the source, and in the target now.
    pub events: u64,
    /// Of those, the events that this run has written.
    pub events_written: u64,
}

/// What a copy has done with one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedCollection {
    /// As declared.
    pub collection: &'static str,
    /// Documents that this run has written; the others were there already.
    pub written: u64,
    /// What both stores hold now.
    pub sum: Sum,
}

/// The documents of a collection, in two numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// How many there are.
    pub documents: u64,
    /// SHA-256 in hexadecimal over id, version and canonical JSON (names sorted, no white space) of
    /// each, by id.
    pub sha256: String,
}

/// Why a copy ended early. Running it again goes on where it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// One of the stores could not be read.
    #[error("could not read {collection}")]
    Read {
        /// The collection.
        collection: &'static str,
        /// Why.
        source: StoreError,
    },
    /// The target did not take a document.
    #[error("could not write to {collection}")]
    Write {
        /// The collection.
        collection: &'static str,
        /// Why.
        source: WriteError,
    },
    /// Both hold different documents at the end: the target held others before, or somebody wrote
    /// to one of them meanwhile.
    #[error(
        "{collection} holds {} documents in the source and {} in the target, and they are not the \
         same: empty the target, let nobody write to either, and copy again",
        from.documents,
        to.documents
    )]
    Differs {
        /// The collection.
        collection: &'static str,
        /// What the source holds.
        from: Sum,
        /// What the target holds.
        to: Sum,
    },
}

/// Copies the documents of all collections that the source was opened with, and the events that
/// have not been published. The target has to be opened with the same collections.
///
/// # Errors
///
/// See [`CopyError`].
pub async fn copy(from: &Store, to: &Store) -> Result<Copied, CopyError> {
    let mut collections = Vec::new();
    for spec in from.engine.collections() {
        let written = copy_collection(from, to, spec).await?;
        collections.push((*spec, written));
    }
    let (events, events_written) = copy_events(from, to).await?;
    let mut copied = Vec::new();
    for (spec, written) in collections {
        let (source, target) = (sum(from, spec).await?, sum(to, spec).await?);
        let collection = spec.name;
        if source != target {
            return Err(CopyError::Differs { collection, from: source, to: target });
        }
        copied.push(CopiedCollection { collection, written, sum: source });
    }
    Ok(Copied { collections: copied, events, events_written })
}

async fn copy_collection(
    from: &Store,
    to: &Store,
    spec: &'static CollectionSpec,
) -> Result<u64, CopyError> {
    let read = |source| CopyError::Read { collection: spec.name, source };
    to.known(spec).map_err(read)?;
    let mut written = 0;
    let mut pages = Pages::of(from, spec);
    while let Some(rows) = pages.next().await? {
        let ids = rows.iter().map(|row| row.id.clone());
        let there = to.engine.find(spec, &Find::all().any_of(ID, ids)).await.map_err(read)?;
        let mut there: HashMap<String, Row> =
            there.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut missing = Vec::new();
        for row in rows {
            let same = match there.remove(&row.id) {
                None => false,
                Some(other) => {
                    other.version == row.version
                        && canonical(spec, &other.body)? == canonical(spec, &row.body)?
                }
            };
            if !same {
                missing.push(row);
            }
        }
        written += missing.len() as u64;
        let write = |source| CopyError::Write { collection: spec.name, source };
        to.engine.restore(spec, missing).await.map_err(write)?;
    }
    Ok(written)
}

/// The number of events that wait, and how many of them have been written now.
async fn copy_events(from: &Store, to: &Store) -> Result<(u64, u64), CopyError> {
    let read = |source| CopyError::Read { collection: "outbox", source };
    let events = from.engine.events().await.map_err(read)?;
    let all = events.len() as u64;
    let mut there: HashMap<String, usize> = HashMap::new();
    for event in to.engine.events().await.map_err(read)? {
        *there.entry(event).or_default() += 1;
    }
    let missing: Vec<String> = events
        .into_iter()
        .filter(|event| match there.get_mut(event) {
            Some(left) if 0 < *left => {
                *left -= 1;
                false
            }
            _ => true,
        })
        .collect();
    let written = missing.len() as u64;
    let write = |source| CopyError::Write { collection: "outbox", source };
    to.engine.restore_events(missing).await.map_err(write)?;
    Ok((all, written))
}

async fn sum(store: &Store, spec: &'static CollectionSpec) -> Result<Sum, CopyError> {
    let mut hash = Sha256::new();
    let mut documents = 0;
    let mut pages = Pages::of(store, spec);
    while let Some(rows) = pages.next().await? {
        for row in rows {
            documents += 1;
            // Lengths in front, so that no two lists of documents have the same bytes.
            for part in [&row.id, &row.version.to_string(), &canonical(spec, &row.body)?] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
    }
    let mut sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Cannot fail for a string.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Sum { documents, sha256 })
}

/// The documents of a collection, by id.
struct Pages<'a> {
    store: &'a Store,
    spec: &'static CollectionSpec,
    last: Option<Cursor>,
}

impl<'a> Pages<'a> {
    fn of(store: &'a Store, spec: &'static CollectionSpec) -> Self {
        Self { store, spec, last: None }
    }

    async fn next(&mut self) -> Result<Option<Vec<Row>>, CopyError> {
        let find = Find::all().limit(PAGE).after(self.last.take());
        let read = |source| CopyError::Read { collection: self.spec.name, source };
        let rows = self.store.engine.find(self.spec, &find).await.map_err(read)?;
        self.last = rows.last().map(|row| Cursor { values: Vec::new(), id: row.id.clone() });
        Ok((!rows.is_empty()).then_some(rows))
    }
}

fn canonical(spec: &'static CollectionSpec, json: &str) -> Result<String, CopyError> {
    let decode = |source| CopyError::Read {
        collection: spec.name,
        source: StoreError::Decode { collection: spec.name, source },
    };
    let value: Value = serde_json::from_str(json).map_err(decode)?;
    let mut text = String::with_capacity(json.len());
    write_canonical(&value, &mut text).map_err(decode)?;
    Ok(text)
}

fn write_canonical(value: &Value, text: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if 0 < place {
                    text.push(',');
                }
                write_canonical(item, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (place, (name, member)) in sorted.into_iter().enumerate() {
                if 0 < place {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name)?);
                text.push(':');
                write_canonical(member, text)?;
            }
            text.push('}');
        }
        scalar => text.push_str(&serde_json::to_string(scalar)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{COLLECTIONS, PEOPLE, Person, event, person};

    #[test]
    fn canonical_json_knows_no_order_and_no_space() {
        let one =
            canonical(&PEOPLE, r#"{"b": [1, 1.0, {"d": null, "c": "ü"}], "a": true}"#).unwrap();
        assert_eq!(one, r#"{"a":true,"b":[1,1.0,{"c":"ü","d":null}]}"#);
    }

    #[tokio::test]
    async fn copies_once_and_tells_what_differs() {
        let (from, to) =
            (Store::in_memory(COLLECTIONS).unwrap(), Store::in_memory(COLLECTIONS).unwrap());
        let (source, target) =
            (from.collection::<Person>(&PEOPLE), to.collection::<Person>(&PEOPLE));
        for n in 0..120_u32 {
            let events = vec![event("same"), event(&n.to_string())];
            source.put(&n.to_string(), &person("a", Some(n)), events).await.unwrap();
        }
        source.put("7", &person("b", None), vec![]).await.unwrap();
        // As an interrupted copy leaves it.
        target.put("8", &person("a", Some(8)), vec![event("same")]).await.unwrap();
        let copied = copy(&from, &to).await.unwrap();
        let people = copied.collections.first().unwrap();
        assert_eq!((people.written, people.sum.documents), (119, 120));
        assert_eq!((copied.events, copied.events_written), (240, 239));
        assert_eq!(target.get("7").await.unwrap(), source.get("7").await.unwrap());
        assert_eq!(to.unrelayed(), 240);

        let again = copy(&from, &to).await.unwrap();
        assert_eq!(again.collections.first().unwrap().written, 0);
        assert_eq!((again.events_written, to.unrelayed()), (0, 240));

        target.insert("more", &person("a", None), vec![]).await.unwrap();
        let differs = copy(&from, &to).await;
        match differs {
            Err(CopyError::Differs { collection: "people", from, to }) => {
                assert_eq!((from.documents, to.documents), (120, 121));
            }
            other => panic!("{other:?}"),
        }
    }
}

//! One document as it is stored, and what a reader gets of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use mongodb::bson::{Bson, Document, RawDocument, doc};
use serde_json::Value;

use super::outbox::{Entry, entries_of};
use super::{BODY_BYTES, body};
use crate::engine::Row;
use crate::error::{StoreError, WriteError};
use crate::spec::{CollectionSpec, ID, Index};

/// A body and what uniqueness is decided by.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) body: Bson,
    pub(super) unique: Document,
}

impl Content {
    pub(super) fn of(
        spec: &'static CollectionSpec,
        id: &str,
        json: &str,
    ) -> Result<Self, WriteError> {
        let body = body::to_bson(json)
            .map_err(|source| StoreError::Encode { collection: spec.name, source })?;
        let content = Self { unique: unique_texts(spec, id, &body), body };
        // No value takes twenty times its JSON, so a small one need not be measured.
        if BODY_BYTES / 20 < json.len() {
            let bytes = content.bytes();
            if BODY_BYTES < bytes {
                return Err(WriteError::TooLarge { bytes });
            }
        }
        Ok(content)
    }

    fn bytes(&self) -> usize {
        let document = doc! { "body": &self.body, "unique": &self.unique };
        // What cannot be written is refused when it is sent.
        mongodb::bson::serialize_to_vec(&document).map_or(0, |bytes| bytes.len())
    }

    /// A whole document.
    pub(super) fn document(
        self,
        id: &str,
        version: u64,
        write: i64,
        at: i64,
        records: &[String],
    ) -> Document {
        let mut outbox = Document::new();
        let mut bytes = 0;
        for (entry, record) in Entry::all(version, at, write, records) {
            bytes += record.len();
            outbox.insert(entry.name(), record);
        }
        let mut document = doc! {
            "_id": id,
            "id": id,
            "version": int(version),
            "body": self.body,
            "unique": self.unique,
            "write": write,
            "written": [write],
            "outbox": outbox,
            "outbox_bytes": length(bytes),
        };
        if !records.is_empty() {
            document.insert("pending", at);
        }
        document
    }
}

/// By unique index, the text of its values; of those that constrain the document.
pub(super) fn unique_texts(spec: &CollectionSpec, id: &str, body: &Bson) -> Document {
    let mut unique = Document::new();
    for index in spec.indexes.iter().filter(|index| index.unique) {
        if let Some(text) = unique_text(index, id, body) {
            unique.insert(index.name, text);
        }
    }
    unique
}

fn unique_text(index: &Index, id: &str, body: &Bson) -> Option<String> {
    let mut values = Vec::with_capacity(index.fields.len());
    for field in index.fields {
        if *field == ID {
            values.push(Value::from(id));
            continue;
        }
        let value = field.split('.').try_fold(body, |value, name| match value {
            Bson::Document(members) => members.get(name),
            _ => None,
        })?;
        values.push(match value {
            Bson::Null => return None,
            // Numbers are equal by value, whatever they are written as.
            Bson::Double(number) => {
                whole(*number).map_or_else(|| Value::from(*number), Value::from)
            }
            Bson::Int64(number) => Value::from(*number),
            Bson::String(text) => Value::from(text.as_str()),
            other => Value::from(body::to_json(other).ok()?),
        });
    }
    serde_json::to_string(&values).ok()
}

/// The number as an integer, where it is one that both kinds hold exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::float_cmp, reason = "a whole number is exactly that")]
    let whole = number.trunc() == number && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "it is a whole number within ±2⁵³")]
    whole.then_some(number as i64)
}

/// Numbers of documents and events stay far below 2⁶³.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A whole number of any kind; one server gives back the smallest that holds it.
pub(super) fn number(value: Option<&Bson>) -> Option<i64> {
    match value? {
        Bson::Int64(number) => Some(*number),
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Double(number) => whole(*number),
        _ => None,
    }
}

/// What is stored does not have our shape.
pub(super) fn misshapen(collection: &'static str, reason: impl std::fmt::Display) -> StoreError {
    let source = <serde_json::Error as serde::de::Error>::custom(reason);
    StoreError::Decode { collection, source }
}

pub(super) fn row(collection: &'static str, raw: &RawDocument) -> Result<Row, StoreError> {
    let document = Document::try_from(raw).map_err(|error| misshapen(collection, error))?;
    let (Some(Bson::String(id)), Some(version), Some(body)) =
        (document.get("_id"), number(document.get("version")), document.get("body"))
    else {
        return Err(misshapen(collection, "no document of ours lacks an id, a version or a body"));
    };
    let body = body::to_json(body).map_err(|source| StoreError::Decode { collection, source })?;
    Ok(Row { id: id.clone(), version: version.unsigned_abs(), body })
}

/// Where a document stands, without its body.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) version: u64,
    /// The id of the newest write. Unlike the version it never comes again, not even when the
    /// document is deleted and made anew.
    pub(super) write: i64,
    /// Newest last.
    pub(super) written: Vec<i64>,
    pub(super) outbox: Vec<(Entry, String)>,
    /// As noted, which may be more than there is.
    pub(super) outbox_bytes: i64,
}

impl Standing {
    pub(super) fn fields() -> Document {
        doc! { "version": 1, "write": 1, "written": 1, "outbox": 1, "outbox_bytes": 1 }
    }

    pub(super) fn of(collection: &'static str, document: &Document) -> Result<Self, StoreError> {
        let (Some(version), Some(write)) =
            (number(document.get("version")), number(document.get("write")))
        else {
            return Err(misshapen(collection, "no document of ours lacks a version or a write"));
        };
        let written = document
            .get_array("written")
            .map(|ids| ids.iter().filter_map(|id| number(Some(id))).collect())
            .unwrap_or_default();
        Ok(Self {
            version: version.unsigned_abs(),
            write,
            written,
            outbox: entries_of(collection, document)?,
            outbox_bytes: number(document.get("outbox_bytes")).unwrap_or_default(),
        })
    }

    /// The version that the write with this id left, if it is remembered: every write added one to
    /// both.
    pub(super) fn left_by(&self, write: i64) -> Option<u64> {
        let later = self.written.iter().rev().position(|id| *id == write)?;
        self.version.checked_sub(u64::try_from(later).ok()?)
    }

    pub(super) fn exact_bytes(&self) -> usize {
        self.outbox.iter().map(|(_, record)| record.len()).sum()
    }
}

/// The versions that this process has left of documents, so that whoever writes a document again
/// and again need not read it each time. A wrong one costs a try.
#[derive(Debug, Default)]
pub(super) struct Versions(Mutex<HashMap<(&'static str, String), u64>>);

impl Versions {
    /// So many are remembered; then all are forgotten.
    const MOST: usize = 20_000;

    pub(super) fn get(&self, collection: &'static str, id: &str) -> Option<u64> {
        self.lock().get(&(collection, id.to_owned())).copied()
    }

    pub(super) fn set(&self, collection: &'static str, id: &str, version: Option<u64>) {
        let mut known = self.lock();
        let Some(version) = version else {
            known.remove(&(collection, id.to_owned()));
            return;
        };
        if Self::MOST <= known.len() {
            known.clear();
        }
        known.insert((collection, id.to_owned()), version);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(&'static str, String), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: CollectionSpec = CollectionSpec {
        name: "x",
        indexes: &[
            Index { name: "one", fields: &["a"], unique: true },
            Index { name: "two", fields: &["b.c", "a"], unique: true },
            Index { name: "none", fields: &["d"], unique: false },
            Index { name: "own", fields: &[ID, "d"], unique: true },
        ],
    };

    fn unique(json: &str) -> Document {
        Content::of(&SPEC, "7", json).unwrap().unique
    }

    #[test]
    fn only_a_document_that_has_all_fields_is_constrained() {
        assert_eq!(unique("{}"), doc! {});
        assert_eq!(unique(r#"{"a":null,"b":{"c":1}}"#), doc! {});
        assert_eq!(unique(r#"{"a":"x"}"#), doc! { "one": r#"["x"]"# });
        let two = unique(r#"{"a":"x","b":{"c":true},"d":1}"#);
        let expected = doc! { "one": r#"["x"]"#, "two": r#"["true","x"]"#, "own": r#"["7",1]"# };
        assert_eq!(two, expected);
        assert_eq!(unique("[1]"), doc! {});
    }

    #[test]
    fn numbers_are_equal_by_value() {
        assert_eq!(unique(r#"{"a":1}"#), unique(r#"{"a":1.0}"#));
        assert_ne!(unique(r#"{"a":1}"#), unique(r#"{"a":"1"}"#));
        assert_ne!(unique(r#"{"a":1.5}"#), unique(r#"{"a":1}"#));
    }

    #[test]
    fn a_body_that_bson_makes_too_large_is_refused() {
        let numbers = format!("[{}0]", "0,".repeat(1_000_000));
        let refused = Content::of(&SPEC, "1", &numbers);
        assert!(matches!(refused, Err(WriteError::TooLarge { .. })));
        let text = format!("\"{}\"", "x".repeat(3_900_000));
        assert!(Content::of(&SPEC, "1", &text).is_ok());
    }

    #[test]
    fn a_write_is_known_again_behind_others() {
        let standing = Standing {
            version: 9,
            write: 6,
            written: vec![4, 5, 6],
            outbox: vec![],
            outbox_bytes: 0,
        };
        assert_eq!(standing.left_by(6), Some(9));
        assert_eq!(standing.left_by(4), Some(7));
        assert_eq!(standing.left_by(3), None);
    }
}

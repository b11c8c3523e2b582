//! What a context declares about its collections before it opens its store.
//!
//! Indexes are declared, not discovered, because a query over a field without an index costs the
//! whole history; [`StoreError::NotIndexed`](crate::StoreError::NotIndexed) makes that a failing
//! test instead of a slow hospital.

use std::collections::BTreeSet;

use crate::error::OpenError;

/// The name under which a document's own id can be used in filters and sorts.
pub const ID: &str = "_id";

/// A collection and the indexes over its documents.
#[derive(Debug)]
pub struct CollectionSpec {
    /// Unique in the store; letters, digits and `_` only.
    pub name: &'static str,
    /// Any order; names unique within the collection.
    pub indexes: &'static [Index],
}

/// An index over fields of the documents.
///
/// Fields are JSON paths as serialised (`camelCase`, a dot for nesting) and hold scalars: text,
/// numbers, booleans or null. Arrays are not indexed by element. A field holds values of one kind in
/// all documents. Instants are indexed by their written form, whose width is fixed, so that text
/// order is time order.
#[derive(Debug)]
pub struct Index {
    /// Unique in the collection; letters, digits and `_` only. Named by
    /// [`WriteError::Duplicate`](crate::WriteError::Duplicate).
    pub name: &'static str,
    /// At least one, in the order of use: equality first, then the sort.
    pub fields: &'static [&'static str],
    /// Whether two documents may not have the same values. A document that lacks one of the fields
    /// (or has null) is not constrained.
    pub unique: bool,
}

impl CollectionSpec {
    /// Whether the field may be filtered and sorted by.
    pub(crate) fn is_indexed(&self, field: &str) -> bool {
        field == ID || self.indexes.iter().any(|index| index.fields.contains(&field))
    }

    /// The reason why this declaration cannot be used, or `None`.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !plain(self.name) {
            return Some("a collection's name holds letters, digits and _ only");
        }
        for (position, index) in self.indexes.iter().enumerate() {
            if !plain(index.name) {
                return Some("an index's name holds letters, digits and _ only");
            }
            if self.indexes.iter().skip(position + 1).any(|other| other.name == index.name) {
                return Some("two indexes of one collection have the same name");
            }
            if index.fields.is_empty() {
                return Some("an index has at least one field");
            }
            if !index.fields.iter().all(|field| field.split('.').all(plain)) {
                return Some("a field is a path of names joined by dots");
            }
        }
        None
    }
}

/// Refuses declarations that cannot be used.
pub(crate) fn check_specs(collections: &[&'static CollectionSpec]) -> Result<(), OpenError> {
    let mut seen = BTreeSet::new();
    for spec in collections {
        if let Some(reason) = spec.fault() {
            return Err(OpenError::Spec { collection: spec.name, reason });
        }
        if !seen.insert(spec.name) {
            return Err(OpenError::Spec { collection: spec.name, reason: "declared twice" });
        }
    }
    Ok(())
}

//! What can be asked of a collection: filters that must all hold, a sort, a page.
//!
//! Deliberately small: equality, membership and ranges over indexed fields, which every document
//! database answers from an index.

use std::fmt::{self, Display, Formatter};
use std::ops::Bound;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StoreError;
use crate::spec::{CollectionSpec, ID};
use crate::store::Versioned;

/// A condition on one field. A missing field counts as null.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// The field has this value; null finds also documents without the field.
    Eq(&'static str, Value),
    /// The field has one of these values; none of an empty list.
    In(&'static str, Vec<Value>),
    /// The field is not null and lies between the bounds.
    Range {
        /// The field.
        field: &'static str,
        /// The lower bound.
        from: Bound<Value>,
        /// The upper bound.
        to: Bound<Value>,
    },
}

impl Filter {
    /// The field that the condition is about.
    pub fn field(&self) -> &'static str {
        match self {
            Filter::Eq(field, _) | Filter::In(field, _) | Filter::Range { field, .. } => field,
        }
    }
}

/// The field equals the value.
pub fn eq(field: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Eq(field, value.into())
}

/// The field equals one of the values.
pub fn any_of<V: Into<Value>>(field: &'static str, values: impl IntoIterator<Item = V>) -> Filter {
    Filter::In(field, values.into_iter().map(Into::into).collect())
}

/// The field is the value or greater.
pub fn at_least(field: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Range { field, from: Bound::Included(value.into()), to: Bound::Unbounded }
}

/// The field is greater than the value.
pub fn after(field: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Range { field, from: Bound::Excluded(value.into()), to: Bound::Unbounded }
}

/// The field is less than the value.
pub fn before(field: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Range { field, from: Bound::Unbounded, to: Bound::Excluded(value.into()) }
}

/// The field is the value or less.
pub fn at_most(field: &'static str, value: impl Into<Value>) -> Filter {
    Filter::Range { field, from: Bound::Unbounded, to: Bound::Included(value.into()) }
}

/// The field lies between the values, both included.
pub fn within(field: &'static str, from: impl Into<Value>, to: impl Into<Value>) -> Filter {
    Filter::Range { field, from: Bound::Included(from.into()), to: Bound::Included(to.into()) }
}

/// The direction of a sort. Null comes before every value, numbers before text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Fields with their directions, the first deciding first.
pub(crate) type Sort = Vec<(&'static str, Order)>;

/// A query. Documents that agree in all sort fields follow by id, in the direction of the last sort
/// field (ascending without any).
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    /// All must hold.
    pub filters: Vec<Filter>,
    /// First field first.
    pub sort: Vec<(&'static str, Order)>,
    /// At most so many documents; `None`: all.
    pub limit: Option<usize>,
    /// Only what follows this place in the sort.
    pub after: Option<Cursor>,
}

impl Find {
    /// Every document, by id.
    pub fn all() -> Find {
        Find { filters: Vec::new(), sort: Vec::new(), limit: None, after: None }
    }

    /// Adds a condition.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Find {
        self.filters.push(filter);
        self
    }

    /// Adds [`eq`].
    #[must_use]
    pub fn eq(self, field: &'static str, value: impl Into<Value>) -> Find {
        self.filter(eq(field, value))
    }

    /// Adds [`any_of`].
    #[must_use]
    pub fn any_of<V: Into<Value>>(
        self,
        field: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Find {
        self.filter(any_of(field, values))
    }

    /// Adds [`at_least`].
    #[must_use]
    pub fn at_least(self, field: &'static str, value: impl Into<Value>) -> Find {
        self.filter(at_least(field, value))
    }

    /// Adds [`at_most`].
    #[must_use]
    pub fn at_most(self, field: &'static str, value: impl Into<Value>) -> Find {
        self.filter(at_most(field, value))
    }

    /// Adds [`fn@before`].
    #[must_use]
    pub fn before(self, field: &'static str, value: impl Into<Value>) -> Find {
        self.filter(before(field, value))
    }

    /// Adds [`within`].
    #[must_use]
    pub fn within(self, field: &'static str, from: impl Into<Value>, to: impl Into<Value>) -> Find {
        self.filter(within(field, from, to))
    }

    /// Sorts by the field, smallest first, after the sorts already given.
    #[must_use]
    pub fn ascending(mut self, field: &'static str) -> Find {
        self.sort.push((field, Order::Ascending));
        self
    }

    /// Sorts by the field, greatest first, after the sorts already given.
    #[must_use]
    pub fn descending(mut self, field: &'static str) -> Find {
        self.sort.push((field, Order::Descending));
        self
    }

    /// Answers at most `limit` documents.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Find {
        self.limit = Some(limit);
        self
    }

    /// Continues after the cursor, if there is one.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<Option<Cursor>>) -> Find {
        self.after = cursor.into();
        self
    }

    /// The sort with the id at its end, which decides last unless it has been asked for, and the
    /// values of the cursor in it.
    pub(crate) fn order(
        &self,
        spec: &'static CollectionSpec,
    ) -> Result<(Sort, Option<Vec<Value>>), StoreError> {
        let mut sort = self.sort.clone();
        for (field, _) in &sort {
            if !spec.is_indexed(field) {
                return Err(StoreError::NotIndexed { collection: spec.name, field });
            }
        }
        let mut after = match &self.after {
            None => None,
            Some(cursor) if cursor.values.len() == sort.len() => Some(cursor.values.clone()),
            Some(_) => return Err(StoreError::ForeignCursor),
        };
        if !sort.iter().any(|(field, _)| *field == ID) {
            let order = sort.last().map_or(Order::Ascending, |(_, order)| *order);
            sort.push((ID, order));
            if let (Some(values), Some(cursor)) = (&mut after, &self.after) {
                values.push(Value::String(cursor.id.clone()));
            }
        }
        Ok((sort, after))
    }

    /// The place of `last` in this query's sort: the next page is `after` it.
    ///
    /// # Errors
    ///
    /// When the document cannot be written as JSON.
    pub fn cursor<T: Serialize>(&self, last: &Versioned<T>) -> Result<Cursor, StoreError> {
        let document = serde_json::to_value(&last.document)
            .map_err(|source| StoreError::Encode { collection: "the answer", source })?;
        let values = self
            .sort
            .iter()
            .map(|(field, _)| {
                if *field == ID {
                    return Value::String(last.id.clone());
                }
                field
                    .split('.')
                    .try_fold(&document, |value, name| value.get(name))
                    .cloned()
                    .unwrap_or(Value::Null)
            })
            .collect();
        Ok(Cursor { values, id: last.id.clone() })
    }
}

/// A place in a sorted answer: the sort values and the id of the last document seen. Its text form
/// is opaque and safe in a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    pub(crate) values: Vec<Value>,
    pub(crate) id: String,
}

impl Display for Cursor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(&(&self.values, &self.id)).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct ParseCursorError;

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Cursor, ParseCursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ParseCursorError)?;
        let (values, id): (Vec<Value>, String) =
            serde_json::from_slice(&bytes).map_err(|_| ParseCursorError)?;
        if values.iter().any(|value| value.is_array() || value.is_object()) {
            return Err(ParseCursorError);
        }
        Ok(Cursor { values, id })
    }
}

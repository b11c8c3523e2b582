//! Questions: one document, pages of many, how many.

use std::ops::Bound;

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use serde_json::Value;

use super::documents::{Standing, row};
use super::{Deadline, Mongo};
use crate::engine::Row;
use crate::error::StoreError;
use crate::query::{Filter, Find, Order};
use crate::spec::{CollectionSpec, ID};

/// What a reader gets of a document.
fn row_fields() -> Document {
    doc! { "version": 1, "body": 1 }
}

impl Mongo {
    pub(crate) async fn get(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
    ) -> Result<Option<Row>, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let collection = self.raw(spec.name);
        let found = collection
            .find_one(doc! { "_id": id })
            .projection(row_fields())
            .max_time(deadline.limit);
        let found = self.ask(deadline, found).await?;
        found.map(|document| row(spec.name, &document)).transpose()
    }

    pub(crate) async fn find(
        &self,
        spec: &'static CollectionSpec,
        find: &Find,
    ) -> Result<Vec<Row>, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let parts = parts(spec, find)?;
        let mut rows = Vec::new();
        for filter in parts.filters {
            // A limit of 0 would be none.
            let left = find.limit.map(|limit| limit - rows.len());
            if left == Some(0) {
                break;
            }
            let found = self.part(spec, filter, parts.sort.clone(), left, deadline).await?;
            for document in &found {
                rows.push(row(spec.name, document)?);
            }
        }
        Ok(rows)
    }

    async fn part(
        &self,
        spec: &'static CollectionSpec,
        filter: Document,
        sort: Document,
        limit: Option<usize>,
        deadline: Deadline,
    ) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let collection = self.raw(spec.name);
        let mut find =
            collection.find(filter).projection(row_fields()).sort(sort).max_time(deadline.limit);
        if let Some(limit) = limit {
            find = find.limit(i64::try_from(limit).unwrap_or(i64::MAX));
        }
        let found = async { find.await?.try_collect::<Vec<_>>().await };
        self.ask(deadline, found).await
    }

    pub(crate) async fn count(
        &self,
        spec: &'static CollectionSpec,
        conditions: &[Filter],
    ) -> Result<u64, StoreError> {
        self.open()?;
        let deadline = self.deadline();
        let filter = all(filters(spec, conditions)?);
        let collection = self.documents(spec.name);
        self.ask(deadline, collection.count_documents(filter).max_time(deadline.limit)).await
    }

    /// Where the document stands, without its body.
    pub(super) async fn standing(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
        deadline: Deadline,
    ) -> Result<Option<Standing>, StoreError> {
        let collection = self.documents(spec.name);
        let found = collection
            .find_one(doc! { "_id": id })
            .projection(Standing::fields())
            .max_time(deadline.limit);
        let found = self.ask(deadline, found).await?;
        found.map(|document| Standing::of(spec.name, &document)).transpose()
    }
}

/// A page: filters whose answers follow each other, and their sort.
struct Parts {
    filters: Vec<Document>,
    sort: Document,
}

fn parts(spec: &'static CollectionSpec, find: &Find) -> Result<Parts, StoreError> {
    let (order, after) = find.order(spec)?;
    let by_id_alone = order.len() == 1;
    // Compound indexes end with a copy of the id.
    let path =
        |field: &str| if field == ID && !by_id_alone { "id".to_owned() } else { path(field) };
    let sort = order
        .iter()
        .map(|(field, order)| {
            (path(field), Bson::Int32(if *order == Order::Ascending { 1 } else { -1 }))
        })
        .collect();
    let conditions = filters(spec, &find.filters)?;
    let Some(values) = after else {
        return Ok(Parts { filters: vec![all(conditions)], sort });
    };
    let mut behind = conditions.clone();
    behind.push(beyond(&order, &values, &path)?);
    let mut filters = vec![all(behind)];
    // Those whose first sort field is null come last in a descending sort. Apart, so that the index
    // bounds both parts.
    if let (Some((field, Order::Descending)), Some(value)) = (order.first(), values.first())
        && *field != ID
        && !value.is_null()
    {
        let mut nulls = conditions;
        nulls.push(is_null(&path(field)));
        filters.push(all(nulls));
    }
    Ok(Parts { filters, sort })
}

/// Where a field is stored.
pub(super) fn path(field: &str) -> String {
    if field == ID { "_id".to_owned() } else { format!("body.{field}") }
}

fn all(mut conditions: Vec<Document>) -> Document {
    match conditions.len() {
        0 => doc! {},
        1 => conditions.remove(0),
        _ => doc! { "$and": conditions },
    }
}

/// `$in` and `$nin`, since one server takes other forms for "the field is missing" or leaves out
/// what is missing.
fn is_null(path: &str) -> Document {
    doc! { path: { "$in": [Bson::Null] } }
}

fn is_not_null(path: &str) -> Document {
    doc! { path: { "$nin": [Bson::Null] } }
}

fn nothing() -> Document {
    doc! { "_id": { "$in": Vec::<Bson>::new() } }
}

fn filters(spec: &'static CollectionSpec, filters: &[Filter]) -> Result<Vec<Document>, StoreError> {
    let mut conditions = Vec::new();
    for filter in filters {
        let field = filter.field();
        if !spec.is_indexed(field) {
            return Err(StoreError::NotIndexed { collection: spec.name, field });
        }
        let path = path(field);
        match filter {
            Filter::Eq(_, Value::Null) => conditions.push(is_null(&path)),
            Filter::Eq(_, value) => conditions.push(doc! { path: comparable(field, value)? }),
            Filter::In(_, values) => {
                let values: Vec<Bson> = values
                    .iter()
                    .map(|value| match value {
                        Value::Null => Ok(Bson::Null),
                        value => comparable(field, value),
                    })
                    .collect::<Result<_, _>>()?;
                conditions.push(doc! { path: { "$in": values } });
            }
            Filter::Range { from, to, .. } => {
                let mut range = Document::new();
                let bounds = [(from, "$gte", "$gt"), (to, "$lte", "$lt")];
                for (bound, included, excluded) in bounds {
                    let (value, operator) = match bound {
                        Bound::Unbounded => continue,
                        Bound::Included(value) => (value, included),
                        Bound::Excluded(value) => (value, excluded),
                    };
                    range.insert(operator, comparable(field, value)?);
                }
                // Compared with a value, null is neither less nor greater.
                let condition = if range.is_empty() {
                    is_not_null(&path)
                } else {
                    doc! { path: range }
                };
                conditions.push(condition);
            }
        }
    }
    Ok(conditions)
}

/// The condition "later in this sort than these values": greater in the first field, or equal in
/// it and greater in the second, and so on. Leaves out those whose first field is null in a
/// descending sort.
fn beyond(
    order: &[(&'static str, Order)],
    values: &[Value],
    path: &impl Fn(&str) -> String,
) -> Result<Document, StoreError> {
    let mut alternatives = Vec::new();
    let mut conditions = Vec::new();
    // "Equal in every field so far."
    let mut equal = Vec::new();
    for (place, ((field, order), value)) in order.iter().zip(values).enumerate() {
        let here = path(field);
        if value.is_null() {
            if *order == Order::Ascending {
                let mut together = equal.clone();
                together.push(is_not_null(&here));
                alternatives.push(all(together));
            }
            // Descending, nothing is less than null.
            equal.push(is_null(&here));
            continue;
        }
        let value = comparable(field, value)?;
        let (strictly, bound) = match order {
            Order::Ascending => (doc! { &here: { "$gt": &value } }, "$gte"),
            Order::Descending => (doc! { &here: { "$lt": &value } }, "$lte"),
        };
        if place == 0 {
            // Says nothing new, but lets the index start at the right place.
            conditions.push(doc! { &here: { bound: &value } });
        }
        let mut together = equal.clone();
        together.push(match (place, order) {
            (1.., Order::Descending) => doc! { "$or": [strictly, is_null(&here)] },
            _ => strictly,
        });
        alternatives.push(all(together));
        equal.push(doc! { here: value });
    }
    conditions.push(match alternatives.len() {
        0 => nothing(),
        1 => alternatives.remove(0),
        _ => doc! { "$or": alternatives },
    });
    Ok(all(conditions))
}

/// The value as it is stored.
fn comparable(field: &str, value: &Value) -> Result<Bson, StoreError> {
    let refused = || StoreError::NotComparable { field: field.to_owned() };
    match value {
        Value::String(text) => Ok(Bson::String(text.clone())),
        Value::Bool(flag) => Ok(Bson::Boolean(*flag)),
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(integer), _) => Ok(Bson::Int64(integer)),
            (None, false) => number.as_f64().map(Bson::Double).ok_or_else(refused),
            (None, true) => Err(refused()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Err(refused()),
    }
}

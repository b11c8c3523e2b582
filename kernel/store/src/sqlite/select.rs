//! Questions as SQL: one document, pages of many, how many, what waits in the outbox.

use std::ops::Bound;

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

use super::column;
use crate::engine::Row;
use crate::error::StoreError;
use crate::query::{Filter, Find, Order};
use crate::spec::{CollectionSpec, ID};

pub(super) fn get(
    connection: &Connection,
    table: &str,
    id: &str,
) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT id, version, body FROM \"c_{table}\" WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    Ok(match rows.next()? {
        Some(row) => Some(read_row(row)?),
        None => None,
    })
}

fn read_row(row: &rusqlite::Row<'_>) -> Result<Row, rusqlite::Error> {
    let version: i64 = row.get(1)?;
    Ok(Row { id: row.get(0)?, version: version.unsigned_abs(), body: row.get(2)? })
}

/// A statement and its parameters.
#[derive(Debug)]
pub(super) struct Select {
    sql: String,
    params: Vec<Sql>,
    /// What follows when this part gives fewer than `limit` documents: those whose first sort field
    /// is null, which come last in a descending sort. Apart, so that the index bounds both parts.
    nulls: Option<Box<Select>>,
    limit: Option<usize>,
}

impl Select {
    pub(super) fn find(spec: &'static CollectionSpec, find: &Find) -> Result<Select, StoreError> {
        let (sort, after) = find.order(spec)?;
        let Some(values) = after else {
            return Select::part(spec, find, &sort, None);
        };
        let mut select = Select::part(spec, find, &sort, Some(&values))?;
        if let (Some((field, Order::Descending)), Some(value)) = (sort.first(), values.first())
            && *field != ID
            && !value.is_null()
        {
            let mut nulls = find.clone().eq(field, Value::Null);
            nulls.after = None;
            select.nulls = Some(Box::new(Select::part(spec, &nulls, &sort, None)?));
        }
        Ok(select)
    }

    fn part(
        spec: &'static CollectionSpec,
        find: &Find,
        sort: &[(&'static str, Order)],
        after: Option<&[Value]>,
    ) -> Result<Select, StoreError> {
        let mut params = Vec::new();
        let mut conditions = filters(spec, &find.filters, &mut params)?;
        if let Some(values) = after {
            conditions.push(beyond(sort, values, &mut params)?);
        }
        let mut sql = format!("SELECT id, version, body FROM \"c_{}\"", spec.name);
        push_where(&mut sql, &conditions);
        let order: Vec<String> = sort
            .iter()
            .map(|(field, order)| match order {
                Order::Ascending => column(field),
                Order::Descending => format!("{} DESC", column(field)),
            })
            .collect();
        sql.push_str(" ORDER BY ");
        sql.push_str(&order.join(", "));
        if let Some(limit) = find.limit {
            sql.push_str(" LIMIT ?");
            params.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        }
        Ok(Select { sql, params, nulls: None, limit: find.limit })
    }

    pub(super) fn count(
        spec: &'static CollectionSpec,
        conditions: &[Filter],
    ) -> Result<Select, StoreError> {
        let mut params = Vec::new();
        let conditions = filters(spec, conditions, &mut params)?;
        let mut sql = format!("SELECT count(*) FROM \"c_{}\"", spec.name);
        push_where(&mut sql, &conditions);
        Ok(Select { sql, params, nulls: None, limit: None })
    }

    pub(super) fn rows(self, connection: &Connection) -> Result<Vec<Row>, StoreError> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let mut rows: Vec<Row> = statement
            .query_map(params_from_iter(self.params), read_row)?
            .collect::<Result<_, _>>()?;
        if let Some(nulls) = self.nulls
            && self.limit.is_none_or(|limit| rows.len() < limit)
        {
            rows.extend(nulls.rows(connection)?);
            rows.truncate(self.limit.unwrap_or(usize::MAX));
        }
        Ok(rows)
    }

    pub(super) fn number(self, connection: &Connection) -> Result<u64, StoreError> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        let number: i64 = statement.query_row(params_from_iter(self.params), |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    /// How `SQLite` would answer, for tests on index use.
    #[cfg(test)]
    pub(super) fn plan(self, connection: &Connection) -> Result<String, StoreError> {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", self.sql))?;
        let rows = statement
            .query_map(params_from_iter(self.params), |row| row.get::<_, String>(3))?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(rows.join("; "))
    }
}

fn push_where(sql: &mut String, conditions: &[String]) {
    if !conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&conditions.join(" AND "));
    }
}

fn filters(
    spec: &'static CollectionSpec,
    filters: &[Filter],
    params: &mut Vec<Sql>,
) -> Result<Vec<String>, StoreError> {
    let mut conditions = Vec::new();
    for filter in filters {
        let field = filter.field();
        if !spec.is_indexed(field) {
            return Err(StoreError::NotIndexed { collection: spec.name, field });
        }
        let column = column(field);
        match filter {
            Filter::Eq(_, Value::Null) => conditions.push(format!("{column} IS NULL")),
            Filter::Eq(_, value) => {
                params.push(comparable(field, value)?);
                conditions.push(format!("{column} = ?"));
            }
            Filter::In(_, values) => {
                let mut marks = Vec::new();
                for value in values.iter().filter(|value| !value.is_null()) {
                    params.push(comparable(field, value)?);
                    marks.push("?");
                }
                let listed = format!("{column} IN ({})", marks.join(", "));
                conditions.push(if values.iter().any(Value::is_null) {
                    format!("({listed} OR {column} IS NULL)")
                } else {
                    listed
                });
            }
            Filter::Range { from, to, .. } => {
                conditions.push(format!("{column} IS NOT NULL"));
                let bounds = [(from, ">=", ">"), (to, "<=", "<")];
                for (bound, included, excluded) in bounds {
                    let (value, operator) = match bound {
                        Bound::Unbounded => continue,
                        Bound::Included(value) => (value, included),
                        Bound::Excluded(value) => (value, excluded),
                    };
                    if value.is_null() {
                        return Err(StoreError::NotComparable { field: field.to_owned() });
                    }
                    params.push(comparable(field, value)?);
                    conditions.push(format!("{column} {operator} ?"));
                }
            }
        }
    }
    Ok(conditions)
}

/// The condition "later in this sort than these values": greater in the first field, or equal in
/// it and greater in the second, and so on. Leaves out those whose first field is null in a
/// descending sort (`Select::nulls`).
fn beyond(
    sort: &[(&'static str, Order)],
    values: &[Value],
    params: &mut Vec<Sql>,
) -> Result<String, StoreError> {
    let mut alternatives = Vec::new();
    let mut first_bound = String::new();
    for (place, ((field, order), value)) in sort.iter().zip(values).enumerate() {
        let here = column(field);
        let strictly = match (order, value.is_null()) {
            (Order::Ascending, true) => format!("{here} IS NOT NULL"),
            (Order::Ascending, false) => format!("{here} > ?"),
            (Order::Descending, true) => continue, // nothing is less than null
            (Order::Descending, false) if place == 0 => format!("{here} < ?"),
            (Order::Descending, false) => format!("({here} < ? OR {here} IS NULL)"),
        };
        if place == 0 && !value.is_null() {
            // Says nothing new, but lets the index start at the right place.
            let operator = if *order == Order::Ascending { ">=" } else { "<=" };
            first_bound = format!("{here} {operator} ? AND ");
            params.push(comparable(field, value)?);
        }
        let mut parts = Vec::new();
        for ((field, _), value) in sort.iter().zip(values).take(place) {
            if value.is_null() {
                parts.push(format!("{} IS NULL", column(field)));
            } else {
                parts.push(format!("{} = ?", column(field)));
                params.push(comparable(field, value)?);
            }
        }
        if !value.is_null() {
            params.push(comparable(field, value)?);
        }
        parts.push(strictly);
        alternatives.push(format!("({})", parts.join(" AND ")));
    }
    if alternatives.is_empty() {
        return Ok("0".to_owned());
    }
    Ok(format!("{first_bound}({})", alternatives.join(" OR ")))
}

/// The value as `json_extract` would give it.
fn comparable(field: &str, value: &Value) -> Result<Sql, StoreError> {
    let refused = || StoreError::NotComparable { field: field.to_owned() };
    match value {
        Value::String(text) => Ok(Sql::Text(text.clone())),
        Value::Bool(flag) => Ok(Sql::Integer(i64::from(*flag))),
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(integer), _) => Ok(Sql::Integer(integer)),
            (None, false) => number.as_f64().map(Sql::Real).ok_or_else(refused),
            (None, true) => Err(refused()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => Err(refused()),
    }
}

/// The next events to publish, oldest first: number and JSON. At most `limit`, and no more once
/// they have `bytes` together.
pub(super) fn outbox(
    connection: &Connection,
    limit: usize,
    bytes: usize,
) -> Result<Vec<(u64, String)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT seq, record FROM outbox ORDER BY seq LIMIT ?1")?;
    let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut events: Vec<(u64, String)> = Vec::new();
    let mut size = 0;
    while size < bytes
        && let Some(row) = rows.next()?
    {
        let (seq, record): (i64, String) = (row.get(0)?, row.get(1)?);
        size += record.len();
        events.push((seq.unsigned_abs(), record));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use chiron_broker::Durability;

    use super::super::Sqlite;
    use super::*;
    use crate::contract::{COLLECTIONS, PEOPLE};
    use crate::query::Cursor;

    /// Queries of every shape are answered from an index, in its order, without sorting.
    #[tokio::test]
    async fn queries_use_the_indexes() {
        let sqlite = Sqlite::open(None, Durability::Relaxed, COLLECTIONS).unwrap();
        let cursor = || Cursor { values: vec!["2026".into()], id: "7".to_owned() };
        let finds = [
            ("people.badge", Find::all().eq("badge", "x")),
            ("people.ward", Find::all().eq("ward", "a").ascending("bornAt")),
            ("people.ward", Find::all().eq("ward", "a").at_least("bornAt", "2026").limit(5)),
            ("people.ward", Find::all().eq("ward", "a").descending("bornAt").limit(5)),
            ("people.born", Find::all().ascending("bornAt").limit(5)),
            ("people.born", Find::all().ascending("bornAt").after(cursor())),
            ("people.born", Find::all().descending("bornAt").limit(5).after(cursor())),
            ("people.born", Find::all().within("bornAt", "2026", "2027")),
            ("people.city", Find::all().eq("home.city", "Cesena")),
        ];
        for (index, find) in finds {
            let select = Select::find(&PEOPLE, &find).unwrap();
            let plan = sqlite.read(move |connection| select.plan(connection)).await.unwrap();
            assert!(plan.contains(index), "{find:?}: {plan}");
            let unsorted = find.sort.is_empty() || !plan.contains("TEMP B-TREE");
            assert!(unsorted, "{find:?}: {plan}");
            let bounded = find.filters.is_empty() && find.after.is_none();
            assert!(bounded || plan.contains("SEARCH"), "{find:?}: {plan}");
        }
    }
}

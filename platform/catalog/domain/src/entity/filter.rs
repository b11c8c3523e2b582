//! Which entities are asked for: filters of a query string and predicates of a body, which are one
//! thing inside.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::search::Row;

/// A condition on the rows of an entity. Keys and values are in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// All of these hold; everything matches when there is none.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// The key is there, with or without a value.
    Has(String),
    /// The key has one of these values.
    Equals(String, Vec<String>),
    /// The key has a value that begins like this.
    Prefix(String, String),
}

/// A filter of a query string cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid filter, '{0}' is not a valid statement (expected a string on the form a=b or a= or a)"
)]
pub struct FilterError(pub String);

/// A predicate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid query: at \"{path}\": {detail}")]
pub struct PredicateError {
    path: String,
    detail: &'static str,
}

impl Predicate {
    /// Whether an entity with these rows matches.
    #[must_use]
    pub fn matches(&self, rows: &[Row]) -> bool {
        match self {
            Self::All(all) => all.iter().all(|inner| inner.matches(rows)),
            Self::Any(any) => any.iter().any(|inner| inner.matches(rows)),
            Self::Not(inner) => !inner.matches(rows),
            Self::Has(key) => rows.iter().any(|row| row.key == *key),
            Self::Equals(key, values) => has(rows, key, |value| values.iter().any(|v| v == value)),
            Self::Prefix(key, prefix) => has(rows, key, |value| value.starts_with(prefix)),
        }
    }
}

impl Predicate {
    /// The predicate as a body has it; reading that gives this predicate's meaning.
    #[must_use]
    pub fn written(&self) -> Value {
        let list = |all: &[Self]| Value::Array(all.iter().map(Self::written).collect());
        let one =
            |key: &str, value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
        match self {
            Self::All(all) => one("$all", list(all)),
            Self::Any(any) => one("$any", list(any)),
            Self::Not(inner) => one("$not", inner.written()),
            Self::Has(key) => one(key, one("$exists", Value::Bool(true))),
            Self::Equals(key, values) => {
                let values = values.iter().cloned().map(Value::String).collect();
                one(key, one("$in", Value::Array(values)))
            }
            Self::Prefix(key, prefix) => one(key, one("$hasPrefix", Value::String(prefix.clone()))),
        }
    }
}

fn has(rows: &[Row], key: &str, right: impl Fn(&str) -> bool) -> bool {
    rows.iter()
        .filter(|row| row.key == key)
        .filter_map(|row| row.value.as_ref())
        .any(|(value, _)| right(value))
}

/// Reads the values of all parameters `filter`: one is an AND of its statements, in which values of
/// one key are alternatives; several are alternatives. `None` when nothing is asked.
///
/// # Errors
///
/// [`FilterError`] when a statement has no key.
pub fn parse_filters<'a>(
    filters: impl Iterator<Item = &'a str>,
) -> Result<Option<Predicate>, FilterError> {
    let mut alternatives = Vec::new();
    for filter in filters {
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for statement in filter.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let (key, value) = match statement.split_once('=') {
                Some((key, value)) => (key.trim(), Some(value.trim())),
                None => (statement, None),
            };
            if key.is_empty() {
                return Err(FilterError(statement.to_owned()));
            }
            let values = keys.entry(key.to_lowercase()).or_default();
            values.extend(value.map(str::to_lowercase));
        }
        if !keys.is_empty() {
            alternatives.push(all(keys.into_iter().map(|(key, values)| {
                if values.is_empty() { Predicate::Has(key) } else { Predicate::Equals(key, values) }
            })));
        }
    }
    Ok(match alternatives.len() {
        0 => None,
        1 => alternatives.pop(),
        _ => Some(Predicate::Any(alternatives)),
    })
}

fn all(parts: impl Iterator<Item = Predicate>) -> Predicate {
    let mut parts: Vec<Predicate> = parts.collect();
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    Predicate::All(parts)
}

/// How deep predicates may be nested.
const MOST_DEEP: usize = 32;

/// Reads a predicate of a body: `$all`, `$any`, `$not`, and keys with a value or one of `$exists`,
/// `$in`, `$contains`, `$hasPrefix`.
///
/// # Errors
///
/// [`PredicateError`], naming the place.
pub fn parse_predicate(value: &Value) -> Result<Predicate, PredicateError> {
    read(value, "", MOST_DEEP)
}

fn read(value: &Value, path: &str, deeper: usize) -> Result<Predicate, PredicateError> {
    let wrong = |detail| PredicateError { path: path.to_owned(), detail };
    let deeper = deeper.checked_sub(1).ok_or_else(|| wrong("is nested too deeply"))?;
    let members = value.as_object().ok_or_else(|| wrong("expected an object"))?;
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let operator = members.keys().find(|name| name.starts_with('$'));
    if let Some(operator) = operator {
        if members.len() != 1 {
            return Err(wrong("an operator stands alone in its object"));
        }
        let inner = members.get(operator).unwrap_or(&Value::Null);
        let here = at(operator);
        let many = || {
            let items = inner.as_array().ok_or(PredicateError {
                path: here.clone(),
                detail: "expected a list of predicates",
            })?;
            items.iter().map(|item| read(item, &here, deeper)).collect::<Result<Vec<_>, _>>()
        };
        return match operator.as_str() {
            "$all" => Ok(Predicate::All(many()?)),
            "$any" => Ok(Predicate::Any(many()?)),
            "$not" => Ok(Predicate::Not(Box::new(read(inner, &here, deeper)?))),
            _ => Err(wrong("expected $all, $any or $not")),
        };
    }
    let parts = members.iter().map(|(key, condition)| condition_of(key, condition, &at(key)));
    Ok(all(parts.collect::<Result<Vec<_>, _>>()?.into_iter()))
}

fn condition_of(key: &str, condition: &Value, path: &str) -> Result<Predicate, PredicateError> {
    let wrong = |detail| PredicateError { path: path.to_owned(), detail };
    let key = key.to_lowercase();
    if let Some(text) = scalar(condition) {
        return Ok(Predicate::Equals(key, vec![text]));
    }
    let members = condition.as_object().filter(|members| members.len() == 1);
    let Some((operator, value)) = members.and_then(|members| members.iter().next()) else {
        return Err(wrong("expected a text, a number, a truth value, or one operator"));
    };
    match (operator.as_str(), value) {
        ("$exists", Value::Bool(true)) => Ok(Predicate::Has(key)),
        ("$exists", Value::Bool(false)) => Ok(Predicate::Not(Box::new(Predicate::Has(key)))),
        ("$exists", _) => Err(wrong("$exists expects true or false")),
        ("$in", Value::Array(values)) => {
            let texts: Option<Vec<String>> = values.iter().map(scalar).collect();
            let texts = texts.ok_or_else(|| wrong("$in expects texts, numbers or truth values"))?;
            Ok(Predicate::Equals(key, texts))
        }
        ("$in", _) => Err(wrong("$in expects a list")),
        ("$hasPrefix", Value::String(prefix)) => Ok(Predicate::Prefix(key, prefix.to_lowercase())),
        ("$hasPrefix", _) => Err(wrong("$hasPrefix expects a text")),
        ("$contains", Value::Object(relation)) if key == "relations" => {
            let text = |name| relation.get(name).and_then(Value::as_str).map(str::to_lowercase);
            let known = relation.keys().all(|name| name == "type" || name == "targetRef");
            match (text("type"), text("targetRef")) {
                (Some(kind), Some(target)) if known => {
                    Ok(Predicate::Equals(format!("relations.{kind}"), vec![target]))
                }
                (Some(kind), None) if known && relation.len() == 1 => {
                    Ok(Predicate::Has(format!("relations.{kind}")))
                }
                _ => Err(wrong("a relation is asked for by type and targetRef")),
            }
        }
        ("$contains", value) => match scalar(value) {
            Some(text) => Ok(Predicate::Equals(key, vec![text])),
            None => Err(wrong("$contains expects a text, a number or a truth value")),
        },
        _ => Err(wrong("expected $exists, $in, $contains or $hasPrefix")),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::entity::rows;

    fn entity() -> Vec<Row> {
        rows(&json!({"kind": "Component", "metadata": {"name": "Cart", "tags": ["java"]},
            "spec": {"type": "service", "rank": 10, "flag": true, "nothing": null},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/shop"}]}))
    }

    fn filtered(filters: &[&str]) -> bool {
        parse_filters(filters.iter().copied())
            .unwrap()
            .is_none_or(|predicate| predicate.matches(&entity()))
    }

    #[test]
    fn filters_are_alternatives_of_statements() {
        for (filters, expected) in [
            (&["kind=component"][..], true),
            (&["KIND = COMPONENT , spec.type=service"], true),
            (&["kind=component,spec.type=website"], false),
            (&["kind=api,kind=component"], true),
            (&["kind=api", "metadata.name=cart"], true),
            (&["kind=api", "metadata.name=other"], false),
            (&["metadata.tags.java"], true),
            (&["metadata.tags=java"], true),
            (&["spec.nothing"], true),
            (&["spec.nothing="], false),
            (&["kind="], false),
            (&["spec.rank=10,spec.flag=true"], true),
            (&["relations.ownedBy=group:default/shop"], true),
            (&["", " , "], true),
            (&["no.such.key=1"], false),
        ] {
            assert_eq!(filtered(filters), expected, "{filters:?}");
        }
        let error = parse_filters(["a=1,=x"].into_iter()).unwrap_err();
        assert_eq!(error, FilterError("=x".to_owned()));
    }

    fn asked(predicate: &Value) -> Result<bool, String> {
        let predicate = parse_predicate(predicate).map_err(|error| error.to_string())?;
        Ok(predicate.matches(&entity()))
    }

    #[test]
    fn predicates_have_their_operators() {
        for (predicate, expected) in [
            (json!({}), true),
            (json!({"kind": "COMPONENT", "spec.rank": 10, "spec.flag": true}), true),
            (json!({"kind": "component", "spec.rank": 9}), false),
            (json!({"$all": [{"kind": {"$in": ["api", "Component"]}}]}), true),
            (json!({"$any": [{"kind": "api"}, {"$not": {"kind": "api"}}]}), true),
            (json!({"$any": []}), false),
            (json!({"$not": {"spec.type": "service"}}), false),
            (json!({"spec.owner": {"$exists": false}}), true),
            (json!({"spec.type": {"$exists": false}}), false),
            (json!({"metadata.name": {"$hasPrefix": "CA"}}), true),
            (json!({"metadata.name": {"$hasPrefix": "b"}}), false),
            (json!({"metadata.tags": {"$contains": "Java"}}), true),
            (
                json!({"relations": {"$contains":
                    {"type": "ownedBy", "targetRef": "group:default/shop"}}}),
                true,
            ),
            (json!({"relations": {"$contains": {"type": "partOf"}}}), false),
        ] {
            assert_eq!(asked(&predicate), Ok(expected), "{predicate}");
        }
        for wrong in [
            json!([]),
            json!({"kind": {"$near": "x"}}),
            json!({"kind": null}),
            json!({"kind": {}}),
            json!({"$all": [], "kind": "x"}),
            json!({"$all": {}}),
            json!({"$near": []}),
            json!({"a": {"$in": [[]]}}),
            json!({"a": {"$exists": 1}}),
            json!({"relations": {"$contains": {"targetRef": "x"}}}),
        ] {
            assert!(asked(&wrong).is_err(), "{wrong}");
        }
        let mut deep = json!({});
        for _ in 0..40 {
            deep = json!({"$not": deep});
        }
        assert!(asked(&deep).unwrap_err().contains("too deeply"));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in ["kind=a,b", "kind=a,kind=b", "x.y=", "a"] {
            let filter = parse_filters([text, "other=1"].into_iter()).unwrap().unwrap();
            assert_eq!(parse_predicate(&filter.written()).unwrap(), filter);
        }
        let body = json!({"$not": {"a": {"$hasPrefix": "B"}}});
        let predicate = parse_predicate(&body).unwrap();
        assert_eq!(parse_predicate(&predicate.written()).unwrap(), predicate);
    }

    proptest! {
        #[test]
        fn no_filter_can_break_the_reader(filters in prop::collection::vec("\\PC{0,30}", 0..4)) {
            let _ = parse_filters(filters.iter().map(String::as_str));
        }

        #[test]
        fn a_filter_and_the_same_predicate_agree(kind in "[abC]{1,2}", value in "[abC]{1,2}") {
            let filter = format!("{kind}={value}");
            let filter = parse_filters([filter.as_str()].into_iter()).unwrap().unwrap();
            let predicate = parse_predicate(&json!({kind: value})).unwrap();
            prop_assert_eq!(filter, predicate);
        }
    }
}

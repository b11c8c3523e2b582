//! Judges a condition on a row.
//!
//! Three values: a property that a row lacks makes a comparison neither true nor false, so that
//! `NOT T.x = 1` does not select the twins that have no `x`. Rows are selected by true alone.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{
    graph::Graph,
    query::ast::{Comparison, Condition, Operand, Path, TextTest, TypeTest},
    twin::model_of,
};

/// The documents of a row by slot.
pub(super) type Row<'a> = [Option<&'a Value>];

/// `None` when the row lacks what the condition needs.
pub(super) fn holds(graph: &Graph, condition: &Condition, row: &Row<'_>) -> Option<bool> {
    match condition {
        Condition::And(left, right) => match (holds(graph, left, row), holds(graph, right, row)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Condition::Or(left, right) => match (holds(graph, left, row), holds(graph, right, row)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Condition::Not(inner) => holds(graph, inner, row).map(|inner| !inner),
        Condition::Compare(left, comparison, right) => {
            compare(value(left, row)?, *comparison, value(right, row)?)
        }
        Condition::In(operand, list) => {
            let operand = value(operand, row)?;
            Some(list.iter().any(|item| is_equal(operand, item)))
        }
        Condition::Type(test, path) => Some(has_type(*test, find(path, row))),
        Condition::Text(kind, text, part) => {
            let (text, part) = (value(text, row)?.as_str()?, value(part, row)?.as_str()?);
            Some(match kind {
                TextTest::StartsWith => text.starts_with(part),
                TextTest::EndsWith => text.ends_with(part),
                TextTest::Contains => text.contains(part),
            })
        }
        Condition::ArrayContains(path, wanted) => {
            let items = find(path, row)?.as_array()?;
            Some(items.iter().any(|item| is_equal(item, wanted)))
        }
        Condition::OfModel { slot, model, exact } => {
            let document = row.get(*slot).copied().flatten()?;
            Some(graph.models().is_of_model(model_of(document), model, *exact))
        }
    }
}

/// The value that a path names in a row.
pub(super) fn find<'a>(path: &Path, row: &Row<'a>) -> Option<&'a Value> {
    let document = row.get(path.slot).copied().flatten()?;
    path.members.iter().try_fold(document, |value, member| value.get(member))
}

fn value<'a>(operand: &'a Operand, row: &Row<'a>) -> Option<&'a Value> {
    match operand {
        Operand::Path(path) => find(path, row),
        Operand::Literal(value) => Some(value),
    }
}

/// Values of different types are different, and neither is greater.
fn compare(left: &Value, comparison: Comparison, right: &Value) -> Option<bool> {
    match comparison {
        Comparison::Equal => Some(is_equal(left, right)),
        Comparison::NotEqual => Some(!is_equal(left, right)),
        Comparison::Less => order(left, right).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(left, right).map(Ordering::is_le),
        Comparison::Greater => order(left, right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(left, right).map(Ordering::is_ge),
    }
}

fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Value::String(left), Value::String(right)) = (left, right) {
        return Some(left.cmp(right));
    }
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}

fn has_type(test: TypeTest, value: Option<&Value>) -> bool {
    let Some(value) = value else { return false };
    match test {
        TypeTest::Defined => true,
        TypeTest::Null => value.is_null(),
        TypeTest::Bool => value.is_boolean(),
        TypeTest::Number => value.is_number(),
        TypeTest::String => value.is_string(),
        TypeTest::Object => value.is_object(),
        TypeTest::Primitive => !value.is_object() && !value.is_array(),
    }
}

//! Values that outside input should not be, or not quite.

use proptest::prelude::*;
use serde_json::Value;

/// Any JSON, small.
#[must_use = "a strategy does nothing by itself"]
pub fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from("2026-05-15T08:00:00Z")),
        Just(Value::from("9".repeat(400))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z$]{0,8}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The place of each value within a value, as JSON Pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// The value with another in one place of it, or without that place.
#[must_use]
pub fn changed(value: &Value, place: prop::sample::Index, with: Option<Value>) -> Value {
    let mut found = Vec::new();
    places(value, "", &mut found);
    let place = place.get(&found);
    let mut changed = value.clone();
    if let Some(with) = with {
        if let Some(there) = changed.pointer_mut(place) {
            *there = with;
        }
        return changed;
    }
    let Some((parent, name)) = place.rsplit_once('/') else { return Value::Null };
    match changed.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(name)),
        Some(Value::Array(items)) => items.truncate(name.parse().unwrap_or(0)),
        _ => {}
    }
    changed
}

//! Models and patches that are none, or nearly: each is taken or refused with a reason, and what is
//! refused changes nothing.

use crate::block::{Block, block_models, code};
use proptest::prelude::*;
use serde_json::{Value, json};
use twin_engine_domain::{
    graph::Command,
    model::{ModelError, Models},
};

/// Any JSON, small.
fn json_value() -> impl Strategy<Value = Value> {
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
fn changed(value: &Value, place: prop::sample::Index, with: Option<Value>) -> Value {
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

fn judge(uploads: &[Value]) -> Result<(), TestCaseError> {
    let at = "2026-05-15T06:00:00Z".parse().unwrap();
    match Models::default().check(uploads, at) {
        Ok(_) => {}
        Err(ModelError::Invalid(violations)) => {
            prop_assert!(!violations.is_empty());
            let told = violations.iter().all(|found| !found.rule.to_string().is_empty());
            prop_assert!(told, "refused without a rule");
        }
        Err(other) => prop_assert!(!other.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_json_is_a_model_or_refused(uploads in prop::collection::vec(json_value(), 0..3)) {
        judge(&uploads)?;
    }

    #[test]
    fn the_blocks_models_with_another_value_in_them_are_models_or_refused(
        nth in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        with in prop::option::of(json_value()),
    ) {
        let mut models = block_models();
        let nth = nth.index(models.len());
        let other = changed(&models[nth], place, with);
        models[nth] = other;
        judge(&models)?;
    }

    #[test]
    fn a_patch_is_applied_or_refused_and_then_changes_nothing(
        operations in prop::collection::vec(
            (
                "(add|remove|replace|move|copy|test|\\PC{0,4})",
                prop_oneof![
                    Just("/heart_beat".to_owned()),
                    Just("/$metadata/heart_beat/sourceTime".to_owned()),
                    Just("/$metadata/$model".to_owned()),
                    Just("/$dtId".to_owned()),
                    "(/[a-z$~0-9]{0,9}){0,4}",
                    "\\PC{0,9}",
                ],
                prop::option::of(json_value()),
            ),
            0..4,
        ),
        whole in prop::option::weighted(0.1, json_value()),
    ) {
        let mut block = Block::new();
        block.put("p", "Patient", json!({"heart_beat": 70}));
        let before = block.graph.twins_from(None).map(|(_, twin)| twin.clone()).collect::<Vec<_>>();
        let operation = |(op, path, value)| json!({"op": op, "path": path, "value": value});
        let operations: Vec<Value> = operations.into_iter().map(operation).collect();
        let patch = whole.unwrap_or(Value::from(operations));
        let command = Command::PatchTwin { id: "p".to_owned(), patch, if_match: None };
        match block.run(command) {
            Ok(_) => {}
            Err(refused) => {
                prop_assert!(!code(Err::<(), _>(refused)).is_empty());
                let after = block.graph.twins_from(None).map(|(_, twin)| twin.clone());
                prop_assert_eq!(after.collect::<Vec<_>>(), before);
            }
        }
    }
}

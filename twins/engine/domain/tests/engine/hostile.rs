//! Models and patches that are none, or nearly: each is taken or refused with a reason, and what is
//! refused changes nothing.

use crate::block::{Block, block_models, code};
use proptest::prelude::*;
use serde_json::{Value, json};
use test_support::hostile::{changed, json_value};
use twin_engine_domain::{
    graph::Command,
    model::{ModelError, Models},
};

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
        let before = block.graph.twins_from(None).map(|(_, twin)| Value::clone(twin)).collect::<Vec<_>>();
        let operation = |(op, path, value)| json!({"op": op, "path": path, "value": value});
        let operations: Vec<Value> = operations.into_iter().map(operation).collect();
        let patch = whole.unwrap_or(Value::from(operations));
        let command = Command::PatchTwin { id: "p".to_owned(), patch, if_match: None };
        match block.run(command) {
            Ok(_) => {}
            Err(refused) => {
                prop_assert!(!code(Err::<(), _>(refused)).is_empty());
                let after = block.graph.twins_from(None).map(|(_, twin)| Value::clone(twin));
                prop_assert_eq!(after.collect::<Vec<_>>(), before);
            }
        }
    }
}

//! The actuators: which there are, where, and how each is at the end.
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::difference::Found;
use crate::journal::{Journal, written};
use crate::product::{Product, port};

/// Compares all actuators with the block gateway's list. Of an actuator's states the newest counts,
/// of two at one instant the one acknowledged later.
pub(crate) async fn actuators(
    journal: &Journal,
    product: &Product,
    found: &mut Found,
) -> Result<()> {
    let mut expected: BTreeMap<String, Value> = BTreeMap::new();
    for fact in journal.of("actuator") {
        let id = fact.text("actuatorId");
        let entry = json!({
            "actuatorId": id, "roomId": fact.text("roomId"), "type": fact.text("type"),
            "state": null, "intensity": null, "since": null,
        });
        expected.insert(id.to_owned(), entry);
        found.compared("actuator", 1);
    }
    if expected.is_empty() {
        return Ok(());
    }
    // In event order, of one instant in the order of acknowledgement.
    for fact in journal.of("actuator_state") {
        let Some(entry) = expected.get_mut(fact.text("actuatorId")) else {
            found.differs("actuators", format!("{} was never announced", fact.line));
            continue;
        };
        entry["state"] = fact.value("state");
        entry["intensity"] = fact.value("intensity");
        entry["since"] = json!(written(fact.t));
        found.compared("actuator_state", 1);
    }
    let actual = product.get(port::THINGS, "/api/v1/actuators", &[]).await?;
    let actual = actual.unwrap_or(Value::Null);
    let expected: Vec<Value> = expected.into_values().collect();
    found.same("actuators", &json!(expected), &actual["entries"]);
    Ok(())
}

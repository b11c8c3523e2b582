//! The actuators: which there are, where, how each is at the end, and what each was commanded.
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::difference::Found;
use crate::journal::{Fact, Journal, written};
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

/// Compares what the actuators of a room received with what the automation says that it commanded,
/// where instants cannot be predicted, since the clock went on while facts were told: what was
/// confirmed was received, what gave up its place may have been, and nothing else was. Nothing is
/// said of an actuator that was ever `excused`.
pub(crate) fn received(
    journal: &Journal,
    room: &str,
    decisions: &[Value],
    excused: impl Fn(&str) -> bool,
    found: &mut Found,
) {
    let mut received: Vec<Value> = Vec::new();
    let mine = |fact: &&Fact| fact.text("roomId") == room && !excused(fact.text("actuatorId"));
    for fact in journal.of("command").filter(mine) {
        received.push(json!({
            "actuatorId": fact.text("actuatorId"), "action": fact.text("action"),
            "value": fact.value("value"),
        }));
    }
    for decision in decisions {
        let (command, status) = (&decision["command"], &decision["outcome"]["status"]);
        if command["actuatorId"].as_str().is_some_and(&excused) {
            continue;
        }
        let what = format!("decision {}", decision["id"]);
        let sent = json!({
            "actuatorId": command["actuatorId"], "action": command["action"],
            "value": command["intensity"],
        });
        match (received.iter().position(|command| *command == sent), status.as_str()) {
            (Some(nth), Some("CONFIRMED" | "SUPERSEDED")) => drop(received.swap_remove(nth)),
            (None, Some("SUPERSEDED")) => {}
            (None, Some("CONFIRMED")) => found.differs(&what, format!("{sent} was not received")),
            _ => found.differs(&what, format!("ended {status}")),
        }
    }
    for command in received {
        found
            .differs(&format!("commands of {room}"), format!("{command} follows from no decision"));
    }
}

/// Whether a decision's rule follows from what it says it looked at, and whether that was so.
pub(crate) fn explained(journal: &Journal, decision: &Value, found: &mut Found) {
    let what = format!("decision {}", decision["id"]);
    let (rule, inputs) = (decision["rule"].as_str().unwrap_or_default(), &decision["inputs"]);
    let (Some(target), Some(tolerance)) =
        (decision["target"]["value"].as_f64(), inputs["tolerance"].as_f64())
    else {
        found.differs(&what, "names no target or tolerance");
        return;
    };
    let measured = &inputs["measured"];
    let quantity = match rule {
        "TOO_WARM" | "TOO_COLD" | "COOLED_DOWN" | "WARMED_UP" => "temperature",
        "TOO_HUMID" | "DRIED_OUT" => "humidity",
        "LIGHT_DIFFERS" => return,
        other => {
            found.differs(&what, format!("has the unknown rule {other}"));
            return;
        }
    };
    let Some(value) = measured["value"].as_f64() else {
        found.differs(&what, "names no measurement");
        return;
    };
    let was_measured = journal.of("environment").any(|fact| {
        fact.text("roomId") == decision["roomId"]
            && fact.text("quantity") == quantity
            && measured["dateTime"] == written(fact.t)
            && fact.value("value").as_f64() == Some(value)
    });
    if !was_measured {
        found.differs(&what, format!("{value} was not measured"));
    }
    let holds = match rule {
        "TOO_WARM" => target + tolerance < value,
        "TOO_COLD" => value < target - tolerance,
        "TOO_HUMID" => target + tolerance <= value,
        "WARMED_UP" => target <= value,
        // Cooled down, dried out.
        _ => value <= target,
    };
    if !holds {
        found.differs(&what, format!("{rule} does not hold of {value} and {target}"));
    }
}

//! What an entity is found by: a row for every leaf of the document, as Backstage's search index
//! has them.

use serde_json::Value;

use super::reference::DEFAULT_NAMESPACE;

/// Keys and values with more characters than this are not compared: a longer key has no row, a
/// longer value leaves its key without a value.
pub const MOST_CHARS: usize = 200;

/// One row of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The dotted path, in lower case.
    pub key: String,
    /// The value in lower case and as it was written; `None` for null and for what is too long.
    pub value: Option<(String, String)>,
}

/// The rows of an entity, sorted, each once.
#[must_use]
pub fn rows(entity: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    let Some(members) = entity.as_object() else { return rows };
    for (name, value) in members {
        match name.as_str() {
            "attachments" | "relations" | "status" => {}
            "metadata" => metadata(value, &mut rows),
            _ => leaves(name, value, &mut rows),
        }
    }
    for relation in members.get("relations").and_then(Value::as_array).into_iter().flatten() {
        let text = |name| relation.get(name).and_then(Value::as_str);
        if let (Some(kind), Some(target)) = (text("type"), text("targetRef")) {
            push(&format!("relations.{kind}"), Some(target.to_owned()), &mut rows);
        }
    }
    rows.sort();
    rows.dedup();
    rows
}

fn metadata(metadata: &Value, rows: &mut Vec<Row>) {
    let Some(members) = metadata.as_object() else { return };
    for (name, value) in members.iter().filter(|(name, _)| *name != "etag") {
        leaves(&format!("metadata.{name}"), value, rows);
    }
    if !members.contains_key("namespace") {
        push("metadata.namespace", Some(DEFAULT_NAMESPACE.to_owned()), rows);
    }
}

fn leaves(path: &str, value: &Value, rows: &mut Vec<Row>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(&format!("{path}.{name}"), value, rows);
            }
        }
        Value::Array(items) => {
            for item in items {
                leaves(path, item, rows);
                if let Some(text) = item.as_str() {
                    push(&format!("{path}.{text}"), Some("true".to_owned()), rows);
                }
            }
        }
        Value::String(text) => push(path, Some(text.clone()), rows),
        Value::Null => push(path, None, rows),
        scalar => push(path, Some(scalar.to_string()), rows),
    }
}

fn push(path: &str, value: Option<String>, rows: &mut Vec<Row>) {
    if longer(path) {
        return;
    }
    let value = value.filter(|text| !longer(text)).map(|text| (text.to_lowercase(), text));
    rows.push(Row { key: path.to_lowercase(), value });
}

fn longer(text: &str) -> bool {
    MOST_CHARS < text.len() && MOST_CHARS < text.chars().count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(entity: &Value) -> Vec<String> {
        let shown = |row: &Row| match &row.value {
            Some((lower, original)) => format!("{}={lower}|{original}", row.key),
            None => row.key.clone(),
        };
        rows(entity).iter().map(shown).collect()
    }

    #[test]
    fn every_leaf_has_a_row() {
        let entity = json!({
            "kind": "Component",
            "metadata": {"name": "A", "uid": "U", "etag": "e", "tags": ["Java", "b"]},
            "spec": {"n": 10, "off": false, "nothing": null, "list": [], "map": {},
                "many": [1, {"X": "y"}, [2]]},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/g"}],
            "status": {"items": [1]}, "attachments": [1],
        });
        assert_eq!(
            shown(&entity),
            [
                "kind=component|Component",
                "metadata.name=a|A",
                "metadata.namespace=default|default",
                "metadata.tags=b|b",
                "metadata.tags=java|Java",
                "metadata.tags.b=true|true",
                "metadata.tags.java=true|true",
                "metadata.uid=u|U",
                "relations.ownedby=group:default/g|group:default/g",
                "spec.many=1|1",
                "spec.many=2|2",
                "spec.many.x=y|y",
                "spec.n=10|10",
                "spec.nothing",
                "spec.off=false|false",
            ]
        );
    }

    #[test]
    fn what_is_too_long_keeps_its_key_without_a_value() {
        let (fits, long) = ("é".repeat(200), "é".repeat(201));
        let found = rows(&json!({"a": fits, "b": long, long.clone(): "c"}));
        let keys: Vec<_> =
            found.iter().map(|row| (row.key.as_str(), row.value.is_some())).collect();
        assert_eq!(keys, [("a", true), ("b", false)]);
    }
}

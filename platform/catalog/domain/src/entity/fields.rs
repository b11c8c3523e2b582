//! Parts of an entity, picked by dotted paths.

use serde_json::{Map, Value};

/// A field cannot be picked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid field `{0}`, array type fields are not supported")]
pub struct FieldError(pub String);

/// The entity with these fields only; fields that it has not are left out. A key that contains dots
/// is found by trying longer and longer parts of the path.
#[must_use]
pub fn project(entity: &Value, fields: &[String]) -> Value {
    let mut picked = Map::new();
    for field in fields {
        let mut path: Vec<String> = Vec::new();
        let mut here = entity;
        let mut part = String::new();
        let mut found = false;
        for piece in field.split('.') {
            if !part.is_empty() {
                part.push('.');
            }
            part.push_str(piece);
            found = false;
            if let Some(inner) = here.as_object().and_then(|members| members.get(&part)) {
                here = inner;
                path.push(std::mem::take(&mut part));
                found = true;
            }
        }
        if found {
            place(&mut picked, &path, here);
        }
    }
    Value::Object(picked)
}

fn place(into: &mut Map<String, Value>, path: &[String], value: &Value) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        into.insert(first.clone(), value.clone());
        return;
    }
    let inner = into.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(members) = inner {
        place(members, rest, value);
    }
}

/// Reads a list of fields, as `fields` gives it.
///
/// # Errors
///
/// [`FieldError`] when a field asks for an item of a list.
pub fn parse_fields<'a>(given: impl Iterator<Item = &'a str>) -> Result<Vec<String>, FieldError> {
    let mut fields = Vec::new();
    for field in given.flat_map(|text| text.split(',')).map(str::trim) {
        if field.contains('[') {
            return Err(FieldError(field.to_owned()));
        }
        if !field.is_empty() {
            fields.push(field.to_owned());
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_pick_parts_and_keys_may_have_dots() {
        let entity = json!({"kind": "C", "metadata": {"name": "a", "annotations":
            {"backstage.io/techdocs-ref": "dir:.", "a.b": "1"}}, "spec": {"x": [1], "nil": null}});
        let fields = [
            "metadata.annotations.backstage.io/techdocs-ref,kind",
            "spec.x",
            "no.such",
            "metadata.annotations.a",
            "spec.nil",
        ];
        let fields = parse_fields(fields.into_iter()).unwrap();
        assert_eq!(
            project(&entity, &fields),
            json!({"kind": "C", "metadata": {"annotations": {"backstage.io/techdocs-ref": "dir:."}},
                "spec": {"x": [1], "nil": null}})
        );
        let whole = parse_fields(["metadata.name, metadata"].into_iter()).unwrap();
        assert_eq!(project(&entity, &whole), json!({"metadata": entity["metadata"]}));
        assert_eq!(project(&entity, &[]), json!({}));
        assert!(parse_fields(["metadata.tags[0]"].into_iter()).is_err());
    }
}

//! From a valid descriptor to the entity that is shown, and the relations that it makes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::kinds::{Kinds, Link, Shape, core};
use super::reference::{DEFAULT_NAMESPACE, EntityRef, reference_of};
use super::validate::{Fault, validate};

/// One direction of a relation between two entities, by their written references.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relation {
    /// Whose relation it is.
    pub source: String,
    /// What it is, such as `ownedBy`.
    pub kind: String,
    /// To whom; nobody has to be there.
    pub target: String,
}

/// A descriptor that has been judged and completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The entity without what the server adds (`uid`, `etag`, `relations`).
    pub entity: Value,
    /// What it says of itself and others, sorted.
    pub relations: Vec<Relation>,
}

/// Judges and completes a descriptor: the namespace is filled in, what the server assigns is taken
/// out, lists of references are sorted, as Backstage stores them.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn finish(mut entity: Value, kinds: &Kinds) -> Result<Finished, Vec<Fault>> {
    let faults = validate(&entity, kinds);
    if !faults.is_empty() {
        return Err(faults);
    }
    let Some(reference) = reference_of(&entity) else {
        return Err(vec![Fault::new("/metadata/name", "is missing")]);
    };
    if let Some(members) = entity.as_object_mut() {
        members.remove("relations");
        members.remove("status");
        if let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("uid");
            metadata.remove("etag");
            metadata
                .entry("namespace")
                .or_insert_with(|| Value::String(DEFAULT_NAMESPACE.to_owned()));
        }
    }
    let kind = entity.get("kind").and_then(Value::as_str).and_then(core);
    let mut relations = BTreeSet::new();
    if let Some(kind) = kind
        && let Some(spec) = entity.get_mut("spec").and_then(Value::as_object_mut)
    {
        for field in kind.fields {
            let pointer = format!("/spec/{}", field.name);
            let made = match field.shape {
                Shape::One(link) => {
                    let given = spec.get(field.name).and_then(Value::as_str).into_iter();
                    related(&reference, link, &pointer, given)
                }
                Shape::Many(link) => {
                    sort(spec, field.name);
                    let given = spec.get(field.name).and_then(Value::as_array);
                    let given = given.into_iter().flatten().filter_map(Value::as_str);
                    related(&reference, link, &pointer, given)
                }
                _ => continue,
            };
            relations.extend(made?);
        }
    }
    Ok(Finished { entity, relations: relations.into_iter().collect() })
}

/// The references of an entity to others, each with the pointer of where it stands. What is no
/// reference is left out: it is a fault.
#[must_use]
pub fn references(entity: &Value) -> Vec<(String, EntityRef)> {
    let namespace = reference_of(entity);
    let namespace = namespace.as_ref().map_or(DEFAULT_NAMESPACE, EntityRef::namespace);
    let kind = entity.get("kind").and_then(Value::as_str).and_then(core);
    let spec = entity.get("spec").and_then(Value::as_object);
    let (Some(kind), Some(spec)) = (kind, spec) else { return Vec::new() };
    let mut found = Vec::new();
    for field in kind.fields {
        let pointer = format!("/spec/{}", field.name);
        let given = spec.get(field.name);
        let mut read = |pointer: String, text: &Value, link: Link| {
            let text = text.as_str();
            let read = text.and_then(|text| EntityRef::parse(text, link.kind, namespace).ok());
            found.extend(read.map(|reference| (pointer, reference)));
        };
        match (field.shape, given) {
            (Shape::One(link), Some(text)) => read(pointer, text, link),
            (Shape::Many(link), Some(Value::Array(all))) => {
                for (nth, text) in all.iter().enumerate() {
                    read(format!("{pointer}/{nth}"), text, link);
                }
            }
            _ => {}
        }
    }
    found
}

fn sort(spec: &mut Map<String, Value>, name: &str) {
    if let Some(list) = spec.get_mut(name).and_then(Value::as_array_mut) {
        list.sort_by(|one, two| one.as_str().cmp(&two.as_str()));
    }
}

fn related<'a>(
    reference: &EntityRef,
    link: Link,
    pointer: &str,
    given: impl Iterator<Item = &'a str>,
) -> Result<Vec<Relation>, Vec<Fault>> {
    let own = reference.to_string();
    let mut made = Vec::new();
    for text in given {
        let other = EntityRef::parse(text, link.kind, reference.namespace())
            .map_err(|wrong| vec![Fault::new(pointer, wrong.to_string())])?
            .to_string();
        made.push(Relation {
            source: own.clone(),
            kind: link.forward.to_owned(),
            target: other.clone(),
        });
        made.push(Relation { source: other, kind: link.backward.to_owned(), target: own.clone() });
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(kind: &str, spec: &Value) -> Vec<String> {
        let entity = json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind,
            "metadata": {"name": "X", "namespace": "own", "uid": "u", "etag": "e"},
            "spec": spec, "relations": [], "status": {}});
        let finished = finish(entity, &Kinds::default()).unwrap();
        assert_eq!(finished.entity["metadata"], json!({"name": "X", "namespace": "own"}));
        assert!(
            finished.entity.get("relations").is_none() && finished.entity.get("status").is_none()
        );
        let shown = |r: &Relation| format!("{} {} {}", r.source, r.kind, r.target);
        finished.relations.iter().map(shown).collect()
    }

    #[test]
    fn both_sides_of_every_relation_are_made() {
        assert_eq!(
            made(
                "Component",
                &json!({"type": "t", "lifecycle": "l", "owner": "Team", "system": "s",
                    "subcomponentOf": "c", "providesApis": ["a"], "consumesApis": ["default/b"],
                    "dependsOn": ["resource:r"], "dependencyOf": ["component:d"]})
            ),
            [
                "api:default/b apiConsumedBy component:own/x",
                "api:own/a apiProvidedBy component:own/x",
                "component:own/c hasPart component:own/x",
                "component:own/d dependsOn component:own/x",
                "component:own/x consumesApi api:default/b",
                "component:own/x dependencyOf component:own/d",
                "component:own/x dependsOn resource:own/r",
                "component:own/x ownedBy group:own/team",
                "component:own/x partOf component:own/c",
                "component:own/x partOf system:own/s",
                "component:own/x providesApi api:own/a",
                "group:own/team ownerOf component:own/x",
                "resource:own/r dependencyOf component:own/x",
                "system:own/s hasPart component:own/x",
            ]
        );
        assert_eq!(
            made(
                "Group",
                &json!({"type": "team", "children": ["c"], "parent": "p", "members": ["u"]})
            ),
            [
                "group:own/c childOf group:own/x",
                "group:own/p parentOf group:own/x",
                "group:own/x childOf group:own/p",
                "group:own/x hasMember user:own/u",
                "group:own/x parentOf group:own/c",
                "user:own/u memberOf group:own/x",
            ]
        );
        assert_eq!(
            made("User", &json!({"memberOf": ["g"]})),
            ["group:own/g hasMember user:own/x", "user:own/x memberOf group:own/g"]
        );
        assert_eq!(
            made("Domain", &json!({"owner": "user:u", "subdomainOf": "d"})),
            [
                "domain:own/d hasPart domain:own/x",
                "domain:own/x ownedBy user:own/u",
                "domain:own/x partOf domain:own/d",
                "user:own/u ownerOf domain:own/x",
            ]
        );
        assert_eq!(made("Location", &json!({"target": "./a"})), Vec::<String>::new());
    }

    #[test]
    fn lists_of_references_are_sorted_and_the_namespace_is_filled_in() {
        let entity = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "User",
            "metadata": {"name": "x", "tags": ["b", "a"]}, "spec": {"memberOf": ["b", "a"]}});
        let finished = finish(entity, &Kinds::default()).unwrap();
        assert_eq!(finished.entity["spec"]["memberOf"], json!(["a", "b"]));
        assert_eq!(finished.entity["metadata"]["tags"], json!(["b", "a"]));
        assert_eq!(finished.entity["metadata"]["namespace"], "default");
    }

    #[test]
    fn references_stand_where_they_are_written() {
        let entity = json!({"kind": "Component", "metadata": {"name": "x", "namespace": "own"},
            "spec": {"owner": "team", "dependsOn": ["resource:b", "no kind", "api:default/a"],
                "system": 7}});
        let shown = references(&entity);
        let shown = shown.iter().map(|(pointer, reference)| format!("{pointer} {reference}"));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "/spec/owner group:own/team",
                "/spec/dependsOn/0 resource:own/b",
                "/spec/dependsOn/2 api:default/a",
            ]
        );
        assert_eq!(references(&json!({"kind": "Zed", "spec": {"owner": "a"}})), []);
    }

    #[test]
    fn what_is_not_valid_is_not_finished() {
        let faults = finish(json!({"kind": "User"}), &Kinds::default()).unwrap_err();
        assert!(!faults.is_empty());
    }
}

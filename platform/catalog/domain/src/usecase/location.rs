//! Locations: where descriptors are, the entities that stand for them, and what they leave on the
//! entities that come from them.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::entity::Fault;

/// The annotation that says in which file an entity stands.
pub const MANAGED_BY: &str = "backstage.io/managed-by-location";
/// The annotation that says by which configured or registered location an entity came.
pub const ORIGIN: &str = "backstage.io/managed-by-origin-location";
/// The annotation of an entity that nobody emits any more.
pub const ORPHAN: &str = "backstage.io/orphan";
const VIEW: &str = "backstage.io/view-url";

/// A place, written `type:target`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocationRef {
    /// How it is read: `file`, `url`.
    pub kind: String,
    /// The path or URL.
    pub target: String,
}

/// A text is no location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form type:target, as in url:https://host/catalog-info.yaml")]
pub struct LocationRefError(pub String);

impl LocationRef {
    /// A location of these parts.
    pub fn new(kind: impl Into<String>, target: impl Into<String>) -> Self {
        Self { kind: kind.into(), target: target.into() }
    }

    /// Reads `type:target`.
    ///
    /// # Errors
    ///
    /// [`LocationRefError`] when one of the parts is empty.
    pub fn parse(text: &str) -> Result<Self, LocationRefError> {
        match text.split_once(':') {
            Some((kind, target)) if !kind.is_empty() && !target.is_empty() => {
                Ok(Self::new(kind, target))
            }
            _ => Err(LocationRefError(text.to_owned())),
        }
    }
}

impl fmt::Display for LocationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.target)
    }
}

/// The entity that stands for a configured or registered location. `digest` is the hexadecimal
/// SHA-1 of the location's written form.
#[must_use]
pub fn generated(location: &LocationRef, digest: &str) -> Value {
    let entity = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {"name": format!("generated-{digest}"), "namespace": "default"},
        "spec": {"type": location.kind, "target": location.target},
    });
    annotated(entity, location, location)
}

/// An entity with the annotations that say where it came from. What it says of that itself is
/// overwritten; its own `view-url` stays.
#[must_use]
pub fn annotated(mut entity: Value, from: &LocationRef, origin: &LocationRef) -> Value {
    if let Some(metadata) = entity.get_mut("metadata").and_then(Value::as_object_mut) {
        let annotations =
            metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(MANAGED_BY.to_owned(), json!(from.to_string()));
            annotations.insert(ORIGIN.to_owned(), json!(origin.to_string()));
            if from.kind == "url" && !annotations.contains_key(VIEW) {
                annotations.insert(VIEW.to_owned(), json!(from.target));
            }
        }
    }
    entity
}

/// Whether a target that is not there is a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Required,
    /// It is not.
    Optional,
}

/// What a Location entity points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// Where they are, as written; relative ones are relative to `base`.
    pub locations: Vec<LocationRef>,
    /// Where the Location entity stands.
    pub base: Option<LocationRef>,
    /// By which configured or registered location it came.
    pub origin: Option<LocationRef>,
    /// Whether they must be there.
    pub presence: Presence,
}

/// Reads where a Location entity points.
///
/// # Errors
///
/// A fault when it says no type and stands nowhere that has one.
pub fn targets(entity: &Value) -> Result<Targets, Fault> {
    let annotation = |name: &str| {
        let value = entity.pointer("/metadata/annotations")?.get(name)?.as_str()?;
        LocationRef::parse(value).ok()
    };
    let (base, origin) = (annotation(MANAGED_BY), annotation(ORIGIN));
    let spec = entity.get("spec");
    let text = |name| spec.and_then(|spec| spec.get(name)).and_then(Value::as_str);
    let kind = text("type").or(base.as_ref().map(|base| base.kind.as_str()));
    let Some(kind) = kind else {
        return Err(Fault::new("/spec/type", "is missing: write `type: url`"));
    };
    let list = spec.and_then(|spec| spec.get("targets")).and_then(Value::as_array);
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    let locations =
        text("target").into_iter().chain(list).map(|target| LocationRef::new(kind, target));
    let presence =
        if text("presence") == Some("optional") { Presence::Optional } else { Presence::Required };
    Ok(Targets { locations: locations.collect(), base, origin, presence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_stands_for_itself() {
        let place = LocationRef::parse("url:http://host/a.yaml").unwrap();
        let entity = generated(&place, "00ff");
        assert_eq!(entity["metadata"]["name"], "generated-00ff");
        assert_eq!(entity["metadata"]["annotations"][VIEW], "http://host/a.yaml");
        let read = targets(&entity).unwrap();
        assert_eq!(read.locations, std::slice::from_ref(&place));
        assert_eq!((read.base, read.origin), (Some(place.clone()), Some(place)));
        for wrong in ["", "url", "url:", ":x"] {
            assert!(LocationRef::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_an_entity_says_of_its_origin_is_overwritten() {
        let (from, origin) = (LocationRef::new("file", "/b"), LocationRef::new("file", "/a"));
        let entity =
            json!({"metadata": {"annotations": {MANAGED_BY: "url:x", "a": "b", VIEW: "v"}}});
        let shown = annotated(entity, &from, &origin);
        let expected = json!({MANAGED_BY: "file:/b", ORIGIN: "file:/a", "a": "b", VIEW: "v"});
        assert_eq!(shown["metadata"]["annotations"], expected);
        let bare = annotated(json!({"metadata": {}}), &from, &origin);
        assert_eq!(
            bare["metadata"]["annotations"],
            json!({MANAGED_BY: "file:/b", ORIGIN: "file:/a"})
        );
    }

    #[test]
    fn targets_take_the_type_of_where_they_stand() {
        let mut entity = json!({"kind": "Location", "metadata": {"annotations":
            {MANAGED_BY: "file:/a/b.yaml", ORIGIN: "file:/a/all.yaml"}},
            "spec": {"target": "./c.yaml", "targets": ["d.yaml"], "presence": "optional"}});
        let read = targets(&entity).unwrap();
        let shown: Vec<String> = read.locations.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["file:./c.yaml", "file:d.yaml"]);
        assert_eq!(read.presence, Presence::Optional);
        entity["metadata"] = json!({});
        assert!(targets(&entity).is_err());
    }
}

//! Reads the contents of an interface.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{
    dtmi,
    interface::{Content, RelationshipRule},
    reader::{Object, Reader, items, join, term},
    schema::{Primitive, Schema},
    units::units_of,
};

const KINDS: [&str; 5] = ["Property", "Telemetry", "Relationship", "Component", "Command"];
/// Most levels of complex schemas.
pub(super) const MAX_SCHEMA_DEPTH: usize = 5;
const MAX_RELATIONSHIP_PROPERTIES: usize = 300;

impl Reader {
    /// One element of `contents`; `None` when it cannot be understood at all.
    pub(super) fn element(&mut self, value: &Value, path: &str) -> Option<(String, Content)> {
        let Some(object) = value.as_object() else {
            self.note("element-object", path, "an element is a JSON object");
            return None;
        };
        let (kind, cotypes) = self.kind(object, path, &KINDS);
        let kind = kind?;
        let name = self.name(object, path);
        self.own_id(object, path);
        self.texts(object, path);
        let content = match kind {
            "Property" | "Telemetry" => {
                let is_property = kind == "Property";
                let schema = self.valued(object, path, is_property, &cotypes);
                if is_property { Content::Property(schema?) } else { Content::Telemetry }
            }
            "Relationship" => self.relationship(object, path, !cotypes.is_empty()),
            "Component" => self.component(object, path, !cotypes.is_empty())?,
            _ => {
                self.note("command-unsupported", path, "digital twins have no commands");
                return None;
            }
        };
        Some((name?, content))
    }

    /// A property or telemetry: schema, semantic type, unit.
    fn valued(
        &mut self,
        object: &Object,
        path: &str,
        is_property: bool,
        cotypes: &[&str],
    ) -> Option<Schema> {
        let allowed: &[&str] = if is_property {
            &["name", "schema", "unit", "writable"]
        } else {
            &["name", "schema", "unit"]
        };
        let open = cotypes.iter().any(|cotype| units_of(cotype).is_none());
        self.known(object, path, allowed, open);
        self.flag(object, path, "writable");
        let at = join(path, "schema");
        let schema = if let Some(schema) = object.get("schema") {
            self.schema(schema, &at)
        } else {
            self.note("schema-required", &at, "a schema is required");
            None
        };
        if let Some(schema) = &schema {
            if schema.depth() > MAX_SCHEMA_DEPTH {
                self.note("schema-depth", &at, "complex schemas nest at most 5 levels");
            }
            if is_property && schema.is_telemetry_only() {
                let detail = "a property has no array and no geospatial schema";
                self.note("schema-telemetry-only", &at, detail);
            }
        }
        self.unit(object, path, cotypes, schema.as_ref());
        schema
    }

    fn unit(&mut self, object: &Object, path: &str, cotypes: &[&str], schema: Option<&Schema>) {
        let unit = object.get("unit");
        let at = join(path, "unit");
        let mut semantic = false;
        for cotype in cotypes {
            let Some(units) = units_of(cotype) else { continue };
            semantic = true;
            match unit.and_then(Value::as_str) {
                None => self.note("unit-required", &at, format!("{cotype} needs a unit")),
                Some(text) if !units.contains(&term(text)) => {
                    let detail = format!("'{text}' is no unit of {cotype}");
                    self.note("unit-unknown", &at, detail);
                }
                Some(_) => {}
            }
            let numeric = matches!(schema, Some(Schema::Primitive(p)) if p.is_numeric());
            if schema.is_some() && !numeric {
                let detail = format!("{cotype} needs a numeric schema");
                self.note("semantic-schema", &join(path, "schema"), detail);
            }
        }
        if unit.is_some() && !semantic {
            self.note("unit-forbidden", &at, "a unit needs a semantic type");
        }
    }

    fn relationship(&mut self, object: &Object, path: &str, open: bool) -> Content {
        let allowed =
            ["name", "target", "properties", "maxMultiplicity", "minMultiplicity", "writable"];
        self.known(object, path, &allowed, open);
        self.flag(object, path, "writable");
        let multiplicities = [("minMultiplicity", 0..=0), ("maxMultiplicity", 1..=500)];
        for (name, range) in multiplicities {
            if let Some(value) = object.get(name)
                && !value.as_i64().is_some_and(|number| range.contains(&number))
            {
                let detail = format!("an integer from {} to {}", range.start(), range.end());
                self.note("multiplicity", &join(path, name), detail);
            }
        }
        let target = object.get("target").and_then(|target| {
            let at = join(path, "target");
            let Some(id) = target.as_str() else {
                self.note("interface-inline", &at, "a target is named by its id");
                return None;
            };
            if let Err(reason) = dtmi::check(id, dtmi::MAX_INTERFACE_ID) {
                self.note("target-id", &at, reason);
            }
            Some(id.to_owned())
        });
        let mut properties = BTreeMap::new();
        for (at, element) in items(object, path, "properties") {
            match self.element(element, &at) {
                Some((name, Content::Property(schema))) => {
                    let detail = format!("'{name}' is used twice");
                    let is_repeated = properties.insert(name, schema).is_some();
                    if is_repeated {
                        self.note("name-unique", &join(&at, "name"), detail);
                    }
                }
                Some(_) => self.note("relationship-property", &at, "only properties belong here"),
                None => {}
            }
        }
        if properties.len() > MAX_RELATIONSHIP_PROPERTIES {
            let at = join(path, "properties");
            self.note("properties-count", &at, "at most 300 properties");
        }
        Content::Relationship(RelationshipRule { target, properties })
    }

    fn component(&mut self, object: &Object, path: &str, open: bool) -> Option<Content> {
        self.known(object, path, &["name", "schema"], open);
        let at = join(path, "schema");
        match object.get("schema") {
            Some(Value::String(id)) => {
                if let Err(reason) = dtmi::check(id, dtmi::MAX_INTERFACE_ID) {
                    self.note("component-schema", &at, reason);
                }
                Some(Content::Component(id.clone()))
            }
            Some(_) => {
                self.note("interface-inline", &at, "a component's interface is named by its id");
                None
            }
            None => {
                self.note("schema-required", &at, "a component needs an interface");
                None
            }
        }
    }

    fn flag(&mut self, object: &Object, path: &str, name: &str) {
        if object.get(name).is_some_and(|value| !value.is_boolean()) {
            self.note("boolean", &join(path, name), "true or false");
        }
    }
}

/// The primitive of a name or of its DTMI.
pub(super) fn primitive(text: &str) -> Option<Primitive> {
    Primitive::from_name(term(text))
}

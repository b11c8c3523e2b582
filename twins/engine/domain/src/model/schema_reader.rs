//! Reads schemas, inline ones and those that an interface defines for reuse.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{
    elements::{MAX_SCHEMA_DEPTH, primitive},
    reader::{Object, Reader, items, join, term},
    schema::{EnumValues, Field, Primitive, Schema},
};

const MAX_ENUM_VALUES: usize = 100;
const MAX_FIELDS: usize = 30;
const KINDS: [&str; 4] = ["Array", "Enum", "Map", "Object"];
const GEOSPATIAL: [&str; 6] =
    ["point", "lineString", "polygon", "multiPoint", "multiLineString", "multiPolygon"];

impl Reader {
    /// Reads the interface's reusable schemas; they are visible to it only.
    pub(super) fn reusable_schemas(&mut self, interface: &Object) {
        let schemas = items(interface, "", "schemas");
        for (_, schema) in &schemas {
            if let Some(id) = schema.get("@id").and_then(Value::as_str) {
                self.definitions.insert(id.to_owned(), (*schema).clone());
            }
        }
        for (path, schema) in schemas {
            if schema.get("@id").is_none() {
                let detail = "a reusable schema needs an @id";
                self.note("schema-id", &join(&path, "@id"), detail);
            }
            if schema.is_object() {
                self.schema(schema, &path);
            } else {
                self.note("schema-object", &path, "a reusable schema is a JSON object");
            }
        }
    }

    /// A schema; `None` when it cannot be understood.
    pub(super) fn schema(&mut self, value: &Value, path: &str) -> Option<Schema> {
        let Some(budget) = self.budget.checked_sub(1) else {
            self.note("schema-size", path, "the interface uses more than 10,000 schemas");
            return None;
        };
        self.budget = budget;
        match value {
            Value::String(text) => self.named_schema(text, path),
            Value::Object(object) => self.complex_schema(object, path),
            _ => {
                self.note("schema-type", path, "a name, an id or an object");
                None
            }
        }
    }

    fn named_schema(&mut self, text: &str, path: &str) -> Option<Schema> {
        if let Some(primitive) = primitive(text) {
            return Some(Schema::Primitive(primitive));
        }
        if GEOSPATIAL.contains(&term(text)) {
            return Some(Schema::Geospatial);
        }
        let Some(definition) = self.definitions.get(text).cloned() else {
            let detail = format!("'{text}' is neither a primitive nor a schema of this interface");
            self.note("schema-unknown", path, detail);
            return None;
        };
        if self.resolving.iter().any(|id| id == text) {
            self.note_always("schema-recursion", path, format!("'{text}' contains itself"));
            return None;
        }
        if self.resolving.len() > MAX_SCHEMA_DEPTH {
            self.note_always("schema-depth", path, "complex schemas nest at most 5 levels");
            return None;
        }
        self.resolving.push(text.to_owned());
        let was_muted = std::mem::replace(&mut self.muted, true);
        let schema = self.schema(&definition, path);
        self.muted = was_muted;
        self.resolving.pop();
        if schema.is_none() {
            self.note("schema-reference", path, format!("'{text}' cannot be used"));
        }
        schema
    }

    fn complex_schema(&mut self, object: &Object, path: &str) -> Option<Schema> {
        let (kind, cotypes) = self.kind(object, path, &KINDS);
        let open = !cotypes.is_empty();
        self.own_id(object, path);
        self.texts(object, path);
        match kind? {
            "Array" => {
                self.known(object, path, &["elementSchema"], open);
                let at = join(path, "elementSchema");
                let inner = self.required(object, path, "elementSchema")?;
                Some(Schema::Array(Box::new(self.schema(inner, &at)?)))
            }
            "Enum" => {
                self.known(object, path, &["enumValues", "valueSchema"], open);
                self.enumeration(object, path)
            }
            "Map" => {
                self.known(object, path, &["mapKey", "mapValue"], open);
                self.map(object, path)
            }
            _ => {
                self.known(object, path, &["fields"], open);
                self.object(object, path)
            }
        }
    }

    fn required<'a>(&mut self, object: &'a Object, path: &str, name: &str) -> Option<&'a Value> {
        let value = object.get(name);
        if value.is_none() {
            self.note("property-required", &join(path, name), format!("{name} is required"));
        }
        value
    }

    fn map(&mut self, object: &Object, path: &str) -> Option<Schema> {
        let key = self.required(object, path, "mapKey");
        let value = self.required(object, path, "mapValue");
        let key = self.field(key?, &join(path, "mapKey"), "MapKey");
        let value = self.field(value?, &join(path, "mapValue"), "MapValue")?;
        if key.is_some_and(|key| key.schema != Schema::Primitive(Primitive::String)) {
            let at = join(&join(path, "mapKey"), "schema");
            self.note("map-key", &at, "the keys of a map are strings");
        }
        Some(Schema::Map(Box::new(value.schema)))
    }

    fn object(&mut self, object: &Object, path: &str) -> Option<Schema> {
        self.required(object, path, "fields")?;
        let mut fields: Vec<Field> = Vec::new();
        let members = items(object, path, "fields");
        if members.is_empty() || members.len() > MAX_FIELDS {
            self.note("fields-count", &join(path, "fields"), "an object has 1 to 30 fields");
        }
        for (at, member) in members {
            let Some(field) = self.field(member, &at, "Field") else { continue };
            if fields.iter().any(|other| other.name == field.name) {
                let detail = format!("'{}' is used twice", field.name);
                self.note("name-unique", &join(&at, "name"), detail);
            } else {
                fields.push(field);
            }
        }
        Some(Schema::Object(fields))
    }

    /// A field, map key or map value: a name and a schema.
    fn field(&mut self, value: &Value, path: &str, kind: &'static str) -> Option<Field> {
        let Some(object) = value.as_object() else {
            self.note("element-object", path, "a JSON object with name and schema");
            return None;
        };
        let open = object.contains_key("@type") && !self.kind(object, path, &[kind]).1.is_empty();
        self.known(object, path, &["name", "schema"], open);
        self.own_id(object, path);
        self.texts(object, path);
        let name = self.name(object, path);
        let schema = self.required(object, path, "schema")?;
        let schema = self.schema(schema, &join(path, "schema"))?;
        Some(Field { name: name?, schema })
    }

    fn enumeration(&mut self, object: &Object, path: &str) -> Option<Schema> {
        let is_integer = match self.required(object, path, "valueSchema")?.as_str().map(term) {
            Some("integer") => true,
            Some("string") => false,
            _ => {
                self.note("value-schema", &join(path, "valueSchema"), "integer or string");
                return None;
            }
        };
        self.required(object, path, "enumValues")?;
        let members = items(object, path, "enumValues");
        if members.is_empty() || members.len() > MAX_ENUM_VALUES {
            let at = join(path, "enumValues");
            self.note("enum-count", &at, "an enumeration has 1 to 100 values");
        }
        let (mut names, mut integers, mut strings) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (at, member) in members {
            let Some(member) = member.as_object() else {
                self.note("element-object", &at, "a JSON object with name and enumValue");
                continue;
            };
            let open = member.contains_key("@type")
                && !self.kind(member, &at, &["EnumValue"]).1.is_empty();
            self.known(member, &at, &["name", "enumValue"], open);
            self.own_id(member, &at);
            self.texts(member, &at);
            if let Some(name) = self.name(member, &at)
                && !names.insert(name.clone())
            {
                let detail = format!("'{name}' is used twice");
                self.note("name-unique", &join(&at, "name"), detail);
            }
            let at = join(&at, "enumValue");
            let integer = member.get("enumValue").and_then(Value::as_i64);
            let integer = integer.and_then(|number| i32::try_from(number).ok());
            let text = member.get("enumValue").and_then(Value::as_str);
            let is_new = match (is_integer, integer, text) {
                (true, Some(number), _) => integers.insert(number),
                (false, _, Some(text)) => strings.insert(text.to_owned()),
                _ => {
                    self.note("enum-value", &at, "a value of the value schema");
                    continue;
                }
            };
            if !is_new {
                self.note("enum-value-unique", &at, "the value is used twice");
            }
        }
        Some(Schema::Enum(if is_integer {
            EnumValues::Integers(integers)
        } else {
            EnumValues::Strings(strings)
        }))
    }
}

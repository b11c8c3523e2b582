//! What judges descriptors: the rules of Backstage's kinds, and a JSON Schema for each kind that
//! configuration adds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use catalog_domain::entity::{Fault, Finished, Kinds, OwnKind, escaped, finish, short, validate};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value;

use crate::KindSettings;

/// Faults that a schema finds in one entity, at most.
const MOST_FAULTS: usize = 50;
/// The longest explanation of a schema's own, in characters.
const LONGEST_DETAIL: usize = 300;

/// A kind of the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// It has no name.
    #[error("a kind of catalog.kinds has an empty name")]
    Empty,
    /// It is Backstage's own.
    #[error("the kind `{0}` of catalog.kinds is one of Backstage's, whose rules stand")]
    Known(String),
    /// Its schema is not there, or may not be read.
    #[error("the schema {} of the kind `{kind}` (catalog.kinds) cannot be read", path.display())]
    Unreadable {
        /// The kind.
        kind: String,
        /// The schema.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its schema is no JSON.
    #[error("the schema {} of the kind `{kind}` (catalog.kinds) is no JSON", path.display())]
    Json {
        /// The kind.
        kind: String,
        /// The schema.
        path: PathBuf,
        /// Where it is not.
        source: serde_json::Error,
    },
    /// It is JSON, and no schema.
    #[error("the schema {} of the kind `{kind}` (catalog.kinds) is no JSON Schema: {why}", path.display())]
    Schema {
        /// The kind.
        kind: String,
        /// The schema.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Judges descriptors. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judge {
    kinds: Kinds,
    schemas: Arc<[Schema]>,
}

/// What judges entities of one kind under some versions.
#[derive(Debug)]
struct Schema {
    kind: String,
    /// Any when empty.
    api_versions: Vec<String>,
    document: Value,
    validator: Validator,
}

impl Judge {
    /// Backstage's kinds and these.
    ///
    /// # Errors
    ///
    /// See [`KindError`].
    pub(crate) fn new(settings: &[KindSettings]) -> Result<Self, KindError> {
        let mut own: Vec<OwnKind> = Vec::new();
        let mut schemas = Vec::new();
        for KindSettings { kind, api_versions, schema } in settings {
            if kind.is_empty() {
                return Err(KindError::Empty);
            }
            if Kinds::default().allows(kind) {
                return Err(KindError::Known(kind.clone()));
            }
            match own.iter_mut().find(|known| known.name == *kind) {
                // Several versions, each with a schema of its own. One that takes any takes any.
                Some(known) if known.api_versions.is_empty() || api_versions.is_empty() => {
                    known.api_versions.clear();
                }
                Some(known) => known.api_versions.extend(api_versions.iter().cloned()),
                None => {
                    own.push(OwnKind { name: kind.clone(), api_versions: api_versions.clone() });
                }
            }
            if let Some(path) = schema {
                let (document, validator) = read_schema(kind, path)?;
                let (kind, api_versions) = (kind.clone(), api_versions.clone());
                schemas.push(Schema { kind, api_versions, document, validator });
            }
        }
        Ok(Self { kinds: Kinds::with(own), schemas: schemas.into() })
    }

    /// Whether entities of this kind may come at all.
    pub(crate) fn allows(&self, kind: &str) -> bool {
        self.kinds.allows(kind)
    }

    /// Everything that is wrong with a descriptor; empty when it is valid.
    pub(crate) fn faults(&self, entity: &Value) -> Vec<Fault> {
        let mut faults = validate(entity, &self.kinds);
        self.add_of_schema(entity, &mut faults);
        faults
    }

    /// Judges and completes a descriptor.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub(crate) fn finish(&self, entity: Value) -> Result<Finished, Vec<Fault>> {
        let mut faults = Vec::new();
        self.add_of_schema(&entity, &mut faults);
        match finish(entity, &self.kinds) {
            Ok(finished) if faults.is_empty() => Ok(finished),
            Ok(_) => Err(faults),
            Err(mut own) => {
                faults.retain(|fault| !own.iter().any(same(fault)));
                own.append(&mut faults);
                Err(own)
            }
        }
    }

    /// Adds what the schema of its kind has against an entity, but for what is said already.
    fn add_of_schema(&self, entity: &Value, faults: &mut Vec<Fault>) {
        let text = |name| entity.get(name).and_then(Value::as_str).unwrap_or_default();
        let (kind, version) = (text("kind"), text("apiVersion"));
        let schema = self.schemas.iter().find(|schema| {
            let takes = &schema.api_versions;
            schema.kind == kind && (takes.is_empty() || takes.iter().any(|own| own == version))
        });
        let Some(schema) = schema else { return };
        let found = schema.validator.iter_errors(entity);
        for fault in found.flat_map(|error| told(&error, &schema.document)).take(MOST_FAULTS) {
            if !faults.iter().any(same(&fault)) {
                faults.push(fault);
            }
        }
    }
}

fn same(one: &Fault) -> impl Fn(&Fault) -> bool {
    |other| other.pointer == one.pointer
}

fn read_schema(kind: &str, path: &Path) -> Result<(Value, Validator), KindError> {
    let place = || (kind.to_owned(), path.to_owned());
    let text = std::fs::read(path).map_err(|source| {
        let (kind, path) = place();
        KindError::Unreadable { kind, path, source }
    })?;
    let document: Value = serde_json::from_slice(&text).map_err(|source| {
        let (kind, path) = place();
        KindError::Json { kind, path, source }
    })?;
    // Nothing is fetched for a schema: what it refers to stands in it.
    let options = jsonschema::options().should_validate_formats(true).offline();
    let validator = options.build(&document).map_err(|error| {
        let (kind, path) = place();
        KindError::Schema { kind, path, why: cut(&error.to_string()) }
    })?;
    Ok((document, validator))
}

/// What is wrong by a schema, and what to write instead.
fn told(error: &ValidationError<'_>, schema: &Value) -> Vec<Fault> {
    let at = error.instance_path().as_str();
    let found = || short(error.instance());
    let inner = |name: &str| format!("{at}/{}", escaped(name));
    let around = || {
        let keyword = error.schema_path().as_str();
        let parent = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
        schema
            .pointer(parent)
            .and_then(|around| around.get("properties"))
            .and_then(Value::as_object)
    };
    let detail = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let wanted = around().and_then(|known| known.get(name));
            let detail = format!("is missing: write `{name}: {}`", example(wanted));
            return vec![Fault::new(inner(name), detail)];
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known: Vec<&str> =
                around().into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
            let detail = if known.is_empty() {
                "is not known: take it out".to_owned()
            } else {
                format!("is not known: take it out, or write one of {}", known.join(", "))
            };
            let each = unexpected.iter().map(|name| Fault::new(inner(name), detail.clone()));
            return each.collect();
        }
        ValidationErrorKind::Enum { options } => {
            let all = options.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>();
            format!("is {}: write one of {}", found(), all.join(", "))
        }
        ValidationErrorKind::Constant { expected_value } => {
            format!("is {}: write {}", found(), plain(expected_value))
        }
        ValidationErrorKind::Type { kind } => {
            let names: Vec<&str> = match kind {
                TypeKind::Single(one) => vec![type_name(*one)],
                TypeKind::Multiple(some) => some.into_iter().map(type_name).collect(),
            };
            format!("is {}: write {}", found(), names.join(" or "))
        }
        ValidationErrorKind::Pattern { pattern } => {
            format!("is {}: write what matches `{pattern}`", found())
        }
        ValidationErrorKind::Format { format } => {
            format!("is {}: write what has the format `{format}`", found())
        }
        _ => cut(&error.masked().to_string()),
    };
    vec![Fault::new(at, detail)]
}

/// What could stand where this schema holds.
fn example(schema: Option<&Value>) -> String {
    let Some(schema) = schema else { return "…".to_owned() };
    let first = |name| schema.get(name).and_then(|list| list.get(0));
    let given = schema
        .get("const")
        .or_else(|| schema.get("default"))
        .or_else(|| first("examples"))
        .or_else(|| first("enum"));
    if let Some(given) = given {
        return plain(given);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => "[…]",
        Some("object") => "{…}",
        Some("integer" | "number") => "1",
        Some("boolean") => "true",
        _ => "…",
    }
    .to_owned()
}

/// A value as it is written.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a text",
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judge(schema: &str) -> Result<Judge, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.json");
        std::fs::write(&path, schema).unwrap();
        let device = KindSettings {
            kind: "Device".to_owned(),
            api_versions: vec!["example.com/v1".to_owned()],
            schema: Some(path.clone()),
        };
        Judge::new(&[device]).map_err(|error| {
            chiron_chassis::chain(&error).replace(path.to_str().unwrap(), "device.json")
        })
    }

    const SCHEMA: &str = r##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["spec"],
        "properties": {"spec": {"$ref": "#/$defs/spec"}, "metadata": {"required": ["name"]}},
        "$defs": {"spec": {
            "type": "object",
            "required": ["owner", "risk", "ports"],
            "additionalProperties": false,
            "properties": {
                "owner": {"type": "string", "examples": ["team-a"]},
                "risk": {"enum": ["low", "high"]},
                "ports": {"type": "array", "items": {"type": "integer", "maximum": 65535}},
                "since": {"type": "string", "format": "date"},
                "serial": {"pattern": "^[A-Z]+$"},
                "made": {"const": "here"}
            }
        }}
    }"##;

    fn faults(spec: &Value) -> Vec<String> {
        let device = json!({"apiVersion": "example.com/v1", "kind": "Device",
            "metadata": {"name": "a"}, "spec": spec});
        let judge = judge(SCHEMA).unwrap();
        let faults = judge.faults(&device);
        assert_eq!(judge.finish(device).err().unwrap_or_default(), faults);
        let shown = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail));
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown
    }

    #[test]
    fn a_schema_says_what_to_write() {
        assert_eq!(
            faults(&json!({"owner": "x", "risk": "low", "ports": []})),
            Vec::<String>::new()
        );
        assert_eq!(
            faults(&json!({"colour/x": "red"})),
            [
                "/spec/colour~1x is not known: take it out, or write one of made, owner, ports, \
                 risk, serial, since",
                "/spec/owner is missing: write `owner: team-a`",
                "/spec/ports is missing: write `ports: […]`",
                "/spec/risk is missing: write `risk: low`",
            ]
        );
        assert_eq!(
            faults(&json!({"owner": 7, "risk": "none", "ports": [1, "x", 70_000],
                "since": "yesterday", "serial": "a1", "made": "there"})),
            [
                "/spec/made is \"there\": write here",
                "/spec/owner is 7: write a text",
                "/spec/ports/1 is \"x\": write a whole number",
                "/spec/ports/2 value is greater than the maximum of 65535",
                "/spec/risk is \"none\": write one of low, high",
                "/spec/serial is \"a1\": write what matches `^[A-Z]+$`",
                "/spec/since is \"yesterday\": write what has the format `date`",
            ]
        );
        assert_eq!(faults(&Value::Null), ["/spec is empty: write an object"]);
    }

    #[test]
    fn the_envelope_is_judged_too_and_each_fault_told_once() {
        let device = json!({"apiVersion": "example.com/v1", "kind": "Device", "metadata": {}});
        let faults = judge(SCHEMA).unwrap().faults(&device);
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/metadata/name", "/spec"]);
        let other = json!({"apiVersion": "example.com/v2", "kind": "Device",
            "metadata": {"name": "a"}});
        let faults = judge(SCHEMA).unwrap().faults(&other);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].pointer, "/apiVersion");
    }

    #[test]
    fn an_older_draft_is_read_as_it_says() {
        let older = r##"{"$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"a": {"required": ["spec"]}}, "$ref": "#/definitions/a",
            "required": ["ignored beside a reference in this draft"]}"##;
        let device = json!({"apiVersion": "example.com/v1", "kind": "Device",
            "metadata": {"name": "a"}});
        let faults = judge(older).unwrap().faults(&device);
        assert_eq!(faults, [Fault::new("/spec", "is missing: write `spec: …`")]);
    }

    #[test]
    fn what_cannot_be_used_says_so() {
        let wrong = |schema: &str| judge(schema).unwrap_err();
        assert!(wrong("{").starts_with(
            "the schema device.json of the kind `Device` (catalog.kinds) is no JSON: EOF"
        ));
        for schema in [
            r#"{"type": "text"}"#,
            r#"{"$ref": "https://example.com/elsewhere.json"}"#,
            r#"{"pattern": "("}"#,
        ] {
            let told = wrong(schema);
            assert!(told.contains("(catalog.kinds) is no JSON Schema: "), "{told}");
        }
        let kind = |kind: &str, schema: Option<&str>| {
            let schema = schema.map(PathBuf::from);
            let kind = KindSettings { kind: kind.to_owned(), api_versions: Vec::new(), schema };
            chiron_chassis::chain(&Judge::new(&[kind]).unwrap_err())
        };
        assert_eq!(
            kind("Device", Some("/nowhere/x.json")),
            "the schema /nowhere/x.json of the kind `Device` (catalog.kinds) cannot be read: \
             No such file or directory (os error 2)"
        );
        assert_eq!(
            kind("component", None),
            "the kind `component` of catalog.kinds is one of Backstage's, whose rules stand"
        );
        assert_eq!(kind("", None), "a kind of catalog.kinds has an empty name");
    }
}

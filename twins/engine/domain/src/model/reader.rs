//! Reads one interface of DTDL version 2, noting every rule that it breaks.
//!
//! Reading never stops at a fault: it notes a [`Violation`] and goes on with the best
//! interpretation. An author sees all faults at once, and a model accepted once can be read again
//! from the log whatever rules are added later.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::model::{dtmi, error::Violation, interface::Content};

const MAX_NAME: usize = 64;
const MAX_DISPLAY_NAME: usize = 64;
const MAX_TEXT: usize = 512;
const MAX_DIRECT_EXTENDS: usize = 2;
/// Most schemas of one interface, counted wherever they are used. A limit of ours: nested
/// references could otherwise describe millions of fields in a few kilobytes.
const MAX_SCHEMAS: usize = 10_000;
const CONTEXT: &str = "dtmi:dtdl:context;2";

/// Kinds of the language; where one is not allowed it is no undefined type either.
const CLASSES: [&str; 14] = [
    "Interface",
    "Property",
    "Telemetry",
    "Command",
    "Relationship",
    "Component",
    "Array",
    "Enum",
    "Map",
    "Object",
    "Field",
    "EnumValue",
    "MapKey",
    "MapValue",
];

pub(super) type Object = Map<String, Value>;

/// An interface as written, nothing inherited yet.
#[derive(Debug, Default)]
pub(super) struct Interface {
    pub(super) id: String,
    pub(super) extends: Vec<String>,
    pub(super) display_name: BTreeMap<String, String>,
    pub(super) description: BTreeMap<String, String>,
    /// Contents with the path of each.
    pub(super) contents: Vec<(String, Content, String)>,
}

/// Which version of the language a definition is written in, as far as its context tells.
pub(super) fn is_other_version(definition: &Value) -> bool {
    let context = match definition.get("@context") {
        Some(Value::Array(contexts)) => contexts.first(),
        other => other,
    };
    context
        .and_then(Value::as_str)
        .is_some_and(|text| text.starts_with("dtmi:dtdl:context;") && text != CONTEXT)
}

/// Reads an interface; the violations come in the order in which they were met.
pub(super) fn read(definition: &Value, position: usize) -> (Interface, Vec<Violation>) {
    let model = match definition.get("@id").and_then(Value::as_str) {
        Some(id) => id.to_owned(),
        None => format!("model {position} of the upload"),
    };
    let mut reader = Reader {
        model,
        budget: MAX_SCHEMAS,
        violations: Vec::new(),
        ids: BTreeSet::new(),
        definitions: BTreeMap::new(),
        resolving: Vec::new(),
        muted: false,
    };
    let interface = if let Some(object) = definition.as_object() {
        reader.interface(object)
    } else {
        reader.note("interface-object", "", "a model is a JSON object");
        Interface::default()
    };
    (interface, reader.violations)
}

pub(super) struct Reader {
    model: String,
    /// Schemas that may still be read. References can multiply what a small text describes.
    pub(super) budget: usize,
    violations: Vec<Violation>,
    ids: BTreeSet<String>,
    /// Reusable schemas of the interface by id.
    pub(super) definitions: BTreeMap<String, Value>,
    /// Reusable schemas being followed.
    pub(super) resolving: Vec<String>,
    /// While a reusable schema is read again through a reference.
    pub(super) muted: bool,
}

impl Reader {
    pub(super) fn note(&mut self, rule: &'static str, path: &str, detail: impl Into<String>) {
        if self.muted {
            return;
        }
        self.note_always(rule, path, detail);
    }

    /// Notes a fault that exists only where a reusable schema is used.
    pub(super) fn note_always(
        &mut self,
        rule: &'static str,
        path: &str,
        detail: impl Into<String>,
    ) {
        let (model, path, detail) = (self.model.clone(), path.to_owned(), detail.into());
        self.violations.push(Violation { model, rule, path, detail });
    }

    fn interface(&mut self, object: &Object) -> Interface {
        self.context(object);
        let cotypes = self.kind(object, "", &["Interface"]).1;
        let allowed = ["@context", "contents", "extends", "schemas"];
        self.known(object, "", &allowed, !cotypes.is_empty());
        let id = if let Some(id) = object.get("@id").and_then(Value::as_str) {
            if let Err(reason) = dtmi::check(id, dtmi::MAX_INTERFACE_ID) {
                self.note("interface-id", "@id", reason);
            }
            self.ids.insert(id.to_owned());
            id.to_owned()
        } else {
            self.note("interface-id", "@id", "an interface needs an @id");
            String::new()
        };
        let (display_name, description) = self.texts(object, "");
        let extends = self.extends(object);
        self.reusable_schemas(object);
        let mut interface = Interface { id, extends, display_name, description, contents: vec![] };
        for (path, element) in items(object, "", "contents") {
            if let Some((name, content)) = self.element(element, &path) {
                interface.contents.push((name, content, path));
            }
        }
        interface
    }

    fn context(&mut self, object: &Object) {
        let first = match object.get("@context") {
            Some(Value::Array(contexts)) => contexts.first(),
            other => other,
        };
        if first.and_then(Value::as_str) != Some(CONTEXT) {
            let detail = "the (first) context is 'dtmi:dtdl:context;2'";
            self.note("context", "@context", detail);
        }
    }

    fn extends(&mut self, object: &Object) -> Vec<String> {
        let mut ids = Vec::new();
        for (path, item) in items(object, "", "extends") {
            let Some(id) = item.as_str() else {
                self.note("interface-inline", &path, "an interface is extended by its id");
                continue;
            };
            if let Err(reason) = dtmi::check(id, dtmi::MAX_INTERFACE_ID) {
                self.note("extends-id", &path, reason);
            } else if ids.iter().any(|other| other == id) {
                self.note("extends-unique", &path, format!("{id} is extended twice"));
            } else {
                ids.push(id.to_owned());
            }
        }
        if ids.len() > MAX_DIRECT_EXTENDS {
            self.note("extends-count", "extends", "at most 2 interfaces are extended directly");
        }
        ids
    }

    /// The element's kind and its other types. The kind is the first of `allowed` found.
    pub(super) fn kind<'a>(
        &mut self,
        object: &'a Object,
        path: &str,
        allowed: &[&'static str],
    ) -> (Option<&'static str>, Vec<&'a str>) {
        let mut kind = None;
        let mut others = Vec::new();
        for (at, item) in items(object, path, "@type") {
            let Some(text) = item.as_str() else {
                self.note("type-text", &at, "a type is a string");
                continue;
            };
            let name = term(text);
            match allowed.iter().find(|allowed| **allowed == name) {
                Some(found) if kind.is_none() => kind = Some(*found),
                Some(_) => self.note("type-single", &at, "an element has one kind"),
                None if CLASSES.contains(&name) => {}
                None => others.push(name),
            }
        }
        if kind.is_none() {
            let detail = format!("@type names one of {}", allowed.join(", "));
            self.note("type", &join(path, "@type"), detail);
        }
        (kind, others)
    }

    /// Refuses properties that the kind does not have; an element with an undefined type may
    /// have undefined properties too.
    pub(super) fn known(&mut self, object: &Object, path: &str, allowed: &[&str], open: bool) {
        const COMMON: [&str; 5] = ["@id", "@type", "comment", "description", "displayName"];
        for name in object.keys() {
            let known = COMMON.contains(&name.as_str()) || allowed.contains(&name.as_str());
            if !known && !open {
                self.note("property-unknown", &join(path, name), "no such property here");
            }
        }
    }

    /// `displayName` and `description` by language; `comment` is checked only.
    pub(super) fn texts(
        &mut self,
        object: &Object,
        path: &str,
    ) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
        if let Some(comment) = object.get("comment") {
            let fits = comment.as_str().is_some_and(|text| text.chars().count() <= MAX_TEXT);
            if !fits {
                let detail = "a string of at most 512 characters";
                self.note("comment", &join(path, "comment"), detail);
            }
        }
        let display_name = self.localized(object, path, "displayName", MAX_DISPLAY_NAME);
        let description = self.localized(object, path, "description", MAX_TEXT);
        (display_name, description)
    }

    fn localized(
        &mut self,
        object: &Object,
        path: &str,
        name: &'static str,
        longest: usize,
    ) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let path = join(path, name);
        match object.get(name) {
            None => {}
            Some(Value::String(text)) => {
                texts.insert("en".to_owned(), text.clone());
            }
            Some(Value::Object(map)) => {
                for (language, text) in map {
                    match text.as_str() {
                        Some(text) => {
                            texts.insert(language.clone(), text.to_owned());
                        }
                        None => self.note("text", &join(&path, language), "a string"),
                    }
                }
            }
            Some(_) => self.note("text", &path, "a string, or strings by language"),
        }
        if texts.values().any(|text| text.chars().count() > longest) {
            let detail = format!("at most {longest} characters");
            self.note("text-length", &path, detail);
        }
        texts
    }

    /// The element's own id, if it has one.
    pub(super) fn own_id(&mut self, object: &Object, path: &str) -> Option<String> {
        let value = object.get("@id")?;
        let path = join(path, "@id");
        let Some(id) = value.as_str() else {
            self.note("element-id", &path, "an id is a string");
            return None;
        };
        if let Err(reason) = dtmi::check(id, dtmi::MAX_ELEMENT_ID) {
            self.note("element-id", &path, reason);
        }
        if !self.muted && !self.ids.insert(id.to_owned()) {
            self.note("element-id-unique", &path, format!("{id} is used twice"));
        }
        Some(id.to_owned())
    }

    pub(super) fn name(&mut self, object: &Object, path: &str) -> Option<String> {
        let path = join(path, "name");
        let Some(name) = object.get("name").and_then(Value::as_str) else {
            self.note("name-required", &path, "a name is required");
            return None;
        };
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if !letters || !begins || name.ends_with('_') {
            let detail = format!(
                "'{name}' must begin with a letter, go on with letters, digits and '_', and not \
                 end with '_'"
            );
            self.note("name-syntax", &path, detail);
        }
        if name.len() > MAX_NAME {
            self.note("name-length", &path, "a name has at most 64 characters");
        }
        Some(name.to_owned())
    }
}

/// The members of a set, which may be written as a single value instead of an array.
pub(super) fn items<'a>(object: &'a Object, path: &str, name: &str) -> Vec<(String, &'a Value)> {
    let path = join(path, name);
    match object.get(name) {
        None => Vec::new(),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (join(&path, &index.to_string()), item))
            .collect(),
        Some(single) => vec![(path, single)],
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

/// The short name of a term of the language that may be written as a DTMI, e.g.
/// `dtmi:dtdl:class:Property;2` or `dtmi:standard:unit:lux;2`.
pub(super) fn term(text: &str) -> &str {
    if !text.starts_with("dtmi:dtdl:") && !text.starts_with("dtmi:standard:") {
        return text;
    }
    let path = text.split(';').next().unwrap_or(text);
    path.rsplit(':').next().unwrap_or(text)
}

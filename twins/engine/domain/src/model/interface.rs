//! A parsed interface and what the protocol tells about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{model::schema::Schema, value::written};

/// What a declared relationship allows.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationshipRule {
    /// Model that the target must be or extend; `None`: any twin.
    pub target: Option<String>,
    /// Own properties by name.
    pub properties: BTreeMap<String, Schema>,
}

/// One element of an interface's contents.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A stored value.
    Property(Schema),
    /// A stream of values; never stored.
    Telemetry,
    /// A named edge to other twins.
    Relationship(RelationshipRule),
    /// A part, whose model is the interface named here.
    Component(String),
}

/// An interface with everything inherited.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Id.
    pub id: String,
    /// Interfaces extended directly, in order of declaration.
    pub extends: Vec<String>,
    /// Contents by name, inherited ones included.
    pub contents: BTreeMap<String, Content>,
    /// This interface and all that it extends at any depth.
    pub supertypes: BTreeSet<String>,
    /// Levels of `extends` above this one; 0 when it extends nothing.
    pub depth: usize,
}

impl Model {
    /// Components: name and model, by name.
    pub fn components(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contents.iter().filter_map(|(name, content)| match content {
            Content::Component(model) => Some((name.as_str(), model.as_str())),
            _ => None,
        })
    }

    /// The declared relationship of that name.
    pub fn relationship(&self, name: &str) -> Option<&RelationshipRule> {
        match self.contents.get(name) {
            Some(Content::Relationship(rule)) => Some(rule),
            _ => None,
        }
    }
}

/// What the protocol tells about a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelData {
    /// Id of the model.
    pub id: String,
    /// Names by language tag.
    pub display_name: BTreeMap<String, String>,
    /// Descriptions by language tag.
    pub description: BTreeMap<String, String>,
    /// When it was uploaded.
    pub upload_time: Timestamp,
    /// Whether new twins are forbidden.
    pub decommissioned: bool,
    /// The interface as uploaded.
    pub definition: Value,
}

impl ModelData {
    /// `{id, displayName, description, uploadTime, decommissioned}`, and `model` with the
    /// definition if wanted.
    pub fn to_json(&self, with_definition: bool) -> Value {
        let mut data = Map::new();
        data.insert("id".into(), json!(self.id));
        data.insert("displayName".into(), json!(self.display_name));
        data.insert("description".into(), json!(self.description));
        data.insert("uploadTime".into(), json!(written(self.upload_time)));
        data.insert("decommissioned".into(), json!(self.decommissioned));
        if with_definition {
            data.insert("model".into(), self.definition.clone());
        }
        Value::Object(data)
    }
}

//! One accepted write, as it is stored, replayed and told.
//!
//! A change holds the whole document that it leaves behind, not the difference: folding it needs
//! no rule that may be different in a later version, and twins are small.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    graph::Document,
    twin::{model_of, text},
    value::written,
};

/// Version of the stored form.
const VERSION: u64 = 1;

const TWIN_CREATE: &str = "Microsoft.DigitalTwins.Twin.Create";
const TWIN_UPDATE: &str = "Microsoft.DigitalTwins.Twin.Update";
const TWIN_DELETE: &str = "Microsoft.DigitalTwins.Twin.Delete";
const RELATIONSHIP_CREATE: &str = "Microsoft.DigitalTwins.Relationship.Create";
const RELATIONSHIP_UPDATE: &str = "Microsoft.DigitalTwins.Relationship.Update";
const RELATIONSHIP_DELETE: &str = "Microsoft.DigitalTwins.Relationship.Delete";

/// One accepted write.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub(crate) at: Timestamp,
    pub(crate) source_time: Option<Timestamp>,
    pub(crate) kind: Kind,
}

/// A relationship's document and the models of its ends when it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edge {
    pub(crate) document: Document,
    pub(crate) source_model: String,
    pub(crate) target_model: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    ModelsAdded {
        definitions: Vec<Value>,
    },
    ModelDecommissioned {
        id: String,
    },
    ModelDeleted {
        id: String,
    },
    TwinCreated {
        document: Document,
    },
    TwinUpdated {
        document: Document,
        operations: Vec<Value>,
    },
    TwinDeleted {
        document: Document,
    },
    /// `replaced` is what stood under the id before, if anything.
    RelationshipCreated {
        edge: Edge,
        replaced: Option<Edge>,
    },
    RelationshipUpdated {
        edge: Edge,
        operations: Vec<Value>,
    },
    RelationshipDeleted {
        edge: Edge,
    },
}

/// Why a stored change or snapshot cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read stored graph data: {reason}")]
pub struct MalformedRecord {
    /// What is wrong with it.
    pub reason: String,
}

impl MalformedRecord {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// A `CloudEvent` that a change causes.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// Id: the change's sequence number, zero-padded to 16 digits; the second event of one change
    /// has `.1` behind it. Ids order as text, derived ids (`<id>-<n>`) included.
    pub id: String,
    /// `CloudEvent` type, e.g. `Microsoft.DigitalTwins.Twin.Update`.
    pub event_type: &'static str,
    /// `CloudEvent` subject: twin id, or `<source>/relationships/<id>`.
    pub subject: String,
    /// When it happened: the request's source time, else the engine's clock.
    pub time: Timestamp,
    /// `CloudEvent` data.
    pub data: Document,
    /// Model of a relationship's source twin; `None` for twin events.
    pub source_model: Option<String>,
    /// Model of a relationship's target twin; `None` for twin events.
    pub target_model: Option<String>,
    /// Twin whose events must stay in order: the twin, or a relationship's source.
    pub aggregate: String,
}

impl Change {
    /// The engine's clock when the write was accepted.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The CloudEvents that the change causes, in order; none for models. Replacing a
    /// relationship by one to another twin or of another name is told as the deletion of the old
    /// and the creation of the new.
    pub fn notifications(&self, seq: u64) -> Vec<Notification> {
        let id = format!("{seq:016}");
        match &self.kind {
            Kind::ModelsAdded { .. }
            | Kind::ModelDecommissioned { .. }
            | Kind::ModelDeleted { .. } => Vec::new(),
            Kind::TwinCreated { document } => {
                vec![self.twin_event(id, TWIN_CREATE, document, Document::clone(document))]
            }
            Kind::TwinUpdated { document, operations } => {
                let data = json!({"modelId": model_of(document), "patch": operations});
                vec![self.twin_event(id, TWIN_UPDATE, document, Document::from(data))]
            }
            Kind::TwinDeleted { document } => {
                vec![self.twin_event(id, TWIN_DELETE, document, Document::clone(document))]
            }
            Kind::RelationshipCreated { edge, replaced } => {
                let moved = replaced.as_ref().filter(|old| !same_ends(old, edge));
                let created = Document::clone(&edge.document);
                match moved {
                    None => vec![self.edge_event(id, RELATIONSHIP_CREATE, edge, created)],
                    Some(old) => {
                        let second = format!("{id}.1");
                        let deleted = Document::clone(&old.document);
                        vec![
                            self.edge_event(id, RELATIONSHIP_DELETE, old, deleted),
                            self.edge_event(second, RELATIONSHIP_CREATE, edge, created),
                        ]
                    }
                }
            }
            Kind::RelationshipUpdated { edge, operations } => {
                let data = json!({"modelId": edge.source_model, "patch": operations});
                vec![self.edge_event(id, RELATIONSHIP_UPDATE, edge, Document::from(data))]
            }
            Kind::RelationshipDeleted { edge } => {
                let deleted = Document::clone(&edge.document);
                vec![self.edge_event(id, RELATIONSHIP_DELETE, edge, deleted)]
            }
        }
    }

    fn twin_event(
        &self,
        id: String,
        event_type: &'static str,
        document: &Value,
        data: Document,
    ) -> Notification {
        let twin = text(document, "$dtId").to_owned();
        Notification {
            id,
            event_type,
            subject: twin.clone(),
            time: self.source_time.unwrap_or(self.at),
            data,
            source_model: None,
            target_model: None,
            aggregate: twin,
        }
    }

    fn edge_event(
        &self,
        id: String,
        event_type: &'static str,
        edge: &Edge,
        data: Document,
    ) -> Notification {
        let source = text(&edge.document, "$sourceId").to_owned();
        let relationship = text(&edge.document, "$relationshipId");
        Notification {
            id,
            event_type,
            subject: format!("{source}/relationships/{relationship}"),
            time: self.source_time.unwrap_or(self.at),
            data,
            source_model: Some(edge.source_model.clone()),
            target_model: Some(edge.target_model.clone()),
            aggregate: source,
        }
    }

    /// Versioned JSON form, for the log.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("version".into(), json!(VERSION));
        members.insert("at".into(), json!(written(self.at)));
        if let Some(source_time) = self.source_time {
            members.insert("sourceTime".into(), json!(written(source_time)));
        }
        let (kind, content) = match &self.kind {
            Kind::ModelsAdded { definitions } => ("modelsAdded", json!(definitions)),
            Kind::ModelDecommissioned { id } => ("modelDecommissioned", json!(id)),
            Kind::ModelDeleted { id } => ("modelDeleted", json!(id)),
            Kind::TwinCreated { document } => ("twinCreated", Value::clone(document)),
            Kind::TwinUpdated { document, operations } => {
                members.insert("operations".into(), json!(operations));
                ("twinUpdated", Value::clone(document))
            }
            Kind::TwinDeleted { document } => ("twinDeleted", Value::clone(document)),
            Kind::RelationshipCreated { edge, replaced } => {
                if let Some(replaced) = replaced {
                    members.insert("replaced".into(), replaced.to_json());
                }
                ("relationshipCreated", edge.to_json())
            }
            Kind::RelationshipUpdated { edge, operations } => {
                members.insert("operations".into(), json!(operations));
                ("relationshipUpdated", edge.to_json())
            }
            Kind::RelationshipDeleted { edge } => ("relationshipDeleted", edge.to_json()),
        };
        members.insert("kind".into(), json!(kind));
        members.insert("content".into(), content);
        Value::Object(members)
    }

    /// Reads [`Change::to_json`].
    ///
    /// # Errors
    /// When the value is not a change of a known version.
    pub fn from_json(value: &Value) -> Result<Self, MalformedRecord> {
        if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(MalformedRecord::new("a change of an unknown version"));
        }
        let at = instant(value, "at")?.ok_or_else(|| MalformedRecord::new("no time"))?;
        let source_time = instant(value, "sourceTime")?;
        let content =
            value.get("content").ok_or_else(|| MalformedRecord::new("a change without content"))?;
        let id = || {
            let id = content.as_str().map(ToOwned::to_owned);
            id.ok_or_else(|| MalformedRecord::new("a model without id"))
        };
        let list = |list: Option<&Value>| {
            let list = list.and_then(Value::as_array).cloned();
            list.ok_or_else(|| MalformedRecord::new("a list is missing"))
        };
        let operations = || list(value.get("operations"));
        let kind = match value.get("kind").and_then(Value::as_str) {
            Some("modelsAdded") => Kind::ModelsAdded { definitions: list(Some(content))? },
            Some("modelDecommissioned") => Kind::ModelDecommissioned { id: id()? },
            Some("modelDeleted") => Kind::ModelDeleted { id: id()? },
            Some("twinCreated") => Kind::TwinCreated { document: twin_document(content)? },
            Some("twinUpdated") => {
                Kind::TwinUpdated { document: twin_document(content)?, operations: operations()? }
            }
            Some("twinDeleted") => Kind::TwinDeleted { document: twin_document(content)? },
            Some("relationshipCreated") => Kind::RelationshipCreated {
                edge: Edge::from_json(content)?,
                replaced: value.get("replaced").map(Edge::from_json).transpose()?,
            },
            Some("relationshipUpdated") => Kind::RelationshipUpdated {
                edge: Edge::from_json(content)?,
                operations: operations()?,
            },
            Some("relationshipDeleted") => {
                Kind::RelationshipDeleted { edge: Edge::from_json(content)? }
            }
            _ => return Err(MalformedRecord::new("a change of an unknown kind")),
        };
        Ok(Self { at, source_time, kind })
    }
}

impl Edge {
    fn to_json(&self) -> Value {
        json!({
            "document": *self.document,
            "sourceModel": self.source_model,
            "targetModel": self.target_model,
        })
    }

    fn from_json(value: &Value) -> Result<Self, MalformedRecord> {
        let document = value.get("document").cloned().unwrap_or_default();
        check_relationship(&document)?;
        Ok(Self {
            document: Document::from(document),
            source_model: text(value, "sourceModel").to_owned(),
            target_model: text(value, "targetModel").to_owned(),
        })
    }
}

pub(crate) fn twin_document(document: &Value) -> Result<Document, MalformedRecord> {
    if text(document, "$dtId").is_empty() {
        return Err(MalformedRecord::new("a twin without id"));
    }
    Ok(Document::from(document.clone()))
}

pub(crate) fn check_relationship(document: &Value) -> Result<(), MalformedRecord> {
    let names = ["$relationshipId", "$sourceId", "$targetId", "$relationshipName"];
    match names.iter().find(|name| text(document, name).is_empty()) {
        None => Ok(()),
        Some(name) => Err(MalformedRecord::new(format!("a relationship without {name}"))),
    }
}

pub(crate) fn instant(value: &Value, name: &str) -> Result<Option<Timestamp>, MalformedRecord> {
    let Some(member) = value.get(name) else { return Ok(None) };
    match member.as_str().and_then(crate::value::instant) {
        Some(at) => Ok(Some(at)),
        None => Err(MalformedRecord::new(format!("{name} is no instant"))),
    }
}

fn same_ends(old: &Edge, new: &Edge) -> bool {
    let same = |name| text(&old.document, name) == text(&new.document, name);
    same("$targetId") && same("$relationshipName")
}

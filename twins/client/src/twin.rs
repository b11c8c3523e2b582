//! Twins and relationships as read, and the properties of a twin to be written.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::{Missing, TwinError};

/// Properties of a twin or relationship to be written, each set; what is not here is not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(Map<String, Value>);

impl Properties {
    /// No properties.
    pub fn new() -> Properties {
        Properties::default()
    }

    /// With one more property.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Properties {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// With one more property when there is a value, else unchanged.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Properties {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for Properties {
    fn from(properties: Map<String, Value>) -> Properties {
        Properties(properties)
    }
}

/// A twin as the layer answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Twin {
    /// `$dtId`, case sensitive.
    pub id: String,
    /// Model id, `$metadata.$model`.
    pub model: String,
    /// The properties that are set, components as objects.
    pub properties: Map<String, Value>,
    /// `$metadata`: when each property was written and observed.
    pub metadata: Map<String, Value>,
    /// Entity tag, changes with every write.
    pub etag: String,
}

impl Twin {
    pub(crate) fn read(document: Value) -> Result<Twin, TwinError> {
        let mut members = object(document)?;
        let id = take_text(&mut members, "$dtId")?;
        let etag = take_text(&mut members, "$etag")?;
        let metadata = object(members.remove("$metadata").unwrap_or(Value::Null))?;
        let Some(model) = metadata.get("$model").and_then(Value::as_str) else {
            return Err(TwinError::Protocol(Box::new(Missing("$metadata.$model"))));
        };
        let model = model.to_owned();
        Ok(Twin { id, model, properties: members, metadata, etag })
    }

    /// The property's text; `None` when it is not set or is no text.
    pub fn text(&self, property: &str) -> Option<&str> {
        self.properties.get(property)?.as_str()
    }

    /// The property's number; `None` when it is not set or is no number.
    pub fn number(&self, property: &str) -> Option<f64> {
        self.properties.get(property)?.as_f64()
    }

    /// The property's integer, also when written as decimal text (some producers write enums so);
    /// `None` when it is not set or is neither.
    pub fn integer(&self, property: &str) -> Option<i64> {
        match self.properties.get(property)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The property's truth value; `None` when it is not set or is none.
    pub fn boolean(&self, property: &str) -> Option<bool> {
        self.properties.get(property)?.as_bool()
    }

    /// When the property's value was observed, by whoever wrote it; `None` when nobody said.
    pub fn source_time(&self, property: &str) -> Option<Timestamp> {
        self.time(property, "sourceTime")
    }

    /// When the property was last written, by the layer's clock; `None` when it is not set.
    pub fn last_update_time(&self, property: &str) -> Option<Timestamp> {
        self.time(property, "lastUpdateTime")
    }

    fn time(&self, property: &str, kind: &str) -> Option<Timestamp> {
        let text = self.metadata.get(property)?.get(kind)?.as_str()?;
        chiron_clock::instant::parse(text).ok()
    }
}

/// A relationship as the layer answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Relationship {
    /// `$relationshipId`, unique among those of one source.
    pub id: String,
    /// Twin where it starts.
    pub source: String,
    /// Twin where it ends.
    pub target: String,
    /// Name in the source's model.
    pub name: String,
    /// Own properties that are set.
    pub properties: Map<String, Value>,
    /// Entity tag, changes with every write.
    pub etag: String,
}

impl Relationship {
    pub(crate) fn read(document: Value) -> Result<Relationship, TwinError> {
        let mut members = object(document)?;
        Ok(Relationship {
            id: take_text(&mut members, "$relationshipId")?,
            source: take_text(&mut members, "$sourceId")?,
            target: take_text(&mut members, "$targetId")?,
            name: take_text(&mut members, "$relationshipName")?,
            etag: take_text(&mut members, "$etag")?,
            properties: members,
        })
    }
}

/// A relationship that ends at the twin asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// `$relationshipId`, unique among those of its source.
    pub id: String,
    /// Twin where it starts.
    pub source: String,
    /// Name in the source's model.
    pub name: String,
}

impl Incoming {
    pub(crate) fn read(document: Value) -> Result<Incoming, TwinError> {
        let mut members = object(document)?;
        Ok(Incoming {
            id: take_text(&mut members, "$relationshipId")?,
            source: take_text(&mut members, "$sourceId")?,
            name: take_text(&mut members, "$relationshipName")?,
        })
    }
}

pub(crate) fn object(document: Value) -> Result<Map<String, Value>, TwinError> {
    match document {
        Value::Object(members) => Ok(members),
        _ => Err(TwinError::Protocol(Box::new(Missing("object")))),
    }
}

fn take_text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, TwinError> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(TwinError::Protocol(Box::new(Missing(name)))),
    }
}

//! The document of a twin: what it must look like for its model, and how one is made from a body.

use serde_json::{Map, Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::Context,
    model::{Content, Model, ModelData, Models, Schema},
    value::{self, written},
};

/// Longest document of a twin or relationship, in bytes of its JSON text.
const MAX_DOCUMENT_BYTES: usize = 32 * 1024;
/// Longest id of a twin or relationship, in bytes.
const MAX_ID_BYTES: usize = 1024;

pub(crate) fn failed(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorCode::ValidationFailed, message)
}

/// Judges an id from a path.
pub(crate) fn check_id(id: &str) -> Result<(), EngineError> {
    if id.is_empty() || id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) {
        let message = "an id has 1 to 1024 bytes and no control characters";
        return Err(EngineError::new(ErrorCode::InvalidArgument, message));
    }
    Ok(())
}

/// The model that the document names; empty when it names none.
pub(crate) fn model_of(document: &Value) -> &str {
    document.pointer("/$metadata/$model").and_then(Value::as_str).unwrap_or_default()
}

/// A text member of the document; empty when absent.
pub(crate) fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The `ETag` made of a fresh UUID.
pub(crate) fn etag(context: &Context) -> String {
    format!("W/\"{}\"", context.etag)
}

/// The model for a twin that is written, new (`current` is `None`) or of another model so far.
pub(crate) fn writable_model<'a>(
    models: &'a Models,
    id: &str,
    current: Option<&str>,
) -> Result<&'a Model, EngineError> {
    let (Some(model), Some(data)) = (models.model(id), models.get(id)) else {
        return Err(failed(format!("model {id} does not exist")));
    };
    let ModelData { decommissioned, .. } = data;
    if *decommissioned && current != Some(id) {
        let message = format!("model {id} is decommissioned");
        return Err(EngineError::new(ErrorCode::ModelDecommissioned, message));
    }
    Ok(model)
}

/// Makes the document of a twin from the body of a PUT.
pub(crate) fn from_body(
    models: &Models,
    model: &Model,
    id: &str,
    body: &Map<String, Value>,
    context: &Context,
) -> Result<Value, EngineError> {
    let mut document = part_from_body(body, context)?;
    for (name, _) in model.components() {
        let Some(part) = body.get(name).and_then(Value::as_object) else { continue };
        document.insert(name.to_owned(), Value::Object(part_from_body(part, context)?));
        if let Some(Value::Object(metadata)) = document.get_mut("$metadata") {
            metadata.remove(name);
        }
    }
    if let Some(Value::Object(metadata)) = document.get_mut("$metadata") {
        metadata.insert("$model".into(), json!(model.id));
        metadata.insert("$lastUpdateTime".into(), json!(written(context.now)));
    }
    document.insert("$dtId".into(), json!(id));
    document.insert("$etag".into(), json!(etag(context)));
    let document = Value::Object(document);
    check(models, model, &document)?;
    Ok(document)
}

/// Properties of a twin's or component's body, each with its times.
fn part_from_body(
    body: &Map<String, Value>,
    context: &Context,
) -> Result<Map<String, Value>, EngineError> {
    let mut part = Map::new();
    let mut metadata = Map::new();
    for (name, value) in body {
        if name == "$metadata" || name == "$dtId" || name == "$etag" {
            continue;
        }
        let mut times = Map::new();
        times.insert("lastUpdateTime".into(), json!(written(context.now)));
        metadata.insert(name.clone(), Value::Object(times));
        part.insert(name.clone(), value.clone());
    }
    let given = match body.get("$metadata") {
        None => None,
        Some(Value::Object(given)) => Some(given),
        Some(_) => return Err(failed("$metadata is an object")),
    };
    for (name, times) in given.into_iter().flatten() {
        let Some(source_time) = times.get("sourceTime") else { continue };
        let Some(Value::Object(times)) = metadata.get_mut(name) else {
            return Err(failed(format!("'{name}' has a sourceTime but no value")));
        };
        times.insert("sourceTime".into(), json!(source_instant(source_time, context)?));
    }
    part.insert("$metadata".into(), Value::Object(metadata));
    Ok(part)
}

/// Reads a source time and writes it in our form.
pub(crate) fn source_instant(value: &Value, context: &Context) -> Result<String, EngineError> {
    let Some(at) = value.as_str().and_then(value::instant) else {
        return Err(failed("a sourceTime is an RFC 3339 date and time"));
    };
    if let Some((earliest, latest)) = context.window
        && (at < earliest || at > latest)
    {
        let (earliest, latest) = (written(earliest), written(latest));
        let message = format!("a sourceTime lies between {earliest} and {latest} now");
        return Err(failed(message));
    }
    Ok(written(at))
}

/// Whether a twin's document fits its model.
pub(crate) fn check(models: &Models, model: &Model, document: &Value) -> Result<(), EngineError> {
    let members = document.as_object().into_iter().flatten();
    for (name, value) in members.filter(|(name, _)| !is_own_member(name)) {
        match model.contents.get(name) {
            Some(Content::Property(schema)) => check_value(schema, name, value)?,
            Some(Content::Component(part_id)) => check_part(models, part_id, name, value)?,
            Some(Content::Telemetry | Content::Relationship(_)) | None => {
                return Err(failed(format!("model {} has no property '{name}'", model.id)));
            }
        }
    }
    for (name, _) in model.components() {
        if document.get(name).is_none() {
            let id = &model.id;
            let message = format!("component '{name}' of model {id} is missing; {{}} is enough");
            return Err(failed(message));
        }
    }
    check_size(document)
}

fn check_part(
    models: &Models,
    part_id: &str,
    component: &str,
    value: &Value,
) -> Result<(), EngineError> {
    let Some(members) = value.as_object() else {
        return Err(failed(format!("component '{component}' is an object")));
    };
    let Some(part) = models.model(part_id) else {
        return Err(failed(format!("model {part_id} of '{component}' does not exist")));
    };
    for (name, value) in members.iter().filter(|(name, _)| name.as_str() != "$metadata") {
        if let Some(Content::Property(schema)) = part.contents.get(name) {
            check_value(schema, &format!("{component}/{name}"), value)?;
        } else {
            let message = format!("component '{component}' has no property '{name}'");
            return Err(failed(message));
        }
    }
    Ok(())
}

/// Whether one value fits; `path` names it in the error.
pub(crate) fn check_value(schema: &Schema, path: &str, value: &Value) -> Result<(), EngineError> {
    value::check(schema, value).map_err(|misfit| {
        failed(format!("the value at '/{path}{}' must be {}", misfit.path, misfit.expected))
    })
}

pub(crate) fn check_size(document: &Value) -> Result<(), EngineError> {
    if document.to_string().len() > MAX_DOCUMENT_BYTES {
        return Err(failed("a twin or relationship has at most 32 KB"));
    }
    Ok(())
}

fn is_own_member(name: &str) -> bool {
    name == "$dtId" || name == "$etag" || name == "$metadata"
}

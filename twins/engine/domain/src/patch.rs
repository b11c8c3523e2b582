//! JSON Patch on twins and relationships: `add`, `replace` and `remove`, all or nothing.
//!
//! A patch is judged by its result: operations edit a copy of the document in order, then the
//! whole must fit the model. What is told of the patch afterwards are its operations as applied,
//! with source times in our written form.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::Context,
    model::{Model, Models},
    twin,
    value::written,
};

/// A patch that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patched {
    /// The document after it.
    pub(crate) document: Value,
    /// Its operations, `{op, path, value}`, paths from the document's root.
    pub(crate) operations: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Replace,
    Remove,
}

#[derive(Debug, Clone)]
struct Operation {
    kind: Kind,
    tokens: Vec<String>,
    /// `Null` for `remove`.
    value: Value,
}

fn invalid(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorCode::JsonPatchInvalid, message)
}

/// Whether the patch is the one that decommissions a model, the only one that models take.
pub(crate) fn check_decommission(patch: &Value) -> Result<(), EngineError> {
    match parse(patch)?.as_slice() {
        [Operation { kind: Kind::Replace, tokens, value: Value::Bool(true) }]
            if tokens.len() == 1 && tokens.iter().all(|token| token == "decommissioned") =>
        {
            Ok(())
        }
        _ => Err(invalid("a model takes only replace of /decommissioned by true")),
    }
}

/// Applies a patch to a twin; inside `component` if given.
pub(crate) fn patch_twin(
    models: &Models,
    document: &Value,
    patch: &Value,
    component: Option<&str>,
    context: &Context,
) -> Result<Patched, EngineError> {
    let mut operations = parse(patch)?;
    for operation in &mut operations {
        if let Some(component) = component {
            operation.tokens.insert(0, component.to_owned());
        }
    }
    let current = twin::model_of(document);
    let next = operations.iter().rev().find(|operation| is_model_path(&operation.tokens));
    let next = match next.filter(|operation| operation.kind != Kind::Remove) {
        Some(operation) => operation.value.as_str().unwrap_or_default(),
        None => current,
    };
    let model = twin::writable_model(models, next, Some(current))?;
    let mut edit = Edit {
        document: document.as_object().cloned().unwrap_or_default(),
        components: component_names(models, &[current, next]),
        context,
    };
    let mut applied = Vec::new();
    for mut operation in operations.clone() {
        edit.apply(&mut operation)?;
        applied.push(told(&operation));
    }
    let document = edit.finish(model)?;
    twin::check(models, model, &document)?;
    Ok(Patched { document, operations: applied })
}

/// Applies a patch to a relationship's own properties; the result is not checked here.
pub(crate) fn patch_relationship(
    document: &Value,
    patch: &Value,
    context: &Context,
) -> Result<Patched, EngineError> {
    let operations = parse(patch)?;
    let mut members = document.as_object().cloned().unwrap_or_default();
    for operation in &operations {
        if operation.tokens.first().is_none_or(|token| token.starts_with('$')) {
            return Err(invalid("a relationship's patch changes its own properties only"));
        }
        edit_at(&mut members, &operation.tokens, operation)?;
    }
    members.insert("$etag".into(), json!(twin::etag(context)));
    let operations = operations.iter().map(told).collect();
    Ok(Patched { document: Value::Object(members), operations })
}

/// The operations that tell of a twin replaced as a whole: every property of the new one, changed
/// or not, then what went.
pub(crate) fn between(former: &Value, document: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    let (old_model, model) = (twin::model_of(former), twin::model_of(document));
    if old_model != model {
        operations.push(json!({"op": "replace", "path": "/$metadata/$model", "value": model}));
    }
    tell_part(Some(former), document, "", &mut operations);
    operations
}

fn tell_part(former: Option<&Value>, part: &Value, prefix: &str, operations: &mut Vec<Value>) {
    let members = part.as_object().into_iter().flatten();
    let own = |name: &str| !name.starts_with('$');
    for (name, value) in members.filter(|(name, _)| own(name)) {
        let before = former.and_then(|former| former.get(name));
        let path = format!("{prefix}/{name}");
        // Only components have their times with them.
        if value.get("$metadata").is_some() {
            tell_part(before, value, &path, operations);
            continue;
        }
        let op = if before.is_some() { "replace" } else { "add" };
        operations.push(json!({"op": op, "path": path, "value": value}));
        let source_time =
            part.get("$metadata").and_then(|times| times.get(name)?.get("sourceTime"));
        if let Some(source_time) = source_time {
            let path = format!("{prefix}/$metadata/{name}/sourceTime");
            operations.push(json!({"op": "add", "path": path, "value": source_time}));
        }
    }
    let members = former.and_then(Value::as_object).into_iter().flatten();
    for (name, _) in members.filter(|(name, _)| own(name) && part.get(name.as_str()).is_none()) {
        operations.push(json!({"op": "remove", "path": format!("{prefix}/{name}")}));
    }
}

fn parse(patch: &Value) -> Result<Vec<Operation>, EngineError> {
    let Some(operations) = patch.as_array().filter(|operations| !operations.is_empty()) else {
        return Err(invalid("a JSON Patch is an array of at least one operation"));
    };
    operations.iter().map(parse_operation).collect()
}

fn parse_operation(operation: &Value) -> Result<Operation, EngineError> {
    let kind = match operation.get("op").and_then(Value::as_str) {
        Some("add") => Kind::Add,
        Some("replace") => Kind::Replace,
        Some("remove") => Kind::Remove,
        _ => return Err(invalid("an operation's op is add, replace or remove")),
    };
    let Some(path) = operation.get("path").and_then(Value::as_str) else {
        return Err(invalid("an operation has a path"));
    };
    let Some(rest) = path.strip_prefix('/') else {
        return Err(invalid(format!("the path '{path}' does not begin with '/'")));
    };
    let tokens = rest.split('/').map(unescape).collect::<Option<Vec<String>>>();
    let Some(tokens) = tokens.filter(|tokens| tokens.iter().all(|token| !token.is_empty())) else {
        return Err(invalid(format!("the path '{path}' is not a JSON pointer to a property")));
    };
    let value = match (kind, operation.get("value")) {
        (Kind::Remove, _) => Value::Null,
        (_, Some(value)) => value.clone(),
        (_, None) => return Err(invalid(format!("the operation on '{path}' has no value"))),
    };
    Ok(Operation { kind, tokens, value })
}

/// `None` when a `~` is followed by neither 0 nor 1.
fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(char) = chars.next() {
        match char {
            '~' => match chars.next()? {
                '0' => text.push('~'),
                '1' => text.push('/'),
                _ => return None,
            },
            other => text.push(other),
        }
    }
    Some(text)
}

/// An operation as it is told in events.
fn told(operation: &Operation) -> Value {
    let mut path = String::new();
    for token in &operation.tokens {
        path.push('/');
        path.push_str(&token.replace('~', "~0").replace('/', "~1"));
    }
    match operation.kind {
        Kind::Add => json!({"op": "add", "path": path, "value": operation.value}),
        Kind::Replace => json!({"op": "replace", "path": path, "value": operation.value}),
        Kind::Remove => json!({"op": "remove", "path": path}),
    }
}

fn is_model_path(tokens: &[String]) -> bool {
    matches!(tokens, [metadata, model] if metadata == "$metadata" && model == "$model")
}

fn component_names(models: &Models, ids: &[&str]) -> BTreeSet<String> {
    let models = ids.iter().filter_map(|id| models.model(id));
    models.flat_map(|model| model.components()).map(|(name, _)| name.to_owned()).collect()
}

/// A twin's document being edited.
struct Edit<'a> {
    document: Map<String, Value>,
    components: BTreeSet<String>,
    context: &'a Context,
}

impl Edit<'_> {
    fn apply(&mut self, operation: &mut Operation) -> Result<(), EngineError> {
        let tokens = operation.tokens.clone();
        if is_model_path(&tokens) {
            return self.set_model(operation);
        }
        let Some(first) = tokens.first() else { return Err(invalid("an empty path")) };
        if !self.components.contains(first) {
            return edit_part(&mut self.document, &tokens, operation, self.context);
        }
        if let [name] = tokens.as_slice() {
            return self.edit_component(name, operation);
        }
        let Some(Value::Object(part)) = self.document.get_mut(first) else {
            let message = format!("component '{first}' is not there; add it as a whole first");
            return Err(invalid(message));
        };
        edit_part(part, tokens.get(1..).unwrap_or_default(), operation, self.context)
    }

    fn set_model(&mut self, operation: &Operation) -> Result<(), EngineError> {
        let (Kind::Add | Kind::Replace, Value::String(id)) = (operation.kind, &operation.value)
        else {
            return Err(invalid("/$metadata/$model takes add or replace with a model id"));
        };
        with_metadata(&mut self.document, |metadata| metadata.insert("$model".into(), json!(id)));
        Ok(())
    }

    /// Sets or removes a component as a whole.
    fn edit_component(&mut self, name: &str, operation: &Operation) -> Result<(), EngineError> {
        let is_there = self.document.contains_key(name);
        match (operation.kind, &operation.value) {
            (Kind::Replace | Kind::Remove, _) if !is_there => {
                Err(invalid(format!("component '{name}' is not there")))
            }
            (Kind::Remove, _) => {
                self.document.remove(name);
                Ok(())
            }
            (_, Value::Object(members)) => {
                let mut part = Map::new();
                part.insert("$metadata".into(), json!({}));
                for (member, value) in members.iter().filter(|(name, _)| *name != "$metadata") {
                    part.insert(member.clone(), value.clone());
                    touch(&mut part, member, self.context);
                }
                self.document.insert(name.to_owned(), Value::Object(part));
                Ok(())
            }
            _ => Err(invalid(format!("component '{name}' is an object"))),
        }
    }

    /// The document with its new times and tag.
    fn finish(mut self, model: &Model) -> Result<Value, EngineError> {
        no_times_without_value(&mut self.document)?;
        for (name, _) in model.components() {
            if let Some(Value::Object(part)) = self.document.get_mut(name) {
                no_times_without_value(part)?;
            }
        }
        self.document.insert("$etag".into(), json!(twin::etag(self.context)));
        let now = json!(written(self.context.now));
        with_metadata(&mut self.document, |metadata| {
            metadata.insert("$lastUpdateTime".into(), now)
        });
        Ok(Value::Object(self.document))
    }
}

/// Applies an operation to the properties of a twin or of a component.
fn edit_part(
    part: &mut Map<String, Value>,
    tokens: &[String],
    operation: &mut Operation,
    context: &Context,
) -> Result<(), EngineError> {
    match tokens {
        [first, name, last] if first == "$metadata" && last == "sourceTime" => {
            if name.starts_with('$') {
                return Err(invalid(format!("'{name}' has no sourceTime")));
            }
            if operation.kind != Kind::Remove {
                operation.value = json!(twin::source_instant(&operation.value, context)?);
            }
            with_metadata(part, |metadata| {
                metadata.entry(name.clone()).or_insert_with(|| json!({}));
                edit_at(metadata, &[name.clone(), last.clone()], operation)
            })
        }
        [first, ..] if first.starts_with('$') => {
            let message = "of what begins with '$' only /$metadata/$model and \
                           /$metadata/<property>/sourceTime can be patched";
            Err(invalid(message))
        }
        [name] if operation.kind == Kind::Remove => {
            edit_at(part, tokens, operation)?;
            with_metadata(part, |metadata| metadata.remove(name));
            Ok(())
        }
        [name, ..] => {
            edit_at(part, tokens, operation)?;
            touch(part, name, context);
            Ok(())
        }
        [] => Err(invalid("an empty path")),
    }
}

fn edit_at(
    members: &mut Map<String, Value>,
    tokens: &[String],
    operation: &Operation,
) -> Result<(), EngineError> {
    let Some((last, above)) = tokens.split_last() else { return Err(invalid("an empty path")) };
    let mut members = members;
    for token in above {
        members = if let Some(Value::Object(inner)) = members.get_mut(token) {
            inner
        } else {
            let message = format!("'{token}' is not there; add the whole object first");
            return Err(invalid(message));
        };
    }
    match operation.kind {
        // 400 for a property never set is from the service's issue tracker, not from its
        // documentation; `add` works in both cases.
        Kind::Replace | Kind::Remove if !members.contains_key(last) => {
            return Err(invalid(format!("'{last}' was never set; use add")));
        }
        Kind::Add | Kind::Replace => {
            members.insert(last.clone(), operation.value.clone());
        }
        Kind::Remove => {
            members.remove(last);
        }
    }
    Ok(())
}

/// Edits the times of a twin or component, which are an object whatever stood there.
fn with_metadata<R>(
    part: &mut Map<String, Value>,
    edit: impl FnOnce(&mut Map<String, Value>) -> R,
) -> R {
    let mut metadata = match part.remove("$metadata") {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    };
    let result = edit(&mut metadata);
    part.insert("$metadata".into(), Value::Object(metadata));
    result
}

fn touch(part: &mut Map<String, Value>, name: &str, context: &Context) {
    with_metadata(part, |metadata| {
        let times = metadata.entry(name.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(times) = times {
            times.insert("lastUpdateTime".into(), json!(written(context.now)));
        }
    });
}

fn no_times_without_value(part: &mut Map<String, Value>) -> Result<(), EngineError> {
    let names: Vec<String> = with_metadata(part, |metadata| metadata.keys().cloned().collect());
    match names.iter().find(|name| !name.starts_with('$') && !part.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(twin::failed(format!("'{name}' has a sourceTime but no value"))),
    }
}

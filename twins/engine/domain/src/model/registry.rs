//! The models of an instance.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    error::{EngineError, ErrorCode},
    model::{
        error::{ModelError, Violation},
        interface::{Content, Model, ModelData},
        reader::{Interface, is_other_version, read},
    },
};

/// Most models of one upload.
pub const MAX_MODELS_PER_UPLOAD: usize = 250;
/// Most models of an instance.
pub const MAX_MODELS: usize = 10_000;
/// Longest definition of a model, in bytes of its JSON text.
pub const MAX_MODEL_BYTES: usize = 1024 * 1024;

const MAX_DEPTH: usize = 10;
const MAX_CONTENTS: usize = 300;

#[derive(Debug, Clone)]
struct Stored {
    data: ModelData,
    model: Arc<Model>,
}

/// The models of an instance, by id.
#[derive(Debug, Clone, Default)]
pub struct Models {
    entries: BTreeMap<String, Stored>,
}

impl Models {
    /// What the protocol tells about a model.
    pub fn get(&self, id: &str) -> Option<&ModelData> {
        self.entries.get(id).map(|entry| &entry.data)
    }

    /// The parsed model with everything inherited.
    pub fn model(&self, id: &str) -> Option<&Arc<Model>> {
        self.entries.get(id).map(|entry| &entry.model)
    }

    /// Number of models.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Models by id: all of them when `dependencies_for` is empty, else those named and
    /// everything that they extend or have as component, at any depth.
    ///
    /// # Errors
    /// `ModelNotFound` for a name that is not there.
    pub fn list(&self, dependencies_for: &[String]) -> Result<Vec<&ModelData>, EngineError> {
        if dependencies_for.is_empty() {
            return Ok(self.entries.values().map(|entry| &entry.data).collect());
        }
        let mut wanted = BTreeSet::new();
        let mut open: Vec<&str> = Vec::new();
        for id in dependencies_for {
            self.entry(id)?;
            open.push(id);
        }
        while let Some(id) = open.pop() {
            let Some(entry) = self.entries.get(id) else { continue };
            if wanted.insert(id) {
                open.extend(entry.model.extends.iter().map(String::as_str));
                open.extend(entry.model.components().map(|(_, model)| model));
            }
        }
        Ok(wanted.iter().filter_map(|id| self.get(id)).collect())
    }

    /// Whether `sub` is `sup` or, unless `exact`, extends it at any depth. A deleted model is
    /// still itself.
    pub fn is_of_model(&self, sub: &str, sup: &str, exact: bool) -> bool {
        sub == sup || !exact && self.model(sub).is_some_and(|model| model.supertypes.contains(sup))
    }

    /// All models that are `sup` or extend it, `sup` itself first, stored or not.
    pub fn subtypes<'a>(&'a self, sup: &'a str) -> impl Iterator<Item = &'a str> {
        let extending = self.entries.values().map(|entry| entry.model.as_ref());
        let extending = extending
            .filter(move |model| model.id != sup && model.supertypes.contains(sup))
            .map(|model| model.id.as_str());
        std::iter::once(sup).chain(extending)
    }

    /// Judges an upload: all models are good, or none is taken.
    ///
    /// # Errors
    /// Every broken rule of DTDL, or why the upload as such is refused.
    pub fn check(&self, uploads: &[Value], at: Timestamp) -> Result<Vec<ModelData>, ModelError> {
        if uploads.is_empty() {
            return Err(ModelError::Argument("an upload holds at least one model"));
        }
        if uploads.len() > MAX_MODELS_PER_UPLOAD {
            return Err(ModelError::Limit("an upload holds at most 250 models"));
        }
        if self.entries.len() + uploads.len() > MAX_MODELS {
            return Err(ModelError::Limit("an instance holds at most 10,000 models"));
        }
        for (position, upload) in uploads.iter().enumerate() {
            if is_other_version(upload) {
                let id = upload.get("@id").and_then(Value::as_str);
                let id = id.map_or_else(|| format!("model {position}"), ToOwned::to_owned);
                return Err(ModelError::Version(id));
            }
            if upload.to_string().len() > MAX_MODEL_BYTES {
                return Err(ModelError::Limit("a model has at most 1 MB"));
            }
        }
        let (entries, violations) = self.resolve(uploads, at);
        let stored = entries.iter().find(|entry| self.entries.contains_key(&entry.data.id));
        if let Some(entry) = stored {
            return Err(ModelError::AlreadyExists(entry.data.id.clone()));
        }
        if violations.is_empty() {
            Ok(entries.into_iter().map(|entry| entry.data).collect())
        } else {
            Err(ModelError::Invalid(violations))
        }
    }

    /// Judges an upload and takes it.
    ///
    /// # Errors
    /// As [`Models::check`]; nothing is taken then.
    pub fn add(&mut self, uploads: &[Value], at: Timestamp) -> Result<Vec<ModelData>, ModelError> {
        let added = self.check(uploads, at)?;
        self.restore(uploads, at);
        Ok(added)
    }

    /// Takes models that were judged before, without judging them again.
    pub fn restore(&mut self, uploads: &[Value], at: Timestamp) {
        let (entries, _) = self.resolve(uploads, at);
        self.entries.extend(entries.into_iter().map(|entry| (entry.data.id.clone(), entry)));
    }

    /// Judges the end of a model for new twins.
    ///
    /// # Errors
    /// `ModelNotFound`, or `ModelReferencesNotDecommissioned` while one that is not
    /// decommissioned extends it or has it as component.
    pub fn check_decommission(&self, id: &str) -> Result<(), EngineError> {
        self.entry(id)?;
        match self.referring(id).find(|entry| !entry.data.decommissioned) {
            None => Ok(()),
            Some(other) => Err(EngineError::new(
                ErrorCode::ModelReferencesNotDecommissioned,
                format!("model {} refers to {id} and is not decommissioned", other.data.id),
            )),
        }
    }

    /// Sets when a model was uploaded; for restoring.
    pub(crate) fn set_upload_time(&mut self, id: &str, at: Timestamp) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.data.upload_time = at;
        }
    }

    /// Forbids new twins of a model.
    pub fn decommission(&mut self, id: &str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.data.decommissioned = true;
        }
    }

    /// Judges the deletion of a model.
    ///
    /// # Errors
    /// `ModelNotFound`, or `ModelReferencesNotDeleted` while another extends it or has it as
    /// component. Twins do not keep a model from being deleted.
    pub fn check_delete(&self, id: &str) -> Result<(), EngineError> {
        self.entry(id)?;
        match self.referring(id).next() {
            None => Ok(()),
            Some(other) => Err(EngineError::new(
                ErrorCode::ModelReferencesNotDeleted,
                format!("model {} refers to {id}", other.data.id),
            )),
        }
    }

    /// Forgets a model.
    pub fn delete(&mut self, id: &str) {
        self.entries.remove(id);
    }

    fn entry(&self, id: &str) -> Result<&Stored, EngineError> {
        self.entries.get(id).ok_or_else(|| {
            EngineError::new(ErrorCode::ModelNotFound, format!("there is no model {id}"))
        })
    }

    fn referring<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Stored> {
        self.entries.values().filter(move |entry| {
            let model = &entry.model;
            model.id != id
                && (model.extends.iter().any(|other| other == id)
                    || model.components().any(|(_, other)| other == id))
        })
    }

    /// Reads the uploads and copies in what they inherit, from each other too.
    fn resolve(&self, uploads: &[Value], at: Timestamp) -> (Vec<Stored>, Vec<Violation>) {
        let mut violations = Vec::new();
        let mut pending = BTreeMap::new();
        let mut definitions = BTreeMap::new();
        for (position, upload) in uploads.iter().enumerate() {
            let (interface, found) = read(upload, position);
            violations.extend(found);
            let id = interface.id.clone();
            if pending.insert(id.clone(), interface).is_some() {
                violations.push(violation(&id, "model-unique", "@id", "uploaded twice"));
            }
            definitions.insert(id, upload);
        }
        let mut resolution =
            Resolution { stored: self, pending, done: BTreeMap::new(), open: vec![], violations };
        let ids: Vec<String> = resolution.pending.keys().cloned().collect();
        for id in &ids {
            resolution.model(id);
        }
        let components: Vec<Violation> =
            ids.iter().flat_map(|id| resolution.component_faults(id)).collect();
        resolution.violations.extend(components);
        let Resolution { mut pending, done, violations, .. } = resolution;
        let entries = done.into_iter().filter_map(|(id, model)| {
            let interface = pending.remove(&id)?;
            let definition = (*definitions.get(&id)?).clone();
            let data = ModelData {
                id,
                display_name: interface.display_name,
                description: interface.description,
                upload_time: at,
                decommissioned: false,
                definition,
            };
            Some(Stored { data, model })
        });
        (entries.collect(), violations)
    }
}

fn violation(model: &str, rule: &'static str, path: &str, detail: impl Into<String>) -> Violation {
    Violation { model: model.to_owned(), rule, path: path.to_owned(), detail: detail.into() }
}

/// Work under way when models are resolved against those stored and against each other.
struct Resolution<'a> {
    stored: &'a Models,
    pending: BTreeMap<String, Interface>,
    done: BTreeMap<String, Arc<Model>>,
    /// Models whose bases are being resolved.
    open: Vec<String>,
    violations: Vec<Violation>,
}

impl Resolution<'_> {
    fn find(&self, id: &str) -> Option<&Arc<Model>> {
        self.done.get(id).or_else(|| self.stored.model(id))
    }

    /// The resolved model of that id; `None` when there is none or it extends itself.
    fn model(&mut self, id: &str) -> Option<Arc<Model>> {
        if let Some(model) = self.done.get(id) {
            return Some(Arc::clone(model));
        }
        if self.open.iter().any(|other| other == id) {
            return None;
        }
        let Some(interface) = self.pending.get(id) else {
            return self.stored.model(id).map(Arc::clone);
        };
        let (extends, own) = (interface.extends.clone(), interface.contents.clone());
        self.open.push(id.to_owned());
        let mut model = Model {
            id: id.to_owned(),
            extends: extends.clone(),
            contents: BTreeMap::new(),
            supertypes: BTreeSet::from([id.to_owned()]),
            depth: 0,
        };
        for (position, base_id) in extends.iter().enumerate() {
            let path = format!("extends/{position}");
            if self.open.contains(base_id) {
                let detail = format!("{base_id} extends itself");
                self.violations.push(violation(id, "extends-recursion", &path, detail));
                continue;
            }
            let Some(base) = self.model(base_id) else {
                let detail = format!("{base_id} is neither stored nor in this upload");
                self.violations.push(violation(id, "extends-exists", &path, detail));
                continue;
            };
            self.inherit(&mut model, &base, &path);
        }
        if model.depth > MAX_DEPTH {
            let detail = "interfaces extend each other at most 10 levels";
            self.violations.push(violation(id, "extends-depth", "extends", detail));
        }
        for (name, content, path) in own {
            match model.contents.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(content);
                }
                Entry::Occupied(place) => {
                    let detail = format!("'{}' is used twice or inherited", place.key());
                    let path = format!("{path}/name");
                    self.violations.push(violation(id, "name-unique", &path, detail));
                }
            }
        }
        if model.contents.len() > MAX_CONTENTS {
            let detail = "at most 300 contents, inherited ones included";
            self.violations.push(violation(id, "contents-count", "contents", detail));
        }
        self.open.pop();
        let model = Arc::new(model);
        self.done.insert(id.to_owned(), Arc::clone(&model));
        Some(model)
    }

    /// Copies a base's contents in. Two bases may share a base of their own.
    fn inherit(&mut self, model: &mut Model, base: &Model, path: &str) {
        let shared: BTreeSet<String> = model
            .supertypes
            .intersection(&base.supertypes)
            .filter_map(|id| self.find(id))
            .flat_map(|common| common.contents.keys().cloned())
            .collect();
        for (name, content) in &base.contents {
            if model.contents.contains_key(name) && !shared.contains(name) {
                let detail = format!("'{name}' is inherited from two interfaces");
                self.violations.push(violation(&model.id, "name-unique", path, detail));
            }
            model.contents.insert(name.clone(), content.clone());
        }
        model.supertypes.extend(base.supertypes.iter().cloned());
        model.depth = model.depth.max(base.depth + 1);
    }

    /// Components exist and have no components themselves.
    fn component_faults(&self, id: &str) -> Vec<Violation> {
        let Some(interface) = self.pending.get(id) else { return Vec::new() };
        let mut faults = Vec::new();
        for (_, content, path) in &interface.contents {
            let Content::Component(model) = content else { continue };
            let path = format!("{path}/schema");
            match self.find(model) {
                None => {
                    let detail = format!("{model} is neither stored nor in this upload");
                    faults.push(violation(id, "component-exists", &path, detail));
                }
                Some(part) if part.components().next().is_some() => {
                    let detail = format!("{model} has components itself");
                    faults.push(violation(id, "component-depth", &path, detail));
                }
                Some(_) => {}
            }
        }
        faults
    }
}

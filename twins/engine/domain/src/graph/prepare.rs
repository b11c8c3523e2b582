//! Judges writes against the present graph.

use std::ops::Deref;

use serde_json::{Map, Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::{Change, Command, Context, Document, Graph, Prepared, change::Kind, conditions},
    patch,
    twin::{self, failed, model_of},
};

/// Most twins of an instance.
pub const MAX_TWINS: usize = 2_000_000;
/// Most relationships that leave one twin, and most that reach it.
pub const MAX_RELATIONSHIPS_PER_TWIN: usize = 50_000;

impl Graph {
    /// Judges a write against the present graph without changing it. Writes on one graph must be
    /// prepared and applied one after the other.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn prepare(&self, command: Command, context: &Context) -> Result<Prepared, EngineError> {
        match command {
            Command::AddModels { models } => self.add_models(models, context),
            Command::Decommission { id, patch } => {
                self.models.check_decommission(&id)?;
                patch::check_decommission(&patch)?;
                Ok(without_answer(Kind::ModelDecommissioned { id }, context))
            }
            Command::DeleteModel { id } => {
                self.models.check_delete(&id)?;
                Ok(without_answer(Kind::ModelDeleted { id }, context))
            }
            Command::PutTwin { id, body, if_none_match, if_match } => {
                let conditions = (if_none_match.as_deref(), if_match.as_deref());
                self.put_twin(&id, &body, conditions, context)
            }
            Command::PatchTwin { id, patch, if_match } => {
                self.patch_twin(&id, None, &patch, if_match.as_deref(), context)
            }
            Command::PatchComponent { id, path, patch, if_match } => {
                self.component(&id, &path)?;
                self.patch_twin(&id, Some(&path), &patch, if_match.as_deref(), context)
            }
            Command::DeleteTwin { id, if_match } => {
                self.delete_twin(&id, if_match.as_deref(), context)
            }
            Command::PutRelationship { source, id, body, if_none_match, if_match } => {
                let conditions = (if_none_match.as_deref(), if_match.as_deref());
                self.put_relationship(&source, &id, &body, conditions, context)
            }
            Command::PatchRelationship { source, id, patch, if_match } => {
                self.patch_relationship(&source, &id, &patch, if_match.as_deref(), context)
            }
            Command::DeleteRelationship { source, id, if_match } => {
                self.delete_relationship(&source, &id, if_match.as_deref(), context)
            }
        }
    }

    fn add_models(
        &self,
        definitions: Vec<Value>,
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        let added = self.models.check(&definitions, context.now)?;
        let answer = added.iter().map(|data| data.to_json(false)).collect();
        Ok(Prepared {
            change: change(Kind::ModelsAdded { definitions }, context),
            answer: Some(Document::from(Value::Array(answer))),
            etag: None,
        })
    }

    fn put_twin(
        &self,
        id: &str,
        body: &Value,
        (if_none_match, if_match): (Option<&str>, Option<&str>),
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        twin::check_id(id)?;
        let body = object(body)?;
        same_or_absent(body, "$dtId", id)?;
        let stored = self.twin(id).map(Deref::deref);
        conditions::check(stored, if_none_match, if_match)?;
        let model = body.get("$metadata").and_then(|metadata| metadata.get("$model"));
        let Some(model) = model.and_then(Value::as_str) else {
            let message = "a twin names its model in $metadata.$model";
            return Err(EngineError::new(ErrorCode::InvalidArgument, message));
        };
        let model = twin::writable_model(&self.models, model, stored.map(model_of))?;
        let document = Document::from(twin::from_body(&self.models, model, id, body, context)?);
        let kind = match stored {
            None if self.twin_count() >= MAX_TWINS => {
                let message = "an instance holds at most 2,000,000 twins";
                return Err(EngineError::new(ErrorCode::TwinLimitReached, message));
            }
            None => Kind::TwinCreated { document: Document::clone(&document) },
            Some(stored) => {
                self.check_edges_fit(id, model_of(stored), model_of(&document))?;
                let operations = patch::between(stored, &document);
                Kind::TwinUpdated { document: Document::clone(&document), operations }
            }
        };
        Ok(with_answer(kind, document, context))
    }

    fn patch_twin(
        &self,
        id: &str,
        component: Option<&str>,
        patch: &Value,
        if_match: Option<&str>,
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        let stored = &self.existing(id)?.document;
        conditions::check(Some(stored), None, if_match)?;
        let patched = patch::patch_twin(&self.models, stored, patch, component, context)?;
        self.check_edges_fit(id, model_of(stored), model_of(&patched.document))?;
        let (document, operations) = (Document::from(patched.document), patched.operations);
        let mut prepared = without_answer(Kind::TwinUpdated { document, operations }, context);
        prepared.etag = Some(twin::etag(context));
        Ok(prepared)
    }

    /// A twin of another model keeps its relationships, so they must fit the new one.
    fn check_edges_fit(&self, id: &str, former: &str, model: &str) -> Result<(), EngineError> {
        if former == model {
            return Ok(());
        }
        let rules = self.models.model(model);
        let declared = |name| rules.is_some_and(|rules| rules.relationship(name).is_some());
        for edge in self.relationships(id, None) {
            let name = twin::text(edge, "$relationshipName");
            if !declared(name) {
                let message = format!("twin {id} has relationships '{name}', which {model} lacks");
                return Err(failed(message));
            }
        }
        for edge in self.incoming_documents(id) {
            let name = twin::text(edge, "$relationshipName");
            let source = self.twin(twin::text(edge, "$sourceId")).map(|twin| model_of(twin));
            let rule = source.and_then(|source| self.models.model(source)?.relationship(name));
            let target = rule.and_then(|rule| rule.target.as_deref());
            if target.is_some_and(|target| !self.models.is_of_model(model, target, false)) {
                let message =
                    format!("a relationship '{name}' to twin {id} does not allow {model}");
                return Err(failed(message));
            }
        }
        Ok(())
    }

    fn delete_twin(
        &self,
        id: &str,
        if_match: Option<&str>,
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        let twin = self.existing(id)?;
        conditions::check(Some(&twin.document), None, if_match)?;
        if !twin.outgoing.is_empty() || !twin.incoming.is_empty() {
            let message = format!("twin {id} has relationships; delete them first");
            return Err(EngineError::new(ErrorCode::RelationshipsNotDeleted, message));
        }
        Ok(without_answer(Kind::TwinDeleted { document: Document::clone(&twin.document) }, context))
    }
}

pub(super) fn change(kind: Kind, context: &Context) -> Change {
    Change { at: context.now, source_time: context.source_time, kind }
}

pub(super) fn without_answer(kind: Kind, context: &Context) -> Prepared {
    Prepared { change: change(kind, context), answer: None, etag: None }
}

/// Answers with the document that was written, and its tag.
pub(super) fn with_answer(kind: Kind, document: Document, context: &Context) -> Prepared {
    let etag = Some(twin::etag(context));
    Prepared { change: change(kind, context), answer: Some(document), etag }
}

pub(super) fn object(body: &Value) -> Result<&Map<String, Value>, EngineError> {
    body.as_object()
        .ok_or_else(|| EngineError::new(ErrorCode::InvalidArgument, "the body is a JSON object"))
}

/// A member that repeats an id of the path must equal it.
pub(super) fn same_or_absent(
    body: &Map<String, Value>,
    name: &str,
    id: &str,
) -> Result<(), EngineError> {
    match body.get(name) {
        Some(value) if *value != json!(id) => {
            let message = format!("{name} differs from the id in the path");
            Err(EngineError::new(ErrorCode::InvalidArgument, message))
        }
        _ => Ok(()),
    }
}

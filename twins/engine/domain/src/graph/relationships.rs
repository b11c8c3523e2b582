//! Judges writes of relationships.

use std::ops::Deref;

use serde_json::{Map, Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::{
        Context, Document, Graph, Prepared,
        change::{Edge, Kind},
        conditions,
        prepare::{
            MAX_RELATIONSHIPS_PER_TWIN, object, same_or_absent, with_answer, without_answer,
        },
    },
    model::RelationshipRule,
    patch,
    twin::{self, failed, model_of, text},
};

impl Graph {
    pub(super) fn put_relationship(
        &self,
        source: &str,
        id: &str,
        body: &Value,
        (if_none_match, if_match): (Option<&str>, Option<&str>),
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        twin::check_id(id)?;
        let body = object(body)?;
        same_or_absent(body, "$relationshipId", id)?;
        same_or_absent(body, "$sourceId", source)?;
        let twin = self.existing(source)?;
        let stored = twin.outgoing.get(id);
        conditions::check(stored.map(Deref::deref), if_none_match, if_match)?;
        let name = required(body, "$relationshipName")?;
        let target = required(body, "$targetId")?;
        let source_model = model_of(&twin.document);
        let rule = self.rule(source, source_model, name)?;
        let Some(end) = self.twins.get(target) else {
            let message = format!("there is no twin {target}");
            return Err(EngineError::new(ErrorCode::TargetTwinNotFound, message));
        };
        if source == target {
            let message = "a relationship leads to another twin";
            return Err(EngineError::new(ErrorCode::OperationNotAllowed, message));
        }
        let target_model = model_of(&end.document);
        if let Some(wanted) = &rule.target
            && !self.models.is_of_model(target_model, wanted, false)
        {
            let message = format!("'{name}' leads to {wanted}, and {target} is {target_model}");
            return Err(EngineError::new(ErrorCode::InvalidRelationship, message));
        }
        let full = twin.outgoing.len() >= MAX_RELATIONSHIPS_PER_TWIN
            || end.incoming.len() >= MAX_RELATIONSHIPS_PER_TWIN;
        if stored.is_none() && full {
            let message = "a twin has at most 50,000 relationships in each direction";
            return Err(EngineError::new(ErrorCode::LimitExceeded, message));
        }
        let mut document: Map<String, Value> = body
            .iter()
            .filter(|(member, _)| member.as_str() != "$metadata")
            .map(|(member, value)| (member.clone(), value.clone()))
            .collect();
        document.insert("$relationshipId".into(), json!(id));
        document.insert("$sourceId".into(), json!(source));
        document.insert("$etag".into(), json!(twin::etag(context)));
        let document = Document::from(Value::Object(document));
        check_properties(rule, name, &document)?;
        let kind = Kind::RelationshipCreated {
            edge: Edge {
                document: Document::clone(&document),
                source_model: source_model.to_owned(),
                target_model: target_model.to_owned(),
            },
            replaced: stored.map(|stored| self.edge(stored)),
        };
        Ok(with_answer(kind, document, context))
    }

    pub(super) fn patch_relationship(
        &self,
        source: &str,
        id: &str,
        patch: &Value,
        if_match: Option<&str>,
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        let stored = self.existing_relationship(source, id)?;
        conditions::check(Some(stored), None, if_match)?;
        let edge = self.edge(stored);
        let name = text(stored, "$relationshipName");
        let rule = self.rule(source, &edge.source_model, name)?;
        let patched = patch::patch_relationship(stored, patch, context)?;
        check_properties(rule, name, &patched.document)?;
        let edge = Edge { document: Document::from(patched.document), ..edge };
        let kind = Kind::RelationshipUpdated { edge, operations: patched.operations };
        let mut prepared = without_answer(kind, context);
        prepared.etag = Some(twin::etag(context));
        Ok(prepared)
    }

    /// Relationships of an orphan may go too; otherwise it could never be deleted.
    pub(super) fn delete_relationship(
        &self,
        source: &str,
        id: &str,
        if_match: Option<&str>,
        context: &Context,
    ) -> Result<Prepared, EngineError> {
        let stored = self.existing_relationship(source, id)?;
        conditions::check(Some(stored), None, if_match)?;
        Ok(without_answer(Kind::RelationshipDeleted { edge: self.edge(stored) }, context))
    }

    fn existing_relationship(&self, source: &str, id: &str) -> Result<&Document, EngineError> {
        self.existing(source)?.outgoing.get(id).ok_or_else(|| {
            let message = format!("twin {source} has no relationship {id}");
            EngineError::new(ErrorCode::RelationshipNotFound, message)
        })
    }

    fn edge(&self, document: &Document) -> Edge {
        let model = |end| {
            let twin = self.twin(text(document, end));
            twin.map(|twin| model_of(twin)).unwrap_or_default().to_owned()
        };
        Edge {
            document: Document::clone(document),
            source_model: model("$sourceId"),
            target_model: model("$targetId"),
        }
    }

    /// What the source's model says of the name.
    fn rule(
        &self,
        source: &str,
        model: &str,
        name: &str,
    ) -> Result<&RelationshipRule, EngineError> {
        let Some(resolved) = self.models.model(model) else {
            return Err(failed(format!("model {model} of twin {source} does not exist")));
        };
        resolved.relationship(name).ok_or_else(|| {
            let message = format!("model {model} has no relationship '{name}'");
            EngineError::new(ErrorCode::InvalidRelationship, message)
        })
    }
}

fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, EngineError> {
    body.get(name).and_then(Value::as_str).ok_or_else(|| {
        let message = format!("a relationship needs {name}");
        EngineError::new(ErrorCode::InvalidRelationship, message)
    })
}

fn check_properties(
    rule: &RelationshipRule,
    name: &str,
    document: &Value,
) -> Result<(), EngineError> {
    const OWN: [&str; 5] =
        ["$relationshipId", "$sourceId", "$targetId", "$relationshipName", "$etag"];
    let members = document.as_object().into_iter().flatten();
    for (member, value) in members.filter(|(member, _)| !OWN.contains(&member.as_str())) {
        match rule.properties.get(member) {
            Some(schema) => twin::check_value(schema, member, value)?,
            None => return Err(failed(format!("relationship '{name}' has no '{member}'"))),
        }
    }
    twin::check_size(document)
}

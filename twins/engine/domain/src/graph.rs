//! Models, twins and relationships in memory, with the indexes that reads and queries need.
//!
//! Everything is ordered by id, so that lists, pages and query results are the same on every
//! machine and after every replay.

mod change;
mod command;
mod conditions;
mod document;
mod invariant;
mod prepare;
mod relationships;
mod snapshot;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use serde_json::{Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::change::Kind,
    model::Models,
    twin::{model_of, text},
};

pub use change::{Change, MalformedRecord, Notification};
pub use command::{Command, Context, Prepared};
pub use document::Document;
pub use prepare::{MAX_RELATIONSHIPS_PER_TWIN, MAX_TWINS};
pub use snapshot::Snapshot;

/// A relationship's place: source twin, then id.
pub(crate) type EdgeKey = (String, String);

#[derive(Debug, Clone, Default, PartialEq)]
struct Twin {
    document: Document,
    outgoing: BTreeMap<String, Document>,
    incoming: BTreeSet<EdgeKey>,
}

/// The whole state of an instance.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    models: Models,
    twins: BTreeMap<String, Twin>,
    by_model: BTreeMap<String, BTreeSet<String>>,
    by_name: BTreeMap<String, BTreeSet<EdgeKey>>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// The models.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The twin as GET gives it.
    pub fn twin(&self, id: &str) -> Option<&Document> {
        self.twins.get(id).map(|twin| &twin.document)
    }

    /// A component as GET gives it; its `ETag` is the twin's.
    ///
    /// # Errors
    /// `DigitalTwinNotFound`; `ComponentNotFound` also for a property that is no component.
    pub fn component(&self, id: &str, path: &str) -> Result<&Value, EngineError> {
        let twin = self.existing(id)?;
        let component = twin.document.get(path).filter(|_| !path.starts_with('$'));
        // Only components have their times with them.
        component.filter(|value| value.get("$metadata").is_some()).ok_or_else(|| {
            let message = format!("twin {id} has no component '{path}'");
            EngineError::new(ErrorCode::ComponentNotFound, message)
        })
    }

    /// The relationship as GET gives it.
    pub fn relationship(&self, source: &str, id: &str) -> Option<&Document> {
        self.twins.get(source)?.outgoing.get(id)
    }

    /// Outgoing relationships by id, of one name or of all; empty for an unknown twin.
    pub fn relationships<'a>(
        &'a self,
        source: &str,
        name: Option<&'a str>,
    ) -> Box<dyn Iterator<Item = &'a Document> + 'a> {
        let outgoing = self.twins.get(source).map(|twin| twin.outgoing.values());
        let wanted = move |document: &&Document| {
            name.is_none_or(|name| text(document, "$relationshipName") == name)
        };
        Box::new(outgoing.into_iter().flatten().filter(wanted))
    }

    /// Incoming relationships `{$relationshipId,$sourceId,$relationshipName,$relationshipLink}`,
    /// by source id, then relationship id; empty for an unknown twin. The link is the path of the
    /// relationship, ids percent-encoded.
    pub fn incoming<'a>(&'a self, target: &str) -> Box<dyn Iterator<Item = Value> + 'a> {
        Box::new(self.incoming_documents(target).map(|document| {
            let (source, id) = (text(document, "$sourceId"), text(document, "$relationshipId"));
            let (source_segment, id_segment) = (encoded(source), encoded(id));
            json!({
                "$relationshipId": id,
                "$sourceId": source,
                "$relationshipName": text(document, "$relationshipName"),
                "$relationshipLink":
                    format!("/digitaltwins/{source_segment}/relationships/{id_segment}"),
            })
        }))
    }

    pub(crate) fn incoming_documents<'a>(
        &'a self,
        target: &str,
    ) -> impl Iterator<Item = &'a Document> + use<'a> {
        let incoming = self.twins.get(target).map(|twin| twin.incoming.iter());
        let keys = incoming.into_iter().flatten();
        keys.filter_map(|(source, id)| self.relationship(source, id))
    }

    /// Twins by id, beginning with `from`.
    pub fn twins_from<'a>(
        &'a self,
        from: Option<&str>,
    ) -> impl Iterator<Item = (&'a str, &'a Document)> + use<'a> {
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let twins = self.twins.range::<str, _>((from, Bound::Unbounded));
        twins.map(|(id, twin)| (id.as_str(), &twin.document))
    }

    /// Ids of the twins whose model is exactly the one named, in order, beginning with `from`.
    pub(crate) fn twins_of_model_from<'a>(
        &'a self,
        model: &str,
        from: Option<&str>,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let ids = self.by_model.get(model);
        let ids = ids.map(|ids| ids.range::<str, _>((from, Bound::Unbounded)));
        ids.into_iter().flatten().map(String::as_str)
    }

    /// Places of the relationships of one name, in order.
    pub(crate) fn relationships_named<'a>(
        &'a self,
        name: &str,
    ) -> impl Iterator<Item = &'a EdgeKey> + use<'a> {
        self.by_name.get(name).into_iter().flatten()
    }

    /// Number of twins.
    pub fn twin_count(&self) -> usize {
        self.twins.len()
    }

    /// Number of relationships.
    pub fn relationship_count(&self) -> usize {
        self.by_name.values().map(BTreeSet::len).sum()
    }

    fn existing(&self, id: &str) -> Result<&Twin, EngineError> {
        self.twins.get(id).ok_or_else(|| {
            let message = format!("there is no twin {id}");
            EngineError::new(ErrorCode::DigitalTwinNotFound, message)
        })
    }

    /// Folds one change in. Cannot fail, and depends on nothing but the graph and the change.
    pub fn apply(&mut self, change: &Change) {
        match &change.kind {
            Kind::ModelsAdded { definitions } => self.models.restore(definitions, change.at),
            Kind::ModelDecommissioned { id } => self.models.decommission(id),
            Kind::ModelDeleted { id } => self.models.delete(id),
            Kind::TwinCreated { document } | Kind::TwinUpdated { document, .. } => {
                self.put_document(Document::clone(document));
            }
            Kind::TwinDeleted { document } => self.remove_twin(text(document, "$dtId")),
            Kind::RelationshipCreated { edge, .. } | Kind::RelationshipUpdated { edge, .. } => {
                self.put_edge(Document::clone(&edge.document));
            }
            Kind::RelationshipDeleted { edge } => {
                let document = &edge.document;
                self.remove_edge(text(document, "$sourceId"), text(document, "$relationshipId"));
            }
        }
    }

    fn put_document(&mut self, document: Document) {
        let id = text(&document, "$dtId").to_owned();
        let model = model_of(&document).to_owned();
        let twin = self.twins.entry(id.clone()).or_default();
        let former = model_of(&twin.document).to_owned();
        twin.document = document;
        if former != model {
            if let Some(ids) = self.by_model.get_mut(&former) {
                ids.remove(&id);
            }
            self.by_model.entry(model).or_default().insert(id);
        }
    }

    fn remove_twin(&mut self, id: &str) {
        let Some(twin) = self.twins.get(id) else { return };
        // There are none when the deletion was accepted; a log of another origin leaves no
        // dangling edge either.
        let own = twin.outgoing.keys().map(|edge| (id.to_owned(), edge.clone()));
        let edges: Vec<EdgeKey> = own.chain(twin.incoming.iter().cloned()).collect();
        for (source, edge) in edges {
            self.remove_edge(&source, &edge);
        }
        if let Some(twin) = self.twins.remove(id)
            && let Some(ids) = self.by_model.get_mut(model_of(&twin.document))
        {
            ids.remove(id);
        }
    }

    fn put_edge(&mut self, document: Document) {
        let source = text(&document, "$sourceId").to_owned();
        let id = text(&document, "$relationshipId").to_owned();
        self.remove_edge(&source, &id);
        let target = text(&document, "$targetId");
        let name = text(&document, "$relationshipName").to_owned();
        if !self.twins.contains_key(&source) {
            return;
        }
        let Some(end) = self.twins.get_mut(target) else { return };
        let key = (source.clone(), id.clone());
        end.incoming.insert(key.clone());
        if let Some(twin) = self.twins.get_mut(&source) {
            twin.outgoing.insert(id, document);
        }
        self.by_name.entry(name).or_default().insert(key);
    }

    fn remove_edge(&mut self, source: &str, id: &str) {
        let Some(twin) = self.twins.get_mut(source) else { return };
        let Some(document) = twin.outgoing.remove(id) else { return };
        let key = (source.to_owned(), id.to_owned());
        if let Some(target) = self.twins.get_mut(text(&document, "$targetId")) {
            target.incoming.remove(&key);
        }
        if let Some(keys) = self.by_name.get_mut(text(&document, "$relationshipName")) {
            keys.remove(&key);
        }
    }
}

/// One path segment, percent-encoded.
fn encoded(id: &str) -> String {
    let mut segment = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            for digit in [byte >> 4, byte & 0x0f] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                segment.push(digit.to_ascii_uppercase());
            }
        }
    }
    segment
}

//! What may be asked of the graph, and under which circumstances.

use jiff::Timestamp;
use serde_json::Value;

use crate::graph::{Document, change::Change};

/// One write, as it came over the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Uploads DTDL interfaces, all or none.
    AddModels {
        /// The interfaces, at most [`crate::model::MAX_MODELS_PER_UPLOAD`].
        models: Vec<Value>,
    },
    /// Forbids new twins of a model.
    Decommission {
        /// Id of the model.
        id: String,
        /// The request's JSON Patch, which can only be the one that decommissions.
        patch: Value,
    },
    /// Forgets a model; its twins stay as orphans.
    DeleteModel {
        /// Id of the model.
        id: String,
    },
    /// Creates or replaces a twin.
    PutTwin {
        /// Id from the path.
        id: String,
        /// The whole twin, `$metadata.$model` included.
        body: Value,
        /// Header `If-None-Match`: `*` creates only.
        if_none_match: Option<String>,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
    /// Changes parts of a twin by JSON Patch.
    PatchTwin {
        /// Id of the twin.
        id: String,
        /// JSON Patch: an array of operations.
        patch: Value,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
    /// Deletes a twin without relationships.
    DeleteTwin {
        /// Id of the twin.
        id: String,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
    /// Changes parts of one component by JSON Patch with paths inside the component.
    PatchComponent {
        /// Id of the twin.
        id: String,
        /// Name of the component.
        path: String,
        /// JSON Patch: an array of operations.
        patch: Value,
        /// Header `If-Match`, on the twin's `ETag`.
        if_match: Option<String>,
    },
    /// Creates or replaces a relationship.
    PutRelationship {
        /// Id of the source twin.
        source: String,
        /// Id of the relationship, unique per source.
        id: String,
        /// `$targetId`, `$relationshipName` and own properties.
        body: Value,
        /// Header `If-None-Match`: `*` creates only.
        if_none_match: Option<String>,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
    /// Changes properties of a relationship.
    PatchRelationship {
        /// Id of the source twin.
        source: String,
        /// Id of the relationship.
        id: String,
        /// JSON Patch: an array of operations.
        patch: Value,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
    /// Deletes a relationship.
    DeleteRelationship {
        /// Id of the source twin.
        source: String,
        /// Id of the relationship.
        id: String,
        /// Header `If-Match`.
        if_match: Option<String>,
    },
}

/// What a write needs from outside: time, an identifier, and which source times are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The engine's clock, cut to milliseconds.
    pub now: Timestamp,
    /// When the fact happened, if the request said so (`x-source-time`); cut to milliseconds.
    pub source_time: Option<Timestamp>,
    /// A fresh UUID, without quotes; becomes the `ETag` of what is written.
    pub etag: String,
    /// Oldest and newest source time accepted inside a body or patch, both inclusive.
    /// `None`: any.
    pub window: Option<(Timestamp, Timestamp)>,
}

impl Context {
    /// A context without source time and without a window.
    pub fn new(now: Timestamp, etag: impl Into<String>) -> Self {
        Self { now, source_time: None, etag: etag.into(), window: None }
    }
}

/// A write that was accepted: what to store, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// To be stored and then applied.
    pub change: Change,
    /// Body of the answer: model data of an upload (an array), a twin or relationship that was
    /// put; `None` where the answer is empty.
    pub answer: Option<Document>,
    /// `ETag` of what was written, as in `$etag`; `None` for deletions and models.
    pub etag: Option<String>,
}

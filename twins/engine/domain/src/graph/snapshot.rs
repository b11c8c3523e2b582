//! The graph in pieces, so that a start need not replay the whole log.

use serde_json::{Map, Value, json};

use crate::{
    graph::{
        Document, Graph, MalformedRecord,
        change::{check_relationship, instant, twin_document},
    },
    model::ModelData,
    twin::text,
    value::written,
};

/// Version of the stored form.
const VERSION: u64 = 1;
/// A piece is closed when its text passes this, in bytes. The largest single entry is a model of
/// 1 MB, so a piece stays under 1.6 MB.
const CHUNK_BYTES: usize = 500_000;

const KINDS: [&str; 3] = ["models", "twins", "relationships"];

/// A graph as it was at one moment. Taking it is quick, since it shares the documents; writing
/// it out takes time, and needs the graph no longer.
#[derive(Debug)]
pub struct Snapshot {
    models: Vec<Value>,
    twins: Vec<Document>,
    relationships: Vec<Document>,
}

impl Snapshot {
    /// The graph in pieces, to be kept in this order. An empty graph has none.
    pub fn to_chunks(&self) -> Vec<Value> {
        let mut chunks = Chunks { closed: Vec::new(), open: Map::new(), bytes: 0 };
        for model in &self.models {
            chunks.push("models", model);
        }
        for twin in &self.twins {
            chunks.push("twins", twin);
        }
        for relationship in &self.relationships {
            chunks.push("relationships", relationship);
        }
        chunks.close();
        chunks.closed
    }
}

impl Graph {
    /// The present graph, to be written out. Keeps the graph for a fraction of a microsecond per
    /// twin and relationship.
    pub fn snapshot(&self) -> Snapshot {
        let models = self.models().list(&[]).unwrap_or_default();
        let model = |data: &ModelData| {
            json!({
                "uploadTime": written(data.upload_time),
                "decommissioned": data.decommissioned,
                "definition": data.definition,
            })
        };
        let relationships = self.twins.values().flat_map(|twin| twin.outgoing.values());
        Snapshot {
            models: models.into_iter().map(model).collect(),
            twins: self.twins.values().map(|twin| Document::clone(&twin.document)).collect(),
            relationships: relationships.map(Document::clone).collect(),
        }
    }

    /// Reads [`Snapshot::to_chunks`] back.
    ///
    /// # Errors
    /// When a piece is not of a known version.
    pub fn from_chunks(chunks: impl IntoIterator<Item = Value>) -> Result<Self, MalformedRecord> {
        let mut graph = Self::new();
        let mut models = Vec::new();
        for chunk in chunks {
            if chunk.get("version").and_then(Value::as_u64) != Some(VERSION) {
                return Err(MalformedRecord::new("a snapshot of an unknown version"));
            }
            let [entries, twins, relationships] = KINDS.map(|kind| entries(&chunk, kind));
            models.extend(entries.iter().cloned());
            for document in twins {
                graph.put_document(twin_document(document)?);
            }
            for document in relationships {
                check_relationship(document)?;
                graph.put_edge(Document::from(document.clone()));
            }
        }
        graph.restore_models(&models)?;
        Ok(graph)
    }

    /// Models refer to each other across uploads and pieces, so all are read at once; each then
    /// gets its own time of upload.
    fn restore_models(&mut self, entries: &[Value]) -> Result<(), MalformedRecord> {
        let definition = |entry: &Value| entry.get("definition").cloned().unwrap_or_default();
        let definitions: Vec<Value> = entries.iter().map(definition).collect();
        self.models.restore(&definitions, jiff::Timestamp::UNIX_EPOCH);
        for entry in entries {
            let at = instant(entry, "uploadTime")?
                .ok_or_else(|| MalformedRecord::new("a model without time of upload"))?;
            let id = entry.get("definition").map(|definition| text(definition, "@id"));
            let id = id.unwrap_or_default();
            self.models.set_upload_time(id, at);
            if entry.get("decommissioned") == Some(&Value::Bool(true)) {
                self.models.decommission(id);
            }
        }
        Ok(())
    }
}

fn entries<'a>(chunk: &'a Value, kind: &str) -> &'a [Value] {
    chunk.get(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

struct Chunks {
    closed: Vec<Value>,
    open: Map<String, Value>,
    bytes: usize,
}

impl Chunks {
    fn push(&mut self, kind: &'static str, entry: &Value) {
        self.bytes += entry.to_string().len();
        let list = self.open.entry(kind).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(entry.clone());
        }
        if self.bytes > CHUNK_BYTES {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let mut chunk = std::mem::take(&mut self.open);
        chunk.insert("version".into(), json!(VERSION));
        self.closed.push(Value::Object(chunk));
        self.bytes = 0;
    }
}

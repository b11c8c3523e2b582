//! The operations on twins, relationships and queries.

use chiron_chassis::Calls;
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    azure::{Azure, AzureLayer},
    error::{Missing, TwinError},
    patch::Patch,
    query::Query,
    transport::{Carrier, Reply, Request, Verb},
    twin::{Incoming, Properties, Relationship, Twin, object},
};

/// How often a twin with relationships is emptied again when new ones appear in between.
const EMPTYING_ROUNDS: usize = 5;
/// The layer's code for "the twin still has relationships".
const RELATIONSHIPS_NOT_DELETED: &str = "RelationshipsNotDeleted";

/// Which twin layer a service uses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TwinLayer {
    /// Chiron's own engine, reached like any other service.
    #[default]
    Chiron,
    /// An Azure Digital Twins instance.
    Azure(AzureLayer),
}

/// A row of a query's result: the selected columns.
pub type Row = Map<String, Value>;

/// The twin layer. Clones share connections and token.
#[derive(Clone)]
pub struct Twins {
    carrier: Carrier,
}

impl Twins {
    /// Our own engine, with the service's own identity.
    pub fn ours(calls: Calls) -> Twins {
        Twins { carrier: Carrier::Ours(calls) }
    }

    /// An Azure Digital Twins instance.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn azure(layer: AzureLayer) -> Result<Twins, TwinError> {
        Ok(Twins { carrier: Carrier::Azure(Azure::open(layer)?) })
    }

    /// The layer that configuration names.
    ///
    /// # Errors
    /// As [`Twins::azure`].
    pub fn open(layer: TwinLayer, calls: Calls) -> Result<Twins, TwinError> {
        match layer {
            TwinLayer::Chiron => Ok(Twins::ours(calls)),
            TwinLayer::Azure(layer) => Twins::azure(layer),
        }
    }

    /// Reads a twin; `None` when there is none of that id.
    ///
    /// # Errors
    /// [`TwinError`], but never `NotFound`.
    pub async fn get_twin(&self, id: &str) -> Result<Option<Twin>, TwinError> {
        match self.send(Request::new(Verb::Get, &["digitaltwins", id])).await {
            Ok(reply) => Twin::read(reply.json()?).map(Some),
            Err(TwinError::NotFound { .. }) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Creates a twin or replaces it whole: properties not given are no longer set. Idempotent.
    /// `at` is when it happened in the world; without it the layer's clock counts.
    ///
    /// # Errors
    /// `Refused` when model and properties do not fit.
    pub async fn put_twin(
        &self,
        id: &str,
        model: &str,
        properties: Properties,
        at: Option<Timestamp>,
    ) -> Result<Twin, TwinError> {
        let request = Request::new(Verb::Put, &["digitaltwins", id]);
        let request = request.json(twin_body(model, properties));
        Twin::read(self.send(timed(request, at)).await?.json()?)
    }

    /// Creates a twin unless there is one of that id; says whether it did. `at` as for
    /// [`Twins::put_twin`].
    ///
    /// # Errors
    /// `Refused` when model and properties do not fit; never `Precondition`.
    pub async fn create_twin(
        &self,
        id: &str,
        model: &str,
        properties: Properties,
        at: Option<Timestamp>,
    ) -> Result<bool, TwinError> {
        let request = Request::new(Verb::Put, &["digitaltwins", id])
            .header("if-none-match", "*")
            .json(twin_body(model, properties));
        match self.send(timed(request, at)).await {
            Ok(_) => Ok(true),
            Err(TwinError::Precondition) => Ok(false),
            Err(err) => Err(err),
        }
    }

    /// Changes properties of a twin, all or none. An empty patch does nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown twin, `Refused` when the result does not fit the model.
    pub async fn patch_twin(&self, id: &str, patch: Patch) -> Result<(), TwinError> {
        self.send_patch(id, patch, None).await
    }

    /// As [`Twins::patch_twin`], only if the twin still has the entity tag.
    ///
    /// # Errors
    /// As there, and `Precondition` when the twin was changed since.
    pub async fn patch_twin_if(&self, id: &str, patch: Patch, etag: &str) -> Result<(), TwinError> {
        self.send_patch(id, patch, Some(etag)).await
    }

    async fn send_patch(
        &self,
        id: &str,
        patch: Patch,
        etag: Option<&str>,
    ) -> Result<(), TwinError> {
        if patch.is_empty() {
            return Ok(());
        }
        let mut request = Request::new(Verb::Patch, &["digitaltwins", id]).json(patch.into_value());
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        self.send(request).await.map(drop)
    }

    /// Deletes a twin without relationships; says whether there was one. `at` as for
    /// [`Twins::put_twin`].
    ///
    /// # Errors
    /// `Refused` while it has relationships.
    pub async fn delete_twin(&self, id: &str, at: Option<Timestamp>) -> Result<bool, TwinError> {
        self.delete(timed(Request::new(Verb::Delete, &["digitaltwins", id]), at)).await
    }

    /// Deletes the relationships of a twin in both directions, then the twin; says whether there
    /// was one. Repeating it after a failure finishes the work. `at` holds for all of them.
    ///
    /// # Errors
    /// `Refused` when others keep adding relationships meanwhile.
    pub async fn delete_twin_with_relationships(
        &self,
        id: &str,
        at: Option<Timestamp>,
    ) -> Result<bool, TwinError> {
        let mut rounds = 1;
        loop {
            match self.empty(id, at).await {
                Ok(()) => {}
                Err(TwinError::NotFound { .. }) => return Ok(false),
                Err(err) => return Err(err),
            }
            match self.delete_twin(id, at).await {
                Err(err)
                    if err.code() == Some(RELATIONSHIPS_NOT_DELETED)
                        && rounds < EMPTYING_ROUNDS =>
                {
                    rounds += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn empty(&self, id: &str, at: Option<Timestamp>) -> Result<(), TwinError> {
        for incoming in self.incoming(id).await? {
            self.delete_relationship(&incoming.source, &incoming.id, at).await?;
        }
        for outgoing in self.relationships(id, None).await? {
            self.delete_relationship(id, &outgoing.id, at).await?;
        }
        Ok(())
    }

    /// Creates a relationship without properties or replaces the one of that id. `at` is when it
    /// happened in the world; without it the layer's clock counts.
    ///
    /// # Errors
    /// `NotFound` for an unknown source or target, `Refused` when the source's model has no such
    /// relationship to the target's.
    pub async fn put_relationship(
        &self,
        source: &str,
        id: &str,
        name: &str,
        target: &str,
        at: Option<Timestamp>,
    ) -> Result<(), TwinError> {
        let request = Request::new(Verb::Put, &["digitaltwins", source, "relationships", id])
            .json(json!({"$targetId": target, "$relationshipName": name}));
        self.send(timed(request, at)).await.map(drop)
    }

    /// Deletes a relationship; says whether there was one. `at` as for
    /// [`Twins::put_relationship`].
    ///
    /// # Errors
    /// [`TwinError`], but never `NotFound`.
    pub async fn delete_relationship(
        &self,
        source: &str,
        id: &str,
        at: Option<Timestamp>,
    ) -> Result<bool, TwinError> {
        let request = Request::new(Verb::Delete, &["digitaltwins", source, "relationships", id]);
        self.delete(timed(request, at)).await
    }

    /// Reads a relationship; `None` when the source has none of that id.
    ///
    /// # Errors
    /// [`TwinError`], but never `NotFound`.
    pub async fn get_relationship(
        &self,
        source: &str,
        id: &str,
    ) -> Result<Option<Relationship>, TwinError> {
        let request = Request::new(Verb::Get, &["digitaltwins", source, "relationships", id]);
        match self.send(request).await {
            Ok(reply) => Relationship::read(reply.json()?).map(Some),
            Err(TwinError::NotFound { .. }) => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// All relationships that start at a twin, or those of one name; in no promised order.
    ///
    /// # Errors
    /// `NotFound` for an unknown twin.
    pub async fn relationships(
        &self,
        source: &str,
        name: Option<&str>,
    ) -> Result<Vec<Relationship>, TwinError> {
        let mut request = Request::new(Verb::Get, &["digitaltwins", source, "relationships"]);
        if let Some(name) = name {
            request = request.query("relationshipName", name);
        }
        self.pages(request).await?.into_iter().map(Relationship::read).collect()
    }

    /// All relationships that end at a twin; in no promised order.
    ///
    /// # Errors
    /// `NotFound` for an unknown twin.
    pub async fn incoming(&self, id: &str) -> Result<Vec<Incoming>, TwinError> {
        let request = Request::new(Verb::Get, &["digitaltwins", id, "incomingrelationships"]);
        self.pages(request).await?.into_iter().map(Incoming::read).collect()
    }

    /// All rows that answer a query. Our engine answers from the newest state; Azure may lag.
    ///
    /// # Errors
    /// `Refused` when the layer does not accept the query.
    pub async fn query(&self, query: &Query) -> Result<Vec<Row>, TwinError> {
        let mut rows = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let body = match &token {
                Some(token) => json!({"query": query.text(), "continuationToken": token}),
                None => json!({"query": query.text()}),
            };
            let reply = self.send(Request::new(Verb::Post, &["query"]).json(body)).await?;
            let mut page = object(reply.json()?)?;
            for row in take_values(&mut page)? {
                rows.push(object(row)?);
            }
            match page.remove("continuationToken") {
                Some(Value::String(next)) if !next.is_empty() => token = Some(next),
                _ => return Ok(rows),
            }
        }
    }

    /// The `$dtId` of each row; rows without one are left out.
    ///
    /// # Errors
    /// As [`Twins::query`].
    pub async fn ids(&self, query: &Query) -> Result<Vec<String>, TwinError> {
        let rows = self.query(query).await?;
        Ok(rows.iter().filter_map(|row| row.get("$dtId")?.as_str()).map(str::to_owned).collect())
    }

    /// The `$dtId` of the first row; `None` when no row has one.
    ///
    /// # Errors
    /// As [`Twins::query`].
    pub async fn first_id(&self, query: &Query) -> Result<Option<String>, TwinError> {
        Ok(self.ids(query).await?.into_iter().next())
    }

    /// Whether there is a twin of that id.
    ///
    /// # Errors
    /// As [`Twins::get_twin`].
    pub async fn exists(&self, id: &str) -> Result<bool, TwinError> {
        Ok(self.get_twin(id).await?.is_some())
    }

    /// Uploads models, DTDL interfaces, all or none. A model that is there already is a refusal
    /// with status 409.
    ///
    /// # Errors
    /// `Refused` for an invalid or a known model.
    pub async fn create_models(&self, models: Vec<Value>) -> Result<(), TwinError> {
        let request = Request::new(Verb::Post, &["models"]).json(Value::Array(models));
        self.send(request).await.map(drop)
    }

    async fn delete(&self, request: Request) -> Result<bool, TwinError> {
        match self.send(request).await {
            Ok(_) => Ok(true),
            Err(TwinError::NotFound { .. }) => Ok(false),
            Err(err) => Err(err),
        }
    }

    async fn pages(&self, first: Request) -> Result<Vec<Value>, TwinError> {
        let mut values = Vec::new();
        let mut request = first;
        loop {
            let mut page = object(self.send(request).await?.json()?)?;
            values.append(&mut take_values(&mut page)?);
            match page.get("nextLink") {
                Some(Value::String(link)) if !link.is_empty() => request = Request::follow(link),
                _ => return Ok(values),
            }
        }
    }

    async fn send(&self, request: Request) -> Result<Reply, TwinError> {
        self.carrier.send(request).await?.success()
    }
}

fn twin_body(model: &str, properties: Properties) -> Value {
    let mut members = properties.into_map();
    members.insert("$metadata".to_owned(), json!({"$model": model}));
    Value::Object(members)
}

fn timed(request: Request, at: Option<Timestamp>) -> Request {
    match at {
        Some(at) => request.header("x-source-time", instant::write(at)),
        None => request,
    }
}

fn take_values(page: &mut Map<String, Value>) -> Result<Vec<Value>, TwinError> {
    match page.remove("value") {
        Some(Value::Array(values)) => Ok(values),
        _ => Err(TwinError::Protocol(Box::new(Missing("value")))),
    }
}

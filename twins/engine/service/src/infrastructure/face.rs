//! The operations of the protocol: Azure Digital Twins' own, so that its published clients work
//! unchanged.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request},
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use chiron_broker::Broker;
use chiron_chassis::{Caller, FactTime, Runtime};
use chiron_clock::{Clock, instant};
use jiff::Timestamp;
use serde_json::{Value, json};
use twin_engine_domain::{
    error::{EngineError, ErrorCode},
    graph::{Command, Graph},
    query::{Continuation, Page as RowPage, parse as parse_query},
};

use crate::{
    application::{
        fault::Fault,
        operation::Operation,
        paging::{MAX_MODELS_PAGE_SIZE, MAX_PAGE_SIZE, page_size},
        records::Telemetry,
    },
    infrastructure::{
        engine::{Engine, Written},
        exchange::{
            Asked, MAX_ITEMS, body, empty, etag_of, json_body, parameters, tagged, with_etag,
            written,
        },
        routes::StoredRoute,
    },
};

/// Versions of the protocol that differ in nothing this service does.
const API_VERSIONS: &[&str] =
    &["2023-10-31", "2023-06-30", "2023-02-27-preview", "2022-05-31", "2020-10-31"];
/// The largest body of a twin, relationship, patch or telemetry, in bytes. Azure's limit is 32 KB;
/// ours is what an event can carry with room to spare.
const MAX_TWIN_BODY_BYTES: usize = 256 * 1024;

/// What the face needs.
#[derive(Clone)]
pub(crate) struct Face(Arc<Inner>);

struct Inner {
    engine: Engine,
    broker: Broker,
    clock: Clock,
    horizon: Duration,
    source: String,
}

impl Face {
    pub(crate) fn new(runtime: &Runtime, engine: Engine, source: &str) -> Face {
        Face(Arc::new(Inner {
            engine,
            broker: runtime.broker.with_activity(runtime.activity.clone()),
            clock: runtime.clock.clone(),
            horizon: runtime.limits.horizon,
            source: source.to_owned(),
        }))
    }
}
impl Face {
    pub(crate) async fn answer(&self, caller: &Caller, request: Request) -> Response<Body> {
        match self.try_answer(caller, request).await {
            Ok(response) => response,
            Err(fault) => {
                metrics::counter!("chiron_twin_engine_refusals_total", "code" => fault.code())
                    .increment(1);
                fault.into_response()
            }
        }
    }

    async fn try_answer(&self, caller: &Caller, request: Request) -> Result<Response<Body>, Fault> {
        let operation = Operation::parse(request.method(), request.uri().path())?;
        if !caller.may(operation.need()) {
            return Err(Fault::forbidden());
        }
        let parameters = parameters(request.uri().query().unwrap_or_default())?;
        let version = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
        match version {
            None => return Err(Fault::api_version_missing()),
            Some((_, version)) if !API_VERSIONS.contains(&version.as_str()) => {
                return Err(Fault::api_version_unsupported(API_VERSIONS));
            }
            Some(_) => {}
        }
        let (parts, content) = request.into_parts();
        let asked = Asked { parts, parameters };
        self.perform(operation, asked, content).await
    }

    /// One arm per operation.
    async fn perform(
        &self,
        operation: Operation,
        asked: Asked,
        content: Body,
    ) -> Result<Response<Body>, Fault> {
        let if_match = asked.owned(&header::IF_MATCH);
        let if_none_match = asked.owned(&header::IF_NONE_MATCH);
        let (command, status) = match operation {
            Operation::ListModels => return self.list_models(&asked).await,
            Operation::GetModel { id } => return self.model(&asked, &id).await,
            Operation::GetTwin { id } => return self.twin(&id).await,
            Operation::GetComponent { id, path } => return self.component(&id, &path).await,
            Operation::GetRelationship { source, id } => {
                return self.relationship(&source, &id).await;
            }
            Operation::ListRelationships { source } => {
                return self.list_relationships(&asked, &source).await;
            }
            Operation::ListIncoming { id } => return self.list_incoming(&asked, &id).await,
            Operation::Query => {
                return self.query(&asked, small_body(&asked, content).await?).await;
            }
            Operation::SendTelemetry { id, component } => {
                return self.telemetry(&asked, &id, component.as_deref(), content).await;
            }
            Operation::ListRoutes => return self.list_routes(&asked),
            Operation::GetRoute { id } => {
                let route = self.0.engine.routes().get(&id)?;
                return Ok(body(StatusCode::OK, &route.to_json()));
            }
            Operation::PutRoute { id } => {
                let route = small_body(&asked, content).await?;
                self.0.engine.routes().put(&id, &route).await?;
                return Ok(empty());
            }
            Operation::DeleteRoute { id } => {
                self.0.engine.routes().delete(&id).await?;
                return Ok(empty());
            }
            Operation::UploadModels => {
                // As large as the chassis reads.
                let Value::Array(models) = json_body(&asked, content, usize::MAX).await? else {
                    return Err(Fault::invalid("the body must be an array of DTDL interfaces"));
                };
                (Command::AddModels { models }, StatusCode::CREATED)
            }
            Operation::PatchModel { id } => {
                let patch = small_body(&asked, content).await?;
                (Command::Decommission { id, patch }, StatusCode::NO_CONTENT)
            }
            Operation::DeleteModel { id } => (Command::DeleteModel { id }, StatusCode::NO_CONTENT),
            Operation::PutTwin { id } => {
                let body = small_body(&asked, content).await?;
                (Command::PutTwin { id, body, if_none_match, if_match }, StatusCode::OK)
            }
            Operation::PatchTwin { id } => {
                let patch = small_body(&asked, content).await?;
                (Command::PatchTwin { id, patch, if_match }, StatusCode::NO_CONTENT)
            }
            Operation::DeleteTwin { id } => {
                (Command::DeleteTwin { id, if_match }, StatusCode::NO_CONTENT)
            }
            Operation::PatchComponent { id, path } => {
                let patch = small_body(&asked, content).await?;
                (Command::PatchComponent { id, path, patch, if_match }, StatusCode::NO_CONTENT)
            }
            Operation::PutRelationship { source, id } => {
                let body = small_body(&asked, content).await?;
                let command =
                    Command::PutRelationship { source, id, body, if_none_match, if_match };
                (command, StatusCode::OK)
            }
            Operation::PatchRelationship { source, id } => {
                let patch = small_body(&asked, content).await?;
                (Command::PatchRelationship { source, id, patch, if_match }, StatusCode::NO_CONTENT)
            }
            Operation::DeleteRelationship { source, id } => {
                (Command::DeleteRelationship { source, id, if_match }, StatusCode::NO_CONTENT)
            }
        };
        self.write(asked, command, status).await
    }

    async fn write(
        &self,
        mut asked: Asked,
        command: Command,
        status: StatusCode,
    ) -> Result<Response<Body>, Fault> {
        let FactTime(source_time) = FactTime::from_request_parts(&mut asked.parts, &())
            .await
            .map_err(|problem| Fault::from(&problem))?;
        let Written { answer, etag } = self.0.engine.write(command, source_time).await?;
        let response = match answer {
            Some(answer) if status != StatusCode::NO_CONTENT => written(status, answer),
            _ => empty(),
        };
        Ok(with_etag(response, etag.as_deref()))
    }

    async fn list_models(&self, asked: &Asked) -> Result<Response<Body>, Fault> {
        let page = asked.page(MAX_MODELS_PAGE_SIZE)?;
        let with_definition = asked.flag("includeModelDefinition")?;
        let named: Vec<String> = asked
            .parameters
            .iter()
            .filter(|(name, _)| name == "dependenciesFor")
            .map(|(_, value)| value.clone())
            .collect();
        let look = |graph: &Graph| {
            let models = graph.models().list(&named)?;
            let (models, token) = page.cut(models.into_iter(), |model| model.id.clone());
            let models: Vec<Value> =
                models.into_iter().map(|model| model.to_json(with_definition)).collect();
            Ok::<_, EngineError>((models, token))
        };
        let (models, token) = self.0.engine.read(look).await??;
        asked.list(&models, token)
    }

    async fn model(&self, asked: &Asked, id: &str) -> Result<Response<Body>, Fault> {
        let with_definition = asked.flag("includeModelDefinition")?;
        let look = |graph: &Graph| graph.models().get(id).map(|m| m.to_json(with_definition));
        let model = self.0.engine.read(look).await?.ok_or_else(|| {
            let message = format!("there is no model {id}");
            EngineError::new(ErrorCode::ModelNotFound, message)
        })?;
        Ok(body(StatusCode::OK, &model))
    }

    async fn twin(&self, id: &str) -> Result<Response<Body>, Fault> {
        let twin = self.0.engine.read(|graph| graph.twin(id).cloned()).await?;
        let twin = twin.ok_or_else(|| no_twin(id))?;
        Ok(tagged(twin))
    }

    async fn component(&self, id: &str, path: &str) -> Result<Response<Body>, Fault> {
        let look = |graph: &Graph| {
            let component = graph.component(id, path)?.clone();
            Ok::<_, EngineError>((component, graph.twin(id).and_then(|twin| etag_of(twin))))
        };
        let (component, etag) = self.0.engine.read(look).await??;
        Ok(with_etag(body(StatusCode::OK, &component), etag.as_deref()))
    }

    async fn relationship(&self, source: &str, id: &str) -> Result<Response<Body>, Fault> {
        let look = |graph: &Graph| {
            known(graph, source)?;
            graph.relationship(source, id).cloned().ok_or_else(|| {
                let message = format!("twin {source} has no relationship {id}");
                EngineError::new(ErrorCode::RelationshipNotFound, message)
            })
        };
        let relationship = self.0.engine.read(look).await??;
        Ok(tagged(relationship))
    }

    async fn list_relationships(
        &self,
        asked: &Asked,
        source: &str,
    ) -> Result<Response<Body>, Fault> {
        let page = asked.page(MAX_PAGE_SIZE)?;
        let name = asked.parameter("relationshipName");
        let look = |graph: &Graph| {
            known(graph, source)?;
            let entries = graph.relationships(source, name);
            let (entries, token) =
                page.cut(entries, |entry| text(entry, "$relationshipId").to_owned());
            Ok::<_, EngineError>((entries.into_iter().cloned().collect::<Vec<_>>(), token))
        };
        let (entries, token) = self.0.engine.read(look).await??;
        asked.list(&entries, token)
    }

    async fn list_incoming(&self, asked: &Asked, id: &str) -> Result<Response<Body>, Fault> {
        let page = asked.page(MAX_PAGE_SIZE)?;
        // The separator sorts before every character of an id, so that the order is the graph's:
        // by source, then id.
        let key = |entry: &Value| {
            let (source, id) = (text(entry, "$sourceId"), text(entry, "$relationshipId"));
            format!("{source}\u{0}{id}")
        };
        let look = |graph: &Graph| {
            known(graph, id)?;
            Ok::<_, EngineError>(page.cut(graph.incoming(id), key))
        };
        let (entries, token) = self.0.engine.read(look).await??;
        asked.list(&entries, token)
    }

    fn list_routes(&self, asked: &Asked) -> Result<Response<Body>, Fault> {
        let page = asked.page(MAX_PAGE_SIZE)?;
        let routes = self.0.engine.routes().list();
        let (routes, token) = page.cut(routes.iter(), |route| route.id().to_owned());
        let routes: Vec<Value> = routes.into_iter().map(StoredRoute::to_json).collect();
        asked.list(&routes, token)
    }

    async fn query(&self, asked: &Asked, specification: Value) -> Result<Response<Body>, Fault> {
        let max_items = asked.header(MAX_ITEMS);
        let mut size = page_size(max_items, MAX_PAGE_SIZE)?;
        let member = |name| match specification.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        };
        let from = match member("continuationToken") {
            None => None,
            Some(token) => {
                // The size is in the token, for clients that send it with the first page only.
                let (kept, token) = token.split_once('-').ok_or_else(bad_token)?;
                let kept = kept.parse().map_err(|_| bad_token())?;
                size = if max_items.is_some() { size } else { kept };
                Some(Continuation::decode(token)?)
            }
        };
        let query = match (&from, member("query")) {
            (Some(from), _) => from.query().to_owned(),
            (None, Some(query)) => query.to_owned(),
            (None, None) => return Err(Fault::invalid("query must be a text that is not empty")),
        };
        let query = parse_query(&query).map_err(EngineError::from)?;
        let run = move |graph: &Graph| query.run(graph, from.as_ref(), size);
        let RowPage { rows, next, charge } = self.0.engine.read_long(run).await??;
        let next = next.map(|next| format!("{size}-{}", next.encode()));
        let mut response = body(StatusCode::OK, &json!({"value": rows, "continuationToken": next}));
        if let Ok(charge) = HeaderValue::try_from(format!("{charge:.2}")) {
            response.headers_mut().insert("query-charge", charge);
        }
        Ok(response)
    }

    async fn telemetry(
        &self,
        asked: &Asked,
        twin: &str,
        component: Option<&str>,
        content: Body,
    ) -> Result<Response<Body>, Fault> {
        // One client puts the payload's text here and the id into the body; any text will do.
        let Some(message_id) = asked.header("message-id").filter(|id| !id.is_empty()) else {
            return Err(Fault::missing("the header Message-Id is required"));
        };
        let inner = &*self.0;
        let now = inner.clock.now();
        let at = match asked.header("telemetry-source-time") {
            None => now,
            Some(text) => {
                let invalid = || Fault::invalid("Telemetry-Source-Time is not an instant");
                let at = instant::parse(text).map_err(|_| invalid())?;
                believable(at, inner)?;
                at
            }
        };
        let payload = small_body(asked, content).await?;
        let model = inner
            .engine
            .read(|graph| {
                known(graph, twin)?;
                let holder = match component {
                    None => graph.twin(twin).map(Deref::deref),
                    Some(path) => Some(graph.component(twin, path)?),
                };
                let named = holder.and_then(|holder| holder.pointer("/$metadata/$model"));
                Ok::<_, EngineError>(named.and_then(Value::as_str).unwrap_or_default().to_owned())
            })
            .await??;
        let telemetry =
            Telemetry { twin, component, model: &model, message_id, at, payload: &payload };
        let record = telemetry.record(&inner.source).map_err(|error| {
            tracing::error!(error = %error, "telemetry could not be encoded");
            Fault::internal()
        })?;
        match inner.broker.publish(vec![record]).await {
            Ok(_) => Ok(empty()),
            Err(error) => {
                tracing::error!(error = %chiron_chassis::chain(&error), "telemetry could not be published");
                Err(Fault::unavailable())
            }
        }
    }
}
async fn small_body(asked: &Asked, content: Body) -> Result<Value, Fault> {
    json_body(asked, content, MAX_TWIN_BODY_BYTES).await
}

fn believable(at: Timestamp, inner: &Inner) -> Result<(), Fault> {
    let window = inner.clock.source_window(inner.horizon);
    window.check(at).map_err(|why| Fault::invalid(format!("the source time {why}")))
}
fn text<'a>(entry: &'a Value, member: &str) -> &'a str {
    entry.get(member).and_then(Value::as_str).unwrap_or_default()
}
fn known(graph: &Graph, twin: &str) -> Result<(), EngineError> {
    if graph.twin(twin).is_some() { Ok(()) } else { Err(no_twin(twin)) }
}

fn no_twin(id: &str) -> EngineError {
    EngineError::new(ErrorCode::DigitalTwinNotFound, format!("there is no twin {id}"))
}

fn bad_token() -> Fault {
    let message = "the continuation token is not one of this service";
    EngineError::new(ErrorCode::BadRequest, message).into()
}

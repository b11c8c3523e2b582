//! The routes of TechDocs' API, at `/api/techdocs`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::http::{Method, Response, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response as Answer};
use axum::routing::get;
use chiron_backstage::{Asked, Refusal};
use chiron_chassis::{Api, Calls, Need, Path, Service, Token, TokenSource, chain};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json as value};
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use super::builder::{Builder, Built, METADATA};
use super::told::{self, SiteError};
use crate::NAME;
use crate::application::{MANNER, moved, nowhere, origin, served};

/// Who may read the catalogue may read what is documented in it.
const READ: Need = Need::new(
    "catalogue",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"],
);

const STATIC: &str = "/api/techdocs/static/docs";

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) calls: Calls,
    pub(crate) builder: Arc<Builder>,
    /// Whether a page that is read is built again when its sources have changed.
    pub(crate) follow: bool,
}

/// The routes of the service.
pub(crate) fn api(hub: Hub) -> Api {
    let files = || get(file).fallback(nowhere);
    let methods = [Method::GET];
    let below = |rest: &str| format!("{STATIC}/{{namespace}}/{{kind}}/{{name}}{rest}");
    Api::new(NAME, "Documentation hub (TechDocs' API)")
        .route(READ, alone(routes!(metadata)))
        .route(READ, alone(routes!(entity_metadata)))
        .route(READ, alone(routes!(sync)))
        .route(READ, alone(routes!(problems)))
        .unlisted(READ, &methods, &below(""), files())
        .unlisted(READ, &methods, &below("/"), files())
        .unlisted(READ, &methods, &below("/{*path}"), files())
        .with_state(hub)
}

/// Other methods of this path answer as if nothing were there.
fn alone(routes: UtoipaMethodRouter<Hub>) -> UtoipaMethodRouter<Hub> {
    let (schemas, paths, methods) = routes;
    (schemas, paths, methods.fallback(nowhere))
}

/// The three parts of an entity's name, as paths have them.
type Triplet = (String, String, String);

fn reference((namespace, kind, name): &Triplet) -> String {
    format!("{kind}:{namespace}/{name}").to_lowercase()
}

/// Where a site is kept.
fn site((namespace, kind, name): &Triplet) -> String {
    format!("{namespace}/{kind}/{name}").to_lowercase()
}

/// Why there is no up-to-date site.
#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error("the build broke off")]
    Broken(#[from] tokio::task::JoinError),
}

impl Hub {
    /// An entity, asked from the catalogue in the name of who asks.
    async fn entity(&self, token: &Token, triplet: &Triplet) -> Result<Value, Refusal> {
        let (namespace, kind, name) = triplet;
        let [kind, namespace, name] = [kind, namespace, name].map(|part| Calls::segment(part));
        let path = format!("/api/catalog/entities/by-name/{kind}/{namespace}/{name}");
        let call = match &token.0 {
            Some(token) => self.calls.get(Service::Catalog, &path).bearer(token),
            // Identity is off.
            None => self.calls.with_tokens(TokenSource::None).get(Service::Catalog, &path),
        };
        let unavailable = |error: chiron_chassis::CallError| {
            tracing::warn!(error = %chain(&error), "the catalogue cannot be asked");
            Refusal::unavailable("the catalogue cannot be asked; try again")
        };
        let answer = call.send().await.map_err(unavailable)?;
        match answer.status {
            StatusCode::OK => answer.json().map_err(unavailable),
            StatusCode::NOT_FOUND => {
                Err(Refusal::not_found(format!("Entity not found: {}", reference(triplet))))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Refusal::not_allowed("the catalogue may not be read"))
            }
            status => {
                tracing::warn!(status = status.as_u16(), "the catalogue cannot be asked");
                Err(Refusal::unavailable("the catalogue cannot be asked; try again"))
            }
        }
    }

    /// Brings the site of an entity up to date.
    async fn build(&self, entity: &Value) -> Result<Built, SyncError> {
        let (builder, entity) = (Arc::clone(&self.builder), entity.clone());
        let work = move || told::build(&builder, &entity);
        Ok(tokio::task::spawn_blocking(work).await??)
    }

    /// Builds a site that nobody has asked for before, or whose sources may have changed. What
    /// cannot be built is served as it was.
    async fn ensure(&self, triplet: &Triplet, entity: &Value, again: bool) {
        let site = site(triplet);
        if !again && self.builder.is_built(&site).unwrap_or(false) {
            return;
        }
        if let Err(error) = self.build(entity).await {
            tracing::debug!(site, error = %chain(&error), "a site cannot be built");
        }
    }

    /// A file of a built site.
    async fn read(&self, triplet: &Triplet, path: &str) -> Option<bytes::Bytes> {
        let (builder, site, path) = (Arc::clone(&self.builder), site(triplet), path.to_owned());
        let read = tokio::task::spawn_blocking(move || builder.shelf.read(&site, &path));
        match read.await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => {
                tracing::error!(error = %chain(&error), "a built site cannot be read");
                None
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "a built site cannot be read");
                None
            }
        }
    }
}

/// What is known of an entity's site.
#[utoipa::path(get, path = "/api/techdocs/metadata/techdocs/{namespace}/{kind}/{name}", tag = "techdocs",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "site_name, site_description, etag, build_timestamp, files"),
        (status = 404, description = "NotFoundError")))]
pub(crate) async fn metadata(
    State(hub): State<Hub>,
    token: Token,
    asked: Asked,
    Path(triplet): Path<Triplet>,
) -> Response<Body> {
    let told = async {
        let entity = hub.entity(&token, &triplet).await?;
        hub.ensure(&triplet, &entity, false).await;
        let bytes = hub.read(&triplet, METADATA).await;
        let metadata = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        Ok(MANNER.json(&asked, StatusCode::OK, &metadata.ok_or_else(|| no_metadata(&triplet))?))
    };
    MANNER.answered(&asked, told.await)
}

fn no_metadata(triplet: &Triplet) -> Refusal {
    Refusal::not_found(format!("Unable to get metadata for '{}'", reference(triplet)))
}

/// The entity, with where its documentation comes from.
#[utoipa::path(get, path = "/api/techdocs/metadata/entity/{namespace}/{kind}/{name}", tag = "techdocs",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the entity, with locationMetadata"),
        (status = 404, description = "NotFoundError")))]
pub(crate) async fn entity_metadata(
    State(hub): State<Hub>,
    token: Token,
    asked: Asked,
    Path(triplet): Path<Triplet>,
) -> Response<Body> {
    let told = async {
        let mut entity = hub.entity(&token, &triplet).await?;
        let origin = origin(&entity).map_err(|_| no_metadata(&triplet))?;
        let location = value!({"type": "dir", "target": origin.folder.display().to_string()});
        if let Some(members) = entity.as_object_mut() {
            members.insert("locationMetadata".to_owned(), location);
        }
        Ok(MANNER.json(&asked, StatusCode::OK, &entity))
    };
    MANNER.answered(&asked, told.await)
}

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

/// Brings a site up to date, and tells what is done: `log` any number of times, then `finish` with
/// whether anything was to do, or `error`.
#[utoipa::path(get, path = "/api/techdocs/sync/{namespace}/{kind}/{name}", tag = "techdocs",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "server-sent events", content_type = "text/event-stream"),
        (status = 404, description = "NotFoundError")))]
pub(crate) async fn sync(
    State(hub): State<Hub>,
    token: Token,
    asked: Asked,
    Path(triplet): Path<Triplet>,
) -> Answer {
    let entity = match hub.entity(&token, &triplet).await {
        Ok(entity) => entity,
        Err(refusal) => return MANNER.refused(&asked, refusal),
    };
    let reference = reference(&triplet);
    let first = event("log", &value!(format!("Looking at the sources of {reference}")));
    let build = async move {
        let events = match hub.build(&entity).await {
            Ok(Built { updated, log }) => {
                let mut events: Vec<Event> =
                    log.iter().map(|line| event("log", &value!(line))).collect();
                events.push(event("finish", &value!({"updated": updated})));
                events
            }
            Err(error) => {
                let why = chain(&error);
                tracing::info!(entity = reference, error = %why, "a site cannot be built");
                let text = format!("Failed to build the docs page for entity {reference}: {why}");
                vec![event("error", &value!(text))]
            }
        };
        stream::iter(events)
    };
    let events = stream::iter([first]).chain(stream::once(build).flatten());
    Sse::new(events.map(Ok::<Event, Infallible>)).into_response()
}

/// What is wrong with a site: broken links, missing images and anchors, orphans, entries of the
/// navigation without a file; and what of `mkdocs.yml` was passed over.
#[utoipa::path(get, path = "/api/techdocs/problems/{namespace}/{kind}/{name}", tag = "techdocs",
    params(("namespace" = String, Path), ("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "entries, total and notes"),
        (status = 404, description = "NotFoundError")))]
pub(crate) async fn problems(
    State(hub): State<Hub>,
    token: Token,
    asked: Asked,
    Path(triplet): Path<Triplet>,
) -> Response<Body> {
    let told = async {
        let entity = hub.entity(&token, &triplet).await?;
        // A site that cannot be built is a problem, and the greatest of all.
        if let Err(error) = hub.build(&entity).await {
            let entry = value!({"page": "mkdocs.yml", "line": null, "kind": "not-built",
                "detail": chain(&error)});
            return Ok(MANNER.json(
                &asked,
                StatusCode::OK,
                &value!({"entries": [entry], "total": 1, "notes": []}),
            ));
        }
        let problems = hub.builder.problems(&site(&triplet)).ok().flatten();
        Ok(MANNER.json(&asked, StatusCode::OK, &problems.ok_or_else(|| no_metadata(&triplet))?))
    };
    MANNER.answered(&asked, told.await)
}

/// A file of a site, as it is served to readers.
async fn file(
    State(hub): State<Hub>,
    token: Token,
    asked: Asked,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
) -> Response<Body> {
    let Ok(parameters) = parameters else { return MANNER.empty(StatusCode::NOT_FOUND) };
    let part = |name: &str| {
        let found = parameters.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let triplet: Triplet = (part("namespace"), part("kind"), part("name"));
    // Names are written in lower case, so that a page has one address.
    if let Some(path) = lowered(&asked.path) {
        return moved(&path);
    }
    let entity = match hub.entity(&token, &triplet).await {
        Ok(entity) => entity,
        Err(refusal) => return MANNER.refused(&asked, refusal),
    };
    let path = part("path");
    if path.is_empty() && !asked.path.ends_with('/') {
        return moved(&format!("{}/", asked.path));
    }
    if path.split('/').any(|part| part.starts_with('.')) {
        return MANNER.empty(StatusCode::NOT_FOUND);
    }
    let is_folder = path.is_empty() || path.ends_with('/');
    let is_page = is_folder || path.rsplit('.').next() == Some("html");
    hub.ensure(&triplet, &entity, is_page && hub.follow).await;
    let whole = if is_folder { format!("{path}index.html") } else { path };
    if let Some(bytes) = hub.read(&triplet, &whole).await {
        return served(&asked, &whole, bytes);
    }
    // A folder is asked with a slash at its end, so that what it names relatively is found.
    if !is_folder && hub.read(&triplet, &format!("{whole}/index.html")).await.is_some() {
        return moved(&format!("{}/", asked.path));
    }
    MANNER.empty(StatusCode::NOT_FOUND)
}

/// A path of a site whose three names are in lower case; `None` where they are already.
fn lowered(path: &str) -> Option<String> {
    let rest = path.strip_prefix(STATIC)?.strip_prefix('/')?;
    let mut parts = rest.splitn(4, '/');
    let mut names: Vec<String> = Vec::new();
    for _ in 0..3 {
        let name = parts.next()?;
        // Escapes are left as they are: their digits have no case.
        names.push(if name.contains('%') { name.to_owned() } else { name.to_lowercase() });
    }
    names.extend(parts.next().map(str::to_owned));
    let lower = format!("{STATIC}/{}", names.join("/"));
    (lower != path).then_some(lower)
}

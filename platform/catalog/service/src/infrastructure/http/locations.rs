//! Locations that people register.

use std::sync::PoisonError;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode};
use catalog_domain::entity::{EntityRef, Predicate, Row, parse_predicate};
use catalog_domain::usecase::{LocationRef, ORIGIN};
use chiron_backstage::{Asked, FRAMEWORK, Refusal, Shape};
use chiron_chassis::{Caller, Path};
use serde_json::{Value, json as value};
use tokio::sync::oneshot;
use url::Url;
use uuid::Uuid;

use super::super::core::root;
use super::super::dry_run::dry_run;
use super::super::ingest::Wish;
use super::super::store::Registered;
use super::{ADMIN, Catalog};
use crate::application::After;

/// Locations of a page unless another number is asked for.
const LIMIT: usize = 1_000;

fn shown(location: &Registered) -> Value {
    value!({
        "id": location.id, "type": location.kind, "target": location.target,
        "entityRef": location.reference,
    })
}

fn missing(id: &str) -> Refusal {
    Refusal::not_found(format!("Found no location with ID {id}"))
}

fn exists(place: &LocationRef) -> Refusal {
    Refusal::conflict(format!("Location {place} already exists"))
}

impl Catalog {
    fn locations(&self) -> Vec<Registered> {
        self.shared.locations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn location(&self, id: &str) -> Result<Registered, Refusal> {
        let parsed = Uuid::parse_str(id).map_err(|_| missing(id))?;
        let found = self.locations().into_iter().find(|location| location.id == parsed);
        found.ok_or_else(|| missing(id))
    }

    fn location_at(&self, place: &LocationRef) -> Option<Registered> {
        let mut all = self.locations().into_iter();
        all.find(|location| location.kind == place.kind && location.target == place.target)
    }
}

fn may_change(caller: &Caller, location: &Registered) -> Result<(), Refusal> {
    let own = location.by.as_deref() == Some(caller.subject.as_str());
    if own || caller.has_role(ADMIN) {
        return Ok(());
    }
    let message = "only who registered a location and administrators may change or unregister it";
    Err(Refusal::not_allowed(message))
}

/// The place that a body names, which must be one that people may register.
fn place(asked: &Asked, body: &Bytes) -> Result<LocationRef, Refusal> {
    let body = asked.body(body)?;
    let kind = body.text("type")?.unwrap_or("url").to_owned();
    let target = body.required_text("target")?.trim().to_owned();
    body.only(&["type", "target"])?;
    if kind != "url" {
        let message = "Registered locations must be of an allowed type [\"url\"]";
        return Err(Refusal::input(message));
    }
    if Url::parse(&target).is_err() {
        return Err(Refusal::input(format!("`{target}` is no URL: write https://host/path")));
    }
    Ok(LocationRef::new(kind, target))
}

/// The registered locations.
#[utoipa::path(get, path = "/api/catalog/locations", tag = "locations",
    responses((status = 200, description = "a list of {data: location}")))]
pub(crate) async fn list(State(catalog): State<Catalog>, asked: Asked) -> Response<Body> {
    let outcome = asked.params(&[]).map(|_| {
        let all = catalog.locations();
        let all = all.iter().map(|location| value!({"data": shown(location)}));
        FRAMEWORK.json(&asked, StatusCode::OK, &Value::Array(all.collect()))
    });
    FRAMEWORK.answered(&asked, outcome)
}

/// Registers a location, or says what that would bring.
#[utoipa::path(post, path = "/api/catalog/locations", tag = "locations",
    params(("dryRun" = Option<String>, Query), ("onConflict" = Option<String>, Query, description = "refresh or reject")),
    request_body(content = Value, description = "type, target"),
    responses((status = 201, description = "location and entities"), (status = 400, description = "InputError"),
        (status = 409, description = "ConflictError")))]
pub(crate) async fn register(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let work = async {
        let params = asked.params(&[
            ("dryRun", Shape::Text),
            ("onConflict", Shape::OneOf(&["refresh", "reject"])),
        ])?;
        let place = place(&asked, &body)?;
        if params.one("dryRun") == Some("true") {
            return rehearsed(&catalog, &asked, &place).await;
        }
        let known = match catalog.location_at(&place) {
            Some(known) if params.one("onConflict") == Some("refresh") => known,
            Some(_) => return Err(exists(&place)),
            None => {
                let location = Registered {
                    id: catalog.ids.next(),
                    kind: place.kind.clone(),
                    target: place.target.clone(),
                    reference: root(&place).reference,
                    by: Some(caller.subject.clone()),
                };
                let (there, done) = oneshot::channel();
                catalog.wish(Wish::Register(location.clone(), there)).await?;
                if !done.await.unwrap_or(false) {
                    return Err(exists(&place));
                }
                let body = value!({"location": shown(&location), "entities": []});
                return Ok(FRAMEWORK.json(&asked, StatusCode::CREATED, &body));
            }
        };
        let (there, _) = oneshot::channel();
        catalog.wish(Wish::Refresh(known.reference.clone(), there)).await?;
        let body = value!({"location": shown(&known), "entities": []});
        Ok(FRAMEWORK.json(&asked, StatusCode::CREATED, &body))
    };
    let outcome = work.await;
    FRAMEWORK.answered(&asked, outcome)
}

async fn rehearsed(
    catalog: &Catalog,
    asked: &Asked,
    place: &LocationRef,
) -> Result<Response<Body>, Refusal> {
    let entities =
        dry_run(&catalog.sources, &catalog.judge, place).await.map_err(Refusal::input)?;
    let location = value!({
        "id": place.to_string(), "type": place.kind, "target": place.target,
        "entityRef": root(place).reference,
    });
    let exists = catalog.location_at(place).is_some();
    let body = value!({"exists": exists, "location": location, "entities": entities});
    Ok(FRAMEWORK.json(asked, StatusCode::CREATED, &body))
}

/// One registered location.
#[utoipa::path(get, path = "/api/catalog/locations/{id}", tag = "locations",
    params(("id" = String, Path)),
    responses((status = 200, description = "the location"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn show(
    State(catalog): State<Catalog>,
    asked: Asked,
    Path(id): Path<String>,
) -> Response<Body> {
    let outcome = catalog.location(&id);
    FRAMEWORK.answered(
        &asked,
        outcome.map(|found| FRAMEWORK.json(&asked, StatusCode::OK, &shown(&found))),
    )
}

/// Points a registered location elsewhere; it keeps its id and its entity.
#[utoipa::path(put, path = "/api/catalog/locations/{id}", tag = "locations",
    params(("id" = String, Path)), request_body(content = Value, description = "type, target"),
    responses((status = 200, description = "the location"), (status = 404, description = "NotFoundError"),
        (status = 409, description = "ConflictError")))]
pub(crate) async fn replace(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path(id): Path<String>,
    body: Bytes,
) -> Response<Body> {
    let work = async {
        let place = place(&asked, &body)?;
        let known = catalog.location(&id)?;
        may_change(&caller, &known)?;
        if catalog.location_at(&place).is_some_and(|other| other.id != known.id) {
            return Err(exists(&place));
        }
        let location =
            Registered { kind: place.kind.clone(), target: place.target.clone(), ..known };
        let (there, done) = oneshot::channel();
        catalog.wish(Wish::Register(location.clone(), there)).await?;
        if !done.await.unwrap_or(false) {
            return Err(exists(&place));
        }
        Ok(FRAMEWORK.json(&asked, StatusCode::OK, &shown(&location)))
    };
    let outcome = work.await;
    FRAMEWORK.answered(&asked, outcome)
}

/// Unregisters a location, and everything that it alone brought.
#[utoipa::path(delete, path = "/api/catalog/locations/{id}", tag = "locations",
    params(("id" = String, Path)),
    responses((status = 204, description = "it is gone"), (status = 403, description = "NotAllowedError"),
        (status = 404, description = "NotFoundError")))]
pub(crate) async fn remove(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path(id): Path<String>,
) -> Response<Body> {
    let work = async {
        let known = catalog.location(&id)?;
        may_change(&caller, &known)?;
        catalog.wish(Wish::Unregister(known)).await?;
        Ok(FRAMEWORK.empty(StatusCode::NO_CONTENT))
    };
    let outcome = work.await;
    FRAMEWORK.answered(&asked, outcome)
}

/// The registered location that an entity came by.
#[utoipa::path(get, path = "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}", tag = "locations",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the location"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn by_entity(
    State(catalog): State<Catalog>,
    asked: Asked,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Response<Body> {
    let reference = EntityRef::new(&kind, &namespace, &name).to_string();
    let find = || {
        let entity: Option<Value> = {
            let index = catalog.index();
            let slot = index.by_reference(&reference);
            let entry = slot.and_then(|slot| index.entry(slot));
            entry.and_then(|entry| serde_json::from_slice(&entry.json).ok())
        };
        let entity = entity
            .ok_or_else(|| Refusal::not_found(format!("found no entity for ref {reference}")))?;
        let origin = entity.pointer("/metadata/annotations").and_then(|all| all.get(ORIGIN));
        let origin = origin.and_then(Value::as_str).and_then(|text| LocationRef::parse(text).ok());
        let origin = origin.unwrap_or_else(|| LocationRef::new("", ""));
        catalog.location_at(&origin).ok_or_else(|| {
            let LocationRef { kind, target } = &origin;
            Refusal::not_found(format!("Found no location with type {kind} and target {target}"))
        })
    };
    FRAMEWORK.answered(
        &asked,
        find().map(|found| FRAMEWORK.json(&asked, StatusCode::OK, &shown(&found))),
    )
}

/// A page of the registered locations.
#[utoipa::path(post, path = "/api/catalog/locations/by-query", tag = "locations",
    request_body(content = Value, description = "query, limit, cursor"),
    responses((status = 200, description = "items, totalItems and pageInfo"), (status = 400, description = "InputError")))]
pub(crate) async fn query(
    State(catalog): State<Catalog>,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let find = || {
        let body = asked.body(&body)?;
        let given = body.get("query").map(parse_predicate).transpose();
        let query = given.map_err(|error| Refusal::input(error.to_string()))?;
        let cursor = body.text("cursor")?;
        let after =
            cursor.map(|text| After::parse(text, "cursor, unknown encoding")).transpose()?;
        let (limit, offset) = match after {
            Some(After { limit, offset }) => (limit, offset),
            None => (None, 0),
        };
        let limit = body.count("limit")?.or(limit).unwrap_or(LIMIT);
        // A cursor goes on with the query that it was given with.
        let all: Vec<Value> = catalog
            .locations()
            .iter()
            .filter(|location| query.as_ref().is_none_or(|query| matches(query, location)))
            .map(shown)
            .collect();
        let total = all.len();
        let items: Vec<Value> = all.into_iter().skip(offset).take(limit).collect();
        let mut info = serde_json::Map::new();
        let next = offset.saturating_add(items.len());
        if next < total && !items.is_empty() {
            let next = After { limit: Some(limit), offset: next }.written();
            info.insert("nextCursor".to_owned(), Value::String(next));
        }
        let body = value!({"items": items, "totalItems": total, "pageInfo": info});
        Ok(FRAMEWORK.json(&asked, StatusCode::OK, &body))
    };
    FRAMEWORK.answered(&asked, find())
}

fn matches(query: &Predicate, location: &Registered) -> bool {
    let row = |key: &str, text: &str| Row {
        key: key.to_owned(),
        value: Some((text.to_lowercase(), text.to_owned())),
    };
    query.matches(&[
        row("id", &location.id.to_string()),
        row("type", &location.kind),
        row("target", &location.target),
        row("entityref", &location.reference),
    ])
}

/// What registering a repository or file could bring: a draft of a descriptor.
#[utoipa::path(post, path = "/api/catalog/analyze-location", tag = "locations",
    request_body(content = Value, description = "location"),
    responses((status = 200, description = "existingEntityFiles and generateEntities"), (status = 400, description = "InputError")))]
pub(crate) async fn analyze(asked: Asked, body: Bytes) -> Response<Body> {
    let draft = || {
        let location = asked.body(&body)?.required_object("location")?;
        let target = location.required_text("target")?;
        let url = Url::parse(target).map_err(|_| {
            Refusal::input(format!("`{target}` is no URL: write https://host/path"))
        })?;
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        let github = url.host_str() == Some("github.com");
        let mut metadata = serde_json::Map::new();
        match parts.as_slice() {
            [owner, repository, ..] if github => {
                let repository = repository.trim_end_matches(".git");
                metadata.insert("name".to_owned(), value!(repository));
                let slug = format!("{owner}/{repository}");
                metadata
                    .insert("annotations".to_owned(), value!({"github.com/project-slug": slug}));
            }
            parts => {
                let name =
                    parts.last().copied().unwrap_or_else(|| url.host_str().unwrap_or("name"));
                metadata.insert("name".to_owned(), value!(name));
            }
        }
        let entity = value!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata,
            "spec": {"type": "other", "lifecycle": "unknown"},
        });
        let body = value!({
            "existingEntityFiles": [],
            "generateEntities": [{"entity": entity, "fields": []}],
        });
        Ok(FRAMEWORK.json(&asked, StatusCode::OK, &body))
    };
    FRAMEWORK.answered(&asked, draft())
}

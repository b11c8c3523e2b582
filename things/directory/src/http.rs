//! The routes of the Discovery API.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chiron_chassis::{
    Api, Authority, Caller, Calls, FieldError, Need, Path, Problem, Query, Runtime, from_json,
};
use chiron_clock::{Clock, Ids, instant};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::NAME;
use crate::description::{DISCOVERY, Judge, Wish, enriched, merge, take_wish};
use crate::events::{Kind, Notifications};
use crate::introduction;
use crate::registry::{Entry, Page, Put, Registry, RegistryError};

const READ: Need = Need::new("things", "read", &["developer", "admin"]);
const WRITE: Need = Need::new("things", "write", &["admin"]);

const TD_JSON: &str = "application/td+json";
const LD_JSON: &str = "application/ld+json";
/// The largest description read, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// Entries of one page at most.
const MOST_ENTRIES: usize = 1_000;
/// Entries of a list that is not read in pages.
const MOST_UNPAGED: usize = 10_000;

#[derive(Clone)]
struct Served {
    registry: Registry,
    judge: Arc<Judge>,
    notifications: Notifications,
    clock: Clock,
    ids: Ids,
}

/// The routes of the service.
pub(crate) fn api(runtime: &Runtime, registry: Registry, judge: Judge) -> Api {
    let notifications = Notifications::new(runtime.broker.clone(), runtime.shutdown.clone());
    let served = Served {
        registry,
        judge: Arc::new(judge),
        notifications,
        clock: runtime.clock.clone(),
        ids: runtime.ids.clone(),
    };
    Api::new(NAME, "Thing Description directory")
        .public(routes!(introduce))
        .route(READ, routes!(list))
        .route(WRITE, routes!(register))
        .route(READ, routes!(show))
        .route(WRITE, routes!(replace))
        .route(WRITE, routes!(change))
        .route(WRITE, routes!(remove))
        .route(READ, routes!(all_events))
        .route(READ, routes!(events_of_kind))
        .face(problem_with_validation_errors)
        .with_state(served)
}

/// A problem as the Discovery API writes it: RFC 9457 with `validationErrors`, beside the fields
/// that all our problems have.
fn problem_with_validation_errors(problem: &Problem) -> Response {
    let mut document = serde_json::to_value(problem.document()).unwrap_or_else(|_| json!({}));
    let errors = problem.errors();
    if !errors.is_empty()
        && let Some(members) = document.as_object_mut()
    {
        let shown =
            |error: &FieldError| json!({"field": error.pointer, "description": error.detail});
        let errors: Vec<Value> = errors.iter().map(shown).collect();
        members.insert("validationErrors".to_owned(), Value::Array(errors));
    }
    ([(header::CONTENT_TYPE, "application/problem+json")], document.to_string()).into_response()
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Store(error) => Self::from(error),
            RegistryError::Write(error) => Self::from(error),
            RegistryError::Event(error) => Self::internal(&error),
        }
    }
}

fn unknown() -> Problem {
    Problem::not_found("no Thing is registered under this id")
}

fn answer(content_type: &'static str, body: &Value) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body.to_string()).into_response()
}

/// The body as JSON when it is of one of these types and not too large.
fn read(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    accepted: &[&str],
) -> Result<Value, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next()).unwrap_or_default();
    if !accepted.contains(&essence.trim().to_ascii_lowercase().as_str()) {
        return Err(Problem::unsupported_media_type(&accepted.join(", ")));
    }
    let too_large = || Problem::too_large(format!("at most {MOST_BYTES} bytes are read here"));
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::bad_request("", "the body could not be read to its end"),
    })?;
    if MOST_BYTES < body.len() {
        return Err(too_large());
    }
    from_json(&body).map_err(Problem::invalid)
}

fn object(value: Value) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Problem::bad_request("", "must be an object")),
    }
}

impl Served {
    /// The parts of a description that came, when it is valid.
    fn judged(&self, description: Value) -> Result<(Map<String, Value>, Wish), Problem> {
        let mut description = object(description)?;
        let wish = take_wish(&mut description).map_err(Problem::invalid)?;
        let description = Value::Object(description);
        let mistakes = self.judge.mistakes(&description);
        if !mistakes.is_empty() {
            return Err(Problem::invalid(mistakes));
        }
        let mut description = object(description)?;
        // Who sends back what was retrieved sends our context, too; it is not the author's.
        if let Some(Value::Array(contexts)) = description.get_mut("@context") {
            contexts.retain(|context| context != DISCOVERY);
        }
        Ok((description, wish))
    }

    fn shown(&self, entry: &Entry) -> Value {
        enriched(&entry.description, &entry.registration, self.clock.now())
    }
}

/// The directory's own Thing Description.
#[utoipa::path(get, path = "/.well-known/wot",
    responses((status = 200, content_type = TD_JSON, description = "Who and where the directory is")))]
async fn introduce(authority: Authority) -> Response {
    answer(TD_JSON, &introduction::description(&authority.url("")))
}

/// What part of the list, in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Entries before the page.
    #[serde(default)]
    offset: usize,
    /// Entries of the page, at least 1; pages may be smaller. All when not given.
    limit: Option<usize>,
    /// `array` or `collection`.
    format: Option<String>,
}

/// The registered Things by id, ascending.
#[utoipa::path(get, path = "/things", params(ListQuery),
    responses((status = 200, content_type = LD_JSON, description = "The Things"), (status = 400)))]
async fn list(
    State(served): State<Served>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let collection = match query.format.as_deref() {
        None | Some("array") => false,
        Some("collection") => true,
        Some(_) => return Err(Problem::bad_request("?format", "must be array or collection")),
    };
    let limit = match query.limit {
        Some(0) => return Err(Problem::bad_request("?limit", "must be 1 or more")),
        Some(limit) => Some(limit.min(MOST_ENTRIES)),
        None if MOST_UNPAGED < served.registry.total() => {
            let detail = format!("there are more than {MOST_UNPAGED} Things: read them in pages");
            return Err(Problem::bad_request("?limit", detail));
        }
        None => None,
    };
    let page = served.registry.page(query.offset, limit).await?;
    let members: Vec<Value> = page.entries.iter().map(|entry| served.shown(entry)).collect();
    let links = Links::of(&query, &page, limit, collection);
    let body = if collection {
        let mut body = json!({
            "@context": DISCOVERY, "@type": "ThingCollection", "@id": links.here,
            "total": page.total, "members": members,
        });
        if let (Some(next), Some(members)) = (&links.next, body.as_object_mut()) {
            members.insert("next".to_owned(), json!(next));
        }
        body
    } else {
        Value::Array(members)
    };
    let mut response = answer(LD_JSON, &body);
    for link in links.headers(&page.etag) {
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().append(header::LINK, link);
        }
    }
    Ok(response)
}

/// Where a page is and where the next one is (RFC 8288).
struct Links {
    here: String,
    next: Option<String>,
    paged: bool,
}

impl Links {
    fn of(query: &ListQuery, page: &Page, limit: Option<usize>, collection: bool) -> Self {
        let form = if collection { "&format=collection" } else { "" };
        let at = |offset: usize| match limit {
            Some(limit) => format!("/things?offset={offset}&limit={limit}{form}"),
            None => format!("/things?offset={offset}{form}"),
        };
        let next = query.offset.saturating_add(page.covered);
        Self {
            here: at(query.offset),
            next: (limit.is_some() && 0 < page.covered && next < page.total).then(|| at(next)),
            paged: limit.is_some() || 0 < query.offset,
        }
    }

    fn headers(&self, etag: &str) -> Vec<String> {
        let mut headers = Vec::new();
        if let Some(next) = &self.next {
            headers.push(format!("<{next}>; rel=\"next\""));
        }
        if self.paged {
            headers.push(format!("</things>; rel=\"canonical\"; etag=\"{etag}\""));
        }
        headers
    }
}

/// Registers a Thing that has no id of its own; the answer says which one it got.
#[utoipa::path(post, path = "/things",
    request_body(content_type = TD_JSON, content = String, description = "A Thing Description without id"),
    responses((status = 201, description = "Registered at `Location`"), (status = 400), (status = 413), (status = 415)))]
async fn register(
    State(served): State<Served>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (mut description, wish) =
        served.judged(read(&headers, body, &[TD_JSON, LD_JSON, "application/json"])?)?;
    if description.contains_key("id") {
        let detail = "a Thing with an id is registered by PUT under its id";
        return Err(Problem::bad_request("/id", detail));
    }
    let id = format!("urn:uuid:{}", served.ids.next());
    description.insert("id".to_owned(), json!(id));
    served.registry.put(&id, description, wish).await?;
    let location = format!("/things/{}", Calls::segment(&id));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}

/// A Thing's description with its registration information.
#[utoipa::path(get, path = "/things/{id}",
    params(("id" = String, Path, description = "The Thing's id; for our own Things also what follows `urn:chiron:thing:`")),
    responses((status = 200, content_type = TD_JSON, description = "The description"), (status = 404)))]
async fn show(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = served.registry.get(&id).await?.ok_or_else(unknown)?;
    let wanted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let plain = wanted.is_some_and(|wanted| {
        wanted.contains("application/json") && !wanted.contains(TD_JSON) && !wanted.contains("*/*")
    });
    Ok(answer(if plain { "application/json" } else { TD_JSON }, &served.shown(&entry)))
}

/// Registers a Thing under its id, or puts a new description in the place of its old one.
#[utoipa::path(put, path = "/things/{id}", params(("id" = String, Path, description = "The Thing's id")),
    request_body(content_type = TD_JSON, content = String, description = "A Thing Description with this id"),
    responses((status = 201, description = "Registered"), (status = 204, description = "Replaced"),
        (status = 400), (status = 413), (status = 415)))]
async fn replace(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let (description, wish) =
        served.judged(read(&headers, body, &[TD_JSON, LD_JSON, "application/json"])?)?;
    if description.get("id").and_then(Value::as_str) != Some(id.as_str()) {
        return Err(Problem::bad_request("/id", "must be that of the path"));
    }
    if !is_uri(&id) {
        return Err(Problem::bad_request("/id", "must be a URI"));
    }
    Ok(match served.registry.put(&id, description, wish).await? {
        Put::Created => StatusCode::CREATED,
        Put::Replaced => StatusCode::NO_CONTENT,
    })
}

/// A scheme and something behind it, without spaces (RFC 3986, section 3, as far as it matters).
fn is_uri(id: &str) -> bool {
    let Some((scheme, rest)) = id.split_once(':') else { return false };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && id.len() <= 512
        && !id.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Changes parts of a description by a merge patch (RFC 7396).
#[utoipa::path(patch, path = "/things/{id}", params(("id" = String, Path, description = "The Thing's id")),
    request_body(content_type = "application/merge-patch+json", content = String, description = "What changes"),
    responses((status = 204), (status = 400), (status = 404), (status = 413), (status = 415)))]
async fn change(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let patch =
        read(&headers, body, &["application/merge-patch+json", "application/json", TD_JSON])?;
    let patch = Value::Object(object(patch)?);
    let changed = served.registry.change(&id, |entry| {
        let (description, wish) = served.judged(merge(as_authored(entry), &patch))?;
        if description.get("id").and_then(Value::as_str) != Some(entry.id.as_str()) {
            return Err(Problem::bad_request("/id", "a Thing keeps its id"));
        }
        Ok((description, wish))
    });
    if changed.await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// The description with its author's part of the registration, which is patched like the rest.
fn as_authored(entry: &Entry) -> Value {
    let wish = entry.registration.wish();
    let mut registration = Map::new();
    if let Some(expires) = wish.expires {
        registration.insert("expires".to_owned(), json!(instant::write(expires)));
    }
    if let Some(ttl) = wish.ttl_s {
        registration.insert("ttl".to_owned(), json!(ttl));
    }
    let mut description = entry.description.clone();
    description.insert("registration".to_owned(), Value::Object(registration));
    Value::Object(description)
}

/// Removes a Thing.
#[utoipa::path(delete, path = "/things/{id}", params(("id" = String, Path, description = "The Thing's id")),
    responses((status = 204), (status = 404)))]
async fn remove(
    State(served): State<Served>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let entry = served.registry.get(&id).await?.ok_or_else(unknown)?;
    if served.registry.remove(&entry.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

/// What is told of each event.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// With the whole description of a new Thing, and what changed of an old one.
    #[serde(default)]
    diff: bool,
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok())
}

/// Registrations, updates and removals as they happen; after `Last-Event-ID` those missed first.
#[utoipa::path(get, path = "/events", params(EventQuery),
    responses((status = 200, content_type = "text/event-stream", description = "Server-Sent Events")))]
async fn all_events(
    State(served): State<Served>,
    caller: Caller,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    served.notifications.stream(None, query.diff, last_event_id(&headers), &caller)
}

/// Events of one kind: `thing_created`, `thing_updated` or `thing_deleted`.
#[utoipa::path(get, path = "/events/{kind}",
    params(("kind" = String, Path, description = "Which events"), EventQuery),
    responses((status = 200, content_type = "text/event-stream", description = "Server-Sent Events"), (status = 404)))]
async fn events_of_kind(
    State(served): State<Served>,
    caller: Caller,
    Path(kind): Path<String>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = Kind::parse(&kind).ok_or_else(|| Problem::not_found("there is no such event"))?;
    served.notifications.stream(Some(kind), query.diff, last_event_id(&headers), &caller)
}

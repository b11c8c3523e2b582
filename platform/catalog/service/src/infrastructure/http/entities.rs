//! Entities: one, some, pages of them, and what is asked about them.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use catalog_domain::entity::{EntityRef, Like, project, reference_of};
use catalog_domain::usecase::LocationRef;
use chiron_backstage::{Asked, FRAMEWORK, Refusal};
use chiron_chassis::{Caller, Path};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json as value};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::super::index::{Index, Page, Slot};
use super::super::ingest::Wish;
use super::{ADMIN, Catalog};
use crate::application::{
    After, Cursor, EntityQuery, ListQuery, Order, Place, RefsQuery, conjunction, facets_of,
};

/// What `application/x-www-form-urlencoded` writes with escapes (URL Standard, section 5.2).
const FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// Entities, all or in parts.
#[utoipa::path(get, path = "/api/catalog/entities", tag = "entities",
    params(
        ("filter" = Option<Vec<String>>, Query, description = "key=value, with commas for and; repeated for or"),
        ("fields" = Option<Vec<String>>, Query, description = "dotted paths to answer"),
        ("order" = Option<Vec<String>>, Query, description = "asc:field or desc:field"),
        ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query),
        ("after" = Option<String>, Query, description = "where the list goes on")),
    responses((status = 200, description = "a list of entities"), (status = 400, description = "InputError")))]
pub(crate) async fn list(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
) -> Response<Body> {
    let outcome =
        ListQuery::of_params(&asked).map(|query| listed(&catalog, &caller, &asked, &query));
    FRAMEWORK.answered(&asked, outcome)
}

fn listed(catalog: &Catalog, caller: &Caller, asked: &Asked, query: &ListQuery) -> Response<Body> {
    let predicate = conjunction([query.query.clone(), catalog.visible(caller)]);
    let index = catalog.index();
    let matches = index.select(predicate.as_ref());
    if !query.paged {
        let slots = match query.orders.first() {
            None => matches.iter().collect(),
            Some(order) => {
                // Who has not the field is left out.
                let have = matches.as_ref() & &index.ordered_by(&order.key);
                index.list(&have, std::slice::from_ref(order), 0, None).0
            }
        };
        let entities = index.some(slots.into_iter().map(Some), &query.fields);
        return FRAMEWORK.raw(entities.array());
    }
    let (slots, more) = index.list(&matches, &query.orders, query.offset, query.limit);
    let entities = index.some(slots.into_iter().map(Some), &query.fields);
    let mut response = if query.fields.is_empty() {
        FRAMEWORK.raw(entities.array())
    } else {
        FRAMEWORK.json(asked, StatusCode::OK, &entities.value())
    };
    if more && let Some(limit) = query.limit {
        let after = After { limit: Some(limit), offset: query.offset.saturating_add(limit) };
        if let Ok(link) = HeaderValue::try_from(next_link(asked, &after.written())) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

/// The address of what follows: the parameters as they are, without `offset`, and with `after`.
fn next_link(asked: &Asked, after: &str) -> String {
    // All are text: the query was read.
    let mut pairs: Vec<(String, String)> = asked.pairs().filter_map(Result::ok).collect();
    pairs.retain(|(name, _)| name != "offset");
    match pairs.iter_mut().find(|(name, _)| name == "after") {
        Some((_, value)) => after.clone_into(value),
        None => pairs.push(("after".to_owned(), after.to_owned())),
    }
    let escaped = |text: &str| utf8_percent_encode(text, FORM).to_string().replace(' ', "+");
    let pairs = pairs.iter().map(|(name, text)| format!("{}={}", escaped(name), escaped(text)));
    let path = asked.url.split('?').next().unwrap_or_default();
    format!("<{path}?{}>; rel=\"next\"", pairs.collect::<Vec<_>>().join("&"))
}

/// Entities, as they are sent.
struct Entities(Vec<Option<Sent>>);

enum Sent {
    Whole(Bytes),
    Part(Value),
}

impl Index {
    fn some(&self, slots: impl Iterator<Item = Option<Slot>>, fields: &[String]) -> Entities {
        let sent = |slot: Option<Slot>| {
            let entry = self.entry(slot?)?;
            if fields.is_empty() {
                return Some(Sent::Whole(entry.json.clone()));
            }
            let entity: Value = serde_json::from_slice(&entry.json).unwrap_or_default();
            Some(Sent::Part(project(&entity, fields)))
        };
        Entities(slots.map(sent).collect())
    }
}

impl Entities {
    /// The bytes of the list.
    fn array(&self) -> Vec<u8> {
        let size = |sent: &Option<Sent>| match sent {
            Some(Sent::Whole(bytes)) => bytes.len() + 1,
            _ => 64,
        };
        let mut array = Vec::with_capacity(self.0.iter().map(size).sum::<usize>() + 2);
        array.push(b'[');
        for (nth, sent) in self.0.iter().enumerate() {
            if 0 < nth {
                array.push(b',');
            }
            match sent {
                None => array.extend_from_slice(b"null"),
                Some(Sent::Whole(bytes)) => array.extend_from_slice(bytes),
                Some(Sent::Part(part)) => array.extend_from_slice(part.to_string().as_bytes()),
            }
        }
        array.push(b']');
        array
    }

    /// The list as a value; whole entities are not looked into where nobody asks for parts.
    fn value(self) -> Value {
        let each = |sent| match sent {
            None => Value::Null,
            Some(Sent::Part(part)) => part,
            Some(Sent::Whole(bytes)) => serde_json::from_slice(&bytes).unwrap_or_default(),
        };
        Value::Array(self.0.into_iter().map(each).collect())
    }
}

/// A page of entities.
#[utoipa::path(get, path = "/api/catalog/entities/by-query", tag = "entities",
    params(
        ("filter" = Option<Vec<String>>, Query), ("fields" = Option<Vec<String>>, Query),
        ("orderField" = Option<Vec<String>>, Query, description = "field, field,asc or field,desc"),
        ("fullTextFilterTerm" = Option<String>, Query),
        ("fullTextFilterFields" = Option<Vec<String>>, Query),
        ("limit" = Option<u32>, Query), ("offset" = Option<u32>, Query),
        ("cursor" = Option<String>, Query),
        ("totalItems" = Option<String>, Query, description = "include or exclude")),
    responses((status = 200, description = "items, totalItems and pageInfo"), (status = 400, description = "InputError")))]
pub(crate) async fn query(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
) -> Response<Body> {
    let outcome = EntityQuery::of_params(&asked);
    FRAMEWORK.answered(&asked, outcome.map(|query| page(&catalog, &caller, &asked, query)))
}

/// A page of entities, asked for in a body.
#[utoipa::path(post, path = "/api/catalog/entities/by-query", tag = "entities",
    request_body(content = Value, description = "query, orderBy, fullTextFilter, fields, limit, offset, cursor, totalItems"),
    responses((status = 200, description = "items, totalItems and pageInfo"), (status = 400, description = "InputError")))]
pub(crate) async fn query_by_body(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let query = || {
        asked.params(&[])?;
        EntityQuery::of_body(&asked.body(&body)?)
    };
    FRAMEWORK.answered(&asked, query().map(|query| page(&catalog, &caller, &asked, query)))
}

fn page(catalog: &Catalog, caller: &Caller, asked: &Asked, query: EntityQuery) -> Response<Body> {
    let EntityQuery { query, order, text, fields, limit, offset, cursor, total } = query;
    let (query, order, text, offset) = match &cursor {
        Some(cursor) => (cursor.query.clone(), cursor.order.clone(), cursor.text.clone(), 0),
        None => (query, order, text, offset),
    };
    let predicate = conjunction([query.clone(), catalog.visible(caller)]);
    let index = catalog.index();
    let mut matches = index.select(predicate.as_ref());
    if let Some(order) = &order {
        *matches.to_mut() &= index.ordered_by(&order.key);
    }
    if let Some(text) = text.as_ref().filter(|text| !text.term.trim().is_empty()) {
        let mut keys: Vec<String> = text.fields.iter().map(|field| field.to_lowercase()).collect();
        if keys.is_empty() {
            let own = order.as_ref().map_or("metadata.uid", |order| order.key.as_str());
            keys.push(own.to_owned());
        }
        *matches.to_mut() &= index.containing(&Like::new(&text.term), &keys);
    }
    let count = match cursor.as_ref().and_then(|cursor| cursor.total) {
        _ if !total => 0,
        Some(total) => total,
        None => matches.len(),
    };
    let (found, has_next, has_previous) =
        turned(&index, &matches, order.as_ref(), cursor.as_ref(), offset, limit);
    let place = |at: Place, previous| {
        let (order, text, query) = (order.clone(), text.clone(), query.clone());
        Cursor { order, text, query, at, previous, total: total.then_some(count) }.written()
    };
    let mut info = serde_json::Map::new();
    if let Some((first, last)) = found.ends {
        if has_next {
            info.insert("nextCursor".to_owned(), Value::String(place(last, false)));
        }
        if has_previous {
            info.insert("prevCursor".to_owned(), Value::String(place(first, true)));
        }
    }
    let entities = index.some(found.slots.into_iter().map(Some), &fields);
    if fields.is_empty() {
        let mut body = b"{\"items\":".to_vec();
        body.append(&mut entities.array());
        let rest = format!(",\"totalItems\":{count},\"pageInfo\":{}}}", Value::Object(info));
        body.extend_from_slice(rest.as_bytes());
        return FRAMEWORK.raw(body);
    }
    let body = value!({"items": entities.value(), "totalItems": count, "pageInfo": info});
    FRAMEWORK.json(asked, StatusCode::OK, &body)
}

/// The page at a cursor, in its order; whether pages follow and precede it.
fn turned(
    index: &Index,
    matches: &roaring::RoaringBitmap,
    order: Option<&Order>,
    cursor: Option<&Cursor>,
    offset: usize,
    limit: usize,
) -> (Page, bool, bool) {
    let Some(cursor) = cursor else {
        let page = index.page(matches, order, None, offset, limit);
        let more = page.more && 0 < limit;
        return (page, more, false);
    };
    if !cursor.previous {
        let page = index.page(matches, order, Some(&cursor.at), 0, limit);
        let more = page.more && 0 < limit;
        return (page, more, true);
    }
    let mut page = match order {
        None => index.page_back(matches, cursor.at.uid, limit),
        Some(Order { key, direction }) => {
            let back = Order { key: key.clone(), direction: direction.reversed() };
            index.page(matches, Some(&back), Some(&cursor.at), 0, limit)
        }
    };
    page.slots.reverse();
    page.ends = page.ends.map(|(first, last)| (last, first));
    let more = page.more;
    (page, true, more)
}

/// One entity by its id.
#[utoipa::path(get, path = "/api/catalog/entities/by-uid/{uid}", tag = "entities",
    params(("uid" = String, Path)),
    responses((status = 200, description = "the entity"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn by_uid(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path(uid): Path<String>,
) -> Response<Body> {
    let outcome = asked.params(&[]).and_then(|_| {
        let found = Uuid::parse_str(&uid).ok().and_then(|uid| catalog.index().by_uid(uid));
        let bytes = found.and_then(|slot| catalog.seen(&caller, slot));
        bytes
            .map(|bytes| FRAMEWORK.raw(bytes))
            .ok_or_else(|| Refusal::not_found(format!("No entity with uid {uid}")))
    });
    FRAMEWORK.answered(&asked, outcome)
}

impl Catalog {
    /// An entity, when the caller may see it.
    fn seen(&self, caller: &Caller, slot: Slot) -> Option<Bytes> {
        let index = self.index();
        let hidden = self
            .visible(caller)
            .is_some_and(|predicate| !index.select(Some(&predicate)).contains(slot));
        let entry = index.entry(slot)?;
        (!hidden).then(|| entry.json.clone())
    }

    fn named(&self, caller: &Caller, reference: &EntityRef) -> Option<Bytes> {
        let slot = self.index().by_reference(&reference.to_string())?;
        self.seen(caller, slot)
    }
}

/// Deletes an entity. It comes back, as another, when its source still has it.
#[utoipa::path(delete, path = "/api/catalog/entities/by-uid/{uid}", tag = "entities",
    params(("uid" = String, Path)),
    responses((status = 204, description = "it is not there"), (status = 403, description = "NotAllowedError")))]
pub(crate) async fn remove(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path(uid): Path<String>,
) -> Response<Body> {
    let found = {
        let index = catalog.index();
        let slot = Uuid::parse_str(&uid).ok().and_then(|uid| index.by_uid(uid));
        slot.and_then(|slot| index.entry(slot)).cloned()
    };
    let Some(entry) = found else { return FRAMEWORK.empty(StatusCode::NO_CONTENT) };
    let entity: Value = serde_json::from_slice(&entry.json).unwrap_or_default();
    if !caller.has_role(ADMIN) && !catalog.owns(&caller, &entity) {
        let message = "only its owners and administrators may unregister an entity";
        return FRAMEWORK.refused(&asked, Refusal::not_allowed(message));
    }
    let outcome = catalog.wish(Wish::Delete(entry.reference.to_string())).await;
    FRAMEWORK.answered(&asked, outcome.map(|()| FRAMEWORK.empty(StatusCode::NO_CONTENT)))
}

/// One entity by its name.
#[utoipa::path(get, path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", tag = "entities",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the entity"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn by_name(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Response<Body> {
    let outcome = asked.params(&[]).and_then(|_| {
        let found = catalog.named(&caller, &EntityRef::new(&kind, &namespace, &name));
        found.map(|bytes| FRAMEWORK.raw(bytes)).ok_or_else(|| {
            Refusal::not_found(format!(
                "No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'"
            ))
        })
    });
    FRAMEWORK.answered(&asked, outcome)
}

/// An entity, who emits it, who emits those, up to the location that somebody named.
#[utoipa::path(get, path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry", tag = "entities",
    params(("kind" = String, Path), ("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "rootEntityRef and items"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn ancestry(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    Path((kind, namespace, name)): Path<(String, String, String)>,
) -> Response<Body> {
    let reference = EntityRef::new(&kind, &namespace, &name);
    if catalog.named(&caller, &reference).is_none() {
        let message = format!("No such entity {reference}");
        return FRAMEWORK.refused(&asked, Refusal::not_found(message));
    }
    let (to, lineage) = oneshot::channel();
    let outcome = catalog.wish(Wish::Lineage(reference.to_string(), to)).await;
    let lineage = lineage.await.unwrap_or_default();
    let items = lineage.into_iter().filter_map(|(own, parents)| {
        let slot = catalog.index().by_reference(&own)?;
        let entity: Value = serde_json::from_slice(&catalog.seen(&caller, slot)?).ok()?;
        Some(value!({"entity": entity, "parentEntityRefs": parents}))
    });
    let items: Vec<Value> = items.collect();
    let body = value!({"rootEntityRef": reference.to_string(), "items": items});
    FRAMEWORK.answered(&asked, outcome.map(|()| FRAMEWORK.json(&asked, StatusCode::OK, &body)))
}

/// Entities by their references, in the order that was asked; null for those that are not there.
#[utoipa::path(post, path = "/api/catalog/entities/by-refs", tag = "entities",
    params(("filter" = Option<Vec<String>>, Query)),
    request_body(content = Value, description = "entityRefs, fields, query"),
    responses((status = 200, description = "items"), (status = 400, description = "InputError")))]
pub(crate) async fn by_refs(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let outcome = asked.body(&body).and_then(|body| RefsQuery::of(&asked, &body)).map(|query| {
        let predicate = conjunction([query.query, catalog.visible(&caller)]);
        let index = catalog.index();
        let matches = index.select(predicate.as_ref());
        let slots = query
            .references
            .iter()
            .map(|reference| index.by_reference(reference).filter(|slot| matches.contains(*slot)));
        let entities = index.some(slots, &query.fields);
        if query.fields.is_empty() {
            let mut body = b"{\"items\":".to_vec();
            body.append(&mut entities.array());
            body.push(b'}');
            return FRAMEWORK.raw(body);
        }
        FRAMEWORK.json(&asked, StatusCode::OK, &value!({"items": entities.value()}))
    });
    FRAMEWORK.answered(&asked, outcome)
}

/// The values of fields, with how many entities have each.
#[utoipa::path(get, path = "/api/catalog/entity-facets", tag = "entities",
    params(("facet" = Vec<String>, Query), ("filter" = Option<Vec<String>>, Query)),
    responses((status = 200, description = "facets"), (status = 400, description = "InputError")))]
pub(crate) async fn facets(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
) -> Response<Body> {
    let outcome = facets_of(&asked, None);
    FRAMEWORK.answered(&asked, outcome.map(|query| faceted(&catalog, &caller, &asked, query)))
}

/// The values of fields, asked for in a body.
#[utoipa::path(post, path = "/api/catalog/entity-facets", tag = "entities",
    request_body(content = Value, description = "facets, query"),
    responses((status = 200, description = "facets"), (status = 400, description = "InputError")))]
pub(crate) async fn facets_by_body(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let outcome = asked.body(&body).and_then(|body| facets_of(&asked, Some(&body)));
    FRAMEWORK.answered(&asked, outcome.map(|query| faceted(&catalog, &caller, &asked, query)))
}

fn faceted(
    catalog: &Catalog,
    caller: &Caller,
    asked: &Asked,
    (facets, query): (Vec<String>, Option<catalog_domain::entity::Predicate>),
) -> Response<Body> {
    let predicate = conjunction([query, catalog.visible(caller)]);
    let index = catalog.index();
    let among = predicate.is_some().then(|| index.select(predicate.as_ref()));
    let mut found = serde_json::Map::new();
    for facet in facets {
        let values = index.facet(&facet.to_lowercase(), among.as_deref());
        let values =
            values.into_iter().map(|(text, count)| value!({"value": text, "count": count}));
        found.insert(facet, Value::Array(values.collect()));
    }
    FRAMEWORK.json(asked, StatusCode::OK, &value!({"facets": found}))
}

/// Looks again at where an entity comes from.
#[utoipa::path(post, path = "/api/catalog/refresh", tag = "entities",
    request_body(content = Value, description = "entityRef"),
    responses((status = 200, description = "it is looked at"), (status = 404, description = "NotFoundError")))]
pub(crate) async fn refresh(
    State(catalog): State<Catalog>,
    caller: Caller,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let work = async {
        let body = asked.body(&body)?;
        let text = body.required_text("entityRef")?;
        let missing = || Refusal::not_found(format!("No such entity {text}"));
        let reference = EntityRef::parse(text, None, "default").map_err(|_| missing())?;
        // What nobody may see is looked at for nobody.
        let hidden = catalog.visible(&caller).is_some();
        if hidden && catalog.named(&caller, &reference).is_none() {
            return Err(missing());
        }
        let (there, answer) = oneshot::channel();
        catalog.wish(Wish::Refresh(reference.to_string(), there)).await?;
        if answer.await.unwrap_or(false) {
            Ok(FRAMEWORK.empty(StatusCode::OK))
        } else {
            Err(missing())
        }
    };
    let outcome = work.await;
    FRAMEWORK.answered(&asked, outcome)
}

/// Judges an entity.
#[utoipa::path(post, path = "/api/catalog/validate-entity", tag = "entities",
    request_body(content = Value, description = "entity, location"),
    responses((status = 200, description = "it is valid"), (status = 400, description = "errors")))]
pub(crate) async fn validate(
    State(catalog): State<Catalog>,
    asked: Asked,
    body: Bytes,
) -> Response<Body> {
    let judge = || {
        let body = asked.body(&body)?;
        let location = body.required_text("location")?;
        let entity = body.required_object("entity").map(|_| body.get("entity").cloned())?;
        let place = LocationRef::parse(location).ok().filter(|place| place.kind == "url");
        if place.is_none() {
            let message = format!(
                "Invalid location ref {location}, only 'url:<target>' is supported, e.g. \
                 url:https://host/path"
            );
            return Err(Refusal::errors(&[("TypeError", message)]));
        }
        let entity = entity.unwrap_or_default();
        let named = reference_of(&entity).map(|reference| reference.to_string());
        let named = named.unwrap_or_else(|| "the entity".to_owned());
        match catalog.judge.finish(entity) {
            Ok(_) => Ok(FRAMEWORK.empty(StatusCode::OK)),
            Err(faults) => {
                let message = |fault: &catalog_domain::entity::Fault| {
                    ("InputError", format!("{named}: {} {}", fault.pointer, fault.detail))
                };
                Err(Refusal::errors(&faults.iter().map(message).collect::<Vec<_>>()))
            }
        }
    };
    FRAMEWORK.answered(&asked, judge())
}

/// What is wrong with which entities: what cannot be read or is not valid, orphans, and conflicts.
#[utoipa::path(get, path = "/api/catalog/problems", tag = "entities",
    responses((status = 200, description = "entries and total")))]
pub(crate) async fn problems(State(catalog): State<Catalog>, asked: Asked) -> Response<Body> {
    let (to, report) = oneshot::channel();
    let outcome = catalog.wish(Wish::Report(to)).await;
    let report = report.await.unwrap_or_default();
    FRAMEWORK.answered(&asked, outcome.map(|()| FRAMEWORK.json(&asked, StatusCode::OK, &report)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_parameters_and_says_where_to_go_on() {
        let asked = Asked::of("filter=kind=component&offset=5&fields=a,b%20c&limit=5");
        let link = next_link(&asked, "eyJ9=");
        assert_eq!(
            link,
            "</entities?filter=kind%3Dcomponent&fields=a%2Cb+c&limit=5&after=eyJ9%3D>; rel=\"next\""
        );
    }
}

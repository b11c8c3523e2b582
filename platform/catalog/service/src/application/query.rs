//! Queries, from parameters or from a body.

use catalog_domain::entity::{Predicate, parse_fields, parse_filters, parse_predicate};
use chiron_backstage::{Asked, Body, Params, Refusal, Shape};
use serde_json::Value;

use super::cursor::{After, Cursor};
use super::order::{Direction, Order};

const TEXT: Shape = Shape::Text;
const COUNT: Shape = Shape::Count;

/// A text that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextFilter {
    pub(crate) term: String,
    /// Dotted paths; empty for those that the order implies.
    pub(crate) fields: Vec<String>,
}

/// A query in pages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EntityQuery {
    pub(crate) query: Option<Predicate>,
    pub(crate) order: Option<Order>,
    pub(crate) text: Option<TextFilter>,
    pub(crate) fields: Vec<String>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) cursor: Option<Cursor>,
    /// Whether the whole count is asked for.
    pub(crate) total: bool,
}

/// Entities of a page unless another number is asked for.
const LIMIT: usize = 200;

/// All of these conditions that are there.
pub(crate) fn conjunction(parts: impl IntoIterator<Item = Option<Predicate>>) -> Option<Predicate> {
    let mut parts: Vec<Predicate> = parts.into_iter().flatten().collect();
    match parts.len() {
        0 | 1 => parts.pop(),
        _ => Some(Predicate::All(parts)),
    }
}

fn filters(params: &Params) -> Result<Option<Predicate>, Refusal> {
    parse_filters(params.all("filter")).map_err(|error| Refusal::input(error.to_string()))
}

fn fields<'a>(given: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Refusal> {
    parse_fields(given).map_err(|error| Refusal::input(error.to_string()))
}

fn predicate(body: &Body) -> Result<Option<Predicate>, Refusal> {
    let query = body.get("query").map(parse_predicate).transpose();
    query.map_err(|error| Refusal::input(error.to_string()))
}

fn direction(text: &str) -> Option<Direction> {
    match text {
        "asc" => Some(Direction::Ascending),
        "desc" => Some(Direction::Descending),
        _ => None,
    }
}

impl EntityQuery {
    pub(crate) fn of_params(asked: &Asked) -> Result<Self, Refusal> {
        let params = asked.params(&[
            ("fields", TEXT),
            ("limit", COUNT),
            ("offset", COUNT),
            ("orderField", TEXT),
            ("cursor", TEXT),
            ("filter", TEXT),
            ("fullTextFilterTerm", TEXT),
            ("fullTextFilterFields", TEXT),
            ("totalItems", Shape::OneOf(&["include", "exclude"])),
        ])?;
        // Only the first order counts, but all are read.
        let mut orders = Vec::new();
        for text in params.all("orderField") {
            let (key, way) = text.split_once(',').unwrap_or((text, "asc"));
            let direction = direction(way.trim()).ok_or_else(|| {
                Refusal::input(format!(
                    "Invalid orderField '{text}', expected field,asc or field,desc"
                ))
            })?;
            orders.push(Order { key: key.trim().to_lowercase(), direction });
        }
        let text = params.one("fullTextFilterTerm").map(|term| TextFilter {
            term: term.to_owned(),
            fields: params
                .all("fullTextFilterFields")
                .flat_map(|fields| fields.split(','))
                .map(|field| field.trim().to_owned())
                .filter(|field| !field.is_empty())
                .collect(),
        });
        Ok(Self {
            query: filters(&params)?,
            order: orders.into_iter().next(),
            text,
            fields: fields(params.all("fields"))?,
            limit: params.count("limit").unwrap_or(LIMIT),
            offset: params.count("offset").unwrap_or(0),
            cursor: params.one("cursor").map(Cursor::parse).transpose()?,
            total: params.one("totalItems") != Some("exclude"),
        })
    }

    pub(crate) fn of_body(body: &Body) -> Result<Self, Refusal> {
        let mut order = None;
        if let Some(given) = body.get("orderBy") {
            let wrong = || Refusal::input("request/body/orderBy must be array of field and order");
            let items = match given {
                Value::Array(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            for item in items {
                let key = item.get("field").and_then(Value::as_str).ok_or_else(wrong)?;
                let way = item.get("order").map_or(Some("asc"), Value::as_str);
                let direction = way.and_then(direction).ok_or_else(wrong)?;
                order.get_or_insert(Order { key: key.to_lowercase(), direction });
            }
        }
        let text = body.object("fullTextFilter")?;
        let text = text.map(|text| {
            let fields = text.texts("fields")?.unwrap_or_default();
            let term = text.text("term")?.unwrap_or_default().to_owned();
            Ok::<_, Refusal>(TextFilter { term, fields })
        });
        let given = body.texts("fields")?.unwrap_or_default();
        let total = match body.text("totalItems")? {
            None | Some("include") => true,
            Some("exclude") => false,
            Some(_) => {
                return Err(Refusal::input(
                    "request/body/totalItems must be equal to one of the allowed values: include, \
                     exclude",
                ));
            }
        };
        Ok(Self {
            query: predicate(body)?,
            order,
            text: text.transpose()?.filter(|text| !text.term.is_empty()),
            fields: fields(given.iter().map(String::as_str))?,
            limit: body.count("limit")?.unwrap_or(LIMIT),
            offset: body.count("offset")?.unwrap_or(0),
            cursor: body.text("cursor")?.map(Cursor::parse).transpose()?,
            total,
        })
    }
}

/// A list of entities.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListQuery {
    pub(crate) query: Option<Predicate>,
    pub(crate) orders: Vec<Order>,
    pub(crate) fields: Vec<String>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
    /// Whether a part is asked for.
    pub(crate) paged: bool,
}

impl ListQuery {
    pub(crate) fn of_params(asked: &Asked) -> Result<Self, Refusal> {
        let params = asked.params(&[
            ("fields", TEXT),
            ("limit", COUNT),
            ("offset", COUNT),
            ("filter", TEXT),
            ("order", TEXT),
            ("after", TEXT),
        ])?;
        let mut orders = Vec::new();
        for text in params.all("order") {
            let order = text.split_once(':').and_then(|(way, key)| {
                let direction = direction(way)?;
                (!key.is_empty()).then(|| Order { key: key.to_lowercase(), direction })
            });
            orders.push(order.ok_or_else(|| {
                Refusal::input(format!(
                    "Invalid order parameter \"{text}\", expected \"<asc or desc>:<field name>\""
                ))
            })?);
        }
        let after = params
            .one("after")
            .map(|text| After::parse(text, "after cursor, could not be parsed"))
            .transpose()?;
        let limit = params.count("limit").or(after.and_then(|after| after.limit));
        if limit == Some(0) {
            return Err(Refusal::input("Invalid limit, must be greater than zero"));
        }
        let offset = params.count("offset");
        Ok(Self {
            query: filters(&params)?,
            orders,
            fields: fields(params.all("fields"))?,
            limit,
            paged: limit.is_some() || offset.is_some() || after.is_some(),
            offset: offset.or(after.map(|after| after.offset)).unwrap_or(0),
        })
    }
}

/// Entities by their references.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RefsQuery {
    pub(crate) references: Vec<String>,
    pub(crate) query: Option<Predicate>,
    pub(crate) fields: Vec<String>,
}

impl RefsQuery {
    pub(crate) fn of(asked: &Asked, body: &Body) -> Result<Self, Refusal> {
        let params = asked.params(&[("filter", TEXT)])?;
        let given = body.texts("fields")?.unwrap_or_default();
        Ok(Self {
            references: body.required_texts("entityRefs")?,
            query: conjunction([filters(&params)?, predicate(body)?]),
            fields: fields(given.iter().map(String::as_str))?,
        })
    }
}

/// Which facets are asked for, and among whom.
pub(crate) fn facets_of(
    asked: &Asked,
    body: Option<&Body>,
) -> Result<(Vec<String>, Option<Predicate>), Refusal> {
    let Some(body) = body else {
        let params = asked.params(&[("facet", TEXT), ("filter", TEXT)])?;
        let facets: Vec<String> = params.all("facet").map(str::to_owned).collect();
        if facets.is_empty() {
            let message = "request/query must have required property 'facet'";
            return Err(Refusal::input(message));
        }
        return Ok((facets, filters(&params)?));
    };
    let facets = body.required_texts("facets")?;
    if facets.is_empty() {
        return Err(Refusal::input("Missing or empty facets parameter"));
    }
    Ok((facets, predicate(body)?))
}

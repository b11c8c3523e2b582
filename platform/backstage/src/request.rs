//! What is asked, checked as Backstage's OpenAPI document checks it before anything else looks.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use chiron_chassis::form_text;
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// Where the APIs of plugins stand, each by its name.
const APIS: &str = "/api/";

/// What a request says beside its body.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(crate) method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The path under the API's mount, with the query as it was sent.
    pub url: String,
    query: String,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let whole = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        Ok(Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            url: below_mount(whole).to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.clone(),
        })
    }
}

/// What stands below the mount of an API, which is left out where Backstage tells paths.
fn below_mount(whole: &str) -> &str {
    let Some(rest) = whole.strip_prefix(APIS) else { return whole };
    rest.find(['/', '?']).and_then(|end| rest.get(end..)).unwrap_or_default()
}

/// What a parameter of the query may be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any text, any number of times.
    Text,
    /// A whole number, 0 or more.
    Count,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// The parameters of a query.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, Vec<String>>);

impl Params {
    /// All values of a parameter, in their order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// The first value of a parameter.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A number; it was checked.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.one(name).and_then(|text| text.parse().ok())
    }
}

impl Asked {
    /// A request for `/entities` that was not sent, for a test.
    #[must_use]
    pub fn of(query: &str) -> Self {
        Self {
            method: Method::GET,
            path: "/api/catalog/entities".to_owned(),
            url: format!("/entities?{query}"),
            query: query.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The parameters, when all are known and of their shape.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn params(&self, known: &[(&str, Shape)]) -> Result<Params, Refusal> {
        let mut params = Params::default();
        for pair in self.pairs() {
            let (name, value) = pair?;
            let name = name.strip_suffix("[]").unwrap_or(&name);
            let Some((_, shape)) = known.iter().find(|(known, _)| *known == name) else {
                return Err(Refusal::input(format!("Unknown query parameter '{name}'")));
            };
            if value.is_empty() {
                let message = format!("Empty value found for query parameter '{name}'");
                return Err(Refusal::input(message));
            }
            check(name, &value, *shape)?;
            params.0.entry(name.to_owned()).or_default().push(value);
        }
        Ok(params)
    }

    /// The parameters of the query with their values, in their order; a refusal where one is no
    /// text.
    pub fn pairs(&self) -> impl Iterator<Item = Result<(String, String), Refusal>> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.map(|(name, value)| match (form_text(name), form_text(value)) {
            (Some(name), Some(value)) => Ok((name, value)),
            _ => Err(Refusal::input("the query is not UTF-8")),
        })
    }

    /// Whether the client has an answer with this tag.
    pub fn has(&self, etag: &str) -> bool {
        let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.headers.get_all(IF_NONE_MATCH).iter().any(|value| {
            value.to_str().is_ok_and(|tags| {
                tags.split(',').any(|tag| tag.trim() == "*" || plain(tag) == plain(etag))
            })
        })
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn body(&self, body: &Bytes) -> Result<Body, Refusal> {
        let given = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = given.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::input(format!("unsupported media type {essence}")));
        }
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Refusal::input(error.to_string()))?;
        match value {
            Value::Object(members) => Ok(Body(members)),
            _ => Err(Refusal::input("request/body must be object")),
        }
    }
}

fn check(name: &str, value: &str, shape: Shape) -> Result<(), Refusal> {
    let wrong = |what: &str| Err(Refusal::input(format!("request/query/{name} must be {what}")));
    match shape {
        Shape::Text => Ok(()),
        Shape::Count => match value.parse::<i64>() {
            Ok(0..) => Ok(()),
            Ok(_) => wrong(">= 0"),
            Err(_) => wrong("integer"),
        },
        Shape::OneOf(words) if words.contains(&value) => Ok(()),
        Shape::OneOf(words) => {
            wrong(&format!("equal to one of the allowed values: {}", words.join(", ")))
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
pub struct Body(Map<String, Value>);

impl Body {
    /// Refuses members that are not named.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Refusal::input(format!(
                "Malformed request: Unrecognized key(s) in object: '{name}'"
            ))),
        }
    }

    /// A member, whatever it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn required(name: &str) -> Refusal {
        Refusal::input(format!("request/body must have required property '{name}'"))
    }

    fn wrong(name: &str, what: &str) -> Refusal {
        Refusal::input(format!("request/body/{name} must be {what}"))
    }

    /// A text, if it is there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Self::wrong(name, "string")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| Self::required(name))
    }

    /// An object that must be there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn required_object(&self, name: &str) -> Result<Self, Refusal> {
        self.object(name)?.ok_or_else(|| Self::required(name))
    }

    /// An object, if it is there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn object(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self(members.clone()))),
            Some(_) => Err(Self::wrong(name, "object")),
        }
    }

    /// A list of texts, if it is there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let items = value.as_array().ok_or_else(|| Self::wrong(name, "array"))?;
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        let texts: Option<Vec<String>> = texts.collect();
        texts.map(Some).ok_or_else(|| Self::wrong(&format!("{name}/0"), "string"))
    }

    /// A list of texts that must be there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn required_texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        self.texts(name)?.ok_or_else(|| Self::required(name))
    }

    /// A whole number, 0 or more, if it is there.
    ///
    /// # Errors
    ///
    /// A refusal that says which and why.
    pub fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_i64() {
            None => Err(Self::wrong(name, "integer")),
            Some(number) => match usize::try_from(number) {
                Ok(count) => Ok(Some(count)),
                Err(_) => Err(Self::wrong(name, ">= 0")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_path_begins_below_the_mount() {
        assert_eq!(below_mount("/api/catalog/entities?a=/b"), "/entities?a=/b");
        assert_eq!(below_mount("/api/techdocs?x=1"), "?x=1");
        assert_eq!((below_mount("/api/search"), below_mount("/a/b")), ("", "/a/b"));
    }

    const KNOWN: &[(&str, Shape)] = &[
        ("filter", Shape::Text),
        ("limit", Shape::Count),
        ("totalItems", Shape::OneOf(&["include", "exclude"])),
    ];

    fn refused(query: &str) -> String {
        Asked::of(query).params(KNOWN).unwrap_err().message().to_owned()
    }

    #[test]
    fn parameters_are_known_and_of_their_shape() {
        let params = Asked::of("filter=a%3Db&limit=5&filter=c+d").params(KNOWN).unwrap();
        assert_eq!(params.all("filter").collect::<Vec<_>>(), ["a=b", "c d"]);
        assert_eq!((params.count("limit"), params.count("offset")), (Some(5), None));
        assert_eq!(refused("bogus=1"), "Unknown query parameter 'bogus'");
        assert_eq!(refused("filter="), "Empty value found for query parameter 'filter'");
        assert_eq!(refused("limit=abc"), "request/query/limit must be integer");
        assert_eq!(refused("limit=-1"), "request/query/limit must be >= 0");
        let allowed = "request/query/totalItems must be equal to one of the allowed values: \
                       include, exclude";
        assert_eq!(refused("totalItems=maybe"), allowed);
    }

    #[test]
    fn a_body_is_an_object_of_known_types() {
        let mut asked = Asked::of("");
        let read = |asked: &Asked, text: &str| {
            asked
                .body(&Bytes::from(text.to_owned()))
                .map_err(|refusal| refusal.message().to_owned())
        };
        assert_eq!(read(&asked, "{}").unwrap_err(), "unsupported media type ");
        asked.headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        assert!(read(&asked, "{\"a\":").is_err() && read(&asked, "[]").is_err());
        let body = read(&asked, r#"{"a": "x", "n": 3, "m": -1, "l": ["y"], "o": {}}"#).unwrap();
        let wrong = |refusal: Refusal| refusal.message().to_owned();
        assert_eq!(body.required_text("a").unwrap(), "x");
        assert_eq!(body.required_texts("l").unwrap(), ["y"]);
        assert_eq!(body.count("n").unwrap(), Some(3));
        assert_eq!(wrong(body.count("m").unwrap_err()), "request/body/m must be >= 0");
        assert_eq!(wrong(body.count("a").unwrap_err()), "request/body/a must be integer");
        assert_eq!(wrong(body.texts("a").unwrap_err()), "request/body/a must be array");
        assert_eq!(wrong(body.text("n").unwrap_err()), "request/body/n must be string");
        let missing = "request/body must have required property 'z'";
        assert_eq!(wrong(body.required_text("z").unwrap_err()), missing);
        assert!(body.required_object("o").is_ok() && body.object("a").is_err());
        assert!(body.only(&["a", "n", "m", "l", "o"]).is_ok() && body.only(&["a"]).is_err());
    }
}

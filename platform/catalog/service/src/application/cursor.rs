//! Cursors: base64 of JSON, as Backstage's, since its published client looks into them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog_domain::entity::{Predicate, parse_predicate};
use chiron_backstage::Refusal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::order::{Direction, Order, Place};
use super::query::TextFilter;

/// A place between two pages of a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) order: Option<Order>,
    pub(crate) text: Option<TextFilter>,
    pub(crate) query: Option<Predicate>,
    /// The entity beside which the page begins.
    pub(crate) at: Place,
    /// Whether the page lies before it.
    pub(crate) previous: bool,
    /// How many entities matched when the first page was read.
    pub(crate) total: Option<u64>,
}

fn decode(text: &str) -> Option<Value> {
    let bytes = STANDARD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn encode(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

impl Cursor {
    /// The cursor as it is sent.
    pub(crate) fn written(&self) -> String {
        let mut cursor = json!({
            "orderFieldValues": [self.at.value, self.at.uid],
            "isPrevious": self.previous,
        });
        let mut put = |name: &str, value: Value| {
            if let Some(members) = cursor.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        let mut orders = json!([]);
        if let Some(Order { key, direction }) = &self.order {
            let order = if *direction == Direction::Ascending { "asc" } else { "desc" };
            orders = json!([{"field": key, "order": order}]);
        }
        put("orderFields", orders);
        if let Some(text) = &self.text {
            put("fullTextFilter", json!({"term": text.term, "fields": text.fields}));
        }
        if let Some(query) = &self.query {
            put("query", query.written());
        }
        if let Some(total) = self.total {
            put("totalItems", json!(total));
        }
        encode(&cursor)
    }

    /// Reads a cursor.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::read(text).ok_or_else(|| Refusal::input("Malformed cursor, could not be parsed"))
    }

    fn read(text: &str) -> Option<Self> {
        let cursor = decode(text)?;
        let order = match cursor.get("orderFields")?.as_array()?.first() {
            None => None,
            Some(order) => Some(Order {
                key: order.get("field")?.as_str()?.to_lowercase(),
                direction: match order.get("order").and_then(Value::as_str) {
                    None | Some("asc") => Direction::Ascending,
                    Some("desc") => Direction::Descending,
                    Some(_) => return None,
                },
            }),
        };
        let text = match cursor.get("fullTextFilter") {
            None | Some(Value::Null) => None,
            Some(text) => Some(TextFilter {
                term: text.get("term")?.as_str()?.to_owned(),
                fields: match text.get("fields") {
                    None | Some(Value::Null) => Vec::new(),
                    Some(fields) => {
                        let fields = fields.as_array()?.iter();
                        fields
                            .map(|field| field.as_str().map(str::to_owned))
                            .collect::<Option<_>>()?
                    }
                },
            }),
        };
        let query = match cursor.get("query") {
            None | Some(Value::Null) => None,
            Some(query) => Some(parse_predicate(query).ok()?),
        };
        let (value, uid) = match cursor.get("orderFieldValues")?.as_array()?.as_slice() {
            [uid] => (None, uid),
            [value, uid] => (value.as_str().map(str::to_owned), uid),
            _ => return None,
        };
        let uid = Uuid::parse_str(uid.as_str()?).ok()?;
        Some(Self {
            order,
            text,
            query,
            at: Place { value, uid },
            previous: cursor.get("isPrevious").and_then(Value::as_bool).unwrap_or(false),
            total: cursor.get("totalItems").and_then(Value::as_u64),
        })
    }
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

impl After {
    pub(crate) fn written(self) -> String {
        encode(&json!({"limit": self.limit, "offset": self.offset}))
    }

    pub(crate) fn parse(text: &str, what: &str) -> Result<Self, Refusal> {
        let read = || {
            let after = decode(text)?;
            let count = |name| match after.get(name) {
                None | Some(Value::Null) => Some(None),
                Some(value) => usize::try_from(value.as_u64()?).ok().map(Some),
            };
            after.as_object()?;
            Some(Self { limit: count("limit")?, offset: count("offset")?.unwrap_or(0) })
        };
        read().ok_or_else(|| Refusal::input(format!("Malformed {what}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_shows_its_query() {
        let cursor = Cursor {
            order: Some(Order {
                key: "metadata.name".to_owned(),
                direction: Direction::Descending,
            }),
            text: Some(TextFilter { term: "x".to_owned(), fields: vec!["a".to_owned()] }),
            query: Some(Predicate::Has("kind".to_owned())),
            at: Place { value: Some("v".to_owned()), uid: Uuid::from_u128(7) },
            previous: true,
            total: Some(3),
        };
        assert_eq!(Cursor::parse(&cursor.written()).unwrap(), cursor);
        let bare = Cursor { order: None, text: None, query: None, total: None, ..cursor };
        assert_eq!(Cursor::parse(&bare.written()).unwrap(), bare);
        assert!(decode(&bare.written()).unwrap().get("query").is_none());
        // An order without a direction is ascending.
        let text = encode(&json!({"orderFields": [{"field": "kind"}],
            "orderFieldValues": ["a", Uuid::nil()]}));
        let read = Cursor::parse(&text).unwrap();
        assert_eq!(read.order.unwrap().direction, Direction::Ascending);
    }

    #[test]
    fn a_list_goes_on_where_it_says() {
        let after = After { limit: Some(5), offset: 10 };
        assert_eq!(After::parse(&after.written(), "x").unwrap(), after);
        assert_eq!(after.written(), STANDARD.encode(r#"{"limit":5,"offset":10}"#));
        assert!(After::parse("notbase64json", "x").is_err());
    }

    proptest! {
        #[test]
        fn no_cursor_breaks_the_reader(text in "\\PC{0,60}") {
            let _ = Cursor::parse(&text);
            let _ = Cursor::parse(&STANDARD.encode(&text));
            let _ = After::parse(&STANDARD.encode(&text), "x");
        }
    }
}

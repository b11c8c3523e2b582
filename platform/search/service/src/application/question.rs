//! What is asked, judged as Backstage judges it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chiron_backstage::{Asked, Refusal};
use search_domain::entity::{Cursor, Page, Query, fold};

use super::document::Kind;

/// Results of a page unless another number is asked for, …
const LIMIT: usize = 25;
/// … and at most.
const MOST: usize = 100;
/// Letters of what is looked for at most.
const LONGEST: usize = 1_000;

/// By what results are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facet {
    Kind,
    Type,
    Owner,
    Lifecycle,
    Namespace,
    Name,
}

impl Facet {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "kind" => Self::Kind,
            "type" | "componentType" => Self::Type,
            "owner" => Self::Owner,
            "lifecycle" => Self::Lifecycle,
            "namespace" => Self::Namespace,
            "name" => Self::Name,
            _ => return None,
        })
    }

    /// A value of this facet, as it is indexed and asked for.
    pub(crate) fn term(self, value: &str) -> String {
        let name = match self {
            Self::Kind => "kind",
            Self::Type => "type",
            Self::Owner => "owner",
            Self::Lifecycle => "lifecycle",
            Self::Namespace => "namespace",
            Self::Name => "name",
        };
        format!("{name}={}", fold(value.trim()))
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) query: Query,
    /// The kinds of documents; none for all.
    pub(crate) kinds: Vec<Kind>,
    /// Terms of facets: one of each list.
    pub(crate) filters: Vec<(Facet, Vec<String>)>,
    pub(crate) page: Page,
}

impl Question {
    /// What a request asks for.
    pub(crate) fn of(asked: &Asked) -> Result<Self, Refusal> {
        let mut question = Self {
            query: Query::default(),
            kinds: Vec::new(),
            filters: Vec::new(),
            page: Page { from: Cursor(0), limit: LIMIT },
        };
        let mut given: Vec<&'static str> = Vec::new();
        let mut once = |name: &'static str| {
            if given.contains(&name) {
                return Err(Refusal::input(format!("request/query/{name} must be string")));
            }
            given.push(name);
            Ok(())
        };
        for pair in asked.pairs() {
            let (name, value) = pair?;
            let (name, keys) = keys(&name);
            match (name, keys.as_slice()) {
                ("term", []) => {
                    once("term")?;
                    if LONGEST < value.chars().count() {
                        let most = format!("must NOT have more than {LONGEST} characters");
                        return Err(Refusal::input(format!("request/query/term {most}")));
                    }
                    question.query = Query::parse(&value);
                }
                ("types", [] | [_]) => question.kinds.push(kind(&value)?),
                ("filters", [key] | [key, _]) => question.filter(key, &value)?,
                ("pageCursor", []) => {
                    once("pageCursor")?;
                    question.page.from = cursor(&value)?;
                }
                ("pageLimit", []) => {
                    once("pageLimit")?;
                    question.page.limit = limit(&value)?;
                }
                ("term" | "types" | "filters" | "pageCursor" | "pageLimit", _) => {
                    let message = format!("request/query/{name} has not the form that is known");
                    return Err(Refusal::input(message));
                }
                _ => return Err(Refusal::input(format!("Unknown query parameter '{name}'"))),
            }
        }
        Ok(question)
    }

    fn filter(&mut self, key: &str, value: &str) -> Result<(), Refusal> {
        let facet = Facet::named(key).ok_or_else(|| {
            Refusal::input(format!("request/query/filters must NOT have the property '{key}'"))
        })?;
        let term = facet.term(value);
        match self.filters.iter_mut().find(|(own, _)| *own == facet) {
            Some((_, terms)) => terms.push(term),
            None => self.filters.push((facet, vec![term])),
        }
        Ok(())
    }
}

/// A parameter's name and the keys in brackets behind it: `filters[kind][]` is `filters` with
/// `kind` and nothing.
fn keys(name: &str) -> (&str, Vec<&str>) {
    let Some((own, rest)) = name.split_once('[') else { return (name, Vec::new()) };
    match rest.strip_suffix(']') {
        Some(keys) => (own, keys.split("][").collect()),
        None => (name, Vec::new()),
    }
}

fn kind(value: &str) -> Result<Kind, Refusal> {
    Kind::ALL.into_iter().find(|kind| kind.name() == value).ok_or_else(|| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        let message = format!(
            "request/query/types must be equal to one of the allowed values: {names}; it is \
             '{value}'"
        );
        Refusal::input(message)
    })
}

fn limit(value: &str) -> Result<usize, Refusal> {
    let wrong = |what: &str| Err(Refusal::input(format!("request/query/pageLimit must be {what}")));
    match value.parse::<i64>().map(usize::try_from) {
        Err(_) => wrong("integer"),
        Ok(Err(_)) => wrong(">= 0"),
        Ok(Ok(limit)) if limit <= MOST => Ok(limit),
        Ok(Ok(_)) => wrong(&format!("<= {MOST}")),
    }
}

/// A cursor is base64 of a number, as Backstage's, and opaque to clients.
fn cursor(value: &str) -> Result<Cursor, Refusal> {
    if value.is_empty() {
        return Ok(Cursor(0));
    }
    let bytes = STANDARD_NO_PAD.decode(value.trim_end_matches('=')).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let cursor = text.and_then(|text| text.parse().ok());
    cursor.ok_or_else(|| Refusal::input("request/query/pageCursor is no cursor of this search"))
}

/// A cursor as it is answered.
pub(super) fn written(cursor: Cursor) -> String {
    STANDARD_NO_PAD.encode(cursor.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Question, String> {
        Question::of(&Asked::of(query)).map_err(|refusal| refusal.message().to_owned())
    }

    #[test]
    fn parameters_are_read_in_all_their_forms() {
        let question = read(
            "term=Staff+Tracking&types[]=techdocs&types%5B0%5D=software-catalog\
             &filters[kind]=API&filters%5Bkind%5D%5B%5D=Component&filters[componentType][0]=x\
             &pageLimit=7&pageCursor=MjU%3D",
        )
        .unwrap();
        assert_eq!(question.query.words(), ["staff", "tracking"]);
        assert_eq!(question.kinds, [Kind::Techdocs, Kind::SoftwareCatalog]);
        let filters = [
            (Facet::Kind, vec!["kind=api".to_owned(), "kind=component".to_owned()]),
            (Facet::Type, vec!["type=x".to_owned()]),
        ];
        assert_eq!(question.filters, filters);
        assert_eq!(question.page, Page { from: Cursor(25), limit: 7 });
        let all = read("term=&pageCursor=").unwrap();
        assert!(all.query.is_empty() && all.page == Page { from: Cursor(0), limit: 25 });
        assert_eq!(read(&format!("pageCursor={}", written(Cursor(9)))).unwrap().page.from.0, 9);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("bogus=1", "'bogus'"),
            ("types[]=people", "request/query/types"),
            ("types=", "request/query/types"),
            ("filters[color]=red", "'color'"),
            ("filters=x", "request/query/filters"),
            ("filters[kind][a][b]=x", "request/query/filters"),
            ("pageLimit=101", "request/query/pageLimit must be <= 100"),
            ("pageLimit=-1", "request/query/pageLimit must be >= 0"),
            ("pageLimit=x", "request/query/pageLimit must be integer"),
            ("pageLimit=", "request/query/pageLimit must be integer"),
            ("pageCursor=%21", "request/query/pageCursor"),
            ("pageCursor=LTE", "request/query/pageCursor"),
            ("term=a&term=b", "request/query/term"),
            ("term[]=a", "request/query/term"),
            ("term=%FF", "UTF-8"),
        ] {
            let message = read(query).unwrap_err();
            assert!(message.contains(named), "{query}: {message}");
        }
        assert!(read(&format!("term={}", "x".repeat(LONGEST))).is_ok());
        assert!(read(&format!("term={}", "x".repeat(LONGEST + 1))).unwrap_err().contains("term"));
    }
}

//! What is answered: documents with their ranks and what of them is shown.

use std::ops::Range;

use search_domain::entity::{Page, Query, excerpt, marks};
use serde_json::{Value, json};
use uuid::Uuid;

use super::question::written;

/// A document that was found.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    /// The kind of document, as Backstage names it.
    pub(crate) kind: String,
    /// The entity that it is, or is about.
    pub(crate) reference: String,
    /// What is answered of it.
    pub(crate) shown: Value,
    /// What else an excerpt may be taken from.
    pub(crate) beside: String,
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The documents of the page, in their order.
    pub(crate) hits: Vec<Hit>,
    /// How many there are on all pages.
    pub(crate) total: usize,
}

/// What stands before and after what is highlighted. It is made anew for each answer, so that no
/// content can have it, and never is HTML.
#[derive(Debug, Clone)]
pub(crate) struct Tags {
    before: String,
    after: String,
}

impl Tags {
    pub(crate) fn new(id: Uuid) -> Self {
        let id = id.simple();
        Self { before: format!("<{id}>"), after: format!("</{id}>") }
    }

    /// A part of a text with tags around what is marked in it, on one line.
    fn put(&self, text: &str, range: Range<usize>, marks: &[Range<usize>]) -> String {
        let part = |range: Range<usize>| {
            text.get(range).unwrap_or_default().replace(char::is_control, " ")
        };
        let mut shown = String::new();
        let mut at = range.start;
        for mark in marks {
            shown.push_str(&part(at..mark.start));
            shown.push_str(&self.before);
            shown.push_str(&part(mark.clone()));
            shown.push_str(&self.after);
            at = mark.end;
        }
        shown.push_str(&part(at..range.end));
        shown
    }

    /// What of a document answers the query.
    fn highlight(&self, hit: &Hit, query: &Query) -> Value {
        let text = |name: &str| hit.shown.get(name).and_then(Value::as_str).unwrap_or_default();
        let (title, text) = (text("title"), text("text"));
        let (mut from, mut best) = (text, excerpt(text, query));
        if best.marks.is_empty() && !hit.beside.is_empty() {
            let other = excerpt(&hit.beside, query);
            if !other.marks.is_empty() {
                (from, best) = (&hit.beside, other);
            }
        }
        let mut shown = self.put(from, best.range.clone(), &best.marks);
        if 0 < best.range.start {
            shown.insert_str(0, "… ");
        }
        if best.range.end < from.len() {
            shown.push_str(" …");
        }
        json!({
            "preTag": self.before,
            "postTag": self.after,
            "fields": {
                "title": self.put(title, 0..title.len(), &marks(title, query)),
                "text": shown,
            },
        })
    }
}

/// The answer.
pub(crate) fn answer(found: &Found, query: &Query, page: Page, tags: &Tags) -> Value {
    let results = found.hits.iter().enumerate().map(|(nth, hit)| {
        let rank = page.from.0 + nth + 1;
        let mut result = json!({"type": hit.kind, "document": hit.shown, "rank": rank});
        if !query.is_empty()
            && let Some(members) = result.as_object_mut()
        {
            members.insert("highlight".to_owned(), tags.highlight(hit, query));
        }
        result
    });
    let results: Vec<Value> = results.collect();
    let mut body = json!({"results": results, "numberOfResults": found.total});
    if let Some(members) = body.as_object_mut() {
        let cursors =
            [("nextPageCursor", page.next(found.total)), ("previousPageCursor", page.previous())];
        for (name, cursor) in cursors {
            if let Some(cursor) = cursor {
                members.insert(name.to_owned(), Value::String(written(cursor)));
            }
        }
    }
    body
}

//! What is kept beside a site's pages, in the forms in which clients of TechDocs and MkDocs read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use techdocs_domain::entity::{Config, Problem, address};
use techdocs_domain::usecase::{Page, Site};

/// What is said of a built site.
#[derive(Debug, Clone)]
pub(crate) struct Facts<'a> {
    pub(crate) etag: &'a str,
    /// Milliseconds since 1970.
    pub(crate) built_ms: i64,
    pub(crate) files: Vec<String>,
}

/// `techdocs_metadata.json`.
pub(crate) fn metadata(config: &Config, facts: &Facts<'_>) -> Value {
    json!({
        "site_name": config.site_name,
        "site_description": config.site_description,
        "etag": facts.etag,
        "build_timestamp": facts.built_ms,
        "files": facts.files,
    })
}

/// `search/search_index.json`, as MkDocs' search writes it: each page whole, then its parts.
pub(crate) fn search_index(site: &Site, pages: &BTreeMap<String, &Page>) -> Value {
    let mut docs = Vec::new();
    for (path, page) in pages {
        let at = address(path);
        let mut text = String::new();
        for part in &page.parts {
            let heading = part.heading.and_then(|nth| page.headings.get(nth));
            for piece in
                heading.map(|heading| heading.title.as_str()).into_iter().chain([&*part.text])
            {
                if !piece.is_empty() {
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(piece);
                }
            }
        }
        docs.push(json!({"location": at, "title": site.titles.get(path), "text": text}));
        for part in &page.parts {
            let Some(heading) = part.heading.and_then(|nth| page.headings.get(nth)) else {
                continue;
            };
            let location = format!("{at}#{}", heading.id);
            docs.push(json!({"location": location, "title": heading.title, "text": part.text}));
        }
    }
    json!({
        "config": {
            "indexing": "full",
            "lang": ["en"],
            "min_search_length": 3,
            "prebuild_index": false,
            "separator": "[\\s\\-]+",
        },
        "docs": docs,
    })
}

/// What is wrong with a site, and what was passed over.
pub(crate) fn problems(problems: &[Problem], notes: &[String]) -> Value {
    let entries = problems.iter().map(|problem| {
        json!({
            "page": problem.page,
            "line": problem.line,
            "kind": problem.trouble.kind(),
            "detail": problem.trouble.to_string(),
        })
    });
    json!({"entries": entries.collect::<Vec<_>>(), "total": problems.len(), "notes": notes})
}

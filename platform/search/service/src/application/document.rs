//! What is indexed: an entity, and the pages of its documentation, as Backstage's collators make
//! documents of them.

use std::sync::Arc;

use platform_language::{Entity, Rule};
use search_domain::entity::fold;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::question::Facet;

/// Raised when the same entity or page makes another document, or is indexed in another way.
pub(crate) const VERSION: &str = "1";

const TECHDOCS_REF: &str = "/metadata/annotations/backstage.io~1techdocs-ref";

/// Bytes of a text that are shown at most, and of a definition that excerpts are taken from; all of
/// it is found.
const MOST_SHOWN: usize = 16 * 1024;
/// Bytes of one document that are found at most.
const MOST_FOUND: usize = 4 * 1024 * 1024;

/// A kind of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An entity.
    SoftwareCatalog,
    /// A page of documentation.
    Techdocs,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::SoftwareCatalog, Self::Techdocs];

    /// As Backstage names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SoftwareCatalog => "software-catalog",
            Self::Techdocs => "techdocs",
        }
    }
}

/// What is indexed.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) kind: Kind,
    /// The entity that it is, or is about.
    pub(crate) reference: Arc<str>,
    /// What it is called, the title first, …
    pub(crate) names: Vec<String>,
    /// … and what else it is found by when it is said in full.
    pub(crate) in_full: Option<String>,
    /// In what it is found: what is shown, and what is not.
    pub(crate) texts: Vec<String>,
    /// Terms of its facets.
    pub(crate) facets: Vec<String>,
    /// The rules by which it is read.
    pub(crate) rules: Vec<Rule>,
    /// What lists are ordered by.
    pub(crate) order: String,
    /// What is answered.
    pub(crate) shown: Value,
    /// What else an excerpt may be taken from.
    pub(crate) beside: String,
}

/// What is replaced together: the entity, …
pub(crate) fn entity_group(reference: &str) -> String {
    format!("e:{reference}")
}

/// … or the pages about it.
pub(crate) fn pages_group(reference: &str) -> String {
    format!("d:{reference}")
}

/// Tells the same documents from others, also after a restart.
pub(crate) fn digest(entity: &Entity, index: Option<&[u8]>) -> u64 {
    let mut hash = Sha256::new();
    let mut put = |part: &[u8]| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    put(VERSION.as_bytes());
    put(&entity.json);
    for rule in &entity.rules {
        put(&rule.to_le_bytes());
    }
    put(index.unwrap_or_default());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether an entity says where its documentation is.
pub(crate) fn is_documented(entity: &Value) -> bool {
    entity.pointer(TECHDOCS_REF).is_some_and(Value::is_string)
}

fn text<'a>(entity: &'a Value, pointer: &str) -> &'a str {
    entity.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What an entity says of itself, that its own document and those of its pages need.
struct About<'a> {
    entity: &'a Value,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    title: &'a str,
    lifecycle: &'a str,
    of_type: &'a str,
}

impl<'a> About<'a> {
    fn of(entity: &'a Value) -> Self {
        let or = |text: &'a str, other: &'a str| if text.is_empty() { other } else { text };
        let name = text(entity, "/metadata/name");
        Self {
            entity,
            kind: text(entity, "/kind"),
            namespace: or(text(entity, "/metadata/namespace"), "default"),
            name,
            title: or(text(entity, "/metadata/title"), name),
            lifecycle: text(entity, "/spec/lifecycle"),
            of_type: or(text(entity, "/spec/type"), "other"),
        }
    }

    /// The references of its owners.
    fn owners(&self) -> impl Iterator<Item = &'a str> {
        let relations = self.entity.get("relations").and_then(Value::as_array);
        relations.into_iter().flatten().filter_map(|relation| {
            let is_owner = relation.get("type").and_then(Value::as_str) == Some("ownedBy");
            relation.get("targetRef").and_then(Value::as_str).filter(|_| is_owner)
        })
    }

    /// An owner is asked for as it is written, by its reference, or by its name alone.
    fn facets(&self) -> Vec<String> {
        let mut facets = vec![
            Facet::Kind.term(self.kind),
            Facet::Type.term(self.of_type),
            Facet::Lifecycle.term(self.lifecycle),
            Facet::Namespace.term(self.namespace),
            Facet::Name.term(self.name),
            Facet::Owner.term(text(self.entity, "/spec/owner")),
        ];
        for owner in self.owners() {
            let named = owner.rsplit(['/', ':']).next().unwrap_or_default();
            let within = owner.split_once(':').map_or(owner, |(_, rest)| rest);
            facets.extend([owner, within, named].map(|owner| Facet::Owner.term(owner)));
        }
        facets.sort();
        facets.dedup();
        facets
    }

    /// Where its pages are, in lower case.
    fn place(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.kind, self.name).to_lowercase()
    }
}

/// As much of a text as fits, whole letters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The document of an entity.
pub(crate) fn entity_document(entity: &Entity, value: &Value) -> Document {
    let about = About::of(value);
    let described = [
        text(value, "/metadata/description"),
        text(value, "/spec/profile/displayName"),
        text(value, "/spec/profile/email"),
    ];
    let described = described.into_iter().filter(|text| !text.is_empty());
    let shown_text = described.collect::<Vec<_>>().join(" : ");
    let definition = cut(text(value, "/spec/definition"), MOST_FOUND);
    let tags = value.pointer("/metadata/tags").and_then(Value::as_array).into_iter().flatten();
    let mut others: Vec<&str> = tags.filter_map(Value::as_str).collect();
    others.extend([about.kind, about.of_type, about.lifecycle]);
    let texts =
        vec![cut(&shown_text, MOST_FOUND).to_owned(), definition.to_owned(), others.join(" ")];
    let mut names = vec![about.title.to_owned(), about.name.to_owned()];
    names.dedup();
    Document {
        kind: Kind::SoftwareCatalog,
        reference: Arc::clone(&entity.reference),
        names,
        in_full: Some(entity.reference.to_string()),
        texts,
        facets: about.facets(),
        rules: entity.rules.clone(),
        order: format!("{}\0{}", fold(about.title), entity.reference),
        shown: json!({
            "title": about.title,
            "text": cut(&shown_text, MOST_SHOWN),
            "location": format!("/catalog/{}", about.place()),
            "kind": about.kind,
            "namespace": about.namespace,
            "name": about.name,
            "type": about.of_type,
            "componentType": about.of_type,
            "lifecycle": about.lifecycle,
            "owner": text(value, "/spec/owner"),
        }),
        beside: cut(definition, MOST_SHOWN).to_owned(),
    }
}

/// A site's search index, as MkDocs writes it.
#[derive(Deserialize)]
struct SearchIndex {
    docs: Vec<SitePage>,
}

#[derive(Deserialize)]
struct SitePage {
    location: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: String,
}

/// The documents of a site's pages. Its index has each page whole and then in parts, which are at
/// anchors: a page is one document, so that it is told once.
pub(crate) fn site_documents(
    entity: &Entity,
    value: &Value,
    index: &[u8],
) -> Result<Vec<Document>, serde_json::Error> {
    let index: SearchIndex = serde_json::from_slice(index)?;
    let about = About::of(value);
    let place = about.place();
    let owner = about.owners().next().and_then(|owner| owner.rsplit('/').next());
    let mut facets = about.facets();
    facets.sort();
    let whole = index.docs.into_iter().filter(|page| !page.location.contains('#'));
    let documents = whole.map(|page| {
        let SitePage { location, title, text } = page;
        let title =
            title.filter(|title| !title.is_empty()).unwrap_or_else(|| about.title.to_owned());
        Document {
            kind: Kind::Techdocs,
            reference: Arc::clone(&entity.reference),
            names: vec![title.clone()],
            in_full: None,
            texts: vec![
                cut(&text, MOST_FOUND).to_owned(),
                format!("{} {}", about.title, about.name),
            ],
            facets: facets.clone(),
            rules: entity.rules.clone(),
            order: format!("{}\0{}\0{location}", fold(&title), entity.reference),
            shown: json!({
                "title": title,
                "text": cut(&text, MOST_SHOWN),
                "location": format!("/docs/{place}/{location}"),
                "path": location,
                "kind": about.kind.to_lowercase(),
                "namespace": about.namespace.to_lowercase(),
                "name": about.name.to_lowercase(),
                "entityTitle": about.title,
                "componentType": about.of_type,
                "lifecycle": about.lifecycle,
                "owner": owner.unwrap_or_default(),
            }),
            beside: String::new(),
        }
    });
    Ok(documents.collect())
}

//! Building sites: what changed and no more, and only one build of a site at a time.
//!
//! A page is rendered when its text (with its snippets) changed, and its document is written when
//! the page or what stands around it (the navigation, the site's name) did. What was made is
//! remembered for as long as the process runs; after a restart the etag in the metadata says whether
//! the built site is still the one of its sources.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chiron_clock::Clock;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use techdocs_domain::entity::{Config, ConfigError, is_index, is_page, output, parse_config};
use techdocs_domain::usecase::{
    Page, STYLESHEET, STYLESHEET_PATH, assemble, document, expand, render,
};
use tokio::sync::broadcast;

use super::shelf::Shelf;
use super::source::{self, File, SourceError};
use super::told::UNHEARD;
use crate::application::{Facts, Origin, metadata, problems, search_index};

/// Raised when the same sources make another site.
const VERSION: &str = "1";
pub(crate) const METADATA: &str = "techdocs_metadata.json";
pub(crate) const SEARCH: &str = "search/search_index.json";
/// Not served: its name is hidden.
const PROBLEMS: &str = ".problems.json";

/// A site could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the built site cannot be stored")]
    Store(#[from] std::io::Error),
}

/// What a build did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    /// Whether there was anything to do.
    pub(crate) updated: bool,
    /// What it did, for people.
    pub(crate) log: Vec<String>,
}

/// What is remembered of a site.
#[derive(Debug, Default)]
struct Kept {
    etag: Option<String>,
    files: BTreeMap<String, File>,
    /// Pages by their files, with the digest of the text that they were made of.
    pages: HashMap<String, (String, Arc<Page>)>,
    /// What was written, by its path, and what it was made of.
    written: HashMap<String, u64>,
}

/// Builds sites and keeps them.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) shelf: Shelf,
    clock: Clock,
    most_bytes: u64,
    sites: Mutex<HashMap<String, Arc<Mutex<Kept>>>>,
    /// The references of entities whose sites were built anew.
    pub(crate) built: broadcast::Sender<Arc<str>>,
}

impl Builder {
    pub(crate) fn new(shelf: Shelf, clock: Clock, most_bytes: u64) -> Self {
        let built = broadcast::Sender::new(UNHEARD);
        Self { shelf, clock, most_bytes, sites: Mutex::default(), built }
    }

    /// What is wrong with a site, as it was built last.
    pub(crate) fn problems(&self, site: &str) -> std::io::Result<Option<Value>> {
        let bytes = self.shelf.read(site, PROBLEMS)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Whether the site was ever built.
    pub(crate) fn is_built(&self, site: &str) -> std::io::Result<bool> {
        Ok(self.shelf.read(site, METADATA)?.is_some())
    }

    /// Brings a site up to date with its sources. `name` is its name where `mkdocs.yml` gives none.
    pub(crate) fn build(
        &self,
        site: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Built, BuildError> {
        let kept = {
            let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(sites.entry(site.to_owned()).or_default())
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = source::config(origin)?;
        let config = parse_config(text.as_deref().unwrap_or_default(), name)?;
        kept.files = source::files(origin, &config.docs_dir, &kept.files, self.most_bytes)?;
        let etag = etag(name, text.as_deref(), &kept.files);
        let before = match &kept.etag {
            Some(etag) => Some(etag.clone()),
            None => self.stored(site, "etag")?.and_then(|etag| etag.as_str().map(str::to_owned)),
        };
        if before.as_deref() == Some(etag.as_str()) {
            kept.etag = before;
            return Ok(Built {
                updated: false,
                log: vec!["the sources have not changed".to_owned()],
            });
        }
        let work = Work { builder: self, site, config: &config, etag: &etag };
        // Until it is complete nobody may take it for what it is not.
        kept.etag = None;
        let outcome = work.run(&mut kept, text.as_deref());
        match outcome {
            Ok(log) => {
                kept.etag = Some(etag);
                Ok(Built { updated: true, log })
            }
            Err(error) => {
                // What is on the shelf is not known: the next build writes everything.
                kept.written.clear();
                Err(error)
            }
        }
    }

    /// A member of a built site's metadata.
    fn stored(&self, site: &str, member: &str) -> std::io::Result<Option<Value>> {
        let bytes = self.shelf.read(site, METADATA)?;
        let whole = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        Ok(whole.and_then(|whole| whole.get(member).cloned()))
    }
}

/// The digest of everything that a site is made of.
fn etag(name: &str, config: Option<&str>, files: &BTreeMap<String, File>) -> String {
    let mut hash = Sha256::new();
    let mut put = |part: &str| {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    };
    put(VERSION);
    put(STYLESHEET);
    put(name);
    put(config.unwrap_or("\0"));
    for (path, file) in files {
        put(path);
        put(&file.digest);
    }
    chiron_chassis::hex(&hash.finalize())
}

fn hashed(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// One build.
struct Work<'a> {
    builder: &'a Builder,
    site: &'a str,
    config: &'a Config,
    etag: &'a str,
}

impl Work<'_> {
    fn run(&self, kept: &mut Kept, text: Option<&str>) -> Result<Vec<String>, BuildError> {
        let Self { config, .. } = self;
        let (rendered, snippets) = self.render(kept);
        let all: BTreeSet<String> = kept.files.keys().cloned().collect();
        let pages: BTreeMap<String, &Page> =
            kept.pages.iter().map(|(path, (_, page))| (path.clone(), page.as_ref())).collect();
        let source = |path: &str| {
            if path == "mkdocs.yml" {
                return text.map(str::to_owned);
            }
            kept.files.get(path)?.text.as_deref().map(str::to_owned)
        };
        let mut site = assemble(config, &all, &pages, &source);
        site.problems.extend(snippets);
        site.problems.sort();

        let around = hashed((&config.site_name, &config.site_description, &config.edit, &site.nav));
        let mut files: BTreeMap<String, (u64, Content<'_>)> = BTreeMap::new();
        for (path, (digest, page)) in &kept.pages {
            let made_of = hashed((around, digest, site.titles.get(path)));
            files.insert(output(path), (made_of, Content::Page(path, page)));
        }
        for (path, file) in kept.files.iter().filter(|(path, _)| !is_page(path)) {
            files.entry(path.clone()).or_insert((hashed(&file.digest), Content::File(file)));
        }
        let search = search_index(&site, &pages).to_string();
        for (path, text) in [(STYLESHEET_PATH, STYLESHEET), (SEARCH, search.as_str())] {
            files.insert(path.to_owned(), (hashed(text), Content::Text(text)));
        }

        let mut written = std::mem::take(&mut kept.written);
        let mut changed = 0;
        for (path, (made_of, content)) in &files {
            if written.get(path) == Some(made_of) {
                continue;
            }
            let bytes = match content {
                Content::Page(source, page) => document(config, &site, source, page).into(),
                Content::File(file) => file.bytes()?,
                Content::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            };
            self.builder.shelf.write(self.site, path, bytes)?;
            changed += 1;
        }
        let gone = self.gone(&written, &files)?;
        for path in &gone {
            self.builder.shelf.remove(self.site, path)?;
        }
        written = files.iter().map(|(path, (made_of, _))| (path.clone(), *made_of)).collect();

        let count = kept.pages.len();
        let mut log = vec![
            format!("{rendered} of {count} pages rendered"),
            format!("{changed} files written, {} removed", gone.len()),
        ];
        log.extend(config.notes.iter().map(|note| format!("mkdocs.yml: {note}")));
        for problem in &site.problems {
            let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
            log.push(format!("{}{line}: {}", problem.page, problem.trouble));
        }
        let told = problems(&site.problems, &config.notes).to_string();
        self.builder.shelf.write(self.site, PROBLEMS, told.into())?;
        let facts = Facts {
            etag: self.etag,
            built_ms: self.builder.clock.now().as_millisecond(),
            files: files.into_keys().chain([METADATA.to_owned()]).collect(),
        };
        // Last: it says that all the others are there.
        let metadata = metadata(config, &facts).to_string();
        self.builder.shelf.write(self.site, METADATA, metadata.into())?;
        kept.written = written;
        Ok(log)
    }

    /// Renders the pages whose text changed, and forgets those that are gone; answers how many, and
    /// snippets that are not there.
    fn render(&self, kept: &mut Kept) -> (usize, Vec<techdocs_domain::entity::Problem>) {
        let Kept { files, pages, .. } = kept;
        let read = |path: &str| {
            let file = files.get(path)?;
            match &file.text {
                Some(text) => Some(text.to_string()),
                None => String::from_utf8(file.bytes().ok()?.to_vec()).ok(),
            }
        };
        let mut told = Vec::new();
        let mut rendered = 0;
        let mut shown = BTreeSet::new();
        for (path, file) in files.iter() {
            let Some(text) = file.text.as_deref() else { continue };
            // Of two pages of one folder index.md is it.
            let index = path.strip_suffix("README.md").map(|folder| format!("{folder}index.md"));
            if is_index(path) && index.is_some_and(|index| files.contains_key(&index)) {
                continue;
            }
            let expanded = expand(path, text, &self.config.docs_dir, &read);
            told.extend(expanded.problems);
            let digest = chiron_chassis::hex(&Sha256::digest(expanded.text.as_bytes()));
            shown.insert(path.clone());
            if pages.get(path).is_some_and(|(known, _)| *known == digest) {
                continue;
            }
            pages.insert(path.clone(), (digest, Arc::new(render(path, &expanded.text))));
            rendered += 1;
        }
        pages.retain(|path, _| shown.contains(path));
        (rendered, told)
    }

    /// What is on the shelf and no longer of the site.
    fn gone(
        &self,
        written: &HashMap<String, u64>,
        files: &BTreeMap<String, (u64, Content<'_>)>,
    ) -> Result<Vec<String>, BuildError> {
        let before: Vec<String> = if written.is_empty() {
            let stored = self.builder.stored(self.site, "files")?;
            let listed = stored.as_ref().and_then(Value::as_array).into_iter().flatten();
            listed.filter_map(|path| path.as_str().map(str::to_owned)).collect()
        } else {
            written.keys().cloned().collect()
        };
        let is_gone = |path: &String| !files.contains_key(path) && path != METADATA;
        Ok(before.into_iter().filter(is_gone).collect())
    }
}

/// What a file of the site is made of.
enum Content<'a> {
    Page(&'a str, &'a Page),
    File(&'a File),
    Text(&'a str),
}

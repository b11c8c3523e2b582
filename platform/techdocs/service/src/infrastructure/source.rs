//! Reading a site's sources: which files there are, and what each says.
//!
//! A file is read again only when it looks otherwise than before (time, size, inode), so that
//! looking after a site costs little. Links are followed only to files in the same folder.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use techdocs_domain::entity::{is_index, is_page};

use crate::application::Origin;

/// Files of one site at most.
const MOST_FILES: usize = 20_000;
/// Folders in folders at most.
const MOST_DEEP: usize = 32;
/// The largest page and the largest `mkdocs.yml`, in bytes.
const MOST_PAGE: u64 = 4 * 1024 * 1024;

/// Sources cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("there is neither a folder `{0}` nor a README.md")]
    Missing(String),
    #[error("{0} is outside of the entity's folder")]
    Outside(String),
    #[error("{0}")]
    TooMuch(String),
    #[error("{path} cannot be read")]
    Unreadable { path: String, source: std::io::Error },
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> SourceError + use<> {
    let path = path.display().to_string();
    move |source| SourceError::Unreadable { path, source }
}

/// How a file looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

/// A file of the sources.
#[derive(Debug, Clone)]
pub(crate) struct File {
    stamp: Stamp,
    pub(crate) place: PathBuf,
    pub(crate) digest: String,
    /// The text of a page.
    pub(crate) text: Option<Arc<str>>,
}

impl File {
    /// Its bytes, as they are now.
    pub(crate) fn bytes(&self) -> Result<Bytes, SourceError> {
        fs::read(&self.place).map(Bytes::from).map_err(unreadable(&self.place))
    }
}

/// `mkdocs.yml`, when there is one.
pub(crate) fn config(origin: &Origin) -> Result<Option<String>, SourceError> {
    confined(&origin.folder, &origin.within)?;
    for name in ["mkdocs.yml", "mkdocs.yaml"] {
        let path = origin.folder.join(name);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        confined(&path, &origin.within)?;
        if MOST_PAGE < metadata.len() {
            return Err(SourceError::TooMuch(format!("{name} is larger than is read")));
        }
        return fs::read_to_string(&path).map(Some).map_err(unreadable(&path));
    }
    Ok(None)
}

/// Refuses what lies elsewhere, links followed.
fn confined(path: &Path, within: &Path) -> Result<(), SourceError> {
    let place = path.canonicalize().map_err(unreadable(path))?;
    let within = within.canonicalize().map_err(unreadable(within))?;
    if place.starts_with(within) {
        return Ok(());
    }
    Err(SourceError::Outside(path.display().to_string()))
}

/// The files below the folder of the documents, by their paths there. `known` are those of before.
pub(crate) fn files(
    origin: &Origin,
    docs_dir: &str,
    known: &BTreeMap<String, File>,
    most_bytes: u64,
) -> Result<BTreeMap<String, File>, SourceError> {
    let root = origin.folder.join(docs_dir);
    let mut walk = Walk { known, files: BTreeMap::new(), bytes: 0, most_bytes, root: root.clone() };
    if root.is_dir() {
        confined(&root, &origin.within)?;
        walk.folder(&root, "", 0)?;
    }
    // A folder whose page is missing begins with the README of the whole, as in TechDocs.
    let is_first = |path: &String| !path.contains('/') && is_index(path);
    let readme = origin.folder.join("README.md");
    if !walk.files.keys().any(is_first) && readme.is_file() {
        confined(&readme, &origin.within)?;
        walk.file(&readme, "index.md".to_owned())?;
    }
    if walk.files.is_empty() {
        return Err(SourceError::Missing(docs_dir.to_owned()));
    }
    Ok(walk.files)
}

struct Walk<'a> {
    known: &'a BTreeMap<String, File>,
    files: BTreeMap<String, File>,
    bytes: u64,
    most_bytes: u64,
    root: PathBuf,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, path: &str, deep: usize) -> Result<(), SourceError> {
        if MOST_DEEP < deep {
            return Err(SourceError::TooMuch(format!("{path} is nested too deeply")));
        }
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            let entry = entry.map_err(unreadable(folder))?;
            let name = entry.file_name();
            // What is hidden, or has a name that is no text, is no document.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let place = entry.path();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let kind = entry.file_type().map_err(unreadable(&place))?;
            if kind.is_dir() {
                self.folder(&place, &path, deep + 1)?;
            } else if kind.is_file() || (place.is_file() && confined(&place, &self.root).is_ok()) {
                self.file(&place, path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, place: &Path, path: String) -> Result<(), SourceError> {
        let metadata = fs::metadata(place).map_err(unreadable(place))?;
        let (modified, bytes, inode) = (metadata.modified().ok(), metadata.len(), metadata.ino());
        self.bytes = self.bytes.saturating_add(bytes);
        if self.most_bytes < self.bytes || MOST_FILES <= self.files.len() {
            let why = "the site is larger than is built (techdocs.site_megabytes)";
            return Err(SourceError::TooMuch(why.to_owned()));
        }
        let stamp = Stamp { modified, bytes, inode };
        let known = self.known.get(&path).filter(|file| file.stamp == stamp && file.place == place);
        let file = match known {
            Some(file) => file.clone(),
            None => read(place, &path, stamp)?,
        };
        self.files.insert(path, file);
        Ok(())
    }
}

fn read(place: &Path, path: &str, stamp: Stamp) -> Result<File, SourceError> {
    if is_page(path) && MOST_PAGE < stamp.bytes {
        return Err(SourceError::TooMuch(format!("{path} is larger than a page may be")));
    }
    let content = fs::read(place).map_err(unreadable(place))?;
    let digest = chiron_chassis::hex(&Sha256::digest(&content));
    let text = is_page(path).then(|| String::from_utf8_lossy(&content).into());
    Ok(File { stamp, place: place.to_owned(), digest, text })
}

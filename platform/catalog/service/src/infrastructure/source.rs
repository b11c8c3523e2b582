//! Reading what locations point at: files, patterns of files, and addresses of HTTP.
//!
//! A source that cannot be read says why and whether it is not there: the difference decides
//! whether an optional target is a fault. Addresses are read from hosts that configuration names,
//! and from no others, since anybody who may register a location could else read the inside of a
//! network through this service.

use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use catalog_domain::usecase::LocationRef;
use url::Url;

/// The largest source read, in bytes.
pub(crate) const MOST_BYTES: usize = 32 * 1024 * 1024;
/// How long an address may take to answer whole.
const WITHIN: Duration = Duration::from_secs(20);
/// Files of one pattern at most.
const MOST_FILES: usize = 100_000;
/// How often an answer may lead elsewhere.
const MOST_REDIRECTS: usize = 5;

/// A source could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is not there.
    #[error("{0} is not there")]
    Missing(String),
    /// It may be there.
    #[error("{place} cannot be read: {why}")]
    Failed { place: String, why: String },
}

impl ReadError {
    fn failed(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Failed { place: place.into(), why: why.into() }
    }
}

/// How a file was when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    /// Looks at a file; `None` when it is not there.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?;
        Some(Self { modified, bytes: metadata.len(), inode: metadata.ino() })
    }
}

/// What has to be looked at to see that a source has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Files, as they were before they were read.
    pub(crate) files: Vec<(PathBuf, Option<Stamp>)>,
    /// Patterns, with what they matched.
    pub(crate) patterns: Vec<(String, Vec<PathBuf>)>,
    /// Whether something came over a network, which only a schedule looks at.
    pub(crate) remote: bool,
}

impl Watch {
    /// Whether a file has changed since.
    pub(crate) fn changed(&self) -> bool {
        self.files.iter().any(|(path, stamp)| Stamp::of(path) != *stamp)
            || self.patterns.iter().any(|(pattern, files)| matches(pattern) != *files)
    }
}

/// One text of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) location: LocationRef,
    pub(crate) text: String,
}

/// What reads sources. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    client: reqwest::Client,
    /// Hosts, with a port where it is not the usual one; `*.example.com` for those below.
    hosts: Vec<String>,
    /// Whether files may point at files beside them.
    file_placeholders: bool,
}

impl Sources {
    pub(crate) fn new(client: reqwest::Client, hosts: Vec<String>) -> Self {
        Self { client, hosts, file_placeholders: false }
    }

    pub(crate) fn with_file_placeholders(self, file_placeholders: bool) -> Self {
        Self { file_placeholders, ..self }
    }

    /// The text of a file that another points at: relative, and below the folder of the location
    /// that somebody configured, links followed. `None` where that is not meant.
    pub(crate) fn beside(
        &self,
        target: &str,
        base: Option<&LocationRef>,
        origin: Option<&LocationRef>,
        watch: &mut Watch,
    ) -> Option<Result<String, ReadError>> {
        let file = |place: Option<&LocationRef>| {
            let place = place.filter(|place| place.kind == "file")?;
            Some(PathBuf::from(&place.target))
        };
        let (base, origin) = (file(base)?, file(origin)?);
        if !self.file_placeholders || Path::new(target).is_absolute() || target.contains("://") {
            return None;
        }
        let path = normal(&base.parent()?.join(target));
        let folder = origin.parent().and_then(|folder| folder.canonicalize().ok())?;
        let place = path.display().to_string();
        let stamp = Stamp::of(&path);
        watch.files.push((path.clone(), stamp));
        let Some(stamp) = stamp else { return Some(Err(ReadError::Missing(place))) };
        if !path.canonicalize().is_ok_and(|path| path.starts_with(&folder)) {
            return Some(Err(ReadError::failed(place, "it is outside of the location's folder")));
        }
        if (MOST_BYTES as u64) < stamp.bytes {
            return Some(Err(ReadError::failed(place, "it is larger than is read")));
        }
        let text = std::fs::read_to_string(&path);
        Some(text.map_err(|error| ReadError::failed(place, error.to_string())))
    }

    /// Where a target is, seen from `base`.
    pub(crate) fn resolve(
        target: &LocationRef,
        base: Option<&LocationRef>,
    ) -> Result<LocationRef, ReadError> {
        let failed = |why: &str| ReadError::failed(target.to_string(), why);
        match target.kind.as_str() {
            "file" => {
                let path = Path::new(&target.target);
                let folder = base.filter(|base| base.kind == "file");
                let folder = folder.and_then(|base| Path::new(&base.target).parent());
                let whole = match folder {
                    Some(folder) => folder.join(path),
                    None if path.is_absolute() => path.to_owned(),
                    None => return Err(failed("a relative path needs a file that it stands in")),
                };
                let whole = normal(&whole);
                let whole = whole.to_str().ok_or_else(|| failed("the path is no text"))?;
                Ok(LocationRef::new("file", whole))
            }
            "url" => {
                let base = base.filter(|base| base.kind == "url");
                let base = base.and_then(|base| Url::parse(&base.target).ok());
                let url = Url::options().base_url(base.as_ref()).parse(&target.target);
                let url = url.map_err(|_| failed("could not form a URL out of it"))?;
                Ok(LocationRef::new("url", url.as_str()))
            }
            _ => Err(failed("the type must be `file` or `url`")),
        }
    }

    /// Reads everything that a whole location names, and notes what to watch.
    pub(crate) async fn read(
        &self,
        location: &LocationRef,
        watch: &mut Watch,
    ) -> Result<Vec<Text>, ReadError> {
        if location.kind == "url" {
            watch.remote = true;
            let text = self.fetch(&location.target).await?;
            return Ok(vec![Text { location: location.clone(), text }]);
        }
        let target = location.target.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut watch = Watch::default();
            let texts = read_files(&target, &mut watch);
            (texts, watch)
        });
        let failed = |error: tokio::task::JoinError| {
            ReadError::failed(location.to_string(), error.to_string())
        };
        let (texts, looked_at) = read.await.map_err(failed)?;
        watch.files.extend(looked_at.files);
        watch.patterns.extend(looked_at.patterns);
        texts
    }

    /// The text at an address.
    pub(crate) async fn fetch(&self, address: &str) -> Result<String, ReadError> {
        match tokio::time::timeout(WITHIN, self.fetch_whole(address)).await {
            Ok(fetched) => fetched,
            Err(_elapsed) => Err(ReadError::failed(address, "it took too long")),
        }
    }

    async fn fetch_whole(&self, address: &str) -> Result<String, ReadError> {
        let failed = |why: &str| ReadError::failed(address, why);
        let mut url = Url::parse(address).map_err(|_| failed("could not form a URL out of it"))?;
        for _ in 0..=MOST_REDIRECTS {
            if !self.allows(&url) {
                let host = url.host_str().unwrap_or_default();
                let why = format!(
                    "reading from {host} is not allowed: add it to the setting catalog.allow_hosts"
                );
                return Err(failed(&why));
            }
            let answer = self.client.get(url.clone()).send().await;
            let mut answer = answer.map_err(|error| failed(&chiron_chassis::chain(&error)))?;
            let status = answer.status();
            if status.is_redirection() {
                let to = answer.headers().get("location").and_then(|value| value.to_str().ok());
                let next = to.and_then(|to| url.join(to).ok());
                url = next.ok_or_else(|| failed("it leads nowhere"))?;
                continue;
            }
            if matches!(status.as_u16(), 404 | 410) {
                return Err(ReadError::Missing(address.to_owned()));
            }
            if !status.is_success() {
                return Err(failed(&format!("it answered {status}")));
            }
            let mut body = Vec::new();
            loop {
                let chunk = answer.chunk().await;
                let chunk = chunk.map_err(|error| failed(&chiron_chassis::chain(&error)))?;
                let Some(chunk) = chunk else { break };
                body.extend_from_slice(&chunk);
                if MOST_BYTES < body.len() {
                    return Err(failed("it is larger than is read"));
                }
            }
            return String::from_utf8(body).map_err(|_| failed("it is not UTF-8"));
        }
        Err(failed("it leads elsewhere too often"))
    }

    fn allows(&self, url: &Url) -> bool {
        if !matches!(url.scheme(), "http" | "https") {
            return false;
        }
        let Some(host) = url.host_str() else { return false };
        let whole = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        self.hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
            Some(domain) => whole.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => whole.eq_ignore_ascii_case(allowed),
        })
    }
}

fn read_files(target: &str, watch: &mut Watch) -> Result<Vec<Text>, ReadError> {
    let files = if target.contains(['*', '?']) {
        let files = matches(target);
        watch.patterns.push((target.to_owned(), files.clone()));
        if files.is_empty() {
            return Err(ReadError::Missing(target.to_owned()));
        }
        files
    } else {
        vec![PathBuf::from(target)]
    };
    let mut texts = Vec::new();
    for path in files {
        let place = path.display().to_string();
        let stamp = Stamp::of(&path);
        watch.files.push((path.clone(), stamp));
        match stamp {
            None => return Err(ReadError::Missing(place)),
            Some(stamp) if (MOST_BYTES as u64) < stamp.bytes => {
                return Err(ReadError::failed(place, "it is larger than is read"));
            }
            Some(_) => {}
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ReadError::failed(&place, error.to_string()))?;
        texts.push(Text { location: LocationRef::new("file", place), text });
    }
    Ok(texts)
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    whole
}

/// The files that a pattern matches, sorted: `*` and `?` within a name, `**` for any folders.
pub(crate) fn matches(pattern: &str) -> Vec<PathBuf> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = Vec::new();
    walk(Path::new("/"), &parts, &mut found);
    found.sort();
    found.dedup();
    found
}

fn walk(folder: &Path, parts: &[&str], found: &mut Vec<PathBuf>) {
    let Some((first, rest)) = parts.split_first() else { return };
    if MOST_FILES <= found.len() {
        return;
    }
    if !first.contains(['*', '?']) {
        let next = folder.join(first);
        if rest.is_empty() && next.is_file() {
            found.push(next);
        } else if !rest.is_empty() {
            walk(&next, rest, found);
        }
        return;
    }
    if *first == "**" {
        walk(folder, rest, found);
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        if *first == "**" {
            // Links are not followed, so that there is an end.
            if kind.is_dir() && !name.starts_with('.') && name != "node_modules" {
                walk(&entry.path(), parts, found);
            }
        } else if fits(first, name) {
            if !rest.is_empty() {
                walk(&entry.path(), rest, found);
            } else if entry.path().is_file() {
                found.push(entry.path());
            }
        }
    }
}

/// Whether a name fits a pattern with `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or_default();
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| fits(rest, name.get(at..).unwrap_or_default()))
        }
        Some(first) => {
            let mut characters = name.chars();
            let same = characters.next().is_some_and(|own| first == '?' || first == own);
            same && fits(pattern.get(first.len_utf8()..).unwrap_or_default(), characters.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(kind: &str, target: &str, base: &str) -> Result<String, String> {
        let base = LocationRef::parse(base).ok();
        Sources::resolve(&LocationRef::new(kind, target), base.as_ref())
            .map(|location| location.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn targets_are_relative_to_where_they_stand() {
        assert_eq!(resolved("file", "./b/../c.yaml", "file:/x/a.yaml").unwrap(), "file:/x/c.yaml");
        assert_eq!(resolved("file", "/c.yaml", "file:/x/a.yaml").unwrap(), "file:/c.yaml");
        assert_eq!(resolved("url", "./c", "url:http://h/x/a").unwrap(), "url:http://h/x/c");
        assert_eq!(resolved("url", "http://g/c", "file:/x").unwrap(), "url:http://g/c");
        let error = resolved("url", "./c", "file:/x").unwrap_err();
        assert!(error.contains("could not form a URL out of"), "{error}");
        assert!(resolved("file", "c", "url:http://h/x").is_err());
        assert!(resolved("ftp", "c", "").is_err());
    }

    #[test]
    fn patterns_match_names_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.yaml", "b.yml", "x/c.yaml", "x/y/d.yaml", ".git/e.yaml"] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let pattern = folder.path().join(pattern);
            let shown = |path: &PathBuf| {
                path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned()
            };
            matches(pattern.to_str().unwrap()).iter().map(shown).collect()
        };
        assert_eq!(found("*.yaml"), ["a.yaml"]);
        assert_eq!(found("?.y*ml"), ["a.yaml", "b.yml"]);
        assert_eq!(found("*/*.yaml"), [".git/e.yaml", "x/c.yaml"]);
        assert_eq!(found("**/*.yaml"), ["a.yaml", "x/c.yaml", "x/y/d.yaml"]);
        assert_eq!(found("none/**"), Vec::<String>::new());
    }

    #[test]
    fn hosts_are_allowed_by_name_and_port() {
        let client = chiron_chassis::http_client().unwrap();
        let hosts = ["example.com", "127.0.0.1:7099", "*.b.org"].map(str::to_owned).to_vec();
        let sources = Sources::new(client, hosts);
        for (url, allowed) in [
            ("https://example.com/a", true),
            ("http://EXAMPLE.com/a", true),
            ("https://example.com:444/a", false),
            ("https://evil-example.com/", false),
            ("http://127.0.0.1:7099/", true),
            ("http://127.0.0.1/", false),
            ("https://a.b.org/", true),
            ("https://b.org/", false),
            ("https://ab.org/", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(sources.allows(&Url::parse(url).unwrap()), allowed, "{url}");
        }
    }

    #[test]
    fn a_watch_sees_what_came_went_and_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let pattern = folder.path().join("*.yaml").to_str().unwrap().to_owned();
        let mut watch = Watch::default();
        assert!(matches!(read_files(&pattern, &mut watch), Err(ReadError::Missing(_))));
        assert!(!watch.changed());
        std::fs::write(&path, "a: 1").unwrap();
        assert!(watch.changed());
        let mut watch = Watch::default();
        assert_eq!(read_files(&pattern, &mut watch).unwrap().len(), 1);
        assert!(!watch.changed());
        std::fs::write(&path, "a: 12").unwrap();
        assert!(watch.changed());
        std::fs::remove_file(&path).unwrap();
        assert!(watch.changed());
    }
}

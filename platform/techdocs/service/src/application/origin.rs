//! Where the sources of an entity's documentation are, by `backstage.io/techdocs-ref`.
//!
//! A folder is named by `dir:`, relative to the file that the entity came from and never above its
//! folder, or by `url:file://`, in full, and then below the folder of the location that somebody
//! configured. What came over a network names no file of this machine.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

const REF: &str = "backstage.io/techdocs-ref";
const MANAGED_BY: &str = "backstage.io/managed-by-location";
const ORIGIN: &str = "backstage.io/managed-by-origin-location";

/// A folder of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The folder with `mkdocs.yml`.
    pub(crate) folder: PathBuf,
    /// The folder that it must lie in, links followed.
    pub(crate) within: PathBuf,
}

/// The sources cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    #[error("No location annotation provided in entity: {0}")]
    None(String),
    #[error("Relative path is not allowed to refer to a directory outside its parent: {0}")]
    Outside(String),
    #[error("the entity came over a network: {0} is not read")]
    Remote(String),
    #[error("`{0}` is not supported: use `dir:` or `url:file://`")]
    Unsupported(String),
}

fn annotation<'a>(entity: &'a Value, name: &str) -> Option<&'a str> {
    entity.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// The path of a `file:` location.
fn file(location: Option<&str>) -> Option<&Path> {
    location?.strip_prefix("file:").map(Path::new)
}

/// The folder of a location: what stands before any pattern.
fn folder_of(location: &Path) -> PathBuf {
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?']);
    let parts = location.parent().unwrap_or(location).components();
    parts.take_while(is_plain).collect()
}

/// Where an entity's sources are.
pub(crate) fn origin(entity: &Value) -> Result<Origin, OriginError> {
    let name = entity.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let given = annotation(entity, REF).ok_or_else(|| OriginError::None(name.to_owned()))?;
    let (kind, target) =
        given.split_once(':').ok_or_else(|| OriginError::Unsupported(given.to_owned()))?;
    let own = file(annotation(entity, MANAGED_BY));
    match kind {
        "dir" => {
            let own = own.ok_or_else(|| OriginError::Remote(given.to_owned()))?;
            let within = own.parent().unwrap_or(own).to_owned();
            let folder = below(&within, Path::new(target))
                .ok_or_else(|| OriginError::Outside(given.to_owned()))?;
            Ok(Origin { folder, within })
        }
        "url" => {
            let Some(path) = target.strip_prefix("file:") else {
                return Err(OriginError::Unsupported(given.to_owned()));
            };
            let path = path.strip_prefix("//").unwrap_or(path);
            let root = file(annotation(entity, ORIGIN)).filter(|_| own.is_some());
            let root = root.ok_or_else(|| OriginError::Remote(given.to_owned()))?;
            let within = folder_of(root);
            let outside = || OriginError::Outside(given.to_owned());
            let inner = Path::new(path).strip_prefix(&within).map_err(|_| outside())?;
            let folder = below(&within, inner).ok_or_else(outside)?;
            Ok(Origin { folder, within })
        }
        _ => Err(OriginError::Unsupported(given.to_owned())),
    }
}

/// A path below a folder; `None` when it leaves it, even to come back.
fn below(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut whole = folder.to_owned();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => whole.push(part),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(given: &str, own: &str, root: &str) -> String {
        let entity = json!({"metadata": {"name": "a", "annotations":
            {REF: given, MANAGED_BY: own, ORIGIN: root}}});
        match origin(&entity) {
            Ok(origin) => format!("{} in {}", origin.folder.display(), origin.within.display()),
            Err(OriginError::Outside(_)) => "outside".to_owned(),
            Err(OriginError::Remote(_)) => "remote".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_folder_is_named_below_what_the_entity_came_from() {
        let (own, root) = ("file:/e/s/a/catalog-info.yaml", "file:/e/s/**/catalog-info.yaml");
        assert_eq!(check("dir:.", own, root), "/e/s/a in /e/s/a");
        assert_eq!(check("dir:./docs-site", own, root), "/e/s/a/docs-site in /e/s/a");
        for outside in ["dir:../x", "dir:a/../../x", "dir:/etc", "dir:a/../b"] {
            assert_eq!(check(outside, own, root), "outside", "{outside}");
        }
        assert_eq!(check("url:file:///e/s/b", own, root), "/e/s/b in /e/s");
        assert_eq!(check("url:file:/e/s/b/", own, root), "/e/s/b in /e/s");
        assert_eq!(check("url:file:///etc", own, root), "outside");
        assert_eq!(check("url:file:///e/s/../../etc", own, root), "outside");
        assert!(check("url:https://x.example/tree/main", own, root).contains("not supported"));
        assert!(check("github:x", own, root).contains("not supported"));
    }

    #[test]
    fn what_came_over_a_network_names_no_file() {
        let own = "url:https://x.example/catalog-info.yaml";
        assert_eq!(check("dir:.", own, own), "remote");
        assert_eq!(check("url:file:///etc", own, own), "remote");
        let none = origin(&json!({"metadata": {"name": "a"}})).unwrap_err();
        assert_eq!(none.to_string(), "No location annotation provided in entity: a");
    }
}

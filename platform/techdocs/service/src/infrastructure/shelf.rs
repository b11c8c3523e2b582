//! Where built sites are kept, and served from.
//!
//! A file of a site is replaced whole or not at all. Readers may see files of two builds side by
//! side for a moment; the metadata, written last, says which build is complete. An object store is
//! one more variant with the same three methods.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Built sites. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Shelf {
    /// A folder for each site.
    Folder(Arc<PathBuf>),
    /// Nothing outlives the process.
    Memory(Arc<Mutex<HashMap<String, Bytes>>>),
}

impl Shelf {
    pub(crate) fn folder(folder: PathBuf) -> Self {
        Self::Folder(Arc::new(folder))
    }

    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// A file of a site; `None` when there is no such file.
    pub(crate) fn read(&self, site: &str, path: &str) -> io::Result<Option<Bytes>> {
        let Some(key) = key(site, path) else { return Ok(None) };
        match self {
            Self::Memory(files) => {
                Ok(files.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned())
            }
            Self::Folder(folder) => {
                let path = folder.join(key);
                if !path.is_file() {
                    return Ok(None);
                }
                match fs::read(&path) {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Puts a file in its place.
    pub(crate) fn write(&self, site: &str, path: &str, bytes: Bytes) -> io::Result<()> {
        let key = key(site, path).ok_or_else(|| io::Error::other("no path of a site"))?;
        match self {
            Self::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).insert(key, bytes);
                Ok(())
            }
            Self::Folder(folder) => {
                let path = folder.join(key);
                let parent = path.parent().unwrap_or(&path);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                // One build of a site runs at a time, so that nobody else writes this one.
                let beside = parent.join(format!(".{name}.part"));
                if fs::write(&beside, &bytes).is_err() {
                    fs::create_dir_all(parent)?;
                    fs::write(&beside, &bytes)?;
                }
                fs::rename(&beside, &path)
            }
        }
    }

    /// Takes a file away; one that is not there is no error.
    pub(crate) fn remove(&self, site: &str, path: &str) -> io::Result<()> {
        let Some(key) = key(site, path) else { return Ok(()) };
        match self {
            Self::Memory(files) => {
                files.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                Ok(())
            }
            Self::Folder(folder) => match fs::remove_file(folder.join(key)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }
}

/// The place of a file; `None` for what leads elsewhere.
fn key(site: &str, path: &str) -> Option<String> {
    let is_plain = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0'])
    };
    let whole = format!("{site}/{path}");
    whole.split('/').all(is_plain).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every shelf must do.
    fn contract(shelf: &Shelf) {
        let (site, other) = ("default/component/a", "default/component/b");
        assert_eq!(shelf.read(site, "index.html").unwrap(), None);
        for text in ["one", "two"] {
            shelf.write(site, "x/index.html", Bytes::from_static(text.as_bytes())).unwrap();
            assert_eq!(shelf.read(site, "x/index.html").unwrap().unwrap(), text);
        }
        // A folder is no file, and sites do not see each other.
        assert_eq!(shelf.read(site, "x").unwrap(), None);
        assert_eq!(shelf.read(other, "x/index.html").unwrap(), None);
        for outside in ["../b/x/index.html", "/etc/passwd", "x/../x/index.html", ""] {
            assert_eq!(shelf.read(site, outside).unwrap(), None, "{outside}");
            assert!(shelf.write(site, outside, Bytes::new()).is_err(), "{outside}");
        }
        shelf.remove(site, "x/index.html").unwrap();
        shelf.remove(site, "x/index.html").unwrap();
        assert_eq!(shelf.read(site, "x/index.html").unwrap(), None);
    }

    #[test]
    fn both_shelves_keep_the_contract() {
        contract(&Shelf::memory());
        let folder = tempfile::tempdir().unwrap();
        contract(&Shelf::folder(folder.path().join("sites")));
    }
}

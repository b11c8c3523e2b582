//! The workspace as its manifests and sources say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::Table;

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Folder, relative to the root.
    pub(crate) folder: PathBuf,
    /// Text of its manifest.
    pub(crate) manifest: String,
    pub(crate) table: Table,
    /// Sources below `src`, relative to the root, with their text.
    pub(crate) sources: Vec<(PathBuf, String)>,
}

impl Crate {
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// Names of the dependencies that the crate is built with; not those of its tests.
    pub(crate) fn dependencies(&self) -> BTreeSet<String> {
        self.section("dependencies")
    }

    /// Names in one section of the manifest.
    pub(crate) fn section(&self, section: &str) -> BTreeSet<String> {
        let found = self.table.get(section).and_then(toml::Value::as_table);
        found.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }
}

/// The root of the workspace: where this command's own manifest lies, one up.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_owned).context("xtask has no parent folder")
}

/// A binary that was built with a profile of cargo, in the folder where this command was built.
pub(crate) fn built(profile: &str, binary: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding this command's own binary")?;
    let target = own.parent().and_then(Path::parent).context("cargo's folder is no folder")?;
    Ok(target.join(profile).join(binary))
}

/// Reads every member of the workspace at `root`.
pub(crate) fn crates(root: &Path) -> Result<Vec<Crate>> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let table: Table = manifest.parse().context("reading the root manifest")?;
    let members = table
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(toml::Value::as_array)
        .context("the root manifest names no members")?;
    let folders = members.iter().filter_map(toml::Value::as_str);
    folders.map(|folder| read_crate(root, Path::new(folder))).collect()
}

fn read_crate(root: &Path, folder: &Path) -> Result<Crate> {
    let manifest = read(&root.join(folder).join("Cargo.toml"))?;
    let table: Table =
        manifest.parse().with_context(|| format!("reading {}/Cargo.toml", folder.display()))?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str)
        .with_context(|| format!("{}/Cargo.toml names no package", folder.display()))?
        .to_owned();
    let mut sources = Vec::new();
    for part in ["src", "tests", "examples", "benches"] {
        collect(root, &folder.join(part), &mut sources)?;
    }
    sources.sort();
    Ok(Crate { name, folder: folder.to_owned(), manifest, table, sources })
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<(PathBuf, String)>) -> Result<()> {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push((path.clone(), read(&root.join(&path))?));
        }
    }
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

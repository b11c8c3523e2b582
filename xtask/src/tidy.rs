//! What review should not have to look for: headers, manifests, licences, sources, duplicates,
//! and documents that fell behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::findings::{Findings, line_of};
use crate::run::cargo;
use crate::workspace::{Crate, crates, read};

/// Licences that a dependency may have. An expression is allowed when one of its alternatives
/// consists of these alone (SPDX 2.3, annex D).
const LICENCES: [&str; 14] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "MPL-2.0",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "0BSD",
    // A list of certificate authorities, which is data.
    "CDLA-Permissive-2.0",
];

/// Where dependencies may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that must not come back, and why.
const BANNED: [(&str, &str); 4] = [
    ("openssl", "TLS is rustls with ring"),
    ("aws-lc-rs", "TLS is rustls with ring; this one needs a large C build"),
    ("chrono", "time is jiff"),
    ("serde_yaml", "no longer maintained"),
];

/// The platform that releases are built for.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// ARCHITECTURE.md is read in one sitting.
const LONGEST_ARCHITECTURE: usize = 300;

/// Checks the workspace at `root`.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let crates = crates(root)?;
    let mut findings = Findings::default();
    for member in &crates {
        manifest(member, &mut findings);
        headers(member, &mut findings);
    }
    documents(root, &crates, &mut findings)?;
    dependencies(root, &mut findings)?;
    Ok(findings)
}

fn manifest(member: &Crate, findings: &mut Findings) {
    let path = member.manifest_path();
    let lints = member.table.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        findings.add(&path, 1, "`[lints] workspace = true` is missing");
    }
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(table) = member.table.get(section).and_then(toml::Value::as_table) else {
            continue;
        };
        for (name, value) in table {
            let shared = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
            if !shared {
                let line = line_of(&member.manifest, name);
                findings.add(&path, line, format!("{name}: versions stand in the root manifest"));
            }
        }
    }
    for name in member.section("dependencies") {
        let ident = name.replace('-', "_");
        let used = member.sources.iter().any(|(path, text)| {
            path.starts_with(member.folder.join("src")) && text.contains(&ident)
        });
        if !used {
            let line = line_of(&member.manifest, &name);
            findings.add(&path, line, format!("{name} is not used"));
        }
    }
}

fn headers(member: &Crate, findings: &mut Findings) {
    for (path, text) in &member.sources {
        if !text.starts_with("//!") {
            findings.add(path, 1, "a file begins with `//!`: why it exists");
        }
        for (nth, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[ignore]") {
                findings.add(path, nth + 1, "an ignored test says what it waits for");
            }
        }
    }
}

fn documents(root: &Path, crates: &[Crate], findings: &mut Findings) -> Result<()> {
    let path = Path::new("ARCHITECTURE.md");
    let text = read(&root.join(path))?;
    let lines = text.lines().count();
    if lines > LONGEST_ARCHITECTURE {
        findings.add(path, lines, format!("at most {LONGEST_ARCHITECTURE} lines"));
    }
    for member in crates {
        let folder = member.folder.display().to_string();
        // A context is one entry of the code map, for both of its crates.
        let entry = folder.trim_end_matches("/domain").trim_end_matches("/service");
        if !text.contains(&format!("`{entry}`")) {
            findings.add(path, 1, format!("the code map lacks `{entry}`"));
        }
    }
    Ok(())
}

fn dependencies(root: &Path, findings: &mut Findings) -> Result<()> {
    // What is built for the platform of the release; other platforms' crates are never compiled.
    let args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM];
    let asked = cargo(root, &args).output().context("starting `cargo metadata`")?;
    let metadata: Value = serde_json::from_slice(&asked.stdout).with_context(|| {
        format!("reading cargo's metadata: {}", String::from_utf8_lossy(&asked.stderr))
    })?;
    let lock = Path::new("Cargo.lock");
    let lock_text = read(&root.join(lock))?;
    let allowed_twice = known_duplicates(root)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| package.get(field).and_then(Value::as_str);
        let (Some(name), Some(source)) = (text("name"), text("source")) else { continue };
        let line = line_of(&lock_text, &format!("name = \"{name}\""));
        if source != REGISTRY {
            findings.add(lock, line, format!("{name} comes from {source}"));
        }
        let licence = text("license").unwrap_or("no licence");
        if !allowed(licence) {
            findings.add(lock, line, format!("{name} is under {licence}"));
        }
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            findings.add(lock, line, format!("{name} is banned: {why}"));
        }
        versions.entry(name).or_default().insert(text("version").unwrap_or_default());
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        if !allowed_twice.contains(*name) {
            let line = line_of(&lock_text, &format!("name = \"{name}\""));
            let found: Vec<&str> = versions.iter().copied().collect();
            let message =
                format!("{name} stands here in {}; say why in deny.toml", found.join(", "));
            findings.add(lock, line, message);
        }
    }
    Ok(())
}

/// Names under `[bans] skip` of deny.toml: crates that others pull in twice.
fn known_duplicates(root: &Path) -> Result<BTreeSet<String>> {
    let table: toml::Table = read(&root.join("deny.toml"))?.parse().context("reading deny.toml")?;
    let skip = table.get("bans").and_then(|bans| bans.get("skip")).and_then(toml::Value::as_array);
    let names = skip.into_iter().flatten().filter_map(|entry| entry.get("crate")?.as_str());
    Ok(names.map(|name| name.split('@').next().unwrap_or(name).to_owned()).collect())
}

fn allowed(expression: &str) -> bool {
    expression.replace(['(', ')'], "").replace('/', " OR ").split(" OR ").any(|alternative| {
        alternative.split(" AND ").all(|licence| LICENCES.contains(&licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_licence(expression: &str, expected: bool) {
        assert_eq!(allowed(expression), expected, "{expression}");
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        check_licence("MIT", true);
        check_licence("MIT OR Apache-2.0", true);
        check_licence("MIT/Apache-2.0", true);
        check_licence("GPL-3.0 OR MIT", true);
        check_licence("(MIT OR Apache-2.0) AND Unicode-3.0", true);
        check_licence("GPL-3.0-only", false);
        check_licence("MIT AND GPL-2.0", false);
        check_licence("no licence", false);
    }

    fn check_manifest(manifest_text: &str, source: &str) -> Vec<String> {
        let member = Crate {
            name: "a".to_owned(),
            folder: "block/a".into(),
            manifest: manifest_text.to_owned(),
            table: manifest_text.parse().unwrap(),
            sources: vec![("block/a/src/lib.rs".into(), source.to_owned())],
        };
        let mut findings = Findings::default();
        manifest(&member, &mut findings);
        headers(&member, &mut findings);
        findings.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn versions_lints_unused_crates_and_headers_are_looked_at() {
        let good = "[dependencies]\njiff.workspace = true\n[lints]\nworkspace = true\n";
        assert_eq!(check_manifest(good, "//! Why.\nuse jiff::Timestamp;\n"), Vec::<String>::new());
        assert_eq!(
            check_manifest("[dependencies]\njiff = \"0.2\"\n", "fn f() {}\n"),
            [
                "block/a/Cargo.toml:1: `[lints] workspace = true` is missing",
                "block/a/Cargo.toml:2: jiff: versions stand in the root manifest",
                "block/a/Cargo.toml:2: jiff is not used",
                "block/a/src/lib.rs:1: a file begins with `//!`: why it exists",
            ]
        );
    }
}

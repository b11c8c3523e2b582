//! Plants faults in the product, one at a time, and expects them to be caught: by the oracle, or by
//! the simulation.
//!
//! What cannot fail proves nothing. The faults stand in a list (`tests/truth/mutants.toml` is the
//! oracle's): one line of the product each, replaced by another. They are planted in a copy of the
//! tree. What became of each is written to a file beside the list, to be committed; it may be run
//! in parts, since rows of others stay.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use toml::Table;

use crate::run::{cargo, say};
use crate::workspace::read;

const HEAD: &str = "# Planted faults

What the oracle found in a product with one fault each, planted in the named commit.

| fault | found on | verdict | commit |
| --- | --- | --- | --- |
";
/// What is soon over; then a day on which everything goes wrong, told as it happens, so that the
/// instants of commands count; then a day that is told twice, late and out of order.
const DAYS: [(&str, &[&str]); 3] = [
    ("three surgeries", &["--scenario", "three-surgeries", "--seed", "1"]),
    ("a bad day", &["--scenario", "bad-day", "--hours", "2", "--seed", "1"]),
    ("a disturbed day", &["--scenario", "test-day", "--seed", "2", "--disturb"]),
];

/// A fault.
pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The day that finds it, where the list names one.
    pub(crate) seed: Option<u64>,
}

/// How a fault was caught.
pub(crate) struct Catch {
    /// On which day.
    pub(crate) day: String,
    /// By what.
    pub(crate) verdict: String,
}

/// A list of faults, and whoever must notice them.
pub(crate) struct Hunt {
    /// The list.
    pub(crate) list: &'static str,
    /// What became of each.
    pub(crate) results: &'static str,
    /// How that begins.
    pub(crate) head: &'static str,
    /// What `cargo` builds before a fault is planted.
    pub(crate) built: &'static [&'static str],
    /// What it builds again with each.
    pub(crate) rebuilt: &'static [&'static str],
    /// Tries the tree, with a fault or without; `None` when nothing is noticed.
    pub(crate) caught: fn(&Path, &Path, Option<&Mutant>) -> Result<Option<Catch>>,
}

/// What the oracle must notice.
pub(crate) const TRUTH: Hunt = Hunt {
    list: "tests/truth/mutants.toml",
    results: "tests/truth/RESULTS.md",
    head: HEAD,
    built: &["build", "--release", "--quiet", "--package", "chiron", "--package", "truth"],
    rebuilt: &["build", "--release", "--quiet", "--package", "chiron"],
    caught: caught_on,
};

/// Runs every mutant, or those whose name contains one of the arguments.
pub(crate) fn run(root: &Path, hunt: &Hunt, args: &[String]) -> Result<()> {
    let mutants = hunt.mutants(root)?;
    let chosen =
        |mutant: &Mutant| args.is_empty() || args.iter().any(|word| mutant.name.contains(word));
    let tree = root.join("target/mutants/tree");
    copy_tree(root, &tree)?;
    run_cargo(&tree, hunt.built)?;
    let alone = (hunt.caught)(root, &tree, None).context("without a fault")?;
    ensure!(alone.is_none(), "something is found in a product without a planted fault");
    let commit = commit(root)?;
    let mut rows = hunt.rows(root);
    let mut missed = Vec::new();
    for mutant in mutants.iter().filter(|mutant| chosen(mutant)) {
        let path = tree.join(&mutant.file);
        let original = read(&path)?;
        ensure!(
            original.matches(&mutant.from).count() == 1,
            "{}: the line to replace must stand once in {}",
            mutant.name,
            mutant.file.display()
        );
        fs::write(&path, original.replacen(&mutant.from, &mutant.to, 1))?;
        let built = run_cargo(&tree, hunt.rebuilt);
        let caught = built.and_then(|()| (hunt.caught)(root, &tree, Some(mutant)));
        fs::write(&path, original)?;
        let name = &mutant.name;
        let row = match caught {
            Ok(Some(Catch { day, verdict })) => {
                format!("| {name} | {day} | {verdict} | {commit} |")
            }
            Ok(None) => {
                missed.push(name.clone());
                format!("| {name} | – | MISSED | {commit} |")
            }
            // Neither caught nor missed: the fault was a bad one, or the machine was.
            Err(err) => {
                missed.push(name.clone());
                format!("| {name} | – | NOT RUN: {err:#} | {commit} |")
            }
        };
        say(&row);
        rows.insert(name.clone(), row);
        let known = mutants.iter().filter_map(|mutant| rows.get(&mutant.name));
        let table = known.fold(hunt.head.to_owned(), |table, row| table + row + "\n");
        fs::write(root.join(hunt.results), table).context("writing the results")?;
    }
    if !missed.is_empty() {
        bail!("not caught: {}", missed.join(", "));
    }
    Ok(())
}

impl Hunt {
    /// What is known of each fault, as the results say; nothing when there are none yet.
    fn rows(&self, root: &Path) -> BTreeMap<String, String> {
        let results = read(&root.join(self.results)).unwrap_or_default();
        let rows = results.lines().filter_map(|row| {
            let name = row.strip_prefix("| ")?.split(" | ").next()?;
            Some((name.to_owned(), row.to_owned()))
        });
        rows.collect()
    }

    /// The faults of the list.
    pub(crate) fn mutants(&self, root: &Path) -> Result<Vec<Mutant>> {
        let table: Table = read(&root.join(self.list))?.parse()?;
        let entries = table.get("mutant").and_then(toml::Value::as_array).context("no mutants")?;
        let read = |entry: &toml::Value| {
            let text = |field: &str| {
                let found = entry.get(field).and_then(toml::Value::as_str);
                found.map(str::to_owned).with_context(|| format!("a mutant lacks `{field}`"))
            };
            let seed = entry.get("seed").and_then(toml::Value::as_integer);
            Ok(Mutant {
                name: text("name")?,
                file: text("file")?.into(),
                from: text("from")?,
                to: text("to")?,
                seed: seed.map(u64::try_from).transpose().context("a seed is not negative")?,
            })
        };
        entries.iter().map(read).collect()
    }
}

/// The commit that is tried, with a word when more than results was changed.
fn commit(root: &Path) -> Result<String> {
    let git = |args: &[&str]| -> Result<String> {
        let told = Command::new("git").current_dir(root).args(args).output();
        Ok(String::from_utf8(told.context("asking git for the commit")?.stdout)?.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = git(&["status", "--short", "--untracked-files=no", "--", ".", ":!*/RESULTS.md"])?;
    Ok(if changed.is_empty() { commit } else { format!("{commit}, changed") })
}

/// Copies what git tracks, changed files as they are.
fn copy_tree(root: &Path, tree: &Path) -> Result<()> {
    let listed = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("asking git for the files")?;
    for file in String::from_utf8(listed.stdout)?.lines() {
        let (from, to) = (root.join(file), tree.join(file));
        let Ok(text) = fs::read(&from) else { continue };
        if fs::read(&to).is_ok_and(|existing| existing == text) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, text)?;
    }
    Ok(())
}

fn run_cargo(tree: &Path, args: &[&str]) -> Result<()> {
    let target = tree.with_file_name("target");
    let mut cargo = cargo(tree, args);
    // An optimised product is built again after each fault: only what the fault changes.
    crate::run::run(cargo.env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "1"))
}

/// The first of the days on which the oracle finds a difference, and what it concludes.
fn caught_on(root: &Path, tree: &Path, _: Option<&Mutant>) -> Result<Option<Catch>> {
    for (name, args) in DAYS {
        if let Some(verdict) = differences(root, tree, args)? {
            return Ok(Some(Catch { day: name.to_owned(), verdict }));
        }
    }
    Ok(None)
}

/// One lock-step day, and what the oracle concludes when it finds differences.
fn differences(root: &Path, tree: &Path, args: &[&str]) -> Result<Option<String>> {
    let binaries = tree.with_file_name("target").join("release");
    let data = root.join("target/mutants/data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let ended = Command::new(binaries.join("chiron"))
        .arg("simulate")
        .args(args)
        .args(["--port-offset", "20000"])
        .arg("--data")
        .arg(&data)
        .arg("--then")
        .arg(binaries.join("truth"))
        .env("CHIRON_LOG__FILTER", "error")
        .stderr(Stdio::inherit())
        .output()
        .context("starting the simulation")?;
    match ended.status.code() {
        Some(0) => Ok(None),
        // The oracle's own exit code for differences, passed on.
        Some(3) => {
            let printed = String::from_utf8_lossy(&ended.stdout);
            Ok(Some(printed.lines().next_back().unwrap_or_default().to_owned()))
        }
        _ => bail!("the simulation ended with {}", ended.status),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fault_names_a_line_that_stands_once() {
        let root = crate::workspace::root().unwrap();
        let mutants = super::TRUTH.mutants(&root).unwrap();
        for mutant in &mutants {
            let text = super::read(&root.join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.from).count(), 1, "{}", mutant.name);
            assert_ne!(mutant.from, mutant.to, "{}", mutant.name);
        }
    }
}

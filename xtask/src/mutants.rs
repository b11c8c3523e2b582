//! Plants faults in the product, one at a time, and expects the oracle to catch each.
//!
//! An oracle that cannot fail proves nothing. The faults stand in `tests/truth/mutants.toml`: one
//! line of the product each, replaced by another. They are planted in a copy of the tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use toml::Table;

use crate::run::{cargo, say};
use crate::workspace::read;

struct Mutant {
    name: String,
    file: PathBuf,
    from: String,
    to: String,
    /// Shows in a day without disturbance alone: what the automation does meanwhile depends on the
    /// moment at which it is told.
    calm: bool,
}

/// Runs every mutant, or those whose name contains one of the arguments.
pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let mutants = mutants(root)?;
    let chosen =
        |mutant: &Mutant| args.is_empty() || args.iter().any(|word| mutant.name.contains(word));
    let tree = root.join("target/mutants/tree");
    copy_tree(root, &tree)?;
    run_cargo(&tree, &["build", "--quiet", "--package", "chiron", "--package", "truth"])?;
    for calm in [false, true] {
        if mutants.iter().any(|mutant| chosen(mutant) && mutant.calm == calm) {
            ensure!(
                day(root, &tree, calm).context("without a fault")?,
                "the oracle finds differences in a product without a planted fault"
            );
        }
    }
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
        let built = run_cargo(&tree, &["build", "--quiet", "--package", "chiron"]);
        let caught = built.and_then(|()| day(root, &tree, mutant.calm)).map(|clean| !clean);
        fs::write(&path, original)?;
        match caught {
            Ok(true) => say(&format!("caught {}", mutant.name)),
            Ok(false) => {
                say(&format!("MISSED {}", mutant.name));
                missed.push(mutant.name.clone());
            }
            // Neither caught nor missed: the fault was a bad one, or the machine was.
            Err(err) => {
                say(&format!("NOT RUN {}: {err:#}", mutant.name));
                missed.push(mutant.name.clone());
            }
        }
    }
    if !missed.is_empty() {
        bail!("not caught: {}", missed.join(", "));
    }
    Ok(())
}

fn mutants(root: &Path) -> Result<Vec<Mutant>> {
    let table: Table = read(&root.join("tests/truth/mutants.toml"))?.parse()?;
    let entries = table.get("mutant").and_then(toml::Value::as_array).context("no mutants")?;
    entries
        .iter()
        .map(|entry| {
            let text = |field: &str| {
                let found = entry.get(field).and_then(toml::Value::as_str);
                found.map(str::to_owned).with_context(|| format!("a mutant lacks `{field}`"))
            };
            Ok(Mutant {
                name: text("name")?,
                file: text("file")?.into(),
                from: text("from")?,
                to: text("to")?,
                calm: entry.get("calm").and_then(toml::Value::as_bool).unwrap_or(false),
            })
        })
        .collect()
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
    crate::run::run(cargo(tree, args).env("CARGO_TARGET_DIR", target))
}

/// One lock-step day and the oracle's verdict: whether it found no difference.
fn day(root: &Path, tree: &Path, calm: bool) -> Result<bool> {
    let binaries = tree.with_file_name("target").join("debug");
    let data = root.join("target/mutants/data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let status = Command::new(binaries.join("chiron"))
        .args(["simulate", "--scenario", "test-day", "--seed", "2"])
        .args((!calm).then_some("--disturb"))
        .args(["--port-offset", "20000"])
        .arg("--data")
        .arg(&data)
        .arg("--then")
        .arg(binaries.join("truth"))
        .env("CHIRON_LOG__FILTER", "error")
        .status()
        .context("starting the simulation")?;
    match status.code() {
        Some(0) => Ok(true),
        // The oracle's own exit code for differences, passed on.
        Some(3) => Ok(false),
        _ => bail!("the simulation ended with {status}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fault_names_a_line_that_stands_once() {
        let root = crate::workspace::root().unwrap();
        let mutants = super::mutants(&root).unwrap();
        for mutant in &mutants {
            let text = super::read(&root.join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.from).count(), 1, "{}", mutant.name);
            assert_ne!(mutant.from, mutant.to, "{}", mutant.name);
        }
    }
}

//! The deterministic simulation: so many days, or faults planted in the domains that it must find.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::mutants::{Catch, Hunt, Mutant};
use crate::run::{cargo, run};

const HEAD: &str = "# Planted faults

What the simulation found in domains or shells with one fault each, planted in the named commit.
`cargo xtask sim --seeds 1 --from <seed>` repeats a day.

| fault | found on | what did not hold | commit |
| --- | --- | --- | --- |
";

/// Faults of domains and shells, each with the seed that finds it.
pub(crate) const HUNT: Hunt = Hunt {
    list: "tests/simulation/mutants.toml",
    results: "tests/simulation/RESULTS.md",
    head: HEAD,
    built: &["build", "--quiet", "--package", "simulation"],
    rebuilt: &["build", "--quiet", "--package", "simulation"],
    caught,
};

/// Runs days of the simulation.
pub(crate) fn days(root: &Path, args: &[String]) -> Result<()> {
    run(cargo(root, &["run", "--quiet", "--package", "simulation", "--"]).args(args))
}

/// Without a fault a few days hold; with one, the day of its seed does not.
fn caught(_root: &Path, tree: &Path, mutant: Option<&Mutant>) -> Result<Option<Catch>> {
    let (seeds, from) = match mutant {
        None => (3, 1),
        Some(mutant) => (1, mutant.seed.context("a mutant of the simulation has a `seed`")?),
    };
    let ended = Command::new(tree.with_file_name("target").join("debug/simulation"))
        .args(["--seeds", &seeds.to_string(), "--from", &from.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("starting the simulation")?;
    match ended.status.code() {
        Some(0) => Ok(None),
        Some(3) => {
            let printed = String::from_utf8_lossy(&ended.stdout);
            let begins = format!("seed {from}, ");
            let verdict = printed.lines().find_map(|line| line.strip_prefix(&begins));
            let verdict = verdict.unwrap_or("it did not say what").to_owned();
            Ok(Some(Catch { day: format!("seed {from}"), verdict }))
        }
        _ => bail!("the simulation ended with {}", ended.status),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fault_names_a_line_that_stands_once_and_a_seed() {
        let root = crate::workspace::root().unwrap();
        let mutants = super::HUNT.mutants(&root).unwrap();
        assert!(10 <= mutants.len());
        for mutant in &mutants {
            let text = crate::workspace::read(&root.join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.from).count(), 1, "{}", mutant.name);
            assert_ne!(mutant.from, mutant.to, "{}", mutant.name);
            assert!(mutant.seed.is_some(), "{}", mutant.name);
        }
    }
}

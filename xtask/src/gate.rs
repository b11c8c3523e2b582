//! The gate: every suite in order, with the minutes that each took.
//!
//! A suite whose tool is missing says SKIPPED and why; where `CHIRON_REQUIRE_ALL` is 1 that is a
//! failure. The last suite is cargo's own, so that the output ends with its closing lines.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::run::{cargo, generate, run, say};
use crate::setup::{self, Missing};
use crate::{arch, tidy};

/// How a suite ended when it did not fail.
enum Outcome {
    Passed,
    Skipped(Missing),
}

type Suite = (&'static str, fn(&Path) -> Result<Outcome>);

const SUITES: [Suite; 8] = [
    ("format", |root| passed(run(&mut cargo(root, &["fmt", "--all", "--check"])))),
    ("arch", |root| passed(arch::check(root)?.report("arch"))),
    ("tidy", |root| passed(tidy::check(root)?.report("tidy"))),
    ("lints", |root| {
        let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        passed(run(&mut cargo(root, &args)))
    }),
    ("unit and contract tests", |root| {
        passed(run(&mut cargo(
            root,
            &["test", "--workspace", "--exclude", "end-to-end", "--quiet"],
        )))
    }),
    ("generated files", |root| passed(generate(root, true))),
    ("published Python client", python_client),
    ("metrics format", metrics_format),
];

fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

/// Runs every suite, or those whose name contains `only`.
pub(crate) fn test(root: &Path, only: Option<&str>) -> Result<()> {
    let chosen = |name: &str| only.is_none_or(|only| name.contains(only));
    let mut minutes = Vec::new();
    for (name, suite) in SUITES.iter().filter(|(name, _)| chosen(name)) {
        say(&format!("== {name}"));
        let started = Instant::now();
        match suite(root).with_context(|| format!("suite `{name}` failed"))? {
            Outcome::Passed => {}
            Outcome::Skipped(Missing(reason)) if everything_required() => {
                bail!("suite `{name}` would be skipped, and everything is required: {reason}");
            }
            Outcome::Skipped(Missing(reason)) => say(&format!("SKIPPED {name}: {reason}")),
        }
        minutes.push((*name, started.elapsed().as_secs_f64() / 60.0));
    }
    for (name, minutes) in &minutes {
        say(&format!("{minutes:6.1} min  {name}"));
    }
    if chosen("end to end") {
        say("== end to end (cargo's closing line gives its seconds)");
        run(&mut cargo(root, &["build", "--quiet", "--package", "chiron", "--package", "truth"]))?;
        run(&mut end_to_end(root))?;
    }
    Ok(())
}

/// The long runs of the end-to-end suite.
pub(crate) fn soak(root: &Path) -> Result<()> {
    run(&mut cargo(root, &["build", "--release", "--package", "chiron", "--package", "truth"]))?;
    let args = [
        "test",
        "--release",
        "--package",
        "end-to-end",
        "--test",
        "soak",
        "--",
        "--nocapture",
        "--test-threads=1",
        "--ignored",
    ];
    run(&mut cargo(root, &args))
}

fn end_to_end(root: &Path) -> Command {
    cargo(root, &["test", "--package", "end-to-end"])
}

#[expect(clippy::disallowed_methods, reason = "the gate is told by the environment, as CI is")]
fn everything_required() -> bool {
    std::env::var("CHIRON_REQUIRE_ALL").is_ok_and(|value| value == "1")
}

/// The twin engine against the client that Microsoft publishes for Azure Digital Twins.
fn python_client(root: &Path) -> Result<Outcome> {
    let python = match setup::python(root)? {
        Ok(python) => python,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    let args = ["test", "--package", "twin-engine", "--quiet", "--", "python"];
    passed(run(cargo(root, &args).env("CHIRON_PYTHON", python)))
}

/// `/metrics` against Prometheus' own checker.
fn metrics_format(root: &Path) -> Result<Outcome> {
    let promtool = match setup::debian("promtool", "prometheus") {
        Ok(promtool) => promtool,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    let args = ["test", "--package", "chiron-chassis", "--quiet", "--", "promtool"];
    passed(run(cargo(root, &args).env("CHIRON_PROMTOOL", promtool)))
}

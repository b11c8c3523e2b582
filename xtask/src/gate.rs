//! The gate: every suite in order, with the minutes that each took.
//!
//! A suite whose tool is missing says SKIPPED and why; where `CHIRON_REQUIRE_ALL` is 1 that is a
//! failure. The last suite is cargo's own, so that the output ends with its closing lines.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::run::{cargo, everything_required, generate, run, say};
use crate::setup::{self, Missing};
use crate::{arch, tidy, web};

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
    ("unit and contract tests", unit_and_contract),
    ("generated files", |root| passed(generate(root, true))),
    ("web", |root| Ok(had(web::check(root)?))),
    // The journey against the program itself depends on the machine's pace, and is run by hand.
    ("web journeys", |root| Ok(had(web::journeys(root, &["--no-real"])?))),
];

fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

fn had(result: Result<(), Missing>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(missing) => Outcome::Skipped(missing),
    }
}

/// Runs every suite, or those whose name contains `only`.
pub(crate) fn test(root: &Path, only: Option<&str>) -> Result<()> {
    setup::openssl()?;
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
        let mut tests = cargo(root, &["test", "--package", "end-to-end"]);
        with_tools(&mut tests, vec![("CHIRON_TEST_KAFKA", setup::jars(root, &setup::KAFKA)?)])?;
        run(&mut tests)?;
    }
    Ok(())
}

/// The long runs of the end-to-end suite and of the cluster, or those whose name has the word; of
/// days, all or those whose name ends with one of the given texts.
pub(crate) fn soak(root: &Path, word: Option<&str>, days: &[String]) -> Result<()> {
    run(&mut cargo(root, &["build", "--release", "--package", "chiron", "--package", "truth"]))?;
    let mut args = vec![
        "test",
        "--release",
        "--package",
        "end-to-end",
        "--package",
        "cluster",
        "--test",
        "soak",
        "--test",
        "days",
        "--",
        "--nocapture",
        "--test-threads=1",
        "--ignored",
    ];
    args.extend(word);
    let mut soak = cargo(root, &args);
    let tools = vec![
        ("CHIRON_TEST_KAFKA", setup::jars(root, &setup::KAFKA)?),
        ("CHIRON_TEST_PYTHON", setup::python(root)?),
    ];
    with_tools(&mut soak, tools)?;
    if !days.is_empty() {
        soak.env("SOAK_DAYS", days.join(","));
    }
    run(&mut soak)
}

/// Everything that plain `cargo test` runs, with the tools of elsewhere at hand: the published
/// Python client for the twin engine, node-wot for the Things, Backstage's client for the catalogue,
/// HAPI and hl7apy for HL7 v2, a real Apache Kafka for events, two servers with the protocol of
/// `MongoDB` for documents, and Prometheus' checker for `/metrics`.
fn unit_and_contract(root: &Path) -> Result<Outcome> {
    let mut tests = cargo(
        root,
        &["test", "--workspace", "--exclude", "cluster", "--exclude", "end-to-end", "--quiet"],
    );
    let tools = vec![
        ("CHIRON_TEST_PYTHON", setup::python(root)?),
        ("CHIRON_TEST_NODE_WOT", setup::node_packages(root, &setup::WOT)?),
        ("CHIRON_TEST_NODE_BACKSTAGE", setup::node_packages(root, &setup::BACKSTAGE)?),
        ("CHIRON_TEST_HAPI", setup::jars(root, &setup::HAPI)?),
        ("CHIRON_TEST_KAFKA", setup::jars(root, &setup::KAFKA)?),
        ("CHIRON_TEST_MONGO_JAVA", setup::jars(root, &setup::MONGO)?),
        ("CHIRON_TEST_PROMTOOL", setup::debian("promtool", "prometheus")),
    ];
    let missing = with_tools(&mut tests, tools)?;
    run(&mut tests)?;
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Skipped(Missing(format!("a part, since {}", missing.join("; ")))))
}

/// Tells tests where tools of elsewhere are, each by its variable; what is missing, where that is
/// no failure.
fn with_tools(
    tests: &mut Command,
    tools: Vec<(&str, Result<PathBuf, Missing>)>,
) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for (variable, tool) in tools {
        match tool {
            Ok(path) => {
                tests.env(variable, path);
            }
            Err(Missing(reason)) => missing.push(reason),
        }
    }
    if !missing.is_empty() && everything_required() {
        bail!("everything is required, and tests would be skipped: {}", missing.join("; "));
    }
    Ok(missing)
}

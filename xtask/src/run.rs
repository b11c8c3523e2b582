//! Running other commands, and the commands that are little more than that.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::setup::{self, Missing};
use crate::{web, workspace};

/// Whether this is the gate of CI, where a skipped suite is a failure: `CHIRON_REQUIRE_ALL` is 1.
#[expect(clippy::disallowed_methods, reason = "the gate is told by the environment, as CI is")]
pub(crate) fn everything_required() -> bool {
    std::env::var("CHIRON_REQUIRE_ALL").is_ok_and(|value| value == "1")
}

/// Prints one line for the developer.
pub(crate) fn say(line: &str) {
    // A closed terminal is no reason to stop the work.
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// A `cargo` command in the workspace at `root`.
///
/// Where everything is required nothing is compiled twice: what would speed up the next compilation
/// takes more of the disk there than everything else.
pub(crate) fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(args);
    if everything_required() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Runs a command to its end; an error names it when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("starting `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    let words: Vec<_> =
        std::iter::once(command.get_program().to_string_lossy()).chain(args).collect();
    words.join(" ")
}

/// Builds the optimised binary and starts it.
pub(crate) fn up(root: &Path, args: &[String]) -> Result<()> {
    setup::announce_what_up_needs()?;
    web::build(root)?;
    run(&mut cargo(root, &["build", "--release", "--package", "chiron"]))?;
    let mut up = cargo(root, &["run", "--release", "--quiet", "--package", "chiron", "--", "up"]);
    // Whoever sees Chiron for the first time has two minutes.
    if args.iter().all(|arg| !arg.starts_with("--scenario")) {
        up.args(["--scenario", "three-surgeries"]);
    }
    run(up.args(args))
}

pub(crate) fn bench(root: &Path, args: &[String]) -> Result<()> {
    run(&mut cargo(root, &["build", "--release", "--package", "chiron", "--package", "benches"]))?;
    run(cargo(root, &["run", "--release", "--quiet", "--package", "benches", "--"]).args(args))
}

/// Starts, stops or looks at the cluster. What it needs is fetched when it is started.
pub(crate) fn cluster(root: &Path, args: &[String]) -> Result<()> {
    let mut cluster = cargo(root, &["run", "--quiet", "--package", "cluster", "--"]);
    cluster.args(args);
    if args.first().is_some_and(|what| what == "up") {
        let there = |tool: Result<PathBuf, Missing>| {
            tool.map_err(|Missing(reason)| {
                anyhow::anyhow!("the cluster cannot be started: {reason}")
            })
        };
        web::build(root)?;
        run(&mut cargo(root, &["build", "--release", "--package", "chiron"]))?;
        cluster.arg("--chiron").arg(workspace::built("release", "chiron")?);
        cluster.arg("--kafka").arg(there(setup::jars(root, &setup::KAFKA)?)?);
        cluster.arg("--python").arg(there(setup::python(root)?)?);
    }
    run(&mut cluster)
}

pub(crate) fn truth(root: &Path, args: &[String]) -> Result<()> {
    run(cargo(root, &["run", "--quiet", "--package", "truth", "--"]).args(args))
}

/// Writes the documents in `openapi/` and the web's types of them, or with `check` compares them.
pub(crate) fn generate(root: &Path, check: bool) -> Result<()> {
    let mut args = vec![
        "run",
        "--quiet",
        "--package",
        "chiron",
        "--",
        "--port-offset",
        "22000",
        "openapi",
        "--folder",
        "openapi",
    ];
    if check {
        args.push("--check");
    }
    run(&mut cargo(root, &args))?;
    match web::generate(root, check)? {
        Ok(()) => Ok(()),
        Err(Missing(reason)) if everything_required() => {
            bail!("the web's types cannot be compared: {reason}")
        }
        Err(Missing(reason)) => {
            say(&format!("the web's types were left alone: {reason}"));
            Ok(())
        }
    }
}

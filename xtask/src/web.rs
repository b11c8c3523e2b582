//! The web application: its packages, its checks, its build, its journeys in a browser.
//!
//! Packages are installed once for each lock file; after that nothing here needs a network. Without
//! Node.js the program is built all the same, and says that it has no dashboards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run::{run, say};
use crate::setup::Missing;

/// The folder with the installed packages, ready to be used.
pub(crate) fn packages(root: &Path) -> Result<Result<PathBuf, Missing>> {
    let folder = root.join("web");
    let stamp = folder.join("node_modules/.chiron-lock");
    let wanted = fs::read_to_string(folder.join("package-lock.json"))
        .context("reading the lock of the web application")?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Ok(folder));
    }
    for program in ["node", "npm"] {
        let asked = Command::new(program).arg("--version").output();
        if !asked.is_ok_and(|answer| answer.status.success()) {
            return Ok(Err(Missing(format!("there is no {program} on this machine"))));
        }
    }
    say("installing the packages of the web application (once for each lock file)");
    let installed = run(npm(&folder).args(["ci", "--silent", "--no-audit", "--no-fund"]));
    if let Err(err) = installed {
        return Ok(Err(Missing(format!("the web packages could not be installed: {err:#}"))));
    }
    fs::write(&stamp, wanted).context("noting the installed web packages")?;
    Ok(Ok(folder))
}

/// Builds what the program carries. `up` goes on without it, and says so.
pub(crate) fn build(root: &Path) -> Result<()> {
    match packages(root)? {
        Ok(folder) => {
            say("building the dashboards");
            run(npm(&folder).args(["run", "--silent", "build"]))
        }
        Err(Missing(reason)) => {
            say(&format!("the dashboards are not built: {reason}"));
            Ok(())
        }
    }
}

/// Types, rules, unit tests and the build.
pub(crate) fn check(root: &Path) -> Result<Result<(), Missing>> {
    let folder = match packages(root)? {
        Ok(folder) => folder,
        Err(missing) => return Ok(Err(missing)),
    };
    for step in ["check", "lint", "unit", "build"] {
        run(npm(&folder).args(["run", "--silent", step]))?;
    }
    Ok(Ok(()))
}

/// The journeys in a browser: against rare answers, and against the program itself.
pub(crate) fn journeys(root: &Path, args: &[&str]) -> Result<Result<(), Missing>> {
    let folder = match packages(root)? {
        Ok(folder) => folder,
        Err(missing) => return Ok(Err(missing)),
    };
    if let Err(missing) = crate::setup::debian("chromium", "chromium") {
        return Ok(Err(missing));
    }
    run(npm(&folder).args(["run", "--silent", "e2e", "--"]).args(args))?;
    Ok(Ok(()))
}

/// Writes the types of the interfaces from `openapi/`, or with `check` compares them.
pub(crate) fn generate(root: &Path, check: bool) -> Result<Result<(), Missing>> {
    let folder = match packages(root)? {
        Ok(folder) => folder,
        Err(missing) => return Ok(Err(missing)),
    };
    let mut command = Command::new("node");
    command.current_dir(&folder).arg("tools/gen.mjs");
    if check {
        command.arg("--check");
    }
    run(&mut command)?;
    Ok(Ok(()))
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

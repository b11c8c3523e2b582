//! What a fresh machine lacks, and how it gets it.
//!
//! Suites that use a tool from elsewhere ask here. A tool that cannot be had is a reason to skip,
//! which the gate turns into a failure where everything is required.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::run::{run, say};

/// Microsoft's published client for Python, unchanged, in the version that the contract was read
/// in; a reader of HL7 v2, strict about structures; a client of Kafka that stands on no library of
/// C; and a server with the protocol of `MongoDB`.
const PYTHON_PACKAGES: [&str; 4] =
    ["azure-digitaltwins-core==1.3.0", "hl7apy==1.3.5", "kafka-python==3.0.12", "nx-27017==0.8.1"];

/// Jars that tests run, by the folder's name and the file that lists them: `HAPI HL7v2`, a client
/// of HL7 v2, …
pub(crate) const HAPI: Jars =
    Jars { name: "hapi", pom: "block/hl7-gateway/service/tests/hapi/pom.xml" };
/// … and Apache Kafka.
pub(crate) const KAFKA: Jars = Jars { name: "kafka", pom: "tests/support/kafka/pom.xml" };
/// … and another server with the protocol of `MongoDB`.
pub(crate) const MONGO: Jars = Jars { name: "mongo", pom: "tests/support/mongo/pom.xml" };

/// Packages of npm that tests use, by the folder's name and where manifest and lock are: Eclipse
/// Thingweb's published client of the Web of Things. The manifest overrides two packages whose
/// versions are dates in words: npm would take `27-September-2021`, which knows Thing Descriptions
/// 1.0 only, for newer than `12-March-2025`.
pub(crate) const WOT: NodePackages =
    NodePackages { name: "node", manifests: "things/block-gateway/tests/node" };
/// … and Backstage's published client of its catalogue.
pub(crate) const BACKSTAGE: NodePackages =
    NodePackages { name: "node-backstage", manifests: "tests/backstage/client" };

/// Packages of npm that are fetched together.
pub(crate) struct NodePackages {
    name: &'static str,
    manifests: &'static str,
}

/// Jars that are fetched together.
pub(crate) struct Jars {
    name: &'static str,
    pom: &'static str,
}

/// A tool that could not be had, and why.
pub(crate) struct Missing(pub(crate) String);

/// `up` needs a compiler and OpenSSL, and nothing else; say what happens while it works.
pub(crate) fn announce_what_up_needs() -> Result<()> {
    openssl()?;
    say("building chiron (the first time takes some minutes)");
    Ok(())
}

/// OpenSSL's headers, with which Kafka's client library is compiled.
pub(crate) fn openssl() -> Result<()> {
    let there = || answers("pkg-config", &["--exists", "openssl"]);
    match debian_package("pkg-config libssl-dev", there) {
        Ok(()) => Ok(()),
        // Elsewhere the compilation may find them by itself, and says what it lacks.
        Err(_) if !answers("apt-get", &["--version"]) => Ok(()),
        Err(Missing(reason)) => bail!("OpenSSL's headers are missing; {reason}"),
    }
}

/// A Python with the packages of the tests, in `target/setup`.
pub(crate) fn python(root: &Path) -> Result<Result<PathBuf, Missing>> {
    let venv = root.join("target/setup/python");
    let python = venv.join("bin/python");
    let stamp = venv.join("packages");
    let wanted = PYTHON_PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Ok(python));
    }
    if !answers("python3", &["--version"]) {
        return Ok(Err(Missing("there is no python3 on this machine".to_owned())));
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let installed = run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PYTHON_PACKAGES));
    if let Err(err) = installed {
        return Ok(Err(Missing(format!("the Python packages could not be installed: {err:#}"))));
    }
    fs::write(&stamp, wanted).context("noting the installed packages")?;
    Ok(Ok(python))
}

/// A folder whose `node_modules` hold the packages of the tests, in `target/setup`.
pub(crate) fn node_packages(root: &Path, of: &NodePackages) -> Result<Result<PathBuf, Missing>> {
    let folder = root.join("target/setup").join(of.name);
    let stamp = folder.join("packages");
    let manifests = root.join(of.manifests);
    let wanted = fs::read_to_string(manifests.join("package-lock.json"))
        .context("reading the lock of node packages")?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Ok(folder));
    }
    if !answers("node", &["--version"]) || !answers("npm", &["--version"]) {
        return Ok(Err(Missing("there is no node with npm on this machine".to_owned())));
    }
    fs::create_dir_all(&folder).context("making the folder of node packages")?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(manifests.join(file), folder.join(file))
            .with_context(|| format!("copying {file} of the node packages"))?;
    }
    let installed = run(Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(&folder));
    if let Err(err) = installed {
        return Ok(Err(Missing(format!("the node packages could not be installed: {err:#}"))));
    }
    fs::write(&stamp, wanted).context("noting the installed packages")?;
    Ok(Ok(folder))
}

/// A folder with jars, in `target/setup`; for a machine with a JDK.
pub(crate) fn jars(root: &Path, of: &Jars) -> Result<Result<PathBuf, Missing>> {
    let Jars { name, pom } = of;
    let folder = root.join("target/setup").join(name);
    let jars = folder.join("lib");
    let stamp = folder.join("packages");
    let pom = root.join(pom);
    let wanted = fs::read_to_string(&pom)
        .with_context(|| format!("reading what names the jars of {name}"))?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(Ok(jars));
    }
    for (program, asked) in [("javac", "-version"), ("java", "-version"), ("mvn", "--version")] {
        if !answers(program, &[asked]) {
            let reason = format!("there is no {program} on this machine (a JDK and Maven)");
            return Ok(Err(Missing(reason)));
        }
    }
    // What an older list left would be on the class path.
    if jars.exists() {
        fs::remove_dir_all(&jars).with_context(|| format!("removing older jars of {name}"))?;
    }
    fs::create_dir_all(&jars).with_context(|| format!("making the folder of {name}'s jars"))?;
    let copied = run(Command::new("mvn")
        .args(["--batch-mode", "--quiet", "--no-transfer-progress", "-Dstyle.color=never"])
        .arg("--file")
        .arg(&pom)
        .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", jars.display())));
    if let Err(err) = copied {
        return Ok(Err(Missing(format!("the jars of {name} could not be fetched: {err:#}"))));
    }
    fs::write(&stamp, wanted).context("noting the fetched jars")?;
    Ok(Ok(jars))
}

/// Debian's program of that name, installed when this is a Debian and we are root.
pub(crate) fn debian(program: &str, package: &str) -> Result<PathBuf, Missing> {
    let there = || answers(program, &["--version"]);
    debian_package(package, there)
        .map(|()| PathBuf::from(program))
        .map_err(|Missing(reason)| Missing(format!("{program} is missing; {reason}")))
}

/// Sees to it that something of Debian's packages is there; else how it would come to be.
fn debian_package(packages: &str, there: impl Fn() -> bool) -> Result<(), Missing> {
    if there() {
        return Ok(());
    }
    let line = format!("apt-get install --yes --no-install-recommends {packages}");
    if answers("apt-get", &["--version"]) && is_root() {
        let _list = quiet(Command::new("apt-get").args(["update", "--quiet"]));
        let _install = quiet(
            Command::new("sh")
                .args(["-c", &format!("DEBIAN_FRONTEND=noninteractive {line} >/dev/null")]),
        );
        if there() {
            return Ok(());
        }
    }
    Err(Missing(format!("type: {line}")))
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

fn answers(program: &str, args: &[&str]) -> bool {
    quiet(Command::new(program).args(args))
}

/// Whether the command ran and succeeded; its output is of no interest.
fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

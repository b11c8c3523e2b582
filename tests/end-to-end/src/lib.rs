//! Runs of the whole product as its users run it: the binary, its listeners, and the oracle.
//!
//! The binaries are those beside the test's own, built before by `cargo xtask test`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Port offsets are handed out so that runs of one test binary can stand side by side.
static NEXT_OFFSET: AtomicU16 = AtomicU16::new(0);

/// One simulated run in a data folder of its own.
#[derive(Debug)]
pub struct Run {
    folder: tempfile::TempDir,
    scenario: &'static str,
    seed: u64,
    disturb: bool,
    hours: Option<u32>,
    offset: u16,
    settings: Vec<(&'static str, String)>,
}

/// How a run ended under the oracle.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the oracle found no difference and passed nothing over.
    pub clean: bool,
    /// What the oracle printed.
    pub printed: String,
}

impl Run {
    /// A run that has not begun.
    ///
    /// # Errors
    ///
    /// There is no place for its data.
    pub fn new(scenario: &'static str, seed: u64) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the run")?;
        // Away from the default ports, and 100 apart.
        let offset = 12_000 + 100 * NEXT_OFFSET.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            folder,
            scenario,
            seed,
            disturb: false,
            hours: None,
            offset,
            settings: Vec::new(),
        })
    }

    /// The same with facts told twice, late and out of order.
    #[must_use]
    pub fn disturbed(mut self) -> Self {
        self.disturb = true;
        self
    }

    /// The same in so many simulated hours.
    #[must_use]
    pub fn hours(mut self, hours: u32) -> Self {
        self.hours = Some(hours);
        self
    }

    /// The same with a setting, named as the environment names it.
    #[must_use]
    pub fn with(mut self, setting: &'static str, value: &str) -> Self {
        self.settings.push((setting, value.to_owned()));
        self
    }

    /// The folder of the run's databases and journal.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Begins the run, or goes on with one that was cut off.
    ///
    /// # Errors
    ///
    /// The binary cannot be started.
    pub fn start(&self) -> Result<Child> {
        self.start_as(Command::new(binary("chiron")?))
    }

    /// How long the longest file of the run is, in bytes.
    #[must_use]
    pub fn longest_file(&self) -> u64 {
        fn longest(folder: &Path) -> u64 {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let length = |entry: fs::DirEntry| match entry.metadata() {
                Ok(found) if found.is_dir() => longest(&entry.path()),
                Ok(found) => found.len(),
                Err(_gone) => 0,
            };
            entries.map(length).max().unwrap_or(0)
        }
        longest(self.data())
    }

    /// The same by a command that starts the binary in a way of its own.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start_as(&self, mut command: Command) -> Result<Child> {
        let oracle = binary("truth")?;
        command
            .args(["simulate", "--scenario", self.scenario])
            .args(["--seed", &self.seed.to_string()])
            .args(["--port-offset", &self.offset.to_string()])
            .arg("--data")
            .arg(self.data())
            .arg("--then")
            .arg(oracle)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.disturb {
            command.arg("--disturb");
        }
        if let Some(hours) = self.hours {
            command.args(["--hours", &hours.to_string()]);
        }
        command.spawn().context("starting chiron")
    }

    /// Runs to the end and hears the oracle.
    ///
    /// # Errors
    ///
    /// The run ended without a verdict.
    pub fn finish(&self) -> Result<Verdict> {
        let ended = self.start()?.wait_with_output().context("waiting for chiron")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let printed = text(&ended.stdout);
        ensure!(
            is_verdict(ended.status),
            "seed {}: chiron ended with {}: {}\n{printed}",
            self.seed,
            ended.status,
            text(&ended.stderr)
        );
        Ok(Verdict { clean: ended.status.success(), printed })
    }

    /// Every report as the product answered it to the oracle, which keeps them beside the journal.
    ///
    /// # Errors
    ///
    /// The oracle did not come that far.
    pub fn reports(&self) -> Result<Vec<u8>> {
        let path = self.data().join("reports.json");
        fs::read(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// What the services that keep what follows from events and facts find when they fold it again,
    /// a line per collection.
    ///
    /// # Errors
    ///
    /// Something is not as it is folded again; the lines say what.
    pub fn folded_again(&self) -> Result<String> {
        let mut lines = String::new();
        for service in ["building-management", "staff-tracking", "surgical-process-monitoring"] {
            let ended = Command::new(binary("chiron")?)
                .args(["rebuild", service, "--check", "--data"])
                .arg(self.data())
                .output()
                .context("starting chiron")?;
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&ended.stdout),
                String::from_utf8_lossy(&ended.stderr)
            );
            ensure!(ended.status.success(), "{service}: {said}");
            lines += &said;
        }
        Ok(lines)
    }

    /// How many facts the product has acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        let journal = fs::read_to_string(self.data().join("truth.jsonl")).unwrap_or_default();
        journal
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line.get("ack") == Some(&Value::Bool(true)))
            .count()
    }
}

/// The oracle's own exit codes: 0 for no difference, 3 for differences.
fn is_verdict(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 3))
}

/// A binary of this workspace, beside the test's own.
///
/// # Errors
///
/// It was not built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("finding the test's own binary")?;
    let folder = test.parent().and_then(Path::parent).context("the build's folder")?;
    let path = folder.join(name);
    ensure!(path.exists(), "{} is not built; run `cargo build -p {name}`", path.display());
    Ok(path)
}

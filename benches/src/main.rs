//! Benchmarks against a reference measured in the same run.
//!
//! Absolute figures belong to a machine and its mood; a ratio to something everybody has (a file
//! and an fsync) on the same disk in the same minutes does not. What is promised in absolute terms
//! (memory, start) is measured from outside, on the binary that people get. A framework for
//! micro-benchmarks was rejected: these take seconds, wait for disks, and start processes.

mod http;
mod log;
mod machine;
mod report;
mod results;
mod staff;
mod start;
mod stream;
mod surroundings;
mod twins;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

use crate::machine::Machine;
use crate::results::{Line, say};

/// As in the binary that is measured from outside.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Measures, prints and writes benches/RESULTS.md; fails when a target is missed.

  --date YYYY-MM-DD   the day to write down; today's when left out
  --binary FILE       the chiron to start; the one beside this program when left out
  --only PART[,PART]  some of the parts, without writing results: log, twins,
                      stream, staff, report, start
  --smoke             a moment of everything, without writing results or judging";

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Log,
    Twins,
    Stream,
    Staff,
    Report,
    Start,
}

impl Part {
    /// In the order in which they are measured.
    const ALL: [Self; 6] =
        [Self::Log, Self::Twins, Self::Stream, Self::Staff, Self::Report, Self::Start];

    const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Twins => "twins",
            Self::Stream => "stream",
            Self::Staff => "staff",
            Self::Report => "report",
            Self::Start => "start",
        }
    }

    fn measure(self, options: &Options, folder: &Path) -> Result<Vec<Line>> {
        let Options { binary, smoke, .. } = options;
        match self {
            Self::Log => log::measure(folder, *smoke),
            Self::Twins => twins::measure(folder, *smoke),
            Self::Stream => stream::measure(binary, folder, *smoke),
            Self::Staff => staff::measure(folder, *smoke),
            Self::Report => report::measure(folder, *smoke),
            Self::Start => start::measure(binary, folder, *smoke),
        }
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let part = Self::ALL.into_iter().find(|part| part.name() == name);
        part.with_context(|| format!("{name} is not a part; see --help"))
    }
}

/// What is measured, and how much of it.
struct Options {
    date: Option<String>,
    binary: PathBuf,
    parts: Vec<Part>,
    smoke: bool,
}

fn main() -> Result<ExitCode> {
    let Some(options) = options(std::env::args().skip(1))? else {
        say(HELP);
        return Ok(ExitCode::SUCCESS);
    };
    // Temporary files lie beside the binary: elsewhere might be memory.
    let program = std::env::current_exe().context("finding this program")?;
    let beside = program.parent().context("this program has no folder")?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?;
    let machine = Machine::look(options.date.as_deref(), folder.path())?;
    say(&machine.to_string());

    let mut lines: Vec<Line> = Vec::new();
    for part in &options.parts {
        let measured = part.measure(&options, folder.path());
        lines.extend(measured.with_context(|| format!("measuring {}", part.name()))?);
    }
    if options.smoke {
        say("smoke run: nothing is judged or written");
        return Ok(ExitCode::SUCCESS);
    }
    if options.parts == Part::ALL {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        std::fs::write(&path, results::document(&machine, &lines))
            .with_context(|| format!("writing {}", path.display()))?;
        say(&format!("written to {}", path.display()));
    }
    let missed: Vec<&Line> = lines.iter().filter(|line| line.is_met() == Some(false)).collect();
    for line in &missed {
        say(&format!("missed: {line}"));
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `None` when help is asked for.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>> {
    let program = std::env::current_exe().context("finding this program")?;
    let binary = program.with_file_name("chiron");
    let parts = Part::ALL.to_vec();
    let mut options = Options { date: None, binary, parts, smoke: false };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--date" => options.date = Some(value()?),
            "--binary" => options.binary = value()?.into(),
            "--only" => {
                options.parts = value()?.split(',').map(str::parse).collect::<Result<_>>()?;
            }
            "--smoke" => options.smoke = true,
            "--help" | "-h" => return Ok(None),
            other => bail!("{other} is not known\n\n{HELP}"),
        }
    }
    Ok(Some(options))
}

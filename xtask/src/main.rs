//! Everything that a developer runs: `cargo xtask <command>`.
//!
//! Scripts would need a shell and drift from the code; these commands are compiled with it.

mod arch;
mod findings;
mod gate;
mod mutants;
mod run;
mod setup;
mod sim;
mod tidy;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything that a developer of Chiron runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sets the machine up, builds Chiron and starts it with three simulated surgeries
    Up {
        /// Arguments for `chiron up`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Everything that the gate runs, in order, with the minutes of each suite
    Test {
        /// Run only the suites whose name contains this text
        #[arg(long)]
        only: Option<String>,
    },
    /// What takes long: full days, twenty kills; run by hand, the result is committed
    Soak {
        /// Only the long runs whose name contains this text
        only: Option<String>,
        /// Only the days whose name ends with this text, such as `seed 108`
        #[arg(long = "day")]
        days: Vec<String>,
    },
    /// Proves the arrows between crates and layers
    Arch,
    /// Checks headers, manifests, licences, sources, duplicates and generated files
    Tidy,
    /// Benchmarks against a reference measured in the same run
    Bench {
        /// Which of them, all by default
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Writes what is generated: the `OpenAPI` documents in `openapi/`, the web's types of them
    Gen {
        /// Change nothing; fail when a file is stale
        #[arg(long)]
        check: bool,
    },
    /// The oracle: compares a truth journal with the product's answers
    Truth {
        /// Plant each fault of the list in a copy of the product and see the oracle catch it
        #[arg(long)]
        mutants: bool,
        /// Arguments for the oracle
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Every service in a process of its own, on a real Kafka and a database server, without Docker:
    /// `up`, `down`, `status`
    Cluster {
        /// `up`, `down` or `status`, and arguments for it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        args: Vec<String>,
    },
    /// The deterministic simulation: days of the block on a hostile bus and a hostile store
    Sim {
        /// Plant each fault of the list in a copy of the product and see the simulation catch it
        #[arg(long)]
        mutants: bool,
        /// Arguments for the simulation, such as `--seeds 100 --from 1`; with `--mutants` words in
        /// the names of those to try
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            run::say(&format!("error: {err:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    let root = workspace::root()?;
    match command {
        Command::Up { args } => run::up(&root, &args),
        Command::Test { only } => gate::test(&root, only.as_deref()),
        Command::Soak { only, days } => gate::soak(&root, only.as_deref(), &days),
        Command::Arch => arch::check(&root)?.report("arch"),
        Command::Tidy => tidy::check(&root)?.report("tidy"),
        Command::Bench { args } => run::bench(&root, &args),
        Command::Gen { check } => run::generate(&root, check),
        Command::Truth { mutants: true, args } => mutants::run(&root, &mutants::TRUTH, &args),
        Command::Truth { mutants: false, args } => run::truth(&root, &args),
        Command::Cluster { args } => run::cluster(&root, &args),
        Command::Sim { mutants: true, args } => mutants::run(&root, &sim::HUNT, &args),
        Command::Sim { mutants: false, args } => sim::days(&root, &args),
    }
}

//! Runs days of the simulation, one seed after another, and tells how it went.

use std::{collections::BTreeMap, io::Write as _, process::ExitCode, time::Instant};

use clap::Parser;
use simulation::run;

/// Days of the block on a hostile bus and a hostile store.
#[derive(Parser)]
#[command(name = "simulation")]
struct Cli {
    /// How many seeds
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Hours of each day
    #[arg(long, default_value_t = 3)]
    hours: u32,
    /// Steps that are shown before a failure
    #[arg(long, default_value_t = 40)]
    trace: usize,
}

fn say(line: &str) {
    // A closed terminal is no reason to stop.
    let _closed = writeln!(std::io::stdout(), "{line}");
}

fn main() -> ExitCode {
    let Cli { seeds, from, hours, trace } = Cli::parse();
    let began = Instant::now();
    let (mut simulated, mut steps) = (0.0, 0);
    let mut faults = BTreeMap::new();
    for seed in from..from.saturating_add(seeds) {
        match run(seed, hours, trace) {
            Ok(passed) => {
                simulated += passed.hours;
                steps += passed.steps;
                for (fault, count) in passed.faults {
                    *faults.entry(fault).or_insert(0_u64) += count;
                }
            }
            Err(failed) => {
                say(&failed.to_string());
                say(&format!("again: cargo xtask sim --seeds 1 --from {seed} --hours {hours}"));
                return ExitCode::from(3);
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    say(&format!("{seeds} seeds from {from}: {simulated:.1} simulated hours, {steps} steps"));
    for (fault, count) in &faults {
        say(&format!("{count:8} {fault}"));
    }
    say(&format!("{:.2} simulated hours per second ({seconds:.1} s)", simulated / seconds));
    ExitCode::SUCCESS
}

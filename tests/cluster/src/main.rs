//! `cargo xtask cluster up|down|status`: the cluster for a developer, without Docker.
//!
//! What runs is noted in `cluster.json` in the cluster's folder, and stopped by process id.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use cluster::{Cluster, Day, Documents, Plan, SERVICES, is_ready};
use serde::{Deserialize, Serialize};
use test_support::mongo::Kind;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every service in a process of its own, on a real Kafka and a database server.
#[derive(Parser)]
#[command(name = "cargo xtask cluster", bin_name = "cargo xtask cluster")]
struct Cli {
    /// Where everything is kept
    #[arg(long, global = true, default_value = "target/cluster")]
    folder: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Starts everything and leaves it running
    Up {
        /// The product's binary
        #[arg(long)]
        chiron: PathBuf,
        /// The folder of Kafka's jars
        #[arg(long)]
        kafka: PathBuf,
        /// The `python` of an environment with nx-27017
        #[arg(long)]
        python: PathBuf,
        /// A `MongoDB` that is there, instead of the server from `PyPI`
        #[arg(long, value_name = "URL")]
        mongodb: Option<String>,
        /// Added to every port of the services
        #[arg(long, default_value_t = 0)]
        port_offset: u16,
        /// The simulated day that `chiron demonstrate` tells
        #[arg(long, default_value = "three-surgeries")]
        scenario: String,
        /// Decides every detail of it
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Simulated seconds per second, 1 to 60
        #[arg(long, default_value_t = 30)]
        rate: u8,
    },
    /// Stops everything
    Down,
    /// Says what runs and what is ready
    Status,
}

/// What runs.
#[derive(Debug, Serialize, Deserialize)]
struct Running {
    port_offset: u16,
    processes: Vec<(String, u32)>,
}

fn main() -> Result<()> {
    let Cli { folder, what } = Cli::parse();
    let note = folder.join("cluster.json");
    match what {
        What::Up { chiron, kafka, python, mongodb, port_offset, scenario, seed, rate } => {
            if let Ok(Running { processes, .. }) = running(&note)
                && processes.iter().any(|(_, pid)| is_alive(*pid))
            {
                bail!("a cluster is running in {}: stop it first", folder.display());
            }
            if folder.exists() {
                fs::remove_dir_all(&folder).context("removing the cluster before")?;
            }
            fs::create_dir_all(&folder)?;
            let folder = folder.canonicalize()?;
            let documents = mongodb.map_or(Documents::Server(Kind::Nx(python)), Documents::There);
            let day = Day { scenario, seed, rate, late_window_s: 600, disturb: false };
            let plan = Plan { chiron, kafka, documents, folder: folder.clone(), port_offset, day };
            let cluster = Cluster::start(plan)?;
            let processes = cluster.pids();
            fs::write(&note, serde_json::to_vec_pretty(&Running { port_offset, processes })?)?;
            cluster.leave();
            say(&format!(
                "{} services are ready; logs in {}",
                SERVICES.len(),
                folder.join("logs").display()
            ));
            say(&format!(
                "tell them of a day: chiron --config {} demonstrate",
                folder.join("chiron.toml").display()
            ));
        }
        What::Down => {
            let Running { processes, .. } = running(&note)?;
            // Services first, what they stand on last.
            for (name, pid) in processes.iter().rev() {
                stop(*pid);
                say(&format!("{name} stopped"));
            }
            fs::remove_file(&note)?;
        }
        What::Status => {
            let Running { port_offset, processes } = running(&note)?;
            for (name, pid) in processes {
                let port = SERVICES.iter().find(|(service, _)| *service == name);
                let state = match (is_alive(pid), port) {
                    (false, _) => "ended",
                    (true, None) => "runs",
                    (true, Some((_, port))) if is_ready(port + port_offset) => "ready",
                    (true, Some(_)) => "not ready",
                };
                say(&format!("{name:34} {pid:8}  {state}"));
            }
        }
    }
    Ok(())
}

fn running(note: &Path) -> Result<Running> {
    let text = fs::read(note).context("no cluster was started here")?;
    serde_json::from_slice(&text).with_context(|| format!("reading {}", note.display()))
}

/// Asks a process to end, and ends it when it does not.
fn stop(pid: u32) {
    signal(pid, "TERM");
    let deadline = Instant::now() + PATIENCE;
    while is_alive(pid) {
        if deadline < Instant::now() {
            signal(pid, "KILL");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whether the process runs; one that nobody has waited for has ended.
fn is_alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

fn signal(pid: u32, signal: &str) {
    // It may have ended in the meantime.
    let _gone = Command::new("kill").args(["-s", signal, &pid.to_string()]).output();
}

fn say(line: &str) {
    // A closed terminal is no reason to stop.
    let _closed = writeln!(std::io::stdout(), "{line}");
}

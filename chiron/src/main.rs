//! Chiron, the one binary: reads the command line, the settings and the environment, and runs.
//!
//! Everything below takes what it needs as arguments; nothing else reads the environment.

mod accounts;
mod audit;
mod cli;
mod estate;
mod events;
mod house;
mod openapi;
mod rebuild;
mod settings;
mod show;
mod simulate;
mod up;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

/// After a day of events the C library's allocator spent more time on putting freed pieces together
/// than the services on everything else.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(code) => code,
        Err(err) => {
            show::error(&err);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let loaded = settings::load(cli.config.as_deref(), &cli.overrides(), std::env::vars())?;
    match cli.command {
        Command::Up(args) => up::run(loaded.settings, &args).await,
        Command::Simulate(args) => simulate::run(loaded.settings, &args).await,
        Command::Config => {
            show::config(&loaded);
            Ok(ExitCode::SUCCESS)
        }
        Command::Events(args) => events::run(&loaded.settings, args).await,
        Command::Audit(args) => audit::run(&loaded.settings, args).await,
        Command::Rebuild(args) => rebuild::run(&loaded.settings, &args).await,
        Command::Openapi(args) => openapi::run(loaded.settings, &args).await,
    }
}

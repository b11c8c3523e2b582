//! Chiron, the one binary: reads the command line, the settings and the environment, and runs.
//!
//! Everything below takes what it needs as arguments; nothing else reads the environment.

mod accounts;
mod audit;
mod bearer;
mod catalog;
mod cli;
mod demonstrate;
mod estate;
mod events;
mod house;
mod openapi;
mod pages;
mod rebuild;
mod reference;
mod serve;
mod settings;
mod show;
mod simulate;
mod store;
mod up;

use std::process::ExitCode;

use chiron_chassis::Secret;
use clap::Parser as _;

use crate::cli::{Cli, Command};

/// After a day of events the C library's allocator spent more time on putting freed pieces together
/// than the services on everything else.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let failure = cli.command.failure();
    match run(cli).await {
        Ok(code) => code,
        Err(err) => {
            show::error(&err);
            failure
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let loaded = settings::load(cli.config.as_deref(), &cli.overrides(), std::env::vars())?;
    match cli.command {
        Command::Up(args) => up::run(loaded.settings, &args).await,
        Command::Simulate(args) => simulate::run(loaded.settings, &args).await,
        Command::Serve(args) => serve::run(loaded.settings, &args).await,
        Command::Accounts(args) => {
            let people: &[&str] = if args.demonstration { &simulate::PEOPLE } else { &[] };
            let path = loaded.settings.accounts_path();
            accounts::Accounts::open(&path, people, &house::grants::clients())?;
            show::line(&format!("{}", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Store(args) => store::run(&loaded.settings, args).await,
        Command::Demonstrate(args) => demonstrate::run(loaded.settings, &args).await,
        Command::Config => {
            show::config(&loaded);
            Ok(ExitCode::SUCCESS)
        }
        Command::Events(args) => events::run(&loaded.settings, args).await,
        Command::Audit(args) => audit::run(&loaded.settings, args).await,
        Command::Rebuild(args) => rebuild::run(&loaded.settings, &args).await,
        Command::Catalog(args) => {
            let token = std::env::vars().find(|(name, _)| name == settings::TOKEN);
            let token = token.map(|(_, token)| Secret::new(token.trim()));
            catalog::run(&loaded.settings, token, args).await
        }
        Command::Openapi(args) => openapi::run(loaded.settings, &args).await,
    }
}

//! The oracle: reads the truth journal and the product's answers, and names every difference.
//!
//! It shares no code with the product. Its rules are written from the contract, in the plainest
//! form that is right, so that a mistake of the product is not made here too: everything is in
//! memory, nothing is incremental, nothing is fast.
//!
//! Exit codes: 0 no difference, 3 differences, 1 the comparison could not be made.

mod automation;
mod commands;
mod compare;
mod course;
mod difference;
mod journal;
mod product;
mod report;
mod statistics;
mod stays;
mod things;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;

use crate::journal::Journal;
use crate::product::Product;

/// Compares a truth journal with the product's answers.
#[derive(Parser)]
#[command(name = "truth")]
struct Cli {
    /// The journal, `truth.jsonl` of the data folder
    #[arg(long)]
    journal: PathBuf,
    /// Where the product listens
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Added to every default port
    #[arg(long, default_value_t = 0)]
    port_offset: u16,
    /// The file of generated passwords; `accounts.json` beside the journal when left out
    #[arg(long)]
    accounts: Option<PathBuf>,
    /// Who to sign in as, a block manager
    #[arg(long, default_value = "demo-manager")]
    user: String,
    /// Seconds of the machine to wait for reports to be settled
    #[arg(long, default_value_t = 60)]
    patience: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(err) => {
            difference::say(&format!("truth: {err:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<bool> {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let journal = Journal::read(&cli.journal)?;
    let accounts = cli.accounts.unwrap_or_else(|| cli.journal.with_file_name("accounts.json"));
    let text = std::fs::read_to_string(&accounts)
        .with_context(|| format!("reading {}", accounts.display()))?;
    let accounts: serde_json::Value = serde_json::from_str(&text)?;
    let password = accounts
        .pointer(&format!("/people/{}", cli.user))
        .and_then(serde_json::Value::as_str)
        .with_context(|| format!("no password of {}", cli.user))?;
    let product = Product::sign_in(&cli.host, cli.port_offset, &cli.user, password).await?;
    let found = compare::everything(&journal, &product, cli.patience).await?;
    let reports = cli.journal.with_file_name("reports.json");
    std::fs::write(&reports, found.reports())
        .with_context(|| format!("writing {}", reports.display()))?;
    Ok(found.conclude())
}

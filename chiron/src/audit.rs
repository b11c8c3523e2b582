//! `chiron audit`: proves the audit trail, and shows what is in it.
//!
//! Both only read, so that they work beside running services, and need no account: whoever can read
//! the data folder can read everything in it. Looking through the gateway leaves an entry, looking
//! here does not.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chiron_broker::LogReader;
use chiron_chassis::audit::{
    Action, Asked, Audit, COLLECTIONS, Entry, Kind, Verdict, canonical, prove,
};
use chiron_clock::{Clock, instant};
use chiron_store::Store;
use jiff::Timestamp;

use crate::cli::{AuditArgs, AuditCommand};
use crate::settings::Settings;
use crate::show;

/// Entries that are read at a time.
const BATCH: usize = 500;

/// Runs one of the commands of `chiron audit`.
///
/// # Errors
///
/// There is no audit trail in the data folder, or it cannot be read.
pub(crate) async fn run(settings: &Settings, args: AuditArgs) -> Result<ExitCode> {
    match obey(settings, args.command, &|line| show::piped(line)).await {
        Err(err) if show::is_closed_pipe(&err) => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

async fn obey(
    settings: &Settings,
    command: AuditCommand,
    print: &impl Fn(&str) -> std::io::Result<()>,
) -> Result<ExitCode> {
    let path = settings.audit_path();
    match command {
        AuditCommand::Verify => verify(&path, &settings.log_path(), print).await,
        AuditCommand::Show { actor, subject, from, to, limit, json } => {
            there(&path)?;
            let (from, to) = (time("--from", from)?, time("--to", to)?);
            let asked = Asked { actor, subject, from, to, limit: BATCH, before: None };
            list(&path, asked, limit, &|entry| {
                print(&if json { line(entry)? } else { sentence(entry) })?;
                Ok(())
            })
            .await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn there(path: &Path) -> Result<()> {
    if !path.exists() {
        bail!(
            "there is no audit trail {}; `chiron up` makes one, and --data names another folder",
            path.display()
        );
    }
    Ok(())
}

fn time(option: &str, text: Option<String>) -> Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    Ok(Some(instant::parse(&text).with_context(|| format!("{option} {text}"))?))
}

async fn verify(
    path: &Path,
    log_path: &Path,
    print: &impl Fn(&str) -> std::io::Result<()>,
) -> Result<ExitCode> {
    // A trail that is gone is not a trail that nobody has begun: the heads tell them apart.
    if !log_path.exists() {
        there(path)?;
    }
    let log = if log_path.exists() { Some(LogReader::open(log_path)?) } else { None };
    let verdict = prove(path, log.as_ref()).await.context("nothing could be proved")?;
    for finding in &verdict.findings {
        print(&format!("entry {} {}", finding.seq, finding.what))?;
    }
    print(&summary(&verdict, log.is_some()))?;
    let whole = verdict.is_whole() && log.is_some();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(verdict: &Verdict, has_log: bool) -> String {
    let Verdict { entries, heads, published_to, wrong, .. } = verdict;
    if !verdict.is_whole() {
        return format!("THE AUDIT TRAIL IS NOT WHOLE: {wrong} faults in {entries} entries");
    }
    if !has_log {
        return format!(
            "{entries} entries follow each other, but there is no event log that says where they end"
        );
    }
    format!("the audit trail is whole: {entries} entries, {heads} heads up to entry {published_to}")
}

/// Reads page by page, so that a long list does not fill memory.
async fn list(
    path: &Path,
    mut asked: Asked,
    limit: usize,
    print: &impl Fn(&Entry) -> Result<()>,
) -> Result<()> {
    let store = Store::look(path, COLLECTIONS)?;
    let audit = Audit::over(store, Clock::system());
    let mut left = limit;
    while 0 < left {
        asked.limit = left.min(BATCH);
        let page = audit.find(&asked).await?;
        for entry in &page.entries {
            print(entry)?;
        }
        left -= page.entries.len();
        let Some(next) = page.next else { break };
        asked.before = Some(next);
    }
    audit.close().await;
    Ok(())
}

fn line(entry: &Entry) -> Result<String> {
    Ok(canonical(&serde_json::to_value(entry)?))
}

/// What a person reads: who did what, of whom, and what was answered.
fn sentence(entry: &Entry) -> String {
    let event = &entry.event;
    let who = match (&event.actor.id, event.actor.kind) {
        (Some(id), Kind::Person) if event.actor.roles.is_empty() => id.clone(),
        (Some(id), Kind::Person) => format!("{id} ({})", event.actor.roles.join(", ")),
        (Some(id), _) => format!("account {id}"),
        (None, _) => "somebody unknown".to_owned(),
    };
    let what = match (event.action, event.status) {
        (Action::Change, None) => "is about to change".to_owned(),
        (Action::Read, _) => "read".to_owned(),
        (Action::Change, _) => "changed".to_owned(),
        (Action::SignIn, Some(200..=299)) => "signed in or out by".to_owned(),
        (Action::SignIn, _) => "failed to sign in by".to_owned(),
        (Action::Refused, _) => "was refused".to_owned(),
    };
    let about: Vec<String> =
        event.subjects.iter().map(|(name, id)| format!(" {name}={id:?}")).collect();
    let status = event.status.map_or(String::new(), |status| format!(" -> {status}"));
    let from = event.peer.as_ref().map_or(String::new(), |peer| format!(" from {peer}"));
    format!(
        "{} #{} {who} {what} {} {} at {}{}{status}{from}",
        instant::write(entry.time),
        entry.seq,
        event.method,
        event.route,
        event.service,
        about.concat(),
    )
}

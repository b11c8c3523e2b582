//! `chiron audit`: proves the audit trail, and shows what is in it.
//!
//! Both only read, so that they work beside running services, and need no account of Chiron: whoever
//! can read the data folder or the database can read everything in it. Looking through the gateway
//! leaves an entry, looking here does not.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chiron_broker::{Broker, Durability, LogReader};
use chiron_chassis::audit::{
    Action, Asked, Audit, COLLECTIONS, Entry, HEADS, Kind, Published, Verdict, canonical, prove,
    prove_in,
};
use chiron_clock::{Clock, instant};
use chiron_store::Store;
use jiff::Timestamp;

use crate::cli::{AuditArgs, AuditCommand};
use crate::house;
use crate::settings::{DocumentStore, EventBroker, Settings};
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
    match command {
        AuditCommand::Verify => verify(settings, print).await,
        AuditCommand::Show { actor, subject, from, to, limit, json } => {
            let (from, to) = (time("--from", from)?, time("--to", to)?);
            let asked = Asked { actor, subject, from, to, limit: BATCH, before: None };
            list(settings, asked, limit, &|entry| {
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
    settings: &Settings,
    print: &impl Fn(&str) -> std::io::Result<()>,
) -> Result<ExitCode> {
    let (log, broker) = match settings.events.broker {
        EventBroker::Kafka => {
            let cluster = settings.events.kafka.client(settings.partitions);
            let broker = Broker::connect(cluster, &[HEADS]).await.context("connecting to Kafka")?;
            (None, Some(broker))
        }
        EventBroker::Log => {
            let path = settings.log_path();
            (if path.exists() { Some(LogReader::open(&path)?) } else { None }, None)
        }
    };
    let published = match (&log, &broker) {
        (Some(log), _) => Published::Log(log),
        (None, Some(broker)) => Published::Broker(broker),
        (None, None) => Published::Unknown,
    };
    let verdict = match settings.documents.store {
        DocumentStore::MongoDb => prove_in(&trail(settings).await?, published).await,
        DocumentStore::Sqlite => {
            // A trail that is gone is not a trail that nobody has begun: the heads tell them apart.
            if matches!(published, Published::Unknown) {
                there(&settings.audit_path())?;
            }
            prove(&settings.audit_path(), published).await
        }
    };
    let verdict = verdict.context("nothing could be proved")?;
    for finding in &verdict.findings {
        print(&format!("entry {} {}", finding.seq, finding.what))?;
    }
    let has_heads = !matches!(published, Published::Unknown);
    print(&summary(&verdict, has_heads))?;
    let whole = verdict.is_whole() && has_heads;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The trail, to be read.
async fn trail(settings: &Settings) -> Result<Store> {
    match settings.documents.store {
        DocumentStore::Sqlite => {
            let path = settings.audit_path();
            there(&path)?;
            Ok(Store::look(&path, COLLECTIONS)?)
        }
        DocumentStore::MongoDb => {
            let durability = Durability::from(settings.durability);
            let store = house::open_store(settings, durability, house::AUDIT, COLLECTIONS).await;
            store.context("opening the audit trail")
        }
    }
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
    settings: &Settings,
    mut asked: Asked,
    limit: usize,
    print: &impl Fn(&Entry) -> Result<()>,
) -> Result<()> {
    let audit = Audit::over(trail(settings).await?, Clock::system());
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use chiron_broker::LogSettings;
    use chiron_chassis::audit::{Actor, Event};
    use chiron_clock::{Activity, Shutdown};

    use super::*;

    fn settings(folder: &Path) -> Settings {
        Settings { data: folder.to_owned(), ..Settings::default() }
    }

    async fn trail(settings: &Settings, entries: u16) {
        let (clock, _hand) = Clock::lock_step(instant::parse("2026-05-15T06:00:00Z").unwrap());
        let log = LogSettings::new(Durability::Relaxed);
        let broker = Broker::open(&settings.log_path(), log, clock.clone()).unwrap();
        let audit =
            Audit::open(&settings.audit_path(), Durability::Relaxed, clock.clone()).unwrap();
        let (trigger, shutdown) = Shutdown::new();
        let publish = audit.publish(broker.clone(), Activity::new(clock), shutdown);
        let work = async {
            for n in 0..entries {
                let (id, roles) = (format!("u{}", n % 3), vec!["nurse".to_owned()]);
                let event = Event {
                    action: Action::Read,
                    actor: Actor { id: Some(id), kind: Kind::Person, roles },
                    method: "GET".to_owned(),
                    peer: Some("10.0.0.7".to_owned()),
                    route: "/patients/{taxCode}".to_owned(),
                    service: "patients".to_owned(),
                    status: Some(200),
                    subjects: BTreeMap::from([("taxCode".to_owned(), format!("T{n}"))]),
                    trace: None,
                };
                audit.record(event).await.unwrap();
            }
            trigger.trigger();
        };
        tokio::join!(publish, work);
        audit.close().await;
        broker.close().await;
    }

    async fn told(settings: &Settings, command: AuditCommand) -> (ExitCode, Vec<String>) {
        let lines = RefCell::new(Vec::new());
        let print = |line: &str| {
            lines.borrow_mut().push(line.to_owned());
            Ok(())
        };
        let code = obey(settings, command, &print).await.unwrap();
        (code, lines.into_inner())
    }

    fn show(actor: Option<&str>, limit: usize, json: bool) -> AuditCommand {
        let actor = actor.map(str::to_owned);
        AuditCommand::Show { actor, subject: None, from: None, to: None, limit, json }
    }

    #[tokio::test]
    async fn a_proof_ends_with_what_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        assert!(obey(&settings, AuditCommand::Verify, &|_| Ok(())).await.is_err());
        trail(&settings, 5).await;
        let (code, lines) = told(&settings, AuditCommand::Verify).await;
        assert_eq!(code, ExitCode::SUCCESS);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.starts_with("the audit trail is whole: 5 entries, "), "{line}");
        assert!(line.ends_with(" heads up to entry 5"), "{line}");

        let store = Store::open(&settings.audit_path(), Durability::Relaxed, COLLECTIONS).unwrap();
        let spec = COLLECTIONS.first().unwrap();
        let rows = store.collection::<serde_json::Value>(spec);
        rows.delete("0000000000000005", None).await.unwrap();
        rows.delete("0000000000000002", None).await.unwrap();
        store.close().await;
        let (code, lines) = told(&settings, AuditCommand::Verify).await;
        assert_eq!(code, ExitCode::FAILURE);
        assert_eq!(
            lines,
            [
                "entry 2 is missing",
                "entry 5 is missing at the end: it was published",
                "THE AUDIT TRAIL IS NOT WHOLE: 2 faults in 3 entries",
            ]
        );
        // A trail that is gone altogether is not one that nobody has begun.
        std::fs::remove_file(settings.audit_path()).unwrap();
        let (code, lines) = told(&settings, AuditCommand::Verify).await;
        assert_eq!(code, ExitCode::FAILURE);
        let gone = "entry 1 and those up to 5 are missing at the end: they were published";
        assert_eq!(lines.first().map(String::as_str), Some(gone));
    }

    #[tokio::test]
    async fn without_an_event_log_the_end_is_not_proved() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        trail(&settings, 2).await;
        std::fs::remove_file(settings.log_path()).unwrap();
        let (code, lines) = told(&settings, AuditCommand::Verify).await;
        assert_eq!(code, ExitCode::FAILURE);
        assert!(lines.concat().contains("there is no event log"), "{lines:?}");
    }

    #[tokio::test]
    async fn entries_are_shown_for_people_and_for_programs() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        assert!(obey(&settings, show(None, 1, false), &|_| Ok(())).await.is_err());
        trail(&settings, 7).await;
        let (_, lines) = told(&settings, show(None, 1, false)).await;
        assert_eq!(
            lines,
            ["2026-05-15T06:00:00.000Z #7 u0 (nurse) read GET /patients/{taxCode} at patients \
              taxCode=\"T6\" -> 200 from 10.0.0.7"]
        );
        assert_eq!(told(&settings, show(Some("u0"), 50, false)).await.1.len(), 3);
        let (_, lines) = told(&settings, show(None, 50, true)).await;
        assert_eq!(lines.len(), 7);
        let newest: Entry = serde_json::from_str(lines.first().unwrap()).unwrap();
        assert_eq!((newest.seq, line(&newest).unwrap()), (7, lines[0].clone()));
    }
}

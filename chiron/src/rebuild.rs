//! `chiron rebuild`: folds what a service derived from events again, from the first of them.
//!
//! The events are folded into a database beside the one that is there, up to the place that the
//! service has come to, so nothing is changed and nobody is told anything on the way. Records that
//! do not follow from events are copied. Both databases are compared; then the new one takes the
//! place of the old one, which is kept under another name. Setting the group back and letting the
//! service fold over what it has was rejected: what it should no longer have would stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use chiron_broker::{Consumer, Durability, Handled, Handler, LogReader};
use chiron_clock::Clock;
use chiron_store::{CollectionSpec, Find, ID, Store, after};
use serde_json::Value;

use crate::cli::{RebuildArgs, RebuiltArg};
use crate::settings::Settings;
use crate::show;

/// Documents or records that are read at a time.
const BATCH: usize = 500;

/// What is folded again.
struct Context<H> {
    name: &'static str,
    consumer: Consumer,
    collections: &'static [&'static CollectionSpec],
    /// Those of the collections that follow from events alone.
    folded: &'static [&'static CollectionSpec],
    handler: fn(&Store) -> H,
}

/// How the documents of a collection compare before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Compared {
    same: u64,
    changed: u64,
    missing: u64,
    new: u64,
}

impl Compared {
    fn is_same(self) -> bool {
        self.changed + self.missing + self.new == 0
    }
}

/// Rebuilds, or with `--check` compares only; then the exit code tells whether all is the same.
///
/// # Errors
///
/// Services are running, the log no longer has its beginning, or a database cannot be used.
pub(crate) async fn run(settings: &Settings, args: &RebuildArgs) -> Result<ExitCode> {
    settings.events.in_the_log()?;
    settings.documents.in_files()?;
    let compared = match args.context {
        RebuiltArg::BuildingManagement => {
            use building_management as service;
            let context = Context {
                name: service::NAME,
                consumer: service::CONSUMER,
                collections: service::COLLECTIONS,
                folded: service::FOLDED,
                handler: service::folding,
            };
            rebuild(settings, context, args.check).await?
        }
        RebuiltArg::StaffTracking => {
            use staff_tracking as service;
            let context = Context {
                name: service::NAME,
                consumer: service::CONSUMER,
                collections: service::COLLECTIONS,
                folded: service::COLLECTIONS,
                handler: service::folding,
            };
            rebuild(settings, context, args.check).await?
        }
        RebuiltArg::SurgicalProcessMonitoring => refold(settings, args.check).await?,
    };
    let mut all_same = true;
    for (name, compared) in compared {
        let Compared { same, changed, missing, new } = compared;
        all_same &= compared.is_same();
        show::line(&format!(
            "{name}: {same} as before, {changed} changed, {missing} gone, {new} more"
        ));
    }
    Ok(if args.check && !all_same { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn rebuild<H: Handler>(
    settings: &Settings,
    context: Context<H>,
    check: bool,
) -> Result<Vec<(&'static str, Compared)>> {
    let path = settings.data.join(format!("{}.sqlite", context.name));
    let before = open(&path, settings, context.collections)?;
    let beside = beside(&path);
    remove(&beside)?;
    // A power cut costs this file only, until it is closed and takes its place.
    let after = Store::open(&beside, Durability::Relaxed, context.collections)
        .with_context(|| format!("opening {}", beside.display()))?;
    for spec in context.collections {
        if !context.folded.iter().any(|folded| folded.name == spec.name) {
            copy(&before, &after, spec).await?;
        }
    }
    let log = LogReader::open(&settings.log_path()).context("opening the event log")?;
    fold(&log, context.consumer, &(context.handler)(&after)).await?;
    let mut compared = Vec::new();
    for spec in context.folded {
        compared.push((spec.name, compare(&before, &after, spec).await?));
    }
    before.close().await;
    after.close().await;
    if check {
        remove(&beside)?;
    } else {
        replace(&path, &beside)?;
    }
    Ok(compared)
}

/// Processes follow from facts, which are records of the service's own: they are folded again where
/// they are.
async fn refold(settings: &Settings, check: bool) -> Result<Vec<(&'static str, Compared)>> {
    use surgical_process_monitoring as service;

    let path = settings.data.join(format!("{}.sqlite", service::NAME));
    let store = open(&path, settings, service::COLLECTIONS)?;
    let refolded = service::refold(&store, Clock::system(), !check).await?;
    store.close().await;
    let compared = |it: service::Refolded| {
        let service::Refolded { same, changed, gone: missing, new } = it;
        Compared { same, changed, missing, new }
    };
    let names = service::FOLDED.iter().map(|spec| spec.name);
    Ok(names.zip(refolded.map(compared)).collect())
}

/// A service's database, while nothing in it waits to be told.
fn open(
    path: &Path,
    settings: &Settings,
    collections: &'static [&'static CollectionSpec],
) -> Result<Store> {
    ensure!(path.exists(), "there is no database {}", path.display());
    let store = Store::open(path, settings.durability.into(), collections)
        .with_context(|| format!("opening {}; services must be stopped", path.display()))?;
    ensure!(
        store.unrelayed() == 0,
        "{} holds events that are not told yet; start the services and stop them again",
        path.display()
    );
    Ok(store)
}

/// The database that is built, in the folder of the one that it replaces.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("rebuilt.sqlite")
}

/// Removes a database with all files that belong to it.
fn remove(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match fs::remove_file(&file) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                return Err(err).with_context(|| format!("removing {}", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts the new database where the old one is, which stays under another name; at every moment one
/// of them is there.
fn replace(path: &Path, beside: &Path) -> Result<()> {
    let kept = path.with_extension("before-rebuild.sqlite");
    remove(&kept)?;
    fs::hard_link(path, &kept).with_context(|| format!("keeping {}", kept.display()))?;
    fs::File::open(beside)
        .and_then(|file| file.sync_all())
        .with_context(|| format!("writing {} to the disk", beside.display()))?;
    fs::rename(beside, path).with_context(|| format!("replacing {}", path.display()))?;
    remove(beside)?;
    show::line(&format!("what was there is kept as {}", kept.display()));
    Ok(())
}

async fn copy(from: &Store, to: &Store, spec: &'static CollectionSpec) -> Result<()> {
    let (from, to) = (from.collection::<Value>(spec), to.collection::<Value>(spec));
    let mut last = String::new();
    loop {
        let page = from.find(&Find::all().filter(after(ID, last.clone())).limit(BATCH)).await?;
        let Some(newest) = page.last() else { return Ok(()) };
        last.clone_from(&newest.id);
        let documents = page.into_iter().map(|row| (row.id, row.document, Vec::new()));
        to.insert_all(documents.collect()).await?;
    }
}

/// Handles every record from the first to the group's place.
async fn fold(log: &LogReader, consumer: Consumer, handler: &impl Handler) -> Result<()> {
    for topic in consumer.topics {
        let starts = log.starts(topic)?;
        for (partition, end) in log.committed(consumer.group, topic)? {
            let mut next = starts.get(&partition).copied().unwrap_or(0);
            ensure!(
                next == 0,
                "the log has no records of {topic} before offset {next} any more: what followed \
                 from them would be lost"
            );
            while next < end {
                let mut records = log.read(topic, partition, next, BATCH)?;
                records.retain(|record| record.offset < end);
                let Some(last) = records.last() else { break };
                next = last.offset + 1;
                for outcome in handler.handle(&records).await {
                    // What was rejected then is rejected now.
                    if let Handled::Retry(cause) = outcome {
                        bail!("a record of {topic} could not be handled: {cause}");
                    }
                }
            }
        }
    }
    Ok(())
}

async fn compare(
    before: &Store,
    after_it: &Store,
    spec: &'static CollectionSpec,
) -> Result<Compared> {
    let (before, rebuilt) = (before.collection::<Value>(spec), after_it.collection::<Value>(spec));
    let mut compared = Compared::default();
    let mut last = String::new();
    loop {
        let page = before.find(&Find::all().filter(after(ID, last.clone())).limit(BATCH)).await?;
        let Some(newest) = page.last() else { break };
        last.clone_from(&newest.id);
        for row in page {
            match rebuilt.get(&row.id).await? {
                Some(again) if again.document == row.document => compared.same += 1,
                Some(_) => compared.changed += 1,
                None => compared.missing += 1,
            }
        }
    }
    let known = compared.same + compared.changed;
    compared.new = rebuilt.count(&[]).await?.saturating_sub(known);
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chiron_broker::{Broker, Headers, LogSettings, NewRecord, Retention};
    use chiron_clock::{Activity, Clock, Shutdown};
    use serde_json::json;

    use super::*;

    const STAFF: RebuildArgs = RebuildArgs { context: RebuiltArg::StaffTracking, check: false };
    const CHECK: RebuildArgs = RebuildArgs { check: true, ..STAFF };

    fn read(nth: u32) -> NewRecord {
        let value = json!({
            "key": "TRACKING_EVENT", "healthProfessionalId": format!("hp-{}", nth % 3),
            "roomId": format!("or-{}", nth % 2), "data": !nth.is_multiple_of(5),
            "dateTime": format!("2026-05-15T06:{nth:02}:00.000Z"),
        });
        NewRecord {
            topic: "tracking-events".to_owned(),
            aggregate: format!("hp-{}", nth % 3),
            key: "TRACKING_EVENT".to_owned(),
            value: value.to_string(),
            headers: Headers::new().with("ce_id", format!("e-{nth}")),
        }
    }

    /// A data folder in which staff tracking has read forty movements, and not yet another.
    async fn hospital() -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            Settings { data: folder.path().to_owned(), partitions: 2, ..Settings::default() };
        let log = LogSettings::new(Durability::Relaxed).with_partitions(2);
        let broker = Broker::open(&settings.log_path(), log, Clock::system()).unwrap();
        broker.publish((0..40).map(read).collect()).await.unwrap();
        let store = store(&settings);
        let (trigger, shutdown) = Shutdown::new();
        let consumer = staff_tracking::CONSUMER;
        let activity = Activity::new(Clock::system());
        let handler = staff_tracking::folding(&store);
        let running = consumer.run(broker.clone(), activity, shutdown, handler);
        let done = async {
            while 0 < broker.lag(consumer.group, consumer.topics).await.unwrap() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            trigger.trigger();
        };
        tokio::join!(running, done);
        broker.publish(vec![read(41)]).await.unwrap();
        store.close().await;
        broker.close().await;
        (folder, settings)
    }

    fn store(settings: &Settings) -> Store {
        let path = settings.data.join("staff-tracking.sqlite");
        Store::open(&path, Durability::Relaxed, staff_tracking::COLLECTIONS).unwrap()
    }

    fn movements(store: &Store) -> chiron_store::Collection<Value> {
        let spec = staff_tracking::COLLECTIONS.iter().find(|spec| spec.name == "movements");
        store.collection(spec.unwrap())
    }

    #[tokio::test]
    async fn what_was_folded_is_folded_again_and_takes_its_place() {
        let (_folder, settings) = hospital().await;
        assert_eq!(run(&settings, &CHECK).await.unwrap(), ExitCode::SUCCESS);

        // One is lost, one is another, one was never told.
        let damaged = store(&settings);
        let all = movements(&damaged).find(&Find::all()).await.unwrap();
        assert_eq!(all.len(), 40);
        movements(&damaged).delete(&all[3].id, None).await.unwrap();
        movements(&damaged).put(&all[7].id, &json!({"at": 1}), Vec::new()).await.unwrap();
        movements(&damaged).put("nobody", &json!({}), Vec::new()).await.unwrap();
        damaged.close().await;
        assert_eq!(run(&settings, &CHECK).await.unwrap(), ExitCode::FAILURE);
        let untouched = store(&settings);
        assert_eq!(movements(&untouched).count(&[]).await.unwrap(), 40);
        untouched.close().await;

        assert_eq!(run(&settings, &STAFF).await.unwrap(), ExitCode::SUCCESS);
        let rebuilt = store(&settings);
        let again = movements(&rebuilt).find(&Find::all()).await.unwrap();
        let documents = |rows: &[chiron_store::Versioned<Value>]| -> Vec<(String, Value)> {
            rows.iter().map(|row| (row.id.clone(), row.document.clone())).collect()
        };
        assert_eq!(documents(&again), documents(&all));
        rebuilt.close().await;
        assert!(settings.data.join("staff-tracking.before-rebuild.sqlite").exists());
        assert_eq!(run(&settings, &CHECK).await.unwrap(), ExitCode::SUCCESS);
        assert!(!settings.data.join("staff-tracking.rebuilt.sqlite").exists());
    }

    #[tokio::test]
    async fn nothing_is_rebuilt_beside_running_services_or_without_the_beginning() {
        let (_folder, settings) = hospital().await;
        let running = store(&settings);
        let refused = run(&settings, &STAFF).await.unwrap_err();
        assert!(format!("{refused:#}").contains("services must be stopped"), "{refused:#}");
        running.close().await;
        drop(running);

        let log = LogSettings::new(Durability::Relaxed)
            .with_partitions(2)
            .with_retention("tracking-events", Retention::bytes_per_partition(0));
        let broker = Broker::open(&settings.log_path(), log, Clock::system()).unwrap();
        broker.retain().await.unwrap();
        assert!(broker.starts("tracking-events").await.unwrap().values().any(|start| 0 < *start));
        broker.close().await;
        let refused = run(&settings, &STAFF).await.unwrap_err();
        assert!(refused.to_string().contains("would be lost"), "{refused:#}");
    }
}

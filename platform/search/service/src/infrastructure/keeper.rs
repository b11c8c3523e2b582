//! What keeps the index current: takes in what the catalogue and the documentation hub tell.
//!
//! One task writes. It asks the catalogue for what changed when it is told that something did, has
//! the hub bring the site of a documented entity up to date, and takes in what the hub built, for
//! whomever it was. The index is durable and made of what others have, so that after a restart only
//! what differs is written again, and after a failure everything may begin anew.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chiron_chassis::chain;
use chiron_clock::Shutdown;
use platform_language::{Changes, Entities, Entity, Sites};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};

use super::engine::{self, Engine, EngineError, Writer};
use crate::application::{
    Document, digest, entity_document, entity_group, is_documented, pages_group, site_documents,
};

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The index as it is read. There is none before it has had everything once: one of a former start
/// may count what nobody may see any more.
#[derive(Default)]
pub(crate) struct Kept {
    engine: RwLock<Option<Engine>>,
    doubted: Notify,
}

impl Kept {
    /// The index; `None` while it is being made.
    pub(crate) fn engine(&self) -> Option<Engine> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, engine: Engine) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    /// Tells that the index could not be read, so that it is looked at, and made again if it is
    /// damaged.
    pub(crate) fn doubt(&self) {
        self.doubted.notify_one();
    }
}

/// Why the index could not be kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the work on the index broke off")]
    Broken(#[from] JoinError),
    #[error("the index could not be read")]
    Doubted,
}

/// Keeps the index.
pub(crate) struct Keeper {
    entities: Arc<dyn Entities>,
    sites: Arc<dyn Sites>,
    folder: Option<PathBuf>,
    kept: Arc<Kept>,
}

impl Keeper {
    pub(crate) fn new(
        entities: Arc<dyn Entities>,
        sites: Arc<dyn Sites>,
        folder: Option<PathBuf>,
    ) -> Self {
        Self { entities, sites, folder, kept: Arc::default() }
    }

    /// The index, for those who read it.
    pub(crate) fn index(&self) -> Arc<Kept> {
        Arc::clone(&self.kept)
    }

    /// Runs until shutdown is requested.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        while let Err(error) = self.keep(&shutdown).await {
            tracing::error!(error = %chain(&error), "the search index is behind; it is tried again");
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    async fn open(&self) -> Result<(Engine, Desk), KeepError> {
        let (folder, sites) = (self.folder.clone(), Arc::clone(&self.sites));
        let opened = tokio::task::spawn_blocking(move || {
            let (engine, writer) = engine::open(folder.as_deref())?;
            let groups = engine.groups()?;
            let desk = Desk { writer, groups, documented: HashMap::new(), sites, changed: false };
            Ok::<_, EngineError>((engine, desk))
        });
        Ok(opened.await??)
    }

    async fn keep(&self, shutdown: &Shutdown) -> Result<(), KeepError> {
        let sites = Arc::clone(&self.sites);
        let mut builds = Builds { sites, waiting: HashMap::new(), under_way: None };
        let outcome = self.follow(&mut builds, shutdown).await;
        builds.end().await;
        outcome
    }

    async fn follow(&self, builds: &mut Builds, shutdown: &Shutdown) -> Result<(), KeepError> {
        // What changes from here on is told, whatever is read below.
        let mut revisions = self.entities.revisions();
        let mut built = self.sites.built();
        let (engine, mut desk) = self.open().await?;
        let mut revision = None;
        let mut sites: HashSet<Arc<str>> = HashSet::new();
        loop {
            revisions.mark_unchanged();
            let entities = Arc::clone(&self.entities);
            let dirty = std::mem::take(&mut sites);
            let work = tokio::task::spawn_blocking(move || {
                let changes = entities.since(revision);
                let newest = changes.revision;
                let to_build = desk.take_in(changes, dirty)?;
                Ok::<_, EngineError>((desk, newest, to_build))
            });
            let (same, newest, to_build) = work.await??;
            desk = same;
            builds.want(to_build);
            if revision.replace(newest).is_none() {
                self.kept.show(engine.clone());
            }
            tokio::select! {
                () = shutdown.requested() => return Ok(()),
                () = self.kept.doubted.notified() => return Err(KeepError::Doubted),
                // Who tells lives as long as who listens.
                Ok(()) = revisions.changed() => {}
                told = built.recv() => match told {
                    Ok(reference) => {
                        sites.insert(reference);
                    }
                    // Too many at once to hear of each.
                    Err(_) => sites.extend(desk.documented.keys().cloned()),
                },
                done = builds.next() => {
                    sites.insert(done);
                }
            }
        }
    }
}

/// Sites that are to be brought up to date, one after the other.
struct Builds {
    sites: Arc<dyn Sites>,
    waiting: HashMap<Arc<str>, Value>,
    under_way: Option<(Arc<str>, JoinHandle<()>)>,
}

impl Builds {
    fn want(&mut self, all: Vec<(Arc<str>, Value)>) {
        self.waiting.extend(all);
    }

    /// Waits for the next site that was looked at; for ever when there is none. Nothing is lost when
    /// it is not waited for to the end.
    async fn next(&mut self) -> Arc<str> {
        if self.under_way.is_none()
            && let Some(reference) = self.waiting.keys().next().cloned()
            && let Some(entity) = self.waiting.remove(&reference)
        {
            let sites = Arc::clone(&self.sites);
            let name = Arc::clone(&reference);
            let work = tokio::task::spawn_blocking(move || {
                if let Err(error) = sites.build(&entity) {
                    let error: &dyn std::error::Error = error.as_ref();
                    tracing::debug!(entity = &*name, error = %chain(error), "a site cannot be built");
                }
            });
            self.under_way = Some((reference, work));
        }
        let Some((reference, work)) = &mut self.under_way else {
            return std::future::pending().await;
        };
        let reference = Arc::clone(reference);
        if let Err(error) = work.await {
            tracing::error!(entity = &*reference, error = %chain(&error), "a site cannot be built");
        }
        self.under_way = None;
        reference
    }

    /// Waits for what is under way; what waits is left.
    async fn end(self) {
        if let Some((reference, work)) = self.under_way
            && let Err(error) = work.await
        {
            tracing::error!(entity = &*reference, error = %chain(&error), "a site cannot be built");
        }
    }
}

/// The writer's state.
struct Desk {
    writer: Writer,
    /// What is in the index.
    groups: HashMap<String, u64>,
    /// The entities that have documentation.
    documented: HashMap<Arc<str>, Entity>,
    sites: Arc<dyn Sites>,
    changed: bool,
}

impl Desk {
    /// Takes in what changed, and shows it; answers whose sites have to be looked at.
    fn take_in(
        &mut self,
        changes: Changes,
        sites: HashSet<Arc<str>>,
    ) -> Result<Vec<(Arc<str>, Value)>, EngineError> {
        let mut gone: Vec<Arc<str>> = changes.gone;
        if changes.whole {
            let there: HashSet<&str> =
                changes.entities.iter().map(|entity| &*entity.reference).collect();
            let known = self.groups.keys().filter_map(|group| group.split_once(':'));
            let known = known.map(|(_, reference)| reference);
            let lost: HashSet<&str> = known.filter(|own| !there.contains(own)).collect();
            gone.extend(lost.into_iter().map(Arc::from));
        }
        for reference in gone {
            self.documented.remove(&reference);
            self.remove(&entity_group(&reference));
            self.remove(&pages_group(&reference));
        }
        let mut to_build = Vec::new();
        let mut pages = sites;
        for entity in changes.entities {
            let Ok(value) = serde_json::from_slice::<Value>(&entity.json) else { continue };
            let document = || vec![entity_document(&entity, &value)];
            self.put(&entity_group(&entity.reference), digest(&entity, None), document)?;
            let reference = Arc::clone(&entity.reference);
            if is_documented(&value) {
                self.documented.insert(Arc::clone(&reference), entity);
                to_build.push((Arc::clone(&reference), value));
                // What was built before is found until it is built again.
                pages.insert(reference);
            } else {
                self.documented.remove(&reference);
                self.remove(&pages_group(&reference));
            }
        }
        for reference in pages {
            self.take_in_pages(&reference)?;
        }
        if self.changed {
            self.writer.commit()?;
            self.changed = false;
        }
        Ok(to_build)
    }

    /// Takes in the pages of a site, as it was built last.
    fn take_in_pages(&mut self, reference: &Arc<str>) -> Result<(), EngineError> {
        let group = pages_group(reference);
        let Some(entity) = self.documented.get(reference).cloned() else { return Ok(()) };
        let index = match self.sites.search_index(reference) {
            Ok(Some(index)) => index,
            Ok(None) => {
                self.remove(&group);
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(entity = &**reference, error = %chain(&error), "a site cannot be read");
                return Ok(());
            }
        };
        let digest = digest(&entity, Some(&index));
        let value: Value = serde_json::from_slice(&entity.json).unwrap_or_default();
        match site_documents(&entity, &value, &index) {
            Ok(documents) => self.put(&group, digest, || documents),
            Err(error) => {
                tracing::warn!(entity = &**reference, error = %chain(&error), "a site has no index");
                Ok(())
            }
        }
    }

    fn put(
        &mut self,
        group: &str,
        digest: u64,
        documents: impl FnOnce() -> Vec<Document>,
    ) -> Result<(), EngineError> {
        if self.groups.get(group) == Some(&digest) {
            return Ok(());
        }
        self.writer.replace(group, digest, &documents())?;
        self.groups.insert(group.to_owned(), digest);
        self.changed = true;
        Ok(())
    }

    fn remove(&mut self, group: &str) {
        if self.groups.remove(group).is_some() {
            self.writer.remove(group);
            self.changed = true;
        }
    }
}

//! The one writer: what came from sources goes through the graph into the store, and only then into
//! what is read.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use catalog_domain::entity::{Fault, Marks, Place, reference_of};
use catalog_domain::usecase::{Changes, Emission, Graph, Kept, LocationRef, Parent, generated};
use chiron_clock::{Clock, Ids};
use serde_json::{Value, json};
use uuid::Uuid;

use super::index::{Change, Index};
use super::judge::Judge;
use super::reading::{Outcome, Reading, has_placeholders, is_location, sha1_hex};
use super::store::{Batch, Registered, Shown, Sqlite, StoreError, Stored};
use super::told::Log;

/// The provider of locations that configuration names.
pub(crate) const CONFIGURED: &str = "config";
/// The provider of locations that somebody registered.
pub(crate) const REGISTERED: &str = "registered";

/// What is read by many and written by one.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) index: RwLock<Index>,
    pub(crate) locations: RwLock<Vec<Registered>>,
    pub(crate) log: Log,
}

/// The writer's state.
pub(crate) struct Core {
    pub(crate) graph: Graph,
    store: Sqlite,
    shared: Arc<Shared>,
    pub(crate) judge: Judge,
    clock: Clock,
    ids: Ids,
    last_uid: u128,
    pub(crate) digests: HashMap<String, String>,
    configured: Vec<LocationRef>,
    /// What is not stored yet.
    changes: Changes,
    batch: Batch,
}

impl Core {
    /// The writer over a store, and what it has to read at the start.
    pub(crate) fn open(
        store: Sqlite,
        judge: Judge,
        clock: Clock,
        ids: Ids,
    ) -> Result<(Self, Arc<Shared>), StoreError> {
        let Stored { nodes, shown, locations, digests } = store.load()?;
        let shown = shown.into_iter().map(|shown| (shown.reference, shown.uid, shown.json));
        let index = Index::build(shown.collect());
        let known = nodes.iter().map(|kept| kept.node.uid.as_u128()).max().unwrap_or(0);
        let last_uid = index.last_uid().max(known);
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            locations: RwLock::new(locations),
            log: Log::default(),
        });
        let mut core = Self {
            graph: Graph::restore(nodes),
            store,
            shared: Arc::clone(&shared),
            judge,
            clock,
            ids,
            last_uid,
            digests: digests.into_iter().collect(),
            configured: Vec::new(),
            changes: Changes::default(),
            batch: Batch::default(),
        };
        // What was not brought to its end is taken up again.
        let unfinished = |(reference, node): (&str, &catalog_domain::usecase::Node)| {
            (node.shown.is_none() && node.faults.is_empty()).then(|| reference.to_owned())
        };
        let unfinished: Vec<String> = core.graph.nodes().filter_map(unfinished).collect();
        for reference in unfinished {
            core.graph.touch(&reference);
        }
        Ok((core, shared))
    }

    /// What configuration names, and nothing else of it.
    pub(crate) fn configure(&mut self, locations: &[LocationRef]) {
        locations.clone_into(&mut self.configured);
        let roots: Vec<Emission> = locations.iter().map(root).collect();
        let parent = Parent::Provider(CONFIGURED.to_owned());
        let gone: Vec<String> = self
            .graph
            .nodes()
            .filter(|(reference, node)| {
                node.parents.contains(&parent)
                    && roots.iter().all(|root| root.reference != *reference)
            })
            .map(|(reference, _)| reference.to_owned())
            .collect();
        for reference in gone {
            self.graph.remove_root(CONFIGURED, &reference);
        }
        for emission in roots {
            self.claim(&parent, emission);
        }
    }

    /// Brings back roots that were deleted and are still wanted.
    pub(crate) fn restore_roots(&mut self) {
        let configured = self.configured.clone();
        self.configure(&configured);
        let registered =
            self.shared.locations.read().unwrap_or_else(PoisonError::into_inner).clone();
        for location in registered {
            self.register(&location);
        }
    }

    fn claim(&mut self, parent: &Parent, emission: Emission) {
        let Self { graph, clock, ids, last_uid, .. } = self;
        graph.claim(parent, emission, &mut || next_uid(clock, ids, last_uid));
    }

    /// Registers a location, or changes what a registered one points at.
    pub(crate) fn register(&mut self, location: &Registered) {
        let place = LocationRef::new(&location.kind, &location.target);
        let mut emission = root(&place);
        // A location that points elsewhere now keeps its entity and the key of its first target.
        let name = location.reference.rsplit('/').next().unwrap_or_default();
        if emission.reference != location.reference
            && let Some(digest) = name.strip_prefix("generated-")
        {
            emission.input = generated(&place, digest).to_string().into();
            emission.reference.clone_from(&location.reference);
            if let Some(node) = self.graph.node(&location.reference) {
                emission.location_key.clone_from(&node.location_key);
            }
        }
        self.claim(&Parent::Provider(REGISTERED.to_owned()), emission);
        self.batch.locations.retain(|known| known.id != location.id);
        self.batch.locations.push(location.clone());
    }

    /// Registers a location unless another has the same target; says whether it did.
    pub(crate) fn register_once(&mut self, location: &Registered) -> bool {
        let same = |known: &Registered| {
            known.id != location.id
                && known.kind == location.kind
                && known.target == location.target
                && !self.batch.unregistered.contains(&known.id)
        };
        let taken = {
            let known = self.shared.locations.read().unwrap_or_else(PoisonError::into_inner);
            known.iter().chain(&self.batch.locations).any(same)
        };
        if !taken {
            self.register(location);
        }
        !taken
    }

    /// An entity and those that emit it, up to the roots, each with who emits it.
    pub(crate) fn lineage(&self, reference: &str) -> Vec<(String, Vec<String>)> {
        let mut lineage: Vec<(String, Vec<String>)> = Vec::new();
        let mut next = std::collections::VecDeque::from([reference.to_owned()]);
        while let Some(reference) = next.pop_front() {
            let Some(node) = self.graph.node(&reference) else { continue };
            if lineage.iter().any(|(known, _)| *known == reference) {
                continue;
            }
            let parents = node.parents.iter().filter_map(|parent| match parent {
                Parent::Entity(parent) => Some(parent.clone()),
                Parent::Provider(_) => None,
            });
            let parents: Vec<String> = parents.collect();
            next.extend(parents.iter().cloned());
            lineage.push((reference, parents));
        }
        lineage
    }

    /// Forgets a registered location, and all that it alone led to.
    pub(crate) fn unregister(&mut self, location: &Registered) {
        self.graph.remove_root(REGISTERED, &location.reference);
        self.batch.unregistered.push(location.id);
    }

    /// Takes in what was read for an entity.
    pub(crate) fn read(&mut self, reference: &str, reading: Reading) {
        let Reading { outcome, digest, .. } = reading;
        let Some(input) = self.graph.node(reference).map(|node| Arc::clone(&node.input)) else {
            return;
        };
        match outcome {
            Outcome::Same => return,
            Outcome::Faults(faults) => {
                self.graph.fail(reference, faults);
                return;
            }
            Outcome::Filled(entity) => self.finish(reference, entity),
            Outcome::Emits(emissions, beside) => {
                let entity = serde_json::from_str(&input).unwrap_or_default();
                self.finish(reference, entity);
                let valid = self.graph.node(reference).is_some_and(|node| node.faults.is_empty());
                if valid {
                    let Self { graph, clock, ids, last_uid, .. } = self;
                    let parent = Parent::Entity(reference.to_owned());
                    graph.emit(&parent, emissions, || next_uid(clock, ids, last_uid));
                    if !beside.is_empty() {
                        self.graph.fail(reference, beside);
                    }
                }
            }
        }
        self.digests.insert(reference.to_owned(), digest.clone());
        self.batch.digests.push((reference.to_owned(), digest));
    }

    fn finish(&mut self, reference: &str, entity: Value) {
        match self.judge.finish(entity) {
            Ok(done) if reference_of(&done.entity).is_some_and(|r| r.to_string() == reference) => {
                if self.graph.node(reference).is_some_and(|node| node.shown.is_none()) {
                    let uid = next_uid(&self.clock, &self.ids, &mut self.last_uid);
                    self.graph.identify(reference, uid);
                }
                self.graph.finish(reference, done.entity.to_string().into(), done.relations);
            }
            Ok(_) => {
                let fault = Fault::new("/metadata", "a placeholder may not change who this is");
                self.graph.fail(reference, vec![fault]);
            }
            Err(faults) => self.graph.fail(reference, faults),
        }
    }

    /// Processes what needs nothing from elsewhere, stores what changed, and shows it. Answers who
    /// has to be read for.
    pub(crate) fn settle(&mut self) -> Result<Vec<String>, StoreError> {
        let mut to_read = Vec::new();
        loop {
            let changes = self.graph.take_changes();
            if changes.is_empty() {
                break;
            }
            for reference in &changes.process {
                let Some(node) = self.graph.node(reference) else { continue };
                let input = Arc::clone(&node.input);
                if is_location(&input) || has_placeholders(&input) {
                    to_read.push(reference.clone());
                } else {
                    let entity = serde_json::from_str(&input).unwrap_or_default();
                    self.finish(reference, entity);
                }
            }
            self.note(changes);
        }
        self.commit()?;
        Ok(to_read)
    }

    fn note(&mut self, changes: Changes) {
        let Changes { show, store, gone, .. } = changes;
        for reference in show.iter().chain(&store) {
            // It is gone no more; what was shown of it before is replaced.
            if self.graph.node(reference).is_some() {
                self.changes.gone.remove(reference);
            }
        }
        for reference in gone.keys() {
            self.changes.show.remove(reference);
            self.changes.store.remove(reference);
            self.digests.remove(reference);
        }
        self.changes.show.extend(show);
        self.changes.store.extend(store);
        self.changes.gone.extend(gone);
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let mut index_changes: Vec<Change> = Vec::new();
        let mut shown = Vec::new();
        {
            let index = self.shared.index.read().unwrap_or_else(PoisonError::into_inner);
            for (reference, uid) in &self.changes.gone {
                index_changes.extend(index.change(reference, *uid, None));
            }
            for reference in &self.changes.show {
                let Some(node) = self.graph.node(reference) else { continue };
                let Some(entity) = self.graph.shown(reference) else { continue };
                let json = signed(entity);
                if let Some(change) = index.change(reference, node.uid, Some(json.clone())) {
                    let (reference, uid) = (reference.clone(), node.uid);
                    shown.push(Shown { reference, uid, json });
                    index_changes.push(change);
                }
            }
        }
        // New places are given in the order of ids; what goes, goes first.
        index_changes.sort_by_key(|change| (change.json.is_some(), change.uid));
        let node = |reference: &String| {
            let node = self.graph.node(reference)?.clone();
            Some(Kept { reference: reference.clone(), node })
        };
        self.batch.nodes = self.changes.store.iter().filter_map(node).collect();
        self.batch.shown = shown;
        self.batch.gone = self.changes.gone.keys().cloned().collect();
        if self.batch.is_empty() {
            return Ok(());
        }
        self.store.commit(&self.batch)?;
        self.changes = Changes::default();
        let batch = std::mem::take(&mut self.batch);
        if !batch.locations.is_empty() || !batch.unregistered.is_empty() {
            let mut own = self.shared.locations.write().unwrap_or_else(PoisonError::into_inner);
            let gone = |id: &Uuid| {
                batch.unregistered.contains(id) || batch.locations.iter().any(|l| l.id == *id)
            };
            own.retain(|known| !gone(&known.id));
            own.extend(batch.locations);
            own.sort_by_key(|location| location.id);
        }
        let changed: Vec<Arc<str>> =
            index_changes.iter().map(|change| Arc::clone(&change.reference)).collect();
        {
            let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
            index.apply(index_changes);
        }
        if !changed.is_empty() {
            self.shared.log.note(changed.into_iter());
        }
        Ok(())
    }

    /// Where entities come from, and what is wrong with each.
    pub(crate) fn report(&self) -> Value {
        let mut sources = Vec::new();
        for (reference, node) in self.graph.nodes() {
            let orphan = node.parents.is_empty();
            if node.faults.is_empty() && node.conflicts.is_empty() && !orphan {
                continue;
            }
            let faults = node.faults.iter().map(|fault| {
                let Fault { pointer, detail } = fault;
                match node.marks.nearest(pointer) {
                    None => json!({"pointer": pointer, "detail": detail}),
                    Some(Place { line, column }) => json!({
                        "pointer": pointer, "detail": detail, "line": line, "column": column,
                    }),
                }
            });
            sources.push(json!({
                "entityRef": reference,
                "location": node.location_key,
                "shown": node.shown.is_some(),
                "orphan": orphan,
                "errors": faults.collect::<Vec<_>>(),
                "conflicts": node.conflicts,
            }));
        }
        sources.sort_by_key(|item| item["entityRef"].as_str().map(str::to_owned));
        json!({"entries": sources, "total": self.graph.len()})
    }
}

/// The entity of a configured or registered location.
pub(crate) fn root(location: &LocationRef) -> Emission {
    let key = location.to_string();
    let entity = generated(location, &sha1_hex(key.as_bytes()));
    let reference = reference_of(&entity).map(|reference| reference.to_string());
    Emission {
        reference: reference.unwrap_or_default(),
        input: entity.to_string().into(),
        location_key: key,
        marks: Marks::default(),
    }
}

/// The bytes of an entity, with its `etag`: the SHA-1 of the entity, whose keys are sorted.
fn signed(mut entity: Value) -> Bytes {
    let etag = sha1_hex(entity.to_string().as_bytes());
    if let Some(metadata) = entity.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("etag".to_owned(), Value::String(etag));
    }
    Bytes::from(entity.to_string())
}

/// An id that is greater than all before (RFC 9562, section 5.7), so that the order of ids is the
/// order of places in the index.
fn next_uid(clock: &Clock, ids: &Ids, last: &mut u128) -> Uuid {
    let ms = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    let random = ids.next().into_bytes();
    let mut bytes = [0; 10];
    bytes.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
    let uid = uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid().as_u128();
    *last = uid.max(last.saturating_add(1));
    Uuid::from_u128(*last)
}

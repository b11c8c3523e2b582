//! The entities that sources emitted, who emits whom, and what has to be done next.
//!
//! Nothing here reads a source or writes a store: whoever does tells the graph what came
//! ([`Graph::emit`], [`Graph::finish`], [`Graph::fail`]) and asks what is to be processed, shown
//! anew or taken away ([`Graph::take_changes`]).
//!
//! - A reference belongs to whoever claimed it first, by the location that it came from; another
//!   location's claim is a conflict, remembered, and heard again when the first lets go.
//! - What a source fails to say removes nothing. What it no longer says is an orphan, kept and
//!   marked; what a removed root alone led to goes with it.
//! - An entity that is emitted as it was is not processed again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::location::ORPHAN;
use crate::entity::{Fault, Marks, Relation};

/// Who emits an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Parent {
    /// A provider: configuration, the registered locations, …
    Provider(String),
    /// An entity, by its written reference.
    Entity(String),
}

/// An entity that comes from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    /// Its written reference.
    pub reference: String,
    /// The descriptor as JSON.
    pub input: Arc<str>,
    /// Where it came from; who claims a reference from elsewhere does not get it.
    pub location_key: String,
    /// Where fields that may be at fault stand in the text that it came from.
    pub marks: Marks,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is new, or differs from before.
    Changed,
    /// It is as it was.
    Same,
    /// Another location has the reference.
    Conflict,
}

/// An entity and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The id that the server gave it; ids only grow.
    pub uid: Uuid,
    /// Where it came from.
    pub location_key: String,
    /// Who emits it; nobody emits an orphan.
    pub parents: BTreeSet<Parent>,
    /// Whom it emits.
    pub children: BTreeSet<String>,
    /// The descriptor as it came.
    pub input: Arc<str>,
    /// Where fields that may be at fault stand in the text that it came from.
    pub marks: Marks,
    /// The last good result of processing: the entity without `uid`, `etag` and `relations`.
    pub shown: Option<Arc<str>>,
    /// What it says of itself and others.
    pub relations: Vec<Relation>,
    /// What is wrong with it now.
    pub faults: Vec<Fault>,
    /// References that it emits and others have.
    pub conflicts: BTreeSet<String>,
}

/// What is kept of a node over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its written reference.
    pub reference: String,
    /// The node; its children follow from the parents of others.
    pub node: Node,
}

/// What has to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// To be processed, whatever they were before.
    pub process: BTreeSet<String>,
    /// To be shown anew; those that are not to be seen are among them.
    pub show: BTreeSet<String>,
    /// To be stored again.
    pub store: BTreeSet<String>,
    /// Gone, with their ids.
    pub gone: BTreeMap<String, Uuid>,
}

impl Changes {
    /// Whether nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.process.is_empty()
            && self.show.is_empty()
            && self.store.is_empty()
            && self.gone.is_empty()
    }
}

/// The catalogue as it grows from its sources.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: HashMap<String, Node>,
    /// Relations by whose they are, with how many entities say each.
    stated: HashMap<String, BTreeMap<(String, String), u32>>,
    /// Who wants a reference that another has.
    losers: HashMap<String, BTreeSet<Parent>>,
    changes: Changes,
}

impl Graph {
    /// The graph as it was kept.
    #[must_use]
    pub fn restore(kept: Vec<Kept>) -> Self {
        let mut graph = Self::default();
        let mut children: HashMap<String, BTreeSet<String>> = HashMap::new();
        for Kept { reference, node } in kept {
            for parent in &node.parents {
                if let Parent::Entity(parent) = parent {
                    children.entry(parent.clone()).or_default().insert(reference.clone());
                }
            }
            for relation in &node.relations {
                graph.state(relation);
            }
            for lost in &node.conflicts {
                let losers = graph.losers.entry(lost.clone()).or_default();
                losers.insert(Parent::Entity(reference.clone()));
            }
            graph.nodes.insert(reference, node);
        }
        for (reference, node) in &mut graph.nodes {
            node.children = children.remove(reference).unwrap_or_default();
        }
        graph
    }

    /// The node of a reference.
    pub fn node(&self, reference: &str) -> Option<&Node> {
        self.nodes.get(reference)
    }

    /// All nodes, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(reference, node)| (reference.as_str(), node))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What has to be done since this was asked last.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Asks for an entity to be processed again, whatever it was before. Says whether it is there.
    pub fn touch(&mut self, reference: &str) -> bool {
        let there = self.nodes.contains_key(reference);
        if there {
            self.changes.process.insert(reference.to_owned());
        }
        there
    }

    /// Everything that `parent` emits now. What it emitted before and not now is let go.
    pub fn emit(
        &mut self,
        parent: &Parent,
        emissions: Vec<Emission>,
        mut new_uid: impl FnMut() -> Uuid,
    ) {
        // Of one reference the last counts; the order of the others stays.
        let mut last: HashMap<&str, usize> = HashMap::new();
        for (nth, emission) in emissions.iter().enumerate() {
            last.insert(&emission.reference, nth);
        }
        let wins: HashSet<usize> = last.into_values().collect();
        let before = self.children_of(parent);
        let mut now = BTreeSet::new();
        let mut conflicts = BTreeSet::new();
        for (_, emission) in emissions.into_iter().enumerate().filter(|(nth, _)| wins.contains(nth))
        {
            let reference = emission.reference.clone();
            match self.claim(parent, emission, &mut new_uid) {
                Claimed::Conflict => conflicts.insert(reference),
                Claimed::Changed | Claimed::Same => now.insert(reference),
            };
        }
        for gone in before.difference(&now) {
            self.let_go(parent, gone);
        }
        if let Parent::Entity(own) = parent
            && let Some(node) = self.nodes.get_mut(own)
        {
            if node.children != now || node.conflicts != conflicts {
                self.changes.store.insert(own.clone());
            }
            for lost in node.conflicts.difference(&conflicts) {
                if let Some(losers) = self.losers.get_mut(lost) {
                    losers.remove(parent);
                }
            }
            node.children = now;
            node.conflicts = conflicts;
        }
    }

    fn children_of(&self, parent: &Parent) -> BTreeSet<String> {
        match parent {
            Parent::Entity(own) => {
                self.nodes.get(own).map(|node| node.children.clone()).unwrap_or_default()
            }
            Parent::Provider(_) => {
                let own = self.nodes.iter().filter(|(_, node)| node.parents.contains(parent));
                own.map(|(reference, _)| reference.clone()).collect()
            }
        }
    }

    /// Adds one entity to what `parent` emits.
    pub fn claim(
        &mut self,
        parent: &Parent,
        emission: Emission,
        new_uid: &mut impl FnMut() -> Uuid,
    ) -> Claimed {
        let Emission { reference, input, location_key, marks } = emission;
        let Some(node) = self.nodes.get_mut(&reference) else {
            let node = Node {
                uid: new_uid(),
                location_key,
                parents: BTreeSet::from([parent.clone()]),
                children: BTreeSet::new(),
                input,
                marks,
                shown: None,
                relations: Vec::new(),
                faults: Vec::new(),
                conflicts: BTreeSet::new(),
            };
            self.nodes.insert(reference.clone(), node);
            self.changes.gone.remove(&reference);
            self.changes.store.insert(reference.clone());
            self.changes.process.insert(reference);
            return Claimed::Changed;
        };
        let orphan = node.parents.is_empty();
        if node.location_key != location_key && !orphan {
            self.losers.entry(reference).or_default().insert(parent.clone());
            return Claimed::Conflict;
        }
        let new_parent = node.parents.insert(parent.clone());
        // What is as it was may stand elsewhere in its text.
        if node.marks != marks {
            node.marks = marks;
            self.changes.store.insert(reference.clone());
        }
        let same = node.input == input && node.location_key == location_key;
        if same && !new_parent {
            return Claimed::Same;
        }
        self.changes.store.insert(reference.clone());
        if orphan {
            self.changes.show.insert(reference.clone());
        }
        if same {
            return Claimed::Same;
        }
        node.input = input;
        node.location_key = location_key;
        self.changes.process.insert(reference);
        Claimed::Changed
    }

    /// `parent` no longer emits `child`, which is kept as an orphan when nobody else does.
    fn let_go(&mut self, parent: &Parent, child: &str) {
        let Some(node) = self.nodes.get_mut(child) else { return };
        node.parents.remove(parent);
        self.changes.store.insert(child.to_owned());
        if node.parents.is_empty() {
            self.changes.show.insert(child.to_owned());
            self.hear_losers(child);
        }
    }

    fn hear_losers(&mut self, reference: &str) {
        for loser in self.losers.remove(reference).into_iter().flatten() {
            if let Parent::Entity(loser) = loser {
                self.touch(&loser);
            }
        }
    }

    /// Takes a root away from a provider, with everything that it alone led to.
    pub fn remove_root(&mut self, provider: &str, reference: &str) {
        let parent = Parent::Provider(provider.to_owned());
        let Some(node) = self.nodes.get_mut(reference) else { return };
        if !node.parents.remove(&parent) {
            return;
        }
        self.changes.store.insert(reference.to_owned());
        let below = self.below(reference);
        let mut kept: HashSet<String> = HashSet::new();
        for inner in &below {
            let outside = self.nodes.get(inner).is_some_and(|node| {
                node.parents.iter().any(|parent| match parent {
                    Parent::Provider(_) => true,
                    Parent::Entity(own) => !below.contains(own),
                })
            });
            if outside {
                kept.extend(self.below(inner));
            }
        }
        for gone in below.difference(&kept) {
            self.remove(gone);
        }
    }

    /// A node and all that it leads to.
    fn below(&self, reference: &str) -> HashSet<String> {
        let mut found = HashSet::new();
        let mut next = vec![reference.to_owned()];
        while let Some(reference) = next.pop() {
            if let Some(node) = self.nodes.get(&reference)
                && found.insert(reference)
            {
                next.extend(node.children.iter().cloned());
            }
        }
        found
    }

    /// Deletes an entity. Who emits it is asked again, so that it comes back, as another, when it is
    /// still emitted; what it emitted is an orphan until then.
    pub fn delete(&mut self, reference: &str) -> bool {
        let Some(node) = self.nodes.get(reference) else { return false };
        let (parents, children) = (node.parents.clone(), node.children.clone());
        for child in children {
            self.let_go(&Parent::Entity(reference.to_owned()), &child);
        }
        self.remove(reference);
        for parent in parents {
            if let Parent::Entity(parent) = parent {
                self.touch(&parent);
            }
        }
        true
    }

    fn remove(&mut self, reference: &str) {
        let Some(node) = self.nodes.remove(reference) else { return };
        self.unstate(&node.relations);
        let own = Parent::Entity(reference.to_owned());
        for parent in &node.parents {
            if let Parent::Entity(parent) = parent
                && let Some(parent) = self.nodes.get_mut(parent)
            {
                parent.children.remove(reference);
            }
        }
        for child in &node.children {
            if let Some(child) = self.nodes.get_mut(child) {
                child.parents.remove(&own);
            }
        }
        for lost in &node.conflicts {
            if let Some(losers) = self.losers.get_mut(lost) {
                losers.remove(&own);
            }
        }
        self.changes.process.remove(reference);
        self.changes.show.remove(reference);
        self.changes.store.remove(reference);
        self.changes.gone.insert(reference.to_owned(), node.uid);
        self.hear_losers(reference);
    }

    /// Gives an entity that was never seen another id: ids are to grow in the order in which
    /// entities are first shown.
    pub fn identify(&mut self, reference: &str, uid: Uuid) {
        if let Some(node) = self.nodes.get_mut(reference)
            && node.shown.is_none()
        {
            node.uid = uid;
        }
    }

    /// An entity was processed well: `shown` is what is to be seen of it.
    pub fn finish(&mut self, reference: &str, shown: Arc<str>, relations: Vec<Relation>) {
        let Some(node) = self.nodes.get_mut(reference) else { return };
        if node.shown.as_ref() == Some(&shown) && node.faults.is_empty() {
            // Relations follow from what is shown.
            return;
        }
        node.faults.clear();
        node.shown = Some(shown);
        let before = std::mem::take(&mut node.relations);
        self.changes.store.insert(reference.to_owned());
        self.changes.show.insert(reference.to_owned());
        if before != relations {
            self.unstate(&before);
            for relation in &relations {
                if self.state(relation) {
                    self.changes.show.insert(relation.source.clone());
                }
            }
        }
        if let Some(node) = self.nodes.get_mut(reference) {
            node.relations = relations;
        }
    }

    /// An entity could not be processed; what was last seen of it stays.
    pub fn fail(&mut self, reference: &str, faults: Vec<Fault>) {
        let Some(node) = self.nodes.get_mut(reference) else { return };
        if node.faults != faults {
            node.faults = faults;
            self.changes.store.insert(reference.to_owned());
        }
    }

    /// Says whether this is the first to say so.
    fn state(&mut self, relation: &Relation) -> bool {
        let own = self.stated.entry(relation.source.clone()).or_default();
        let count = own.entry((relation.kind.clone(), relation.target.clone())).or_insert(0);
        *count += 1;
        *count == 1
    }

    fn unstate(&mut self, relations: &[Relation]) {
        for relation in relations {
            let key = (relation.kind.clone(), relation.target.clone());
            let Some(own) = self.stated.get_mut(&relation.source) else { continue };
            match own.get_mut(&key) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    own.remove(&key);
                    self.changes.show.insert(relation.source.clone());
                }
            }
            if own.is_empty() {
                self.stated.remove(&relation.source);
            }
        }
    }

    /// What is to be seen of an entity: with its id and relations, sorted by kind and target, but
    /// without `etag`. `None` when it was never processed well.
    #[must_use]
    pub fn shown(&self, reference: &str) -> Option<Value> {
        let node = self.nodes.get(reference)?;
        let mut entity: Value = serde_json::from_str(node.shown.as_ref()?).ok()?;
        let nothing = BTreeMap::new();
        let relations = self.stated.get(reference).unwrap_or(&nothing).keys();
        let relations: Vec<Value> =
            relations.map(|(kind, target)| json!({"type": kind, "targetRef": target})).collect();
        let members = entity.as_object_mut()?;
        members.insert("relations".to_owned(), Value::Array(relations));
        let metadata = members.get_mut("metadata")?.as_object_mut()?;
        metadata.insert("uid".to_owned(), Value::String(node.uid.to_string()));
        if node.parents.is_empty()
            && let Some(annotations) =
                metadata.entry("annotations").or_insert_with(|| json!({})).as_object_mut()
        {
            annotations.insert(ORPHAN.to_owned(), json!("true"));
        }
        Some(entity)
    }
}

#[cfg(test)]
mod tests;

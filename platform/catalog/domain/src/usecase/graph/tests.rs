//! Each rule of who emits whom, accepted and refused.

use proptest::prelude::*;

use super::*;
use crate::entity::{Kinds, Marks, Place, finish};

struct World {
    graph: Graph,
    uids: u128,
}

/// A descriptor: `name` belongs to the group `owner`.
fn component(name: &str, owner: &str) -> Value {
    json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": {"name": name},
        "spec": {"type": "service", "lifecycle": "production", "owner": owner}})
}

fn group(name: &str) -> Value {
    json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": {"name": name},
        "spec": {"type": "team", "children": []}})
}

fn emission(entity: &Value, from: &str) -> Emission {
    Emission {
        reference: crate::entity::reference_of(entity).unwrap().to_string(),
        input: entity.to_string().into(),
        location_key: from.to_owned(),
        marks: Marks::default(),
    }
}

impl World {
    fn new() -> Self {
        Self { graph: Graph::default(), uids: 0 }
    }

    fn emit(&mut self, parent: &str, from: &str, entities: &[Value]) {
        let parent = match parent.split_once(':') {
            Some(("provider", name)) => Parent::Provider(name.to_owned()),
            _ => Parent::Entity(parent.to_owned()),
        };
        let emissions = entities.iter().map(|entity| emission(entity, from)).collect();
        let uids = &mut self.uids;
        self.graph.emit(&parent, emissions, || {
            *uids += 1;
            Uuid::from_u128(*uids)
        });
    }

    /// Processes what is to be processed, and says what that was.
    fn work(&mut self) -> Changes {
        let mut all = self.graph.take_changes();
        let mut next = all.process.clone();
        while !next.is_empty() {
            for reference in &next {
                let input = self.graph.node(reference).unwrap().input.to_string();
                match finish(serde_json::from_str(&input).unwrap(), &Kinds::default()) {
                    Ok(done) => {
                        self.graph.finish(
                            reference,
                            done.entity.to_string().into(),
                            done.relations,
                        );
                    }
                    Err(faults) => self.graph.fail(reference, faults),
                }
            }
            let more = self.graph.take_changes();
            next.clone_from(&more.process);
            all.process.extend(more.process);
            all.show.extend(more.show);
            all.store.extend(more.store);
            all.gone.extend(more.gone);
        }
        all
    }

    fn relations(&self, reference: &str) -> Vec<String> {
        let shown = self.graph.shown(reference).unwrap();
        let text = |r: &Value, name: &str| r[name].as_str().unwrap().to_owned();
        let all = shown["relations"].as_array().unwrap();
        all.iter().map(|r| format!("{} {}", text(r, "type"), text(r, "targetRef"))).collect()
    }

    fn is_orphan(&self, reference: &str) -> bool {
        let shown = self.graph.shown(reference).unwrap();
        shown["metadata"]["annotations"][ORPHAN] == "true"
    }
}

const A: &str = "component:default/a";

#[test]
fn an_entity_that_is_emitted_as_it_was_is_not_processed_again() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "x"), component("b", "x")]);
    assert_eq!(world.work().process.len(), 2);
    world.emit("provider:p", "l", &[component("a", "x"), component("b", "y")]);
    let work = world.work();
    assert_eq!(Vec::from_iter(work.process), ["component:default/b"]);
    world.emit("provider:p", "l", &[component("a", "x"), component("b", "y")]);
    assert!(world.work().is_empty());
}

#[test]
fn what_only_moves_in_its_text_is_known_where_it_is_and_not_processed_again() {
    let mut world = World::new();
    let at = |line| {
        let mut marks = Marks::default();
        marks.note("/spec", Place { line, column: 1 });
        vec![Emission { marks, ..emission(&component("a", ""), "l") }]
    };
    let parent = Parent::Provider("p".to_owned());
    world.graph.emit(&parent, at(4), || Uuid::from_u128(1));
    world.work();
    world.graph.emit(&parent, at(9), || Uuid::from_u128(2));
    let work = world.work();
    assert!(work.process.is_empty() && work.store.contains(A), "{work:?}");
    let place = world.graph.node(A).unwrap().marks.nearest("/spec/owner");
    assert_eq!(place, Some(Place { line: 9, column: 1 }));
}

#[test]
fn relations_are_shown_on_both_sides_and_go_with_who_said_them() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "x"), component("b", "x"), group("x")]);
    world.work();
    assert_eq!(
        world.relations("group:default/x"),
        ["ownerOf component:default/a", "ownerOf component:default/b"]
    );
    assert_eq!(world.relations(A), ["ownedBy group:default/x"]);
    world.emit("provider:p", "l", &[component("a", "x"), component("b", "y"), group("x")]);
    let work = world.work();
    assert!(work.show.contains("group:default/x") && !work.show.contains(A), "{work:?}");
    assert_eq!(world.relations("group:default/x"), ["ownerOf component:default/a"]);
}

#[test]
fn of_one_reference_in_one_location_the_last_counts() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "x"), component("a", "y")]);
    world.work();
    assert_eq!(world.relations(A), ["ownedBy group:default/y"]);
}

#[test]
fn of_two_locations_the_first_has_the_reference_until_it_lets_go() {
    let mut world = World::new();
    let (one, two) = (group("one"), group("two"));
    world.emit("provider:p", "roots", &[one.clone(), two]);
    world.emit("group:default/one", "l1", &[component("a", "x")]);
    world.emit("group:default/two", "l2", &[component("a", "y")]);
    world.work();
    assert_eq!(world.relations(A), ["ownedBy group:default/x"]);
    let conflicts =
        |world: &World| world.graph.node("group:default/two").unwrap().conflicts.clone();
    assert_eq!(Vec::from_iter(conflicts(&world)), [A]);
    world.emit("group:default/one", "l1", &[]);
    assert!(world.work().process.contains("group:default/two"));
    world.emit("group:default/two", "l2", &[component("a", "y")]);
    world.work();
    assert_eq!(world.relations(A), ["ownedBy group:default/y"]);
    assert!(conflicts(&world).is_empty() && !world.is_orphan(A));
}

#[test]
fn what_is_no_longer_emitted_is_kept_and_marked() {
    let mut world = World::new();
    world.emit("provider:p", "roots", &[group("one")]);
    world.emit("group:default/one", "l", &[component("a", "x")]);
    world.work();
    let uid = world.graph.node(A).unwrap().uid;
    assert!(!world.is_orphan(A));
    world.emit("group:default/one", "l", &[]);
    assert!(world.work().show.contains(A));
    assert!(world.is_orphan(A));
    world.emit("group:default/one", "l", &[component("a", "x")]);
    let work = world.work();
    assert!(work.show.contains(A) && work.process.is_empty(), "{work:?}");
    assert!(!world.is_orphan(A));
    assert_eq!(world.graph.node(A).unwrap().uid, uid);
}

#[test]
fn a_removed_root_takes_what_it_alone_led_to() {
    let mut world = World::new();
    world.emit("provider:p", "roots", &[group("one"), group("two")]);
    world.emit("group:default/one", "l", &[component("a", "x"), component("shared", "x")]);
    world.emit("group:default/two", "l", &[component("shared", "x")]);
    // They emit each other: no reason to stay.
    world.emit(A, "l", &[component("below", "x")]);
    world.emit("component:default/below", "l", &[component("a", "x")]);
    world.work();
    world.graph.remove_root("p", "group:default/one");
    let gone: Vec<String> = world.work().gone.into_keys().collect();
    assert_eq!(gone, [A, "component:default/below", "group:default/one"]);
    assert!(!world.is_orphan("component:default/shared"));
    assert_eq!(world.graph.len(), 2);
}

#[test]
fn a_deleted_entity_asks_who_emits_it() {
    let mut world = World::new();
    world.emit("provider:p", "roots", &[group("one")]);
    world.emit("group:default/one", "l", &[component("a", "x")]);
    world.work();
    let uid = world.graph.node(A).unwrap().uid;
    assert!(world.graph.delete(A) && !world.graph.delete(A));
    let changes = world.graph.take_changes();
    assert_eq!(changes.gone.get(A), Some(&uid));
    assert!(changes.process.contains("group:default/one"));
    world.emit("group:default/one", "l", &[component("a", "x")]);
    world.work();
    assert_ne!(world.graph.node(A).unwrap().uid, uid);
}

#[test]
fn what_fails_keeps_what_was_last_seen() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "x")]);
    world.work();
    world.emit("provider:p", "l", &[component("a", "")]);
    world.work();
    let node = world.graph.node(A).unwrap();
    assert_eq!(node.faults.len(), 1);
    assert_eq!(world.relations(A), ["ownedBy group:default/x"]);
    world.emit("provider:p", "l", &[component("a", "x")]);
    world.work();
    assert!(world.graph.node(A).unwrap().faults.is_empty());
}

#[test]
fn who_was_never_seen_may_get_another_id_and_nobody_else() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "x")]);
    let (one, two) = (Uuid::from_u128(100), Uuid::from_u128(101));
    world.graph.identify(A, one);
    world.work();
    world.graph.identify(A, two);
    assert_eq!(world.graph.node(A).unwrap().uid, one);
}

#[test]
fn what_was_never_good_is_not_shown() {
    let mut world = World::new();
    world.emit("provider:p", "l", &[component("a", "")]);
    world.work();
    assert_eq!(world.graph.shown(A), None);
}

proptest! {
    /// Whatever comes and goes, the graph that is restored is the graph that was kept, and both
    /// show what a fresh one would.
    #[test]
    fn a_restored_graph_shows_the_same(steps in prop::collection::vec(
        (0_u8..3, prop::collection::vec((0_u8..4, 0_u8..3), 0..4)), 1..12))
    {
        let mut world = World::new();
        let roots = [group("r0"), group("r1"), group("r2")];
        world.emit("provider:p", "roots", &roots);
        for (root, entities) in &steps {
            let entities: Vec<Value> = entities.iter()
                .map(|(name, owner)| component(&format!("c{name}"), &format!("r{owner}"))).collect();
            world.emit(&format!("group:default/r{root}"), "l", &entities);
            world.work();
        }
        let kept = world.graph.nodes()
            .map(|(reference, node)| Kept { reference: reference.to_owned(), node: node.clone() });
        let again = Graph::restore(kept.collect());
        for (reference, node) in world.graph.nodes() {
            prop_assert_eq!(Some(node), again.node(reference));
            prop_assert_eq!(world.graph.shown(reference), again.shown(reference));
        }
        // The relations of who is there say what those there say, and nothing else.
        for (reference, node) in world.graph.nodes() {
            for relation in &node.relations {
                if world.graph.node(&relation.source).is_some() {
                    let line = format!("{} {}", relation.kind, relation.target);
                    prop_assert!(world.relations(&relation.source).contains(&line), "{}", reference);
                }
            }
        }
    }
}

//! Where a query begins and in which order it walks its joins.
//!
//! An id that WHERE fixes is looked up, never searched for. The plan depends on the query alone,
//! so that every page of it is enumerated in the same order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::query::ast::{Collection, Comparison, Condition, Join, Operand, Path, Select, Slot};

/// Values that the query fixes for members of its rows, by slot and member.
type Fixed<'a> = BTreeMap<(Slot, &'a str), BTreeSet<&'a str>>;

#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) start: Start<'a>,
    pub(super) steps: Vec<Step<'a>>,
    fixed: Fixed<'a>,
}

/// What the first ids come from.
#[derive(Debug)]
pub(super) enum Start<'a> {
    /// These twins in this slot.
    Twins(Slot, BTreeSet<&'a str>),
    /// Twins in slot 0 of this model or, unless exact, of one that extends it.
    Model { model: &'a str, exact: bool },
    /// All twins, in slot 0.
    AllTwins,
    /// Relationships of these sources.
    Sources(BTreeSet<&'a str>),
    /// Relationships to these targets.
    Targets(BTreeSet<&'a str>),
    /// Relationships of these names.
    Names(BTreeSet<&'a str>),
    /// All relationships.
    AllRelationships,
}

/// One join, walked from the end that is known.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// From the source to the joined twin.
    Forward(&'a Join),
    /// From the joined twin back to the source.
    Backward(&'a Join),
}

impl Plan<'_> {
    /// Whether the query allows this twin in this slot, as far as ids tell.
    pub(super) fn allows(&self, slot: Slot, twin: &str) -> bool {
        self.fixed.get(&(slot, "$dtId")).is_none_or(|ids| ids.contains(twin))
    }
}

pub(super) fn plan(select: &Select) -> Plan<'_> {
    let mut conjuncts = Vec::new();
    if let Some(condition) = &select.condition {
        collect(condition, &mut conjuncts);
    }
    let fixed = fixed(&conjuncts);
    let (start, slot) = match select.collection {
        Collection::Relationships => (relationships_start(&fixed), 0),
        Collection::Twins => twins_start(&fixed, &conjuncts),
    };
    let mut steps = Vec::new();
    let mut known = BTreeSet::from([slot]);
    let mut open: Vec<&Join> = select.joins.iter().collect();
    // Joins form a tree: as long as one is open, one of the open has a known end.
    while let Some(at) =
        open.iter().position(|join| known.contains(&join.source) || known.contains(&join.twin))
    {
        let join = open.remove(at);
        if known.insert(join.twin) {
            steps.push(Step::Forward(join));
        } else {
            known.insert(join.source);
            steps.push(Step::Backward(join));
        }
    }
    Plan { start, steps, fixed }
}

fn collect<'a>(condition: &'a Condition, conjuncts: &mut Vec<&'a Condition>) {
    match condition {
        Condition::And(left, right) => {
            collect(left, conjuncts);
            collect(right, conjuncts);
        }
        other => conjuncts.push(other),
    }
}

fn fixed<'a>(conjuncts: &[&'a Condition]) -> Fixed<'a> {
    let mut fixed = Fixed::new();
    for condition in conjuncts {
        let (path, values) = match condition {
            Condition::Compare(left, Comparison::Equal, right) => match (left, right) {
                (Operand::Path(path), Operand::Literal(value))
                | (Operand::Literal(value), Operand::Path(path)) => {
                    (path, std::slice::from_ref(value))
                }
                _ => continue,
            },
            Condition::In(Operand::Path(path), values) => (path, values.as_slice()),
            _ => continue,
        };
        let Path { slot, members } = path;
        let [member] = members.as_slice() else { continue };
        let values: BTreeSet<&str> = values.iter().filter_map(Value::as_str).collect();
        let key = (*slot, member.as_str());
        match fixed.get_mut(&key) {
            Some(known) => known.retain(|value| values.contains(value)),
            None => {
                fixed.insert(key, values);
            }
        }
    }
    fixed
}

fn twins_start<'a>(fixed: &Fixed<'a>, conjuncts: &[&'a Condition]) -> (Start<'a>, Slot) {
    let ids = fixed.iter().filter(|((_, member), _)| *member == "$dtId");
    if let Some(((slot, _), ids)) = ids.min_by_key(|((slot, _), ids)| (ids.len(), *slot)) {
        return (Start::Twins(*slot, ids.clone()), *slot);
    }
    let of_model = conjuncts.iter().find_map(|condition| match condition {
        Condition::OfModel { slot: 0, model, exact } => Some(Start::Model { model, exact: *exact }),
        _ => None,
    });
    (of_model.unwrap_or(Start::AllTwins), 0)
}

fn relationships_start<'a>(fixed: &Fixed<'a>) -> Start<'a> {
    let of = |member| fixed.get(&(0, member)).cloned();
    if let Some(sources) = of("$sourceId") {
        return Start::Sources(sources);
    }
    if let Some(targets) = of("$targetId") {
        return Start::Targets(targets);
    }
    if let Some(names) = of("$relationshipName") {
        return Start::Names(names);
    }
    Start::AllRelationships
}

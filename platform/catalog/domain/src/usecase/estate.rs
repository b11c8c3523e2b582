//! Descriptors that are looked at together, without a catalogue that knows the rest.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::entity::{Fault, reference_of, references};

/// References to entities that are not among these: by the place in the list, what is wrong.
#[must_use]
pub fn dangling(entities: &[&Value]) -> Vec<(usize, Fault)> {
    let known: HashSet<String> = entities
        .iter()
        .filter_map(|entity| reference_of(entity))
        .map(|reference| reference.to_string())
        .collect();
    let mut found = Vec::new();
    for (nth, entity) in entities.iter().enumerate() {
        for (pointer, reference) in references(entity) {
            if !known.contains(&reference.to_string()) {
                let detail = format!(
                    "names {reference}, which is not among what was read: describe it too, or \
                     correct the name"
                );
                found.push((nth, Fault::new(pointer, detail)));
            }
        }
    }
    found
}

/// Entities whose reference one before them has: by the place in the list, the place of the first.
#[must_use]
pub fn repeated(entities: &[&Value]) -> Vec<(usize, usize)> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (nth, entity) in entities.iter().enumerate() {
        let Some(reference) = reference_of(entity) else { continue };
        let known = *first.entry(reference.to_string()).or_insert(nth);
        if known != nth {
            found.push((nth, known));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(name: &str, groups: &[&str]) -> Value {
        json!({"kind": "User", "metadata": {"name": name}, "spec": {"memberOf": groups}})
    }

    #[test]
    fn a_reference_is_found_by_what_it_means_and_not_by_how_it_is_written() {
        let group = json!({"kind": "Group", "metadata": {"name": "Team", "namespace": "default"}});
        let ada = user("ada", &["team", "default/TEAM", "other/team", "a:b:c"]);
        let found = dangling(&[&group, &ada]);
        let shown =
            found.iter().map(|(nth, fault)| format!("{nth} {} {}", fault.pointer, fault.detail));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            ["1 /spec/memberOf/2 names group:other/team, which is not among what was read: \
              describe it too, or correct the name"]
        );
    }

    #[test]
    fn the_second_of_one_reference_is_told_of_the_first() {
        let (ada, again) = (user("ada", &[]), user("ADA", &[]));
        let bob = user("bob", &[]);
        assert_eq!(repeated(&[&ada, &bob, &again, &ada]), [(2, 0), (3, 0)]);
        assert_eq!(repeated(&[&bob, &json!({}), &json!({})]), []);
    }
}

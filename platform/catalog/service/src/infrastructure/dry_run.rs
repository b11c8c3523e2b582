//! What registering a location would bring, without bringing it.

use std::collections::VecDeque;
use std::sync::Arc;

use catalog_domain::entity::{Fault, Marks};
use catalog_domain::usecase::{Emission, LocationRef};
use serde_json::Value;

use super::core::root;
use super::judge::Judge;
use super::reading::{Outcome, has_placeholders, is_location, read};
use super::source::Sources;

/// Entities that a dry run looks at, at most.
const MOST: usize = 10_000;

/// The entities that a location leads to, the one that stands for it first.
///
/// # Errors
///
/// What is wrong, for people.
pub(crate) async fn dry_run(
    sources: &Sources,
    judge: &Judge,
    location: &LocationRef,
) -> Result<Vec<Value>, String> {
    let first = root(location);
    let mut next = VecDeque::from([first]);
    let mut seen = Vec::new();
    let mut entities = Vec::new();
    while let Some(Emission { reference, input, location_key, marks }) = next.pop_front() {
        if seen.contains(&reference) || MOST <= seen.len() {
            continue;
        }
        seen.push(reference.clone());
        let entity = if is_location(&input) || has_placeholders(&input) {
            match read(sources, judge, Arc::clone(&input), None).await.outcome {
                Outcome::Filled(entity) => entity,
                Outcome::Emits(emissions, beside) if beside.is_empty() => {
                    next.extend(emissions);
                    serde_json::from_str(&input).unwrap_or_default()
                }
                Outcome::Faults(faults) | Outcome::Emits(_, faults) => {
                    return Err(all(&reference, &location_key, &marks, &faults));
                }
                Outcome::Same => Value::Null,
            }
        } else {
            serde_json::from_str(&input).unwrap_or_default()
        };
        let done = judge.finish(entity);
        let done = done.map_err(|faults| all(&reference, &location_key, &marks, &faults))?;
        entities.push(done.entity);
    }
    Ok(entities)
}

/// What is wrong with an entity, and where.
fn all(reference: &str, location_key: &str, marks: &Marks, faults: &[Fault]) -> String {
    let place = location_key.split_once(':').map_or(location_key, |(_, target)| target);
    let each = faults.iter().map(|fault| {
        let Fault { pointer, detail } = fault;
        let said = format!("{pointer} {detail}");
        match marks.nearest(pointer) {
            Some(at) => format!("{place}:{}:{}: {said}", at.line, at.column),
            None => said,
        }
    });
    format!("{reference}: {}", each.collect::<Vec<_>>().join("; "))
}

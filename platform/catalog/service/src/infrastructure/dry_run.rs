//! What registering a location would bring, without bringing it.

use std::collections::VecDeque;
use std::sync::Arc;

use catalog_domain::entity::{Kinds, finish};
use catalog_domain::usecase::LocationRef;
use serde_json::Value;

use super::core::root;
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
    kinds: &Kinds,
    location: &LocationRef,
) -> Result<Vec<Value>, String> {
    let first = root(location);
    let mut next = VecDeque::from([(first.reference, first.input)]);
    let mut seen = Vec::new();
    let mut entities = Vec::new();
    while let Some((reference, input)) = next.pop_front() {
        if seen.contains(&reference) || MOST <= seen.len() {
            continue;
        }
        seen.push(reference.clone());
        let entity = if is_location(&input) || has_placeholders(&input) {
            match read(sources, kinds, Arc::clone(&input), None).await.outcome {
                Outcome::Filled(entity) => entity,
                Outcome::Emits(emissions, beside) if beside.is_empty() => {
                    next.extend(emissions.into_iter().map(|found| (found.reference, found.input)));
                    serde_json::from_str(&input).unwrap_or_default()
                }
                Outcome::Faults(faults) | Outcome::Emits(_, faults) => {
                    return Err(all(&reference, &faults));
                }
                Outcome::Same => Value::Null,
            }
        } else {
            serde_json::from_str(&input).unwrap_or_default()
        };
        let done = finish(entity, kinds).map_err(|faults| all(&reference, &faults))?;
        entities.push(done.entity);
    }
    Ok(entities)
}

fn all(reference: &str, faults: &[catalog_domain::entity::Fault]) -> String {
    let each = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail));
    format!("{reference}: {}", each.collect::<Vec<_>>().join("; "))
}

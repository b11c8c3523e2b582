//! What came too late: facts that lie within a settled process and were not weighed in it.
//!
//! Told by comparing, not by marking what arrives, so that a fact delivered twice, or delivered
//! again after a crash, is not taken for a late one.

use std::collections::BTreeSet;

use crate::{
    fact::{Fact, FactId},
    process::{Entry, Resume, What},
};

/// A settled process, as far as lateness goes.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'a> {
    /// Where the fold goes on behind it.
    pub resume: &'a Resume,
    /// What was weighed in it.
    pub weighed: &'a BTreeSet<FactId>,
}

/// The late facts of each settled process, in order. `settled` are all of a patient's, by end; a
/// fact belongs to the first one that it does not lie behind.
pub fn late<'a>(
    settled: &[Settled<'_>],
    facts: impl IntoIterator<Item = &'a Fact>,
) -> Vec<Vec<Entry>> {
    let mut found = vec![BTreeSet::new(); settled.len()];
    for fact in facts {
        let order = fact.order();
        let of = settled.iter().position(|process| !process.resume.is_behind(&order));
        let Some((process, lines)) =
            of.and_then(|index| settled.get(index).zip(found.get_mut(index)))
        else {
            continue;
        };
        if !process.weighed.contains(&fact.id) {
            lines.insert((order, fact.kind.to_string()));
        }
    }
    let entry = |(order, fact): (crate::fact::Order, String)| Entry {
        at: order.at,
        what: What::Late { fact },
    };
    found.into_iter().map(|lines| lines.into_iter().map(entry).collect()).collect()
}

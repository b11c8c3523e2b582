//! What holds of a graph after every change, and of the log that it is folded from.

use std::collections::BTreeSet;

use super::{EdgeKey, Graph};
use crate::twin::{model_of, text};

impl Graph {
    /// The indexes say what the documents say: every relationship stands with both of its ends and
    /// under its name, and every twin under its model; and nothing else does.
    pub fn agrees(&self) -> bool {
        let mut named: BTreeSet<(&str, EdgeKey)> = BTreeSet::new();
        let mut arriving: BTreeSet<(&str, EdgeKey)> = BTreeSet::new();
        for (source, twin) in &self.twins {
            for (id, edge) in &twin.outgoing {
                let key = (source.clone(), id.clone());
                arriving.insert((text(edge, "$targetId"), key.clone()));
                named.insert((text(edge, "$relationshipName"), key));
            }
        }
        let mut listed: BTreeSet<(&str, EdgeKey)> = BTreeSet::new();
        for (name, keys) in &self.by_name {
            listed.extend(keys.iter().map(|key| (name.as_str(), key.clone())));
        }
        let mut known: BTreeSet<(&str, EdgeKey)> = BTreeSet::new();
        for (target, twin) in &self.twins {
            known.extend(twin.incoming.iter().map(|key| (target.as_str(), key.clone())));
        }
        let mut models: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (model, ids) in &self.by_model {
            models.extend(ids.iter().map(|id| (model.as_str(), id.as_str())));
        }
        let twins = self.twins.iter().map(|(id, twin)| (model_of(&twin.document), id.as_str()));
        named == listed && arriving == known && twins.collect::<BTreeSet<_>>() == models
    }
}

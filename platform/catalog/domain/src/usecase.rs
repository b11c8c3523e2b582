//! Who emits whom: the catalogue as it grows from its sources.

mod estate;
mod graph;
mod location;

pub use estate::{dangling, repeated};
pub use graph::{Changes, Claimed, Emission, Graph, Kept, Node, Parent};
pub use location::{
    LocationRef, LocationRefError, MANAGED_BY, ORIGIN, ORPHAN, Presence, Targets, annotated,
    generated, targets,
};

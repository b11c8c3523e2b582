//! TechDocs' wire: what is answered, and what an entity says of its documentation.

mod answer;
mod origin;
mod written;

pub(crate) use answer::{MANNER, moved, nowhere, served};
pub(crate) use origin::{Origin, OriginError, origin};
pub(crate) use written::{Facts, metadata, problems, search_index};

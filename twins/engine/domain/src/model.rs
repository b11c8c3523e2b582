//! DTDL models: what a twin may look like.
//!
//! A model is parsed once, when it is uploaded, into [`Model`] with everything inherited copied
//! in; after that no write and no query looks at DTDL text again.

mod dtmi;
mod interface;
mod parse;
mod registry;
mod schema;
mod units;

pub use dtmi::{InvalidModelId, ModelId};
pub use interface::{Content, ContentKind, Model, RelationshipRule};
pub use registry::{ModelData, ModelError, Models, is_decommission_patch};
pub use schema::{EnumValues, Field, Primitive, Schema};

/// Most models of one upload.
pub const MAX_MODELS_PER_UPLOAD: usize = 250;
/// Most models of an instance.
pub const MAX_MODELS: usize = 10_000;

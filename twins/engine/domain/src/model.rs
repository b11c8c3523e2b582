//! DTDL models: what a twin may look like.
//!
//! A model is parsed once, when it is uploaded, into a [`Model`] with everything inherited copied
//! in; after that no write and no query looks at DTDL text again. Version 2 of the language is
//! read; rules and limits are those of its specification
//! (<https://github.com/Azure/opendigitaltwins-dtdl/blob/master/DTDL/v2/DTDL.v2.md>) and, where
//! the service is narrower than the language, those of the service.

mod dtmi;
mod elements;
mod error;
mod interface;
mod reader;
mod registry;
mod schema;
mod schema_reader;
mod units;

pub use dtmi::{InvalidModelId, MAX_ELEMENT_ID, MAX_INTERFACE_ID, ModelId};
pub use error::{ModelError, Violation};
pub use interface::{Content, Model, ModelData, RelationshipRule};
pub use registry::{MAX_MODEL_BYTES, MAX_MODELS, MAX_MODELS_PER_UPLOAD, Models};
pub use schema::{EnumValues, Field, Primitive, Schema};

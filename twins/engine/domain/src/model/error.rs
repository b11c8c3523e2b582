//! Why models are refused: always the rule and the path to the element that breaks it.

use crate::error::{EngineError, ErrorCode};

/// One broken rule of DTDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Id of the interface, or its position in the upload where it has none.
    pub model: String,
    /// Short name of the rule, e.g. `name-syntax`.
    pub rule: &'static str,
    /// Path to the element inside the interface, e.g. `contents/3/schema/fields/0/name`; empty
    /// for the interface itself.
    pub path: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at '{}' of {}: {}", self.rule, self.path, self.model, self.detail)
    }
}

/// Why an upload is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Models break rules; all violations found, at least one.
    #[error("the models break {} rule(s) of DTDL", .0.len())]
    Invalid(Vec<Violation>),
    /// A model is written in another version of DTDL.
    #[error("{0} is not written in DTDL version 2")]
    Version(String),
    /// A model with this id is stored already; a new version is a new id.
    #[error("model {0} exists already")]
    AlreadyExists(String),
    /// The upload is not a list of models.
    #[error("{0}")]
    Argument(&'static str),
    /// A documented limit would be passed.
    #[error("{0}")]
    Limit(&'static str),
}

impl From<ModelError> for EngineError {
    fn from(err: ModelError) -> Self {
        let message = err.to_string();
        match err {
            ModelError::Invalid(violations) => {
                let details: Vec<String> = violations.iter().map(ToString::to_string).collect();
                let message = details.first().cloned().unwrap_or(message);
                EngineError { code: ErrorCode::DtdlParserError, message, details }
            }
            ModelError::Version(_) => {
                EngineError::new(ErrorCode::ModelVersionNotSupported, message)
            }
            ModelError::AlreadyExists(_) => {
                EngineError::new(ErrorCode::ModelAlreadyExists, message)
            }
            ModelError::Argument(_) => EngineError::new(ErrorCode::InvalidArgument, message),
            ModelError::Limit(_) => EngineError::new(ErrorCode::LimitExceeded, message),
        }
    }
}

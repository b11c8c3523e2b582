//! What can go wrong when asking the twin layer, by what the caller does next.

use std::error::Error;

/// A request to the twin layer that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The twin, relationship or model is not there (404).
    #[error("the twin layer does not know what was asked for ({code})")]
    NotFound {
        /// The layer's error code, for example `DigitalTwinNotFound`.
        code: String,
    },
    /// The condition did not hold: an entity tag differs, or what was to be created exists (412).
    #[error("the condition of the request does not hold")]
    Precondition,
    /// The layer understood and refused; the same request will be refused again.
    #[error("the twin layer refused with {status} {code}: {message}")]
    Refused {
        /// HTTP status, 4xx.
        status: u16,
        /// The layer's error code, for example `ValidationFailed`.
        code: String,
        /// The layer's explanation, for people.
        message: String,
    },
    /// The layer could not be reached, was too busy, or failed: try again later. Whether a write
    /// took place is unknown.
    #[error("the twin layer is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The request could not be written or the answer is not what the protocol says: a mistake in
    /// a program.
    #[error("the exchange with the twin layer does not follow the protocol")]
    Protocol(#[source] Box<dyn Error + Send + Sync>),
}

impl TwinError {
    /// True when the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, TwinError::Unavailable(_))
    }

    /// The layer's error code; `None` when there is none.
    pub fn code(&self) -> Option<&str> {
        match self {
            TwinError::NotFound { code } | TwinError::Refused { code, .. } => Some(code),
            TwinError::Precondition | TwinError::Unavailable(_) | TwinError::Protocol(_) => None,
        }
    }
}

/// The layer answered, with a status that means "later".
#[derive(Debug, thiserror::Error)]
#[error("status {status} {code}")]
pub(crate) struct Busy {
    pub(crate) status: u16,
    pub(crate) code: String,
}

/// A member that the protocol promises is missing or has another type.
#[derive(Debug, thiserror::Error)]
#[error("no {0} in the answer")]
pub(crate) struct Missing(pub(crate) &'static str);

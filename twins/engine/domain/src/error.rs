//! What the engine refuses, in the words of the Azure Digital Twins protocol.
//!
//! One type for all operations, because the wire has one shape for all: a code that clients
//! dispatch on, the status that belongs to it, and a text for people. The names are those that
//! the published clients name; where the protocol leaves the choice open the variant says so.

use std::fmt;

/// Why an operation was refused. The name on the wire is [`ErrorCode::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A query's continuation token is not one of ours.
    BadRequest,
    /// The component does not exist on this twin.
    ComponentNotFound,
    /// The twin does not exist.
    DigitalTwinNotFound,
    /// A model breaks a rule of DTDL or of the service.
    DtdlParserError,
    /// An event route names an endpoint that does not exist.
    EventRouteEndpointInvalid,
    /// An event route's filter cannot be read.
    EventRouteFilterInvalid,
    /// An event route's id cannot be used.
    EventRouteIdInvalid,
    /// The event route does not exist.
    EventRouteNotFound,
    /// An argument is malformed.
    InvalidArgument,
    /// A relationship's body does not name a valid relationship.
    InvalidRelationship,
    /// A JSON Patch is malformed, uses an unknown operation or points at nothing.
    JsonPatchInvalid,
    /// A documented limit would be passed.
    LimitExceeded,
    /// A required argument is absent.
    MissingArgument,
    /// A model with this id is stored already.
    ModelAlreadyExists,
    /// No new twin may be made of a decommissioned model.
    ModelDecommissioned,
    /// The model does not exist.
    ModelNotFound,
    /// A model that is not decommissioned extends this one or has it as component.
    ModelReferencesNotDecommissioned,
    /// Another model extends this one or has it as component.
    ModelReferencesNotDeleted,
    /// The model is written in a version of DTDL that is not supported.
    ModelVersionNotSupported,
    /// The operation is understood but not allowed on this object.
    OperationNotAllowed,
    /// `If-Match` or `If-None-Match` does not hold.
    PreconditionFailed,
    /// Too many requests.
    QuotaReachedError,
    /// The relationship exists already.
    RelationshipAlreadyExists,
    /// The relationship does not exist.
    RelationshipNotFound,
    /// A twin with relationships cannot be deleted.
    RelationshipsNotDeleted,
    /// A query cannot be read, or asks for what is not supported.
    SqlQueryError,
    /// The target twin of a relationship does not exist.
    TargetTwinNotFound,
    /// A query took too long.
    TimeoutError,
    /// No more twins fit.
    TwinLimitReached,
    /// A twin or relationship does not fit its model.
    ValidationFailed,
}

impl ErrorCode {
    /// Name of the code as clients see it in `error.code`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::ComponentNotFound => "ComponentNotFound",
            Self::DigitalTwinNotFound => "DigitalTwinNotFound",
            Self::DtdlParserError => "DTDLParserError",
            Self::EventRouteEndpointInvalid => "EventRouteEndpointInvalid",
            Self::EventRouteFilterInvalid => "EventRouteFilterInvalid",
            Self::EventRouteIdInvalid => "EventRouteIdInvalid",
            Self::EventRouteNotFound => "EventRouteNotFound",
            Self::InvalidArgument => "InvalidArgument",
            Self::InvalidRelationship => "InvalidRelationship",
            Self::JsonPatchInvalid => "JsonPatchInvalid",
            Self::LimitExceeded => "LimitExceeded",
            Self::MissingArgument => "MissingArgument",
            Self::ModelAlreadyExists => "ModelAlreadyExists",
            Self::ModelDecommissioned => "ModelDecommissioned",
            Self::ModelNotFound => "ModelNotFound",
            Self::ModelReferencesNotDecommissioned => "ModelReferencesNotDecommissioned",
            Self::ModelReferencesNotDeleted => "ModelReferencesNotDeleted",
            Self::ModelVersionNotSupported => "ModelVersionNotSupported",
            Self::OperationNotAllowed => "OperationNotAllowed",
            Self::PreconditionFailed => "PreconditionFailed",
            Self::QuotaReachedError => "QuotaReachedError",
            Self::RelationshipAlreadyExists => "RelationshipAlreadyExists",
            Self::RelationshipNotFound => "RelationshipNotFound",
            Self::RelationshipsNotDeleted => "RelationshipsNotDeleted",
            Self::SqlQueryError => "SqlQueryError",
            Self::TargetTwinNotFound => "TargetTwinNotFound",
            Self::TimeoutError => "TimeoutError",
            Self::TwinLimitReached => "TwinLimitReached",
            Self::ValidationFailed => "ValidationFailed",
        }
    }

    /// HTTP status that belongs to the code.
    pub fn status(self) -> u16 {
        match self {
            Self::ComponentNotFound
            | Self::DigitalTwinNotFound
            | Self::EventRouteNotFound
            | Self::ModelNotFound
            | Self::RelationshipNotFound
            | Self::TargetTwinNotFound => 404,
            Self::ModelAlreadyExists
            | Self::ModelReferencesNotDecommissioned
            | Self::ModelReferencesNotDeleted
            | Self::RelationshipAlreadyExists => 409,
            Self::PreconditionFailed => 412,
            Self::QuotaReachedError => 429,
            Self::BadRequest
            | Self::DtdlParserError
            | Self::EventRouteEndpointInvalid
            | Self::EventRouteFilterInvalid
            | Self::EventRouteIdInvalid
            | Self::InvalidArgument
            | Self::InvalidRelationship
            | Self::JsonPatchInvalid
            | Self::LimitExceeded
            | Self::MissingArgument
            | Self::ModelDecommissioned
            | Self::ModelVersionNotSupported
            | Self::OperationNotAllowed
            | Self::RelationshipsNotDeleted
            | Self::SqlQueryError
            | Self::TimeoutError
            | Self::TwinLimitReached
            | Self::ValidationFailed => 400,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refused operation: the code that clients dispatch on and a text for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// The code.
    pub code: ErrorCode,
    /// What is wrong, naming the input.
    pub message: String,
    /// Further faults of the same input, each with its own text; usually empty.
    pub details: Vec<String>,
}

impl EngineError {
    /// Makes an error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    /// HTTP status of the answer.
    pub fn status(&self) -> u16 {
        self.code.status()
    }
}

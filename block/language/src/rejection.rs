//! Why a record could not be read as an event of its topic. The consumer sends such a record to
//! the dead letters with this text, which never quotes the value: it may hold patient data.

/// A record that is no event of its topic. Trying again cannot help.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// Neither the record nor its value names a key.
    #[error("record of {topic} has no key, neither its own nor one in its value")]
    NoKey {
        /// The topic read from.
        topic: String,
    },
    /// The key is none of the topic's.
    #[error("{key} is not a key of {topic}")]
    UnknownKey {
        /// The topic read from.
        topic: String,
        /// The key found; `a text` when it could be none.
        key: String,
    },
    /// The value is not JSON, lacks a field, or has one of another type or spelling.
    #[error("value of {key} on {topic} is malformed at line {line} column {column}: {problem}")]
    Malformed {
        /// The topic read from.
        topic: String,
        /// The key found.
        key: String,
        /// Line of the value, from 1; 0 when unknown.
        line: usize,
        /// Column of that line, from 1; 0 when unknown.
        column: usize,
        /// Which kind of mistake.
        problem: Malformation,
        /// What the parser said; it may quote the value, so it is not for logs.
        #[source]
        source: serde_json::Error,
    },
}

/// Kinds of malformed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformation {
    /// Not JSON.
    #[error("not valid JSON")]
    Syntax,
    /// JSON with a missing field, or one of another type or spelling than the contract's.
    #[error("not the fields of the contract")]
    Fields,
}

impl Rejection {
    /// A stable name of the reason, for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "no-key",
            Self::UnknownKey { .. } => "unknown-key",
            Self::Malformed { .. } => "malformed",
        }
    }
}

//! What is wrong with a message, and where, in HL7's own terms.

use std::fmt::{self, Display, Formatter};

/// A place in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The segment's name.
    pub segment: &'static str,
    /// Which of the segments of that name, counted from 1.
    pub sequence: usize,
    /// The field, counted from 1; 0 for the segment as a whole.
    pub field: usize,
    /// The component, counted from 1; 0 for the field as a whole.
    pub component: usize,
}

impl Place {
    /// A field of the first segment of a name.
    pub const fn field(segment: &'static str, field: usize) -> Self {
        Self { segment, sequence: 1, field, component: 0 }
    }

    /// A component of a field of the first segment of a name.
    pub const fn component(segment: &'static str, field: usize, component: usize) -> Self {
        Self { segment, sequence: 1, field, component }
    }

    /// The same place in another segment of the name.
    #[must_use]
    pub const fn of(self, sequence: usize) -> Self {
        Self { sequence, ..self }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.segment)?;
        if 1 < self.sequence {
            write!(f, "({})", self.sequence)?;
        }
        if 0 < self.field {
            write!(f, "-{}", self.field)?;
        }
        if 0 < self.component {
            write!(f, ".{}", self.component)?;
        }
        Ok(())
    }
}

/// What kind of mistake (HL7 table 0357, message error condition codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Accepted; only with something to say of what was left out.
    Accepted,
    /// Segments are missing or in the wrong order.
    SegmentSequence,
    /// A field that is needed has no value.
    RequiredField,
    /// A value is not of its data type.
    DataType,
    /// A value is none of those that are known.
    TableValue,
    /// The type of message is not taken.
    MessageType,
    /// The event is not taken.
    EventCode,
    /// The processing id is another.
    ProcessingId,
    /// The version is not taken.
    VersionId,
    /// What the message is about is not known.
    UnknownKey,
    /// What the message makes is there already, and is another.
    DuplicateKey,
    /// A rule or a failure of this system.
    Internal,
}

impl Code {
    /// The code.
    pub fn number(self) -> &'static str {
        match self {
            Self::Accepted => "0",
            Self::SegmentSequence => "100",
            Self::RequiredField => "101",
            Self::DataType => "102",
            Self::TableValue => "103",
            Self::MessageType => "200",
            Self::EventCode => "201",
            Self::ProcessingId => "202",
            Self::VersionId => "203",
            Self::UnknownKey => "204",
            Self::DuplicateKey => "205",
            Self::Internal => "207",
        }
    }

    /// The code's words in the table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Accepted => "Message accepted",
            Self::SegmentSequence => "Segment sequence error",
            Self::RequiredField => "Required field missing",
            Self::DataType => "Data type error",
            Self::TableValue => "Table value not found",
            Self::MessageType => "Unsupported message type",
            Self::EventCode => "Unsupported event code",
            Self::ProcessingId => "Unsupported processing id",
            Self::VersionId => "Unsupported version id",
            Self::UnknownKey => "Unknown key identifier",
            Self::DuplicateKey => "Duplicate key identifier",
            Self::Internal => "Application internal error",
        }
    }
}

/// One thing that is wrong, or worth saying. Never quotes a value: it may be a patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where; `None` when no field is to blame.
    pub place: Option<Place>,
    /// What kind.
    pub code: Code,
    /// What is expected, for people.
    pub detail: String,
}

impl Fault {
    /// A fault of a field.
    pub fn at(place: Place, code: Code, detail: impl Display) -> Self {
        Self { place: Some(place), code, detail: detail.to_string() }
    }

    /// A fault of nothing in the message.
    pub fn nowhere(code: Code, detail: impl Display) -> Self {
        Self { place: None, code, detail: detail.to_string() }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place} {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

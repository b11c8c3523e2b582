//! Schemas of values.

use std::collections::BTreeSet;

/// A primitive schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// ISO 8601 full date.
    Date,
    /// RFC 3339 date and time with offset.
    DateTime,
    /// IEEE 754, 8 bytes.
    Double,
    /// ISO 8601 duration.
    Duration,
    /// IEEE 754, 4 bytes.
    Float,
    /// Signed, 4 bytes.
    Integer,
    /// Signed, 8 bytes.
    Long,
    /// UTF-8 text.
    String,
    /// RFC 3339 full time.
    Time,
}

impl Primitive {
    /// Reads the name that DTDL uses.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "double" => Self::Double,
            "duration" => Self::Duration,
            "float" => Self::Float,
            "integer" => Self::Integer,
            "long" => Self::Long,
            "string" => Self::String,
            "time" => Self::Time,
            _ => return None,
        })
    }

    /// Whether semantic types may be put on it.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Double | Self::Float | Self::Integer | Self::Long)
    }
}

/// The values of an enumeration; what is stored is the value, not its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnumValues {
    /// `valueSchema` integer.
    Integers(BTreeSet<i32>),
    /// `valueSchema` string.
    Strings(BTreeSet<String>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name, unique in the object.
    pub name: String,
    /// Schema of the value.
    pub schema: Schema,
}

/// Schema of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Schema {
    /// A primitive.
    Primitive(Primitive),
    /// A geospatial schema; telemetry only in version 2, so no stored value has it.
    Geospatial,
    /// An array; telemetry only in version 2.
    Array(Box<Schema>),
    /// An enumeration.
    Enum(EnumValues),
    /// A map with string keys.
    Map(Box<Schema>),
    /// An object, fields in order of declaration.
    Object(Vec<Field>),
}

impl Schema {
    /// Levels of complex schemas, 0 for a primitive.
    pub fn depth(&self) -> usize {
        match self {
            Self::Primitive(_) | Self::Geospatial => 0,
            Self::Enum(_) => 1,
            Self::Array(inner) | Self::Map(inner) => 1 + inner.depth(),
            Self::Object(fields) => {
                1 + fields.iter().map(|field| field.schema.depth()).max().unwrap_or(0)
            }
        }
    }

    /// Whether an array or a geospatial schema occurs at any level.
    pub fn is_telemetry_only(&self) -> bool {
        match self {
            Self::Primitive(_) | Self::Enum(_) => false,
            Self::Geospatial | Self::Array(_) => true,
            Self::Map(inner) => inner.is_telemetry_only(),
            Self::Object(fields) => fields.iter().any(|field| field.schema.is_telemetry_only()),
        }
    }
}

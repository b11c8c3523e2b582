//! Whether a value fits a schema, and how instants are written.

use jiff::{Timestamp, civil};
use serde_json::Value;

use crate::model::{EnumValues, Primitive, Schema};

/// Longest string value, in bytes.
pub(crate) const MAX_STRING_BYTES: usize = 4 * 1024;
/// Longest property name or map key, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 1024;

/// Written form of an instant: UTC, milliseconds.
pub(crate) fn written(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Reads an RFC 3339 instant with any offset and cuts it to milliseconds.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.parse().ok()?;
    Timestamp::from_millisecond(at.as_nanosecond().div_euclid(1_000_000).try_into().ok()?).ok()
}

/// A value that does not fit: where (a path below the property, may be empty) and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// JSON pointer below the checked value.
    pub(crate) path: String,
    /// What was expected.
    pub(crate) expected: String,
}

/// Checks a value against its schema.
pub(crate) fn check(schema: &Schema, value: &Value) -> Result<(), Misfit> {
    check_at(schema, value, &mut String::new())
}

fn check_at(schema: &Schema, value: &Value, path: &mut String) -> Result<(), Misfit> {
    let misfit = |path: &str, expected: &str| Misfit {
        path: path.to_owned(),
        expected: expected.to_owned(),
    };
    if value.is_null() {
        return Err(misfit(path, "null is not a value; remove the property instead"));
    }
    match schema {
        Schema::Primitive(primitive) => {
            check_primitive(*primitive, value).map_err(|expected| misfit(path, expected))
        }
        Schema::Geospatial => Err(misfit(path, "geospatial values cannot be stored")),
        Schema::Enum(EnumValues::Integers(values)) => {
            let fits = value
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .is_some_and(|number| values.contains(&number));
            if fits { Ok(()) } else { Err(misfit(path, &format!("one of {values:?}"))) }
        }
        Schema::Enum(EnumValues::Strings(values)) => {
            let fits = value.as_str().is_some_and(|text| values.contains(text));
            if fits { Ok(()) } else { Err(misfit(path, &format!("one of {values:?}"))) }
        }
        Schema::Array(inner) => {
            let Some(items) = value.as_array() else {
                return Err(misfit(path, "an array"));
            };
            for (index, item) in items.iter().enumerate() {
                below(path, &index.to_string(), |path| check_at(inner, item, path))?;
            }
            Ok(())
        }
        Schema::Map(inner) => {
            let Some(entries) = value.as_object() else {
                return Err(misfit(path, "an object"));
            };
            for (key, item) in entries {
                if key.is_empty() || key.len() > MAX_NAME_BYTES || key.starts_with('$') {
                    return Err(misfit(
                        path,
                        "an object whose keys have 1 to 1024 bytes and do not begin with '$'",
                    ));
                }
                below(path, key, |path| check_at(inner, item, path))?;
            }
            Ok(())
        }
        Schema::Object(fields) => {
            let Some(entries) = value.as_object() else {
                return Err(misfit(path, "an object"));
            };
            for (name, item) in entries {
                let Some(field) = fields.iter().find(|field| field.name == *name) else {
                    return Err(misfit(path, &format!("no field '{name}'")));
                };
                below(path, name, |path| check_at(&field.schema, item, path))?;
            }
            Ok(())
        }
    }
}

fn below(
    path: &mut String,
    token: &str,
    check: impl FnOnce(&mut String) -> Result<(), Misfit>,
) -> Result<(), Misfit> {
    let length = path.len();
    path.push('/');
    path.push_str(&token.replace('~', "~0").replace('/', "~1"));
    check(path)?;
    path.truncate(length);
    Ok(())
}

fn check_primitive(primitive: Primitive, value: &Value) -> Result<(), &'static str> {
    let text = value.as_str();
    let (fits, expected) = match primitive {
        Primitive::Boolean => (value.is_boolean(), "a boolean"),
        Primitive::Double => (value.is_number(), "a number"),
        Primitive::Float => (
            value.as_f64().is_some_and(|number| number.abs() <= f64::from(f32::MAX)),
            "a number of 4 bytes",
        ),
        Primitive::Integer => (
            value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "an integer of 4 bytes, without fraction",
        ),
        Primitive::Long => (value.as_i64().is_some(), "an integer of 8 bytes, without fraction"),
        Primitive::String => {
            (text.is_some_and(|text| text.len() <= MAX_STRING_BYTES), "a string of at most 4 KB")
        }
        Primitive::Date => (
            text.is_some_and(|text| text.len() == 10 && text.parse::<civil::Date>().is_ok()),
            "an ISO 8601 date",
        ),
        Primitive::DateTime => {
            (text.is_some_and(|text| instant(text).is_some()), "an RFC 3339 date and time")
        }
        Primitive::Duration => (
            text.is_some_and(|text| {
                text.trim_start_matches('-').starts_with('P') && text.parse::<jiff::Span>().is_ok()
            }),
            "an ISO 8601 duration",
        ),
        Primitive::Time => (text.is_some_and(is_time), "an RFC 3339 time"),
    };
    if fits { Ok(()) } else { Err(expected) }
}

/// A full time, with or without offset.
fn is_time(text: &str) -> bool {
    let clock = match text.find(['Z', 'z', '+', '-']) {
        Some(end) => text.get(..end).unwrap_or(text),
        None => text,
    };
    let offset = text.get(clock.len()..).unwrap_or_default();
    let offset_fits = match offset.as_bytes() {
        [] | [b'Z' | b'z'] => true,
        [_, h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    let digits = clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.');
    offset_fits && digits && clock.parse::<civil::Time>().is_ok()
}

//! How instants are cut, written and read, in one place.
//!
//! Ids, bounds and equality use milliseconds, so an instant is cut to them where it enters; the
//! written form has a fixed width, so that its text order is its time order.

use jiff::fmt::temporal::DateTimePrinter;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

/// Text that is no RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an RFC 3339 instant such as 2026-05-15T08:10:00.123Z")]
pub struct ParseInstantError;

/// Cuts an instant to whole milliseconds, towards the past.
#[must_use]
pub fn cut(at: Timestamp) -> Timestamp {
    let to_millisecond = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
    // Rounding fails only beyond the year 9999, where cutting changes nothing that matters.
    at.round(to_millisecond).unwrap_or(at)
}

/// Writes an instant as UTC with exactly three fraction digits, `2026-05-15T08:10:00.123Z`.
#[must_use]
pub fn write(at: Timestamp) -> String {
    let mut text = String::with_capacity(24);
    // Writing to a `String` cannot fail.
    let _infallible =
        DateTimePrinter::new().precision(Some(3)).print_timestamp(&cut(at), &mut text);
    text
}

/// Reads any RFC 3339 instant (any offset, 0 to 9 fraction digits) and cuts it to milliseconds.
///
/// # Errors
///
/// [`ParseInstantError`] for anything else, a date without time or offset included.
pub fn parse(text: &str) -> Result<Timestamp, ParseInstantError> {
    // RFC 9557's bracketed suffixes name a zone, which no contract of ours carries.
    if text.contains('[') {
        return Err(ParseInstantError);
    }
    let at: Timestamp = text.trim().parse().map_err(|_err| ParseInstantError)?;
    Ok(cut(at))
}

/// For `#[serde(with = "chiron_clock::instant::text")]` on a field of type `Timestamp`.
pub mod text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the fixed-width form.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::write(*at))
    }

    /// Reads any RFC 3339 instant.
    ///
    /// # Errors
    ///
    /// A value that is no text, or no instant.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        super::parse(&text).map_err(de::Error::custom)
    }
}

/// For `#[serde(with = "chiron_clock::instant::option")]` on a field of type `Option<Timestamp>`.
pub mod option {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the fixed-width form, or null.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_some(&super::write(*at)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads any RFC 3339 instant, or null.
    ///
    /// # Errors
    ///
    /// A value that is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        super::parse(&text).map(Some).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, write};

    fn check(text: &str, expected: Option<&str>) {
        let actual = parse(text).ok().map(write);
        assert_eq!(actual.as_deref(), expected, "for {text}");
    }

    #[test]
    fn reads_every_offset_and_writes_one_form() {
        check("2026-05-15T08:10:00Z", Some("2026-05-15T08:10:00.000Z"));
        check("2026-05-15T08:10:00.1234567+00:00", Some("2026-05-15T08:10:00.123Z"));
        check("2026-05-15T10:10:00.999999999+02:00", Some("2026-05-15T08:10:00.999Z"));
        check("1969-12-31T23:59:59.9999Z", Some("1969-12-31T23:59:59.999Z"));
        check("2026-05-15", None);
        check("2026-05-15T08:10:00", None);
        check("2026-05-15T08:10:00+02:00[Europe/Rome]", None);
        check("tomorrow", None);
        check("", None);
    }
}

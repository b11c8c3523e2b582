//! The hospital's time zone, which decides what a day is.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// A time zone that is known on this machine, by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ZoneName(TimeZone);

impl ZoneName {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone itself.
    pub fn zone(&self) -> &TimeZone {
        &self.0
    }

    /// The day on which an instant lies.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.0.clone()).date()
    }

    /// The instant of a time of day; where clocks skip it, the one right after the gap. `None` at
    /// the ends of the calendar.
    pub fn instant(&self, day: Date, time: Time) -> Option<Timestamp> {
        let zoned = day.to_datetime(time).to_zoned(self.0.clone()).ok()?;
        Some(zoned.timestamp())
    }

    /// First instant of a day, and of the next. `None` at the ends of the calendar.
    pub fn bounds(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let next = day.tomorrow().ok()?;
        Some((self.instant(day, Time::midnight())?, self.instant(next, Time::midnight())?))
    }
}

impl TryFrom<String> for ZoneName {
    type Error = jiff::Error;

    fn try_from(name: String) -> Result<Self, jiff::Error> {
        // Known without a database of time zones.
        let utc = ["UTC", "Etc/UTC", "Z"].contains(&name.as_str());
        Ok(Self(if utc { TimeZone::UTC } else { TimeZone::get(&name)? }))
    }
}

/// The date written as `YYYY-MM-DD` (ISO 8601, calendar date, extended format); `None` for
/// everything else. The library's parser would also read one out of an instant.
pub fn parse_date(text: &str) -> Option<Date> {
    (text.len() == "YYYY-MM-DD".len()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_next_begins_when_clocks_change_too() {
        let rome = ZoneName::try_from("Europe/Rome".to_owned()).unwrap();
        let day: Date = "2026-03-29".parse().unwrap();
        let (from, to) = rome.bounds(day).unwrap();
        assert_eq!(to.duration_since(from).as_hours(), 23);
        assert_eq!(rome.day(from), day);
        assert_eq!(rome.day(to), day.tomorrow().unwrap());
        let skipped = rome.instant(day, "02:30".parse().unwrap()).unwrap();
        assert_eq!(skipped, "2026-03-29T01:30:00Z".parse().unwrap());
        assert!(ZoneName::try_from("Mars/Olympus".to_owned()).is_err());
        assert_eq!(ZoneName::try_from("UTC".to_owned()).unwrap(), ZoneName::UTC);
    }

    #[test]
    fn a_date_is_nothing_more() {
        assert_eq!(parse_date("2026-05-15"), "2026-05-15".parse().ok());
        for text in ["", "2026-5-15", "2026-02-30", "20260515", "2026-05-15T10:00:00Z"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}

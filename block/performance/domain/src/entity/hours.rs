//! When theatres are staffed, and which day an instant belongs to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::plan::TheatreId;

/// From one time of day to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    from: Time,
    to: Time,
}

/// A shift that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a theatre's hours must end after they begin, on the same day")]
pub struct InvalidShift;

impl Shift {
    /// A shift.
    ///
    /// # Errors
    ///
    /// [`InvalidShift`] when it does not end after it begins.
    pub fn new(from: Time, to: Time) -> Result<Self, InvalidShift> {
        if from < to { Ok(Self { from, to }) } else { Err(InvalidShift) }
    }
}

/// The hours of all theatres.
#[derive(Debug, Clone)]
pub struct Hours {
    /// The hospital's time zone.
    pub zone: TimeZone,
    /// Hours of theatres that have none of their own.
    pub standard: Shift,
    /// Hours of those that have.
    pub by_theatre: BTreeMap<TheatreId, Shift>,
}

impl Hours {
    /// The day on which an instant lies.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// From when to when a theatre is staffed on a day. `None` at the ends of the calendar.
    pub fn staffed(&self, theatre: &TheatreId, day: Date) -> Option<(Timestamp, Timestamp)> {
        let shift = self.by_theatre.get(theatre).unwrap_or(&self.standard);
        let instant =
            |time: Time| Some(day.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp());
        Some((instant(shift.from)?, instant(shift.to)?))
    }
}

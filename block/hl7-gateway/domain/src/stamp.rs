//! Points in time as HL7 writes them: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (HL7 v2.5.1,
//! section 2.A.22, data type DTM).

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// A point in time, as precise as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    date: Option<Date>,
    time: Option<DateTime>,
    /// East of Greenwich; `None` when the zone is the sender's.
    pub offset: Option<Offset>,
}

/// Text that is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as 20260515081000+0200")]
pub struct NotAStamp;

/// The zone of times that name none.
#[derive(Debug, Clone)]
pub struct Zone {
    /// That of the message's own time (MSH-7), which counts for all of its times.
    pub message: Option<Offset>,
    /// The hospital's.
    pub hospital: TimeZone,
}

impl Stamp {
    /// Reads a point in time.
    ///
    /// # Errors
    ///
    /// [`NotAStamp`].
    pub fn parse(text: &str) -> Result<Self, NotAStamp> {
        read(text.trim()).ok_or(NotAStamp)
    }

    /// The day; `None` when only a year or month is said.
    pub fn date(&self) -> Option<Date> {
        self.date
    }

    /// The instant, cut to milliseconds; `None` without an hour. Of an hour that there is twice,
    /// the first is meant; an hour that is left out counts as the next one (RFC 5545, 3.3.5).
    pub fn instant(&self, zone: &Zone) -> Option<Timestamp> {
        let time = self.time?;
        let zone = match self.offset.or(zone.message) {
            Some(offset) => TimeZone::fixed(offset),
            None => zone.hospital.clone(),
        };
        Some(time.to_zoned(zone).ok()?.timestamp())
    }
}

fn read(text: &str) -> Option<Stamp> {
    let (local, offset) = match text.find(['+', '-']) {
        Some(at) => (text.get(..at)?, Some(read_offset(text.get(at..)?)?)),
        None => (text, None),
    };
    let (whole, fraction) = match local.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (local, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !whole.len().is_multiple_of(2) || !(4..=14).contains(&whole.len()) {
        return None;
    }
    let part = |from: usize| -> Option<i8> {
        match whole.get(from..from + 2) {
            None => Some(0),
            Some(text) => text.parse().ok(),
        }
    };
    let milliseconds = match fraction {
        None => 0,
        Some(text) if digits(text) && text.len() <= 4 && whole.len() == 14 => {
            let padded = format!("{text:0<3}");
            padded.get(..3)?.parse::<i32>().ok()?
        }
        Some(_) => return None,
    };
    let year: i16 = whole.get(..4)?.parse().ok()?;
    let (month, day) = (part(4)?, part(6)?);
    let date = match whole.len() {
        4 => None,
        // A month alone has to be one.
        6 => Date::new(year, month, 1).ok().map(|_| None)?,
        _ => Some(Date::new(year, month, day).ok()?),
    };
    let time = match date {
        Some(date) if 10 <= whole.len() => {
            let time =
                jiff::civil::Time::new(part(8)?, part(10)?, part(12)?, milliseconds * 1_000_000);
            Some(date.to_datetime(time.ok()?))
        }
        _ => None,
    };
    Some(Stamp { date, time, offset })
}

fn read_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) =
        (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    if 59 < minutes {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// Writes an instant in the hospital's zone, to the second.
pub fn write(at: Timestamp, zone: &TimeZone) -> String {
    let local: Zoned = at.to_zoned(zone.clone());
    let minutes = local.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    format!("{}{sign}{hours:02}{minutes:02}", local.strftime("%Y%m%d%H%M%S"))
}

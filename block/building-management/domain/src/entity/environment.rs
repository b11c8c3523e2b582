//! What is measured in a room, and what the room was like at an instant.
//!
//! A quantity has one value at one instant: of two samples the event told last wins, and event ids
//! are in the order in which the twin layer accepted them. So a history is a set keyed by quantity
//! and instant, whatever the order of arrival.

use jiff::Timestamp;

use crate::entity::place::RoomId;

/// A value that no sensor in a hospital room can have measured.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum OutOfRange {
    /// See [`Celsius::new`].
    #[error("temperature must lie between -50 and 100 degrees Celsius")]
    Temperature,
    /// See [`Percent::new`].
    #[error("humidity must lie between 0 and 100 percent")]
    Humidity,
    /// See [`Lux::new`].
    #[error("luminosity must not be negative")]
    Luminosity,
}

/// Degrees Celsius.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Celsius(f64);

/// Percent of relative humidity.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// Lux.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Lux(f64);

impl Celsius {
    /// A temperature from -50 to 100 °C.
    ///
    /// # Errors
    ///
    /// Outside, or not a number.
    pub fn new(degrees: f64) -> Result<Self, OutOfRange> {
        if (-50.0..=100.0).contains(&degrees) {
            Ok(Self(degrees))
        } else {
            Err(OutOfRange::Temperature)
        }
    }

    /// Degrees Celsius.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Percent {
    /// A relative humidity from 0 to 100 %.
    ///
    /// # Errors
    ///
    /// Outside, or not a number.
    pub fn new(percent: f64) -> Result<Self, OutOfRange> {
        if (0.0..=100.0).contains(&percent) { Ok(Self(percent)) } else { Err(OutOfRange::Humidity) }
    }

    /// Percent.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Lux {
    /// An illuminance of 0 lux or more.
    ///
    /// # Errors
    ///
    /// Negative, infinite, or not a number.
    pub fn new(lux: f64) -> Result<Self, OutOfRange> {
        if lux.is_finite() && 0.0 <= lux { Ok(Self(lux)) } else { Err(OutOfRange::Luminosity) }
    }

    /// Lux.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// What can be measured, in the order in which samples of one instant are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Temperature.
    Temperature,
    /// Relative humidity.
    Humidity,
    /// Illuminance.
    Luminosity,
    /// Whether somebody is there.
    Presence,
}

impl Quantity {
    /// All, in order.
    pub const ALL: [Self; 4] =
        [Self::Temperature, Self::Humidity, Self::Luminosity, Self::Presence];
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Temperature.
    Temperature(Celsius),
    /// Relative humidity.
    Humidity(Percent),
    /// Illuminance.
    Luminosity(Lux),
    /// Whether somebody is there.
    Presence(bool),
}

impl Reading {
    /// What was measured.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::Temperature(_) => Quantity::Temperature,
            Self::Humidity(_) => Quantity::Humidity,
            Self::Luminosity(_) => Quantity::Luminosity,
            Self::Presence(_) => Quantity::Presence,
        }
    }
}

/// One measurement in one room.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Where.
    pub room: RoomId,
    /// When, in milliseconds.
    pub at: Timestamp,
    /// What.
    pub reading: Reading,
    /// Id of the event that told it; of two for one quantity and instant the greater counts.
    pub told_by: String,
}

impl Sample {
    /// Its place in the room's history.
    pub fn place(&self) -> Place {
        Place { at: self.at, quantity: self.reading.quantity() }
    }
}

/// A place in a room's history: by time, then by quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The instant.
    pub at: Timestamp,
    /// The quantity.
    pub quantity: Quantity,
}

impl Place {
    /// After everything of that instant.
    pub const fn end_of(at: Timestamp) -> Self {
        Self { at, quantity: Quantity::Presence }
    }
}

/// What a room is like; `None` for what was never measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Environment {
    /// Temperature.
    pub temperature: Option<Celsius>,
    /// Relative humidity.
    pub humidity: Option<Percent>,
    /// Illuminance.
    pub luminosity: Option<Lux>,
    /// Whether somebody is there.
    pub presence: Option<bool>,
}

impl Environment {
    /// Applies one reading.
    pub fn apply(&mut self, reading: Reading) {
        match reading {
            Reading::Temperature(value) => self.temperature = Some(value),
            Reading::Humidity(value) => self.humidity = Some(value),
            Reading::Luminosity(value) => self.luminosity = Some(value),
            Reading::Presence(value) => self.presence = Some(value),
        }
    }

    /// This, and where it does not know a quantity, the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            temperature: self.temperature.or(other.temperature),
            humidity: self.humidity.or(other.humidity),
            luminosity: self.luminosity.or(other.luminosity),
            presence: self.presence.or(other.presence),
        }
    }

    /// Whether every quantity is known.
    pub const fn is_complete(&self) -> bool {
        self.temperature.is_some()
            && self.humidity.is_some()
            && self.luminosity.is_some()
            && self.presence.is_some()
    }
}

/// What a room was like right after one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot {
    /// The sample's place.
    pub place: Place,
    /// The last known value of every quantity.
    pub environment: Environment,
}

/// Applies samples, in the order given, one at a time: one snapshot for each.
pub fn snapshots(start: Environment, samples: &[Sample]) -> Vec<Snapshot> {
    let mut environment = start;
    let apply = |sample: &Sample| {
        environment.apply(sample.reading);
        Snapshot { place: sample.place(), environment }
    };
    samples.iter().map(apply).collect()
}

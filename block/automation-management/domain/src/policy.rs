//! What a hospital wants of its rooms: the configuration, checked.
//!
//! The control unit clamps lights and ventilation to ranges of its own, so a target outside of them
//! could never be confirmed: it is refused here, before anything runs.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// The brightest ambient light that a control unit gives, in lux.
pub const MAX_AMBIENT_LUX: u32 = 5_000;
/// The brightest surgical light that a control unit gives, in lux.
pub const MAX_SURGICAL_LUX: u32 = 200_000;
/// The temperatures, in °C, that a room can have at all.
pub const TEMPERATURES: std::ops::RangeInclusive<f64> = -50.0..=100.0;
/// The relative humidities, in percent.
pub const HUMIDITIES: std::ops::RangeInclusive<f64> = 0.0..=100.0;

/// The kind of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomKind {
    /// A theatre.
    Operating,
    /// A room for before and after.
    PrePost,
}

/// The kind of a medical technology that has light scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technology {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    Xray,
}

/// Both lights of a theatre, in lux within what control units give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lights {
    ambient: u32,
    surgical: u32,
}

/// A value that no room can have. The text says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    /// The temperature.
    #[error("a temperature goes from -50 to 100 °C")]
    Temperature,
    /// The humidity.
    #[error("a humidity goes from 0 to 100 %")]
    Humidity,
    /// The ambient light.
    #[error("ambient light goes from 0 to {MAX_AMBIENT_LUX} lux")]
    Ambient,
    /// The surgical light.
    #[error("surgical light goes from 0 to {MAX_SURGICAL_LUX} lux")]
    Surgical,
}

impl Lights {
    /// Lights of so many lux.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] for what no control unit gives.
    pub fn new(ambient: i64, surgical: i64) -> Result<Self, OutOfRange> {
        Ok(Self {
            ambient: lux(ambient, MAX_AMBIENT_LUX).ok_or(OutOfRange::Ambient)?,
            surgical: lux(surgical, MAX_SURGICAL_LUX).ok_or(OutOfRange::Surgical)?,
        })
    }

    /// Ambient light in lux.
    pub fn ambient(self) -> u32 {
        self.ambient
    }

    /// Surgical light in lux.
    pub fn surgical(self) -> u32 {
        self.surgical
    }
}

fn lux(lux: i64, most: u32) -> Option<u32> {
    u32::try_from(lux).ok().filter(|lux| *lux <= most)
}

/// What a room should be like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Environment {
    temperature: f64,
    humidity: f64,
    lights: Lights,
}

impl Environment {
    /// An environment in °C, percent and lux. A room without surgical light ignores its value.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`].
    pub fn new(temperature: f64, humidity: f64, lights: Lights) -> Result<Self, OutOfRange> {
        if !TEMPERATURES.contains(&temperature) {
            return Err(OutOfRange::Temperature);
        }
        if !HUMIDITIES.contains(&humidity) {
            return Err(OutOfRange::Humidity);
        }
        Ok(Self { temperature, humidity, lights })
    }

    /// In °C.
    pub fn temperature(self) -> f64 {
        self.temperature
    }

    /// In percent.
    pub fn humidity(self) -> f64 {
        self.humidity
    }

    /// In lux.
    pub fn lights(self) -> Lights {
        self.lights
    }
}

/// When an empty room goes into standby, and what it is like then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standby {
    /// How long nobody must have been seen.
    pub after: SignedDuration,
    /// What the room should be like.
    pub environment: Environment,
}

/// What is wanted of rooms of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KindPolicy {
    /// When nothing else is wanted.
    pub environment: Environment,
    /// `None` when such rooms never go into standby.
    pub standby: Option<Standby>,
}

/// What a hospital wants of its rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Theatres.
    pub operating: KindPolicy,
    /// Rooms for before and after.
    pub pre_post: KindPolicy,
    /// A theatre in which a surgery is in progress; `None`: as a theatre without one, but never in
    /// standby, whatever its presence sensor says.
    pub surgery: Option<Environment>,
    /// Lights that suit a technology. A type without an entry is neither proposed nor supported.
    pub scenarios: BTreeMap<Technology, Lights>,
}

impl Policy {
    /// What is wanted of a room of this kind.
    pub fn of(&self, kind: RoomKind) -> &KindPolicy {
        match kind {
            RoomKind::Operating => &self.operating,
            RoomKind::PrePost => &self.pre_post,
        }
    }
}

//! Actuators, what they can be set to, and what their twins say they are set to.

use crate::{id::ActuatorId, policy::RoomKind, room::Stamp};

/// The kinds of actuators, as the twin models number them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actuator {
    /// Warms; on or off.
    Heating,
    /// Cools; on or off.
    Cooling,
    /// Dries; from 0 to 100 percent.
    Ventilation,
    /// The room's light, in lux.
    AmbientLight,
    /// The light over the table, in lux; theatres only.
    SurgicalLight,
}

/// Commands of one lane follow each other; lanes do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Heating and cooling: a control unit ignores the one while the other is on.
    Climate,
    /// Ventilation.
    Air,
    /// Ambient light.
    Ambient,
    /// Surgical light.
    Surgical,
}

impl Actuator {
    /// All of them, by number.
    pub const ALL: [Self; 5] =
        [Self::Heating, Self::Cooling, Self::Ventilation, Self::AmbientLight, Self::SurgicalLight];

    /// The number in the twin models.
    pub fn number(self) -> u8 {
        match self {
            Self::Heating => 0,
            Self::Cooling => 1,
            Self::Ventilation => 2,
            Self::AmbientLight => 3,
            Self::SurgicalLight => 4,
        }
    }

    /// The kind of a number of the twin models.
    pub fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|actuator| i64::from(actuator.number()) == number)
    }

    /// The lane of its commands.
    pub fn lane(self) -> Lane {
        match self {
            Self::Heating | Self::Cooling => Lane::Climate,
            Self::Ventilation => Lane::Air,
            Self::AmbientLight => Lane::Ambient,
            Self::SurgicalLight => Lane::Surgical,
        }
    }

    /// Whether it takes an intensity instead of on and off.
    pub fn is_dimmable(self) -> bool {
        match self {
            Self::Heating | Self::Cooling => false,
            Self::Ventilation | Self::AmbientLight | Self::SurgicalLight => true,
        }
    }

    /// Whether rooms of a kind can have one.
    pub fn belongs_in(self, kind: RoomKind) -> bool {
        kind == RoomKind::Operating || self != Self::SurgicalLight
    }
}

/// What an actuator is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A switchable actuator is on.
    On,
    /// A switchable actuator is off.
    Off,
    /// A dimmable actuator gives so much, in percent or lux; 0 is off.
    Intensity(u32),
}

impl Setting {
    /// Whether nothing is given.
    pub fn is_off(self) -> bool {
        matches!(self, Self::Off | Self::Intensity(0))
    }

    /// What the properties of an actuator's twin say; `None` when they do not say enough.
    pub fn read(actuator: Actuator, power: Option<bool>, intensity: Option<i64>) -> Option<Self> {
        let intensity = intensity.and_then(|intensity| u32::try_from(intensity).ok());
        if !actuator.is_dimmable() {
            let on = power.or(intensity.map(|intensity| intensity > 0))?;
            return Some(if on { Self::On } else { Self::Off });
        }
        match (power, intensity) {
            (Some(false), _) => Some(Self::Intensity(0)),
            (_, Some(intensity)) => Some(Self::Intensity(intensity)),
            (_, None) => None,
        }
    }
}

/// What is known of a room's actuator of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The actuator.
    pub id: ActuatorId,
    /// What its twin says, the newest; `None` before it said anything.
    pub setting: Option<(Setting, Stamp)>,
}

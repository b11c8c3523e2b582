//! The rules: what to wish of actuators, given a measurement, its target and what is on.
//!
//! Each quantity is switched with hysteresis: on beyond the tolerance, off when the target itself
//! is reached. So an actuator runs until the room is as wanted, and does not flutter around it.

use crate::{
    actuator::{Actuator, Setting},
    policy::RoomKind,
};

/// How far from its target a temperature may be, in °C.
pub const TEMPERATURE_TOLERANCE: f64 = 0.5;
/// How far above its target a humidity may be, in percent.
pub const HUMIDITY_TOLERANCE: f64 = 1.0;
/// What ventilation is set to, in percent, when it is wanted.
pub const FULL_VENTILATION: u32 = 100;

/// Why a command is wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Above target and tolerance: no heating, but cooling.
    TooWarm,
    /// Below target and tolerance: no cooling, but heating.
    TooCold,
    /// At or below the target: cooling has done its work.
    CooledDown,
    /// At or above the target: heating has done its work.
    WarmedUp,
    /// At target and tolerance, or above: ventilation.
    TooHumid,
    /// At or below the target: ventilation has done its work.
    DriedOut,
    /// A light is not what is wanted.
    LightDiffers,
}

/// What a rule wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Of which actuator.
    pub actuator: Actuator,
    /// What it should be set to.
    pub setting: Setting,
    /// Why.
    pub rule: Rule,
}

fn wish(actuator: Actuator, setting: Setting, rule: Rule) -> Wish {
    Wish { actuator, setting, rule }
}

/// Wishes that follow from a temperature, both in °C. What is on is what will be, once commands
/// under way have come to their end. At most one of an actuator; off comes before on.
pub fn temperature(measured: f64, target: f64, heating: bool, cooling: bool) -> Vec<Wish> {
    let mut wishes = Vec::new();
    if target + TEMPERATURE_TOLERANCE < measured {
        if heating {
            wishes.push(wish(Actuator::Heating, Setting::Off, Rule::TooWarm));
        }
        if !cooling {
            wishes.push(wish(Actuator::Cooling, Setting::On, Rule::TooWarm));
        }
    } else if measured < target - TEMPERATURE_TOLERANCE {
        if cooling {
            wishes.push(wish(Actuator::Cooling, Setting::Off, Rule::TooCold));
        }
        if !heating {
            wishes.push(wish(Actuator::Heating, Setting::On, Rule::TooCold));
        }
    } else {
        if cooling && measured <= target {
            wishes.push(wish(Actuator::Cooling, Setting::Off, Rule::CooledDown));
        }
        if heating && target <= measured {
            wishes.push(wish(Actuator::Heating, Setting::Off, Rule::WarmedUp));
        }
    }
    wishes
}

/// The wish that follows from a humidity, both in percent.
pub fn humidity(measured: f64, target: f64, ventilation: bool) -> Option<Wish> {
    let of = |percent, rule| wish(Actuator::Ventilation, Setting::Intensity(percent), rule);
    if target + HUMIDITY_TOLERANCE <= measured && !ventilation {
        return Some(of(FULL_VENTILATION, Rule::TooHumid));
    }
    (measured <= target && ventilation).then(|| of(0, Rule::DriedOut))
}

/// The wish that a light be as wanted, in lux. Whether it is already is for the caller to see; of
/// a room without such a light there is none.
pub fn light(actuator: Actuator, kind: RoomKind, target: f64) -> Option<Wish> {
    if !actuator.belongs_in(kind) {
        return None;
    }
    // A target of a light is a whole number within a control unit's range.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let lux = target as u32;
    Some(wish(actuator, Setting::Intensity(lux), Rule::LightDiffers))
}

//! What a monitor measured, in the units of the block.
//!
//! A monitor is believed or refused as a whole: one impossible value says that the sensor or the
//! sender is broken, and then the others are worth nothing either.

use std::collections::{BTreeMap, btree_map::Entry};

use thiserror::Error;

/// The vital signs of the block, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VitalSign {
    /// Systolic blood pressure, in whole millimetres of mercury.
    SystolicBloodPressure,
    /// Diastolic blood pressure, in whole millimetres of mercury.
    DiastolicBloodPressure,
    /// Body temperature, in degrees Celsius.
    BodyTemperature,
    /// Heart beats a minute, whole.
    HeartBeat,
    /// Breaths a minute, whole.
    RespiratoryRate,
    /// Oxygen saturation of the blood, in whole percent.
    SaturationPercentage,
}

/// The units in which monitors measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `/min`
    PerMinute,
    /// `mm[Hg]`
    MillimetreOfMercury,
    /// `%`
    Percent,
    /// `Cel`
    Celsius,
    /// `[degF]`
    Fahrenheit,
}

/// A value as the patient's twin holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Cut, not rounded.
    Whole(i32),
    /// As measured.
    Decimal(f64),
}

/// Why a measured value is refused.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum Refused {
    /// The unit measures something else.
    #[error("the unit does not measure this; expected {}", expected.ucum())]
    Unit {
        /// A unit that does.
        expected: Unit,
    },
    /// The value cannot be.
    #[error("is outside {smallest} to {greatest}")]
    Range {
        /// The smallest value allowed, in the unit of the block.
        smallest: i32,
        /// The greatest value allowed, in the unit of the block.
        greatest: i32,
    },
    /// The same vital sign was given before: which of the two is meant, nobody knows.
    #[error("is given twice")]
    Repeated,
}

impl VitalSign {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::SystolicBloodPressure,
        Self::DiastolicBloodPressure,
        Self::BodyTemperature,
        Self::HeartBeat,
        Self::RespiratoryRate,
        Self::SaturationPercentage,
    ];

    /// The property of the patient's twin.
    pub fn property(self) -> &'static str {
        match self {
            Self::SystolicBloodPressure => "systolic_blood_pressure",
            Self::DiastolicBloodPressure => "diastolic_blood_pressure",
            Self::BodyTemperature => "body_temperature",
            Self::HeartBeat => "heart_beat",
            Self::RespiratoryRate => "respiratory_rate",
            Self::SaturationPercentage => "saturation_percentage",
        }
    }

    /// The unit that counts where none is given.
    pub fn unit(self) -> Unit {
        match self {
            Self::SystolicBloodPressure | Self::DiastolicBloodPressure => Unit::MillimetreOfMercury,
            Self::BodyTemperature => Unit::Celsius,
            Self::HeartBeat | Self::RespiratoryRate => Unit::PerMinute,
            Self::SaturationPercentage => Unit::Percent,
        }
    }

    /// The values that can be, in the unit of the block, both ends included. A patient without any
    /// saturation is a sensor that fell off; the rest is bounded by the twin's 32 bits only.
    fn range(self) -> (i32, i32) {
        match self {
            Self::SaturationPercentage => (1, 100),
            Self::SystolicBloodPressure
            | Self::DiastolicBloodPressure
            | Self::BodyTemperature
            | Self::HeartBeat
            | Self::RespiratoryRate => (0, i32::MAX),
        }
    }

    /// The value as the twin holds it.
    ///
    /// # Errors
    ///
    /// [`Refused::Unit`] and [`Refused::Range`].
    pub fn value(self, measured: f64, unit: Unit) -> Result<Value, Refused> {
        let measured = match (self.unit(), unit) {
            (Unit::Celsius, Unit::Fahrenheit) => (measured - 32.0) * 5.0 / 9.0,
            (expected, given) if expected == given => measured,
            (expected, _) => return Err(Refused::Unit { expected }),
        };
        let (smallest, greatest) = self.range();
        let refused = Refused::Range { smallest, greatest };
        // A negative value is impossible even where cutting would make it zero.
        if !measured.is_finite() || measured < 0.0 {
            return Err(refused);
        }
        if self == Self::BodyTemperature {
            return if measured <= f64::from(greatest) {
                Ok(Value::Decimal(measured))
            } else {
                Err(refused)
            };
        }
        let whole = measured.trunc();
        if whole < f64::from(smallest) || f64::from(greatest) < whole {
            return Err(refused);
        }
        #[expect(clippy::cast_possible_truncation, reason = "cut and within 32 bits")]
        Ok(Value::Whole(whole as i32))
    }
}

impl Unit {
    /// The unit's code in the Unified Code for Units of Measure, <https://ucum.org>.
    pub fn ucum(self) -> &'static str {
        match self {
            Self::PerMinute => "/min",
            Self::MillimetreOfMercury => "mm[Hg]",
            Self::Percent => "%",
            Self::Celsius => "Cel",
            Self::Fahrenheit => "[degF]",
        }
    }
}

/// The vital signs of one moment, each at most once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Readings(BTreeMap<VitalSign, Value>);

impl Readings {
    /// Takes a value in.
    ///
    /// # Errors
    ///
    /// [`Refused::Repeated`] when there is a value already, be it the same; the first stays.
    pub fn add(&mut self, vital_sign: VitalSign, value: Value) -> Result<(), Refused> {
        match self.0.entry(vital_sign) {
            Entry::Occupied(_) => Err(Refused::Repeated),
            Entry::Vacant(free) => {
                free.insert(value);
                Ok(())
            }
        }
    }

    /// The values, in the order of [`VitalSign::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (VitalSign, Value)> {
        self.0.iter().map(|(vital_sign, value)| (*vital_sign, *value))
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

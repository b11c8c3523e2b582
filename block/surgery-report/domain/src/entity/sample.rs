//! Samples of quantities, each counted once.
//!
//! Sources deliver in any order and more than once; a [`Series`] does not care. What it keeps is
//! sorted by event time with one value an instant, so whatever is worked out of it is the same
//! for every order of delivery.

use std::{collections::BTreeMap, fmt::Debug};

use jiff::Timestamp;
use thiserror::Error;

/// Where the contract sets no bound: what every sum of squares of a day's samples can bear.
const UNBOUNDED: f64 = 1e15;

/// Something that is measured and whose values a report sums up.
pub trait Quantity: Copy + Ord + Debug + 'static {
    /// Every quantity of the kind, in the order of the contract.
    const ALL: &'static [Self];

    /// True where values, averages and deviations are integers.
    fn is_whole(self) -> bool;

    /// The greatest value that may be measured.
    fn greatest(self) -> f64;
}

/// The vital signs of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VitalSign {
    /// Beats a minute.
    HeartBeat,
    /// Millimetres of mercury.
    DiastolicBloodPressure,
    /// Millimetres of mercury.
    SystolicBloodPressure,
    /// Breaths a minute.
    RespiratoryRate,
    /// Percent of oxygen saturation. Measured in integers, averaged with decimals.
    SaturationPercentage,
    /// Degrees Celsius.
    BodyTemperature,
}

impl Quantity for VitalSign {
    const ALL: &'static [Self] = &[
        Self::HeartBeat,
        Self::DiastolicBloodPressure,
        Self::SystolicBloodPressure,
        Self::RespiratoryRate,
        Self::SaturationPercentage,
        Self::BodyTemperature,
    ];

    fn is_whole(self) -> bool {
        match self {
            Self::HeartBeat
            | Self::DiastolicBloodPressure
            | Self::SystolicBloodPressure
            | Self::RespiratoryRate => true,
            Self::SaturationPercentage | Self::BodyTemperature => false,
        }
    }

    fn greatest(self) -> f64 {
        match self {
            Self::SaturationPercentage => 100.0,
            // A twin's integer has 32 bits; with it the sums of squares stay far inside 128.
            Self::HeartBeat
            | Self::DiastolicBloodPressure
            | Self::SystolicBloodPressure
            | Self::RespiratoryRate => f64::from(i32::MAX),
            Self::BodyTemperature => UNBOUNDED,
        }
    }
}

/// What is measured in a room and summed up. Presence is not: it has no average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Climate {
    /// Degrees Celsius.
    Temperature,
    /// Percent of relative humidity.
    Humidity,
    /// Lux.
    Luminosity,
}

impl Quantity for Climate {
    const ALL: &'static [Self] = &[Self::Temperature, Self::Humidity, Self::Luminosity];

    fn is_whole(self) -> bool {
        match self {
            Self::Temperature | Self::Humidity | Self::Luminosity => false,
        }
    }

    fn greatest(self) -> f64 {
        match self {
            // The range in which building management takes temperatures (°C) and humidities (%).
            Self::Temperature | Self::Humidity => 100.0,
            Self::Luminosity => UNBOUNDED,
        }
    }
}

impl Climate {
    /// The smallest value that may be measured; a room may be colder than zero.
    fn smallest(self) -> f64 {
        match self {
            Self::Temperature => -50.0,
            Self::Humidity | Self::Luminosity => 0.0,
        }
    }
}

/// A value that its quantity cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("{value} is outside {smallest} to {greatest}")]
pub struct OutOfRange {
    /// The value as it came.
    pub value: f64,
    /// The smallest allowed.
    pub smallest: f64,
    /// The greatest allowed.
    pub greatest: f64,
}

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<Q> {
    at: Timestamp,
    quantity: Q,
    value: f64,
}

impl Sample<VitalSign> {
    /// A vital sign in the unit of its quantity; integers are cut where the quantity has
    /// integers.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] for a negative value, a percentage above 100, or no number at all.
    pub fn vital(at: Timestamp, quantity: VitalSign, value: f64) -> Result<Self, OutOfRange> {
        Self::within(at, quantity, value, 0.0)
    }
}

impl Sample<Climate> {
    /// A value of a room in the unit of its quantity.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] for a negative luminosity, a percentage outside 0 to 100, a temperature
    /// outside −50 to 100 °C, or no number at all.
    pub fn climate(at: Timestamp, quantity: Climate, value: f64) -> Result<Self, OutOfRange> {
        Self::within(at, quantity, value, quantity.smallest())
    }
}

impl<Q: Quantity> Sample<Q> {
    fn within(at: Timestamp, quantity: Q, value: f64, smallest: f64) -> Result<Self, OutOfRange> {
        let greatest = quantity.greatest();
        if !value.is_finite() || value < smallest || greatest < value {
            return Err(OutOfRange { value, smallest, greatest });
        }
        let value = if quantity.is_whole() { value.trunc() } else { value };
        Ok(Self { at, quantity, value })
    }
}

/// A value in force from an instant on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When it was measured.
    pub at: Timestamp,
    /// The value, in the unit of its quantity.
    pub value: f64,
}

/// The samples of a kind of quantities: per quantity ascending, one an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<Q: Quantity> {
    readings: BTreeMap<Q, Vec<Reading>>,
}

impl<Q: Quantity> Series<Q> {
    /// Sorts samples into a series. Of several at one instant of one quantity the last given
    /// counts, as everywhere: sources list what they accepted in the order of acceptance.
    pub fn new(samples: impl IntoIterator<Item = Sample<Q>>) -> Self {
        let mut readings: BTreeMap<Q, Vec<Reading>> = BTreeMap::new();
        for Sample { at, quantity, value } in samples {
            readings.entry(quantity).or_default().push(Reading { at, value });
        }
        for series in readings.values_mut() {
            series.sort_by_key(|reading| reading.at);
            series.dedup_by(|later, kept| {
                let same = later.at == kept.at;
                if same {
                    *kept = *later;
                }
                same
            });
        }
        Self { readings }
    }

    /// Finds the samples in a list of cumulative snapshots, each of which repeats what was known
    /// before: a sample is a value that differs from the one before.
    pub fn of_snapshots(snapshots: impl IntoIterator<Item = Sample<Q>>) -> Self {
        let mut series = Self::new(snapshots);
        for readings in series.readings.values_mut() {
            let mut before = None;
            readings.retain(|reading| before.replace(reading.value) != Some(reading.value));
        }
        series
    }

    /// The readings of one quantity, ascending, one an instant.
    pub fn readings(&self, quantity: Q) -> &[Reading] {
        self.readings.get(&quantity).map_or(&[], Vec::as_slice)
    }
}

impl<Q: Quantity> Default for Series<Q> {
    fn default() -> Self {
        Self { readings: BTreeMap::new() }
    }
}

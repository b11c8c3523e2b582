//! The figures of a report: numbers with their units, and the statistics made of them.

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgery_report_domain::entity::{
    sample::{Climate, VitalSign},
    statistics::{Aggregates, Inside, Number, Summary},
};
use utoipa::ToSchema;

/// An integer where the quantity has integers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NumberV1 {
    /// Cut, not rounded.
    Whole(i64),
    /// To eight places.
    Decimal(f64),
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TemperatureV1 {
    /// The number.
    pub value: NumberV1,
    /// Its unit.
    pub unit: CelsiusV1,
}

/// The unit of temperatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum CelsiusV1 {
    /// Degrees Celsius.
    #[serde(rename = "CELSIUS")]
    Celsius,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LuminosityV1 {
    /// The number.
    pub value: NumberV1,
    /// Its unit.
    pub unit: LuxV1,
}

/// The unit of luminosities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum LuxV1 {
    /// Lux.
    #[serde(rename = "LUX")]
    Lux,
}

/// One figure of each vital sign; null when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignsV1 {
    /// Beats a minute.
    pub heart_beat: Option<NumberV1>,
    /// Millimetres of mercury.
    pub diastolic_blood_pressure: Option<NumberV1>,
    /// Millimetres of mercury.
    pub systolic_blood_pressure: Option<NumberV1>,
    /// Breaths a minute.
    pub respiratory_rate: Option<NumberV1>,
    /// Percent.
    pub saturation_percentage: Option<NumberV1>,
    /// Degrees Celsius.
    pub body_temperature: Option<TemperatureV1>,
}

/// One figure of each quantity of a room; null when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentV1 {
    /// Degrees Celsius.
    pub temperature: Option<TemperatureV1>,
    /// Percent.
    pub humidity: Option<NumberV1>,
    /// Lux.
    pub luminosity: Option<LuminosityV1>,
    /// Always null: presence has no figures.
    pub presence: Option<bool>,
}

/// Time-weighted figures of a room; null when no value was in force.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentInForceV1 {
    /// Degrees Celsius.
    pub temperature: Option<TemperatureV1>,
    /// Percent.
    pub humidity: Option<NumberV1>,
    /// Lux.
    pub luminosity: Option<LuminosityV1>,
}

/// The samples behind the figures of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SamplesV1 {
    /// How many were measured inside.
    pub count: u64,
    /// When the first was measured.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first: Option<Timestamp>,
    /// When the last was measured.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// For how long a value was in force, in seconds.
    pub seconds_covered: f64,
}

/// The samples of each vital sign.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignSamplesV1 {
    pub heart_beat: SamplesV1,
    pub diastolic_blood_pressure: SamplesV1,
    pub systolic_blood_pressure: SamplesV1,
    pub respiratory_rate: SamplesV1,
    pub saturation_percentage: SamplesV1,
    pub body_temperature: SamplesV1,
}

/// The samples of each quantity of a room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct EnvironmentSamplesV1 {
    pub temperature: SamplesV1,
    pub humidity: SamplesV1,
    pub luminosity: SamplesV1,
}

/// The figures of vital signs over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSignAggregatesV1 {
    /// Means of the samples.
    pub average: VitalSignsV1,
    /// Deviations of the population.
    pub std: VitalSignsV1,
    /// Greatest values.
    pub maximum: VitalSignsV1,
    /// Smallest values.
    pub minimum: VitalSignsV1,
    /// Means over the time in which a value was in force; decimals for all.
    pub time_weighted_average: VitalSignsV1,
    /// The samples behind the figures.
    pub samples: VitalSignSamplesV1,
}

/// The figures of a room over a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnvironmentAggregatesV1 {
    /// Means of the samples.
    pub average: EnvironmentV1,
    /// Deviations of the population.
    pub std: EnvironmentV1,
    /// Greatest values.
    pub maximum: EnvironmentV1,
    /// Smallest values.
    pub minimum: EnvironmentV1,
    /// Means over the time in which a value was in force.
    pub time_weighted_average: EnvironmentInForceV1,
    /// The samples behind the figures.
    pub samples: EnvironmentSamplesV1,
}

impl From<Number> for NumberV1 {
    fn from(number: Number) -> Self {
        match number {
            Number::Whole(whole) => Self::Whole(whole),
            Number::Decimal(decimal) => Self::Decimal(decimal),
        }
    }
}

impl From<NumberV1> for Number {
    fn from(number: NumberV1) -> Self {
        match number {
            NumberV1::Whole(whole) => Self::Whole(whole),
            NumberV1::Decimal(decimal) => Self::Decimal(decimal),
        }
    }
}

impl TemperatureV1 {
    fn of(number: Option<Number>) -> Option<Self> {
        number.map(|number| Self { value: number.into(), unit: CelsiusV1::Celsius })
    }
}

impl LuminosityV1 {
    fn of(number: Option<Number>) -> Option<Self> {
        number.map(|number| Self { value: number.into(), unit: LuxV1::Lux })
    }
}

/// Which figure of a summary an object shows.
type Pick = fn(&Summary) -> Option<Number>;

const AVERAGE: Pick = |summary| summary.inside.map(|inside| inside.average);
const STD: Pick = |summary| summary.inside.map(|inside| inside.std);
const MAXIMUM: Pick = |summary| summary.inside.map(|inside| inside.maximum);
const MINIMUM: Pick = |summary| summary.inside.map(|inside| inside.minimum);
const IN_FORCE: Pick = |summary| summary.time_weighted_average.map(Number::Decimal);

impl VitalSignsV1 {
    fn of(aggregates: &Aggregates<VitalSign>, pick: Pick) -> Self {
        let figure = |quantity| pick(&aggregates.get(quantity));
        let number = |quantity| figure(quantity).map(NumberV1::from);
        Self {
            heart_beat: number(VitalSign::HeartBeat),
            diastolic_blood_pressure: number(VitalSign::DiastolicBloodPressure),
            systolic_blood_pressure: number(VitalSign::SystolicBloodPressure),
            respiratory_rate: number(VitalSign::RespiratoryRate),
            saturation_percentage: number(VitalSign::SaturationPercentage),
            body_temperature: TemperatureV1::of(figure(VitalSign::BodyTemperature)),
        }
    }

    fn get(&self, quantity: VitalSign) -> Option<NumberV1> {
        match quantity {
            VitalSign::HeartBeat => self.heart_beat,
            VitalSign::DiastolicBloodPressure => self.diastolic_blood_pressure,
            VitalSign::SystolicBloodPressure => self.systolic_blood_pressure,
            VitalSign::RespiratoryRate => self.respiratory_rate,
            VitalSign::SaturationPercentage => self.saturation_percentage,
            VitalSign::BodyTemperature => self.body_temperature.map(|it| it.value),
        }
    }
}

impl EnvironmentV1 {
    fn of(aggregates: &Aggregates<Climate>, pick: Pick) -> Self {
        let EnvironmentInForceV1 { temperature, humidity, luminosity } =
            EnvironmentInForceV1::of(aggregates, pick);
        Self { temperature, humidity, luminosity, presence: None }
    }

    fn get(&self, quantity: Climate) -> Option<NumberV1> {
        let Self { temperature, humidity, luminosity, .. } = *self;
        EnvironmentInForceV1 { temperature, humidity, luminosity }.get(quantity)
    }
}

impl EnvironmentInForceV1 {
    fn of(aggregates: &Aggregates<Climate>, pick: Pick) -> Self {
        let figure = |quantity| pick(&aggregates.get(quantity));
        Self {
            temperature: TemperatureV1::of(figure(Climate::Temperature)),
            humidity: figure(Climate::Humidity).map(NumberV1::from),
            luminosity: LuminosityV1::of(figure(Climate::Luminosity)),
        }
    }

    fn get(&self, quantity: Climate) -> Option<NumberV1> {
        match quantity {
            Climate::Temperature => self.temperature.map(|it| it.value),
            Climate::Humidity => self.humidity,
            Climate::Luminosity => self.luminosity.map(|it| it.value),
        }
    }
}

impl SamplesV1 {
    fn of(summary: Summary) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a surgery has far fewer than 2^52 ms")]
        let seconds_covered = summary.covered_ms as f64 / 1000.0;
        Self {
            count: summary.inside.map_or(0, |inside| inside.count),
            first: summary.inside.map(|inside| inside.first),
            last: summary.inside.map(|inside| inside.last),
            seconds_covered,
        }
    }

    /// Puts a summary together again from what is shown of it.
    fn with(
        &self,
        [average, std, maximum, minimum]: [Option<NumberV1>; 4],
        in_force: Option<NumberV1>,
    ) -> Summary {
        let inside = || {
            Some(Inside {
                count: self.count,
                first: self.first?,
                last: self.last?,
                average: average?.into(),
                std: std?.into(),
                maximum: maximum?.into(),
                minimum: minimum?.into(),
            })
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "written from an unsigned integer"
        )]
        let covered_ms = (self.seconds_covered * 1000.0).round() as u64;
        let time_weighted_average = in_force.map(|number| match number {
            #[expect(clippy::cast_precision_loss, reason = "written from a decimal")]
            NumberV1::Whole(whole) => whole as f64,
            NumberV1::Decimal(decimal) => decimal,
        });
        Summary { inside: inside(), time_weighted_average, covered_ms }
    }
}

impl From<&Aggregates<VitalSign>> for VitalSignAggregatesV1 {
    fn from(aggregates: &Aggregates<VitalSign>) -> Self {
        let samples = |quantity| SamplesV1::of(aggregates.get(quantity));
        Self {
            average: VitalSignsV1::of(aggregates, AVERAGE),
            std: VitalSignsV1::of(aggregates, STD),
            maximum: VitalSignsV1::of(aggregates, MAXIMUM),
            minimum: VitalSignsV1::of(aggregates, MINIMUM),
            time_weighted_average: VitalSignsV1::of(aggregates, IN_FORCE),
            samples: VitalSignSamplesV1 {
                heart_beat: samples(VitalSign::HeartBeat),
                diastolic_blood_pressure: samples(VitalSign::DiastolicBloodPressure),
                systolic_blood_pressure: samples(VitalSign::SystolicBloodPressure),
                respiratory_rate: samples(VitalSign::RespiratoryRate),
                saturation_percentage: samples(VitalSign::SaturationPercentage),
                body_temperature: samples(VitalSign::BodyTemperature),
            },
        }
    }
}

impl From<&VitalSignAggregatesV1> for Aggregates<VitalSign> {
    fn from(wire: &VitalSignAggregatesV1) -> Self {
        let samples = |quantity| match quantity {
            VitalSign::HeartBeat => wire.samples.heart_beat,
            VitalSign::DiastolicBloodPressure => wire.samples.diastolic_blood_pressure,
            VitalSign::SystolicBloodPressure => wire.samples.systolic_blood_pressure,
            VitalSign::RespiratoryRate => wire.samples.respiratory_rate,
            VitalSign::SaturationPercentage => wire.samples.saturation_percentage,
            VitalSign::BodyTemperature => wire.samples.body_temperature,
        };
        Self::of(|quantity| {
            let figures = [&wire.average, &wire.std, &wire.maximum, &wire.minimum];
            let figures = figures.map(|it| it.get(quantity));
            samples(quantity).with(figures, wire.time_weighted_average.get(quantity))
        })
    }
}

impl From<&Aggregates<Climate>> for EnvironmentAggregatesV1 {
    fn from(aggregates: &Aggregates<Climate>) -> Self {
        let samples = |quantity| SamplesV1::of(aggregates.get(quantity));
        Self {
            average: EnvironmentV1::of(aggregates, AVERAGE),
            std: EnvironmentV1::of(aggregates, STD),
            maximum: EnvironmentV1::of(aggregates, MAXIMUM),
            minimum: EnvironmentV1::of(aggregates, MINIMUM),
            time_weighted_average: EnvironmentInForceV1::of(aggregates, IN_FORCE),
            samples: EnvironmentSamplesV1 {
                temperature: samples(Climate::Temperature),
                humidity: samples(Climate::Humidity),
                luminosity: samples(Climate::Luminosity),
            },
        }
    }
}

impl From<&EnvironmentAggregatesV1> for Aggregates<Climate> {
    fn from(wire: &EnvironmentAggregatesV1) -> Self {
        let samples = |quantity| match quantity {
            Climate::Temperature => wire.samples.temperature,
            Climate::Humidity => wire.samples.humidity,
            Climate::Luminosity => wire.samples.luminosity,
        };
        Self::of(|quantity| {
            let figures = [&wire.average, &wire.std, &wire.maximum, &wire.minimum];
            let figures = figures.map(|it| it.get(quantity));
            samples(quantity).with(figures, wire.time_weighted_average.get(quantity))
        })
    }
}

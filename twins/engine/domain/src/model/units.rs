//! Semantic types of DTDL version 2 and the units that each allows (section "Semantic Type" of
//! the specification).

const ANGLE: &[&str] = &["degreeOfArc", "minuteOfArc", "radian", "secondOfArc", "turn"];
const DENSITY: &[&str] = &["gramPerCubicMetre", "kilogramPerCubicMetre"];
const FORCE: &[&str] = &["newton", "ounce", "pound", "ton"];
const LENGTH: &[&str] = &[
    "astronomicalUnit",
    "centimetre",
    "foot",
    "inch",
    "kilometre",
    "metre",
    "micrometre",
    "mile",
    "millimetre",
    "nanometre",
    "nauticalMile",
];
const POWER: &[&str] = &[
    "gigawatt",
    "horsepower",
    "kilowatt",
    "kilowattHourPerYear",
    "megawatt",
    "microwatt",
    "milliwatt",
    "watt",
];
const DATA_RATE: &[&str] = &[
    "bitPerSecond",
    "bytePerSecond",
    "exbibitPerSecond",
    "exbibytePerSecond",
    "gibibitPerSecond",
    "gibibytePerSecond",
    "kibibitPerSecond",
    "kibibytePerSecond",
    "mebibitPerSecond",
    "mebibytePerSecond",
    "tebibitPerSecond",
    "tebibytePerSecond",
    "yobibitPerSecond",
    "yobibytePerSecond",
    "zebibitPerSecond",
    "zebibytePerSecond",
];
const DATA_SIZE: &[&str] = &[
    "bit", "byte", "exbibit", "exbibyte", "gibibit", "gibibyte", "kibibit", "kibibyte", "mebibit",
    "mebibyte", "tebibit", "tebibyte", "yobibit", "yobibyte", "zebibit", "zebibyte",
];
const AREA: &[&str] = &[
    "acre",
    "hectare",
    "squareCentimetre",
    "squareFoot",
    "squareInch",
    "squareKilometre",
    "squareMetre",
    "squareMillimetre",
];
const ENERGY: &[&str] = &[
    "electronvolt",
    "gigajoule",
    "joule",
    "kilojoule",
    "kilowattHour",
    "megaelectronvolt",
    "megajoule",
];
const PRESSURE: &[&str] = &[
    "bar",
    "inchesOfMercury",
    "inchesOfWater",
    "kilopascal",
    "millibar",
    "millimetresOfMercury",
    "pascal",
    "poundPerSquareInch",
];
const TIME: &[&str] =
    &["day", "hour", "microsecond", "millisecond", "minute", "nanosecond", "second", "year"];
const VELOCITY: &[&str] = &[
    "centimetrePerSecond",
    "kilometrePerHour",
    "kilometrePerSecond",
    "knot",
    "metrePerHour",
    "metrePerSecond",
    "milePerHour",
    "milePerSecond",
];
const VOLUME: &[&str] = &[
    "cubicCentimetre",
    "cubicFoot",
    "cubicInch",
    "cubicMetre",
    "fluidOunce",
    "gallon",
    "litre",
    "millilitre",
];

/// Units of a semantic type; `None` when there is no such type.
pub(crate) fn units_of(semantic_type: &str) -> Option<&'static [&'static str]> {
    Some(match semantic_type {
        "Acceleration" => &["centimetrePerSecondSquared", "gForce", "metrePerSecondSquared"],
        "Angle" | "Latitude" | "Longitude" => ANGLE,
        "AngularAcceleration" => &["radianPerSecondSquared"],
        "AngularVelocity" => {
            &["degreePerSecond", "radianPerSecond", "revolutionPerMinute", "revolutionPerSecond"]
        }
        "Area" => AREA,
        "Capacitance" => &["farad", "microfarad", "millifarad", "nanofarad", "picofarad"],
        "Current" => &["ampere", "microampere", "milliampere"],
        "DataRate" => DATA_RATE,
        "DataSize" => DATA_SIZE,
        "Density" | "Humidity" => DENSITY,
        "Distance" | "Length" => LENGTH,
        "ElectricCharge" => &["coulomb"],
        "Energy" => ENERGY,
        "Force" | "Thrust" => FORCE,
        "Frequency" => &["gigahertz", "hertz", "kilohertz", "megahertz"],
        "Illuminance" => &["footcandle", "lux"],
        "Inductance" => &["henry", "microhenry", "millihenry"],
        "Luminance" => &["candelaPerSquareMetre"],
        "Luminosity" | "Power" => POWER,
        "LuminousFlux" => &["lumen"],
        "LuminousIntensity" => &["candela"],
        "MagneticFlux" => &["maxwell", "weber"],
        "MagneticInduction" => &["tesla"],
        "Mass" => &["gram", "kilogram", "microgram", "milligram", "slug", "tonne"],
        "MassFlowRate" => &["gramPerHour", "gramPerSecond", "kilogramPerHour", "kilogramPerSecond"],
        "Pressure" => PRESSURE,
        "RelativeHumidity" => &["percent", "unity"],
        "Resistance" => &["kiloohm", "megaohm", "milliohm", "ohm"],
        "SoundPressure" => &["bel", "decibel"],
        "Temperature" => &["degreeCelsius", "degreeFahrenheit", "kelvin"],
        "TimeSpan" => TIME,
        "Torque" => &["newtonMetre"],
        "Velocity" => VELOCITY,
        "Voltage" => &["kilovolt", "megavolt", "microvolt", "millivolt", "volt"],
        "Volume" => VOLUME,
        "VolumeFlowRate" => {
            &["litrePerHour", "litrePerSecond", "millilitrePerHour", "millilitrePerSecond"]
        }
        _ => return None,
    })
}

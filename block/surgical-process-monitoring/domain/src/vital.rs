//! Vital signs: quantities, samples, and the forms in which they are handed on.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What a monitor measures. Units are UCUM codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Heart beat, `/min`.
    HeartBeat,
    /// Diastolic blood pressure, `mm[Hg]`.
    DiastolicBloodPressure,
    /// Systolic blood pressure, `mm[Hg]`.
    SystolicBloodPressure,
    /// Respiratory rate, `/min`.
    RespiratoryRate,
    /// Oxygen saturation, `%`.
    SaturationPercentage,
    /// Body temperature, `Cel`.
    BodyTemperature,
}

impl Quantity {
    /// All of them, in the order in which samples of one instant are listed.
    pub const ALL: [Self; 6] = [
        Self::HeartBeat,
        Self::DiastolicBloodPressure,
        Self::SystolicBloodPressure,
        Self::RespiratoryRate,
        Self::SaturationPercentage,
        Self::BodyTemperature,
    ];

    /// As routes spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HeartBeat => "heartBeat",
            Self::DiastolicBloodPressure => "diastolicBloodPressure",
            Self::SystolicBloodPressure => "systolicBloodPressure",
            Self::RespiratoryRate => "respiratoryRate",
            Self::SaturationPercentage => "saturationPercentage",
            Self::BodyTemperature => "bodyTemperature",
        }
    }

    /// Its unit, a UCUM code (<https://ucum.org/ucum>).
    pub const fn unit(self) -> &'static str {
        match self {
            Self::HeartBeat | Self::RespiratoryRate => "/min",
            Self::DiastolicBloodPressure | Self::SystolicBloodPressure => "mm[Hg]",
            Self::SaturationPercentage => "%",
            Self::BodyTemperature => "Cel",
        }
    }

    /// Whether samples are whole numbers.
    pub const fn is_whole(self) -> bool {
        !matches!(self, Self::BodyTemperature)
    }

    /// Whether a value can be one of it: finite, not negative, and a percentage at most 100.
    pub fn admits(self, value: f64) -> bool {
        let most = if self == Self::SaturationPercentage { 100.0 } else { f64::MAX };
        (0.0..=most).contains(&value)
    }
}

/// One value measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What.
    pub quantity: Quantity,
    /// In the quantity's unit; for a bucket the average.
    pub value: f64,
}

/// All values known at an instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The last value of each quantity measured so far.
    pub values: BTreeMap<Quantity, f64>,
}

/// Turns samples, by time, into snapshots that carry the last value of everything seen so far: one
/// an instant.
pub fn snapshots(samples: &[Sample]) -> Vec<(Timestamp, Snapshot)> {
    let mut known = Snapshot::default();
    let mut found: Vec<(Timestamp, Snapshot)> = Vec::new();
    for sample in samples {
        known.values.insert(sample.quantity, sample.value);
        match found.last_mut() {
            Some((at, snapshot)) if *at == sample.at => snapshot.clone_from(&known),
            _ => found.push((sample.at, known.clone())),
        }
    }
    found
}

/// Keeps `keep` of the items, spread evenly, first and last among them (with `keep` 1 the last).
pub fn thin<T>(items: Vec<T>, keep: usize) -> Vec<T> {
    let count = items.len();
    if count <= keep {
        return items;
    }
    let mut wanted = (0..keep)
        .map(|index| if keep == 1 { count - 1 } else { index * (count - 1) / (keep - 1) })
        .peekable();
    items
        .into_iter()
        .enumerate()
        .filter_map(|(index, item)| wanted.next_if_eq(&index).map(|_| item))
        .collect()
}

/// Averages by quantity and bucket, by time then quantity. Buckets are `seconds` long and begin at
/// multiples of it since 1970; each is told with its beginning.
pub fn buckets(samples: &[Sample], seconds: u32) -> Vec<Sample> {
    let width = i64::from(seconds.max(1));
    let mut sums: BTreeMap<(Timestamp, Quantity), (f64, f64)> = BTreeMap::new();
    for sample in samples {
        let begin = sample.at.as_second().div_euclid(width) * width;
        // Cannot fail: it lies at most a bucket before an instant that exists, and if it did not
        // exist the sample's own instant would name the bucket well enough.
        let begin = Timestamp::from_second(begin).unwrap_or(sample.at);
        let (sum, count) = sums.entry((begin, sample.quantity)).or_default();
        *sum += sample.value;
        *count += 1.0;
    }
    sums.into_iter()
        .map(|((at, quantity), (sum, count))| Sample { at, quantity, value: sum / count })
        .collect()
}

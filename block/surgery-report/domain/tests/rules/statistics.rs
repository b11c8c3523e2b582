//! Figures of a step: the contract's vectors, and laws against a naive reference.

use jiff::Timestamp;
use proptest::prelude::*;
use surgery_report_domain::entity::{
    sample::{Climate, Quantity, Reading, Sample, Series, VitalSign},
    statistics::{Inside, Interval, Number, Summary, summarise},
};

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_778_832_000_000 + ms).unwrap()
}

fn over(start: i64, stop: i64, closed: bool) -> Interval {
    Interval { start: ms(start), stop: ms(stop), closed }
}

fn value(number: Number) -> f64 {
    match number {
        #[expect(clippy::cast_precision_loss, reason = "values of a test are small")]
        Number::Whole(whole) => whole as f64,
        Number::Decimal(decimal) => decimal,
    }
}

fn vital(quantity: VitalSign, values: &[f64]) -> Summary {
    let samples = values
        .iter()
        .zip(0..)
        .map(|(value, at)| Sample::vital(ms(at * 1000), quantity, *value).unwrap());
    let series = Series::new(samples);
    summarise(series.readings(quantity), &[over(0, 9000, true)], 1000, quantity.is_whole())
}

fn climate(quantity: Climate, values: &[f64]) -> Summary {
    let samples = values
        .iter()
        .zip(0..)
        .map(|(value, at)| Sample::climate(ms(at * 1000), quantity, *value).unwrap());
    let series = Series::new(samples);
    summarise(series.readings(quantity), &[over(0, 9000, true)], 1000, quantity.is_whole())
}

fn check(actual: Summary, expected: [f64; 4], tolerance: f64) {
    let Inside { average, std, maximum, minimum, .. } = actual.inside.unwrap();
    for (actual, expected) in [average, std, maximum, minimum].into_iter().zip(expected) {
        let off = (value(actual) - expected).abs();
        assert!(off <= tolerance, "{actual:?} is not {expected}");
    }
}

#[test]
fn vectors() {
    use VitalSign::{
        BodyTemperature, DiastolicBloodPressure, HeartBeat, RespiratoryRate, SaturationPercentage,
        SystolicBloodPressure,
    };
    check(vital(HeartBeat, &[60.0, 50.0, 100.0]), [70.0, 21.0, 100.0, 50.0], 0.0);
    check(vital(DiastolicBloodPressure, &[100.0, 150.0, 115.0]), [121.0, 20.0, 150.0, 100.0], 0.0);
    check(vital(SystolicBloodPressure, &[80.0, 100.0, 87.0]), [89.0, 8.0, 100.0, 80.0], 0.0);
    check(vital(RespiratoryRate, &[30.0, 40.0, 22.0]), [30.0, 7.0, 40.0, 22.0], 0.0);
    check(vital(SaturationPercentage, &[85.0, 40.0, 60.0]), [61.7, 18.4, 85.0, 40.0], 0.1);
    check(vital(BodyTemperature, &[36.0, 37.0, 35.0]), [36.0, 0.81, 37.0, 35.0], 0.1);
    check(climate(Climate::Temperature, &[30.0, 35.0, 32.0]), [32.3, 2.05, 35.0, 30.0], 0.1);
    check(climate(Climate::Humidity, &[50.0, 55.0, 80.0]), [61.6, 13.12, 80.0, 50.0], 0.1);
    check(climate(Climate::Luminosity, &[100.0, 150.0, 300.0]), [183.3, 84.98, 300.0, 100.0], 0.1);
    check(climate(Climate::Luminosity, &[7.0, 5.0, 8.0, 4.0, 6.0]), [6.0, 1.41, 8.0, 4.0], 0.01);
    assert_eq!(vital(HeartBeat, &[]), Summary::default());
    assert_eq!(climate(Climate::Humidity, &[]), Summary::default());
}

#[test]
fn values_outside_their_range_are_refused() {
    let at = ms(0);
    for quantity in VitalSign::ALL {
        Sample::vital(at, *quantity, -0.5).unwrap_err();
        Sample::vital(at, *quantity, f64::NAN).unwrap_err();
        Sample::vital(at, *quantity, f64::INFINITY).unwrap_err();
        Sample::vital(at, *quantity, 0.0).unwrap();
    }
    Sample::vital(at, VitalSign::SaturationPercentage, 100.5).unwrap_err();
    Sample::climate(at, Climate::Luminosity, -1.0).unwrap_err();
    Sample::climate(at, Climate::Humidity, 101.0).unwrap_err();
    Sample::climate(at, Climate::Humidity, -1.0).unwrap_err();
    Sample::climate(at, Climate::Temperature, -50.0).unwrap();
    Sample::climate(at, Climate::Temperature, -50.1).unwrap_err();
    Sample::climate(at, Climate::Temperature, 100.1).unwrap_err();
}

/// Integers as large as they get, many of them: floating point would be off.
#[test]
fn integers_are_exact() {
    let big = f64::from(i32::MAX);
    let summary = vital(VitalSign::HeartBeat, &[big, big, big - 1.0]);
    check(summary, [2_147_483_646.0, 0.0, big, big - 1.0], 0.0);
    let summary = vital(VitalSign::HeartBeat, &[121.9, 122.9]);
    check(summary, [121.0, 0.0, 122.0, 121.0], 0.0);
}

fn readings(at: &[(i64, f64)]) -> Vec<Reading> {
    at.iter().map(|&(at, value)| Reading { at: ms(at), value }).collect()
}

#[test]
fn bounds_of_a_step() {
    let readings = readings(&[(0, 1.0), (10, 2.0), (20, 4.0)]);
    let count = |interval| {
        summarise(&readings, &[interval], 5, false).inside.map_or(0, |inside| inside.count)
    };
    assert_eq!(count(over(0, 20, false)), 2); // the end belongs to the next step
    assert_eq!(count(over(0, 20, true)), 3); // but the end of the process to the last
    assert_eq!(count(over(1, 10, false)), 0);
    assert_eq!(count(over(10, 10, true)), 1);
    assert_eq!(count(over(10, 10, false)), 0);
    assert_eq!(count(over(15, 5, false)), 0);
    let inside = summarise(&readings, &[over(5, 20, true)], 5, false).inside.unwrap();
    assert_eq!((inside.first, inside.last), (ms(10), ms(20)));
}

/// `(samples, interval) → (average, covered milliseconds)`, values in force for at most 100 ms.
#[test]
fn time_weighted() {
    let check = |samples: &[(i64, f64)], interval, average: Option<f64>, covered| {
        let summary = summarise(&readings(samples), &[interval], 100, false);
        assert_eq!((summary.time_weighted_average, summary.covered_ms), (average, covered));
    };
    check(&[], over(0, 50, true), None, 0);
    check(&[(0, 1.0)], over(0, 50, true), Some(1.0), 50); // until the step's end
    check(&[(0, 1.0)], over(0, 500, true), Some(1.0), 100); // until it is too old
    check(&[(0, 1.0), (30, 2.0)], over(0, 40, true), Some(1.25), 40); // until the next one
    check(&[(-90, 1.0)], over(0, 50, true), Some(1.0), 10); // its limit counts from its own time
    check(&[(-100, 1.0)], over(0, 50, true), None, 0);
    check(&[(-10, 1.0), (0, 3.0)], over(0, 50, true), Some(3.0), 50); // replaced at the start
    check(&[(-20, 9.0), (-10, 1.0), (5, 3.0)], over(0, 10, false), Some(2.0), 10);
    check(&[(0, 1.0), (10, 5.0)], over(0, 10, false), Some(1.0), 10); // the next one is outside
    check(&[(50, 5.0)], over(0, 50, true), None, 0); // measured at the end: no time left
    check(&[(0, 1.0), (200, 3.0)], over(0, 220, true), Some(1.333_333_33), 120);
}

#[test]
fn several_intervals_count_together() {
    let readings = readings(&[(0, 1.0), (10, 2.0), (20, 4.0), (30, 8.0)]);
    let summary = summarise(&readings, &[over(0, 10, false), over(20, 30, true)], 100, true);
    let inside = summary.inside.unwrap();
    assert_eq!((inside.count, inside.first, inside.last), (3, ms(0), ms(30)));
    assert_eq!((inside.average, inside.maximum), (Number::Whole(4), Number::Whole(8)));
    assert_eq!((summary.time_weighted_average, summary.covered_ms), (Some(2.5), 20));
}

#[test]
fn snapshots_hold_a_sample_where_a_value_changes() {
    let heart = |at, value| Sample::vital(ms(at), VitalSign::HeartBeat, f64::from(value)).unwrap();
    let series = Series::of_snapshots([
        heart(30, 71),
        heart(0, 70),
        heart(10, 70),
        heart(20, 71),
        heart(40, 70),
    ]);
    let found: Vec<_> =
        series.readings(VitalSign::HeartBeat).iter().map(|it| (it.at, it.value)).collect();
    assert_eq!(found, [(ms(0), 70.0), (ms(20), 71.0), (ms(40), 70.0)]);
}

#[test]
fn the_sample_accepted_last_counts() {
    let heart = |at, value| Sample::vital(ms(at), VitalSign::HeartBeat, f64::from(value)).unwrap();
    let series = Series::new([heart(0, 60), heart(5, 65), heart(0, 70)]);
    assert_eq!(series.readings(VitalSign::HeartBeat), readings(&[(0, 70.0), (5, 65.0)]));
}

/// Milliseconds and values.
type Samples = Vec<(i64, f64)>;

/// Samples at distinct instants, then the same ones shuffled with some of them doubled.
fn twice() -> impl Strategy<Value = (Samples, Samples)> {
    let samples = prop::collection::btree_map(-300_i64..1300, 0_u32..250_000, 0..60)
        .prop_map(|it| it.into_iter().map(|(at, v)| (at, f64::from(v) / 1000.0)).collect());
    samples.prop_flat_map(|samples: Vec<_>| {
        let doubled = [samples.clone(), samples.iter().copied().step_by(3).collect()].concat();
        (Just(samples), Just(doubled).prop_shuffle())
    })
}

/// As slow and as plain as possible: looks at every sample for every millisecond.
fn naive(
    samples: &[(i64, f64)],
    interval: (i64, i64, bool),
    hold: i64,
) -> (usize, f64, f64, f64, u64) {
    let (start, stop, closed) = interval;
    let inside: Vec<f64> = samples
        .iter()
        .filter(|(at, _)| start <= *at && (*at < stop || closed && *at == stop))
        .map(|(_, value)| *value)
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a few samples")]
    let count = inside.len() as f64;
    let average = inside.iter().sum::<f64>() / count;
    let squares = inside.iter().map(|value| value * value).sum::<f64>() / count;
    let (mut covered, mut sum) = (0_u64, 0.0);
    for now in start..stop {
        let in_force = samples.iter().filter(|(at, _)| *at <= now).max_by_key(|(at, _)| *at);
        if let Some((_, value)) = in_force.filter(|(at, _)| now < at + hold) {
            covered += 1;
            sum += value;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few milliseconds")]
    let weighted = sum / covered as f64;
    (inside.len(), average, (squares - average * average).max(0.0).sqrt(), weighted, covered)
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_show(
        (samples, shuffled) in twice(), start in 0_i64..500, length in 0_i64..500,
    ) {
        let summary = |samples: &[(i64, f64)], quantity| {
            let series = Series::new(
                samples.iter().map(|(at, v)| Sample::vital(ms(*at), quantity, *v).unwrap()),
            );
            let interval = over(start, start + length, false);
            summarise(series.readings(quantity), &[interval], 50, quantity.is_whole())
        };
        for quantity in [VitalSign::HeartBeat, VitalSign::BodyTemperature] {
            prop_assert_eq!(summary(&samples, quantity), summary(&shuffled, quantity));
        }
    }

    #[test]
    fn agrees_with_the_naive_reference(
        (samples, _) in twice(), start in 0_i64..500, length in 0_i64..500, closed: bool,
    ) {
        let interval = over(start, start + length, closed);
        let summary = summarise(&readings(&samples), &[interval], 50, false);
        let (count, average, std, weighted, covered) =
            naive(&samples, (start, start + length, closed), 50);
        prop_assert_eq!(summary.covered_ms, covered);
        if let Some(found) = summary.time_weighted_average {
            prop_assert!((found - weighted).abs() < 1e-6);
        } else {
            prop_assert_eq!(covered, 0);
        }
        let Some(inside) = summary.inside else {
            prop_assert_eq!(count, 0);
            return Ok(());
        };
        prop_assert_eq!(usize::try_from(inside.count).unwrap(), count);
        prop_assert!((value(inside.average) - average).abs() < 1e-6);
        prop_assert!((value(inside.std) - std).abs() < 1e-4);
    }

    /// The definition of the integer deviation, checked without a square root.
    #[test]
    fn whole_deviation_is_the_greatest_integer_below(values in prop::collection::vec(0_i32.., 1..40)) {
        let floats: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
        let readings: Vec<_> = floats.iter().zip(0..).map(|(v, at)| (at, *v)).collect();
        let summary =
            summarise(&self::readings(&readings), &[over(0, 100, false)], 1, true);
        let inside = summary.inside.unwrap();
        let (Number::Whole(average), Number::Whole(std)) = (inside.average, inside.std) else {
            panic!("not whole")
        };
        let n = i128::try_from(values.len()).unwrap();
        let sum: i128 = values.iter().map(|v| i128::from(*v)).sum();
        let squares: i128 = values.iter().map(|v| i128::from(*v).pow(2)).sum();
        prop_assert_eq!(i128::from(average), sum / n);
        let variance = n * squares - sum * sum;
        prop_assert!((i128::from(std) * n).pow(2) <= variance);
        prop_assert!(variance < ((i128::from(std) + 1) * n).pow(2));
    }
}

//! The courses that a report keeps.

use jiff::Timestamp;
use proptest::prelude::*;
use surgery_report_domain::entity::{
    curve::{Curve, MOST_POINTS},
    sample::Reading,
};

use crate::contract::at;

fn reading(second: i64, value: f64) -> Reading {
    Reading { at: Timestamp::from_second(at("08:00").as_second() + second).unwrap(), value }
}

#[test]
fn few_readings_are_kept_as_they_are() {
    let readings: Vec<_> = (0..60).map(|second| reading(second, f64::from(1))).collect();
    let curve = Curve::of(&readings, at("08:00"), at("08:01"), 5_000);
    assert_eq!(curve.runs, [readings]);
    assert!(Curve::of(&[], at("08:00"), at("08:01"), 5_000).is_empty());
}

#[test]
fn silence_stays_silence() {
    let readings = [0, 1, 6, 12, 13].map(|second| reading(second, 70.0));
    let curve = Curve::of(&readings, at("08:00"), at("08:01"), 5_000);
    let lengths: Vec<_> = curve.runs.iter().map(Vec::len).collect();
    assert_eq!(lengths, [3, 2], "five seconds are bridged, six are a gap");
}

#[test]
fn the_one_extreme_of_an_hour_is_kept() {
    let value = |second| if second == 1_717 { 41.5 } else { 71.0 };
    let readings: Vec<_> = (0..3_600).map(|second| reading(second, value(second))).collect();
    let curve = Curve::of(&readings, at("08:00"), at("09:00"), 5_000);
    let kept: Vec<_> = curve.runs.concat().into_iter().filter(|it| it.value < 50.0).collect();
    assert_eq!(kept, [reading(1_717, 41.5)]);
}

proptest! {
    #[test]
    fn a_curve_is_small_ascending_and_keeps_its_extremes(
        seconds in proptest::collection::btree_map(0_i64..20_000, -50.0_f64..300.0, 1..2_000),
        hold_ms in 1_i64..400_000,
    ) {
        let readings: Vec<_> =
            seconds.iter().map(|(second, value)| reading(*second, *value)).collect();
        let curve = Curve::of(&readings, at("08:00"), at("13:33:20"), hold_ms);
        prop_assert!(curve.len() <= MOST_POINTS);
        let kept = curve.runs.concat();
        prop_assert!(kept.windows(2).all(|pair| pair[0].at < pair[1].at));
        prop_assert!(kept.iter().all(|it| readings.contains(it)));
        let greatest = |of: &[Reading]| of.iter().map(|it| it.value).fold(f64::MIN, f64::max);
        let smallest = |of: &[Reading]| of.iter().map(|it| it.value).fold(f64::MAX, f64::min);
        prop_assert!(greatest(&kept).total_cmp(&greatest(&readings)).is_eq());
        prop_assert!(smallest(&kept).total_cmp(&smallest(&readings)).is_eq());
        prop_assert_eq!(kept.first(), readings.first());
        prop_assert_eq!(kept.last(), readings.last());
    }
}

//! Units, ranges, contradictions and times.

use medical_instrument_integration_domain::entity::{Readings, Refused, Unit, Value, VitalSign};
use proptest::prelude::*;

const UNITS: [Unit; 5] =
    [Unit::PerMinute, Unit::MillimetreOfMercury, Unit::Percent, Unit::Celsius, Unit::Fahrenheit];

#[test]
fn values_are_cut_converted_and_bounded() {
    use VitalSign::{BodyTemperature, HeartBeat, SaturationPercentage, SystolicBloodPressure};
    let range = |smallest, greatest| Err(Refused::Range { smallest, greatest });
    let check = |vital_sign: VitalSign, measured, unit, expected| {
        assert_eq!(vital_sign.value(measured, unit), expected, "{vital_sign:?} {measured}");
    };
    let mercury = Unit::MillimetreOfMercury;
    check(SystolicBloodPressure, 121.9, mercury, Ok(Value::Whole(121)));
    check(SystolicBloodPressure, 0.0, mercury, Ok(Value::Whole(0)));
    check(SystolicBloodPressure, -0.5, mercury, range(0, i32::MAX));
    check(HeartBeat, 3e9, Unit::PerMinute, range(0, i32::MAX));
    check(HeartBeat, f64::NAN, Unit::PerMinute, range(0, i32::MAX));
    check(SaturationPercentage, 0.9, Unit::Percent, range(1, 100));
    check(SaturationPercentage, 1.0, Unit::Percent, Ok(Value::Whole(1)));
    check(SaturationPercentage, 100.9, Unit::Percent, Ok(Value::Whole(100)));
    check(SaturationPercentage, 101.0, Unit::Percent, range(1, 100));
    check(BodyTemperature, 36.47, Unit::Celsius, Ok(Value::Decimal(36.47)));
    let unrounded = Value::Decimal((99.0 - 32.0) * 5.0 / 9.0);
    check(BodyTemperature, 99.0, Unit::Fahrenheit, Ok(unrounded));
    check(BodyTemperature, 31.9, Unit::Fahrenheit, range(0, i32::MAX));
    check(BodyTemperature, 3e9, Unit::Celsius, range(0, i32::MAX));
}

#[test]
fn only_units_of_the_quantity_are_taken() {
    for vital_sign in VitalSign::ALL {
        let taken: Vec<Unit> =
            UNITS.into_iter().filter(|unit| vital_sign.value(90.0, *unit).is_ok()).collect();
        let expected: &[Unit] = match vital_sign {
            VitalSign::BodyTemperature => &[Unit::Celsius, Unit::Fahrenheit],
            _ => &[vital_sign.unit()],
        };
        assert_eq!(taken, expected, "{vital_sign:?}");
    }
}

#[test]
fn a_vital_sign_has_one_value_at_a_time() {
    let mut readings = Readings::default();
    assert!(readings.is_empty());
    readings.add(VitalSign::HeartBeat, Value::Whole(70)).unwrap();
    readings.add(VitalSign::SystolicBloodPressure, Value::Whole(120)).unwrap();
    for again in [70, 71] {
        let second = readings.add(VitalSign::HeartBeat, Value::Whole(again));
        assert_eq!(second, Err(Refused::Repeated));
    }
    let found: Vec<_> = readings.iter().collect();
    let expected = [
        (VitalSign::SystolicBloodPressure, Value::Whole(120)),
        (VitalSign::HeartBeat, Value::Whole(70)),
    ];
    assert_eq!(found, expected);
}

proptest! {
    #[test]
    fn what_is_taken_is_what_was_measured(
        measured in prop_oneof![any::<f64>(), 0.0..400.0],
        vital_sign in prop::sample::select(&VitalSign::ALL[..]),
    ) {
        match vital_sign.value(measured, vital_sign.unit()) {
            Ok(Value::Whole(whole)) => {
                prop_assert!(0 <= whole);
                prop_assert!((0.0..1.0).contains(&(measured - f64::from(whole))));
            }
            Ok(Value::Decimal(decimal)) => {
                prop_assert!(0.0 <= decimal && (decimal - measured).abs() < f64::EPSILON);
            }
            Err(_) => prop_assert!(!(1.0..=100.0).contains(&measured)),
        }
    }
}

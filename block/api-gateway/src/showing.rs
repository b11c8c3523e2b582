//! What the hospital has decided of its dashboards: the zone in which times are shown, the ranges
//! that are drawn behind values, and when a screen locks.
//!
//! The ranges are for the eye. No alarm is made of vital signs: that is the monitors' duty (IEC
//! 60601-1-8). Of a room's climate the dashboards say when it leaves its range.

use std::cmp::Ordering;

use axum::extract::State;
use chiron_chassis::{Api, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::DASHBOARDS;

/// What the dashboards are told.
pub(crate) fn settings(api: Api<Gateway>) -> Api<Gateway> {
    api.route(DASHBOARDS, routes!(told))
}

/// Settings of the dashboards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dashboards {
    /// The zone in which times are shown (IANA name); the hospital's.
    #[serde(skip_deserializing)]
    pub time_zone: String,
    /// After how many minutes without a touch a screen locks, 1 to 240.
    pub lock_after_minutes: u32,
    /// What is drawn as usual behind values.
    pub ranges: Ranges,
}

/// Ranges, ends included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ranges {
    /// A theatre's temperature in °C: 20 to 24 (ANSI/ASHRAE/ASHE 170, operating rooms).
    pub theatre_temperature: Range,
    /// A theatre's relative humidity in %: 20 to 60 (the same).
    pub theatre_humidity: Range,
    /// Temperature of a room for before and after surgery in °C: 21 to 24 (the same, recovery).
    pub other_temperature: Range,
    /// Relative humidity of such a room in %: 20 to 60 (the same).
    pub other_humidity: Range,
    /// Heart rate per minute: 51 to 90, which score nothing in the National Early Warning Score 2.
    pub heart_rate: Range,
    /// Oxygen saturation in %: 96 to 100 (the same).
    pub saturation: Range,
    /// Blood pressure in mmHg, from diastolic to systolic: 60 to 140, as the hospital has it.
    pub blood_pressure: Range,
    /// Breaths per minute: 12 to 20 (the same score).
    pub respiratory_rate: Range,
    /// Body temperature in °C: 36.1 to 38 (the same score).
    pub body_temperature: Range,
}

/// From one value to another, both included; in the unit of what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The most; not less than the least.
    pub high: f64,
}

impl Range {
    const fn of(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}

impl Default for Ranges {
    fn default() -> Self {
        Self {
            theatre_temperature: Range::of(20.0, 24.0),
            theatre_humidity: Range::of(20.0, 60.0),
            other_temperature: Range::of(21.0, 24.0),
            other_humidity: Range::of(20.0, 60.0),
            heart_rate: Range::of(51.0, 90.0),
            saturation: Range::of(96.0, 100.0),
            blood_pressure: Range::of(60.0, 140.0),
            respiratory_rate: Range::of(12.0, 20.0),
            body_temperature: Range::of(36.1, 38.0),
        }
    }
}

impl Default for Dashboards {
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned(), lock_after_minutes: 10, ranges: Ranges::default() }
    }
}

/// Why settings of the dashboards are refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// A screen would never lock, or at once.
    #[error("gateway.dashboards.lock_after_minutes must lie between 1 and 240")]
    Lock,
    /// A range has no inside.
    #[error("gateway.dashboards.ranges.{0}: the least is more than the most")]
    Range(&'static str),
}

impl Dashboards {
    /// Refuses what no screen could follow.
    pub(crate) fn checked(self) -> Result<Self, Unusable> {
        if !(1..=240).contains(&self.lock_after_minutes) {
            return Err(Unusable::Lock);
        }
        let ranges = &self.ranges;
        for (name, Range { low, high }) in [
            ("theatre_temperature", ranges.theatre_temperature),
            ("theatre_humidity", ranges.theatre_humidity),
            ("other_temperature", ranges.other_temperature),
            ("other_humidity", ranges.other_humidity),
            ("heart_rate", ranges.heart_rate),
            ("saturation", ranges.saturation),
            ("blood_pressure", ranges.blood_pressure),
            ("respiratory_rate", ranges.respiratory_rate),
            ("body_temperature", ranges.body_temperature),
        ] {
            // Not a number is not in order either.
            if low.partial_cmp(&high).is_none_or(Ordering::is_gt) {
                return Err(Unusable::Range(name));
            }
        }
        Ok(self)
    }
}

/// What is told of a range.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RangesV1 {
    /// Of a theatre, in °C.
    theatre_temperature: Range,
    /// Of a theatre, relative, in %.
    theatre_humidity: Range,
    /// Of a room for before and after surgery, in °C.
    other_temperature: Range,
    /// The same, relative, in %.
    other_humidity: Range,
    /// Per minute.
    heart_rate: Range,
    /// In %.
    saturation: Range,
    /// In mmHg, from diastolic to systolic.
    blood_pressure: Range,
    /// Per minute.
    respiratory_rate: Range,
    /// In °C.
    body_temperature: Range,
}

/// How the hospital wants its dashboards.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DashboardsV1 {
    /// The zone in which times are shown (IANA name).
    time_zone: String,
    /// Minutes without a touch after which a screen locks.
    lock_after_minutes: u32,
    /// What is drawn as usual behind values.
    ranges: RangesV1,
}

/// How the hospital wants its dashboards.
#[utoipa::path(get, path = "/api/v1/dashboard-settings",
    responses((status = 200, body = DashboardsV1)))]
async fn told(State(gateway): State<Gateway>) -> Json<DashboardsV1> {
    let Dashboards { time_zone, lock_after_minutes, ranges } = gateway.dashboards;
    let ranges = RangesV1 {
        theatre_temperature: ranges.theatre_temperature,
        theatre_humidity: ranges.theatre_humidity,
        other_temperature: ranges.other_temperature,
        other_humidity: ranges.other_humidity,
        heart_rate: ranges.heart_rate,
        saturation: ranges.saturation,
        blood_pressure: ranges.blood_pressure,
        respiratory_rate: ranges.respiratory_rate,
        body_temperature: ranges.body_temperature,
    };
    Json(DashboardsV1 { time_zone, lock_after_minutes, ranges })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_screen_could_follow_is_refused() {
        assert!(Dashboards::default().checked().is_ok());
        for minutes in [0, 241] {
            let given = Dashboards { lock_after_minutes: minutes, ..Dashboards::default() };
            assert!(matches!(given.checked(), Err(Unusable::Lock)), "{minutes}");
        }
        for (low, high) in [(2.0, 1.0), (f64::NAN, 1.0)] {
            let mut given = Dashboards::default();
            given.ranges.saturation = Range { low, high };
            assert!(matches!(given.checked(), Err(Unusable::Range("saturation"))), "{low}");
        }
    }
}

//! The annex of a version as it is kept: a sheet of names and stays, and one page of curves per
//! interval, so that no document grows with the length of a process.

use std::collections::BTreeMap;

use chiron_clock::instant;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use surgery_report_domain::entity::{
    annex::{Annex, Directory, Person, Plan},
    curve::{Curve, StayOver, StepCurves},
    process::{EmptyId, ProfessionalId, RoomId},
    report::NominalPeriods,
    sample::{Climate, Quantity, Reading, VitalSign},
};

use crate::application::report::{RoomKindV1, UnreadableReport};

/// Stays, names and nominal periods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SheetV1 {
    stays: Vec<StayV1>,
    rooms: BTreeMap<String, String>,
    people: BTreeMap<String, PersonV1>,
    birthdate: Option<Date>,
    plan: Option<PlanV1>,
    climate_period_ms: i64,
    vital_sign_period_ms: i64,
    blood_pressure_period_ms: i64,
    /// The pages of curves, by their digests, in the order of the intervals.
    pub(crate) pages: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StayV1 {
    room: String,
    kind: RoomKindV1,
    #[serde(with = "instant::text")]
    from: Timestamp,
    #[serde(with = "instant::option")]
    to: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PersonV1 {
    name: String,
    surname: String,
    role: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PlanV1 {
    #[serde(with = "instant::text")]
    start: Timestamp,
    minutes: u32,
}

/// The curves of one interval.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct PageV1 {
    vital_signs: BTreeMap<VitalSignNameV1, CurveV1>,
    rooms: BTreeMap<String, BTreeMap<ClimateNameV1, CurveV1>>,
}

/// Runs of readings: milliseconds since 1970 and values.
type CurveV1 = Vec<Vec<(i64, f64)>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum VitalSignNameV1 {
    HeartBeat,
    DiastolicBloodPressure,
    SystolicBloodPressure,
    RespiratoryRate,
    SaturationPercentage,
    BodyTemperature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ClimateNameV1 {
    Temperature,
    Humidity,
    Luminosity,
}

crate::application::report::same!(
    VitalSignNameV1,
    VitalSign {
        HeartBeat = HeartBeat,
        DiastolicBloodPressure = DiastolicBloodPressure,
        SystolicBloodPressure = SystolicBloodPressure,
        RespiratoryRate = RespiratoryRate,
        SaturationPercentage = SaturationPercentage,
        BodyTemperature = BodyTemperature,
    }
);
crate::application::report::same!(
    ClimateNameV1,
    Climate { Temperature = Temperature, Humidity = Humidity, Luminosity = Luminosity }
);

impl SheetV1 {
    /// Everything but the curves, whose pages are named by `pages`.
    pub(crate) fn of(annex: &Annex, pages: Vec<String>) -> Self {
        let text = |id: &str| id.to_owned();
        let Directory { rooms, people, birthdate, plan } = &annex.directory;
        let person = |it: &Person| PersonV1 {
            name: it.name.clone(),
            surname: it.surname.clone(),
            role: it.role.clone(),
        };
        Self {
            stays: annex
                .stays
                .iter()
                .map(|it| StayV1 {
                    room: text(it.room.as_str()),
                    kind: it.kind.into(),
                    from: it.from,
                    to: it.to,
                })
                .collect(),
            rooms: rooms.iter().map(|(id, name)| (text(id.as_str()), name.clone())).collect(),
            people: people.iter().map(|(id, it)| (text(id.as_str()), person(it))).collect(),
            birthdate: *birthdate,
            plan: plan.as_ref().map(|it| PlanV1 { start: it.start, minutes: it.minutes }),
            climate_period_ms: annex.periods.climate_ms,
            vital_sign_period_ms: annex.periods.vital_signs_ms,
            blood_pressure_period_ms: annex.periods.blood_pressure_ms,
            pages,
        }
    }

    /// The annex with its pages of curves.
    ///
    /// # Errors
    ///
    /// See [`UnreadableReport`].
    pub(crate) fn annex(self, pages: Vec<PageV1>) -> Result<Annex, UnreadableReport> {
        let stay = |it: StayV1| {
            let room = RoomId::new(it.room)?;
            Ok(StayOver { room, kind: it.kind.into(), from: it.from, to: it.to })
        };
        let person = |(id, it): (String, PersonV1)| {
            let PersonV1 { name, surname, role } = it;
            Ok((ProfessionalId::new(id)?, Person { name, surname, role }))
        };
        let rooms = self.rooms.into_iter().map(|(id, name)| Ok((RoomId::new(id)?, name)));
        Ok(Annex {
            stays: self.stays.into_iter().map(stay).collect::<Result<_, EmptyId>>()?,
            curves: pages.into_iter().map(PageV1::curves).collect::<Result<_, EmptyId>>()?,
            periods: NominalPeriods {
                climate_ms: self.climate_period_ms,
                vital_signs_ms: self.vital_sign_period_ms,
                blood_pressure_ms: self.blood_pressure_period_ms,
            },
            directory: Directory {
                rooms: rooms.collect::<Result<_, EmptyId>>()?,
                people: self.people.into_iter().map(person).collect::<Result<_, EmptyId>>()?,
                birthdate: self.birthdate,
                plan: self.plan.map(|it| Plan { start: it.start, minutes: it.minutes }),
            },
        })
    }
}

impl PageV1 {
    pub(crate) fn of(curves: &StepCurves) -> Self {
        let rooms = curves.rooms.iter();
        Self {
            vital_signs: written(&curves.vital_signs),
            rooms: rooms.map(|(room, it)| (room.as_str().to_owned(), written(it))).collect(),
        }
    }

    fn curves(self) -> Result<StepCurves, EmptyId> {
        let rooms = self.rooms.into_iter().map(|(room, it)| Ok((RoomId::new(room)?, read(it))));
        Ok(StepCurves {
            vital_signs: read(self.vital_signs),
            rooms: rooms.collect::<Result<_, _>>()?,
        })
    }
}

fn written<N: From<Q> + Ord, Q: Quantity>(curves: &BTreeMap<Q, Curve>) -> BTreeMap<N, CurveV1> {
    let point = |reading: &Reading| (reading.at.as_millisecond(), reading.value);
    let run = |run: &Vec<Reading>| run.iter().map(point).collect();
    let curve = |(quantity, curve): (&Q, &Curve)| {
        (N::from(*quantity), curve.runs.iter().map(run).collect())
    };
    curves.iter().map(curve).collect()
}

fn read<N, Q: Quantity + From<N>>(curves: BTreeMap<N, CurveV1>) -> BTreeMap<Q, Curve> {
    // Written from instants, so every number is one again.
    let point = |(ms, value): (i64, f64)| {
        Some(Reading { at: Timestamp::from_millisecond(ms).ok()?, value })
    };
    let run = |run: Vec<(i64, f64)>| run.into_iter().filter_map(point).collect();
    let curve = |(name, curve): (N, CurveV1)| {
        (Q::from(name), Curve { runs: curve.into_iter().map(run).collect() })
    };
    curves.into_iter().map(curve).collect()
}

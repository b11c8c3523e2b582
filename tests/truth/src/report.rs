//! The report that a process must have.
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::course::Process;
use crate::journal::{Journal, written};
use crate::statistics::{Interval, Sample, Statistics, statistics};

/// Vital signs, and whether the contract gives them as whole numbers.
const VITALS: [(&str, bool); 6] = [
    ("heartBeat", true),
    ("diastolicBloodPressure", true),
    ("systolicBloodPressure", true),
    ("respiratoryRate", true),
    ("saturationPercentage", false),
    ("bodyTemperature", false),
];
const ENVIRONMENT: [&str; 3] = ["temperature", "humidity", "luminosity"];

/// All samples of one patient or room by quantity, ascending; one per instant, the last told.
pub(crate) type Series = BTreeMap<String, Vec<Sample>>;

/// The samples of a kind of fact, by patient or room.
pub(crate) fn series(journal: &Journal, kind: &str, owner: &str, owner_id: &str) -> Series {
    let mut told: BTreeMap<(String, Timestamp), (usize, f64)> = BTreeMap::new();
    for fact in journal.of(kind).filter(|fact| !fact.late && fact.text(owner) == owner_id) {
        let Some(value) = fact.value("value").as_f64() else { continue };
        let entry =
            told.entry((fact.text("quantity").to_owned(), fact.t)).or_insert((fact.nth, value));
        if entry.0 <= fact.nth {
            *entry = (fact.nth, value);
        }
    }
    let mut series = Series::new();
    for ((quantity, t), (_, value)) in told {
        series.entry(quantity).or_default().push(Sample { t, value });
    }
    series
}

/// A badge read at a door.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Movement {
    pub(crate) t: Timestamp,
    /// False sorts first: at one instant an exit comes before an entry.
    pub(crate) enters: bool,
    pub(crate) professional: String,
    pub(crate) room: String,
}

/// Every movement of staff, ascending; ties as the contract orders them.
pub(crate) fn movements(journal: &Journal) -> Vec<Movement> {
    let mut all = BTreeSet::new();
    for fact in journal.of("staff_moved") {
        let professional = fact.text("professionalId").to_owned();
        let movement = |room: String, enters: bool| Movement {
            t: fact.t,
            enters,
            professional: professional.clone(),
            room,
        };
        all.extend(fact.option("fromRoomId").map(|room| movement(room, false)));
        all.extend(fact.option("roomId").map(|room| movement(room, true)));
    }
    all.into_iter().collect()
}

/// Where everybody is after the movements up to `until` (inclusive, or exclusive when `before`).
pub(crate) fn positions(
    movements: &[Movement],
    until: Timestamp,
    before: bool,
) -> BTreeMap<String, String> {
    let mut inside = BTreeMap::new();
    for movement in movements {
        if movement.t > until || (before && movement.t == until) {
            break;
        }
        if movement.enters {
            inside.insert(movement.professional.clone(), movement.room.clone());
        } else if inside.get(&movement.professional) == Some(&movement.room) {
            inside.remove(&movement.professional);
        }
    }
    inside
}

/// What the reports of a run share.
pub(crate) struct Sources<'a> {
    pub(crate) journal: &'a Journal,
    pub(crate) movements: Vec<Movement>,
    pub(crate) rooms: BTreeMap<String, Series>,
}

impl Sources<'_> {
    /// The report of an ended process.
    pub(crate) fn report(&self, process: &Process, end: Timestamp) -> Value {
        let rooms = process.rooms();
        let vitals = series(self.journal, "vital", "patientId", &process.patient_id);
        let mut steps = Vec::new();
        for (nth, (from, step)) in process.steps.iter().enumerate() {
            let next = process.steps.get(nth + 1).map(|(at, _)| *at);
            let (to, closed) = (next.unwrap_or(end), next.is_none());
            let interval = Interval { from: *from, to, closed };
            steps.push((*step, self.step(process, step, interval, &rooms, &vitals)));
        }
        let inside = |room: &str| rooms.iter().any(|(involved, _)| involved == room);
        let tracked: Vec<Value> = self
            .movements
            .iter()
            .filter(|m| process.start <= m.t && m.t <= end && inside(&m.room))
            .map(|m| {
                json!({
                    "dateTime": written(m.t), "healthProfessionalId": m.professional,
                    "roomID": m.room, "trackType": if m.enters { "ENTER" } else { "EXIT" },
                })
            })
            .collect();
        let present: Vec<Value> = positions(&self.movements, process.start, true)
            .into_iter()
            .filter(|(_, room)| inside(room))
            .map(|(who, room)| json!({"healthProfessionalId": who, "roomId": room}))
            .collect();
        json!({
            "surgeryDate": written(process.start),
            "surgicalProcessDescription": process.kind,
            "patientID": process.patient_id,
            "roomsInvolved": rooms.iter().map(|(id, theatre)| json!({"id": id, "type": kind(*theatre)})).collect::<Vec<_>>(),
            "inChargeHealthProfessionalID": process.professional_id,
            "healthcareUser": self.healthcare_user(process),
            "stepData": Value::Object(steps.iter().map(|(step, data)| ((*step).to_owned(), data.clone())).collect()),
            "consumedImplantableMedicalDevice": process.devices.iter().map(|(id, kind)| json!({"id": id, "type": kind})).collect::<Vec<_>>(),
            "medicalTechnologyUsageData": self.usages(process, end),
            "healthProfessionalTrackingInformation": tracked,
            "healthProfessionalsPresentAtStart": present,
            "additionalData": "",
            "surgeryId": process.surgery_id,
            "finalState": process.state(),
            "endDateTime": written(end),
            "settled": true,
            "complete": true,
            "steps": steps.iter().map(|(step, data)| with_name(step, data)).collect::<Vec<_>>(),
        })
    }

    fn step(
        &self,
        process: &Process,
        step: &str,
        interval: Interval,
        rooms: &[(String, bool)],
        vitals: &Series,
    ) -> Value {
        let mut by_room = Map::new();
        for (room, _) in rooms {
            by_room.insert(room.clone(), self.environment(room, interval));
        }
        let observed = step == "PATIENT_UNDER_OBSERVATION";
        let pre = if observed { process.post.as_ref() } else { process.pre.as_ref() };
        let theatre =
            process.stays.iter().filter(|stay| stay.theatre).rfind(|stay| {
                stay.from < interval.to || (interval.closed && stay.from == interval.to)
            });
        let mut environment = Map::new();
        if let Some(room) = pre {
            environment.insert("PRE_OPERATING_ROOM".to_owned(), self.environment(room, interval));
        }
        if let Some(stay) = theatre {
            let aggregates = self.environment(&stay.room, interval);
            environment.insert("OPERATING_ROOM".to_owned(), aggregates);
        }
        let found: Vec<_> = VITALS
            .iter()
            .map(|(quantity, whole)| {
                (*quantity, self.statistics(vitals, quantity, interval, *whole))
            })
            .collect();
        json!({
            "startDateTime": written(interval.from),
            "stopDateTime": written(interval.to),
            "patientVitalSignAggregateData": aggregates(&found),
            "environmentalAggregateData": environment,
            "environmentByRoom": by_room,
        })
    }

    fn environment(&self, room: &str, interval: Interval) -> Value {
        let empty = Series::new();
        let series = self.rooms.get(room).unwrap_or(&empty);
        let found: Vec<_> = ENVIRONMENT
            .iter()
            .map(|quantity| (*quantity, self.statistics(series, quantity, interval, false)))
            .collect();
        aggregates(&found)
    }

    fn statistics(
        &self,
        series: &Series,
        quantity: &str,
        interval: Interval,
        whole: bool,
    ) -> Statistics {
        let period = self.journal.periods.get(quantity).copied().unwrap_or(1);
        let all = series.get(quantity).map_or(&[][..], Vec::as_slice);
        statistics(all, interval, period, whole)
    }

    fn healthcare_user(&self, process: &Process) -> Value {
        let Some(tax_code) = &process.tax_code else { return Value::Null };
        let known = self.journal.of("patient").find(|fact| fact.text("taxCode") == tax_code);
        known.map_or(Value::Null, |fact| {
            json!({
                "taxCode": tax_code, "name": fact.text("name"), "surname": fact.text("surname"),
            })
        })
    }

    fn usages(&self, process: &Process, end: Timestamp) -> Vec<Value> {
        let within = |at: Timestamp| process.start <= at && at <= end;
        process
            .usages
            .iter()
            .filter(|usage| within(usage.t))
            .map(|usage| {
                let mut registered = self.journal.of("technology_registered");
                let known =
                    registered.find(|fact| fact.text("technologyId") == usage.technology_id);
                json!({
                    "dateTime": written(usage.t),
                    "medicalTechnology": {
                        "id": usage.technology_id,
                        "name": known.map(|fact| fact.text("name")),
                        "type": known.map(|fact| fact.text("type")),
                        "inUse": usage.in_use,
                    },
                })
            })
            .collect()
    }
}

fn kind(theatre: bool) -> &'static str {
    if theatre { "OPERATING_ROOM" } else { "PRE_OPERATING_ROOM" }
}

fn with_name(step: &str, data: &Value) -> Value {
    let mut fields = data.as_object().cloned().unwrap_or_default();
    fields.insert("step".to_owned(), json!(step));
    Value::Object(fields)
}

type Pick = fn(&Statistics) -> &Value;

fn aggregates(found: &[(&str, Statistics)]) -> Value {
    let picks: [(&str, Pick); 5] = [
        ("average", |s| &s.average),
        ("std", |s| &s.std),
        ("maximum", |s| &s.maximum),
        ("minimum", |s| &s.minimum),
        ("timeWeightedAverage", |s| &s.time_weighted),
    ];
    let mut fields = Map::new();
    for (name, pick) in picks {
        let values = found
            .iter()
            .map(|(quantity, statistics)| {
                ((*quantity).to_owned(), with_unit(quantity, pick(statistics)))
            })
            .collect();
        fields.insert(name.to_owned(), Value::Object(values));
    }
    // A quantity without samples and without cover may be left out.
    let samples = found
        .iter()
        .filter(|(_, statistics)| {
            statistics.samples["count"] != json!(0)
                || statistics.samples["secondsCovered"] != json!(0.0)
        })
        .map(|(quantity, statistics)| ((*quantity).to_owned(), statistics.samples.clone()))
        .collect();
    fields.insert("samples".to_owned(), Value::Object(samples));
    Value::Object(fields)
}

/// Temperatures and luminosity carry their unit in the contract.
fn with_unit(quantity: &str, value: &Value) -> Value {
    let unit = match quantity {
        "bodyTemperature" | "temperature" => "CELSIUS",
        "luminosity" => "LUX",
        _ => return value.clone(),
    };
    if value.is_null() { Value::Null } else { json!({"value": value, "unit": unit}) }
}

//! Twins of the block, in units of ten: an operating room with five actuators, a technology, a
//! patient, their process and their booking.

use anyhow::Result;
use chiron_clock::instant;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use twin_client::models::{
    ACTUATOR, MEDICAL_TECHNOLOGY, OPERATING_ROOM, PATIENT, SURGERY_BOOKING, SURGICAL_PROCESS,
};
use twin_engine::Engine;
use twin_engine_domain::graph::Command;

use super::Twins;

/// Twins of a unit.
const UNIT: usize = 10;
/// Writes of the population that wait at the same time: as many as share a commit.
const AT_A_TIME: usize = 256;
/// Coprime to every count of units, so that what is chosen one after the other lies apart.
const STRIDE: usize = 7_919;

/// The ids of a unit.
pub(super) struct Unit {
    number: usize,
}

impl Unit {
    fn id(&self, kind: &str) -> String {
        format!("{kind}-{}", self.number)
    }
}

/// A query by what it asks for, and its text for a unit.
type Query = (&'static str, fn(&Unit) -> String);

/// What the services of the block ask the twin layer, each found once per unit.
pub(super) const QUERIES: [Query; 7] = [
    ("room of a technology", |unit| {
        format!(
            "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_is_located WHERE \
             T.$dtId = '{}'",
            unit.id("technology")
        )
    }),
    ("actuator of a kind in a room", |unit| {
        format!(
            "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_has_actuator WHERE \
             T.$dtId = '{}' AND CT.type = {}",
            unit.id("room"),
            unit.number % 5
        )
    }),
    ("process in a room", |unit| {
        format!(
            "SELECT TOP(1) Process.$dtId FROM DIGITALTWINS Process JOIN Room RELATED \
             Process.rel_is_inside WHERE Room.$dtId = '{}' AND IS_OF_MODEL(Process, \
             '{SURGICAL_PROCESS}')",
            unit.id("room")
        )
    }),
    ("booking of a patient", |unit| {
        format!(
            "SELECT TOP(1) T.$dtId FROM DIGITALTWINS T JOIN CT RELATED \
             T.rel_booking_associated_patient WHERE CT.$dtId = '{}'",
            unit.id("patient")
        )
    }),
    ("surgical process in a room", |unit| {
        format!(
            "SELECT TOP(1) SurgicalProcess.$dtId FROM DIGITALTWINS SurgicalProcess JOIN Room \
             RELATED SurgicalProcess.rel_is_inside WHERE Room.$dtId = '{}' AND \
             IS_OF_MODEL(SurgicalProcess, '{SURGICAL_PROCESS}')",
            unit.id("room")
        )
    }),
    ("patient of a process", |unit| {
        format!(
            "SELECT TOP (1) Patient.$dtId FROM DIGITALTWINS SurgicalProcess JOIN Patient RELATED \
             SurgicalProcess.rel_involve_patient WHERE SurgicalProcess.$dtId = '{}'",
            unit.id("process")
        )
    }),
    ("existence of a twin", |unit| {
        format!("SELECT * FROM digitaltwins WHERE $dtId = '{}'", unit.id("room"))
    }),
];

/// Who is there.
pub(super) struct Population {
    units: usize,
}

impl Population {
    /// Creates so many twins, and what relates them.
    pub(super) async fn create(engine: &Engine, twins: usize) -> Result<Self> {
        let units = twins / UNIT;
        for part in [twins_of, relationships_of] {
            stream::iter((0..units).flat_map(|number| part(&Unit { number })))
                .map(|command| engine.write(command, None))
                .buffer_unordered(AT_A_TIME)
                .try_for_each(|_written| async { Ok(()) })
                .await?;
        }
        Ok(Self { units })
    }

    /// A unit, another one for each number until all have been chosen.
    pub(super) fn unit(&self, number: usize) -> Unit {
        Unit { number: number * STRIDE % self.units }
    }

    /// The room of a unit.
    pub(super) fn room(&self, number: usize) -> String {
        self.unit(number).id("room")
    }

    /// The numbered change: whose, and a patch of one property that was observed at an instant.
    pub(super) fn patch(&self, number: usize, twins: Twins, at: Timestamp) -> (String, Value) {
        let cycle = u32::try_from(number % 100).unwrap_or(0);
        let temperature = json!(18.0 + f64::from(cycle) / 10.0);
        let (id, property, value) = match (twins, number % 2) {
            (Twins::One, _) => ("room-0".to_owned(), "temperature", temperature),
            (Twins::All, 0) => (self.room(number), "temperature", temperature),
            (Twins::All, _) => (self.unit(number).id("patient"), "heart_beat", json!(60 + cycle)),
        };
        let patch = json!([
            {"op": "add", "path": format!("/{property}"), "value": value},
            {
                "op": "add", "path": format!("/$metadata/{property}/sourceTime"),
                "value": instant::write(at),
            },
        ]);
        (id, patch)
    }

    /// The same as the engine takes it.
    pub(super) fn change(&self, number: usize, twins: Twins, at: Timestamp) -> Command {
        let (id, patch) = self.patch(number, twins, at);
        Command::PatchTwin { id, patch, if_match: None }
    }
}

fn twins_of(unit: &Unit) -> Vec<Command> {
    let put = |id: String, model: &str, mut body: Value| {
        if let Some(body) = body.as_object_mut() {
            body.insert("$metadata".to_owned(), json!({"$model": model}));
        }
        Command::PutTwin { id, body, if_none_match: None, if_match: None }
    };
    let mut commands = vec![
        put(
            unit.id("room"),
            OPERATING_ROOM,
            json!({
                "name": unit.id("Operating room"), "zone_id": "zone-1", "temperature": 21.5,
                "humidity": 45, "luminosity": 600.0, "presence_inside": true,
            }),
        ),
        put(
            unit.id("technology"),
            MEDICAL_TECHNOLOGY,
            json!({"name": "Endoscope", "description": "Flexible", "type": 0, "is_in_use": false}),
        ),
        put(
            unit.id("patient"),
            PATIENT,
            json!({
                "heart_beat": 70, "diastolic_blood_pressure": 80, "systolic_blood_pressure": 120,
                "respiratory_rate": 14, "saturation_percentage": 98, "body_temperature": 36.6,
                "is_on_operating_table": true,
            }),
        ),
        put(unit.id("process"), SURGICAL_PROCESS, json!({"process_state": 1, "process_step": 3})),
        put(
            unit.id("booking"),
            SURGERY_BOOKING,
            json!({"booking_date_time": "2026-05-15T08:10:00Z", "surgery_type": "Appendectomy"}),
        ),
    ];
    commands.extend((0..5).map(|kind| {
        let id = format!("actuator-{}-{kind}", unit.number);
        put(id, ACTUATOR, json!({"power_state": "off", "intensity": 0, "type": kind}))
    }));
    commands
}

fn relationships_of(unit: &Unit) -> Vec<Command> {
    let relate = |source: &str, name: &str, target: String| {
        let id = format!("{name}-{target}");
        let body = json!({"$relationshipName": name, "$targetId": target});
        let source = unit.id(source);
        Command::PutRelationship { source, id, body, if_none_match: None, if_match: None }
    };
    let mut commands = vec![
        relate("technology", "rel_is_located", unit.id("room")),
        relate("patient", "rel_is_inside", unit.id("room")),
        relate("process", "rel_is_inside", unit.id("room")),
        relate("process", "rel_involve_patient", unit.id("patient")),
        relate("process", "rel_associated_to_booking", unit.id("booking")),
        relate("booking", "rel_booking_associated_patient", unit.id("patient")),
    ];
    commands.extend((0..5).map(|kind| {
        relate("room", "rel_has_actuator", format!("actuator-{}-{kind}", unit.number))
    }));
    commands
}

//! What the rooms' control units say: badge and tag reads, samples, actuators.

use std::sync::{Arc, PoisonError};

use chiron_clock::{Clock, instant};
use serde_json::{Value, json};

use super::{Hospital, Who, WireError, chain};
use crate::fact::{DeviceType, Fact, Quantity, What};
use crate::journal::{Journal, JournalError};
use crate::plan::Plan;
use crate::unit::{Answer, Books, Unit, state_line};

/// The room whose control unit says what belongs to no room, such as who left the block.
const DOOR: &str = "door";

impl Hospital {
    /// Begins a run: what commands cause is written to the journal at the time of this clock, and
    /// the units of an interrupted run are there again.
    ///
    /// # Errors
    ///
    /// The journal cannot be written to.
    pub(crate) async fn begin(
        &self,
        plan: &Plan,
        clock: &Clock,
        journal: &Journal,
    ) -> Result<(), JournalError> {
        let all = || plan.deliveries.iter().flat_map(|delivery| &delivery.facts);
        let faults = all()
            .map(|fact| &fact.what)
            .filter(|what| matches!(what, What::Fault { actuator: Some(_), .. }));
        let books = Books {
            clock: clock.clone(),
            recorder: journal.recorder()?,
            faults: faults.cloned().collect(),
        };
        *self.books.lock().unwrap_or_else(PoisonError::into_inner) = Some(books);
        for fact in all() {
            if let What::Actuator { actuator_id, room_id, actuator_type } = &fact.what
                && journal.has(fact)
            {
                self.inventory.add(actuator_id, room_id, *actuator_type);
            }
        }
        for room in self.inventory.rooms() {
            // One that is not there yet comes with its first line.
            let _later = self.unit(&room).await;
        }
        Ok(())
    }

    /// The connection of a room's control unit, made when there is none: it shows its token and
    /// announces its room and actuators, as at every boot.
    async fn unit(&self, room: &str) -> Result<Arc<Unit>, WireError> {
        let mut units = self.units.lock().await;
        if let Some(unit) = units.get(room) {
            return Ok(Arc::clone(unit));
        }
        let token = self.token(Who::Device).await?;
        let address = self.lines();
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let call = || format!("line of the unit of {room}");
        let lost =
            |err: &dyn std::error::Error| WireError::TryAgain { call: call(), reason: chain(err) };
        let unit = Unit::connect(&address, books, &self.tasks).await.map_err(|err| lost(&err))?;
        let mut first = vec![json!({"token": token})];
        let actuators = self.inventory.of_room(room);
        if !actuators.is_empty() {
            first.push(json!({"type": 9, "room_id": room}));
        }
        first.extend(actuators.into_iter().map(|(id, kind)| {
            json!({
                "type": 8, "actuator_id": id, "actuator_type": kind as u8, "room_id": room,
            })
        }));
        for (nth, line) in first.into_iter().enumerate() {
            let answer = unit.say(&format!("boot-{nth}"), line).await.map_err(|err| lost(&err))?;
            accepted(&call(), &answer)?;
        }
        units.insert(room.to_owned(), Arc::clone(&unit));
        Ok(unit)
    }

    /// Says a line until it is answered once; a unit whose connection fails connects again for
    /// the next try.
    async fn say(&self, room: &str, id: &str, line: Value) -> Result<(), WireError> {
        let call =
            format!("line {} of the unit of {room}", line.get("type").unwrap_or(&Value::Null));
        let unit = self.unit(room).await?;
        let answered = unit.say(id, line).await;
        let again = match answered {
            Ok(answer) if answer.status == 401 => "its token has expired".to_owned(),
            Ok(answer) => return accepted(&call, &answer),
            Err(err) => chain(&err),
        };
        let mut units = self.units.lock().await;
        if units.get(room).is_some_and(|known| Arc::ptr_eq(known, &unit)) {
            units.remove(room);
        }
        Err(WireError::TryAgain { call, reason: again })
    }

    /// What a room's sensors, badge readers, tag readers and actuators say.
    pub(super) async fn tell_by_unit(&self, fact: &Fact) -> Result<(), WireError> {
        let moved = |person: &str, role: &str, room: &Option<String>| json!({"type": 5, "person_id": person, "person_role": role, "room_id": room});
        let (room, mut line) = match &fact.what {
            What::PatientMoved { patient_id, room_id } => {
                (room_id.clone(), moved(patient_id, "patient", room_id))
            }
            What::StaffMoved { professional_id, room_id, from_room_id } => {
                let mut line = moved(professional_id, "health_professional", room_id);
                add(&mut line, "from_room_id", json!(from_room_id));
                (room_id.clone().or_else(|| from_room_id.clone()), line)
            }
            What::OnTable { patient_id } => {
                let room = self.room_of(patient_id).await?;
                let line = json!({"type": 7, "room_id": room, "patient_id": patient_id});
                (Some(room), line)
            }
            What::Implant { device_id, device_type, patient_id } => {
                let room = self.room_of(patient_id).await?;
                let device_type = match device_type {
                    // As the units spell it.
                    DeviceType::Pacemaker => "pace_marker",
                    DeviceType::Catheter => "catheter",
                };
                let line = json!({
                    "type": 6, "device_id": device_id, "device_type": device_type,
                    "room_id": room, "patient_id": patient_id,
                });
                (Some(room), line)
            }
            What::Environment { room_id, quantity, value } => {
                let (number, name) = match quantity {
                    Quantity::Temperature => (0, "temperature_value"),
                    Quantity::Humidity => (1, "humidity_percentage"),
                    Quantity::Luminosity => (2, "luminosity_value"),
                    Quantity::Presence => (3, "person_inside"),
                };
                let mut line = json!({"type": number, "room_id": room_id});
                add(&mut line, name, value.clone());
                (Some(room_id.clone()), line)
            }
            What::Actuator { actuator_id, room_id, actuator_type } => {
                // Before the line: the unit announces its room first.
                self.inventory.add(actuator_id, room_id, *actuator_type);
                let line = json!({
                    "type": 8, "actuator_id": actuator_id, "actuator_type": *actuator_type as u8,
                    "room_id": room_id,
                });
                (Some(room_id.clone()), line)
            }
            What::ActuatorState { actuator_id, state, intensity } => {
                let line = state_line(actuator_id, state, *intensity, fact.t);
                (self.inventory.room_of(actuator_id), line)
            }
            // The rest is told by others.
            _ => return Ok(()),
        };
        add(&mut line, "time", json!(instant::write(fact.t)));
        self.say(room.as_deref().unwrap_or(DOOR), &fact.id, line).await
    }

    /// Where a patient is; the name of no room when that is nowhere: the patient is named anyhow.
    async fn room_of(&self, patient: &str) -> Result<String, WireError> {
        let rooms = self.rooms_of(patient).await?;
        Ok(rooms.into_iter().next().unwrap_or_else(|| DOOR.to_owned()))
    }
}

fn add(line: &mut Value, name: &str, value: Value) {
    if let Some(members) = line.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Whether a unit's line was done; what is not there yet may come.
fn accepted(call: &str, answer: &Answer) -> Result<(), WireError> {
    let call = call.to_owned();
    match answer.status {
        200..=299 => Ok(()),
        status @ (0 | 401 | 404 | 408 | 429 | 500..) => {
            Err(WireError::TryAgain { call, reason: format!("{status} {}", answer.detail) })
        }
        status => Err(WireError::Difference { call, status, body: answer.detail.clone() }),
    }
}

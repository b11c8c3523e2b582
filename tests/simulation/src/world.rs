//! What happens: a seeded day of the simulated hospital, and how its facts come to the doors.
//!
//! Senders are as the contract wants them: what one person, room or desk says comes in order, a
//! fact that was not acknowledged is told again, and nothing is told later than half the late
//! window, or it would hang on the edge. Between that, facts come late, twice, and more than once
//! try is needed.

use std::collections::{BTreeMap, VecDeque};

use building_management_domain::entity::{
    environment::{Celsius, Lux, Percent, Reading},
    place::{Room, RoomType},
    technology::{Placement, Technology, TechnologyType},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{Booking, Day, Delivery, Fact, Light, Scenario, What, plan};
use surgery_booking_integration_domain::entity::Content;
use surgical_process_monitoring_domain::{fact::Button, vital::Quantity};

use crate::{
    bus::{Bus, Outbox},
    event::{self, Event, Message},
    hostility::Fault,
    machine::{Ground, NodeId},
    node::{bookings, engine::Engine, gateway, rooms},
    shell::{Patience, call},
};

/// The late window of the run.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How much later than it happened a fact is told at most, in milliseconds, retries aside.
const LATEST_MS: i64 = 120_000;
/// Of the regular samples of sensors and monitors one in so many is told. They are most of a day
/// and each like the other.
const THINNED: usize = 12;

/// The word for theatres.
const OPERATING: &str = "OPERATING_ROOM";

/// What a sender brings to which door.
#[derive(Debug, Clone)]
pub enum Errand {
    /// To the twin layer, which tells them as they are.
    Facts(Vec<Message>),
    /// To the twin layer, whose graph they change.
    Moves(Vec<Message>),
    /// To the gateway of commands.
    Command(Message),
    /// To the desk of bookings.
    Booking(bookings::Wish, Timestamp),
    /// To building management.
    Rooms(rooms::Wish, Timestamp),
}

/// A day.
pub struct World {
    /// When it begins.
    pub epoch: Timestamp,
    /// After its last late window.
    pub end: Timestamp,
    /// What each sender brings, in order, with the time in milliseconds.
    pub lanes: BTreeMap<String, VecDeque<(i64, Errand)>>,
    /// Bookings.
    pub surgeries: Vec<String>,
    /// Ids that have twins from the beginning: theatres and professionals.
    pub twins: Vec<String>,
    /// Kind and id of every twin that somebody moves from or to.
    pub furniture: Vec<(&'static str, String)>,
    /// Tax codes that patient management knows.
    pub people: Vec<String>,
}

/// Where the doors are.
#[derive(Clone)]
pub struct Doors {
    /// The bus.
    pub bus: Bus,
    /// The twin layer.
    pub twin_layer: (NodeId, Outbox),
    /// Its engines, each of which takes itself for the owner.
    pub engines: [(NodeId, Engine); 2],
    /// The desk of bookings.
    pub desk: (NodeId, bookings::Desk),
    /// Building management.
    pub rooms: (NodeId, rooms::Rooms),
}

impl World {
    /// The day of a seed.
    pub fn of(seed: u64, hours: u32) -> Self {
        let epoch = Timestamp::from_second(1_778_824_800).unwrap_or(Timestamp::UNIX_EPOCH);
        let day = Day {
            scenario: Scenario::RandomDay,
            seed,
            epoch,
            hours: Some(hours),
            late_window: WINDOW,
            disturbance: None,
            automation: Value::Null,
        };
        let planned = plan(&day);
        let mut world = Self {
            epoch,
            end: planned.end,
            lanes: BTreeMap::new(),
            surgeries: Vec::new(),
            twins: Vec::new(),
            furniture: Vec::new(),
            people: Vec::new(),
        };
        let mut inside = Inside::default();
        let mut regular = 0;
        for delivery in &planned.deliveries {
            // What is told after the settling belongs into a report or not by who reads first.
            let special = |fact: &Fact| fact.expected.is_some() || fact.late;
            if delivery.facts.iter().any(special) || delivery.repeated {
                continue;
            }
            if is_regular(delivery) {
                regular += 1;
                if regular % THINNED != 0 {
                    continue;
                }
            }
            world.take(delivery, &mut inside);
        }
        world
    }

    fn take(&mut self, delivery: &Delivery, inside: &mut Inside) {
        for fact in &delivery.facts {
            match &fact.what {
                What::Booked(booking) => self.surgeries.push(booking.surgery_id.clone()),
                What::Professional { health_professional_id, .. } => {
                    self.twins.push(health_professional_id.clone());
                    self.furniture.push(("HealthProfessional", health_professional_id.clone()));
                }
                What::Room { room_id, room_type, .. } => {
                    self.twins.push(room_id.clone());
                    let operating = room_type.word() == OPERATING;
                    let kind = if operating { "OperatingRoom" } else { "PrePostOperatingRoom" };
                    self.furniture.push((kind, room_id.clone()));
                }
                What::Patient { patient_id, tax_code, .. } => {
                    self.people.push(tax_code.clone());
                    self.furniture.push(("Patient", patient_id.clone()));
                }
                _ => {}
            }
        }
        let lane = self.lanes.entry(delivery.lane()).or_default();
        let at_ms = delivery.at.as_millisecond();
        let mut facts = Vec::new();
        for fact in &delivery.facts {
            match errand(fact, inside) {
                Some(Errand::Facts(told)) => facts.extend(told),
                Some(errand) => {
                    lane.push_back((at_ms, errand));
                    lane.extend(arrival(fact).map(|arrival| (at_ms, arrival)));
                }
                None => {}
            }
        }
        if !facts.is_empty() {
            lane.push_back((at_ms, Errand::Facts(facts)));
        }
    }
}

/// Whether a delivery is one of those that come at every period.
fn is_regular(delivery: &Delivery) -> bool {
    match delivery.facts.as_slice() {
        // What is measured where one step ends and the next begins is warmer than sensors walk, and
        // all of it is told.
        [Fact { what: What::Environment { value, .. }, .. }] => {
            value.as_f64().is_none_or(|value| !(26.0..30.0).contains(&value))
        }
        [Fact { what: What::Vital { .. }, .. }, _, ..] => true,
        _ => false,
    }
}

/// Who was seen where last, so that a move is an entry and an exit.
#[derive(Default)]
struct Inside {
    patients: BTreeMap<String, String>,
    operating: BTreeMap<String, bool>,
}

fn message(t: Timestamp, id: &str, key: &str, event: Event) -> Message {
    Message { id: id.to_owned(), at: t, appended_ms: 0, key: key.to_owned(), event }
}

fn moved(t: Timestamp, patient: &str, room: &str, entered: bool, inside: &Inside) -> Message {
    let operating = inside.operating.get(room).copied().unwrap_or(false);
    let (patient_id, room) = (patient.to_owned(), room.to_owned());
    let event = Event::Moved { patient: patient_id, room, operating, entered };
    message(t, "", patient, event)
}

/// What a fact is at which door; `None` for what nobody is told.
fn errand(fact: &Fact, inside: &mut Inside) -> Option<Errand> {
    desk(fact, inside).or_else(|| moves(fact, inside)).or_else(|| told(fact, inside))
}

/// What people bring to a desk.
fn desk(fact: &Fact, inside: &mut Inside) -> Option<Errand> {
    let t = fact.t;
    match &fact.what {
        What::Room { room_id, name, room_type, zone_id } => {
            let operating = room_type.word() == OPERATING;
            inside.operating.insert(room_id.clone(), operating);
            let room = Room {
                id: room_id.parse().ok()?,
                name: name.clone(),
                zone: zone_id.parse().ok()?,
                room_type: if operating {
                    RoomType::OperatingRoom
                } else {
                    RoomType::PreOperatingRoom
                },
            };
            Some(Errand::Rooms(rooms::Wish::Room(room), t))
        }
        What::TechnologyRegistered { technology_id, name, .. } => {
            let technology = Technology {
                id: technology_id.parse().ok()?,
                name: name.parse().ok()?,
                description: name.parse().ok()?,
                technology_type: TechnologyType::Endoscope,
            };
            Some(Errand::Rooms(rooms::Wish::Technology(technology), t))
        }
        What::TechnologyPlaced { technology_id, room_id } => {
            let room = match room_id {
                Some(room) => Some(room.parse().ok()?),
                None => None,
            };
            let wish = rooms::Wish::Place(technology_id.parse().ok()?, Placement { at: t, room });
            Some(Errand::Rooms(wish, t))
        }
        What::Booked(booking) => Some(Errand::Booking(bookings::Wish::Post(content(booking)?), t)),
        What::Rescheduled(booking) => {
            Some(Errand::Booking(bookings::Wish::Reschedule(content(booking)?), t))
        }
        What::Cancelled(booking) => {
            Some(Errand::Booking(bookings::Wish::Cancel(booking.surgery_id.parse().ok()?), t))
        }
        _ => None,
    }
}

/// The patient of an emergency is in the theatre in the twin layer too.
fn arrival(fact: &Fact) -> Option<Errand> {
    let What::Emergency { room_id, patient_id, .. } = &fact.what else { return None };
    let (patient, room) = (patient_id.clone(), room_id.clone());
    let event = Event::Moved { patient, room, operating: true, entered: true };
    Some(Errand::Moves(vec![message(fact.t, "", patient_id, event)]))
}

/// Who moved, as readers of badges tell it.
fn moves(fact: &Fact, inside: &mut Inside) -> Option<Errand> {
    let t = fact.t;
    match &fact.what {
        What::PatientMoved { patient_id, room_id } => {
            let former = match room_id {
                Some(room) => inside.patients.insert(patient_id.clone(), room.clone()),
                None => inside.patients.remove(patient_id),
            };
            let entry = room_id.iter().map(|room| (room.clone(), true));
            let exit = former.into_iter().filter(|it| Some(it) != room_id.as_ref());
            let moves = entry.chain(exit.map(|room| (room, false)));
            let moves = moves.map(|(room, entered)| moved(t, patient_id, &room, entered, inside));
            Some(Errand::Moves(moves.collect()))
        }
        What::StaffMoved { professional_id, room_id, from_room_id } => {
            let entry = room_id.iter().map(|room| (room.clone(), true));
            let moves = entry.chain(from_room_id.iter().map(|room| (room.clone(), false)));
            let moves = moves.map(|(room, entered)| {
                let professional = professional_id.clone();
                message(t, "", professional_id, Event::Passed { professional, room, entered })
            });
            Some(Errand::Moves(moves.collect()))
        }
        What::Emergency { command_id, room_id, patient_id, tax_code } => {
            inside.patients.insert(patient_id.clone(), room_id.clone());
            let (room, tax_code) = (room_id.clone(), tax_code.clone());
            let event = Event::Emergency { command: command_id.clone(), room, tax_code };
            Some(Errand::Command(message(t, command_id, room_id, event)))
        }
        _ => None,
    }
}

/// What sensors, monitors, devices and buttons tell.
fn told(fact: &Fact, inside: &Inside) -> Option<Errand> {
    let t = fact.t;
    let one = |key: &str, event: Event| Some(Errand::Facts(vec![message(t, "", key, event)]));
    match &fact.what {
        What::OnTable { patient_id } => {
            one(patient_id, Event::OnTable { patient: patient_id.clone() })
        }
        What::Implant { device_id, patient_id, .. } => {
            let (device, patient) = (device_id.clone(), patient_id.clone());
            one(patient_id, Event::Implanted { device, patient })
        }
        What::Technology { technology_id, in_use, .. } => {
            let technology = technology_id.clone();
            one(technology_id, Event::Used { technology, in_use: *in_use })
        }
        What::Vital { patient_id, quantity, value, .. } => {
            let quantity = Quantity::ALL.into_iter().find(|it| it.name() == quantity.word())?;
            let patient = patient_id.clone();
            one(patient_id, Event::Vital { patient, quantity, value: *value })
        }
        What::Environment { room_id, quantity, value } => {
            let reading = reading(quantity.word(), value)?;
            let operating = inside.operating.get(room_id).copied().unwrap_or(false);
            one(room_id, Event::Measured { room: room_id.clone(), operating, reading })
        }
        What::Step { room_id, step, .. } => {
            let button = Button::ALL.into_iter().find(|button| button.name() == step.word())?;
            let event = Event::Pressed { room: room_id.clone(), button };
            Some(Errand::Command(message(t, &fact.id, room_id, event)))
        }
        What::LightRequest { command_id, room_id, action } => {
            let wish = match action {
                Light::Setup { ambient_light_lux, surgical_light_lux } => event::Light::Custom(
                    i64::from(*ambient_light_lux),
                    i64::from(*surgical_light_lux),
                ),
                Light::Stop => event::Light::Stop,
                Light::Adapt { .. } => event::Light::Adapt,
            };
            let event = Event::Wished { room: room_id.clone(), wish };
            Some(Errand::Command(message(t, command_id, room_id, event)))
        }
        _ => None,
    }
}

fn content(booking: &Booking) -> Option<Content> {
    let theatre = match &booking.operating_room_id {
        Some(room) => Some(room.parse().ok()?),
        None => None,
    };
    Some(Content {
        surgery: booking.surgery_id.parse().ok()?,
        kind: booking.surgery_type.parse().ok()?,
        user: booking.tax_code.parse().ok()?,
        professional: booking.professional_id.parse().ok()?,
        patient: booking.patient_id.parse().ok()?,
        planned_start: booking.planned_start,
        theatre,
        minutes: booking.planned_minutes.try_into().ok()?,
    })
}

fn reading(quantity: &str, value: &Value) -> Option<Reading> {
    Some(match quantity {
        "temperature" => Reading::Temperature(Celsius::new(value.as_f64()?).ok()?),
        "humidity" => Reading::Humidity(Percent::new(value.as_f64()?).ok()?),
        "luminosity" => Reading::Luminosity(Lux::new(value.as_f64()?).ok()?),
        "presence" => Reading::Presence(value.as_bool()?),
        _ => return None,
    })
}

/// Brings what a lane has to say to its doors.
pub async fn send(ground: Ground, doors: Doors, mut lane: VecDeque<(i64, Errand)>, node: NodeId) {
    while let Some((at_ms, errand)) = lane.pop_front() {
        let late_ms = if ground.suffers(Fault::Late) { ground.between_ms(0, LATEST_MS) } else { 0 };
        ground.pause(at_ms + late_ms - ground.now_ms()).await;
        if is_repeatable(&errand) && ground.suffers(Fault::Repeated) {
            let (ground, doors, again) = (ground.clone(), doors.clone(), errand.clone());
            let wait_ms = ground.between_ms(0, LATEST_MS);
            let host = ground.clone();
            let work = async move {
                ground.pause(wait_ms).await;
                bring(&ground, &doors, &again).await;
            };
            host.spawn(node, "repetition", Box::pin(work));
        }
        bring(&ground, &doors, &errand).await;
    }
}

/// What carries a time or a command's id of its own may be said again at will; moves may not, since
/// said again after the next one they would be another.
fn is_repeatable(errand: &Errand) -> bool {
    match errand {
        Errand::Facts(_) | Errand::Command(_) => true,
        Errand::Moves(_) | Errand::Booking(..) | Errand::Rooms(..) => false,
    }
}

/// Tells one thing until it is acknowledged.
async fn bring(ground: &Ground, doors: &Doors, errand: &Errand) {
    let mut patience = Patience::new();
    loop {
        let done = match errand.clone() {
            Errand::Facts(facts) => {
                let (node, outbox) = doors.twin_layer.clone();
                let asked = call(ground, node, gateway::accept(ground.clone(), outbox, facts));
                asked.await.is_some_and(|accepted| accepted.is_ok())
            }
            Errand::Moves(moves) => match doors.engines.get(ground.one_of(2)).cloned() {
                Some((node, engine)) => {
                    let asked = call(ground, node, engine.accept(moves)).await;
                    asked.is_some_and(|accepted| accepted.is_ok())
                }
                None => false,
            },
            Errand::Command(command) => {
                let node = doors.twin_layer.0;
                let asked = call(ground, node, gateway::command(doors.bus.clone(), command));
                asked.await.is_some_and(|accepted| accepted.is_ok())
            }
            Errand::Booking(wish, at) => {
                let (node, desk) = doors.desk.clone();
                call(ground, node, desk.ask(ground.clone(), wish, at)).await.unwrap_or(false)
            }
            Errand::Rooms(wish, at) => {
                let (node, rooms) = doors.rooms.clone();
                call(ground, node, rooms.ask(ground.clone(), wish, at)).await.unwrap_or(false)
            }
        };
        if done {
            return;
        }
        patience.wait(ground).await;
    }
}

/// Puts everything into the twin layer that is there before the day.
pub async fn furnish(ground: Ground, doors: Doors, twins: Vec<(&'static str, String)>) {
    let mut patience = Patience::new();
    let [(node, engine), _] = doors.engines;
    loop {
        let (engine, twins) = (engine.clone(), twins.clone());
        let asked = call(&ground, node, async move { engine.furnish(twins).await });
        if asked.await.is_some_and(|furnished| furnished.is_ok()) {
            return;
        }
        patience.wait(&ground).await;
    }
}

//! Which event of the block a change of a twin is. Pure: the table, and nothing else.

use block_language::NotWritten;
use block_language::{
    booking::{BookingEvent, BookingFact, SurgeryBookings},
    process::{ProcessEvent, ProcessFact, VitalSign},
    room::{Measurement, RoomEvent, RoomType},
    tracking::TrackingEvent,
};
use chiron_broker::NewRecord;
use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::Value;
use twin_client::models;

use crate::notification::{Change, Notification, Relation};

/// An event of the block.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// On `room-events`.
    Room(RoomEvent),
    /// On `tracking-events`.
    Tracking(TrackingEvent),
    /// On `process-events`.
    Process(ProcessEvent),
    /// On `surgery-booking-events`.
    Booking(BookingEvent),
}

/// What a notification means: events, each with the position of the operation that it tells, and
/// what could not be told. A notification with a fault still gives the events of its other
/// operations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// In order of the operations; positions from 0.
    pub events: Vec<(usize, Event)>,
    /// In order of the operations.
    pub faults: Vec<Fault>,
}

/// A fact that no event of the block can tell. Names no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A property has a value of another type than the block's models give it.
    #[error("the value of {property} is not {expected}")]
    Value {
        /// The property.
        property: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A source time is no instant.
    #[error("the sourceTime of {0} is no instant")]
    SourceTime(String),
    /// A patient is inside something that is neither kind of room.
    #[error("a patient is inside a twin of model {0}, which is no kind of room")]
    NoRoom(String),
    /// A booking's twin lacks what the block's event says.
    #[error("the booking has no valid {0}")]
    Booking(&'static str),
    /// The notification does not name a model, and it was not found out.
    #[error("the model of {0} is not known")]
    NoModel(&'static str),
}

impl Event {
    /// Makes the record to publish.
    ///
    /// # Errors
    /// See [`NotWritten`].
    pub fn into_record(self, id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        match self {
            Self::Room(event) => event.into_record(id, source),
            Self::Tracking(event) => event.into_record(id, source),
            Self::Process(event) => event.into_record(id, source),
            Self::Booking(event) => event.into_record(id, source),
        }
    }
}

/// The id of the event that tells an operation: ids of one notification order as its operations.
pub fn event_id(notification: &str, operation: usize) -> String {
    format!("{notification}-{operation:03}")
}

/// Says what a notification means.
pub fn translate(notification: &Notification) -> Translation {
    let at = notification.at;
    match &notification.change {
        Change::TwinUpdated { twin, model, operations } => updated(twin, model, operations, at),
        Change::TwinCreated { model, document } if model == models::SURGERY_BOOKING => {
            single(booking(document, at).map(Some))
        }
        Change::Related(relation) => single(related(relation, at)),
        Change::TwinCreated { .. } | Change::Other => Translation::default(),
    }
}

fn single(event: Result<Option<Event>, Fault>) -> Translation {
    match event {
        Ok(event) => Translation {
            events: event.into_iter().map(|event| (0, event)).collect(),
            faults: vec![],
        },
        Err(fault) => Translation { events: vec![], faults: vec![fault] },
    }
}

fn updated(twin: &str, model: &str, operations: &[Value], at: Timestamp) -> Translation {
    let mut translation = Translation::default();
    for (position, operation) in operations.iter().enumerate() {
        let Some((property, value)) = property_set(operation) else { continue };
        let event = fact(twin, model, property, value);
        let event = event.and_then(|fact| {
            let Some(fact) = fact else { return Ok(None) };
            let at = source_time(operations, position, property)?.unwrap_or(at);
            Ok(Some(fact.at(at)))
        });
        match event {
            Ok(Some(event)) => translation.events.push((position, event)),
            Ok(None) => {}
            Err(fault) => translation.faults.push(fault),
        }
    }
    translation
}

/// Property and value of an operation that sets a property of the twin itself.
fn property_set(operation: &Value) -> Option<(&str, &Value)> {
    let property = operation.get("path")?.as_str()?.strip_prefix('/')?;
    let sets = matches!(operation.get("op")?.as_str()?, "add" | "replace");
    let value = operation.get("value")?;
    (sets && !property.contains('/')).then_some((property, value))
}

/// When the value was observed, if the patch says so. A patch may set one property several times,
/// each value followed by its time; where a value has none behind it before the next, the last
/// time of the property counts.
fn source_time(
    operations: &[Value],
    position: usize,
    property: &str,
) -> Result<Option<Timestamp>, Fault> {
    let path = format!("/$metadata/{property}/sourceTime");
    let time_of = |operation: &Value| {
        let is_time = operation.get("path").and_then(Value::as_str) == Some(path.as_str());
        is_time.then(|| operation.get("value").cloned()).flatten()
    };
    let behind = operations.iter().skip(position + 1);
    let own = behind
        .take_while(|operation| property_set(operation).is_none_or(|(other, _)| other != property))
        .find_map(time_of);
    let time = own.or_else(|| operations.iter().rev().find_map(time_of));
    let Some(time) = time else { return Ok(None) };
    let at = time.as_str().and_then(|text| instant::parse(text).ok());
    at.map(Some).ok_or_else(|| Fault::SourceTime(property.to_owned()))
}

/// An event without its time.
enum Fact {
    Room(String, RoomType, Measurement),
    Process(ProcessFact),
}

impl Fact {
    fn at(self, date_time: Timestamp) -> Event {
        match self {
            Self::Room(room_id, room_type, measurement) => {
                Event::Room(RoomEvent { room_id, room_type, measurement, date_time })
            }
            Self::Process(fact) => Event::Process(ProcessEvent { fact, date_time }),
        }
    }
}

/// What a property's new value means; `None` when it is no fact of the block.
fn fact(twin: &str, model: &str, property: &str, value: &Value) -> Result<Option<Fact>, Fault> {
    match model {
        models::OPERATING_ROOM => measured(twin, RoomType::OperatingRoom, property, value),
        models::PRE_POST_OPERATING_ROOM => {
            measured(twin, RoomType::PreOperatingRoom, property, value)
        }
        models::PATIENT | models::SURGICAL_PROCESS | models::MEDICAL_TECHNOLOGY => {
            Ok(happened(twin, property, value)?.map(Fact::Process))
        }
        _ => Ok(None),
    }
}

fn measured(
    room: &str,
    room_type: RoomType,
    property: &str,
    value: &Value,
) -> Result<Option<Fact>, Fault> {
    let measurement = match property {
        "temperature" => Measurement::Temperature(number("temperature", value)?),
        "humidity" => Measurement::Humidity(integer("humidity", value)?),
        "luminosity" => Measurement::Luminosity(number("luminosity", value)?),
        "presence_inside" => Measurement::Presence(boolean("presence_inside", value)?),
        _ => return Ok(None),
    };
    Ok(Some(Fact::Room(room.to_owned(), room_type, measurement)))
}

fn happened(twin: &str, property: &str, value: &Value) -> Result<Option<ProcessFact>, Fault> {
    let twin = twin.to_owned();
    let sign = match property {
        "is_on_operating_table" => {
            let is_on = boolean("is_on_operating_table", value)?;
            return Ok(is_on.then_some(ProcessFact::PatientOnOperatingBed { patient_id: twin }));
        }
        "is_in_use" => {
            let in_use = boolean("is_in_use", value)?;
            let fact = ProcessFact::MedicalTechnologyUsage { medical_technology_id: twin, in_use };
            return Ok(Some(fact));
        }
        "heart_beat" => VitalSign::HeartBeat(integer("heart_beat", value)?),
        "diastolic_blood_pressure" => {
            VitalSign::DiastolicBloodPressure(integer("diastolic_blood_pressure", value)?)
        }
        "systolic_blood_pressure" => {
            VitalSign::SystolicBloodPressure(integer("systolic_blood_pressure", value)?)
        }
        "respiratory_rate" => VitalSign::RespiratoryRate(integer("respiratory_rate", value)?),
        "saturation_percentage" => {
            VitalSign::SaturationPercentage(integer("saturation_percentage", value)?)
        }
        "body_temperature" => VitalSign::BodyTemperature(number("body_temperature", value)?),
        _ => return Ok(None),
    };
    Ok(Some(ProcessFact::VitalSign { patient_id: twin, sign }))
}

fn related(relation: &Relation, date_time: Timestamp) -> Result<Option<Event>, Fault> {
    if !tells(relation) {
        return Ok(None);
    }
    let source_model = relation.source_model.as_deref().ok_or(Fault::NoModel("the source"))?;
    match (source_model, relation.name.as_str()) {
        (models::HEALTH_PROFESSIONAL, models::REL_IS_INSIDE) => {
            Ok(Some(Event::Tracking(TrackingEvent {
                health_professional_id: relation.source.clone(),
                room_id: relation.target.clone(),
                entered: relation.created,
                date_time,
            })))
        }
        (models::PATIENT, models::REL_IS_INSIDE) => {
            let fact = ProcessFact::PatientTracked {
                patient_id: relation.source.clone(),
                room_id: relation.target.clone(),
                entered: relation.created,
                room_type: room_type(relation.target_model.as_deref())?,
            };
            Ok(Some(Event::Process(ProcessEvent { fact, date_time })))
        }
        (models::SURGICAL_PROCESS, models::REL_USE) if relation.created => {
            let fact = ProcessFact::MedicalDeviceUsage {
                medical_device_id: relation.target.clone(),
                process_id: relation.source.clone(),
            };
            Ok(Some(Event::Process(ProcessEvent { fact, date_time })))
        }
        _ => Ok(None),
    }
}

/// Whether the relationship may be a fact of the block, so that its models matter.
pub fn tells(relation: &Relation) -> bool {
    relation.name == models::REL_IS_INSIDE || relation.name == models::REL_USE && relation.created
}

fn room_type(model: Option<&str>) -> Result<RoomType, Fault> {
    match model {
        Some(models::OPERATING_ROOM) => Ok(RoomType::OperatingRoom),
        Some(models::PRE_POST_OPERATING_ROOM) => Ok(RoomType::PreOperatingRoom),
        Some(other) => Err(Fault::NoRoom(other.to_owned())),
        None => Err(Fault::NoModel("the target")),
    }
}

fn booking(document: &Value, date_time: Timestamp) -> Result<Event, Fault> {
    let text =
        |name: &'static str| document.get(name).and_then(Value::as_str).ok_or(Fault::Booking(name));
    let surgery_date = instant::parse(text("booking_date_time")?)
        .map_err(|_| Fault::Booking("booking_date_time"))?;
    let surgery_type = text("surgery_type")?.to_owned();
    let fact = BookingFact::Bookings(SurgeryBookings { surgery_date, surgery_type });
    Ok(Event::Booking(BookingEvent { fact, date_time }))
}

fn number(property: &'static str, value: &Value) -> Result<f64, Fault> {
    value.as_f64().ok_or(Fault::Value { property, expected: "a number" })
}

fn integer(property: &'static str, value: &Value) -> Result<i64, Fault> {
    value.as_i64().ok_or(Fault::Value { property, expected: "an integer" })
}

fn boolean(property: &'static str, value: &Value) -> Result<bool, Fault> {
    value.as_bool().ok_or(Fault::Value { property, expected: "true or false" })
}

//! From records to what they say of rooms.
//!
//! Besides the block's events the service follows the twin layer's notifications, of which it reads
//! those about actuators alone: what an actuator is really set to is told nowhere else.

use automation_management_domain::{
    id::{ActuatorId, ProcessId, RoomId, TechnologyId},
    policy::{RoomKind, Technology},
    reaction::Fact,
    room::{Stamp, Surgery},
};
use block_language::{
    automation::{self, AutomatedTechnology, AutomationRequest, RequestEvent},
    process::{self, ProcessEvent, ProcessFact},
    room::{self, Measurement, RoomEvent, RoomType},
    surgical_process::{self, ProcessChange, ProcessState, SurgicalProcessEvent},
};
use chiron_broker::Record;
use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::Value;
use twin_client::models;

/// Where the twin layer's notifications come from.
const TWIN_TOPIC: &str = "twin-events";

/// What the service follows.
pub(crate) const TOPICS: &[&str] =
    &[room::TOPIC, process::TOPIC, automation::REQUEST_TOPIC, surgical_process::TOPIC, TWIN_TOPIC];

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// Something was measured in a room.
    Measured(RoomId, RoomKind, Fact),
    /// A technology is used, or no longer; its kind and room are for its twin to say.
    Usage(TechnologyId, bool),
    /// The team wishes something.
    Wish(RequestEvent),
    /// News of a process, and the theatre in which it is operated, if it is.
    Process(ProcessId, u64, Option<RoomId>),
    /// An actuator's twin has changed.
    ActuatorChanged(ActuatorId),
    /// An actuator is in another room than before, or in none.
    ActuatorMoved { actuator: ActuatorId, from: Option<RoomId> },
    /// Nothing that concerns rooms.
    Nothing,
}

/// What the record says, and when.
///
/// # Errors
///
/// The reason why it can never be read; without its values.
pub(crate) fn read(record: &Record) -> Result<(Said, Stamp), String> {
    let stamp = |at| Stamp { at, event: record.id() };
    match record.topic.as_str() {
        room::TOPIC => {
            let event = RoomEvent::decode(record).map_err(text)?;
            let at = event.date_time;
            Ok((measured(&event)?, stamp(at)))
        }
        process::TOPIC => {
            let ProcessEvent { fact, date_time } = ProcessEvent::decode(record).map_err(text)?;
            let said = match fact {
                ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use } => {
                    Said::Usage(medical_technology_id.parse().map_err(text)?, in_use)
                }
                _ => Said::Nothing,
            };
            Ok((said, stamp(date_time)))
        }
        automation::REQUEST_TOPIC => {
            let event = RequestEvent::decode(record).map_err(text)?;
            let at = event.date_time;
            let _room: RoomId = event.room_id.parse().map_err(text)?;
            Ok((Said::Wish(event), stamp(at)))
        }
        surgical_process::TOPIC => {
            let event = SurgicalProcessEvent::decode(record).map_err(text)?;
            let at = event.date_time;
            Ok((process(event)?, stamp(at)))
        }
        _ => Ok((notification(record)?, stamp(record.appended_at))),
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn kind(room_type: RoomType) -> RoomKind {
    match room_type {
        RoomType::OperatingRoom => RoomKind::Operating,
        RoomType::PreOperatingRoom => RoomKind::PrePost,
    }
}

pub(crate) fn technology(technology: AutomatedTechnology) -> Technology {
    match technology {
        AutomatedTechnology::Endoscope => Technology::Endoscope,
        AutomatedTechnology::Xray => Technology::Xray,
    }
}

/// What the team wishes, as the domain says it.
pub(crate) fn wish(request: &AutomationRequest) -> Fact {
    match request {
        AutomationRequest::MedicalTechnology { medical_technology_type } => {
            Fact::TechnologyRequest(technology(*medical_technology_type))
        }
        AutomationRequest::CustomLightSetup { ambient_light_lux, surgical_light_lux } => {
            Fact::CustomLight(*ambient_light_lux, *surgical_light_lux)
        }
        AutomationRequest::CustomLightStop => Fact::CustomLightStop,
    }
}

fn measured(event: &RoomEvent) -> Result<Said, String> {
    let fact = match event.measurement {
        Measurement::Temperature(degrees) => Fact::Temperature(degrees),
        Measurement::Humidity(percent) => {
            // Exact far beyond 100 %; what lies outside is refused all the same.
            #[expect(clippy::cast_precision_loss, reason = "see above")]
            let percent = percent as f64;
            Fact::Humidity(percent)
        }
        Measurement::Luminosity(lux) => Fact::Luminosity(lux),
        Measurement::Presence(present) => Fact::Presence(present),
    };
    fact.check().map_err(text)?;
    Ok(Said::Measured(event.room_id.parse().map_err(text)?, kind(event.room_type), fact))
}

fn process(event: SurgicalProcessEvent) -> Result<Said, String> {
    let SurgicalProcessEvent { change, process, .. } = event;
    let is_operated = process.state == ProcessState::Surgery && change != ProcessChange::Voided;
    let room = match process.operating_room_id.filter(|_| is_operated) {
        Some(room) => Some(room.parse().map_err(text)?),
        None => None,
    };
    Ok(Said::Process(process.process_id.parse().map_err(text)?, process.version, room))
}

/// The news about a process, for one room.
pub(crate) fn surgery(version: u64, in_progress: bool, at: Timestamp) -> Surgery {
    Surgery { version, in_progress, at }
}

fn notification(record: &Record) -> Result<Said, String> {
    let kind = record.headers.get("ce_type").or(record.key.as_deref()).unwrap_or_default();
    let names = |needle: &str| record.value.windows(needle.len()).any(|it| it == needle.as_bytes());
    let said = match kind.strip_prefix("Microsoft.DigitalTwins.") {
        // Most notifications are about other twins; looking is cheaper than parsing.
        Some("Twin.Update" | "Twin.Create") if names(models::ACTUATOR) => {
            let data = data(record)?;
            let model = data.get("modelId").or_else(|| data.pointer("/$metadata/$model"));
            let id = record.headers.get("ce_subject").or_else(|| text_of(&data, "$dtId"));
            match (id, model.and_then(Value::as_str)) {
                (Some(id), Some(models::ACTUATOR)) => {
                    Said::ActuatorChanged(id.parse().map_err(text)?)
                }
                _ => Said::Nothing,
            }
        }
        Some(kind @ ("Relationship.Create" | "Relationship.Delete"))
            if names(models::REL_HAS_ACTUATOR) =>
        {
            let data = data(record)?;
            let related = text_of(&data, "$relationshipName") == Some(models::REL_HAS_ACTUATOR);
            match (text_of(&data, "$sourceId"), text_of(&data, "$targetId")) {
                (Some(room), Some(actuator)) if related => {
                    let room: RoomId = room.parse().map_err(text)?;
                    let gone = kind == "Relationship.Delete";
                    let actuator = actuator.parse().map_err(text)?;
                    Said::ActuatorMoved { actuator, from: gone.then_some(room) }
                }
                _ => Said::Nothing,
            }
        }
        _ => Said::Nothing,
    };
    Ok(said)
}

fn data(record: &Record) -> Result<Value, String> {
    serde_json::from_slice(&record.value).map_err(|_| "the notification is not JSON".to_owned())
}

fn text_of<'a>(data: &'a Value, name: &str) -> Option<&'a str> {
    data.get(name).and_then(Value::as_str)
}

/// When the twin layer says that a property was so.
pub(crate) fn newest(times: impl IntoIterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    times.into_iter().flatten().max().map(instant::cut)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use chiron_broker::Headers;
    use proptest::prelude::*;

    use super::*;

    fn record(topic: &str, key: &str, value: &str) -> Record {
        Record {
            topic: topic.to_owned(),
            partition: 0,
            offset: 0,
            key: Some(key.to_owned()),
            value: Bytes::copy_from_slice(value.as_bytes()),
            headers: Headers::new().with("ce_id", "e-1"),
            appended_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn said(topic: &str, key: &str, value: &str) -> Result<Said, String> {
        read(&record(topic, key, value)).map(|(said, _)| said)
    }

    #[test]
    fn notifications_about_actuators_are_read() {
        let update = "Microsoft.DigitalTwins.Twin.Update";
        let value = |model: &str| format!(r#"{{"modelId":"{model}","patch":[]}}"#);
        let mut about = record(TWIN_TOPIC, update, &value(models::ACTUATOR));
        about.headers.set("ce_subject", "al-324");
        let changed = Said::ActuatorChanged("al-324".parse().unwrap());
        assert_eq!(read(&about).unwrap().0, changed);
        about.value = Bytes::from(value(models::ROOM));
        assert_eq!(read(&about).unwrap().0, Said::Nothing);

        let relation = |name: &str| {
            format!(r#"{{"$relationshipName":"{name}","$sourceId":"or-1","$targetId":"al-324"}}"#)
        };
        let moved =
            |kind: &str| said(TWIN_TOPIC, kind, &relation(models::REL_HAS_ACTUATOR)).unwrap();
        let actuator: ActuatorId = "al-324".parse().unwrap();
        assert_eq!(
            moved("Microsoft.DigitalTwins.Relationship.Create"),
            Said::ActuatorMoved { actuator: actuator.clone(), from: None }
        );
        assert_eq!(
            moved("Microsoft.DigitalTwins.Relationship.Delete"),
            Said::ActuatorMoved { actuator, from: Some("or-1".parse().unwrap()) }
        );
        let other = said(
            TWIN_TOPIC,
            "Microsoft.DigitalTwins.Relationship.Create",
            &relation(models::REL_IS_INSIDE),
        );
        assert_eq!(other, Ok(Said::Nothing));
    }

    #[test]
    fn what_can_never_be_read_is_rejected_without_its_values() {
        let hot = r#"{"key":"TEMPERATURE_EVENT","roomId":"or-1","roomType":"OPERATING_ROOM",
            "data":{"temperatureValue":1234.5,"temperatureUnit":"CELSIUS"},
            "dateTime":"2026-05-15T06:00:00Z"}"#;
        let refused = said(room::TOPIC, "TEMPERATURE_EVENT", hot).unwrap_err();
        assert!(refused.contains("out of range"), "{refused}");
        assert!(!refused.contains("1234"), "{refused}");
        let nowhere = hot.replace("or-1", " ").replace("1234.5", "20");
        assert!(said(room::TOPIC, "TEMPERATURE_EVENT", &nowhere).is_err());
        assert!(said(automation::REQUEST_TOPIC, "LUNCH", "{}").is_err());
    }

    proptest! {
        #[test]
        fn any_record_is_read_or_rejected(
            topic in 0..TOPICS.len(),
            key in prop_oneof![
                Just("TEMPERATURE_EVENT"), Just("MEDICAL_TECHNOLOGY_USAGE_EVENT"),
                Just("CUSTOM_LIGHT_SETUP_REQUEST_EVENT"), Just("SURGICAL_PROCESS_CHANGED"),
                Just("Microsoft.DigitalTwins.Twin.Update"),
                Just("Microsoft.DigitalTwins.Relationship.Delete"), Just("")
            ],
            value in prop_oneof![
                ".{0,200}",
                Just(format!(r#"{{"modelId":"{}","$targetId":7}}"#, models::ACTUATOR)),
                Just(r#"{"$relationshipName":"rel_has_actuator","$sourceId":""}"#.to_owned()),
            ],
        ) {
            let _ = said(TOPICS[topic], key, &value);
        }
    }
}
